"""Retention says many rows at once, finds each by its key, and leaves alone what is not due any more."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import pytest
from sqlalchemy import Integer

from callcentre.store import retention, tables
from callcentre.store.columns import UtcTime
from callcentre.store.database import Database
from callcentre.store.retention_rules import RULES, Rule
from callcentre.store.statements import Cursor, Dialect
from tests.conformance import sample

NUMBER: Final = "07700900061"
OF_CALLS: Final = next(rule for rule in RULES if (rule.kind, rule.table) == ("numbers", tables.calls))


class Counted:
    """A dialect that counts how often the database is asked, and keeps the questions."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.form = dialect.form
        self.asked: Counter[str] = Counter()
        self.said: list[tuple[str, Sequence[object]]] = []

    def say(self, cursor: Cursor, statement: str, *values: object) -> None:
        self.asked["say"] += 1
        self.said.append((statement, values))
        self._dialect.say(cursor, statement, *values)

    def say_each(self, cursor: Cursor, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        self.asked["say_each"] += 1
        self._dialect.say_each(cursor, statement, rows)


@pytest.fixture
def counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> Counted:
    """What retention says to the database."""
    made = Counted(database.writer._dialect)
    monkeypatch.setattr(database.retention, "_dialect", made)
    return made


def key_of(rule: Rule, number: int, dialect: Counted) -> tuple[Any, ...]:
    """A key that no row has."""
    return tuple(
        dialect.form.when(sample.after(number))
        if isinstance(column.type, UtcTime)
        else number
        if isinstance(column.type, Integer)
        else f"none {number}"
        for column in rule.table.primary_key
    )


async def remove(database: Database, rule: Rule, keys: Sequence[tuple[Any, ...]]) -> int:
    return await database.writer.transact(partial(database.retention._remove, rule=rule, keys=keys))


@pytest.mark.parametrize("rows", [1, 3])
async def test_each_rule_asks_for_its_rows_by_key(database: Database, counted: Counted, rows: int) -> None:
    for rule in RULES:
        keys = [key_of(rule, number, counted) for number in range(1, rows + 1)]
        assert await remove(database, rule, keys) == rows
    assert counted.asked == {"say": len(RULES)}, "of no row is anything said"
    if database.queries._readers.dialect != "sqlite":
        return

    def plans(cursor: Cursor) -> list[str]:
        found = []
        for rule, (statement, values) in zip(RULES, counted.said, strict=True):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            found += [step[3] for step in cursor.fetchall() if step[3].split()[1:2] == [rule.table.name]]
        return found

    steps = await database.writer.transact(plans)
    assert len(steps) >= len(RULES)
    assert not [step for step in steps if not step.startswith("SEARCH")], "no table is read whole for some keys"


async def test_what_is_not_due_any_more_stays_among_those_that_go(
    database: Database, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_WRITE_SECONDS", 3_600)
    calls = [replace(sample.abandoned(sample.offered(n, at=sample.after(n))), caller=NUMBER) for n in range(240)]
    going_on = [replace(sample.offered(n, at=sample.after(n)), caller=NUMBER) for n in range(240, 250)]
    await database.writer.commit([*map(sample.on_end, calls), *map(sample.on_offer, going_on)])
    keys = [(one.key.pbx, one.key.uniqueid) for one in (*going_on, *calls)]
    assert await remove(database, OF_CALLS, keys) == len(keys)
    # 250 rows by a hundred: whether they are due, and what is done with those that are.
    assert counted.asked == {"say": 3, "say_each": 3}

    def left(cursor: Cursor) -> list[str]:
        cursor.execute("SELECT uniqueid FROM calls WHERE caller IS NOT NULL")
        return sorted(row[0] for row in cursor.fetchall())

    assert await database.writer.transact(left) == sorted(one.key.uniqueid for one in going_on)


async def test_a_transaction_ends_when_its_time_is_over_and_the_next_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_WRITE_SECONDS", -1)
    monkeypatch.setattr(retention, "_AT_ONCE", 4)
    calls = [replace(sample.abandoned(sample.offered(n, at=sample.after(n))), caller=NUMBER) for n in range(10)]
    await database.writer.commit([*map(sample.on_end, calls)])
    keys, dealt = [(one.key.pbx, one.key.uniqueid) for one in calls], []
    while keys:
        dealt.append(await remove(database, OF_CALLS, keys))
        keys = keys[dealt[-1] :]
    assert dealt == [4, 4, 2]
