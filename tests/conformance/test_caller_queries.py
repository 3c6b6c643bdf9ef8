"""What is known of a caller, whatever the spelling; clicks of a task; what agents said of calls."""

from dataclasses import replace
from typing import Any

from callcentre.core.facts import Call, TaskChanged
from callcentre.core.terms import TaskStep, WrapKind
from callcentre.store.caller_queries import CallerHistory, WrapsWanted
from callcentre.store.database import Database
from tests.conformance import promises, sample

CALLER = promises.CALLER
OTHER = "07700900062"


def change(**parts: Any) -> TaskChanged:
    return TaskChanged(pbx="lab", at=sample.NINE, **parts)


def called(number: int, caller: str | None, at: float) -> Call:
    return replace(sample.answered(sample.offered(number, at=sample.after(at))), caller=caller)


async def history(database: Database, number: str | None = CALLER, **asked: Any) -> CallerHistory:
    found = await database.queries.caller_history("lab", number, **asked)
    assert found is not None
    return found


async def test_a_caller_nobody_knows_and_one_who_withholds_the_number(database: Database) -> None:
    assert await history(database) == CallerHistory(number=CALLER)
    assert await database.queries.caller_history("lab", None) is None
    assert await database.queries.caller_history("lab", "anonymous") is None


async def test_calls_in_every_spelling_the_newest_first(database: Database) -> None:
    spelled = (CALLER, "+447700900061", "00447700900061", "447700900061")
    calls = [called(n, number, n) for n, number in enumerate(spelled)]
    others = [called(10, OTHER, 1), called(11, None, 2), called(12, "900061", 3)]
    there = called(13, CALLER, 4)
    there = replace(there, key=replace(there.key, pbx="other"))
    await database.writer.commit([sample.on_end(call) for call in (*calls, *others, there)])
    for number in (*spelled, "(07700) 900061"):
        found = await history(database, number, limit=3)
        assert [past.key for past in found.calls] == [call.key for call in calls[:0:-1]]
        assert found.calls_in_all == 4
    past = (await history(database)).calls[0]
    assert (past.line, past.outcome, past.answered_by, past.talk_seconds) == (
        calls[3].line,
        calls[3].outcome,
        calls[3].answered_by,
        calls[3].talk_seconds,
    )


async def test_callers_of_other_countries_and_extensions(database: Database) -> None:
    abroad = [called(1, "+33144556677", 1), called(2, "0033144556677", 2)]
    inside = called(3, "214", 3)
    await database.writer.commit([sample.on_end(call) for call in (*abroad, inside)])
    assert (await history(database, "+33 1 44 55 66 77")).calls_in_all == 2
    assert (await history(database, "214")).calls_in_all == 1


async def test_tasks_and_wrap_ups_of_the_caller(database: Database) -> None:
    tasks = [promises.task(1), promises.task(2, caller=None, dial=CALLER), promises.full_task(3, dial=None)]
    await database.writer.commit([change(task=task) for task in (*tasks, promises.task(4, caller=OTHER))])
    wraps = [promises.wrap_up(1), promises.wrap_up(2), promises.wrap_up(3, caller=OTHER)]
    await database.writer.commit([promises.wrapped(wrap) for wrap in wraps])
    found = await history(database)
    assert found.tasks == tuple(reversed(tasks))
    assert found.open_tasks == (tasks[1], tasks[0])
    assert found.wraps == (wraps[1], wraps[0])
    assert (await history(database, limit=1)).tasks == (tasks[2],)


async def test_how_to_speak_with_a_caller_is_what_was_noted_last(database: Database) -> None:
    def flagged(number: int, at: float) -> TaskChanged:
        return change(entries=(promises.entry(2, number, at=sample.after(at), step=TaskStep.FLAGGED),))

    async def spoken() -> tuple[str | None, tuple[str, ...]]:
        found = await history(database, flags_at=sample.after(400))
        return found.language, found.needs

    first = promises.task(1, language="pl", needs=("interpreter",), entries=2, flags_until=sample.after(500))
    await database.writer.commit([change(task=first), change(task=promises.task(2))])
    assert await spoken() == ("pl", ("interpreter",))
    await database.writer.commit([flagged(1, 100)])
    assert await spoken() == ("pl", ("interpreter",))
    await database.writer.commit([change(task=promises.task(2, entries=2)), flagged(2, 200)])
    assert await spoken() == (None, ()), "taken back"
    await database.writer.commit([change(task=replace(first, entries=3, needs=("carer_calls",)))])
    third = promises.entry(3, 1, at=sample.after(300), step=TaskStep.FLAGGED)
    await database.writer.commit([change(entries=(third,))])
    assert await spoken() == ("pl", ("carer_calls",))
    assert (await history(database)).language is None, "nobody asked for it"
    assert (await history(database, flags_at=sample.after(500))).needs == (), "the agreement is over"


async def test_clicks_of_a_task_in_their_order(database: Database) -> None:
    clicks = [promises.wanted_click(2, asked_at=sample.after(700)), promises.click(1), promises.click(3, task=2)]
    await database.writer.commit([promises.clicked(click) for click in clicks])
    assert await database.queries.clicks_of("lab", 1) == [clicks[1], clicks[0]]
    assert await database.queries.clicks_of("other", 1) == []
    assert await database.queries.click("lab", "click-3") == clicks[2]
    assert await database.queries.click("other", "click-3") is None


async def test_wrap_ups_by_time_line_kind_and_person(database: Database) -> None:
    wraps = [
        promises.wrap_up(1),
        promises.wrap_up(2, line="bookings", kind=WrapKind.RESOLVED, who="Bob"),
        promises.wrap_up(3, kind=WrapKind.ABUSIVE, caller=None),
        promises.wrap_up(3, kind=WrapKind.RESOLVED, who="bob"),
        promises.wrap_up(4, pbx="other"),
    ]
    await database.writer.commit([promises.wrapped(wrap) for wrap in wraps])

    async def found(since: float = 0, until: float = 9_000, **wanted: Any) -> list[int]:
        where = WrapsWanted(since=sample.after(since), until=sample.after(until), **wanted)
        page = await database.queries.wrap_page(where)
        counted = await database.queries.wrap_counts(where)
        assert sum(counted.values()) == len(page)
        return [wraps.index(wrap) for wrap in page]

    assert await found() == [4, 3, 2, 1, 0]
    assert await found(since=802, until=803) == [1]
    assert await found(lines=["enquiries"], pbx="lab") == [3, 2, 0]
    assert await found(kinds=[WrapKind.ABUSIVE, WrapKind.FOLLOW_UP]) == [4, 2, 0]
    assert await found(who="BOB") == [3, 1]
    assert await database.queries.wraps_of(sample.offered(3).key) == [wraps[2], wraps[3]]
    where = WrapsWanted(since=sample.NINE, until=sample.after(9_000))
    assert await database.queries.wrap_counts(where) == {
        ("bookings", WrapKind.RESOLVED): 1,
        ("enquiries", WrapKind.ABUSIVE): 1,
        ("enquiries", WrapKind.FOLLOW_UP): 2,
        ("enquiries", WrapKind.RESOLVED): 1,
    }
    paged, place = list[int](), None
    while page := await database.queries.wrap_page(where, after=place, limit=2):
        paged += [wraps.index(wrap) for wrap in page]
        last = page[-1]
        place = (last.at, last.pbx, last.uniqueid, last.who)
    assert paged == [4, 3, 2, 1, 0]
