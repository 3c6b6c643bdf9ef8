"""A change of a task is one atom; the same again changes nothing; the newest wins, and an older one never does."""

from dataclasses import fields, replace
from typing import Any

import pytest
from sqlalchemy import Engine, Table, text
from sqlalchemy.exc import IntegrityError

from callcentre.core.errors import StoreConflict
from callcentre.core.facts import Fact, MailboxSeen, NoticeRaised, TaskChanged, VoicemailUsed
from callcentre.core.tasks import Callout, Entry, Filing, Message, Task
from callcentre.core.terms import MessageStatus, TaskOutcome, TaskState
from callcentre.store import tables
from callcentre.store.database import Database
from tests.conformance import promises, sample

TABLES = (
    tables.messages,
    tables.tasks,
    tables.filings,
    tables.task_history,
    tables.callouts,
    tables.mailboxes,
    tables.voicemail_uses,
    tables.outbox,
)


def change(**parts: object) -> TaskChanged:
    return replace(TaskChanged(pbx="lab", at=sample.after(700)), **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (Message, tables.messages),
        (Filing, tables.filings),
        (Task, tables.tasks),
        (Entry, tables.task_history),
        (Callout, tables.callouts),
        (MailboxSeen, tables.mailboxes),
        (VoicemailUsed, tables.voicemail_uses),
    ],
)
def test_the_columns_of_each_table_are_the_fields_of_its_values(kind: type, table: Table) -> None:
    assert {field.name for field in fields(kind)} - {"notice"} == set(table.columns.keys())


async def test_everything_of_a_change_is_stored_exactly(database: Database) -> None:
    fact = promises.everything()
    await database.writer.commit([fact])
    found = await database.queries.task("lab", 1)
    assert found is not None
    assert found.task == fact.task
    assert found.entries == fact.entries
    assert found.filings == fact.filings
    assert found.messages == (fact.message,)
    assert found.callouts == (fact.callout,)
    assert await database.queries.filings_of("lab", 1) == list(fact.filings)


async def test_what_may_be_unknown_is_stored_as_unknown(database: Database) -> None:
    unanswered: dict[str, Any] = dict.fromkeys(("heard_at", "heard_by", "responded_at", "reached_at"))
    fact = change(
        task=promises.task(caller=None),
        entries=(promises.entry(),),
        message=promises.bare_message(),
        filings=(promises.filing(**unanswered),),
        callout=promises.running_callout(),
    )
    await database.writer.commit([fact])
    found = await database.queries.task("lab", 1)
    assert found is not None
    assert (found.task, found.messages, found.callouts) == (fact.task, (fact.message,), (fact.callout,))
    assert found.filings == fact.filings


async def test_there_is_no_such_task(database: Database) -> None:
    await database.writer.commit([promises.opened(1)])
    assert await database.queries.task("lab", 2) is None
    assert await database.queries.task("other", 1) is None
    assert await database.queries.filings_of("lab", 2) == []


async def test_the_same_group_again_changes_nothing(database: Database, second: Database) -> None:
    closed = promises.full_task(2, entries=2)
    group: list[Fact] = [
        promises.opened(1),
        promises.opened(2),
        change(message=promises.message(1, folder="Old")),
        change(task=closed, entries=(promises.entry(2, 2, request="r"),), notices=(promises.notice(),)),
        change(callout=promises.running_callout()),
        change(callout=promises.callout()),
        promises.mailbox(notice=promises.notice(key="box", task=None)),
        NoticeRaised(pbx="lab", at=sample.NINE, notice=promises.notice(key="backlog", to=())),
        promises.use(),
    ]
    await database.writer.commit(group)
    before = await sample.everything(database, *TABLES)
    assert [len(rows) for rows in before] == [2, 2, 2, 3, 1, 1, 1, 5]
    await database.writer.commit(group)
    await second.writer.commit(group)
    for fact in group:
        await second.writer.commit([fact])
    assert await sample.everything(database, *TABLES) == before


@pytest.mark.parametrize("together", [True, False], ids=["one group", "a group each"])
async def test_the_newest_wins_and_all_history_is_kept(database: Database, together: bool) -> None:
    claimed = promises.task(entries=2, state=TaskState.CLAIMED, holder="alice", lease_until=sample.after(99))
    closed = promises.full_task(entries=3)
    story = [
        promises.opened(1),
        change(
            task=claimed,
            entries=(promises.entry(2),),
            message=promises.message(folder="Old", playable=False),
            callout=promises.running_callout(),
        ),
        change(task=closed, entries=(promises.entry(3),), filings=(promises.filing(),), callout=promises.callout()),
    ]
    for group in [story] if together else [[fact] for fact in story]:
        await database.writer.commit(group)
    found = await database.queries.task("lab", 1)
    assert found is not None
    assert found.task == closed
    assert [entry.seq for entry in found.entries] == [1, 2, 3]
    assert found.messages == (promises.message(folder="Old", playable=False),)
    assert found.filings == (promises.filing(),)
    assert found.callouts == (promises.callout(),)


