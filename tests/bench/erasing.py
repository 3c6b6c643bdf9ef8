"""How long a commit waits while a person is erased, and while retention runs: the longest wait, and the usual one.

    python -m tests.bench.erasing --calls 5000000 --tasks 200000 [--store postgres]

The peer is the same erasure as plain SQL in one transaction, which is what a database does when it is asked at once. A
commit is that of a daemon at work: the snapshots of one call, again 20 ms after the one before. PostgreSQL is the one
that CALLCENTRE_TEST_POSTGRES names, in a schema of its own.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Boolean, Engine, Integer, Table, text

from callcentre.core.facts import CallerErased
from callcentre.store import tables
from callcentre.store.columns import UtcTime, microseconds
from callcentre.store.database import Database
from callcentre.store.erasing import like_of
from callcentre.store.statements import Cursor
from tests.bench.databases import STORES, on_each
from tests.bench.store import snapshots

CALLS: Final = 100_000
TASKS: Final = 5_000
_BEGIN, _END = datetime(2025, 9, 1, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)
_AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
_TERM = timedelta(days=396)
_NUMBERS: Final = 100_000
_PIECE: Final = 250_000
_PAUSE: Final = 0.02

# For both databases: `i` counts the rows, `at` is the moment of each; a number comes again after _NUMBERS rows.
_NUMBER = f"'0770' || (1000000 + i % {_NUMBERS})"
_SAID = f"CASE i % 5 WHEN 0 THEN 'rang from ' || {_NUMBER} || ' again' ELSE 'nobody there; will be rung on Monday' END"
_WORDS: dict[str, dict[str, str]] = {
    "calls": {"uniqueid": "'c' || i", "caller": _NUMBER, "origin": "'external'", "outcome": "'abandoned'"}
    | {"hours": "'core'", "quality": "'complete'"},
    "tasks": {"number": "i", "caller": _NUMBER, "source": "'voicemail'", "state": "'closed'", "closed_at": "at"}
    | {"alarms": "'[]'", "needs": "'[]'", "rests_in": "'open'"},
    "task_history": {"task": "i / 3", "seq": "i % 3", "step": "'noted'", "state": "'open'", "why": _SAID},
    "cases": {"number": "i", "kind": "'complaint'", "channel": "'call'", "state": "'closed'", "closed_at": "at"}
    | {"caller": _NUMBER, "name": "'Maud Mudd ' || i", "summary": _SAID},
}


def fill(engine: Engine, name: str, number: int) -> None:
    """Write `number` rows of a table, evenly over the fifteen months."""
    table, sqlite = tables.metadata.tables[name], engine.dialect.name == "sqlite"
    begin, end = (microseconds(at) for at in (_BEGIN, _END))
    at = f"{begin} + i * {(end - begin) // number}"
    at = at if sqlite else f"to_timestamp(({at}) / 1000000.0)"
    values = _values(table, at, sqlite=sqlite)
    for first in range(0, number, _PIECE):
        last = min(first + _PIECE, number) - 1
        numbers = f"generate_series({first}::bigint, {last}::bigint) AS g(i)"
        if sqlite:
            counted = f"SELECT {first} UNION ALL SELECT i + 1 FROM g WHERE i < {last}"
            numbers = f"(WITH RECURSIVE g(i) AS ({counted}) SELECT i FROM g)"
        columns = ", ".join(f'"{column}"' for column in values)
        insert = f"INSERT INTO {name} ({columns}) SELECT {', '.join(values.values())} FROM {numbers}"
        with engine.begin() as connection:
            if not sqlite:
                connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text(insert.replace(":", r"\:")))
    if not sqlite:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text(f"VACUUM ANALYZE {name}"))


def _values(table: Table, at: str, *, sqlite: bool) -> dict[str, str]:
    """What stands in each column that must have something, or has more than that, in SQL."""
    found: dict[str, str] = {}
    for column in table.columns:
        said = _WORDS[table.name].get(column.name)
        if said == "at" or (said is None and isinstance(column.type, UtcTime)):
            said = at
        elif said is None and isinstance(column.type, Boolean):
            said = "0" if sqlite else "false"
        elif said is None:
            said = "1" if isinstance(column.type, Integer) else "'lab'" if column.name == "pbx" else "''"
        if column.name in _WORDS[table.name] or not column.nullable:
            found[column.name] = said
    return found


class Office:
    """A daemon at work beside what is measured: it commits the snapshots of one call after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._calls = 0

    async def waits(self, work: Awaitable[object]) -> dict[str, float]:
        """Do `work`, and say how long it took and how long commits waited meanwhile."""
        waited: list[float] = []
        busy = asyncio.ensure_future(self._commit(waited))
        begun = time.perf_counter()
        await work
        took = time.perf_counter() - begun
        busy.cancel()
        with suppress(asyncio.CancelledError):
            await busy
        return {
            "seconds": round(took, 2),
            "commits": len(waited),
            "usual wait ms": round(1000 * statistics.median(waited), 1) if waited else 0.0,
            "longest wait ms": round(1000 * max(waited), 1) if waited else 0.0,
        }

    async def _commit(self, waited: list[float]) -> None:
        while True:
            self._calls += 1
            facts = [*snapshots(self._calls)]
            begun = time.perf_counter()
            try:
                await self._database.writer.commit(facts)
            finally:
                waited.append(time.perf_counter() - begun)
            await asyncio.sleep(_PAUSE)


