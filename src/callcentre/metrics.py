"""Every metric (docs/reference/metrics.md): counters rise by committed facts, gauges are read when scraped.

Counters of a call rise together, when its outcome is decided. Series without an `origin` label count outside calls
only: a colleague ringing a line shows in `callcentre_calls_total{origin="internal"}` and nowhere else. Labels come from
the configuration or from an enumeration, never from what a caller or a PBX may say.
"""

import platform
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from callcentre.core.centre import Snapshot
from callcentre.core.charter import Line, Office
from callcentre.core.facts import Call, CallEnded, CallHealed, CallOffered, Fact, GapOpened, MenuAbandoned, Visit
from callcentre.core.terms import Attendance, Hours, MemberState, Origin, Outcome, VisitResult

# The edges say whether a target of 9, 12 or 15 seconds (three, four, five UK rings) was kept, and where the tail is.
SECONDS_EDGES = (3, 6, 9, 12, 15, 20, 25, 30, 40, 50, 60, 90, 120, 180, 300, 600)
RINGS_EDGES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
OTHER = "other"

_DECIDED: tuple[Outcome, ...] = tuple(outcome for outcome in Outcome if outcome is not Outcome.IN_PROGRESS)
_AFTER_ANSWER = ("false", "true")
# Asterisk 22 has about 180 events; a stream that makes up names must not make up series.
_MOST_EVENT_NAMES = 250
_EVENT_NAME = re.compile(r"[A-Za-z0-9]{1,40}")


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


