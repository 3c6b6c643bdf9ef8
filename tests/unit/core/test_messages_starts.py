"""Messages of a start, of counts alone, of mailboxes no line names; erased ones; when mailboxes are looked into."""

import itertools
import sys
from dataclasses import replace
from datetime import timedelta
from types import FrameType
from typing import Any

import pytest

from callcentre.core.errors import IllegalTransition
from callcentre.core.events import Event, TimePassed
from callcentre.core.facts import CallerErased, Fact, OpenRows
from callcentre.core.requests import BacklogDecided
from callcentre.core.terms import MessageStatus, NoticeKind, Quality
from tests.unit.core.happenings import at, down, up, waiting, when
from tests.unit.core.spools import (
    BOX,
    OTHER,
    UNNAMED,
    Told,
    again,
    box_row,
    counts,
    holds,
    look,
    msg_id,
    seen,
    stored,
    witnessed,
)

FILED, BACKLOG, DISMISSED = MessageStatus.FILED, MessageStatus.BACKLOG, MessageStatus.DISMISSED
ELSEWHERE, ERASED = MessageStatus.ELSEWHERE, MessageStatus.ERASED


# --- starts --------------------------------------------------------------------------------------------------------


def first_start(*happenings: Event | Fact) -> Told:
    return Told(OpenRows()).hear(*happenings)


OLD_ONES = (stored(-600, 1), stored(-300, 2, "Urgent"), stored(-900, 3, "Old"), stored(-900, 4, "Work"))


def test_what_a_first_start_finds_waits_for_one_decision_with_one_notice() -> None:
    told = first_start(seen(1, *OLD_ONES, stored(5, 5)), seen(60, *OLD_ONES, stored(5, 5)))
    assert told.first == [f"id {msg_id(5, 5)}"]
    assert [message.status for message in told.messages] == [BACKLOG, BACKLOG, DISMISSED, DISMISSED, FILED]
    assert told.core.unmatched() == {"enquiries": 2, "bookings": 0}
    (notice,) = told.notices
    assert (notice.key, notice.kind, notice.line, notice.to) == (
        "backlog lab",
        NoticeKind.BACKLOG,
        "bookings",
        ("boss",),
    )
    assert "2 in 600@default" in notice.text
    assert "callcentre tasks backlog" in notice.text


def test_a_part_of_the_first_look_is_not_the_whole_of_it() -> None:
    told = first_start(seen(1, *OLD_ONES, whole=False))
    assert (told.first, told.notices) == ([], [])
    told.hear(look(60, holds(*OLD_ONES), holds(stored(-50, 6, box=OTHER), box=OTHER)))
    assert (told.first, told.core.unmatched()) == ([], {"enquiries": 2, "bookings": 1})
    assert len(told.notices) == 1


def test_if_no_look_ever_is_whole_the_backlog_is_told_all_the_same() -> None:
    told = first_start(seen(1, *OLD_ONES, whole=False), seen(121, *OLD_ONES, whole=False))
    assert len(told.notices) == 1


def test_a_witness_takes_its_message_out_of_the_backlog() -> None:
    just_left = stored(-12, 5, duration=5)
    for order in itertools.permutations([witnessed(1, began=-20), seen(2, *OLD_ONES, just_left)]):
        told = first_start(*order)
        assert len(told.first) == 1
        assert [m.status for m in told.messages if m.uniqueid] == [FILED]


def decided(take_on: bool) -> BacklogDecided:
    return BacklogDecided(**when(90), take_on=take_on, who="anna", request="r1", why="holidays")


def test_the_backlog_taken_on_is_filed_each_by_its_own_time() -> None:
    told = first_start(seen(1, *OLD_ONES)).hear(decided(take_on=True))
    taken = [fact for fact in told.known if fact.first]
    assert [(fact.message.status, fact.message.left_at) for fact in taken] == [(FILED, at(-591)), (FILED, at(-291))]
    assert taken[0].news == "taken on by anna: holidays"
    assert told.core.unmatched()["enquiries"] == 0
    with pytest.raises(IllegalTransition, match="no message on lab waits for a decision"):
        told.hear(decided(take_on=True))


def test_the_backlog_set_aside_stays_so() -> None:
    told = first_start(seen(1, *OLD_ONES)).hear(decided(take_on=False), seen(100, *OLD_ONES))
    assert (told.first, {message.status for message in told.messages}) == ([], {DISMISSED})


def test_a_decision_for_a_pbx_that_is_none_is_refused() -> None:
    with pytest.raises(IllegalTransition, match="waits for a decision"):
        Told().hear(replace(decided(take_on=True), pbx="nowhere"))


