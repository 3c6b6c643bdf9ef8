"""Stories that a sceptical reader found: late refusals, talks before the line, queues within queues."""

import pytest

from callcentre.core.events import EventsQuarantined
from callcentre.core.terms import AttemptResult, Origin, Outcome, Quality, VisitResult
from tests.playbooks.story import Story, after, answered, queued


def test_what_began_after_a_withdrawn_pick_up_did_not_come_after_an_answer() -> None:
    """A Local member must press a key to accept; he declines, and a colleague answers."""
    story = Story()
    queued(story)
    story.made(1, "Local/101@agents;1", "2", by="1")
    story.made(1, "Local/101@agents;2", "3", by="1")
    story.dial(1, "1", "2")
    story.rings(1.1, "3", "PJSIP/101", "4")
    story.answers(5, "3", "4")
    story.rings(8, "1", "PJSIP/102", "5")
    story.dialled(10, "1", "2", "NOANSWER")
    story.answers(14, "1", "5")
    story.leave(14, "1", "sales")
    story.gone(200, "1")
    call = story.ended("1")
    assert (call.outcome, call.answered_by, call.answered_at) == (Outcome.ANSWERED, "PJSIP/102", after(14))
    assert [(a.result, a.after_answer) for a in call.attempts] == [
        (AttemptResult.CANCELLED, False),
        (AttemptResult.ANSWERED, False),
    ]


def test_a_mobile_rung_before_any_outside_call_does_not_swallow_the_next_caller() -> None:
    story = Story()
    story.made(0, "PJSIP/101", "1", exten="102")
    story.rings(0, "1", "PJSIP/trunk", "2")
    story.rings(0, "1", "PJSIP/102", "3")
    story.answers(4, "1", "2")
    queued(story, "5", 20)
    assert (story.call("5").origin, story.call("5").line) == (Origin.EXTERNAL, "sales")


def test_a_talk_before_the_line_was_reached_is_no_wait() -> None:
    """Reception answers, and passes the caller on to a queue ten minutes later."""
    story = Story()
    story.made(0, "PJSIP/trunk", "1", exten="555")
    story.app(0, "1", "Dial", "PJSIP/105,20")
    story.made(0, "PJSIP/105", "2", by="1")
    story.dial(0, "1", "2")
    story.answers(3, "1", "2")
    story.app(600, "1", "Queue", "sales")
    story.join(600, "1", "sales")
    assert story.call("1").offered_at == after(600)


def test_voicemail_reached_through_a_local_channel_is_the_callers() -> None:
    story = Story()
    story.made(0, "PJSIP/trunk", "1", exten="700")
    story.app(0, "1", "Dial", "Local/101@office")
    story.made(0, "Local/101@office;1", "2", by="1")
    story.made(0, "Local/101@office;2", "3", by="1")
    story.dial(0, "1", "2")
    story.rings(1, "3", "PJSIP/101", "4")
    story.dialled(21, "3", "4", "NOANSWER")
    story.app(21, "3", "VoiceMail", "101@default,u")
    story.var(40, "3", "VMSTATUS", "SUCCESS")
    story.gone(40, "1")
    story.until(43)
    assert (story.ended("1").outcome, story.ended("1").wait_seconds) == (Outcome.VOICEMAIL, 21.0)


@pytest.mark.parametrize("restart", [True, False])
def test_a_caller_found_talking_after_a_gap_is_lost_and_in_voicemail_is_there(restart: bool) -> None:
    for bridge, application, outcome in (("b", "Queue", Outcome.LOST), ("", "VoiceMail", Outcome.VOICEMAIL_EMPTY)):
        before = Story()
        queued(before)
        story = before
        if restart:
            story = Story()
            story._names, story._linked = before._names, before._linked
            story.facts += story.core.restore([before.call("1")], {"lab": after(6)})
        else:
            story.down(6)
        story.up(8)
        story.listed(11, "1", bridge=bridge, application=application)
        assert story.core.waiting() == {}
        story.gone(60, "1")
        story.until(63)
        assert (story.ended("1").outcome, story.ended("1").wait_seconds) == (outcome, None)


def test_a_call_whose_hangup_was_heard_before_a_stop_is_decided_by_the_next_run() -> None:
    before = Story()
    story = before
    queued(before)
    before.leave(9, "1", "sales", withdrawn=True)
    before.gone(9, "1")
    row = before.call("1")
    story = Story()
    story.facts += story.core.restore([row], {"lab": after(9.5)})
    story.until(12)
    assert story.ended("1").outcome is Outcome.ABANDONED


def test_a_call_whose_message_was_known_before_a_stop_reached_voicemail() -> None:
    """The row of a call says nothing of voicemail before its outcome; the message's row does."""
    before = Story()
    queued(before)
    before.leave(9, "1", "sales", withdrawn=True)
    before.app(9, "1", "VoiceMail", "600@default")
    before.var(20, "1", "VMSTATUS", "SUCCESS")
    before.gone(20, "1")
    row = before.call("1")
    story = Story()
    story.facts += story.core.restore([row], {"lab": after(20.5)}, {row.key})
    story.until(23)
    assert story.ended("1").outcome is Outcome.VOICEMAIL


