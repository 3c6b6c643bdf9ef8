"""What the lab makes of a difference: a moment that is a little off may be the machine's, anything else is a fault."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.pbx.lab.hold import Row, hold

START = 1_800_000_000.0


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(START + seconds, UTC).isoformat()


def truth(**ring: Any) -> Row:
    """One answered call, which rang one telephone for two seconds."""
    rang = {"interface": "PJSIP/101", "ring_start": START + 1, "ring_end": START + 3, "result": "answered"}
    observed: Row = {
        "offered": START,
        "first_ring": START + 1,
        "agent_answer": START + 3,
        "end": START + 9,
        "wait": 3.0,
    }
    observed |= {"talk": 6.0, "rings": 1, "outcome": "answered", "answered_by": "PJSIP/101"}
    call = {
        "uniqueid": "1.1",
        "wanted": {"line": "enquiries"},
        "observed": observed,
        "attempts": [{**rang, "after_answer": False, **ring}],
    }
    return {"calls": [call], "may_be_unseen": [], "doings": [], "voicemail": []}


def said(*, late: float = 0.0, ring_end: float = 3.0, **other: Any) -> Row:
    """What callcentre says of it."""
    ring = {"interface": "PJSIP/101", "ring_start": stamp(1), "ring_end": stamp(ring_end), "result": "answered"}
    row = {"uniqueid": "1.1", "line": "enquiries", "outcome": "answered", "answered_by": "PJSIP/101", "rings": 1}
    row |= {"quality": "complete", "offered_at": stamp(0), "first_ring_at": stamp(1), "ended_at": stamp(9)}
    row |= {"answered_at": stamp(3 + late), "wait_seconds": 3.0 + late, "talk_seconds": 6.0 - late}
    return {**row, "attempts": [{**ring, "after_answer": False}], **other}


def test_what_agrees_does_not_differ() -> None:
    (held,) = hold([said()], None, truth())
    assert (held.differences, held.only_late) == ([], False)


@pytest.mark.parametrize(("row", "late"), [(said(late=0.3), True), (said(late=1.5), False)])
def test_a_moment_a_little_off_is_a_difference_that_a_second_play_may_clear(row: Row, late: bool) -> None:
    (held,) = hold([row], None, truth())
    assert held.differences
    assert held.only_late is late


@pytest.mark.parametrize(("late", "differs", "again"), [(1.0, False, False), (1.5, True, True), (2.5, True, False)])
def test_of_a_call_that_a_gap_touched_whole_seconds_are_known(late: float, differs: bool, again: bool) -> None:
    gap = truth() | {"doings": [{"what": "restart daemon", "t": START + 4, "over": START + 5}]}
    (held,) = hold([said(late=late, quality="partial")], None, gap)
    assert (bool(held.differences), held.only_late) == (differs, again)


@pytest.mark.parametrize(
    "row",
    [
        said(late=0.3, outcome="voicemail"),
        said(answered_by="PJSIP/102"),
        said(rings=2),
        said(late=0.3, attempts=[]),
        said(late=0.3, quality="partial"),
    ],
)
def test_anything_else_is_a_fault_at_once(row: Row) -> None:
    (held,) = hold([row], None, truth())
    assert held.differences
    assert not held.only_late


@pytest.mark.parametrize(
    ("heard", "ring_end", "differs"), [(3.5, 3.45, False), (3.5, 3.0, False), (3.5, 3.7, True), (None, 3.45, True)]
)
def test_a_ring_may_end_when_the_pbx_took_note_of_it(heard: float | None, ring_end: float, differs: bool) -> None:
    heard_at = None if heard is None else START + heard
    (held,) = hold([said(ring_end=ring_end)], None, truth(ring_end_heard=heard_at))
    assert bool(held.differences) is differs
