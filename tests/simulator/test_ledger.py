"""The office's own ledger of attendance, by rules that are its own."""

from datetime import UTC, date, datetime

import pytest

from callcentre_simulator.ledger import attendance, by_day, stretches
from callcentre_simulator.pbx import Pbx
from callcentre_simulator.scenario import build, find, read
from callcentre_simulator.schema import LineTable
from callcentre_simulator.watch import Note, Watch

START = datetime(2027, 3, 27, tzinfo=UTC).timestamp()
ROUND_THE_CLOCK = LineTable(name="nurse", queues=["nurse"])
DAY = 86_400.0


def watch(line: LineTable, *notes: Note, holidays: tuple[date, ...] = ()) -> Watch:
    scenario = read(find("sixth_ring")).model_copy(
        update={"call": [], "start": datetime.fromtimestamp(START, UTC), "line": [line], "holidays": list(holidays)}
    )
    pbx: Pbx = build(scenario)
    pbx.watch.notes = list(notes)
    return pbx.watch


def told(seen: Watch, line: LineTable, hours: float) -> list[tuple[float, float, str]]:
    """Hours after the start, and what was so between them."""
    found = stretches(seen, line, START + hours * 3600)
    return [((one.start - START) / 3600, (one.end - START) / 3600, one.state) for one in found]


def test_a_day_on_which_the_clocks_change_has_twenty_three_hours() -> None:
    seen = watch(ROUND_THE_CLOCK, Note(at=START, what="there", line="nurse", count=1))
    days = by_day(stretches(seen, ROUND_THE_CLOCK, START + 3 * DAY))
    assert {day.day: states["attended"] / 3600 for day, states in days.items()} == {27: 24, 28: 23, 29: 24, 30: 1}


def test_a_bank_holiday_has_no_core_hours() -> None:
    seen = watch(ROUND_THE_CLOCK, holidays=(date(2027, 3, 29),))
    assert [day.day for day in by_day(stretches(seen, ROUND_THE_CLOCK, START + 3 * DAY))] == [27, 28, 30]


def test_three_that_ring_out_empty_the_line_until_somebody_shows_up_or_it_opens() -> None:
    line = LineTable(name="nurse", queues=["nurse"], hours={"sat": ["08:00-12:00", "13:00-17:00"]})
    rung = [Note(at=START + 3600 * at, what="rang out", line="nurse") for at in (9, 9.1, 9.2, 11, 11.1, 11.2)]
    seen = watch(
        line,
        Note(at=START, what="there", line="nurse", count=2),
        *rung,
        Note(at=START + 36_000, what="shown", line="nurse"),
    )
    assert told(seen, line, 24) == [
        (8, 9.2, "attended"), (9.2, 10, "unattended"), (10, 11.2, "attended"), (11.2, 12, "unattended"),
        (13, 17, "attended"),
    ]  # fmt: skip


@pytest.mark.parametrize(("needed", "state"), [(1, "attended"), (2, "unattended")])
def test_what_is_not_seen_is_unknown_and_then_what_it_was(needed: int, state: str) -> None:
    line = LineTable(name="nurse", queues=["nurse"], min_agents=needed)
    seen = watch(
        line,
        Note(at=START, what="there", line="nurse", count=1),
        Note(at=START + 3600, what="down"),
        Note(at=START + 7200, what="up"),
    )
    assert told(seen, line, 4) == [(0, 1, state), (1, 2, "unknown"), (2, 4, state)]


def test_the_days_of_the_books_add_up() -> None:
    seen = watch(ROUND_THE_CLOCK, Note(at=START, what="there", line="nurse", count=1, why=""))
    (book,) = attendance(seen, START + DAY)
    assert book["days"] == [{"day": "2027-03-27", "attended": DAY, "unattended": 0.0, "unknown": 0.0}]
    assert [one["state"] for one in book["stretches"]] == ["attended"]
