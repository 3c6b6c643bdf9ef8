"""What was erased is gone from every row of before, and nothing brings it back: no snapshot, no healing, no import."""

from dataclasses import replace
from typing import Any

import pytest

from callcentre.core.facts import Call, CallerErased, CallHealed, TaskChanged
from callcentre.core.terms import MessageStatus, Outcome, Quality, TaskState, TaskStep
from callcentre.store import tables
from callcentre.store.database import Database
from tests.conformance import promises, sample
from tests.conformance.erasures import erase

CALLER = promises.CALLER
OTHER = "07700900062"
AT = sample.after(5_000)
SPELLED = (CALLER, "+44 7700 900061", "0044-7700-900-061", "(07700) 900 061 ", "447700900061")
# None of these is the number, although its last digits stand in each of them.
OTHERS = (OTHER, "07700900161", "+33 7700 900061", "900061", "anonymous 07700900061")
NUMBERED = (
    *(tables.calls, tables.messages, tables.tasks, tables.callouts, tables.outbox, tables.task_history),
    *(tables.clicks, tables.wrap_ups),
)


def erased(caller: str | None = CALLER, *messages: str, **changes: Any) -> CallerErased:
    return replace(
        CallerErased(pbx="lab", at=AT, caller=caller, messages=messages, who="alice", why="the caller asked"), **changes
    )


def change(**parts: Any) -> TaskChanged:
    return replace(TaskChanged(pbx="lab", at=sample.NINE), **parts)


def called(number: int, caller: str | None, at: float = 0, **changes: Any) -> Call:
    return replace(sample.abandoned(sample.offered(number, at=sample.after(at))), caller=caller, **changes)


async def caller_of(database: Database, call: Call) -> str | None:
    found = await database.queries.call(call.key)
    assert found is not None
    return found.caller


async def words(database: Database) -> str:
    """Everything that the database holds."""
    return repr(await sample.everything(database, *tables.metadata.tables.values()))


async def test_a_number_is_gone_from_every_row_however_it_is_spelled(database: Database) -> None:
    calls = [called(n, number) for n, number in enumerate(SPELLED)]
    facts: list[Any] = [*map(sample.on_end, calls)]
    for n, number in enumerate(SPELLED, start=1):
        opened = promises.opened(n)
        dial = number if n == 2 else None
        facts.append(
            replace(
                opened,
                task=promises.task(n, caller=None if dial else number, dial=dial),
                message=promises.message(n, caller=number),
                callout=promises.callout(n, caller=CALLER),
            )
        )
        facts.append(promises.clicked(promises.click(n, number=number)))
        facts.append(promises.wrapped(promises.wrap_up(n, caller=number)))
    await database.writer.commit(facts)
    assert "900061" in await words(database)
    await erase(database, erased())
    left = await words(database)
    assert all(number not in left for number in SPELLED)
    assert "Dr Bell" not in left
    assert [await caller_of(database, call) for call in calls] == [None] * 5
    found = await database.queries.open_rows(["lab"], AT)
    assert {(task.caller, task.dial) for task in found.tasks} == {(None, None)}
    assert {(message.caller, message.status) for message in found.messages} == {(None, MessageStatus.ERASED)}
    assert [message.key for message in found.messages] == [promises.message(n).key for n in range(1, 6)]
    assert found.missed == ()
    detail = await database.queries.task("lab", 1)
    assert detail is not None
    assert [callout.caller for callout in detail.callouts] == [""] * 5


async def test_nobody_else_loses_theirs(database: Database) -> None:
    facts: list[Any] = []
    for n, number in enumerate(OTHERS, start=1):
        facts.append(sample.on_end(called(n, number)))
        facts.append(
            replace(
                promises.opened(n),
                task=promises.task(n, caller=number, dial=OTHER),
                message=promises.message(n, caller=number),
                callout=promises.callout(n, caller=number),
            )
        )
        facts.append(promises.clicked(promises.click(n, number=number)))
        facts.append(promises.wrapped(promises.wrap_up(n, caller=number)))
    await database.writer.commit(facts)
    before = await sample.everything(database, *NUMBERED)
    await erase(database, erased())
    assert await sample.everything(database, *NUMBERED) == before


async def test_a_caller_of_another_pbx_is_another_matter(database: Database) -> None:
    there = called(1, CALLER)
    there = replace(there, key=replace(there.key, pbx="other"))
    await database.writer.commit([sample.on_end(there)])
    await erase(database, erased())
    assert await caller_of(database, there) == CALLER
    imported = replace(called(2, CALLER), key=replace(there.key, uniqueid="2.2"))
    await database.writer.backfill([imported])
    assert await caller_of(database, imported) == CALLER


