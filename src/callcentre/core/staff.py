"""How many agents a line needs, by weekday and half-hour of its core hours, from what was measured of it.

Only what was seen counts: a half-hour that a gap touched is left out and counted, one of which too little is known has
no figure. Rules and caveats: docs/explanation/staffing-need.md.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate
from math import inf
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.core.calendar import Calendar, Span
from callcentre.core.charter import Charter, Line
from callcentre.core.erlang import required_a, required_c
from callcentre.core.service_level import ServiceLevel
from callcentre.core.terms import UTC

CELL: Final = timedelta(minutes=5)
"""The store counts calls by so much time, from whole multiples of it on: every zone's half-hours are made of these."""

FEWEST_HALF_HOURS: Final = 4
"""Of fewer half-hours than these no need is worked out."""

OWN_HANDLING: Final = 30
"""So many answered calls tell a half-hour's own handling time; with fewer it is the line's."""

WEEKS: Final = 8
"""How much history a need is worked out from, if nothing else is asked for."""

_HALF_HOUR: Final = timedelta(minutes=30)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Slot = tuple[int, int]
"""A half-hour of the week: weekday (0 = Monday) and minutes after midnight on the line's clocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`fraction` (0 to 1, both excluded) of all calls answered within `within` seconds."""

    within: float
    fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What calls of a line came to. Colleagues' calls count too, but not in the `outside` ones, which promises are of.

    `talked` calls talked for `talk_seconds` in all, `rung` rang for `ring_seconds` until somebody picked up, all
    together waited `wait_seconds`, `gave_up` hung up while they waited, however soon. Of the decided calls from
    `outside`, `outside_answered` were answered, `in_time` within the target, `outside_short` were short abandons.
    """

    offered: int = 0
    talked: int = 0
    talk_seconds: float = 0.0
    rung: int = 0
    ring_seconds: float = 0.0
    wait_seconds: float = 0.0
    gave_up: int = 0
    outside: int = 0
    outside_answered: int = 0
    outside_short: int = 0
    in_time: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            offered=self.offered + other.offered,
            talked=self.talked + other.talked,
            talk_seconds=self.talk_seconds + other.talk_seconds,
            rung=self.rung + other.rung,
            ring_seconds=self.ring_seconds + other.ring_seconds,
            wait_seconds=self.wait_seconds + other.wait_seconds,
            gave_up=self.gave_up + other.gave_up,
            outside=self.outside + other.outside,
            outside_answered=self.outside_answered + other.outside_answered,
            outside_short=self.outside_short + other.outside_short,
            in_time=self.in_time + other.in_time,
        )

    @property
    def handling(self) -> float | None:
        """Mean talk of the answered calls, in seconds; None without any."""
        return self.talk_seconds / self.talked if self.talked and self.talk_seconds > 0 else None

    @property
    def pick_up(self) -> float | None:
        """Mean ringing until somebody picked up, in seconds; None where none was."""
        return self.ring_seconds / self.rung if self.rung else None

    @property
    def patience(self) -> float | None:
        """Mean patience in seconds: its maximum likelihood, if it is exponential; None where nobody gave up.

        Whoever was answered, or led on, would have waited longer: their waits count, and they did not give up
        (Mandelbaum and Zeltyn, The Palm/Erlang-A Queue, 2005, section 5).
        """
        return self.wait_seconds / self.gave_up if self.gave_up and self.wait_seconds > 0 else None

    def achieved(self, charter: Charter) -> float | None:
        """The share answered in time, of the calls that the charter judges by; None of none."""
        level = ServiceLevel(
            offered=self.outside,
            answered=self.outside_answered,
            within=self.in_time,
            short_abandoned=self.outside_short,
        )
        return level.judged(charter)


@dataclass(frozen=True, slots=True)
class Cell:
    """The calls offered in the `CELL` from `start` on."""

    start: datetime
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotNeed:
    """What one half-hour of the week came to, over all weeks.

    `seen` are the half-hours it was measured in, `hidden` those left out because a gap touched them; `seen_seconds`
    their open time. `offered` is the mean number of calls of a half-hour, `there` how many could answer on average,
    over the time that is known; `handling` seconds, of its own calls or (`own_handling` is False) of all the line's.
    `in_time` is the share answered in time. None is what is not known; needs are None too where `enough` is False.
    """

    slot: Slot
    seen: int
    hidden: int
    seen_seconds: float
    tally: Tally
    enough: bool
    offered: float | None
    handling: float | None
    own_handling: bool
    needed_c: int | None
    needed_a: int | None
    there: float | None
    in_time: float | None

    @property
    def short(self) -> float | None:
        """How many were missing on average (Erlang A); None if unknown or none."""
        if self.there is None or self.needed_a is None or self.there >= self.needed_a:
            return None
        return self.needed_a - self.there


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekNeed:
    """A line's week, measured in [since, until). `tally` is of all its seen half-hours, `days` how many days had any.

    Without a `target` no half-hour has a need or a share in time.
    """

    line: str
    since: datetime
    until: datetime
    target: Target | None
    days: int
    seen: int
    hidden: int
    tally: Tally
    in_time: float | None
    slots: tuple[SlotNeed, ...]

    def of(self, slot: Slot) -> SlotNeed | None:
        """What `slot` came to; None if the line was never open then."""
        return next((one for one in self.slots if one.slot == slot), None)


@dataclass(frozen=True, slots=True)
class HalfHour:
    """A half-hour in which a line was to be open, or the part of one in which it was."""

    slot: Slot
    start: datetime
    end: datetime


@dataclass(slots=True)
class _Measured:
    """What has been measured of one slot so far."""

    seen: int = 0
    hidden: int = 0
    seconds: float = 0.0
    tally: Tally = field(default_factory=Tally)
    known_seconds: float = 0.0
    there_seconds: float = 0.0


def charter_target(charter: Charter) -> Target | None:
    """What the charter promises, if it names both seconds and a fraction that agents can keep."""
    within, fraction = charter.answer_seconds, charter.answer_fraction
    if within is None or fraction is None or not 0 < fraction < 1:
        return None
    return Target(within=within, fraction=fraction)


def half_hours(line: Line, since: datetime, until: datetime) -> Iterator[HalfHour]:
    """Yield the half-hours of the line's core hours in [since, until), in order, by the line's clocks.

    An hour that the clocks show twice has four, one that they skip has none.
    """
    zone = ZoneInfo(line.zone)
    for opens, closes in Calendar(line).intervals(since, until):
        start = opens
        while start < closes:
            local = start.astimezone(zone)
            into = timedelta(minutes=local.minute % 30, seconds=local.second, microseconds=local.microsecond)
            end = min(start + _HALF_HOUR - into, closes)
            yield HalfHour((local.weekday(), local.hour * 60 + local.minute - local.minute % 30), start, end)
            start = end


def slot_at(line: Line, at: datetime) -> Slot | None:
    """The half-hour of the week that `at` lies in; None outside of the line's core hours."""
    return next((one.slot for one in half_hours(line, at, at + timedelta(microseconds=1))), None)


