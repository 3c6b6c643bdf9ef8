"""CallCentre: routing only. Each event goes to the parts that know it; their facts go to those that listen to facts."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from callcentre.core.abuse import Abuse
from callcentre.core.agents import Roster
from callcentre.core.breach import Breach
from callcentre.core.calendar import Calendar
from callcentre.core.callbacks import Callbacks
from callcentre.core.callouts import Callouts
from callcentre.core.calls import Calls
from callcentre.core.case_values import CaseState
from callcentre.core.cases import Cases
from callcentre.core.charter import Office
from callcentre.core.clicks import Clicks
from callcentre.core.commands import Command, Resync, SweepMailboxes
from callcentre.core.enforcement import Enforcement
from callcentre.core.events import Event, EventsQuarantined, PbxReloaded, TimePassed
from callcentre.core.facts import Fact, OpenRows
from callcentre.core.hints import CommandWanted, Hint, MailboxesWanted
from callcentre.core.mailbox_health import MailboxHealth
from callcentre.core.mailboxes import Mailboxes
from callcentre.core.messages import Messages
from callcentre.core.openings import Openings
from callcentre.core.satisfaction import Satisfaction
from callcentre.core.staffing import Staffing
from callcentre.core.terms import Attendance, CallKey, Hours, MailboxState, MemberState, TaskState
from callcentre.core.voicemail_use import VoicemailUse
from callcentre.core.wrap_ups import WrapUps


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one event led to: facts to commit, then commands to perform."""

    facts: tuple[Fact, ...] = ()
    commands: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is so at this moment, for gauges and wallboards. Lines of a PBX out of sight are left out of the gauges.

    `waiting` holds the offered_at of each call that waits, oldest first, by line; `agents` counts members by line and
    state; `attendance` is each line's state and since when; `in_sight` says which PBXs are seen. `callbacks` counts
    open tasks by line and state, `overdue` those of them whose deadline passed unanswered, `due_soon` those whose
    deadline is within the line's `warn_before`, `unacknowledged` those of which an acknowledgement is late (lines that
    promise none are left out), `unmatched` messages without a task, `mailboxes` the mailboxes of each line by state.
    `breaches` has the lines that need somebody now. `cases` counts those not closed by line, kind and state,
    `cases_overdue` those of them of which something is late.
    """

    in_sight: Mapping[str, bool] = field(default_factory=dict)
    waiting: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    agents: Mapping[str, Mapping[MemberState, int]] = field(default_factory=dict)
    attendance: Mapping[str, tuple[Attendance, datetime]] = field(default_factory=dict)
    core_hours: Mapping[str, bool] = field(default_factory=dict)
    callbacks: Mapping[str, Mapping[TaskState, int]] = field(default_factory=dict)
    overdue: Mapping[str, int] = field(default_factory=dict)
    due_soon: Mapping[str, int] = field(default_factory=dict)
    unacknowledged: Mapping[str, int] = field(default_factory=dict)
    unmatched: Mapping[str, int] = field(default_factory=dict)
    mailboxes: Mapping[str, Mapping[MailboxState, int]] = field(default_factory=dict)
    breaches: Mapping[str, Breach] = field(default_factory=dict)
    cases: Mapping[str, Mapping[tuple[str, CaseState], int]] = field(default_factory=dict)
    cases_overdue: Mapping[str, int] = field(default_factory=dict)


class Part(Protocol):
    """What every part of the core can do; parts know nothing of each other but each other's facts."""

    @property
    def EVENTS(self) -> frozenset[type[Event]]:  # noqa: N802  a constant of the class
        """The kinds of event it knows."""
        ...

    def handle(self, event: Event) -> list[Fact]:
        """Take one event of EVENTS, or TimePassed."""
        ...

    def next_timer(self) -> datetime | None:
        """When to be woken."""
        ...


NOTHING = Step()
Handlers = tuple[Callable[[Event], list[Fact]], ...]
Route = tuple[Handlers, Handlers]
NOWHERE: Route = ((), ())


