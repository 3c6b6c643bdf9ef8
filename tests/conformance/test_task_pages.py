"""The list of tasks: what a row shows, who is looked for, page by page."""

from datetime import timedelta
from typing import Any

import pytest

from callcentre.core.facts import TaskChanged
from callcentre.core.tasks import Task
from callcentre.core.terms import TaskSource, TaskState, TaskStep
from callcentre.store import task_pages
from callcentre.store.database import Database
from callcentre.store.queries import OPEN_STATES
from callcentre.store.task_pages import TaskOfPage, TasksWanted
from tests.conformance import promises, sample

OTHER = "01632960555"


def change(**parts: Any) -> TaskChanged:
    return TaskChanged(pbx="lab", at=sample.NINE, **parts)


async def store(database: Database, *tasks: Task) -> None:
    await database.writer.commit([TaskChanged(pbx=task.pbx, at=sample.NINE, task=task) for task in tasks])


async def numbers(database: Database, **wanted: Any) -> list[int]:
    where = TasksWanted(**{"states": OPEN_STATES} | wanted)
    found = [row.task.number for row in await database.queries.task_page(where)]
    assert {"found": len(found)} == await database.queries.task_counts({"found": where})
    return found


async def test_a_row_shows_what_its_messages_come_to(database: Database) -> None:
    def letter(n: int, duration: int | None, **filed: Any) -> list[TaskChanged]:
        known: dict[str, Any] = {"heard_at": None, "heard_by": None, "responded_at": None, "reached_at": None}
        filing = promises.filing(n, task=1, **known | filed)
        return [change(message=promises.message(n, duration=duration), filings=(filing,))]

    tasks = [promises.task(1), promises.task(2, act_by=sample.after(90_000), source=TaskSource.FOLLOW_UP)]
    await store(database, *tasks)
    facts = [*letter(1, 12), *letter(2, 90, playable=False), *letter(3, None, heard_at=sample.after(9))]
    facts += letter(4, 30, responded_at=sample.after(9))
    await database.writer.commit(facts)
    assert await database.queries.task_page(TasksWanted(states=OPEN_STATES)) == [
        TaskOfPage(task=tasks[0], messages=4, waits=True, seconds=132, longest=90, unheard=2),
        TaskOfPage(task=tasks[1], messages=0, waits=True),
    ]


async def test_a_message_that_is_not_described_counts_as_one(database: Database) -> None:
    await database.writer.commit([change(task=promises.task(1), filings=(promises.filing(1),))])
    assert await database.queries.task_page(TasksWanted(states=OPEN_STATES)) == [
        TaskOfPage(task=promises.task(1), messages=1, waits=False)
    ]


async def test_pages_follow_each_other_and_what_comes_between_moves_nothing(database: Database) -> None:
    await store(database, *(promises.task(n, act_by=sample.after(n // 3)) for n in range(1, 12)))
    wanted, found = TasksWanted(states=OPEN_STATES), list[int]()
    place = None
    while page := await database.queries.task_page(wanted, after=place, limit=4):
        found += [row.task.number for row in page]
        last = page[-1].task
        place = (last.act_by, last.pbx, last.number)
        await store(database, promises.task(100 + len(found), act_by=sample.after(-1)))
    assert found == list(range(1, 12))


async def test_tasks_put_off_are_shown_or_not(database: Database) -> None:
    noon = sample.after(3 * 3600)
    await store(
        database,
        promises.task(1),
        promises.task(2, call_at=noon),
        promises.task(3, call_at=noon + timedelta(microseconds=1)),
    )
    assert await numbers(database) == [1, 2, 3]
    assert await numbers(database, not_later_than=noon) == [1, 2]
    assert await numbers(database, not_later_than=sample.NINE) == [1]


async def test_the_views_of_the_page_are_counted_in_one_go(database: Database) -> None:
    noon = sample.after(3 * 3600)
    await store(
        database,
        promises.task(1, holder="Alice Adams"),
        promises.task(2, holder="bob", call_at=noon),
        promises.full_task(3, holder=None, closed_at=noon, act_by=sample.after(9)),
        promises.full_task(4, holder=None, closed_at=noon - timedelta(microseconds=1)),
        promises.full_task(5, holder=None, closed_at=noon + timedelta(hours=1), act_by=sample.after(5)),
    )
    assert await numbers(database, held_but_by="alice adams") == [2]
    assert await numbers(database, later_than=noon - timedelta(seconds=1)) == [2]
    assert await numbers(database, later_than=noon) == []
    closed: dict[str, Any] = {"states": [TaskState.CLOSED], "closed_since": noon}
    assert await numbers(database, **closed) == [5, 3]
    views = {
        "open": TasksWanted(states=OPEN_STATES),
        "closed": TasksWanted(**closed),
        "bookings": TasksWanted(states=OPEN_STATES, lines=["bookings"]),
    }
    assert await database.queries.task_counts(views) == {"open": 2, "closed": 2, "bookings": 0}


async def test_tasks_of_somebody_or_of_nobody(database: Database) -> None:
    await store(database, promises.task(1), promises.task(2, holder="Alice Adams"), promises.task(3, holder="bob"))
    assert await numbers(database, holder="alice adams") == [2]
    assert await numbers(database, unheld=True) == [1]
    assert await numbers(database, lines=["bookings"]) == []
    assert await numbers(database, lines=["bookings", "enquiries"]) == [1, 2, 3]


async def test_a_caller_is_found_by_part_of_either_number(database: Database) -> None:
    await store(
        database,
        promises.task(1),
        promises.task(2, caller=None, dial=OTHER),
        promises.task(3, caller="+33144556677"),
        promises.task(4, caller=None),
    )
    for sought in ("900061", "07700 900 061", "+44 7700 900061", "0044 7700", "(0)77-00"):
        assert await numbers(database, search=sought) == [1], sought
    assert await numbers(database, search="960") == [2]
    assert await numbers(database, search="00331") == [3]
    assert await numbers(database, search="+33 1 44") == [3]
    assert await numbers(database, search="#4") == [4]
    assert await numbers(database, search="#44") == []
    assert await numbers(database, search="  ") == [1, 2, 3, 4]


async def test_a_task_is_found_by_the_words_of_its_history(database: Database) -> None:
    await store(database, promises.task(1, entries=2), promises.task(2))
    entries = (
        promises.entry(1, 1),
        promises.entry(2, 1, step=TaskStep.NOTED, why="Asks for Dr_Bell at 100 %", who="Alice"),
    )
    await database.writer.commit([change(entries=entries), change(entries=(promises.entry(1, 2, why="other"),))])
    assert await numbers(database, search="dr_bell") == [1]
    assert await numbers(database, search="0 %") == [1]
    assert await numbers(database, search="alice") == [1]
    assert await numbers(database, search="drxbell") == []
    assert await numbers(database, search="' OR 1=1 --") == []


async def test_more_tasks_than_are_counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await store(database, *(promises.task(n) for n in range(1, 12)))
    views = {"open": TasksWanted(states=OPEN_STATES)}
    assert await database.queries.task_counts(views) == {"open": 11}
    monkeypatch.setattr(task_pages, "COUNTED", 9)
    assert await database.queries.task_counts(views) == {"open": 10}


async def test_tasks_that_are_closed_are_listed_when_asked_for(database: Database) -> None:
    await store(database, promises.task(1), promises.full_task(2))
    assert await numbers(database, states=[TaskState.CLOSED]) == [2]
    assert await numbers(database, states=list(TaskState)) == [1, 2]
