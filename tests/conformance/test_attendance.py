"""Attendance, who was there, and breaches: written once, whole, and read back as they were."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from callcentre.core.breach import Breach, BreachStep
from callcentre.core.errors import StoreConflict
from callcentre.core.facts import GapOpened, PresenceChanged
from callcentre.core.terms import ActionKind, ActionResult, Attendance, BreachEnd
from callcentre.store import tables
from callcentre.store.attendance_queries import BreachWithSteps
from callcentre.store.database import Database
from callcentre.store.queries import PAGE, AttendanceRow
from tests.conformance import promises, sample, watched

DAY = timedelta(days=1)


async def breaches(database: Database, **wanted: Any) -> list[BreachWithSteps]:
    """All breaches of the day of the sample."""
    pages = database.queries.breaches_between(sample.NINE - DAY, sample.NINE + DAY, **wanted)
    return [one async for page in pages for one in page]


# --- attendance ------------------------------------------------------------------------------------------------------


async def test_who_is_why(database: Database) -> None:
    who = ("Alice Adams: paused (lunch)", 'Bob "Bobby" Brown: 日本, out of reach')
    change = watched.attendance(1, Attendance.UNATTENDED, who=who)
    await database.writer.commit([watched.attendance(0, Attendance.ATTENDED), change])
    first, second = await database.queries.last_attendance("lab"), change
    assert first == [
        AttendanceRow(
            pbx="lab", line="enquiries", at=second.at, state=second.state, reason=second.reason, core=True, who=who
        )
    ]


async def test_a_pause_may_say_anything(database: Database) -> None:
    """A reason comes from a telephone; PostgreSQL takes no zero byte in a text."""
    hostile = "lunch \0 \ud800 'quoted'"
    await database.writer.commit([watched.attendance(1, Attendance.UNATTENDED, reason=hostile, who=(hostile,))])
    (row,) = await database.queries.last_attendance("lab")
    assert row.reason == "lunch \ufffd ? 'quoted'"
    assert row.who == (hostile,)


async def test_a_day_begins_with_what_held_before_it(database: Database) -> None:
    states = [Attendance.UNKNOWN, Attendance.ATTENDED, Attendance.UNATTENDED, Attendance.ATTENDED]
    await database.writer.commit([watched.attendance(10 * n, state) for n, state in enumerate(states)])
    await database.writer.commit([watched.attendance(15, Attendance.UNKNOWN, line="bookings")])

    async def reasons(since: float, until: float) -> list[str]:
        pages = database.queries.attendance_between(
            "lab", "enquiries", sample.after(since), sample.after(until), with_last_before=True
        )
        return [row.reason async for page in pages for row in page]

    assert await reasons(20, 30) == ["because 10", "because 20"]
    assert await reasons(25, 31) == ["because 20", "because 30"]
    assert await reasons(40, 50) == ["because 30"]
    assert await reasons(0, 1) == ["because 0"]
    assert await reasons(-10, 0) == []


async def test_presence_is_a_row_for_each_change(database: Database) -> None:
    changes = [
        PresenceChanged(pbx="lab", at=sample.after(n), line="enquiries", there=there)
        for n, there in enumerate([None, 0, 3])
    ]
    await database.writer.commit(changes)
    await database.writer.commit([*changes, replace(changes[1], there=1)])
    assert await sample.everything(database, tables.presence) == [
        [("lab", "enquiries", sample.after(n), there) for n, there in enumerate([None, 1, 3])]
    ]


async def test_what_says_that_nothing_is_known_is_no_sight_of_the_pbx(database: Database) -> None:
    """A line opens while the PBX is out of reach; a breach is told of; neither proves that it was there."""
    await database.writer.commit([watched.attendance(1, Attendance.ATTENDED)])
    await database.writer.commit(
        [
            watched.attendance(60, Attendance.UNKNOWN),
            PresenceChanged(pbx="lab", at=sample.after(61), line="enquiries", there=None),
            watched.changed(watched.breach(sample.after(62))),
        ]
    )
    assert await database.queries.seen_until() == {"lab": sample.after(1)}
    await database.writer.commit([PresenceChanged(pbx="lab", at=sample.after(63), line="enquiries", there=0)])
    await database.writer.commit([watched.attendance(2, Attendance.ATTENDED, pbx="other")])
    assert await database.queries.seen_until() == {"lab": sample.after(63), "other": sample.after(2)}


async def test_restarts_are_gaps_that_an_earlier_run_left(database: Database) -> None:
    gaps = [(0, "daemon restart"), (1, "the connection was lost"), (2, "daemon restart"), (3, "daemon restart")]
    await database.writer.commit(
        [GapOpened(pbx="lab", at=sample.after(n), reason=reason) for n, reason in gaps]
        + [GapOpened(pbx="other", at=sample.after(2.5), reason="daemon restart")]
    )
    found = await database.queries.restarts_between("lab", sample.NINE, sample.after(3))
    assert found == [sample.after(0), sample.after(2)]


# --- breaches --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("together", [True, False], ids=["one group", "a group each"])
async def test_a_breach_with_its_steps_and_notices(database: Database, together: bool) -> None:
    full = watched.full_breach()
    facts = [
        watched.changed(watched.breach(), notices=(watched.notice(),)),
        watched.changed(watched.breach(steps=1), watched.wanted(1)),
        watched.changed(full, watched.step(1), watched.undoing(2), notices=(watched.notice(key="recovered"),)),
    ]
    for _ in range(2):
        for group in [facts] if together else [[fact] for fact in facts]:
            await database.writer.commit(group)
        assert await breaches(database) == [(full, (watched.step(1), watched.undoing(2)))]
        assert await database.queries.breach("lab", "enquiries", full.since) == (
            full,
            (watched.step(1), watched.undoing(2)),
        )
        told = await database.queries.pending_notices(sample.after(5_000))
        assert [one.notice.key for one in told] == ["breach", "breach", "recovered", "recovered"]
    assert await database.queries.breach("lab", "bookings", full.since) is None


async def test_a_breach_of_which_little_is_known(database: Database) -> None:
    bare = watched.breach()
    await database.writer.commit([watched.changed(bare)])
    assert await breaches(database) == [(bare, ())]


@pytest.mark.parametrize(
    "older",
    [
        watched.full_breach(steps=1),
        watched.full_breach(told=(0,)),
        watched.full_breach(alarmed_at=None),
        watched.full_breach(ended_at=None, end=None),
    ],
    ids=["fewer steps", "fewer were told", "before the alarm", "before its end"],
)
async def test_an_older_breach_never_replaces_a_newer(database: Database, older: Breach) -> None:
    newest = watched.full_breach()
    await database.writer.commit([watched.changed(newest)])
    await database.writer.commit([watched.changed(older)])
    assert await breaches(database) == [(newest, ())]


_SETTLED = {ActionResult.DONE, ActionResult.ALREADY, ActionResult.REFUSED, ActionResult.OBSERVED}


@pytest.mark.parametrize("result", ActionResult)
async def test_what_was_carried_out_is_not_wanted_again_what_failed_may_be(
    database: Database, result: ActionResult
) -> None:
    """Were it not written that a failed step is sent again, a restart would not know that it must be taken back."""
    settled = watched.step(1, result=result)
    await database.writer.commit([watched.changed(watched.breach(steps=1), settled)])
    await database.writer.commit([watched.changed(watched.breach(steps=1), watched.wanted(1))])
    assert await breaches(database) == [
        (watched.breach(steps=1), (settled if result in _SETTLED else watched.wanted(1),))
    ]


async def test_a_breach_that_cannot_be_written_leaves_nothing(database: Database) -> None:
    unfit: Any = "sung"
    fact = watched.changed(
        watched.breach(), watched.step(1), watched.step(2, action=unfit), notices=(watched.notice(),)
    )
    with pytest.raises(StoreConflict):
        await database.writer.commit([fact])
    assert await sample.everything(database, tables.breaches, tables.breach_steps, tables.outbox) == [[], [], []]


async def test_a_step_belongs_to_a_breach(database: Database) -> None:
    astray = watched.step(1, line="bookings")
    with pytest.raises(StoreConflict):
        await database.writer.commit([watched.changed(watched.breach(), astray)])


async def test_breaches_that_touch_a_time(database: Database) -> None:
    over = watched.full_breach(sample.after(-100), ended_at=sample.after(0))
    lasts_into = watched.full_breach(sample.after(-90), ended_at=sample.after(0.000001))
    open_since = watched.breach(sample.after(-80))
    within = watched.full_breach(sample.after(0), ended_at=sample.after(0), line="bookings", pbx="other")
    after = watched.breach(sample.after(10), line="bookings")
    await database.writer.commit([watched.changed(one) for one in (over, lasts_into, open_since, within, after)])

    async def found(**wanted: Any) -> list[Breach]:
        pages = database.queries.breaches_between(sample.after(0), sample.after(10), **wanted)
        return [one async for page in pages for one, _ in page]

    assert await found() == [lasts_into, open_since, within]
    assert await found(line="bookings") == [within]
    assert await found(pbxs=["lab"]) == [lasts_into, open_since]
    assert await found(pbxs=[]) == []


async def test_more_breaches_than_a_page_holds(database: Database) -> None:
    facts = [
        watched.changed(watched.breach(sample.after(n), steps=1), watched.step(1, sample.after(n)))
        for n in range(PAGE + 3)
    ]
    await database.writer.commit(facts)
    pages = [page async for page in database.queries.breaches_between(sample.NINE, sample.NINE + DAY)]
    assert [len(page) for page in pages] == [PAGE, 3]
    assert [one for page in pages for one in page] == [(fact.breach, fact.steps) for fact in facts]


# --- what a start must know ------------------------------------------------------------------------------------------


def _ended(*steps: BreachStep) -> BreachWithSteps:
    return watched.full_breach(steps=len(steps)), steps


@pytest.mark.parametrize(
    ("kept", "known"),
    [
        ((watched.breach(), ()), True),
        ((watched.breach(steps=1), (watched.step(1),)), True),
        (_ended(), False),
        (_ended(watched.step(1), watched.undoing(2)), False),
        (_ended(watched.step(1), watched.undoing(2, result=ActionResult.WANTED, settled_at=None)), True),
        (_ended(watched.step(1), watched.undoing(2, result=ActionResult.FAILED)), True),
        (_ended(watched.step(1), watched.undoing(2, result=ActionResult.REFUSED)), False),
        (_ended(watched.step(1, result=ActionResult.FAILED)), False),
    ],
)
async def test_which_breaches_a_start_must_know(database: Database, kept: BreachWithSteps, known: bool) -> None:
    await database.writer.commit([watched.changed(kept[0], *kept[1])])
    found = await database.queries.open_rows(["lab"], sample.after(3_600))
    assert found.breaches == ((kept,) if known else ())
    assert (await database.queries.open_rows(["other"], sample.after(3_600))).breaches == ()


async def test_what_was_sent_within_the_last_hour(database: Database) -> None:
    now = sample.after(3_600)
    sent = {ActionResult.WANTED, ActionResult.DONE, ActionResult.REFUSED, ActionResult.FAILED, ActionResult.UNCERTAIN}
    steps = [watched.step(n, at=sample.after(n), result=word) for n, word in enumerate(ActionResult, start=1)]
    steps.append(watched.undoing(20, at=sample.after(20), action=ActionKind.UNDIVERT))
    steps.append(watched.step(21, at=sample.NINE))
    steps.append(watched.step(22, at=sample.after(0.5)))
    await database.writer.commit([watched.changed(watched.full_breach(steps=22, end=BreachEnd.RECOVERED), *steps)])
    found = await database.queries.open_rows(["lab"], now)
    assert found.acted == (sample.after(0.5), *(one.at for one in steps[:8] if one.result in sent))
    assert (await database.queries.open_rows(["other"], now)).acted == ()


# --- what is there twice ---------------------------------------------------------------------------------------------


async def test_a_default_is_for_rows_of_before_only(database: Database) -> None:
    """Whatever writes a row says who; only what an upgrade found has none."""
    await database.writer.commit([watched.attendance(0, Attendance.ATTENDED)])
    with database._engines.read.connect() as connection:
        held = connection.execute(text("SELECT who FROM attendance")).scalar_one()
    assert held == "[]"


async def test_notices_of_breaches_and_tasks_stand_side_by_side(database: Database) -> None:
    await database.writer.commit(
        [watched.changed(watched.breach(), notices=(watched.notice(),)), promises.everything()]
    )
    assert len(await database.queries.pending_notices(sample.after(5_000))) == 4
