"""Lists of tasks, and how voicemail was used."""

from typing import Any

from callcentre.core.facts import TaskChanged
from callcentre.core.tasks import Message, Task
from callcentre.core.terms import MessageStatus, TaskState, Verdict
from callcentre.store.database import Database
from callcentre.store.queries import PAGE, VoicemailUseCount
from tests.conformance import promises, sample


async def store(database: Database, *tasks: Task) -> None:
    await database.writer.commit([TaskChanged(pbx=task.pbx, at=sample.NINE, task=task) for task in tasks])


async def test_tasks_come_by_when_to_act(database: Database) -> None:
    late, early = promises.task(1, act_by=sample.after(500)), promises.task(2, act_by=sample.after(100))
    tied = promises.task(3, act_by=sample.after(500))
    closed = promises.full_task(4, act_by=sample.after(1))
    await store(database, late, early, tied, closed)
    assert await database.queries.tasks() == [early, late, tied]
    assert await database.queries.tasks(limit=1) == [early]
    assert await database.queries.tasks(limit=2, offset=1) == [late, tied]
    assert await database.queries.tasks(offset=3) == []


async def test_tasks_of_a_line_a_pbx_a_state(database: Database) -> None:
    one = promises.task(1, line="bookings")
    two = promises.task(2, state=TaskState.CLAIMED)
    three = promises.task(3, pbx="other")
    closed = promises.full_task(4)
    await store(database, one, two, three, closed)
    assert await database.queries.tasks(line="bookings") == [one]
    assert await database.queries.tasks(pbx="other") == [three]
    assert await database.queries.tasks(pbx="other", line="bookings") == []
    assert await database.queries.tasks(states=[TaskState.CLAIMED]) == [two]
    assert await database.queries.tasks(states=[TaskState.CLOSED]) == [closed]
    assert len(await database.queries.tasks(states=list(TaskState))) == 4
    assert await database.queries.tasks(states=[]) == []


async def test_more_tasks_than_a_page_holds(database: Database) -> None:
    many = [promises.task(n, act_by=sample.after(n), caller=None) for n in range(1, PAGE + 3)]
    await store(database, *many)
    assert await database.queries.tasks(limit=10 * PAGE) == many[:PAGE]
    assert await database.queries.tasks(offset=PAGE) == many[PAGE:]
    assert list((await database.queries.open_rows(["lab"], sample.NINE)).tasks) == many


async def test_a_history_longer_than_a_page(database: Database) -> None:
    entries = tuple(promises.entry(seq) for seq in range(1, PAGE + 3))
    changed = TaskChanged(pbx="lab", at=sample.NINE, task=promises.task(entries=len(entries)), entries=entries)
    await database.writer.commit([changed])
    found = await database.queries.task("lab", 1)
    assert found is not None
    assert found.entries == entries


async def test_how_voicemail_was_used(database: Database) -> None:
    uses = [
        promises.use(0),
        promises.use(1, line="bookings", verdict=Verdict.ALL_BUSY),
        promises.use(2, pbx="other"),
        promises.use(3, verdict=Verdict.RANG_OUT),
        promises.use(4, at=sample.after(60)),
    ]
    await database.writer.commit(uses)
    since, until = sample.NINE, sample.after(60)

    async def found(**where: object) -> list[object]:
        pages = database.queries.voicemail_uses(since, until, **where)  # type: ignore[arg-type]
        return [use async for page in pages for use in page]

    assert await found() == uses[:4]
    assert await found(line="enquiries") == [uses[0], uses[2], uses[3]]
    assert await found(verdict=Verdict.MISUSE) == [uses[0], uses[2]]
    assert await database.queries.voicemail_use_counts(since, until) == [
        VoicemailUseCount(line="bookings", verdict=Verdict.ALL_BUSY, calls=1),
        VoicemailUseCount(line="enquiries", verdict=Verdict.MISUSE, calls=2),
        VoicemailUseCount(line="enquiries", verdict=Verdict.RANG_OUT, calls=1),
    ]
    assert await database.queries.voicemail_use_counts(since, until, line="bookings") == [
        VoicemailUseCount(line="bookings", verdict=Verdict.ALL_BUSY, calls=1)
    ]


async def test_a_verdict_given_again_is_one_verdict_the_latest(database: Database) -> None:
    await database.writer.commit([promises.use(1)])
    await database.writer.commit([promises.use(1, verdict=Verdict.RANG_OUT, reason="PJSIP/101 rang")])
    counted = await database.queries.voicemail_use_counts(sample.NINE, sample.after(60))
    assert [(count.verdict, count.calls) for count in counted] == [(Verdict.RANG_OUT, 1)]


async def test_messages_by_when_they_were_left_each_with_its_place(database: Database) -> None:
    late, early = promises.opened(2), promises.opened(1)
    backlog = promises.message(3, line="bookings", left_at=sample.after(1), status=MessageStatus.BACKLOG)
    other = promises.message(1, pbx="other", left_at=sample.after(1.5))
    facts = [late, early, *(TaskChanged(pbx=m.pbx, at=sample.NINE, message=m) for m in (backlog, other))]
    await database.writer.commit(facts)

    async def found(since: float, until: float, **where: Any) -> list[tuple[Message, int | None]]:
        pages = database.queries.voicemails(sample.after(since), sample.after(until), **where)
        return [(v.message, None if v.filing is None else v.filing.task) async for page in pages for v in page]

    one, two = (promises.message(1), 1), (promises.message(2), 2)
    assert await found(0, 60) == [(backlog, None), one, (other, None), two]
    assert await found(0, 60, line="bookings") == [(backlog, None)]
    assert await found(0, 60, pbxs=["lab"]) == [(backlog, None), one, two]
    assert await found(1.5, 2.5, pbxs=["lab"]) == [one]


async def test_more_messages_than_a_page_holds(database: Database) -> None:
    await database.writer.commit([promises.opened(n) for n in range(1, PAGE + 3)])
    pages = [list(page) async for page in database.queries.voicemails(sample.NINE, sample.after(9_999))]
    assert [len(page) for page in pages] == [PAGE, 2]
    assert [v.filing and v.filing.task for page in pages for v in page] == list(range(1, PAGE + 3))
