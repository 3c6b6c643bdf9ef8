"""Who was not answered, and who still is not: numbers compared as people mean them, gone once the caller is reached."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from callcentre.core.facts import Call, TaskChanged
from callcentre.core.tasks import Callout
from callcentre.core.terms import CalloutResult, Origin, Outcome, TaskState
from callcentre.store.database import Database
from callcentre.store.queries import PAGE, MissedCaller
from tests.conformance import promises, sample

CALLER = promises.CALLER
DAY = timedelta(days=1)
MISSED = [
    Outcome.ABANDONED,
    Outcome.SHORT_ABANDONED,
    Outcome.CLOSED,
    Outcome.REFUSED,
    Outcome.VOICEMAIL,
    Outcome.VOICEMAIL_EMPTY,
    Outcome.OVERFLOWED,
    Outcome.LOST,
]


def missed(number: int, at: float, **changes: Any) -> Call:
    call = sample.abandoned(sample.offered(number, at=sample.after(at)))
    return replace(call, **{"caller": CALLER} | changes)


def answered(number: int, at: float, **changes: Any) -> Call:
    call = sample.answered(sample.offered(number, at=sample.after(at)))
    settled: dict[str, Any] = {"origin": Origin.EXTERNAL, "caller": CALLER, "answered_at": sample.after(at + 5)}
    return replace(call, **settled | changes)


async def store(database: Database, *things: Call | Callout) -> None:
    facts = [
        sample.on_end(thing) if isinstance(thing, Call) else TaskChanged(pbx="lab", at=sample.NINE, callout=thing)
        for thing in things
    ]
    await database.writer.commit(facts)


async def found(database: Database, **where: Any) -> list[MissedCaller]:
    return await database.queries.missed_callers(sample.NINE, sample.NINE + DAY, **where)


def one(calls: int, first: float, last: float, **changes: Any) -> MissedCaller:
    plain = MissedCaller(
        pbx="lab",
        line="enquiries",
        caller=CALLER,
        calls=calls,
        first_at=sample.after(first),
        last_at=sample.after(last),
    )
    return replace(plain, **changes)


async def test_calls_of_one_caller_are_one_however_the_number_is_spelled(database: Database) -> None:
    spelled = ["+44 7700 900061", "0044 7700-900-061", "447700900061", "07700 900061"]
    await store(database, *(missed(n, n, caller=number) for n, number in enumerate(spelled)))
    assert await found(database) == [one(4, 0, 3)]


@pytest.mark.parametrize("outcome", Outcome)
async def test_what_counts_as_missed(database: Database, outcome: Outcome) -> None:
    await store(database, missed(1, 0, outcome=outcome))
    assert bool(await found(database)) is (outcome in MISSED)


async def test_withheld_numbers_and_colleagues_are_not_there(database: Database) -> None:
    await store(
        database,
        missed(1, 1, origin=Origin.INTERNAL),
        replace(missed(2, 2), caller=None),
        replace(missed(3, 3), caller="anonymous"),
    )
    assert await found(database) == []


async def test_an_answer_on_any_line_of_the_pbx_takes_the_caller_off(database: Database) -> None:
    other = "07700900062"
    await store(
        database,
        missed(1, 1),
        answered(2, 100, line="bookings"),
        missed(3, 2, line="bookings"),
        replace(missed(4, 3), caller=other),
        replace(answered(5, 99), caller="01632 960999"),
    )
    assert await found(database) == [one(1, 3, 3, caller=other)]


async def test_an_answer_before_the_missed_call_does_not(database: Database) -> None:
    await store(database, answered(1, 1), missed(2, 50), missed(3, 60))
    assert await found(database) == [one(2, 50, 60)]


async def test_an_answer_takes_off_what_was_before_it(database: Database) -> None:
    await store(database, missed(1, 1), answered(2, 50), missed(3, 60))
    assert await found(database) == [one(1, 60, 60)]


async def test_an_answer_after_the_window_counts(database: Database) -> None:
    await store(database, missed(1, 1), answered(2, 2 * DAY.total_seconds()))
    assert await found(database) == []


async def test_a_call_that_began_before_and_was_answered_after_counts(database: Database) -> None:
    waits = replace(answered(1, 0), answered_at=sample.after(100))
    await store(database, waits, missed(2, 50))
    assert await found(database) == []


async def test_a_running_conversation_counts(database: Database) -> None:
    await store(database, missed(1, 1))
    talking = replace(answered(2, 50), outcome=Outcome.IN_PROGRESS, ended_at=None)
    await database.writer.commit([sample.on_progress(talking)])
    assert await found(database) == []


async def test_an_answer_on_another_pbx_does_not_count(database: Database) -> None:
    call = answered(2, 50)
    await store(database, missed(1, 1), replace(call, key=replace(call.key, pbx="other")))
    assert await found(database) == [one(1, 1, 1)]


async def test_a_window_takes_its_beginning_and_not_its_end(database: Database) -> None:
    ends = (-0.000001, 0.0, 86_399.999999, 86_400.0)
    await store(database, *(missed(n, at) for n, at in enumerate(ends)))
    assert await found(database) == [one(2, 0.0, 86_399.999999)]


async def test_one_line_or_one_pbx(database: Database) -> None:
    there = missed(3, 3)
    there = replace(there, key=replace(there.key, pbx="other"))
    await store(database, missed(1, 1), missed(2, 2, line="bookings"), there)
    assert await found(database, line="bookings") == [one(1, 2, 2, line="bookings")]
    assert await found(database, pbxs=["lab"]) == [one(1, 2, 2, line="bookings"), one(1, 1, 1)]
    assert await found(database, pbxs=["other"]) == [one(1, 3, 3, pbx="other")]
    assert len(await found(database)) == 3


@pytest.mark.parametrize(
    ("dial", "gone"),
    [
        (promises.callout(1), True),
        (promises.callout(1, task=None), True),
        (promises.callout(1, result=CalloutResult.NO_ANSWER, answered_at=None), False),
        (promises.callout(1, result=CalloutResult.UNCERTAIN), False),
        (promises.running_callout(1), False),
        (promises.callout(1, caller="07700900062"), False),
        (promises.callout(1, pbx="other"), False),
        (promises.callout(1, begun_at=sample.after(-60), answered_at=sample.after(-50)), False),
        (promises.callout(1, begun_at=sample.after(-5), answered_at=sample.after(2)), True),
    ],
)
async def test_a_connected_callout_takes_the_caller_off(database: Database, dial: Callout, gone: bool) -> None:
    await store(database, missed(1, 1), dial)
    assert bool(await found(database)) is not gone


async def test_who_has_a_task_is_marked_and_who_was_reached_for_it_is_gone(database: Database) -> None:
    await store(database, missed(1, 100, outcome=Outcome.VOICEMAIL))
    assert [caller.has_task for caller in await found(database)] == [False]
    older = promises.full_task(1, reached_at=None, opened_at=sample.after(50))
    of_now = promises.task(2, caller="+447700900061", opened_at=sample.after(130))
    others = [
        promises.task(3, caller=None),
        promises.task(4, caller="07700900062"),
        promises.task(5, pbx="other"),
    ]
    await database.writer.commit([TaskChanged(pbx="lab", at=sample.NINE, task=t) for t in (older, of_now, *others)])
    (caller,) = await found(database)
    assert (caller.task, caller.has_task) == (2, True)
    # At a number that a person typed: the callout is to that one, the task says whom it reached.
    reached = replace(of_now, entries=2, state=TaskState.REACHED, dial="01632960124", reached_at=sample.after(200))
    await database.writer.commit([TaskChanged(pbx="lab", at=sample.NINE, task=reached)])
    assert await found(database) == []


async def test_an_old_task_that_is_still_open_is_theirs_too(database: Database) -> None:
    await store(database, missed(1, 100))
    old = promises.task(1, opened_at=sample.after(-90_000))
    await database.writer.commit([TaskChanged(pbx="lab", at=sample.NINE, task=old)])
    assert [caller.task for caller in await found(database)] == [1]


async def test_more_calls_than_a_page_holds(database: Database) -> None:
    half = PAGE * 3 // 4
    rung = [missed(n, n // 10, caller=f"0161 496 {n:04}") for n in range(half)]
    got = [answered(half + n, half + n, caller=f"+44161496{n:04}") for n in range(half - 2)]
    await store(database, *rung, *got)
    assert [caller.caller for caller in await found(database)] == [f"0161496{half - 1:04}", f"0161496{half - 2:04}"]
