"""The writer's SQL: one upsert for each table, carried out for many rows by one statement.

Few statements, not only few transactions: the driver gives up the interpreter at each, and under load waits for it
again. So SQLite gets rows in VALUES lists of a few fixed lengths (each prepared once), PostgreSQL a column as an array.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Protocol

from sqlalchemy import Boolean, Double, Integer, Table

from callcentre.store import tables
from callcentre.store.rows import POSTGRES, SQLITE, Form, Row
from callcentre.store.tables import UtcTime


@dataclass(frozen=True, slots=True)
class Upsert:
    """Insert rows of `table`; where the key is there already, set `sets` (nothing if empty) if `where` holds."""

    table: Table
    sets: tuple[str, ...]
    where: str = ""

    def sql(self, source: str) -> str:
        """Return the statement around `source`, a VALUES list or a SELECT."""
        key = ", ".join(column.name for column in self.table.primary_key)
        into = ", ".join(f'"{column.name}"' for column in self.table.columns)
        head = f"INSERT INTO {self.table.name} ({into}) {source} ON CONFLICT ({key}) DO"
        if not self.sets:
            return f"{head} NOTHING"
        sets = ", ".join(f'"{name}" = excluded."{name}"' for name in self.sets)
        return f"{head} UPDATE SET {sets}" + (f" WHERE {self.where}" if self.where else "")


def _all_but(table: Table, *left_out: str) -> tuple[str, ...]:
    return tuple(c.name for c in table.columns if not c.primary_key and c.name not in left_out)


# The last word on what may replace what, also against another process: a decided row stays, but a lost one may heal.
_OPEN_ROW = (
    "calls.outcome = 'in_progress' OR (calls.outcome = 'lost' AND excluded.outcome NOT IN ('in_progress', 'lost'))"
)

CALLS = Upsert(tables.calls, _all_but(tables.calls), _OPEN_ROW)
# For a call whose stored row has the same line and offered_at: leaves the index on them alone.
CALLS_IN_PLACE = Upsert(tables.calls, _all_but(tables.calls, "line", "offered_at"), _OPEN_ROW)
CALLS_NEW_ONLY = Upsert(tables.calls, ())
ATTEMPTS = Upsert(tables.ring_attempts, _all_but(tables.ring_attempts))
VISITS = Upsert(tables.visits, _all_but(tables.visits))
MENU_ABANDONS = Upsert(tables.menu_abandons, ())
GAPS = Upsert(tables.gaps, ("closed_at",), "gaps.closed_at IS NULL AND excluded.closed_at IS NOT NULL")
BOOTS = Upsert(tables.boots, ())
ATTENDANCE = Upsert(tables.attendance, _all_but(tables.attendance))
MESSAGES = Upsert(tables.messages, _all_but(tables.messages))
PROGRESS = Upsert(tables.progress, ("last_fact_at",), "excluded.last_fact_at > progress.last_fact_at")

_CLOSE_GAPS = "UPDATE gaps SET closed_at = {mark} WHERE pbx = {mark} AND closed_at IS NULL AND opened_at <= {mark}"

CHILDREN = (tables.ring_attempts, tables.visits)


class Cursor(Protocol):
    """What both drivers' cursors can do."""

    def execute(self, statement: str, parameters: Sequence[Any] = ..., /) -> Any:
        """Carry out one statement."""
        ...

    def fetchall(self) -> Sequence[Any]:
        """Return all rows of the last statement."""
        ...


class Dialect(Protocol):
    """One database's way to say the writer's few sentences."""

    form: Form

    def begin(self, cursor: Cursor) -> None:
        """Begin a transaction that writes, where the driver does not by itself."""
        ...

    def put(self, cursor: Cursor, upsert: Upsert, rows: Sequence[Row]) -> None:
        """Upsert `rows`, whose keys all differ."""
        ...

    def outcomes(self, cursor: Cursor, pbx: str, uniqueids: Sequence[str]) -> dict[str, str]:
        """Return the outcome of each of these calls that has a row."""
        ...

    def cut(self, cursor: Cursor, table: Table, pbx: str, uniqueid: str, length: int) -> None:
        """Delete the attempts or visits of a call from number `length` on."""
        ...

    def close_gaps(self, cursor: Cursor, pbx: str, moment: datetime) -> None:
        """Close, at `moment`, every gap of this PBX that opened by then and is still open."""
        ...


# Four lengths, so that any number of rows takes few statements and each length is prepared once. SQLite's bound on
# parameters is 32,766; 64 rows of the widest table are 1,472, and longer lists gained nothing when measured.
_LENGTHS = (64, 16, 4, 1)


