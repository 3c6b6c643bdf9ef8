"""Tapes: written and read alike, whatever their compression; malformed ones refused with their line."""

from pathlib import Path

import pytest

from callcentre.ami.tape import TapeError, TapeRecord, TapeWriter, read_tape
from tests.unit.ami.fake_pbx import STAMP, hangup, newchannel

RECORDS = [
    TapeRecord(t=STAMP, conn=1, mark="connect", notes={"ours": "abc-"}),
    TapeRecord(t=STAMP + 0.25, conn=1, data=b"Event: x\r\n\xff\x00\xe2\x80\xa8"),
    TapeRecord(t=STAMP + 1, conn=1, mark="eof"),
    TapeRecord(t=STAMP + 2, conn=2, data=b""),
]


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_what_was_written_is_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"ami.{ending}"
    with TapeWriter(path) as tape:
        for record in RECORDS:
            tape.write(record)
    assert list(read_tape(path)) == RECORDS
    assert (path.read_bytes()[:1] == b"{") == (ending == "jsonl")


def test_an_empty_tape(tmp_path: Path) -> None:
    path = tmp_path / "ami.jsonl"
    path.touch()
    assert list(read_tape(path)) == []


def test_a_file_of_raw_bytes_is_timed_by_its_timestamps(tmp_path: Path) -> None:
    path = tmp_path / "ami.log"
    path.write_bytes(newchannel(at=STAMP) * 30 + hangup(at=STAMP + 9))
    records = list(read_tape(path))
    assert b"".join(record.data for record in records) == path.read_bytes()
    assert [records[0].t, records[-1].t] == [STAMP, STAMP + 9]
    assert {record.conn for record in records} == {1}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"t": 1, "conn": 1, "text": "x"', "not a line of JSON"),
        ("[1]", "not an object"),
        ('{"conn": 1, "text": "x"}', '"t" must be'),
        ('{"t": "now", "conn": 1, "text": "x"}', '"t" must be'),
        ('{"t": 1e300, "conn": 1, "text": "x"}', '"t" must be'),
        ('{"t": 1, "conn": "one", "text": "x"}', '"conn" must be'),
        ('{"t": 1, "conn": 1}', 'neither "text" nor "mark"'),
        ('{"t": 1, "conn": 1, "text": "\\u2028"}', "latin-1"),
        ("", "not a line of JSON"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "ami.jsonl"
    path.write_text('{"t": 1, "conn": 1, "mark": "connect"}\n' + line + "\n")
    with pytest.raises(TapeError) as refused:
        list(read_tape(path))
    assert f"{path}:2: " in str(refused.value)
    assert words in str(refused.value)


@pytest.mark.parametrize("name", ["none.jsonl", "cut.jsonl.gz", "odd.jsonl.gz", "odd.jsonl.zst"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.startswith("odd"):
        path.write_bytes(b"nothing of the kind")
    if name.startswith("cut"):
        with TapeWriter(path) as tape:
            tape.write(RECORDS[0])
        path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(TapeError, match=f"{name}: cannot be read"):
        list(read_tape(path))
