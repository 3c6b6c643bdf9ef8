"""How things stood day by day, on both databases: what is written down, what has it counted anew, and the report."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcentre.config.charters import charters_of
from callcentre.core.charter import Line, Office, Pbx
from callcentre.core.facts import (
    Call,
    CallEnded,
    CallerErased,
    DayStood,
    Fact,
    GapClosed,
    GapOpened,
    GreetingSeen,
    MailboxSeen,
)
from callcentre.core.numbers import canonical
from callcentre.core.standings import StandingKind, day_began
from callcentre.core.terms import CallKey, Hours, MailboxState, Nation, Origin, Outcome
from callcentre.reports import standings
from callcentre.reports.figures import Promise, Report
from callcentre.reports.gather import report_of
from callcentre.reports.months import Month
from callcentre.reports.render import html_of
from callcentre.reports.settling import GRACE, Settling
from callcentre.reports.sheet import rows_of
from callcentre.store.database import Database
from callcentre.store.first_contact import WINDOW
from tests.conformance import sample
from tests.unit.test_orders import SilentLog

LONDON = ZoneInfo("Europe/London")
HCT = charters_of([], [])["hct"].charter
NOVEMBER = Month(2026, 11)
NOW = datetime(2026, 12, 1, 7, tzinfo=UTC)


def line(name: str, zone: str = "Europe/London") -> Line:
    return Line(name=name, pbx="lab", charter=HCT, nation=Nation.ENGLAND, hours=HCT.hours, zone=zone)


OFFICE = Office(pbxs=(Pbx(name="lab"),), lines=(line("enquiries"), line("bookings")), fallback_line="enquiries")


def call(number: int, at: datetime, caller: str | None = "01632960001", **changes: Any) -> Call:
    known: dict[str, Any] = {
        "key": CallKey("lab", f"1700000000.{number}"),
        "origin": Origin.EXTERNAL,
        "hours": Hours.CORE,
        "line": "enquiries",
        "caller": caller,
        "charter": "hct",
        "charter_version": 1,
    }
    return replace(sample.answered(sample.offered(number, at=at)), **(known | changes))


def chance_calls(number: int, first: datetime, last: datetime) -> list[Call]:
    """Calls of few callers, so that many call again; some by night, near the days' ends."""
    chance = Random(11)
    seconds = (last - first).total_seconds()
    return [
        call(
            place,
            first + timedelta(seconds=chance.uniform(0, seconds)),
            chance.choice(["01632960001", "+441632960001", "07700900002", "07700900003", "07700900004", None]),
            line=chance.choice(["enquiries", "bookings"]),
            outcome=chance.choice([Outcome.ANSWERED, Outcome.ANSWERED, Outcome.ABANDONED]),
        )
        for place in range(number)
    ]


async def put(database: Database, *calls: Call) -> None:
    await database.writer.commit([CallEnded(pbx="lab", at=one.offered_at, call=one) for one in calls])


def settling(database: Database, now: datetime = NOW, office: Office = OFFICE, **changes: Any) -> Settling:
    """What counts days, without a scheduler."""

    async def rest(_seconds: float) -> None:
        await asyncio.sleep(0)

    known: dict[str, Any] = {"numbers": None, "scheduler": Nights(), "rest": rest, "log": SilentLog()}
    return Settling(office=office, database=database, now=lambda: now, **(known | changes))


class Nights:
    """A scheduler that is asked for a job each day, and runs none."""

    def __init__(self) -> None:
        self.job: Callable[[], Awaitable[None]] | None = None
        self.asked = asyncio.Event()

    def daily(self, name: str, at: time, zone: ZoneInfo, job: Callable[[], Awaitable[None]]) -> None:
        assert (name, zone) == ("standings", LONDON)
        assert at < time(3, 15), "before numbers that are over their term go"
        self.job = job
        self.asked.set()


async def report(database: Database, month: Month = NOVEMBER, now: datetime = NOW) -> Report:
    return await report_of(database, OFFICE, "hct", month, now)


def promise(of: Report, figure: str) -> Promise:
    return next(one for one in of.promises if one.figure == figure)


Told = list[tuple[str, float, float, bool]]


def trend(of: Report, figure: str) -> Told:
    """Month, kept, of, and whether it is partial; months of which nothing is known are left out."""
    return [
        (point.month, point.share.kept, point.share.of, point.partial)
        for point in promise(of, figure).trend
        if point.share is not None
    ]


# --- first contact ---------------------------------------------------------------------------------------------------


