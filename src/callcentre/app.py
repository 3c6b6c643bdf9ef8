"""The composition root: one straight build, start, and stop in reverse. No decision about a call is made here."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from callcentre.ami.client import AmiClient, AmiEndpoint
from callcentre.ami.record import record as recorder
from callcentre.config.settings import Config, PbxSettings
from callcentre.core.centre import CallCentre
from callcentre.core.commands import Command, Resync
from callcentre.core.errors import CallcentreError, ConfigError, StoreUnavailable
from callcentre.core.facts import Call, Fact
from callcentre.history.healer import Healer
from callcentre.metrics import Metrics
from callcentre.runtime import collector
from callcentre.runtime.clock import Clock, SystemClock, Tasks
from callcentre.runtime.inbox import Inbox
from callcentre.runtime.log import Log
from callcentre.runtime.loop import Loop
from callcentre.runtime.watchdog import Watchdog
from callcentre.scheduler import Scheduler
from callcentre.store.database import Database
from callcentre.web.figures import line_today
from callcentre.web.server import Server, application
from callcentre.web.status import Status

_MB = 1_000_000
_STORE_RETRY_SECONDS = 2.0
_STORE_SAY_AGAIN = 30
# A loop that has not turned for so long is stuck: it turns each second when idle, and a turn is about 10 ms of work.
_STUCK_SECONDS = 15.0
# The whole stop stays under two seconds: this much for what is still to be handled and written.
_DRAIN_SECONDS = 1.2
_CLOSE_SECONDS = 0.3
VERSION = version("callcentre")

T = TypeVar("T")


def endpoint(pbx: PbxSettings) -> AmiEndpoint:
    """Where to connect for `pbx`; ConfigError, naming the keys, if the configuration has no account."""
    if pbx.username is None or pbx.secret is None:
        raise ConfigError(
            f'pbx "{pbx.name}" has no account; set username and secret_file (or secret_env) to its manager.conf user'
        )
    return AmiEndpoint(
        pbx=pbx.name,
        host=pbx.host,
        port=pbx.port,
        username=pbx.username,
        secret=pbx.secret.get_secret_value(),
        tls=pbx.tls,
        ca_file=pbx.ca_file,
        server_name=pbx.server_name,
    )


@dataclass
class Daemon:
    """All parts of a running daemon, put together by `run`; what the web asks of them."""

    config: Config
    clock: Clock
    log: Log
    notice: str = ""
    clients: dict[str, AmiClient] = field(default_factory=dict)
    database: Database | None = None
    loop: Loop | None = None
    starting: str = "starting"

    def __post_init__(self) -> None:
        self.metrics = Metrics(self.config.office, version=VERSION)
        self.centre = CallCentre(self.config.office)
        self.inbox = Inbox(limit=self.config.ami.inbox_mb * _MB)
        self._synced: set[str] = set()

    # --- the PBXs' clocks ------------------------------------------------------------------------------------------

    def offset(self) -> timedelta:
        """How far the slowest PBX's clock is from ours."""
        return timedelta(seconds=min((client.clock_offset_seconds for client in self.clients.values()), default=0.0))

    def pbx_now(self) -> datetime:
        """The time as the core knows it."""
        return self.clock.now() + self.offset()

    def heard(self) -> Mapping[str, datetime]:
        """Until when each PBX in sight was surely seen."""
        seen = {name: client.seen_at for name, client in self.clients.items() if client.in_sight}
        return {name: at for name, at in seen.items() if at is not None}

    # --- commands --------------------------------------------------------------------------------------------------

    def perform(self, command: Command) -> None:
        """Carry out a command of the core (runtime.loop.Performer)."""
        if isinstance(command, Resync) and command.pbx in self.clients:
            self.clients[command.pbx].resync(command.reason)

    # --- what the web asks -----------------------------------------------------------------------------------------

    def is_healthy(self) -> bool:
        """Whether the loop turns (web.ops.Health)."""
        return self.loop is None or self.clock.monotonic() - self.loop.last_turn < _STUCK_SECONDS

    def not_ready(self) -> Sequence[str]:
        """Why not everything is in place (web.ops.Health)."""
        if self.loop is None:
            return [self.starting]
        self._synced |= {pbx for pbx, seen in self.centre.snapshot(self.pbx_now()).in_sight.items() if seen}
        reasons = [f"pbx {pbx.name} was not seen yet" for pbx in self.config.pbxs if pbx.name not in self._synced]
        if not self.loop.store_up:
            reasons.insert(0, f"the database is away: {self.loop.store_state.reason}")
        return reasons

    async def status(self) -> Status:
        """Gather what the page at / shows."""
        at = self.pbx_now()
        view = self.centre.snapshot(at)
        lines, problem = [], ""
        for line in self.config.office.lines:
            midnight = datetime.combine(at.astimezone(ZoneInfo(line.zone)), time.min, ZoneInfo(line.zone))
            counts = []
            try:
                if self.database is not None:
                    counts = await self.database.queries.counts(midnight, at + timedelta(days=1), line=line.name)
            except CallcentreError as error:
                problem = str(error)
            lines.append(line_today(line, counts, view))
        return Status(
            at=at,
            zone=self.config.office.lines[0].zone,
            version=VERSION,
            links={pbx.name: view.in_sight.get(pbx.name, False) for pbx in self.config.pbxs},
            store_problem="" if self.loop is None or self.loop.store_up else self.loop.store_state.reason,
            lines=lines,
            figures_problem=problem,
            notice=self.notice,
        )


