"""Messages under a charter that promises to acknowledge them (WME 4.1): told in 5 working days, answered in 15."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from callcentre.core.calendar import Calendar
from callcentre.core.charter import DeadlineRule, EscalationStep, RuleName
from callcentre.core.errors import IllegalTransition
from callcentre.core.facts import TaskChanged
from callcentre.core.requests import TaskAction
from callcentre.core.tasks import Notice
from callcentre.core.terms import AckHow, MessageStatus, Outcome, TaskOutcome, TaskSource, TaskState, TaskStep
from tests.playbooks.callback_story import ANN, BEN, CLAIM, HOUR, OFFICE, REOPEN, T0, UNDO, Story, after
from tests.unit.core.offices import charter, day, line, office, week

ACK = TaskAction.ACKNOWLEDGE
S = TaskStep
HOURS = week("09:00-17:00")
WME = charter(
    name="wme",
    version=2,
    answer_seconds=None,
    answer_rings=None,
    answer_fraction=None,
    hours=HOURS,
    message_rule=DeadlineRule(RuleName.WORKING_DAYS, 15),
    acknowledge_rule=DeadlineRule(RuleName.WORKING_DAYS, 5),
)
DESK = line(
    charter=WME,
    hours=HOURS,
    tell=("desk",),
    escalation=(EscalationStep(after=2 * (after(HOUR) - T0), tell=("lead",)),),
)
SILENT = replace(WME, version=1, acknowledge_rule=None)
WMEO = office(DESK, line("orders", hours=HOURS))


def at(text: str) -> datetime:
    """`2026-12-01 17:00`: winter, so London's clocks show UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def t(text: str) -> float:
    """That time as seconds after T0, Tuesday 24 November 2026, 10:00."""
    return (at(text) - T0).total_seconds()


@pytest.fixture
def story() -> Story:
    return Story(WMEO)


def acknowledged(story: Story) -> list[tuple[str, datetime | None]]:
    """What was told to be acknowledged, in order, as the metrics hear it."""
    changes = (fact for fact in story.facts if isinstance(fact, TaskChanged))
    return [(filing.key, filing.acknowledged_at) for change in changes for filing in change.acknowledged]


def notices(story: Story, kind: str = "") -> Iterator[Notice]:
    """What people were told of acknowledgements."""
    return (
        one for one in story.books.notices.values() if "acknowledged" in one.title and one.kind.value.startswith(kind)
    )


# --- the clock --------------------------------------------------------------------------------------------------------


def test_a_message_has_both_clocks_each_with_its_reasons(story: Story) -> None:
    story.left(0, "a")
    filing, task = story.filing("a"), story.task()
    assert (filing.ack_due, filing.ack_act_by) == (at("2026-12-01 17:00"), at("2026-12-01 17:00"))
    assert filing.due == at("2026-12-15 17:00")
    assert (task.ack_due, task.ack_act_by, task.due) == (filing.ack_due, filing.ack_act_by, filing.due)
    assert "5 working days" in (filing.ack_reason or "")
    assert "Tuesday 1 December 2026 at 17:00" in (filing.ack_reason or "")
    assert "15 working days" in filing.due_reason


@pytest.mark.parametrize(
    ("left", "due"),
    [
        ("2026-12-22 10:00", "2026-12-31 17:00"),  # two days of Christmas, the second one observed on Monday
        ("2026-12-24 17:00", "2027-01-06 17:00"),  # received on Tuesday 29th; New Year's Day in between
        ("2026-12-25 12:00", "2027-01-06 17:00"),
        ("2027-03-25 18:00", "2027-04-06 17:00"),  # Easter, and the clocks go forward: told in London's time
    ],
)
def test_bank_holidays_are_passed_over(story: Story, left: str, due: str) -> None:
    story.left(t(left), "a")
    expected = at(due) if due < "2027-03-28" else at(due).replace(hour=16)
    assert story.filing("a").ack_due == expected


