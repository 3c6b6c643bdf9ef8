"""Stories of calls that a gap touched: what goes on, what is lost, what is never guessed."""

import pytest

from callcentre.core.facts import CallHealed, GapClosed, GapOpened
from callcentre.core.terms import AttemptResult, Outcome, Quality, VisitResult
from tests.playbooks.story import OFFICE, Story, after, answered, queued


def test_a_call_that_outlives_a_gap_goes_on_as_partial() -> None:
    story = Story()
    answered(story)
    story.down(10)
    story.up(14)
    story.listed(15, "1", "2", bridge="b")
    story.gone(40, "1")
    call = story.ended("1")
    assert (call.outcome, call.quality, call.talk_seconds) == (Outcome.ANSWERED, Quality.PARTIAL, 36.5)
    assert [type(fact) for fact in story.facts if isinstance(fact, GapOpened | GapClosed)] == [GapOpened, GapClosed]


def test_an_unanswered_call_that_is_gone_after_a_gap_is_lost_once() -> None:
    story = Story()
    queued(story)
    story.rings(0.6, "1", "PJSIP/101", "2")
    story.down(5)
    story.up(9)
    story.listed(10)
    story.until(20)
    call = story.ended("1")
    assert (call.outcome, call.ended_at, call.within_seconds) == (Outcome.LOST, None, None)
    assert call.attempts[0].result is AttemptResult.LOST


def test_a_list_with_items_that_were_not_believed_ends_no_call() -> None:
    story = Story()
    queued(story)
    story.rings(0.6, "1", "PJSIP/101", "2")
    story.down(2)
    story.up(3)
    story.listed(4, complete=False)
    story.answers(6, "1", "2")
    story.gone(9, "1")
    assert (story.ended("1").outcome, story.ended("1").quality) == (Outcome.ANSWERED, Quality.PARTIAL)


def test_an_answer_in_the_gap_is_proven_by_agent_complete_or_stays_unknown() -> None:
    for proof in (True, False):
        story = Story()
        queued(story)
        story.rings(0.6, "1", "PJSIP/101", "2")
        story.down(5)
        story.up(9)
        story.listed(10, "1", "2", bridge="b")
        if proof:
            story.completed(40, "1", "sales", 33, dest="2")
        story.gone(40, "1")
        story.until(50)
        call = story.ended("1")
        if proof:
            assert (call.attempts[0].ring_end, call.attempts[0].result) == (after(7), AttemptResult.ANSWERED)
            assert (call.answered_at, call.answered_by, call.quality) == (after(7), "PJSIP/101", Quality.INFERRED)
        else:
            assert (call.outcome, call.wait_seconds) == (Outcome.LOST, None)


def test_an_agent_complete_that_comes_after_the_hang_up_and_names_no_channel_proves_the_answer_too() -> None:
    """Seen on a busy Asterisk 22: two threads of it tell of the end of one conversation."""
    story = Story()
    queued(story)
    story.rings(0.6, "1", "PJSIP/101", "2")
    story.down(5)
    story.up(9)
    story.listed(10, "1", "2", bridge="b")
    story.gone(40, "2")
    story.gone(40, "1")
    story.completed(40, "1", "sales", 33, dest="2", named=False)
    story.until(50)
    call = story.ended("1")
    assert (call.answered_at, call.answered_by, call.quality) == (after(7), "PJSIP/101", Quality.INFERRED)
    assert [(ring.ring_end, ring.result) for ring in call.attempts] == [(after(7), AttemptResult.ANSWERED)]
    assert [(visit.leave, visit.result) for visit in call.visits] == [(after(7), VisitResult.ANSWERED)]


def test_of_two_calls_that_it_may_be_of_such_a_proof_is_of_neither() -> None:
    story = Story()
    queued(story)
    queued(story, "5", 0.2)
    story.rings(0.6, "1", "PJSIP/101", "2")
    story.rings(0.7, "5", "PJSIP/101", "6")
    story.down(5)
    story.up(9)
    story.listed(10, "1", "2", "5", "6", bridge="b")
    for uniqueid in ("2", "6", "1", "5"):
        story.gone(40, uniqueid)
    story.completed(40, "1", "sales", 33, dest="2", named=False)
    story.until(50)
    assert {story.ended("1").outcome, story.ended("5").outcome} == {Outcome.LOST}