async def run(
    config: Config,
    *,
    log: Log,
    stop: asyncio.Event,
    started: Callable[[str], None] = lambda _address: None,
    notice: str = "",
) -> bool:
    """Measure until `stop` is set; return whether everything measured was written.

    `started` is told the address of the pages once they are served. Raises ConfigError for what only the machine can
    tell is wrong (a port that is taken), and whatever fault ended the loop.
    """
    clock = SystemClock()
    endpoints = [endpoint(pbx) for pbx in config.pbxs]
    daemon = Daemon(config, clock, log, notice)
    watchdog = Watchdog(clock)
    async with AsyncExitStack() as opened:
        tasks = await opened.enter_async_context(Tasks())
        server = Server(
            application(registry=daemon.metrics.registry, health=daemon, status=daemon.status),
            host=config.web.host,
            port=config.web.port,
        )
        address = await server.start()
        opened.push_async_callback(server.stop)
        started(address)
        log.info("pages and metrics are served", address=address)
        database = await _open_store(daemon, stop)
        if database is None:
            return True
        opened.push_async_callback(_close, database, log)
        restored = await _open_calls(daemon, database, stop)
        if restored is None:
            return True
        healer = Healer(
            queries=database.queries,
            office=config.office,
            books={pbx.name: pbx.queue_log for pbx in config.pbxs if pbx.queue_log is not None},
            add=lambda facts: loop.add(facts),
            now=daemon.pbx_now,
            log=log,
            names=daemon.centre.member_names,
        )
        scheduler = Scheduler(clock=clock, inbox=daemon.inbox, offset=daemon.offset)
        loop = Loop(
            core=daemon.centre,
            inbox=daemon.inbox,
            store=database.writer,
            observers=[daemon.metrics, healer],
            performer=daemon,
            alarm=scheduler,
            clock=clock,
            log=log,
            buffer_bytes=config.store.buffer_mb * _MB,
            heard=daemon.heard,
            turned=watchdog.turned,
        )
        loop.add(restored)
        daemon.metrics.watch(now=daemon.pbx_now, snapshot=daemon.centre.snapshot, service=loop)
        daemon.database, daemon.loop = database, loop
        scheduler.start()
        opened.callback(scheduler.stop)
        running = tasks.spawn(loop.run(), name="loop")
        tasks.spawn(healer.run(), name="healer")
        links = await opened.enter_async_context(Tasks())
        for each in endpoints:
            client = AmiClient(each, clock=clock, sink=daemon.inbox.put, observer=daemon.metrics, log=log)
            daemon.clients[each.pbx] = client
            links.spawn(client.run(), name=f"ami {each.pbx}")
        collector.settle()
        watchdog.ready()
        await _until(stop, tasks, links)
        watchdog.stopping()
        await links.cancel()
        daemon.inbox.close()
        return await _drained(running, log) and not loop.lost


