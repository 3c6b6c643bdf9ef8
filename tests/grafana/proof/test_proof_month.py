"""Thirty good days in a real Prometheus: every query answers, figures equal the store's, and no alert is raised."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import pytest

from tests.grafana.proof import month
from tests.grafana.proof.books import Span
from tests.grafana.proof.faults import NOT_IN_A_GOOD_MONTH
from tests.grafana.proof.panels import LONDON, dashboards, values_of, variables_of
from tests.grafana.proof.prometheus import Prometheus, Series
from tests.grafana.proof.proven import Proven
from tests.grafana.proof.rules import Alert, alerts, recordings

pytestmark = pytest.mark.proof

WITHIN: Final = 0.005
"""increase() goes beyond what it saw, to the edges of its window, and may be out by so much of a figure."""
WINDOWS: Final = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
VARIANTS: Final = ("strict", "headline", "answered")
MONTH: Final[Span] = (month.START, month.END)


def near(wanted: float) -> object:
    """A figure that increase() may have extrapolated."""
    return pytest.approx(wanted, rel=WITHIN, abs=1e-9)


def figures(found: list[Series], *labels: str) -> dict[tuple[str, ...], float]:
    """Values by these labels; those that are 0 are left out."""
    return {tuple(one.labels[label] for label in labels): one.value for one in found if one.value}


def back(window: str) -> Span:
    """The span of a window that ends now."""
    return month.END - WINDOWS[window], month.END


# --- every query ------------------------------------------------------------------------------------------------------


def test_every_query_of_every_panel_has_data(good: Proven) -> None:
    empty = set()
    for dashboard in dashboards():
        for question in good.screen.questions(dashboard):
            found = question.ask(good.prometheus)
            numbers = [value for one in found for _, value in one.points if not math.isnan(value)]
            # histogram_quantile() of an hour without a call is no number; the latest value of a panel always is one.
            assert question.step is not None or len(numbers) == len(found), question
            if not numbers:
                empty.add(question.name)
    assert empty == set(NOT_IN_A_GOOD_MONTH), "what has no data, and what was said to have none"


def test_every_variable_has_its_values(good: Proven) -> None:
    wanted = {"pbx": ["office"], "line": ["bookings", "enquiries", "manager"]}
    for dashboard in dashboards():
        found = {each["name"]: values_of(each, good.prometheus, month.END) for each in variables_of(dashboard)}
        assert found == wanted, dashboard["uid"]


def test_every_recording_rule_has_data_and_was_recorded(good: Proven) -> None:
    for rule in recordings():
        asked = good.prometheus.instant(rule.expr, month.END)
        assert asked, rule.record
        recorded = good.prometheus.instant(f"last_over_time({_selector(rule.record, rule.labels)}[30s])", month.END)
        wanted = {_key({**one.labels, **rule.labels}): one.value for one in asked}
        assert {_key(one.labels): near(one.value) for one in recorded} == wanted, rule


def _selector(name: str, labels: Mapping[str, str]) -> str:
    matchers = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{name}{{{matchers}}}"


def _key(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in labels.items() if name != "__name__")


# --- figures as the store has them ------------------------------------------------------------------------------------


def test_it_is_clear_on_which_side_of_each_window_a_call_is(good: Proven) -> None:
    edges = [month.END - window for window in WINDOWS.values()]
    assert all(good.books.is_quiet(edge) for edge in (*edges, month.END))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("target", ["seconds", "rings"])
@pytest.mark.parametrize("window", ["1h", "7d", "30d"])
def test_service_levels_are_those_of_the_store(good: Proven, window: str, target: str, variant: str) -> None:
    name = f'callcentre:service_level:ratio_{window}{{target="{target}",variant="{variant}"}}'
    found = {one.labels["line"]: one.value for one in good.prometheus.instant(name, month.END)}
    wanted = good.books.service_level(back(window), variant, target)
    wanted.pop("manager", None)  # its charter promises neither seconds nor rings
    assert wanted.keys() <= {"bookings", "enquiries"}
    assert found == {line: near(level) for line, level in wanted.items()}
    assert found


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("target", ["seconds", "rings"])
def test_the_service_level_of_today_is_the_stores_exactly(good: Proven, target: str, variant: str) -> None:
    midnight = month.END.astimezone(LONDON).replace(hour=0, minute=0)
    name = f'callcentre:service_level:ratio_today{{target="{target}",variant="{variant}"}}'
    found = {one.labels["line"]: one.value for one in good.prometheus.instant(name, month.END)}
    wanted = good.books.service_level((midnight, month.END), variant, target, by="offered_at")
    wanted.pop("manager")
    assert found == {line: pytest.approx(level, rel=1e-12) for line, level in wanted.items()}
    assert set(found) == {"bookings", "enquiries"}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("window", WINDOWS)
def test_calls_of_each_window_are_those_of_the_store(good: Proven, window: str, variant: str) -> None:
    found = good.prometheus.instant(f'callcentre:calls:increase_{window}{{variant="{variant}"}}', month.END)
    wanted = good.books.calls(back(window), variant)
    assert figures(found, "line") == {(line,): near(number) for line, number in wanted.items()}
    assert wanted


def test_the_share_missed_of_a_day_is_that_of_the_store(good: Proven) -> None:
    found = good.prometheus.instant("callcentre:service_level_miss:ratio_1d", month.END)
    wanted = good.books.service_level(back("1d"), "strict", "seconds")
    wanted.pop("manager", None)
    assert {one.labels["line"]: one.value for one in found} == {
        line: pytest.approx(1 - level, abs=WITHIN) for line, level in wanted.items()
    }


def test_calls_by_outcome_are_those_of_the_store(good: Proven) -> None:
    wanted = good.books.outcomes(MONTH)
    risen = _counted(good, 'callcentre_calls_total{origin="external"}', "line", "outcome", "hours")
    assert risen == wanted
    assert {outcome for _, outcome, _ in wanted} >= {"answered", "abandoned", "short_abandoned", "voicemail"}
    # Series of core hours are there from the start, so that increase() sees each rise, the restart notwithstanding.
    query = 'sum by (line, outcome, hours) (increase(callcentre_calls_total{origin="external",hours="core"}[30d]))'
    found = figures(good.prometheus.instant(query, month.END), "line", "outcome", "hours")
    assert found == {key: near(number) for key, number in wanted.items() if key[2] == "core"}


def test_unattended_seconds_are_those_of_the_store(good: Proven) -> None:
    wanted = {line: seconds for line, seconds in good.books.seconds("unattended", MONTH).items() if seconds}
    query = "sum by (line) (increase(callcentre_line_unattended_seconds_total[30d]))"
    found = figures(good.prometheus.instant(query, month.END), "line")
    assert found == {(line,): near(seconds) for line, seconds in wanted.items()}
    assert wanted


def test_unknown_seconds_are_those_of_the_store(good: Proven) -> None:
    """Over a restart too, whose first seconds are those since the run before."""
    wanted = {line: seconds for line, seconds in good.books.seconds("unknown", MONTH).items() if seconds}
    found = _counted(good, "callcentre_line_unknown_seconds_total", "line")
    assert found == {(line,): pytest.approx(seconds) for line, seconds in wanted.items()}
    query = "sum by (line) (increase(callcentre_line_unknown_seconds_total[30d])) > 0"
    risen = figures(good.prometheus.instant(query, month.END), "line")
    assert risen == {(line,): near(seconds) for line, seconds in wanted.items()}
    assert wanted


def test_callbacks_are_those_of_the_store(good: Proven) -> None:
    prometheus, books = good.prometheus, good.books
    assert _counted(good, "callcentre_voicemails_total", "line") == _keyed(books.messages(MONTH))
    assert _counted(good, "callcentre_callbacks_closed_total", "line", "outcome", "in_time") == books.closed(MONTH)
    waiting = figures(prometheus.instant("last_over_time(callcentre_callbacks[30s])", month.END), "line", "state")
    assert waiting == books.waiting()
    assert waiting
    overdue = figures(prometheus.instant("callcentre_callbacks_overdue", month.END), "line")
    assert overdue == _keyed(books.overdue(month.END))


def test_how_long_people_waited_is_what_the_store_has(good: Proven) -> None:
    for name, hours, told in (
        ("callcentre_call_answer_seconds", '{hours="core"}', good.books.waits(MONTH)),
        ("callcentre_callback_response_seconds", "", good.books.responses(MONTH)),
    ):
        for part, index in (("count", 0), ("sum", 1)):
            found = _counted(good, f"{name}_{part}{hours}", "line")
            assert found == {(line,): pytest.approx(numbers[index]) for line, numbers in told.items()}, name


def _counted(good: Proven, counter: str, *labels: str) -> dict[tuple[str, ...], float]:
    """What a counter rose to in all lives of the process together, by these labels; exact, as no window has edges."""
    found: dict[tuple[str, ...], float] = {}
    for end in month.LIVES:
        for key, value in figures(
            good.prometheus.instant(f"sum by ({','.join(labels)}) ({counter})", end), *labels
        ).items():
            found[key] = found.get(key, 0.0) + value
    return found


def _keyed(told: Mapping[str, int]) -> dict[tuple[str, ...], float]:
    return {(line,): number for line, number in told.items()}


# --- alerts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
def test_no_alert_is_raised_but_the_watchdog(good: Proven, alert: Alert) -> None:
    raised = list(_raised(good.prometheus, alert))
    assert bool(raised) is (alert.name == "CallcentreWatchdog"), raised


def _raised(prometheus: Prometheus, alert: Alert) -> list[tuple[dict[str, str], datetime]]:
    """When an alert would have fired: its query had a result at each step for as long as it must be held.

    Before the last 25 hours a gauge is seen each half-hour only, and windows of five minutes not at all.
    """
    found = []
    for start, end, step in month.SPANS:
        for series in prometheus.between(alert.expr, start, end, step.total_seconds()):
            since = before = None
            for at, _ in series.points:
                since = at if before is None or at - before > step.total_seconds() else since
                before = at
                assert since is not None
                if at - since >= alert.held.total_seconds():
                    found.append((series.labels, datetime.fromtimestamp(at, month.END.tzinfo)))
    return found