async def followed(database: Database, office: Office = OFFICE) -> Told:
    """Month, callers who did not call again, of all, and whether it is partial: without the rest of a report."""
    found = await standings.followed(database, office.lines, NOVEMBER, NOW)
    told: dict[int, list[int]] = {}
    months = [NOVEMBER.moved(step - 11) for step in range(12)]
    for one in found.counts:
        pair = told.setdefault([month.begin(LONDON) for month in months].index(one.since), [0, 0])
        pair[0] += one.alone
        pair[1] += one.counted
    return [
        (str(months[period]), told[period][0], told[period][1], period in found.partial)
        for period in sorted(told)
        if told[period][1]
    ]


def truth(calls: Sequence[Call], now: datetime) -> dict[str, tuple[int, int]]:
    """Alone and counted of each month, as the definition says it, one call after the other."""
    told: dict[str, tuple[int, int]] = {}
    for one in calls:
        if one.outcome is not Outcome.ANSWERED or canonical(one.caller) is None or one.offered_at >= now - WINDOW:
            continue
        again = any(
            other is not one
            and canonical(other.caller) == canonical(one.caller)
            and one.offered_at < other.offered_at <= one.offered_at + WINDOW
            for other in calls
        )
        month = f"{one.offered_at.astimezone(LONDON):%Y-%m}"
        alone, counted = told.get(month, (0, 0))
        told[month] = (alone + (not again), counted + 1)
    return told


async def test_the_trend_by_days_counted_for_good_is_that_of_following_each_call(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = chance_calls(240, datetime(2026, 8, 20, tzinfo=UTC), NOW)
    await put(database, *calls)
    expected = [(month, *pair, False) for month, pair in sorted(truth(calls, NOW).items())]
    assert len(expected) == 4
    assert trend(await report(database), "first_contact_inferred") == expected

    # Too many to follow: the report's own month all the same, the others only once they are counted.
    monkeypatch.setattr(standings, "FOLLOWED", 0)
    few = await report(database)
    assert trend(few, "first_contact_inferred") == expected[-1:]
    assert [point.month for point in promise(few, "first_contact_inferred").trend if point.partial] == [
        "2026-08",
        "2026-09",
        "2026-10",
    ]
    await settling(database).night()
    many = await report(database)
    assert trend(many, "first_contact_inferred") == expected
    assert many.first_contact == few.first_contact


async def test_a_day_is_counted_once_no_call_of_its_own_time_can_follow(database: Database) -> None:
    day = day_began(datetime(2026, 11, 3, 12, tzinfo=UTC), "Europe/London")
    over = day + timedelta(days=1) + WINDOW + GRACE
    await put(database, call(1, day + timedelta(hours=12)))
    whole = (StandingKind.FIRST_CONTACT, day - timedelta(days=9), over, ["enquiries", "bookings"])
    await settling(database, over - timedelta(seconds=1)).night()
    assert await database.standings.whole_days(*whole) == set()
    await settling(database, over).night()
    assert await database.standings.whole_days(*whole) == {day}


async def test_a_call_that_is_written_late_has_the_days_that_it_followed_counted_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standings, "FOLLOWED", 0)
    noons = [datetime(2026, 10, day, 12, tzinfo=UTC) for day in range(1, 29)]
    calls = [call(place, at, f"0770090{1000 + place}") for place, at in enumerate(noons)]
    await put(database, *calls)
    nights = settling(database)
    await nights.night()
    assert await followed(database) == [("2026-10", 28, 28, False)]
    # Other books know of a call on the 20th; who called on the 15th was not helped, and who called on the 12th was.
    late = [
        call(100 + place, noons[19] + timedelta(minutes=place), calls[place].caller, outcome=Outcome.ABANDONED)
        for place in (14, 11)
    ]
    assert await database.writer.backfill(late) == 2
    (told,) = await followed(database)
    assert told[3], "nine days are to be counted anew"
    assert told[2] < 28
    await nights.night()
    assert await followed(database) == [("2026-10", 27, 28, False)]


async def test_what_was_counted_while_a_late_call_was_written_is_not_kept(database: Database) -> None:
    noon = datetime(2026, 10, 5, 12, tzinfo=UTC)
    await put(database, call(1, noon))
    await settling(database).night()
    before = database.standings.changes
    await put(database, call(2, noon + timedelta(days=1)))
    since = day_began(noon, "Europe/London")
    told = DayStood(
        pbx="lab", at=NOW, since=since, kind=StandingKind.FIRST_CONTACT, line="enquiries", what="", good=1, bad=0
    )
    assert not await database.standings.keep([told], changes=before)
    assert await database.standings.keep([told], changes=database.standings.changes)


