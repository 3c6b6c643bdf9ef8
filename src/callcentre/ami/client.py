"""Keeps one PBX in sight, for ever: connect, log in, watch; and when that ends, say so and connect again.

Every failure is one line in the log that says what to do.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from callcentre.ami.link import PING_SECONDS, Link, LinkObserver, Pulse, Sink, Tap
from callcentre.ami.login import AmiEndpoint, Attempts, connect, log_in
from callcentre.ami.voicemail import Voicemail, VoicemailQuestions
from callcentre.core.errors import AmiError, LinkLost, LoginRefused
from callcentre.core.events import LinkDown
from callcentre.runtime.clock import Clock
from callcentre.runtime.log import Log


class AmiClient:
    """Keeps the link to one PBX. Run `run()` as a task; cancelling it logs off and closes.

    `sink(events, size)` gets the core events in order and returns False when there is no room: the link is then dropped
    on purpose, the gap told as LinkDown("overrun"), and everything read again. `tap` listens in on the bytes. `sleep`
    and `jitter` (0 to 1) are given by tests.
    """

    def __init__(
        self,
        endpoint: AmiEndpoint,
        *,
        clock: Clock,
        sink: Sink,
        observer: LinkObserver,
        log: Log,
        tap: Tap | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._sink = sink
        self._observer = observer
        self._log = log
        self._tap = tap
        self._sleep = sleep
        self._attempts = Attempts(endpoint.pbx, clock=clock, log=log, jitter=jitter)
        self._pulse = Pulse()
        self._link: Link | None = None
        self._questions: VoicemailQuestions | None = None
        self._was_up = False

    @property
    def in_sight(self) -> bool:
        """Whether the PBX is seen now."""
        return self._link is not None and self._link.is_up and not self._link.lost.done()

    @property
    def lag_seconds(self) -> float | None:
        """How long the last Ping took to be answered."""
        return self._pulse.lag_seconds

    @property
    def clock_offset_seconds(self) -> float:
        """The PBX's clock minus ours, as Ping measures it."""
        return self._pulse.offset.total_seconds()

    @property
    def seen_at(self) -> datetime | None:
        """The latest moment, by the PBX's clock, that was surely seen."""
        return self._pulse.seen_at

    def resync(self, reason: str) -> None:
        """Read queues, channels and devices again, if there is a link; else the next one does so anyway."""
        if self._link is not None and self.in_sight:
            self._log.debug("reading the PBX again", pbx=self._endpoint.pbx, reason=reason)
            self._link.resync()

    async def voicemail(self, mailboxes: Collection[str], *, messages: bool, only: bool = False) -> Voicemail | None:
        """Ask what the mailboxes hold (VoicemailQuestions.look); None also while the PBX is out of sight."""
        if self._questions is None or not self.in_sight:
            return None
        return await self._questions.look(mailboxes, messages=messages, only=only)

    async def run(self) -> None:
        """Keep the link, for ever; returns only by cancellation, which logs off and closes."""
        while True:
            try:
                await self._session()
            except AmiError as error:
                refused = isinstance(error, LoginRefused)
                self._attempts.say(str(error))
            else:
                refused = False
            await self._sleep(self._attempts.backoff(refused=refused))

    # --- one connection --------------------------------------------------------------------------------------------

    async def _session(self) -> None:
        link = await self._connect()
        self._link = link
        self._questions = VoicemailQuestions(self._endpoint.pbx, ask=link.ask_list, log=self._log)
        try:
            await log_in(self._endpoint, link)
            self._attempts.succeeded()
            self._observer.link(self._endpoint.pbx, up=True)
            if self._was_up:
                self._observer.reconnected(self._endpoint.pbx)
            self._was_up = True
            self._log.info("connected to the PBX", pbx=self._endpoint.pbx, address=self._endpoint.address)
            link.watch()
            async with asyncio.TaskGroup() as tasks:
                pings = tasks.create_task(self._ping(link))
                await asyncio.shield(link.lost)
                pings.cancel()
            raise LinkLost(f"lost the PBX at {self._endpoint.address}: {link.lost.result()}; connecting again")
        except asyncio.CancelledError:
            link.log_off()
            raise
        finally:
            link.end("given up")
            self._closed(link)

    def _closed(self, link: Link) -> None:
        pbx = self._endpoint.pbx
        self._link = self._questions = None
        self._pulse.lag_seconds = None
        if counts := link.counts():
            self._observer.events(pbx, counts)
        reason = link.lost.result()
        if link.is_up and reason != "stopped":
            at = self._pulse.seen_at or self._clock.now()
            self._sink((LinkDown(pbx=pbx, at=at, reason=reason),), 0)
        if link.is_up:
            self._observer.link(pbx, up=False)

    async def _ping(self, link: Link) -> None:
        while True:
            await self._sleep(PING_SECONDS)
            link.ping()

    async def _connect(self) -> Link:
        endpoint = self._endpoint

        def new_link() -> Link:
            return Link(
                endpoint.pbx,
                clock=self._clock,
                sink=self._sink,
                observer=self._observer,
                log=self._log,
                pulse=self._pulse,
                tap=self._tap,
            )

        return await connect(endpoint, new_link)