@pytest.mark.parametrize("on", ["enquiries", "orders"])
def test_where_it_is_not_promised_there_is_no_such_clock(on: str) -> None:
    story = Story(OFFICE)
    story.left(0, "a", on=on)
    story.attempt(60, "d1", talks=30)
    filing = story.filing("a")
    assert (filing.ack_due, filing.ack_act_by, filing.ack_reason, filing.acknowledged_at) == (None, None, None, None)
    assert (story.task().ack_due, acknowledged(story), story.core.unacknowledged(after(HOUR))) == (None, [], {})
    story.left(HOUR, "b", BEN, on=on)
    with pytest.raises(IllegalTransition, match="nothing in task 2 waits to be acknowledged"):
        story.ask(HOUR + 1, ACK, number=2, how=AckHow.TEXT)


def test_who_left_no_message_waits_for_a_call_alone() -> None:
    story = Story(office(replace(DESK, callback_abandoned=True)))
    story.ended(10, "9.1", Outcome.ABANDONED)
    assert (story.task().source, story.task().ack_due) == (TaskSource.ABANDONED, None)
    story.left(60, "a")
    assert story.task().ack_due == story.filing("a").ack_due == at("2026-12-01 17:00")


# --- told -------------------------------------------------------------------------------------------------------------


def test_a_person_says_how_the_caller_was_told(story: Story) -> None:
    story.left(0, "a")
    story.ask(HOUR, ACK, "Bob", how=AckHow.EMAIL, why="rang 01632960999 first")
    assert story.filing("a").acknowledged_at == after(HOUR)
    assert (story.task().ack_due, story.task().ack_act_by, story.state()) == (None, None, TaskState.OPEN)
    assert (story.steps(), story.said()) == (
        [S.OPENED, S.ACKNOWLEDGED],
        "the caller was told by e-mail; rang …999 first",
    )
    assert acknowledged(story) == [("a", after(HOUR))]
    assert story.filing("a").responded_at is None
    with pytest.raises(IllegalTransition, match="nothing in task 1 waits to be acknowledged; write a note instead"):
        story.ask(HOUR + 1, ACK, how=AckHow.CALL)


def test_it_must_be_said_how(story: Story) -> None:
    story.left(0, "a")
    with pytest.raises(IllegalTransition, match="one of call, text, email, letter"):
        story.ask(60, ACK)


def test_whoever_holds_the_task_anybody_may_say_so_but_not_once_it_is_closed(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, CLAIM, "Alice")
    story.ask(61, ACK, "Bob", how=AckHow.LETTER)
    assert (story.task().holder, story.task().rests_in) == ("Alice", TaskState.OPEN)
    story.left(120, "b", BEN)
    story.close(130, TaskOutcome.WRONG_NUMBER, number=2)
    with pytest.raises(IllegalTransition, match="was closed by Alice"):
        story.ask(140, ACK, number=2, how=AckHow.TEXT)


def test_who_is_spoken_with_is_told_from_the_moment_they_answered(story: Story) -> None:
    story.left(0, "a")
    story.attempt(HOUR, "d1", rings=5, talks=60)
    assert story.filing("a").acknowledged_at == story.filing("a").reached_at == after(HOUR + 6)
    assert acknowledged(story) == [("a", after(HOUR + 6))]


def test_ringing_answers_a_message_but_tells_nobody_anything(story: Story) -> None:
    story.left(0, "a")
    story.attempt(HOUR, "d1", rings=20)
    assert story.filing("a").responded_at is not None
    assert (story.filing("a").acknowledged_at, story.task().ack_due) == (None, at("2026-12-01 17:00"))
    story.until(t("2026-12-01 17:00"))
    assert [one.kind.value for one in notices(story)] == ["warning", "overdue"]
    story.attempt(t("2026-12-01 17:30"), "d2", talks=30)
    assert story.filing("a").acknowledged_at == at("2026-12-01 17:30").replace(second=6)


