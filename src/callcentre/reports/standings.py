"""What stood well over twelve months, by the days written down: recorded messages, mailboxes, first contact.

A month of which not each day is known is partial; a day without a look is unknown, never good.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.core.charter import Line
from callcentre.core.standings import StandingKind
from callcentre.reports.contacts import of_counted_days
from callcentre.reports.counting import MONTHS, Pairs
from callcentre.reports.months import Month
from callcentre.reports.settling import Days, civil_days, in_runs
from callcentre.store.database import Database
from callcentre.store.first_contact import WINDOW, FirstContact

FOLLOWED: Final = 500_000
"""So many calls at most are followed one by one for the months before the report's own, where days are not counted."""

_LAST: Final = MONTHS - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Good ones and all, by period and line, and the periods of which something is not known."""

    pairs: Pairs
    partial: frozenset[int]


async def standing(
    database: Database, kind: StandingKind, lines: Sequence[Line], month: Month, now: datetime
) -> Standing:
    """How recorded messages or mailboxes stood in the twelve months up to `month`: each one counts once a day."""
    pairs: dict[tuple[int, str], tuple[float, float]] = {}
    partial: set[int] = set()
    for zone, of_zone in _by_zone(lines):
        edges = _edges(month, zone)
        begun = [len(_days_of(edges, period, now, zone)) for period in range(MONTHS)]
        for one in await database.standings.stood(kind, edges, [line.name for line in of_zone]):
            if one.days:
                pairs[one.period, one.line] = (one.good, one.good + one.bad)
            if one.unknown or one.days < begun[one.period]:
                partial.add(one.period)
    return Standing(pairs=pairs, partial=frozenset(partial))


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What callers did, by line and month, and the periods that are not wholly counted.

    `since` is when the month begins on the clocks of the first line.
    """

    counts: Sequence[FirstContact]
    partial: frozenset[int]


async def followed(database: Database, lines: Sequence[Line], month: Month, now: datetime) -> Followed:
    """Who did not call again in the twelve months up to `month`.

    Days that are counted for good are added up; the others are followed now: all of `month`, of the months before it as
    many as FOLLOWED calls allow, the newest first.
    """
    first, begins = await database.standings.first_call(), _edges(month, ZoneInfo(lines[0].zone))
    counts: list[FirstContact] = []
    partial: set[int] = set()
    for zone, of_zone in _by_zone(lines):
        edges, names = _edges(month, zone), [line.name for line in of_zone]
        if first is None or edges[-1] <= first:
            continue
        days = list(civil_days(max(first, edges[0]), min(edges[-1] - timedelta(microseconds=1), now), zone))
        whole = await database.standings.whole_days(StandingKind.FIRST_CONTACT, edges[0], edges[-1], names)
        missing = [day for day in days if day[0] not in whole]
        without = [begin for begin, _ in missing]
        stood = await database.standings.stood(StandingKind.FIRST_CONTACT, edges, names, without=without)
        counts += [of_counted_days(one, begins) for one in stood if one.good + one.bad + one.unknown]
        left = FOLLOWED
        for period in reversed(range(MONTHS)):
            of_month = [day for day in missing if edges[period] <= day[0] < edges[period + 1]]
            if period != _LAST:
                left -= await _calls_of(database, of_month, left)
            if left < 0:
                partial |= {period} if of_month else set()
                continue
            for run in in_runs(of_month):
                found = await database.queries.inferred((run[0][0], run[-1][1]), now, names)
                counts += [replace(one, since=begins[period], until=begins[period + 1]) for one in found]
    return Followed(counts=counts, partial=frozenset(partial))


async def _calls_of(database: Database, days: Days, most: int) -> int:
    """How many calls are read to follow those of `days`; past `most` no further is counted."""
    number = 0
    for run in in_runs(days):
        if number <= most:
            number += await database.standings.calls_between(run[0][0], run[-1][1] + WINDOW, most + 1)
    return number


# --- time ------------------------------------------------------------------------------------------------------------


def _by_zone(lines: Sequence[Line]) -> list[tuple[ZoneInfo, list[Line]]]:
    found: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        found[line.zone].append(line)
    return [(ZoneInfo(zone), of_zone) for zone, of_zone in found.items()]


def _edges(month: Month, zone: ZoneInfo) -> list[datetime]:
    return [month.moved(step - MONTHS + 1).begin(zone) for step in range(MONTHS + 1)]


def _days_of(edges: Sequence[datetime], period: int, now: datetime, zone: ZoneInfo) -> Days:
    """The days of a period that have begun."""
    last = min(edges[period + 1] - timedelta(microseconds=1), now)
    return list(civil_days(edges[period], last, zone)) if edges[period] <= now else []
