"""Time and threads of the simulated PBX: a heap of what is due, and generators that wait as Asterisk's threads do.

Nothing here knows calls. Everything that happens, happens at `now`; each event moves it on by some microseconds, as a
real PBX's work does, so no two events bear one stamp. One seeded Random is the only chance there is.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass

from callcentre_simulator.wire import AmiEvent, Headers, Listener

LEAST_STEP, MOST_STEP = 15e-6, 250e-6
"""Seconds between two events of one piece of work, as the tapes show them."""


@dataclass(slots=True, eq=False)
class Ticket:
    """Something that is to be done at `at`; `cancel()` keeps it from being done."""

    at: float
    do: Callable[[], None] | None

    def cancel(self) -> None:
        """Do not do it after all; no harm where it is done already."""
        self.do = None


class Engine:
    """The PBX's clock, its chance, and what it says; `version` is Asterisk's."""

    def __init__(self, *, version: int, start: float, seed: int) -> None:
        self.version = version
        self.now = start
        self.said_at = start
        """When the last event was raised."""
        self.chance = random.Random(seed)
        self._due: list[tuple[float, int, Ticket]] = []
        self._count = 0
        self._listeners: list[Listener] = []

    def at(self, when: float, do: Callable[[], None]) -> Ticket:
        """Do something at `when` (epoch seconds; at once, but not before returning, where that is past)."""
        ticket = Ticket(when, do)
        self._count += 1
        heapq.heappush(self._due, (when, self._count, ticket))
        return ticket

    def after(self, seconds: float, do: Callable[[], None]) -> Ticket:
        """Do something so many seconds from now."""
        return self.at(self.now + seconds, do)

    def next_at(self) -> float | None:
        """When something is due next, or None."""
        while self._due and self._due[0][2].do is None:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def advance(self, to: float) -> None:
        """Do all that is due up to `to`, in order; `now` is then `to`, or a few microseconds later."""
        while (due := self.next_at()) is not None and due <= to:
            ticket = heapq.heappop(self._due)[2]
            self.now = max(self.now, due)
            if ticket.do is not None:
                ticket.do()
        self.now = max(self.now, to)

    def listen(self, listener: Listener) -> None:
        """Tell `listener` every event from now on."""
        self._listeners.append(listener)

    def emit(self, name: str, classes: str, headers: Headers) -> None:
        """Raise an event, a moment later than the one before."""
        self.now += self.chance.uniform(LEAST_STEP, MOST_STEP)
        self.said_at = self.now
        event = AmiEvent(name, classes, headers)
        for listener in self._listeners:
            listener(self.now, event)

    def call(self, name: str, headers: Headers) -> None:
        """Raise an event of class call."""
        self.emit(name, "call,all", headers)

    def agent(self, name: str, headers: Headers) -> None:
        """Raise an event of class agent."""
        self.emit(name, "agent,all", headers)


@dataclass(frozen=True, slots=True)
class Told:
    """What a thread is told: a word (`hangup`, `ringing`, `answered`, …), whom it is about, and what more there is."""

    word: str
    about: object = None
    more: str = ""


Body = Generator[float | None, Told | None, None]
"""A thread's work: it yields the seconds it will wait (None: for ever), and is sent what it was told, or None."""


class Thread:
    """One of the PBX's threads: it runs until it waits, and goes on when it is told something or its time is up."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._body: Body | None = None
        self._inbox: deque[Told] = deque()
        self._ticket: Ticket | None = None
        self._waking = False

    def start(self, body: Body) -> None:
        """Run `body` from now on, in its own time."""
        self._body = body
        self._waking = True
        self._engine.after(0, lambda: self._go(first=True))

    def tell(self, told: Told) -> None:
        """Leave word; the thread goes on as soon as what now runs is done. A thread that has ended hears nothing."""
        if self._body is None:
            return
        self._inbox.append(told)
        if not self._waking:
            self._waking = True
            self._engine.after(0, self._go)

    def stop(self) -> None:
        """End the thread where it stands, as a crash does."""
        body, self._body = self._body, None
        if self._ticket is not None:
            self._ticket.cancel()
        if body is not None:
            body.close()

    def _time_up(self) -> None:
        if not self._waking:
            self._resume(None)

    def _go(self, *, first: bool = False) -> None:
        self._waking = False
        if self._body is not None:
            self._resume(None if first else self._inbox.popleft())

    def _resume(self, told: Told | None) -> None:
        if self._ticket is not None:
            self._ticket.cancel()
            self._ticket = None
        body = self._body
        if body is None:
            return
        try:
            wait = body.send(told)
        except StopIteration:
            self._body = None
            return
        if self._inbox:
            self._waking = True
            self._engine.after(0, self._go)
        elif wait is not None:
            self._ticket = self._engine.after(wait, self._time_up)
