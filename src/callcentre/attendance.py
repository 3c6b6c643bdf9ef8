"""A line's attendance on a civil day, read from the store: the ledger, and the breaches beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line
from callcentre.core.ledger import DayLedger, day_ledger

if TYPE_CHECKING:
    from callcentre.store.queries import BreachWithSteps, Queries

_FRESH: Final = timedelta(minutes=2)
"""Seen so lately, the PBX is taken to be in sight, and what is not written yet to be to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDay:
    """A line's civil day: its ledger, its breaches, and why there are no core hours (empty if there are)."""

    line: Line
    ledger: DayLedger
    breaches: "Sequence[BreachWithSteps]"
    closed: str
    recorded: bool
    as_of: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the line's clocks."""
        return ZoneInfo(self.line.zone)

    def clock(self, at: datetime | None) -> str:
        """`10:45:30` on the line's clocks, with the date if it is another day; empty for None.

        On a day on which the clocks change with the zone's name, as they may show a time twice.
        """
        if at is None:
            return ""
        local = at.astimezone(self.zone)
        other = "" if local.date() == self.ledger.day else f"{local:%Y-%m-%d} "
        return f"{other}{local:%H:%M:%S}{f' {local:%Z}' if self._clocks_change else ''}"

    @property
    def _clocks_change(self) -> bool:
        midnight = datetime.combine(self.ledger.day, time(), self.zone)
        return midnight.utcoffset() != (midnight + timedelta(days=1)).utcoffset()


async def line_day(queries: "Queries", line: Line, day: date, now: datetime, seen: datetime | None) -> LineDay:
    """Read a line's day at `now`; `seen` is until when its PBX was surely seen, None if never."""
    zone = ZoneInfo(line.zone)
    begins, ends = (datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + timedelta(days=1)))
    pages = queries.attendance_between(line.pbx, line.name, begins, ends, with_last_before=True)
    changes = [change async for page in pages for change in page]
    first = min(changes[0].at, begins) if changes else begins
    as_of = seen if seen is not None and timedelta() <= now - seen <= _FRESH else now
    touching = queries.breaches_between(begins, ends, line=line.name, pbxs=[line.pbx])
    ledger = day_ledger(
        line,
        day,
        changes,
        seen_until=seen,
        now=as_of,
        restarts=await queries.restarts_between(line.pbx, first, ends),
    )
    return LineDay(
        line=line,
        ledger=ledger,
        # One that lasts is no part of a day that is still to come.
        breaches=[one async for page in touching for one in page if begins <= as_of],
        closed=Calendar(line).why_closed(day),
        recorded=bool(changes) and seen is not None,
        as_of=as_of,
    )
