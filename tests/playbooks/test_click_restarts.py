"""The daemon killed in the midst of a click: at every point of every story, and nobody is ever dialled twice for one.

`World` itself refuses a dial that was not written down before, and a second one for the same key.
"""

from collections.abc import Callable
from contextlib import suppress
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcentre.core.errors import IllegalTransition
from callcentre.core.terms import ClickResult, ClickState, TaskState
from tests.playbooks import click_story as story
from tests.playbooks.click_story import KEY, Dead, Script, World, task

STORIES: dict[str, Script] = {
    "talk": story.TALK,
    "through a Local channel": story.THROUGH_LOCAL,
    "busy": story.BUSY,
    "no answer": story.NO_ANSWER,
    "hung up early": story.HUNG_UP_EARLY,
    "not picked up": story.NOT_PICKED_UP,
    "unregistered": story.UNREGISTERED,
    "refused by the dialplan": story.WALLED,
    "a second trunk": story.SECOND_TRUNK,
}


def play(world: World, *, down_for: float) -> World:
    """Tell the story; when the daemon is killed, another starts some seconds later, and the agent's page asks again."""
    scenes: list[Callable[[], object]] = [world.begin, world.click, lambda: world.until(world.now + 400)]
    for scene in scenes:
        try:
            scene()
        except Dead:
            world.dies_after = None
            goes_on(world, down_for)
            if scene == world.click:
                asks_again(world)
            elif scene is scenes[2]:
                scene()
    return world


def goes_on(world: World, down_for: float) -> None:
    world.linked = False
    later = world.now + down_for
    world.core = type(world.core)(world.office)  # nobody listens meanwhile
    world.until(later)
    world.restart().up()


def asks_again(world: World) -> None:
    try:
        world.click()
    except IllegalTransition:
        assert KEY in world.books.clicks


@pytest.mark.parametrize("down_for", [0.5, 4.0, 70.0])
@pytest.mark.parametrize("deaf", [False, True], ids=["sent", "not sent"])
@pytest.mark.parametrize("name", STORIES)
def test_killed_after_every_single_input(name: str, deaf: bool, down_for: float) -> None:
    whole = play(World(STORIES[name]), down_for=down_for).ended().result
    for dies_after in count(1):
        world = World(STORIES[name], dies_after=dies_after, deaf=deaf)
        play(world, down_for=down_for)
        if world.dies_after is not None:
            assert dies_after > 4
            break
        assert len(world.sent) <= 1
        assert world.ended().result in (whole, ClickResult.UNCERTAIN, ClickResult.CONNECTED)
        if not world.sent:
            assert world.ended().result is ClickResult.UNCERTAIN
        if world.ended().result is ClickResult.CONNECTED:
            assert whole is ClickResult.CONNECTED
        assert all(to == 1 for _, to, _, _ in world.callouts())
        assert not world.core._clicks._running
        assert world.core._clicks._legs == {}


@pytest.mark.parametrize("down_for", [0.5, 4.0])
def test_what_is_seen_again_in_time_ends_as_if_nothing_had_been(down_for: float) -> None:
    for dies_after in range(4, 60):
        world = World(story.TALK, dies_after=dies_after)
        play(world, down_for=down_for)
        if world.dies_after is not None:
            break
        if world.sent and world.books.clicks[KEY].talking_at is not None:
            assert world.ended().result is ClickResult.CONNECTED
            assert world.books.tasks[1].state is TaskState.REACHED


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_in_a_day_of_any_shape_there_is_one_dial_for_each_key_and_an_end_to_each(data: st.DataObject) -> None:
    scripts = st.sampled_from([*STORIES.values(), []])
    world = World(data.draw(scripts), task(), task(2, "01632960456"))
    world.begin()
    for number in range(data.draw(st.integers(1, 12))):
        world.until(world.now + data.draw(st.sampled_from([0.01, 0.5, 3.05, 4.0, 26.0, 61.0, 400.0])))
        match data.draw(st.sampled_from(["click", "click", "again", "kill", "down", "up"])):
            case "click":
                ask(
                    world,
                    data.draw(st.sampled_from(["Alice", "Bob"])),
                    1 + number % 2,
                    KEY if number == 0 else f"n{number}",
                )
            case "again":
                ask(world, "Alice", 1, KEY)
            case "kill":
                world.restart()
                if data.draw(st.booleans()):
                    world.up()
            case "down" if world.linked:
                world.down()
            case "up" if not world.linked:
                world.up()
    world.until(world.now + 1000)
    keys = [act.key for act in world.sent]
    assert len(keys) == len(set(keys))
    assert set(keys) <= set(world.books.clicks)
    assert all(click.state is ClickState.ENDED for click in world.books.clicks.values())


def ask(world: World, who: str, number: int, key: str) -> None:
    with suppress(IllegalTransition):
        world.click(who, number=number, request=key)
