"""From a database that an older version made and used, to this one: nothing is lost, no flood of tasks comes of it."""

from collections.abc import Callable
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from callcentre.core.errors import StoreConflict, StoreUnavailable
from callcentre.core.facts import TaskChanged
from callcentre.core.tasks import Message
from callcentre.core.terms import Attendance, MessageStatus, Outcome, Quality, TaskStep
from callcentre.store import database as module
from callcentre.store import tables
from callcentre.store.columns import microseconds
from callcentre.store.database import SCHEMA, Database
from callcentre.store.queries import AttendanceRow
from tests.conformance import promises, sample, watched

KEY = "call 1795363328.0 600@default 1795363358"


def rows_of_0001(dialect: str) -> list[tuple[str, dict[str, Any]]]:
    """Rows as the first version wrote them."""

    def when(seconds: float) -> Any:
        moment = sample.after(seconds)
        return microseconds(moment) if dialect == "sqlite" else moment

    message = {
        "pbx": "lab",
        "key": KEY,
        "mailbox": "600@default",
        "msg_id": "1795363340-00000001",
        "uniqueid": "1795363328.0",
        "line": "enquiries",
        "caller": "07700900061",
        "left_at": when(30),
        "duration": 12,
        "due": when(86_400),
        "act_by": when(80_000),
        "due_reason": "one working day",
        "quality": "complete",
    }
    unknown = dict.fromkeys(("msg_id", "uniqueid", "caller", "duration", "due", "act_by"))
    call = {
        "pbx": "lab",
        "uniqueid": "1795363959.1",
        "linkedid": "1795363959.1",
        "line": "enquiries",
        "caller": "07700900061",
        "origin": "external",
        "offered_at": when(0),
        "ended_at": when(20),
        "outcome": "voicemail",
        "hours": "core",
        "quality": "complete",
        "charter": "hct",
        "charter_version": 1,
    }
    attempt = {
        "pbx": "lab",
        "uniqueid": "1795363959.1",
        "seq": 0,
        "interface": "PJSIP/101",
        "begun_at": when(1),
        "after_answer": False,
        "progress_only": False,
    }
    return [
        ("calls", call),
        ("ring_attempts", attempt),
        ("messages", message),
        ("messages", message | unknown | {"key": "box 601@default 1795363000 None", "left_at": when(10)}),
        ("progress", {"pbx": "lab", "last_fact_at": when(99)}),
    ]


def rows_of_0002(dialect: str) -> list[tuple[str, dict[str, Any]]]:
    """Rows of the tables that 0003 changes, as the second version wrote them."""

    def when(seconds: float) -> Any:
        moment = sample.after(seconds)
        return microseconds(moment) if dialect == "sqlite" else moment

    change = {
        "pbx": "lab",
        "line": "enquiries",
        "at": when(1),
        "state": "unattended",
        "reason": "nobody is logged in",
        "core": True,
    }
    waiting = {
        "id": 7,
        "pbx": "lab",
        "key": "task 1 overdue",
        "contact": "office",
        "line": "enquiries",
        "kind": "overdue",
        "at": when(1_000),
        "title": "Callback 1 is overdue",
        "text": "It waits.",
        "task": 1,
        "state": "pending",
        "tries": 2,
        "next_try_at": when(1_060),
        "tried_at": when(1_000),
        "error": "refused",
    }
    sent = waiting | {
        "id": 8,
        "contact": "boss",
        "state": "sent",
        "next_try_at": None,
        "sent_at": when(1_002),
        "error": None,
    }
    return [("attendance", change), ("outbox", waiting), ("outbox", sent)]


