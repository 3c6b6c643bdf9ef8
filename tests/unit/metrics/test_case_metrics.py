"""What is counted of cases: promises kept and not kept, once each, and how many there are now."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from callcentre.core.case_requests import CaseAction
from callcentre.core.case_values import Case, CaseChannel, CaseClock, CaseState, ClockName
from callcentre.core.facts import CaseChanged
from tests.playbooks.case_story import CaseStory, here
from tests.unit.metrics.offices import VIEW, Scrape
from tests.unit.runtime.samples import NOON

ACKNOWLEDGED, ANSWERED = ClockName.ACKNOWLEDGE, ClockName.ANSWER
VIEW_OF_CASES = replace(
    VIEW,
    cases={"enquiries": {("complaint", CaseState.OPEN): 2, ("other", CaseState.ANSWERED): 1}, "bookings": {}},
    cases_overdue={"enquiries": 1, "bookings": 0},
)


def judged(
    clock: ClockName = ACKNOWLEDGED, *, in_time: bool = True, line: str = "enquiries", kind: str = "complaint"
) -> CaseChanged:
    """A case of which it was decided just now whether a promise was kept."""
    shared: dict[str, Any] = {"pbx": "lab", "line": line, "charter": "hct", "charter_version": 1, "kind": kind}
    shared["channel"] = CaseChannel.CALL
    case = Case(**shared, number=1, state=CaseState.OPEN, received_at=NOON, opened_at=NOON, opened_by="Sue", entries=1)
    due = NOON + timedelta(hours=10)
    met_at = due + timedelta(hours=-1 if in_time else 1)
    times: dict[str, Any] = {"started_at": NOON, "due": due, "act_by": due, "met_at": met_at}
    ran = CaseClock(**shared, **times, case_number=1, seq=1, clock=clock, stage=1, due_reason="")
    return CaseChanged(pbx="lab", at=NOON, case=case, clocks=(ran,), judged=(ran,))


def of(scrape: Scrape, name: str, **labels: str) -> float | None:
    """A series of one metric, None if it is not there."""
    return scrape.registry.get_sample_value(f"callcentre_{name}", {"pbx": "lab", **labels})


@pytest.mark.parametrize(
    ("clock", "name"), [(ACKNOWLEDGED, "cases_acknowledged_total"), (ANSWERED, "cases_answered_total")]
)
def test_promises_are_counted_by_kind_and_whether_they_were_kept(clock: ClockName, name: str) -> None:
    scrape = Scrape()
    for in_time in (True, True, False):
        scrape.metrics.observe([judged(clock, in_time=in_time)])
    scrape.metrics.observe([judged(clock, kind="certificate"), judged(clock, kind="lost property")])
    assert of(scrape, name, line="enquiries", kind="complaint", in_time="true") == 2
    assert of(scrape, name, line="enquiries", kind="complaint", in_time="false") == 1
    assert of(scrape, name, line="enquiries", kind="other", in_time="true") == 2


def test_a_line_that_is_gone_counts_on_the_fallback_line_and_agreed_dates_not_at_all() -> None:
    scrape = Scrape()
    scrape.metrics.observe([judged(line="gone"), judged(ClockName.AGREED), judged(ClockName.UPDATE)])
    assert of(scrape, "cases_acknowledged_total", line="enquiries", kind="complaint", in_time="true") == 1
    assert of(scrape, "cases_answered_total", line="enquiries", kind="complaint", in_time="true") is None


def test_how_many_there_are_is_what_the_core_says() -> None:
    scrape = Scrape(view=VIEW_OF_CASES)
    assert of(scrape, "cases", line="enquiries", kind="complaint", state="open") == 2
    assert of(scrape, "cases", line="enquiries", kind="other", state="answered") == 1
    assert of(scrape, "cases_overdue", line="enquiries") == 1
    assert of(scrape, "cases_overdue", line="bookings") is None
    scrape.view = VIEW
    assert of(scrape, "cases_overdue", line="enquiries") == 0
    assert of(scrape, "cases", line="enquiries", kind="complaint", state="open") == 0


def test_each_promise_of_a_story_is_counted_once() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-23 10:00")
    story.ask("2026-12-31 12:00", CaseAction.ANSWER)
    story.ask("2026-12-31 12:05", CaseAction.NOTE, why="thanked us")
    assert [clock.clock for clock in story.judged] == [ACKNOWLEDGED, ANSWERED]
