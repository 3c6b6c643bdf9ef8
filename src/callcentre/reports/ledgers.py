"""Attendance over months: the ledger of each day, as the page of that day shows it, added up."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from callcentre.core.charter import Line
from callcentre.core.ledger import DayLedger, day_ledger
from callcentre.reports.months import Month, bounds
from callcentre.store.queries import AttendanceRow, Queries

_FRESH = timedelta(minutes=2)


@dataclass(slots=True, kw_only=True)
class Seconds:
    """Core hours added up, in seconds."""

    core: float = 0
    attended: float = 0
    unattended: float = 0
    unknown: float = 0
    to_come: float = 0

    def add(self, ledger: DayLedger) -> None:
        """Add a day of a line."""
        self.core += ledger.core.total_seconds()
        self.attended += ledger.attended.total_seconds()
        self.unattended += ledger.unattended.total_seconds()
        self.unknown += ledger.unknown.total_seconds()
        self.to_come += ledger.to_come.total_seconds()

    def plus(self, other: "Seconds") -> "Seconds":
        """Both together."""
        return Seconds(
            core=self.core + other.core,
            attended=self.attended + other.attended,
            unattended=self.unattended + other.unattended,
            unknown=self.unknown + other.unknown,
            to_come=self.to_come + other.to_come,
        )


@dataclass(slots=True, kw_only=True)
class Attended:
    """The attendance of a report: by period and line, and by the days of its own month, all lines together."""

    months: dict[tuple[int, str], Seconds] = field(default_factory=dict)
    days: dict[date, Seconds] = field(default_factory=dict)


async def attended(queries: Queries, lines: Sequence[Line], month: Month, periods: int, now: datetime) -> Attended:
    """Add up the days of `periods` months, the last of them `month`; a month of which nothing is known is left out."""
    found, seen = Attended(), await queries.seen_until()
    for line in lines:
        zone = ZoneInfo(line.zone)
        begin, end = month.moved(1 - periods).begin(zone), month.end(zone)
        pages = queries.attendance_between(line.pbx, line.name, begin, end, with_last_before=True)
        changes = [change async for page in pages for change in page]
        first = min(changes[0].at, begin) if changes else begin
        restarts = await queries.restarts_between(line.pbx, first, end)
        until = seen.get(line.pbx)
        as_of = until if until is not None and timedelta() <= now - until <= _FRESH else now
        of_line = _OfLine(line, zone, changes, restarts, until, as_of)
        for period in range(periods):
            of = month.moved(period - periods + 1)
            last = period == periods - 1
            # Before the first that is known of a line, nothing is: a month without a row is no month of 0 %.
            if not last and (not changes or of.end(zone) <= changes[0].at):
                continue
            total = found.months.setdefault((period, line.name), Seconds())
            for day in of.days():
                ledger = of_line.day(day)
                total.add(ledger)
                if last:
                    found.days.setdefault(day, Seconds()).add(ledger)
    return found


class _OfLine:
    """A line's recorded changes, of which each day takes its own."""

    def __init__(
        self,
        line: Line,
        zone: ZoneInfo,
        changes: Sequence[AttendanceRow],
        restarts: Sequence[datetime],
        seen: datetime | None,
        as_of: datetime,
    ) -> None:
        self._line, self._zone, self._seen, self._as_of = line, zone, seen, as_of
        self._changes, self._restarts = changes, restarts
        self._times = [change.at for change in changes]

    def day(self, day: date) -> DayLedger:
        """Its ledger of `day`, from the same rows as `attendance.line_day` takes."""
        begins, ends = bounds(day, self._zone)
        place = bisect_left(self._times, begins)
        changes = self._changes[max(place - 1, 0) : bisect_left(self._times, ends)]
        first = min(changes[0].at, begins) if changes else begins
        restarts = [at for at in self._restarts if first <= at < ends]
        return day_ledger(self._line, day, changes, seen_until=self._seen, now=self._as_of, restarts=restarts)
