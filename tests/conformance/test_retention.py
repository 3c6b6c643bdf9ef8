"""What is over its term is counted and removed; what is open or under a legal hold stays; figures stay as they were."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from callcentre.config.retention import RetentionSection, retention_of
from callcentre.core.facts import Fact
from callcentre.core.terms import TaskState
from callcentre.store import tables
from callcentre.store.database import Database
from callcentre.store.retention_rules import RULES, Removed
from callcentre.store.statements import Cursor, Upsert
from tests.conformance import promises, sample, watched
from tests.conformance.test_forgetting import row_for

DEFAULTS = retention_of(RetentionSection()).terms
NUMBER, OTHER = "07700900061", "07700900062"
AFTER_14_MONTHS = sample.NINE + timedelta(days=430)
AFTER_7_YEARS = sample.NINE + timedelta(days=7 * 366)


async def no_rest(_seconds: float) -> None:
    return


def life(n: int, number: str = NUMBER, *, state: TaskState = TaskState.CLOSED) -> list[Fact]:
    """A caller's call, message, task, dial, click and wrap-up, all of the first day."""
    call = replace(sample.abandoned(sample.offered(n, at=sample.after(n))), caller=number)
    made = promises.full_task if state is TaskState.CLOSED else promises.task
    opened = replace(
        promises.opened(n),
        task=made(n, caller=number, dial=None, state=state, call=None),
        message=promises.message(n, caller=number, in_mailbox=False),
        callout=promises.callout(n, caller=number, task=n),
    )
    return [
        sample.on_end(call),
        opened,
        promises.clicked(promises.click(n, number=number, task=n)),
        promises.wrapped(promises.wrap_up(n, caller=number, why="was kind")),
    ]


async def run(database: Database, at: datetime, *, apply: bool = True, who: str = "callcentre") -> dict[str, Removed]:
    holds = await database.holds.lasting(at)
    found = await database.retention.run(DEFAULTS, at, holds, apply=apply, who=who, rest=no_rest)
    return {one.kind: one for one in found}


async def rows_of(database: Database, table: Any) -> list[tuple[Any, ...]]:
    return (await sample.everything(database, table))[0]


async def put(database: Database, table: Any, **given: Any) -> None:
    dialect = database.writer._dialect
    made = tuple(column.name for column in table.columns if column.autoincrement is True)

    def work(cursor: Cursor) -> None:
        dialect.put(cursor, Upsert(table, (), made=made), [row_for(table, given, dialect.form)])

    await database.writer.transact(work)


async def everything(database: Database) -> str:
    return repr(await sample.everything(database, *tables.metadata.tables.values()))


async def test_nothing_is_removed_by_a_dry_run_which_tells_what_would_be(database: Database) -> None:
    await database.writer.commit([fact for n in (1, 2) for fact in life(n)])
    before = await everything(database)
    found = await run(database, AFTER_14_MONTHS, apply=False, who="")
    assert await everything(database) == before
    assert found["numbers"].rows == 12
    assert found["numbers"].oldest is not None
    assert found["calls"].rows == found["tasks"].rows == 0
    removed = await run(database, AFTER_14_MONTHS)
    assert {kind: (one.rows, one.oldest) for kind, one in removed.items()} == {
        kind: (one.rows, one.oldest) for kind, one in found.items()
    }
    again = await run(database, AFTER_14_MONTHS, apply=False, who="")
    assert sum(one.rows for one in again.values()) == 0


async def test_numbers_go_first_and_rows_stay_so_that_figures_do(database: Database) -> None:
    await database.writer.commit([fact for n in (1, 2) for fact in life(n)])
    span = (sample.NINE - timedelta(days=1), sample.NINE + timedelta(days=1))
    counted = await database.queries.counts(*span)
    held = {table.name: len(await rows_of(database, table)) for table in tables.metadata.sorted_tables}
    await run(database, AFTER_14_MONTHS)
    assert NUMBER not in await everything(database)
    assert await database.queries.counts(*span) == counted
    grown = {"audit", "retention_runs"}
    after = {table.name: len(await rows_of(database, table)) for table in tables.metadata.sorted_tables}
    assert {name: number for name, number in after.items() if name not in grown} == {
        name: number for name, number in held.items() if name not in grown
    }
    task = await database.queries.task("lab", 1)
    assert task is not None
    assert all(entry.why == "" for entry in task.entries)
    assert (task.task.caller, task.task.closed_by) == (None, "alice")


