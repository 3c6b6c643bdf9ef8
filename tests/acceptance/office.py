"""An office for the daemon as a process: a scripted PBX on loopback, a configuration, and the process itself."""

import asyncio
import json
import re
import socket
import sqlite3
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientSession
from argon2 import PasswordHasher

from callcentre.runtime.clock import SystemClock
from callcentre.store.database import Database
from callcentre.store.results import Account, Role
from tests.acceptance.forked import DEVNULL, forked
from tests.unit.ami.fake_pbx import FakePbx, Headers, packet

DEADLINE = 120.0
CALL = Path(__file__).parent / "answered.jsonl"
SUE, PASSWORD = "sue", "seven words are better than one"
CALLER, TELEPHONE = "1795370619.0", "1795370619.2"
_EPOCH = re.compile(r"\b17953706\d\d(?=\.\d)")

CONFIG = """
fallback_line = "enquiries"
[[pbx]]
name = "lab"
port = {ami}
username = "callcentre"
secret_file = "secret"
queue_log = "queue_log"
[[line]]
name = "enquiries"
pbx = "lab"
charter = "hct"
nation = "ENG"
dids = ["01632960600"]
queues = ["enquiries"]
zone = "{zone}"
added_days = {days}
[line.hours]
mon = ["00:00-24:00"]
tue = ["00:00-24:00"]
wed = ["00:00-24:00"]
thu = ["00:00-24:00"]
fri = ["00:00-24:00"]
sat = ["00:00-24:00"]
sun = ["00:00-24:00"]
[store]
url = "{store}"
[web]
port = {web}
"""


class Pbx(FakePbx):
    """A PBX whose clock is right, on which one recorded call is played: it rings, is answered after 2.2 s, and ends.

    The call began ten seconds before `now`, which is the time of day unless a test says otherwise.
    """

    def __init__(self, now: datetime | None = None) -> None:
        super().__init__()
        self.began = int((now or SystemClock().now()).timestamp()) - 10
        records = [json.loads(line) for line in CALL.read_text().splitlines()]
        self._call = [_EPOCH.sub(self._moved, record["text"]) for record in records]
        self._said = 0

    def _moved(self, epoch: re.Match[str]) -> str:
        return str(int(epoch.group()) - 1795370619 + self.began)

    @property
    def caller(self) -> str:
        """The Uniqueid of the call."""
        return CALLER.replace("1795370619", str(self.began))

    def until(self, event: str) -> None:
        """Say what comes next of the call, up to and including the next `event`."""
        while True:
            text = self._call[self._said]
            self._said += 1
            self.say(text.encode("latin-1"))
            if text.startswith(f"Event: {event}\r\n"):
                return

    def to_the_end(self) -> None:
        """Say the rest of the call."""
        for text in self._call[self._said :]:
            self.say(text.encode("latin-1"))
        self._said = len(self._call)

    def show_channels(self) -> None:
        """From now on, the list of channels holds the caller and the telephones of the call so far."""
        rows: dict[str, tuple[str, ...]] = {}
        for text in self._call[: self._said]:
            headers = dict(line.split(": ", 1) for line in text.strip().split("\r\n"))
            if headers["Event"] in ("Newchannel", "Newstate"):
                names = list(headers)
                own = names[names.index("Channel") : names.index("Linkedid") + 1]
                rows[headers["Uniqueid"]] = tuple(f"{name}: {headers[name]}" for name in own)
            elif headers["Event"] == "Hangup":
                rows.pop(headers["Uniqueid"], None)
        self.channel_rows = list(rows.values())

    def _answer(self, asked: Headers) -> bytes:
        if asked["Action"] != "Ping":
            return super()._answer(asked)
        stamp = f"Timestamp: {SystemClock().now().timestamp():.6f}"
        return packet("Response: Success", f"ActionID: {asked['ActionID']}", "Ping: Pong", stamp)