@pytest.mark.parametrize("together", [True, False], ids=["one group", "a group each"])
async def test_an_older_snapshot_never_wins(database: Database, together: bool) -> None:
    closed = promises.full_task(entries=5)
    story = [
        promises.opened(1),
        change(task=closed, entries=tuple(promises.entry(seq) for seq in range(2, 6)), callout=promises.callout()),
        change(task=promises.task(entries=4, holder="bob"), callout=promises.running_callout()),
        promises.mailbox(at=sample.after(20), new=5),
    ]
    for group in [story] if together else [[fact] for fact in story]:
        await database.writer.commit(group)
    await database.writer.commit([promises.mailbox(at=sample.after(19), new=4)])
    found = await database.queries.task("lab", 1)
    assert found is not None
    assert found.task == closed
    assert found.callouts == (promises.callout(),)
    assert (await database.queries.open_rows(["lab"], sample.after(21))).boxes == (
        promises.mailbox(at=sample.after(20), new=5),
    )


async def test_a_snapshot_with_as_many_entries_is_the_newer_one(database: Database) -> None:
    """A call that is noted on a task may leave no entry."""
    await database.writer.commit([promises.opened(1)])
    later = promises.task(opened_at=sample.after(1), got_through="1.9", got_through_at=sample.after(5))
    await database.writer.commit([change(task=later)])
    assert (await database.queries.tasks()) == [later]


async def test_what_is_written_stays_written_in_the_history(database: Database) -> None:
    await database.writer.commit([promises.opened(1)])
    await database.writer.commit([change(task=promises.task(), entries=(promises.entry(1, why="another story"),))])
    found = await database.queries.task("lab", 1)
    assert found is not None
    assert found.entries == (promises.entry(1),)


async def test_a_message_is_in_one_task_and_moves_when_tasks_are_merged(database: Database) -> None:
    await database.writer.commit([promises.opened(1), promises.opened(2)])
    moved = promises.filing(2, task=1)
    merged = [
        change(
            task=promises.full_task(2, entries=2, outcome=TaskOutcome.DUPLICATE), entries=(promises.entry(2, task=2),)
        ),
        change(task=promises.task(1, entries=2), entries=(promises.entry(2, task=1),), filings=(moved,)),
    ]
    await database.writer.commit(merged)
    assert [filing.key for filing in await database.queries.filings_of("lab", 1)] == [
        promises.filing(1).key,
        moved.key,
    ]
    assert await database.queries.filings_of("lab", 2) == []


async def test_the_database_itself_knows_no_second_place_for_a_message(database: Database) -> None:
    await database.writer.commit([promises.opened(1), promises.opened(2)])

    def twice(engine: Engine) -> None:
        columns = ", ".join(f'"{name}"' for name in map(str, tables.filings.c.keys()) if name != "task")
        with engine.begin() as connection:
            connection.execute(
                text(f"INSERT INTO filings (task, {columns}) SELECT 2, {columns} FROM filings WHERE task = 1")
            )

    with pytest.raises(IntegrityError):
        await database.writer.run(twice)


