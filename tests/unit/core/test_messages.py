"""Every message known once: witnesses and mailboxes joined, copies, moves, and metadata that is not as it should be."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from callcentre.core.events import Event
from callcentre.core.terms import Quality, instant
from tests.unit.core.happenings import at, waiting
from tests.unit.core.spools import (
    BOX,
    OTHER,
    Told,
    again,
    counts,
    holds,
    look,
    message_row,
    msg_id,
    seen,
    stored,
    witnessed,
)

# --- joining -------------------------------------------------------------------------------------------------------


def test_a_message_that_nobody_has_looked_for_is_known_by_its_witness() -> None:
    told = Told().hear(witnessed(30, began=10))
    assert told.message == message_row(key=f"call 1.1 {int(at(30).timestamp())}")
    assert [fact.first for fact in told.known] == [True]


def test_found_in_the_mailbox_it_is_the_same() -> None:
    told = again().hear(witnessed(30, began=10, caller=None), seen(31, stored(20)))
    assert len(told.first) == 1
    found = told.message
    assert (found.msg_id, found.folder, found.in_mailbox, found.playable) == (msg_id(20), "INBOX", True, True)
    assert (found.began_at, found.left_at, found.duration, found.caller) == (at(20), at(30), 9, "01632960123")


def test_a_witness_that_comes_after_the_look_is_of_the_message_found() -> None:
    told = again().hear(seen(31, stored(20, caller=None)), witnessed(30, began=10, line="bookings"))
    assert told.first == [told.message.key] == [f"id {msg_id(20)}"]
    assert (told.message.uniqueid, told.message.channel) == ("1.1", "PJSIP/trunk-1.1")
    assert (told.message.line, told.message.caller, told.message.left_at) == ("bookings", "01632960123", at(29))


def test_what_is_told_again_with_more_changes_the_message_and_makes_no_other() -> None:
    little = witnessed(30, line=None, caller=None, mailbox=OTHER)
    told = Told().hear(little, little, witnessed(30, line="enquiries", mailbox=OTHER, duration=8))
    assert [(fact.first, fact.message.line, fact.message.duration) for fact in told.known] == [
        (True, "bookings", None),
        (False, "enquiries", 8),
    ]


def test_the_line_follows_the_mailbox_until_the_call_is_known() -> None:
    told = Told().hear(witnessed(30, line=None, mailbox=OTHER), witnessed(30, line=None))
    assert [fact.message.line for fact in told.known] == ["bookings", "enquiries"]


def test_two_messages_of_one_call_are_two_in_whatever_order_they_are_told() -> None:
    happenings = [witnessed(30, began=10), witnessed(60, began=40), seen(61, stored(20, 1), stored(45, 2))]
    for order in itertools.permutations(happenings):
        told = again().hear(*order)
        assert len(set(told.first)) == len(told.first) == 2
        left = {message.msg_id: message.left_at for message in told.messages}
        assert left[msg_id(20, 1)] in (at(29), at(30))
        assert left[msg_id(45, 2)] in (at(54), at(60))


@pytest.mark.parametrize(
    "other",
    [
        stored(20, callerchan=("PJSIP/trunk-9.9",)),
        stored(5),
        stored(33),
        stored(20, box=OTHER, origmailbox=OTHER, callerchan=()),
    ],
    ids=["another channel", "before the caller came", "after the caller had left it", "another mailbox"],
)
def test_what_cannot_be_the_same_is_another(other: Any) -> None:
    for order in itertools.permutations([witnessed(30, began=10), look(40, holds(other), holds(box=OTHER))]):
        assert len(again().hear(*order).first) == 2


def test_of_forged_channels_any_may_be_the_true_one() -> None:
    told = again().hear(witnessed(30), seen(31, stored(20, callerchan=("PJSIP/forged", "PJSIP/trunk-1.1"))))
    assert len(told.first) == 1


def test_without_channels_the_nearest_unjoined_one_is_it() -> None:
    messages = [stored(second, number, callerchan=()) for number, second in enumerate((10, 21, 80))]
    witnesses = [witnessed(31, uniqueid="2.2"), witnessed(20, uniqueid="1.1")]
    for order in itertools.permutations([*witnesses, seen(90, *messages)]):
        told = again().hear(*order)
        assert len(told.first) == 3
        calls = {message.msg_id: message.uniqueid for message in told.messages}
        assert calls == {msg_id(10, 0): "1.1", msg_id(21, 1): "2.2", msg_id(80, 2): None}


def test_what_a_look_had_found_before_a_message_was_complete_is_another_one() -> None:
    """A withheld caller's, found after a restart; the other spoke on over it, so that nobody saw when that began."""
    withheld = stored(20, caller=None, callerchan=())
    told = again().hear(seen(35, withheld), witnessed(60))
    assert len(told.first) == 2
    assert {message.caller for message in told.messages} == {None, "01632960123"}


