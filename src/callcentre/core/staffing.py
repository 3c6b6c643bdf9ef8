"""Attendance: whether each line is attended, unattended or unknown, since when and why.

Presence comes from the roster's facts; calls that ring out one after another prove that nobody is there, whatever the
roster says. No sight of the PBX is unknown. An interval never spans the opening or closing of core hours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line, Office
from callcentre.core.events import Event, LinkDown, LinkUp, PbxShutdown, TimePassed
from callcentre.core.facts import AttendanceChanged, Call, CallAnswered, CallEnded, Fact, PresenceChanged, RingAttempt
from callcentre.core.hints import MemberActive, RosterChanged, TelephoneUsed
from callcentre.core.ledger import NOT_RUNNING
from callcentre.core.seats import THERE, few, fit, why_away
from callcentre.core.terms import AttemptResult, Attendance, CallKey, Hours, Outcome

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
    there: int | None = None
    present_at: datetime | None = None
    names: dict[str, str] = field(default_factory=dict)
    rung: list[str] = field(default_factory=list)
    rung_out: int = 0
    boundary: datetime | None = None
    told_at: datetime | None = None
    placed: bool = False
    core: bool = False

    def place(self, at: datetime) -> None:
        """Find out whether the line is open at `at`, and until when."""
        self.placed = True
        self.core = self.calendar.hours_at(at) is Hours.CORE
        self.boundary = self.calendar.next_boundary(at)

    def judged(self) -> tuple[Attendance, str]:
        """The state that the evidence gives now, and why."""
        roster, needed = self.roster, self.line.min_agents
        if self.hidden:
            return Attendance.UNKNOWN, self.hidden
        if self.rung_out >= self.line.ring_out_limit:
            limit = self.line.ring_out_limit
            return Attendance.UNATTENDED, f"{limit} calls in a row rang out" if limit > 1 else "a call rang out"
        if roster is None or not (roster.complete or roster.there):
            return Attendance.UNKNOWN, NOT_TOLD
        if roster.there >= needed:
            return Attendance.ATTENDED, f"{needed} or more can answer"
        if not roster.complete or roster.there + roster.unknown >= needed:
            return Attendance.UNKNOWN, "not all its telephones have been seen"
        return Attendance.UNATTENDED, _why_nobody(roster)

    def why(self, state: Attendance) -> tuple[str, ...]:
        """Who is why nobody can answer: those whose telephones rang in vain, or the seats that are empty."""
        if state is not Attendance.UNATTENDED:
            return ()
        if self.rung_out >= self.line.ring_out_limit:
            return few(f"{self.called(telephone)}: rang, nobody came" for telephone in self.rung)
        return why_away(self.roster.seats) if self.roster is not None else ()

    def called(self, telephone: str) -> str:
        """What people call a telephone."""
        return self.names.get(telephone) or fit(telephone)

    def somebody_is_there(self) -> None:
        """Calls that rang out before prove nothing any more."""
        self.rung_out = 0
        self.rung.clear()

    def hear(self, roster: RosterChanged) -> tuple[str, ...]:
        """Take what the roster tells; return who is there that was not before, as far as it names them."""
        last, self.roster = self.roster, roster
        if not roster.seats:
            return ()
        before = {seat.device for seat in last.seats if seat.state in THERE} if last is not None else set()
        self.names |= {seat.device: seat.name for seat in roster.seats}
        return few(seat.name for seat in roster.seats if seat.state in THERE and seat.device not in before)


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


class _Telephones:
    """When telephones are in use, by pbx and device: as the roster tells it, else from the calls they answered."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], datetime] = {}
        self._until: dict[tuple[str, str], datetime] = {}
        self._answered: dict[CallKey, str] = {}

    def used(self, fact: TelephoneUsed) -> None:
        key = (fact.pbx, fact.device)
        if fact.used:
            self._since[key] = fact.at
            self._until.pop(key, None)
        else:
            self._until[key] = fact.at

    def answered(self, call: Call) -> None:
        if call.answered_by is not None:
            self._answered[call.key] = call.answered_by

    def ended(self, call: Call) -> None:
        self._answered.pop(call.key, None)

    def forget(self, pbx: str) -> None:
        """The roster of this PBX will be told anew. What calls said stays: they are ended when they are over."""
        self._since = {key: at for key, at in self._since.items() if key[0] != pbx}
        self._until = {key: at for key, at in self._until.items() if key[0] != pbx}

    def free(self, call: Call, attempt: RingAttempt) -> bool:
        """Whether no other call had the telephone while it rang for `call`."""
        key = (call.key.pbx, attempt.interface)
        if key in self._since or key in self._until:
            since, until = self._since.get(key), self._until.get(key)
            begun = since is not None and (attempt.ring_end is None or since < attempt.ring_end)
            over = until is not None and (attempt.ring_start is None or until <= attempt.ring_start)
            return not begun or over
        others = (one for one, device in self._answered.items() if device == attempt.interface)
        return not any(other.pbx == call.key.pbx and other != call.key for other in others)


