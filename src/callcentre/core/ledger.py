"""The ledger of attendance: what was so, and why, at each moment of a day's core hours, adding up to exactly those.

Made from the recorded changes alone. What was not recorded, or came after the PBX was last seen, is unknown; unknown is
never counted as attended.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, Protocol

from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line
from callcentre.core.facts import AttendanceChanged
from callcentre.core.terms import Attendance

NOT_RECORDED: Final = "nothing was recorded of this line"
NOT_RUNNING: Final = "callcentre was not running or had not reached the PBX yet"
TO_COME: Final = "still to come"

_NONE: Final = timedelta(0)


class Change(Protocol):
    """A line's attendance is `state` since `at`: a row of the store, or the fact AttendanceChanged."""

    @property
    def at(self) -> datetime:
        """Since when (aware)."""
        ...

    @property
    def state(self) -> Attendance:
        """What is so."""
        ...

    @property
    def reason(self) -> str:
        """Why, in words."""
        ...

    @property
    def who(self) -> tuple[str, ...]:
        """One entry for each member who is why."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part [start, end) of a day's core hours in which one thing was so; `state` is None for what is to come."""

    start: datetime
    end: datetime
    state: Attendance | None
    reason: str
    who: tuple[str, ...] = ()

    @property
    def length(self) -> timedelta:
        """How long it lasted, to the microsecond."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLedger:
    """A line's core hours of a civil day (of its zone) in order: `stretches` cover them without gap or overlap.

    None on a day without core hours. `attended` + `unattended` + `unknown` + `to_come` is exactly `core`.
    """

    line: str
    day: date
    stretches: tuple[Stretch, ...]

    @property
    def core(self) -> timedelta:
        """The core hours of the day: 23 or 25 hours where clocks change and the line never closes."""
        return sum((stretch.length for stretch in self.stretches), _NONE)

    @property
    def attended(self) -> timedelta:
        """How long somebody could answer."""
        return self._lasted(Attendance.ATTENDED)

    @property
    def unattended(self) -> timedelta:
        """How long nobody could answer."""
        return self._lasted(Attendance.UNATTENDED)

    @property
    def unknown(self) -> timedelta:
        """How long it could not be seen."""
        return self._lasted(Attendance.UNKNOWN)

    @property
    def to_come(self) -> timedelta:
        """How much of the core hours is still to come."""
        return self._lasted(None)

    @property
    def fraction(self) -> float | None:
        """Attended of what is known (attended and unattended), 0 to 1; None if nothing is known."""
        return attended_fraction(self.attended, self.unattended)

    def _lasted(self, state: Attendance | None) -> timedelta:
        return sum((stretch.length for stretch in self.stretches if stretch.state is state), _NONE)


def attended_fraction(attended: timedelta, unattended: timedelta) -> float | None:
    """Attended of what is known; None if nothing is. For several days, of their sums."""
    known = attended + unattended
    return attended / known if known else None


def day_ledger(
    line: Line,
    day: date,
    changes: Iterable[Change],
    *,
    seen_until: datetime | None,
    now: datetime,
    restarts: Iterable[datetime] = (),
) -> DayLedger:
    """The ledger of `line` on `day`, a civil day of its zone.

    `changes` are the line's recorded ones in the order they were recorded: the last before the day and those within it;
    more do no harm, and of several at one time the last holds. `seen_until` is until when the line's PBX was surely
    seen, None if never; `now` begins what is still to come. `restarts` are from when earlier runs no longer saw the
    PBX: a line without a change there was not watched by the next run, so nothing is known until its next change.
    """
    recorded = _recorded(changes, seen_until, restarts)
    stretches: list[Stretch] = []
    for opens, closes in Calendar(line).open_on(day):
        known = min(max(now, opens), closes)
        stretches += _merged(_within(recorded, opens, known))
        if known < closes:
            stretches.append(Stretch(start=known, end=closes, state=None, reason=TO_COME))
    return DayLedger(line=line.name, day=day, stretches=tuple(stretches))


_Since = tuple[datetime, Attendance, str, tuple[str, ...]]


def _recorded(changes: Iterable[Change], seen_until: datetime | None, restarts: Iterable[datetime]) -> list[_Since]:
    """What is so from when on, oldest first; changes at the same time are still all there, the last of them holds."""
    recorded: list[_Since] = [(change.at, change.state, change.reason, change.who) for change in changes]
    # Before the changes of the same time: each sort is stable.
    recorded = [(at, Attendance.UNKNOWN, NOT_RUNNING, ()) for at in restarts] + recorded
    recorded.sort(key=lambda since: since[0])
    if seen_until is None:
        return []
    last = next((since for since in reversed(recorded) if since[0] <= seen_until), None)
    later = [since for since in recorded if since[0] > seen_until and since[1] is Attendance.UNKNOWN]
    if last is None or last[1] is not Attendance.UNKNOWN:
        later.insert(0, (seen_until, Attendance.UNKNOWN, NOT_RUNNING if last is not None else NOT_RECORDED, ()))
    return [since for since in recorded if since[0] <= seen_until] + later


def _within(recorded: Sequence[_Since], start: datetime, end: datetime) -> Iterator[Stretch]:
    """What was so between `start` and `end`, piece by piece."""
    before: _Since = (start, Attendance.UNKNOWN, NOT_RECORDED, ())
    after: _Since = (end, Attendance.UNKNOWN, NOT_RECORDED, ())
    for (since, state, reason, who), (until, *_) in pairwise([before, *recorded, after]):
        begins, ends = max(since, start), min(until, end)
        if begins < ends:
            yield Stretch(start=begins, end=ends, state=state, reason=reason, who=who)


def _merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Neighbours of which the same is so are one."""
    merged: list[Stretch] = []
    for one in stretches:
        last = merged[-1] if merged else None
        if last is not None and (last.state, last.reason, last.who) == (one.state, one.reason, one.who):
            merged[-1] = Stretch(start=last.start, end=one.end, state=one.state, reason=one.reason, who=one.who)
        else:
            merged.append(one)
    return merged


class Meter:
    """Counts the core hours in which lines were unattended or unknown, from committed AttendanceChanged facts.

    For counters: a total never falls, even where a change is told late; it then waits until the true one has caught up.
    """

    def __init__(self) -> None:
        self._running: dict[str, AttendanceChanged] = {}
        self._over: dict[tuple[str, Attendance], timedelta] = {}
        self._told: dict[tuple[str, Attendance], timedelta] = {}

    def take(self, fact: AttendanceChanged) -> None:
        """Take the facts of each line in their order."""
        last = self._running.get(fact.line)
        if last is not None and last.core:
            key = (fact.line, last.state)
            self._over[key] = self._over.get(key, _NONE) + max(fact.at - last.at, _NONE)
        self._running[fact.line] = fact

    def total(self, line: str, state: Attendance, at: datetime) -> timedelta:
        """How long `line` was `state` in core hours since the first fact, up to `at`."""
        key = (line, state)
        total, running = self._over.get(key, _NONE), self._running.get(line)
        if running is not None and running.core and running.state is state:
            total += max(at - running.at, _NONE)
        self._told[key] = max(self._told.get(key, _NONE), total)
        return self._told[key]