def test_what_waits_for_a_decision_waits_after_a_restart_without_another_notice() -> None:
    rows = first_start(seen(1, *OLD_ONES)).messages
    told = again(*rows, since=100).hear(seen(101, *OLD_ONES))
    assert (told.known, told.notices) == ([], [])
    assert len(told.hear(decided(take_on=True)).first) == 2


def test_a_start_that_ended_before_it_told_of_the_backlog_tells_of_it_again() -> None:
    rows = first_start(seen(1, *OLD_ONES, whole=False)).messages
    told = Told(OpenRows(messages=tuple(rows)), since=100).hear(seen(101, *OLD_ONES))
    assert len(told.notices) == 1


def test_a_mailbox_that_could_not_be_read_is_no_flood_when_it_can() -> None:
    told = Told(OpenRows(boxes=(box_row(-60, new=None),))).hear(seen(1, *OLD_ONES))
    assert told.first == []
    assert [notice.key for notice in told.notices] == [f"backlog lab {at(1).isoformat()}"]


def test_what_was_left_while_the_daemon_was_down_is_filed() -> None:
    told = again().hear(seen(1, stored(-40), stored(-40, 2, box=BOX, folder="Urgent", callerchan=())))
    assert len(told.first) == 2
    first = told.messages[0]
    assert (first.status, first.line, first.caller) == (FILED, "enquiries", "01632960123")
    assert (first.began_at, first.left_at, first.uniqueid, first.quality) == (at(-40), at(-31), None, Quality.COMPLETE)


def test_what_was_first_seen_among_the_heard_ones_was_handled_elsewhere() -> None:
    told = again().hear(seen(1, stored(-3600, folder="Old")))
    assert (told.message.status, len(told.first), told.known[0].heard) == (ELSEWHERE, 1, True)


def test_unless_it_is_newer_than_the_last_look() -> None:
    told = again().hear(seen(1, stored(-40, folder="Old")))
    assert (told.message.status, len(told.first), told.known[0].heard) == (FILED, 1, True)
    told = again().hear(seen(1), seen(3600), seen(3660, stored(3610, folder="Work")))
    assert told.message.status is FILED


def test_the_look_before_the_last_counts_because_one_can_miss_a_message() -> None:
    told = again().hear(seen(1), seen(3600), seen(3660, stored(1200, folder="Old")))
    assert told.message.status is FILED
    told = again().hear(seen(1), seen(3600), seen(3660), seen(3720, stored(1200, folder="Old")))
    assert told.message.status is ELSEWHERE


@pytest.mark.parametrize(
    "happening", [witnessed(30), witnessed(30, duration=9), seen(31, stored(20)), seen(31, stored(20, folder="Old"))]
)
def test_a_restart_makes_no_second_message(happening: Event | Fact) -> None:
    for before in (witnessed(30), seen(31, stored(20)), seen(31, stored(20, msg_id=None))):
        rows = again().hear(before).messages
        told = again(*rows, since=40).hear(happening, seen(60, stored(20)), seen(70, stored(20)))
        assert told.first == []


def test_the_first_key_stays_over_a_restart() -> None:
    rows = again().hear(witnessed(30), seen(31, stored(20))).messages
    told = again(*rows, since=40).hear(seen(60, stored(20, folder="Old")))
    assert (told.message.key, told.known[-1].news) == (rows[0].key, "heard by telephone")


# --- counts only ---------------------------------------------------------------------------------------------------


def counted(seconds: float, new: int, box: str = BOX) -> Event:
    return look(seconds, counts(new, box=box), source="ami")  # type: ignore[no-any-return]


def test_what_a_count_shows_above_what_is_known_came_unseen() -> None:
    told = again().hear(witnessed(10), counted(20, 3), counted(80, 3))
    unseen = [message for message in told.messages if message.uniqueid is None]
    assert (len(told.first), len(unseen)) == (3, 2)
    assert {(m.status, m.caller, m.quality, m.left_at, m.in_mailbox) for m in unseen} == {
        (FILED, None, Quality.PARTIAL, at(20), False)
    }


def test_counts_of_a_first_start_wait_for_the_decision_too() -> None:
    told = first_start(witnessed(1), counted(2, 4), counted(60, 5))
    assert sorted(message.status for message in told.messages) == [BACKLOG] * 3 + [FILED] * 2
    assert len(told.notices) == 1


