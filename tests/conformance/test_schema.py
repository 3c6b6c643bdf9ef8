"""Migrations: from nothing, twice, compared with tables.py; older and newer schemas; no way back."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Engine, inspect, text

from callcentre.core.errors import StoreConflict, StoreUnavailable
from callcentre.store import database as module
from callcentre.store import tables
from callcentre.store.database import SCHEMA, Database
from tests.conformance import promises, sample, watched

VERSIONS = module._MIGRATIONS


async def set_schema(database: Database, number: str) -> None:
    def work(engine: Engine) -> None:
        with engine.begin() as connection:
            connection.execute(text("UPDATE callcentre_schema SET version_num = :number"), {"number": number})

    await database.writer.run(work)


def test_schema_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(VERSIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA]


async def test_an_empty_database_has_no_schema_and_says_what_to_do(empty: Database) -> None:
    assert await empty.schema() is None
    with pytest.raises(StoreUnavailable, match="callcentre upgrade-db"):
        await empty.check()
    with pytest.raises(StoreUnavailable, match="callcentre upgrade-db"):
        await empty.writer.commit([sample.on_offer(sample.offered())])
    with pytest.raises(StoreUnavailable, match="callcentre upgrade-db"):
        await empty.queries.open_calls("lab")


async def test_the_migrations_make_what_tables_py_says(database: Database) -> None:
    def differences(engine: Engine) -> list[object]:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"version_table": "callcentre_schema"})
            return list(compare_metadata(context, tables.metadata))

    def checks(engine: Engine) -> dict[str, set[str]]:
        with engine.connect() as connection:
            inspector = inspect(connection)
            return {
                name: {str(check["name"]) for check in inspector.get_check_constraints(name)}
                for name in tables.metadata.tables
            }

    assert await database.writer.run(differences) == []
    assert await database.writer.run(checks) == {
        name: {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
        for name, table in tables.metadata.tables.items()
    }


async def test_every_word_of_the_product_has_a_place(database: Database) -> None:
    """A word added to terms.py without a migration would be refused by the database."""
    from dataclasses import replace

    from callcentre.core.facts import AttendanceChanged
    from callcentre.core.terms import AttemptResult, Attendance, Hours, Origin, Outcome, Quality, VisitResult

    call = sample.answered(sample.offered())
    calls = [replace(call, outcome=word) for word in Outcome]
    calls += [replace(call, hours=word) for word in Hours] + [replace(call, origin=word) for word in Origin]
    calls += [replace(call, quality=word) for word in Quality]
    calls.append(replace(call, attempts=tuple(sample.attempt(result=word) for word in AttemptResult)))
    calls.append(replace(call, visits=tuple(sample.visit(result=word) for word in VisitResult)))
    calls = [replace(c, key=sample.offered(number).key) for number, c in enumerate(calls)]
    states = [
        AttendanceChanged(pbx="lab", at=sample.after(n), line="x", state=word, reason="", core=True)
        for n, word in enumerate(Attendance)
    ]
    await database.writer.commit([*map(sample.on_end, calls), *states])
    for c in calls:
        assert await database.queries.call(c.key) == c


async def test_every_word_of_a_promise_has_a_place(database: Database) -> None:
    """The same for messages, tasks and what hangs together with them."""
    from callcentre.core import terms
    from callcentre.core.facts import Fact, TaskChanged

    def change(**parts: Any) -> TaskChanged:
        return TaskChanged(pbx="lab", at=sample.NINE, **parts)

    facts: list[Fact] = [change(message=promises.message(n, status=word)) for n, word in enumerate(terms.MessageStatus)]
    steps = tuple(promises.entry(n, step=word) for n, word in enumerate(terms.TaskStep, start=1))
    facts.append(change(task=promises.task(entries=len(steps)), entries=steps))
    for n, state in enumerate(terms.TaskState, start=2):
        entry = promises.entry(1, task=n, state=state)
        facts.append(change(task=promises.task(n, state=state, rests_in=state), entries=(entry,)))
    facts += [change(task=promises.task(n, source=word)) for n, word in enumerate(terms.TaskSource, start=50)]
    facts += [change(task=promises.full_task(n, outcome=word)) for n, word in enumerate(terms.TaskOutcome, start=60)]
    facts += [change(callout=promises.callout(n, result=word)) for n, word in enumerate(terms.CalloutResult)]
    facts += [promises.clicked(promises.click(n, state=word)) for n, word in enumerate(terms.ClickState)]
    facts += [promises.clicked(promises.click(n, result=word)) for n, word in enumerate(terms.ClickResult, start=20)]
    facts += [promises.wrapped(promises.wrap_up(n, kind=word)) for n, word in enumerate(terms.WrapKind)]
    facts += [promises.mailbox(mailbox=str(word), state=word) for word in terms.MailboxState]
    facts += [promises.use(n, verdict=word) for n, word in enumerate(terms.Verdict)]
    facts += [change(notices=(promises.notice(key=str(word), kind=word),)) for word in terms.NoticeKind]
    await database.writer.commit(facts)
    kept = (tables.messages, tables.task_history, tables.callouts, tables.outbox, tables.clicks, tables.wrap_ups)
    rows = await sample.everything(database, *kept)
    assert [len(some) for some in rows] == [
        len(terms.MessageStatus),
        len(terms.TaskStep) + len(terms.TaskState),
        len(terms.CalloutResult),
        2 * len(terms.NoticeKind),
        len(terms.ClickState) + len(terms.ClickResult),
        len(terms.WrapKind),
    ]


async def test_every_word_of_attendance_has_a_place(database: Database) -> None:
    """The same for breaches and what is done about them."""
    from callcentre.core import terms
    from callcentre.core.facts import Fact

    facts: list[Fact] = [
        watched.changed(watched.breach(sample.after(n), mode=word), watched.step(1, sample.after(n)))
        for n, word in enumerate(terms.Mode)
    ]
    facts += [watched.changed(watched.full_breach(sample.after(9 + n), end=w)) for n, w in enumerate(terms.BreachEnd)]
    steps = [watched.step(n, action=word) for n, word in enumerate(terms.ActionKind, start=2)]
    steps += [watched.step(n, result=word) for n, word in enumerate(terms.ActionResult, start=20)]
    facts.append(watched.changed(watched.breach(), *steps))
    await database.writer.commit(facts)
    breaches, kept = await sample.everything(database, tables.breaches, tables.breach_steps)
    assert len(breaches) == len(terms.Mode) + len(terms.BreachEnd)
    assert len(kept) == len(terms.Mode) + len(terms.ActionKind) + len(terms.ActionResult)


async def test_upgrading_twice_does_no_harm(database: Database) -> None:
    call = sample.answered(sample.offered())
    await database.writer.commit([sample.on_end(call)])
    assert await database.upgrade() == SCHEMA
    await database.prepare()
    assert await database.queries.call(call.key) == call


async def test_two_processes_may_upgrade_at_once(empty: Database, address: str) -> None:
    other = await Database.open(address)
    try:
        await asyncio.gather(empty.upgrade(), other.upgrade())
        await empty.check()
    finally:
        await other.close()


@pytest.mark.parametrize(("number", "words"), [("0000", "run `callcentre upgrade-db`"), ("9999", "newer callcentre")])
async def test_another_schema_is_told(database: Database, number: str, words: str) -> None:
    await set_schema(database, number)
    with pytest.raises(StoreUnavailable, match=words) as refused:
        await database.prepare()
    assert number in str(refused.value)
    assert SCHEMA in str(refused.value)


async def test_a_newer_schema_is_not_upgraded(database: Database) -> None:
    await set_schema(database, "9999")
    with pytest.raises(StoreUnavailable, match="newer callcentre"):
        await database.upgrade()


async def test_there_is_no_way_back(database: Database) -> None:
    def downgrade(engine: Engine) -> None:
        with engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(VERSIONS))
            config.attributes["connection"] = connection
            command.downgrade(config, "base")

    await database.writer.commit([sample.on_offer(sample.offered())])
    with pytest.raises(StoreConflict, match="restore the backup"):
        await database.writer.run(downgrade)
    await database.check()
    assert await database.queries.open_calls("lab") == [sample.offered()]


async def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    empty: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The tables of a half-done migration must not stay: the next try would meet them."""
    broken = tmp_path / "migrations"
    (broken / "versions").mkdir(parents=True)
    (broken / "env.py").write_text((VERSIONS / "env.py").read_text())
    (broken / "versions" / "broken.py").write_text(
        "import sqlalchemy as sa\n"
        "from alembic import op\n"
        "revision, down_revision = '0001', None\n"
        "def upgrade():\n"
        "    op.create_table('calls', sa.Column('pbx', sa.Text()))\n"
        "    op.execute('INSERT INTO nothing VALUES (1)')\n"
    )
    with monkeypatch.context() as patch:
        patch.setattr(module, "_MIGRATIONS", broken)
        with pytest.raises(StoreUnavailable):
            await empty.upgrade()
    assert await empty.schema() is None
    await empty.prepare()
