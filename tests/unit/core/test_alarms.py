"""What is told of a callback that is not made: when, to whom, how often."""

from dataclasses import replace
from datetime import timedelta

import pytest

from callcentre.core.alarms import alarms, next_alarm, raise_due
from callcentre.core.charter import EscalationStep
from callcentre.core.terms import NoticeKind, TaskState, TaskStep
from tests.playbooks.callback_story import ANN, ENQUIRIES, HOUR, after
from tests.unit.core.test_desk import filing, work
from tests.unit.core.test_task_states import task

DUE = {"due": filing().due, "act_by": filing().act_by}
HERE = replace(ENQUIRIES, warn_before=timedelta(hours=3))


def test_alarms_come_in_the_order_of_their_times() -> None:
    planned = list(alarms(HERE, task(TaskState.OPEN, **DUE), waits=True))
    assert [(alarm.kind, alarm.at, alarm.to) for alarm in planned] == [
        (NoticeKind.WARNING, after(21 * HOUR), ("desk",)),
        (NoticeKind.OVERDUE, after(24 * HOUR), ("desk",)),
        (NoticeKind.ESCALATION, after(24 * HOUR), ("lead",)),
        (NoticeKind.ESCALATION, after(26 * HOUR), ("lead", "boss")),
    ]
    assert len({alarm.name for alarm in planned}) == 4


def test_steps_at_one_moment_are_one_and_everybody_is_told() -> None:
    steps = tuple(EscalationStep(after=timedelta(hours=1), tell=tell) for tell in (("a", "b"), ("b", "c")))
    planned = list(alarms(replace(HERE, escalation=steps), task(TaskState.OPEN, **DUE), waits=True))
    assert [alarm.to for alarm in planned][2:] == [("a", "b", "c")]


def test_a_step_added_later_does_not_repeat_the_others() -> None:
    given = task(
        TaskState.OPEN,
        **DUE,
        alarms=tuple(alarm.name for alarm in alarms(HERE, task(TaskState.OPEN, **DUE), waits=True)),
    )
    more = (EscalationStep(after=timedelta(minutes=30), tell=("new",)), *HERE.escalation)
    assert [alarm.to for alarm in alarms(replace(HERE, escalation=more), given, waits=True)] == [("new",)]


def test_there_is_nothing_to_tell_of_what_is_answered() -> None:
    assert next_alarm(HERE, task(TaskState.OPEN, **DUE), [filing()]) == after(21 * HOUR)
    assert next_alarm(HERE, task(TaskState.OPEN, **DUE), []) is None
    change = work(TaskState.OPEN, filing(responded_at=after(1)), at=30 * HOUR, **DUE)
    raise_due(change, HERE)
    assert not change.touched


def test_what_is_told_is_told_once_for_its_deadline() -> None:
    change = work(TaskState.OPEN, filing(), at=25 * HOUR, caller=ANN)
    raise_due(change, HERE)
    raise_due(change, HERE)
    fact = change.done()
    assert [entry.step for entry in fact.entries] == [TaskStep.WARNED, TaskStep.OVERDUE, TaskStep.ESCALATED]
    assert [notice.kind for notice in fact.notices] == [NoticeKind.WARNING, NoticeKind.OVERDUE, NoticeKind.ESCALATION]
    assert {notice.key for notice in fact.notices} == {
        f"lab/task 12/2026-11-25T10:00:00+00:00/{name}" for name in ("warning", "overdue", "escalation after 0 s")
    }
    assert [notice.at for notice in fact.notices] == [after(25 * HOUR)] * 3


def test_where_nobody_is_named_the_history_says_so_and_the_notice_is_for_nobody() -> None:
    change = work(TaskState.OPEN, filing(), at=25 * HOUR)
    raise_due(change, replace(HERE, tell=(), escalation=()))
    fact = change.done()
    assert [notice.to for notice in fact.notices] == [(), ()]
    assert fact.entries[0].why.endswith("nobody is named to be told")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"caller": ANN}, "claim the task, call back"),
        ({"caller": None}, "by a withheld number"),
        ({"caller": None}, "type in the number it gives"),
        ({"caller": None, "dial": ANN}, "claim the task, call back"),
        ({"holder": "Alice"}, "It is claimed by Alice."),
        (
            {"attempts": 2, "last_attempt_at": after(60)},
            "Attempts so far: 2, the last on Tuesday 24 November 2026 at 10:01.",
        ),
        ({"got_through_at": after(60)}, "close the task as got through"),
    ],
)
def test_a_notice_says_what_to_do(row: dict[str, object], words: str) -> None:
    change = work(TaskState.OPEN, filing(), filing("b", 60), at=25 * HOUR, **row)
    raise_due(change, HERE)
    text = change.notices[0].text
    assert words in text
    assert "2 of this caller's messages wait." in text
    assert filing().due_reason in text
    assert ANN not in text


def test_how_late_it_is_stands_in_the_title() -> None:
    late = replace(HERE, escalation=(EscalationStep(after=timedelta(minutes=150), tell=("boss",)),))
    change = work(TaskState.OPEN, filing(), at=30 * HOUR)
    raise_due(change, late)
    title = change.notices[-1].title
    assert title == (
        "enquiries: callback 12 still not done, 2 h 30 min after it was due on Wednesday 25 November 2026 at 10:00"
    )


def test_a_step_at_the_deadline_itself_is_not_late() -> None:
    change = work(TaskState.OPEN, filing(), at=24 * HOUR)
    raise_due(change, HERE)
    assert change.notices[-1].title.endswith("still not done, and was due on Wednesday 25 November 2026 at 10:00")


def test_a_caller_who_gave_up_is_no_message() -> None:
    change = work(TaskState.OPEN, filing(""), at=25 * HOUR, caller=ANN, call="9.1")
    raise_due(change, HERE)
    assert "The caller who gave up waiting on Tuesday 24 November 2026 at 10:00, …123" in change.notices[0].text
