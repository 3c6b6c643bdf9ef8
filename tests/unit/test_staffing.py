"""How many each line needs now: read once a day, kept while the database is away, absent where it is not known."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from callcentre.core import erlang
from callcentre.core.charter import Line
from callcentre.core.errors import StoreUnavailable
from callcentre.core.facts import Call, CallEnded, Fact, PresenceChanged
from callcentre.core.staff import Target, charter_target
from callcentre.metrics.need import NeedGauge
from callcentre.runtime.clock import ManualClock
from callcentre.staffing import StaffNeed, week_need, whole_weeks
from callcentre.store.database import Database
from tests.conformance import sample
from tests.tables import put_tables
from tests.unit.core.offices import charter, line, week
from tests.unit.test_orders import SilentLog

MONDAY = datetime(2026, 11, 23, 9, 10, tzinfo=UTC)  # London's clocks show the same
LINE = line(hours=week("09:00-11:00"))
TODAY = MONDAY.date()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    put_tables(tmp_path / "calls.sqlite")
    opened = await Database.open(f"sqlite:///{tmp_path / 'calls.sqlite'}")
    await opened.prepare()
    yield opened
    await opened.close()


def answered(number: int, at: datetime, talk: float) -> Call:
    end = at + timedelta(seconds=5 + talk)
    call = replace(sample.answered(sample.offered(number, at=at)), wait_seconds=5.0, talk_seconds=talk, ended_at=end)
    return replace(call, answered_at=at + timedelta(seconds=5), attempts=(), visits=())


async def eight_mondays(database: Database, calls: int = 12, talk: float = 240.0) -> None:
    """On each of the last eight Mondays `calls` calls in the half-hour from nine; watched from the first on."""
    first = datetime(2026, 9, 28, 8, 0, tzinfo=UTC)
    facts: list[Fact] = [PresenceChanged(pbx="lab", at=first - timedelta(hours=3), line="enquiries", there=1)]
    for n in range(8):
        nine = first + timedelta(weeks=n, hours=n >= 4)  # the clocks go back on 25 October
        made = [answered(n * 100 + k, nine + timedelta(minutes=2 * k), talk) for k in range(calls)]
        facts += [CallEnded(pbx="lab", at=one.ended_at or nine, call=one) for one in made]
    facts.append(PresenceChanged(pbx="lab", at=MONDAY - timedelta(hours=1), line="enquiries", there=2))
    await database.writer.commit(facts)


class Rests:
    """Rests that a test ends: `rested` waits until the worker has done all there is and rests again."""

    def __init__(self) -> None:
        self._rests = asyncio.Semaphore(0)
        self._over = asyncio.Semaphore(0)

    async def __call__(self, _seconds: float) -> None:
        self._rests.release()
        await self._over.acquire()

    async def rested(self) -> None:
        await self._rests.acquire()

    async def again(self) -> None:
        self._over.release()
        await self._rests.acquire()


Start = Callable[..., "tuple[StaffNeed, Rests]"]


@pytest.fixture
async def start(database: Database) -> AsyncIterator[Start]:
    tasks: list[asyncio.Task[None]] = []

    def begun(clock: ManualClock, *lines: Line) -> tuple[StaffNeed, Rests]:
        rests = Rests()
        need = StaffNeed(lines=lines, queries=database.queries, now=clock.now, log=SilentLog(), rest=rests)
        tasks.append(asyncio.get_running_loop().create_task(need.run()))
        return need, rests

    yield begun
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def test_whole_weeks_end_at_midnight_of_the_lines_clocks() -> None:
    since, until = whole_weeks(LINE, date(2026, 10, 25), 1)
    assert since == datetime(2026, 10, 18, 23, tzinfo=UTC)
    assert until == datetime(2026, 10, 26, 0, tzinfo=UTC)


async def test_the_week_is_read_from_the_store(database: Database) -> None:
    await eight_mondays(database)
    told: list[tuple[int, int]] = []
    since, until = whole_weeks(LINE, TODAY - timedelta(days=1), 8)
    found = await week_need(
        database.queries, LINE, since, until, Target(within=15, fraction=0.9), lambda *far: told.append(far)
    )
    nine = found.of((0, 540))
    assert nine is not None
    assert (nine.seen, nine.offered, nine.handling, nine.there, nine.in_time) == (8, 12.0, 240.0, 1.0, None)
    assert nine.needed_c == erlang.required_c(12 * 240 / 1800, 240, 15, 0.9) == 4
    assert found.tally.offered == 96
    # The sample's calls are a colleague's: they are work, and no promise.
    assert found.tally.outside == 0
    assert told == sorted(told)
    assert all(done <= total == 8 * 7 * 24 + 1 for done, total in told)


async def test_what_is_required_is_that_of_the_present_half_hour(database: Database, start: Start) -> None:
    await eight_mondays(database)
    clock = ManualClock(MONDAY)
    need, rests = start(clock, LINE)
    assert list(need.required()) == []
    await rests.rested()
    assert list(need.required()) == [("lab", "enquiries", 4)]
    clock.advance(20 * 60)
    assert list(need.required()) == [("lab", "enquiries", 1)]
    clock.advance(2 * 3600)
    assert list(need.required()) == []


async def test_of_a_line_that_nobody_has_watched_yet_no_history_is_read(
    database: Database, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight weeks of half-hours are work; the office's first day must not begin with it."""
    read: list[str] = []
    monkeypatch.setattr(database.queries, "call_cells", lambda *_: read.append("calls"))
    need, rests = start(ManualClock(MONDAY), LINE)
    await rests.rested()
    assert (read, list(need.required())) == ([], [])