async def test_an_erasure_has_the_days_of_its_calls_counted_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standings, "FOLLOWED", 0)
    noons = [datetime(2026, 10, day, 12, tzinfo=UTC) for day in (1, 5, 20)]
    await put(database, *(call(place, at, "07700900002") for place, at in enumerate(noons)))
    await put(database, call(9, noons[0], "07700900003"))
    nights = settling(database)
    await nights.night()
    assert await followed(database) == [("2026-10", 3, 4, False)]
    erased = CallerErased(pbx="lab", at=NOW, caller="07700900002", messages=(), who="sue", why="asked for")
    await database.writer.commit([erased])
    await forgotten(database)
    await nights.night()
    assert await followed(database) == [("2026-10", 1, 1, False)]


async def forgotten(database: Database) -> None:
    """What an erasure does to calls, whoever does it."""

    def work(cursor: Any) -> None:
        cursor.execute("UPDATE calls SET caller = NULL WHERE caller LIKE '%900002'")

    await database.writer.transact(work)


async def test_numbers_that_go_with_their_term_leave_the_figure_as_it_was(database: Database) -> None:
    noon = datetime(2026, 10, 1, 12, tzinfo=UTC)
    await put(database, call(1, noon), call(2, noon + timedelta(days=2)))
    await settling(database).night()

    def work(cursor: Any) -> None:
        cursor.execute("UPDATE calls SET caller = NULL")

    await database.writer.transact(work)
    await settling(database).night()
    assert await followed(database) == [("2026-10", 1, 2, False)]


async def test_days_from_before_the_term_of_numbers_are_not_counted(database: Database) -> None:
    await put(database, *(call(place, NOW - timedelta(days=back)) for place, back in enumerate((60, 20))))
    await settling(database, numbers=timedelta(days=30)).night()
    spans = (NOW - timedelta(days=70), NOW, ["enquiries", "bookings"])
    whole = await database.standings.whole_days(StandingKind.FIRST_CONTACT, *spans)
    assert min(whole) >= NOW - timedelta(days=30)
    assert len(whole) == 30 - 8


async def test_a_line_that_is_new_is_counted_with_the_others(database: Database) -> None:
    await put(database, call(1, datetime(2026, 10, 1, 12, tzinfo=UTC)))
    await settling(database, office=replace(OFFICE, lines=OFFICE.lines[:1])).night()
    assert await followed(database) == [("2026-10", 1, 1, False)]
    await settling(database).night()
    assert await followed(database) == [("2026-10", 1, 1, False)]


async def test_lines_of_two_zones_have_their_own_days(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standings, "FOLLOWED", 0)
    office = replace(OFFICE, lines=(line("enquiries"), line("far", "Asia/Tokyo")))
    # The first of November in Tokyo, the last of October in London.
    at = datetime(2026, 10, 31, 18, tzinfo=UTC)
    await put(database, call(1, at), call(2, at, "07700900002", line="far"))
    await settling(database, office=office).night()
    assert await followed(database, office) == [("2026-10", 1, 1, False), ("2026-11", 1, 1, False)]


async def test_days_are_counted_at_the_start_and_the_database_may_be_away(database: Database) -> None:
    await put(database, call(1, datetime(2026, 11, 3, 12, tzinfo=UTC)))
    nights, rested = Nights(), asyncio.Event()

    async def rest(_seconds: float) -> None:
        rested.set()
        await asyncio.sleep(0)

    task = asyncio.create_task(settling(database, scheduler=nights, rest=rest).run())  # noqa: TID251
    async with asyncio.timeout(600):
        await nights.asked.wait()
        await rested.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    since = day_began(datetime(2026, 11, 3, 12, tzinfo=UTC), "Europe/London")
    whole = await database.standings.whole_days(StandingKind.FIRST_CONTACT, since, NOW, ["enquiries", "bookings"])
    assert since in whole


# --- recorded messages and mailboxes ---------------------------------------------------------------------------------


def stood(kind: StandingKind, day: date, good: int, bad: int, **changes: Any) -> DayStood:
    noon = datetime.combine(day, time(12), LONDON)
    known: dict[str, Any] = {"line": "enquiries", "what": "600@default", "pbx": "lab", "at": noon}
    since = day_began(noon, "Europe/London")
    return DayStood(since=since, kind=kind, good=good, bad=bad, **(known | changes))


async def only(database: Database, kind: StandingKind) -> tuple[int, int, int, int]:
    """Good, bad, unknown and days of November."""
    edges = (NOVEMBER.begin(LONDON), NOVEMBER.end(LONDON))
    (told,) = await database.standings.stood(kind, edges, ["enquiries", "bookings"])
    return told.good, told.bad, told.unknown, told.days


