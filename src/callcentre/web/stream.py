"""Who watches, and what they are told: topics that changed, once a quarter of a second at most.

A page that shows a topic reads its part again, or takes what is pushed with it. Nobody waits for a slow reader: each
has the latest word of a topic, never a queue of them.
"""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

QUIET_SECONDS: Final = 0.25
"""Changes of one topic within so long are told as one."""

AT_ONCE: Final = 16
"""So many streams are written to in one turn of the loop; between turns calls are measured and pages served."""


@dataclass(slots=True, eq=False)
class Watcher:
    """One open stream: the topics it watches, and the latest word of each that was not sent yet."""

    topics: frozenset[str]
    waiting: dict[str, str] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    def tell(self, topic: str, data: str) -> None:
        """Note the latest word of a topic."""
        if topic in self.topics:
            self.waiting[topic] = data
            self.news.set()

    async def news_within(self, seconds: float) -> dict[str, str]:
        """Return what is new by topic as soon as there is something; nothing after `seconds`, or once it is closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.news.wait()
        self.news.clear()
        told, self.waiting = self.waiting, {}
        return told


class Hub:
    """All open streams."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def turn(self) -> None:
        """Wait until it is a stream's turn to be written to: so that many do not hold up all else at once."""
        async with self._turns:
            await asyncio.sleep(0)

    @property
    def count(self) -> int:
        """How many streams are open."""
        return len(self._watchers)

    @contextmanager
    def watching(self, topics: Collection[str]) -> Iterator[Watcher]:
        """A watcher of `topics`, for as long as its stream is open."""
        watcher = Watcher(frozenset(topics))
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def tell(self, topic: str, data: str = "") -> None:
        """Something of `topic` changed; `data` goes with it. Returns at once."""
        for watcher in self._watchers:
            watcher.tell(topic, data)

    def watched(self, topic: str) -> bool:
        """Whether anybody watches `topic`."""
        return any(topic in watcher.topics for watcher in self._watchers)

    def close(self) -> None:
        """End all streams: the server stops."""
        for watcher in self._watchers:
            watcher.closed = True
            watcher.news.set()
