"""The core is woken when it asked to be, early enough for the earliest time, and late ones are made up for."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from callcentre.core.events import Event, TimePassed
from callcentre.runtime.clock import SystemClock
from callcentre.runtime.inbox import Inbox
from callcentre.scheduler import Scheduler

CLOCK = SystemClock()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox(limit=1_000)


@pytest.fixture
async def scheduler(inbox: Inbox) -> AsyncIterator[Scheduler]:
    made = Scheduler(clock=CLOCK, inbox=inbox)
    made.start()
    yield made
    made.stop()


async def fired(inbox: Inbox, *, within: float = 10) -> list[Event]:
    return [event for batch in await inbox.take(10, within=within) for event in batch.events]


async def test_it_fires_once_at_the_earliest_time_that_was_asked_for(inbox: Inbox, scheduler: Scheduler) -> None:
    soon = CLOCK.now() + timedelta(milliseconds=60)
    scheduler.set(CLOCK.now() + timedelta(hours=1))
    scheduler.set(soon)
    scheduler.set(CLOCK.now() + timedelta(hours=2))
    (event,) = await fired(inbox)
    assert isinstance(event, TimePassed)
    assert soon <= event.at < soon + timedelta(seconds=5)
    assert await fired(inbox, within=0.01) == []


async def test_an_overdue_time_fires_at_once(inbox: Inbox, scheduler: Scheduler) -> None:
    scheduler.set(CLOCK.now() - timedelta(days=3))
    assert len(await fired(inbox)) == 1


async def test_after_a_firing_a_later_time_can_be_set(inbox: Inbox, scheduler: Scheduler) -> None:
    for _ in range(2):
        scheduler.set(CLOCK.now())
        assert len(await fired(inbox)) == 1


async def test_nothing_asked_for_nothing_fired(inbox: Inbox, scheduler: Scheduler) -> None:
    scheduler.set(None)
    assert await fired(inbox, within=0.01) == []


def test_a_scheduler_that_never_started_can_be_stopped(inbox: Inbox) -> None:
    Scheduler(clock=CLOCK, inbox=inbox).stop()


async def test_the_cores_time_is_that_of_the_pbx(inbox: Inbox) -> None:
    slow = timedelta(hours=-1)
    scheduler = Scheduler(clock=CLOCK, inbox=inbox, offset=lambda: slow)
    scheduler.start()
    asked = CLOCK.now() + slow + timedelta(milliseconds=60)
    scheduler.set(asked)
    (event,) = await fired(inbox)
    assert asked <= event.at < asked + timedelta(seconds=5)
    scheduler.stop()
