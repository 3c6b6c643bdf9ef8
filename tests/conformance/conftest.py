"""Every test here runs on SQLite and on PostgreSQL, each with a database (or schema) of its own."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from callcentre.store.database import Database

HOW = "set CALLCENTRE_TEST_POSTGRES to the URL of a PostgreSQL, for instance $(.ci/postgres)"


def postgres_url() -> str:
    """The URL of the tests' PostgreSQL; skips without one, or fails where CI must have one."""
    url = os.environ.get("CALLCENTRE_TEST_POSTGRES")
    if url:
        return url
    if os.environ.get("CALLCENTRE_TEST_POSTGRES_REQUIRED") == "1":
        pytest.fail(f"CALLCENTRE_TEST_POSTGRES_REQUIRED=1, but there is none: {HOW}")
    pytest.skip(HOW)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'calls.db'}"
        return
    url = postgres_url()
    schema = f"t_{os.getpid()}_{os.urandom(4).hex()}"
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as admin:
        await admin.execute(f"CREATE SCHEMA {schema}")
        try:
            yield f"{url}{'&' if urlsplit(url).query else '?'}options={quote(f'-csearch_path={schema}')}"
        finally:
            await admin.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
async def empty(address: str) -> AsyncIterator[Database]:
    """An open database without tables."""
    database = await Database.open(address)
    yield database
    await database.close()


@pytest.fixture
async def database(empty: Database) -> Database:
    """An open database with its tables."""
    await empty.prepare()
    return empty


@pytest.fixture
async def second(address: str, database: Database) -> AsyncIterator[Database]:
    """The same database, opened by another process."""
    other = await Database.open(address)
    yield other
    await other.close()
