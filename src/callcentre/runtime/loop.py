"""The loop: the single writer. Events in, facts committed, then observed, then commands performed; in that order.

Two coroutines share the work: `measure` hands each event to the core and puts its facts into the buffer; `write` takes
what has gathered there, commits it in one transaction, shows it to the observers, performs the commands that followed
from it and answers the requests. While a commit is under way measuring goes on, so that groups grow with the load.
While the store is away facts wait in the buffer, and metrics, commands and replies with them.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callcentre.core.centre import Step
from callcentre.core.commands import AbuseAct, CallBack, Command
from callcentre.core.errors import StoreConflict, StoreUnavailable
from callcentre.core.events import Event, EventsQuarantined
from callcentre.core.facts import Fact
from callcentre.runtime.buffer import FactBuffer, Waiting
from callcentre.runtime.clock import Clock
from callcentre.runtime.inbox import Batch, Inbox, Reply
from callcentre.runtime.log import Log

# So many events are handled before other tasks (reading, pages) get their turn: about 10 ms of work.
_EVENTS_A_TURN = 500
# So many facts go into one transaction at most: past some hundreds a larger group gains nothing and only takes longer.
_FACTS_A_COMMIT = 2_000
# The writer waits this long for a group to gather, unless so many facts are there or somebody waits for a reply: a
# commit costs as much as some fifty facts, and nobody sees whether a row is there 50 ms sooner.
_GATHER_SECONDS = 0.05
_GATHER_FACTS = 250
# While the store is up, measuring waits for it once so many facts are unwritten: memory is for when it is away.
_FACTS_AHEAD = 8_000
# A loop without work still turns this often, for the watchdog and /-/healthy.
_TURN_SECONDS = 1.0
_RETRY_SECONDS = (0.25, 0.5, 1.0, 2.0)
_LAST_TRY_SECONDS = 4.0
# Without facts to write, this often the store is told how long each PBX was in sight (and asked whether it is there).
_HEARTBEAT_SECONDS = 10.0


class Core(Protocol):
    """What the loop needs of `core.centre.CallCentre`."""

    def handle(self, event: Event) -> Step:
        """Take one event; return its facts and commands."""
        ...

    def next_timer(self) -> datetime | None:
        """When the core wants to be woken next."""
        ...


class Committer(Protocol):
    """What the loop needs of the store."""

    async def commit(self, facts: Sequence[Fact], seen: Mapping[str, datetime]) -> None:
        """Write all of `facts` or none, and until when each PBX was in sight; the same again changes nothing.

        Raises StoreUnavailable, StoreConflict.
        """
        ...


class Observer(Protocol):
    """A reader of committed facts: metrics, a wallboard's stream. It must not wait, and must not raise."""

    def observe(self, facts: Sequence[Fact]) -> None:
        """Take note of facts that were just committed."""
        ...


class Performer(Protocol):
    """Carries out commands; starts what takes long and returns at once."""

    def perform(self, command: Command) -> None:
        """Carry out one command, whose facts are committed."""
        ...