def test_the_first_of_several_is_what_counts(story: Story) -> None:
    story.left(0, "a")
    story.ask(HOUR, ACK, how=AckHow.TEXT)
    story.attempt(2 * HOUR, "d1", talks=30)
    assert story.filing("a").acknowledged_at == after(HOUR)
    assert len(acknowledged(story)) == 1


def test_a_call_for_another_task_of_the_caller_tells_them_too(story: Story) -> None:
    story.left(0, "a")
    story.left(10, "b", on="orders")
    story.ask(20, CLAIM, number=2)
    story.attempt(60, "d1", talks=30)
    assert story.filing("a").acknowledged_at == story.filing("b").reached_at == after(66)
    assert story.filing("b").acknowledged_at is None


def test_messages_that_join_keep_their_own_deadlines(story: Story) -> None:
    story.left(0, "a")
    story.left(24 * HOUR, "b")
    assert story.task().ack_due == at("2026-12-01 17:00")
    story.dial(25 * HOUR, "d1")
    story.left(25 * HOUR + 5, "c")
    story.answers(25 * HOUR + 9, "d1")
    assert [story.filing(key).acknowledged_at is not None for key in "abc"] == [True, True, False]
    assert story.task().ack_due == story.filing("c").ack_due == at("2026-12-02 17:00")
    story.over(25 * HOUR + 20, "d1")
    story.ask(26 * HOUR, ACK, how=AckHow.TEXT)
    assert (story.filing("c").acknowledged_at, story.task().ack_due) == (after(26 * HOUR), None)


def test_two_tasks_that_come_together_bring_their_clocks(story: Story) -> None:
    story.left(0, "a")
    story.left(24 * HOUR, "b", None)
    story.ask(24 * HOUR + 60, ACK, number=1, how=AckHow.TEXT)
    assert story.task().ack_due is None
    story.news(25 * HOUR, "b", caller=ANN)
    assert story.filing("b").task == 1
    assert (story.task().ack_due, story.task(2).ack_due) == (at("2026-12-02 17:00"), None)


@pytest.mark.parametrize("outcome", [TaskOutcome.DONE, TaskOutcome.GOT_THROUGH])
def test_who_closes_it_as_spoken_with_has_told_the_caller(story: Story, outcome: TaskOutcome) -> None:
    story.left(0, "a")
    story.rang_in(HOUR, "9.1")
    assert story.filing("a").acknowledged_at is None
    story.close(2 * HOUR, outcome)
    assert story.filing("a").acknowledged_at == after(2 * HOUR)
    assert acknowledged(story) == [("a", after(2 * HOUR))]


@pytest.mark.parametrize("outcome", [TaskOutcome.WRONG_NUMBER, TaskOutcome.NOT_NEEDED, TaskOutcome.DUPLICATE])
def test_other_outcomes_tell_nobody_and_end_the_clock(story: Story, outcome: TaskOutcome) -> None:
    story.left(0, "a")
    story.close(HOUR, outcome)
    story.until(t("2026-12-20 12:00"))
    assert (story.filing("a").acknowledged_at, acknowledged(story), [*notices(story)]) == (None, [], [])
    assert story.core.unacknowledged(at("2026-12-20 12:00")) == {"enquiries": 0}


def test_what_was_handled_elsewhere_has_nothing_to_be_watched(story: Story) -> None:
    story.left(0, "a", status=MessageStatus.ELSEWHERE)
    assert (story.state(), story.core.next_timer()) == (TaskState.CLOSED, None)


# --- taken back -------------------------------------------------------------------------------------------------------


