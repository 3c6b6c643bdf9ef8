"""Every test here runs on SQLite and on PostgreSQL, each with a database of its own.

The migrations run once for each of the two: most tests begin with a copy of the file that they made, or with a schema
that is emptied after each test. (Copying a PostgreSQL database was measured: a checkpoint each time, and slower.)
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from callcentre.store import tables
from callcentre.store.database import SCHEMA, Database

HOW = "set CALLCENTRE_TEST_POSTGRES to the URL of a PostgreSQL, for instance $(.ci/postgres)"


def postgres_url() -> str:
    """The URL of the tests' PostgreSQL; skips without one, or fails where CI must have one."""
    url = os.environ.get("CALLCENTRE_TEST_POSTGRES")
    if url:
        return url
    if os.environ.get("CALLCENTRE_TEST_POSTGRES_REQUIRED") == "1":
        pytest.fail(f"CALLCENTRE_TEST_POSTGRES_REQUIRED=1, but there is none: {HOW}")
    pytest.skip(HOW)


class Postgres:
    """Makes, empties and drops schemas of a PostgreSQL, each of which is a database of its own to callcentre."""

    def __init__(self, url: str, admin: psycopg.Connection) -> None:
        self._url = url
        self._admin = admin
        admin.execute("SET lock_timeout = '180s'")

    def make(self) -> str:
        """Make a schema; return its name."""
        name = f"t_{os.getpid()}_{os.urandom(4).hex()}"
        self._admin.execute(f"CREATE SCHEMA {name}")
        return name

    def address(self, name: str) -> str:
        """The address of one of its schemas."""
        return f"{self._url}{'&' if urlsplit(self._url).query else '?'}options={quote(f'-csearch_path={name}')}"

    def empty(self, name: str) -> None:
        """Leave the tables as the migrations made them: without rows, save the secret that they drew."""
        written = [table.name for table in reversed(tables.metadata.sorted_tables) if table is not tables.secrets]
        said = [f"DELETE FROM {name}.{table}" for table in written]
        said.append(f"ALTER SEQUENCE {name}.outbox_id_seq RESTART")
        said.append(f"UPDATE {name}.callcentre_schema SET version_num = '{SCHEMA}'")
        self._admin.execute("; ".join(said))

    def drop(self, name: str) -> None:
        """Drop a schema with all that is in it."""
        self._admin.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The tests' PostgreSQL."""
    url = postgres_url()
    with psycopg.connect(url, autocommit=True) as admin:
        yield Postgres(url, admin)


async def _prepare(address: str) -> None:
    database = await Database.open(address)
    await database.prepare()
    await database.close()


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and no rows, to be copied."""
    file = tmp_path_factory.mktemp("with_tables") / "calls.db"
    asyncio.run(_prepare(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def postgres_with_tables(postgres: Postgres) -> Iterator[str]:
    """The name of a schema with all tables and no rows, for one test after the other."""
    name = postgres.make()
    asyncio.run(_prepare(postgres.address(name)))
    yield name
    postgres.drop(name)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, or of one with tables if the test asks for `database`."""
    with_tables = "database" in request.fixturenames
    if request.param == "sqlite":
        file = tmp_path / "calls.db"
        if with_tables:
            shutil.copy(request.getfixturevalue("sqlite_with_tables"), file)
        yield f"sqlite:///{file}"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    if with_tables:
        name = request.getfixturevalue("postgres_with_tables")
        yield postgres.address(name)
        postgres.empty(name)
    else:
        name = postgres.make()
        yield postgres.address(name)
        postgres.drop(name)


@pytest.fixture
async def empty(address: str) -> AsyncIterator[Database]:
    """An open database without tables."""
    database = await Database.open(address)
    yield database
    await database.close()


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    """An open database with its tables."""
    database = await Database.open(address)
    await database.check()
    yield database
    await database.close()


@pytest.fixture
async def second(address: str, database: Database) -> AsyncIterator[Database]:
    """The same database, opened by another process."""
    other = await Database.open(address)
    yield other
    await other.close()
