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
