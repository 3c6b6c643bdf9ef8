"""Working days, open time and deadlines, each with its explanation. The one place that knows civil time.

Elapsed time is reckoned in UTC; hours and days are the line's, in its zone. A day is [00:00, 24:00) on its clocks, open
hours are [open, close). An hour that the clocks skip counts as the moment they skip it; of one that comes twice, the
first is meant. Under every rule a later message is due no sooner than an earlier one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.core.charter import DeadlineRule, Line, RuleName, WeekHours, minutes
from callcentre.core.terms import Hours

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ONE_DAY: Final = timedelta(days=1)
_FARTHEST: Final = timedelta(days=400)
"""How far ahead a boundary is looked for: an office open around the clock has none nearer than a bank holiday."""

_MOMENT: Final = timedelta(microseconds=1)

_DUE: Final = "Due on {}."
_NONE: Final = "{} is no working day ({})."

Span = tuple[datetime, datetime]
"""Open time [open, close), aware UTC."""

_Pieces = tuple[tuple[datetime, datetime | None], ...]

Step = tuple[str, *tuple[datetime | date | str | int, ...]]
"""A sentence with gaps (`{}`) and, in order, what fills them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A promise's end. `due` judges it; `act_by` is the last open moment before, which people work to.

    `steps` lead to it: the rule, each day passed over and why; `zone` is that of the clocks they name. Times are aware
    UTC.
    """

    due: datetime
    act_by: datetime
    steps: tuple[Step, ...]
    zone: ZoneInfo

    @property
    def reasons(self) -> tuple[str, ...]:
        """The steps in words. They are put into words only here: most deadlines are compared, few are explained."""
        zone = self.zone
        return tuple([sentence.format(*[_words(one, zone) for one in gaps]) for sentence, *gaps in self.steps])


class Calendar:
    """A line's open hours and working days. Pure; remembers the days that it has worked out."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._zone = ZoneInfo(line.zone)
        self._spans: dict[date, tuple[Span, ...]] = {}
        self._midnights: dict[date, datetime] = {}
        self._closed: dict[date, str] = {}
        self._courses: dict[tuple[date, int], tuple[datetime, _Pieces]] = {}
        self._now: tuple[datetime, datetime, Hours] | None = None

    # --- open time ---------------------------------------------------------------------------------------------------

    def is_open(self, at: datetime) -> bool:
        """Whether `at` lies in the open hours of a working day."""
        return self.hours_at(at) is Hours.CORE

    def hours_at(self, at: datetime) -> Hours:
        """CORE in open hours, else CLOSED. Asked for each call: the answer is kept until it changes."""
        now = self._now
        if now is None or not now[0] <= at < now[1]:
            now = self._now = self._stretch(at)
        return now[2]

    def intervals(self, start: datetime, end: datetime) -> Iterator[Span]:
        """Yield the open time between `start` and `end`, day by day, cut to them."""
        day = self._day_of(start)
        while self._midnight(day) < end:
            for opens, closes in self.open_on(day):
                if max(opens, start) < min(closes, end):
                    yield max(opens, start), min(closes, end)
            day += _ONE_DAY

    def next_boundary(self, at: datetime) -> datetime | None:
        """When the line next opens or closes after `at`; None if it does neither for 400 days."""
        is_open, reached = self.is_open(at), at
        for opens, closes in self.intervals(at, at + _FARTHEST):
            if not is_open:
                return opens
            if opens > reached:
                return reached
            reached = closes
        return reached if is_open and reached < at + _FARTHEST else None

    def is_working_day(self, day: date) -> bool:
        """Whether the line works on `day`: listed in its hours and no bank holiday, or added, and not removed.

        A day with hours of its own (`special_hours`) is one if it has any.
        """
        return not self._why_closed(day)

    def why_closed(self, day: date) -> str:
        """Why `day` is no working day, in words (`Christmas Day`, `closed on Saturdays`); empty if it is one."""
        return self._why_closed(day)

    def open_on(self, day: date) -> tuple[Span, ...]:
        """Return the open hours of `day` in order, none if it is no working day.

        A day added on a weekday without hours keeps those of the weekday before it that has some; special hours are
        the whole of their day's.
        """
        spans = self._spans.get(day)
        if spans is None:
            spans = self._spans[day] = self._work_out(day)
        return spans

    def within(self, hours: WeekHours, at: datetime) -> bool:
        """Whether `at` lies in `hours` as the line's clocks show it, whatever day it is (a shift, not open time)."""
        local = self._local(at)
        clock = minutes(local.time())
        return any(one.open <= clock < one.close for one in hours.days[local.weekday()])

    # --- in words ----------------------------------------------------------------------------------------------------

    def moment(self, at: datetime) -> str:
        """`at` as the line's clocks and calendar show it: `Tuesday 24 November 2026 at 10:45`."""
        return _moment(self._local(at))

    def clock(self, at: datetime) -> str:
        """`at` as the line's clocks show it: `10:45`."""
        return f"{self._local(at):%H:%M}"

    # --- deadlines ---------------------------------------------------------------------------------------------------

    def due(self, rule: DeadlineRule, left_at: datetime, began: str = "Left on") -> Deadline:
        """By when what was left at `left_at` must be answered, and why (the charters' deadline rules).

        `began` are the words before that moment, for what is no message (`Received on`).
        """
        left_at = left_at.astimezone(UTC)
        local = self._local(left_at)
        day = local.date()
        told: list[Step] = [("{} {}.", began, left_at), *self._special(day)]
        match rule.name:
            case RuleName.ELAPSED_OR_NEXT_WORKING_DAY:
                due = self._elapsed(left_at, day, rule.n or 1, told)
            case RuleName.WORKING_DAYS:
                due = self._working_days(left_at, day, rule.n or 1, told)
            case RuleName.SAME_WORKING_DAY:
                due = self._same_day(left_at, day, told)
            case RuleName.WITHIN_A_WORKING_DAY:
                due = self._within_a_day(left_at, local, told)
        due_day = self._day_of(due)
        if due_day != day:
            told += self._special(due_day)
        told.append((_DUE, due))
        act_by = self._last_open(left_at, day, due, due_day)
        if act_by != due:
            told.append(("To be done by {}: the line is closed from then until it is due.", act_by))
        return Deadline(due=due, act_by=act_by, steps=tuple(told), zone=self._zone)

    def agreed(self, due: datetime, why: str) -> Deadline:
        """A deadline that comes of no rule but of an agreement: `why` says so."""
        return Deadline(due=due, act_by=due, steps=(("{}", why), (_DUE, due)), zone=self._zone)

    def _elapsed(self, left_at: datetime, left_day: date, hours: int, told: list[Step]) -> datetime:
        told.append(("Rule: within {} hours, or by the close of the next working day if either day is none.", hours))
        later = timedelta(hours=hours)
        latest, pieces = self._course(left_day, hours)
        own: datetime | None = None
        for until, own in pieces:
            if left_at < until:
                break
            latest = max(latest, own or until + later)
        due = own or left_at + later
        if own is not None:
            if closed := self._why_closed(left_day):
                told.append((_NONE, left_day, closed))
            else:
                day = self._day_of(left_at + later)
                told.append(("{} hours later is {}, no working day ({}).", hours, day, self._why_closed(day)))
            self._working_day_after(left_day, told)
        return _no_sooner(due, latest, told)

    def _course(self, day: date, hours: int) -> tuple[datetime, _Pieces]:
        """How deadlines run for what is left on `day`, by the rule of elapsed hours; and the latest of any left before.

        Only what was left less than `hours` and a day earlier can be due later than what is left on `day`.
        """
        course = self._courses.get((day, hours))
        if course is None:
            later = timedelta(hours=hours)
            before = [self._pieces(day - _ONE_DAY * back, later) for back in range(1, hours // 24 + 3)]
            latest = max(own or until + later for pieces in before for until, own in pieces)
            course = self._courses[day, hours] = latest, self._pieces(day, later)
        return course

    def _pieces(self, day: date, later: timedelta) -> _Pieces:
        """Parts of `day` in order: until when each lasts, and its deadline, None where that is `later` each time."""
        start, end = self._midnight(day), self._midnight(day + _ONE_DAY)
        pieces: list[tuple[datetime, datetime | None]] = []
        while start < end:
            target = self._day_of(start + later)
            both = self.is_working_day(day) and self.is_working_day(target)
            start = min(self._midnight(target + _ONE_DAY) - later, end)
            pieces.append((start, None if both else self._last_close(self._working_day_after(day, []))))
        return tuple(pieces)

    def _working_days(self, left_at: datetime, left_day: date, days: int, told: list[Step]) -> datetime:
        told.append(("Rule: within {} working day{} of the day it was received.", days, "" if days == 1 else "s"))
        day = self._received(left_at, left_day, told)
        for _ in range(days):
            day = self._working_day_after(day, told)
        return self._last_close(day)

    def _same_day(self, left_at: datetime, left_day: date, told: list[Step]) -> datetime:
        told.append(("Rule: on the working day it was received.",))
        return self._last_close(self._received(left_at, left_day, told))

    def _within_a_day(self, left_at: datetime, local: datetime, told: list[Step]) -> datetime:
        told.append(("Rule: within a working day.",))
        day = self._received(left_at, local.date(), told)
        if self.is_open(left_at):
            due = self._same_clock(local, self._working_day_after(day, told), at_close=False)
        else:
            told.append(("Received while closed: it has until the end of that day.",))
            due = self._last_close(day)
        latest = due
        for clock in self._clocks_before(day, left_at):
            latest = max(latest, self._same_clock(clock, self._working_day_after(day, []), at_close=True))
        return _no_sooner(due, latest, told)

    def _same_clock(self, clock: datetime, day: date, *, at_close: bool) -> datetime:
        """The time `clock` (civil) on the working day `day`; closed then, its next opening, else its last close.

        With `at_close` it is the limit of the moments before `clock`, which counts as open where they are.
        """
        moment = limit = self._utc(datetime.combine(day, clock.time()))
        if at_close:  # the clocks may show the moments before an hour apart, or not show them at all
            before = datetime.combine(day, (clock - _MOMENT).time())
            moment = self._utc(before)
            limit = min(moment + _MOMENT, self._utc(before + _MOMENT))
        for opens, closes in self.open_on(day):
            if moment < closes:
                return max(limit, opens)
        return self._last_close(day)

    def _clocks_before(self, day: date, before: datetime) -> Iterator[datetime]:
        """Readings of the clock on `day` before `before` that what is left then could be due sooner than: the limits.

        They are where open hours ended, and where the clock was set back within them.
        """
        goes_back = self._midnight(day + _ONE_DAY) - self._midnight(day) > _ONE_DAY
        for opens, closes in self.open_on(day):
            if closes <= before:
                yield self._local(closes - _MOMENT) + _MOMENT  # what it shows at the close may be after a skipped hour
            end = min(closes, before)
            if goes_back and opens < end:
                was, now = (self._local(moment).utcoffset() or timedelta() for moment in (opens, end))
                if now < was:
                    yield (self._transition(opens, end) + was).replace(tzinfo=None)

    # --- days --------------------------------------------------------------------------------------------------------

    def _received(self, left_at: datetime, day: date, told: list[Step]) -> date:
        """The receipt day: the day itself before its last close, else the next working day."""
        closed = self._why_closed(day)
        if closed:
            told.append((_NONE, day, closed))
        elif left_at < self._last_close(day):
            return day
        else:
            told.append(("That was at or after the close of {}.", day))
        day = self._working_day_after(day, told)
        told.append(("It counts as received on {}.", day))
        return day

    def _working_day_after(self, day: date, told: list[Step]) -> date:
        day += _ONE_DAY
        while closed := self._why_closed(day):
            told.append(("{} is passed over ({}).", day, closed))
            day += _ONE_DAY
        return day

    def _why_closed(self, day: date) -> str:
        """Why `day` is no working day, in words; empty if it is one."""
        closed = self._closed.get(day)
        if closed is None:
            closed = self._closed[day] = self._find_why_closed(day)
        return closed

    def _find_why_closed(self, day: date) -> str:
        line = self._line
        if day in line.special_hours:
            return "" if line.special_hours[day] else "closed by the office"
        if day in line.removed_days:
            return "closed by the office"
        if day in line.added_days:
            return ""
        if not line.hours.days[day.weekday()]:
            return f"closed on {_WEEKDAYS[day.weekday()]}s"
        return line.holidays.get(day, "")

    def _work_out(self, day: date) -> tuple[Span, ...]:
        if not self.is_working_day(day):
            return ()
        hours = self._line.special_hours.get(day) or self._line.hours.usual(day.weekday())
        midnight = datetime.combine(day, time())
        return tuple(
            (self._utc(midnight + timedelta(minutes=one.open)), self._utc(midnight + timedelta(minutes=one.close)))
            for one in hours
        )

    def _special(self, day: date) -> list[Step]:
        """What to say of a day that is open at hours of its own; nothing of any other."""
        hours = self._line.special_hours.get(day)
        if not hours:
            return []
        told = " and ".join(f"{_clock(one.open)} to {_clock(one.close)}" for one in hours)
        return [("{} has hours of its own: {}.", day, told)]

    def _last_close(self, day: date) -> datetime:
        return self.open_on(day)[-1][1]

    def _last_open(self, left_at: datetime, first: date, due: datetime, day: date) -> datetime:
        """The last open moment not after `due` and not before `left_at`, which fall on `day` and on `first`."""
        while day >= first:
            for opens, closes in reversed(self.open_on(day)):
                if opens <= due:
                    return max(min(closes, due), left_at)
            day -= _ONE_DAY
        return left_at

    def _stretch(self, at: datetime) -> tuple[datetime, datetime, Hours]:
        """The time around `at`, within its day, in which nothing opens or closes."""
        day = self._day_of(at)
        start = self._midnight(day)
        for opens, closes in self.open_on(day):
            if at < opens:
                return start, opens, Hours.CLOSED
            if at < closes:
                return opens, closes, Hours.CORE
            start = closes
        return start, self._midnight(day + _ONE_DAY), Hours.CLOSED

    # --- civil time --------------------------------------------------------------------------------------------------

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._zone)

    def _day_of(self, at: datetime) -> date:
        return at.astimezone(self._zone).date()

    def _midnight(self, day: date) -> datetime:
        midnight = self._midnights.get(day)
        if midnight is None:
            midnight = self._midnights[day] = self._utc(datetime.combine(day, time()))
        return midnight

    def _utc(self, clock: datetime) -> datetime:
        """The UTC time at which clocks show `clock` (naive): the first, if twice; the change, if they skip it."""
        early, late = (clock.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        return self._transition(late, early) if late < early else early

    def _transition(self, before: datetime, after: datetime) -> datetime:
        """The moment between two (UTC) at which the clocks change."""
        offset = self._local(before).utcoffset()
        while after - before > _MOMENT:
            middle = before + (after - before) / 2
            if self._local(middle).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after


def _no_sooner(due: datetime, latest: datetime, told: list[Step]) -> datetime:
    if latest > due:
        told.append(("A message left before it may be answered later than that, so this one too.",))
        return latest
    return due


def _words(told: datetime | date | str | int, zone: ZoneInfo) -> str:
    if isinstance(told, datetime):
        return _moment(told.astimezone(zone))
    if isinstance(told, date):
        return _day(told)
    return str(told)


def _moment(local: datetime) -> str:
    seconds = f":{local.second:02}" if local.second else ""
    return f"{_day(local.date())} at {local.hour:02}:{local.minute:02}{seconds}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@lru_cache(maxsize=1_000)
def _day(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"
