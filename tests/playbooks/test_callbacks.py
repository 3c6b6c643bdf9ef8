"""Callbacks as an office lives them: who left what, who called back, what is written, who is told."""

from dataclasses import replace
from typing import Any

import pytest

from callcentre.core.centre import CallCentre
from callcentre.core.charter import Office
from callcentre.core.errors import IllegalTransition
from callcentre.core.events import ChannelCreated, ChannelGone, ChannelStateChanged, DialBegun, Event
from callcentre.core.facts import OpenRows, TaskChanged
from callcentre.core.terms import (
    CalloutResult,
    MessageStatus,
    Origin,
    Outcome,
    TaskOutcome,
    TaskSource,
    TaskState,
    TaskStep,
)
from tests.playbooks.callback_story import (
    ANN,
    BEN,
    CLAIM,
    CLOSE,
    HEARD,
    HOUR,
    MINUTE,
    NOTE,
    NUMBER,
    OFFICE,
    RELEASE,
    RENEW,
    REOPEN,
    Books,
    Story,
    after,
    own_line,
    when,
)
from tests.unit.core import happenings as pbx
from tests.unit.core.offices import charter, day, office

DONE, GOT_THROUGH = TaskOutcome.DONE, TaskOutcome.GOT_THROUGH
NO_ANSWER, NOT_NEEDED = TaskOutcome.NO_ANSWER, TaskOutcome.NOT_NEEDED
OPEN, CLAIMED, DIALLING, REACHED = TaskState.OPEN, TaskState.CLAIMED, TaskState.DIALLING, TaskState.REACHED
UNANSWERED, CLOSED, REOPENED = TaskState.UNANSWERED, TaskState.CLOSED, TaskState.REOPENED
S = TaskStep


@pytest.fixture
def story() -> Story:
    return Story()


# --- the good way -----------------------------------------------------------------------------------------------------


def test_a_message_is_claimed_called_back_and_closes_itself_with_the_call_as_its_proof(story: Story) -> None:
    story.left(0, "a")
    assert (story.task().due, story.task().act_by) == (after(24 * HOUR), after(24 * HOUR))
    story.ask(60, CLAIM)
    story.dial(90, "d1")
    assert story.state() is DIALLING
    story.rings(91, "d1")
    story.answers(97, "d1")
    assert story.state() is REACHED
    assert (story.filing("a").responded_at, story.filing("a").reached_at) == (after(97), after(97))
    story.over(400, "d1")
    story.until(400 + 15 * MINUTE - 1)
    assert (story.state(), story.task().holder) == (REACHED, "Alice")
    story.until(400 + 15 * MINUTE)
    task = story.task()
    assert (task.state, task.outcome, task.closed_by, task.in_time) == (CLOSED, DONE, "callcentre", True)
    assert story.steps() == [S.OPENED, S.CLAIMED, S.DIALLED, S.CONNECTED, S.RESPONDED, S.RENEWED, S.CLOSED]
    assert [f.key for f in story.books.responded] == ["a"]
    assert story.core.next_timer() is None


def test_nobody_needs_to_claim_to_call_back_by_hand(story: Story) -> None:
    story.left(0, "a")
    story.attempt(60, "d1", talks=30)
    assert (story.state(), story.task().holder) == (REACHED, None)
    story.until(HOUR)
    assert (story.state(), story.task().outcome) == (CLOSED, DONE)


def test_a_person_ends_it_sooner_with_an_outcome(story: Story) -> None:
    story.left(0, "a")
    story.ask(10, CLAIM)
    story.attempt(60, "d1", talks=30)
    story.close(120, DONE)
    assert (story.task().closed_by, story.task().in_time, story.task().holder) == ("Alice", True, None)


def test_a_long_call_is_not_closed_while_it_lasts(story: Story) -> None:
    story.left(0, "a")
    story.ask(10, CLAIM)
    story.dial(20, "d1")
    story.answers(30, "d1")
    story.until(3 * HOUR)
    assert story.state() is REACHED
    story.over(3 * HOUR, "d1")
    story.until(3 * HOUR + 15 * MINUTE)
    assert story.state() is CLOSED


# --- claims -----------------------------------------------------------------------------------------------------------


def test_a_claim_is_somebodys_until_it_lapses(story: Story) -> None:
    story.left(0, "a")
    story.ask(0, CLAIM)
    with pytest.raises(IllegalTransition, match="task 1 is claimed by Alice until 10:15; ask Alice to release it"):
        story.ask(60, CLAIM, "Bob")
    story.until(15 * MINUTE)
    assert (story.state(), story.task().holder, story.steps()[-1]) == (OPEN, None, S.LAPSED)
    story.ask(15 * MINUTE, CLAIM, "Bob")
    assert story.task().holder == "Bob"


def test_a_lease_that_ended_just_now_ends_before_the_request_is_judged(story: Story) -> None:
    story.left(0, "a")
    story.ask(0, CLAIM)
    story.now = 16 * MINUTE
    story.until = lambda t: None  # type: ignore[method-assign]  # the timer comes late
    (fact,) = story.ask(16 * MINUTE, CLAIM, "Bob")
    assert isinstance(fact, TaskChanged)
    assert [entry.step for entry in fact.entries] == [S.LAPSED, S.CLAIMED]