def test_calls_end_normally_before_a_shutdown_and_the_unanswered_ones_are_lost() -> None:
    story = Story()
    answered(story)
    queued(story, "5", 10)
    story.leave(20, "5", "sales", withdrawn=True)
    story.gone(20, "1")
    story.gone(20, "5")
    story.shutdown(21.1)
    story.until(30)
    assert story.ended("1").outcome is Outcome.ANSWERED
    assert story.ended("5").outcome is Outcome.LOST


def test_a_boot_that_wobbles_is_the_same_boot_and_a_later_one_ends_what_was_open() -> None:
    story = Story()
    story.up(-10, booted=-3600)
    queued(story)
    story.down(5)
    story.up(6, booted=-3599)
    assert story.call("1").outcome is Outcome.IN_PROGRESS
    story.down(7)
    story.up(20, booted=15)
    assert story.ended("1").outcome is Outcome.LOST


def test_a_channel_missing_from_a_list_is_given_time_for_its_hangup() -> None:
    """Events older than a list may still arrive after it."""
    story = Story()
    queued(story)
    story.listed(10)
    story.leave(10.1, "1", "sales", withdrawn=True)
    story.gone(10.1, "1")
    story.until(20)
    assert story.ended("1").outcome is Outcome.ABANDONED


def test_a_caller_found_waiting_becomes_a_partial_call() -> None:
    story = Story()
    story.up(0)
    story._names["1"] = "PJSIP/trunk-1"
    story.listed(1, "1", state=4, duration=6)
    story.rings(2, "1", "PJSIP/101", "2")
    story.answers(4, "1", "2")
    story.gone(9, "1")
    call = story.ended("1")
    assert (call.outcome, call.quality, call.line) == (Outcome.ANSWERED, Quality.PARTIAL, "sales")


@pytest.mark.parametrize("queues_first", [True, False])
def test_a_caller_found_in_a_queue_has_waited_since_its_entry(queues_first: bool) -> None:
    """It came in the gap; the list of queues may be told before that of channels."""
    story = Story()
    story.up(0)
    story.down(1)
    story.up(8)
    story._names["1"] = "PJSIP/trunk-1"
    if queues_first:
        story.waiting(9, "1", "sales", 4)
    story.listed(9.1, "1", duration=6)
    if not queues_first:
        story.waiting(9.2, "1", "sales", 4)
    story.leave(20, "1", "sales", withdrawn=True)
    story.gone(20, "1")
    story.until(23)
    call = story.ended("1")
    assert (call.outcome, call.quality) == (Outcome.ABANDONED, Quality.PARTIAL)
    assert [(v.queue, v.result) for v in call.visits] == [("sales", VisitResult.ABANDONED)]


def test_a_list_of_queues_told_after_the_caller_left_opens_no_second_stay() -> None:
    story = Story()
    story.up(-1)
    story.listed(0)
    queued(story)
    story.leave(6.5, "1", "sales")
    story.waiting(6.6, "1", "sales", 6)
    assert len(story.call("1").visits) == 1


def test_restored_rows_go_on_where_the_pbx_still_has_them() -> None:
    before = Story()
    answered(before)
    queued(before, "5", 4)
    before.rings(4.6, "5", "PJSIP/102", "6")
    rows = [before.call("1"), before.call("5")]
    story = Story()
    story._names, story._linked = before._names, before._linked
    story.facts += story.core.restore(rows, {"lab": after(6)})
    story.up(8)
    story.listed(9, "5", "6", state=5)
    story.answers(10, "5", "6")
    story.gone(20, "5")
    first, second = story.ended("1"), story.ended("5")
    assert (first.outcome, first.ended_at, first.wait_seconds) == (Outcome.ANSWERED, None, 3.0)
    assert (second.answered_by, second.wait_seconds, second.quality) == ("PJSIP/102", 5.5, Quality.PARTIAL)
    assert [a.result for a in second.attempts] == [AttemptResult.ANSWERED]
    assert not [fact for fact in story.facts if isinstance(fact, CallHealed)]


def test_waiting_callers_are_counted_until_somebody_picks_up() -> None:
    story = Story()
    queued(story)
    queued(story, "2", 3)
    assert story.core.waiting() == {"sales": (after(0.5), after(3.5))}
    story.rings(4, "1", "PJSIP/101", "7")
    story.answers(5, "1", "7")
    assert story.core.waiting() == {"sales": (after(3.5),)}
    assert OFFICE.fallback_line == "sales"
