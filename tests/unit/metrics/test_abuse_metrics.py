"""Incidents with abusive callers are counted as they happen, each stage once, of lines that are configured."""

from dataclasses import replace
from datetime import timedelta

from callcentre.core.facts import IncidentChanged
from callcentre.core.incidents import AbuseHow, AbuseStage, Incident, IncidentState
from tests.unit.metrics.offices import Scrape
from tests.unit.runtime.samples import NOON

INCIDENT = Incident(
    pbx="lab",
    uniqueid="1.1",
    line="enquiries",
    caller="07700900061",
    agent="alice",
    telephone="PJSIP/101",
    how=AbuseHow.CODE,
    state=IncidentState.WARNED,
    at=NOON,
    warned_at=NOON,
    expires_at=NOON + timedelta(days=365),
    review_due=NOON + timedelta(days=183),
)


def changed(stage: AbuseStage | None = AbuseStage.WARNED, line: str = "enquiries") -> IncidentChanged:
    return IncidentChanged(pbx="lab", at=NOON, incident=replace(INCIDENT, line=line), stage=stage)


def test_each_stage_is_counted() -> None:
    scrape = Scrape()
    scrape.metrics.observe([changed(), changed(None), changed(AbuseStage.ENDED), changed(), changed(line="gone")])
    names = {"pbx": "lab", "line": "enquiries"}
    assert scrape.value("abuse_incidents_total", stage="warned", **names) == 2
    assert scrape.value("abuse_incidents_total", stage="ended", **names) == 1
    assert scrape.value("abuse_incidents_total", pbx="lab", line="gone", stage="warned") is None