async def _open_store(daemon: Daemon, stop: asyncio.Event) -> Database | None:
    """Open the database, waiting for it as long as it takes; None if the daemon is stopped meanwhile."""

    async def attempt() -> Database:
        database = await Database.open(daemon.config.store.url)
        try:
            await database.prepare()
        except BaseException:
            await _close(database, daemon.log)
            raise
        return database

    return await _insist(attempt, daemon, stop)


async def _open_calls(daemon: Daemon, database: Database, stop: asyncio.Event) -> Sequence[Fact] | None:
    """Give the core the rows that an earlier run left open; return what it concludes."""

    async def attempt() -> tuple[list[Call], dict[str, datetime]]:
        calls: list[Call] = []
        last_seen: dict[str, datetime] = {}
        for pbx in daemon.config.pbxs:
            calls += await database.queries.open_calls(pbx.name)
            at = await database.queries.last_fact_at(pbx.name)
            if at is not None:
                last_seen[pbx.name] = at
        return calls, last_seen

    found = await _insist(attempt, daemon, stop)
    return None if found is None else daemon.centre.restore(*found).facts


async def _insist(attempt: Callable[[], Coroutine[Any, Any, T]], daemon: Daemon, stop: asyncio.Event) -> T | None:
    """Try until the database answers; say why it does not, at first and from time to time. None once `stop` is set."""
    failures = 0
    async with Tasks() as tasks:
        stopped = tasks.spawn(stop.wait(), name="stop")
        while not stopped.done():
            trying = tasks.spawn(attempt(), name="database")
            await asyncio.wait([trying, stopped], return_when=asyncio.FIRST_COMPLETED)
            if not trying.done():
                break
            try:
                return trying.result()
            except StoreUnavailable as error:
                daemon.starting = f"the database is away: {error}"
                if failures % _STORE_SAY_AGAIN == 0:
                    daemon.log.warning("the database cannot be used; trying again", reason=error)
                failures += 1
            await asyncio.wait([stopped], timeout=_STORE_RETRY_SECONDS)
    return None


async def _until(stop: asyncio.Event, *owners: Tasks) -> None:
    """Wait until `stop` is set; raise the first error of any task that should have run until then."""
    async with Tasks() as waiting:
        stopped = waiting.spawn(stop.wait(), name="stop")
        failures = [owner.failure for owner in owners]
        ends: list[asyncio.Future[Any]] = [stopped, *failures]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for failure in failures:
            if failure.done():
                raise failure.result()


async def _close(database: Database, log: Log) -> None:
    """Close the database; one that hangs is left to the end of the process."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await database.close()
    except TimeoutError:
        log.warning("the database does not answer; its connection is left open")


async def _drained(running: asyncio.Task[None], log: Log) -> bool:
    """Let the loop handle and write what has come; False if that took longer than a stop may."""
    finished, _ = await asyncio.wait([running], timeout=_DRAIN_SECONDS)
    if not finished:
        log.error("stopped before everything was written; calls that were not decided yet will be found again")
        return False
    await running
    return True


async def serve(config: Config, *, log: Log, started: Callable[[str], None], notice: str = "") -> bool:
    """`run`, until the process is told to stop (SIGTERM, or Ctrl-C)."""
    stop = asyncio.Event()
    _stop_at_signal(stop)
    written = await run(config, log=log, stop=stop, started=started, notice=notice)
    log.info("stopped")
    return written


async def record(
    config: Config,
    pbx: str,
    out: Path,
    *,
    log: Log,
    raw: bool,
    seconds: float | None,
) -> int:
    """Write what `pbx` says to the tape `out` for `seconds`, or until told to stop; return how many packets.

    The office's own numbers stay as they are, so that the same configuration can replay it.
    """
    where = endpoint(next(each for each in config.pbxs if each.name == pbx))
    own = [line.dids for line in config.office.lines] + [each.menus for each in config.office.pbxs]
    stop = asyncio.Event()
    _stop_at_signal(stop)
    packets = 0

    def count(written: int, _size: int) -> None:
        nonlocal packets
        packets = written

    async with Tasks() as tasks:
        keep = frozenset[str]().union(*own)
        tape = recorder(where, out, clock=SystemClock(), log=log, raw=raw, keep=keep, progress=count)
        tasks.spawn(tape, name="record")
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await _until(stop, tasks)
    return packets


def _stop_at_signal(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
