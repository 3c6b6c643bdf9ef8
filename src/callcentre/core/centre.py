"""CallCentre: routing only. Each event goes to the parts that know it; their facts go to those that listen to facts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callcentre.core.agents import Roster
from callcentre.core.calls import Calls
from callcentre.core.charter import Office
from callcentre.core.commands import Command
from callcentre.core.events import Event
from callcentre.core.facts import Call, Fact
from callcentre.core.mailboxes import Mailboxes
from callcentre.core.staffing import Staffing
from callcentre.core.terms import Attendance, MemberState


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


class CallCentre:
    """The pure core: `handle(event)` for each event in order of arrival, `next_timer()` for when to be woken next.

    Deterministic: the same events give the same facts and commands. Not thread-safe; one loop owns it.
    """

    def __init__(self, office: Office) -> None:
        self._calls = Calls(office)
        self._roster = Roster(office)
        self._staffing = Staffing(office)
        self._mailboxes = Mailboxes(office)

    def handle(self, event: Event) -> Step:
        """Take one event; return its facts and commands. Never raises for what a PBX may say."""
        raise NotImplementedError

    def next_timer(self) -> datetime | None:
        """When the core wants a TimePassed next (aware UTC), or None."""
        raise NotImplementedError

    def restore(self, calls: Iterable[Call]) -> None:
        """Take the open rows of an earlier run, before the first event."""
        raise NotImplementedError

    def finish(self, at: datetime) -> Step:
        """The input ended at `at` (a tape's end): what still runs is reported as in progress, intervals are closed."""
        raise NotImplementedError

    def snapshot(self, at: datetime) -> Snapshot:
        """The state at `at`; cheap enough for every scrape."""
        raise NotImplementedError
