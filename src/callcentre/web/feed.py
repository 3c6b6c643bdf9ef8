"""Committed facts for programs that follow them: every one in its order, to whoever keeps up.

A reader that falls behind is let go rather than waited for: it is told so, and begins anew.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from callcentre.core.facts import Fact

MOST_WAITING: Final = 500
"""Groups of facts that wait for one reader at most: half a minute of a busy office."""


@dataclass(frozen=True, slots=True, eq=False)
class News:
    """Facts that were committed together. `said` keeps what was made of them, so that it is made once for all."""

    facts: Sequence[Fact]
    said: dict[object, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Reader:
    """Who follows. `behind`: it could not keep up, and gets no more; `closed`: the server stops."""

    waiting: deque[News] = field(default_factory=deque)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    behind: bool = False
    closed: bool = False

    def take(self, news: News) -> None:
        """Note what is new."""
        if len(self.waiting) >= MOST_WAITING:
            self.behind = True
        elif not self.behind:
            self.waiting.append(news)
        self.woken.set()

    async def within(self, seconds: float) -> list[News]:
        """Return what came, as soon as something has; nothing after `seconds`, or at the end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.woken.wait()
        self.woken.clear()
        found = list(self.waiting)
        self.waiting.clear()
        return found


class Feed:
    """All who follow (runtime.loop.Observer)."""

    def __init__(self) -> None:
        self._readers: set[Reader] = set()

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """A reader of all that is committed from now on."""
        reader = Reader()
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)

    def observe(self, facts: Sequence[Fact]) -> None:
        """Hand on facts that were just committed."""
        if not self._readers:
            return
        news = News(tuple(facts))
        for reader in self._readers:
            reader.take(news)

    def close(self) -> None:
        """End all: the server stops."""
        for reader in self._readers:
            reader.closed = True
            reader.woken.set()