def test_two_known_callers_are_two_where_only_the_time_speaks_for_one() -> None:
    other = stored(20, caller="07700900844", callerchan=())
    assert len(again().hear(seen(31, other), witnessed(32)).first) == 2


def test_the_same_caller_is_nearer_than_the_same_second() -> None:
    late = stored(19, 1, callerchan=(), caller="01632960123")
    near = stored(20, 2, callerchan=(), caller="01632960999")
    told = again().hear(witnessed(30, began=10), seen(31, near, late))
    assert {m.msg_id: m.uniqueid for m in told.messages} == {late.msg_id: "1.1", near.msg_id: None}


# --- copies and moves ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2], ids=["one id", "an id each"])
def test_copies_in_several_mailboxes_are_one_message(number: int) -> None:
    copies = look(31, holds(stored(20)), holds(stored(20, number, box=OTHER), box=OTHER))
    for order in itertools.permutations([witnessed(30, began=10), copies]):
        told = again().hear(*order)
        assert (len(told.first), told.message.mailbox) == (1, BOX)


def test_a_copy_seen_before_its_original_is_not_another() -> None:
    by_ami = look(31, holds(stored(20, box=OTHER, callerchan=(), origmailbox=None), box=OTHER), whole=False)
    told = again().hear(by_ami, witnessed(30, began=10, copies=(OTHER,)))
    assert (len(told.first), told.message.uniqueid) == (1, "1.1")
    told = again().hear(waiting(30, OTHER, 1, "1.1"), by_ami, witnessed(30.001, began=10))
    assert (len(told.first), told.message.uniqueid) == (1, "1.1")


def test_a_forwarded_message_is_none_of_its_own() -> None:
    forwarded = look(61, holds(stored(20, folder="Old")), holds(stored(20, box=OTHER), box=OTHER))
    told = again().hear(seen(31, stored(20)), forwarded)
    assert (len(told.first), told.message.mailbox, told.message.folder) == (1, BOX, "Old")


def test_a_message_moved_to_another_mailbox_is_told_to_be_there() -> None:
    moved = look(61, holds(), holds(stored(20, box=OTHER), box=OTHER))
    told = again().hear(seen(31, stored(20)), moved)
    assert (told.known[-1].news, told.message.line) == (f"moved to mailbox {OTHER}", "enquiries")


def test_a_look_at_one_mailbox_moves_nothing_out_of_another() -> None:
    there = look(61, holds(stored(20, box=OTHER), box=OTHER), whole=False)
    assert again().hear(seen(31, stored(20)), there).message.mailbox == BOX


def test_moves_within_the_mailbox_are_told() -> None:
    folders = ("INBOX", "Old", "Old", "Work", "INBOX", "Urgent", "Work")
    told = again().hear(*(seen(31 + i, stored(20, folder=folder)) for i, folder in enumerate(folders)))
    assert [(fact.news, fact.heard) for fact in told.known] == [
        ("", False),
        ("heard by telephone", True),
        ("moved to Work", False),
        ("moved to INBOX", False),
        ("moved to Urgent", False),
        ("heard by telephone, moved to Work", True),
    ]


def test_a_witnessed_message_first_found_among_the_heard_ones_was_heard() -> None:
    told = again().hear(witnessed(30), seen(31, stored(20, folder="Old")))
    assert [(fact.first, fact.heard) for fact in told.known] == [(True, False), (False, True)]


def test_one_look_without_a_message_proves_nothing_and_two_do() -> None:
    told = again().hear(seen(31, stored(20)), seen(40), seen(50, stored(20)), seen(60))
    assert told.message.in_mailbox
    told.hear(seen(70))
    assert (told.known[-1].news, told.message.in_mailbox, told.message.folder) == (
        "no longer in the mailbox",
        False,
        None,
    )
    told.hear(seen(80, stored(20)))
    assert (told.known[-1].news, told.message.in_mailbox, len(told.first)) == ("in the mailbox again", True, 1)


@pytest.mark.parametrize(
    "blind",
    [
        look(40, holds(), whole=False),
        look(40, counts(1)),
        look(40, holds(box=OTHER), counts(1)),
        look(40),
        look(40, holds(), source="ami"),
        look(30, holds()),
    ],
    ids=["a part", "counts", "counts of it", "nothing", "another source", "an earlier look told late"],
)
def test_what_was_not_looked_for_is_not_gone(blind: Event) -> None:
    told = again().hear(seen(31, stored(20)), blind, blind, blind)
    assert told.message.in_mailbox


