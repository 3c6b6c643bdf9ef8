"""The daemon killed in mid-breach: at every point of every story, and nothing is done or told twice, nothing is left.

`World` itself refuses what is never allowed: an action that was not written before, a telephone rung twice, a notice
told twice, a step settled twice, anything sent to a PBX out of sight.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcentre.core.charter import Line
from callcentre.core.commands import Act, AddMember, RingTelephone
from callcentre.core.facts import OpenRows
from callcentre.core.terms import ActionKind, ActionResult, BreachEnd, MemberState, Mode
from tests.playbooks.breach_story import (
    BOSS,
    DEPUTY,
    FREE,
    PAUSED,
    STANDBY,
    STANDBY_2,
    UNREACHABLE,
    Dead,
    World,
    after,
    attention,
    enquiries,
    when,
)

EVERYTHING = [f"add enquiries {STANDBY}", "line/enquiries/divert=1", f"ring {BOSS}"]
UNDONE = ["line/enquiries/divert=None", f"remove enquiries {STANDBY}"]

Scene = Callable[[World], object]
Story = list[tuple[float, Scene]]


def who(t: float, **people: MemberState | None) -> tuple[float, Scene]:
    return t, lambda world: world.who(t, **people)


def takes(world: World, telephone: str, late: float) -> None:
    world.asterisk.takes[telephone] = late


def reach(t: float, reachable: bool) -> tuple[float, Scene]:
    def scene(world: World) -> None:
        world.until(t)
        world.asterisk.reachable = reachable

    return t, scene


def refuse(t: float, kind: type[Act]) -> tuple[float, Scene]:
    return t, lambda world: world.asterisk.refuses.add(kind)


def until(t: float) -> tuple[float, Scene]:
    return t, lambda world: world.until(t)


STORIES: dict[str, Story] = {
    "everything": [
        (0, lambda world: takes(world, BOSS, 8)),
        who(100, PJSIP_101=None),
        until(800),
        who(900, PJSIP_101=FREE),
        until(1000),
    ],
    "unpaused, paused again": [
        (0, lambda world: takes(world, DEPUTY, 8)),
        who(100, PJSIP_101=PAUSED, PJSIP_102=PAUSED),
        who(180, PJSIP_101=PAUSED),
        until(400),
        who(500, PJSIP_102=FREE),
        until(600),
    ],
    "cover, then a breach": [
        (90, lambda world: world.cover(90)),
        who(100, PJSIP_109=UNREACHABLE, PJSIP_101=None),
        until(300),
        who(400, PJSIP_101=FREE),
        until(900),  # a new run does not know that somebody went: it waits the ten minutes
    ],
    "cover not used": [(90, lambda world: world.cover(90)), until(900)],
    "the acting account away": [
        reach(0, False),
        who(100, PJSIP_101=None),
        reach(200, True),
        until(300),
        reach(300, False),
        who(310, PJSIP_101=FREE),
        reach(400, True),
        until(500),
    ],
    "refused": [refuse(0, AddMember), who(100, PJSIP_101=None), who(400, PJSIP_101=FREE), until(500)],
    "out of sight, Asterisk started anew": [
        who(100, PJSIP_101=None),
        (200, lambda world: world.down(200)),
        (290, lambda world: world.asterisk.members.clear()),
        (300, lambda world: world.up(300, booted=290)),
        until(400),
        who(500, PJSIP_101=FREE),
        until(600),
    ],
    "core hours end": [who(when("Tue 24 17:45"), PJSIP_101=None), until(when("Tue 24 18:30"))],
}
TWO = enquiries(queues=frozenset({"enquiries", "more"}), attention=attention(standby=(STANDBY, STANDBY_2)))


def play(world: World, story: Story) -> World:
    """Tell the story; wherever the daemon is killed, another starts four seconds later and the world goes on."""
    begun = False
    for _, scene in ((0.0, None), *story):
        try:
            if scene is None:
                world.begin()
                begun = True
            else:
                scene(world)
        except Dead:
            world._dies_after = None
            down = not world.linked and begun
            world.restart(world.now + 4)
            if not down:
                world.up(world.now)
            if scene is not None:
                scene(world)
    return world


def at_rest(world: World) -> None:
    """All is undone, and the books say so."""
    assert world.asterisk.members <= {("enquiries", one) for one in world.people}
    assert world.asterisk.values == {}
    assert world.books.open_rows(after(world.now)).breaches == ()
    assert all(breach.ended_at is not None for breach in world.books.breaches.values())
    assert world.core.breaches() == {}
    for steps in world.books.steps.values():
        for step in steps.values():
            assert step.result is not ActionResult.WANTED or step.action is ActionKind.RING_SUPERVISOR
    rung = [act.telephone for act in world.sent if isinstance(act, RingTelephone)]
    assert len(rung) == len(set(rung)), "each telephone once for the whole breach"


@pytest.mark.parametrize("deaf", [False, True], ids=["sent", "not sent"])
@pytest.mark.parametrize(
    ("name", "line"),
    [*((name, enquiries()) for name in STORIES), ("everything", TWO), ("the acting account away", TWO)],
)
def test_killed_after_every_single_input(name: str, line: Line, deaf: bool) -> None:
    whole = play(World(line), STORIES[name])
    at_rest(whole)
    told = set(whole.told())
    for dies_after in count(1):
        world = World(line, dies_after=dies_after, deaf=deaf)
        play(world, STORIES[name])
        if world._dies_after is not None:
            assert dies_after > 5
            break
        at_rest(world)
        assert set(world.told()) <= told | {("action_refused", ("early",))}, dies_after


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_killed_again_and_again_in_a_day_of_any_shape(data: st.DataObject) -> None:
    world = World(TWO)
    world.asterisk.takes[BOSS] = data.draw(st.sampled_from([None, 5.0]))
    world.begin()
    t = 10.0
    for _ in range(data.draw(st.integers(1, 14))):
        t = world.now + data.draw(st.sampled_from([0.5, 5.0, 29.0, 31.0, 61.0, 700.0]))
        match data.draw(st.sampled_from(["who", "who", "who", "cover", "kill", "kill", "down", "up", "reach", "boot"])):
            case "who":
                state = data.draw(st.sampled_from([FREE, PAUSED, None, UNREACHABLE]))
                world.who(t, **{data.draw(st.sampled_from(["PJSIP_101", "PJSIP_102"])): state})
            case "cover" if world.linked:
                world.cover(t)
            case "kill":
                world.until(t)
                world.restart(t)
                world.up(t)
            case "down" if world.linked:
                world.down(t)
            case "up" if not world.linked:
                world.up(t)
            case "boot" if not world.linked:
                world.asterisk.members.clear()
                world.up(t, booted=t - 5)
            case "reach":
                world.until(t)
                world.asterisk.reachable = not world.asterisk.reachable
            case _:
                world.until(t)
    world.asterisk.reachable = True
    if not world.linked:
        world.up(world.now + 1)
    world.who(world.now + 1, PJSIP_101=FREE, PJSIP_102=FREE).until(world.now + 800)
    assert world.asterisk.members == set()
    assert world.asterisk.values == {}
    assert world.books.open_rows(after(world.now)).breaches == ()
    assert world.core.breaches() == {}
    for key, steps in world.books.steps.items():
        rung = [step.target for step in steps.values() if step.action is ActionKind.RING_SUPERVISOR]
        assert len(rung) == len(set(rung)), key


def test_what_another_breach_has_yet_to_add_is_not_left_to_it_over_a_restart() -> None:
    world = World().begin().cover(10)
    world.until(20).asterisk.reachable = False
    world.until(650)
    assert world.breach.end is BreachEnd.NOT_NEEDED
    world.cover(700)
    for t in (701, 705):
        world.restart(t)
        world.up(t)
    world.asterisk.reachable = True
    world.until(2000)
    assert world.asterisk.members == set()
    assert world.books.open_rows(after(2000)).breaches == ()


def test_an_attempt_that_may_have_arrived_is_remembered_however_many_fail_after_it() -> None:
    world = killed_after_alarm(answers=False)
    world.asterisk.reachable = False
    for t in (165, 200, 240):
        world.restart(t)
        world.up(t + 2).until(t + 10)
        assert world.result(ActionKind.ADD_STANDBY) == ["uncertain"]
    world.asterisk.reachable = True
    world.until(300)
    assert world.result(ActionKind.ADD_STANDBY) == ["done"]
    world.who(400, PJSIP_101=FREE).until(500)
    assert world.asterisk.members == set()


# --- what a new run does ---------------------------------------------------------------------------------------------


def killed_after_alarm(*, answers: bool) -> World:
    """Killed once everybody was added, diverted and rung (`answers`), or before anything was answered."""
    world = World()
    world.begin().who(100, PJSIP_101=None).until(159)
    if not answers:
        world._dies_after = world.inputs + 1
        with pytest.raises(Dead):
            world.until(160)
        world._dies_after = None
    else:
        world.until(161)
    return world


def test_what_was_done_is_not_done_again() -> None:
    world = killed_after_alarm(answers=True)
    world.restart(165)
    world.up(170)
    assert world.did() == [*EVERYTHING, f"ring {DEPUTY}"], "the first may have been answered: nobody knows"
    assert world.result(ActionKind.RING_SUPERVISOR) == ["uncertain", "wanted"]
    assert [kind for kind, _ in world.told()] == ["unattended"]


def test_what_was_wanted_is_sent_again_under_the_same_key_and_is_ours_if_it_had_arrived() -> None:
    world = killed_after_alarm(answers=False)
    world.restart(165)
    assert len(world.sent) == 1
    world.up(170)
    assert world.sent[0] == world.sent[1]
    assert world.result(ActionKind.ADD_STANDBY) == ["done"]
    world.who(300, PJSIP_101=FREE).until(400)
    assert world.asterisk.members == set()


def test_people_who_came_back_while_it_was_down_are_undone_after_they_were_seen_for_half_a_minute() -> None:
    world = killed_after_alarm(answers=True)
    world.people["PJSIP/101"] = FREE
    world.restart(300)
    world.up(305).until(335)
    assert world.did() == EVERYTHING
    world.until(337)
    assert world.did() == [*EVERYTHING, *UNDONE]
    assert world.breach.ended_at == after(336)


def test_a_step_of_the_escalation_that_fell_due_while_it_was_down_is_told_once_when_somebody_looks() -> None:
    world = killed_after_alarm(answers=True)
    world.restart(3000)
    assert [kind for kind, _ in world.told()] == ["unattended"]
    world.up(3010)
    assert [kind for kind, _ in world.told()] == ["unattended", "still_unattended", "still_unattended"]
    world.restart(4000)
    world.up(4010).until(5000)
    assert [kind for kind, _ in world.told()] == ["unattended", "still_unattended", "still_unattended"]


def test_core_hours_that_ended_while_it_was_down_ended_it_then() -> None:
    world = killed_after_alarm(answers=True)
    world.restart(when("Wed 25 09:00"))
    assert (world.breach.end, world.breach.ended_at) == (BreachEnd.CLOSED_HOURS, after(when("Tue 24 18:00")))
    world.up(world.now + 5)
    assert world.did() == [*EVERYTHING, *UNDONE]
    world.until(world.now + 30)
    assert len(world.books.breaches) == 1
    world.until(world.now + 60)
    assert world.breach.since == after(when("Wed 25 09:00") + 5), "the next one began when it was seen"


def test_a_line_that_is_configured_no_longer_is_undone() -> None:
    world = killed_after_alarm(answers=True)
    world.office = World(enquiries(name="orders")).office
    world.line = world.office.lines[0]
    world.restart(300)
    world.up(305)
    assert world.did() == [*EVERYTHING, *UNDONE]
    assert world.breach.end is BreachEnd.CLOSED_HOURS


def test_a_line_whose_mode_is_observe_now_is_undone_and_nothing_more_is_done() -> None:
    world = killed_after_alarm(answers=True)
    world.office = World(enquiries(attention=attention(mode=Mode.OBSERVE))).office
    world.restart(300)
    world.up(305).until(400)
    assert world.did() == EVERYTHING
    world.who(400, PJSIP_101=FREE).until(500)
    assert world.did() == [*EVERYTHING, *UNDONE]


def test_an_account_that_is_there_no_longer_cannot_undo_and_people_are_told() -> None:
    world = killed_after_alarm(answers=True)
    world.office = replace(world.office, pbxs=(replace(world.office.pbxs[0], acts=False),))
    world.restart(300)
    world.up(305)
    world.who(400, PJSIP_101=FREE).until(500)
    assert world.did() == EVERYTHING
    assert world.steps()[-2:] == [
        ("undivert", "enquiries", "refused"),
        ("remove_standby", f"enquiries {STANDBY}", "refused"),
    ]
    assert "there is no account to act with" in world.notice("action_refused").text


def test_a_pbx_that_is_configured_no_longer_is_left_alone() -> None:
    world = killed_after_alarm(answers=True)
    rows = world.books.open_rows(after(300))
    breach, steps = rows.breaches[0]
    elsewhere = OpenRows(breaches=((replace(breach, pbx="other"), steps),))
    assert World().core.restore(elsewhere, after(300)) == []


def test_grace_begins_anew_with_the_daemon() -> None:
    world = World().begin().who(100, PJSIP_101=None).until(130)
    world.restart(140)
    world.up(150).until(300)
    assert world.breach.unattended_at == after(151)
    assert world.breach.alarmed_at == after(151) + timedelta(seconds=60)
