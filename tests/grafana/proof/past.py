"""callcentre on a tape's own time: the product's core, store and metrics, put together as `app.run` does, but faster.

What lies around them and lives on the machine's clock has a stand-in (`around`).
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from callcentre.ami.playback import read_snapshots
from callcentre.ami.tape import read_tape
from callcentre.app.daemon import VERSION
from callcentre.core.centre import CallCentre, Step
from callcentre.core.charter import Office
from callcentre.core.commands import Act, StoreValue
from callcentre.core.events import Event, LinkDown, LinkUp, MailboxChanged, TimePassed
from callcentre.core.facts import BreachChanged, Fact, MailboxSeen, NoticeRaised, TaskChanged
from callcentre.core.tasks import Notice
from callcentre.core.terms import UTC, instant
from callcentre.history.healer import Healer
from callcentre.metrics import Metrics
from callcentre.metrics.need import NeedGauge
from callcentre.notify import Told
from callcentre.runtime.log import Log
from callcentre.staffing import StaffNeed
from callcentre.store.database import Database
from tests.grafana.proof.around import (
    LATE_SECONDS,
    PROMPT_SECONDS,
    Listener,
    Mailboxes,
    Service,
    Surroundings,
    Trouble,
    answers,
)

_FACTS_A_COMMIT: Final = 1_000
Scrape = Callable[[datetime], None]


class PastDaemon:
    """The daemon of one PBX, played a tape."""

    def __init__(self, office: Office, database: Database, log: Log, around: Surroundings, *, queue_log: Path) -> None:
        self._office = office
        self._database = database
        self._log = log
        self._spells = around.spells
        self._restarts = around.restarts
        self._mailboxes = Mailboxes(around.capacity, around.left_before, around.look_every)
        self._pbx = office.pbxs[0].name
        self._listener = Listener(self._pbx)
        self._facts: list[Fact] = []
        self._acts: list[Act] = []
        self._healer = Healer(
            queries=database.queries,
            office=office,
            books={self._pbx: queue_log},
            add=self._facts_later,
            now=lambda: self._now,
            log=log,
        )

    @property
    def registry(self) -> CollectorRegistry:
        """The metrics of the process that runs now."""
        return self._metrics.registry

    def has(self, trouble: Trouble) -> bool:
        """Whether this is wrong now."""
        return any(each.trouble is trouble and each.begins <= self._now < each.ends for each in self._spells)

    async def play(self, tape: Path, snapshots: Path, moments: Iterable[datetime], scrape: Scrape) -> None:
        """Play a tape; `scrape` is called at each of the `moments`, when all before it is measured and written."""
        coming = deque(moments)
        restarts = deque(self._restarts)

        async def scrape_before(at: datetime) -> None:
            while coming and coming[0] < at:
                await self._until(coming[0])
                scrape(coming.popleft())

        asked, started = deque(read_snapshots(snapshots)), False
        for record in read_tape(tape):
            at = instant(record.t)
            if not started:
                await self._start(at)
                started = True
            while restarts and restarts[0] <= at:
                await scrape_before(restarts[0])
                await self._start(restarts.popleft())
            await scrape_before(at)
            self._sweep(at)
            while asked and self._listener.is_up and asked[0].t <= record.t:
                self._take(self._listener.reply(asked.popleft()))
            self._take(self._listener.play(record))
            if len(self._facts) >= _FACTS_A_COMMIT:
                await self._commit()
        await scrape_before(datetime.max.replace(tzinfo=UTC))

    # --- the process -----------------------------------------------------------------------------------------------

    async def _start(self, at: datetime) -> None:
        """Begin as `app.run` does, with what an earlier run left in the store."""
        if self._facts:
            await self._commit()
        self._now = at
        self._up = self._was_up = False
        self._reckoned: date | None = None
        self._looked: dict[str, datetime] = {}
        self._service = service = Service()
        self._metrics = metrics = Metrics(self._office, version=VERSION)
        self._centre = centre = CallCentre(self._office)
        queries = self._database.queries
        midnight = at.astimezone(_zone(self._office)).replace(hour=0, minute=0, second=0, microsecond=0)
        metrics.restore(await queries.counts(midnight, midnight + timedelta(days=1)), at)
        step = centre.restore(await queries.open_rows([self._pbx], at), at)
        self._facts, self._acts = [*step.facts], []
        need = StaffNeed(lines=self._office.lines, queries=queries, now=lambda: self._now, log=self._log, rest=_rests)
        self._need = need
        metrics.watch(now=lambda: self._now, snapshot=centre.snapshot, service=service, looked_at=lambda: self._looked)
        metrics.registry.register(NeedGauge(need.required))

    async def _until(self, moment: datetime) -> None:
        """Let the time up to a moment pass, and have all of it written and counted."""
        self._pass(moment)
        self._now = moment
        self._sweep(moment)
        await self._commit()
        await self._heal()
        while self._acts and self._service.store_up:
            self._take(answers(self._acts.pop(0), moment, refused=self.has(Trouble.REFUSED)))
            await self._commit()
        self._say()
        await self._reckon()

    # --- the core --------------------------------------------------------------------------------------------------

    def _take(self, events: Iterable[Event]) -> None:
        for event in events:
            self._pass(event.at)
            self._hear(event)
            self._handle(event)

    def _pass(self, to: datetime) -> None:
        """Wake the core at each time that it asked for, up to a moment."""
        while (due := self._centre.next_timer()) is not None and due <= to:
            self._handle(TimePassed(pbx="", at=due))

    def _handle(self, event: Event) -> None:
        step: Step = self._centre.handle(event)
        self._facts += step.facts
        # What is kept in AstDB is written each minute, and no metric tells of it.
        self._acts += [each for each in step.commands if isinstance(each, Act) and not isinstance(each, StoreValue)]

    # --- the store -------------------------------------------------------------------------------------------------

    async def _commit(self) -> None:
        self._service.store_up = not self.has(Trouble.STORE_AWAY)
        if not self._service.store_up:
            self._service.unwritten[self._pbx] = len(self._facts)
            return
        facts, self._facts = self._facts, []
        self._service.unwritten[self._pbx] = 0
        if facts:
            await self._database.writer.commit(facts, {self._pbx: self._now})
            self._metrics.observe(facts)
            self._healer.observe(facts)
            for notice in (each for fact in facts for each in _notices(fact)):
                result = Told.FAILED if self.has(Trouble.NOT_TOLD) else Told.SENT
                self._metrics.notified(notice.pbx, notice.kind, result)

    def _facts_later(self, facts: Sequence[Fact]) -> None:
        self._facts += facts

    async def _heal(self) -> None:
        """Ask the PBX's own book what became of calls whose end nobody saw."""
        if self._healer._wanted:
            self._healer._wanted.clear()
            await self._healer._heal(self._pbx)
            await self._commit()

    async def _reckon(self) -> None:
        """Once a day, after midnight, work out how many agents are needed."""
        today = self._now.date()
        if today != self._reckoned:
            self._reckoned = today
            with suppress(_Rests):
                await self._need.run()

    # --- what is around --------------------------------------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        """Note what the client's observer and the sweeper would."""
        if isinstance(event, LinkUp):
            self._metrics.link(self._pbx, up=True)
            if self._was_up:
                self._metrics.reconnected(self._pbx)
            self._was_up = self._up = True
        elif isinstance(event, LinkDown):
            self._metrics.link(self._pbx, up=False)
            self._up = False
        elif isinstance(event, MailboxChanged):
            self._mailboxes.changed(event)

    def _sweep(self, at: datetime) -> None:
        if not self._up or self.has(Trouble.NOT_LOOKED):
            return
        found = self._mailboxes.look(self._pbx, at)
        if found is not None:
            self._looked[self._pbx] = at
            self._take([found])

    def _say(self) -> None:
        """Tell the metrics what the link, the acting account and the loop of the daemon tell them."""
        metrics, pbx, listener = self._metrics, self._pbx, self._listener
        metrics.events(pbx, listener.take_counts())
        for reason in listener.doubts:
            metrics.quarantined(pbx, reason)
        listener.doubts.clear()
        if self._office.pbxs[0].acts:
            metrics.acting(pbx, self._up and not self.has(Trouble.CANNOT_ACT))
        if self._up:
            metrics.lag(pbx, LATE_SECONDS if self.has(Trouble.SLOW_LINK) else PROMPT_SECONDS)
        metrics.notifications_pending(pbx, 3 if self.has(Trouble.NOT_TOLD) else 0)
        if self.has(Trouble.FACTS_LOST):
            self._service.lost[pbx, "CallEnded"] += 1
        if self.has(Trouble.FAULT):
            self._service.faults[pbx] += 1


class _Rests(Exception):
    """The worker has done all there is."""


async def _rests(_seconds: float) -> None:
    raise _Rests


def _zone(office: Office) -> ZoneInfo:
    return ZoneInfo(office.lines[0].zone)


def _notices(fact: Fact) -> Sequence[Notice]:
    match fact:
        case TaskChanged() | BreachChanged():
            return fact.notices
        case MailboxSeen(notice=Notice() as notice) | NoticeRaised(notice=notice):
            return (notice,)
    return ()