def test_a_mailbox_that_counts_no_messages_has_none() -> None:
    by_ami = look(31, holds(stored(20), new=1), source="ami")
    gone = look(40, counts(0), source="ami")
    assert not again().hear(by_ami, gone, gone).message.in_mailbox
    aside = look(31, holds(stored(20, folder="Work")), source="ami")
    assert again().hear(aside, gone, gone).message.in_mailbox


def test_an_earlier_look_told_late_moves_nothing_back() -> None:
    told = again().hear(seen(31, stored(20)), seen(50, stored(20, folder="Old")), seen(40, stored(20)))
    assert (told.message.folder, len(told.known)) == ("Old", 2)


def test_a_look_by_ami_does_not_forget_that_files_are_there() -> None:
    by_ami = look(40, holds(stored(20, playable=False)), source="ami")
    told = again().hear(seen(31, stored(20)), by_ami)
    assert (told.message.playable, len(told.known)) == (True, 1)
    assert not told.hear(seen(50, stored(20, playable=False))).message.playable


# --- metadata that is not as it should be --------------------------------------------------------------------------


def test_the_counter_of_ids_may_restart() -> None:
    told = again().hear(seen(60, stored(20, msg_id="00000001"), stored(40, msg_id="00000001")))
    assert len(set(told.first)) == 2


def test_an_id_given_later_makes_no_other_message() -> None:
    told = again().hear(seen(31, stored(20, msg_id=None)), seen(40, stored(20)))
    assert (len(told.first), told.message.msg_id) == (1, msg_id(20))


def test_without_ids_two_of_one_second_and_length_are_told_apart_by_their_mailboxes_only() -> None:
    there = holds(stored(20, msg_id=None, box=OTHER, origmailbox=OTHER, callerchan=("PJSIP/x",)), box=OTHER)
    told = again().hear(look(31, holds(stored(20, msg_id=None)), there))
    assert set(told.first) == {f"box {box} {int(at(20).timestamp())} 9" for box in (BOX, OTHER)}


def test_a_damaged_message_is_filed_and_stays_one_when_it_is_mended() -> None:
    torn = stored(29, msg_id=None, duration=None, callerchan=(), caller=None, damaged=True)
    told = again().hear(seen(31, torn), seen(40, torn), seen(50, stored(20)))
    assert len(told.first) == 1
    assert (told.known[0].message.quality, told.known[0].message.left_at) == (Quality.PARTIAL, at(29))
    assert (told.message.msg_id, told.message.caller) == (msg_id(20), "01632960123")


def test_a_message_that_is_damaged_later_stays_the_one_it_is() -> None:
    torn = stored(29, msg_id=None, duration=None, callerchan=(), caller=None, damaged=True)
    told = again().hear(seen(31, stored(20)), seen(40, torn), seen(50, stored(20)), seen(60, torn))
    assert (len(told.first), len(told.known)) == (1, 1)


def test_a_damaged_message_is_the_one_that_was_witnessed() -> None:
    torn = stored(30, msg_id=None, duration=None, callerchan=(), damaged=True)
    for order in itertools.permutations([witnessed(30.2, began=10), seen(31, torn)]):
        assert len(again().hear(*order).first) == 1


@pytest.mark.parametrize("origtime", [at(2 * 86400), at(-40 * 366 * 86400)], ids=["to come", "before Asterisk"])
@pytest.mark.parametrize("number", [msg_id(20), None])
def test_a_time_that_cannot_be_is_the_looks(origtime: Any, number: str | None) -> None:
    forged = stored(20, msg_id=number, origtime=origtime)
    told = again().hear(seen(31, forged), seen(90, forged))
    assert (len(told.first), told.message.left_at, told.message.quality) == (1, at(31), Quality.PARTIAL)
    row = told.message
    assert again(row).hear(seen(150, forged)).first == []


def test_damaged_ones_without_any_time_stay_apart_by_their_length() -> None:
    """AMI names no time for them; it numbers them, and one that is deleted renumbers the others."""
    five, seven = (
        stored(0, msg_id=None, origtime=instant(second), duration=length, callerchan=())
        for second, length in enumerate((5, 7))
    )
    told = again().hear(seen(31, five, seven))
    told.hear(seen(60, replace(seven, origtime=five.origtime)), seen(90, replace(seven, origtime=five.origtime)))
    assert len(told.first) == 2
    assert [message.in_mailbox for message in told.messages] == [False, True]


@pytest.mark.parametrize("duration", [-1, 10**12])
def test_a_length_that_cannot_be_is_none(duration: int) -> None:
    assert again().hear(seen(31, stored(20, duration=duration))).message.duration is None


def test_a_message_is_not_left_long_after_it_was_seen() -> None:
    assert again().hear(seen(31, stored(3600))).message.left_at == at(31)
