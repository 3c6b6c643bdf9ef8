"""What staffing reads: calls counted by five minutes, from when until when a line was watched, who was there."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

from callcentre.core.facts import (
    AttendanceChanged,
    Call,
    CallEnded,
    CallOffered,
    Fact,
    GapClosed,
    GapOpened,
    PresenceChanged,
)
from callcentre.core.staff import CELL, Cell, Tally
from callcentre.core.terms import Attendance, Origin, Outcome
from callcentre.store.columns import EPOCH
from callcentre.store.database import Database
from callcentre.store.queries import PAGE
from tests.conformance import sample

MIDNIGHT = sample.NINE.replace(hour=0, minute=0, second=0, microsecond=0)
DAY = timedelta(days=1)
GAVE_UP = {Outcome.ABANDONED, Outcome.SHORT_ABANDONED}
UNDECIDED = {Outcome.LOST, Outcome.IN_PROGRESS}


def some_calls(number: int, seed: int) -> list[Call]:
    """Calls of ten days, of every outcome, with and without what may be unknown."""
    chance = random.Random(seed)
    calls = []
    for n in range(number):
        at = MIDNIGHT + timedelta(microseconds=chance.randrange(10 * 86_400_000_000))
        if n % 10 == 0:
            at = EPOCH + (at - EPOCH) // CELL * CELL - timedelta(microseconds=n // 10 % 2)
        outcome = chance.choice(list(Outcome))
        spoke = outcome is Outcome.ANSWERED
        wait = None if chance.random() < 0.1 else chance.choice([0.0, 14.999999, 15.0, 15.000001, 40.25])
        call = replace(
            sample.offered(n, at=at),
            outcome=outcome,
            origin=chance.choice(list(Origin)),
            wait_seconds=wait,
            answered_at=at + timedelta(seconds=10) if spoke else None,
            talk_seconds=chance.uniform(1, 600) if spoke and chance.random() < 0.9 else None,
            ring_seconds=chance.choice([None, 3.5, 20.0]),
            within_seconds=None,
        )
        calls.append(call)
    return calls


def counted(calls: list[Call], within: float | None) -> dict[datetime, Tally]:
    """The same, call by call."""
    found: dict[datetime, Tally] = {}
    for call in calls:
        start = EPOCH + (call.offered_at - EPOCH) // CELL * CELL
        outside = call.origin is Origin.EXTERNAL and call.outcome not in UNDECIDED
        rang = call.answered_at is not None and call.ring_seconds is not None
        answered = outside and call.outcome is Outcome.ANSWERED
        found[start] = found.get(start, Tally()) + Tally(
            offered=1,
            talked=call.talk_seconds is not None,
            talk_seconds=call.talk_seconds or 0.0,
            rung=rang,
            ring_seconds=(call.ring_seconds or 0.0) if rang else 0.0,
            wait_seconds=call.wait_seconds or 0.0,
            gave_up=call.outcome in GAVE_UP and call.wait_seconds is not None,
            outside=outside,
            outside_answered=answered,
            outside_short=outside and call.outcome is Outcome.SHORT_ABANDONED,
            in_time=answered and within is not None and call.wait_seconds is not None and call.wait_seconds <= within,
        )
    return found


def same(one: Tally, other: Tally) -> bool:
    """Whether they are the same, sums of seconds but for the order they were added in."""
    near = all(
        abs(getattr(one, name) - getattr(other, name)) < 1e-6
        for name in ("talk_seconds", "ring_seconds", "wait_seconds")
    )
    bare = [replace(each, talk_seconds=0.0, ring_seconds=0.0, wait_seconds=0.0) for each in (one, other)]
    return near and bare[0] == bare[1]


async def store(database: Database, calls: list[Call]) -> None:
    facts: list[Fact] = []
    for call in calls:
        kind = CallOffered if call.outcome is Outcome.IN_PROGRESS else CallEnded
        facts.append(kind(pbx=call.key.pbx, at=call.offered_at, call=call))
    for start in range(0, len(facts), 500):
        await database.writer.commit(facts[start : start + 500])


async def cells(
    database: Database, since: datetime, until: datetime, within: float | None = 15.0, pbx: str = "lab"
) -> list[list[Cell]]:
    return [list(page) async for page in database.queries.call_cells(pbx, "enquiries", since, until, within)]


async def test_calls_are_counted_by_five_minutes_as_they_are_one_by_one(database: Database) -> None:
    calls = some_calls(3_000, seed=5)
    others = [sample.offered(9_001, line="bookings"), sample.offered(9_002, pbx="other")]
    await store(database, calls + others)
    for within in (15.0, 0.0, None):
        pages = await cells(database, MIDNIGHT, MIDNIGHT + 10 * DAY, within)
        assert all(len(page) <= PAGE for page in pages)
        found = [cell for page in pages for cell in page]
        assert [cell.start for cell in found] == sorted({cell.start for cell in found})
        expected = counted([call for call in calls if call.offered_at >= MIDNIGHT], within)
        assert {cell.start for cell in found} == set(expected)
        assert all(same(cell.tally, expected[cell.start]) for cell in found)


async def test_a_range_takes_its_beginning_and_not_its_end(database: Database) -> None:
    edge, moment = MIDNIGHT + DAY, timedelta(microseconds=1)
    times = (MIDNIGHT - moment, MIDNIGHT, edge - moment, edge)
    await store(database, [sample.abandoned(sample.offered(n, at=at)) for n, at in enumerate(times)])
    (page,) = await cells(database, MIDNIGHT, edge)
    assert [(cell.start, cell.tally.offered) for cell in page] == [(MIDNIGHT, 1), (edge - CELL, 1)]


async def test_calls_of_another_pbx_or_line_are_not_counted(database: Database) -> None:
    one, two = sample.abandoned(sample.offered(1, pbx="other")), sample.abandoned(sample.offered(2, line="bookings"))
    await store(database, [one, two])
    assert await cells(database, MIDNIGHT, MIDNIGHT + DAY) == [[]]
    assert [
        [cell.tally.offered for cell in page] for page in await cells(database, MIDNIGHT, MIDNIGHT + DAY, 15.0, "other")
    ] == [[1]]


async def test_nothing_is_known_of_a_line_that_never_was(database: Database) -> None:
    await store(database, [sample.abandoned(sample.offered(1, line="bookings"))])
    assert await database.queries.watched("lab", "enquiries") is None


async def test_a_line_is_watched_from_the_first_that_is_known_of_it(database: Database) -> None:
    queries, hour = database.queries, timedelta(hours=1)
    ended = CallEnded(pbx="lab", at=sample.NINE + hour, call=sample.abandoned(sample.offered(1)))
    await database.writer.commit([ended])
    assert await queries.watched("lab", "enquiries") == (sample.NINE, sample.NINE + hour)
    presence = PresenceChanged(pbx="lab", at=sample.NINE - hour, line="enquiries", there=2)
    await database.writer.commit([presence])
    assert await queries.watched("lab", "enquiries") == (sample.NINE - hour, sample.NINE + hour)
    unknown = AttendanceChanged(
        pbx="lab", at=sample.NINE - 2 * hour, line="enquiries", state=Attendance.UNKNOWN, reason="", core=True
    )
    there = replace(unknown, at=sample.NINE + 3 * hour, line="bookings", state=Attendance.ATTENDED)
    await database.writer.commit([unknown, there])
    assert await queries.watched("lab", "enquiries") == (sample.NINE - 2 * hour, sample.NINE + 3 * hour)


async def test_all_gaps_are_told_however_many(database: Database) -> None:
    minute = timedelta(minutes=1)
    starts = [MIDNIGHT + n * minute for n in range(PAGE + 10)]
    facts: list[Fact] = []
    for at in starts:
        facts.append(GapOpened(pbx="lab", at=at, reason="link lost"))
        facts.append(GapClosed(pbx="lab", at=at + minute / 2, since=at, reason="link lost"))
    facts.append(GapOpened(pbx="lab", at=MIDNIGHT + DAY, reason="link lost"))
    facts.append(GapOpened(pbx="other", at=MIDNIGHT, reason="link lost"))
    await database.writer.commit(facts)
    found = await database.queries.hidden("lab", MIDNIGHT - DAY, MIDNIGHT + 2 * DAY)
    lasts = (MIDNIGHT + DAY, MIDNIGHT + 2 * DAY)
    assert sorted(found) == [*((at, at + minute / 2) for at in starts), lasts]
    # What ended before is not told, what lasts into the range is.
    within = await database.queries.hidden("lab", starts[3] + minute / 4, starts[5])
    assert sorted(within) == [(at, at + minute / 2) for at in starts[3:5]]


async def test_presence_begins_with_what_held_before(database: Database) -> None:
    changes = [(sample.after(n), None if n % 5 == 0 else n % 5) for n in range(PAGE + 20)]
    await database.writer.commit(
        [PresenceChanged(pbx="lab", at=at, line="enquiries", there=there) for at, there in changes]
        + [PresenceChanged(pbx="lab", at=sample.after(2), line="bookings", there=9)]
    )
    asked = database.queries.presence_between("lab", "enquiries", sample.after(3.5), sample.after(PAGE + 10))
    pages = [list(page) async for page in asked]
    assert pages[0] == [changes[3]]
    assert [change for page in pages for change in page] == changes[3 : PAGE + 10]
    assert max(len(page) for page in pages) <= PAGE
    asked = database.queries.presence_between("lab", "enquiries", sample.after(-1), sample.after(1))
    assert [change async for page in asked for change in page] == changes[:1]