def rows_of_0003(dialect: str) -> list[tuple[str, dict[str, Any]]]:
    """Rows of the tables that 0004 changes, as the third version wrote them."""

    def when(seconds: float) -> Any:
        moment = sample.after(seconds)
        return microseconds(moment) if dialect == "sqlite" else moment

    task = {
        "pbx": "lab",
        "number": 1,
        "line": "enquiries",
        "caller": "07700900061",
        "source": "voicemail",
        "state": "claimed",
        "opened_at": when(1),
        "due": when(86_400),
        "act_by": when(80_000),
        "entries": 2,
        "rests_in": "open",
        "holder": "alice",
        "lease_until": when(900),
        "attempts": 0,
        "alarms": '["warning"]',
    }
    filing = {
        "pbx": "lab",
        "key": KEY,
        "task": 1,
        "line": "enquiries",
        "left_at": when(1),
        "due": when(86_400),
        "act_by": when(80_000),
        "due_reason": "one working day",
        "charter": "hct",
        "charter_version": 1,
        "playable": True,
        "heard_at": when(5),
        "heard_by": "alice",
    }
    opened = {
        "pbx": "lab",
        "task": 1,
        "seq": 1,
        "at": when(1),
        "who": "callcentre",
        "step": "opened",
        "why": "a message",
        "state": "open",
    }
    claimed = opened | {"seq": 2, "who": "alice", "step": "claimed", "state": "claimed", "request": "r-1"}
    return [("tasks", task), ("filings", filing), ("task_history", opened), ("task_history", claimed)]


def made(revision: str, rows: Callable[[str], list[tuple[str, dict[str, Any]]]]) -> Callable[[Engine], None]:
    """What makes a database of an older version, with rows as that wrote them."""

    def work(engine: Engine) -> None:
        with engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(module._MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            for table, row in rows(engine.dialect.name):
                names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
                connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), row)
            if engine.dialect.name == "postgresql" and revision != "0001":
                connection.execute(text("SELECT setval('outbox_id_seq', 8)"))

    return work


@pytest.fixture
async def old(empty: Database) -> Database:
    await empty.writer.run(made("0001", rows_of_0001))
    return empty


@pytest.fixture
async def of_0002(empty: Database) -> Database:
    await empty.writer.run(made("0002", rows_of_0002))
    return empty


@pytest.fixture
async def of_0003(empty: Database) -> Database:
    await empty.writer.run(made("0003", rows_of_0003))
    return empty


