"""Engines for a database's address: one that writes, one that reads; each for threads of its own.

The only place that knows how SQLite and PostgreSQL want to be opened.
"""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool

from callcentre.core.errors import ConfigError, StoreUnavailable
from callcentre.store.failures import told
from callcentre.store.reader import READERS
from callcentre.store.statements import Dialect, PostgresDialect, SqliteDialect

# A dead server is found in seconds, not in the kernel's two hours; a statement that takes longer than ten is no page.
_POSTGRES_CONNECT: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "callcentre",
}
_POSTGRES_SESSION = (
    *("SET TIME ZONE 'UTC'", "SET statement_timeout = '10s'", "SET lock_timeout = '5s'"),
    # Compiling the CASEs of a report's statements took 35 s, carrying them out two. And calls of neighbouring days lie
    # side by side: told that an index costs four times as much a page, the planner reads all years for one week.
    *("SET jit = off", "SET random_page_cost = 1.1"),
)

# WAL of earlier versions can corrupt a database that two connections use (sqlite.org/wal.html, "the WAL reset bug").
_WAL_SINCE = (3, 51, 3)
_WAL_BRANCHES = {(3, 50): 7, (3, 44): 6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """The two engines of one database, and how to speak to it. `where` is its address without password."""

    write: Engine
    read: Engine
    dialect: Dialect
    where: str
    file: Path | None


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Whether SQLite `version` has the repaired write-ahead log."""
    return version >= _WAL_SINCE or version[2] >= _WAL_BRANCHES.get(version[:2], 1_000)


def engines(address: str) -> Engines:
    """Make the engines for `address`, without connecting yet.

    Accepts `sqlite:///relative`, `sqlite:////absolute` and `postgresql://user:password@host/database`. Errors:
    ConfigError for any other address; its message never holds the address itself, which may hold a password.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise ConfigError(
            "store.url is no database address; write sqlite:///FILE or postgresql://USER@HOST/DATABASE"
        ) from None
    match url.get_backend_name():
        case "sqlite":
            return _sqlite(url)
        case "postgresql":
            return _postgres(url)
    raise ConfigError(
        f"store.url names {url.get_backend_name()}; write sqlite:///FILE or postgresql://USER@HOST/DATABASE"
    )


# --- SQLite ----------------------------------------------------------------------------------------------------------


def _sqlite(url: URL) -> Engines:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise ConfigError(
            "store.url names no file; write sqlite:///FILE, for instance sqlite:////var/lib/callcentre/calls.db"
        )
    file = Path(url.database).absolute()
    # mode=rw: a file that is gone is an error, not a new and empty database.
    target = URL.create("sqlite", database=f"file:{quote(str(file))}", query={"uri": "true", "mode": "rw"})
    # A connection is used by one thread at a time, not always by the same one. What a row holds stands in no error.
    options: dict[str, Any] = {"connect_args": {"check_same_thread": False}, "hide_parameters": True}
    write = create_engine(target.set(drivername="sqlite+pysqlite"), poolclass=NullPool, **options)
    read = create_engine(
        target.set(drivername="sqlite+pysqlite"), poolclass=QueuePool, pool_size=READERS, max_overflow=0, **options
    )
    journal = "WAL" if wal_is_safe(sqlite3.sqlite_version_info) else "DELETE"
    # No statement waits by itself: store/patience.py does, and SqliteDialect.begin says what a commit may wait.
    common = ("PRAGMA busy_timeout = 0", "PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL")
    # What was deleted or changed is overwritten in the file, not only forgotten: an erased number is in no free page.
    _at_connect(write, (*common, f"PRAGMA journal_mode = {journal}", "PRAGMA secure_delete = ON"))
    _at_connect(read, (*common, "PRAGMA query_only = ON"))
    dialect = SqliteDialect()
    event.listen(write, "begin", lambda connection: dialect.begin(connection.connection.cursor()))
    event.listen(read, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return Engines(write=write, read=read, dialect=dialect, where=f"the database {file}", file=file)


def create_file(file: Path) -> None:
    """Make an empty file that only its owner may read (it will hold telephone numbers); leave one that is there."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except FileNotFoundError:
        raise StoreUnavailable(
            f"the folder {file.parent} is not there; make it, or name another file in store.url"
        ) from None
    except OSError as error:
        raise told(error, f"the database {file}") from None


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


def _postgres(url: URL) -> Engines:
    url = url.set(drivername="postgresql+psycopg")
    options = {name: value for name, value in _POSTGRES_CONNECT.items() if name not in url.query}
    write = create_engine(url, poolclass=NullPool, connect_args=options, hide_parameters=True)
    read = create_engine(
        url,
        pool_size=READERS,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args=options,
        hide_parameters=True,
        isolation_level="REPEATABLE READ",
    )
    _at_connect(write, _POSTGRES_SESSION)
    _at_connect(read, (*_POSTGRES_SESSION, "SET default_transaction_read_only = on"))
    where = f"the database {url.database} on {url.host or 'this machine'}"
    return Engines(write=write, read=read, dialect=PostgresDialect(), where=where, file=None)


def _at_connect(engine: Engine, sentences: tuple[str, ...]) -> None:
    """Say `sentences` on each new connection."""

    def connected(connection: Any, _record: object) -> None:
        if engine.dialect.name == "sqlite":
            connection.isolation_level = None
        cursor = connection.cursor()
        for sentence in sentences:
            cursor.execute(sentence)
        cursor.close()
        connection.commit()

    event.listen(engine, "connect", connected)
