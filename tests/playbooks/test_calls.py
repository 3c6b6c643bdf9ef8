"""Stories of calls: what the PBX says, and what the office is told."""

import pytest

from callcentre.core.facts import MenuAbandoned
from callcentre.core.terms import AttemptResult, Hours, Origin, Outcome, VisitResult
from tests.playbooks.story import Story, after, answered, queued


def test_an_answered_call_has_its_times_rings_and_talk() -> None:
    story = Story()
    answered(story, 9.7)
    story.gone(69.7, "1")
    call = story.ended("1")
    assert (call.outcome, call.line, call.answered_by) == (Outcome.ANSWERED, "sales", "PJSIP/101")
    assert (call.offered_at, call.first_ring_at, call.answered_at) == (after(0.5), after(0.6), after(9.7))
    assert (call.wait_seconds, call.ring_seconds, call.rings, call.talk_seconds) == (9.2, 9.1, 4, 60.0)
    assert (call.within_seconds, call.within_rings, call.hours) == (True, True, Hours.CORE)
    assert [visit.result for visit in call.visits] == [VisitResult.ANSWERED]


@pytest.mark.parametrize(
    ("answer", "seconds", "rings"), [(15.5, True, True), (15.500001, False, True), (15.7, False, False)]
)
def test_the_targets_are_met_to_the_microsecond(answer: float, seconds: bool, rings: bool) -> None:
    """15 s after the offer at 0.5 s; the sixth ring begins 15 s after the first, at 15.6 s."""
    story = Story()
    answered(story, answer)
    story.gone(20, "1")
    assert (story.ended("1").within_seconds, story.ended("1").within_rings) == (seconds, rings)


def test_a_ring_told_before_its_dial_begin_is_not_missed() -> None:
    """Newstate and DialBegin come from different threads of Asterisk."""
    story = Story()
    queued(story)
    story.made(0.6, "PJSIP/101", "2", by="1")
    story.state(0.61, "2", 5)
    story.dial(0.62, "1", "2")
    story.answers(2, "1", "2")
    story.gone(5, "1")
    assert story.ended("1").first_ring_at == after(0.61)


def test_a_leg_that_only_shows_progress_counts_from_there_and_a_later_ring_outranks_it() -> None:
    story = Story()
    queued(story)
    story.made(1, "PJSIP/101", "2", by="1")
    story.dial(1, "1", "2")
    story.progress(1.5, "1", "2", "PROGRESS")
    assert story.call("1").first_ring_at == after(1.5)
    assert story.call("1").attempts[0].progress_only
    story.progress(2.5, "1", "2", "RINGING")
    assert story.call("1").first_ring_at == after(2.5)


def test_the_winner_of_a_race_is_whom_the_pbx_names() -> None:
    story = Story()
    queued(story)
    story.rings(0.6, "1", "PJSIP/101", "2")
    story.rings(0.6, "1", "PJSIP/102", "3")
    story.state(4.0, "2", 6)
    story.state(4.01, "3", 6)
    story.dialled(4.02, "1", "3", "ANSWER")
    story.dialled(4.02, "1", "2", "CANCEL")
    story.gone(10, "1")
    call = story.ended("1")
    assert (call.answered_by, call.answered_at) == ("PJSIP/102", after(4.01))
    assert [attempt.result for attempt in call.attempts] == [AttemptResult.CANCELLED, AttemptResult.ANSWERED]


def test_behind_local_channels_the_queue_names_the_winner() -> None:
    story = Story()
    queued(story)
    for half, other, device, phone in (("2", "3", "PJSIP/101", "4"), ("5", "6", "PJSIP/102", "7")):
        stem = f"Local/{device[-3:]}@agents"
        story.made(0.6, f"{stem};1", half, by="1")
        story.made(0.6, f"{stem};2", other, by="1")
        story.dial(0.6, "1", half)
        story.rings(0.7, other, device, phone)
    story.answers(4.0, "3", "4")
    story.answers(4.01, "6", "7")
    story.dialled(4.02, "1", "5", "ANSWER")
    story.dialled(4.02, "1", "2", "CANCEL")
    story.gone(10, "1")
    call = story.ended("1")
    assert (call.answered_by, call.answered_at) == ("PJSIP/102", after(4.01))
    assert [(a.interface, a.result) for a in call.attempts] == [
        ("PJSIP/101", AttemptResult.CANCELLED),
        ("PJSIP/102", AttemptResult.ANSWERED),
    ]


