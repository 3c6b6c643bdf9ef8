"""The counters of one line's calls.

Series that no office is without, and all that a service level is made of, are there from the start; the others come
with their first rise: of the hundreds that the labels could make of a line, most never come.
"""

from collections.abc import Iterable
from typing import Any, Final

from callcentre.core.facts import Call, Visit
from callcentre.core.service_level import UNDECIDED
from callcentre.core.terms import Hours, Origin, Outcome, VisitResult
from callcentre.metrics.families import OTHER, Families
from callcentre.metrics.rising import C, Family

_USUAL: Final = (
    Outcome.ANSWERED,
    Outcome.ABANDONED,
    Outcome.SHORT_ABANDONED,
    Outcome.VOICEMAIL,
    Outcome.VOICEMAIL_EMPTY,
    Outcome.OVERFLOWED,
    Outcome.REFUSED,
)
"""What is in the service levels, but for `closed`: in core hours that is a mistake of the dialplan."""

_USUAL_VISITS: Final = (VisitResult.ANSWERED, VisitResult.ABANDONED, VisitResult.TIMEOUT)
_AFTER_ANSWER: Final = ("false", "true")


class LineMeters:
    """The counters of one line, looked up once: a child found by its labels costs more than its increment.

    `own` are its queues, `known` those of all lines of its PBX; any other is `other`.
    """

    def __init__(self, families: Families, pbx: str, line: str, *, own: Iterable[str], known: frozenset[str]) -> None:
        self._families = families
        self._names = (pbx, line)
        self._known = known
        self._children: dict[tuple[Family[Any], tuple[str, ...]], Any] = {}
        self._child(families.answer_seconds, Hours.CORE)
        self._child(families.answer_rings, Hours.CORE)
        self._child(families.visit_wait)
        self._child(families.offered, Hours.CORE)
        for target in ("seconds", "rings"):
            self._child(families.within, target, Hours.CORE)
        for outcome in _USUAL:
            self._child(families.calls, outcome, Hours.CORE, Origin.EXTERNAL)
        for queue in sorted(own):
            for result in _USUAL_VISITS:
                self._child(families.visits, queue, result, _AFTER_ANSWER[False])

    def _child(self, family: Family[C], *labels: str) -> C:
        """The series of `family` with these labels, made when it is first wanted."""
        child: C | None = self._children.get((family, labels))
        if child is None:
            child = self._children[family, labels] = family.labels(*self._names, *labels)
        return child

    def offered(self, call: Call) -> None:
        """Count a call that reached the line."""
        if call.origin is Origin.EXTERNAL:
            self._child(self._families.offered, call.hours).inc()

    def ended(self, call: Call) -> None:
        """Count a decided call, once."""
        families, hours = self._families, call.hours
        self._child(families.calls, call.outcome, hours, call.origin).inc()
        if call.origin is not Origin.EXTERNAL:
            return
        if call.within_seconds:
            self._child(families.within, "seconds", hours).inc()
        if call.within_rings:
            self._child(families.within, "rings", hours).inc()
        if call.outcome is Outcome.ANSWERED and hours is Hours.CORE:
            if call.wait_seconds is not None:
                self._child(families.answer_seconds, hours).observe(call.wait_seconds)
            if call.rings is not None:
                self._child(families.answer_rings, hours).observe(call.rings)
        for visit in call.visits:
            self._visited(visit)

    def healed(self, call: Call) -> None:
        """Count a call of which the books told what became of it."""
        if call.outcome not in UNDECIDED:
            self._child(self._families.healed, call.outcome).inc()

    def _visited(self, visit: Visit) -> None:
        if visit.result is None:
            return
        queue = visit.queue if visit.queue in self._known else OTHER
        self._child(self._families.visits, queue, visit.result, _AFTER_ANSWER[visit.after_answer]).inc()
        if visit.leave is not None:
            self._child(self._families.visit_wait).observe((visit.leave - visit.enter).total_seconds())
