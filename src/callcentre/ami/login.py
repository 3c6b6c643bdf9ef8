"""Getting into a PBX: where it is, connecting, the banner, the login; and how long to wait before the next attempt.

The same for the account that listens and the account that acts. Every failure says in one line what to do.
"""

import asyncio
import ipaddress
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from asterisk.ami import Action

from callcentre.ami import actions
from callcentre.ami.messages import Reply
from callcentre.core.errors import LinkLost, LoginRefused, ProtocolError
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


class Attempts:
    """How long to wait between attempts, and when to say again what is wrong.

    Back-off is jittered (0 to 1) and never above 10 s; a refused login waits nearly that long, so that a wrong password
    is not hammered in.
    """

    def __init__(self, pbx: str, *, clock: Clock, log: Log, jitter: Callable[[], float] = random.random) -> None:
        self._pbx = pbx
        self._clock = clock
        self._log = log
        self._jitter = jitter
        self._failures = 0
        self._said = ("", float("-inf"))

    def succeeded(self) -> None:
        """Logged in: the next failure is a first one."""
        self._failures = 0
        self._said = ("", float("-inf"))

    def backoff(self, *, refused: bool) -> float:
        """Seconds to wait before the next attempt."""
        if refused:
            low, high = _REFUSED_BACKOFF
            return low + (high - low) * self._jitter()
        self._failures += 1
        most = min(MAX_BACKOFF, _FIRST_BACKOFF * 2.0 ** min(self._failures, 16))
        return most * (0.5 + 0.5 * self._jitter())

    def say(self, message: str) -> None:
        """One line, and the same line again only once a minute."""
        last, at = self._said
        now = self._clock.monotonic()
        if message != last or now - at >= _SAY_AGAIN_SECONDS:
            self._said = (message, now)
            self._log.warning(message, pbx=self._pbx)


class Door(Protocol):
    """What the login needs of a connection."""

    banner: asyncio.Future[str | None]
    lost: asyncio.Future[str]
    version: str

    async def ask(self, action: Action) -> Reply:
        """Send an action and wait for its Response; LinkLost if the connection ends first."""
        ...


P = TypeVar("P", bound=asyncio.BaseProtocol)


async def connect(endpoint: AmiEndpoint, new_link: Callable[[], P]) -> P:
    """Connect to `endpoint`, by TLS if it asks for it; LinkLost, with what to do, if that cannot be."""
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


async def log_in(endpoint: AmiEndpoint, link: Door, *, events: bool = True) -> None:
    """Log in, by MD5 where it is offered, and give the link its version. `events`: to be told of any.

    Raises LoginRefused, ProtocolError (this is no AMI) or LinkLost.
    """
    version = await _banner(endpoint.address, link)
    if version is None:
        raise ProtocolError(f"{endpoint.address} is no manager interface; set port to that of manager.conf (5038)")
    link.version = version
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reply = await _authenticate(endpoint, link, events=events)
    except TimeoutError as error:
        raise LinkLost(f"{endpoint.address} does not answer the login; trying again") from error
    if not reply.success:
        raise LoginRefused(
            f"{endpoint.address} refused the login of {endpoint.username!r}; check username and secret against "
            "manager.conf, its permit lines, and allowmultiplelogin"
        )


async def _banner(address: str, link: Door) -> str | None:
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


async def _authenticate(endpoint: AmiEndpoint, link: Door, *, events: bool) -> Reply:
    challenged = await link.ask(actions.challenge())
    text = challenged.fields.get("Challenge", "")
    if challenged.success and text:
        return await link.ask(actions.login_md5(endpoint.username, endpoint.secret, text, events=events))
    if not endpoint.plain_is_safe:
        raise LoginRefused(
            f"{endpoint.address} offers no MD5 login and the link is not encrypted; "
            "use TLS, so that the secret does not travel in the open"
        )
    return await link.ask(actions.login_plain(endpoint.username, endpoint.secret, events=events))


def _tls(endpoint: AmiEndpoint) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=endpoint.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise LinkLost(f"ca_file {endpoint.ca_file} cannot be read ({error}); give a PEM file") from error