class SqliteDialect:
    """SQLite: VALUES lists."""

    form = SQLITE

    def __init__(self) -> None:
        self._sql: dict[tuple[Upsert, int], str] = {}

    def begin(self, cursor: Cursor) -> None:
        """Take the write lock now: a transaction that turns to writing half-way can only fail where another writes."""
        cursor.execute("BEGIN IMMEDIATE")

    def put(self, cursor: Cursor, upsert: Upsert, rows: Sequence[Row]) -> None:
        """Upsert `rows`, whose keys all differ."""
        for start, length in _pieces(len(rows)):
            statement = self._sql.get((upsert, length)) or self._prepare(upsert, length)
            cursor.execute(statement, list(chain.from_iterable(rows[start : start + length])))

    def _prepare(self, upsert: Upsert, length: int) -> str:
        row = f"({', '.join('?' * len(upsert.table.columns))})"
        statement = self._sql[upsert, length] = upsert.sql(f"VALUES {', '.join([row] * length)}")
        return statement

    def outcomes(self, cursor: Cursor, pbx: str, uniqueids: Sequence[str]) -> dict[str, str]:
        """Return the outcome of each of these calls that has a row."""
        found: dict[str, str] = {}
        for start, length in _pieces(len(uniqueids)):
            marks = ", ".join("?" * length)
            statement = f"SELECT uniqueid, outcome FROM calls WHERE pbx = ? AND uniqueid IN ({marks})"  # noqa: S608
            cursor.execute(statement, [pbx, *uniqueids[start : start + length]])
            found.update(cursor.fetchall())
        return found

    def cut(self, cursor: Cursor, table: Table, pbx: str, uniqueid: str, length: int) -> None:
        """Delete the attempts or visits of a call from number `length` on."""
        statement = f"DELETE FROM {table.name} WHERE pbx = ? AND uniqueid = ? AND seq >= ?"  # noqa: S608
        cursor.execute(statement, (pbx, uniqueid, length))

    def close_gaps(self, cursor: Cursor, pbx: str, moment: datetime) -> None:
        """Close, at `moment`, every gap of this PBX that opened by then and is still open."""
        when = self.form.when(moment)
        cursor.execute(_CLOSE_GAPS.format(mark="?"), (when, pbx, when))


class PostgresDialect:
    """PostgreSQL: one array for each column, unnested."""

    form = POSTGRES

    def __init__(self) -> None:
        self._sql: dict[Upsert, str] = {}

    def begin(self, cursor: Cursor) -> None:
        """Leave it to psycopg, which begins with the first statement."""

    def put(self, cursor: Cursor, upsert: Upsert, rows: Sequence[Row]) -> None:
        """Upsert `rows`, whose keys all differ."""
        if rows:
            statement = self._sql.get(upsert) or self._prepare(upsert)
            cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])

    def _prepare(self, upsert: Upsert) -> str:
        arrays = ", ".join(f"%s::{_type_name(column.type)}[]" for column in upsert.table.columns)
        statement = self._sql[upsert] = upsert.sql(f"SELECT * FROM unnest({arrays})")  # noqa: S608  types of ours
        return statement

    def outcomes(self, cursor: Cursor, pbx: str, uniqueids: Sequence[str]) -> dict[str, str]:
        """Return the outcome of each of these calls that has a row."""
        statement = "SELECT uniqueid, outcome FROM calls WHERE pbx = %s AND uniqueid = ANY(%s::text[])"
        cursor.execute(statement, (pbx, list(uniqueids)))
        return dict(cursor.fetchall())

    def cut(self, cursor: Cursor, table: Table, pbx: str, uniqueid: str, length: int) -> None:
        """Delete the attempts or visits of a call from number `length` on."""
        statement = f"DELETE FROM {table.name} WHERE pbx = %s AND uniqueid = %s AND seq >= %s"  # noqa: S608
        cursor.execute(statement, (pbx, uniqueid, length))

    def close_gaps(self, cursor: Cursor, pbx: str, moment: datetime) -> None:
        """Close, at `moment`, every gap of this PBX that opened by then and is still open."""
        when = self.form.when(moment)
        cursor.execute(_CLOSE_GAPS.format(mark="%s"), (when, pbx, when))


def _type_name(kind: object) -> str:
    if isinstance(kind, UtcTime):
        return "timestamptz"
    names: Mapping[type, str] = {Boolean: "boolean", Double: "float8", Integer: "integer"}
    return next((name for column_type, name in names.items() if isinstance(kind, column_type)), "text")


def _pieces(number: int) -> Iterable[tuple[int, int]]:
    """Cut `number` rows into pieces of the prepared lengths: where each starts, and its length."""
    start = 0
    for length in _LENGTHS:
        while number - start >= length:
            yield start, length
            start += length
