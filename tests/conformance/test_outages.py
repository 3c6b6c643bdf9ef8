"""A database that goes away and comes back, that is locked, that is read while it is written."""

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from callcentre.core.errors import StoreUnavailable
from callcentre.store import patience
from callcentre.store.database import Database
from tests.conformance import sample

MINUTES = 300.0


class Wire:
    """A TCP proxy before PostgreSQL that can be cut and mended."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        # Bound as long as this is: nobody else is given the port while it is cut. Only `mend` listens.
        self._port = socket.socket()
        self._port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._port.bind(("127.0.0.1", 0))
        self.port: int = self._port.getsockname()[1]

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, reuse_address=True)

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        await self._server.wait_closed()

    async def close(self) -> None:
        await self.cut()
        self._port.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, far_writer}
        with suppress(ConnectionError):
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()


class SqliteOutage:
    """Takes the file of a SQLite database away and brings it back."""

    def __init__(self, file: Path) -> None:
        self._folder = file.parent
        self._away = file.parent.with_name("away")

    async def cut(self) -> None:
        self._folder.rename(self._away)

    async def mend(self) -> None:
        self._away.rename(self._folder)


@pytest.fixture
async def outage(address: str, tmp_path: Path) -> AsyncIterator[tuple[Database, SqliteOutage | Wire]]:
    """A prepared database, and the means to take it away."""
    made: SqliteOutage | Wire
    if address.startswith("sqlite"):
        file = tmp_path / "var" / "calls.db"
        file.parent.mkdir()
        made, address = SqliteOutage(file), f"sqlite:///{file}"
    else:
        parts = urlsplit(address)
        made = Wire(str(parts.hostname), int(parts.port or 5432))
        await made.mend()
        login = parts.netloc.rpartition("@")[0]
        address = urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{made.port}"))
    database = await Database.open(address)
    await database.prepare()
    yield database, made
    await database.close()
    if isinstance(made, Wire):
        await made.close()


async def test_a_store_that_goes_away_and_comes_back(outage: tuple[Database, SqliteOutage | Wire]) -> None:
    database, means = outage
    first, second = sample.ringing(sample.offered(1)), sample.answered(sample.offered(2))
    await database.writer.commit([sample.on_offer(first)])
    await means.cut()
    for _ in range(2):
        with pytest.raises(StoreUnavailable) as away:
            await database.writer.commit([sample.on_end(second)])
    with pytest.raises(StoreUnavailable):
        await database.queries.open_calls("lab")
    assert "07700900" not in str(away.value)
    await means.mend()
    await database.writer.commit([sample.on_end(second), sample.on_progress(first)])
    assert await database.queries.call(second.key) == second
    assert await database.queries.open_calls("lab") == [first]


async def test_a_connection_that_died_while_idle_costs_no_error(outage: tuple[Database, SqliteOutage | Wire]) -> None:
    database, means = outage
    await database.writer.commit([sample.on_offer(sample.offered(1))])
    assert await database.queries.open_calls("lab")
    await means.cut()
    await means.mend()
    await database.writer.commit([sample.on_offer(sample.offered(2))])
    assert len(await database.queries.open_calls("lab")) == 2


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody gives up: how long the disk of this machine takes is not what is asked."""
    monkeypatch.setattr(patience, "_READ_SECONDS", MINUTES)
    monkeypatch.setattr(patience, "_WRITE_SECONDS", MINUTES)


@pytest.mark.usefixtures("patient")
async def test_readers_and_a_writer_at_once(database: Database, second: Database) -> None:
    """Every page is of one moment: a call is never seen without what was committed with it."""
    calls = [sample.offered(n) for n in range(60)]
    torn: list[str] = []

    async def write() -> None:
        for call in calls:
            await database.writer.commit([sample.on_progress(sample.ringing(call))])
            await database.writer.commit([sample.on_end(sample.answered(call))])

    async def read(source: Database) -> None:
        seen = 0
        while seen < len(calls):
            async for page in source.queries.calls_between(sample.NINE, sample.after(1)):
                torn.extend(c.key.uniqueid for c in page if c not in (sample.ringing(c), sample.answered(c)))
                seen = sum(c.ended_at is not None for c in page)

    async with asyncio.timeout(MINUTES):
        await asyncio.gather(write(), read(database), read(second), read(second))
    assert torn == []