def differences(engine: Engine) -> list[object]:
    """In what the tables are not what tables.py says."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "callcentre_schema"})
        return list(compare_metadata(context, tables.metadata))


async def test_an_old_database_is_not_touched_unasked(old: Database) -> None:
    with pytest.raises(StoreUnavailable, match="run `callcentre upgrade-db`"):
        await old.prepare()
    assert await old.schema() == "0001"


async def test_the_old_rows_are_all_there(old: Database) -> None:
    assert await old.upgrade() == SCHEMA
    await old.prepare()
    (call,) = [call async for page in old.queries.calls_between(sample.NINE, sample.after(1)) for call in page]
    assert (call.caller, call.outcome, len(call.attempts)) == ("07700900061", Outcome.VOICEMAIL, 1)
    assert await old.queries.last_fact_at("lab") == sample.after(99)


async def test_the_old_messages_wait_for_one_decision(old: Database) -> None:
    await old.upgrade()
    full = Message(
        pbx="lab",
        key=KEY,
        mailbox="600@default",
        msg_id="1795363340-00000001",
        uniqueid="1795363328.0",
        channel=None,
        line="enquiries",
        caller="07700900061",
        began_at=None,
        left_at=sample.after(30),
        duration=12,
        quality=Quality.COMPLETE,
        status=MessageStatus.BACKLOG,
    )
    waiting = await old.queries.backlog()
    assert [message.status for message in waiting] == [MessageStatus.BACKLOG] * 2
    assert (waiting[0].msg_id, waiting[0].caller, waiting[0].duration) == (None, None, None)
    assert waiting[1] == full
    found = await old.queries.open_rows(["lab"], sample.after(86_400 * 400))
    assert sorted(found.messages, key=lambda message: message.left_at) == waiting
    assert (found.tasks, found.filings, found.latest) == ((), (), {})


async def test_the_upgraded_database_is_what_tables_py_says_and_takes_facts(old: Database) -> None:
    await old.upgrade()
    assert await old.writer.run(differences) == []
    await old.writer.commit([promises.everything(), sample.on_end(sample.answered(sample.offered(2)))])
    assert await old.queries.task("lab", 1) is not None
    assert await old.upgrade() == SCHEMA
    assert len(await old.queries.backlog()) == 2


async def test_each_database_has_a_secret_of_its_own_and_keeps_it(old: Database) -> None:
    await old.upgrade()
    before = await sample.everything(old, tables.secrets)
    assert {name: len(bytes.fromhex(value)) for name, value in before[0]} == {"erasure": 32, "web": 32}
    assert len({value for _, value in before[0]}) == 2
    await old.upgrade()
    assert await sample.everything(old, tables.secrets) == before


async def test_an_upgrade_that_fails_half_way_leaves_the_old_rows(
    old: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_size: int) -> str:
        raise OSError("no randomness today")

    with monkeypatch.context() as patch:
        patch.setattr("secrets.token_hex", broken)
        with pytest.raises(StoreUnavailable):
            await old.upgrade()
    assert await old.schema() == "0001"

    def messages(engine: Engine) -> int:
        with engine.begin() as connection:
            found: int = connection.scalar(text("SELECT count(due_reason) FROM messages"))
            return found

    assert await old.writer.run(messages) == 2
    await old.upgrade()
    assert len(await old.queries.backlog()) == 2


async def test_attendance_of_before_does_not_know_who(of_0002: Database) -> None:
    assert await of_0002.upgrade() == SCHEMA
    assert await of_0002.queries.last_attendance("lab") == [
        AttendanceRow(
            pbx="lab",
            line="enquiries",
            at=sample.after(1),
            state=Attendance.UNATTENDED,
            reason="nobody is logged in",
            core=True,
        )
    ]


async def test_notices_of_before_are_still_on_their_way_and_none_is_sent_again(of_0002: Database) -> None:
    await of_0002.upgrade()
    (waiting,) = await of_0002.queries.pending_notices(sample.after(5_000))
    assert (waiting.id, waiting.contact, waiting.tries) == (7, "office", 2)
    again = promises.notice(key="task 1 overdue", to=("office", "boss"))
    await of_0002.writer.commit([watched.changed(watched.breach(), notices=(again, watched.notice(to=("office",))))])
    pending = await of_0002.queries.pending_notices(sample.after(5_000))
    assert sorted((one.notice.key, one.contact) for one in pending) == [
        ("breach", "office"),
        ("task 1 overdue", "office"),
    ]
    assert len({one.id for one in pending} | {8}) == 3, "an id is given once"


async def test_the_tables_of_0002_become_those_of_tables_py(of_0002: Database) -> None:
    await of_0002.upgrade()
    assert await of_0002.writer.run(differences) == []
    unheard: Any = "sung"
    with pytest.raises(StoreConflict):
        await of_0002.writer.commit([watched.changed(watched.breach(), notices=(watched.notice(kind=unheard),))])


async def test_tasks_of_before_are_all_there_and_nothing_is_said_of_their_callers(of_0003: Database) -> None:
    assert await of_0003.upgrade() == SCHEMA
    found = await of_0003.queries.task("lab", 1)
    assert found is not None
    assert (found.task.holder, found.task.alarms, found.task.entries) == ("alice", ("warning",), 2)
    assert (found.task.language, found.task.needs, found.task.resolved, found.task.complaint) == (None, (), None, False)
    assert [(entry.seq, entry.who, entry.request) for entry in found.entries] == [
        (1, "callcentre", None),
        (2, "alice", "r-1"),
    ]
    assert [(filing.key, filing.heard_by) for filing in found.filings] == [(KEY, "alice")]


async def test_the_tables_of_0003_become_those_of_tables_py(of_0003: Database) -> None:
    await of_0003.upgrade()
    assert await of_0003.writer.run(differences) == []
    entry = promises.entry(3, step=TaskStep.SCHEDULED, request="r-1")
    again = TaskChanged(pbx="lab", at=sample.NINE, task=promises.task(entries=3), entries=(entry,))
    with pytest.raises(StoreConflict):
        await of_0003.writer.commit([again])  # a request is still carried out once
    entry = promises.entry(3, step=TaskStep.SCHEDULED, request="r-2")
    await of_0003.writer.commit([promises.everything(), promises.opened(2)])
    await of_0003.writer.commit([promises.clicked(promises.click()), promises.wrapped(promises.wrap_up())])


async def test_what_refers_to_a_task_still_needs_one(of_0003: Database) -> None:
    await of_0003.upgrade()
    lonely = TaskChanged(pbx="lab", at=sample.NINE, filings=(promises.filing(9, 9),))
    with pytest.raises(StoreConflict):
        await of_0003.writer.commit([lonely])
