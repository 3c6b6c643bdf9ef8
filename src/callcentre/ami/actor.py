"""The account that acts: a second connection to a PBX, kept up for ever, that hears no events and only answers.

What is sent here is what was asked of it, in order. Nothing is ever sent twice: what becomes of a question whose link
was lost is for the asker to decide.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from asterisk.ami import Action

from callcentre.ami import actions
from callcentre.ami.connection import Connection
from callcentre.ami.login import AmiEndpoint, Attempts, connect, log_in
from callcentre.ami.messages import Banner, Reply
from callcentre.ami.protocol import Framer
from callcentre.core.errors import ActionRefused, AmiError, LinkLost, LoginRefused
from callcentre.runtime.clock import Clock
from callcentre.runtime.log import Log

PING_SECONDS: Final = 10.0
"""A Ping so often: nothing else may be said for hours, and a half-open link must be known before it is needed."""

ANSWER_SECONDS: Final = 5.0
"""Without an answer to an action or a Ping for so long, the link is dead, though the socket may be open."""

MOST_PENDING: Final = 100
"""Actions of one PBX that may wait for their answer: three hours' worth of the usual limit."""


class ActingLink(Connection):
    """One connection of the acting account: answers are taken, whatever else is said is passed over."""

    def __init__(self) -> None:
        super().__init__()
        # The names of actions are the core's, so an answer may bear any; nobody but the PBX speaks on this link.
        self._framer = Framer({})

    def data_received(self, data: bytes) -> None:
        """Take answers."""
        if self.lost.done():
            return
        for message in self._framer.feed(data):
            if isinstance(message, Reply):
                self._questions.reply(message)
            elif isinstance(message, Banner) and not self.banner.done():
                self.banner.set_result(message.version)


class Actor:
    """Keeps the acting account of one PBX logged in. Run `run()` as a task; cancelling it logs off and closes.

    `told` hears of each login and each loss. `sleep`, `jitter` (0 to 1) and `answer_seconds` are given by tests.
    """

    def __init__(
        self,
        endpoint: AmiEndpoint,
        *,
        clock: Clock,
        log: Log,
        told: Callable[[str, bool], None] = lambda _pbx, _up: None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._endpoint = endpoint
        self._log = log
        self._told = told
        self._sleep = sleep
        self._answer_seconds = answer_seconds
        self._attempts = Attempts(endpoint.pbx, clock=clock, log=log, jitter=jitter)
        self._link: ActingLink | None = None
        self._up = asyncio.Event()
        self._pending: set[str] = set()
        self.problem = "not logged in yet"

    @property
    def is_up(self) -> bool:
        """Whether it is logged in now; else `problem` says why not, fit for a page."""
        return self._up.is_set()

    async def ask(self, action: Action, *, within: float = 0.0) -> Reply:
        """Send an action, once, and return the PBX's answer to its ActionID; wait `within` seconds for a login at most.

        Raises ActionRefused if nothing was sent: it may not be, no login, too many wait. LinkLost: sent, and the link
        ended before the answer (an action without an answer for 5 s ends it), so nobody knows what came of it.
        """
        if self._link is None or self._link.lost.done():
            self._up.clear()
        if not self._up.is_set():
            await self._wait(within)
        link, name = self._link, str(action.keys.get("ActionID", ""))
        if link is None or not self._up.is_set() or link.lost.done():
            raise ActionRefused(
                f"the acting account is not logged in ({self.problem or 'just lost'}); nothing was sent"
            )
        if len(self._pending) >= MOST_PENDING or name in self._pending:
            raise ActionRefused("too many actions wait for their answer; nothing was sent")
        self._pending.add(name)
        try:
            return await self._answer(link, action)
        finally:
            self._pending.discard(name)

    async def _answer(self, link: ActingLink, action: Action) -> Reply:
        """Ask on this link; it is dead if it does not answer in time."""
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await link.ask(action)
        except TimeoutError:
            link.end(f"no answer within {self._answer_seconds:.0f} s")
            raise LinkLost(link.lost.result()) from None

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._up.wait()

    async def run(self) -> None:
        """Keep the link, for ever; returns only by cancellation, which logs off and closes."""
        while True:
            try:
                await self._session()
            except AmiError as error:
                refused = isinstance(error, LoginRefused)
                self.problem = "its login is refused" if refused else "no connection"
                self._attempts.say(f"the acting account: {error}")
            else:
                refused = False
            await self._sleep(self._attempts.backoff(refused=refused))

    async def _session(self) -> None:
        endpoint = self._endpoint
        self._link = link = await connect(endpoint, ActingLink)
        logged_in = False
        try:
            await log_in(endpoint, link, events=False)
            logged_in = True
            self._attempts.succeeded()
            self._up.set()
            self.problem = ""
            self._told(endpoint.pbx, True)
            self._log.info("the acting account is logged in", pbx=endpoint.pbx, address=endpoint.address)
            async with asyncio.TaskGroup() as tasks:
                pings = tasks.create_task(self._ping(link))
                await asyncio.shield(link.lost)
                pings.cancel()
            raise LinkLost(f"lost the PBX at {endpoint.address}: {link.lost.result()}; connecting again")
        except asyncio.CancelledError:
            link.log_off()
            raise
        finally:
            link.end("given up")
            self._link = None
            self._up.clear()
            if logged_in:
                self._told(endpoint.pbx, False)

    async def _ping(self, link: ActingLink) -> None:
        """Ask now and then whether the PBX is there."""
        with suppress(LinkLost):
            while True:
                await self._sleep(PING_SECONDS)
                await self._answer(link, actions.simple("Ping"))
