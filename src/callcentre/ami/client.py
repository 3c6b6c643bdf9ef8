"""Keeps one PBX in sight, for ever: connect, log in, watch; and when that ends, say so and connect again.

Every failure is one line in the log that says what to do. Back-off is jittered and never above 10 s; a refused login
waits nearly that long, so that a wrong password is not hammered in.
"""

import asyncio
import ipaddress
import random
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from callcentre.ami import actions
from callcentre.ami.link import PING_SECONDS, Link, LinkObserver, Pulse, Sink, Tap
from callcentre.ami.messages import Reply
from callcentre.core.errors import AmiError, LinkLost, LoginRefused, ProtocolError
from callcentre.core.events import LinkDown
from callcentre.runtime.clock import Clock
from callcentre.runtime.log import Log

ANSWER_SECONDS = 5.0
"""How long connecting, the banner and each step of the login may take."""

MAX_BACKOFF = 10.0
_FIRST_BACKOFF = 0.25
_REFUSED_BACKOFF = (8.0, MAX_BACKOFF)
_SAY_AGAIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiEndpoint:
    """Where a PBX's manager interface is and who we are there. Plain login is kept to TLS and loopback by default."""

    pbx: str
    host: str
    username: str
    secret: str = field(repr=False)
    port: int = 5038
    tls: bool = False
    ca_file: Path | None = None
    server_name: str | None = None
    allow_plain: bool = False

    @property
    def address(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"

    @property
    def plain_is_safe(self) -> bool:
        """Whether the secret itself may travel over this link."""
        if self.tls or self.allow_plain or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


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
        self._jitter = jitter
        self._pulse = Pulse()
        self._link: Link | None = None
        self._failures = 0
        self._said = ("", float("-inf"))
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

    async def run(self) -> None:
        """Keep the link, for ever; returns only by cancellation, which logs off and closes."""
        while True:
            try:
                await self._session()
            except AmiError as error:
                refused = isinstance(error, LoginRefused)
                self._say(str(error))
            else:
                refused = False
            await self._sleep(self._backoff(refused=refused))

    def _backoff(self, *, refused: bool) -> float:
        if refused:
            low, high = _REFUSED_BACKOFF
            return low + (high - low) * self._jitter()
        self._failures += 1
        most = min(MAX_BACKOFF, _FIRST_BACKOFF * 2.0 ** min(self._failures, 16))
        return most * (0.5 + 0.5 * self._jitter())

    def _say(self, message: str) -> None:
        """One line, and the same line again only once a minute."""
        last, at = self._said
        now = self._clock.monotonic()
        if message != last or now - at >= _SAY_AGAIN_SECONDS:
            self._said = (message, now)
            self._log.warning(message, pbx=self._endpoint.pbx)

    # --- one connection --------------------------------------------------------------------------------------------

    async def _session(self) -> None:
        link = await self._connect()
        self._link = link
        try:
            await self._log_in(link)
            self._failures = 0
            self._observer.link(self._endpoint.pbx, up=True)
            if self._was_up:
                self._observer.reconnected(self._endpoint.pbx)
            self._was_up = True
            self._said = ("", float("-inf"))
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
        self._link = None
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

        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                _, link = await asyncio.get_running_loop().create_connection(
                    new_link,
                    endpoint.host,
                    endpoint.port,
                    ssl=_tls(endpoint) if endpoint.tls else None,
                    server_hostname=(endpoint.server_name or endpoint.host) if endpoint.tls else None,
                )
        except ssl.SSLCertVerificationError as error:
            raise LinkLost(
                f"the certificate of {endpoint.address} is not trusted ({error.verify_message}); "
                "set ca_file to its CA, or server_name to the name it bears"
            ) from error
        except ssl.SSLError as error:
            raise LinkLost(
                f"no TLS with {endpoint.address} ({error.reason or 'it does not speak TLS'}); "
                "check tlsenable and tlsbindaddr in manager.conf, and the port"
            ) from error
        except TimeoutError as error:
            raise LinkLost(f"{endpoint.address} does not answer; check host, port and firewall") from error
        except OSError as error:
            raise LinkLost(
                f"cannot connect to {endpoint.address} ({error.strerror or error}); "
                "is Asterisk running, and AMI enabled in manager.conf?"
            ) from error
        return link

    async def _log_in(self, link: Link) -> None:
        endpoint = self._endpoint
        version = await self._banner(link)
        if version is None:
            raise ProtocolError(f"{endpoint.address} is no manager interface; set port to that of manager.conf (5038)")
        link.version = version
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reply = await self._authenticate(link)
        except TimeoutError as error:
            raise LinkLost(f"{endpoint.address} does not answer the login; trying again") from error
        if not reply.success:
            raise LoginRefused(
                f"{endpoint.address} refused the login of {endpoint.username!r}; check username and secret against "
                "manager.conf, its permit lines, and allowmultiplelogin"
            )

    async def _banner(self, link: Link) -> str | None:
        address = self._endpoint.address
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await link.banner
        except TimeoutError as error:
            raise ProtocolError(
                f"{address} accepts connections but says nothing; check port and tls against manager.conf"
            ) from error
        except asyncio.CancelledError:
            if not link.lost.done():
                raise
            raise LinkLost(
                f"{address} closed the connection at once; Asterisk may be starting, else check port and tls"
            ) from None

    async def _authenticate(self, link: Link) -> Reply:
        endpoint = self._endpoint
        challenged = await link.ask(actions.challenge())
        text = challenged.fields.get("Challenge", "")
        if challenged.success and text:
            return await link.ask(actions.login_md5(endpoint.username, endpoint.secret, text))
        if not endpoint.plain_is_safe:
            raise LoginRefused(
                f"{endpoint.address} offers no MD5 login and the link is not encrypted; "
                "use TLS, so that the secret does not travel in the open"
            )
        return await link.ask(actions.login_plain(endpoint.username, endpoint.secret))


def _tls(endpoint: AmiEndpoint) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=endpoint.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise LinkLost(f"ca_file {endpoint.ca_file} cannot be read ({error}); give a PEM file") from error
