"""Metrics: what the loop, the AMI clients and the notifier tell, as counters and gauges of one registry."""

import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.process_collector import ProcessCollector

from callcentre.core.centre import Snapshot
from callcentre.core.charter import Line, Office
from callcentre.core.facts import (
    AttendanceChanged,
    BreachChanged,
    CallEnded,
    CallerAsked,
    CallHealed,
    CallOffered,
    CallWrapped,
    CaseChanged,
    Fact,
    GapOpened,
    IncidentChanged,
    MenuAbandoned,
    TaskChanged,
    VoicemailUsed,
)
from callcentre.core.terms import NoticeKind
from callcentre.core.today import Counted, Today
from callcentre.metrics.attendance import AttendanceCounts, actions
from callcentre.metrics.callbacks import CallbackCounts, acknowledges
from callcentre.metrics.calls import LineMeters
from callcentre.metrics.cases import CaseCounts
from callcentre.metrics.families import OTHER, Families
from callcentre.metrics.first_contact import SaidCounts
from callcentre.metrics.gauges import Gauges, Link, Service, ServiceGauges
from callcentre.metrics.promised import PromisedGauges
from callcentre.metrics.rising import Counter

EVENTS: Final = frozenset(
    {
        "DeviceStateChange",
        "Hangup",
        "Newexten",
        "QueueCallerJoin",
        "UserEvent",
        "VarSet",
    }
)
"""Events with a series of their own: of each class that an account may or may not be told of, and what comes most."""


def pressing(office: Office) -> set[NoticeKind]:
    """What somebody of this office must be told of in time."""
    kinds = {NoticeKind.WARNING, NoticeKind.OVERDUE, NoticeKind.MAILBOX, NoticeKind.UNATTENDED}
    if any(line.escalation for line in office.lines):
        kinds.add(NoticeKind.ESCALATION)
    if any(line.attention.escalation for line in office.lines):
        kinds.add(NoticeKind.STILL_UNATTENDED)
    if any(actions(line.attention) for line in office.lines):
        kinds.add(NoticeKind.ACTION_REFUSED)
    return kinds


