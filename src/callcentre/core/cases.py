"""The cases: complaints and all else that is kept track of until it is answered, each step of it written down.

It does what people ask, takes up what callers complain of, and keeps the time. What one case may go through is
core/case_states.py, how one begins core/case_opening.py, who may ask for what core/case_asks.py, when people are told
core/case_alarms.py. Each change is one CaseChanged.
"""

import heapq
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from callcentre.core.case_alarms import next_case_alarm, raise_case_alarms
from callcentre.core.case_asks import carry_out_case
from callcentre.core.case_opening import complained, joined, opened
from callcentre.core.case_requests import CaseAction, CaseAsked
from callcentre.core.case_values import COMPLAINT, KINDS, CaseOutcome, CaseState, CaseStep, ClockName
from callcentre.core.case_work import CaseWork, HeldCase
from callcentre.core.charter import Office
from callcentre.core.errors import IllegalTransition
from callcentre.core.events import Event, TimePassed
from callcentre.core.facts import CallerErased, CaseChanged, Fact, OpenRows
from callcentre.core.hints import ComplaintFiled, ComplaintMade
from callcentre.core.promises import Promises

_REMEMBERED: Final = 10_000
"""How many requests are remembered, so that what is asked twice happens once; the store has them all."""

_CLOSED_KEPT: Final = 1_000
"""How many closed cases are kept, so that what comes soon after is understood."""

OTHER_KIND: Final = "other"
"""What the kinds of a charter's own are counted as."""

Name = tuple[str, int]


