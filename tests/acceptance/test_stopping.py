"""How the daemon stops: what reads the database ends before the database does, and complains of nothing."""

import asyncio
from pathlib import Path

import pytest

from callcentre.staffing import StaffNeed
from callcentre.store.database import Database
from tests.acceptance.office import Pbx
from tests.acceptance.whole import running
from tests.unit.notify.far_ends import post_office


async def test_who_reads_the_database_ends_before_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, ends, close = asyncio.Event(), list[str](), Database.close

    async def reads(_self: StaffNeed) -> None:
        reading.set()
        try:
            await asyncio.Event().wait()
        finally:
            ends.append("the reader")

    async def closed(self: Database) -> None:
        ends.append("the database")
        await close(self)

    monkeypatch.setattr(StaffNeed, "run", reads)
    monkeypatch.setattr(Database, "close", closed)
    async with (
        Pbx() as pbx,
        post_office() as post,
        running(tmp_path, monkeypatch, pbx.port, post.port),
        asyncio.timeout(300),
    ):
        await reading.wait()
    assert ends == ["the reader", "the database"]
