"""The table of a task's states, cell by cell, and what is said where it has no step."""

import pytest

from callcentre.core.calendar import Calendar
from callcentre.core.errors import IllegalTransition
from callcentre.core.task_states import ALIVE, FREE, TABLE, diagram, refusal, require, staying
from callcentre.core.tasks import Task
from callcentre.core.terms import TaskOutcome, TaskSource, TaskState, TaskStep
from tests.playbooks.callback_story import ENQUIRIES, after

CALENDAR = Calendar(ENQUIRIES)
S, T = TaskState, TaskStep

CELLS: dict[str, dict[str, str]] = {
    # step            open        claimed     dialling               reached     unanswered  closed      reopened
    "opened": {"open": "open"},
    "claimed": dict.fromkeys(("open", "unanswered", "reopened"), "claimed"),
    "renewed": {"claimed": "claimed", "dialling": "dialling", "reached": "reached"},
    "released": {"claimed": "open unanswered reopened", "reached": "open"},
    "lapsed": {"claimed": "open unanswered reopened", "reached": "open"},
    "dialled": {
        **dict.fromkeys(("open", "claimed", "dialling", "unanswered", "reopened"), "dialling"),
        "reached": "reached",
    },
    "dial_asked": {"claimed": "claimed", "reached": "reached"},
    "scheduled": {
        **{state: state for state in ("open", "unanswered", "reopened")},
        "claimed": "open unanswered reopened claimed",
        "reached": "open reached",
    },
    "assigned": {**dict.fromkeys(("open", "claimed", "unanswered", "reopened"), "claimed"), "reached": "reached"},
    "undone": {
        **{state: f"claimed reached {state}" for state in ("open", "unanswered", "reopened")},
        **{state: state for state in ("claimed", "dialling", "reached")},
        "closed": "claimed reached",
    },
    "connected": {"dialling": "reached", "reached": "reached"},
    "not_connected": {"dialling": "unanswered dialling", "reached": "reached"},
    "closed": dict.fromkeys(("open", "claimed", "reached", "unanswered", "reopened"), "closed"),
    "erased": dict.fromkeys(TaskState, "closed"),
    "reopened": {"closed": "reopened"},
    **{step: {state: state for state in TaskState} for step in ("heard", "noted", "flagged", "complaint", "follow_up")},
    **{
        step: {state: state for state in TaskState if state != "closed"}
        for step in (
            *("message_joined", "message_changed", "number_typed", "responded", "got_through"),
            *("acknowledged", "deadline_changed", "warned", "overdue", "escalated"),
        )
    },
}


def task(state: TaskState, **changed: object) -> Task:
    """A task in a state."""
    values: dict[str, object] = {
        "pbx": "lab",
        "number": 12,
        "line": "enquiries",
        "caller": None,
        "source": TaskSource.VOICEMAIL,
        "state": state,
        "opened_at": after(0),
        "due": after(60),
        "act_by": after(60),
        "entries": 1,
    }
    return Task(**(values | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize("step", TaskStep)
@pytest.mark.parametrize("state", TaskState)
def test_every_cell_of_the_table(state: TaskState, step: TaskStep) -> None:
    expected = {TaskState(word) for word in CELLS[step].get(state, "").split()}
    assert TABLE.get((state, step), frozenset()) == expected
    for target in TaskState:
        if target in expected:
            require(task(state), step, target, CALENDAR)
        else:
            with pytest.raises(IllegalTransition, match="task 12"):
                require(task(state), step, target, CALENDAR)


def test_every_state_can_be_reached_and_left() -> None:
    reached, edge = {S.OPEN}, {S.OPEN}
    while edge:
        edge = {after for (state, _), many in TABLE.items() if state in edge for after in many} - reached
        reached |= edge
    assert reached == set(TaskState)
    for state in TaskState:
        assert any(after - {state} for (known, _), after in TABLE.items() if known is state)


def test_only_waiting_tasks_can_be_claimed_and_all_but_closed_ones_are_alive() -> None:
    assert {state for (state, step) in TABLE if step is T.CLAIMED} == FREE
    assert {state for state in TaskState if state is not S.CLOSED} == ALIVE


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            task(S.CLAIMED, holder="Alice", lease_until=after(2700)),
            "task 12 is claimed by Alice until 10:45; ask Alice to release it, or wait",
        ),
        (task(S.CLAIMED, holder="Alice"), "task 12 is claimed by Alice; ask Alice to release it, or wait"),
        (task(S.DIALLING), "task 12 is being dialled; wait until that call ends"),
        (task(S.REACHED), "task 12: its caller was reached; close it, or release it if there is more to do"),
        (task(S.UNANSWERED), "task 12 is unanswered, and nobody has claimed it; claim it first"),
        (
            task(S.CLOSED, closed_by="Bob", outcome=TaskOutcome.WRONG_NUMBER),
            "task 12 was closed by Bob (wrong number); reopen it first",
        ),
    ],
    ids=lambda given: "" if isinstance(given, str) else given.state.value,
)
def test_a_refusal_says_what_to_do_instead(given: Task, words: str) -> None:
    assert refusal(given, CALENDAR) == words


def test_a_refusal_tells_the_time_of_the_lines_clocks() -> None:
    summer = after(0).replace(month=7, hour=9, minute=45)
    assert "until 10:45" in refusal(task(S.CLAIMED, holder="Alice", lease_until=summer), CALENDAR)


def test_the_diagram_draws_what_leads_somewhere_and_nothing_else() -> None:
    drawn = set()
    for row in diagram().splitlines()[2:]:
        path, _, steps = row.partition(": ")
        before, after_ = path.split("-->")
        drawn |= {(before.strip(), step, after_.strip()) for step in steps.split(", ")}
    leads = {(s.value, t.value, a.value) for (s, t), many in TABLE.items() for a in many if a is not s}
    assert drawn == leads
    assert diagram().splitlines()[:2] == ["stateDiagram-v2", "    [*] --> open: opened"]


def test_what_stays_is_told_by_step() -> None:
    assert staying()[T.RENEWED] == (S.CLAIMED, S.DIALLING, S.REACHED)
    assert T.CLOSED not in staying()