class Cases:
    """The cases of an office: `handle` returns CaseChanged; a person's request may be refused (IllegalTransition)."""

    EVENTS: Final[frozenset[type[Event]]] = frozenset({CaseAsked})
    FACTS: Final[frozenset[type[Fact]]] = frozenset({ComplaintMade, CallerErased})

    def __init__(self, office: Office) -> None:
        self._office = office
        self._promises = Promises(office)
        self._cases: dict[Name, HeldCase] = {}
        self._closed: OrderedDict[Name, None] = OrderedDict()
        self._latest: dict[str, int] = {}
        self._requests: OrderedDict[str, None] = OrderedDict()
        self._wakes: list[tuple[datetime, str, int]] = []

    # --- what comes --------------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> list[Fact]:
        """Take a CaseAsked, or TimePassed. Raises IllegalTransition for what a person asks in vain."""
        match event:
            case CaseAsked():
                return self._once(event)
            case TimePassed():
                return [*self._wake(event.at)]
        return []

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Take one fact of FACTS."""
        match fact:
            case ComplaintMade():
                return self._complaint(fact)
            case CallerErased():
                return [*self._erase(fact)]
        return []

    def next_timer(self) -> datetime | None:
        """When the first case wants to be looked at."""
        while self._wakes and self._stale():
            heapq.heappop(self._wakes)
        return self._wakes[0][0] if self._wakes else None

    # --- what people ask ---------------------------------------------------------------------------------------------

    def _once(self, asked: CaseAsked) -> list[Fact]:
        """Carry out a request, unless it was already: then nothing changes. A refused one may be asked again."""
        if asked.request in self._requests:
            return []
        if asked.action is CaseAction.OPEN:
            work = opened(asked, self._office, self._promises, self._next_number)
        else:
            work = self._work(self._find(asked), asked.at)
            carry_out_case(work, asked)
        fact = self._commit(work)
        self._remember(asked.request)
        return [fact]

    def _find(self, asked: CaseAsked) -> HeldCase:
        """The case of that number; a closed one that is no longer in memory as the store has it."""
        held, row = self._cases.get((asked.pbx, asked.number)), asked.row
        wanted = (asked.pbx, asked.number, CaseState.CLOSED)
        if held is None and row is not None and (row.pbx, row.number, row.state) == wanted:
            held = HeldCase(case=row, clocks=sorted(asked.clocks, key=lambda clock: clock.seq))
        if held is None:
            raise IllegalTransition(
                f"there is no case {asked.number} on {asked.pbx or 'an unnamed PBX'}; look up its number"
            )
        return held

    # --- complaints in calls and messages ----------------------------------------------------------------------------

    def _complaint(self, made: ComplaintMade) -> list[Fact]:
        """A new case, unless there is one for the task, the call, or the caller, who complains on one line once."""
        held = self._known(made)
        if held is None:
            work = complained(made, self._office, self._promises, self._next_number)
        else:
            work = self._work(held, made.at)
            joined(work, made)
        self._remember(made.request)
        fact = self._commit(work)
        filed = ComplaintFiled(pbx=made.pbx, at=made.at, task=made.task, case=work.case.number, again=held is not None)
        return [fact, filed]

    def _known(self, made: ComplaintMade) -> HeldCase | None:
        merges = self._promises.line(made.line).merge and made.caller is not None
        for held in self._cases.values():
            case = held.case
            if case.pbx != made.pbx or case.kind != COMPLAINT:
                continue
            of_task = made.task is not None and case.task == made.task
            of_call = made.call is not None and case.call == made.call
            of_caller = merges and not held.closed and (case.line, case.caller) == (made.line, made.caller)
            if of_task or of_call or of_caller:
                return held
        return None

    def _erase(self, erased: CallerErased) -> Iterable[CaseChanged]:
        for held in list(self._cases.values()):
            case = held.case
            of_caller = erased.caller is not None and case.caller == erased.caller
            if case.pbx != erased.pbx or not (of_caller or case.number in erased.cases):
                continue
            work = self._work(held, erased.at)
            row: dict[str, Any] = dict.fromkeys(
                ("caller", "name", "email", "address", "about", "referred_to", "remedy")
            )
            if not held.closed:
                row |= {"outcome": CaseOutcome.WITHDRAWN, "closed_at": erased.at, "closed_by": erased.who}
            row |= {"summary": "", "agreed_why": ""}
            work.step(CaseStep.ERASED, erased.why, who=erased.who, to=CaseState.CLOSED, **row)
            work.give_up(*ClockName)
            yield self._commit(work)

    # --- time --------------------------------------------------------------------------------------------------------

    def _wake(self, at: datetime) -> Iterable[CaseChanged]:
        while (due := self.next_timer()) is not None and due <= at:
            _, pbx, number = heapq.heappop(self._wakes)
            held = self._cases[pbx, number]
            held.wake = None
            work = self._work(held, at)
            raise_case_alarms(work)
            fact = self._commit(work)
            if fact.entries:
                yield fact

    def _stale(self) -> bool:
        wake, pbx, number = self._wakes[0]
        held = self._cases.get((pbx, number))
        return held is None or held.wake != wake

    # --- keeping -----------------------------------------------------------------------------------------------------

    def _work(self, held: HeldCase, at: datetime) -> CaseWork:
        return CaseWork(held, at, self._office, self._promises)

    def _next_number(self, pbx: str) -> int:
        self._latest[pbx] = self._latest.get(pbx, 0) + 1
        return self._latest[pbx]

    def _remember(self, request: str) -> None:
        self._requests[request] = None
        if len(self._requests) > _REMEMBERED:
            self._requests.popitem(last=False)

    def _commit(self, work: CaseWork) -> CaseChanged:
        """Put a change into effect, of a new case too, and return the fact of it."""
        fact = work.done()
        self._file(work.held)
        return fact

    def _file(self, held: HeldCase) -> None:
        name = (held.case.pbx, held.case.number)
        self._cases[name] = held
        wake = None if held.closed else next_case_alarm(self._promises.line(held.case.line), held)
        if wake != held.wake:
            held.wake = wake
            if wake is not None:
                heapq.heappush(self._wakes, (wake, *name))
        self._closed.pop(name, None)
        if held.closed:
            self._closed[name] = None
            if len(self._closed) > _CLOSED_KEPT:
                oldest, _ = self._closed.popitem(last=False)
                del self._cases[oldest]

    # --- a start, and what is so -------------------------------------------------------------------------------------

    def restore(self, rows: OpenRows, at: datetime) -> list[Fact]:
        """Take what an earlier run left, before the first event: the clocks are reckoned anew."""
        self._latest.update(rows.latest_cases)
        for request in rows.case_requests:
            self._remember(request)
        facts: list[Fact] = []
        for case, clocks in rows.cases:
            held = HeldCase(case=case, clocks=sorted(clocks, key=lambda clock: clock.seq))
            self._latest[case.pbx] = max(case.number, self._latest.get(case.pbx, 0))
            self._file(held)
            if self._promises.configured(case.line):
                work = self._work(held, at)
                work.promise("the line's calendar or charter is another")
                if work.touched:
                    facts.append(self._commit(work))
        return facts

    def counts(self) -> dict[str, dict[tuple[str, CaseState], int]]:
        """Count the cases of each line by kind (OTHER_KIND: a charter's own) and state, closed ones left out."""
        found: dict[str, dict[tuple[str, CaseState], int]] = {line.name: {} for line in self._office.lines}
        for held in self._alive():
            of_line = found[self._promises.line(held.case.line).name]
            word = (kind_word(held.case.kind), held.case.state)
            of_line[word] = of_line.get(word, 0) + 1
        return found

    def overdue(self, at: datetime) -> dict[str, int]:
        """Count, by line, the cases of which something promised by a time is not done `at` that time."""
        found = {line.name: 0 for line in self._office.lines}
        for held in self._alive():
            found[self._promises.line(held.case.line).name] += any(c.runs and c.due < at for c in held.clocks)
        return found

    def _alive(self) -> Iterable[HeldCase]:
        return (held for held in self._cases.values() if not held.closed)


def kind_word(kind: str) -> str:
    """The kind as it is counted: a charter's own kinds are one, so that there are never many."""
    return kind if kind in KINDS else OTHER_KIND
