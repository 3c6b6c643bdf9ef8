"""Voicemail: exactly one message for each deposit, whatever witnesses there are."""

import itertools
from dataclasses import replace

import pytest

from callcentre.core.events import Event
from callcentre.core.facts import Fact
from callcentre.core.hints import MessageWitnessed
from callcentre.core.mailboxes import Mailboxes
from callcentre.core.tasks import Message
from callcentre.core.terms import MessageStatus, Quality
from tests.unit.core.happenings import (
    at,
    call,
    down,
    ended,
    gone,
    listed,
    offered,
    passed,
    said,
    shutdown,
    vmstatus,
    voicemail,
    waiting,
)
from tests.unit.core.offices import AROUND_THE_CLOCK, line, office

ENQUIRIES = line(mailboxes=frozenset({"600@default"}))
BOOKINGS = line("bookings", mailboxes=frozenset({"610@default"}), hours=AROUND_THE_CLOCK)
OFFICE = office(ENQUIRIES, BOOKINGS, fallback="bookings")


Happening = Event | Fact


def told(*happenings: Happening, boxes: Mailboxes | None = None) -> list[MessageWitnessed]:
    """What is told of messages, after the centre's manner: facts of calls first, then the event; timers in between."""
    boxes = boxes or Mailboxes(OFFICE)
    facts: list[Fact] = []
    for happening in happenings:
        while (due := boxes.next_timer()) is not None and due <= happening.at:
            facts += boxes.handle(passed(due))
        facts += boxes.handle(happening) if isinstance(happening, Event) else boxes.handle_fact(happening)
    return [fact for fact in facts if isinstance(fact, MessageWitnessed)]


def messages(*happenings: Happening) -> list[MessageWitnessed]:
    """What was left in the end: under one key the last word counts."""
    boxes = Mailboxes(OFFICE)
    said = told(*happenings, boxes=boxes)
    said += [fact for fact in boxes.finish(at(9999)) if isinstance(fact, MessageWitnessed)]
    return list({(message.uniqueid, message.left_at): message for message in said}.values())


def left(*happenings: Happening) -> list[tuple[str, str]]:
    return [(message.mailbox, message.uniqueid) for message in messages(*happenings)]


CALLED = offered(0, call("1.1"))
ONE = [("600@default", "1.1")]


def test_a_deposit_as_a_pbx_tells_it() -> None:
    (message,) = messages(
        CALLED,
        voicemail(12, "1.1", "600@default,su"),
        waiting(30, "600@default", 1, "1.1"),
        vmstatus(30.1, "1.1"),
        gone(30.2, "1.1"),
        ended(32.2, call("1.1")),
    )
    assert (message.line, message.caller, message.mailbox) == ("enquiries", "01632960123", "600@default")
    assert (message.channel, message.began_at, message.left_at) == ("PJSIP/trunk-1.1", at(12), at(30))
    assert (message.duration, message.quality, message.copies) == (None, Quality.COMPLETE, ())


def test_a_caller_whose_call_no_line_claims_is_known_by_the_channel() -> None:
    told = replace(waiting(30, "600@default", 1, "1.1"), caller="07700900861")
    (message,) = messages(voicemail(12, "1.1", "600@default,su"), told, vmstatus(30.1, "1.1"), gone(30.2, "1.1"))
    assert (message.line, message.caller) == (None, "07700900861")
    (withheld,) = messages(voicemail(12, "1.1", "600@default,su"), replace(told, caller="anonymous"), gone(31, "1.1"))
    assert withheld.caller is None


WITNESSES: list[Event] = [
    waiting(30, "600@default", 1, "1.1"),
    vmstatus(30, "1.1"),
    said(30, "1.1", Mailbox="600@default", Duration="9", Caller="01632960123"),
]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_any_witnesses_in_any_order_make_one_message(number: int) -> None:
    for some in itertools.permutations(WITNESSES, number):
        assert left(CALLED, voicemail(12, "1.1", "600"), *some, gone(31, "1.1"), ended(33, call("1.1"))) == ONE


def test_the_dialplan_can_tell_how_long_it_is_and_from_whom() -> None:
    told = said(31, "9.9", Mailbox="600", Duration="9", Caller="01632960777", Status="SUCCESS")
    (message,) = messages(waiting(30, "600@default", 1, "9.9"), told, gone(32, "9.9"))
    assert (message.duration, message.caller, message.left_at) == (9, "01632960777", at(30))