def test_what_one_said_can_be_taken_back_for_a_minute(story: Story) -> None:
    story.left(0, "a")
    story.left(5, "b")
    story.ask(10, CLAIM, "Alice")
    story.ask(20, ACK, "Alice", how=AckHow.TEXT)
    with pytest.raises(IllegalTransition, match="nothing that you did"):
        story.ask(30, UNDO, "Bob")
    story.ask(40, UNDO, "alice", why="to somebody else")
    assert [story.filing(key).acknowledged_at for key in "ab"] == [None, None]
    assert (story.state(), story.task().holder, story.task().ack_due) == (
        TaskState.CLAIMED,
        "Alice",
        at("2026-12-01 17:00"),
    )
    assert (story.steps()[-1], story.said()) == (
        S.UNDONE,
        "saying that the caller was told is taken back; to somebody else",
    )
    with pytest.raises(IllegalTransition, match="nothing that you did"):
        story.ask(50, UNDO, "Alice")
    story.ask(60, ACK, "Alice", how=AckHow.TEXT)
    with pytest.raises(IllegalTransition, match="nothing that you did"):
        story.ask(121, UNDO, "Alice")


def test_whom_somebody_spoke_with_since_knows_anyway(story: Story) -> None:
    story.left(0, "a")
    story.ask(10, ACK, "Alice", how=AckHow.TEXT)
    story.dial(15, "d1")
    story.answers(20, "d1")
    story.ask(30, UNDO, "Alice")
    assert (story.filing("a").acknowledged_at, story.state()) == (after(10), TaskState.REACHED)


@pytest.mark.parametrize("restarted", [False, True])
def test_with_a_close_that_is_taken_back_goes_what_it_said(story: Story, restarted: bool) -> None:
    story.left(0, "a")
    story.close(10, TaskOutcome.DONE)
    rows: dict[str, Any] = {}
    if restarted:
        rows = {"row": story.task(), "filings": story.books.filings_of(1)}
        story.restart(20)
    story.ask(30, UNDO, "Alice", **rows)
    assert (story.filing("a").acknowledged_at, story.task().ack_due) == (None, at("2026-12-01 17:00"))


def test_a_task_that_is_opened_again_is_watched_again_if_nobody_was_told(story: Story) -> None:
    story.left(0, "a")
    story.left(1, "b", BEN)
    story.close(HOUR, TaskOutcome.NOT_NEEDED)
    story.close(HOUR, TaskOutcome.DONE, number=2)
    story.ask(2 * HOUR, REOPEN)
    story.ask(2 * HOUR, REOPEN, number=2)
    story.until(t("2026-12-01 17:00"))
    assert [(one.task, one.kind.value) for one in notices(story)] == [(1, "warning"), (1, "overdue")]


# --- who is told of it ------------------------------------------------------------------------------------------------


def test_people_are_told_before_at_and_after_it_each_once(story: Story) -> None:
    story.left(0, "a")
    story.until(t("2026-12-14 12:00"))
    assert [(one.kind.value, one.at, one.to) for one in notices(story)] == [
        ("warning", at("2026-12-01 15:00"), ("desk",)),
        ("overdue", at("2026-12-01 17:00"), ("desk",)),
        ("escalation", at("2026-12-01 19:00"), ("lead",)),
    ]
    assert story.steps() == [S.OPENED, S.WARNED, S.OVERDUE, S.ESCALATED]
    assert story.core.unacknowledged(at("2026-12-01 17:00")) == {"enquiries": 0}
    assert story.core.unacknowledged(at("2026-12-01 17:01")) == {"enquiries": 1}
    assert story.core.overdue(at("2026-12-14 12:00")) == {"enquiries": 0, "orders": 0}
    story.until(t("2026-12-20 12:00"))
    assert [step for step in story.steps() if step is S.OVERDUE] == [S.OVERDUE, S.OVERDUE]