async def test_who_calls_again_later_is_a_caller_like_any_other(database: Database) -> None:
    before, at, after = (called(n, CALLER, seconds) for n, seconds in enumerate((4_999.999999, 5_000, 5_000.000001)))
    later = change(
        task=promises.task(1, opened_at=sample.after(6_000)),
        message=promises.message(1, left_at=sample.after(6_000)),
        callout=promises.running_callout(1, begun_at=sample.after(6_001)),
    )
    await database.writer.commit([sample.on_end(before), sample.on_end(at), sample.on_end(after), later, erased()])
    assert [await caller_of(database, call) for call in (before, at, after)] == [None, None, CALLER]
    assert (await database.queries.tasks())[0].caller == CALLER
    await database.writer.commit([later])
    found = await database.queries.open_rows(["lab"], AT)
    assert [message.caller for message in found.messages] == [CALLER]
    assert [callout.caller for callout in found.callouts] == [CALLER]


async def test_named_messages_are_erased_although_nobody_knows_the_caller(database: Database) -> None:
    await database.writer.commit([promises.opened(1), promises.opened(2)])
    await erase(database, erased(None, promises.message(1).key, "no such message"))
    found = (await database.queries.open_rows(["lab"], AT)).messages
    assert found == (promises.message(1, caller=None, status=MessageStatus.ERASED), promises.message(2))
    assert await sample.everything(database, tables.erased_numbers) == [[]]


@pytest.mark.parametrize("together", [True, False], ids=["one group", "a group each"])
async def test_a_tombstone_stays_one(database: Database, together: bool) -> None:
    """Also where no number is erased by which an older snapshot could be known."""
    story = [promises.opened(1), erased(None, promises.message(1).key), change(message=promises.message(1))]
    for group in [story] if together else [[fact] for fact in story]:
        await database.writer.commit(group)
    found = (await database.queries.open_rows(["lab"], AT)).messages
    assert found == (promises.message(1, caller=None, status=MessageStatus.ERASED),)


async def test_a_tombstone_still_says_where_the_message_lies(database: Database) -> None:
    await database.writer.commit([promises.opened(1)])
    await database.writer.commit([erased(None, promises.message(1).key)])
    moved = promises.message(1, status=MessageStatus.ERASED, caller=None, folder="Old", in_mailbox=False)
    await database.writer.commit([change(message=moved)])
    assert (await database.queries.open_rows(["lab"], AT)).messages == (moved,)


@pytest.mark.parametrize("together", [True, False], ids=["one group", "a group each"])
async def test_an_older_snapshot_brings_nothing_back(database: Database, second: Database, together: bool) -> None:
    running = replace(sample.ringing(sample.offered(1)), caller=CALLER)
    waiting = promises.opened(1)
    dial = promises.running_callout(1)
    story: list[Any] = [
        sample.on_progress(running),
        waiting,
        change(callout=dial),
        erased(CALLER, promises.message(1).key),
    ]
    late: list[Any] = [
        sample.on_end(replace(sample.answered(running), caller=CALLER)),
        waiting,
        change(message=promises.message(1, folder="Old")),
        change(task=promises.task(entries=2, dial="01632960124"), entries=(promises.entry(2),)),
        change(callout=promises.callout(1)),
    ]
    for group in [[*story, *late]] if together else [[fact] for fact in (*story, *late)]:
        await database.writer.commit(group)
    # Another process, which remembers nothing of it.
    await second.writer.commit(late)
    left = await words(database)
    assert CALLER not in left
    assert "01632960124" not in left, "a number typed for the same caller"
    found = await database.queries.task("lab", 1)
    assert found is not None
    assert found.task.entries == 2
    assert found.messages[0].status is MessageStatus.ERASED
    assert found.callouts[0].ended_at is not None
    stored = await database.queries.call(running.key)
    assert stored == replace(sample.answered(running), caller=None)


async def test_a_running_call_goes_on_being_stored_whole(database: Database) -> None:
    """What the writer remembers of a call must not be what it was before the number went."""
    running = replace(sample.ringing(sample.offered(1)), caller=CALLER)
    await database.writer.commit([sample.on_progress(running)])
    await erase(database, erased())
    await database.writer.commit([sample.on_progress(running)])
    assert await database.queries.call(running.key) == replace(running, caller=None)
    longer = replace(running, attempts=(*running.attempts, sample.attempt("PJSIP/104")))
    await database.writer.commit([sample.on_progress(longer)])
    assert await database.queries.call(running.key) == replace(longer, caller=None)


async def test_healing_and_import_bring_nothing_back(database: Database) -> None:
    await erase(database, erased())
    healed = replace(called(1, "+447700900061"), quality=Quality.INFERRED)
    imported, newer, other = called(2, CALLER), called(3, CALLER, 5_001), called(4, OTHER)
    await database.writer.commit([CallHealed(pbx="lab", at=sample.after(9_000), call=healed)])
    assert await database.writer.backfill([imported, newer, other]) == 3
    callers = [await caller_of(database, call) for call in (healed, imported, newer, other)]
    assert callers == [None, None, CALLER, OTHER]


