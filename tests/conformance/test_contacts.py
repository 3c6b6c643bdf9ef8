"""The page of first contact and the monthly report say one figure of one span, by days counted for good (H1)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from callcentre.core.charter import Office
from callcentre.core.facts import CallWrapped
from callcentre.core.tasks import WrapUp
from callcentre.core.terms import Outcome, WrapKind
from callcentre.reports.contacts import first_contacts
from callcentre.reports.gather import report_of
from callcentre.store.database import Database
from callcentre.store.first_contact import FirstContact
from callcentre.web.first_contact_page import weeks
from tests.conformance.test_standings import LONDON, NOVEMBER, NOW, OFFICE, call, line, put, settling

NOON: Final = datetime(2026, 11, 2, 12, tzinfo=UTC)
BEN: Final = "07700900002"
RESOLVED: Final = WrapKind.RESOLVED
Sums = dict[str, tuple[int, int, int, int, int]]


def days_on(days: float) -> datetime:
    return NOON + timedelta(days=days)


async def some_calls(database: Database) -> None:
    """November: who called again and who did not, across Mondays; two without a number; one whose week is not over."""
    await put(
        database,
        call(1, days_on(0)),
        call(2, days_on(6.9), line="bookings"),
        call(3, days_on(1), BEN),
        call(4, days_on(9), BEN, line="bookings"),
        call(5, days_on(10), None),
        call(6, days_on(12), BEN, outcome=Outcome.ABANDONED),
        call(7, days_on(27)),
        call(8, days_on(28), None, line="bookings"),
        call(9, NOON - timedelta(days=3), BEN),
    )


def edges() -> list[datetime]:
    return weeks(date(2026, 11, 1), date(2026, 11, 30), LONDON)


async def page(database: Database, office: Office = OFFICE) -> list[FirstContact]:
    return await first_contacts(database, office.lines, edges(), LONDON, NOW)


def sums(found: Sequence[FirstContact]) -> Sums:
    told: Sums = {}
    for one in found:
        known = told.get(one.line, (0, 0, 0, 0, 0))
        own = (one.said + one.callbacks_said, one.alone, one.counted, one.open, one.unnumbered)
        told[one.line] = tuple(map(sum, zip(known, own, strict=True)))  # type: ignore[assignment]
    return told


async def reported(database: Database, office: Office = OFFICE) -> Sums:
    made = await report_of(database, office, "hct", NOVEMBER, NOW)
    return {
        one.line: counts
        for one in made.first_contact
        if one.line and any(counts := (one.said, one.alone, one.counted, one.windows_open, one.without_number))
    }


async def without_numbers(database: Database) -> None:
    """What the end of their term does to the numbers of calls."""

    def work(cursor: Any) -> None:
        cursor.execute("UPDATE calls SET caller = NULL WHERE offered_at IS NOT NULL")

    await database.writer.transact(work)


async def test_page_and_report_say_the_same_before_and_after_the_night(database: Database) -> None:
    await some_calls(database)
    word = WrapUp(pbx="lab", uniqueid="1700000000.1", who="al", line="enquiries", at=NOON, caller=None, kind=RESOLVED)
    await database.writer.commit([CallWrapped(pbx="lab", at=NOON, wrap=word)])
    live = await page(database)
    assert sums(live) == await reported(database) == {"enquiries": (1, 1, 2, 1, 1), "bookings": (0, 1, 2, 0, 1)}
    await settling(database).night()
    assert await page(database) == live, "counted for good, it is what it was"
    assert await reported(database) == sums(live)


async def test_numbers_that_go_change_neither(database: Database) -> None:
    await some_calls(database)
    before = sums(await page(database))
    await settling(database).night()
    await without_numbers(database)
    after = sums(await page(database))
    assert after == await reported(database)
    # The days that are counted stay; only the call whose week is not over has no number now.
    assert after == {"enquiries": (0, 1, 2, 0, 2), "bookings": before["bookings"]}


async def test_a_call_that_is_written_late_is_in_both_at_once(database: Database) -> None:
    await some_calls(database)
    await settling(database).night()
    await put(database, call(20, days_on(1.5), BEN))
    assert (
        sums(await page(database))
        == await reported(database)
        == {
            "enquiries": (0, 1, 3, 1, 1),
            "bookings": (0, 1, 2, 0, 1),
        }
    )


async def test_each_period_has_its_own_days_counted_or_not(database: Database) -> None:
    await some_calls(database)
    await settling(database).night()
    found = {(one.since, one.line): (one.alone, one.counted, one.open, one.unnumbered) for one in await page(database)}
    whole = edges()
    by_hand = {}
    for since, until in pairwise(whole):
        for one in await database.queries.inferred((since, until), NOW):
            by_hand[since, one.line] = (one.alone, one.counted, one.open, one.unnumbered)
    assert found == by_hand
    assert len({since for since, _ in found}) > 2


async def test_a_line_of_another_zone_has_its_own_days_in_the_same_periods(database: Database) -> None:
    office = replace(OFFICE, lines=(line("enquiries"), line("far", "Asia/Tokyo")))
    # The last day of October in London, the first of November in Tokyo; and the other end of the month.
    await put(database, call(1, datetime(2026, 10, 31, 18, tzinfo=UTC), line="far"))
    await put(database, call(2, datetime(2026, 11, 30, 18, tzinfo=UTC), BEN, line="far"))
    for _ in range(2):
        found = await page(database, office)
        assert [(one.line, one.since, one.alone, one.counted, one.open) for one in found] == [
            ("far", edges()[0], 1, 1, 0)
        ]
        assert sums(found) == await reported(database, office)
        await settling(database, office=office).night()


async def test_without_a_call_there_is_nothing_and_days_to_come_are_none(database: Database) -> None:
    assert await page(database) == []
    await put(database, call(1, days_on(0)))
    ahead = weeks(date(2026, 12, 2), date(2026, 12, 20), LONDON)
    assert await first_contacts(database, OFFICE.lines, ahead, LONDON, NOW) == []
