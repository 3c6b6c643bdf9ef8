"""Microseconds for one deadline, without and with its words, of every quarter of an hour of a year, by each rule.

The peer is what one would write with the `holidays` library itself, whose `get_nth_working_day` and `is_working_day`
know weekends and bank holidays: the same deadlines of an office of 07:00–18:00, Monday to Friday, without explanation
and without `act_by`. Both must agree on every one of them. Rounds alternate, and the best of each counts.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

from holidays import country_holidays

from callcentre.core.calendar import Calendar
from callcentre.core.charter import DeadlineRule, RuleName
from tests.unit.core.offices import line

ROUNDS = 3
TRIAL = {"ROUNDS": 1}
LONDON = ZoneInfo("Europe/London")
START = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = [START + timedelta(minutes=15) * quarter for quarter in range(4 * 24 * 365)]
RULES = {
    "elapsed_or_next_working_day:24": DeadlineRule(RuleName.ELAPSED_OR_NEXT_WORKING_DAY, 24),
    "working_days:5": DeadlineRule(RuleName.WORKING_DAYS, 5),
    "working_days:15": DeadlineRule(RuleName.WORKING_DAYS, 15),
    "same_working_day": DeadlineRule(RuleName.SAME_WORKING_DAY),
    "within_a_working_day": DeadlineRule(RuleName.WITHIN_A_WORKING_DAY),
}

Due = Callable[[datetime], datetime]
Asked = Callable[[datetime], object]


def peers() -> dict[str, Due]:
    """The two rules that take fewest words, by the `holidays` library."""
    days = country_holidays("GB", subdiv="ENG", years=range(2025, 2029))

    def close(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, 18, tzinfo=LONDON)

    def elapsed(left: datetime) -> datetime:
        later = left + timedelta(hours=24)
        day = left.astimezone(LONDON).date()
        if days.is_working_day(day) and days.is_working_day(later.astimezone(LONDON).date()):
            return later
        return close(days.get_nth_working_day(day, 1))

    def five_days(left: datetime) -> datetime:
        local = left.astimezone(LONDON)
        day = local.date()
        receipt = day if days.is_working_day(day) and local.hour < 18 else days.get_nth_working_day(day, 1)
        return close(days.get_nth_working_day(receipt, 5))

    return {"elapsed_or_next_working_day:24": elapsed, "working_days:5": five_days}


def seconds(due: Asked, moments: Sequence[datetime]) -> float:
    """The time of the processor that what is asked of all moments takes."""
    begun = time.process_time()
    for moment in moments:
        due(moment)
    return time.process_time() - begun


def run() -> dict[str, Any]:
    """Measure each rule, and the peer where there is one."""
    calendar = Calendar(line())
    told: dict[str, Any] = {"deadlines a round": len(MOMENTS), "peer": f"holidays {version('holidays')}"}
    others = peers()
    for name, rule in RULES.items():
        ours: list[float] = []
        worded: list[float] = []
        theirs: list[float] = []
        peer = others.get(name)
        for _ in range(ROUNDS):
            ours.append(seconds(lambda left, rule=rule: calendar.due(rule, left).due, MOMENTS))  # type: ignore[misc]
            worded.append(seconds(lambda left, rule=rule: calendar.due(rule, left).reasons, MOMENTS))  # type: ignore[misc]
            if peer is not None:
                theirs.append(seconds(peer, MOMENTS))
        told[name] = {
            "us": round(min(ours) / len(MOMENTS) * 1e6, 1),
            "us, in words": round(min(worded) / len(MOMENTS) * 1e6, 1),
        }
        if peer is not None:
            differ = [left for left in MOMENTS if calendar.due(rule, left).due != peer(left)]
            assert not differ, f"{name}: the peer disagrees on {len(differ)} deadlines, first {differ[0]}"
            told[name]["peer us"] = round(min(theirs) / len(MOMENTS) * 1e6, 1)
            told[name]["times as fast as the peer"] = round(min(theirs) / min(ours), 2)
    return told