def test_a_pick_up_that_comes_too_late_answers_nobody() -> None:
    story = Story()
    queued(story)
    story.rings(0.6, "1", "PJSIP/101", "2")
    story.state(6.0, "2", 6)
    story.dialled(6.01, "1", "2", "CANCEL")
    story.leave(6.01, "1", "sales", withdrawn=True)
    story.gone(6.02, "1")
    story.until(9)
    assert (story.ended("1").outcome, story.ended("1").answered_by) == (Outcome.ABANDONED, None)


def test_a_pickup_answers_at_its_own_moment_by_the_picker() -> None:
    """The picker's channel was up from dialling the code."""
    story = Story()
    queued(story)
    story.rings(0.6, "1", "PJSIP/101", "2")
    story.made(4, "PJSIP/103", "5", exten="*8")
    story.state(4, "5", 6)
    story.dialled(4.5, "1", "2", "CANCEL")
    story.dial(4.5, "1", "5")
    story.pickup(4.5, "5", "2")
    story.leave(4.51, "1", "sales")
    story.gone(9, "1")
    call = story.ended("1")
    assert (call.answered_by, call.answered_at, call.outcome) == ("PJSIP/103", after(4.5), Outcome.ANSWERED)
    assert call.attempts[0].result is AttemptResult.PICKED_UP
    assert call.visits[0].result is VisitResult.ANSWERED
    assert story.offered() == {"1"}


def test_a_consultation_after_a_pickup_belongs_to_the_call() -> None:
    story = Story()
    queued(story)
    story.rings(0.6, "1", "PJSIP/101", "2")
    story.made(4, "PJSIP/103", "5", exten="*8")
    story.pickup(4.5, "5", "2")
    story.made(9, "PJSIP/103", "6", exten="102")
    story.rings(9.1, "6", "PJSIP/102", "7")
    story.gone(12, "5")
    story.gone(12, "6")
    story.made(20, "PJSIP/103", "8", exten="102")
    story.rings(20.1, "8", "PJSIP/102", "9")
    assert story.offered() == {"1", "8"}
    assert [a.after_answer for a in story.call("1").attempts] == [False, True]


def test_a_forwarded_telephone_and_its_stand_in_are_two_attempts_of_one_call() -> None:
    story = Story()
    queued(story)
    story.rings(0.6, "1", "PJSIP/101", "2")
    story.dialled(2, "1", "2", "CANCEL", forward="Local/102@internal")
    story.made(2, "Local/102@internal;1", "3", by="1")
    story.made(2, "Local/102@internal;2", "4", by="1")
    story.dial(2, "1", "3")
    story.rings(2.1, "4", "PJSIP/102", "5")
    story.answers(5, "4", "5")
    story.gone(9, "1")
    call = story.ended("1")
    assert [(a.interface, a.result) for a in call.attempts] == [
        ("PJSIP/101", AttemptResult.FORWARDED),
        ("PJSIP/102", AttemptResult.ANSWERED),
    ]
    assert call.wait_seconds == 4.5


@pytest.mark.parametrize(
    ("cause", "result"), [(17, AttemptResult.BUSY), (21, AttemptResult.BUSY), (0, AttemptResult.RANG_OUT)]
)
def test_only_the_hangup_cause_tells_a_refusal_in_a_queue(cause: int, result: AttemptResult) -> None:
    story = Story()
    queued(story)
    story.rings(0.6, "1", "PJSIP/101", "2")
    story.dialled(3, "1", "2", "NOANSWER")
    story.dialled(3, "1", "2", "CANCEL")
    story.gone(3.01, "2", cause)
    assert story.call("1").attempts[0].result is result


def test_a_sip_consultation_belongs_to_the_call_and_is_no_call_of_its_own() -> None:
    """The agent's telephone opens a second line to a colleague while it holds the caller."""
    story = Story()
    answered(story)
    story.made(20, "PJSIP/101", "7", exten="102")
    story.app(20, "7", "Dial", "PJSIP/102,20")
    story.rings(20.1, "7", "PJSIP/102", "8")
    story.answers(24, "7", "8")
    story.gone(30, "2")
    story.gone(30, "7")
    story.gone(60, "1")
    call = story.ended("1")
    assert story.offered() == {"1"}
    assert (call.answered_by, call.talk_seconds) == ("PJSIP/101", 56.5)
    assert [(a.interface, a.after_answer) for a in call.attempts] == [("PJSIP/101", False), ("PJSIP/102", True)]