class Metrics:
    """Counts committed facts (`observe`) and what the AMI clients see; `watch` adds the gauges.

    The series that alerts and service levels are made of are there from the start at 0, so that increase() sees the
    first rise; the others come with it.
    """

    def __init__(self, office: Office, *, version: str) -> None:
        self.registry = registry = CollectorRegistry()
        self._office = office
        self._families = families = Families(registry, acknowledges=any(map(acknowledges, office.lines)))
        self._queues = {
            pbx.name: frozenset[str]().union(*(line.queues for line in office.lines if line.pbx == pbx.name))
            for pbx in office.pbxs
        }
        self._lines = {(line.pbx, line.name): self._meters(line) for line in office.lines}
        self._callbacks = CallbackCounts(families, office)
        self._attendance = AttendanceCounts(families, office)
        self._said = SaidCounts(families, office)
        self._cases = CaseCounts(families, office)
        self._today = Today(office)
        self._events: dict[tuple[str, str], Counter] = {}
        self._links: dict[str, Link] = {pbx.name: Link(acting=False if pbx.acts else None) for pbx in office.pbxs}
        for pbx in office.pbxs:
            families.menu_abandoned.labels(pbx.name)
            families.gaps.labels(pbx.name)
            families.ami_reconnects.labels(pbx.name)
            for kind in sorted(pressing(office)):
                families.notifications.labels(pbx.name, kind, "failed")
        build = Gauge("callcentre_build_info", "The running release", ("version", "python"), registry=registry)
        build.labels(version, platform.python_version()).set(1)
        ProcessCollector(registry=registry)
        self._seen: dict[type[Fact], Callable[[Any], None]] = {
            CallOffered: self._offered,
            CallEnded: self._ended,
            CallHealed: self._healed,
            MenuAbandoned: self._menu_abandoned,
            GapOpened: self._gap_opened,
            TaskChanged: self._task_changed,
            CallWrapped: self._said.call_wrapped,
            CallerAsked: self._said.caller_asked,
            CaseChanged: self._cases.case_changed,
            IncidentChanged: self._incident_changed,
            VoicemailUsed: self._callbacks.voicemail_used,
            AttendanceChanged: self._attendance.attendance_changed,
            BreachChanged: self._attendance.breach_changed,
        }

    def watch(
        self,
        *,
        now: Callable[[], datetime],
        snapshot: Callable[[datetime], Snapshot],
        service: Service,
        looked_at: Callable[[], Mapping[str, datetime]] = dict,
    ) -> None:
        """Read gauges from the core's `snapshot` and from `service` at every scrape.

        `looked_at` tells when the mailboxes of each PBX were last looked into.
        """
        self.registry.register(Gauges(self._office, now, snapshot, self._attendance))
        self.registry.register(PromisedGauges(self._office, now, self._today))
        self.registry.register(ServiceGauges(self._links, service, looked_at))

    def restore(self, counts: Iterable[Counted], at: datetime) -> None:
        """Begin today's figures with what the store has of the day of `at`; once, before any fact."""
        self._today.restore(counts, at)

    def observe(self, facts: Sequence[Fact]) -> None:
        """Count facts that were committed."""
        seen = self._seen
        for fact in facts:
            count = seen.get(type(fact))
            if count is not None:
                count(fact)

    def _incident_changed(self, fact: IncidentChanged) -> None:
        name = (fact.pbx, fact.incident.line)
        if fact.stage is not None and name in self._lines:
            self._families.abuse.labels(*name, fact.stage).inc()

    # --- what the AMI clients tell ---------------------------------------------------------------------------------

    def link(self, pbx: str, *, up: bool) -> None:
        """Note that a PBX came into sight, or went out of it."""
        link = self._links[pbx]
        link.up, link.lag = up, None

    def acting(self, pbx: str, up: bool) -> None:
        """Note that the account that acts was logged in, or lost its link."""
        self._links[pbx].acting = up

    def lag(self, pbx: str, seconds: float) -> None:
        """Note how long the last Ping took to be answered."""
        self._links[pbx].lag = seconds

    def reconnected(self, pbx: str) -> None:
        """Count a link that was lost and is up again."""
        self._families.ami_reconnects.labels(pbx).inc()

    def events(self, pbx: str, counts: Mapping[str, int]) -> None:
        """Count events that were read, by name, dropped ones included."""
        for name, number in counts.items():
            known = name if name in EVENTS else OTHER
            counter = self._events.get((pbx, known))
            if counter is None:
                counter = self._events[pbx, known] = self._families.ami_events.labels(pbx, known)
            counter.inc(number)

    def quarantined(self, pbx: str, reason: str) -> None:
        """Count a packet that was not believed; `reason` is one of the protocol's own words."""
        self._families.ami_quarantined.labels(pbx, reason).inc()

    # --- what the notifier tells -----------------------------------------------------------------------------------

    def notified(self, pbx: str, kind: str, result: str) -> None:
        """Count a try to tell somebody; `kind` is a NoticeKind, `result` the notifier's word: sent, retry, failed."""
        self._families.notifications.labels(pbx, kind, result).inc()

    def notifications_pending(self, pbx: str, number: int) -> None:
        """Note how many notifications of a PBX wait to be sent."""
        self._families.notifications_pending.labels(pbx).set(number)

    # --- facts -----------------------------------------------------------------------------------------------------

    def _meters(self, line: Line) -> LineMeters:
        return LineMeters(self._families, line.pbx, line.name, own=line.queues, known=self._queues[line.pbx])

    def _offered(self, fact: CallOffered) -> None:
        meters = self._lines.get((fact.pbx, fact.call.line))
        if meters is not None:
            meters.offered(fact.call)

    def _ended(self, fact: CallEnded) -> None:
        call = fact.call
        meters = self._lines.get((fact.pbx, call.line))
        if meters is not None:
            meters.ended(call)
            self._today.count(call)
        else:  # of a line that the configuration no longer names: a call that runs since before
            self._families.calls.labels(fact.pbx, OTHER, call.outcome, call.hours, call.origin).inc()

    def _healed(self, fact: CallHealed) -> None:
        meters = self._lines.get((fact.pbx, fact.call.line))
        if meters is not None:
            meters.healed(fact.call)
            self._today.count(fact.call)

    def _task_changed(self, fact: TaskChanged) -> None:
        self._callbacks.task_changed(fact)
        self._said.task_changed(fact)

    def _menu_abandoned(self, fact: MenuAbandoned) -> None:
        self._families.menu_abandoned.labels(fact.pbx).inc()

    def _gap_opened(self, fact: GapOpened) -> None:
        self._families.gaps.labels(fact.pbx).inc()