async def test_a_lost_call_healed_after_its_caller_was_erased(database: Database) -> None:
    lost = replace(sample.lost(sample.offered(1)), caller=CALLER)
    await database.writer.commit([sample.on_end(lost)])
    await erase(database, erased())
    healed = replace(sample.answered(sample.offered(1)), caller=CALLER, outcome=Outcome.ABANDONED)
    await database.writer.commit([CallHealed(pbx="lab", at=sample.after(9_000), call=healed)])
    assert await database.queries.call(lost.key) == replace(healed, caller=None)


async def test_erased_again_later_and_never_earlier(database: Database) -> None:
    await database.writer.commit([erased(at=sample.after(9_000))])
    await database.writer.commit([erased(at=sample.after(100))])
    await database.writer.backfill([called(1, CALLER, 8_000)])
    assert await caller_of(database, called(1, CALLER)) is None
    await database.writer.commit([erased(at=sample.after(10_000))])
    await database.writer.backfill([called(2, CALLER, 9_500)])
    assert await caller_of(database, called(2, CALLER)) is None


async def test_each_number_from_its_own_erasure_on(database: Database) -> None:
    await database.writer.commit([erased(), erased(OTHER, at=sample.after(9_000))])
    await database.writer.backfill([called(1, CALLER, 8_000), called(2, OTHER, 8_000)])
    assert await caller_of(database, called(1, CALLER)) == CALLER
    assert await caller_of(database, called(2, OTHER)) is None


async def test_the_same_erasure_again_changes_nothing(database: Database) -> None:
    group = [sample.on_end(called(1, CALLER)), promises.opened(1), erased(CALLER, promises.message(1).key)]
    await database.writer.commit(group)
    before = await words(database)
    await database.writer.commit(group)
    assert await words(database) == before


async def test_only_a_keyed_hash_of_the_number_is_kept(database: Database, second: Database) -> None:
    await erase(database, erased())
    (rows,) = await sample.everything(database, tables.erased_numbers)
    ((hashed, when),) = rows
    assert len(hashed) == 64
    assert when == AT
    await second.writer.commit([erased(OTHER)])
    assert len((await sample.everything(database, tables.erased_numbers))[0]) == 2
    assert CALLER not in await words(database)


async def test_the_change_that_the_core_writes_with_an_erasure(database: Database) -> None:
    """The erasure, and the task closed by it, in one group and in either order."""
    await database.writer.commit([promises.opened(1), sample.on_end(called(1, CALLER))])
    closed = promises.full_task(1, caller=None, dial=None, entries=3, state=TaskState.CLOSED)
    told = change(
        task=closed,
        entries=(promises.entry(2, step=TaskStep.ERASED), promises.entry(3, step=TaskStep.CLOSED)),
        message=promises.message(1, caller=None, status=MessageStatus.ERASED),
    )
    await erase(database, told, erased(CALLER, promises.message(1).key))
    found = await database.queries.task("lab", 1)
    assert found is not None
    assert found.task == closed
    assert found.messages == (told.message,)
    assert CALLER not in await words(database)


async def test_more_rows_than_a_page_holds(database: Database) -> None:
    many = [called(n, SPELLED[n % 5] if n % 2 else OTHERS[1]) for n in range(2_300)]
    await database.writer.commit([sample.on_end(call) for call in many])
    await erase(database, erased())
    (rows,) = await sample.everything(database, tables.calls)
    callers = [row[5] for row in rows]
    assert callers.count(None) == 1_150
    assert callers.count(OTHERS[1]) == 1_150


async def test_how_to_speak_with_an_erased_caller_is_forgotten_too(database: Database) -> None:
    spoken = promises.task(1, language="pl", needs=("interpreter",))
    await database.writer.commit([change(task=spoken), erased()])
    await database.writer.commit([change(task=replace(spoken, entries=2))])
    for number in (1, 2):
        await database.writer.commit([change(task=replace(spoken, number=number, entries=3))])
        found = await database.queries.task("lab", number)
        assert found is not None
        assert (found.task.caller, found.task.language, found.task.needs) == (None, None, ())


async def test_clicks_and_wrap_ups_of_before_an_erasure_come_without_their_caller(database: Database) -> None:
    await erase(database, erased())
    early, late = promises.click(1, asked_at=AT), promises.click(3, asked_at=sample.after(5_001))
    wraps = [promises.wrap_up(1), promises.wrap_up(2, at=sample.after(5_001))]
    await database.writer.commit([*map(promises.clicked, (early, late)), *map(promises.wrapped, wraps)])
    found = await database.queries.open_rows(["lab"], AT)
    assert found.clicks == (replace(early, number=""), late)
    assert found.wraps == (replace(wraps[0], caller=None, why=""), wraps[1])
