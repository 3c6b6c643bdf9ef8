"""How the network cuts the stream into reads changes nothing: every tape gives the same calls, however it is split."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcentre.ami.tape import TapeRecord, read_tape
from callcentre.config.load import load
from callcentre.history.replay import replay
from tests.contracts.test_tapes import OWN

Rows = list[dict[str, object]]
OFFICE = load(OWN / "config.toml", {}).office
CASES = ("pickup", "local_agents", "transfer_queue", "hostile", "cut_ami", "restart_pbx")
TAPES = [tape for case in CASES for tape in sorted(OWN.glob(f"asterisk*/{case}/ami.jsonl*"))]
SMALLEST = min(OWN.glob("asterisk*/*/ami.jsonl*"), key=lambda tape: tape.stat().st_size)


def _replayed(records: list[TapeRecord], folder: Path) -> Rows:
    """The calls and messages of these reads, written as a tape and replayed.

    Not the attendance: it begins with FullyBooted, which has no time but that of its read.
    """
    tape = folder / "ami.jsonl"
    lines = []
    for record in records:
        told = {"mark": record.mark} if record.mark is not None else {"text": record.data.decode("latin-1")}
        lines.append(json.dumps({"t": record.t, "conn": record.conn} | told))
    tape.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = replay(tape, OFFICE, "lab")
    return [row for row in rows if "attendance" not in row]


def _cut(record: TapeRecord, places: list[int]) -> list[TapeRecord]:
    edges = sorted({0, len(record.data), *(place % (len(record.data) + 1) for place in places)})
    return [TapeRecord(t=record.t, conn=record.conn, data=record.data[a:b]) for a, b in pairwise(edges)]


def _joined(records: list[TapeRecord], size: int) -> list[TapeRecord]:
    """Up to `size` reads of one connection that came within a moment, as one read."""
    joined: list[TapeRecord] = []
    count = 0
    for record in records:
        last = joined[-1] if joined else None
        same = last is not None and last.mark is None and record.mark is None and last.conn == record.conn
        if same and last is not None and count < size and record.t - last.t < 0.01:
            joined[-1] = TapeRecord(t=last.t, conn=last.conn, data=last.data + record.data)
            count += 1
        else:
            joined.append(record)
            count = 1
    return joined


@pytest.mark.parametrize("tape", TAPES, ids=lambda tape: f"{tape.parent.parent.name}-{tape.parent.name}")
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(places=st.lists(st.integers(0, 1 << 20), min_size=1, max_size=8), size=st.integers(2, 50))
def test_any_split_gives_the_same_calls(tape: Path, places: list[int], size: int, tmp_path: Path) -> None:
    records = list(read_tape(tape))
    whole = _replayed(records, tmp_path)
    pieces = [piece for record in records for piece in (_cut(record, places) if record.mark is None else [record])]
    assert _replayed(pieces, tmp_path) == whole
    assert _replayed(_joined(records, size), tmp_path) == whole


def test_one_byte_a_read_gives_the_same_calls(tmp_path: Path) -> None:
    records = list(read_tape(SMALLEST))
    pieces = []
    for record in records:
        pieces += _cut(record, list(range(len(record.data)))) if record.mark is None else [record]
    assert _replayed(pieces, tmp_path) == _replayed(records, tmp_path)
