"""First contact and satisfaction (H1, H18): counters of what is said, and gauges of what callers did.

What callers did is known a week later, from the store: whoever keeps it is asked at a scrape, and reads nothing then.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from callcentre.core.charter import Office
from callcentre.core.facts import CallerAsked, CallWrapped, TaskChanged
from callcentre.core.terms import TaskStep, WrapKind
from callcentre.metrics.families import Families, gauge

_RESOLVED: Final = ("false", "true")


class SaidCounts:
    """Counts what agents say of calls and callbacks, the first word on each, and what callers answer."""

    def __init__(self, families: Families, office: Office) -> None:
        self._families = families
        self._named = {(line.pbx, line.name) for line in office.lines}

    def _said(self, pbx: str, line: str, *, resolved: bool) -> None:
        """Count a word on a call of a line; what is left of one that is no more has no figure any more."""
        if (pbx, line) in self._named:
            self._families.first_contact.labels(pbx, line, _RESOLVED[resolved]).inc()

    def call_wrapped(self, fact: CallWrapped) -> None:
        """Count a call, by the first word on it: a counter cannot take back."""
        if fact.first:
            self._said(fact.pbx, fact.wrap.line, resolved=fact.wrap.kind is WrapKind.RESOLVED)

    def task_changed(self, fact: TaskChanged) -> None:
        """Count a callback that was closed with a word on whether it was resolved."""
        task = fact.task
        closed = task is not None and any(entry.step is TaskStep.CLOSED for entry in fact.entries)
        if closed and task is not None and task.resolved is not None:
            self._said(fact.pbx, task.line, resolved=task.resolved)

    def caller_asked(self, fact: CallerAsked) -> None:
        """Count a caller who was asked, once it is known what they answered."""
        if fact.over and (fact.pbx, fact.line) in self._named:
            answer = "none" if fact.answer is None else str(fact.answer)
            self._families.satisfaction.labels(fact.pbx, fact.line, answer).inc()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inferred:
    """Of `calls` answered outside calls of a line, whose week is over, `resolved` were not followed by another."""

    pbx: str
    line: str
    calls: int
    resolved: int


class FirstContactGauges(Collector):
    """The inferred figure of each line; `known` has the lines that it is known of."""

    def __init__(self, known: Callable[[], Iterable[Inferred]]) -> None:
        self._known = known

    def collect(self) -> Iterator[Metric]:
        """Tell what is known."""
        calls = gauge(
            "first_contact_inferred_calls",
            "Answered outside calls with a number, of 30 days, whose seven days to call again are over",
            "line",
        )
        resolved = gauge(
            "first_contact_inferred_resolved", "Of these, calls whose caller did not call again in seven days", "line"
        )
        for each in self._known():
            calls.add_metric((each.pbx, each.line), each.calls)
            resolved.add_metric((each.pbx, each.line), each.resolved)
        yield from (calls, resolved)
