"""Cases in words: each step, state and outcome has its own, and a promise is never shown as better than it is."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest

from callcentre.core.case_values import (
    Case,
    CaseChannel,
    CaseClock,
    CaseOutcome,
    CaseState,
    CaseStep,
    ClockName,
)
from callcentre.web import case_words

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def case(**changes: Any) -> Case:
    known: dict[str, Any] = {
        "pbx": "lab",
        "number": 7,
        "line": "enquiries",
        "charter": "hct",
        "charter_version": 1,
        "kind": "complaint",
        "channel": CaseChannel.CALL,
        "state": CaseState.OPEN,
        "received_at": NOW - DAY,
        "opened_at": NOW - DAY,
        "opened_by": "alice",
        "entries": 1,
        "ack_due": NOW + 4 * DAY,
        "ack_act_by": NOW + 4 * DAY,
        "answer_due": NOW + 14 * DAY,
        "answer_act_by": NOW + 14 * DAY,
    }
    return Case(**(known | changes))


def clock(**changes: Any) -> CaseClock:
    known: dict[str, Any] = {
        "pbx": "lab",
        "case_number": 7,
        "seq": 1,
        "clock": ClockName.ACKNOWLEDGE,
        "line": "enquiries",
        "charter": "hct",
        "charter_version": 1,
        "kind": "complaint",
        "channel": CaseChannel.CALL,
        "stage": 1,
        "started_at": NOW - 9 * DAY,
        "due": NOW - DAY,
        "act_by": NOW - DAY,
        "due_reason": "Rule: 5 working days.",
    }
    return CaseClock(**(known | changes))


@pytest.mark.parametrize(
    ("words", "all_of"),
    [
        (case_words.CHANNELS, CaseChannel),
        (case_words.OUTCOMES, CaseOutcome),
        (case_words.STEPS, CaseStep),
        (case_words.CLOCKS, ClockName),
    ],
)
def test_everything_has_words(words: Mapping[Any, str], all_of: type[StrEnum]) -> None:
    assert set(words) == set(all_of)
    assert len(set(words.values())) == len(words)


@pytest.mark.parametrize(
    ("changes", "clock"),
    [
        ({"next_due": NOW + 4 * DAY}, ClockName.ACKNOWLEDGE),
        ({"next_due": NOW + 14 * DAY, "acknowledged_at": NOW}, ClockName.ANSWER),
        ({"next_due": NOW + 14 * DAY, "agreed_for": NOW + 14 * DAY}, ClockName.ANSWER),
        ({"next_due": NOW + 14 * DAY, "agreed_for": NOW + 14 * DAY, "answered_at": NOW}, ClockName.AGREED),
        ({"next_due": NOW + DAY, "update_due": NOW + DAY, "agreed_for": NOW + 2 * DAY}, ClockName.UPDATE),
    ],
)
def test_what_is_due_next_has_a_name(changes: dict[str, Any], clock: ClockName) -> None:
    found = case_words.next_promise(case(**changes))
    assert found is not None
    assert (found.clock, found.due, found.act_by) == (clock, changes["next_due"], changes["next_due"])


@pytest.mark.parametrize(
    ("due", "looks"),
    [(-DAY, "over"), (timedelta(hours=20), "soon"), (DAY, "soon"), (DAY + timedelta(minutes=1), "fine")],
)
def test_how_pressing_a_case_is(due: timedelta, looks: str) -> None:
    one = case(next_due=NOW + due, next_act_by=NOW + due)
    assert case_words.pressing(one, case_words.next_promise(one), NOW).looks == looks


def test_a_case_without_a_promise_is_not_pressing() -> None:
    kind = case(ack_due=None, answer_due=None)
    assert case_words.pressing(kind, case_words.next_promise(kind), NOW).words == "nothing due"
    closed = case(state=CaseState.CLOSED, outcome=CaseOutcome.RESOLVED, closed_by="sue")
    assert case_words.pressing(closed, None, NOW).words == "closed"
    assert case_words.standing(closed) == "resolved, by sue"


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, "not acknowledged"),
        ({"ack_due": None}, "open"),
        ({"state": CaseState.ACKNOWLEDGED}, "acknowledged, not answered"),
        ({"state": CaseState.ANSWERED}, "answered; to be closed"),
    ],
)
def test_where_it_stands(changes: dict[str, Any], standing: str) -> None:
    assert case_words.standing(case(**changes)) == standing


@pytest.mark.parametrize(
    ("changes", "looks", "words"),
    [
        ({"met_at": NOW - 2 * DAY}, "kept", "in time"),
        ({"met_at": NOW - DAY}, "kept", "in time"),
        ({"met_at": NOW - DAY + timedelta(minutes=5)}, "late", "5\N{NO-BREAK SPACE}min late"),
        ({"dropped_at": NOW - 2 * DAY}, "dropped", "no longer"),
        ({}, "over", "1\N{NO-BREAK SPACE}d 0\N{NO-BREAK SPACE}h over"),
        ({"due": NOW + DAY, "act_by": NOW - DAY}, "soon", "due outside hours"),
        ({"due": NOW + 3 * DAY, "act_by": NOW + 3 * DAY}, "fine", "3\N{NO-BREAK SPACE}d 0\N{NO-BREAK SPACE}h left"),
    ],
)
def test_a_clock_says_how_it_went(changes: dict[str, Any], looks: str, words: str) -> None:
    told = case_words.clock(clock(**changes), NOW)
    assert (told.looks, told.words, told.reason) == (looks, words, "Rule: 5 working days.")


def test_a_charters_own_words_are_shown_as_words() -> None:
    assert case_words.kind("membership_decision") == "Membership decision"
    assert case_words.category("single_authority") == "Single authority"
    assert case_words.path_of(case(pbx="far away")) == "/cases/far%20away/7"
