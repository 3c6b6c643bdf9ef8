"""Who waits: found by the last digits exactly where comparing with each of them finds somebody."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from callcentre.core.numbers import canonical, reaches
from callcentre.core.tasks import Task
from callcentre.core.terms import TaskSource, TaskState
from callcentre.core.wanted import Wanted
from tests.unit.core.happenings import NOON, at

TASK = Task(
    pbx="lab",
    number=1,
    line="enquiries",
    caller="01632960123",
    source=TaskSource.VOICEMAIL,
    state=TaskState.OPEN,
    opened_at=NOON,
    due=NOON,
    act_by=NOON,
    entries=1,
)
PREFIXES = st.sampled_from(["", "0", "9", "00", "+", "44", "+44", "0044", "90044"])
SPELLINGS = st.builds("{}{}".format, PREFIXES, st.text("0123", max_size=11))
CALLERS = SPELLINGS.map(canonical).filter(bool)


@given(st.sets(CALLERS, max_size=12), SPELLINGS)
def test_whom_dialling_reaches_is_found_if_there_is_any(callers: set[str], dialled: str) -> None:
    wanted = Wanted()
    for number, caller in enumerate(callers):
        wanted.missed(caller, at(number))
    reached = {caller for caller in callers if reaches(dialled, caller)}
    found = wanted.reached_by(dialled, at(100))
    assert found in reached if reached else found is None
    if canonical(dialled) in reached:
        assert found == canonical(dialled), "the very number before one that ends like it"


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from("ABC"), st.sampled_from(TaskState)), max_size=20))
def test_a_number_waits_as_long_as_there_is_any_reason(steps: list[tuple[int, str, TaskState]]) -> None:
    numbers = {"A": "01632960001", "B": "01632960002", "C": "07700900003"}
    wanted, tasks = Wanted(), dict[int, Task]()
    for number, name, state in steps:
        tasks[number] = replace(TASK, number=number, caller=numbers[name], state=state)
        wanted.waits(tasks[number])
    waiting = {task.caller for task in tasks.values() if task.state is not TaskState.CLOSED}
    for dialled in numbers.values():
        assert (wanted.reached_by(dialled, at(1)) == dialled) is (dialled in waiting)
    assert bool(wanted) is bool(waiting)


def test_a_missed_caller_whose_time_is_over_still_waits_for_a_task() -> None:
    wanted = Wanted()
    wanted.missed("01632960123", NOON)
    wanted.waits(TASK)
    later = NOON + timedelta(days=15)
    assert wanted.reached_by("01632960123", later) == "01632960123"
    wanted.waits(replace(TASK, state=TaskState.CLOSED))
    assert wanted.reached_by("01632960123", later) is None
    assert not wanted