def test_a_transfer_into_a_queue_opens_a_visit_and_leaves_the_first_answer_alone() -> None:
    story = Story()
    answered(story)
    story.join(20, "1", "help")
    story.rings(20.1, "1", "PJSIP/102", "5")
    story.answers(25, "1", "5")
    story.leave(25, "1", "help")
    story.gone(60, "1")
    call = story.ended("1")
    assert (call.line, call.answered_by, call.wait_seconds) == ("sales", "PJSIP/101", 3.0)
    assert [(v.queue, v.after_answer, v.result) for v in call.visits] == [
        ("sales", False, VisitResult.ANSWERED),
        ("help", True, VisitResult.ANSWERED),
    ]


def test_a_blonde_transfer_keeps_the_ring_clock_of_the_second_telephone() -> None:
    story = Story()
    answered(story)
    story.made(10, "PJSIP/102", "5", by="1")
    story.dial(10, None, "5")
    story.state(10.1, "5", 5)
    story.dialled(14, None, "5", "NOANSWER")
    story.dial(14, "1", "5")
    story.answers(18, "1", "5")
    story.gone(30, "1")
    attempt = story.ended("1").attempts[1]
    assert (attempt.ring_start, attempt.ring_end, attempt.result) == (after(10.1), after(18), AttemptResult.ANSWERED)


def test_an_overflow_to_another_claimed_queue_is_one_call_with_two_visits() -> None:
    story = Story()
    queued(story)
    story.leave(10.5, "1", "sales", withdrawn=True)
    story.var(10.5, "1", "QUEUESTATUS", "TIMEOUT")
    story.join(10.6, "1", "help")
    story.rings(10.7, "1", "PJSIP/101", "2")
    story.answers(14, "1", "2")
    story.leave(14, "1", "help")
    story.gone(20, "1")
    call = story.ended("1")
    assert (call.line, call.wait_seconds) == ("sales", 13.5)
    assert [(v.queue, v.result) for v in call.visits] == [
        ("sales", VisitResult.TIMEOUT),
        ("help", VisitResult.ANSWERED),
    ]


def test_a_call_that_ends_where_no_line_answers_has_overflowed() -> None:
    story = Story()
    queued(story)
    story.leave(10.5, "1", "sales", withdrawn=True)
    story.join(10.6, "1", "partner")
    story.leave(40, "1", "partner", withdrawn=True)
    story.gone(40, "1")
    story.until(43)
    assert story.ended("1").outcome is Outcome.OVERFLOWED


@pytest.mark.parametrize(("wait", "outcome"), [(4.9, Outcome.SHORT_ABANDONED), (5.1, Outcome.ABANDONED)])
def test_an_abandoned_call_is_decided_two_seconds_after_its_hangup(wait: float, outcome: Outcome) -> None:
    story = Story()
    queued(story)
    story.leave(0.5 + wait, "1", "sales", withdrawn=True)
    story.gone(0.5 + wait, "1")
    story.until(2.4 + wait)
    assert story.call("1").outcome is Outcome.IN_PROGRESS
    story.until(2.6 + wait)
    call = story.ended("1")
    assert (call.outcome, call.visits[0].result, call.within_seconds) == (outcome, VisitResult.ABANDONED, False)


@pytest.mark.parametrize("witness", ["VMSTATUS", "MessageWaiting", "both"])
def test_a_message_left_is_seen_with_and_without_the_dialplans_word(witness: str) -> None:
    story = Story()
    queued(story)
    story.leave(10.5, "1", "sales", withdrawn=True)
    if witness != "MessageWaiting":
        story.app(10.6, "1", "VoiceMail", "600@default,u")
    if witness != "VMSTATUS":
        story.mailbox(30, "600@default", 1, "1")
    if witness != "MessageWaiting":
        story.var(30, "1", "VMSTATUS", "SUCCESS")
    story.gone(30, "1")
    story.until(33)
    call = story.ended("1")
    assert (call.outcome, call.wait_seconds) == (Outcome.VOICEMAIL, 10.0)
    assert call.visits[0].result is VisitResult.TIMEOUT


def test_hanging_up_in_the_greeting_leaves_no_message() -> None:
    story = Story()
    queued(story)
    story.leave(10.5, "1", "sales", withdrawn=True)
    story.app(10.6, "1", "VoiceMail", "600@default,u")
    story.var(14, "1", "VMSTATUS", "FAILED")
    story.gone(14, "1")
    story.until(17)
    assert story.ended("1").outcome is Outcome.VOICEMAIL_EMPTY


def test_a_call_that_met_only_the_announcement_was_closed() -> None:
    story = Story()
    story.made(0, "PJSIP/trunk", "1", exten="700")
    story.gone(12, "1")
    story.until(15)
    call = story.ended("1")
    assert (call.outcome, call.offered_at, call.wait_seconds) == (Outcome.CLOSED, after(0), None)


