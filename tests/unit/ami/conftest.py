"""Time that moves when a test says so, and witnesses of what a client does."""

import asyncio
import socket
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from callcentre.core.events import Event
from callcentre.core.terms import instant
from tests.unit.ami.fake_pbx import STAMP


class Time:
    """A clock and the sleep that goes with it: `advance` moves both."""

    def __init__(self) -> None:
        self._now = instant(STAMP)
        self._monotonic = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self.slept: list[float] = []
        self._began = asyncio.Event()

    def now(self) -> datetime:
        return self._now.astimezone(UTC)

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._monotonic + seconds, waiter))
        self._began.set()
        await waiter

    async def asleep(self) -> float:
        """Wait until the client sleeps; how long it wants to."""
        while not any(not waiter.done() for _, waiter in self._sleepers):
            self._began.clear()
            await self._began.wait()
        return self.slept[-1]

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
        for due, waiter in self._sleepers:
            if due <= self._monotonic and not waiter.done():
                waiter.set_result(None)
        self._sleepers = [(due, waiter) for due, waiter in self._sleepers if not waiter.done()]


class Witness:
    """Sink, observer and log at once; `saw` waits for an event of a kind."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.has_room = True
        self.lines: list[tuple[str, str]] = []
        self.links: list[bool] = []
        self.reconnects = 0
        self.lags: list[float] = []
        self.reasons: list[str] = []
        self.counts: dict[str, int] = {}
        self._changed = asyncio.Event()

    def sink(self, events: Sequence[Event], size: int) -> bool:
        if size and not self.has_room:
            return False
        self.events += events
        self._changed.set()
        return True

    async def saw(self, kind: type[Event], times: int = 1) -> Event:
        """The `times`-th event of a kind, once it is there."""
        while len(found := self.of(kind)) < times:
            self._changed.clear()
            await self._changed.wait()
        return found[times - 1]

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    async def pongs(self, times: int) -> None:
        """Wait until so many Pings were answered: a clock that runs ahead of the answers would cut the link."""
        while len(self.lags) < times:
            self._changed.clear()
            await self._changed.wait()

    async def said(self, words: str) -> str:
        """A log line that holds `words`, once it is there."""
        while not (found := [text for _, text in self.lines if words in text]):
            self._changed.clear()
            await self._changed.wait()
        return found[0]

    def link(self, pbx: str, *, up: bool) -> None:
        self.links.append(up)

    def reconnected(self, pbx: str) -> None:
        self.reconnects += 1

    def quarantined(self, pbx: str, reason: str) -> None:
        self.reasons.append(reason)

    def lag(self, pbx: str, seconds: float) -> None:
        self.lags.append(seconds)
        self._changed.set()

    def observe(self, pbx: str, counts: Mapping[str, int]) -> None:
        for name, number in counts.items():
            self.counts[name] = self.counts.get(name, 0) + number

    def _line(self, level: str, text: str) -> None:
        self.lines.append((level, text))
        self._changed.set()

    def debug(self, event: str, /, **fields: object) -> None:
        self._line("debug", event)

    def info(self, event: str, /, **fields: object) -> None:
        self._line("info", event)

    def warning(self, event: str, /, **fields: object) -> None:
        self._line("warning", event)

    def error(self, event: str, /, **fields: object) -> None:
        self._line("error", event)

    def exception(self, event: str, /, **fields: object) -> None:
        self._line("error", event)


class Observer:
    """The witness as the client's observer (its `events` is a method there, a list here)."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self.link = witness.link
        self.reconnected = witness.reconnected
        self.quarantined = witness.quarantined
        self.lag = witness.lag
        self.events = witness.observe


@pytest.fixture
async def time() -> Time:
    return Time()


@pytest.fixture
async def witness() -> Witness:
    return Witness()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine at which nobody listens, and which nobody else is given meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
