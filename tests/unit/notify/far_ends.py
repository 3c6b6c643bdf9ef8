"""The far ends of a notice, for tests: a mail server and a web server that answer as they are told to."""

import asyncio
import email
import socket
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

from aiohttp import web
from aiohttp.test_utils import TestServer
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

TLS = Path(__file__).parent / "tls"
CA = TLS / "ca.pem"


def server_tls() -> ssl.SSLContext:
    """What a server with the tests' certificate (for 127.0.0.1) speaks TLS with."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
    return context


@dataclass
class PostOffice:
    """A mail server. `answers` to RCPT by address, and to DATA under "", are given out one by one, then 250."""

    port: int = 0
    letters: list[tuple[tuple[str, ...], EmailMessage]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    answers: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    logins: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.answers[address]:
            return self.answers[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answers[""]:
            return self.answers[""].pop(0)
        raw = cast("bytes", envelope.content)
        self.raw.append(raw)
        letter = email.message_from_bytes(raw, policy=default)
        self.letters.append((tuple(envelope.rcpt_tos), letter))
        self.encrypted.append(session.ssl is not None)
        return "250 queued as 1"

    def login(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        """Let in whoever knows the password."""
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password == b"hush-hush", handled=False)


@asynccontextmanager
async def post_office(*, starttls: bool = False, tls: bool = False, account: bool = False) -> AsyncIterator[PostOffice]:
    """Serve a PostOffice on loopback; with `account` it takes letters only after a login."""
    office = PostOffice()
    loop = asyncio.get_running_loop()

    def connection() -> SMTP:
        return SMTP(
            office,
            hostname="mail.office.example",
            loop=loop,
            tls_context=server_tls() if starttls else None,
            require_starttls=starttls,
            authenticator=office.login if account else None,
            auth_required=account,
            auth_require_tls=starttls,
        )

    server = await loop.create_server(connection, "127.0.0.1", 0, ssl=server_tls() if tls else None)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def deaf_server() -> AsyncIterator[int]:
    """A server that takes connections and never says a word; yields its port."""
    ended = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        ended.set()
        server.close()
        await server.wait_closed()


@dataclass
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Website:
    """A web server. `answers` are given out one by one, then 204; None is held back until `release` is set."""

    server: TestServer | None = None
    asked: list[Asked] = field(default_factory=list)
    answers: list[web.Response | None] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def port(self) -> int:
        assert self.server is not None
        assert self.server.port is not None
        return self.server.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hush-hush?token=hush-too"

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(Asked(request.path_qs, dict(request.headers), await request.json()))
        if not self.answers:
            return web.Response(status=204)
        answer = self.answers.pop(0)
        if answer is None:
            await self.release.wait()
            return web.Response(status=204)
        return answer


@asynccontextmanager
async def website() -> AsyncIterator[Website]:
    """Serve a Website on loopback."""
    site = Website()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", site.answer)
    site.server = TestServer(application)
    await site.server.start_server()
    try:
        yield site
    finally:
        site.release.set()
        await site.server.close()


@contextmanager
def closed_port() -> Iterator[int]:
    """A port of this machine at which nobody listens, and which nobody else is given meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def unknown_host(*_arguments: object, **_named: object) -> list[object]:
    """`socket.getaddrinfo` of a machine that knows no host by name."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known: hush")
