"""Each worker of the daemon, given what it needs of the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from callcentre.acting import Acting
from callcentre.ami.actor import Actor
from callcentre.app.daemon import Daemon
from callcentre.app.links import acting_endpoint
from callcentre.core.facts import Fact
from callcentre.first_contact import FirstContactFigures
from callcentre.forgetting import Forgetting
from callcentre.history.healer import Healer
from callcentre.listening import Listening
from callcentre.notify import Notifier
from callcentre.orders import Orders, is_erasure
from callcentre.reports.sending import Reports
from callcentre.reports.settling import Settling
from callcentre.retaining import Retaining
from callcentre.runtime.clock import Tasks
from callcentre.runtime.loop import Loop, Observer
from callcentre.runtime.watchdog import Watchdog
from callcentre.scheduler import Scheduler
from callcentre.staffing import StaffNeed
from callcentre.store.database import Database
from callcentre.sweeper import Sweeper
from callcentre.transcripts.drafting import Drafting

_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Parts:
    """Makes the workers of one daemon on one database."""

    daemon: Daemon
    database: Database
    watchdog: Watchdog

    def healer(self, add: Callable[[Sequence[Fact]], None]) -> Healer:
        """What heals calls that a gap hid; `add` takes its facts."""
        daemon, config = self.daemon, self.daemon.config
        return Healer(
            queries=self.database.queries,
            office=config.office,
            books={pbx.name: pbx.queue_log for pbx in config.pbxs if pbx.queue_log is not None},
            add=add,
            now=daemon.pbx_now,
            log=daemon.log,
            names=daemon.centre.member_names,
        )

    def notifier(self, reports: Reports) -> Notifier:
        """What sends what waits in the outbox; `reports` go with their notices."""
        daemon = self.daemon
        return Notifier(
            contacts=daemon.config.contacts,
            mail=daemon.config.mail,
            queries=self.database.queries,
            writer=self.database.writer,
            clock=daemon.clock,
            log=daemon.log,
            told=daemon.metrics.notified,
            waiting=daemon.metrics.notifications_pending,
            pbxs=[pbx.name for pbx in daemon.config.pbxs],
            attach=reports.attached,
        )

    def reports(self, scheduler: Scheduler, add: Callable[[Sequence[Fact]], None]) -> Reports:
        """What sends the monthly reports; `add` takes its facts."""
        daemon = self.daemon
        return Reports(
            settings=daemon.config.reports,
            office=daemon.config.office,
            database=self.database,
            add=add,
            daily=scheduler.daily,
            now=daemon.pbx_now,
            log=daemon.log,
        )

    def orders(self, *, erasures: bool = False) -> Orders:
        """What carries out the orders of the command line: erasures, which may take long, or all others."""
        return Orders(
            queries=self.database.queries,
            writer=self.database.writer,
            inbox=self.daemon.inbox,
            pbxs=[pbx.name for pbx in self.daemon.config.pbxs],
            now=self.daemon.pbx_now,
            log=self.daemon.log,
            completes=self.forgetting(),
            wanted=lambda order: is_erasure(order) is erasures,
        )

    def forgetting(self) -> Forgetting:
        """What belongs to an erasure besides the rows."""
        config = self.daemon.config
        spools = {pbx.name: pbx.voicemail_spool for pbx in config.pbxs if pbx.voicemail_spool is not None}
        return Forgetting(
            holds=self.database.holds,
            erasures=self.database.erasures,
            spools=spools if config.retention.erase_recordings else {},
            now=self.daemon.clock.now,
            log=self.daemon.log,
        )

    def retaining(self, scheduler: Scheduler, add: Callable[[Sequence[Fact]], None]) -> Retaining:
        """What counts or removes each night what is over its term; `add` takes its facts."""
        daemon = self.daemon
        return Retaining(
            settings=daemon.config.retention,
            office=daemon.config.office,
            retention=self.database.retention,
            holds=self.database.holds,
            scheduler=scheduler,
            add=add,
            now=daemon.clock.now,
            log=daemon.log,
        )

    def settling(self, scheduler: Scheduler) -> Settling:
        """What counts each day's first contact once it is over."""
        daemon = self.daemon
        return Settling(
            office=daemon.config.office,
            database=self.database,
            numbers=daemon.config.retention.terms["numbers"],
            scheduler=scheduler,
            now=daemon.pbx_now,
            log=daemon.log,
        )

    def sweeper(self, tasks: Tasks) -> Sweeper:
        """What looks into mailboxes; its looks are tasks of `tasks`."""
        config = self.daemon.config
        return Sweeper(
            spools={pbx.name: pbx.voicemail_spool for pbx in config.pbxs if pbx.voicemail_spool is not None},
            clients=self.daemon.clients,
            boxes={
                pbx.name: frozenset[str]().union(*(one.mailboxes for one in config.office.lines if one.pbx == pbx.name))
                for pbx in config.pbxs
            },
            put=self.daemon.inbox.put,
            now=self.daemon.pbx_now,
            tasks=tasks,
            log=self.daemon.log,
        )

    def acting(self, tasks: Tasks) -> Acting:
        """What changes something on PBXs that have an account for it; the accounts are kept logged in by `tasks`."""
        daemon = self.daemon
        for pbx in daemon.config.pbxs:
            where = acting_endpoint(pbx)
            if where is not None:
                actor = Actor(where, clock=daemon.clock, log=daemon.log, told=daemon.metrics.acting)
                daemon.actors[pbx.name] = actor
                tasks.spawn(actor.run(), name=f"actor {pbx.name}")
        acting = Acting(
            actors=daemon.actors,
            put=daemon.inbox.put,
            now=daemon.time_at,
            asked_at=daemon.pbx_now,
            clock=daemon.clock,
            log=daemon.log,
        )
        tasks.spawn(acting.run(), name="acting")
        return acting

    def need(self) -> StaffNeed:
        """What knows how many agents each line needs."""
        daemon = self.daemon
        return StaffNeed(
            lines=daemon.config.office.lines, queries=self.database.queries, now=daemon.pbx_now, log=daemon.log
        )

    def first_contact(self) -> FirstContactFigures:
        """What knows how many callers did not have to call again."""
        daemon = self.daemon
        return FirstContactFigures(
            lines=daemon.config.office.lines, queries=self.database.queries, now=daemon.pbx_now, log=daemon.log
        )

    def listening(self, add: Callable[[Sequence[Fact]], None]) -> Listening:
        """What looks at recorded messages; `add` takes its facts."""
        daemon, pbxs = self.daemon, self.daemon.config.pbxs
        return Listening(
            office=daemon.config.office,
            spools={pbx.name: pbx.voicemail_spool for pbx in pbxs if pbx.voicemail_spool is not None},
            sounds={pbx.name: pbx.sounds for pbx in pbxs if pbx.sounds is not None},
            rows=self.database.greetings,
            add=add,
            now=daemon.pbx_now,
            log=daemon.log,
        )

    def drafting(self) -> list[Drafting]:
        """What makes drafts of what messages say, if that is wanted."""
        daemon, settings = self.daemon, self.daemon.config.transcripts
        if settings is None:
            return []
        drafting = Drafting(
            settings=settings,
            office=daemon.config.office,
            spools=daemon.site.spools,
            sounds={pbx.name: pbx.sounds for pbx in daemon.config.pbxs if pbx.sounds is not None},
            rows=self.database.transcripts,
            now=daemon.pbx_now,
            log=daemon.log,
        )
        daemon.site.wording = drafting.wording
        return [drafting]

    def scheduler(self) -> Scheduler:
        """What wakes the core."""
        return Scheduler(clock=self.daemon.clock, inbox=self.daemon.inbox, offset=self.daemon.offset)

    def loop(self, scheduler: Scheduler, observers: Sequence[Observer]) -> Loop:
        """The single writer."""
        daemon = self.daemon
        return Loop(
            core=daemon.centre,
            inbox=daemon.inbox,
            store=self.database.writer,
            observers=observers,
            performer=daemon,
            alarm=scheduler,
            clock=daemon.clock,
            log=daemon.log,
            buffer_bytes=daemon.config.store.buffer_mb * _MB,
            heard=daemon.heard,
            turned=self.watchdog.turned,
        )
