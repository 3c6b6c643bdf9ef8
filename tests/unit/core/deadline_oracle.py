"""Deadlines reckoned a second time, slowly, from the words of the charters: what the calendar is held against.

It shares nothing with callcentre: its own clock (the UK's rule for summer time, no zone database), its own bank
holidays (computus, substitute days, the days proclaimed), its own walk over the quarters of each day. Times are whole
microseconds since 1970 UTC, days are `date.toordinal()`, hours are minutes after midnight in multiples of 15.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import NamedTuple

MINUTE = 60_000_000
QUARTER = 15 * MINUTE
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EPOCH = date(1970, 1, 1).toordinal()
YEARS = range(2009, 2047)
LONGEST = 18

Week = Sequence[Sequence[tuple[int, int]]]
"""For each weekday, Monday first, its open hours as (open, close) in minutes after midnight."""


# --- the clock -------------------------------------------------------------------------------------------------------


def last_sunday(year: int, month: int) -> date:
    day = date(year, month, 31)
    while day.weekday() != 6:
        day -= timedelta(days=1)
    return day


# Summer time runs from the last Sunday of March to that of October, both at 01:00 UTC (Summer Time Order 2002).
CHANGES = [(last_sunday(y, m).toordinal() - EPOCH) * DAY + HOUR for y in YEARS for m in (3, 10)]


@lru_cache(maxsize=1 << 16)
def clock(t: int) -> tuple[int, int]:
    """The day on the clocks at `t`, and the microseconds that they show after midnight."""
    day, shown = divmod(t + HOUR * (bisect_right(CHANGES, t) % 2), DAY)
    return day + EPOCH, shown


@cache
def quarters(day: int) -> list[tuple[int, int]]:
    """Each quarter of an hour of `day`: when it begins, and what the clock shows then. 92, 96 or 100 of them."""
    around = (day - EPOCH) * DAY
    every = range(around - 3 * HOUR, around + DAY + 3 * HOUR, QUARTER)
    return [(t, clock(t)[1]) for t in every if clock(t)[0] == day]


def first(day: int, shown: int) -> int:
    """The first moment of `day` at which its clock shows `shown`, or more where it skips that; else the day's end."""
    for t, begins in quarters(day):
        if begins <= shown < begins + QUARTER:
            return t + shown - begins
    return next((t for t, begins in quarters(day) if begins >= shown), quarters(day)[-1][0] + QUARTER)


# --- bank holidays ---------------------------------------------------------------------------------------------------