def at_once(database: Database, number: str) -> Awaitable[None]:
    """The peer: the number, and the words with it, by plain SQL in one transaction."""
    like, dialect = like_of(number), database.writer._dialect

    def work(cursor: Cursor) -> None:
        for statement in (
            "UPDATE calls SET caller = NULL WHERE caller LIKE ?",
            "UPDATE tasks SET caller = NULL WHERE caller LIKE ?",
            "UPDATE task_history SET why = '' WHERE why LIKE ?",
            "UPDATE cases SET caller = NULL, name = NULL, summary = '' WHERE caller LIKE ? OR summary LIKE ?",
        ):
            if dialect.form.flag(True) is True:
                cursor.execute("SET LOCAL statement_timeout = 0")
            dialect.say(cursor, statement, *[like] * statement.count("?"))

    return database.writer.transact(work)


async def erase(database: Database, number: str) -> None:
    """What the daemon does for `callcentre erase`, from the core's facts on."""
    fact = CallerErased(pbx="lab", at=_AT, caller=number, messages=(), who="Ann", why="asked", request="r")
    await database.writer.order(fact.request, "lab", _AT, '{"ask": "erasure"}')
    await database.writer.commit([fact])
    await database.erasures.sweep(fact.request, "lab")
    await database.writer.order_done(fact.request, _AT, "done")


async def measured(address: str, calls: int, tasks: int) -> dict[str, Any]:
    """Fill the database at `address`, and measure."""
    database = await Database.open(address)
    try:
        await database.prepare()
        begun = time.monotonic()
        for name, number in (("calls", calls), ("tasks", tasks), ("task_history", 3 * tasks), ("cases", tasks)):
            await database.writer.run(lambda engine, name=name, number=number: fill(engine, name, number))  # type: ignore[misc]
        told: dict[str, Any] = {"calls": calls, "tasks": tasks, "filling s": round(time.monotonic() - begun, 1)}
        office = Office(database)
        quiet = told["nothing else"] = await office.waits(asyncio.sleep(2))
        peer = told["plain SQL at once"] = await office.waits(at_once(database, "07701000001"))
        ours = told["erasure"] = await office.waits(erase(database, "07701000005"))
        cleaned = told["and its file cleaned"] = await office.waits(database.erasures.clean(["07701000005"]))
        kept = told["retention"] = await office.waits(
            database.retention.run({"numbers": _TERM, "notes": _TERM}, _AT, (), apply=True)
        )
        told["longest wait, of the peer's"] = round(ours["longest wait ms"] / peer["longest wait ms"], 3)
        told["longest wait of all ours ms"] = max(one["longest wait ms"] for one in (quiet, ours, cleaned, kept))
        (done,) = await database.erasures.of(["r"])
        told["rows changed"] = sum(done.counts.values())
    finally:
        await database.close()
    return told


def run(calls: int = CALLS, tasks: int = TASKS, stores: Collection[str] = STORES) -> dict[str, Any]:
    """Measure on each of `stores` that there is."""
    return on_each(lambda address: measured(address, calls, tasks), stores)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--store", action="append", choices=STORES)
    asked = parser.parse_args()
    print(json.dumps(run(asked.calls, asked.tasks, asked.store or STORES), indent=2))
