"""What a start gives back to the core: all that is open, nothing that is settled."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from callcentre.core.facts import OpenRows, TaskChanged
from callcentre.core.tasks import Message
from callcentre.core.terms import MessageStatus, WrapKind
from callcentre.store.database import Database
from callcentre.store.queries import PAGE
from tests.conformance import promises, sample
from tests.conformance.test_missed_callers import missed, store

NOW = sample.after(3_600)
DAYS = timedelta(days=1)


def change(**parts: Any) -> TaskChanged:
    return replace(TaskChanged(pbx="lab", at=sample.NINE), **parts)


async def test_an_empty_database_gives_nothing(database: Database) -> None:
    assert await database.queries.open_rows(["lab"], NOW) == OpenRows()
    assert await database.queries.open_rows([], NOW) == OpenRows()


async def test_everything_that_is_open_of_these_pbxs(database: Database) -> None:
    running = replace(sample.ringing(sample.offered(1)), caller="07700900999")
    over = missed(2, 60)
    other = sample.offered(1, pbx="other")
    await database.writer.commit([sample.on_progress(running), sample.on_end(over), sample.on_offer(other)])
    of_other = replace(
        promises.opened(9),
        pbx="other",
        task=promises.task(9, pbx="other"),
        entries=(),
        message=promises.message(9, pbx="other"),
        filings=(promises.filing(9, 9, pbx="other"),),
    )
    closed = promises.full_task(3, reached_at=None)
    await database.writer.commit(
        [
            promises.opened(1),
            promises.opened(2),
            change(task=closed, filings=(promises.filing(3, task=3),)),
            change(callout=promises.running_callout(1)),
            change(callout=promises.callout(2, answered_at=None, result=None, caller="07700900062")),
            promises.mailbox(),
            of_other,
        ]
    )
    found = await database.queries.open_rows(["lab"], NOW)
    assert found.calls == (running,)
    assert found.last_seen == {"lab": sample.after(70)}
    assert found.messages == (promises.message(1), promises.message(2))
    assert [task.number for task in found.tasks] == [1, 2]
    assert [(filing.key, filing.task) for filing in found.filings] == [
        (promises.message(1).key, 1),
        (promises.message(2).key, 2),
    ]
    assert found.latest == {"lab": 3}
    assert found.boxes == (promises.mailbox(),)
    assert found.missed == (("lab", promises.CALLER, sample.after(60)),)
    assert found.callouts == (promises.running_callout(1),)
    both = await database.queries.open_rows(["lab", "other"], NOW)
    assert both.calls == (running, other)
    assert both.latest == {"lab": 3, "other": 9}
    assert [task.number for task in both.tasks] == [1, 2, 9]
    assert len(both.filings) == len(both.messages) == 3


LONG_AGO = NOW - 31 * DAYS
ABSENT: dict[str, Any] = {"in_mailbox": False, "folder": None}


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (promises.message(left_at=LONG_AGO), True),
        (promises.message(left_at=LONG_AGO, status=MessageStatus.ELSEWHERE), True),
        (promises.message(left_at=LONG_AGO, **ABSENT), False),
        (promises.message(left_at=LONG_AGO, status=MessageStatus.DISMISSED, **ABSENT), False),
        (promises.message(left_at=LONG_AGO, status=MessageStatus.BACKLOG, **ABSENT), True),
        (promises.message(left_at=LONG_AGO, status=MessageStatus.ERASED, **ABSENT), True),
        (promises.message(left_at=NOW - 30 * DAYS + timedelta(seconds=1), **ABSENT), True),
        (promises.message(left_at=NOW - 30 * DAYS, **ABSENT), False),
    ],
)
async def test_which_messages_are_to_be_known_again(database: Database, message: Message, wanted: bool) -> None:
    await database.writer.commit([change(message=message)])
    found = (await database.queries.open_rows(["lab"], NOW)).messages
    assert found == ((replace(message, caller=None) if message.status is MessageStatus.ERASED else message,) * wanted)


async def test_missed_callers_of_fourteen_days_each_once_and_the_latest_call(database: Database) -> None:
    now = sample.NINE + 14 * DAYS
    calls = [
        missed(1, -1, caller="07700900001"),
        missed(2, 0, caller="07700900002"),
        missed(3, 10, caller="07700 900003"),
        missed(4, 20, caller="+447700900003", line="bookings"),
        missed(5, 5, caller="07700900004"),
    ]
    await store(database, *calls)
    assert (await database.queries.open_rows(["lab"], now)).missed == (
        ("lab", "07700900002", sample.after(0)),
        ("lab", "07700900004", sample.after(5)),
        ("lab", "07700900003", sample.after(20)),
    )


async def test_more_messages_than_a_page_holds(database: Database) -> None:
    facts = [promises.opened(n) for n in range(1, PAGE + 8)]
    await database.writer.commit(facts)
    found = await database.queries.open_rows(["lab"], NOW)
    assert len({message.key for message in found.messages}) == len(found.messages) == PAGE + 7
    assert len({filing.key for filing in found.filings}) == len(found.filings) == PAGE + 7
    assert found.latest == {"lab": PAGE + 7}


async def test_clicks_without_an_end_or_of_the_last_hour_and_the_wrap_ups_of_a_day(database: Database) -> None:
    hung = promises.wanted_click(1, asked_at=NOW - 40 * DAYS)
    early = promises.click(2, asked_at=NOW - timedelta(hours=1))
    late = promises.click(3, asked_at=NOW - timedelta(minutes=59))
    other = promises.wanted_click(4, pbx="other")
    old, new = promises.wrap_up(1, at=NOW - DAYS), promises.wrap_up(2, at=NOW - DAYS / 2)
    await database.writer.commit([promises.clicked(one) for one in (hung, early, late, other)])
    await database.writer.commit([promises.wrapped(one) for one in (old, new, promises.wrap_up(3, pbx="other"))])
    found = await database.queries.open_rows(["lab"], NOW)
    assert found.clicks == (hung, late)
    assert found.wraps == (new,)


async def test_a_click_that_ended_stays_so_and_a_wrap_up_is_the_latest_word(database: Database) -> None:
    ended, before = promises.click(1), promises.wanted_click(1)
    first, then = promises.wrap_up(1), promises.wrap_up(1, at=sample.after(900), kind=WrapKind.RESOLVED)
    for group in ([ended, before], [before]):
        await database.writer.commit([promises.clicked(one) for one in group])
    for wraps in ([then, first], [first]):
        await database.writer.commit([promises.wrapped(one) for one in wraps])
    found = await database.queries.open_rows(["lab"], sample.after(1_000))
    assert (found.clicks, found.wraps) == ((ended,), (then,))
