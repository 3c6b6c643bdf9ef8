"""A week with a bank holiday and a change of clocks: the stored ledger of each line and day is the office's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from callcentre.config.load import load
from callcentre.core.charter import Line
from callcentre.core.ledger import DayLedger, day_ledger
from callcentre.core.terms import UTC
from callcentre.history.take_in import Intake
from callcentre.store.database import Database
from callcentre_simulator.ledger import by_day, stretches
from callcentre_simulator.playing import Played, play
from callcentre_simulator.scenario import find, read
from callcentre_simulator.schema import LineTable

MONDAY = date(2027, 3, 22)
WEEK = [MONDAY + timedelta(days=days) for days in range(7)]
CORE_HOURS = {
    "enquiries": [11, 11, 11, 11, 0, 0, 0],
    "bookings": [7, 7, 7, 11, 0, 3, 0],
    "nurse": [24, 24, 24, 24, 0, 24, 23],
    "dynamic": [8, 8, 8, 8, 0, 0, 0],
    "direct": [8, 8, 8, 8, 0, 0, 23],
}
"""Hours of each day, Monday to Sunday, reckoned by hand: Good Friday has none, the Sunday on which clocks change 23."""


@asynccontextmanager
async def stored(played: Played) -> AsyncIterator[Database]:
    """What the product stores of it."""
    database = await Database.open(f"sqlite:///{played.folder}/week.sqlite")
    try:
        await database.prepare()
        intake = Intake(load(played.config, {}).office, "office", database.writer)
        await intake.play(played.tape, played.snapshots, lambda _: None)
        yield database
    finally:
        await database.close()


async def ledgers(database: Database, line: Line) -> dict[date, DayLedger]:
    """The product's own, day by day, from its database alone."""
    queries = database.queries
    begins, ends = (datetime(2027, 3, day, tzinfo=UTC) for day in (20, 31))
    pages = queries.attendance_between("office", line.name, begins, ends, with_last_before=True)
    changes = [change async for page in pages for change in page]
    seen = (await queries.seen_until())["office"]
    return {day: day_ledger(line, day, changes, seen_until=seen, now=ends) for day in WEEK}


async def test_the_ledger_of_a_week_is_the_offices_own_to_the_second(tmp_path: Path) -> None:
    played = play(read(find("week")), tmp_path)
    office = load(played.config, {}).office
    checked = 0
    async with stored(played) as database:
        for line in office.lines:
            true = by_day(stretches(played.pbx.watch, _table(played, line.name), played.pbx.now))
            for day, ours in (await ledgers(database, line)).items():
                theirs = true.get(day, {"attended": 0.0, "unattended": 0.0, "unknown": 0.0})
                told = {
                    "attended": ours.attended.total_seconds(),
                    "unattended": ours.unattended.total_seconds(),
                    "unknown": (ours.unknown + ours.to_come).total_seconds(),
                }
                assert told == pytest.approx(theirs, abs=0.5), (line.name, day)
                assert ours.attended + ours.unattended + ours.unknown + ours.to_come == ours.core
                if line.name in CORE_HOURS:
                    assert ours.core == timedelta(hours=CORE_HOURS[line.name][day.weekday()]), (line.name, day)
                    checked += 1
    assert checked == 7 * len(CORE_HOURS)


def test_the_week_holds_what_it_is_there_for(tmp_path: Path) -> None:
    played = play(read(find("week")), tmp_path)
    found = {one.name: stretches(played.pbx.watch, one, played.pbx.now) for one in played.scenario.line}
    whys = {(name, one.state, one.why) for name, those in found.items() for one in those}
    assert {
        ("enquiries", "unattended", "paused and out of reach"),
        ("enquiries", "unattended", "out of reach"),
        ("enquiries", "unattended", "rang out"),
        ("enquiries", "unknown", "out of sight"),
        ("nurse", "unattended", "paused"),
        ("dynamic", "unattended", "logged off"),
        ("bookings", "unattended", "paused"),
        ("direct", "unattended", "out of reach"),
    } <= whys


def _table(played: Played, name: str) -> LineTable:
    return next(one for one in played.scenario.line if one.name == name)