class Alarm(Protocol):
    """Wakes the loop by putting TimePassed into the inbox."""

    def set(self, when: datetime | None) -> None:
        """Ask to be woken at `when`, in place of any time asked for before; None for never."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreState:
    """Whether the store takes facts, and if not, why (fit for a page) and since when."""

    up: bool = True
    reason: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Afterwards:
    """What is due once the facts of a step, the last of them at `place`, are committed: commands, and a reply."""

    place: int
    step: Step
    reply: Reply | None = None


class Loop:
    """Owns the core. `run` ends when the inbox was closed and everything in it was handled and written."""

    def __init__(
        self,
        *,
        core: Core,
        inbox: Inbox,
        store: Committer,
        observers: Sequence[Observer],
        performer: Performer,
        alarm: Alarm,
        clock: Clock,
        log: Log,
        buffer_bytes: int,
        heard: Callable[[], Mapping[str, datetime]] = dict,
        turned: Callable[[], None] = lambda: None,
    ) -> None:
        self._core = core
        self._inbox = inbox
        self._store = store
        self._observers = observers
        self._performer = performer
        self._alarm = alarm
        self._clock = clock
        self._log = log
        self._heard = heard
        self._turned = turned
        self._buffer = FactBuffer(limit=buffer_bytes)
        self._afterwards: deque[_Afterwards] = deque()
        self._written = 0
        self._work = asyncio.Event()
        self._enough = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._measured = asyncio.Event()
        self._refused: dict[int, StoreConflict] = {}
        self.store_state = StoreState()
        self.lost: Counter[tuple[str, str]] = Counter()
        self.faults: Counter[str] = Counter()
        self.last_turn = clock.monotonic()

    @property
    def store_up(self) -> bool:
        """Whether the store takes facts."""
        return self.store_state.up

    @property
    def unwritten(self) -> Mapping[str, int]:
        """How many facts of each PBX wait to be written."""
        return self._buffer.per_pbx

    async def run(self) -> None:
        """Measure and write until the inbox is closed and empty."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._measure(), name="measure")
            both.create_task(self._write(), name="write")

    def add(self, facts: Sequence[Fact]) -> None:
        """Have `facts` that no event led to (healed calls) committed and observed like the others."""
        self._buffer.extend(facts)
        self._work.set()

    # --- events to facts -------------------------------------------------------------------------------------------

    async def _measure(self) -> None:
        while True:
            batches = await self._inbox.take(_EVENTS_A_TURN, within=_TURN_SECONDS)
            for batch in batches:
                self._handle(batch)
            self._alarm.set(self._core.next_timer())
            self.last_turn = self._clock.monotonic()
            self._turned()
            if not batches and self._inbox.closed:
                break
            await self._give_way()
        self._measured.set()
        self._work.set()
        self._enough.set()

    def _handle(self, batch: Batch) -> None:
        for event in batch.events:
            try:
                step = self._core.handle(event)
            except Exception as error:  # noqa: BLE001  a fault of ours must cost one event, not the day's calls
                if batch.reply is not None:
                    batch.reply.set_exception(error)
                    return
                step = self._after_fault(event, error)
            if step.facts:
                self._buffer.extend(step.facts)
            if step.commands or batch.reply is not None:
                self._afterwards.append(_Afterwards(self._buffer.place, step, batch.reply))
        if len(self._buffer) or self._afterwards:
            self._work.set()
        if batch.reply is not None or len(self._buffer) >= _GATHER_FACTS:
            self._enough.set()

    def _after_fault(self, event: Event, error: Exception) -> Step:
        """Count and tell a fault in the core; what runs on that PBX is marked as touched by a gap."""
        self.faults[event.pbx] += 1
        kind = type(event).__name__
        self._log.error("fault in the core, event skipped", pbx=event.pbx, kind=kind, error=error, exc_info=error)
        if isinstance(event, EventsQuarantined) or not event.pbx:
            return Step()
        try:
            return self._core.handle(EventsQuarantined(pbx=event.pbx, at=event.at, reason="fault in callcentre"))
        except Exception as again:  # noqa: BLE001  see above
            self._log.error("fault in the core, gap not marked", pbx=event.pbx, error=again)
            return Step()

    async def _give_way(self) -> None:
        """Let reading and pages go on; wait for the store if it is up and far behind, make room if it is away."""
        if not self.store_state.up:
            self._make_room()
        elif len(self._buffer) > _FACTS_AHEAD:
            self._room.clear()
            await self._room.wait()
        await asyncio.sleep(0)

    def _make_room(self) -> None:
        lost = self._buffer.squeeze()
        if lost:
            self.lost.update(lost)
            told = {f"{pbx} {kind}": number for (pbx, kind), number in sorted(lost.items())}
            self._log.error("facts lost: the database is away and store.buffer_mb is used up", lost=told)

    # --- facts to the store, and from there to everyone ------------------------------------------------------------

    async def _write(self) -> None:
        failures = 0
        while True:
            await self._gather()
            if await self._write_group():
                failures = 0
                if self._measured.is_set() and not self._is_pending:
                    return
                continue
            if self._measured.is_set():
                self._give_up()
                return
            await self._pause(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
            failures += 1

    @property
    def _is_pending(self) -> bool:
        return len(self._buffer) > 0 or len(self._afterwards) > 0

    async def _gather(self) -> None:
        """Wait until there is something to write and a group of it has come together, or a heartbeat is due."""
        if not self._is_pending and not self._measured.is_set():
            self._work.clear()
            try:
                async with asyncio.timeout(_HEARTBEAT_SECONDS):
                    await self._work.wait()
            except TimeoutError:
                return
        if len(self._buffer) < _GATHER_FACTS and not self._measured.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_GATHER_SECONDS):
                    await self._enough.wait()
        self._enough.clear()

    async def _write_group(self) -> bool:
        """Commit the oldest facts, if any, and do what follows from them; False if the store is away."""
        place = self._buffer.place
        group = self._buffer.take(_FACTS_A_COMMIT)
        try:
            committed = await self._commit(group)
        except StoreUnavailable as error:
            self._buffer.put_back(group)
            self._store_is_away(error)
            return False
        except BaseException:
            self._buffer.put_back(group)
            raise
        self._store_is_up()
        self._written = group[-1].place if group else place
        if committed:
            for observer in self._observers:
                observer.observe(committed)
        self._perform()
        if len(self._buffer) <= _FACTS_AHEAD:
            self._room.set()
        return True

    async def _commit(self, group: Sequence[Waiting]) -> list[Fact]:
        """Commit `group` in one transaction, or without what the database refuses; return the facts it now holds."""
        facts = [waiting.fact for waiting in group]
        try:
            async with asyncio.timeout(_LAST_TRY_SECONDS if self._measured.is_set() else None):
                await self._store.commit(facts, self._heard())
        except TimeoutError:
            raise StoreUnavailable("the database did not answer before callcentre stopped") from None
        except StoreConflict:
            return [waiting.fact for waiting in group if await self._committed_alone(waiting)]
        return facts

    async def _committed_alone(self, waiting: Waiting) -> bool:
        fact, kind = waiting.fact, type(waiting.fact).__name__
        try:
            await self._store.commit([fact], {})
        except StoreConflict as error:
            self._refused[waiting.place] = error
            self.lost[fact.pbx, kind] += 1
            self._log.error("fact lost: the database refused it", pbx=fact.pbx, kind=kind, error=error)
            return False
        return True

    def _perform(self) -> None:
        while self._afterwards and self._afterwards[0].place <= self._written:
            due = self._afterwards.popleft()
            places = range(due.place - len(due.step.facts) + 1, due.place + 1)
            refusal = next((self._refused[place] for place in places if place in self._refused), None)
            for command in due.step.commands:
                # A dial that was not written down could be made a second time: after a restart nobody would know of it.
                if refusal is None or not isinstance(command, CallBack | AbuseAct):
                    self._performer.perform(command)
            if due.reply is not None:
                self._answer(due.reply, due.step, refusal)
        # A step may lie in two groups: what was refused of the first is asked for with the second.
        due_next = self._afterwards[0] if self._afterwards else None
        first = self._written + 1 if due_next is None else due_next.place - len(due_next.step.facts) + 1
        self._refused = {place: error for place, error in self._refused.items() if place >= first}

    def _answer(self, reply: Reply, step: Step, refusal: StoreConflict | None) -> None:
        if reply.done():
            return
        if refusal is None:
            reply.set_result(step.facts)
        else:
            reply.set_exception(refusal)

    def _store_is_away(self, error: StoreUnavailable) -> None:
        if self.store_state.up:
            self.store_state = StoreState(up=False, reason=str(error), since=self._clock.now())
            self._log.error("the database is away; calls are measured and kept in memory", reason=error)
            self._room.set()

    def _store_is_up(self) -> None:
        if not self.store_state.up:
            self.store_state = StoreState()
            self._log.info("the database is back; what was kept is being written", facts=len(self._buffer))

    async def _pause(self, seconds: float) -> None:
        """Wait before the next attempt, but no longer than until everything is measured and the daemon stops."""
        try:
            async with asyncio.timeout(seconds):
                await self._measured.wait()
        except TimeoutError:
            return

    def _give_up(self) -> None:
        if len(self._buffer):
            self._log.error("facts lost: callcentre stops while the database is away", facts=len(self._buffer))
        for pbx, number in self._buffer.per_pbx.items():
            if number:
                self.lost[pbx, "unwritten"] += number
        for due in self._afterwards:
            if due.reply is not None and not due.reply.done():
                due.reply.set_exception(StoreUnavailable("callcentre stopped before the database was back"))