def test_what_is_heard_in_the_meantime_hides_as_many() -> None:
    assert len(again().hear(counted(10, 2), counted(70, 0), counted(130, 2)).first) == 4
    assert len(again().hear(counted(10, 2), waiting(20, BOX, 0, old=2), counted(130, 2)).first) == 4
    assert len(again().hear(counted(10, 2), counted(130, 2)).first) == 2


def test_a_witness_told_late_is_of_the_message_that_was_counted() -> None:
    told = again().hear(counted(20, 1), witnessed(19.5), counted(80, 1))
    assert (len(told.first), told.message.uniqueid, told.message.left_at) == (1, "1.1", at(19.5))
    assert (told.message.caller, told.message.quality) == ("01632960123", Quality.COMPLETE)


def test_a_count_that_missed_the_last_message_makes_no_other_of_it() -> None:
    told = again().hear(witnessed(20.2), counted(20, 0), counted(80, 1))
    assert len(told.first) == 1


def test_a_count_that_had_it_does_not_hide_the_next() -> None:
    told = again().hear(witnessed(20.2), counted(20, 1), counted(80, 2))
    assert len(told.first) == 2


def test_counts_go_on_after_a_restart() -> None:
    rows = again().hear(witnessed(-30), counted(-20, 1)).messages
    before = OpenRows(messages=tuple(rows), boxes=(box_row(-40, new=0),))
    assert Told(before).hear(counted(1, 1)).first == []
    assert len(Told(before).hear(counted(1, 2)).first) == 1
    assert Told(replace(before, boxes=(box_row(-20, new=1),))).hear(counted(1, 1)).first == []
    # The look had begun a second before the message was left, and counted it.
    assert len(Told(replace(before, boxes=(box_row(-31, new=1),))).hear(counted(1, 2)).first) == 1


def test_copies_are_counted_once() -> None:
    happenings: list[Event | Fact] = [waiting(10, BOX, 1, "1.1"), waiting(10.01, OTHER, 1, "1.1"), witnessed(10)]
    for order in itertools.permutations(happenings):
        told = again().hear(*order, look(20, counts(1), counts(1, box=OTHER), source="ami"))
        assert len(told.first) == 1


def test_once_its_messages_are_listed_the_counts_of_a_mailbox_are_left_alone() -> None:
    told = again().hear(seen(10), counted(20, 5))
    assert told.first == []


def test_listed_messages_are_those_that_were_counted() -> None:
    told = first_start(counted(10, 2), counted(70, 3), counted(130, 3))
    told.hear(seen(190, stored(-500, 1), stored(-400, 2), stored(40, 3), stored(-900, 4, "Old"), stored(150, 5)))
    assert sorted(message.status for message in told.messages) == [BACKLOG, BACKLOG, DISMISSED, FILED, FILED]
    assert (len(told.first), len(told.messages)) == (2, 5)
    (third,) = [message for message in told.messages if message.msg_id == msg_id(40, 3)]
    assert (third.left_at, third.caller, third.quality) == (at(49), "01632960123", Quality.COMPLETE)


def test_a_counted_message_that_turns_out_to_be_new_is_no_backlog() -> None:
    told = first_start(counted(20, 1)).hear(seen(60, stored(5)))
    assert (told.message.status, len(told.first)) == (FILED, 1)


def test_a_count_that_makes_no_sense_is_bounded() -> None:
    assert len(again().hear(counted(10, 10**9)).first) == 9_999


# --- mailboxes that no line names ----------------------------------------------------------------------------------


def test_a_mailbox_that_no_line_names_is_reported_once_and_its_messages_are_filed() -> None:
    there = look(31, holds(stored(20, box=UNNAMED), box=UNNAMED))
    for happening in (there, witnessed(30, mailbox=UNNAMED, line=None)):
        told = again().hear(happening, there)
        (notice,) = told.notices
        assert (notice.kind, notice.line, notice.to) == (NoticeKind.UNNAMED_MAILBOX, "bookings", ("boss",))
        assert (told.message.line, len(told.first)) == ("bookings", 1)
    row = box_row(-60, box=UNNAMED, named=False)
    assert Told(OpenRows(boxes=(row,))).hear(there).notices == []


def test_many_such_mailboxes_are_one_notice() -> None:
    told = again().hear(look(31, *(holds(box=f"{number}@default") for number in range(700, 800))))
    (notice,) = told.notices
    assert "100 mailboxes" in notice.title
    assert notice.text.count("@default") == 20
    assert "and 80 more" in notice.text


# --- erasure -------------------------------------------------------------------------------------------------------


def erased(caller: str | None, *keys: str) -> CallerErased:
    return CallerErased(**when(60), caller=caller, messages=keys, who="anna", why="asked")


