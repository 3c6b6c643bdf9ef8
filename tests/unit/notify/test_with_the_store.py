"""The notifier on the store itself, so that both mean the same by the outbox."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr
from sqlalchemy import text

from callcentre.config.settings import Contact
from callcentre.core.facts import NoticeRaised
from callcentre.core.terms import NoticeKind
from callcentre.notify import Notifier, Told
from callcentre.runtime.clock import ManualClock, Tasks
from callcentre.runtime.log import Log
from callcentre.store.database import Database
from tests.tables import put_tables
from tests.unit.notify.far_ends import Website, website
from tests.unit.notify.samples import AT, Diary, a_notice


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    put_tables(tmp_path / "calls.db")
    database = await Database.open(f"sqlite:///{tmp_path / 'calls.db'}")
    await database.prepare()
    yield database
    await database.close()


class Results:
    """What became of each try, to be waited for."""

    def __init__(self) -> None:
        self.results: asyncio.Queue[Told] = asyncio.Queue()

    def __call__(self, _pbx: str, _kind: NoticeKind, result: Told) -> None:
        self.results.put_nowait(result)

    async def next(self) -> Told:
        return await asyncio.wait_for(self.results.get(), 120)


def notifier(database: Database, site: Website, clock: ManualClock, told: Results, log: Log) -> Notifier:
    contact = Contact(name="desk", webhook=SecretStr(site.url))
    return Notifier(
        contacts=(contact,),
        mail=None,
        queries=database.queries,
        writer=database.writer,
        clock=clock,
        log=log,
        told=told,
        pbxs={"main"},
    )


async def rows(database: Database) -> list[tuple[object, ...]]:
    def read(engine: object) -> list[tuple[object, ...]]:
        with engine.connect() as connection:  # type: ignore[attr-defined]
            found = connection.execute(text("SELECT contact, state, tries, error FROM outbox ORDER BY id"))
            return [tuple(row) for row in found]

    return await database.writer.run(read)


async def test_from_the_commit_to_the_far_end_through_a_failure_and_a_restart(database: Database) -> None:
    clock, told, log = ManualClock(AT + timedelta(seconds=1)), Results(), Diary()
    notice = a_notice(to=("desk", "gone"))
    fact = NoticeRaised(pbx="main", at=AT, notice=notice)
    async with website() as site:
        site.answers = [web.Response(status=500)]
        first = notifier(database, site, clock, told, log)
        async with Tasks() as tasks:
            tasks.spawn(first.run(), name="notifier")
            await database.writer.commit([fact])
            first.observe([fact])
            assert {await told.next(), await told.next()} == {Told.RETRY, Told.FAILED}
        assert sorted(await rows(database)) == [
            ("desk", "pending", 1, "the webhook answered HTTP 500 Internal Server Error"),
            ("gone", "failed", 1, 'the configuration has no contact "gone" any more'),
        ]
        clock.advance(3600)
        second = notifier(database, site, clock, told, log)
        async with Tasks() as tasks:
            tasks.spawn(second.run(), name="notifier")
            assert await told.next() is Told.SENT
            await database.writer.commit([fact])
            second.observe([fact])
            await database.writer.commit([])
        assert [state for _, state, *_ in sorted(await rows(database))] == ["sent", "failed"]
    assert [asked.headers["Idempotency-Key"] for asked in site.asked] == ["main/task/7/overdue"] * 2
    assert site.asked[0].body == site.asked[1].body
