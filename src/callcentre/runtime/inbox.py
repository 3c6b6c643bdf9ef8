"""The inbox between reading and handling: reading never waits, and memory has a bound.

The client puts in what it read; the loop takes out what has come. When handling falls so far behind that the bound is
reached, `put` says no and the client drops its link on purpose: a known gap is better than a silent loss.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass

from callcentre.core.errors import CallcentreError
from callcentre.core.events import Event
from callcentre.core.facts import Fact

ANSWER_WITHIN_SECONDS = 5.0
_REMEMBERED_REPLIES = 4_096

Reply = asyncio.Future[tuple[Fact, ...]]


class TooSlow(CallcentreError):
    """A request was not answered in time; it may still be carried out, and its key then brings the first reply."""


class Stopping(CallcentreError):
    """The daemon is stopping and takes no more requests."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What was put in at once: events in their order, their size in bytes, and who waits for the outcome."""

    events: Sequence[Event]
    size: int
    reply: Reply | None = None


class Inbox:
    """A queue of events bounded by `limit` bytes, for one loop (the taker) and any number of sources on its event loop.

    A batch of size 0 (a link that came or went, a timer, a request) is always taken: there are few of them, and a gap
    must be told above all when there is no room for anything else.
    """

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._batches: deque[Batch] = deque()
        self._held = 0
        self._waiter: asyncio.Future[None] | None = None
        self._replies: OrderedDict[str, Reply] = OrderedDict()
        self.closed = False

    @property
    def held(self) -> int:
        """The bytes that wait to be handled."""
        return self._held

    def put(self, events: Sequence[Event], size: int) -> bool:
        """Queue `events`, which came in `size` bytes; False if that would pass the bound, and nothing was queued.

        An empty inbox takes any one batch, so that a bound smaller than a read cannot stop the service for good.
        """
        if size and self._held and self._held + size > self._limit:
            return False
        self._append(Batch(events, size))
        return True

    async def ask(self, request: Event, key: str) -> tuple[Fact, ...]:
        """Have `request` handled like an event and return its facts once they are committed.

        `key` names the request for its sender: asked again with the same key, it is not handled again and the first
        reply is returned. Raises what the core or the store refused it with, TooSlow after 5 s, Stopping at the end.
        """
        reply = self._replies.get(key)
        if reply is None:
            if self.closed:
                raise Stopping("callcentre is stopping; ask again when it is back")
            reply = asyncio.get_running_loop().create_future()
            reply.add_done_callback(_heard)
            self._replies[key] = reply
            self._forget()
            self._append(Batch((request,), 0, reply))
        try:
            async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
                return await asyncio.shield(reply)
        except TimeoutError:
            raise TooSlow(f"no answer within {ANSWER_WITHIN_SECONDS:.0f} s; ask again with the same key") from None

    async def take(self, most: int, *, within: float) -> list[Batch]:
        """Return what has come, oldest first: whole batches, and no further one once `most` events are reached.

        Waits up to `within` seconds for the first; an empty list means that none came, or that the inbox is closed.
        """
        if not self._batches and not self.closed:
            await self._wait(within)
        taken: list[Batch] = []
        events = 0
        batches = self._batches
        while batches and events < most:
            batch = batches.popleft()
            self._held -= batch.size
            events += len(batch.events)
            taken.append(batch)
        return taken

    def close(self) -> None:
        """Take no more requests and wake the loop, which empties the inbox and ends."""
        self.closed = True
        self._wake()

    def _append(self, batch: Batch) -> None:
        self._batches.append(batch)
        self._held += batch.size
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self, within: float) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(within):
                await self._waiter
        except TimeoutError:
            pass
        finally:
            self._waiter = None

    def _forget(self) -> None:
        """Keep the latest replies only; one that is still awaited stays."""
        while len(self._replies) > _REMEMBERED_REPLIES:
            oldest = next(iter(self._replies))
            if not self._replies[oldest].done():
                return
            del self._replies[oldest]


def _heard(reply: Reply) -> None:
    """Mark a refusal as seen: where nobody waits for it any more, the complaint of asyncio would be noise."""
    if not reply.cancelled():
        reply.exception()
