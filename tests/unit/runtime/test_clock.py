"""Time stands still until a test moves it, and no task fails unheard."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from callcentre.core.errors import NaiveTime
from callcentre.runtime.clock import ManualClock, SystemClock, Tasks
from tests.unit.runtime.samples import NOON


def test_the_system_clock_is_aware_and_in_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_a_manual_clock_moves_only_when_told_and_never_back() -> None:
    clock = ManualClock(NOON)
    assert clock.advance(90.5) == NOON + timedelta(seconds=90.5) == clock.now()
    assert clock.monotonic() == 90.5
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)


def test_a_manual_clock_wants_an_offset() -> None:
    with pytest.raises(NaiveTime):
        ManualClock(datetime(2026, 11, 23, 12, 0))  # noqa: DTZ001
    assert ManualClock(datetime.fromisoformat("2026-07-01T12:00+01:00")).now() == datetime(
        2026, 7, 1, 11, 0, tzinfo=UTC
    )


async def test_the_first_failure_of_a_task_is_told_to_the_owner() -> None:
    async def fails() -> None:
        raise LookupError("gone")

    async with Tasks() as tasks:
        tasks.spawn(fails(), name="fails")
        assert str(await tasks.failure) == "gone"


async def test_leaving_the_block_cancels_and_awaits_what_still_runs() -> None:
    cleaned: list[str] = []
    started = asyncio.Event()

    async def stays() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append("stays")

    async with Tasks() as tasks:
        tasks.spawn(stays(), name="stays")
        await started.wait()
    assert cleaned == ["stays"]
    assert not tasks.failure.done()


async def test_who_is_cancelled_while_leaving_still_waits_for_what_is_ending() -> None:
    ending, end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await end.wait()
            ended.set()

    async def owner() -> None:
        async with Tasks() as tasks:
            tasks.spawn(slow_to_end(), name="slow to end")
            await asyncio.sleep(0)

    async with Tasks() as tasks:
        owning = tasks.spawn(owner(), name="owner")
        await ending.wait()
        owning.cancel()
        await asyncio.sleep(0)
        assert not owning.done()
        end.set()
        with pytest.raises(asyncio.CancelledError):
            await owning
    assert ended.is_set()