def easter(year: int) -> date:
    """Easter Sunday (the anonymous Gregorian computus)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def monday(year: int, month: int, *, last: bool) -> date:
    """The first or the last Monday of a month of 31 days."""
    days = [date(year, month, day) for day in range(1, 32)]
    mondays = [day for day in days if day.weekday() == 0]
    return mondays[-1 if last else 0]


# Days that were moved, and days proclaimed once (for Scotland, the last of them).
EARLY_MAY = {2020: date(2020, 5, 8)}
SPRING = {2012: date(2012, 6, 4), 2022: date(2022, 6, 2)}
ONCE = [date(2011, 4, 29), date(2012, 6, 5), date(2022, 6, 3), date(2022, 9, 19), date(2023, 5, 8)]
ONCE_SCT = [date(2026, 6, 15)]


@cache
def holidays(nation: str, year: int) -> frozenset[date]:
    """The bank holidays of ENG, WLS, SCT or NIR: the days themselves and, for those on a weekend, their substitutes."""
    sunday = easter(year)
    moving = [sunday - timedelta(days=2)]
    moving.append(EARLY_MAY.get(year, monday(year, 5, last=False)))
    moving.append(SPRING.get(year, monday(year, 5, last=True)))
    moving += [day for day in ONCE + (ONCE_SCT if nation == "SCT" else []) if day.year == year]
    fixed = [date(year, 1, 1)]
    if nation == "SCT":
        moving.append(monday(year, 8, last=False))
        fixed += [date(year, 1, 2), date(year, 11, 30)]
    else:
        moving += [sunday + timedelta(days=1), monday(year, 8, last=True)]
    if nation == "NIR":
        fixed += [date(year, 3, 17), date(year, 7, 12)]
    fixed += [date(year, 12, 25), date(year, 12, 26)]
    found = {*moving, *fixed}
    for day in fixed:
        if day.weekday() >= 5:
            instead = day
            while instead.weekday() >= 5 or instead in found:
                instead += timedelta(days=1)
            found.add(instead)
    return frozenset(found)


# --- the rules -------------------------------------------------------------------------------------------------------


class Due(NamedTuple):
    """What the letter of a rule says; `moves`: a message a moment later would be due a moment later."""

    at: int
    moves: bool


class Oracle:
    """A line's deadlines by the letter of each rule, and with what holds for all: none sooner for a later message."""

    def __init__(
        self,
        nation: str,
        week: Week,
        *,
        added: frozenset[date] = frozenset(),
        removed: frozenset[date] = frozenset(),
        special: Mapping[date, Sequence[tuple[int, int]]] | None = None,
    ) -> None:
        self.nation, self.week, self.added, self.removed = nation, week, added, removed
        self.special = special or {}
        self.works = cache(self._works)
        self.spans = cache(self._spans)
        self.next = cache(self._next)

    def _works(self, day: int) -> bool:
        civil = date.fromordinal(day)
        if civil in self.special:
            return len(self.special[civil]) > 0
        if civil in self.removed or civil in self.added:
            return civil in self.added
        return bool(self.week[civil.weekday()]) and civil not in holidays(self.nation, civil.year)

    def _spans(self, day: int) -> list[tuple[int, int]]:
        """The open hours of a working day. One worked on a weekday without hours has those of the weekday before."""
        if not self.works(day):
            return []
        hours = self.special.get(date.fromordinal(day))
        if hours is None:
            weekday = date.fromordinal(day).weekday()
            while not self.week[weekday]:
                weekday = (weekday - 1) % 7
            hours = self.week[weekday]
        return [(first(day, opens * MINUTE), first(day, closes * MINUTE)) for opens, closes in hours]

    def _next(self, day: int) -> int:
        """The first working day after `day`."""
        day += 1
        while not self.works(day):
            day += 1
        return day

    def close(self, day: int) -> int:
        return self.spans(day)[-1][1]

    def letter(self, name: str, n: int, t: int) -> Due:
        """The deadline of what was left at `t`, as the rule's own sentence has it."""
        day, shown = clock(t)
        if name == "elapsed_or_next_working_day":
            later = t + n * HOUR
            if self.works(day) and self.works(clock(later)[0]):
                return Due(later, moves=True)
            return Due(self.close(self.next(day)), moves=False)
        receipt = day if self.works(day) and t < self.close(day) else self.next(day)
        if name == "working_days":
            for _ in range(n):
                receipt = self.next(receipt)
        elif name == "within_a_working_day" and any(opens <= t < closes for opens, closes in self.spans(day)):
            return self._same_time(shown, self.next(day))
        return Due(self.close(receipt), moves=False)

    def _same_time(self, shown: int, day: int) -> Due:
        """The same clock time on `day`, or, closed then, its next opening, else its last close."""
        same = first(day, shown)
        for opens, closes in self.spans(day):
            if same < opens:
                return Due(opens, moves=False)
            if same < closes:
                return Due(same, moves=clock(same)[1] == shown)
        return Due(self.close(day), moves=False)

    def last_open(self, due: int, left: int) -> int:
        """The last open moment not after `due`; `left` where there is none since then."""
        day = clock(due)[0]
        while day >= clock(left)[0]:
            for opens, closes in reversed(self.spans(day)):
                if opens <= due:
                    return max(min(closes, due), left)
            day -= 1
        return left

    def walk(self, name: str, n: int, days: range) -> Iterator[tuple[int, int, int]]:
        """For each quarter of `days`: when it begins, and when a message left then is due and to be acted on.

        Begins so much earlier that nothing left before could still be due after what is left on the first day.
        """
        latest = 0
        for day in range(days.start - LONGEST, days.stop):
            for t, _shown in quarters(day):
                due, moves = self.letter(name, n, t)
                if day >= days.start:
                    yield t, max(due, latest), self.last_open(max(due, latest), t)
                latest = max(latest, due + QUARTER if moves else due)

    def due(self, name: str, n: int, t: int) -> int:
        """When a message left at any moment `t` is due."""
        latest = 0
        day = clock(t)[0]
        for each in range(day - LONGEST, day + 1):
            for begins, _shown in quarters(each):
                if begins > t:
                    break
                due, moves = self.letter(name, n, begins)
                latest = max(latest, due + min(QUARTER, t - begins) if moves else due if begins < t else 0)
        return max(self.letter(name, n, t).at, latest)