# Each breaks a constraint in another table, after rows that are good.
BROKEN = {
    "a filing without its task": change(
        task=promises.task(1), message=promises.message(1), filings=(promises.filing(1, task=7),)
    ),
    "an entry without its task": change(
        task=promises.task(1), message=promises.message(1), entries=(promises.entry(1, task=7),)
    ),
    "a filing without a deadline": change(
        task=promises.task(1), entries=(promises.entry(1),), filings=(promises.filing(1, due_reason=None),)
    ),
    "a request that was carried out": change(
        task=promises.task(1), entries=(promises.entry(1, request="r"), promises.entry(2, request="r"))
    ),
    "a notice without words": change(
        task=promises.task(1), message=promises.message(1), notices=(promises.notice(text=None),)
    ),
    "a time without an offset": change(
        task=promises.task(1), callout=promises.callout(ended_at=sample.NINE.replace(tzinfo=None))
    ),
    "a message without a line": change(task=promises.task(1), message=promises.message(1, line=None)),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_a_change_that_is_refused_leaves_nothing(database: Database, broken: TaskChanged) -> None:
    with pytest.raises(StoreConflict) as refused:
        await database.writer.commit([broken])
    assert promises.CALLER not in str(refused.value)
    assert await sample.everything(database, *TABLES) == [[] for _ in TABLES]
    await database.writer.commit([promises.opened(1)])
    assert await database.queries.task("lab", 1) is not None


async def test_a_request_is_carried_out_once_on_each_task(database: Database) -> None:
    asked = promises.entry(2, request="close 1")
    await database.writer.commit([promises.opened(1), promises.opened(2)])
    first = change(task=promises.task(entries=2), entries=(asked,))
    await database.writer.commit([first])
    await database.writer.commit([first])
    assert await database.queries.was_requested("lab", "close 1")
    assert not await database.queries.was_requested("other", "close 1")
    assert not await database.queries.was_requested("lab", "close 2")
    again = change(task=promises.task(entries=3), entries=(replace(asked, seq=3),))
    with pytest.raises(StoreConflict):
        await database.writer.commit([again])
    on_another = change(task=promises.task(2, entries=2), entries=(replace(asked, task=2),))
    await database.writer.commit([on_another])


async def test_the_same_number_on_two_pbxs_is_two_tasks(database: Database) -> None:
    here, there = promises.opened(1), promises.opened(1)
    there = replace(
        there,
        pbx="other",
        task=promises.task(pbx="other", caller=None),
        entries=(promises.entry(pbx="other"),),
        message=promises.message(pbx="other"),
        filings=(promises.filing(pbx="other"),),
    )
    await database.writer.commit([here, there])
    found = await database.queries.task("other", 1)
    assert found is not None
    assert found.messages == (there.message,)
    assert (await database.queries.open_rows(["lab"], sample.NINE)).tasks == (here.task,)


async def test_a_message_without_a_task_waits_for_a_decision(database: Database) -> None:
    waiting = [promises.message(n, status=MessageStatus.BACKLOG) for n in (3, 2)]
    waiting.append(promises.bare_message(1, pbx="other", status=MessageStatus.BACKLOG))
    decided = promises.message(4, status=MessageStatus.DISMISSED)
    await database.writer.commit([change(message=one) for one in (*waiting, decided)])
    assert await database.queries.backlog() == [waiting[2], waiting[1], waiting[0]]
    assert await database.queries.backlog(pbx="lab") == [waiting[1], waiting[0]]
    taken_on = change(task=promises.task(2), message=promises.message(2), filings=(promises.filing(2, task=2),))
    await database.writer.commit([taken_on])
    assert await database.queries.backlog(pbx="lab") == [waiting[0]]


async def test_hostile_words_are_stored_as_words(database: Database) -> None:
    hostile = "'); DROP TABLE tasks; -- \r\n\u2028 %s ? :x {0} \U0001f4de"
    entry = promises.entry(1, who=hostile, why=hostile, request=hostile)
    fact = change(
        task=promises.task(caller=hostile, dial=hostile, holder=hostile, alarms=(hostile, "")),
        entries=(entry,),
        message=promises.message(caller=hostile, channel=hostile, folder=hostile),
    )
    await database.writer.commit([fact])
    found = await database.queries.task("lab", 1)
    assert found is not None
    assert found.task == fact.task
    assert found.entries == (entry,)
    assert await database.queries.was_requested("lab", hostile)


async def test_no_message_is_lost_for_what_no_database_takes(database: Database) -> None:
    fact = replace(promises.opened(1), message=promises.message(1, caller="\0" + promises.CALLER, folder="half \ud800"))
    await database.writer.commit([fact])
    found = await database.queries.task("lab", 1)
    assert found is not None
    assert found.messages == (promises.message(1, caller="\ufffd" + promises.CALLER, folder="half ?"),)


async def test_many_changes_in_one_group(database: Database) -> None:
    """More than any fixed length of statement."""
    facts = [promises.opened(n) for n in range(1, 332)]
    await database.writer.commit(facts)
    assert len(await database.queries.tasks()) == 331
    assert [len(rows) for rows in await sample.everything(database, *TABLES[:4])] == [331] * 4


async def test_mailboxes_and_verdicts_are_rows(database: Database) -> None:
    bare = promises.mailbox(mailbox="601@default", named=False, new=None, old=None, capacity=None)
    await database.writer.commit([promises.mailbox(), bare, promises.use(1), promises.use(2)])
    assert (await database.queries.open_rows(["lab"], sample.NINE)).boxes == (promises.mailbox(), bare)
    pages = database.queries.voicemail_uses(sample.NINE, sample.after(60))
    assert [list(page) async for page in pages] == [[promises.use(1), promises.use(2)]]