class Staffing:
    """The attendance of all lines: `handle(event)` and `handle_fact(fact)` tell how it and their presence changed."""

    EVENTS: Final[frozenset[type[Event]]] = frozenset({LinkUp, LinkDown, PbxShutdown})
    FACTS: Final[frozenset[type[Fact]]] = frozenset(
        {RosterChanged, MemberActive, TelephoneUsed, CallAnswered, CallEnded}
    )

    def __init__(self, office: Office) -> None:
        self._watches = {line.name: _Watch(line, Calendar(line)) for line in office.lines}
        self._telephones = _Telephones()
        self._now: datetime | None = None
        self._quiet_until: datetime | None = None
        """Until then no line opens or closes, and every line is placed."""
        self._handlers: dict[type[Event], Callable[[Any], list[Fact]]] = {
            LinkUp: self._link_up,
            LinkDown: self._link_down,
            PbxShutdown: self._shut_down,
        }
        self._listeners: dict[type[Fact], Callable[[Any], list[Fact]]] = {
            RosterChanged: self._roster_changed,
            MemberActive: self._member_active,
            TelephoneUsed: self._telephone_used,
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
        if listener is None:
            return []
        facts = self._advance(fact.at)
        return facts + listener(fact) if facts else listener(fact)

    def restore(self, last_seen: Mapping[str, datetime]) -> list[Fact]:
        """An earlier run saw each PBX until then: nobody knows what has been so since."""
        facts: list[Fact] = []
        for watch in self._watches.values():
            at = last_seen.get(watch.line.pbx)
            if at is not None:
                watch.place(at)
                watch.hidden = NOT_RUNNING
                facts += self._judge(watch, at) + self._present(watch, at)
        self._now, self._quiet_until = max(last_seen.values(), default=None), None
        return facts

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
        if before is not None and self._quiet_until is not None and now < self._quiet_until and now - before <= _LEAP:
            return facts
        for watch in self._watches.values():
            if not watch.placed or (before is not None and now - before > _LEAP):
                watch.place(now)
                facts += self._judge(watch, now, cut=True) if watch.told_at is not None else []
            while watch.boundary is not None and watch.boundary <= now:
                at = watch.boundary
                watch.core = not watch.core
                watch.boundary = watch.calendar.next_boundary(at)
                if watch.core:
                    watch.somebody_is_there()
                facts += self._judge(watch, at, cut=True)
        self._quiet_until = self.next_timer()
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
        self._telephones.forget(event.pbx)
        for watch in self._watches.values():
            if watch.line.pbx == event.pbx:
                watch.hidden, watch.roster = hidden, None
                watch.somebody_is_there()
                facts += self._judge(watch, event.at) + self._present(watch, event.at)
        return facts

    def _roster_changed(self, fact: RosterChanged) -> list[Fact]:
        """A telephone that comes within reach again is no proof that somebody sits there: the count goes on."""
        watch = self._watches[fact.line]
        before = watch.roster
        came = watch.hear(fact)
        if before is not None and _as_many(before, fact):
            return []
        return self._judge(watch, fact.at, came) + self._present(watch, fact.at)

    def _telephone_used(self, fact: TelephoneUsed) -> list[Fact]:
        self._telephones.used(fact)
        return []

    def _member_active(self, fact: MemberActive) -> list[Fact]:
        return self._somebody_is_there(fact.line, fact.at, fact.who)

    def _answered(self, fact: CallAnswered) -> list[Fact]:
        self._telephones.answered(fact.call)
        watch, telephone = self._watches.get(fact.call.line), fact.call.answered_by
        who = watch.called(telephone) if watch is not None and telephone is not None else ""
        return self._somebody_is_there(fact.call.line, fact.at, who)

    def _somebody_is_there(self, line: str, at: datetime, who: str) -> list[Fact]:
        watch = self._watches.get(line)
        if watch is None or not watch.rung_out:
            return []
        watch.somebody_is_there()
        return self._judge(watch, at, (who,) if who else ())

    def _ended(self, fact: CallEnded) -> list[Fact]:
        self._telephones.ended(fact.call)
        watch = self._watches.get(fact.call.line)
        rung = _rung(fact.call, watch.line, self._telephones) if watch is not None else []
        if watch is None or not rung:
            return []
        watch.rung_out += 1
        watch.rung = list(dict.fromkeys(watch.rung + rung))
        return self._judge(watch, fact.at) if watch.rung_out >= watch.line.ring_out_limit else []

    # --- verdict -----------------------------------------------------------------------------------------------------

    def _judge(self, watch: _Watch, at: datetime, came: tuple[str, ...] = (), *, cut: bool = False) -> list[Fact]:
        """Say what is so from `at` on, if it is something new or core hours begin or end there (`cut`).

        `came` are those whose coming this is, if it ends an unattended time.
        """
        state, reason = watch.judged()
        if not cut and watch.told_at is not None and (state, reason) == (watch.state, watch.reason):
            return []
        at = at if watch.told_at is None else max(at, watch.told_at)
        ends = watch.state is Attendance.UNATTENDED and state is Attendance.ATTENDED
        who = came if ends else watch.why(state)
        if state is not watch.state or watch.told_at is None:
            watch.state, watch.since = state, at
        watch.reason, watch.told_at = reason, at
        return [
            AttendanceChanged(
                pbx=watch.line.pbx, at=at, line=watch.line.name, state=state, reason=reason, core=watch.core, who=who
            )
        ]

    def _present(self, watch: _Watch, at: datetime) -> list[Fact]:
        """Say how many are there, if that is something new; those not seen yet may be more."""
        roster = watch.roster
        known = roster is not None and roster.complete and (roster.there > 0 or not roster.unknown)
        there = roster.there if roster is not None and known else None
        if watch.present_at is not None and there == watch.there:
            return []
        watch.there, watch.present_at = there, max(at, watch.present_at or at)
        return [PresenceChanged(pbx=watch.line.pbx, at=watch.present_at, line=watch.line.name, there=there)]


def _as_many(one: RosterChanged, other: RosterChanged) -> bool:
    """Whether two tell the same of who could answer; most only tell that somebody is free, or is no more."""
    return (
        one.there == other.there
        and one.unknown == other.unknown
        and one.paused == other.paused
        and one.unreachable == other.unreachable
        and one.complete is other.complete
    )


def _rung(call: Call, line: Line, telephones: _Telephones) -> list[str]:
    """The telephones that were free and rang past the target for this call, and nobody came.

    The target is the charter's rings, else its seconds; where it promises neither, a telephone must have rung for as
    long as the PBX would have it. Somebody who declines is there.
    """
    if call.outcome not in _MISSED or call.answered_at is not None:
        return []
    attempts = [attempt for attempt in call.attempts if not attempt.after_answer]
    if any(attempt.result is AttemptResult.BUSY for attempt in attempts):
        return []
    charter, enough = line.charter, {AttemptResult.RANG_OUT, AttemptResult.CANCELLED}
    if charter.answer_rings is not None:
        target = charter.answer_rings * line.ring_cycle_seconds
    elif charter.answer_seconds is not None:
        target = charter.answer_seconds
    else:
        target, enough = 0.0, {AttemptResult.RANG_OUT}
    return [
        attempt.interface
        for attempt in attempts
        if attempt.ring_start is not None
        and attempt.result in enough
        and _rang_for(attempt) >= target
        and telephones.free(call, attempt)
    ]


def _rang_for(attempt: RingAttempt) -> float:
    if attempt.ring_start is None or attempt.ring_end is None:
        return 0.0
    return (attempt.ring_end - attempt.ring_start).total_seconds()
