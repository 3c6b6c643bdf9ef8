"""Time and tasks: the only place that tells the time, and the only place that starts a task.

Everything else is handed a `Clock`, so that tests and replays decide what time it is, and a `Tasks`, so that no
background task can vanish together with its error.
"""

import asyncio
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from callcentre.core.terms import aware

T = TypeVar("T")


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """Return the civil time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some fixed moment; never steps back, also when the civil time is corrected."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the civil time, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251  this is the one place

    def monotonic(self) -> float:
        """Return seconds of the machine's monotonic clock."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is moved: for tests, and for whatever runs on a tape's time."""

    def __init__(self, start: datetime) -> None:
        self._now = aware(start).astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        """Return the time it was set to, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds that it was moved forward since it was made."""
        return self._monotonic

    def advance(self, seconds: float) -> datetime:
        """Move forward by `seconds` and return the new time; ValueError for a negative number."""
        if seconds < 0:
            raise ValueError(f"a clock does not go back ({seconds} s)")
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
        return self._now


class Tasks:
    """Background tasks of one owner: held strongly, stopped together, and none fails unheard.

    `failure` is resolved with the first exception that escapes any of them; the owner waits for it beside its own
    work. On leaving the `async with` block, all that still run are cancelled and awaited.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self.failure: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    def spawn(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Start `work` as a task called `name`."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not self.failure.done():
            self.failure.set_result(error)

    async def cancel(self) -> None:
        """Cancel every task that still runs and wait until each has ended, also if cancelled meanwhile."""
        told: set[asyncio.Task[Any]] = set()
        interrupted: asyncio.CancelledError | None = None
        while self._running:
            for task in self._running - told:
                task.cancel()
            told |= self._running
            try:
                await asyncio.wait(tuple(self._running))
            except asyncio.CancelledError as error:
                interrupted = error
        if interrupted is not None:
            raise interrupted

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cancel()
