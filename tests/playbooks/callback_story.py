"""A callback told as a story: what callers leave, whom the office dials, what people ask; and the books it fills.

Times are seconds after T0, Tuesday 24 November 2026, 10:00 in London, or `when("Fri 27 16:00")` for that month. The
books are what a store would have: each fact is entered in them, and held against the table of states as it comes.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from callcentre.core.asks import Dialler
from callcentre.core.callbacks import Callbacks
from callcentre.core.charter import EscalationStep, Line, Office
from callcentre.core.events import TimePassed
from callcentre.core.facts import CallAnswered, CallEnded, CallerErased, Fact, OpenRows
from callcentre.core.facts import TaskChanged as Changed
from callcentre.core.hints import CalloutSeen, Hint, MessageKnown
from callcentre.core.numbers import canonical
from callcentre.core.requests import ErasureAsked, TaskAction, TaskAsked
from callcentre.core.task_states import TABLE
from callcentre.core.tasks import Callout, Entry, Filing, Message, Notice, Task
from callcentre.core.terms import CalloutResult, MessageStatus, Outcome, Quality, TaskOutcome, TaskState, TaskStep
from tests.unit.core.happenings import call
from tests.unit.core.offices import line, office

T0 = datetime(2026, 11, 24, 10, tzinfo=UTC)
ANN, BEN = "01632960123", "01632960456"
MINUTE, HOUR = 60, 3600
ENQUIRIES = line(
    tell=("desk",),
    escalation=(
        EscalationStep(after=timedelta(), tell=("lead",)),
        EscalationStep(after=timedelta(hours=2), tell=("lead", "boss")),
    ),
)
ORDERS = line("orders", hours=line().hours, callback_abandoned=True)
SWITCH = line("switch", merge=False)
OFFICE = office(ENQUIRIES, ORDERS, SWITCH)

CLAIM, RENEW, RELEASE, HEARD = TaskAction.CLAIM, TaskAction.RENEW, TaskAction.RELEASE, TaskAction.HEARD
NUMBER, NOTE, CLOSE, REOPEN = TaskAction.NUMBER, TaskAction.NOTE, TaskAction.CLOSE, TaskAction.REOPEN
LATER, FLAGS, ASSIGN, UNDO = TaskAction.LATER, TaskAction.FLAGS, TaskAction.ASSIGN, TaskAction.UNDO
COMPLAINT, FOLLOW_UP, DIAL = TaskAction.COMPLAINT, TaskAction.FOLLOW_UP, TaskAction.DIAL


def after(seconds: float) -> datetime:
    """T0 and so many seconds."""
    return T0 + timedelta(seconds=seconds)


def when(text: str) -> float:
    """`Fri 27 16:00`, a time in London in November 2026, as seconds after T0."""
    _, day, clock = text.split()
    hour, minute = clock.split(":")
    there = datetime(2026, 11, int(day), int(hour), int(minute), tzinfo=ZoneInfo("Europe/London"))
    return (there - T0).total_seconds()


class Books:
    """What a store has written, and whether it could be."""

    def __init__(self) -> None:
        self.tasks: dict[int, Task] = {}
        self.filings: dict[str, Filing] = {}
        self.entries: dict[int, list[Entry]] = {}
        self.messages: dict[str, Message] = {}
        self.callouts: dict[str, Callout] = {}
        self.notices: dict[str, Notice] = {}
        self.erased: list[CallerErased] = []
        self.responded: list[Filing] = []

    def write(self, fact: Fact) -> None:
        if isinstance(fact, CallerErased):
            self.erased.append(fact)
            return
        assert isinstance(fact, Changed)
        if fact.message is not None:
            self.messages[fact.message.key] = fact.message
        if fact.callout is not None:
            self.callouts[fact.callout.uniqueid] = fact.callout
        for filing in fact.filings:
            self.filings[filing.key] = filing
        assert {f.key for f in fact.responded} <= {f.key for f in fact.filings if f.responded_at is not None}
        self.responded += fact.responded
        for notice in fact.notices:
            assert notice.key not in self.notices, "told twice"
            self.notices[notice.key] = notice
        if fact.task is not None:
            self._write_task(fact.task, fact.entries)
        assert fact.first is (fact.first and fact.task is not None and fact.message is not None)

    def _write_task(self, task: Task, entries: tuple[Entry, ...]) -> None:
        before = self.tasks.get(task.number)
        state = before.state if before else TaskState.OPEN
        history = self.entries.setdefault(task.number, [])
        for entry in entries:
            assert entry.seq == len(history) + 1
            assert entry.state in TABLE[state, entry.step], f"{state} {entry.step} {entry.state}"
            assert entry.who
            state = entry.state
            history.append(entry)
        assert (task.state, task.entries) == (state, len(history))
        assert (task.outcome is not None) is (task.state is TaskState.CLOSED) is (task.in_time is not None)
        assert before is None or entries or replace(before, alarms=task.alarms) == task, "a change without a word"
        self.tasks[task.number] = task

    def open_rows(self) -> OpenRows:
        """What a new run is given."""
        alive = {number: task for number, task in self.tasks.items() if task.state is not TaskState.CLOSED}
        return OpenRows(
            tasks=tuple(alive.values()),
            filings=tuple(filing for filing in self.filings.values() if filing.task in alive),
            latest={"lab": max(self.tasks)} if self.tasks else {},
            callouts=tuple(dial for dial in self.callouts.values() if dial.result is None),
        )

    def filings_of(self, number: int) -> tuple[Filing, ...]:
        """The messages of a task."""
        return tuple(filing for filing in self.filings.values() if filing.task == number)


class Story:
    """Feeds a fresh room of callbacks, firing its timers on the way; `books` is what was written."""

    def __init__(self, here: Office = OFFICE, dialler: Dialler | None = None) -> None:
        self.office = here
        self.dialler = dialler
        self.core = Callbacks(here, dialler)
        self.books = Books()
        self.facts: list[Fact] = []
        self.now = 0.0
        self._requests = 0

    # --- driving -----------------------------------------------------------------------------------------------------

    def _took(self, facts: list[Fact]) -> list[Fact]:
        for fact in facts:
            if not isinstance(fact, Hint):
                self.books.write(fact)
        self.facts += facts
        return facts

    def until(self, t: float) -> None:
        """Let time pass."""
        assert t >= self.now
        self.now = t
        while (wake := self.core.next_timer()) is not None and wake <= after(t):
            self._took(self.core.handle(TimePassed(pbx="", at=wake)))
            assert self.core.next_timer() != wake

    def late(self, t: float) -> list[Fact]:
        """Time passed while nobody looked: one TimePassed for all of it."""
        self.now = t
        return self._took(self.core.handle(TimePassed(pbx="", at=after(t))))

    def hear(self, fact: Fact) -> list[Fact]:
        """One fact, after whatever fell due before it."""
        self.until((fact.at - T0).total_seconds())
        return self._took(self.core.handle_fact(fact))

    def restart(self, t: float, here: Office | None = None) -> list[Fact]:
        """The daemon starts anew from what was written; what fell due meanwhile is left to `until` or `late`."""
        self.now = t
        self.office = here or self.office
        self.core = Callbacks(self.office, self.dialler)
        return self._took(self.core.restore(self.books.open_rows(), after(t)))

    # --- callers -----------------------------------------------------------------------------------------------------

    def left(self, t: float, key: str, caller: str | None = ANN, on: str = "enquiries", **more: Any) -> list[Fact]:
        """A message is left, and known at once (or `known_at`)."""
        known_at = more.pop("known_at", t)
        told = {"heard": more.pop("heard", False), "news": more.pop("news", "")}
        values: dict[str, Any] = {
            "pbx": "lab",
            "key": key,
            "mailbox": "600@default",
            "msg_id": None,
            "uniqueid": None,
            "channel": None,
            "line": on,
            "caller": caller,
            "began_at": None,
            "left_at": after(t),
            "duration": 9,
            "quality": Quality.COMPLETE,
            "status": MessageStatus.FILED,
        }
        message = Message(**(values | more))
        return self.hear(MessageKnown(pbx="lab", at=after(known_at), message=message, first=True, **told))

    def news(self, t: float, key: str, *, news: str = "", heard: bool = False, **changed: Any) -> list[Fact]:
        """More is known of a message."""
        message = replace(self.books.messages[key], **changed)
        return self.hear(MessageKnown(pbx="lab", at=after(t), message=message, first=False, news=news, heard=heard))

    def rang_in(
        self, t: float, uniqueid: str, caller: str | None = ANN, on: str = "enquiries", **more: Any
    ) -> list[Fact]:
        """A caller is answered."""
        seen = call(uniqueid, on, caller=caller, answered_at=after(t), answered_by="PJSIP/101", **more)
        return self.hear(CallAnswered(pbx="lab", at=after(t), call=seen))

    def ended(self, t: float, uniqueid: str, outcome: Outcome, caller: str | None = ANN, **more: Any) -> list[Fact]:
        """A call is decided, two seconds after its end."""
        on = more.pop("on", "enquiries")
        seen = call(uniqueid, on, caller=caller, outcome=outcome, ended_at=after(t - 2), **more)
        return self.hear(CallEnded(pbx="lab", at=after(t), call=seen))

    # --- the office dials --------------------------------------------------------------------------------------------

    def dial(self, t: float, uniqueid: str, to: str = ANN, telephone: str = "PJSIP/101") -> list[Fact]:
        """A telephone dials a caller."""
        number = canonical(to)
        assert number is not None
        return self._dial(
            t, Callout(pbx="lab", uniqueid=uniqueid, caller=number, telephone=telephone, begun_at=after(t))
        )

    def _dial(self, t: float, dial: Callout) -> list[Fact]:
        return self.hear(CalloutSeen(pbx="lab", at=after(t), callout=dial))

    def _known(self, uniqueid: str) -> Callout:
        return replace(self.books.callouts[uniqueid], task=None)

    def rings(self, t: float, uniqueid: str) -> list[Fact]:
        """The far end rings."""
        return self._dial(t, replace(self._known(uniqueid), ring_start=after(t)))

    def answers(self, t: float, uniqueid: str) -> list[Fact]:
        """The far end picks up."""
        return self._dial(t, replace(self._known(uniqueid), answered_at=after(t)))

    def over(self, t: float, uniqueid: str, result: CalloutResult = CalloutResult.NO_ANSWER) -> list[Fact]:
        """The dial is over; connected if it was answered."""
        known = self._known(uniqueid)
        result = CalloutResult.CONNECTED if known.answered_at else result
        return self._dial(t, replace(known, ended_at=after(t), result=result))

    def attempt(self, t: float, uniqueid: str, *, rings: float = 5, talks: float = 0, to: str = ANN) -> None:
        """A whole dial: it rings after a second for so long, and if answered is talked on."""
        self.dial(t, uniqueid, to)
        self.rings(t + 1, uniqueid)
        if talks:
            self.answers(t + 1 + rings, uniqueid)
        self.over(t + 1 + rings + talks, uniqueid)

    # --- people ------------------------------------------------------------------------------------------------------

    def ask(self, t: float, action: TaskAction, who: str = "Alice", number: int = 1, **more: Any) -> list[Fact]:
        """A person asks; IllegalTransition is raised to whoever calls."""
        self.until(t)
        if "request" not in more:
            self._requests += 1
            more["request"] = f"r{self._requests}"
        return self._took(
            self.core.handle(TaskAsked(pbx="lab", at=after(t), number=number, action=action, who=who, **more))
        )

    def close(self, t: float, outcome: TaskOutcome, who: str = "Alice", number: int = 1) -> list[Fact]:
        """A person ends a task."""
        return self.ask(t, CLOSE, who, number, outcome=outcome)

    def erase(self, t: float, **more: Any) -> list[Fact]:
        """A person asks for erasure."""
        self.until(t)
        self._requests += 1
        asked: dict[str, Any] = {"pbx": "lab", "who": "Dora", "request": f"e{self._requests}", "why": "GDPR"}
        return self._took(self.core.handle(ErasureAsked(at=after(t), **(asked | more))))

    # --- what became of it -------------------------------------------------------------------------------------------

    def task(self, number: int = 1) -> Task:
        """A task as it was last written."""
        return self.books.tasks[number]

    def state(self, number: int = 1) -> TaskState:
        """A task's state."""
        return self.task(number).state

    def filing(self, key: str) -> Filing:
        """A message's place as it was last written."""
        return self.books.filings[key]

    def steps(self, number: int = 1) -> list[TaskStep]:
        """A task's history, the steps alone."""
        return [entry.step for entry in self.books.entries[number]]

    def said(self, number: int = 1) -> str:
        """The last word of a task's history."""
        return self.books.entries[number][-1].why

    def told(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Who was told of what, in order."""
        return ((notice.kind.value, notice.to) for notice in self.books.notices.values())


def own_line(**changed: Any) -> Line:
    """The line of enquiries with something else about it."""
    return replace(ENQUIRIES, **changed)
