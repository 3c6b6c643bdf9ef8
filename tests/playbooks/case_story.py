"""A case told as a story: what reaches the office, what people ask of it, and what they are told; and its books.

Times are London's, `2026-11-27 18:01`. The books are what a store would have: each fact is entered in them, and held
against the table of states as it comes.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from callcentre.config.charters import charters_of
from callcentre.core.case_requests import CaseAction, CaseAsked
from callcentre.core.case_states import TABLE
from callcentre.core.case_values import Case, CaseChannel, CaseClock, CaseEntry, CaseState, ClockName
from callcentre.core.cases import Cases
from callcentre.core.charter import Charter, EscalationStep, Line, Office
from callcentre.core.events import TimePassed
from callcentre.core.facts import CaseChanged, Fact, OpenRows
from callcentre.core.hints import ComplaintMade, Hint
from callcentre.core.tasks import Notice
from callcentre.core.terms import UTC
from tests.unit.core.offices import line, office

LONDON = ZoneInfo("Europe/London")
ANN = "01632960123"


@cache
def charter(name: str) -> Charter:
    """One of ours, as its file says."""
    return charters_of([], [])[name].charter


def at(text: str) -> datetime:
    """`2026-11-27 18:01` in London."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def told(moment: datetime | None) -> str:
    """A moment as London's clocks show it."""
    return "" if moment is None else f"{moment.astimezone(LONDON):%Y-%m-%d %H:%M}"


def here(name: str = "hct", **changed: Any) -> Office:
    """An office of one line, `enquiries`, that keeps a charter of ours."""
    kept = charter(name)
    steps = (EscalationStep(after=timedelta(hours=24), tell=("boss",)),)
    own: Line = line(charter=kept, hours=kept.hours, tell=("desk",), escalation=steps)
    roles = {"Chief Executive": ("chief",), "Chair": ("chair",)}
    contacts = ("desk", "boss", "chief", "chair", "Nina")
    return replace(office(replace(own, **changed)), roles=roles, contacts=contacts)


class CaseStory:
    """Feeds a fresh room of cases, firing its timers on the way; `told` is who was told of what, in order."""

    def __init__(self, where: Office | None = None, start: str = "2026-11-23 09:00") -> None:
        self.office = where or here()
        self.core = Cases(self.office)
        self.now = at(start)
        self.cases: dict[int, Case] = {}
        self.entries: dict[int, list[CaseEntry]] = {}
        self.clocks: dict[tuple[int, int], CaseClock] = {}
        self.judged: list[CaseClock] = []
        self.notices: dict[str, Notice] = {}
        self.asked: set[str] = set()
        self._requests = 0

    # --- driving -----------------------------------------------------------------------------------------------------

    def _took(self, facts: list[Fact]) -> list[Fact]:
        for fact in facts:
            if not isinstance(fact, Hint):
                assert isinstance(fact, CaseChanged)
                self._write(fact)
        return facts

    def _write(self, fact: CaseChanged) -> None:
        case, before = fact.case, self.cases.get(fact.case.number)
        state = before.state if before else CaseState.OPEN
        history = self.entries.setdefault(case.number, [])
        for entry in fact.entries:
            assert entry.seq == len(history) + 1
            assert entry.state in TABLE[state, entry.step], f"{state} {entry.step} {entry.state}"
            state = entry.state
            history.append(entry)
        assert (case.state, case.entries) == (state, len(history))
        assert (case.outcome is not None) is (case.state is CaseState.CLOSED)
        for clock in fact.clocks:
            self.clocks[case.number, clock.seq] = clock
        for clock in fact.judged:
            assert (clock.case_number, clock.seq) not in {(one.case_number, one.seq) for one in self.judged}, "twice"
            self.judged.append(clock)
        for notice in fact.notices:
            assert notice.key not in self.notices, "told twice"
            assert ANN not in notice.text + notice.title
            self.notices[notice.key] = notice
        if case.state is CaseState.CLOSED:
            assert not [clock for clock in self.clocks_of(case.number) if clock.runs]
        self.cases[case.number] = case

    def until(self, when: str) -> None:
        """Let time pass."""
        moment = at(when)
        assert moment >= self.now
        while (wake := self.core.next_timer()) is not None and wake <= moment:
            self._took(self.core.handle(TimePassed(pbx="", at=max(wake, self.now))))
            assert self.core.next_timer() != wake
        self.now = moment

    def ask(self, moment: str, action: CaseAction, number: int = 1, **more: Any) -> list[Fact]:
        """A supervisor asks; IllegalTransition is raised to whoever calls."""
        self.until(moment)
        self._requests += 1
        values: dict[str, Any] = {"who": "Sue", "request": f"r{self._requests}", "supervisor": True}
        values |= more
        facts = self._took(self.core.handle(CaseAsked(pbx="lab", at=self.now, number=number, action=action, **values)))
        self.asked.add(values["request"])
        return facts

    def open(self, when: str, kind: str = "complaint", channel: CaseChannel = CaseChannel.CALL, **more: Any) -> Case:
        """A case is typed in; `received` is when it reached the office."""
        received = more.pop("received", None)
        values = {"received_at": None if received is None else at(received), "line": "enquiries"}
        (fact,) = self.ask(when, CaseAction.OPEN, 0, kind=kind, channel=channel, **(values | more))
        assert isinstance(fact, CaseChanged)
        return fact.case

    def complain(self, when: str, **more: Any) -> list[Fact]:
        """A caller complained in a call or a message."""
        self.until(when)
        self._requests += 1
        values: dict[str, Any] = {
            "line": "enquiries",
            "caller": ANN,
            "channel": CaseChannel.CALL,
            "received_at": self.now,
            "who": "Alice",
            "why": "",
            "request": f"r{self._requests}",
        }
        return self._took(self.core.handle_fact(ComplaintMade(pbx="lab", at=self.now, **(values | more))))

    def restart(self, when: str, where: Office | None = None) -> list[Fact]:
        """The daemon starts anew from what was written; what fell due meanwhile is left to `until`."""
        self.now = at(when)
        self.office = where or self.office
        self.core = Cases(self.office)
        alive = [case for case in self.cases.values() if case.state is not CaseState.CLOSED]
        rows = OpenRows(
            cases=tuple((case, tuple(self.clocks_of(case.number))) for case in alive),
            latest_cases={"lab": max(self.cases)} if self.cases else {},
            case_requests=tuple(sorted(self.asked)),
        )
        return self._took(self.core.restore(rows, self.now))

    # --- what became of it -------------------------------------------------------------------------------------------

    def clocks_of(self, number: int = 1) -> list[CaseClock]:
        """All clocks of a case, in their order."""
        return [clock for (case, _), clock in sorted(self.clocks.items()) if case == number]

    def ends(self, number: int = 1) -> dict[str, str]:
        """The ends of the clocks that run, in London."""
        return {clock.clock.value: told(clock.due) for clock in self.clocks_of(number) if clock.runs}

    def last(self, name: ClockName, number: int = 1) -> CaseClock:
        """The latest clock of a name."""
        return next(clock for clock in reversed(self.clocks_of(number)) if clock.clock is name)

    def steps(self, number: int = 1) -> list[str]:
        """A case's history, the steps alone."""
        return [entry.step.value for entry in self.entries[number]]

    def said(self, number: int = 1) -> str:
        """The last word of a case's history."""
        return self.entries[number][-1].why

    def alarms(self) -> list[tuple[str, tuple[str, ...], str]]:
        """Who was told of what by when, in order."""
        return [(notice.kind.value, notice.to, told(notice.at)) for notice in self.notices.values()]