async def test_rows_go_when_their_own_term_is_over(database: Database) -> None:
    await database.writer.commit([fact for n in (1, 2) for fact in life(n)])
    await put(database, tables.cases, number=4, kind="complaint", channel="call", state="closed", closed_at=sample.NINE)
    await put(database, tables.case_history, case_number=4, seq=1, step="noted", state="open", why="she said")
    await database.writer.commit([promises.use(1)])
    await put(database, tables.audit, who="Ann", what="listened")
    found = await run(database, AFTER_7_YEARS)
    gone = ("calls", "ring_attempts", "visits", "messages", "tasks", "filings", "task_history", "callouts", "clicks")
    for name in (*gone, "wrap_ups", "outbox", "cases", "case_history", "voicemail_uses"):
        assert await rows_of(database, tables.metadata.tables[name]) == [], name
    assert (found["calls"].rows, found["tasks"].rows, found["cases"].rows) == (3, 4, 1)
    runs = {row[1]: row[3] for row in await rows_of(database, tables.retention_runs)}
    assert runs == {kind: one.rows for kind, one in found.items()}
    (entry,) = await database.audit.entries()
    assert (entry.who, entry.action) == ("callcentre", "retention removed")
    assert "calls 3" in entry.what


@pytest.mark.parametrize("at", [AFTER_14_MONTHS, AFTER_7_YEARS])
async def test_what_is_not_closed_is_left_alone(database: Database, at: datetime) -> None:
    await database.writer.commit(life(1, state=TaskState.OPEN))
    await put(
        database, tables.cases, number=4, kind="complaint", channel="call", state="open", caller=OTHER, summary="s"
    )
    await put(database, tables.case_history, case_number=4, seq=1, step="noted", state="open", why="she said")
    before = await sample.everything(
        database, *(tables.calls, tables.tasks, tables.task_history, tables.messages, tables.cases, tables.case_history)
    )
    found = await run(database, at)
    after = await sample.everything(
        database, *(tables.calls, tables.tasks, tables.task_history, tables.messages, tables.cases, tables.case_history)
    )
    assert after == before
    assert found["numbers"].kept > 0


@pytest.mark.parametrize("at", [AFTER_14_MONTHS, AFTER_7_YEARS])
async def test_whoever_is_held_is_kept_until_the_hold_is_lifted(database: Database, at: datetime) -> None:
    await database.writer.commit([*life(1, "+44 7700 900061"), *life(2, OTHER)])
    held: dict[str, Any] = {"pbx": "", "why": "a claim", "who": "Ann", "at": sample.NINE, "until": None}
    await database.holds.place(number=NUMBER, case_number=None, **held)
    await run(database, at)
    left = await everything(database)
    assert OTHER not in left
    assert "+44 7700 900061" in left
    assert [row[1] for row in await rows_of(database, tables.calls)] == [
        f"1795363959.{n}" for n in ((1, 2) if at == AFTER_14_MONTHS else (1,))
    ]
    (hold,) = await database.holds.lasting(at)
    assert await database.holds.lift(hold.id, why="settled", who="Ann", at=at)
    assert not await database.holds.lift(hold.id, why="settled", who="Ann", at=at)
    await run(database, at + timedelta(seconds=1))
    assert "900061" not in repr(await rows_of(database, tables.calls) + await rows_of(database, tables.tasks))
    placed = ["legal hold placed"] if at == AFTER_14_MONTHS else []  # seven years later the audit's own term is over
    told = [entry.action for entry in await database.audit.entries() if "hold" in entry.action]
    assert told == ["legal hold lifted", *placed]


async def test_a_hold_ends_on_its_day(database: Database) -> None:
    await database.writer.commit(life(1))
    await database.holds.place(
        pbx="lab", number=NUMBER, case_number=None, why="a claim", who="Ann", at=sample.NINE, until=AFTER_14_MONTHS
    )
    assert await database.holds.against("lab", sample.NINE, numbers=["+447700900061"])
    assert not await database.holds.against("other", sample.NINE, numbers=[NUMBER])
    await run(database, AFTER_14_MONTHS - timedelta(seconds=1))
    assert NUMBER in repr(await rows_of(database, tables.calls))
    await run(database, AFTER_14_MONTHS)
    assert NUMBER not in repr(await rows_of(database, tables.calls))


async def test_a_held_case_is_kept_with_its_task_and_call(database: Database) -> None:
    await database.writer.commit(life(1))
    await put(
        database,
        tables.cases,
        number=4,
        kind="complaint",
        channel="call",
        state="closed",
        closed_at=sample.NINE,
        caller=NUMBER,
        task=1,
        call="1795363959.1",
        name="Maud",
    )
    await database.holds.place(
        pbx="lab", number=None, case_number=4, why="a claim", who="Ann", at=sample.NINE, until=None
    )
    assert await database.holds.against("lab", sample.NINE, numbers=[NUMBER]), "its caller is held with it"
    await run(database, AFTER_7_YEARS)
    kept = await sample.everything(database, tables.calls, tables.tasks, tables.cases)
    assert [len(rows) for rows in kept] == [1, 1, 1]
    assert "Maud" in repr(kept)