@pytest.mark.parametrize("status", ["JOINEMPTY", "FULL"])
def test_a_queue_that_lets_nobody_in_refuses_the_call(status: str) -> None:
    """It raises no queue event at all."""
    story = Story()
    story.made(0, "PJSIP/trunk", "1", exten="700")
    story.var(0.5, "1", "QUEUESTATUS", status)
    story.gone(0.6, "1")
    story.until(3)
    call = story.ended("1")
    assert (call.outcome, call.offered_at, call.visits) == (Outcome.REFUSED, after(0.5), ())


def test_an_engaged_telephone_without_voicemail_refuses_the_call() -> None:
    story = Story()
    story.made(0, "PJSIP/trunk", "1", exten="101")
    story.rings(0.1, "1", "PJSIP/101", "2")
    story.dialled(0.4, "1", "2", "BUSY")
    story.gone(0.4, "2", 17)
    story.gone(0.5, "1", 17)
    story.until(3)
    call = story.ended("1")
    assert (call.outcome, call.line, call.attempts[0].result) == (Outcome.REFUSED, "direct", AttemptResult.BUSY)


def test_an_exit_key_ends_the_stay_and_the_wait() -> None:
    story = Story()
    queued(story)
    story.leave(6.5, "1", "sales")
    story.app(6.5, "1", "VoiceMail", "600@default,u")
    story.gone(9, "1")
    story.until(12)
    call = story.ended("1")
    assert (call.visits[0].result, call.wait_seconds) == (VisitResult.EXIT_KEY, 6.0)


def test_a_menu_is_no_line_but_its_caller_belongs_to_the_queue_it_chose() -> None:
    story = Story()
    story.made(0, "PJSIP/trunk", "1", exten="600")
    story.app(8, "1", "Queue", "help,tT,,,60")
    story.join(8.01, "1", "help")
    story.made(9, "PJSIP/trunk", "2", exten="600")
    story.gone(11, "2")
    assert (story.call("1").line, story.call("1").offered_at, story.call("1").did) == ("help", after(8), "600")
    assert [fact.uniqueid for fact in story.facts if isinstance(fact, MenuAbandoned)] == ["2"]
    assert story.offered() == {"1"}


def test_a_colleague_ringing_a_line_is_internal_and_a_call_out_is_nobodys() -> None:
    story = Story()
    story.member(0, "sales", "PJSIP/104")
    story.made(1, "PJSIP/104", "1", exten="5000")
    story.join(1, "1", "sales")
    story.made(2, "PJSIP/103", "2", exten="07700900123")
    story.made(2, "PJSIP/trunk", "3", by="2")
    story.dial(2, "2", "3")
    story.gone(9, "2")
    assert story.offered() == {"1"}
    assert story.call("1").origin is Origin.INTERNAL
    assert not [fact for fact in story.facts if isinstance(fact, MenuAbandoned)]


def test_a_mobile_rung_through_the_trunk_does_not_make_callers_on_that_trunk_colleagues() -> None:
    """The line is claimed by its queue, so nothing but the arriving call tells that PJSIP/trunk is a trunk."""
    story = Story()
    story.made(0, "PJSIP/trunk", "1", exten="600")
    story.join(1, "1", "sales")
    story.rings(1.1, "1", "PJSIP/trunk", "2")
    story.answers(4, "1", "2")
    story.made(10, "PJSIP/trunk", "5", exten="600")
    story.join(11, "5", "sales")
    assert story.offered() == {"1", "5"}
    assert story.call("5").origin is Origin.EXTERNAL
    assert story.call("1").answered_by == "PJSIP/trunk"


def test_an_originated_channel_in_a_queue_is_no_call() -> None:
    story = Story()
    story.made(0, "Local/x@y;1", "1")
    story.join(1, "1", "sales")
    story.gone(9, "1")
    assert story.offered() == set()


def test_a_withheld_number_is_none() -> None:
    story = Story()
    story.made(0, "PJSIP/trunk", "1", exten="700", cid="anonymous")
    story.join(0.5, "1", "sales")
    assert story.call("1").caller is None


def test_a_second_message_from_the_pbx_about_an_end_changes_nothing() -> None:
    story = Story()
    answered(story)
    story.gone(30, "1")
    story.dialled(30, "1", "2", "CANCEL")
    story.gone(30.1, "2")
    story.completed(30.2, "1", "sales", 26)
    story.until(40)
    assert story.ended("1").talk_seconds == 26.5
