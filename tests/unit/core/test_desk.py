"""One change of one task: all of it or nothing, and what stands in a history."""

from dataclasses import replace

import pytest

from callcentre.core.desk import Held, Work, named, plain
from callcentre.core.errors import IllegalTransition
from callcentre.core.promises import Promises
from callcentre.core.tasks import Filing
from callcentre.core.terms import TaskOutcome, TaskState, TaskStep
from tests.playbooks.callback_story import OFFICE, after
from tests.unit.core.test_task_states import task

PROMISES = Promises(OFFICE)


def filing(key: str = "a", left: float = 0, **changed: object) -> Filing:
    """A message's place in task 12."""
    made = PROMISES.filing(pbx="lab", key=key, task=12, line="enquiries", left_at=after(left))
    return replace(made, **changed)  # type: ignore[arg-type]


def work(state: TaskState = TaskState.OPEN, *filings: Filing, at: float = 100, **row: object) -> Work:
    """A change of a task at hand."""
    return Work(Held(task=task(state, **row), filings={f.key: f for f in filings}), after(at), PROMISES)


def test_nothing_is_so_before_it_is_done() -> None:
    change = work(TaskState.OPEN, filing())
    change.step(TaskStep.CLAIMED, "", to=TaskState.CLAIMED, holder="Alice")
    change.respond(after(50), after(60), None)
    assert (change.held.task, change.held.filings) == (task(TaskState.OPEN), {"a": filing()})
    fact = change.done()
    assert (change.held.task, fact.task) == (change.task, change.task)
    assert [f.key for f in fact.responded] == ["a"]


def test_entries_count_on_from_what_was_written() -> None:
    change = work()
    change.step(TaskStep.NOTED, "one", who="Alice", request="k")
    change.step(TaskStep.NOTED, "two")
    entries = change.done().entries
    assert [(e.seq, e.who, e.request, e.at) for e in entries] == [
        (2, "Alice", "k", after(100)),
        (3, "callcentre", None, after(100)),
    ]
    assert change.task.entries == 3


def test_a_step_that_the_table_has_not_leaves_no_entry() -> None:
    change = work()
    with pytest.raises(IllegalTransition, match="claim it first"):
        change.step(TaskStep.RENEWED, "")
    assert not change.touched
    assert change.done().entries == ()


def test_a_filing_put_back_as_it_was_is_no_change() -> None:
    change = work(TaskState.OPEN, filing())
    change.file(filing())
    before = change.touched
    change.file(filing(playable=True))
    assert (before, change.touched) == (False, True)
    assert [f.key for f in change.done().filings] == ["a"]


def test_what_is_answered_no_longer_presses() -> None:
    change = work(TaskState.OPEN, filing("a"), filing("b", 3600))
    change.settle()
    assert change.task.due == filing("a").due
    change.respond(after(50), after(60), after(60))
    change.settle()
    assert (change.task.due, change.task.act_by) == (filing("b", 3600).due, filing("b", 3600).act_by)
    last = change.task.due
    change.respond(after(7200), after(7201), None)
    change.settle()
    assert change.task.due == last, "of the last known"


def test_a_new_deadline_forgets_what_was_told_of_the_old_one() -> None:
    change = work(TaskState.OPEN, filing("a"), alarms=("warning",), due=filing("a").due, act_by=filing("a").act_by)
    change.file(filing("b", 60))
    change.settle()
    told = [change.task.alarms]
    change.file(filing("c", -60))
    change.settle()
    assert [*told, change.task.alarms] == [("warning",), ()]


@pytest.mark.parametrize(
    ("answered", "closed", "in_time"),
    [(60, 10**6, True), (None, 24 * 3600, True), (None, 24 * 3600 + 1, False), (24 * 3600 + 1, 10**6, False)],
)
def test_in_time_is_the_answer_or_else_the_end(answered: float | None, closed: float, in_time: bool) -> None:
    responded_at = None if answered is None else after(answered)
    change = work(TaskState.OPEN, filing(responded_at=responded_at), at=closed)
    change.close(TaskOutcome.DONE, "", who="Alice")
    assert change.task.in_time is in_time


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("call 01632 960123 now", "call …123 now"),
        ("(01632) 960-123", "…123"),
        ("+44 (0)1632 960123.", "…123."),
        ("07700900123/07700900456", "…456"),
        ("on 2026-11-25 at 10:00, room 123456", "on 2026-11-25 at 10:00, room 123456"),
        ("a\r\nb\u2028c\x00d", "a b c d"),
        ("\u202etxt", "txt"),
        ("x" * 600, "x" * 500),
        ("", ""),
    ],
)
def test_what_is_written_is_one_line_without_numbers(written: str, kept: str) -> None:
    assert plain(written) == kept


def test_a_name_is_as_plain() -> None:
    assert named("  Alice \n Smith ") == "Alice Smith"
    with pytest.raises(IllegalTransition, match="say who asks"):
        named(" \t")
