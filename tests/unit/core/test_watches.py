"""What is known of a line that may need somebody: who of those there is its own, who waits, who asked for cover."""

from dataclasses import replace
from typing import Any

import pytest

from callcentre.core.breach import Breach
from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line
from callcentre.core.deeds import Case
from callcentre.core.enforcement import Enforcement
from callcentre.core.events import AppStarted
from callcentre.core.facts import (
    AttendanceChanged,
    CallEnded,
    CallOffered,
    CallProgressed,
    OpenRows,
    RingAttempt,
    Visit,
)
from callcentre.core.hints import RosterChanged, Seat
from callcentre.core.terms import ActionKind, ActionResult, AttemptResult, Attendance, MemberState, Mode
from callcentre.core.watches import Waiting, Watch, cover_asked
from tests.playbooks.breach_story import enquiries
from tests.unit.core.happenings import NOON, at, call, voicemail, when
from tests.unit.core.offices import office

LINE = enquiries()
FREE, PAUSED = MemberState.FREE, MemberState.PAUSED
QUEUED = Visit(queue="enquiries", enter=NOON, leave=None, result=None, after_answer=False)
RINGING = RingAttempt(
    interface="PJSIP/101", begun_at=NOON, ring_start=NOON, ring_end=None, result=None, after_answer=False
)


def seat(interface: str, state: MemberState = FREE, **more: Any) -> Seat:
    values: dict[str, Any] = {"device": interface, "queue": "enquiries", "name": interface}
    return Seat(interface=interface, state=state, **(values | more))


def watch(*seats: Seat, there: int, here: Line = LINE, state: Attendance = Attendance.ATTENDED) -> Watch:
    roster = RosterChanged(
        **when(0), line="enquiries", there=there, unknown=0, paused=0, unreachable=0, complete=True, seats=seats
    )
    breach = Breach(pbx="lab", line="enquiries", since=NOON, mode=Mode.ENFORCE, reason="nobody is logged in")
    case = Case(here, Calendar(here), breach)
    step = case.want(NOON, ActionKind.ADD_STANDBY, "enquiries PJSIP/109", "")
    case.settle(step, ActionResult.DONE, NOON)
    return Watch(here, Calendar(here), state=state, roster=roster, case=case)


def test_who_was_added_is_not_of_its_own() -> None:
    assert watch(seat("PJSIP/109"), there=1).own() == 0
    assert watch(seat("PJSIP/109"), seat("PJSIP/101"), there=2).own() == 1
    assert watch(seat("PJSIP/109"), seat("PJSIP/101", PAUSED), there=1).own() == 0
    assert watch(seat("PJSIP/109", queue="other"), there=1).own() == 1, "a member there without our doing"


def test_no_list_is_plenty_and_no_roster_is_nothing_known() -> None:
    assert watch(there=7).own() == 7
    unknown = watch(there=0)
    unknown.roster = None
    assert (unknown.own(), unknown.needy(), unknown.well()) == (None, False, False)


def test_out_of_sight_a_line_is_neither_needy_nor_well() -> None:
    unseen = watch(there=7, state=Attendance.UNKNOWN)
    assert (unseen.needy(), unseen.well()) == (False, False)
    rung_out = watch(there=7, state=Attendance.UNATTENDED)
    assert (rung_out.needy(), rung_out.well()) == (True, False)


def test_volunteers_are_paused_opted_in_and_why_too_few_are_there() -> None:
    both = (seat("PJSIP/101", PAUSED), seat("PJSIP/102", PAUSED))
    assert watch(*both, there=0).volunteers() == ("enquiries PJSIP/101",)
    assert watch(*both, there=1).volunteers() == (), "enough are there: they let calls ring out"
    assert watch(seat("Local/101@agents", PAUSED, device="PJSIP/101"), there=0).volunteers() == (
        "enquiries Local/101@agents",
    )
    assert watch(seat("PJSIP/101", MemberState.UNREACHABLE), there=0).volunteers() == ()
    assert watch(seat("PJSIP/101", PAUSED, queue=""), there=0).volunteers() == (), "an extension has no queue"


# --- who waits -------------------------------------------------------------------------------------------------------


def test_a_caller_waits_while_queued_or_ringing_or_just_come() -> None:
    waiting = Waiting()
    waiting.offered(call("1"))
    waiting.offered(call("2", visits=(QUEUED,)))
    waiting.offered(call("3", attempts=(RINGING,)))
    waiting.offered(call("4", "orders"))
    assert (waiting.count("enquiries"), waiting.count("orders")) == (3, 1)
    waiting.progressed(call("2", visits=(replace(QUEUED, leave=at(9)),)))
    waiting.progressed(call("3", attempts=(replace(RINGING, result=AttemptResult.RANG_OUT, ring_end=at(9)),)))
    assert waiting.count("enquiries") == 1
    waiting.progressed(call("1", answered_at=at(9)))
    waiting.progressed(call("2", visits=(replace(QUEUED, leave=at(9)), QUEUED)))
    assert waiting.count("enquiries") == 1


def test_who_was_answered_or_has_hung_up_waits_no_more() -> None:
    waiting = Waiting()
    for uniqueid in "123":
        waiting.offered(call(uniqueid))
    waiting.over(call("1").key)
    waiting.progressed(call("2", ended_at=at(5)))
    waiting.offered(call("4", answered_at=at(1)))
    assert waiting.count("enquiries") == 1


def test_a_caller_in_voicemail_waits_no_more_unless_a_telephone_rings_again() -> None:
    room = Enforcement(office(LINE))
    room.handle_fact(CallOffered(**when(0), call=call("1.1")))
    assert room._waiting.count("enquiries") == 1
    box = voicemail(1, "1.1", "600@default")
    assert isinstance(box, AppStarted)
    assert room.handle(replace(box, application="Queue")) == []
    assert room._waiting.count("enquiries") == 1
    assert room.handle(box) == []
    room.handle_fact(CallProgressed(**when(2), call=call("1.1")))
    assert room._waiting.count("enquiries") == 0
    room.handle_fact(CallProgressed(**when(3), call=call("1.1", attempts=(RINGING,))))
    assert room._waiting.count("enquiries") == 1
    room.handle_fact(CallEnded(**when(4), call=call("1.1", ended_at=at(4))))
    assert room._waiting._calls == {}


def test_callers_who_waited_before_a_restart_wait_still() -> None:
    room = Enforcement(office(LINE))
    room.restore(OpenRows(calls=(call("1"), call("2", answered_at=at(1)))), at(10))
    assert room._waiting.count("enquiries") == 1


# --- cover -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "minutes", "why"),
    [
        ("pause", "", "the agent is about to pause"),
        ("logoff", "15", "the agent is about to log off"),
        ("break", "480", "the agent is about to take a break of 480 min"),
        ("break", "481", "the agent is about to take a break"),
    ],
)
def test_why_cover_is_asked_for(reason: str, minutes: str, why: str) -> None:
    fields = {"Line": "enquiries", "Interface": "PJSIP/101", "Reason": reason, "Minutes": minutes}
    assert cover_asked(fields) == ("enquiries", "PJSIP/101", why)


def test_a_line_nobody_watches_costs_nothing() -> None:
    room = Enforcement(office(LINE))
    attended = AttendanceChanged(
        **when(0), line="enquiries", state=Attendance.ATTENDED, reason="1 or more can answer", core=True
    )
    assert room.handle_fact(attended) == []
    assert (room._busy, room.next_timer()) == ({}, None)