class _Families:
    """The metrics that rise, declared once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(f"callcentre_{name}", meaning, ("pbx", *labels), registry=registry)

        def histogram(name: str, meaning: str, edges: Sequence[float], *labels: str) -> Histogram:
            return Histogram(f"callcentre_{name}", meaning, ("pbx", *labels), buckets=edges, registry=registry)

        self.offered = counter(
            "calls_offered_total", "Outside calls that reached a line, decided or not", "line", "hours"
        )
        self.calls = counter(
            "calls_total", "Calls whose outcome is decided, by outcome", "line", "outcome", "hours", "origin"
        )
        self.within = counter(
            "calls_within_target_total", "Outside calls answered within the charter's target", "line", "target", "hours"
        )
        self.answer_seconds = histogram(
            "call_answer_seconds", "Wait of answered outside calls", SECONDS_EDGES, "line", "hours"
        )
        self.answer_rings = histogram(
            "call_answer_rings", "Rings heard before answered outside calls were answered", RINGS_EDGES, "line", "hours"
        )
        self.healed = counter(
            "calls_healed_total", "Calls whose outcome Asterisk's books told later", "line", "outcome"
        )
        self.menu_abandoned = counter("menu_abandoned_total", "Callers who hung up before they reached any line")
        self.visits = counter(
            "queue_visits_total", "Stays of outside calls in a queue", "line", "queue", "result", "after_answer"
        )
        self.visit_wait = histogram(
            "queue_visit_wait_seconds", "Length of a stay in a queue", SECONDS_EDGES, "line", "queue", "after_answer"
        )
        self.gaps = counter("gaps_total", "Times that a PBX went out of sight or could not be believed")
        self.ami_events = counter("ami_events_total", "Events read, wanted or not", "event")
        self.ami_quarantined = counter("ami_quarantined_total", "Packets that were not believed", "reason")
        self.ami_reconnects = counter("ami_reconnects_total", "Times that a lost link was logged in again")


class _LineMeters:
    """The counters of one line, looked up once: a child found by its labels costs more than its increment."""

    def __init__(self, families: _Families, pbx: str, line: str, *, own: frozenset[str], known: frozenset[str]) -> None:
        self._visits_family, self._wait_family = families.visits, families.visit_wait
        self._names = (pbx, line)
        self._known = known
        self.offered = {hours: families.offered.labels(pbx, line, hours) for hours in Hours}
        self.calls: dict[tuple[Outcome, Hours, Origin], Counter] = {
            (outcome, hours, origin): families.calls.labels(pbx, line, outcome, hours, origin)
            for outcome, hours, origin in product(_DECIDED, Hours, Origin)
        }
        self.within_seconds = {hours: families.within.labels(pbx, line, "seconds", hours) for hours in Hours}
        self.within_rings = {hours: families.within.labels(pbx, line, "rings", hours) for hours in Hours}
        self.answer_seconds = {hours: families.answer_seconds.labels(pbx, line, hours) for hours in Hours}
        self.answer_rings = {hours: families.answer_rings.labels(pbx, line, hours) for hours in Hours}
        self.healed: dict[Outcome, Counter] = {
            outcome: families.healed.labels(pbx, line, outcome) for outcome in _DECIDED if outcome is not Outcome.LOST
        }
        self._visits: dict[tuple[str, VisitResult, bool], Counter] = {}
        self._waits: dict[tuple[str, bool], Histogram] = {}
        for queue in sorted(own):
            self._waits[queue, False] = families.visit_wait.labels(pbx, line, queue, _AFTER_ANSWER[False])
            for result in VisitResult:
                self._visits[queue, result, False] = families.visits.labels(
                    pbx, line, queue, result, _AFTER_ANSWER[False]
                )

    def ended(self, call: Call) -> None:
        """Count a decided call, once."""
        hours, outcome = call.hours, call.outcome
        self.calls[outcome, hours, call.origin].inc()
        if call.origin is not Origin.EXTERNAL:
            return
        if call.within_seconds:
            self.within_seconds[hours].inc()
        if call.within_rings:
            self.within_rings[hours].inc()
        if outcome is Outcome.ANSWERED:
            if call.wait_seconds is not None:
                self.answer_seconds[hours].observe(call.wait_seconds)
            if call.rings is not None:
                self.answer_rings[hours].observe(call.rings)
        for visit in call.visits:
            self._visited(visit)

    def _visited(self, visit: Visit) -> None:
        if visit.result is None:
            return
        queue = visit.queue if visit.queue in self._known else OTHER
        after = visit.after_answer
        counter = self._visits.get((queue, visit.result, after))
        if counter is None:
            counter = self._visits_family.labels(*self._names, queue, visit.result, _AFTER_ANSWER[after])
            self._visits[queue, visit.result, after] = counter
        counter.inc()
        if visit.leave is None:
            return
        wait = self._waits.get((queue, after))
        if wait is None:
            wait = self._waits[queue, after] = self._wait_family.labels(*self._names, queue, _AFTER_ANSWER[after])
        wait.observe((visit.leave - visit.enter).total_seconds())


@dataclass(slots=True)
class _Link:
    up: bool = False
    lag: float | None = None


class Metrics:
    """Counts committed facts (`observe`) and what the AMI clients see; `watch` adds the gauges.

    Every series of the configured lines is there from the start at 0, so that rate() sees the first rise.
    """

    def __init__(self, office: Office, *, version: str) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry()
        self._office = office
        self._families = families = _Families(registry)
        self._queues = {
            pbx.name: frozenset[str]().union(*(line.queues for line in office.lines if line.pbx == pbx.name))
            for pbx in office.pbxs
        }
        self._lines = {(line.pbx, line.name): self._meters(line) for line in office.lines}
        self._events: dict[tuple[str, str], Counter] = {}
        self._links: dict[str, _Link] = {pbx.name: _Link() for pbx in office.pbxs}
        for pbx in office.pbxs:
            families.menu_abandoned.labels(pbx.name)
            families.gaps.labels(pbx.name)
            families.ami_reconnects.labels(pbx.name)
        build = Gauge("callcentre_build_info", "The running release", ("version", "python"), registry=registry)
        build.labels(version, platform.python_version()).set(1)
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        self._seen: dict[type[Fact], Callable[[Any], None]] = {
            CallOffered: self._offered,
            CallEnded: self._ended,
            CallHealed: self._healed,
            MenuAbandoned: self._menu_abandoned,
            GapOpened: self._gap_opened,
        }

    def watch(self, *, now: Callable[[], datetime], snapshot: Callable[[datetime], Snapshot], service: Service) -> None:
        """Read gauges from the core's `snapshot` and from `service` at every scrape."""
        self.registry.register(_Gauges(self._office, now, snapshot))
        self.registry.register(_ServiceGauges(self._links, service))

    def observe(self, facts: Sequence[Fact]) -> None:
        """Count facts that were committed."""
        seen = self._seen
        for fact in facts:
            count = seen.get(type(fact))
            if count is not None:
                count(fact)

    # --- what the AMI clients tell ---------------------------------------------------------------------------------

    def link(self, pbx: str, *, up: bool) -> None:
        """Note that a PBX came into sight, or went out of it."""
        self._links[pbx] = _Link(up=up)

    def lag(self, pbx: str, seconds: float) -> None:
        """Note how long the last Ping took to be answered."""
        self._links[pbx].lag = seconds

    def reconnected(self, pbx: str) -> None:
        """Count a link that was lost and is up again."""
        self._families.ami_reconnects.labels(pbx).inc()

    def events(self, pbx: str, counts: Mapping[str, int]) -> None:
        """Count events that were read, by name, dropped ones included."""
        for name, number in counts.items():
            counter = self._events.get((pbx, name))
            if counter is None:
                counter = self._events_of(pbx, name)
            counter.inc(number)

    def quarantined(self, pbx: str, reason: str) -> None:
        """Count a packet that was not believed; `reason` is one of the protocol's own words."""
        self._families.ami_quarantined.labels(pbx, reason).inc()

    def _events_of(self, pbx: str, name: str) -> Counter:
        if len(self._events) >= _MOST_EVENT_NAMES * len(self._links) or not _EVENT_NAME.fullmatch(name):
            return self._families.ami_events.labels(pbx, OTHER)
        counter = self._events[pbx, name] = self._families.ami_events.labels(pbx, name)
        return counter

    # --- facts -----------------------------------------------------------------------------------------------------

    def _meters(self, line: Line) -> _LineMeters:
        return _LineMeters(self._families, line.pbx, line.name, own=line.queues, known=self._queues[line.pbx])

    def _of(self, call: Call) -> _LineMeters:
        pbx, line = call.key.pbx, call.line
        meters = self._lines.get((pbx, line))
        if meters is None:  # a line that the configuration no longer names, of a call that runs since before
            known = self._queues.get(pbx, frozenset())
            meters = self._lines[pbx, line] = _LineMeters(self._families, pbx, line, own=frozenset(), known=known)
        return meters

    def _offered(self, fact: CallOffered) -> None:
        if fact.call.origin is Origin.EXTERNAL:
            self._of(fact.call).offered[fact.call.hours].inc()

    def _ended(self, fact: CallEnded) -> None:
        self._of(fact.call).ended(fact.call)

    def _healed(self, fact: CallHealed) -> None:
        counter = self._of(fact.call).healed.get(fact.call.outcome)
        if counter is not None:
            counter.inc()

    def _menu_abandoned(self, fact: MenuAbandoned) -> None:
        self._families.menu_abandoned.labels(fact.pbx).inc()

    def _gap_opened(self, fact: GapOpened) -> None:
        self._families.gaps.labels(fact.pbx).inc()