def test_a_notice_needs_no_other_source(story: Story) -> None:
    story.left(0, "a")
    story.left(60, "b")
    story.until(t("2026-12-01 19:00"))
    warning, overdue, later = notices(story)
    assert warning.title == "enquiries: callback 1 to be acknowledged by Tuesday 1 December 2026 at 17:00"
    assert overdue.title == "enquiries: callback 1 was to be acknowledged by Tuesday 1 December 2026 at 17:00"
    assert later.title == (
        "enquiries: callback 1 still not acknowledged, 2 h after it was due on Tuesday 1 December 2026 at 17:00"
    )
    for words in (
        "left on Tuesday 24 November 2026 at 10:00 by …123 has not been acknowledged",
        "2 of this caller's messages wait",
        "5 working days",
        "by a call, text, e-mail or letter, and say so in the task",
    ):
        assert words in overdue.text
    assert ANN not in overdue.text


def test_nobody_is_told_of_what_was_acknowledged_and_the_answer_is_watched_on(story: Story) -> None:
    story.left(0, "a")
    story.ask(t("2026-12-01 14:59"), ACK, how=AckHow.TEXT)
    story.until(t("2026-12-20 12:00"))
    assert [*notices(story)] == []
    assert [kind for kind, _ in story.told()] == ["warning", "overdue", "escalation"]


def test_what_fell_due_while_the_daemon_was_down_is_told_in_its_order_and_once(story: Story) -> None:
    story.left(0, "a")
    story.until(t("2026-12-01 16:00"))
    story.restart(t("2026-12-20 12:00"))
    story.late(t("2026-12-20 12:00") + 5)
    assert [(one.kind.value, "acknowledged" in one.title) for one in story.books.notices.values()] == [
        ("warning", True),
        ("overdue", True),
        ("escalation", True),
        ("warning", False),
        ("overdue", False),
        ("escalation", False),
    ]
    story.restart(t("2026-12-20 13:00"))
    assert story.core.next_timer() is None


def test_a_new_deadline_is_watched_and_one_that_comes_back_stays_told(story: Story) -> None:
    story.left(0, "a")
    story.until(t("2026-12-01 18:00"))
    story.ask(t("2026-12-01 18:00"), ACK, "Alice", how=AckHow.TEXT)
    story.left(t("2026-12-01 18:00") + 10, "b")
    assert story.task().ack_due == story.filing("b").ack_due == at("2026-12-09 17:00")
    story.ask(t("2026-12-01 18:00") + 20, UNDO, "Alice")
    assert story.task().ack_due == at("2026-12-01 17:00")
    story.until(t("2026-12-01 18:01"))
    assert [one.kind.value for one in notices(story)] == ["warning", "overdue"]
    story.ask(t("2026-12-02 09:00"), ACK, "Alice", how=AckHow.TEXT)
    assert {story.filing(key).acknowledged_at for key in "ab"} == {at("2026-12-02 09:00")}


# --- calendars, charters, restarts ------------------------------------------------------------------------------------


def test_a_change_of_the_calendar_is_reckoned_at_the_start_and_said(story: Story) -> None:
    story.left(0, "a")
    closed = office(replace(DESK, removed_days=frozenset({day("2026-11-26")})), WMEO.lines[1])
    story.restart(60, closed)
    assert (story.filing("a").ack_due, story.task().ack_due) == (at("2026-12-02 17:00"), at("2026-12-02 17:00"))
    assert story.steps() == [S.OPENED, S.DEADLINE_CHANGED, S.DEADLINE_CHANGED]
    assert story.said() == (
        "to be acknowledged by Wednesday 2 December 2026 at 17:00 instead of Tuesday 1 December 2026 at 17:00: "
        "the line's hours, holidays or days were changed"
    )
    story.restart(120, closed)
    assert len(story.steps()) == 3


def test_only_what_is_still_to_be_met_is_reckoned_anew(story: Story) -> None:
    story.left(0, "told")
    story.ask(10, ACK, how=AckHow.TEXT)
    story.left(20, "rung", BEN)
    story.attempt(30, "d1", rings=20, to=BEN)
    closed = office(replace(DESK, removed_days=frozenset({day("2026-11-26")})), WMEO.lines[1])
    told, rung = story.filing("told"), story.filing("rung")
    story.restart(HOUR, closed)
    assert (story.filing("told").ack_due, story.filing("rung").due) == (told.ack_due, rung.due)
    assert (story.filing("told").due, story.filing("rung").ack_due) == (at("2026-12-16 17:00"), at("2026-12-02 17:00"))
    assert [story.steps(number).count(S.DEADLINE_CHANGED) for number in (1, 2)] == [1, 1]