class CallCentre:
    """The pure core: `handle(event)` for each event in order of arrival, `next_timer()` for when to be woken next.

    Deterministic: the same events give the same facts and commands. Not thread-safe; one loop owns it.
    """

    def __init__(self, office: Office) -> None:
        self._calls = Calls(office)
        self._roster = Roster(office)
        self._staffing = Staffing(office)
        self._mailboxes = Mailboxes(office)
        self._messages = Messages(office)
        self._health = MailboxHealth(office)
        self._clicks = Clicks(office)
        self._callouts = Callouts(office)
        self._callbacks = Callbacks(office, self._clicks)
        self._wrap_ups = WrapUps(office)
        self._cases = Cases(office)
        self._abuse = Abuse(office, self._roster.names, self._callbacks.line_of)
        self._satisfaction = Satisfaction(office)
        self._voicemail_use = VoicemailUse(office)
        self._enforcement = Enforcement(office)
        self._openings = Openings(office)
        self._calendars = {line.name: Calendar(line) for line in office.lines}
        self._lines = office.lines
        # Calls and members first; then those that read what these concluded.
        self._then = (
            self._staffing,
            self._mailboxes,
            self._messages,
            self._health,
            self._clicks,  # before the dials: it says which leg was asked for
            self._callouts,
            self._callbacks,
            self._wrap_ups,
            self._cases,
            self._abuse,
            self._satisfaction,
            self._voicemail_use,
            self._enforcement,
            self._openings,
        )
        heard = frozenset({TimePassed}).union(*(part.EVENTS for part in self._parts))
        self._routes = {kind: self._route(kind) for kind in heard}
        listening = (self._roster, *self._then)
        told = frozenset[type[Fact]]().union(*(part.FACTS for part in listening))
        self._listeners = {kind: tuple(p.handle_fact for p in listening if kind in p.FACTS) for kind in told}

    @property
    def _parts(self) -> tuple[Part, ...]:
        return (self._calls, self._roster, *self._then)

    def handle(self, event: Event) -> Step:
        """Take one event; return its facts and commands.

        Never raises for what a PBX may say; a person's request may be refused with IllegalTransition.
        """
        first, then = self._routes.get(type(event), NOWHERE)
        facts: list[Fact] = []
        for handle in first:
            facts += handle(event)
        step = self._tell(facts) if facts else NOTHING
        for handle in then:
            more = handle(event)
            if more:
                step = _both(step, self._tell(more))
        if isinstance(event, EventsQuarantined | PbxReloaded):
            resync = Resync(pbx=event.pbx, reason=_why_again(event))
            return Step(facts=step.facts, commands=(*step.commands, resync))
        return step

    def _route(self, kind: type[Event]) -> Route:
        """Who hears of events of this kind."""
        always = kind is TimePassed
        first = [part.handle for part in (self._calls, self._roster) if always or kind in part.EVENTS]
        then = [part.handle for part in self._then if always or kind in part.EVENTS]
        return tuple(first), tuple(then)

    def _tell(self, facts: Iterable[Fact]) -> Step:
        """Hand facts on to the parts that listen to them, and what these conclude as well; hints stay inside."""
        work = deque(facts)
        told: list[Fact] = []
        commands: list[Command] = []
        while work:
            fact = work.popleft()
            if not isinstance(fact, Hint):
                told.append(fact)
            elif isinstance(fact, MailboxesWanted):
                commands.append(SweepMailboxes(pbx=fact.pbx, mailboxes=fact.mailboxes))
            elif isinstance(fact, CommandWanted):
                commands.append(fact.command)
            for handle in self._listeners.get(type(fact), ()):
                work.extend(handle(fact))
        return Step(facts=tuple(told), commands=tuple(commands)) if told or commands else NOTHING

    def next_timer(self) -> datetime | None:
        """When the core wants a TimePassed next (aware UTC), or None."""
        return min((at for part in self._parts if (at := part.next_timer()) is not None), default=None)

    def restore(self, rows: OpenRows, at: datetime) -> Step:
        """Take the open rows of an earlier run before the first event; each PBX has been out of sight since then.

        `at` is now. A daemon calls this even if there are no rows: only then does it look into mailboxes by itself.
        """
        self._mailboxes.restore(rows.calls, rows.messages, at)
        step = Step()
        first = (self._clicks, self._callouts, self._callbacks)
        for part in (
            *first,
            self._wrap_ups,
            self._cases,
            self._abuse,
            self._satisfaction,
            self._messages,
            self._health,
            self._voicemail_use,
        ):
            step = _both(step, self._tell(part.restore(rows, at)))
        left = {CallKey(m.pbx, m.uniqueid) for m in rows.messages if m.uniqueid is not None}
        step = _both(step, self._tell(self._calls.restore(rows.calls, rows.last_seen, left)))
        step = _both(step, self._tell(self._staffing.restore(rows.last_seen)))
        # Last: what became of the lines is known by now.
        for last in (self._enforcement, self._openings):
            step = _both(step, self._tell(last.restore(rows, at)))
        return step

    def finish(self, at: datetime) -> Step:
        """The input ended at `at` (a tape's end): what still runs is reported as in progress, intervals are closed."""
        step = self._tell(self._calls.finish(at))
        return _both(step, self._tell([*self._staffing.finish(at), *self._mailboxes.finish(at)]))

    def member_names(self, pbx: str) -> Mapping[str, str]:
        """The telephone of each queue member by the name that Asterisk's own books call it."""
        return self._roster.names(pbx)

    def snapshot(self, at: datetime) -> Snapshot:
        """The state at `at`; cheap enough for every scrape."""
        return Snapshot(
            in_sight=self._calls.in_sight(),
            waiting=self._calls.waiting(),
            agents=self._roster.counts(),
            attendance={line.name: self._staffing.state(line.name) for line in self._lines},
            core_hours={line.name: self._calendars[line.name].hours_at(at) is Hours.CORE for line in self._lines},
            callbacks=self._callbacks.counts(),
            overdue=self._callbacks.overdue(at),
            due_soon=self._callbacks.due_soon(at),
            unacknowledged=self._callbacks.unacknowledged(at),
            unmatched=self._messages.unmatched(),
            mailboxes=self._health.counts(),
            breaches=dict(self._enforcement.breaches()),
            cases=self._cases.counts(),
            cases_overdue=self._cases.overdue(at),
        )


def _why_again(event: EventsQuarantined | PbxReloaded) -> str:
    return "the PBX was reloaded" if isinstance(event, PbxReloaded) else f"events not believed: {event.reason}"


def _both(first: Step, second: Step) -> Step:
    if not (second.facts or second.commands):
        return first
    return Step(facts=first.facts + second.facts, commands=first.commands + second.commands)