async def test_messages_still_in_their_mailbox_keep_their_rows(database: Database) -> None:
    """Without its row a message would be found anew, and become a task once more."""
    opened = replace(promises.opened(1), task=promises.full_task(1), message=promises.message(1, in_mailbox=True))
    await database.writer.commit([opened])
    await run(database, AFTER_7_YEARS)
    assert len(await rows_of(database, tables.messages)) == len(await rows_of(database, tables.tasks)) == 1


async def test_a_task_that_is_reopened_meanwhile_is_not_removed(database: Database) -> None:
    await database.writer.commit(life(1))
    reopened = promises.full_task(1, entries=10, state=TaskState.REOPENED, closed_at=None, outcome=None)

    async def rest(_seconds: float) -> None:
        await database.writer.commit([replace(promises.opened(1), task=reopened, entries=())])

    # It rests after each page: the calls' is before the tasks' are removed.
    await database.retention.run(DEFAULTS, AFTER_7_YEARS, [], apply=True, rest=rest)
    found = await database.queries.task("lab", 1)
    assert found is not None
    assert found.task.state is TaskState.REOPENED


async def test_how_to_speak_with_somebody_goes_when_the_agreement_ends(database: Database) -> None:
    flagged = {"flags_by": "Ann", "flags_at": sample.NINE, "flags_until": sample.after(60)}
    await database.writer.commit(
        [replace(promises.opened(1), task=promises.full_task(1, closed_at=sample.after(30), **flagged))]
    )
    assert (await run(database, sample.after(59)))["flags"].rows == 0
    assert (await run(database, sample.after(61)))["flags"].rows == 1
    found = await database.queries.task("lab", 1)
    assert found is not None
    assert (found.task.language, found.task.needs, found.task.flags_by) == (None, (), None)


async def test_a_mark_ends_by_itself_and_its_incident_is_counted_on(database: Database) -> None:
    incident = {"how": "code", "state": "warned", "caller": NUMBER, "note": "shouted", "uniqueid": "a.1"}
    await put(database, tables.abuse_incidents, expires_at=sample.after(60), **incident)
    assert (await run(database, sample.after(59)))["marks"].rows == 0
    found = await run(database, sample.after(61))
    assert (found["marks"].rows, found["incidents"].rows) == (1, 0)
    left = repr(await rows_of(database, tables.abuse_incidents))
    assert NUMBER not in left
    assert "shouted" not in left
    assert (await run(database, AFTER_14_MONTHS))["incidents"].rows == 1


async def test_books_of_attendance_lose_names_first_and_never_their_last_line(database: Database) -> None:
    await database.writer.commit([watched.changed(watched.full_breach(sample.NINE), watched.step(1, sample.NINE))])
    for n in (1, 2):
        at = sample.after(n)
        who = '["Alice Adams: paused"]'
        await put(database, tables.attendance, line="enquiries", at=at, state="unattended", who=who)
        await put(database, tables.presence, line="enquiries", at=at, there=0)
    await run(database, AFTER_14_MONTHS)
    rows = await rows_of(database, tables.attendance)
    assert ["Alice" in repr(row) for row in rows] == [False, True], "the last is how it stands now"
    assert "alice" not in repr(await rows_of(database, tables.breaches)).lower()
    assert {row[6] for row in await rows_of(database, tables.breach_steps)} == {""}
    await run(database, AFTER_7_YEARS)
    kept = await sample.everything(database, tables.attendance, tables.presence, tables.breaches, tables.breach_steps)
    assert [len(rows) for rows in kept] == [1, 1, 0, 0]


async def test_what_is_never_removed_stays(database: Database) -> None:
    await database.writer.commit(life(1))
    found = await database.retention.run(dict.fromkeys(DEFAULTS), AFTER_7_YEARS, [], apply=True, rest=no_rest)
    assert sum(one.rows for one in found) == 0
    assert NUMBER in await everything(database)


async def test_no_transaction_writes_more_than_a_thousand_rows(database: Database) -> None:
    calls = [
        replace(sample.abandoned(sample.offered(n, at=sample.after(n / 1_000))), caller=NUMBER) for n in range(2_300)
    ]
    await database.writer.commit([*map(sample.on_end, calls)])
    sizes: list[int] = []
    whole = database.retention._remove

    def counted(cursor: Cursor, rule: Any, keys: Any) -> int:
        done = whole(cursor, rule, keys)
        sizes.append(done)
        return done

    database.retention._remove = counted  # type: ignore[method-assign]
    found = await run(database, AFTER_14_MONTHS)
    assert found["numbers"].rows == 2_300
    assert sum(sizes) == 2_300
    assert max(sizes) <= 1_000
    assert min(sizes) >= 1, "each transaction goes on, however short its time is"
    assert max(rule.page * (20 if len(rule.steps) > 1 else 1) for rule in RULES) <= 1_000