@pytest.mark.parametrize("duration", ["", "-1", "nine", "9" * 5000, "٩"])
def test_a_duration_that_makes_no_sense_is_none(duration: str) -> None:
    (message,) = messages(said(1, "9.9", Mailbox="600", Duration=duration), gone(2, "9.9"))
    assert message.duration is None


def test_too_short_or_nothing_said_is_no_message() -> None:
    assert left(CALLED, voicemail(1, "1.1", "600@default"), vmstatus(9, "1.1", "FAILED"), gone(9, "1.1")) == []
    assert left(CALLED, voicemail(1, "1.1", "600@default"), gone(9, "1.1")) == []
    assert left(said(1, "1.1", Mailbox="600", Status="FAILED"), gone(9, "1.1")) == []


def test_listening_is_no_deposit() -> None:
    assert left(waiting(0, "600@default", 3), waiting(9, "600@default", 2, "5.5", old=1), gone(10, "5.5")) == []
    assert left(waiting(9, "600@default", 2, "5.5", old=1), gone(10, "5.5")) == []
    assert left(waiting(9, "600@default", 0, "5.5", old=1), gone(10, "5.5")) == []


def test_moving_and_deleting_is_no_deposit() -> None:
    assert left(waiting(0, "600@default", 1), waiting(1, "600@default", 4), waiting(2, "600@default", 0)) == []


def test_a_caller_who_leaves_two_messages_leaves_two() -> None:
    first: list[Happening] = [
        voicemail(1, "1.1", "600@default"),
        waiting(9, "600@default", 1, "1.1"),
        vmstatus(9, "1.1"),
    ]
    second: list[Happening] = [
        voicemail(10, "1.1", "600@default"),
        waiting(19, "600@default", 2, "1.1"),
        vmstatus(19, "1.1"),
    ]
    assert left(CALLED, *first, *second, gone(20, "1.1")) == ONE * 2


def test_each_message_of_a_call_has_its_own_beginning() -> None:
    """What is learned of the first one later must not give it the second one's."""
    first, *_, last = told(
        voicemail(1, "1.1", "600@default"),
        waiting(9, "600@default", 1, "1.1"),
        voicemail(10, "1.1", "600@default"),
        offered(11, call("1.1")),
        gone(20, "1.1"),
        ended(22, call("1.1")),
    )
    assert (first.left_at, last.left_at, last.line) == (at(9), at(9), "enquiries")
    assert first.began_at == last.began_at == at(1)


def test_the_other_mailboxes_of_one_message_are_named() -> None:
    (message,) = messages(voicemail(1, "1.1", "600&610@default,u"), vmstatus(9, "1.1"), gone(10, "1.1"))
    assert (message.mailbox, message.copies) == ("600@default", ("610@default",))


def test_without_dialplan_the_channel_is_known_all_the_same() -> None:
    raised = replace(said(1, "9.9", Mailbox="600"), channel="PJSIP/trunk-9.9")
    changed = replace(waiting(1, "600@default", 1, "9.9"), channel="PJSIP/trunk-9.9")
    for witness in (raised, changed):
        (message,) = messages(waiting(0, "600@default", 0), witness, gone(2, "9.9"))
        assert message.channel == "PJSIP/trunk-9.9"


def test_one_message_copied_to_several_boxes_is_one() -> None:
    copies: list[Happening] = [waiting(9, "610@default", 1, "1.1"), waiting(9.001, "600@default", 1, "1.1")]
    assert left(CALLED, voicemail(1, "1.1", "600@default&610@default,u"), *copies, gone(10, "1.1")) == ONE
    assert left(CALLED, *copies, gone(10, "1.1"), ended(12, call("1.1"))) == ONE


# --- without class dialplan ----------------------------------------------------------------------------------------


def test_without_dialplan_a_callers_first_message_is_known_by_the_caller() -> None:
    assert left(CALLED, waiting(9, "600@default", 4, "1.1"), gone(10, "1.1"), ended(12, call("1.1"))) == ONE


def test_without_dialplan_a_call_straight_to_voicemail_is_offered_at_its_hangup() -> None:
    hung_up: list[Happening] = [CALLED, gone(10, "1.1"), ended(12, call("1.1"))]
    assert left(waiting(9, "600@default", 4, "1.1"), *hung_up) == ONE


