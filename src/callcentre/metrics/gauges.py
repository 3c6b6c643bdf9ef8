"""Gauges, read when scraped: the lines as the core sees them, and the daemon itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from callcentre.core.centre import Snapshot
from callcentre.core.charter import Line, Office
from callcentre.core.terms import Attendance, MemberState, TaskState
from callcentre.metrics.attendance import AttendanceCounts
from callcentre.metrics.callbacks import takes_messages
from callcentre.metrics.cases import CaseGauges
from callcentre.metrics.families import gauge

_ALWAYS = frozenset({MemberState.FREE, MemberState.TALKING, MemberState.PAUSED})
"""Of agents in these states a line has a series at all times; of the others, once there was one."""


class Service(Protocol):
    """What gauges of the daemon itself are read from: the loop."""

    @property
    def store_up(self) -> bool:
        """Whether the database takes facts."""
        ...

    @property
    def unwritten(self) -> Mapping[str, int]:
        """Facts of each PBX that wait to be written."""
        ...

    @property
    def lost(self) -> Mapping[tuple[str, str], int]:
        """Facts that were given up, by PBX and kind."""
        ...

    @property
    def faults(self) -> Mapping[str, int]:
        """Events of each PBX that a fault of ours made us skip."""
        ...


@dataclass(slots=True)
class Link:
    """What is known of the link to one PBX."""

    up: bool = False
    lag: float | None = None
    acting: bool | None = None
    """Whether the account that acts is logged in; None where there is none."""


class Gauges(Collector):
    """The lines as they are now. Those of a PBX out of sight are left out: an old value would look like a new one.

    Callbacks, messages and mailboxes are what our own books say: they stay, whether the PBX is in sight or not.
    """

    def __init__(
        self,
        office: Office,
        now: Callable[[], datetime],
        snapshot: Callable[[datetime], Snapshot],
        attendance: AttendanceCounts,
    ) -> None:
        self._office = office
        self._now = now
        self._snapshot = snapshot
        self._counts = attendance
        self._cases = CaseGauges(office)
        self._agents: dict[str, set[MemberState]] = {line.name: set(_ALWAYS) for line in office.lines}

    def collect(self) -> Iterator[Metric]:
        """Read the core once for all gauges of a scrape."""
        now = self._now()
        view = self._snapshot(now)
        seen = [line for line in self._office.lines if view.in_sight.get(line.pbx)]
        yield from self._waiting(now, view, seen)
        agents = gauge("agents", "Places of agents in the queues of a line, by what they do", "line", "state")
        for line in seen:
            counts = view.agents.get(line.name, {})
            known = self._agents[line.name]
            known.update(state for state, number in counts.items() if number)
            for state in MemberState:
                if state in known:
                    agents.add_metric((line.pbx, line.name, state), counts.get(state, 0))
        yield agents
        yield from self._attendance(view)
        yield from self._counts.seconds(now)
        yield from self._callbacks(view)
        yield from self._cases.collect(view)

    @staticmethod
    def _waiting(now: datetime, view: Snapshot, seen: Sequence[Line]) -> Iterator[Metric]:
        waiting = gauge("calls_waiting", "Calls that wait for somebody to answer", "line")
        longest = gauge("call_longest_wait_seconds", "How long the first of them has waited (0: none waits)", "line")
        for line in seen:
            offered = view.waiting.get(line.name, ())
            waiting.add_metric((line.pbx, line.name), len(offered))
            since = (now - offered[0]).total_seconds() if offered else 0.0
            longest.add_metric((line.pbx, line.name), max(0.0, since))
        yield waiting
        yield longest

    def _attendance(self, view: Snapshot) -> Iterator[Metric]:
        attendance = gauge("line_attendance", "1 for the state that a line is in", "line", "state")
        for line in self._office.lines:
            if line.name in view.attendance:
                is_in = view.attendance[line.name][0]
                for state in Attendance:
                    attendance.add_metric((line.pbx, line.name, state), state is is_in)
        yield attendance
        core = gauge("line_core_hours", "1 while a line is in its core hours", "line")
        for line in self._office.lines:
            core.add_metric((line.pbx, line.name), view.core_hours.get(line.name, False))
        yield core
        breach = gauge("line_breach", "1 while a line is unattended in core hours past its grace", "line")
        for line in self._office.lines:
            told = view.breaches.get(line.name)
            breach.add_metric((line.pbx, line.name), told is not None and told.alarmed_at is not None)
        yield breach

    def _callbacks(self, view: Snapshot) -> Iterator[Metric]:
        callbacks = gauge("callbacks", "Callbacks to make, by state; closed ones are left out", "line", "state")
        overdue = gauge("callbacks_overdue", "Callbacks whose deadline passed without a response", "line")
        due_soon = gauge("callbacks_due_soon", "Callbacks whose deadline is near and was not answered yet", "line")
        told = gauge(
            "acknowledgements_overdue", "Callbacks whose caller was to be told by now that it was received", "line"
        )
        unmatched = gauge("voicemails_unmatched", "Messages that belong to no task", "line")
        mailboxes = gauge("mailboxes", "Mailboxes, by whether callers can leave a message", "line", "state")
        for line in self._office.lines:
            name, states = (line.pbx, line.name), view.callbacks.get(line.name, {})
            if line.name == self._office.fallback_line or view.unmatched.get(line.name):
                unmatched.add_metric(name, view.unmatched.get(line.name, 0))
            if takes_messages(line, self._office) or any(states.values()):
                overdue.add_metric(name, view.overdue.get(line.name, 0))
                due_soon.add_metric(name, view.due_soon.get(line.name, 0))
                callbacks.add_metric((*name, TaskState.OPEN), states.get(TaskState.OPEN, 0))
                for state, number in states.items():
                    if number and state is not TaskState.OPEN:
                        callbacks.add_metric((*name, state), number)
            if line.name in view.unacknowledged:
                told.add_metric(name, view.unacknowledged[line.name])
            for health, number in view.mailboxes.get(line.name, {}).items():
                if number:
                    mailboxes.add_metric((*name, health), number)
        yield from (callbacks, overdue, due_soon, *([told] if told.samples else []), unmatched, mailboxes)


class ServiceGauges(Collector):
    """The daemon itself, said for each PBX whose figures depend on it."""

    def __init__(
        self, links: Mapping[str, Link], service: Service, looked_at: Callable[[], Mapping[str, datetime]]
    ) -> None:
        self._links = links
        self._service = service
        self._looked_at = looked_at

    def collect(self) -> Iterator[Metric]:
        """Read the links and the loop."""
        up = gauge("ami_up", "1 while the PBX is logged in to and answers")
        lag = gauge("ami_lag_seconds", "How long the last Ping took to be answered")
        acting = gauge("acting_up", "1 while the account that acts is logged in")
        store = gauge("store_up", "1 while the database takes what is measured")
        unwritten = gauge("facts_unwritten", "Facts in memory that wait to be written to the database")
        lost = CounterMetricFamily(
            "callcentre_facts_lost",
            "Facts given up, because the database was away too long or refused them",
            labels=("pbx", "kind"),
        )
        faults = CounterMetricFamily("callcentre_faults", "Events skipped for a fault in callcentre", labels=("pbx",))
        for pbx, link in self._links.items():
            up.add_metric((pbx,), link.up)
            if link.up and link.lag is not None:
                lag.add_metric((pbx,), link.lag)
            if link.acting is not None:
                acting.add_metric((pbx,), link.acting)
            store.add_metric((pbx,), self._service.store_up)
            unwritten.add_metric((pbx,), self._service.unwritten.get(pbx, 0))
            faults.add_metric((pbx,), self._service.faults.get(pbx, 0))
        for (pbx, kind), number in self._service.lost.items():
            lost.add_metric((pbx, kind), number)
        looked = gauge("mailboxes_looked_at_timestamp_seconds", "When the mailboxes were last looked into")
        for pbx, at in self._looked_at().items():
            looked.add_metric((pbx,), at.timestamp())
        yield from (up, lag, acting, store, unwritten, lost, faults, looked)
