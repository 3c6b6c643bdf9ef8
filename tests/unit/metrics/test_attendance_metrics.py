"""Attendance in metrics: seconds that only rise, actions counted once, and nothing that grows without bound."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from callcentre.core.charter import Attention, Office
from callcentre.core.facts import AttendanceChanged
from callcentre.core.terms import ActionResult, Attendance, Mode
from callcentre.metrics import Metrics
from tests.unit.metrics.offices import OFFICE, VIEW, Scrape, breach, breach_changed, step
from tests.unit.runtime.samples import NOON

LINE = {"pbx": "lab", "line": "enquiries"}


class Begun(Scrape):
    """A process that nobody has scraped yet, and then at times that the test chooses."""

    at: datetime = NOON

    def __post_init__(self) -> None:
        self.metrics = Metrics(OFFICE, version="0.1.0")
        self.registry = self.metrics.registry
        self.metrics.watch(now=lambda: self.at, snapshot=lambda _at: self.view, service=self.daemon)

    def becomes(self, state: Attendance, seconds: float, *, core: bool = True) -> None:
        """The line's attendance is `state` since so many seconds after noon."""
        at = NOON + timedelta(seconds=seconds)
        self.metrics.observe(
            [AttendanceChanged(pbx="lab", at=at, line="enquiries", state=state, reason="nobody", core=core)]
        )

    def seconds(self, state: Attendance, after: float) -> float | None:
        """What is exported so many seconds after noon."""
        self.at = NOON + timedelta(seconds=after)
        return self.value(f"line_{state}_seconds_total", **LINE)


class Watched(Begun):
    """One that has been scraped for a minute: its seconds are shown."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.seconds(Attendance.UNATTENDED, -60)


def test_every_line_has_its_seconds_from_the_start() -> None:
    scrape = Watched()
    for line in OFFICE.lines:
        for state in ("unattended", "unknown"):
            assert scrape.value(f"line_{state}_seconds_total", pbx=line.pbx, line=line.name) == 0


def test_unattended_seconds_rise_while_it_lasts_and_stay() -> None:
    scrape = Watched()
    scrape.becomes(Attendance.ATTENDED, 0)
    scrape.becomes(Attendance.UNATTENDED, 10)
    assert [scrape.seconds(Attendance.UNATTENDED, after) for after in (10, 25, 60)] == [0, 15, 50]
    scrape.becomes(Attendance.ATTENDED, 70)
    assert scrape.seconds(Attendance.UNATTENDED, 500) == 60
    scrape.becomes(Attendance.UNKNOWN, 500)
    scrape.becomes(Attendance.UNATTENDED, 530)
    assert scrape.seconds(Attendance.UNATTENDED, 540) == 70
    assert scrape.seconds(Attendance.UNKNOWN, 540) == 30


def test_only_core_hours_count() -> None:
    scrape = Watched()
    scrape.becomes(Attendance.UNATTENDED, 0, core=False)
    assert scrape.seconds(Attendance.UNATTENDED, 3_600) == 0
    scrape.becomes(Attendance.UNATTENDED, 3_600)
    scrape.becomes(Attendance.UNATTENDED, 3_700, core=False)
    assert scrape.seconds(Attendance.UNATTENDED, 9_999) == 100


def test_a_counter_never_falls_when_a_change_is_told_late() -> None:
    scrape = Watched()
    scrape.becomes(Attendance.UNATTENDED, 0)
    assert scrape.seconds(Attendance.UNATTENDED, 60) == 60
    scrape.becomes(Attendance.ATTENDED, 58)
    assert scrape.seconds(Attendance.UNATTENDED, 61) == 60


def test_what_was_unknown_before_a_run_is_seen_to_rise_from_nought() -> None:
    """Of a run whose first value is above the last of the run before, increase() would not see that it is a new one."""
    scrape = Begun()
    scrape.becomes(Attendance.UNKNOWN, -150)
    scrape.becomes(Attendance.ATTENDED, 5)
    assert [scrape.seconds(Attendance.UNKNOWN, after) for after in (10, 25, 69.9)] == [0, 0, 0]
    assert [scrape.seconds(Attendance.UNKNOWN, after) for after in (70, 69, 3_600)] == [155, 155, 155]


def test_an_action_is_counted_once_and_when_it_is_settled() -> None:
    scrape = Scrape()
    done = {**LINE, "action": "add_standby", "result": "done"}
    scrape.metrics.observe([breach_changed(step(ActionResult.WANTED))])
    assert scrape.value("enforcement_actions_total", **done) is None
    for _ in range(2):
        scrape.metrics.observe([breach_changed(step(ActionResult.DONE))])
    assert scrape.value("enforcement_actions_total", **done) == 1
    scrape.metrics.observe([breach_changed(step(ActionResult.DONE, 2), step(ActionResult.REFUSED, 3))])
    assert scrape.value("enforcement_actions_total", **done) == 2
    assert scrape.value("enforcement_actions_total", **{**done, "result": "refused"}) == 1


def test_the_next_breach_counts_anew_and_the_last_is_forgotten() -> None:
    scrape = Scrape()
    for day in range(50):
        since = NOON + timedelta(days=day)
        scrape.metrics.observe([breach_changed(step(ActionResult.DONE, since=since))])
    assert scrape.value("enforcement_actions_total", **LINE, action="add_standby", result="done") == 50
    assert len(scrape.metrics._attendance._settled) == 1


def test_a_step_without_news_is_no_action() -> None:
    scrape = Scrape()
    scrape.metrics.observe([breach_changed()])
    assert scrape.value("enforcement_actions_total", **LINE, action="add_standby", result="wanted") is None


def test_a_line_that_enforces_has_the_series_of_alerts_from_the_start() -> None:
    able = Attention(mode=Mode.ENFORCE, standby=("PJSIP/109",), divert=True)
    lines = tuple(
        replace(line, attention=able if line.name == "enquiries" else replace(able, mode=Mode.OBSERVE))
        for line in OFFICE.lines
    )
    registry = Metrics(Office(pbxs=OFFICE.pbxs, lines=lines, fallback_line="enquiries"), version="0.1.0").registry
    found = {
        (sample.labels["line"], sample.labels["action"], sample.labels["result"])
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "callcentre_enforcement_actions_total"
    }
    actions = ("add_standby", "remove_standby", "divert", "undivert")
    assert found == {("enquiries", action, result) for action in actions for result in ("refused", "failed")}


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        (None, 0),
        (breach(), 0),
        (breach(alarmed_at=NOON), 1),
        (breach(asked_by="PJSIP/101", unattended_at=None), 0),
    ],
    ids=["none", "in grace", "alarmed", "cover asked for"],
)
def test_a_breach_is_one_once_people_were_told(now: object, shown: float) -> None:
    view = VIEW if now is None else replace(VIEW, breaches={"enquiries": now})  # type: ignore[dict-item]
    assert Scrape(view=view).value("line_breach", **LINE) == shown


def test_the_acting_account_is_told_of_only_where_there_is_one() -> None:
    scrape = Scrape()
    assert scrape.value("acting_up", pbx="lab") == 0
    assert scrape.value("acting_up", pbx="away") is None
    scrape.metrics.acting("lab", True)
    scrape.metrics.link("lab", up=False)
    assert scrape.value("acting_up", pbx="lab") == 1, "the two accounts come and go apart"
    scrape.metrics.acting("lab", False)
    assert scrape.value("acting_up", pbx="lab") == 0