class StaffHistory:
    """Takes in what was measured of a line in [since, until), and tells what it needs. Holds a week, not the history.

    `seen` is from when until when the line was watched (None: never); `gaps` in any order are the times within that its
    PBX was out of sight. Then give it the calls, and the presence, each in order of time.
    """

    def __init__(
        self, line: Line, since: datetime, until: datetime, *, seen: Span | None, gaps: Iterable[Span] = ()
    ) -> None:
        self._line = line
        self._since, self._until = since, until
        self._slots: dict[Slot, _Measured] = {}
        self._open: list[HalfHour] = []
        self._days: set[date] = set()
        zone, hiding = ZoneInfo(line.zone), _Gaps(gaps)
        for one in half_hours(line, since, until):
            slot = self._slots.setdefault(one.slot, _Measured())
            if seen is None or one.start < seen[0] or one.end > seen[1]:
                continue
            if hiding.touch(one.start, one.end):
                slot.hidden += 1
                continue
            slot.seen += 1
            slot.seconds += _whole_cells(one) * CELL.total_seconds()
            self._open.append(one)
            self._days.add(one.start.astimezone(zone).date())
        self._starts = [one.start for one in self._open]
        self._presence: tuple[datetime, int | None] = (since, None)

    def take_calls(self, cells: Iterable[Cell]) -> None:
        """Take the calls of some cells; those of cells that do not lie whole in a seen half-hour are left out."""
        for cell in cells:
            at = bisect_right(self._starts, cell.start) - 1
            if at >= 0 and cell.start + CELL <= self._open[at].end:
                slot = self._slots[self._open[at].slot]
                slot.tally += cell.tally

    def take_presence(self, changes: Iterable[tuple[datetime, int | None]]) -> None:
        """Take how many could answer since when (None: unknown), in order; the first may be of long before."""
        for change in changes:
            self._was_there(change[0])
            self._presence = change

    def need(self, target: Target | None) -> WeekNeed:
        """What it all comes to; nothing is taken in afterwards."""
        self._was_there(self._until)
        slots = {key: self._slots[key] for key in sorted(self._slots)}
        whole = sum((one.tally for one in slots.values()), Tally())
        return WeekNeed(
            line=self._line.name,
            since=self._since,
            until=self._until,
            target=target,
            days=len(self._days),
            seen=sum(one.seen for one in slots.values()),
            hidden=sum(one.hidden for one in slots.values()),
            tally=whole,
            in_time=None if target is None else whole.achieved(self._line.charter),
            slots=tuple(self._slot_need(key, one, whole, target) for key, one in slots.items()),
        )

    def _was_there(self, until: datetime) -> None:
        """So many were there since the last change, `until` now."""
        since, there = self._presence
        at = max(0, bisect_right(self._starts, since) - 1)
        while there is not None and at < len(self._open) and self._open[at].start < until:
            one = self._open[at]
            seconds = (min(one.end, until) - max(one.start, since)).total_seconds()
            if seconds > 0:
                slot = self._slots[one.slot]
                slot.known_seconds += seconds
                slot.there_seconds += seconds * there
            at += 1

    def _slot_need(self, key: Slot, one: _Measured, whole: Tally, target: Target | None) -> SlotNeed:
        enough = one.seen >= FEWEST_HALF_HOURS and one.seconds > 0
        offered = one.tally.offered / one.seconds * _HALF_HOUR.total_seconds() if one.seconds else None
        own = one.tally.talked >= OWN_HANDLING
        handling = one.tally.handling if own else whole.handling
        needed: tuple[int | None, int | None] = (None, None)
        if enough and offered is not None and target is not None:
            needed = _needed(offered, handling, whole.patience, target, self._line.min_agents)
        return SlotNeed(
            slot=key,
            seen=one.seen,
            hidden=one.hidden,
            seen_seconds=one.seconds,
            tally=one.tally,
            enough=enough,
            offered=offered,
            handling=handling,
            own_handling=own,
            needed_c=needed[0],
            needed_a=needed[1],
            there=one.there_seconds / one.known_seconds if one.known_seconds else None,
            in_time=None if target is None else one.tally.achieved(self._line.charter),
        )