@pytest.mark.usefixtures("patient")
async def test_two_writers_take_turns(database: Database, second: Database) -> None:
    async def write(to: Database, numbers: range) -> None:
        for n in numbers:
            await to.writer.commit([sample.on_offer(sample.offered(n))])

    await asyncio.gather(write(database, range(25)), write(second, range(25, 50)))
    assert len(await database.queries.open_calls("lab")) == 50


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    """A SQLite database with a call in it, which nobody has open."""
    address = f"sqlite:///{tmp_path / 'calls.db'}"
    before = await Database.open(address)
    await before.prepare()
    await before.writer.commit([sample.on_offer(sample.offered())])
    await before.close()
    database = await Database.open(address)
    yield database
    await database.close()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> SimpleQueue[None]:
    """Holds one for each time that something was told to come back later."""
    found: SimpleQueue[None] = SimpleQueue()
    original = patience._Pauses.after

    def after(pauses: patience._Pauses, error: Exception) -> float | None:
        found.put(None)
        return original(pauses, error)

    monkeypatch.setattr(patience._Pauses, "after", after)
    return found


@contextmanager
def locked(file: Path, how: str) -> Iterator[sqlite3.Connection]:
    """Another process that has `file` to itself until it commits."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute(f"BEGIN {how}")
        yield other


ASKED: dict[str, Callable[[Database], Coroutine[Any, Any, object]]] = {
    "a page of calls": lambda database: database.queries.open_calls("lab"),
    "a page of rows": lambda database: database.queries.open_gaps("lab"),
    "the schema": lambda database: database.check(),
    "a commit": lambda database: database.writer.commit([sample.on_offer(sample.offered(2))]),
    "an order": lambda database: database.writer.order("abc", "lab", sample.NINE, "{}"),
}


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("asked", ASKED)
async def test_a_locked_sqlite_file_is_waited_for(
    sqlite: Database, tmp_path: Path, looks: SimpleQueue[None], asked: str
) -> None:
    with locked(tmp_path / "calls.db", "EXCLUSIVE") as other:
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(ASKED[asked](sqlite))
            for _ in range(5):
                await asyncio.to_thread(looks.get, timeout=MINUTES)
            assert not asking.done()
            other.execute("COMMIT")
    assert await sqlite.queries.call(sample.offered().key) == sample.offered()


@pytest.mark.parametrize("asked", ASKED)
async def test_a_sqlite_file_that_stays_locked_is_told(
    sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.setattr(patience, "_READ_SECONDS", 0.05)
    monkeypatch.setattr(patience, "_WRITE_SECONDS", 0.05)
    with locked(tmp_path / "calls.db", "EXCLUSIVE") as other:
        with pytest.raises(StoreUnavailable, match="locked by another transaction"):
            await ASKED[asked](sqlite)
        other.execute("COMMIT")
    await ASKED[asked](sqlite)


async def test_what_only_reads_does_not_wait_for_a_writer_that_has_not_committed(
    sqlite: Database, tmp_path: Path, looks: SimpleQueue[None]
) -> None:
    with locked(tmp_path / "calls.db", "IMMEDIATE"):
        await sqlite.check()
        assert await sqlite.queries.open_calls("lab") == [sample.offered()]
    assert looks.empty()


async def test_a_sqlite_file_that_was_removed_is_not_made_anew_in_silence(tmp_path: Path) -> None:
    file = tmp_path / "calls.db"
    database = await Database.open(f"sqlite:///{file}")
    try:
        await database.prepare()
        await database.writer.commit([sample.on_offer(sample.offered(1))])
        file.unlink()
        with pytest.raises(StoreUnavailable):
            await database.writer.commit([sample.on_offer(sample.offered(2))])
        assert not file.exists()
    finally:
        await database.close()
