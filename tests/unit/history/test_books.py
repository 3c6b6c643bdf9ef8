"""The files: rotated, packed, damaged, large."""

import csv
import gzip
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callcentre.history.books import BadPlace, QueueLogs, UnreadableBook, files_of
from tests.unit.history.conftest import T0, Book

START = datetime.fromtimestamp(T0, UTC)
ROOTS = [Path(__file__).parent / "sample", *map(Path, filter(None, os.environ.get("CALLCENTRE_TAPES", "").split(":")))]
TABLES = sorted(table for root in ROOTS for table in root.rglob("queue_calls.csv"))


def ids(book: QueueLogs, since: datetime | None = None) -> list[str]:
    return sorted(call.callid for call in book.calls(since))


def abandoned(second: int, callid: str) -> tuple[str, str]:
    return (
        f"{second}|{callid}|enquiries|NONE|ENTERQUEUE||07700900001|1",
        f"{second + 9}|{callid}|enquiries|NONE|ABANDON|1|1|9",
    )


def test_files_are_read_in_the_order_of_their_time_and_calls_span_them(book: Book) -> None:
    enter, leave = abandoned(0, "1.1")
    older, newer = book(enter, name="queue_log.1"), book(leave, *abandoned(20, "1.2"))
    empty = book(name="queue_log.2")
    logs = QueueLogs([newer, empty, older])
    assert [(call.callid, call.running) for call in logs.calls()] == [("1.1", False), ("1.2", False)]
    assert (logs.lines, logs.bad, logs.headless) == (4, 0, 0)


def test_a_packed_file_is_read(book: Book) -> None:
    plain = book(*abandoned(0, "1.1"))
    packed = plain.with_name("queue_log.2.gz")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    logs = QueueLogs([packed])
    assert ids(logs) == ["1.1"]
    assert logs.done == logs.total == packed.stat().st_size


def test_bad_lines_are_counted_and_their_place_is_told_without_their_content(book: Book) -> None:
    path = book(*abandoned(0, "1.1"))
    with path.open("ab") as file:
        file.write(b"\n")  # empty lines say nothing, and are none
        file.write(b"07700900123 was here\n")
        file.write(b"\xff\xfe|x|07700900123|y|ENTERQUEUE\n")
        file.write(b"x" * 50_000 + b"|07700900123\n")
        file.write(f"{T0 + 90}|1.9|enquiries|NONE|ENTERQUEUE||07700900001".encode())
    logs = QueueLogs([path])
    assert ids(logs) == ["1.1"]
    assert logs.bad == 4
    assert logs.bad_places == [
        BadPlace(file="queue_log", line=4, reason="1 fields where at least 5 belong"),
        BadPlace(file="queue_log", line=5, reason="does not begin with seconds since 1970"),
        BadPlace(file="queue_log", line=6, reason="longer than 16384 bytes"),
        BadPlace(file="queue_log", line=7, reason="the file ends in the middle of this line"),
    ]
    assert "07700900" not in " ".join(map(str, logs.bad_places))


def test_odd_bytes_stay_within_their_line(book: Book) -> None:
    path = book()
    line = f"{T0}|1.1|enquiries|NONE|ENTERQUEUE||077\u2028\x0b\x85\x1c009|1\r\n"
    path.write_bytes(line.encode() + f"{T0 + 9}|1.1|enquiries|NONE|ABANDON|1|1|9\n".encode())
    (call,) = QueueLogs([path]).calls()
    assert call.caller == "077\u2028\x0b\x85\x1c009"


def test_only_the_first_thousand_bad_places_are_kept(book: Book) -> None:
    logs = QueueLogs([book(*(["0|nonsense"] * 1_234))])
    assert ids(logs) == []
    assert (logs.bad, len(logs.bad_places)) == (1_234, 1_000)


@pytest.mark.parametrize("minutes", [0, 1, 500, 1_499, 1_500, 5_000])
def test_reading_from_a_moment_on_misses_nothing_after_it(book: Book, minutes: int) -> None:
    path = book(*[line for n in range(1_500) for line in abandoned(60 * n, f"1.{n}")])
    assert path.stat().st_size > 3 * 65_536 / 2
    logs = QueueLogs([path])
    found = ids(logs, START + timedelta(minutes=minutes))
    assert {f"1.{n}" for n in range(minutes, 1_500)} <= set(found)
    assert logs.bad == 0
    if minutes > 1_000:
        assert logs.lines < 2_000


def test_the_files_that_may_hold_a_moment(book: Book) -> None:
    log = book(*abandoned(0, "1.1"))
    for name, age in (("queue_log.1", 1), ("queue_log-20261122.gz", 2), ("queue_log.2", 30), ("queue_log_old", 0)):
        path = book(name=name)
        os.utime(path, times=(T0, T0 - 86_400 * age))
    found = files_of(log, START - timedelta(days=7))
    assert found[0] == log
    assert sorted(path.name for path in found[1:]) == ["queue_log-20261122.gz", "queue_log.1"]


def no_such_file(path: Path) -> None:
    path.unlink()


def not_packed(path: Path) -> None:
    path.write_text("not gzip\n")


def torn(path: Path) -> None:
    path.write_bytes(gzip.compress(os.urandom(100_000))[:50_000])


@pytest.mark.parametrize("damage", [no_such_file, not_packed, torn])
def test_a_file_that_cannot_be_read(book: Book, damage: Callable[[Path], None]) -> None:
    path = book(name="queue_log.gz")
    damage(path)
    with pytest.raises(UnreadableBook, match="cannot be read"):
        list(QueueLogs([path]).calls())


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.parent.name)
def test_the_book_of_a_real_asterisk(table: Path) -> None:
    """Stay by stay what the tape's own table has, which was made from the same book by other code."""
    rows = []
    for call in QueueLogs([table.with_name("queue_log")]).calls():
        assert not call.running
        for stay in call.stays:
            answered = stay.result == "answered"
            ended = stay.ended_at if answered else stay.leave
            rows.append(
                {
                    "callid": call.callid,
                    "queue": stay.queue,
                    "caller": call.caller,
                    "entered": f"{stay.enter.timestamp():.0f}",
                    "agent": stay.agent or "",
                    "connected": f"{stay.leave.timestamp():.0f}" if answered and stay.leave else "",
                    "ring": "" if stay.ring_seconds is None else str(stay.ring_seconds),
                    "ended": f"{ended.timestamp():.0f}" if ended else "",
                    "rang_out": str(sum(not ringing.cancelled for ringing in stay.rung)),
                }
            )
    with table.open() as file:
        wanted = [{name: row[name] for name in rows[0]} if rows else {} for row in csv.DictReader(file)]
    assert sorted(rows, key=str) == sorted(wanted, key=str)
