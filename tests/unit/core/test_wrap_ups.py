"""What agents say of calls: once, changed by saying it again, with one follow-up for each call."""

from dataclasses import replace
from typing import Any

import pytest

from callcentre.core.centre import CallCentre
from callcentre.core.errors import IllegalTransition
from callcentre.core.events import TimePassed
from callcentre.core.facts import CallWrapped, Fact, OpenRows, TaskChanged
from callcentre.core.requests import TaskAction, TaskAsked, WrapUpAsked
from callcentre.core.tasks import Task, WrapUp
from callcentre.core.terms import CallKey, TaskOutcome, TaskSource, TaskState, TaskStep, WrapKind
from tests.playbooks.callback_story import ANN, BEN, HOUR, OFFICE, after

RESOLVED, FOLLOW_UP = WrapKind.RESOLVED, WrapKind.FOLLOW_UP


class Desk:
    """A centre that agents speak to after calls."""

    def __init__(self) -> None:
        self.core = CallCentre(OFFICE)
        self.core.restore(OpenRows(), after(0))
        self.tasks: dict[int, Task] = {}
        self.wraps: dict[tuple[str, str], WrapUp] = {}
        self.asked = 0

    def say(self, t: float, kind: WrapKind, call: str = "9.1", who: str = "Alice", **more: Any) -> list[Fact]:
        self.asked += 1
        told: dict[str, Any] = {"line": "enquiries", "caller": "+44 1632 960123", "request": f"w{self.asked}"}
        key = CallKey("lab", call)
        return self.take(
            WrapUpAsked(pbx="lab", at=after(t), call=key, kind=kind, who=who, **told | more),
        )

    def take(self, event: Any) -> list[Fact]:
        facts = list(self.core.handle(event).facts)
        for fact in facts:
            if isinstance(fact, CallWrapped):
                self.wraps[fact.wrap.uniqueid, fact.wrap.who] = fact.wrap
            if isinstance(fact, TaskChanged) and fact.task is not None:
                self.tasks[fact.task.number] = fact.task
        return facts

    def restart(self, t: float, *, wraps: bool = True) -> None:
        alive = tuple(task for task in self.tasks.values() if task.state is not TaskState.CLOSED)
        self.core = CallCentre(OFFICE)
        latest = {"lab": max(self.tasks)} if self.tasks else {}
        said = tuple(self.wraps.values()) if wraps else ()
        self.core.restore(OpenRows(tasks=alive, latest=latest, wraps=said), after(t))

    def close(self, t: float, number: int) -> None:
        asked = TaskAsked(
            pbx="lab",
            at=after(t),
            number=number,
            action=TaskAction.CLOSE,
            who="Bob",
            request=f"c{number}",
            outcome=TaskOutcome.DONE,
        )
        self.take(asked)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("kind", [RESOLVED, WrapKind.COMPLAINT, WrapKind.ABUSIVE])
def test_a_call_is_wrapped_up_in_one_tap(desk: Desk, kind: WrapKind) -> None:
    fact, *_case_or_incident = desk.say(10, kind, why=" shouted\nat me from 07700 900061 ")
    assert fact == CallWrapped(
        pbx="lab",
        at=after(10),
        wrap=WrapUp(
            pbx="lab",
            uniqueid="9.1",
            who="Alice",
            at=after(10),
            line="enquiries",
            caller=ANN,
            kind=kind,
            why="shouted at me from …061",
        ),
    )
    assert desk.tasks == {}


def test_said_again_by_the_same_agent_it_is_changed_and_by_another_it_is_theirs(desk: Desk) -> None:
    desk.say(10, RESOLVED)
    assert desk.say(11, RESOLVED) == [], "nothing new"
    desk.say(12, WrapKind.COMPLAINT)
    desk.say(13, RESOLVED, who="Bob")
    assert {key: wrap.kind for key, wrap in desk.wraps.items()} == {
        ("9.1", "Alice"): WrapKind.COMPLAINT,
        ("9.1", "Bob"): RESOLVED,
    }


def test_a_request_is_carried_out_once(desk: Desk) -> None:
    assert desk.say(10, RESOLVED, request="k")
    assert desk.say(11, WrapKind.ABUSIVE, request="k") == []


