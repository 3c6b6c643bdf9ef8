"""The threads that read: what is one read, what is left of one that failed, and the end."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from callcentre.core.errors import StoreUnavailable
from callcentre.store.database import Database
from callcentre.store.reader import READERS, Readers
from tests.tables import put_tables

_ONE = text("SELECT 1")


@pytest.fixture
async def readers(tmp_path: Path) -> AsyncIterator[Readers]:
    put_tables(tmp_path / "calls.sqlite")
    database = await Database.open(f"sqlite:///{tmp_path}/calls.sqlite")
    await database.prepare()
    yield database._readers
    await database.close()


async def test_reads_go_on_side_by_side_and_leave_the_loop_alone(readers: Readers) -> None:
    together = threading.Barrier(READERS, timeout=300)

    def work(connection: Connection) -> int:
        together.wait()  # nobody comes past it alone
        assert connection.scalar(_ONE) == 1
        return threading.get_ident()

    threads = await asyncio.gather(*(readers.read(work) for _ in range(READERS)))
    assert len({*threads, threading.get_ident()}) == READERS + 1


async def test_a_read_that_fails_leaves_its_connection_to_the_next(readers: Readers) -> None:
    def bad(connection: Connection) -> None:
        connection.execute(text("SELECT nothing FROM nowhere"))

    def worse(_connection: Connection) -> None:
        raise RuntimeError("a fault of ours")

    for _ in range(READERS + 1):
        with pytest.raises(StoreUnavailable):
            await readers.read(bad)
        with pytest.raises(RuntimeError, match="a fault of ours"):
            await readers.read(worse)
    assert await readers.read(lambda connection: connection.scalar(_ONE)) == 1


async def test_whoever_waits_no_longer_leaves_the_read_to_end_and_the_close_waits_for_it(readers: Readers) -> None:
    begun, go_on, ended = asyncio.Event(), threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work(connection: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait(300)
        assert connection.scalar(_ONE) == 1
        ended.set()

    reading = asyncio.ensure_future(readers.read(work))
    await begun.wait()
    reading.cancel()
    closing = asyncio.ensure_future(readers.close())
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not ended.is_set()
    go_on.set()
    await closing
    assert ended.is_set()


async def test_who_waits_for_a_turn_when_it_is_closed_and_who_asks_later_are_told(readers: Readers) -> None:
    go_on, begun = threading.Event(), asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()

    def work(_connection: Connection) -> bool:
        loop.call_soon_threadsafe(begun.release)
        return go_on.wait(300)

    reading = [asyncio.ensure_future(readers.read(work)) for _ in range(READERS + 1)]
    for _ in range(READERS):
        await begun.acquire()
    closing = asyncio.ensure_future(readers.close())
    with pytest.raises(StoreUnavailable, match="is closed"):
        await reading.pop()
    go_on.set()
    assert await asyncio.gather(*reading) == [True] * READERS
    await closing
    with pytest.raises(StoreUnavailable, match="is closed"):
        await readers.read(work)


async def test_nothing_can_be_changed_through_a_read(readers: Readers) -> None:
    with pytest.raises(StoreUnavailable, match="readonly"):
        await readers.read(lambda connection: connection.execute(text("DELETE FROM tasks")))
