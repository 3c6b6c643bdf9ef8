"""Attendance: whether each line is attended, unattended or unknown, since when and why.

Presence comes from the roster's facts; calls that ring out one after another prove that nobody is there, whatever the
roster says. No sight of the PBX is unknown. An interval never spans the opening or closing of core hours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line, Office
from callcentre.core.events import Event, LinkDown, LinkUp, PbxShutdown, TimePassed
from callcentre.core.facts import (
    AttendanceChanged,
    Call,
    CallAnswered,
    CallEnded,
    Fact,
    MemberActive,
    RosterChanged,
)
from callcentre.core.terms import AttemptResult, Attendance, Hours, Outcome

NOT_TOLD: Final = "nothing has been told of this line yet"
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
_LEAP: Final = timedelta(days=40)
"""Time that passes at one go is a clock that was set (a PBX that booted in 1970): no boundary is looked for in it."""

_MISSED: Final = frozenset(
    {
        Outcome.VOICEMAIL,
        Outcome.VOICEMAIL_EMPTY,
        Outcome.OVERFLOWED,
        Outcome.REFUSED,
        Outcome.SHORT_ABANDONED,
        Outcome.ABANDONED,
    }
)


@dataclass(slots=True)
class _Watch:
    """What is known of one line."""

    line: Line
    calendar: Calendar
    state: Attendance = Attendance.UNKNOWN
    since: datetime = _BEGINNING
    reason: str = NOT_TOLD
    hidden: str = ""
    roster: RosterChanged | None = None
    rung_out: int = 0
    boundary: datetime | None = None
    told_at: datetime | None = None
    core: bool = False

    def judged(self) -> tuple[Attendance, str]:
        """The state that the evidence gives now, and why."""
        roster, needed = self.roster, self.line.min_agents
        if self.hidden:
            return Attendance.UNKNOWN, self.hidden
        if self.rung_out >= self.line.ring_out_limit:
            return Attendance.UNATTENDED, f"{self.line.ring_out_limit} calls in a row rang out"
        if roster is None or not (roster.complete or roster.there):
            return Attendance.UNKNOWN, NOT_TOLD
        if roster.there >= needed:
            return Attendance.ATTENDED, f"{needed} or more can answer"
        if not roster.complete or roster.there + roster.unknown >= needed:
            return Attendance.UNKNOWN, "not all its telephones have been seen"
        return Attendance.UNATTENDED, _why_nobody(roster)


def _why_nobody(roster: RosterChanged) -> str:
    """Why too few can answer; without numbers, so that not every telephone that comes or goes makes an interval."""
    told = [
        word
        for count, word in ((roster.paused, "paused"), (roster.unreachable, "out of reach"), (roster.unknown, "unseen"))
        if count
    ]
    if not told:
        return "too few are logged in" if roster.there else "nobody is logged in"
    return f"{'too few' if roster.there else 'nobody'} can answer: members are {' and '.join(told)}"


class Staffing:
    """The attendance of all lines: `handle(event)` and `handle_fact(fact)` return AttendanceChanged facts."""

    EVENTS: Final[frozenset[type[Event]]] = frozenset({LinkUp, LinkDown, PbxShutdown})
    FACTS: Final[frozenset[type[Fact]]] = frozenset({RosterChanged, MemberActive, CallAnswered, CallEnded})

    def __init__(self, office: Office) -> None:
        self._watches = {line.name: _Watch(line, Calendar(line)) for line in office.lines}
        self._now: datetime | None = None
        self._handlers: dict[type[Event], Callable[[Any], list[Fact]]] = {
            LinkUp: self._link_up,
            LinkDown: self._link_down,
            PbxShutdown: self._shut_down,
        }
        self._listeners: dict[type[Fact], Callable[[Any], list[Fact]]] = {
            RosterChanged: self._roster_changed,
            MemberActive: self._member_active,
            CallAnswered: self._answered,
            CallEnded: self._ended,
        }

    def handle(self, event: Event) -> list[Fact]:
        """Take one event of EVENTS, or TimePassed."""
        if type(event) is TimePassed:
            return self._advance(event.at)
        handler = self._handlers.get(type(event))
        return self._advance(event.at) + handler(event) if handler is not None else []

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Take one fact of the roster or of calls."""
        listener = self._listeners.get(type(fact))
        return self._advance(fact.at) + listener(fact) if listener is not None else []

    def next_timer(self) -> datetime | None:
        """When a line next opens or closes; None until the first event."""
        boundaries = (watch.boundary for watch in self._watches.values())
        return min((at for at in boundaries if at is not None), default=None)

    def finish(self, at: datetime) -> list[Fact]:
        """The input ended at `at`: cut what runs at the boundaries before it."""
        return self._advance(at)

    def state(self, line: str) -> tuple[Attendance, datetime]:
        """The state of a line and since when; unknown since the beginning of time, before anything was told."""
        watch = self._watches[line]
        return watch.state, watch.since

    # --- time --------------------------------------------------------------------------------------------------------

    def _advance(self, now: datetime) -> list[Fact]:
        """Open and close what opened and closed up to `now`."""
        before, facts = self._now, list[Fact]()
        if before is not None and now <= before:
            return facts
        self._now = now
        for watch in self._watches.values():
            if before is None or now - before > _LEAP:
                watch.core = watch.calendar.hours_at(now) is Hours.CORE
                watch.boundary = watch.calendar.next_boundary(now)
                facts += self._judge(watch, now, cut=True) if watch.told_at is not None else []
            while watch.boundary is not None and watch.boundary <= now:
                at = watch.boundary
                watch.core = not watch.core
                watch.boundary = watch.calendar.next_boundary(at)
                if watch.core:
                    watch.rung_out = 0
                facts += self._judge(watch, at, cut=True)
        return facts

    # --- evidence ----------------------------------------------------------------------------------------------------

    def _link_up(self, event: LinkUp) -> list[Fact]:
        return self._start_again(event, "")

    def _link_down(self, event: LinkDown) -> list[Fact]:
        return self._start_again(event, "the PBX is out of sight")

    def _shut_down(self, event: PbxShutdown) -> list[Fact]:
        return self._start_again(event, "the PBX has stopped")

    def _start_again(self, event: Event, hidden: str) -> list[Fact]:
        facts: list[Fact] = []
        for watch in self._watches.values():
            if watch.line.pbx == event.pbx:
                watch.hidden, watch.roster, watch.rung_out = hidden, None, 0
                facts += self._judge(watch, event.at)
        return facts

    def _roster_changed(self, fact: RosterChanged) -> list[Fact]:
        watch = self._watches[fact.line]
        before, watch.roster = watch.roster, fact
        if before is not None and fact.there > before.there:
            watch.rung_out = 0
        return self._judge(watch, fact.at)

    def _member_active(self, fact: MemberActive) -> list[Fact]:
        return self._somebody_is_there(fact.line, fact.at)

    def _answered(self, fact: CallAnswered) -> list[Fact]:
        return self._somebody_is_there(fact.call.line, fact.at)

    def _somebody_is_there(self, line: str, at: datetime) -> list[Fact]:
        watch = self._watches.get(line)
        if watch is None or not watch.rung_out:
            return []
        watch.rung_out = 0
        return self._judge(watch, at)

    def _ended(self, fact: CallEnded) -> list[Fact]:
        watch = self._watches.get(fact.call.line)
        if watch is None or not _rang_out(fact.call, watch.line):
            return []
        watch.rung_out += 1
        return self._judge(watch, fact.at) if watch.rung_out >= watch.line.ring_out_limit else []

    # --- verdict -----------------------------------------------------------------------------------------------------

    def _judge(self, watch: _Watch, at: datetime, *, cut: bool = False) -> list[Fact]:
        """Say what is so from `at` on, if it is something new or core hours begin or end there (`cut`)."""
        state, reason = watch.judged()
        if not cut and watch.told_at is not None and (state, reason) == (watch.state, watch.reason):
            return []
        at = at if watch.told_at is None else max(at, watch.told_at)
        if state is not watch.state or watch.told_at is None:
            watch.state, watch.since = state, at
        watch.reason, watch.told_at = reason, at
        return [
            AttendanceChanged(
                pbx=watch.line.pbx, at=at, line=watch.line.name, state=state, reason=reason, core=watch.core
            )
        ]


def _rang_out(call: Call, line: Line) -> bool:
    """Whether telephones that were free rang past the target for this call and nobody came.

    The target is the charter's rings, else its seconds; where it promises neither, a telephone must have rung for as
    long as the PBX would have it.
    """
    if call.outcome not in _MISSED or call.answered_at is not None or call.ring_seconds is None:
        return False
    results = {attempt.result for attempt in call.attempts if attempt.ring_start is not None}
    charter = line.charter
    if charter.answer_rings is not None:
        target = charter.answer_rings * line.ring_cycle_seconds
    elif charter.answer_seconds is not None:
        target = charter.answer_seconds
    else:
        return AttemptResult.RANG_OUT in results
    rang = not results.isdisjoint({AttemptResult.RANG_OUT, AttemptResult.CANCELLED})
    return rang and call.ring_seconds >= target
