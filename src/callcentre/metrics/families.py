"""The metrics that rise, declared once with their labels and edges."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import GaugeMetricFamily

from callcentre.metrics.rising import Counter, Family, Histogram, counters, histograms

OTHER = "other"
"""The label of what the configuration, or callcentre, does not name: what a PBX says makes no series."""

# The edges say whether a target of 9, 12 or 15 seconds (three, four, five UK rings) was kept, and where the tail is.
SECONDS_EDGES = (3, 6, 9, 12, 15, 30)
RINGS_EDGES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
# Averages tell of stays in queues.
VISIT_EDGES = ()
# A day; whether a promise was kept is told by callcentre_callbacks_closed_total.
RESPONSE_EDGES = (24 * 3600,)
_KEPT = ("line", "kind", "in_time")
_ACTION = ("line", "action", "result")


def gauge(name: str, meaning: str, *labels: str) -> GaugeMetricFamily:
    """A gauge of ours, whose labels begin with the PBX."""
    return GaugeMetricFamily(f"callcentre_{name}", meaning, labels=("pbx", *labels))


class Families:
    """The metrics that rise, declared once. `acknowledges`: some line promises to acknowledge messages."""

    def __init__(self, registry: CollectorRegistry, *, acknowledges: bool = False) -> None:
        def counter(name: str, meaning: str, *labels: str) -> Family[Counter]:
            family = counters(f"callcentre_{name}", meaning, ("pbx", *labels))
            registry.register(family)
            return family

        def histogram(name: str, meaning: str, edges: Sequence[float], *labels: str) -> Family[Histogram]:
            family = histograms(f"callcentre_{name}", meaning, ("pbx", *labels), edges)
            registry.register(family)
            return family

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
        self.visit_wait = histogram("queue_visit_wait_seconds", "Length of a stay in a queue", VISIT_EDGES, "line")
        self.voicemails = counter("voicemails_total", "Messages that were given to a callback task", "line")
        self.voicemail_use = counter(
            "voicemail_use_total", "Outside calls that reached voicemail, by why", "line", "verdict"
        )
        self.callbacks_closed = counter(
            "callbacks_closed_total", "Callbacks closed, by outcome and whether in time", "line", "outcome", "in_time"
        )
        self.callback_response = histogram(
            "callback_response_seconds", "Time from a message to the response to it", RESPONSE_EDGES, "line"
        )
        # Only an office whose charter promises it has it.
        self.messages_acknowledged: Family[Counter] | None = None
        if acknowledges:
            self.messages_acknowledged = counter(
                "messages_acknowledged_total",
                "Messages of which the caller was told that they were received, by whether in time",
                "line",
                "in_time",
            )
        self.first_contact = counter(
            "first_contact_total",
            "Calls and callbacks that agents said something of, by whether they were resolved",
            "line",
            "resolved",
        )
        self.satisfaction = counter(
            "satisfaction_total", "Callers who were asked how their call was, by what they answered", "line", "answer"
        )
        self.cases_acknowledged = counter(
            "cases_acknowledged_total", "Cases that were to be acknowledged, by whether in time", *_KEPT
        )
        self.cases_answered = counter(
            "cases_answered_total", "Cases that were to be answered, by whether in time", *_KEPT
        )
        self.abuse = counter(
            "abuse_incidents_total", "Calls in which a caller was warned, ended or called abusive", "line", "stage"
        )
        self.enforcement = counter(
            "enforcement_actions_total", "Actions about unattended lines, by what became of them", *_ACTION
        )
        self.notifications = counter(
            "notifications_total", "Times that somebody was to be told of something", "kind", "result"
        )
        self.notifications_pending = Gauge(
            "callcentre_notifications_pending", "Notifications that wait to be sent", ("pbx",), registry=registry
        )
        self.gaps = counter("gaps_total", "Times that a PBX went out of sight or could not be believed")
        self.ami_events = counter("ami_events_total", "Events read, wanted or not", "event")
        self.ami_quarantined = counter("ami_quarantined_total", "Packets that were not believed", "reason")
        self.ami_reconnects = counter("ami_reconnects_total", "Times that a lost link was logged in again")
