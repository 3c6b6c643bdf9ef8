"""A dial asked for with a click: each way it may end, who may not ask for one, and whose dial it is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from callcentre.core.commands import CallBack
from callcentre.core.errors import IllegalTransition
from callcentre.core.events import ActionAnswered, ChannelGone, PbxShutdown
from callcentre.core.facts import CallOffered
from callcentre.core.terms import ClickResult, ClickState, NumberKind, TaskState, TaskStep
from tests.playbooks import click_story as story
from tests.playbooks.click_story import AGENT, ANN, KEY, LEG, T0, Script, World, after, office, task

R = ClickResult
WHOLE = ["wanted", "ringing_agent", "dialling", "ringing_caller", "talking", "ended"]
REFUSED = ActionAnswered(pbx="lab", at=T0, key=KEY, done=False, words="Extension does not exist.")
NOT_SENT = replace(REFUSED, sent=False, words="the acting account is not logged in; nothing was sent")


@pytest.mark.parametrize(
    ("script", "result", "course", "callout"),
    [
        (story.TALK, R.CONNECTED, WHOLE, "connected"),
        (story.THROUGH_LOCAL, R.CONNECTED, WHOLE, "connected"),
        (story.SECOND_TRUNK, R.CONNECTED, WHOLE, "connected"),
        (story.BUSY, R.BUSY, [*WHOLE[:3], "ended"], "busy"),
        (story.REJECTED, R.BUSY, [*WHOLE[:4], "ended"], "busy"),
        (story.NO_ANSWER, R.NO_ANSWER, [*WHOLE[:4], "ended"], "no_answer"),
        (story.GIVEN_UP, R.NO_ANSWER, [*WHOLE[:4], "ended"], "no_answer"),
        (story.HUNG_UP_EARLY, R.AGENT_GONE, [*WHOLE[:3], "ended"], "no_answer"),
        (story.NOT_PICKED_UP, R.AGENT_GONE, [*WHOLE[:2], "ended"], ""),
        (story.NOT_PICKED_UP_SAID_FIRST, R.AGENT_GONE, [*WHOLE[:2], "ended"], ""),
        (story.AGENT_BUSY, R.AGENT_GONE, ["wanted", "ended"], ""),
        (story.UNREGISTERED, R.REFUSED, ["wanted", "ended"], ""),
        (story.WALLED, R.FAILED, [*WHOLE[:3], "ended"], ""),
        (story.NO_TRUNK, R.FAILED, [*WHOLE[:3], "ended"], ""),
        ([], R.UNCERTAIN, ["wanted", "ended"], ""),
    ],
    ids=[
        *(
            "talk",
            "local",
            "second trunk",
            "busy",
            "rejected",
            "no answer",
            "given up",
            "hung up early",
            "not picked up",
        ),
        *("said first", "agent busy", "unregistered", "walled", "no trunk", "nothing told"),
    ],
)
def test_each_ending(script: Script, result: ClickResult, course: list[str], callout: str) -> None:
    world = World(script).begin()
    world.click()
    world.until(600)
    assert world.ended().result is result
    assert world.ended().why
    assert world.course() == course
    assert [(to, by) for _, to, by, _ in world.callouts()] == [(1, AGENT)] * len(world.books.callouts)
    assert ([ended for *_, ended in world.callouts()] or [""])[-1] == callout
    assert world.steps()[:2] == [TaskStep.CLAIMED, TaskStep.DIAL_ASKED]
    assert ANN not in world.ended().why + "".join(entry.why for entry in world.books.entries[1])
    assert not any(isinstance(fact, CallOffered) for fact in world.facts), "no call of a line"


def test_who_is_dialled_from_where_by_what() -> None:
    world = World([], task(7, "+33142685300"), here=office(kind_of=lambda _: NumberKind.MOBILE, context="ours")).begin()
    world.click(number=7)
    assert world.sent == [
        CallBack(
            pbx="lab",
            key=KEY,
            telephone=AGENT,
            context="ours",
            number="0033142685300",
            task=7,
            not_after=T0 + timedelta(seconds=10),
        )
    ]
    assert world.books.clicks[KEY].number == "+33142685300"


def test_the_times_of_a_conversation() -> None:
    world = World(story.TALK).begin()
    world.click()
    world.until(100)
    click = world.ended()
    assert (click.agent_up_at, click.rang_at, click.talking_at) == (after(3), after(4), after(9))
    assert (click.ended_at, click.callout, click.overridden) == (after(60.1), LEG, False)
    assert world.books.tasks[1].state is TaskState.REACHED
    assert world.books.tasks[1].attempts == 1


@pytest.mark.parametrize("answer", [REFUSED, NOT_SENT])
def test_what_the_pbx_refuses_or_never_got_is_over_at_once(answer: ActionAnswered) -> None:
    world = World([], answers=answer).begin()
    world.click()
    world.until(1)
    assert (world.ended().result, world.ended().why) == (R.REFUSED, answer.words)


def test_a_link_lost_before_the_answer_says_nothing_and_the_events_tell() -> None:
    world = World(story.TALK, answers=replace(REFUSED, lost=True)).begin()
    world.click()
    assert world.until(10).books.clicks[KEY].state is ClickState.TALKING


def test_the_typed_number_is_dialled_in_place_of_the_callers() -> None:
    world = World([], task(dial="01632960999")).begin()
    world.click()
    assert world.sent[0].number == "01632960999"


@pytest.mark.parametrize(
    ("here", "row", "asked", "words"),
    [
        ({}, {"caller": None}, {}, "has no number"),
        ({}, {"caller": "09098790123"}, {}, "…123 is a premium-rate number"),
        ({"kind_of": lambda _: NumberKind.INVALID}, {}, {}, "…123 is no number that anybody has"),
        ({"kinds": frozenset(), "also": ("999",)}, {"caller": "999"}, {}, "an extension cannot be dialled"),
        ({}, {"caller": "1" * 20}, {}, "…111 cannot be dialled"),
        ({}, {}, {"telephone": None}, "your account has no telephone"),
        ({}, {}, {"telephone": "PJSIP/09098790123@trunk"}, "no telephone of the office"),
        ({}, {}, {"telephone": "PJSIP/trunk"}, "no telephone of the office"),
        ({}, {}, {"telephone": "Local/101@agents"}, "no telephone of the office"),
        ({}, {}, {"telephone": "PJSIP/101\r\nAction: Logoff"}, "no telephone of the office"),
        ({}, {}, {"request": "a key\r\n"}, "no proper name"),
        ({"overall": 0}, {}, {}, "the office has dialled 0 times"),
        ({"per_agent": 0}, {}, {}, "you have dialled 0 times"),
        ({}, {"state": TaskState.CLAIMED, "holder": "Bob", "lease_until": after(900)}, {}, "claimed by Bob"),
    ],
)
def test_who_may_not_have_a_caller_dialled(here: dict, row: dict, asked: dict, words: str) -> None:  # type: ignore[type-arg]
    world = World([], task(**row), here=office(**here)).begin()
    with pytest.raises(IllegalTransition, match=words) as refusal:
        world.click(**asked)
    assert ANN not in str(refusal.value)
    assert world.sent == []
    assert world.books.clicks == {}
    assert world.books.tasks[1].state is (TaskState.CLAIMED if row.get("holder") else TaskState.OPEN)


def test_of_two_tasks_with_one_number_the_dial_is_for_the_one_that_was_clicked() -> None:
    world = World(story.TALK, task(), task(2), task(3)).begin()
    world.click(number=2)
    world.until(100)
    assert [(leg, to) for leg, to, _, _ in world.callouts()] == [(LEG, 2)]
    assert [world.books.tasks[number].attempts for number in (1, 2, 3)] == [0, 1, 0]
    assert [world.books.tasks[number].state for number in (1, 2, 3)] == [
        TaskState.OPEN,
        TaskState.REACHED,
        TaskState.OPEN,
    ]


def test_numbers_that_begin_as_allowed_are_dialled_whatever_their_kind() -> None:
    world = World([], task(caller="09098790123"), here=office(also=("0909",))).begin()
    world.click()
    assert world.sent[0].number == "09098790123"


def test_outside_calling_hours_only_a_supervisor_and_that_is_said() -> None:
    world = World(story.TALK).begin().until(9 * 3600)
    with pytest.raises(IllegalTransition, match="it is 19:00, and callers of enquiries are not dialled now"):
        world.click()
    world.click(supervisor=True)
    assert world.books.clicks[KEY].overridden
    assert world.books.entries[1][-1].why == f"…123 from {AGENT}; outside calling hours, by a supervisor"


def test_a_pbx_out_of_sight_or_without_an_account_dials_nobody() -> None:
    world = World([]).begin().down()
    with pytest.raises(IllegalTransition, match="out of sight"):
        world.click()
    here = office()
    mute = World([], here=replace(here, pbxs=(replace(here.pbxs[0], acts=False),))).begin()
    with pytest.raises(IllegalTransition, match="no account that may"):
        mute.click()
    assert world.sent == mute.sent == []


def test_one_at_a_time() -> None:
    world = World(story.TALK, task(), task(2, "01632960456")).begin()
    world.click()
    with pytest.raises(IllegalTransition, match="your last call, for task 1, is not over"):
        world.click(number=2, request="other")
    with pytest.raises(IllegalTransition, match="used by Alice for task 1"):
        world.click("Bob", number=2, request="other")
    with pytest.raises(IllegalTransition, match="still runs"):
        world.click(request="other")
    assert world.click().facts == (), "asked twice is done once"
    world.until(100)
    world.click(number=2, request="other")
    assert [act.key for act in world.sent] == [KEY, "other"]


def test_nobody_is_dialled_from_a_telephone_that_rings_or_talks() -> None:
    world = World([]).begin()
    world._happens(story.created("a-call", AGENT_CALL, "elsewhere")(after(0)))
    with pytest.raises(IllegalTransition, match="PJSIP/101 rings or is in a call"):
        world.click()
    world._happens(ChannelGone(pbx="lab", at=after(1), channel=AGENT_CALL, uniqueid="a-call", linkedid="x", cause=16))
    world.click()
    assert len(world.sent) == 1


AGENT_CALL = f"{AGENT}-00000009"


def test_a_limit_is_of_any_hour_and_outlives_a_restart() -> None:
    world = World(story.UNREGISTERED, here=office(per_agent=2)).begin()
    for t, key in ((0, "one"), (600, "two")):
        world.until(t).click(request=key)
        world.until(t + 60)
    world.restart().up()
    for t in (700, 3599):
        with pytest.raises(IllegalTransition, match="you have dialled 2 times within the hour"):
            world.until(t).click(request=f"at-{t}")
    world.until(3601).click(request="three")
    assert [act.key for act in world.sent] == ["one", "two", "three"]


def test_a_key_of_an_earlier_run_is_not_dialled_again() -> None:
    world = World(story.TALK).begin()
    world.click()
    world.until(100).restart().up()
    with pytest.raises(IllegalTransition, match="asked for before"):
        world.click()
    assert len(world.sent) == 1


def test_a_pbx_that_stops_leaves_it_uncertain_unless_they_talked() -> None:
    for t, result in ((1, R.UNCERTAIN), (5, R.UNCERTAIN), (20, R.CONNECTED)):
        world = World(story.TALK).begin()
        world.click()
        world.until(t).put(PbxShutdown(pbx="lab", at=after(t)))
        assert world.ended().result is result


def test_out_of_sight_for_long_it_is_uncertain_unless_they_talked() -> None:
    for t, result in ((1, R.UNCERTAIN), (5, R.UNCERTAIN), (20, R.CONNECTED)):
        world = World(story.TALK).begin()
        world.click()
        world.until(t).down().until(t + 299)
        assert world.books.clicks[KEY].state is not ClickState.ENDED
        assert world.until(t + 301).ended().result is result


def test_a_gap_in_the_middle_is_bridged_by_the_list_of_channels() -> None:
    world = World(story.TALK).begin()
    world.click()
    world.until(1).down().until(20)
    world.up()
    assert world.books.clicks[KEY].state is ClickState.TALKING
    assert [(leg, to, by) for leg, to, by, _ in world.callouts()] == [(LEG, 1, AGENT)]
    world.until(100)
    assert world.ended().result is R.CONNECTED
    assert world.books.tasks[1].state is TaskState.REACHED


def test_the_better_word_is_taken_also_late() -> None:
    world = World(story.RINGS).begin()
    world.click()
    world.until(100)
    assert world.ended().result is R.UNCERTAIN
    world._happens(story.says(done=False, reason=3)(after(101)))
    assert world.ended().result is R.AGENT_GONE
    assert world.books.clicks[KEY].ended_at == after(40)


def test_who_is_erased_is_named_no_more() -> None:
    from callcentre.core.requests import ErasureAsked

    world = World(story.TALK).begin()
    world.click()
    world.until(5).put(ErasureAsked(pbx="lab", at=after(5), who="Dora", request="e1", caller=ANN))
    world.until(100)
    assert world.ended().number == ""
    assert all(one.caller == "" for one in world.books.callouts.values())
