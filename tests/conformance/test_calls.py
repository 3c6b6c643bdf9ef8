"""What the store promises of calls: exact round trips, newest snapshot wins, decided rows stay."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from callcentre.core.errors import StoreConflict
from callcentre.core.facts import Call, CallHealed
from callcentre.core.terms import CallKey, Outcome, Quality
from callcentre.store import tables
from callcentre.store.database import Database
from tests.conformance import sample

CALL_TABLES = (tables.calls, tables.ring_attempts, tables.visits, tables.progress)


@pytest.mark.parametrize("make", [lambda call: call, sample.ringing, sample.answered, sample.lost, sample.abandoned])
async def test_a_call_comes_back_as_it_was_written(database: Database, make: object) -> None:
    call: Call = make(sample.offered())  # type: ignore[operator]
    await database.writer.commit([sample.on_offer(call)])
    assert await database.queries.call(call.key) == call


async def test_a_time_of_another_zone_comes_back_as_the_same_instant_in_utc(database: Database) -> None:
    summer = timezone(timedelta(hours=1))
    call = replace(sample.offered(), offered_at=sample.NINE.astimezone(summer))
    await database.writer.commit([sample.on_offer(call)])
    stored = await database.queries.call(call.key)
    assert stored is not None
    assert stored.offered_at == sample.NINE
    assert stored.offered_at.utcoffset() == timedelta(0)


async def test_an_unknown_call_is_none(database: Database) -> None:
    assert await database.queries.call(CallKey("lab", "1.1")) is None


async def test_the_same_uniqueid_on_two_pbxs_is_two_calls(database: Database) -> None:
    here, there = sample.offered(pbx="lab"), sample.answered(sample.offered(pbx="other"))
    await database.writer.commit([sample.on_offer(here), sample.on_offer(there)])
    assert await database.queries.call(here.key) == here
    assert await database.queries.call(there.key) == there


@pytest.mark.parametrize("together", [True, False], ids=["one group", "three groups"])
async def test_the_newest_snapshot_wins(database: Database, together: bool) -> None:
    call = sample.offered()
    story = [
        sample.on_offer(call),
        sample.on_progress(sample.ringing(call)),
        sample.on_end(sample.answered(call)),
    ]
    for group in [story] if together else [[fact] for fact in story]:
        await database.writer.commit(group)
    assert await database.queries.call(call.key) == sample.answered(call)


async def test_each_snapshot_of_a_running_call_is_stored_exactly(database: Database) -> None:
    """What the writer leaves out as unchanged must really be there."""
    call = sample.offered()
    rings = sample.ringing(call)
    second = replace(rings, attempts=(*rings.attempts, sample.attempt("PJSIP/104")))
    moved = replace(second, line="bookings", offered_at=sample.after(-1))
    fewer = replace(moved, attempts=moved.attempts[1:], visits=())
    for snapshot in (call, rings, rings, second, moved, fewer):
        await database.writer.commit([sample.on_progress(snapshot)])
        assert await database.queries.call(call.key) == snapshot


async def test_a_call_goes_on_after_a_restart_of_the_daemon(database: Database, second: Database) -> None:
    call = sample.ringing(sample.offered())
    await database.writer.commit(
        [sample.on_offer(replace(call, attempts=(*call.attempts, sample.attempt("PJSIP/109"))))]
    )
    await second.writer.commit([sample.on_progress(call)])
    assert await second.queries.call(call.key) == call
    await second.writer.commit([sample.on_end(sample.answered(call))])
    assert await database.queries.call(call.key) == sample.answered(call)


async def test_the_same_facts_again_change_nothing(database: Database, second: Database) -> None:
    first, other = sample.offered(1), sample.offered(2)
    group = [
        sample.on_offer(first),
        sample.on_progress(sample.ringing(first)),
        sample.on_offer(other),
        sample.on_end(sample.answered(first)),
    ]
    await database.writer.commit(group)
    before = await sample.everything(database, *CALL_TABLES)
    await database.writer.commit(group)
    await second.writer.commit(group)
    for fact in group:
        await second.writer.commit([fact])
    assert await sample.everything(database, *CALL_TABLES) == before


@pytest.mark.parametrize("decided", [sample.answered, sample.abandoned])
@pytest.mark.parametrize("late", [sample.ringing, sample.lost, sample.abandoned, sample.answered])
async def test_a_decided_row_stays(database: Database, second: Database, decided: object, late: object) -> None:
    call = sample.offered()
    end: Call = decided(call)  # type: ignore[operator]
    after: Call = late(call)  # type: ignore[operator]
    await database.writer.commit([sample.on_offer(call), sample.on_end(end), sample.on_progress(after)])
    assert await database.queries.call(call.key) == end
    await database.writer.commit([sample.on_end(after)])
    await second.writer.commit([sample.on_progress(after)])
    assert await database.queries.call(call.key) == end


async def test_a_lost_call_is_healed_once(database: Database) -> None:
    call = sample.offered()
    await database.writer.commit([sample.on_end(sample.lost(call))])
    healed = replace(sample.answered(call), quality=Quality.INFERRED)
    await database.writer.commit([CallHealed(pbx="lab", at=sample.after(99), call=healed)])
    assert await database.queries.call(call.key) == healed
    again = replace(healed, outcome=Outcome.ABANDONED, answered_by=None)
    await database.writer.commit(
        [CallHealed(pbx="lab", at=sample.after(100), call=again), sample.on_end(sample.lost(call))]
    )
    assert await database.queries.call(call.key) == healed


async def test_a_lost_call_is_not_reopened(database: Database) -> None:
    call = sample.offered()
    await database.writer.commit([sample.on_end(sample.lost(call))])
    await database.writer.commit([sample.on_progress(sample.ringing(call))])
    assert await database.queries.call(call.key) == sample.lost(call)


async def test_a_group_with_a_refused_fact_leaves_nothing(database: Database) -> None:
    good, bad = sample.offered(1), replace(sample.offered(2), caller="\0", line=None)  # type: ignore[arg-type]
    with pytest.raises(StoreConflict) as refused:
        await database.writer.commit([sample.on_offer(good), sample.on_offer(bad)])
    assert await sample.everything(database, *CALL_TABLES) == [[], [], [], []]
    assert "07700900" not in str(refused.value)
    await database.writer.commit([sample.on_offer(good)])
    assert await database.queries.call(good.key) == good


async def test_a_naive_time_is_refused_and_leaves_nothing(database: Database) -> None:
    naive = replace(sample.offered(), answered_at=sample.NINE.replace(tzinfo=None))
    with pytest.raises(StoreConflict, match="offset"):
        await database.writer.commit([sample.on_offer(sample.offered(2)), sample.on_offer(naive)])
    assert await sample.everything(database, *CALL_TABLES) == [[], [], [], []]


async def test_a_running_call_is_stored_whole_after_a_refused_group(database: Database) -> None:
    """The writer may not believe that what the refused group held is stored."""
    call = sample.offered()
    await database.writer.commit([sample.on_offer(call)])
    bad = replace(sample.offered(2), line=None)  # type: ignore[arg-type]
    with pytest.raises(StoreConflict):
        await database.writer.commit([sample.on_progress(sample.ringing(call)), sample.on_offer(bad)])
    await database.writer.commit([sample.on_progress(sample.ringing(call))])
    assert await database.queries.call(call.key) == sample.ringing(call)


async def test_a_hostile_caller_is_stored_as_text(database: Database) -> None:
    hostile = "'); DROP TABLE calls; -- \r\n\u2028 %s ? :x \U0001f4de"
    call = replace(sample.answered(sample.offered()), caller=hostile, did=hostile, answered_by=hostile)
    await database.writer.commit([sample.on_offer(call)])
    assert await database.queries.call(call.key) == call


async def test_backfill_adds_only_what_is_not_there(database: Database) -> None:
    measured, imported = sample.answered(sample.offered(1)), sample.abandoned(sample.offered(2))
    await database.writer.commit([sample.on_end(measured)])
    other = replace(sample.abandoned(sample.offered(1)), quality=Quality.INFERRED)
    assert await database.writer.backfill([other, imported]) == 1
    assert await database.writer.backfill([other, imported]) == 0
    assert await database.queries.call(measured.key) == measured
    assert await database.queries.call(imported.key) == imported


async def test_many_calls_in_one_group(database: Database) -> None:
    """More than any fixed length of statement."""
    many = [sample.answered(sample.offered(number)) for number in range(331)]
    await database.writer.commit([sample.on_end(call) for call in many])
    found = [call async for page in database.queries.calls_between(sample.NINE, sample.after(1)) for call in page]
    assert sorted(found, key=lambda call: call.key) == sorted(many, key=lambda call: call.key)