def test_without_dialplan_a_count_that_rises_is_a_message_of_any_channel() -> None:
    assert left(waiting(0, "600@default", 4), waiting(9, "600@default", 5, "7.7"), gone(10, "7.7")) == [
        ("600@default", "7.7")
    ]


def test_what_is_told_after_the_hangup_counts_once() -> None:
    late = waiting(10.01, "600@default", 1, "1.1")
    assert left(CALLED, gone(10, "1.1"), late, ended(12, call("1.1"))) == ONE
    seen: list[Happening] = [voicemail(1, "1.1", "600@default"), vmstatus(10, "1.1"), gone(10, "1.1")]
    assert left(CALLED, *seen, late, ended(12, call("1.1"))) == ONE


def test_what_a_caller_left_counts_though_a_list_that_was_made_later_is_heard_first() -> None:
    stay: list[Happening] = [CALLED, voicemail(12, "1.1", "600@default,su"), listed(30.3)]
    end: list[Happening] = [gone(30.2, "1.1"), ended(32.2, call("1.1"))]
    assert left(*stay, waiting(30, "600@default", 1, "1.1"), vmstatus(30.1, "1.1"), *end) == ONE
    assert left(*stay, *end) == []


def test_without_dialplan_a_box_emptied_unseen_still_shows_a_callers_message() -> None:
    five, emptied = waiting(0, "600@default", 5), waiting(40, "600@default", 1, "1.1")
    assert left(five, CALLED, emptied, gone(41, "1.1"), ended(43, call("1.1"))) == ONE
    assert left(five, waiting(40, "600@default", 1, "7.7"), gone(41, "7.7")) == []


def test_without_dialplan_the_same_count_told_twice_is_one_message() -> None:
    twice: list[Happening] = [waiting(9, "600@default", 4, "1.1"), waiting(15, "600@default", 4, "1.1")]
    assert left(CALLED, *twice, gone(20, "1.1"), ended(22, call("1.1"))) == ONE


# --- told at once --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("witness", [*WITNESSES, vmstatus(30, "1.1")])
def test_a_message_is_told_when_it_is_witnessed(witness: Event) -> None:
    """A daemon that stops before the Hangup has told it."""
    (message,) = told(CALLED, voicemail(12, "1.1", "600@default"), witness)
    assert (message.line, message.uniqueid, message.left_at) == ("enquiries", "1.1", at(30))


def test_without_dialplan_it_is_told_as_soon_as_its_box_is_sure() -> None:
    left_one = waiting(9, "600@default", 4, "1.1")
    assert told(CALLED, left_one) == []
    assert [message.mailbox for message in told(CALLED, left_one, passed(at(10)))] == ["600@default"]


def test_what_is_learned_later_is_told_under_the_same_key() -> None:
    at_the_box: list[Happening] = [voicemail(1, "1.1", "600@default"), vmstatus(9, "1.1")]
    first, then, last = told(
        *at_the_box,
        said(9, "1.1", Mailbox="600", Duration="8"),
        offered(10, call("1.1", "bookings")),
        gone(10, "1.1"),
        ended(12, call("1.1", "bookings")),
    )
    assert (first.line, first.duration, first.caller) == (None, None, None)
    assert (then.line, then.duration, then.caller) == (None, 8, None)
    assert (last.line, last.duration, last.caller) == ("bookings", 8, "01632960123")
    assert len({(message.uniqueid, message.left_at) for message in (first, then, last)}) == 1


def test_a_caller_of_an_earlier_run_is_known_as_one() -> None:
    boxes = Mailboxes(OFFICE)
    boxes.restore([call("1.1")])
    (message,) = told(waiting(9, "600@default", 4, "1.1"), gone(10, "1.1"), boxes=boxes)
    assert (message.line, message.caller) == ("enquiries", "01632960123")


# --- lines ---------------------------------------------------------------------------------------------------------


def test_the_line_of_a_message_is_its_calls() -> None:
    called = offered(0, call("2.2", "bookings", caller=None))
    (message,) = messages(called, voicemail(1, "2.2", "600@default"), vmstatus(9, "2.2"), gone(10, "2.2"))
    assert (message.line, message.caller) == ("bookings", None)


def test_where_no_call_is_known_others_must_say_whose_line_it_is() -> None:
    (message,) = messages(voicemail(1, "9.9", "600@default"), vmstatus(9, "9.9"), gone(10, "9.9"))
    assert message.line is None