def test_a_follow_up_is_a_task_due_as_if_a_message_were_left_now(desk: Desk) -> None:
    changed, wrapped = desk.say(10, FOLLOW_UP, why="the doctor rings back")
    assert isinstance(changed, TaskChanged)
    assert isinstance(wrapped, CallWrapped)
    task = desk.tasks[1]
    assert (task.source, task.caller, task.call, task.line) == (TaskSource.FOLLOW_UP, ANN, "9.1", "enquiries")
    assert (task.opened_at, task.due) == (after(10), after(10 + 24 * HOUR))
    (entry,) = changed.entries
    assert (entry.step, entry.who, entry.why) == (TaskStep.OPENED, "Alice", "promised in a call; the doctor rings back")
    assert wrapped.wrap.task == 1


def test_one_follow_up_for_each_call_whoever_promises_it(desk: Desk) -> None:
    desk.say(10, FOLLOW_UP)
    (wrapped,) = desk.say(11, FOLLOW_UP, who="Bob")
    assert isinstance(wrapped, CallWrapped)
    assert wrapped.wrap.task == 1
    (wrapped,) = desk.say(12, RESOLVED)
    assert isinstance(wrapped, CallWrapped)
    assert (wrapped.wrap.kind, wrapped.wrap.task) == (RESOLVED, 1), "the task that was opened stays named"
    desk.say(13, FOLLOW_UP)
    desk.close(14, 1)
    desk.say(15, FOLLOW_UP, why="once more")
    assert set(desk.tasks) == {1}


def test_another_call_of_a_caller_who_waits_for_a_follow_up_is_noted_there(desk: Desk) -> None:
    desk.say(10, FOLLOW_UP)
    noted, wrapped = desk.say(60, FOLLOW_UP, "9.2", caller=ANN)
    assert isinstance(noted, TaskChanged)
    assert isinstance(wrapped, CallWrapped)
    assert (noted.entries[0].step, noted.entries[0].why) == (TaskStep.NOTED, "promised once more, in another call")
    assert (set(desk.tasks), wrapped.wrap.task) == ({1}, 1)
    desk.say(70, FOLLOW_UP, "9.3", caller=BEN)
    desk.say(71, FOLLOW_UP, "9.4", line="orders")
    assert set(desk.tasks) == {1, 2, 3}


def test_a_caller_without_a_number_gets_a_task_without_one(desk: Desk) -> None:
    desk.say(10, FOLLOW_UP, caller=None)
    desk.say(11, FOLLOW_UP, "9.2", caller="anonymous")
    assert [(task.caller, task.call) for task in desk.tasks.values()] == [(None, "9.1"), (None, "9.2")]


def test_after_a_restart_nothing_is_promised_twice(desk: Desk) -> None:
    desk.say(10, FOLLOW_UP)
    desk.restart(20)
    assert desk.say(21, FOLLOW_UP) == []
    desk.restart(30, wraps=False)  # a call of the day before: its task is known as long as it waits
    (wrapped,) = desk.say(31, FOLLOW_UP)
    assert isinstance(wrapped, CallWrapped)
    assert wrapped.wrap.task == 1
    desk.close(40, 1)
    desk.restart(50)
    assert desk.say(51, FOLLOW_UP) == []
    assert set(desk.tasks) == {1}


def test_a_follow_up_is_watched_after_a_restart(desk: Desk) -> None:
    desk.say(10, FOLLOW_UP)
    desk.restart(20)
    facts = desk.take(TimePassed(pbx="", at=after(25 * HOUR)))
    raised = [entry.step for fact in facts if isinstance(fact, TaskChanged) for entry in fact.entries]
    assert raised[:2] == [TaskStep.WARNED, TaskStep.OVERDUE]


def test_what_cannot_be(desk: Desk) -> None:
    with pytest.raises(IllegalTransition, match="nobody is named"):
        desk.say(10, RESOLVED, who=" ")
    asked = WrapUpAsked(
        pbx="lab",
        at=after(10),
        call=CallKey("nowhere", "9.1"),
        line="enquiries",
        caller=None,
        kind=FOLLOW_UP,
        who="Alice",
        request="k",
    )
    with pytest.raises(IllegalTransition, match="no PBX that is configured"):
        desk.take(asked)
    assert desk.take(replace(asked, call=CallKey("lab", "9.1"))), "refused, it may be asked again"
