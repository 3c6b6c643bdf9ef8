"""Waiting until the daemon is told to stop, or one of its tasks fails."""

import asyncio
import signal
from typing import Any

from callcentre.runtime.clock import Tasks


async def until(stop: asyncio.Event, *owners: Tasks) -> None:
    """Wait until `stop` is set; raise the first error of any task that should have run until then."""
    async with Tasks() as waiting:
        stopped = waiting.spawn(stop.wait(), name="stop")
        failures = [owner.failure for owner in owners]
        ends: list[asyncio.Future[Any]] = [stopped, *failures]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for failure in failures:
            if failure.done():
                raise failure.result()


def stop_at_signal(stop: asyncio.Event) -> None:
    """Set `stop` when the process is told to end (SIGTERM, Ctrl-C)."""
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)


def at_hangup(asked: asyncio.Event) -> None:
    """Set `asked` when the process is told to read its files again (SIGHUP)."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, asked.set)
