"""The core is woken when it asked to be, early enough for the earliest time, and late ones are made up for."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcentre.core.events import Event, TimePassed
from callcentre.runtime.clock import ManualClock, SystemClock
from callcentre.runtime.inbox import Inbox
from callcentre.scheduler import Scheduler, next_daily

CLOCK = SystemClock()
# A busy machine may be late; what was not asked for is a minute away at least (callcentre.scheduler._LATEST).
IN_TIME = timedelta(seconds=50)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox(limit=1_000)


@pytest.fixture
async def scheduler(inbox: Inbox) -> AsyncIterator[Scheduler]:
    made = Scheduler(clock=CLOCK, inbox=inbox)
    made.start()
    yield made
    made.stop()


async def fired(inbox: Inbox, *, within: float = IN_TIME.total_seconds()) -> list[Event]:
    return [event for batch in await inbox.take(10, within=within) for event in batch.events]


async def test_it_fires_once_at_the_earliest_time_that_was_asked_for(inbox: Inbox, scheduler: Scheduler) -> None:
    soon = CLOCK.now() + timedelta(milliseconds=60)
    scheduler.set(CLOCK.now() + timedelta(hours=1))
    scheduler.set(soon)
    scheduler.set(CLOCK.now() + timedelta(hours=2))
    (event,) = await fired(inbox)
    assert isinstance(event, TimePassed)
    assert soon <= event.at < soon + IN_TIME
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
    assert asked <= event.at < asked + IN_TIME
    scheduler.stop()


async def test_what_is_far_away_is_looked_at_again_as_a_clock_may_have_been_put_back(
    inbox: Inbox, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcentre.scheduler._LATEST", timedelta(milliseconds=60))
    asked = CLOCK.now() + timedelta(hours=3)
    scheduler.set(asked)
    (event,) = await fired(inbox)
    assert event.at < asked
    scheduler.set(asked)
    assert len(await fired(inbox)) == 1


async def test_a_daily_job_is_run_at_its_time_and_is_set_for_the_next_day(
    inbox: Inbox, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: asyncio.Queue[datetime] = asyncio.Queue()

    async def job() -> None:
        ran.put_nowait(CLOCK.now())

    soon = CLOCK.now() + timedelta(milliseconds=60)
    with monkeypatch.context() as before:  # also if this process had to wait meanwhile
        before.setattr(scheduler, "_clock", ManualClock(soon - timedelta(milliseconds=1)))
        scheduler.daily("the report", soon.time(), ZoneInfo("UTC"), job)
    assert await asyncio.wait_for(ran.get(), IN_TIME.total_seconds()) >= soon
    (left,) = scheduler._scheduler.get_jobs()
    assert left.next_run_time == soon + timedelta(days=1)
    assert ran.empty()


async def test_a_name_has_one_daily_job(scheduler: Scheduler) -> None:
    async def job() -> None:
        raise AssertionError("not today")

    for hour in (6, 7):
        scheduler.daily("the report", time(hour), ZoneInfo("UTC"), job)
    (left,) = scheduler._scheduler.get_jobs()
    assert left.next_run_time.hour == 7


@pytest.mark.parametrize(
    ("now", "at", "due"),
    [
        (datetime(2026, 11, 23, 6, 59, tzinfo=UTC), time(7), datetime(2026, 11, 23, 7, tzinfo=UTC)),
        (datetime(2026, 11, 23, 7, tzinfo=UTC), time(7), datetime(2026, 11, 24, 7, tzinfo=UTC)),
        (datetime(2026, 7, 1, 5, 59, tzinfo=UTC), time(7), datetime(2026, 7, 1, 6, tzinfo=UTC)),
        # By UTC it is still the day before.
        (datetime(2026, 6, 30, 23, 10, tzinfo=UTC), time(0, 15), datetime(2026, 6, 30, 23, 15, tzinfo=UTC)),
        # Clocks go forward: 01:30 is not shown. Clocks go back: it is shown twice.
        (datetime(2027, 3, 28, 0, 30, tzinfo=UTC), time(1, 30), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        (datetime(2027, 3, 28, 1, 30, tzinfo=UTC), time(1, 30), datetime(2027, 3, 29, 0, 30, tzinfo=UTC)),
        (datetime(2027, 10, 31, 0, 10, tzinfo=UTC), time(1, 30), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        (datetime(2027, 10, 31, 0, 30, tzinfo=UTC), time(1, 30), datetime(2027, 11, 1, 1, 30, tzinfo=UTC)),
    ],
)
def test_the_next_daily_time_is_a_civil_one(now: datetime, at: time, due: datetime) -> None:
    assert next_daily(now, at, ZoneInfo("Europe/London")) == due
