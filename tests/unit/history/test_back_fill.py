"""Back-fill into a real store: everything once, nothing measured touched, nothing left out in silence."""

from dataclasses import replace
from datetime import timedelta

import pytest

from callcentre.core.charter import Office
from callcentre.core.errors import StoreUnavailable
from callcentre.core.facts import Call, CallEnded
from callcentre.core.terms import CallKey, Outcome, Quality
from callcentre.history.back_fill import import_queue_log
from callcentre.store.database import Database
from tests.unit.history.conftest import Book
from tests.unit.history.test_queue_log import at

LINES = (
    "0|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1",
    "7|1.1|enquiries|Alice Adams|CONNECT|7|1.9|7",
    "20|1.1|enquiries|Alice Adams|COMPLETEAGENT|7|13|1",
    "30|1.2|bookings|NONE|ENTERQUEUE||07700900002|1",
    "nonsense",
    "50|1.2|bookings|NONE|ABANDON|1|1|20",
    "55|1.3|plumbers|NONE|ENTERQUEUE||07700900003|1",
    "58|1.3|plumbers|NONE|ABANDON|1|1|3",
    "59|NONE|enquiries|Alice Adams|PAUSE|lunch",
    "60|1.4|enquiries|NONE|ENTERQUEUE||07700900004|1",
    "61|0.7|enquiries|Alice Adams|RINGNOANSWER|9000",
)


async def all_calls(database: Database) -> list[Call]:
    pages = database.queries.calls_between(at(-86_400), at(86_400 * 40))
    return [call async for page in pages for call in page]


async def test_a_book_becomes_calls(book: Book, office: Office, database: Database) -> None:
    report = await import_queue_log(
        [book(*[line for line in LINES if line != "nonsense"])], office, "lab", database.writer
    )
    calls = {call.key.uniqueid: call for call in await all_calls(database)}
    assert {uniqueid: (call.line, call.outcome, call.quality) for uniqueid, call in calls.items()} == {
        "1.1": ("enquiries", Outcome.ANSWERED, Quality.INFERRED),
        "1.2": ("bookings", Outcome.ABANDONED, Quality.INFERRED),
    }
    assert calls["1.1"].visits
    assert calls["1.1"].attempts
    assert (report.calls, report.added, report.known, report.running) == (2, 2, 0, 1)
    assert (report.headless, report.ignored, dict(report.unclaimed)) == (1, {"PAUSE": 1}, {"plumbers": 1})
    assert report.render() == [
        "10 lines of 1 file: 2 calls, 2 added, 0 there already",
        "1 call was not over where the files end: import again later",
        "1 line belongs to calls that began before the first file",
        "1 call of queue 'plumbers', which no line names, was left out",
    ]


async def test_bad_lines_are_shown(book: Book, office: Office, database: Database) -> None:
    path = book(*LINES[:4])
    with path.open("a") as file:
        file.write("07700900123 nonsense\n" * 3)
    report = await import_queue_log([path], office, "lab", database.writer)
    assert report.bad == 3
    assert report.render()[-4:] == [
        "3 lines could not be read:",
        *[f"  queue_log:{line}: 1 fields where at least 5 belong" for line in (5, 6, 7)],
    ]


async def test_importing_again_adds_nothing(book: Book, office: Office, database: Database) -> None:
    path = book(*LINES[:4], *LINES[5:])
    await import_queue_log([path], office, "lab", database.writer)
    before = await all_calls(database)
    copy = path.with_name("queue_log.1")
    copy.write_bytes(path.read_bytes())
    report = await import_queue_log([path, copy], office, "lab", database.writer)
    assert report.added == 0
    assert await all_calls(database) == before


async def test_what_ran_on_is_added_by_a_later_import(book: Book, office: Office, database: Database) -> None:
    await import_queue_log([book(*LINES[9:10])], office, "lab", database.writer)
    assert await all_calls(database) == []
    await import_queue_log([book(*LINES[9:10], "90|1.4|enquiries|NONE|ABANDON|1|1|30")], office, "lab", database.writer)
    assert [call.key.uniqueid for call in await all_calls(database)] == ["1.4"]


async def test_a_measured_call_is_left_alone(book: Book, office: Office, database: Database) -> None:
    path = book(*LINES[:4], *LINES[5:])
    await import_queue_log([path], office, "lab", database.writer)
    imported = await database.queries.call(CallKey("lab", "1.1"))
    assert imported is not None
    measured = replace(
        imported,
        key=CallKey("lab", "1.2"),
        quality=Quality.COMPLETE,
        answered_at=imported.offered_at + timedelta(microseconds=6_912_345),
    )
    other = await Database.open("sqlite:///" + str(path.parent.parent / "other.db"))
    try:
        await other.prepare()
        await other.writer.commit([CallEnded(pbx="lab", at=at(60), call=measured)])
        report = await import_queue_log([path], office, "lab", other.writer)
        assert (report.added, report.known) == (1, 1)
        assert await other.queries.call(measured.key) == measured
    finally:
        await other.close()


async def test_history_opens_no_calls_and_moves_no_watermark(book: Book, office: Office, database: Database) -> None:
    await import_queue_log([book(*LINES[:4], *LINES[5:])], office, "lab", database.writer)
    assert await database.queries.open_calls("lab") == []
    assert await database.queries.last_fact_at("lab") is None


async def test_progress_is_told_up_to_the_end(book: Book, office: Office, database: Database) -> None:
    lines = [
        f"{60 * n + second}|1.{n}|enquiries|NONE|{rest}"
        for n in range(1_200)
        for second, rest in ((0, "ENTERQUEUE||07700900001|1"), (9, "ABANDON|1|1|9"))
    ]
    path = book(*lines)
    told: list[tuple[int, int]] = []
    report = await import_queue_log([path], office, "lab", database.writer, lambda *step: told.append(step))
    size = path.stat().st_size
    assert report.added == 1_200
    assert told[-1] == (size, size)
    assert len(told) >= 3
    assert told == sorted(told)
    assert all(total == size for _, total in told)


async def test_a_store_that_goes_away_says_so(book: Book, office: Office) -> None:
    class Away:
        async def backfill(self, calls: object) -> int:
            raise StoreUnavailable("gone")

    with pytest.raises(StoreUnavailable):
        await import_queue_log([book(*LINES[:3])], office, "lab", Away())
