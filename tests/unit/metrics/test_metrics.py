"""Counters of a call rise once, together; gauges of a PBX out of sight are gone; labels cannot grow without bound."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from prometheus_client.openmetrics.exposition import generate_latest

from callcentre.ami import shapes
from callcentre.core.facts import (
    Call,
    CallAnswered,
    CallEnded,
    CallHealed,
    CallOffered,
    CallProgressed,
    Fact,
    GapOpened,
    MenuAbandoned,
    Visit,
)
from callcentre.core.terms import Attendance, Hours, MemberState, Origin, Outcome, VisitResult
from callcentre.metrics.counting import EVENTS
from tests.unit.metrics.exposed import named
from tests.unit.metrics.offices import CHARTER, OFFICE, VIEW, Scrape
from tests.unit.runtime.samples import NOON, answered, call, unanswered

LINE = {"pbx": "lab", "line": "enquiries"}
CORE = {**LINE, "hours": "core"}


def ended(call: Call) -> Fact:
    return CallEnded(pbx=call.key.pbx, at=NOON, call=call)


def series(scrape: Scrape) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in scrape.registry.collect()
        for sample in family.samples
        if sample.name.startswith("callcentre_")
    }


def test_everything_a_call_counts_rises_when_it_is_decided_and_not_before() -> None:
    scrape = Scrape()
    before = series(scrape)
    scrape.metrics.observe(
        [
            CallProgressed(pbx="lab", at=NOON, call=call()),
            CallAnswered(pbx="lab", at=NOON, call=answered(wait=8)),
        ]
    )
    assert series(scrape) == before
    scrape.metrics.observe([ended(answered(wait=8))])
    assert scrape.value("calls_total", **CORE, outcome="answered", origin="external") == 1
    assert scrape.value("calls_within_target_total", **CORE, target="seconds") == 1
    assert scrape.value("calls_within_target_total", **CORE, target="rings") == 1
    assert scrape.value("call_answer_seconds_count", **CORE) == 1
    assert scrape.value("call_answer_seconds_bucket", **CORE, le="6.0") == 0
    assert scrape.value("call_answer_seconds_bucket", **CORE, le="9.0") == 1
    assert scrape.value("call_answer_rings_bucket", **CORE, le="1.0") == 0
    assert scrape.value("call_answer_rings_bucket", **CORE, le="3.0") == 1
    visit = {**LINE, "queue": "enquiries", "after_answer": "false"}
    assert scrape.value("queue_visits_total", **visit, result="answered") == 1
    assert scrape.value("queue_visit_wait_seconds_sum", **LINE) == 8


def test_every_service_level_can_be_computed_from_the_counts() -> None:
    scrape = Scrape()
    calls = [answered(str(n), wait=8) for n in range(6)] + [answered(str(n), wait=20) for n in range(6, 8)]
    calls += [unanswered("8", outcome=Outcome.ABANDONED), unanswered("9", outcome=Outcome.SHORT_ABANDONED, wait=2)]
    calls += [unanswered("10", outcome=Outcome.LOST, within_seconds=None, within_rings=None)]
    scrape.metrics.observe([ended(each) for each in calls])

    def count(outcome: Outcome) -> float:
        return scrape.value("calls_total", **CORE, outcome=outcome, origin="external") or 0

    within = scrape.value("calls_within_target_total", **CORE, target="seconds")
    offered = sum(count(outcome) for outcome in Outcome if outcome not in (Outcome.LOST, Outcome.IN_PROGRESS))
    assert within is not None
    assert within / offered == 0.6, "strict"
    assert within / (offered - count(Outcome.SHORT_ABANDONED)) == pytest.approx(6 / 9), "headline"
    assert within / count(Outcome.ANSWERED) == 0.75, "answered"
    assert count(Outcome.LOST) == 1


def test_a_colleagues_call_is_counted_apart_and_in_no_ratio() -> None:
    scrape = Scrape()
    before = series(scrape)
    inside = answered(origin=Origin.INTERNAL)
    scrape.metrics.observe([CallOffered(pbx="lab", at=NOON, call=inside), ended(inside)])
    changed = {key: value for key, value in series(scrape).items() if before.get(key) != value}
    name, labels = next(iter(changed))
    assert len(changed) == 1
    assert name == "callcentre_calls_total"
    assert ("origin", "internal") in labels


def test_offered_rises_at_once_by_the_hours_of_the_offer() -> None:
    scrape = Scrape()
    scrape.metrics.observe([CallOffered(pbx="lab", at=NOON, call=call(hours=Hours.CLOSED))])
    assert scrape.value("calls_offered_total", **LINE, hours="closed") == 1
    assert scrape.value("calls_offered_total", **CORE) == 0


def test_nothing_promised_and_nothing_rung_is_not_counted_as_missed_or_met() -> None:
    scrape = Scrape()
    scrape.metrics.observe([ended(answered(within_rings=None, rings=None))])
    assert scrape.value("calls_within_target_total", **CORE, target="rings") == 0
    assert scrape.value("call_answer_rings_count", **CORE) == 0


def test_healing_is_counted_beside_what_was_counted_before() -> None:
    scrape = Scrape()
    scrape.metrics.observe([ended(unanswered(outcome=Outcome.LOST))])
    scrape.metrics.observe([CallHealed(pbx="lab", at=NOON, call=answered())])
    assert scrape.value("calls_healed_total", **LINE, outcome="answered") == 1
    assert scrape.value("calls_total", **CORE, outcome="lost", origin="external") == 1
    assert scrape.value("calls_total", **CORE, outcome="answered", origin="external") == 0


def test_menus_and_gaps_are_counted_by_pbx() -> None:
    scrape = Scrape()
    scrape.metrics.observe(
        [MenuAbandoned(pbx="lab", at=NOON, uniqueid="1.1"), GapOpened(pbx="lab", at=NOON, reason="x")]
    )
    assert scrape.value("menu_abandoned_total", pbx="lab") == 1
    assert scrape.value("gaps_total", pbx="lab") == 1


def test_a_queue_that_no_line_names_has_no_label_of_its_own() -> None:
    scrape = Scrape()
    visits = tuple(
        Visit(
            queue=name,
            enter=NOON,
            leave=NOON + timedelta(seconds=5),
            result=VisitResult.TIMEOUT,
            after_answer=True,
        )
        for name in ("01632960600", "forged", "bookings")
    )
    scrape.metrics.observe([ended(answered(visits=visits))])
    result = {"after_answer": "true", "result": "timeout"}
    assert scrape.value("queue_visits_total", **LINE, queue="other", **result) == 2
    assert scrape.value("queue_visits_total", **LINE, queue="bookings", **result) == 1


def test_events_are_told_apart_that_callcentre_wants() -> None:
    scrape = Scrape()
    scrape.metrics.events("lab", {"Hangup": 3, "RTCPSent": 4, "other": 1, "0163 2960600\n": 2})
    scrape.metrics.events("lab", {"Hangup": 1, "RTCPReceived": 4})
    events = {key: value for key, value in series(scrape).items() if key[0] == "callcentre_ami_events_total"}
    assert list(events.values()) == [4, 11]
    assert scrape.value("ami_events_total", pbx="lab", event="Hangup") == 4
    assert set(shapes.EVENTS) > EVENTS


def test_what_the_link_tells() -> None:
    scrape = Scrape()
    assert scrape.value("ami_up", pbx="lab") == 0
    scrape.metrics.link("lab", up=True)
    scrape.metrics.lag("lab", 0.002)
    scrape.metrics.reconnected("lab")
    scrape.metrics.quarantined("lab", "repeated header")
    assert scrape.value("ami_up", pbx="lab") == 1
    assert scrape.value("ami_lag_seconds", pbx="lab") == 0.002
    assert scrape.value("ami_reconnects_total", pbx="lab") == 1
    assert scrape.value("ami_quarantined_total", pbx="lab", reason="repeated header") == 1
    scrape.metrics.link("lab", up=False)
    assert scrape.value("ami_up", pbx="lab") == 0
    assert scrape.value("ami_lag_seconds", pbx="lab") is None


def test_gauges_are_read_at_the_scrape() -> None:
    scrape = Scrape()
    assert scrape.value("calls_waiting", **LINE) == 2
    assert scrape.value("call_longest_wait_seconds", **LINE) == 12
    assert scrape.value("calls_waiting", pbx="lab", line="bookings") == 0
    assert scrape.value("agents", **LINE, state="free") == 2
    assert scrape.value("agents", **LINE, state="talking") == 0
    assert scrape.value("line_attendance", **LINE, state="attended") == 1
    assert scrape.value("line_attendance", **LINE, state="unattended") == 0


def test_gauges_of_a_pbx_out_of_sight_are_gone_but_its_line_is_known_to_be_unknown() -> None:
    scrape = Scrape()
    far = {"pbx": "away", "line": "far"}
    assert scrape.value("calls_waiting", **far) is None
    assert scrape.value("agents", **far, state="free") is None
    assert scrape.value("line_attendance", **far, state=Attendance.UNKNOWN) == 1
    scrape.view = replace(VIEW, in_sight={"lab": False})
    assert scrape.value("calls_waiting", **LINE) is None


def test_what_is_promised_is_there_with_or_without_a_pbx_in_sight() -> None:
    scrape = Scrape()
    for line in (LINE, {"pbx": "away", "line": "far"}):
        assert scrape.value("line_target_seconds", **line) == 15
        assert scrape.value("line_target_rings", **line) == 5
        assert scrape.value("line_target_ratio", **line) == 0.9
    assert scrape.value("line_core_hours", **LINE) == 1
    assert scrape.value("line_core_hours", pbx="away", line="far") == 0


def test_a_target_that_the_charter_does_not_name_is_not_there() -> None:
    charter = replace(CHARTER, answer_rings=None, answer_fraction=None)
    line = replace(OFFICE.lines[0], charter=charter)
    scrape = Scrape(office=replace(OFFICE, lines=(line, *OFFICE.lines[1:])))
    assert scrape.value("line_target_seconds", **LINE) == 15
    assert scrape.value("line_target_rings", **LINE) is None
    assert scrape.value("line_target_ratio", **LINE) is None


def test_todays_figures_go_on_from_what_the_store_has() -> None:
    @dataclass(frozen=True)
    class Alike:
        line: str = "enquiries"
        hours: Hours = Hours.CORE
        origin: Origin = Origin.EXTERNAL
        outcome: Outcome = Outcome.ANSWERED
        within_seconds: bool | None = True
        within_rings: bool | None = False
        calls: int = 40

    scrape = Scrape()
    scrape.metrics.restore([Alike()], NOON)
    gave_up = [ended(unanswered(outcome=how)) for how in (Outcome.ABANDONED, Outcome.SHORT_ABANDONED, Outcome.LOST)]
    scrape.metrics.observe([ended(answered(wait=8)), ended(answered(wait=20)), *gave_up])
    counted = {"strict": 44, "headline": 43, "answered": 42, "abandoned": 2}
    assert {word: scrape.value("today_calls", **LINE, counted=word) for word in counted} == counted
    assert scrape.value("today_calls_within_target", **LINE, target="seconds") == 41
    assert scrape.value("today_calls_within_target", **LINE, target="rings") == 1
    assert scrape.value("calls_total", **CORE, outcome="answered", origin="external") == 2, "counters are of the run"


def test_the_daemon_tells_of_its_store_for_each_pbx() -> None:
    scrape = Scrape()
    scrape.daemon.store_up = False
    scrape.daemon.unwritten = {"lab": 7}
    scrape.daemon.lost = {("lab", "CallEnded"): 3}
    assert scrape.value("store_up", pbx="away") == 0
    assert scrape.value("facts_unwritten", pbx="lab") == 7
    assert scrape.value("facts_lost_total", pbx="lab", kind="CallEnded") == 3
    assert scrape.value("faults_total", pbx="lab") == 0


def test_every_series_but_build_and_process_ones_names_its_pbx_and_none_a_number() -> None:
    scrape = Scrape()
    scrape.metrics.observe([CallOffered(pbx="lab", at=NOON, call=call()), ended(answered())])
    for name, labels in series(scrape):
        if name != "callcentre_build_info":
            assert dict(labels).get("pbx") in {"lab", "away"}, name
    text = named(generate_latest(scrape.registry).decode())  # type: ignore[no-untyped-call]
    assert 'line="enquiries"' in text
    assert "0163" not in text
    assert "07700" not in text
    assert "PJSIP" not in text


def test_what_service_levels_are_made_of_is_there_from_the_start() -> None:
    scrape = Scrape()
    before = set(series(scrape))
    outcomes = set(Outcome) - {Outcome.IN_PROGRESS, Outcome.LOST, Outcome.CLOSED, Outcome.ANSWERED}
    scrape.metrics.observe([CallOffered(pbx="lab", at=NOON, call=call()), ended(answered())])
    scrape.metrics.observe([ended(unanswered(outcome=outcome)) for outcome in outcomes])
    assert set(series(scrape)) == before


def test_what_comes_rarely_has_its_series_when_it_comes() -> None:
    scrape = Scrape()
    shut = {**LINE, "hours": "closed"}
    assert scrape.value("calls_total", **shut, outcome="answered", origin="external") is None
    scrape.metrics.observe([ended(answered(hours=Hours.CLOSED))] * 2)
    assert scrape.value("calls_total", **shut, outcome="answered", origin="external") == 2
    assert scrape.value("calls_within_target_total", **shut, target="seconds") == 2
    assert scrape.value("call_answer_seconds_count", **CORE) == 0, "nothing is promised outside of core hours"
    assert scrape.value("call_answer_seconds_count", **shut) is None


def test_agents_are_told_by_the_states_that_there_are() -> None:
    scrape = Scrape(view=replace(VIEW, agents={"enquiries": {MemberState.FREE: 2, MemberState.WRAPUP: 0}}))
    assert scrape.value("agents", **LINE, state="paused") == 0
    assert scrape.value("agents", **LINE, state="wrapup") is None
    scrape.view = replace(VIEW, agents={"enquiries": {MemberState.WRAPUP: 1}})
    assert scrape.value("agents", **LINE, state="wrapup") == 1
    scrape.view = replace(VIEW, agents={"enquiries": {MemberState.WRAPUP: 0}})
    assert scrape.value("agents", **LINE, state="wrapup") == 0
    assert scrape.value("agents", pbx="lab", line="bookings", state="wrapup") is None


def test_what_is_left_of_a_line_that_left_the_configuration_is_counted_as_other() -> None:
    scrape = Scrape()
    scrape.metrics.observe([ended(answered(line="former")), ended(answered(line="older"))])
    other = {"pbx": "lab", "line": "other", "hours": "core"}
    assert scrape.value("calls_total", **other, outcome="answered", origin="external") == 2
    former = answered(line="former")
    before = set(series(scrape))
    scrape.metrics.observe([CallOffered(pbx="lab", at=NOON, call=former), CallHealed(pbx="lab", at=NOON, call=former)])
    assert set(series(scrape)) == before
