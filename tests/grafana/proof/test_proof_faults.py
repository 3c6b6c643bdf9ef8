"""A day of faults: every alert fires when it must and is silent when it must, and what a good month lacks has data."""

from datetime import datetime, timedelta

import pytest

from tests.grafana.proof import faults
from tests.grafana.proof.panels import Screen, dashboards
from tests.grafana.proof.prometheus import promtool
from tests.grafana.proof.promtool_story import expect, story, write
from tests.grafana.proof.proven import Proven
from tests.grafana.proof.rules import alerts, scraped

pytestmark = pytest.mark.proof


def test_every_alert_fires_when_it_must_and_only_then(bad: Proven) -> None:
    assert set(faults.ALERTS) == {alert.name for alert in alerts()}
    told = story(bad.folder / "samples.txt", frozenset(scraped(())) | {"up"}, tuple(faults.PLAN.moments))
    for name, due in faults.ALERTS.items():
        moments = {due.silent: False, due.fires: True, due.again_silent: False}
        expect(told, name, {_after(clock): fires for clock, fires in moments.items() if clock is not None})
    promtool("test", "rules", write(told, bad.folder / "story.yml"))


def _after(clock: str) -> timedelta:
    return faults.at(clock) - faults.START


@pytest.mark.parametrize("name", faults.NOT_IN_A_GOOD_MONTH)
def test_what_a_good_month_lacks_has_data_here(bad: Proven, name: str) -> None:
    looks = [Screen(moment, bad.screen.scrape_interval) for moment in _hours()]
    asked = [question for look in looks for dashboard in dashboards() for question in look.questions(dashboard)]
    assert any(question.ask(bad.prometheus) for question in asked if question.name == name)


def _hours() -> list[datetime]:
    return [faults.END - timedelta(hours=back) for back in range(11)]
