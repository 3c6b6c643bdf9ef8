"""The writer's SQL: one upsert for each table, carried out for many rows by one statement.

Few statements, not only few transactions: the driver gives up the interpreter at each, and under load waits for it
again. So SQLite gets rows in VALUES lists of a few fixed lengths (each prepared once), PostgreSQL a column as an array.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from sqlalchemy import Boolean, Column, Double, Integer, Table

from callcentre.store import tables
from callcentre.store.patience import begin_patiently
from callcentre.store.rows import POSTGRES, SQLITE, Form, Row
from callcentre.store.tables import UtcTime


@dataclass(frozen=True, slots=True)
class Upsert:
    """Insert rows of `table`; where the key is there already, set `sets` (nothing if empty) if `where` holds.

    The key is the primary one, or `key`. `made` are columns that the database fills by itself.
    """

    table: Table
    sets: tuple[str, ...]
    where: str = ""
    key: tuple[str, ...] = ()
    made: tuple[str, ...] = ()

    @property
    def columns(self) -> list[Column[Any]]:
        """The columns that a row gives, in order."""
        return [column for column in self.table.columns if column.name not in self.made]

    def sql(self, source: str) -> str:
        """Return the statement around `source`, a VALUES list or a SELECT."""
        key = ", ".join(self.key or [column.name for column in self.table.primary_key])
        into = ", ".join(f'"{column.name}"' for column in self.columns)
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
INDEXED = ("line", "offered_at", "caller")
# For a call whose stored row has the same in these columns: leaves the indexes on them alone.
CALLS_IN_PLACE = Upsert(tables.calls, _all_but(tables.calls, *INDEXED), _OPEN_ROW)
CALLS_NEW_ONLY = Upsert(tables.calls, ())
ATTEMPTS = Upsert(tables.ring_attempts, _all_but(tables.ring_attempts))
VISITS = Upsert(tables.visits, _all_but(tables.visits))
MENU_ABANDONS = Upsert(tables.menu_abandons, ())
GAPS = Upsert(tables.gaps, ("closed_at",), "gaps.closed_at IS NULL AND excluded.closed_at IS NOT NULL")
BOOTS = Upsert(tables.boots, ())
ATTENDANCE = Upsert(tables.attendance, _all_but(tables.attendance))
PRESENCE = Upsert(tables.presence, _all_but(tables.presence))
PROGRESS = Upsert(tables.progress, ("last_fact_at",), "excluded.last_fact_at > progress.last_fact_at")

# What was erased stays so, save for what the core itself says of the erased message (where it lies).
MESSAGES = Upsert(
    tables.messages, _all_but(tables.messages), "messages.status <> 'erased' OR excluded.status = 'erased'"
)
TASKS = Upsert(tables.tasks, _all_but(tables.tasks), "excluded.entries >= tasks.entries")
HISTORY = Upsert(tables.task_history, ())
FILINGS = Upsert(tables.filings, _all_but(tables.filings))
CALLOUTS = Upsert(
    tables.callouts, _all_but(tables.callouts), "callouts.ended_at IS NULL OR excluded.ended_at IS NOT NULL"
)
CLICKS = Upsert(tables.clicks, _all_but(tables.clicks), "clicks.ended_at IS NULL OR excluded.ended_at IS NOT NULL")
WRAP_UPS = Upsert(tables.wrap_ups, _all_but(tables.wrap_ups), "excluded.at >= wrap_ups.at")
CASES = Upsert(tables.cases, _all_but(tables.cases), "excluded.entries >= cases.entries")
CASE_CLOCKS = Upsert(tables.case_clocks, _all_but(tables.case_clocks))
CASE_HISTORY = Upsert(tables.case_history, ())
MAILBOXES = Upsert(tables.mailboxes, _all_but(tables.mailboxes), "excluded.at >= mailboxes.at")
GREETINGS = Upsert(tables.greetings, _all_but(tables.greetings), "excluded.at >= greetings.at")
# Of several looks on one day the worst counts; one that could not see says nothing against one that could.
STANDINGS = Upsert(
    tables.standings,
    _all_but(tables.standings),
    "excluded.good + excluded.bad > 0 AND excluded.bad >= standings.bad",
)
STANDINGS_ANEW = Upsert(tables.standings, _all_but(tables.standings))
# The first answer stays, and when it was first asked.
SATISFACTION = Upsert(
    tables.satisfaction,
    ("answered_at", "answer"),
    "satisfaction.answer IS NULL AND excluded.answer IS NOT NULL",
)
INCIDENTS = Upsert(
    tables.abuse_incidents, _all_but(tables.abuse_incidents), "excluded.entries >= abuse_incidents.entries"
)
VOICEMAIL_USES = Upsert(tables.voicemail_uses, _all_but(tables.voicemail_uses))
# What a breach came to is not taken back: its steps, its alarm, whom it told (each a longer text) and its end.
BREACHES = Upsert(
    tables.breaches,
    _all_but(tables.breaches),
    "excluded.steps >= breaches.steps AND length(excluded.told) >= length(breaches.told) "
    "AND (breaches.alarmed_at IS NULL OR excluded.alarmed_at IS NOT NULL) "
    "AND (breaches.ended_at IS NULL OR excluded.ended_at IS NOT NULL)",
)
# What was carried out or refused is settled; the rest may be sent again, and is WANTED once more.
_SETTLED = "('done', 'already', 'refused', 'observed')"
BREACH_STEPS = Upsert(
    tables.breach_steps,
    _all_but(tables.breach_steps),
    f"breach_steps.result NOT IN {_SETTLED} OR excluded.result IN {_SETTLED}",
)
OUTBOX = Upsert(tables.outbox, (), key=("pbx", "key", "contact"), made=("id",))
ORDERS = Upsert(tables.orders, ())
ERASED = Upsert(tables.erased_numbers, ("erased_at",), "excluded.erased_at > erased_numbers.erased_at")

# A gap that opened by then and is still open.
CLOSE_GAPS = "UPDATE gaps SET closed_at = ? WHERE pbx = ? AND closed_at IS NULL AND opened_at <= ?"
# The attempts or visits of a call from some number on.
CUT = tuple(f"DELETE FROM {name} WHERE pbx = ? AND uniqueid = ? AND seq >= ?" for name in ("ring_attempts", "visits"))  # noqa: S608


class Cursor(Protocol):
    """What both drivers' cursors can do."""

    def execute(self, statement: str, parameters: Sequence[Any] = ..., /) -> Any:
        """Carry out one statement."""
        ...

    def executemany(self, statement: str, rows: Sequence[Sequence[Any]], /) -> Any:
        """Carry out one statement for each of these rows of values."""
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

    def say(self, cursor: Cursor, statement: str, *values: object) -> None:
        """Carry out one statement, whose values stand as `?`; times and flags in the database's own form."""
        ...

    def say_each(self, cursor: Cursor, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Carry out one statement for each row of values, in their order; the server is waited for once."""
        ...

    def outcomes(self, cursor: Cursor, pbx: str, uniqueids: Sequence[str]) -> dict[str, str]:
        """Return the outcome of each of these calls that has a row."""
        ...


# Four lengths, so that any number of rows takes few statements and each length is prepared once. SQLite's bound on
# parameters is 32,766; 64 rows of the widest table are 1,472, and longer lists gained nothing when measured.
_LENGTHS = (64, 16, 4, 1)


# How long the end of a transaction waits for those who still read.
_COMMIT_MS = 2_000


class SqliteDialect:
    """SQLite: VALUES lists."""

    form = SQLITE

    def __init__(self) -> None:
        self._sql: dict[tuple[Upsert, int], str] = {}

    def begin(self, cursor: Cursor) -> None:
        """Take the write lock now: a transaction that turns to writing half-way can only fail where another writes."""
        cursor.execute("PRAGMA busy_timeout = 0")
        begin_patiently(lambda: cursor.execute("BEGIN IMMEDIATE"))
        # Its end waits as SQLite does, which lets no new reader in meanwhile: it is never done without.
        cursor.execute(f"PRAGMA busy_timeout = {_COMMIT_MS}")

    def put(self, cursor: Cursor, upsert: Upsert, rows: Sequence[Row]) -> None:
        """Upsert `rows`, whose keys all differ."""
        for start, length in _pieces(len(rows)):
            statement = self._sql.get((upsert, length)) or self._prepare(upsert, length)
            cursor.execute(statement, list(chain.from_iterable(rows[start : start + length])))

    def _prepare(self, upsert: Upsert, length: int) -> str:
        row = f"({', '.join('?' * len(upsert.columns))})"
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

    def say(self, cursor: Cursor, statement: str, *values: object) -> None:
        """Carry out one statement."""
        cursor.execute(statement, values)

    def say_each(self, cursor: Cursor, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Carry out one statement for each row."""
        cursor.executemany(statement, rows)


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
        arrays = ", ".join(f"%s::{_type_name(column.type)}[]" for column in upsert.columns)
        statement = self._sql[upsert] = upsert.sql(f"SELECT * FROM unnest({arrays})")  # noqa: S608  types of ours
        return statement

    def outcomes(self, cursor: Cursor, pbx: str, uniqueids: Sequence[str]) -> dict[str, str]:
        """Return the outcome of each of these calls that has a row."""
        statement = "SELECT uniqueid, outcome FROM calls WHERE pbx = %s AND uniqueid = ANY(%s::text[])"
        cursor.execute(statement, (pbx, list(uniqueids)))
        return dict(cursor.fetchall())

    def say(self, cursor: Cursor, statement: str, *values: object) -> None:
        """Carry out one statement."""
        cursor.execute(statement.replace("?", "%s"), values)

    def say_each(self, cursor: Cursor, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Carry out one statement for each row: psycopg sends them one after the other, and then waits."""
        cursor.executemany(statement.replace("?", "%s"), rows)


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