def test_a_charter_that_begins_to_promise_it_is_named_and_one_that_ends_it_too() -> None:
    before = office(replace(DESK, charter=SILENT))
    story = Story(before)
    story.left(0, "a")
    assert story.task().ack_due is None
    story.restart(60, office(DESK))
    assert (story.task().ack_due, story.said()) == (
        at("2026-12-01 17:00"),
        "to be acknowledged by Tuesday 1 December 2026 at 17:00: the charter is wme version 2 instead of wme version 1",
    )
    assert story.filing("a").charter_version == 2
    story.restart(120, before)
    assert (story.task().ack_due, story.filing("a").ack_reason) == (None, None)
    assert story.said() == (
        "no longer to be acknowledged by a time: the charter is wme version 1 instead of wme version 2"
    )
    story.until(t("2026-12-02 12:00"))
    assert [*notices(story)] == []


def test_an_act_by_before_the_deadline_is_what_is_warned_of() -> None:
    """A rule of hours ends in the night: people work to the close before it."""
    flat = replace(WME, acknowledge_rule=DeadlineRule(RuleName.ELAPSED_OR_NEXT_WORKING_DAY, 24))
    story = Story(office(replace(DESK, charter=flat)))
    story.left(t("2026-11-25 20:00"), "a")
    assert (story.task().ack_due, story.task().ack_act_by) == (at("2026-11-26 20:00"), at("2026-11-26 17:00"))
    story.until(t("2026-11-26 15:00"))
    assert "to be acknowledged by Thursday 26 November 2026 at 17:00" in story.said()


def test_a_line_known_later_brings_its_own_promises(story: Story) -> None:
    story.left(0, "a", on="orders")
    story.news(60, "a", line="enquiries")
    assert (story.task().ack_due, story.filing("a").charter) == (at("2026-12-01 17:00"), "wme")
    assert S.DEADLINE_CHANGED in story.steps()
    story.left(120, "b", BEN)
    story.news(180, "b", line="orders")
    assert (story.task(2).ack_due, story.filing("b").charter) == (None, "hct")


def test_a_time_known_better_moves_it(story: Story) -> None:
    story.left(0, "a")
    story.news(60, "a", left_at=at("2026-11-23 16:00"))
    assert story.task().ack_due == at("2026-11-30 17:00")
    assert "to be acknowledged by Monday 30 November 2026" in story.said()


def test_a_line_that_is_gone_keeps_what_it_promised(story: Story) -> None:
    story.left(0, "a")
    story.restart(60, office(WMEO.lines[1]))
    assert story.task().ack_due == at("2026-12-01 17:00")
    story.until(t("2026-12-01 17:00"))
    assert [one.kind.value for one in notices(story)] == ["warning", "overdue"]


def test_erasure_ends_it(story: Story) -> None:
    story.left(0, "a")
    story.erase(60, caller=ANN)
    story.until(t("2026-12-20 12:00"))
    assert (story.state(), story.filing("a").acknowledged_at, [*notices(story)]) == (TaskState.CLOSED, None, [])


def test_the_hours_of_the_line_are_those_that_count() -> None:
    late = replace(DESK, hours=week("09:00-12:30", "13:30-17:30"), nation=DESK.nation)
    story = Story(office(late))
    story.left(0, "a")
    assert story.filing("a").ack_due == Calendar(late).due(DeadlineRule(RuleName.WORKING_DAYS, 5), T0).due
    assert story.filing("a").ack_due == at("2026-12-01 17:30")