def free_port() -> int:
    """A port for a daemon of this process's: until this process ends, nobody is given it who asks for any free one.

    It stays bound here, and nothing listens; who reuses addresses, as servers do, may listen on it all the same.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    port = int(held.getsockname()[1])
    held.detach()
    return port


def at_noon() -> str:
    """A zone in which it is noon or a little later: no day ends there while a test runs."""
    return f"Etc/GMT{SystemClock().now().astimezone(UTC).hour - 12:+d}"


def days_around() -> str:
    """The days around now, as `added_days` of a line that is open around the clock: one may be a bank holiday."""
    today = SystemClock().now().date()
    return "[" + ", ".join((today + timedelta(days=more)).isoformat() for more in range(-2, 3)) + "]"


class Office:
    """A folder with a configuration for `pbx`, and the database in a folder of its own."""

    def __init__(self, folder: Path, ami: int, *, secret: str = "open sesame", web: int | None = None) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self.web = free_port() if web is None else web
        self.config = folder / "callcentre.toml"
        self.database = self.data / "calls.sqlite"
        (folder / "secret").write_text(secret)
        self.queue_log = folder / "queue_log"
        self.queue_log.touch()
        store = f"sqlite:///{self.database}"
        self.config.write_text(CONFIG.format(ami=ami, web=self.web, store=store, zone=at_noon(), days=days_around()))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database holds; not read-only, because what a kill left half done is undone by who opens it next."""
        with sqlite3.connect(f"file:{self.database}?mode=rw", uri=True) as connection:
            return connection.execute(query).fetchall()


async def with_account(office: Office) -> None:
    """Put SUE into the database, which is made if there is none."""
    database = await Database.open(f"sqlite:///{office.database}")
    await database.prepare()
    account = Account(name=SUE, role=Role.SUPERVISOR)
    assert await database.accounts.add(account, password=PasswordHasher().hash(PASSWORD), at=SystemClock().now())
    await database.close()


async def log_in(client: ClientSession, url: str) -> None:
    """Log SUE in by the page, as a person does; `client` keeps cookies of an address that is a number."""
    async with client.get(f"{url}/login") as shown:
        token = re.search(r'name="csrf" value="([^"]*)"', await shown.text())
    assert token is not None
    form = {"csrf": token.group(1), "name": SUE, "password": PASSWORD, "next": "/tasks"}
    async with client.post(f"{url}/login", data=form, allow_redirects=False) as entered:
        assert entered.status == 303, await entered.text()


class Daemon:
    """`callcentre run` as a process; an async context manager that leaves none behind."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.lines: list[dict[str, Any]] = []
        self.raw: list[str] = []
        self._said = asyncio.Condition()

    async def __aenter__(self) -> Self:
        words = ("run", "--config", str(self.office.config), "--log-level", "debug")
        self.process = await forked(*words, stdout=DEVNULL)
        self._reading = asyncio.ensure_future(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._reading
        if kind is not None:
            print("".join(self.raw)[-3_000:], file=sys.stderr)

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            text = line.decode()
            async with self._said:
                self.raw.append(text)
                if text.startswith("{"):
                    self.lines.append(json.loads(text))
                self._said.notify_all()

    async def says(self, words: str) -> dict[str, Any]:
        """Wait for a log line whose event holds `words`, and return it."""

        def found() -> dict[str, Any] | None:
            return next((line for line in self.lines if words in line["event"]), None)

        async with asyncio.timeout(DEADLINE), self._said:
            await self._said.wait_for(lambda: found() is not None)
        line = found()
        assert line is not None
        return line

    async def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page; status 0 while nobody listens."""
        return await asyncio.to_thread(_get, f"http://127.0.0.1:{self.office.web}{path}")

    async def until(self, condition: Callable[[str], bool], path: str = "/metrics") -> str:
        """Ask for a page until its text satisfies `condition`."""
        async with asyncio.timeout(DEADLINE):
            while True:
                status, text = await self.get(path)
                if status and condition(text):
                    return text
                assert self.process.returncode is None, "".join(self.raw)
                await asyncio.sleep(0.02)

    async def ready(self) -> None:
        """Wait until the daemon says that it is ready."""
        await self.until(lambda text: text == "ready\n", "/-/ready")

    async def counted(self, sample: str, value: float = 1.0) -> str:
        """Wait until a sample of the metrics, written as on the page, has `value`."""
        return await self.until(lambda text: f"\ncallcentre_{sample} {float(value)}\n" in text)

    async def stopped(self) -> int:
        """Tell it to stop, as systemd does; return its exit code."""
        self.process.terminate()
        async with asyncio.timeout(DEADLINE):
            return await self.process.wait()

    async def killed(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        await self.process.wait()


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return 0, ""
