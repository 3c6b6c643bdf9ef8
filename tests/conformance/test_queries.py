"""What the store gives back: pages, open calls, gaps, counts."""

from dataclasses import replace
from datetime import timedelta

from callcentre.core.facts import (
    AttendanceChanged,
    Call,
    GapClosed,
    GapOpened,
    MenuAbandoned,
    NoticeRaised,
    PbxBooted,
)
from callcentre.core.terms import Attendance, Hours, Origin, Outcome
from callcentre.store import tables
from callcentre.store.database import Database
from callcentre.store.queries import PAGE, AttendanceRow, CallCount, Gap
from tests.conformance import promises, sample

DAY = timedelta(days=1)


async def all_between(database: Database, **where: str) -> tuple[list[int], list[Call]]:
    pages = [list(page) async for page in database.queries.calls_between(sample.NINE, sample.NINE + DAY, **where)]
    return [len(page) for page in pages], [call for page in pages for call in page]


async def test_calls_come_in_pages_in_order_of_offering(database: Database) -> None:
    # Ten at each instant, so that a page ends between calls of the same time; the numbers run against the order.
    many = [sample.offered(9_000 - n, at=sample.after(n // 10)) for n in range(2 * PAGE + 5)]
    await database.writer.commit([sample.on_offer(call) for call in many])
    sizes, found = await all_between(database)
    assert sizes == [PAGE, PAGE, 5]
    assert {call.key for call in found} == {call.key for call in many}
    assert [call.offered_at for call in found] == sorted(call.offered_at for call in many)


async def test_a_range_takes_its_beginning_and_not_its_end(database: Database) -> None:
    times = (-0.000001, 0.0, 86_399.999999, 86_400.0)
    await database.writer.commit([sample.on_offer(sample.offered(n, at=sample.after(t))) for n, t in enumerate(times)])
    _, found = await all_between(database)
    assert [call.offered_at for call in found] == [sample.after(0.0), sample.after(86_399.999999)]


async def test_calls_of_one_line_or_one_pbx(database: Database) -> None:
    one, two = sample.offered(1, line="enquiries"), sample.offered(2, line="bookings")
    three = sample.offered(3, pbx="other", line="enquiries")
    await database.writer.commit([sample.on_offer(call) for call in (one, two, three)])
    assert (await all_between(database, line="bookings"))[1] == [two]
    assert (await all_between(database, pbx="lab", line="enquiries"))[1] == [one]
    assert (await all_between(database, pbx="other"))[1] == [three]


async def test_nothing_gives_no_page(database: Database) -> None:
    assert await all_between(database) == ([], [])


async def test_open_calls_are_those_in_progress_on_this_pbx_in_order(database: Database) -> None:
    early, late = sample.ringing(sample.offered(9)), sample.offered(1, at=sample.after(5))
    others = [sample.offered(2, pbx="other"), sample.answered(sample.offered(3)), sample.lost(sample.offered(4))]
    await database.writer.commit([sample.on_progress(call) for call in (late, early, *others)])
    assert await database.queries.open_calls("lab") == [early, late]
    assert await database.queries.lost_calls("lab") == [others[2]]


async def test_more_open_calls_than_a_page_holds(database: Database) -> None:
    many = [sample.ringing(sample.offered(n, at=sample.after(n))) for n in range(PAGE + 7)]
    await database.writer.commit([sample.on_progress(call) for call in many])
    assert await database.queries.open_calls("lab") == many


async def test_a_gap_is_open_until_it_is_closed(database: Database) -> None:
    opened = GapOpened(pbx="lab", at=sample.NINE, reason="link lost")
    closed = GapClosed(pbx="lab", at=sample.after(30), since=sample.NINE, reason="link lost")
    await database.writer.commit([opened])
    assert await database.queries.open_gaps("lab") == [
        Gap(pbx="lab", opened_at=sample.NINE, closed_at=None, reason="link lost")
    ]
    assert await database.queries.open_gaps("other") == []
    await database.writer.commit([closed])
    await database.writer.commit([opened, replace(closed, at=sample.after(60))])
    gap = Gap(pbx="lab", opened_at=sample.NINE, closed_at=sample.after(30), reason="link lost")
    assert await database.queries.open_gaps("lab") == []
    assert await database.queries.gaps_between("lab", sample.after(29), sample.after(40)) == [gap]
    assert await database.queries.gaps_between("lab", sample.after(30), sample.after(40)) == []


async def test_a_gap_opened_and_closed_in_one_group_is_closed(database: Database) -> None:
    closed = GapClosed(pbx="lab", at=sample.after(3), since=sample.NINE, reason="quarantine")
    await database.writer.commit([GapOpened(pbx="lab", at=sample.NINE, reason="quarantine"), closed])
    assert await database.queries.open_gaps("lab") == []


async def test_a_gap_that_a_former_run_left_open_is_closed_with_the_next(database: Database, second: Database) -> None:
    await database.writer.commit([GapOpened(pbx=pbx, at=sample.NINE, reason="link lost") for pbx in ("lab", "other")])
    restarted = GapOpened(pbx="lab", at=sample.after(20), reason="callcentre was not running")
    closed = GapClosed(pbx="lab", at=sample.after(60), since=sample.after(20), reason=restarted.reason)
    later = GapOpened(pbx="lab", at=sample.after(90), reason="link lost")
    await second.writer.commit([restarted, closed, later])
    gaps = await database.queries.gaps_between("lab", sample.NINE, sample.after(100))
    assert [(gap.opened_at, gap.closed_at) for gap in gaps] == [
        (sample.NINE, sample.after(60)),
        (sample.after(20), sample.after(60)),
        (sample.after(90), None),
    ]
    assert len(await database.queries.open_gaps("other")) == 1


async def test_where_knowledge_ends(database: Database) -> None:
    assert await database.queries.last_fact_at("lab") is None
    await database.writer.commit([sample.on_end(sample.answered(sample.offered())), sample.on_offer(sample.offered(2))])
    assert await database.queries.last_fact_at("lab") == sample.after(70)
    await database.writer.commit([], seen={"lab": sample.after(500), "other": sample.after(1)})
    await database.writer.commit([sample.on_progress(sample.offered(2))])
    assert await database.queries.last_fact_at("lab") == sample.after(500)
    assert await database.queries.last_fact_at("other") == sample.after(1)


async def test_what_people_and_the_disk_tell_is_no_sight_of_the_pbx(database: Database) -> None:
    seen = sample.on_end(sample.answered(sample.offered()))
    raised = NoticeRaised(pbx="lab", at=sample.after(9_000), notice=promises.notice())
    await database.writer.commit([seen, promises.opened(1), promises.mailbox(at=sample.after(9_000)), raised])
    assert await database.queries.last_fact_at("lab") == seen.at


async def test_boots(database: Database) -> None:
    assert await database.queries.last_boot("lab") is None
    for seconds in (10.0, 99.5, 99.5, 50.0):
        await database.writer.commit([PbxBooted(pbx="lab", at=sample.after(100), booted_at=sample.after(seconds))])
    assert await database.queries.last_boot("lab") == sample.after(99.5)


async def test_a_menu_hang_up_is_kept_once(database: Database) -> None:
    fact = MenuAbandoned(pbx="lab", at=sample.NINE, uniqueid="1.1")
    await database.writer.commit([fact, fact])
    await database.writer.commit([fact])
    assert await sample.everything(database, tables.menu_abandons) == [[("lab", "1.1", sample.NINE)]]


async def test_attendance(database: Database) -> None:
    changes = [
        AttendanceChanged(pbx="lab", at=sample.after(n), line=line, state=state, reason=f"because {n}", core=n % 2 == 0)
        for n, (line, state) in enumerate(
            [
                ("enquiries", Attendance.UNKNOWN),
                ("bookings", Attendance.ATTENDED),
                ("enquiries", Attendance.ATTENDED),
                ("enquiries", Attendance.UNATTENDED),
            ]
        )
    ]
    await database.writer.commit(changes)
    await database.writer.commit(changes)
    rows = [
        AttendanceRow(pbx="lab", line=f.line, at=f.at, state=f.state, reason=f.reason, core=f.core) for f in changes
    ]
    assert await database.queries.last_attendance("lab") == [rows[1], rows[3]]
    pages = database.queries.attendance_between("lab", "enquiries", sample.NINE, sample.after(3))
    assert [list(page) async for page in pages] == [[rows[0], rows[2]]]


async def test_counts_by_everything_that_a_service_level_asks_for(database: Database) -> None:
    calls = [sample.answered(sample.offered(n)) for n in range(3)]
    calls += [sample.abandoned(sample.offered(3)), sample.offered(4, at=sample.after(86_400))]
    await database.writer.commit([sample.on_end(call) for call in calls])
    counted = await database.queries.counts(sample.NINE, sample.NINE + DAY, line="enquiries")
    assert counted == [
        CallCount(
            line="enquiries",
            hours=Hours.CLOSED,
            origin=Origin.EXTERNAL,
            outcome=Outcome.ABANDONED,
            within_seconds=False,
            within_rings=None,
            calls=1,
        ),
        CallCount(
            line="enquiries",
            hours=Hours.CORE,
            origin=Origin.INTERNAL,
            outcome=Outcome.ANSWERED,
            within_seconds=True,
            within_rings=False,
            calls=3,
        ),
    ]
    assert await database.queries.counts(sample.NINE, sample.NINE + DAY, line="bookings") == []
