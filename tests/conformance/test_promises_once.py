"""A promise of a case that was closed late and opened again is one, in the report, on the page and in the metrics."""

from collections import Counter
from datetime import UTC, datetime
from typing import Final

import pytest

from callcentre.core.case_requests import CaseAction
from callcentre.core.case_values import CaseChannel, CaseOutcome, ClockName
from callcentre.store.database import Database
from tests.conformance.written import Written
from tests.playbooks.case_story import at

A: Final = CaseAction
NOW: Final = at("2027-03-01 09:00")
EDGES: Final = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
ONCE: Final = (ClockName.ACKNOWLEDGE, ClockName.ANSWER)


@pytest.fixture
def story() -> Written:
    """Complaints of November: opened again after a late end, and after one in time; a further stage; one done late."""
    story = Written()
    for minute in range(5):
        story.open(f"2026-11-23 10:0{minute}", owner="Olu")
    story.ask("2026-11-24 10:00", A.CLOSE, 2, outcome=CaseOutcome.WITHDRAWN)
    story.ask("2026-11-24 10:01", A.REOPEN, 2)
    story.ask("2026-11-24 10:02", A.ACKNOWLEDGE, 3)
    story.ask("2026-11-25 10:00", A.STAGE, 3, channel=CaseChannel.LETTER)
    story.ask("2026-11-26 10:00", A.ANSWER, 2)
    # Late, twice: what runs anew is the promise that was not kept.
    story.ask("2027-01-04 12:00", A.CLOSE, 1, outcome=CaseOutcome.WITHDRAWN)
    story.ask("2027-01-05 12:00", A.REOPEN, 1)
    story.ask("2027-01-06 12:00", A.CLOSE, 1, outcome=CaseOutcome.WITHDRAWN)
    story.ask("2027-01-07 12:00", A.REOPEN, 1)
    story.ask("2027-01-08 12:00", A.ANSWER, 4)
    # Late in both clocks, opened again, and still to be done.
    story.ask("2027-01-11 12:00", A.CLOSE, 5, outcome=CaseOutcome.WITHDRAWN)
    story.ask("2027-01-12 12:00", A.REOPEN, 5)
    story.ask("2027-01-13 12:00", A.ANSWER, 5)
    # Nothing of the third waits any more, so that what is counted is what was decided.
    story.ask("2027-01-14 12:00", A.ANSWER, 3)
    return story


def _counted(story: Written) -> dict[str, Counter[bool]]:
    """What the counters of the metrics say: by clock, how many were in time and how many were not."""
    found = {name.value: Counter[bool]() for name in ONCE}
    for clock in story.judged:
        if clock.clock in ONCE:
            found[clock.clock.value][clock.met_at is not None and clock.met_at <= clock.due] += 1
    return found


async def test_the_report_counts_a_promise_once_as_the_counter_does(database: Database, story: Written) -> None:
    assert len(story.clocks_of(1)) > len(ONCE), "or nothing ran anew"
    await database.writer.commit(story.facts)
    found = {name.value: Counter[bool]() for name in ONCE}
    for one in await database.reports.clocks(EDGES, NOW, ["enquiries"]):
        if one.clock in found:
            assert (one.overdue, one.running) == (0, 0)
            found[one.clock] += Counter({True: one.kept, False: one.late})
    assert found == _counted(story)
    assert {name: each.total() for name, each in found.items()} == {"acknowledge": 6, "answer": 5}


async def test_so_does_the_page_of_cases(database: Database, story: Written) -> None:
    await database.writer.commit(story.facts)
    found = {name.value: Counter[bool]() for name in ONCE}
    for one in await database.queries.case_figures(*EDGES, NOW):
        if one.clock in ONCE:
            assert one.waiting == 0
            found[one.clock.value] += Counter({True: one.in_time, False: one.late})
    assert found == _counted(story)


async def test_opened_again_and_nothing_done_it_stays_the_one_that_was_late(database: Database) -> None:
    story = Written()
    story.open("2026-11-23 10:00")
    story.ask("2027-01-04 12:00", A.CLOSE, outcome=CaseOutcome.WITHDRAWN)
    story.ask("2027-01-05 12:00", A.REOPEN)
    assert [clock.runs for clock in story.clocks_of()] == [False, False, True, True]
    await database.writer.commit(story.facts)
    found = await database.reports.clocks(EDGES, NOW, ["enquiries"])
    assert [(one.clock, one.kept, one.late, one.overdue, one.running) for one in found] == [
        ("acknowledge", 0, 1, 0, 0),
        ("answer", 0, 1, 0, 0),
    ]
