"""Calls looked for, page by page, and the figures behind a day."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from callcentre.core.facts import Call, CallEnded, CallWrapped, Fact, TaskChanged, VoicemailUsed
from callcentre.core.tasks import WrapUp
from callcentre.core.terms import Hours, Origin, Outcome, Quality, TaskState, Verdict, WrapKind
from callcentre.store.call_search import CallsWanted, Place
from callcentre.store.database import Database
from callcentre.store.results import DueTasks, Waited
from tests.conformance import promises, sample

DAY: dict[str, Any] = {"since": sample.NINE, "until": sample.NINE + timedelta(days=1)}


def call(number: int, **changes: Any) -> Call:
    """An answered call from outside, offered `number` seconds after nine."""
    known = {"origin": Origin.EXTERNAL, "attempts": (), "visits": ()}
    return replace(sample.answered(sample.offered(number, at=sample.after(number))), **(known | changes))


async def store(database: Database, *calls: Call) -> None:
    await database.writer.commit([CallEnded(pbx=each.key.pbx, at=sample.after(99), call=each) for each in calls])


async def found(database: Database, **wanted: Any) -> list[int]:
    """The numbers of the calls that are found, as they come."""
    calls = await database.queries.search_calls(CallsWanted(**(DAY | wanted)))
    return [int(each.key.uniqueid.partition(".")[2]) for each in calls]


def place(last: Call) -> Place:
    return Place(offered_at=last.offered_at, line=last.line, key=last.key)


async def test_the_newest_come_first_with_all_that_belongs_to_them(database: Database) -> None:
    whole = sample.answered(sample.offered(2, at=sample.after(2)))
    await store(database, call(1), whole, call(3))
    newest = await database.queries.search_calls(CallsWanted(**DAY))
    assert [each.key.uniqueid[-1] for each in newest] == ["3", "2", "1"]
    assert newest[1] == whole


async def test_pages_leave_nothing_out_and_show_nothing_twice(database: Database) -> None:
    at = sample.after(5)
    many = [call(n, offered_at=at if n % 2 else sample.after(n), line="ab"[n % 3 == 0]) for n in range(1, 24)]
    many += [replace(call(5, offered_at=at), key=replace(call(5).key, pbx="other"))]
    await store(database, *many)
    wanted = CallsWanted(**DAY)
    seen: list[Call] = []
    after: Place | None = None
    while page := await database.queries.search_calls(wanted, after=after, limit=4):
        seen += page
        after = place(page[-1])
    assert len(seen) == len(many)
    assert {each.key for each in seen} == {each.key for each in many}
    assert [each.offered_at for each in seen] == sorted((each.offered_at for each in many), reverse=True)
    streamed = [each async for page in database.queries.found_calls(wanted, limit=5) for each in page]
    assert streamed == seen


async def test_each_term_finds_its_calls(database: Database) -> None:
    await store(
        database,
        call(1, line="bookings"),
        call(2, outcome=Outcome.ABANDONED, within_seconds=False, answered_by=None, answered_at=None),
        call(3, origin=Origin.INTERNAL),
        call(4, hours=Hours.CLOSED, within_seconds=None),
        call(5, quality=Quality.PARTIAL),
        call(6, answered_by="PJSIP/1020"),
        call(7, offered_at=sample.NINE - timedelta(seconds=1)),
    )
    assert await found(database) == [6, 5, 4, 3, 2, 1]
    assert await found(database, lines=("bookings", "nowhere")) == [1]
    assert await found(database, outcomes=(Outcome.ABANDONED, Outcome.LOST)) == [2]
    assert await found(database, origin=Origin.INTERNAL) == [3]
    assert await found(database, hours=Hours.CLOSED) == [4]
    assert await found(database, within=False) == [2]
    assert await found(database, within=True) == [6, 5, 3, 1]
    assert await found(database, quality=Quality.PARTIAL) == [5]
    assert await found(database, answered_by="PJSIP/1020") == [6]
    assert await found(database, answered_by="PJSIP/102") == [5, 4, 3, 1]
    assert await found(database, lines=("bookings",), quality=Quality.PARTIAL) == []


async def test_a_part_of_a_number_or_of_a_telephone(database: Database) -> None:
    await store(
        database,
        call(1, caller="07700900123"),
        call(2, caller="+447700900123"),
        call(3, caller=None, answered_by="PJSIP/700"),
        call(4, caller="01632960100", answered_by="SIP/desk_7"),
    )
    assert await found(database, number="7700900") == [2, 1]
    assert await found(database, number="700", telephone="700") == [3, 2, 1]
    assert await found(database, telephone="DESK") == [4]


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", "07%123"])
async def test_what_is_looked_for_is_never_a_pattern(database: Database, text: str) -> None:
    await store(database, call(1, answered_by="PJSIP/102"))
    assert await found(database, number=text) == []
    assert await found(database, telephone=text) == []


async def test_totals_count_what_is_found(database: Database) -> None:
    gone = call(3, outcome=Outcome.ABANDONED, within_seconds=False)
    await store(database, call(1), call(2), gone, call(4, line="bookings"))
    totals = await database.queries.call_totals(CallsWanted(**DAY, lines=("enquiries",)))
    assert sorted((each.outcome, each.within_seconds, each.calls) for each in totals) == [
        (Outcome.ABANDONED, False, 1),
        (Outcome.ANSWERED, True, 2),
    ]
    assert await database.queries.call_totals(CallsWanted(**DAY, lines=("nowhere",))) == []


async def test_the_waits_of_a_line_are_those_of_its_outside_calls_in_order(database: Database) -> None:
    late = call(9, outcome=Outcome.ABANDONED, wait_seconds=30.5, within_seconds=False)
    await store(database, late, call(2), call(3, origin=Origin.INTERNAL), call(4, line="bookings"))
    waits = await database.queries.waits("enquiries", DAY["since"], DAY["until"])
    assert [each.offered_at for each in waits] == [sample.after(2), sample.after(9)]
    assert waits[1] == Waited(
        offered_at=sample.after(9),
        outcome=Outcome.ABANDONED,
        hours=Hours.CORE,
        wait_seconds=30.5,
        within_seconds=False,
    )


async def test_a_call_is_found_by_its_line_and_moment(database: Database) -> None:
    await store(database, call(1), call(2), call(3, line="bookings", offered_at=sample.after(1)))
    assert await database.queries.calls_at("lab", "enquiries", sample.after(1)) == [call(1)]
    assert await database.queries.calls_at("other", "enquiries", sample.after(1)) == []


async def test_what_is_due_by_line(database: Database) -> None:
    rows = [
        promises.task(1, due=sample.after(100)),
        promises.task(2, due=sample.after(900)),
        promises.task(3, due=sample.after(50), state=TaskState.REACHED),
        promises.task(4, line="bookings", due=sample.after(900)),
        promises.full_task(5),
    ]
    await database.writer.commit([TaskChanged(pbx="lab", at=sample.NINE, task=row) for row in rows])
    assert await database.queries.due_tasks(sample.after(500), {TaskState.OPEN}) == [
        DueTasks(line="bookings", open=1, due=0, first_due=sample.after(900)),
        DueTasks(line="enquiries", open=2, due=1, first_due=sample.after(100)),
    ]


async def test_first_contact_counts_answered_calls_alone(database: Database) -> None:
    await store(database, call(1), call(2), call(3, answered_at=None, outcome=Outcome.ABANDONED))

    def said(number: int, kind: WrapKind, **changes: Any) -> Fact:
        known = {"pbx": "lab", "uniqueid": call(number).key.uniqueid, "who": "alice", "line": "enquiries"}
        wrap = WrapUp(**(known | {"at": sample.after(50), "caller": None, "kind": kind} | changes))
        return CallWrapped(pbx="lab", at=wrap.at, wrap=wrap)

    await database.writer.commit(
        [said(1, WrapKind.RESOLVED), said(2, WrapKind.COMPLAINT, line="bookings"), said(3, WrapKind.FOLLOW_UP)]
    )
    assert await database.queries.first_contact(DAY["since"], DAY["until"]) == (1, 2)
    assert await database.queries.first_contact(DAY["since"], DAY["until"], ["bookings"]) == (0, 1)
    assert await database.queries.first_contact(DAY["until"], DAY["until"] + timedelta(days=1)) == (0, 0)


async def test_what_a_call_led_to(database: Database) -> None:
    left = call(1, caller="07700900061", outcome=Outcome.VOICEMAIL)
    again = call(2, caller="+447700900061")
    message = promises.message(1, uniqueid=left.key.uniqueid, left_at=sample.after(30))
    filing = promises.filing(1, task=1, key=message.key)
    by_call = promises.task(2, caller="07700900061", call=again.key.uniqueid)
    used = VoicemailUsed(
        pbx="lab",
        at=sample.after(30),
        uniqueid=left.key.uniqueid,
        line="enquiries",
        verdict=Verdict.MISUSE,
        reason="1 telephone was free",
    )
    await store(database, left, again)
    await database.writer.commit(
        [
            TaskChanged(pbx="lab", at=sample.NINE, message=message),
            TaskChanged(pbx="lab", at=sample.NINE, task=promises.task(1, caller=None), filings=(filing,)),
            TaskChanged(pbx="lab", at=sample.NINE, task=by_call),
            used,
        ]
    )
    assert await database.queries.tasks_of_call(left) == [1]
    assert await database.queries.tasks_of_call(again) == [2]
    assert await database.queries.tasks_of_call(call(3, caller=None)) == []
    assert await database.queries.voicemail_use(left.key) == used
    assert await database.queries.voicemail_use(again.key) is None
