"""Cases (H2, H11, C3, C4, W4): whether they are acknowledged and answered in time, and how many there are.

A promise is counted once, when it comes to its end: then its true time is known, also where it is typed late. What is
late and still to be done is in the gauge. A kind that only a charter of the office knows is `other`. Cases come rarely:
each series comes with the first, and stays.
"""

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import Metric

from callcentre.core.case_values import CaseClock, CaseState, ClockName
from callcentre.core.cases import kind_word
from callcentre.core.centre import Snapshot
from callcentre.core.charter import Office
from callcentre.core.facts import CaseChanged
from callcentre.metrics.families import Families, gauge
from callcentre.metrics.rising import Counter, Family

_IN_TIME: Final = ("false", "true")


class CaseCounts:
    """Counts what becomes of the promises of cases; those of a line that is no more, on the fallback line."""

    def __init__(self, families: Families, office: Office) -> None:
        self._families: dict[ClockName, Family[Counter]] = {
            ClockName.ACKNOWLEDGE: families.cases_acknowledged,
            ClockName.ANSWER: families.cases_answered,
        }
        self._named = {(line.pbx, line.name) for line in office.lines}
        self._fallback = next((line.pbx, line.name) for line in office.lines if line.name == office.fallback_line)

    def case_changed(self, fact: CaseChanged) -> None:
        """Count what was decided just now."""
        for clock in fact.judged:
            family = self._families.get(clock.clock)
            if family is not None:
                name = (clock.pbx, clock.line)
                where = name if name in self._named else self._fallback
                family.labels(*where, kind_word(clock.kind), _IN_TIME[_in_time(clock)]).inc()


def _in_time(clock: CaseClock) -> bool:
    return clock.met_at is not None and clock.met_at <= clock.due


class CaseGauges:
    """How many cases there are now, as the core's snapshot has them; a series stays once it was there."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._known: dict[str, set[tuple[str, CaseState]]] = {line.name: set() for line in office.lines}
        self._late: set[str] = set()

    def collect(self, view: Snapshot) -> Iterator[Metric]:
        """Tell what is so."""
        cases = gauge("cases", "Cases that are not closed, by kind and state", "line", "kind", "state")
        overdue = gauge("cases_overdue", "Cases of which something promised by a time is late", "line")
        for line in self._office.lines:
            counts, known = view.cases.get(line.name, {}), self._known[line.name]
            known.update(counts)
            for kind, state in sorted(known):
                cases.add_metric((line.pbx, line.name, kind, state), counts.get((kind, state), 0))
            late = view.cases_overdue.get(line.name, 0)
            if late or line.name in self._late:
                self._late.add(line.name)
                overdue.add_metric((line.pbx, line.name), late)
        yield from (cases, overdue)
