"""The running daemon's parts in one place, and what the pages ask of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version

from callcentre.acting import Acting
from callcentre.ami.actor import Actor
from callcentre.ami.client import AmiClient
from callcentre.config.settings import Config
from callcentre.core.centre import CallCentre
from callcentre.core.commands import Act, Command, Resync, SweepMailboxes
from callcentre.metrics import Metrics
from callcentre.runtime.clock import Clock
from callcentre.runtime.inbox import Inbox
from callcentre.runtime.log import Log
from callcentre.runtime.loop import Loop
from callcentre.store.database import Database
from callcentre.sweeper import Sweeper
from callcentre.web.figures import Attendances, lines_today
from callcentre.web.site import Site
from callcentre.web.status import Status

_MB = 1_000_000
# A loop that has not turned for so long is stuck: it turns each second when idle, and a turn is about 10 ms of work.
_STUCK_SECONDS = 15.0
VERSION = version("callcentre")


@dataclass
class Daemon:
    """All parts of a running daemon, put together by `run`; what the web asks of them."""

    config: Config
    clock: Clock
    log: Log
    notice: str = ""
    welcome: str = ""
    clients: dict[str, AmiClient] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    database: Database | None = None
    loop: Loop | None = None
    sweeper: Sweeper | None = None
    acting: Acting | None = None
    starting: str = "starting"

    def __post_init__(self) -> None:
        self.metrics = Metrics(self.config.office, version=VERSION)
        self.centre = CallCentre(self.config.office)
        self.inbox = Inbox(limit=self.config.ami.inbox_mb * _MB)
        self.attendances = Attendances()
        self.site = Site(
            config=self.config,
            version=VERSION,
            now=self.pbx_now,
            time_at=self.time_at,
            snapshot=lambda: self.centre.snapshot(self.pbx_now()),
            inbox=self.inbox,
            log=self.log,
            notice=self.notice,
            welcome=self.welcome,
            clock=self.clock,
        )
        self._synced: set[str] = set()

    # --- the PBXs' clocks ------------------------------------------------------------------------------------------

    def offset(self) -> timedelta:
        """How far the slowest PBX's clock is from ours."""
        return timedelta(seconds=min((client.clock_offset_seconds for client in self.clients.values()), default=0.0))

    def pbx_now(self) -> datetime:
        """The time as the core knows it."""
        return self.clock.now() + self.offset()

    def time_at(self, pbx: str) -> datetime:
        """The time by one PBX's own clock."""
        client = self.clients.get(pbx)
        return self.clock.now() + timedelta(seconds=0.0 if client is None else client.clock_offset_seconds)

    def heard(self) -> Mapping[str, datetime]:
        """Until when each PBX in sight was surely seen."""
        seen = {name: client.seen_at for name, client in self.clients.items() if client.in_sight}
        return {name: at for name, at in seen.items() if at is not None}

    # --- commands --------------------------------------------------------------------------------------------------

    def perform(self, command: Command) -> None:
        """Carry out a command of the core (runtime.loop.Performer)."""
        if isinstance(command, Resync) and command.pbx in self.clients:
            self.clients[command.pbx].resync(command.reason)
        elif isinstance(command, SweepMailboxes) and self.sweeper is not None:
            self.sweeper.sweep(command)
        elif isinstance(command, Act) and self.acting is not None:
            self.acting.perform(command)

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
        """Gather what pages show of today."""
        at = self.pbx_now()
        view = self.centre.snapshot(at)
        away = "" if self.loop is None or self.loop.store_up else self.loop.store_state.reason
        lines, problem = await lines_today(self.site, at, view, self.attendances, store_problem=away)
        return Status(
            at=at,
            zone=self.config.office.lines[0].zone,
            version=VERSION,
            links={pbx.name: view.in_sight.get(pbx.name, False) for pbx in self.config.pbxs},
            store_problem=away,
            lines=lines,
            figures_problem=problem,
            acting_problems={name: actor.problem for name, actor in self.actors.items() if not actor.is_up},
            mailbox_problems={} if self.sweeper is None else dict(self.sweeper.problems),
            notice=self.notice,
        )
