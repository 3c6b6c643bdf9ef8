"""The counters of one line's messages and callbacks.

There are many pairs of outcome and timeliness, and most never come: those that alerts count are there from the start,
the others come with their first rise.
"""

from callcentre.core.charter import Line, Office
from callcentre.core.facts import TaskChanged, VoicemailUsed
from callcentre.core.terms import TaskOutcome, TaskStep, Verdict
from callcentre.metrics.families import Families
from callcentre.metrics.rising import Counter, Histogram

_IN_TIME = ("false", "true")


def takes_messages(line: Line, office: Office) -> bool:
    """Whether callbacks are to be expected on a line, so that its series are worth having before the first."""
    return bool(line.mailboxes) or line.callback_abandoned or line.name == office.fallback_line


def acknowledges(line: Line) -> bool:
    """Whether a line promises that callers are told of the receipt of their messages."""
    return line.charter.acknowledge_rule is not None


class CallbackMeters:
    """What rises for one line's messages and tasks; made at the start for lines that take messages."""

    def __init__(self, families: Families, pbx: str, line: str, *, told: bool = False) -> None:
        self._families = families
        self._names = (pbx, line)
        self._filed: Counter = families.voicemails.labels(pbx, line)
        self._response: Histogram = families.callback_response.labels(pbx, line)
        families.voicemail_use.labels(pbx, line, Verdict.MISUSE)
        for in_time in _IN_TIME:
            families.callbacks_closed.labels(pbx, line, TaskOutcome.DONE, in_time)
            if told and families.messages_acknowledged is not None:
                families.messages_acknowledged.labels(pbx, line, in_time)

    def filed(self) -> None:
        """Count a message that was given to a task."""
        self._filed.inc()

    def responded(self, seconds: float) -> None:
        """Count a response, so long after its message."""
        self._response.observe(seconds)

    def closed(self, outcome: TaskOutcome, *, in_time: bool) -> None:
        """Count a task that was closed."""
        self._families.callbacks_closed.labels(*self._names, outcome, _IN_TIME[in_time]).inc()

    def acknowledged(self, *, in_time: bool) -> None:
        """Count a message of whose receipt the caller was told."""
        if self._families.messages_acknowledged is not None:
            self._families.messages_acknowledged.labels(*self._names, _IN_TIME[in_time]).inc()

    def used(self, verdict: Verdict) -> None:
        """Count a call that reached voicemail."""
        self._families.voicemail_use.labels(*self._names, verdict).inc()


class CallbackCounts:
    """Counts what becomes of messages and tasks, on their lines."""

    def __init__(self, families: Families, office: Office) -> None:
        self._families = families
        self._lines = {
            (line.pbx, line.name): CallbackMeters(families, line.pbx, line.name, told=acknowledges(line))
            for line in office.lines
            if takes_messages(line, office)
        }
        self._named = {(line.pbx, line.name) for line in office.lines}
        self._fallback = next((line.pbx, line.name) for line in office.lines if line.name == office.fallback_line)

    def _of(self, pbx: str, line: str) -> CallbackMeters:
        """The meters of a line; what is left of one that is no more goes to the fallback line, as its callbacks do."""
        name = (pbx, line) if (pbx, line) in self._named else self._fallback
        meters = self._lines.get(name)
        if meters is None:
            meters = self._lines[name] = CallbackMeters(self._families, *name)
        return meters

    def task_changed(self, fact: TaskChanged) -> None:
        """Count a message filed, responses, and a task closed."""
        if fact.first and fact.message is not None:
            self._of(fact.pbx, fact.message.line).filed()
        for filing in fact.responded:
            if filing.responded_at is not None:
                seconds = (filing.responded_at - filing.left_at).total_seconds()
                self._of(fact.pbx, filing.line).responded(max(0.0, seconds))
        for filing in fact.acknowledged:
            if filing.acknowledged_at is not None and filing.ack_due is not None:
                self._of(fact.pbx, filing.line).acknowledged(in_time=filing.acknowledged_at <= filing.ack_due)
        task = fact.task
        if task is not None and task.outcome is not None and any(e.step is TaskStep.CLOSED for e in fact.entries):
            self._of(fact.pbx, task.line).closed(task.outcome, in_time=bool(task.in_time))

    def voicemail_used(self, fact: VoicemailUsed) -> None:
        """Count a verdict on a call that reached voicemail."""
        self._of(fact.pbx, fact.line).used(fact.verdict)
