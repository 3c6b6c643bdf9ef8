"""CallCentre: routing only. Each event goes to the parts that know it; their facts go to those that listen to facts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callcentre.core.agents import Roster
from callcentre.core.calendar import Calendar
from callcentre.core.calls import Calls
from callcentre.core.charter import Office
from callcentre.core.commands import Command, Resync
from callcentre.core.events import Event, EventsQuarantined, TimePassed
from callcentre.core.facts import Call, Fact, Hint
from callcentre.core.mailboxes import Mailboxes
from callcentre.core.staffing import Staffing
from callcentre.core.terms import Attendance, Hours, MemberState


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one event led to: facts to commit, then commands to perform."""

    facts: tuple[Fact, ...] = ()
    commands: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is so at this moment, for gauges and wallboards. Lines of a PBX out of sight are left out of the gauges.

    `waiting` holds the offered_at of each call that waits, oldest first, by line; `agents` counts members by line and
    state; `attendance` is each line's state and since when; `in_sight` says which PBXs are seen.
    """

    in_sight: Mapping[str, bool] = field(default_factory=dict)
    waiting: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    agents: Mapping[str, Mapping[MemberState, int]] = field(default_factory=dict)
    attendance: Mapping[str, tuple[Attendance, datetime]] = field(default_factory=dict)
    core_hours: Mapping[str, bool] = field(default_factory=dict)


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
        self._calendars = {line.name: Calendar(line) for line in office.lines}
        self._lines = office.lines
        heard = self._calls.EVENTS | Roster.EVENTS | Staffing.EVENTS | Mailboxes.EVENTS | {TimePassed}
        self._routes = {kind: self._route(kind) for kind in heard}

    def handle(self, event: Event) -> Step:
        """Take one event; return its facts and commands. Never raises for what a PBX may say."""
        first, then = self._routes.get(type(event), NOWHERE)
        facts: list[Fact] = []
        for handle in first:
            facts += handle(event)
        if facts:
            facts = self._tell(facts)
        for handle in then:
            facts += handle(event)
        if isinstance(event, EventsQuarantined):
            reason = f"events not believed: {event.reason}"
            return Step(facts=tuple(facts), commands=(Resync(pbx=event.pbx, reason=reason),))
        return Step(facts=tuple(facts)) if facts else NOTHING

    def _route(self, kind: type[Event]) -> Route:
        """Who hears of events of this kind: calls and members first, then those that read what these concluded."""
        always = kind is TimePassed
        first = [part.handle for part in (self._calls, self._roster) if always or kind in part.EVENTS]
        then = [part.handle for part in (self._staffing, self._mailboxes) if always or kind in part.EVENTS]
        return tuple(first), tuple(then)

    def _tell(self, facts: list[Fact]) -> list[Fact]:
        """Hand facts on to the parts that listen to them; return them, but for hints, with what they led to."""
        told = [fact for fact in facts if not isinstance(fact, Hint)]
        for fact in facts:
            told += self._staffing.handle_fact(fact)
            told += self._mailboxes.handle_fact(fact)
        return told

    def next_timer(self) -> datetime | None:
        """When the core wants a TimePassed next (aware UTC), or None."""
        parts = (self._calls, self._roster, self._staffing, self._mailboxes)
        return min((at for part in parts if (at := part.next_timer()) is not None), default=None)

    def restore(self, calls: Iterable[Call], last_seen: Mapping[str, datetime]) -> Step:
        """Take the open rows of an earlier run before the first event; each PBX has been out of sight since then."""
        rows = tuple(calls)
        self._mailboxes.restore(rows)
        facts = self._tell(self._calls.restore(rows, last_seen))
        return Step(facts=(*facts, *self._staffing.restore(last_seen)))

    def finish(self, at: datetime) -> Step:
        """The input ended at `at` (a tape's end): what still runs is reported as in progress, intervals are closed."""
        told = self._tell(self._calls.finish(at))
        return Step(facts=(*told, *self._staffing.finish(at), *self._mailboxes.finish(at)))

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
        )