async def test_of_several_looks_on_a_day_the_worst_counts_and_one_that_saw_nothing_does_not(
    database: Database,
) -> None:
    kind, day = StandingKind.GREETINGS, date(2026, 11, 3)
    steps: list[tuple[tuple[int, int, int], tuple[int, int, int, int]]] = [
        ((0, 0, 1), (0, 0, 1, 0)),
        ((3, 0, 0), (3, 0, 0, 1)),
        ((1, 2, 0), (1, 2, 0, 1)),
        ((0, 0, 1), (1, 2, 0, 1)),
        ((3, 0, 0), (1, 2, 0, 1)),
    ]
    for (good, bad, unknown), expected in steps:
        await database.writer.commit([stood(kind, day, good, bad, unknown=unknown)])
        assert await only(database, kind) == expected


@pytest.mark.parametrize(
    ("kind", "figure"),
    [(StandingKind.GREETINGS, "greetings_well"), (StandingKind.MAILBOXES, "mailboxes_well")],
)
async def test_a_month_that_is_over_is_told_by_its_days_and_the_present_one_as_it_stands_now(
    database: Database, kind: StandingKind, figure: str
) -> None:
    october = [stood(kind, day, 2, 0) for day in Month(2026, 10).days() if day.day != 9]
    november = [stood(kind, day, 1, 1) if day.day == 7 else stood(kind, day, 2, 0) for day in NOVEMBER.days()]
    now: list[Fact] = [
        MailboxSeen(
            pbx="lab", at=NOW, mailbox="600@default", line="enquiries", named=True,
            state=MailboxState.FULL, reason="it is full",
        ),
        GreetingSeen(
            pbx="lab", at=NOW, place="600@default", stem="unavail", line="enquiries", standing=(), digest="d"
        ),
    ]  # fmt: skip
    await database.writer.commit([*october, *november, *now])
    over = await report(database)
    # A day without a look is unknown, never good.
    assert trend(over, figure) == [("2026-10", 60, 60, True), ("2026-11", 59, 60, False)]
    found = promise(over, figure)
    assert (found.share and (found.share.kept, found.share.of), found.is_kept, found.partial) == (
        (59, 60),
        False,
        False,
    )
    assert [(one.line, one.share.kept) for one in found.lines] == [("enquiries", 59)]
    assert found.source == figure
    present = await report(database, Month(2026, 12))
    assert promise(present, figure).source in ("/greetings", "/today")
    well = kind is StandingKind.GREETINGS
    assert trend(present, figure) == [
        ("2026-10", 60, 60, True),
        ("2026-11", 59, 60, False),
        ("2026-12", int(well), 1, False),
    ]
    assert '100.0 %<span class="unsure">*</span>' in html_of(present)
    assert any(row[2:9] == (figure, "", "2026-10", 60, 60, 1, None) for row in rows_of(over))
    assert [row[-1] for row in rows_of(over) if row[2] == figure and row[4] == "2026-10"] == ["trend, partial"]


async def test_a_month_of_which_nothing_was_written_down_is_not_judged_by_today(database: Database) -> None:
    seen = MailboxSeen(
        pbx="lab", at=NOW, mailbox="600@default", line="enquiries", named=True,
        state=MailboxState.HEALTHY, reason="well",
    )  # fmt: skip
    await database.writer.commit([seen])
    found = promise(await report(database), "mailboxes_well")
    assert (found.is_kept, found.share and found.share.of) == (None, 0)


async def test_months_with_a_gap_are_partial_in_the_trend_of_calls(database: Database) -> None:
    at = datetime(2026, 9, 30, 22, 30, tzinfo=UTC)
    await put(
        database, *(call(place, datetime(2026, month, 2, 12, tzinfo=UTC)) for place, month in enumerate((9, 10, 11)))
    )
    await database.writer.commit(
        [
            GapOpened(pbx="lab", at=at, reason="the link was lost"),
            GapClosed(pbx="lab", at=at + timedelta(minutes=40), since=at, reason="the link was lost"),
        ]
    )
    told = {month: partial for month, *_, partial in trend(await report(database), "calls_within_seconds")}
    # It ended at ten past midnight in London, on the first of October.
    assert told == {"2026-09": True, "2026-10": True, "2026-11": False}


async def test_days_go_after_their_term(database: Database) -> None:
    kind = StandingKind.MAILBOXES
    await database.writer.commit([stood(kind, date(2026, 11, day), 1, 0) for day in (1, 20)])
    (removed,) = [
        one
        for one in await database.retention.run({"standings": timedelta(days=30)}, NOW, [], apply=True)
        if one.kind == "standings"
    ]
    assert removed.rows == 1
    assert await only(database, kind) == (1, 0, 0, 1)
