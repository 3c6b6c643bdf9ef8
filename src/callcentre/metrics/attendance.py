"""What rises about attendance: the seconds that nobody could answer or be seen, and what was done about it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from prometheus_client.core import CounterMetricFamily, Metric

from callcentre.core.breach import BreachStep
from callcentre.core.charter import Attention, Office
from callcentre.core.facts import AttendanceChanged, BreachChanged
from callcentre.core.ledger import Meter
from callcentre.core.terms import ActionKind, ActionResult, Attendance, Mode
from callcentre.metrics.families import OTHER, Families

_AT_ZERO: Final = timedelta(minutes=1)
"""So long from its first scrape the seconds of a process stay at 0: a scraper looks at least that often.

A run begins with what was unknown since the run before: if that is more than the counter stood at, `increase()` would
take it for a continuation, and count the difference alone.
"""

_WRONG = (ActionResult.REFUSED, ActionResult.FAILED)


def actions(attention: Attention) -> list[ActionKind]:
    """What callcentre can do, with these settings, about an unattended line."""
    able = {
        ActionKind.UNPAUSE: attention.may_unpause,
        ActionKind.ADD_STANDBY: attention.standby,
        ActionKind.REMOVE_STANDBY: attention.standby,
        ActionKind.DIVERT: attention.divert,
        ActionKind.UNDIVERT: attention.divert,
        ActionKind.RING_SUPERVISOR: attention.supervisors,
    }
    return [action for action, given in able.items() if given and attention.mode is Mode.ENFORCE]


class AttendanceCounts:
    """Counts committed facts about attendance. Lines that enforce have the series that alerts are made of."""

    def __init__(self, families: Families, office: Office) -> None:
        self._families = families
        self._lines = [(line.pbx, line.name) for line in office.lines]
        self._meter = Meter()
        self._first_scrape: datetime | None = None
        self._shown = False
        self._settled: dict[tuple[str, str], tuple[datetime, set[int]]] = {}
        for line in office.lines:
            for action in actions(line.attention):
                for result in _WRONG:
                    families.enforcement.labels(line.pbx, line.name, action, result)

    def attendance_changed(self, fact: AttendanceChanged) -> None:
        """Note from when on a line is in a state."""
        self._meter.take(fact)

    def breach_changed(self, fact: BreachChanged) -> None:
        """Count what became of actions, each once."""
        for step in fact.steps:
            if step.result is not ActionResult.WANTED and self._is_new(step):
                line = step.line if (step.pbx, step.line) in self._lines else OTHER
                self._families.enforcement.labels(step.pbx, line, step.action, step.result).inc()

    def _is_new(self, step: BreachStep) -> bool:
        """Whether this step was not counted yet; only those of a line's latest breach can come again."""
        line = (step.pbx, step.line)
        since, counted = self._settled.get(line, (step.since, set[int]()))
        if since != step.since:
            counted = set()
        self._settled[line] = (step.since, counted)
        if step.seq in counted:
            return False
        counted.add(step.seq)
        return True

    def seconds(self, now: datetime) -> Iterator[Metric]:
        """How long each line was unattended or unknown in its core hours, what runs now included; at first 0."""
        self._first_scrape = self._first_scrape or now
        self._shown = self._shown or now - self._first_scrape >= _AT_ZERO
        for state in (Attendance.UNATTENDED, Attendance.UNKNOWN):
            seconds = CounterMetricFamily(
                f"callcentre_line_{state}_seconds", f"Core hours in which a line was {state}", labels=("pbx", "line")
            )
            for pbx, line in self._lines:
                total = self._meter.total(line, state, now).total_seconds()
                seconds.add_metric((pbx, line), total if self._shown else 0.0)
            yield seconds
