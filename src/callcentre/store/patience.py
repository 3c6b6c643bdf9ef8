"""Patience with a database that another transaction holds: what it stood in the way of is done again a moment later.

SQLite's own waiting ends up looking every tenth of a second, and between two commits of a busy writer on a slow disk
may lie less than a millisecond: whoever looks so seldom can miss every one of them for seconds. So the looks are close
together here, and their moments random: no two that wait keep step with each other or with the writer.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from callcentre.store.failures import DATABASE_ERRORS, is_busy

T = TypeVar("T")

# For one page, or one upgrade of the schema. Far longer than anything of ours holds the database; a person who waits
# for a page gives up at about it.
_READ_SECONDS = 30.0
# For the beginning of a transaction that writes, each time that the writer tries.
_WRITE_SECONDS = 2.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.025


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Return what `work` does; while another transaction stands in its way, do it again from the start, for 30 s."""
    pauses = _Pauses(_READ_SECONDS)
    while True:
        try:
            return await work()
        except DATABASE_ERRORS as error:
            pause = pauses.after(error)
            if pause is None:
                raise
        await asyncio.sleep(pause)


def begin_patiently(work: Callable[[], T]) -> T:
    """Return what `work` does (in the writer's thread), trying for 2 s while another transaction stands in its way."""
    pauses = _Pauses(_WRITE_SECONDS)
    while True:
        try:
            return work()
        except DATABASE_ERRORS as error:
            pause = pauses.after(error)
            if pause is None:
                raise
        time.sleep(pause)


class _Pauses:
    """The pauses of one wait."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._longest = _FIRST_PAUSE

    def after(self, error: Exception) -> float | None:
        """How long to pause before the next look; None if none is of use, or the time is over."""
        if not is_busy(error) or time.monotonic() >= self._until:
            return None
        pause = random.uniform(0, self._longest)  # noqa: S311  no secret
        self._longest = min(2 * self._longest, _LONGEST_PAUSE)
        return pause
