"""Thirty good days (good.toml): when they are scraped, and what happens around them."""

from datetime import UTC, datetime, timedelta
from typing import Final

from tests.grafana.proof.around import Surroundings
from tests.grafana.proof.runs import Plan

END: Final = datetime(2026, 11, 3, 15, 30, tzinfo=UTC)
START: Final = END - timedelta(days=30)
FINE_FROM: Final = END - timedelta(hours=25)
COARSE: Final = timedelta(minutes=30)
FINE: Final = timedelta(minutes=1)
"""Scraped each minute in the last 25 hours, seldom before: a scrape each minute of a month is 43,200 of them.

Grafana asks for moments that are multiples of its step, and of those each has a sample of its own.
"""

SPANS: Final = ((START, FINE_FROM, COARSE), (FINE_FROM, END, FINE))
SCRAPE_INTERVALS: Final = ((END - FINE_FROM, FINE.total_seconds()), (timedelta(days=400), COARSE.total_seconds()))
"""What Grafana's data source is told of the scrape interval, by how far a panel looks back."""

RESTARTED: Final = datetime(2026, 11, 3, 10, 31, 30, tzinfo=UTC)
"""When callcentre is started anew, while the PBX is away (good.toml): in the middle of a day counters begin at 0."""
LIVES: Final = (datetime(2026, 11, 3, 10, 31, tzinfo=UTC), END)
"""The last scrape of each of its processes."""

PLAN: Final = Plan(
    scenario="good",
    spans=SPANS,
    around=Surroundings(restarts=(RESTARTED,), look_every=timedelta(minutes=4)),
)