def test_a_new_call_is_not_lost_by_a_list_that_was_begun_before_it() -> None:
    story = Story()
    story.tell(EventsQuarantined(pbx="lab", at=after(0), reason="truncated"))
    queued(story, t=0.05)
    story.listed(0.6)
    story.rings(1, "1", "PJSIP/101", "2")
    story.answers(4, "1", "2")
    story.gone(9, "1")
    assert story.ended("1").outcome is Outcome.ANSWERED


def test_an_answered_call_whose_hangup_never_came_is_partial() -> None:
    story = Story()
    answered(story)
    story.shutdown(60)
    assert (story.ended("1").outcome, story.ended("1").quality) == (Outcome.ANSWERED, Quality.PARTIAL)


def test_a_customer_called_by_an_agent_and_sent_to_a_queue_is_no_call_of_the_agent() -> None:
    story = Story()
    story.made(0, "PJSIP/101", "1", exten="07700900123")
    story.made(0, "PJSIP/trunk", "2", by="1")
    story.dial(0, "1", "2")
    story.join(60, "2", "sales")
    assert story.offered() == set()


def test_a_pickup_of_a_consultation_leaves_the_first_answer_alone() -> None:
    story = Story()
    queued(story)
    story.rings(0.6, "1", "PJSIP/101", "2")
    story.state(5, "2", 6)
    story.rings(20, "2", "PJSIP/102", "4")
    story.made(24, "PJSIP/103", "5", exten="*8")
    story.pickup(25, "5", "4")
    assert story.call("1").answered_at == after(5)


def test_the_wait_goes_on_in_a_second_queue_whose_leaving_was_not_told() -> None:
    story = Story()
    queued(story)
    story.leave(20, "1", "sales", withdrawn=True)
    story.join(20, "1", "help")
    story.gone(60, "1")
    story.until(63)
    assert story.ended("1").wait_seconds == 59.5


def test_a_queue_within_a_queue_is_two_visits_of_one_call_and_no_overflow() -> None:
    story = Story()
    queued(story)
    story.made(2, "Local/x@night;1", "2", by="1")
    story.made(2, "Local/x@night;2", "3", by="1")
    story.dial(2, "1", "2")
    story.join(3, "3", "partner")
    story.leave(28, "3", "partner", withdrawn=True)
    story.leave(28, "1", "sales", withdrawn=True)
    story.gone(28, "1")
    story.until(31)
    call = story.ended("1")
    assert (call.outcome, [v.result for v in call.visits]) == (Outcome.ABANDONED, [VisitResult.ABANDONED] * 2)


def test_an_agent_who_gives_up_consulting_a_queue_has_abandoned_it() -> None:
    story = Story()
    answered(story)
    story.made(20, "PJSIP/101", "7", exten="800")
    story.join(20, "7", "help")
    story.leave(25, "7", "help", withdrawn=True)
    story.gone(25, "7")
    story.gone(60, "1")
    visit = story.ended("1").visits[1]
    assert (visit.after_answer, visit.result) == (True, VisitResult.ABANDONED)


def test_straight_to_voicemail_and_then_the_operator_counts_from_the_operator() -> None:
    story = Story()
    story.made(0, "PJSIP/trunk", "1", exten="700")
    story.app(2, "1", "VoiceMail", "600@default")
    assert story.call("1").offered_at == after(0)
    story.app(30, "1", "Dial", "PJSIP/101,20")
    story.rings(31, "1", "PJSIP/101", "2")
    story.answers(35, "1", "2")
    story.gone(60, "1")
    assert (story.ended("1").offered_at, story.ended("1").wait_seconds) == (after(30), 5.0)


def test_a_menu_caller_sent_to_voicemail_has_not_abandoned_the_menu() -> None:
    story = Story()
    story.made(0, "PJSIP/trunk", "1", exten="600")
    story.app(5, "1", "VoiceMail", "600@default")
    story.gone(30, "1")
    assert not story.facts


def test_a_telephone_that_stops_ringing_after_the_hangup_does_not_lengthen_the_wait() -> None:
    story = Story()
    story.made(0, "PJSIP/trunk", "1", exten="101")
    story.rings(0.1, "1", "PJSIP/101", "2")
    story.gone(4.9, "1")
    story.dialled(6.5, "1", "2", "CANCEL")
    story.until(8)
    assert story.ended("1").outcome is Outcome.SHORT_ABANDONED


def test_an_agent_complete_never_puts_the_answer_before_the_offer() -> None:
    story = Story()
    queued(story)
    story.completed(9, "1", "sales", 9)
    assert story.call("1").answered_at == after(0.5)


def test_a_consultation_after_a_restart_still_belongs_to_its_call() -> None:
    before = Story()
    answered(before)
    story = Story()
    story._names, story._linked = before._names, before._linked
    story.member(0, "sales", "PJSIP/101")
    story.facts += story.core.restore([before.call("1")], {"lab": after(6)})
    story.up(8)
    story.listed(9, "1", "2", bridge="b")
    story.made(20, "PJSIP/101", "7", exten="800")
    story.join(20, "7", "help")
    assert story.offered() == {"1"}


def test_a_caller_who_only_listens_to_the_mailbox_leaves_no_message() -> None:
    story = Story()
    story.mailbox(0, "700@default", 3)
    story.made(1, "PJSIP/trunk", "1", exten="700")
    story.mailbox(20, "700@default", 2, "1", old=1)
    story.gone(30, "1")
    story.until(33)
    assert story.ended("1").outcome is Outcome.CLOSED
