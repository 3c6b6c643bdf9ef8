"""The figure that metrics show is read beside the loop, of days whose calls have had their week."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from callcentre.core.errors import StoreUnavailable
from callcentre.first_contact import FirstContactFigures, closed_days
from callcentre.metrics.first_contact import Inferred
from callcentre.runtime.log import Log
from callcentre.store.first_contact import FirstContact
from callcentre.store.queries import Queries
from tests.unit.core.offices import line

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
LINES = (line(name="enquiries"), line(name="nurse"), replace(line(name="far"), zone="America/New_York"))


@pytest.mark.parametrize(
    ("now", "since", "until"),
    [
        (NOW, datetime(2026, 10, 18, tzinfo=LONDON), datetime(2026, 11, 17, tzinfo=LONDON)),
        # A minute after midnight the last call of the day before has had its week, and no call since has.
        (
            datetime(2026, 11, 24, 0, 1, tzinfo=UTC),
            datetime(2026, 10, 18, tzinfo=LONDON),
            datetime(2026, 11, 17, tzinfo=LONDON),
        ),
        (
            datetime(2026, 6, 9, 22, 59, tzinfo=UTC),
            datetime(2026, 5, 3, tzinfo=LONDON),
            datetime(2026, 6, 2, tzinfo=LONDON),
        ),
    ],
)
def test_thirty_days_of_which_every_call_has_had_its_week(now: datetime, since: datetime, until: datetime) -> None:
    assert closed_days(now, LONDON) == (since, until)


class Store:
    """Answers as the store does; `away` while it cannot."""

    def __init__(self) -> None:
        self.asked: list[tuple[datetime, set[str]]] = []
        self.away = False

    async def inferred(
        self, edges: Sequence[datetime], as_of: datetime, lines: Collection[str] = ()
    ) -> list[FirstContact]:
        if self.away:
            raise StoreUnavailable("it is away")
        assert as_of == NOW
        self.asked.append((edges[0], set(lines)))
        known = {"enquiries": (50, 40), "far": (3, 1)}
        return [
            FirstContact(line=name, since=edges[0], until=edges[1], counted=known[name][0], alone=known[name][1])
            for name in sorted(set(lines) & set(known))
        ]


class Hours:
    """Lets a worker rest until it is told to go on."""

    def __init__(self) -> None:
        self.rests = asyncio.Event()
        self._go = asyncio.Event()

    async def rest(self, seconds: float) -> None:
        assert seconds == 3600
        self.rests.set()
        await self._go.wait()
        self._go.clear()

    async def next(self) -> None:
        self.rests.clear()
        self._go.set()
        await self.rests.wait()


class Silent:
    """A log that nobody reads."""

    def __init__(self) -> None:
        self.warned: list[str] = []

    def warning(self, message: str, **_more: Any) -> None:
        self.warned.append(message)


async def test_it_is_read_once_an_hour_and_what_was_known_stays() -> None:
    store, hours, log = Store(), Hours(), Silent()
    figures = FirstContactFigures(
        lines=LINES,
        queries=cast("Queries", store),
        now=lambda: NOW,
        log=cast("Log", log),
        rest=cast("Callable[[float], Awaitable[None]]", hours.rest),
    )
    assert figures.known() == ()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(figures.run())
        await hours.rests.wait()
        expected = (
            Inferred(pbx="lab", line="enquiries", calls=50, resolved=40),
            Inferred(pbx="lab", line="nurse", calls=0, resolved=0),
            Inferred(pbx="lab", line="far", calls=3, resolved=1),
        )
        assert figures.known() == expected
        assert [lines for _, lines in store.asked] == [{"far"}, {"enquiries", "nurse"}]
        assert store.asked[0][0] - store.asked[1][0] == timedelta(hours=5)
        store.away = True
        await hours.next()
        assert figures.known() == expected
        assert log.warned == ["the figure of first contact could not be read"]
        running.cancel()
