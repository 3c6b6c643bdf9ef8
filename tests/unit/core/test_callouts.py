"""Callouts: an agent calls a customer back by hand, and AMI's events alone tell of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from callcentre.core.callouts import Callouts
from callcentre.core.charter import Office, Pbx
from callcentre.core.events import (
    ChannelCreated,
    ChannelGone,
    ChannelSeen,
    ChannelsListed,
    ChannelStateChanged,
    DialBegun,
    DialEnded,
    DialProgressed,
    Event,
    EventsQuarantined,
    TimePassed,
)
from callcentre.core.facts import CallerErased, Fact, OpenRows, TaskChanged
from callcentre.core.hints import CalloutSeen, TelephoneUsed
from callcentre.core.tasks import Callout, Task
from callcentre.core.terms import CalloutResult, Origin, Outcome, TaskSource, TaskState
from tests.unit.core.happenings import NOON, at, call, down, ended, offered, passed, shutdown, up, when
from tests.unit.core.offices import line, office

CUSTOMER = "01632960123"
LEG = "9.2"
DESK = line(extensions=frozenset({"PJSIP/101", "PJSIP/102"}), dids=frozenset({"01632960600"}))


def task(caller: str | None = CUSTOMER, **changed: Any) -> TaskChanged:
    known = Task(
        pbx="lab",
        number=1,
        line="enquiries",
        caller=caller,
        source=TaskSource.VOICEMAIL,
        state=TaskState.OPEN,
        opened_at=NOON,
        due=NOON,
        act_by=NOON,
        entries=1,
    )
    return TaskChanged(**when(0), task=replace(known, **changed))


def created(seconds: float, channel: str, uniqueid: str, exten: str = "", state: int = 4) -> ChannelCreated:
    names: dict[str, Any] = {"channel": channel, "uniqueid": uniqueid, "linkedid": uniqueid}
    caller: dict[str, Any] = {"caller_number": "101", "caller_name": ""}
    return ChannelCreated(**when(seconds), **names, **caller, state=state, context="out", exten=exten)


def dial(
    seconds: float,
    dial_string: str = f"{CUSTOMER}@trunk",
    *,
    channel: str | None = "PJSIP/101-1",
    dest: str = "PJSIP/trunk-2",
    uniqueid: str | None = "9.1",
    leg: str = LEG,
    linkedid: str = "9.1",
) -> DialBegun:
    caller: dict[str, Any] = {"channel": channel, "uniqueid": uniqueid, "linkedid": linkedid if channel else None}
    called: dict[str, Any] = {"dest_channel": dest, "dest_uniqueid": leg, "dest_linkedid": linkedid}
    return DialBegun(**when(seconds), **caller, **called, dial_string=dial_string)


def _dial_event(kind: type[DialProgressed] | type[DialEnded], seconds: float, status: str) -> Event:
    begun = dial(seconds)
    names = ("pbx", "at", "channel", "uniqueid", "linkedid", "dest_channel", "dest_uniqueid", "dest_linkedid")
    return kind(**{name: getattr(begun, name) for name in names}, status=status)


def shows(seconds: float, status: str) -> Event:
    return _dial_event(DialProgressed, seconds, status)


def verdict(seconds: float, status: str) -> Event:
    return _dial_event(DialEnded, seconds, status)


def state(seconds: float, number: int) -> ChannelStateChanged:
    names: dict[str, Any] = {"channel": "PJSIP/trunk-2", "uniqueid": LEG, "linkedid": "9.1"}
    return ChannelStateChanged(**when(seconds), **names, state=number)


def hangup(seconds: float, cause: int = 16) -> ChannelGone:
    return ChannelGone(**when(seconds), channel="PJSIP/trunk-2", uniqueid=LEG, linkedid="9.1", cause=cause)


def channels(seconds: float, *states: int, complete: bool = True) -> ChannelsListed:
    """A list of channels, with the called leg in it if a state is given."""
    names: dict[str, Any] = {"channel": "PJSIP/trunk-2", "uniqueid": LEG, "linkedid": "9.1"}
    rows = tuple(ChannelSeen(**names, state=number) for number in states)
    return ChannelsListed(**when(seconds), channels=rows, complete=complete)


def play(*story: Event | Fact, one_of: Office | None = None) -> list[Callout]:
    return tell(Callouts(one_of or office(DESK)), *story)


def tell(seen: Callouts, *story: Event | Fact) -> list[Callout]:
    """What it says of a story; like the centre, only of the events that it asks for."""
    hints: list[Fact] = []
    for each in story:
        if not isinstance(each, Event):
            hints += seen.handle_fact(each)
        elif type(each) in Callouts.EVENTS | {TimePassed}:
            hints += seen.handle(each)
    return [hint.callout for hint in hints if isinstance(hint, CalloutSeen)]


def told(callouts: list[Callout]) -> list[tuple[object, object, object, object]]:
    """What each says: since when it rings, was answered, was over, and how."""

    def seconds(moment: Any) -> float | None:
        return None if moment is None else (moment - NOON).total_seconds()

    return [(seconds(one.ring_start), seconds(one.answered_at), seconds(one.ended_at), one.result) for one in callouts]


def test_a_call_back_is_told_at_the_dial_ringing_answer_and_end() -> None:
    seen = play(task(), dial(1), shows(3, "RINGING"), state(8, 6), verdict(8.1, "ANSWER"), hangup(60))
    assert told(seen) == [
        (None, None, None, None),
        (3, None, None, None),
        (3, 8, None, None),
        (3, 8, 60, CalloutResult.CONNECTED),
    ]
    assert {(one.uniqueid, one.caller, one.telephone, one.begun_at) for one in seen} == {
        (LEG, CUSTOMER, "PJSIP/101", at(1))
    }


@pytest.mark.parametrize(
    "dial_string",
    [
        f"{CUSTOMER}@trunk",
        f"trunk/{CUSTOMER}",
        f"PJSIP/{CUSTOMER}@trunk",
        f"trunk/9{CUSTOMER}",
        "trunk/sip:+441632960123@sip.example.org:5060",
        "trunk/900441632960123",
        f"g1/{CUSTOMER}",
        f"trunk/{CUSTOMER},30",
    ],
)
def test_the_number_is_found_in_the_dial_string(dial_string: str) -> None:
    assert [one.caller for one in play(task("+44 1632 960123"), dial(1, dial_string))] == [CUSTOMER]


@pytest.mark.parametrize(
    "dial_string",
    [
        "01632960124@trunk",
        "trunk/016329601234",
        "960123@trunk",
        "trunk",
        "",
        "@@//::,,",
        "10.16.32.96.01.23@trunk",
        f"Name: {CUSTOMER}x",
        "a" * 5000 + f"/{CUSTOMER}",
        "\x00\r\n/\u2028",
    ],
)
def test_other_numbers_and_rubbish_are_nobody(dial_string: str) -> None:
    assert play(task(), dial(1, dial_string)) == []


def test_the_number_that_the_telephone_dialled_tells_where_the_dial_string_does_not() -> None:
    seen = play(task(), created(0, "PJSIP/555-1", "9.1", CUSTOMER), dial(1, "trunk", channel="PJSIP/555-1"))
    assert [(one.caller, one.telephone) for one in seen] == [(CUSTOMER, "PJSIP/555")]


def test_a_number_typed_after_listening_is_waited_for_as_well() -> None:
    assert len(play(task(None, dial="07700 900456"), dial(1, "07700900456@trunk"))) == 1
    assert play(task(None), dial(1)) == []


def test_a_task_waits_until_it_is_closed_and_two_wait_for_both() -> None:
    closed = task(state=TaskState.CLOSED)
    assert play(task(), closed, dial(1)) == []
    assert len(play(task(), task(number=2), closed, dial(1))) == 1
    assert len(play(task(), closed, task(state=TaskState.REOPENED), dial(1))) == 1
    assert play(task(), task("07700900456"), dial(1)) == []


MISSED = [outcome for outcome in Outcome if outcome not in {Outcome.ANSWERED, Outcome.IN_PROGRESS}]


@pytest.mark.parametrize("outcome", MISSED)
def test_a_caller_whom_nobody_answered_waits_too(outcome: Outcome) -> None:
    assert [one.task for one in play(ended(0, call(outcome=outcome)), dial(1))] == [None]


def test_who_was_answered_since_is_missed_no_more_nor_is_a_colleague_or_who_withheld_the_number() -> None:
    missed, answered = ended(0, call(outcome=Outcome.ABANDONED)), ended(1, call("1.2", outcome=Outcome.ANSWERED))
    assert play(missed, answered, dial(2)) == []
    assert play(ended(0, call(outcome=Outcome.ABANDONED, origin=Origin.INTERNAL)), dial(1)) == []
    assert play(ended(0, call(outcome=Outcome.ABANDONED, caller=None)), dial(1)) == []


def test_who_was_reached_is_missed_no_more_and_who_was_not_still_is() -> None:
    missed = ended(0, call(outcome=Outcome.ABANDONED))
    assert len(play(missed, dial(1), state(2, 6), hangup(3), dial(4, leg="9.9"))) == 3
    assert len(play(missed, dial(1), hangup(3, 19), dial(4, leg="9.9"))) == 3


def test_a_missed_caller_is_forgotten_after_two_weeks() -> None:
    later = timedelta(days=14).total_seconds()
    missed = ended(0, call(outcome=Outcome.ABANDONED))
    assert len(play(missed, dial(later - 1))) == 1
    assert play(missed, dial(later + 1)) == []


def test_the_missed_are_bounded() -> None:
    seen = Callouts(office(DESK))
    for number in range(10_001):
        tell(seen, ended(number / 100, call(f"1.{number}", caller=f"07{number:09}", outcome=Outcome.ABANDONED)))
    assert tell(seen, dial(200, "07000000000@trunk")) == []
    assert len(tell(seen, dial(200, "07000000001@trunk", leg="9.3"))) == 1


# --- what is no callout ----------------------------------------------------------------------------------------------


def test_an_outside_call_sent_on_to_a_mobile_is_no_callout() -> None:
    """An agent whose mobile is a member of the queue rang the office from it, and nobody answered."""
    inbound = offered(1, call("9.1"))
    story = (task(), inbound, dial(2, channel="PJSIP/trunk-1"))
    assert play(*story) == []
    assert len(play(*story, ended(3, call("9.1", outcome=Outcome.LOST, caller=None)), dial(4))) == 1


def test_an_outside_call_behind_a_local_member_is_no_callout() -> None:
    into = dial(2, "mobile@agents", channel="PJSIP/trunk-1", dest="Local/mobile@agents-1;1", leg="9.5")
    assert play(task(), offered(1, call("9.1")), into, dial(3, channel="Local/mobile@agents-1;2")) == []


def test_a_telephone_named_by_its_number_is_not_called_back_by_who_rings_it_from_outside() -> None:
    ours = f"PJSIP/{CUSTOMER}-2"
    assert play(task(), dial(1, CUSTOMER, channel="PJSIP/trunk-1", dest=ours)) == []
    assert len(play(task(), dial(1, CUSTOMER, dest=ours))) == 1


def test_a_member_of_a_queue_is_a_telephone_too() -> None:
    used = TelephoneUsed(**when(0), device="PJSIP/333", used=False)
    ringing = dial(1, CUSTOMER, channel="PJSIP/trunk-1", dest="PJSIP/333-2")
    assert play(task(), used, ringing) == []
    assert len(play(task(), ringing)) == 1, "else it might be a trunk"


def test_who_pretends_to_be_the_office_does_not_make_its_calls_callouts() -> None:
    forged = ended(0, call(caller="01632960600", outcome=Outcome.VOICEMAIL))
    inbound = created(1, "PJSIP/trunk-1", "9.1", "01632960600")
    assert play(forged, inbound, dial(2, "101", channel="PJSIP/trunk-1", dest="PJSIP/333-2")) == []


def test_with_trunks_configured_whatever_is_none_is_a_telephone() -> None:
    one_of = replace(office(DESK), pbxs=(Pbx(name="lab", trunks=frozenset({"PJSIP/trunk"})),))
    assert len(play(task(), dial(1, channel="PJSIP/777-1"), one_of=one_of)) == 1
    inbound = created(0, "PJSIP/trunk-1", "9.1", CUSTOMER)
    rings = dial(1, "777", channel="PJSIP/trunk-1", dest="PJSIP/777-2")
    assert play(task(), inbound, rings, one_of=one_of) == []


def test_an_extension_is_rung_back_only_by_dialling_just_it() -> None:
    colleague = task("102")
    assert play(colleague, dial(1, "102", dest="PJSIP/102-2")) == []
    dialled = created(0, "PJSIP/101-1", "9.1", "102")
    assert [one.caller for one in play(colleague, dialled, dial(1, "102", dest="PJSIP/102-2"))] == ["102"]


# --- through Local channels ------------------------------------------------------------------------------------------


def test_the_telephone_behind_a_local_channel_is_named() -> None:
    by_hand = (
        dial(1, f"{CUSTOMER}@out", dest="Local/01632960123@out-7;1", leg="9.5"),
        dial(2, channel="Local/01632960123@out-7;2", uniqueid="9.6"),
    )
    assert [one.telephone for one in play(task(), *by_hand)] == ["PJSIP/101"]
    clicked = (
        dial(1, "101", channel="Local/101@click-8;2", dest="PJSIP/101-4", uniqueid="9.6", leg="9.7"),
        dial(2, channel="Local/101@click-8;1", uniqueid="9.5"),
    )
    assert [one.telephone for one in play(task(), *clicked)] == ["PJSIP/101"]


def test_a_local_channel_named_by_the_number_never_stands_for_a_telephone() -> None:
    seen = play(task(), dial(1, channel="Local/01632960123@out-7;2"), dial(2, channel=None, leg="9.9"))
    assert [one.telephone for one in seen] == ["", ""]


# --- how it ends -----------------------------------------------------------------------------------------------------


def test_what_the_leg_shows_may_be_told_before_the_dial() -> None:
    seen = play(task(), state(0.9, 5), state(0.95, 6), dial(1))
    assert told(seen)[-1] == (0.9, 0.95, None, None)


def test_progress_counts_as_ringing_only_where_no_ringing_comes() -> None:
    assert told(play(task(), dial(1), shows(2, "PROGRESS"))) == [(None, None, None, None)]
    unanswered = (hangup(30, 19),)
    assert told(play(task(), dial(1), shows(2, "PROGRESS"), *unanswered))[-1][0] == 2
    assert told(play(task(), dial(1), shows(2, "PROGRESS"), shows(5, "RINGING"), *unanswered))[-1][0] == 5
    assert told(play(task(), dial(1), shows(2, "PROGRESS"), state(9, 6)))[-1] == (2, 9, None, None)


@pytest.mark.parametrize(
    ("ends", "result", "ended_at"),
    [
        ((verdict(20, "NOANSWER"), hangup(20.1, 16)), CalloutResult.NO_ANSWER, 20),
        ((verdict(20, "CANCEL"), hangup(20.1, 26)), CalloutResult.NO_ANSWER, 20),
        ((verdict(20, "BUSY"), hangup(20.1, 17)), CalloutResult.BUSY, 20),
        ((verdict(20, "NOANSWER"), hangup(20.1, 17)), CalloutResult.BUSY, 20),
        ((verdict(20, "CHANUNAVAIL"), hangup(20.1, 3)), CalloutResult.FAILED, 20),
        ((verdict(20, "CONGESTION"), hangup(20.1, 34)), CalloutResult.FAILED, 20),
        ((verdict(20, "NOANSWER"), hangup(20.1, 1)), CalloutResult.FAILED, 20),
        ((shows(5, "RINGING"), verdict(20, "NOANSWER"), hangup(20.1, 21)), CalloutResult.NO_ANSWER, 20),
        ((hangup(20, 17),), CalloutResult.BUSY, 20),
        ((hangup(20, 19),), CalloutResult.NO_ANSWER, 20),
        ((hangup(20, 38),), CalloutResult.FAILED, 20),
        ((verdict(8, "ANSWER"), verdict(9, "CONTINUE"), hangup(20)), CalloutResult.CONNECTED, 20),
    ],
)
def test_how_a_dial_ends(ends: tuple[Event, ...], result: CalloutResult, ended_at: float) -> None:
    assert told(play(task(), dial(1), *ends))[-1][2:] == (ended_at, result)


def test_a_transfer_while_it_rings_goes_on_ringing() -> None:
    blonde = (verdict(10, "NOANSWER"), dial(10.1, channel="PJSIP/102-3", uniqueid="9.3"), state(15, 6), hangup(40))
    seen = play(task(), dial(1), shows(2, "RINGING"), *blonde)
    assert told(seen)[-1] == (2, 15, 40, CalloutResult.CONNECTED)
    assert {one.begun_at for one in seen} == {at(1)}


# --- gaps ------------------------------------------------------------------------------------------------------------


def test_a_dial_whose_end_was_not_seen_is_uncertain_unless_it_was_answered_before() -> None:
    for gap in ((down(10), up(12), channels(13)), (shutdown(10),), (channels(13),), (down(10), passed(at(310)))):
        assert told(play(task(), dial(1), *gap))[-1][3] is CalloutResult.UNCERTAIN
        assert told(play(task(), dial(1), state(5, 6), *gap))[-1][3] is CalloutResult.CONNECTED


def test_a_dial_goes_on_through_a_short_gap() -> None:
    gap = (down(10), up(12))
    assert told(play(task(), dial(1), *gap, channels(13, 5), state(15, 6), hangup(40)))[-1] == (
        *(13, 15, 40),
        CalloutResult.CONNECTED,
    )
    assert told(play(task(), dial(1), *gap, channels(13, 6)))[-1] == (None, 13, None, None)
    assert told(play(task(), dial(1), *gap, channels(13, 0), hangup(40, 19)))[-1][3] is CalloutResult.NO_ANSWER


def test_after_a_gap_only_a_clear_cause_tells_of_a_dial_that_no_list_showed() -> None:
    begun = (task(), dial(1), down(10), up(12))
    assert told(play(*begun, hangup(13, 16)))[-1][3] is CalloutResult.UNCERTAIN
    assert told(play(*begun, hangup(13, 19)))[-1][3] is CalloutResult.NO_ANSWER
    assert told(play(*begun, verdict(12.9, "CANCEL"), hangup(13, 16)))[-1][3] is CalloutResult.NO_ANSWER
    doubt = EventsQuarantined(**when(5), reason="order")
    assert told(play(task(), dial(1), doubt, hangup(13, 16)))[-1][3] is CalloutResult.UNCERTAIN


def test_a_list_that_is_not_complete_or_older_than_the_dial_ends_nothing() -> None:
    assert len(play(task(), dial(1), channels(5, complete=False))) == 1
    assert len(play(task(), dial(1), channels(1.5))) == 1


def test_a_dial_out_of_sight_for_too_long_wakes_the_core_once() -> None:
    seen = Callouts(office(DESK))
    tell(seen, task(), dial(1), down(10))
    assert seen.next_timer() == at(310)
    assert told(tell(seen, passed(at(310))))[-1][2:] == (310, CalloutResult.UNCERTAIN)
    assert seen.next_timer() is None


# --- starting again --------------------------------------------------------------------------------------------------


def restored(**open_rows: Any) -> Callouts:
    seen = Callouts(office(DESK))
    assert seen.restore(OpenRows(**open_rows), at(0)) == []
    return seen


def test_after_a_restart_tasks_and_missed_callers_still_wait() -> None:
    known = task().task
    assert len(tell(restored(tasks=(known,)), dial(1))) == 1
    assert len(tell(restored(missed=(("lab", CUSTOMER, at(-60)),)), dial(1))) == 1
    assert tell(restored(missed=(("other", CUSTOMER, at(-60)),)), dial(1)) == []
    assert tell(restored(tasks=(known,), calls=(call("9.1"),)), dial(1)) == []


def test_after_a_restart_open_dials_are_looked_for_in_the_first_list() -> None:
    ringing = Callout(
        pbx="lab", uniqueid=LEG, caller=CUSTOMER, telephone="PJSIP/101", begun_at=at(-30), task=1, ring_start=at(-28)
    )
    talking = replace(ringing, answered_at=at(-20))
    assert told(tell(restored(callouts=(ringing,)), up(1), channels(2))) == [(-28, None, 2, CalloutResult.UNCERTAIN)]
    assert told(tell(restored(callouts=(talking,)), up(1), channels(2)))[0][3] is CalloutResult.CONNECTED
    goes_on = tell(restored(callouts=(ringing,)), up(1), channels(2, 6), hangup(30))
    assert told(goes_on) == [(-28, 2, None, None), (-28, 2, 30, CalloutResult.CONNECTED)]
    assert {one.task for one in goes_on} == {1}


# --- the rest --------------------------------------------------------------------------------------------------------


def test_an_erased_number_is_waited_for_no_more_and_goes_from_dials_that_last() -> None:
    erased = CallerErased(**when(2), caller=CUSTOMER, messages=(), who="Ann", why="asked for it")
    seen = play(ended(0, call(outcome=Outcome.ABANDONED)), dial(1), erased, hangup(3, 19), dial(4, leg="9.9"))
    assert [one.caller for one in seen] == [CUSTOMER, ""]


def test_an_unknown_pbx_is_no_concern() -> None:
    assert play(task(), replace(dial(1), pbx="other"), replace(task(), pbx="other")) == []
