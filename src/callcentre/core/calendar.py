"""Working days, open time and deadlines, each with its explanation. The one place that knows civil time.

Elapsed time is reckoned in UTC; hours and days are the line's, in its zone. A day is [00:00, 24:00) on its clocks, open
hours are [open, close). An hour that the clocks skip counts as the moment they skip it; of one that comes twice, the
first is meant. Under every rule a later message is due no sooner than an earlier one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.core.charter import DeadlineRule, Line, RuleName
from callcentre.core.terms import Hours

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ONE_DAY: Final = timedelta(days=1)
_FARTHEST: Final = timedelta(days=400)
"""How far ahead a boundary is looked for: an office open around the clock has none nearer than a bank holiday."""

Span = tuple[datetime, datetime]
"""Open time [open, close), aware UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A promise's end. `due` judges it; `act_by` is the last open moment before, which people work to.

    `reasons` tell, step by step, the rule, each day passed over and why. Times are aware UTC.
    """

    due: datetime
    act_by: datetime
    reasons: tuple[str, ...]


class Calendar:
    """A line's open hours and working days. Pure; remembers the days that it has worked out."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._zone = ZoneInfo(line.zone)
        self._spans: dict[date, tuple[Span, ...]] = {}
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
        """Whether the line works on `day`: listed in its hours and no bank holiday, or added, and not removed."""
        return not self._why_closed(day)

    def open_on(self, day: date) -> tuple[Span, ...]:
        """Return the open hours of `day` in order, none if it is no working day.

        A day added on a weekday without hours keeps those of the weekday before it that has some.
        """
        spans = self._spans.get(day)
        if spans is None:
            spans = self._spans[day] = self._work_out(day)
        return spans

    # --- deadlines ---------------------------------------------------------------------------------------------------

    def due(self, rule: DeadlineRule, left_at: datetime) -> Deadline:
        """By when what was left at `left_at` must be answered, and why (the charters' deadline rules)."""
        left_at = left_at.astimezone(UTC)
        told = [f"Left on {self._moment(left_at)}."]
        due = self._rules()[rule.name](left_at, rule.n or 1, told)
        told.append(f"Due on {self._moment(due)}.")
        act_by = self._last_open(left_at, due)
        if act_by != due:
            told.append(f"To be done by {self._moment(act_by)}: the line is closed from then until it is due.")
        return Deadline(due=due, act_by=act_by, reasons=tuple(told))

    def _rules(self) -> dict[RuleName, Callable[[datetime, int, list[str]], datetime]]:
        return {
            RuleName.ELAPSED_OR_NEXT_WORKING_DAY: self._elapsed,
            RuleName.WORKING_DAYS: self._working_days,
            RuleName.SAME_WORKING_DAY: self._same_day,
            RuleName.WITHIN_A_WORKING_DAY: self._within_a_day,
        }

    def _elapsed(self, left_at: datetime, hours: int, told: list[str]) -> datetime:
        told.append(f"Rule: within {hours} hours, or by the close of the next working day if either day is none.")
        left_day, due = self._day_of(left_at), left_at + timedelta(hours=hours)
        closed = self._why_closed(left_day)
        if closed:
            told.append(f"{_day(left_day)} is no working day ({closed}).")
        elif closed := self._why_closed(self._day_of(due)):
            told.append(f"{hours} hours later is {_day(self._day_of(due))}, no working day ({closed}).")
        if closed:
            due = self._last_close(self._working_day_after(left_day, told))
        days = range(hours // 24 + 3)
        earlier = (self._latest_elapsed(left_day - _ONE_DAY * back, left_at, hours) for back in days)
        return _no_sooner(due, earlier, told)

    def _latest_elapsed(self, day: date, before: datetime, hours: int) -> datetime | None:
        """The latest deadline of any message left on `day` earlier than `before`, by the rule of elapsed hours."""
        later = timedelta(hours=hours)
        start, end = self._midnight(day), min(self._midnight(day + _ONE_DAY), before)
        if start >= end:
            return None
        found = []
        target = self._day_of(start + later)
        while self._midnight(target) < end + later:
            if self.is_working_day(day) and self.is_working_day(target):
                found.append(min(self._midnight(target + _ONE_DAY), end + later))
            else:
                found.append(self._last_close(self._working_day_after(day, [])))
            target += _ONE_DAY
        return max(found)

    def _working_days(self, left_at: datetime, days: int, told: list[str]) -> datetime:
        told.append(f"Rule: within {days} working days of the day it was received.")
        day = self._received(left_at, told)
        for _ in range(days):
            day = self._working_day_after(day, told)
        return self._last_close(day)

    def _same_day(self, left_at: datetime, _n: int, told: list[str]) -> datetime:
        told.append("Rule: on the working day it was received.")
        return self._last_close(self._received(left_at, told))

    def _within_a_day(self, left_at: datetime, _n: int, told: list[str]) -> datetime:
        told.append("Rule: within a working day.")
        day = self._received(left_at, told)
        if self.is_open(left_at):
            due = self._same_clock(self._local(left_at), self._working_day_after(day, told), at_close=False)
        else:
            told.append("Received while closed: it has until the end of that day.")
            due = self._last_close(day)
        after = self._working_day_after(day, [])
        earlier = (self._same_clock(clock, after, at_close=True) for clock in self._clocks_before(day, left_at))
        return _no_sooner(due, earlier, told)

    def _same_clock(self, clock: datetime, day: date, *, at_close: bool) -> datetime:
        """The time `clock` (civil) on the working day `day`; closed then, its next opening, else its last close.

        With `at_close` a moment of closing counts as open: it is the limit of the moments before it.
        """
        before = timedelta(microseconds=1) if at_close else timedelta()
        shown = datetime.combine(day, (clock - before).time())
        moment = min(self._utc(shown) + before, self._utc(shown + before))
        for opens, closes in self.open_on(day):
            if moment < closes or (at_close and moment == closes):
                return max(moment, opens)
        return self._last_close(day)

    def _clocks_before(self, day: date, before: datetime) -> Iterator[datetime]:
        """The latest readings of the clock in open time on `day` before `before`: at each end, and when set back."""
        for opens, closes in self.open_on(day):
            end = min(closes, before)
            if opens >= end:
                continue
            yield self._local(end)
            was, now = (self._local(moment).utcoffset() or timedelta() for moment in (opens, end))
            if now < was:
                yield (self._transition(opens, end) + was).replace(tzinfo=None)

    # --- days --------------------------------------------------------------------------------------------------------

    def _received(self, left_at: datetime, told: list[str]) -> date:
        """The receipt day: the day itself before its last close, else the next working day."""
        day = self._day_of(left_at)
        closed = self._why_closed(day)
        if closed:
            told.append(f"{_day(day)} is no working day ({closed}).")
        elif left_at < self._last_close(day):
            return day
        else:
            told.append(f"That was at or after the close of {_day(day)}.")
        day = self._working_day_after(day, told)
        told.append(f"It counts as received on {_day(day)}.")
        return day

    def _working_day_after(self, day: date, told: list[str]) -> date:
        day += _ONE_DAY
        while closed := self._why_closed(day):
            told.append(f"{_day(day)} is passed over ({closed}).")
            day += _ONE_DAY
        return day

    def _why_closed(self, day: date) -> str:
        """Why `day` is no working day, in words; empty if it is one."""
        line = self._line
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
        week = self._line.hours.days
        hours = next(week[(day.weekday() - back) % 7] for back in range(7) if week[(day.weekday() - back) % 7])
        midnight = datetime.combine(day, time())
        return tuple(
            (self._utc(midnight + timedelta(minutes=one.open)), self._utc(midnight + timedelta(minutes=one.close)))
            for one in hours
        )

    def _last_close(self, day: date) -> datetime:
        return self.open_on(day)[-1][1]

    def _last_open(self, left_at: datetime, due: datetime) -> datetime:
        """The last open moment not after `due` and not before `left_at`."""
        day, first = self._day_of(due), self._day_of(left_at)
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
        return self._utc(datetime.combine(day, time()))

    def _utc(self, clock: datetime) -> datetime:
        """The UTC time at which clocks show `clock` (naive): the first, if twice; the change, if they skip it."""
        early, late = (clock.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        return self._transition(late, early) if late < early else early

    def _transition(self, before: datetime, after: datetime) -> datetime:
        """The moment between two (UTC) at which the clocks change."""
        offset = self._local(before).utcoffset()
        while after - before > timedelta(microseconds=1):
            middle = before + (after - before) / 2
            if self._local(middle).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after

    def _moment(self, at: datetime) -> str:
        local = self._local(at)
        seconds = f":{local.second:02}" if local.second else ""
        return f"{_day(local.date())} at {local.hour:02}:{local.minute:02}{seconds}"


def _no_sooner(due: datetime, earlier: Iterator[datetime | None], told: list[str]) -> datetime:
    latest = max((one for one in earlier if one is not None), default=due)
    if latest > due:
        told.append("A message left before it may be answered later than that, so this one too.")
    return max(due, latest)


def _day(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"