def _needed(
    offered: float, handling: float | None, patience: float | None, target: Target, fewest: int
) -> tuple[int | None, int | None]:
    """The agents required by Erlang C and by Erlang A, `fewest` at least; None where handling is not known."""
    if offered == 0:
        return fewest, fewest
    if handling is None:
        return None, None
    load = offered * handling / _HALF_HOUR.total_seconds()
    by_c = required_c(load, handling, target.within, target.fraction)
    by_a = required_a(load, handling, patience or inf, target.within, target.fraction)
    return max(fewest, by_c), max(fewest, by_a)


class _Gaps:
    """Times out of sight, to be asked about."""

    def __init__(self, gaps: Iterable[Span]) -> None:
        ordered = sorted(gaps)
        self._starts = [start for start, _ in ordered]
        self._latest_end = list(accumulate((end for _, end in ordered), max))

    def touch(self, start: datetime, end: datetime) -> bool:
        """Whether any of [start, end) was out of sight; a gap without length touches too."""
        before = bisect_left(self._starts, end)
        return before > 0 and (self._latest_end[before - 1] > start or self._starts[before - 1] >= start)


def _whole_cells(one: HalfHour) -> int:
    """How many cells lie whole in it: calls are counted by those."""
    return max(0, (one.end - _EPOCH) // CELL + (_EPOCH - one.start) // CELL)