async def test_it_is_read_anew_when_the_day_is_over(database: Database, start: Start) -> None:
    await eight_mondays(database)
    clock = ManualClock(MONDAY - timedelta(days=1))
    need, rests = start(clock, LINE)
    await rests.rested()
    # The calls of one Monday more, which yesterday did not know of.
    more = [answered(5_000 + n, MONDAY + timedelta(seconds=10 * n), 600.0) for n in range(100)]
    await database.writer.commit([CallEnded(pbx="lab", at=MONDAY + timedelta(hours=6), call=one) for one in more])
    clock.advance(86_400)
    await rests.again()
    assert list(need.required()) == [("lab", "enquiries", 4)]
    clock.advance(7 * 86_400)
    await rests.again()
    seconds = 7 * 12 * 240 + 100 * 600  # the first of the Mondays is over eight weeks ago
    handling = seconds / 184
    assert list(need.required()) == [("lab", "enquiries", erlang.required_c(seconds / 8 / 1800, handling, 15, 0.9))]


async def test_what_was_known_stays_while_the_database_is_away(
    database: Database, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    await eight_mondays(database)
    clock = ManualClock(MONDAY - timedelta(days=7))
    need, rests = start(clock, LINE)
    await rests.rested()
    clock.advance(7 * 86_400)

    async def away(*_: object) -> None:
        raise StoreUnavailable("gone")

    with monkeypatch.context() as outage:
        outage.setattr(database.queries, "hidden", away)
        await rests.again()
        assert list(need.required()) == [("lab", "enquiries", 4)]
    await rests.again()
    assert list(need.required()) == [("lab", "enquiries", 4)]


async def test_a_line_without_a_target_or_a_history_is_absent(database: Database, start: Start) -> None:
    await eight_mondays(database)
    silent = replace(LINE, charter=charter(answer_seconds=None, answer_fraction=None))
    assert charter_target(silent.charter) is None
    need, rests = start(ManualClock(MONDAY), silent, replace(LINE, name="new"))
    await rests.rested()
    assert list(need.required()) == []


def test_the_gauge_shows_what_is_required_and_nothing_else() -> None:
    (family,) = NeedGauge(lambda: [("lab", "enquiries", 3)]).collect()
    assert [(sample.labels, sample.value) for sample in family.samples] == [({"pbx": "lab", "line": "enquiries"}, 3)]
    (family,) = NeedGauge(list).collect()
    assert family.samples == []