@pytest.mark.parametrize("fact", [erased("01632960123"), erased(None, f"id {msg_id(20)}")])
def test_what_is_erased_is_never_told_again(fact: CallerErased) -> None:
    told = again().hear(seen(31, stored(20)), fact)
    assert (told.message.status, told.message.caller, told.known[-1].first) == (ERASED, None, False)
    before = len(told.known)
    told.hear(seen(70, stored(20, folder="Old")), witnessed(29), seen(80), seen(90), seen(99, stored(20)), fact)
    assert len(told.known) == before
    assert again(told.message).hear(seen(120, stored(20))).known == []


def test_others_are_left_alone() -> None:
    told = again().hear(seen(31, stored(20), stored(20, 2, caller="01632960999")), erased("01632960123", "no such"))
    assert sorted(message.status for message in told.messages) == [ERASED, FILED]


# --- looks ---------------------------------------------------------------------------------------------------------


def test_without_a_restore_nothing_is_looked_for() -> None:
    told = Told().hear(waiting(1, BOX, 1), up(2), TimePassed(pbx="", at=at(99)))
    assert (told.wanted, told.core.next_timer()) == ([], None)


def test_a_look_at_once_and_then_each_minute() -> None:
    told = Told(OpenRows())
    assert told.core.next_timer() == at(0)
    told.hear(TimePassed(pbx="", at=at(0)), TimePassed(pbx="", at=at(30)), TimePassed(pbx="", at=at(60)))
    assert (told.wanted, told.core.next_timer()) == ([(), ()], at(120))


def test_a_pbx_that_comes_in_sight_is_looked_at() -> None:
    told = Told(OpenRows()).hear(up(5), down(6), replace(up(7), pbx="elsewhere"))
    assert told.wanted == [()]


def test_a_mailbox_that_changed_is_looked_into_and_a_burst_is_not_an_endless_one() -> None:
    told = Told(OpenRows()).hear(TimePassed(pbx="", at=at(0)))
    told.hear(*(waiting(10 + number / 100, f"6{number:02}@default", 1) for number in range(20)))
    assert told.wanted == [(), ("600@default",)]
    assert told.core.next_timer() == at(12)
    told.hear(TimePassed(pbx="", at=at(12)))
    assert (len(told.wanted), len(told.wanted[-1])) == (3, 19)
    told.hear(*(waiting(12.5, f"7{number:02}@default", 1) for number in range(60)), TimePassed(pbx="", at=at(14)))
    assert told.wanted[3:] == [()]
    told.hear(waiting(20, BOX, 0), replace(waiting(20, BOX, 0), pbx="elsewhere"))
    assert told.wanted[4:] == [(BOX,)]


# --- size ----------------------------------------------------------------------------------------------------------


def test_what_is_in_no_mailbox_is_forgotten_after_a_month_and_the_rest_is_not() -> None:
    told = again().hear(
        witnessed(1, uniqueid="9.9"), seen(2, stored(-20, 2, callerchan=("x",)), stored(-20, 3)), seen(3), seen(4)
    )
    told.hear(seen(5, stored(-20, 3)))
    shelf = told.core._registers["lab"].shelf
    month = timedelta(days=30).total_seconds()
    told.hear(TimePassed(pbx="", at=at(month - 3600)))
    assert len(shelf.entries) == 3
    told.hear(TimePassed(pbx="", at=at(month + 3600)))
    assert list(shelf.entries) == [f"id {msg_id(-20, 3)}"]
    assert (len(shelf._by_name), len(shelf._by_witness), len(shelf._by_channel)) == (1, 0, 0)
    assert len(told.hear(seen(month + 3700, stored(-20, 3))).first) == 3


def spool(number: int, **more: Any) -> Event:
    messages = (stored(-number + second, second, callerchan=(f"PJSIP/{second}",), **more) for second in range(number))
    return seen(1, *messages)  # type: ignore[no-any-return]


def test_a_hostile_spool_is_read_in_work_that_grows_with_its_size_only() -> None:
    def calls(number: int) -> int:
        told, made = again(), 0
        for second in range(200):
            told.hear(witnessed(-second * 2, uniqueid=f"{second}.9"))
        happenings = spool(number, folder="INBOX"), spool(number, folder="Old"), seen(3), seen(4)

        def count(_frame: FrameType, _event: str, _what: object) -> None:
            nonlocal made
            made += 1

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            told.hear(*happenings)
        finally:
            sys.setprofile(before)
        return made

    small, large = calls(500), calls(4_000)
    assert large < 10 * small
