"""Unattended lines as an office lives them: why nobody was there, what was done, that all was undone, who was told."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from callcentre.core.charter import Line
from callcentre.core.commands import Act, AddMember, PauseMember, RemoveMember, RingTelephone, StoreValue
from callcentre.core.facts import AttendanceChanged, CallAnswered, CallOffered, CallProgressed, Visit
from callcentre.core.hints import RosterChanged
from callcentre.core.terms import ActionKind, BreachEnd, Mode
from tests.playbooks.breach_story import (
    ALICE,
    ATTENDED,
    BOSS,
    DEPUTY,
    FREE,
    PAUSED,
    STANDBY,
    STANDBY_2,
    T0,
    UNATTENDED,
    UNREACHABLE,
    World,
    after,
    attention,
    enquiries,
    when,
)
from tests.unit.core.happenings import call
from tests.unit.core.offices import AROUND_THE_CLOCK, day

ADDED, DIVERTED, RUNG = f"add enquiries {STANDBY}", "line/enquiries/divert=1", f"ring {BOSS}"
REMOVED, STRAIGHT = f"remove enquiries {STANDBY}", "line/enquiries/divert=None"
EVERYTHING = [ADDED, DIVERTED, RUNG]
UNDONE = [STRAIGHT, REMOVED]


@pytest.fixture
def world() -> World:
    world = World()
    world.asterisk.takes[BOSS] = 8
    return world.begin()


def with_attention(**changed: Any) -> Line:
    return enquiries(attention=attention(**changed))


def the_boss_answers(*lines: Line, **office: Any) -> World:
    world = World(*lines, **office)
    world.asterisk.takes[BOSS] = 8
    return world.begin()


# --- why nobody was there --------------------------------------------------------------------------------------------


def test_none_logged_in_is_alarmed_when_grace_is_over_and_everything_is_done_in_order(world: World) -> None:
    world.who(100, PJSIP_101=None).until(159)
    assert (world.books.breaches, world.sent) == ({}, [])
    world.until(160)
    assert world.did() == EVERYTHING
    breach = world.breach
    assert (breach.since, breach.unattended_at, breach.alarmed_at) == (after(100), after(100), after(160))
    assert (breach.reason, breach.mode, breach.ended_at) == ("nobody is logged in", Mode.ENFORCE, None)
    assert world.told() == [("unattended", ("early",))]
    assert world.core.breaches() == {"enquiries": breach}
    world.until(170)
    assert world.result(ActionKind.RING_SUPERVISOR) == ["done"]


def test_who_opted_in_is_unpaused_first_and_if_that_is_enough_nothing_else_is_done(world: World) -> None:
    world.who(100, PJSIP_101=PAUSED, PJSIP_102=PAUSED).until(400)
    assert world.did() == [f"unpause enquiries {ALICE}"]
    assert world.steps() == [("unpause", f"enquiries {ALICE}", "done")]
    assert (world.breach.end, world.breach.ended_at) == (BreachEnd.RECOVERED, after(190))
    assert "There was nothing to take back." in world.notice("recovered").text


def test_nobody_is_unpaused_who_did_not_opt_in(world: World) -> None:
    world.who(50, PJSIP_101=None, PJSIP_102=PAUSED).until(400)
    assert world.did() == EVERYTHING


def test_a_standby_telephone_that_is_a_paused_member_of_the_line_is_not_added_to_its_other_queue() -> None:
    """A pause is theirs to end: an agent added elsewhere on the line would be rung all the same."""
    world = the_boss_answers(enquiries(queues=frozenset({"enquiries", "sales"})))
    world.who(100, PJSIP_101=None, PJSIP_109=PAUSED).until(300)
    assert world.did() == [DIVERTED, RUNG]
    assert [step for step in world.steps() if step[0] == "add_standby"] == [
        ("add_standby", f"enquiries {STANDBY}", "already"),
        ("add_standby", f"sales {STANDBY}", "already"),
    ]


def test_who_pauses_again_after_being_unpaused_is_left_in_peace(world: World) -> None:
    world.who(100, PJSIP_101=PAUSED).until(165)
    world.who(170, PJSIP_101=PAUSED).until(300)
    assert world.did() == [f"unpause enquiries {ALICE}", *EVERYTHING]


def test_an_unpausing_that_is_refused_does_not_hold_up_the_rest(world: World) -> None:
    world.asterisk.refuses.add(PauseMember)
    world.who(100, PJSIP_101=PAUSED).until(300)
    assert world.did() == [f"unpause enquiries {ALICE}", *EVERYTHING]
    assert world.told()[:2] == [("unattended", ("early",)), ("action_refused", ("early",))]


def test_all_unreachable(world: World) -> None:
    world.who(100, PJSIP_101=UNREACHABLE, PJSIP_102=UNREACHABLE).until(160)
    assert world.did() == EVERYTHING
    assert world.breach.who == ("PJSIP/101: unreachable", "PJSIP/102: unreachable")
    text = world.notice("unattended").text
    assert "Why: nobody can answer: members are out of reach." in text
    assert "- PJSIP/102: unreachable" in text


def test_too_few_of_several_who_are_needed() -> None:
    world = the_boss_answers(enquiries(min_agents=2, attention=attention(may_unpause=frozenset())))
    world.who(0, PJSIP_102=FREE)
    world.who(100, PJSIP_102=PAUSED).until(300)
    assert world.breach.reason == "too few can answer: members are paused"
    assert world.did() == EVERYTHING
    world.who(400, PJSIP_102=FREE).until(500)
    assert world.did() == [*EVERYTHING, *UNDONE]


def test_calls_that_ring_out_are_no_sign_of_people_however_many_are_logged_in(world: World) -> None:
    world.rings_out(100).until(1000)
    breach = world.breach
    assert (breach.reason, breach.ended_at, world.did()) == ("3 calls in a row rang out", None, EVERYTHING)
    world.rings_out(1000, out=False).until(1100)
    assert (world.breach.end, world.breach.ended_at) == (BreachEnd.RECOVERED, after(1030))
    assert world.did() == [*EVERYTHING, *UNDONE]


def test_the_reason_is_that_of_the_last_change(world: World) -> None:
    world.who(100, PJSIP_101=PAUSED)
    world.asterisk.reachable = False
    world.until(170)
    assert world.breach.reason == "nobody can answer: members are paused"
    world.who(180, PJSIP_101=None)
    assert world.breach.reason == "nobody is logged in"
    assert world.told().count(("unattended", ("early",))) == 1


# --- grace -----------------------------------------------------------------------------------------------------------


def test_short_gaps_leave_no_row_however_many(world: World) -> None:
    for t in range(100, 2000, 60):
        world.who(t, PJSIP_101=None).who(t + 59, PJSIP_101=FREE)
    world.until(3000)
    assert (world.books.breaches, world.sent, world.books.notices) == ({}, [], {})
    assert world.core.next_timer() is None


def test_without_grace_the_alarm_is_at_once() -> None:
    world = the_boss_answers(with_attention(grace=timedelta()))
    world.who(100, PJSIP_101=None)
    assert world.did() == EVERYTHING
    assert world.breach.alarmed_at == after(100)


def test_a_line_that_goes_out_of_sight_in_grace_is_not_alarmed_until_it_is_unattended_again(world: World) -> None:
    world.who(100, PJSIP_101=None).down(130).until(500)
    assert world.books.breaches == {}
    world.up(500)
    assert (world.breach.since, world.breach.alarmed_at) == (after(100), after(501))


def test_a_line_that_comes_back_attended_was_never_alarmed(world: World) -> None:
    world.who(100, PJSIP_101=None).down(130)
    world.people[ALICE] = FREE
    world.up(500).until(1000)
    assert world.books.breaches == {}


# --- its end ---------------------------------------------------------------------------------------------------------


def test_its_own_people_back_for_half_a_minute_undo_everything_in_reverse(world: World) -> None:
    world.who(100, PJSIP_101=None).until(200)
    world.who(300, PJSIP_101=FREE).until(329)
    assert world.did() == EVERYTHING
    world.until(330)
    assert world.did() == [*EVERYTHING, *UNDONE]
    assert world.steps()[-2:] == [("undivert", "enquiries", "done"), ("remove_standby", f"enquiries {STANDBY}", "done")]
    assert (world.breach.end, world.breach.ended_at) == (BreachEnd.RECOVERED, after(330))
    assert (world.asterisk.members, world.asterisk.values) == (set(), {})
    assert world.told()[-1] == ("recovered", ("early",))
    assert "since Tuesday 24 November 2026 at 10:05, after 3 min" in world.notice("recovered").text
    assert (world.core.breaches(), world.core.next_timer()) == ({}, None)


def test_a_standby_telephone_answers_but_does_not_end_it(world: World) -> None:
    world.who(100, PJSIP_101=None).until(500)
    assert world.asterisk.members == {("enquiries", STANDBY)}
    assert world.breach.ended_at is None


def test_people_who_go_again_within_the_half_minute_change_nothing(world: World) -> None:
    world.who(100, PJSIP_101=None).until(200)
    for t in range(200, 1000, 40):
        world.who(t, PJSIP_101=FREE).who(t + 29, PJSIP_101=None)
    assert (world.did(), world.breach.ended_at) == (EVERYTHING, None)
    assert len(world.books.breaches) == 1


def test_enough_people_that_nobody_lists_them_is_plenty(world: World) -> None:
    world.who(100, PJSIP_101=None).until(200)
    world.who(300, PJSIP_101=FREE, PJSIP_102=FREE, PJSIP_103=FREE, PJSIP_104=FREE).until(331)
    assert world.breach.end is BreachEnd.RECOVERED


def test_the_next_time_is_another_breach(world: World) -> None:
    world.who(100, PJSIP_101=None).who(200, PJSIP_101=FREE).until(300)
    world.who(400, PJSIP_101=None).until(500)
    assert world.did() == [*EVERYTHING, *UNDONE, *EVERYTHING]
    assert len(world.books.breaches) == 2


def test_the_end_of_core_hours_undoes_at_once() -> None:
    world = the_boss_answers()
    world.who(when("Tue 24 17:50"), PJSIP_101=None).until(when("Tue 24 17:59"))
    assert world.did() == EVERYTHING
    world.until(when("Tue 24 18:30"))
    assert world.did() == [*EVERYTHING, *UNDONE]
    assert world.breach.end is BreachEnd.CLOSED_HOURS
    assert world.breach.ended_at == after(when("Tue 24 18:00"))
    assert world.told()[-1] == ("recovered", ("late",))
    assert "Core hours of line enquiries on lab ended; it was unattended for 10 min" in world.notice("recovered").text


def test_grace_that_ends_with_core_hours_is_no_breach(world: World) -> None:
    world.who(when("Tue 24 17:59"), PJSIP_101=None).until(when("Tue 24 19:00"))
    assert (world.books.breaches, world.sent) == ({}, [])


def test_core_hours_that_begin_while_nobody_is_there_begin_a_breach(world: World) -> None:
    world.who(when("Tue 24 20:00"), PJSIP_101=None).until(when("Wed 25 07:00"))
    assert world.books.breaches == {}
    world.until(when("Wed 25 07:01"))
    assert world.breach.since == after(when("Wed 25 07:00"))
    assert world.did() == EVERYTHING


def test_a_bank_holiday_is_no_breach_nor_a_weekend() -> None:
    # Christmas Day 2026 is a Friday; Boxing Day's substitute is the Monday.
    world = World().begin(when("Tue 24 20:00") + 30 * 86400)
    assert not world.calendar.is_working_day(day("2026-12-25"))
    world.who(world.now + 60, PJSIP_101=None).until(world.now + 3 * 86400)
    assert world.books.breaches == {}
    world.until(world.now + 2 * 86400)
    assert world.breach.since.isoformat() == "2026-12-29T07:00:00+00:00"


@pytest.mark.parametrize(
    ("start", "opens"),
    [("2026-03-29T12:00:00", "2026-03-30T06:00:00+00:00"), ("2026-10-25T12:00:00", "2026-10-26T07:00:00+00:00")],
)
def test_after_the_clocks_change_a_breach_begins_when_the_line_opens_by_its_own_clock(start: str, opens: str) -> None:
    t = (datetime.fromisoformat(f"{start}+00:00") - T0).total_seconds()
    world = World().begin(t)
    world.who(t + 60, PJSIP_101=None).until(t + 86400)
    assert world.breach.since.isoformat() == opens
    assert "at 07:00." in world.notice("unattended").text


def test_a_breach_over_the_hour_the_clocks_skip_lasts_as_long_as_it_lasted() -> None:
    t = (datetime.fromisoformat("2026-03-29T00:50:00+00:00") - T0).total_seconds()
    world = World(enquiries(hours=AROUND_THE_CLOCK)).begin(t - 60)
    world.who(t, PJSIP_101=None).who(t + 1200, PJSIP_101=FREE).until(t + 1300)
    assert "since Sunday 29 March 2026 at 02:10, after 20 min" in world.notice("recovered").text
    assert "It began: Sunday 29 March 2026 at 00:50." in world.notice("recovered").text


# --- observe ---------------------------------------------------------------------------------------------------------


def test_in_observe_everything_is_written_and_told_and_nothing_is_sent() -> None:
    world = World(with_attention(mode=Mode.OBSERVE)).begin()
    world.who(100, PJSIP_101=PAUSED).until(900)
    assert world.sent == []
    assert world.steps() == [
        ("unpause", f"enquiries {ALICE}", "observed"),
        ("add_standby", f"enquiries {STANDBY}", "observed"),
        ("divert", "enquiries", "observed"),
        ("ring_supervisor", BOSS, "observed"),
    ]
    assert "What would be done (the line's mode is observe):" in world.notice("unattended").text
    assert f"- the supervisor's telephone {DEPUTY} rung" in world.notice("unattended").text
    assert world.told() == [("unattended", ("early",)), ("still_unattended", ("manager",))]
    world.who(1000, PJSIP_101=FREE).until(1100)
    assert (world.breach.end, world.sent, len(world.steps())) == (BreachEnd.RECOVERED, [], 4)


def test_without_an_account_to_act_with_enforce_is_observe() -> None:
    world = World()
    world.office = replace(world.office, pbxs=(replace(world.office.pbxs[0], acts=False),))
    world.begin().who(100, PJSIP_101=None).until(500)
    assert (world.sent, world.breach.mode) == ([], Mode.OBSERVE)


def test_a_replay_observes() -> None:
    world = World()
    world.up(0)
    world.who(100, PJSIP_101=None).until(500)
    assert (world.sent, world.breach.mode) == ([], Mode.OBSERVE)


# --- what cannot be done ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "times"), [(AddMember, 2), (StoreValue, 1), (RingTelephone, 2)])
def test_a_refused_action_is_an_alert_of_its_own_and_the_rest_is_done(kind: type[Act], times: int) -> None:
    world = the_boss_answers(enquiries(queues=frozenset({"enquiries", "more"})))
    world.asterisk.refuses.add(kind)
    world.who(100, PJSIP_101=None).until(600)
    assert [result for _, _, result in world.steps()].count("refused") == times
    assert [kind for kind, _ in world.told()] == ["unattended", "action_refused"]
    assert "refused by the PBX (Permission denied)" in world.notice("action_refused").text
    assert {"add enquiries PJSIP/109", DIVERTED, RUNG} <= set(world.did())


def test_an_acting_account_that_is_away_is_tried_every_half_minute_with_one_alert(world: World) -> None:
    world.asterisk.reachable = False
    world.who(100, PJSIP_101=None).until(200)
    assert world.did()[:4] == [ADDED, DIVERTED, ADDED, DIVERTED]
    world.asterisk.reachable = True
    world.until(225)
    assert world.asterisk.members == {("enquiries", STANDBY)}
    assert world.result(ActionKind.ADD_STANDBY) == world.result(ActionKind.DIVERT) == ["done"]
    kinds = [kind for kind, _ in world.told()]
    assert kinds.count("action_refused") == 2, "one for each kind of action"


def test_the_telephones_are_rung_once_the_account_is_back(world: World) -> None:
    world.asterisk.reachable = False
    world.who(100, PJSIP_101=None).until(175)
    world.asterisk.reachable = True
    world.until(300)
    assert world.did().count(RUNG) == 1
    assert world.result(ActionKind.RING_SUPERVISOR) == ["done"]


def test_a_telephone_that_could_not_be_rung_is_not_rung_again() -> None:
    world = World(with_attention(standby=(), divert=False)).begin()
    world.asterisk.reachable = False
    world.who(100, PJSIP_101=None).until(600)
    assert world.did() == [RUNG, f"ring {DEPUTY}"]
    assert world.result(ActionKind.RING_SUPERVISOR) == ["failed", "failed"]
    assert [kind for kind, _ in world.told()] == ["unattended", "action_refused"]


def test_undoing_that_fails_is_tried_until_it_is_done_and_the_record_has_ended(world: World) -> None:
    world.who(100, PJSIP_101=None).until(200)
    world.asterisk.reachable = False
    world.who(300, PJSIP_101=FREE).until(400)
    assert (world.breach.end, world.asterisk.members) == (BreachEnd.RECOVERED, {("enquiries", STANDBY)})
    assert world.books.open_rows(after(400)).breaches != ()
    world.asterisk.reachable = True
    world.until(500)
    assert (world.asterisk.members, world.asterisk.values) == (set(), {})
    assert world.books.open_rows(after(500)).breaches == ()
    assert world.core.next_timer() is None


def test_undoing_that_is_refused_is_told_and_not_tried_for_ever(world: World) -> None:
    world.who(100, PJSIP_101=None).until(200)
    world.asterisk.refuses |= {RemoveMember, StoreValue}
    world.who(300, PJSIP_101=FREE).until(1000)
    assert world.did() == [*EVERYTHING, *UNDONE]
    assert world.told()[-3:] == [("recovered", ("early",))] + [("action_refused", ("early",))] * 2
    assert "somebody must see to it" in world.notice("action_refused").text


def test_who_was_a_member_already_is_not_ours_and_stays(world: World) -> None:
    world.asterisk.members.add(("enquiries", STANDBY))
    world.people[STANDBY] = UNREACHABLE
    world.who(100, PJSIP_101=None).until(200)
    assert world.result(ActionKind.ADD_STANDBY) == ["already"]
    world.who(300, PJSIP_101=FREE).until(400)
    assert world.did() == [DIVERTED, RUNG, STRAIGHT]


def test_standby_comes_to_every_queue_of_the_line_each_a_step() -> None:
    world = the_boss_answers(
        enquiries(queues=frozenset({"enquiries", "a b"}), attention=attention(standby=(STANDBY, STANDBY_2)))
    )
    world.who(100, PJSIP_101=None).until(200)
    adds = [f"add {queue} {one}" for one in (STANDBY, STANDBY_2) for queue in ("a b", "enquiries")]
    assert world.did() == [*adds, DIVERTED, RUNG]


# --- supervisors -----------------------------------------------------------------------------------------------------


def test_the_second_telephone_is_rung_when_the_first_is_not_answered_and_no_third_time() -> None:
    world = World()
    world.asterisk.takes[DEPUTY] = 5
    world.begin().who(100, PJSIP_101=None).until(189)
    assert world.did() == EVERYTHING
    world.until(900)
    assert world.did() == [*EVERYTHING, f"ring {DEPUTY}"]
    assert world.result(ActionKind.RING_SUPERVISOR) == ["failed", "done"]
    assert [kind for kind, _ in world.told()] == ["unattended", "still_unattended"]


def test_nobody_takes_the_call_and_people_are_told_so_once() -> None:
    world = World().begin().who(100, PJSIP_101=None).until(500)
    assert world.result(ActionKind.RING_SUPERVISOR) == ["failed", "failed"]
    assert [kind for kind, _ in world.told()] == ["unattended", "action_refused"]
    assert "failed (nobody answered)" in world.notice("action_refused").text


def test_no_more_telephones_are_rung_once_its_own_people_are_back() -> None:
    world = World().begin().who(100, PJSIP_101=None).who(170, PJSIP_101=FREE).until(600)
    assert world.did() == [*EVERYTHING, *UNDONE]


def test_a_telephone_that_rings_on_when_its_own_people_are_back_need_not_be_answered() -> None:
    world = World(with_attention(supervisors=(BOSS,), recovery=timedelta(seconds=10))).begin()
    world.who(100, PJSIP_101=None).who(165, PJSIP_101=FREE).until(600)
    assert world.result(ActionKind.RING_SUPERVISOR) == ["failed"]
    assert [kind for kind, _ in world.told()] == ["unattended", "recovered"]


def test_the_announcement_is_told_the_line_in_safe_signs_only() -> None:
    world = World(enquiries(name="Ünder, ${x} line")).begin()
    world.who(100, PJSIP_101=None).until(160)
    ring = next(act for act in world.sent if isinstance(act, RingTelephone))
    assert (ring.context, ring.exten, ring.seconds) == ("callcentre-alarm", "s", 30)
    assert ring.variables == (("CALLCENTRE_LINE", "nder x line"),)


# --- the limit -------------------------------------------------------------------------------------------------------


def test_beyond_the_limit_of_the_hour_actions_are_held_back_with_one_alert_and_done_when_there_is_room() -> None:
    world = the_boss_answers(actions_per_hour=4)
    for start in (100, 400):
        world.who(start, PJSIP_101=None).who(start + 100, PJSIP_101=FREE).until(start + 200)
    assert world.did() == [*EVERYTHING, *UNDONE, ADDED, REMOVED]
    assert world.steps()[-4:] == [
        ("add_standby", f"enquiries {STANDBY}", "done"),
        ("divert", "enquiries", "held_back"),
        ("ring_supervisor", BOSS, "held_back"),
        ("remove_standby", f"enquiries {STANDBY}", "done"),
    ]
    assert [kind for kind, _ in world.told()].count("action_refused") == 1
    assert "allows 4 actions in an hour" in world.notice("action_refused").text


def test_what_was_held_back_is_done_once_there_is_room() -> None:
    world = the_boss_answers(actions_per_hour=2)
    world.who(100, PJSIP_101=None).until(160 + 3599)
    assert world.did() == [ADDED, DIVERTED]
    world.until(160 + 3700)
    assert world.did() == EVERYTHING


def test_an_hour_of_actions_outlives_a_restart() -> None:
    world = the_boss_answers(actions_per_hour=3)
    world.who(100, PJSIP_101=None).who(200, PJSIP_101=FREE).until(300)
    world.restart(400)
    world.up(400)
    world.who(500, PJSIP_101=None).until(700)
    assert world.did() == [*EVERYTHING, *UNDONE]
    assert world.result(ActionKind.ADD_STANDBY) == ["done", "held_back"]


# --- who is told -----------------------------------------------------------------------------------------------------


def test_the_escalation_is_told_step_by_step_and_all_of_them_of_the_end(world: World) -> None:
    world.who(100, PJSIP_101=None).until(2000)
    assert [(k, to) for k, to in world.told() if k == "still_unattended"] == [
        ("still_unattended", ("manager",)),
        ("still_unattended", ("manager", "director")),
    ]
    assert world.breach.told == (600, 1800)
    assert world.notice("still_unattended").at == after(1900)
    world.who(2100, PJSIP_101=FREE).until(2200)
    assert world.told()[-1] == ("recovered", ("early", "manager", "director"))


def test_an_escalation_waits_while_the_line_is_out_of_sight(world: World) -> None:
    world.who(100, PJSIP_101=None).down(500).until(1000)
    assert [kind for kind, _ in world.told()] == ["unattended"]
    world.up(1000)
    assert [kind for kind, _ in world.told()] == ["unattended", "still_unattended"]


def test_the_shift_of_the_alarm_is_told_else_the_line(world: World) -> None:
    world.who(when("Tue 24 12:59"), PJSIP_101=None).until(when("Tue 24 13:10"))
    assert world.told()[0] == ("unattended", ("late",))
    world = the_boss_answers(with_attention(shifts=()))
    world.who(100, PJSIP_101=None).until(200)
    assert world.told()[0] == ("unattended", ("desk",))


def test_the_alarm_says_how_many_callers_wait(world: World) -> None:
    queued = Visit(queue="enquiries", enter=after(0), leave=None, result=None, after_answer=False)
    world.call(CallOffered, call("1", visits=(queued,)))
    world.call(CallOffered, call("2"))
    world.call(CallOffered, call("3", "orders"))
    world.call(CallOffered, call("4", visits=(queued,)))
    world.call(CallProgressed, call("4", visits=(replace(queued, leave=after(5)),)))
    world.call(CallOffered, call("5"))
    world.call(CallAnswered, call("5", answered_at=after(6)))
    world.who(100, PJSIP_101=None).until(160)
    assert world.breach.waiting == 2
    assert "Callers waiting now: 2." in world.notice("unattended").text


def test_a_notice_names_everything_a_person_needs(world: World) -> None:
    world.who(100, PJSIP_101=None).until(160)
    notice = world.notice("unattended")
    assert notice.title == "enquiries: unattended since 10:01"
    for words in (
        "Line enquiries on lab has been unattended since Tuesday 24 November 2026 at 10:01:40.",
        "Why: nobody is logged in.",
        "Callers waiting now: 0.",
        f"- standby {STANDBY} added to queue enquiries: being done",
        "- callers diverted",
        "See https://calls.example.org/",
    ):
        assert words in notice.text.splitlines()


# --- cover -----------------------------------------------------------------------------------------------------------


def test_cover_comes_before_the_agent_goes_and_leaves_when_the_agent_is_back(world: World) -> None:
    world.cover(100)
    assert world.did() == [ADDED]
    assert world.told() == [("cover", ("early",))]
    assert "the agent is about to take a break of 15 min" in world.notice("cover").text
    assert (world.breach.asked_by, world.breach.alarmed_at, world.breach.unattended_at) == (ALICE, None, None)
    world.who(130, PJSIP_101=PAUSED).until(1100)
    assert world.did() == [ADDED], "the line is attended by cover: no alarm"
    world.who(1100, PJSIP_101=FREE).until(1130)
    assert world.did() == [ADDED, REMOVED]
    assert (world.breach.end, world.breach.ended_at) == (BreachEnd.RECOVERED, after(1130))
    assert len(world.told()) == 1, "whoever was not alarmed need not hear that it is over"


def test_cover_that_nobody_used_leaves_after_ten_minutes(world: World) -> None:
    world.cover(100).until(699)
    assert world.did() == [ADDED]
    world.until(700)
    assert (world.did(), world.breach.end) == ([ADDED, REMOVED], BreachEnd.NOT_NEEDED)


def test_cover_that_cannot_be_reached_becomes_a_breach_and_adds_nobody_twice(world: World) -> None:
    world.people[STANDBY] = UNREACHABLE
    world.cover(100)
    world.who(130, PJSIP_101=None).until(189)
    assert world.breach.alarmed_at is None
    world.until(190)
    assert world.did() == EVERYTHING
    breach = world.breach
    assert (breach.since, breach.unattended_at, breach.alarmed_at) == (after(100), after(130), after(190))
    assert breach.reason == "nobody can answer: members are out of reach"
    assert [kind for kind, _ in world.told()] == ["cover", "unattended"]


def test_a_short_gap_under_cover_is_no_alarm(world: World) -> None:
    world.people[STANDBY] = UNREACHABLE
    world.cover(100).who(130, PJSIP_101=None).who(150, PJSIP_101=FREE).until(179)
    breach = world.breach
    assert (breach.unattended_at, breach.alarmed_at, breach.ended_at) == (None, None, None)
    world.until(180)
    assert world.breach.end is BreachEnd.RECOVERED


def test_cover_asked_for_while_grace_runs_is_the_record_of_that_gap(world: World) -> None:
    world.people[STANDBY] = UNREACHABLE
    world.who(100, PJSIP_101=None).cover(120).until(200)
    assert (world.breach.since, world.breach.unattended_at) == (after(100), after(100))
    assert (world.breach.asked_by, world.breach.alarmed_at) == (ALICE, after(160))


def test_cover_in_observe_is_told_and_written() -> None:
    world = World(with_attention(mode=Mode.OBSERVE)).begin().cover(100)
    assert (world.steps(), world.sent) == ([("add_standby", f"enquiries {STANDBY}", "observed")], [])
    assert world.told() == [("cover", ("early",))]


def test_cover_asked_for_again_and_again_is_asked_for_once(world: World) -> None:
    for t in range(100, 200, 10):
        world.cover(t)
    assert (world.did(), len(world.told()), len(world.books.breaches)) == ([ADDED], 1, 1)


def test_cover_ends_with_core_hours(world: World) -> None:
    world.cover(when("Tue 24 17:55")).until(when("Tue 24 18:00"))
    assert (world.did(), world.breach.end) == ([ADDED, REMOVED], BreachEnd.CLOSED_HOURS)


@pytest.mark.parametrize(
    "fields",
    [
        {"Line": "orders"},
        {"Line": ""},
        {"Interface": "PJSIP/101\r\nAction: x"},
        {"Interface": "101"},
        {"Interface": f"PJSIP/{'1' * 200}"},
        {"Reason": "lunch"},
    ],
)
def test_cover_that_the_dialplan_would_not_ask_for_is_not_heard(world: World, fields: dict[str, str]) -> None:
    world.cover(100, **fields)
    assert world.books.breaches == {}


@pytest.mark.parametrize("minutes", ["", "0", "-5", "9999", "²", "x" * 500])
def test_a_break_of_no_sensible_length_is_a_break(world: World, minutes: str) -> None:
    world.cover(100, Minutes=minutes)
    assert world.breach.reason == "the agent is about to take a break"


def test_cover_outside_core_hours_is_not_needed(world: World) -> None:
    world.cover(when("Tue 24 19:00"))
    assert world.books.breaches == {}


# --- the link, and Asterisk itself -----------------------------------------------------------------------------------


def test_a_breach_stays_open_out_of_sight_and_nothing_is_sent(world: World) -> None:
    world.who(100, PJSIP_101=None).until(200).down(300).until(2000)
    assert (world.did(), world.breach.ended_at) == (EVERYTHING, None)
    world.up(2000).until(2100)
    assert world.did() == EVERYTHING, "what was done is not done again"
    world.who(2100, PJSIP_101=FREE).until(2200)
    assert world.did() == [*EVERYTHING, *UNDONE]


def test_time_out_of_sight_is_no_recovery(world: World) -> None:
    world.who(100, PJSIP_101=None).who(200, PJSIP_101=FREE).down(210).until(1000)
    assert world.breach.ended_at is None
    world.up(1000).until(1030)
    assert world.breach.ended_at is None
    world.until(1031)
    assert world.breach.ended_at == after(1031)


def test_core_hours_that_end_out_of_sight_end_it_and_it_is_undone_when_the_pbx_is_back(world: World) -> None:
    world.who(when("Tue 24 17:30"), PJSIP_101=None).down(when("Tue 24 17:40")).until(when("Tue 24 19:00"))
    assert (world.breach.end, world.did()) == (BreachEnd.CLOSED_HOURS, EVERYTHING)
    world.up(when("Tue 24 19:00"))
    assert world.did() == [*EVERYTHING, *UNDONE]


def test_an_asterisk_that_started_anew_is_told_again_but_rings_nobody_again(world: World) -> None:
    world.who(100, PJSIP_101=None).until(200).down(300)
    world.asterisk.members.clear()
    world.up(320, booted=310).until(400)
    assert world.did() == [*EVERYTHING, ADDED, DIVERTED]
    assert world.steps()[3:] == [("add_standby", f"enquiries {STANDBY}", "done"), ("divert", "enquiries", "done")]
    world.who(500, PJSIP_101=FREE).until(600)
    assert world.did()[5:] == UNDONE


def test_members_that_outlive_a_restart_of_asterisk_are_still_ours(world: World) -> None:
    world.who(100, PJSIP_101=None).until(200).down(300).up(320, booted=310).until(400)
    assert world.result(ActionKind.ADD_STANDBY) == ["done", "done"]
    world.who(500, PJSIP_101=FREE).until(600)
    assert world.asterisk.members == set()


# --- two lines -------------------------------------------------------------------------------------------------------


def test_two_lines_that_share_a_standby_telephone_on_one_queue_take_it_back_when_both_are_done() -> None:
    other = enquiries(name="orders", attention=attention(divert=False, supervisors=()))
    world = the_boss_answers(enquiries(), other)
    _tell(world, "orders", 10, there=1)
    world.who(100, PJSIP_101=None).until(170)
    _tell(world, "orders", 180, there=0)
    world.until(250)
    assert world.did() == [*EVERYTHING, ADDED]
    assert world.result(ActionKind.ADD_STANDBY) == ["done", "done"], "already there by our own doing"
    world.who(300, PJSIP_101=FREE).until(340)
    assert world.did()[4:] == [STRAIGHT], "orders needs it still"
    assert ("enquiries", STANDBY) in world.asterisk.members
    _tell(world, "orders", 400, there=5)
    world.until(500)
    assert world.did()[5:] == [REMOVED]
    assert world.books.open_rows(after(500)).breaches == ()


def _tell(world: World, name: str, t: float, *, there: int) -> None:
    world.until(t)
    told: dict[str, Any] = dict.fromkeys(("unknown", "paused", "unreachable"), 0)
    state, reason = (ATTENDED, "1 or more can answer") if there else (UNATTENDED, "nobody is logged in")
    world._give(RosterChanged(**world.at, line=name, there=there, complete=True, **told))
    world._give(AttendanceChanged(**world.at, line=name, state=state, reason=reason, core=True))


@pytest.mark.parametrize("again", [None, 450])
def test_a_new_breach_inherits_what_the_last_one_could_not_take_back(again: float | None, world: World) -> None:
    world.who(100, PJSIP_101=None).who(200, PJSIP_101=FREE)
    world.until(229)
    world.asterisk.reachable = False
    world.until(250)
    assert world.asterisk.members == {("enquiries", STANDBY)}
    if again is None:
        world.asterisk.reachable = True
        world.until(300)
    else:
        world.people[STANDBY] = UNREACHABLE
        world.who(260, PJSIP_101=None)
        world.until(321)
        world.asterisk.reachable = True
        world.until(again)
        assert world.asterisk.members == {("enquiries", STANDBY)}
        assert world.asterisk.values == {"line/enquiries/divert": "1"}
        del world.people[STANDBY]
        world.who(500, PJSIP_101=FREE)
        world.until(600)
    assert (world.asterisk.members, world.asterisk.values) == (set(), {})
    assert world.books.open_rows(after(600)).breaches == ()