def _gauge(name: str, meaning: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"callcentre_{name}", meaning, labels=("pbx", *labels))


class _Gauges(Collector):
    """The lines as they are now. Those of a PBX out of sight are left out: an old value would look like a new one."""

    def __init__(self, office: Office, now: Callable[[], datetime], snapshot: Callable[[datetime], Snapshot]) -> None:
        self._office = office
        self._now = now
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """Read the core once for all gauges of a scrape."""
        now = self._now()
        view = self._snapshot(now)
        seen = [line for line in self._office.lines if view.in_sight.get(line.pbx)]
        yield from self._waiting(now, view, seen)
        agents = _gauge("agents", "Places of agents in the queues of a line, by what they do", "line", "state")
        for line in seen:
            counts = view.agents.get(line.name, {})
            for state in MemberState:
                agents.add_metric((line.pbx, line.name, state), counts.get(state, 0))
        yield agents
        yield from self._attendance(view)

    @staticmethod
    def _waiting(now: datetime, view: Snapshot, seen: Sequence[Line]) -> Iterator[Metric]:
        waiting = _gauge("calls_waiting", "Calls that wait for somebody to answer", "line")
        longest = _gauge("call_longest_wait_seconds", "How long the first of them has waited (0: none waits)", "line")
        for line in seen:
            offered = view.waiting.get(line.name, ())
            waiting.add_metric((line.pbx, line.name), len(offered))
            since = (now - offered[0]).total_seconds() if offered else 0.0
            longest.add_metric((line.pbx, line.name), max(0.0, since))
        yield waiting
        yield longest

    def _attendance(self, view: Snapshot) -> Iterator[Metric]:
        attendance = _gauge("line_attendance", "1 for the state that a line is in", "line", "state")
        for line in self._office.lines:
            if line.name in view.attendance:
                is_in = view.attendance[line.name][0]
                for state in Attendance:
                    attendance.add_metric((line.pbx, line.name, state), state is is_in)
        yield attendance


class _ServiceGauges(Collector):
    """The daemon itself, said for each PBX whose figures depend on it."""

    def __init__(self, links: Mapping[str, _Link], service: Service) -> None:
        self._links = links
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """Read the links and the loop."""
        up = _gauge("ami_up", "1 while the PBX is logged in to and answers")
        lag = _gauge("ami_lag_seconds", "How long the last Ping took to be answered")
        store = _gauge("store_up", "1 while the database takes what is measured")
        unwritten = _gauge("facts_unwritten", "Facts in memory that wait to be written to the database")
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
            store.add_metric((pbx,), self._service.store_up)
            unwritten.add_metric((pbx,), self._service.unwritten.get(pbx, 0))
            faults.add_metric((pbx,), self._service.faults.get(pbx, 0))
        for (pbx, kind), number in self._service.lost.items():
            lost.add_metric((pbx, kind), number)
        yield from (up, lag, store, unwritten, lost, faults)