def test_a_claim_is_renewed_or_released_by_who_has_it(story: Story) -> None:
    story.left(0, "a")
    story.attempt(0, "d1")
    assert story.state() is UNANSWERED
    story.ask(60, CLAIM)
    story.ask(10 * MINUTE, RENEW)
    assert story.task().lease_until == after(25 * MINUTE)
    for action in (RENEW, RELEASE, CLOSE):
        with pytest.raises(IllegalTransition, match="claimed by Alice until 10:25"):
            story.ask(11 * MINUTE, action, "Bob", outcome=DONE)
    story.ask(12 * MINUTE, RELEASE, "alice")
    assert (story.state(), story.task().holder, story.task().lease_until) == (UNANSWERED, None, None)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (RENEW, "task 1 is open, and nobody has claimed it; claim it first"),
        (RELEASE, "task 1 is open, and nobody has claimed it; claim it first"),
        (REOPEN, "task 1 is not closed; claim it"),
        (NOTE, "the note is empty"),
        (NUMBER, "no telephone number; type its digits"),
        (CLOSE, "say what came of task 1: one of done, no_answer"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_changes_nothing(story: Story, action: object, words: str) -> None:
    story.left(0, "a")
    before = story.task()
    with pytest.raises(IllegalTransition, match=words):
        story.ask(1, action)  # type: ignore[arg-type]
    story.attempt(2, "d1")
    assert story.task().entries == before.entries + 2  # the dial and its end: no step was lost or left over


def test_a_request_is_carried_out_once(story: Story) -> None:
    story.left(0, "a")
    assert story.ask(1, NOTE, why="he is deaf", request="k")
    assert story.ask(2, NOTE, why="he is deaf", request="k") == []
    assert story.books.entries[1][-1].request == "k"
    assert story.steps() == [S.OPENED, S.NOTED]


def test_a_refused_request_may_be_made_again(story: Story) -> None:
    story.left(0, "a")
    story.dial(1, "d1")
    with pytest.raises(IllegalTransition, match="is being dialled; wait until that call ends"):
        story.ask(2, CLAIM, request="k")
    story.over(3, "d1")
    assert story.ask(4, CLAIM, request="k")


@pytest.mark.parametrize("who", ["", "  ", "\n\x00"])
def test_nobody_asks_without_a_name(story: Story, who: str) -> None:
    story.left(0, "a")
    with pytest.raises(IllegalTransition, match="say who asks"):
        story.ask(1, CLAIM, who)


def test_there_is_no_task_that_was_never_opened(story: Story) -> None:
    with pytest.raises(IllegalTransition, match="there is no task 7 on lab"):
        story.ask(1, CLAIM, number=7)


def test_what_people_write_is_kept_without_telephone_numbers(story: Story) -> None:
    story.left(0, "a")
    story.ask(1, NOTE, why="ring his son,\n 07700 900123 (or +44 1632 960999), on 2026-11-26 at 10:45; order 4711")
    assert story.said() == "ring his son, …123 (or …999), on 2026-11-26 at 10:45; order 4711"


# --- dials that do not end well ---------------------------------------------------------------------------------------


def test_fifteen_seconds_of_ringing_are_a_response_but_nobody_is_reached(story: Story) -> None:
    story.left(0, "a")
    story.attempt(60, "d1", rings=15)
    assert story.state() is UNANSWERED
    assert (story.filing("a").responded_at, story.filing("a").reached_at) == (after(76), None)
    assert story.task().responded_at == after(76)
    story.until(10 * 24 * HOUR)
    assert not story.books.notices  # answered: nobody is warned any more
    assert story.state() is UNANSWERED


def test_a_dial_that_rang_too_briefly_answers_nothing(story: Story) -> None:
    story.left(0, "a")
    story.attempt(60, "d1", rings=14.9)
    assert (story.state(), story.filing("a").responded_at, story.task().attempts) == (UNANSWERED, None, 1)


def test_who_picks_up_after_fifteen_seconds_was_answered_when_it_had_rung_so_long(story: Story) -> None:
    story.left(0, "a")
    story.attempt(60, "d1", rings=20, talks=5)
    assert (story.filing("a").responded_at, story.filing("a").reached_at) == (after(76), after(81))


def test_an_end_that_nobody_saw_proves_nothing(story: Story) -> None:
    story.left(0, "a")
    story.dial(60, "d1")
    story.rings(61, "d1")
    story.over(200, "d1", CalloutResult.UNCERTAIN)
    assert (story.state(), story.filing("a").responded_at) == (UNANSWERED, None)


def test_two_telephones_dial_at_once(story: Story) -> None:
    story.left(0, "a")
    story.dial(60, "d1")
    story.dial(61, "d2", telephone="PJSIP/102")
    story.over(70, "d1")
    assert (story.state(), story.task().attempts) == (DIALLING, 2)
    story.answers(75, "d2")
    story.dial(76, "d3")
    story.over(77, "d3")
    assert story.state() is REACHED
    story.over(90, "d2")
    story.until(HOUR)
    assert (story.state(), story.task().outcome) == (CLOSED, DONE)


def test_what_is_told_twice_of_a_dial_happens_once(story: Story) -> None:
    story.left(0, "a")
    story.attempt(60, "d1")
    before = story.task()
    assert story.over(66, "d1") == []
    assert story.task() == before


def test_after_so_many_attempts_it_may_be_given_up(story: Story) -> None:
    story.left(0, "a")
    for attempt in (1, 2):
        story.attempt(attempt * 100, f"d{attempt}")
    with pytest.raises(IllegalTransition, match="2 of 3 attempts were made; make 1 more"):
        story.close(300, NO_ANSWER)
    story.attempt(400, "d3")
    story.close(500, NO_ANSWER)
    assert (story.task().outcome, story.task().in_time, story.task().attempts) == (NO_ANSWER, True, 3)


# --- several messages -------------------------------------------------------------------------------------------------


def test_messages_of_one_caller_on_one_line_join_and_keep_their_own_deadlines(story: Story) -> None:
    story.left(0, "a", "+44 1632 960123")
    story.left(HOUR, "b", "01632960123")
    story.left(HOUR, "c", "01632960123", on="orders")
    story.left(HOUR, "d", BEN)
    assert [story.filing(key).task for key in "abcd"] == [1, 1, 2, 3]
    assert (story.filing("b").due, story.task().due) == (after(25 * HOUR), after(24 * HOUR))


def test_withheld_numbers_never_join(story: Story) -> None:
    for key in "ab":
        story.left(0, key, None)
    assert [story.filing(key).task for key in "ab"] == [1, 2]


def test_callers_of_a_switchboard_never_join_and_one_dial_answers_one_of_them(story: Story) -> None:
    story.left(0, "a", on="switch")
    story.left(1, "b", on="switch")
    assert [story.filing(key).task for key in "ab"] == [1, 2]
    story.ask(5, CLAIM, number=2)
    story.attempt(60, "d1", talks=30)
    assert [story.filing(key).responded_at is not None for key in "ab"] == [False, True]
    assert (story.state(1), story.state(2), story.books.callouts["d1"].task) == (OPEN, REACHED, 2)


def test_a_message_left_while_the_office_dials_is_not_answered_by_that(story: Story) -> None:
    story.left(0, "a")
    story.dial(60, "d1")
    story.left(61, "b")
    story.answers(70, "d1")
    story.over(100, "d1")
    assert [story.filing(key).responded_at is not None for key in "ab"] == [True, False]
    assert story.task().due == story.filing("b").due
    with pytest.raises(IllegalTransition, match="came after the last attempt began; call once more"):
        story.close(120, DONE)
    story.until(100 + 15 * MINUTE)
    assert (story.state(), story.steps()[-1]) == (OPEN, S.LAPSED)
    assert "came after that call began" in story.said()
    story.attempt(HOUR, "d2", talks=10)
    story.until(2 * HOUR)
    assert (story.state(), story.task().in_time) == (CLOSED, True)
    assert [f.key for f in story.books.responded] == ["a", "b"]


def test_a_message_found_late_but_left_before_the_dial_is_answered_by_it(story: Story) -> None:
    story.dial(60, "d1")  # a missed caller, no task yet
    assert story.books.callouts["d1"].task is None, "nobody waits yet"
    story.left(30, "a", known_at=65)
    story.answers(70, "d1")
    assert [dial.task for dial in story.books.callouts.values()] == [1]
    assert (story.task().attempts, story.state()) == (1, REACHED)
    assert story.filing("a").responded_at == after(70)


def test_a_message_left_after_the_dial_began_has_its_own_task_and_no_part_in_it(story: Story) -> None:
    story.dial(60, "d1")
    story.left(65, "a")
    story.answers(70, "d1")
    story.over(80, "d1")
    assert (story.state(), story.task().attempts, story.books.callouts["d1"].task) == (OPEN, 0, None)


def test_each_message_is_judged_by_its_own_deadline(story: Story) -> None:
    story.left(0, "a")
    story.left(20 * HOUR, "b")
    story.attempt(25 * HOUR, "d1", talks=10)
    story.until(26 * HOUR)
    assert story.task().in_time is False
    due = {f.key: f.responded_at is not None and f.responded_at <= f.due for f in story.books.responded}
    assert due == {"a": False, "b": True}


def test_one_dial_answers_the_callers_tasks_on_every_line(story: Story) -> None:
    story.left(0, "a")
    story.left(1, "b", on="orders")
    story.attempt(60, "d1", talks=30)
    assert (story.state(1), story.state(2)) == (REACHED, OPEN)
    assert story.filing("b").reached_at == after(66)
    assert (story.task(2).attempts, story.task(2).got_through) == (0, "d1")
    assert story.steps(2) == [S.OPENED, S.RESPONDED, S.GOT_THROUGH]
    assert {f.key for f in story.books.responded} == {"a", "b"}
    story.close(100, GOT_THROUGH, number=2)
    assert story.task(2).in_time is True


def test_a_dial_made_before_its_number_was_typed_is_noted_when_more_is_known_of_it(story: Story) -> None:
    story.left(0, "a")
    story.dial(10, "d1", to="07700900123")
    story.answers(20, "d1")
    story.attempt(30, "d2", rings=15)
    story.ask(60, NUMBER, dial="07700900123")
    story.over(70, "d1")
    assert story.said() == "spoken to in a call for no task"
    assert (story.task().got_through, story.filing("a").reached_at) == ("d1", after(20))


# --- what must be heard -----------------------------------------------------------------------------------------------


def test_it_does_not_end_while_it_holds_a_message_that_nobody_opened(story: Story) -> None:
    story.left(0, "a", playable=True)
    story.attempt(60, "d1", talks=30)
    with pytest.raises(
        IllegalTransition, match="nobody has listened to the message of Tuesday 24 November 2026 at 10:00"
    ):
        story.close(120, DONE)
    story.until(HOUR)
    assert (story.state(), story.said().startswith("the caller was reached, but nobody has listened")) == (OPEN, True)
    story.ask(HOUR, HEARD, "Bob")
    assert (story.filing("a").heard_by, story.filing("a").heard_at) == ("Bob", after(HOUR))
    story.close(HOUR + 1, DONE)
    assert story.state() is CLOSED


def test_who_listens_by_telephone_has_opened_it(story: Story) -> None:
    story.left(0, "a", playable=True)
    story.news(10, "a", heard=True)
    story.close(20, NOT_NEEDED)
    assert story.filing("a").heard_by == "a telephone"
    assert story.task().in_time is True


def test_that_a_message_was_heard_and_moved_is_told_once(story: Story) -> None:
    story.left(0, "a", playable=True)
    (fact,) = story.news(10, "a", news="heard by telephone, moved to Work", heard=True)
    assert isinstance(fact, TaskChanged)
    assert [(entry.step, entry.why) for entry in fact.entries] == [
        (TaskStep.HEARD, "heard by telephone, moved to Work")
    ]


def test_what_can_no_longer_be_played_need_not_be_heard(story: Story) -> None:
    story.left(0, "a", playable=True)
    (fact,) = story.news(10, "a", playable=False, in_mailbox=False)
    assert isinstance(fact, TaskChanged)
    assert fact.entries == ()
    story.close(20, NOT_NEEDED)


def test_every_listening_is_written_down_and_the_first_one_counts(story: Story) -> None:
    story.left(0, "a", playable=True)
    story.ask(10, HEARD, "Alice")
    story.ask(20, HEARD, "Bob")
    assert story.filing("a").heard_by == "Alice"
    assert [entry.who for entry in story.books.entries[1]] == ["callcentre", "Alice", "Bob"]


# --- reopened, moved, merged ------------------------------------------------------------------------------------------


def test_a_closed_task_is_opened_again_and_goes_its_way(story: Story) -> None:
    story.left(0, "a")
    story.close(10, NOT_NEEDED)
    with pytest.raises(IllegalTransition, match=r"task 1 was closed by Alice \(not needed\); reopen it first"):
        story.ask(20, CLAIM)
    story.ask(30, REOPEN, "Bob", why="he does need it")
    assert (story.state(), story.task().outcome, story.task().in_time) == (REOPENED, None, None)
    story.ask(40, CLAIM)
    story.ask(50, RELEASE)
    assert story.state() is REOPENED
    assert story.left(60, "b")
    assert story.filing("b").task == 1
    story.attempt(100, "d1", talks=10)
    story.until(HOUR)
    assert story.state() is CLOSED


def test_a_task_closed_long_ago_is_opened_from_its_row(story: Story) -> None:
    story.left(0, "a")
    story.close(10, NOT_NEEDED)
    story.restart(20)
    with pytest.raises(IllegalTransition, match="there is no task 1"):
        story.ask(30, REOPEN)
    story.ask(40, REOPEN, row=story.task(), filings=story.books.filings_of(1))
    assert (story.state(), story.core.next_timer()) == (REOPENED, after(22 * HOUR))


def test_a_reached_caller_who_must_be_called_again_is_released(story: Story) -> None:
    story.left(0, "a")
    story.dial(10, "d1")
    story.answers(15, "d1")
    with pytest.raises(IllegalTransition, match="its call still runs"):
        story.ask(20, RELEASE)
    story.over(30, "d1")
    story.ask(40, RELEASE, why="an answering machine")
    assert (story.state(), story.said()) == (OPEN, "an answering machine")
    story.until(10 * HOUR)
    assert story.state() is OPEN


def test_a_caller_known_later_brings_two_tasks_together(story: Story) -> None:
    story.left(0, "a")
    story.left(10, "b", None)
    story.news(20, "b", caller=ANN, news="its metadata names the caller")
    assert (story.state(2), story.task(2).outcome, story.filing("b").task) == (CLOSED, TaskOutcome.DUPLICATE, 1)
    assert story.said(2) == "the caller is that of task 1, which has its messages now"
    with pytest.raises(IllegalTransition, match="its messages are in another task"):
        story.ask(30, REOPEN, number=2)
    story.attempt(60, "d1", talks=5)
    assert {f.key for f in story.books.responded} == {"a", "b"}


def test_a_task_in_somebodys_hands_is_not_closed_as_a_duplicate(story: Story) -> None:
    story.left(0, "a")
    story.left(10, "b", None)
    story.ask(15, CLAIM, number=2)
    story.news(20, "b", caller=ANN)
    assert (story.state(2), story.task(2).caller) == (CLAIMED, ANN)
    story.attempt(60, "d1", talks=5)
    assert {f.key for f in story.books.responded} == {"a", "b"}


def test_a_number_typed_by_a_person_is_dialled_and_kept_beside_the_callers(story: Story) -> None:
    story.left(0, "a", None)
    story.ask(10, NUMBER, dial="+44 7700 900123")
    assert (story.task().caller, story.task().dial, story.said()) == (None, "07700900123", "…123")
    story.attempt(60, "d1", talks=5, to="07700900123")
    assert (story.state(), story.filing("a").reached_at) == (REACHED, after(66))


def test_a_line_known_later_moves_what_nobody_touched(story: Story) -> None:
    story = Story(
        office(own_line(), own_line(name="late", hours=own_line(name="x").hours, warn_before=own_line().warn_before))
    )
    story.left(0, "a")
    story.news(10, "a", line="late")
    assert (story.task().line, story.filing("a").line) == ("late", "late")
    assert story.core.counts()["late"][OPEN] == 1


def test_a_line_known_later_is_only_noted_where_somebody_was_at_work(story: Story) -> None:
    story.left(0, "a")
    story.attempt(5, "d1")
    story.news(20, "a", line="orders")
    story.news(30, "a", line="orders", duration=8)
    assert (story.task().line, story.filing("a").line) == ("enquiries", "enquiries")
    assert story.steps()[-1:] == [S.MESSAGE_CHANGED]
    assert story.steps().count(S.MESSAGE_CHANGED) == 1


def test_a_time_known_better_moves_the_deadline(story: Story) -> None:
    story.left(0, "a")
    story.news(10, "a", left_at=after(-HOUR))
    assert (story.task().due, story.filing("a").left_at) == (after(23 * HOUR), after(-HOUR))
    assert story.steps() == [S.OPENED, S.DEADLINE_CHANGED]
    assert "due on Wednesday 25 November 2026 at 09:00 instead of Wednesday 25 November 2026 at 10:00" in story.said()


def test_handled_elsewhere_is_closed_at_once(story: Story) -> None:
    story.left(0, "a", known_at=60, status=MessageStatus.ELSEWHERE, playable=True)
    assert (story.state(), story.task().outcome, story.task().closed_by) == (CLOSED, NOT_NEEDED, "callcentre")
    assert story.said() == "was among the heard messages when first seen"
    assert story.core.next_timer() is None


def test_a_message_taken_on_later_says_by_whom(story: Story) -> None:
    story.left(0, "a", status=MessageStatus.BACKLOG)
    story.left(0, "a", known_at=HOUR, news="taken on by Dora")
    story.left(0, "b", known_at=HOUR, news="taken on by Dora")
    assert [entry.why for entry in story.books.entries[1]] == [
        "a message left on Tuesday 24 November 2026 at 10:00 by …123; taken on by Dora",
        "a message left on Tuesday 24 November 2026 at 10:00 by the same caller; taken on by Dora",
    ]


@pytest.mark.parametrize("status", [MessageStatus.BACKLOG, MessageStatus.DISMISSED, MessageStatus.ERASED])
def test_what_waits_for_a_decision_is_no_task(story: Story, status: MessageStatus) -> None:
    story.left(0, "a", status=status)
    assert (story.books.tasks, story.books.messages["a"].status) == ({}, status)


def test_news_of_a_message_whose_task_is_closed_is_only_written(story: Story) -> None:
    story.left(0, "a")
    story.close(10, NOT_NEEDED)
    story.restart(20)
    (fact,) = story.news(30, "a", folder="Old")
    assert isinstance(fact, TaskChanged)
    assert (fact.task, fact.entries, story.books.messages["a"].folder) == (None, (), "Old")


# --- callers who do not wait ------------------------------------------------------------------------------------------


def test_a_caller_who_got_through_is_noted_once_for_a_person_to_close(story: Story) -> None:
    story.left(0, "a")
    with pytest.raises(IllegalTransition, match="no call of this caller was seen to be answered"):
        story.close(10, GOT_THROUGH)
    story.rang_in(60, "9.1")
    story.ended(120, "9.1", Outcome.ANSWERED, answered_at=after(60))
    assert story.steps() == [S.OPENED, S.GOT_THROUGH]
    assert (story.task().got_through, story.task().got_through_at, story.state()) == ("9.1", after(60), OPEN)
    assert "by PJSIP/101" in story.said()
    story.close(200, GOT_THROUGH)
    assert story.task().outcome is GOT_THROUGH


def test_a_message_after_that_call_is_still_to_be_answered(story: Story) -> None:
    story.left(0, "a")
    story.rang_in(60, "9.1")
    story.left(120, "b")
    with pytest.raises(IllegalTransition, match="came after the last attempt"):
        story.close(200, GOT_THROUGH)


@pytest.mark.parametrize(
    ("caller", "origin", "t"), [(BEN, Origin.EXTERNAL, 60), (ANN, Origin.INTERNAL, 60), (None, Origin.EXTERNAL, 60)]
)
def test_other_calls_are_nothing_to_it(story: Story, caller: str | None, origin: Origin, t: float) -> None:
    story.left(0, "a")
    assert story.rang_in(t, "9.1", caller, origin=origin) == []


def test_a_call_answered_before_the_message_was_left_is_nothing_to_it(story: Story) -> None:
    story.left(0, "a")
    assert story.ended(5, "9.1", Outcome.ANSWERED, answered_at=after(-60)) == []


def test_an_abandoned_call_becomes_a_task_where_the_line_says_so(story: Story) -> None:
    story.ended(2, "9.1", Outcome.ABANDONED, on="orders")
    story.ended(3, "9.2", Outcome.ABANDONED, BEN, on="enquiries")
    story.ended(4, "9.3", Outcome.SHORT_ABANDONED, BEN, on="orders")
    story.ended(5, "9.4", Outcome.ABANDONED, None, on="orders")
    story.ended(6, "9.5", Outcome.ABANDONED, BEN, on="orders", origin=Origin.INTERNAL)
    assert list(story.books.tasks) == [1]
    task = story.task()
    assert (task.source, task.call, task.caller, task.due) == (TaskSource.ABANDONED, "9.1", ANN, after(24 * HOUR))
    assert story.books.filings == {}
    story.ended(60, "9.6", Outcome.ABANDONED, on="orders")
    assert story.steps() == [S.OPENED, S.NOTED]
    story.left(120, "a", on="orders")
    assert (story.filing("a").task, story.task().due) == (1, after(24 * HOUR))
    story.attempt(200, "d1", talks=10)
    story.until(HOUR)
    assert (story.state(), story.task().in_time, story.task().reached_at) == (CLOSED, True, after(206))


def test_an_abandoned_call_is_watched_over_a_restart(story: Story) -> None:
    story.ended(2, "9.1", Outcome.ABANDONED, on="orders")
    story.restart(60)
    story.until(30 * HOUR)
    assert story.steps() == [S.OPENED, S.WARNED, S.OVERDUE]
    assert {notice.to for notice in story.books.notices.values()} == {()}  # the line names nobody: logged only
    assert "nobody is named to be told" in story.said()
    story.attempt(30 * HOUR, "d1", talks=10)
    story.until(31 * HOUR)
    assert (story.state(), story.task().in_time) == (CLOSED, False)


# --- deadlines watched ------------------------------------------------------------------------------------------------


def test_people_are_told_before_at_and_after_the_deadline_each_once(story: Story) -> None:
    story.left(0, "a")
    story.until(21.9 * HOUR)
    assert not story.books.notices
    story.until(22 * HOUR)
    assert list(story.told()) == [("warning", ("desk",))]
    story.until(100 * HOUR)
    assert list(story.told())[1:] == [
        ("overdue", ("desk",)),
        ("escalation", ("lead",)),
        ("escalation", ("lead", "boss")),
    ]
    assert story.steps() == [S.OPENED, S.WARNED, S.OVERDUE, S.ESCALATED, S.ESCALATED]
    assert story.core.overdue(after(100 * HOUR))["enquiries"] == 1
    assert story.core.next_timer() is None


def test_what_fell_due_while_the_daemon_was_down_is_told_at_the_first_moment_in_its_order(story: Story) -> None:
    story.left(0, "a")
    story.left(0, "b", BEN)
    story.until(22 * HOUR)
    story.restart(50 * HOUR)
    assert story.core.next_timer() == after(24 * HOUR)
    facts = story.late(50 * HOUR + 5)
    assert [e.step for f in facts if isinstance(f, TaskChanged) for e in f.entries] == [
        *(S.OVERDUE, S.ESCALATED, S.ESCALATED) * 2
    ]
    story.restart(51 * HOUR)
    assert story.core.next_timer() is None
    assert len(story.books.notices) == 8


def test_a_notice_needs_no_other_source(story: Story) -> None:
    story.left(when("Fri 27 16:00"), "a")
    story.attempt(when("Fri 27 16:30"), "d1")
    story.rang_in(when("Fri 27 16:40"), "9.1")
    story.until(when("Mon 30 18:00"))
    notice = next(n for n in story.books.notices.values() if n.kind.value == "overdue")
    assert notice.title == "enquiries: callback 1 was due on Monday 30 November 2026 at 18:00"
    for words in (
        "Task 1 on line enquiries",
        "left on Friday 27 November 2026 at 16:00 by …123",
        "Attempts so far: 1, the last on Friday",
        "no working day (closed on Saturdays)",
        "The caller spoke to somebody",
        "close the task as got through",
    ):
        assert words in notice.text
    assert ANN not in notice.text


def test_a_warning_counts_to_the_last_open_moment(story: Story) -> None:
    story.left(when("Thu 26 23:59"), "a")
    story.until(when("Fri 27 15:59"))
    assert not story.books.notices
    story.until(when("Fri 27 16:00"))
    assert [n.kind.value for n in story.books.notices.values()] == ["warning"]
    assert "to be done by Friday 27 November 2026 at 18:00" in story.said()


def test_a_new_deadline_is_watched_from_the_start(story: Story) -> None:
    story.left(0, "a")
    story.until(23 * HOUR)
    story.attempt(23 * HOUR, "d1", rings=15)
    story.left(23 * HOUR + 60, "b")
    assert story.task().alarms == ()
    story.until(when("Thu 26 08:00"))
    assert [s for s in story.steps() if s in (S.WARNED, S.OVERDUE)] == [S.WARNED, S.WARNED]


def test_a_change_of_the_calendar_is_reckoned_at_the_start_and_said(story: Story) -> None:
    story.left(0, "a")
    closed = own_line(removed_days=frozenset({day("2026-11-25")}))
    story.restart(60, office(closed))
    assert story.task().due == after(when("Thu 26 18:00"))
    assert story.steps() == [S.OPENED, S.DEADLINE_CHANGED]
    assert story.said() == (
        "due on Thursday 26 November 2026 at 18:00 instead of Wednesday 25 November 2026 at 10:00: "
        "the line's hours, holidays or days were changed"
    )
    story.restart(120, office(closed))
    assert len(story.steps()) == 2


def test_a_change_of_the_charter_is_named(story: Story) -> None:
    story.left(0, "a")
    other = charter(version=2, message_rule=charter().message_rule.__class__(charter().message_rule.name, 48))
    story.restart(60, office(own_line(charter=other)))
    assert story.said().endswith("the charter is hct version 2 instead of hct version 1")
    assert (story.filing("a").charter_version, story.filing("a").due) == (2, after(48 * HOUR))


def test_a_line_that_is_gone_keeps_its_tasks_in_sight(story: Story) -> None:
    story.left(0, "a", on="orders")
    story.restart(60, office(own_line()))
    assert story.core.counts()["enquiries"][OPEN] == 1
    assert (story.task().line, story.task().due) == ("orders", after(24 * HOUR))
    story.until(25 * HOUR)
    assert next(story.told()) == ("warning", ("desk",))


# --- restarts ---------------------------------------------------------------------------------------------------------


def test_a_lease_goes_on_over_a_restart_and_one_that_ended_meanwhile_lapses_first(story: Story) -> None:
    story.left(0, "a")
    story.ask(10, CLAIM)
    story.restart(60)
    with pytest.raises(IllegalTransition, match="claimed by Alice"):
        story.ask(61, CLAIM, "Bob")
    story.restart(20 * MINUTE)
    assert story.core.next_timer() == after(10 + 15 * MINUTE)
    story.late(20 * MINUTE)
    assert story.state() is OPEN


def test_a_dial_that_outlives_a_restart_is_one_attempt(story: Story) -> None:
    story.left(0, "a")
    story.dial(10, "d1")
    story.restart(60)
    assert story.state() is DIALLING
    story.answers(70, "d1")
    story.over(80, "d1")
    story.until(HOUR)
    assert (story.state(), story.task().attempts, story.task().outcome) == (CLOSED, 1, DONE)


def test_a_dial_whose_end_was_told_before_the_tasks_were_restored(story: Story) -> None:
    story.left(0, "a")
    story.dial(10, "d1")
    rows = story.books.open_rows()
    story.restart(60, OFFICE)
    story.core = type(story.core)(OFFICE)
    story.over(60, "d1", CalloutResult.UNCERTAIN)
    for fact in story.core.restore(rows, after(61)):
        story.books.write(fact)
    assert (story.state(), story.steps()) == (UNANSWERED, [S.OPENED, S.DIALLED, S.NOT_CONNECTED])


def test_a_task_being_dialled_without_a_dial_waits_again(story: Story) -> None:
    story.left(0, "a")
    story.dial(10, "d1")
    story.books.callouts.clear()
    story.restart(60)
    assert (story.state(), story.said()) == (
        UNANSWERED,
        "the end of the dial was not seen: callcentre was not running",
    )


def test_a_reached_caller_leaves_time_to_write_it_up_after_a_restart(story: Story) -> None:
    story.left(0, "a")
    story.dial(10, "d1")
    story.answers(20, "d1")
    story.books.callouts.clear()
    story.restart(60)
    story.until(60 + 15 * MINUTE)
    assert (story.state(), story.task().outcome) == (CLOSED, DONE)


def test_a_merge_that_a_crash_cut_short_is_finished_at_the_next_start(story: Story) -> None:
    """The older task has the message already; the younger one, which holds nothing, is not left to nobody."""
    story.left(0, "a")
    story.left(1, "b", BEN)
    story.books.filings["b"] = replace(story.filing("b"), task=1)
    story.restart(60)
    assert (story.state(2), story.task(2).outcome, story.state(1)) == (CLOSED, TaskOutcome.DUPLICATE, OPEN)


def test_numbers_go_on_where_they_were(story: Story) -> None:
    story.left(0, "a")
    story.left(1, "b", BEN)
    for number in (1, 2):
        story.close(10, NOT_NEEDED, number=number)
    story.restart(20)
    story.left(30, "c")
    assert story.filing("c").task == 3


# --- erasure ----------------------------------------------------------------------------------------------------------


def test_a_caller_is_erased_everywhere(story: Story) -> None:
    story.left(0, "a")
    story.left(1, "b", on="orders")
    story.left(2, "c", BEN)
    story.close(3, NOT_NEEDED, number=2)
    story.dial(10, "d1")
    story.erase(20, caller="+44 1632 960 123")
    (erased,) = story.books.erased
    assert (erased.caller, erased.messages, erased.who, erased.why) == (ANN, ("a", "b"), "Dora", "GDPR")
    task = story.task()
    assert (task.state, task.outcome, task.caller, task.dial) == (CLOSED, NOT_NEEDED, None, None)
    assert (story.steps()[-1], story.state(3)) == (S.ERASED, OPEN)
    story.over(30, "d1")
    assert story.books.callouts["d1"].caller == ""
    assert (story.task(2).caller, story.task(2).outcome, story.steps(2)[-1]) == (None, NOT_NEEDED, S.ERASED)
    story.left(50, "d")
    assert story.filing("d").task == 4


def test_one_task_is_erased_with_its_numbers(story: Story) -> None:
    story.left(0, "a", None)
    story.ask(1, NUMBER, dial="07700 900123")
    story.left(2, "b", None)
    story.erase(10, task=1)
    story.erase(11, task=2)
    assert [(e.caller, e.messages) for e in story.books.erased] == [("07700900123", ("a",)), (None, ("b",))]
    assert (story.state(1), story.state(2)) == (CLOSED, CLOSED)


def test_a_task_closed_long_ago_is_erased_from_its_row(story: Story) -> None:
    story.left(0, "a")
    story.close(1, NOT_NEEDED)
    story.restart(2)
    story.erase(10, task=1, row=story.task(), filings=story.books.filings_of(1))
    assert [(e.caller, e.messages) for e in story.books.erased] == [(ANN, ("a",))]
    assert (story.task().caller, story.task().closed_by, story.books.entries[1][-1].who) == (None, "Alice", "Dora")


@pytest.mark.parametrize("caller", [None, "", "nobody"])
def test_nothing_named_is_nothing_erased(story: Story, caller: str | None) -> None:
    with pytest.raises(IllegalTransition, match="name the caller's number"):
        story.erase(1, caller=caller)


def test_erasure_is_asked_once(story: Story) -> None:
    assert story.erase(1, caller=ANN, request="k")
    assert story.erase(2, caller=ANN, request="k") == []


def test_erasure_on_all_pbxs() -> None:
    everywhere = Story(
        Office(pbxs=(*OFFICE.pbxs, type(OFFICE.pbxs[0])(name="two")), lines=OFFICE.lines, fallback_line="orders")
    )
    everywhere.erase(1, pbx="", caller=ANN)
    assert [e.pbx for e in everywhere.books.erased] == ["lab", "two"]


# --- from the PBX's own words -----------------------------------------------------------------------------------------


def test_from_the_callers_message_to_the_agents_call_by_hand() -> None:
    centre = CallCentre(office(own_line(dids=frozenset({"700"}), mailboxes=frozenset({"600@default"}))))
    books = Books()

    def happens(*events: Event) -> None:
        for event in events:
            for fact in centre.handle(event).facts:
                if isinstance(fact, TaskChanged):
                    books.write(fact)

    centre.restore(OpenRows(), pbx.at(-1))
    happens(pbx.up(0), pbx.listed(0.5), made(1, "PJSIP/trunk", "1", by="1", exten="700", state=4))
    happens(pbx.voicemail(2, "1", "600@default,u"), pbx.waiting(10, "600@default", 1, "1"), pbx.gone(11, "1"))
    assert [task.state for task in books.tasks.values()] == [OPEN]
    happens(made(60, "PJSIP/101", "5", by="5", exten=f"9{ANN}", state=4), made(60.1, "PJSIP/trunk", "6", by="5"))
    ends: dict[str, Any] = {"uniqueid": "5", "linkedid": "5", "dest_uniqueid": "6", "dest_linkedid": "5"}
    names: dict[str, Any] = {"channel": "PJSIP/101-5", "dest_channel": "PJSIP/trunk-6"}
    happens(DialBegun(**pbx.when(60.2), **ends, **names, dial_string=f"{ANN}@trunk"))
    far: dict[str, Any] = {"channel": "PJSIP/trunk-6", "uniqueid": "6", "linkedid": "5"}
    happens(ChannelStateChanged(**pbx.when(62), **far, state=5), ChannelStateChanged(**pbx.when(70), **far, state=6))
    happens(ChannelGone(**pbx.when(100), **far, cause=16), pbx.passed(pbx.at(100 + 15 * MINUTE)))
    task = books.tasks[1]
    assert (task.state, task.outcome, task.attempts, task.in_time) == (CLOSED, DONE, 1, True)
    assert [entry.who for entry in books.entries[1] if entry.step is S.CONNECTED] == ["PJSIP/101"]
    assert [filing.reached_at for filing in books.responded] == [pbx.at(70)]


def made(t: float, device: str, uniqueid: str, *, by: str, exten: str = "s", state: int = 0) -> ChannelCreated:
    """Newchannel."""
    names: dict[str, Any] = {"channel": f"{device}-{uniqueid}", "uniqueid": uniqueid, "linkedid": by}
    told: dict[str, Any] = {"caller_number": ANN, "caller_name": "", "context": "in", "exten": exten}
    return ChannelCreated(**pbx.when(t), **names, **told, state=state)
