"""First contact by line and period, as the page, the API and the monthly report have it (H1): one figure for one span.

A day that is counted for good is added up, a day that is not is followed call by call (docs/decisions/0036).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.core.charter import Line
from callcentre.core.standings import StandingKind
from callcentre.reports.months import bounds
from callcentre.reports.settling import civil_days, in_runs
from callcentre.store.database import Database
from callcentre.store.first_contact import FirstContact
from callcentre.store.standings import Stood

_COUNTS: Final = ("resolved", "said", "callbacks_resolved", "callbacks_said", "alone", "counted", "open", "unnumbered")


async def first_contacts(
    database: Database, lines: Sequence[Line], edges: Sequence[datetime], zone: ZoneInfo, now: datetime
) -> list[FirstContact]:
    """Both figures of each line in each period that has anything to count, in order of line and time.

    `edges` are the moments between periods, midnights on the clocks of `zone`: two make one period. What callers did is
    of the same days on the line's own clocks, and its windows are over if they were `now`.
    """
    parts = await database.queries.first_contact_said(edges, [line.name for line in lines])
    for own in sorted({line.zone for line in lines}):
        names = [line.name for line in lines if line.zone == own]
        parts += await _callers_did(database, names, edges, zone, ZoneInfo(own), now)
    return added_up(parts)


async def _callers_did(
    database: Database, names: Sequence[str], edges: Sequence[datetime], zone: ZoneInfo, own: ZoneInfo, now: datetime
) -> list[FirstContact]:
    first = await database.standings.first_call()
    mine = [bounds(edge.astimezone(zone).date(), own)[0] for edge in edges]
    kind, missing = StandingKind.FIRST_CONTACT, []
    if first is not None and mine[0] <= now:
        days = civil_days(max(first, mine[0]), min(mine[-1] - timedelta(microseconds=1), now), own)
        whole = await database.standings.whole_days(kind, mine[0], mine[-1], names)
        missing = [day for day in days if day[0] not in whole]
    without = [begin for begin, _ in missing]
    stood = await database.standings.stood(kind, mine, names, without=without)
    found = [of_counted_days(one, edges) for one in stood]
    for run in in_runs(missing):
        begin, end = run[0][0], run[-1][1]
        inside = [begin, *(edge for edge in mine if begin < edge < end), end]
        for one in await database.queries.inferred(inside, now, names):
            period = sum(edge <= one.since for edge in mine) - 1
            found.append(replace(one, since=edges[period], until=edges[period + 1]))
    return found


def of_counted_days(one: Stood, edges: Sequence[datetime]) -> FirstContact:
    """The figure of a line's counted days in a period, which lies between two of the `edges`."""
    return FirstContact(
        line=one.line,
        since=edges[one.period],
        until=edges[one.period + 1],
        alone=one.good,
        counted=one.good + one.bad,
        unnumbered=one.unknown,
    )


def added_up(parts: Iterable[FirstContact]) -> list[FirstContact]:
    """The sums by line and period, in order of line and time; without those in which there is nothing to count."""
    found: dict[tuple[str, datetime], FirstContact] = {}
    for one in parts:
        known = found.get((one.line, one.since))
        sums = {name: getattr(known, name, 0) + getattr(one, name) for name in _COUNTS}
        found[one.line, one.since] = replace(one, **sums)
    return [found[key] for key in sorted(found) if any(getattr(found[key], name) for name in _COUNTS)]