def test_a_local_leg_at_the_mailbox_belongs_to_its_call() -> None:
    leg: list[Happening] = [voicemail(1, "3.3", "600@default", linkedid="2.2"), vmstatus(9, "3.3")]
    ends: list[Happening] = [gone(10, "3.3"), ended(10, call("2.2", "bookings"))]
    for order in itertools.permutations(ends):
        (message,) = messages(offered(0, call("2.2", "bookings")), *leg, *order)
        assert (message.line, message.uniqueid) == ("bookings", "3.3")


def test_calls_and_stays_are_forgotten() -> None:
    boxes = Mailboxes(OFFICE)
    for number in range(1100):
        name = f"{number}.0"
        boxes.handle_fact(offered(0, call(name)))
        boxes.handle(voicemail(1, name, "600"))
        assert len(boxes.handle(vmstatus(2, name))) == 1
        assert boxes.handle(gone(3, name)) == []
        boxes.handle_fact(ended(5, call(name)))
    assert (len(boxes._calls), len(boxes._stays), len(boxes._told)) == (0, 0, 1000)


# --- gaps ----------------------------------------------------------------------------------------------------------


def test_what_was_left_before_a_gap_is_told_at_once_and_once() -> None:
    before: list[Happening] = [CALLED, voicemail(1, "1.1", "600@default"), vmstatus(9, "1.1"), down(9.5)]
    assert left(*before, vmstatus(20, "1.1"), gone(21, "1.1")) == ONE
    assert left(*before, listed(20)) == ONE


def test_a_message_left_across_a_gap_is_partial() -> None:
    (message,) = messages(CALLED, voicemail(1, "1.1", "600@default"), down(5), listed(6, "1.1"), vmstatus(9, "1.1"))
    assert message.quality is Quality.PARTIAL


def test_counts_from_before_a_gap_prove_nothing() -> None:
    assert left(waiting(0, "600@default", 1), down(5), waiting(9, "600@default", 2, "7.7"), gone(10, "7.7")) == []


def test_a_pbx_that_stops_takes_its_callers_along() -> None:
    assert left(CALLED, voicemail(1, "1.1", "600@default"), vmstatus(9, "1.1"), shutdown(10)) == ONE


# --- a restart -----------------------------------------------------------------------------------------------------

KNOWN = Message(
    pbx="lab",
    key="call 1.1 1",
    mailbox="600@default",
    msg_id=None,
    uniqueid="1.1",
    channel="PJSIP/trunk-1.1",
    line="enquiries",
    caller=None,
    began_at=at(12),
    left_at=at(30),
    duration=None,
    quality=Quality.COMPLETE,
    status=MessageStatus.FILED,
)


def restarted(*messages: Message) -> Mailboxes:
    boxes = Mailboxes(OFFICE)
    boxes.restore([], messages, at(31))
    return boxes


@pytest.mark.parametrize(
    "late", [waiting(31, "600@default", 1, "1.1"), vmstatus(31, "1.1"), gone(32, "1.1"), listed(33), down(33)]
)
def test_a_witness_that_comes_after_a_restart_makes_no_other_message(late: Event) -> None:
    assert told(late, boxes=restarted(KNOWN)) == []


def test_what_it_adds_is_added_to_the_message() -> None:
    boxes = restarted(replace(KNOWN, left_at=at(20), key="call 1.1 0"), KNOWN)
    (message,) = told(said(31, "1.1", Mailbox="600", Duration="9"), boxes=boxes)
    assert (message.uniqueid, message.left_at, message.began_at, message.duration) == ("1.1", at(30), at(12), 9)


def test_a_caller_who_goes_on_after_a_restart_can_leave_another() -> None:
    more: list[Event] = [voicemail(40, "1.1", "600@default"), vmstatus(50, "1.1")]
    assert [message.left_at for message in told(*more, boxes=restarted(KNOWN))] == [at(50)]


def test_messages_of_long_ago_are_not_waited_for() -> None:
    of_yesterday = replace(KNOWN, left_at=at(-86400), began_at=at(-86400))
    found = replace(KNOWN, uniqueid=None)
    boxes = restarted(of_yesterday, found)
    (message,) = told(said(31, "1.1", Mailbox="600"), boxes=boxes)
    assert message.left_at == at(31)
