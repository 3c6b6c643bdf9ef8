"""/account/data: each sees what is kept of them, nobody else does. No page ranks people, and no metric names one."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession

from callcentre.core.facts import AttendanceChanged, CallEnded, RingAttempt
from callcentre.core.terms import AttemptResult, Attendance
from tests.unit.web.calls import call
from tests.unit.web.desk import ALICE, BOB, Desk, desk, opened
from tests.unit.web.reader import words
from tests.unit.web.served import NOW

SOURCES = Path(__file__).parents[3]


@pytest.fixture
async def of_desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as made:
        yield made


async def seen(made: Desk, who: dict[str, str], path: str = "/account/data") -> str:
    async with opened(made) as address, ClientSession() as http, http.get(f"{address}{path}", headers=who) as answer:
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        return words(await answer.text())


def ledger(who: tuple[str, ...], minutes: float) -> AttendanceChanged:
    return AttendanceChanged(
        pbx="lab",
        at=NOW - timedelta(minutes=minutes),
        line="enquiries",
        state=Attendance.UNATTENDED,
        reason="all paused",
        core=True,
        who=who,
    )


async def rings_out(made: Desk) -> None:
    begun = NOW - timedelta(minutes=9)
    attempt = RingAttempt(
        interface="PJSIP/101",
        begun_at=begun,
        ring_start=begun,
        ring_end=begun + timedelta(seconds=20),
        result=AttemptResult.RANG_OUT,
        after_answer=False,
    )
    await made.commit(CallEnded(pbx="lab", at=NOW, call=replace(call(1), attempts=(attempt,))))


async def test_each_sees_their_own_and_nobody_elses(of_desk: Desk) -> None:
    told = (ledger(("alice: paused (lunch)", "bob: unreachable"), 30), ledger(("PJSIP/101: rang out",), 20))
    await of_desk.commit(*told, ledger((), 10))
    hers, his = await seen(of_desk, ALICE), await seen(of_desk, BOB)
    assert "paused (lunch)" in hers
    assert "rang out" in hers
    assert "unreachable" not in hers
    assert "unreachable" in his
    assert "lunch" not in his


async def test_what_is_older_than_a_month_is_not_shown(of_desk: Desk) -> None:
    await of_desk.commit(ledger(("alice: paused (lunch)",), 31 * 24 * 60))
    assert "lunch" not in await seen(of_desk, ALICE)


async def test_what_they_did_is_there(of_desk: Desk) -> None:
    await of_desk.database.audit.add(NOW, "alice", "listened", "message of 07700900061")
    told = await seen(of_desk, ALICE)
    assert "listened message of …061" in told
    assert "message of" not in await seen(of_desk, BOB)
    assert "rang out" not in told
    assert "Callers you had dialled from the page: none in these days." in told
    assert "← Your account" in told
    await rings_out(of_desk)
    assert "rang out" in await seen(of_desk, ALICE)
    assert "rang out" not in await seen(of_desk, BOB)


# --- no ranking ------------------------------------------------------------------------------------------------------


def test_no_metric_names_a_person() -> None:
    for file in (SOURCES / "src" / "callcentre" / "metrics").glob("*.py"):
        labels = re.findall(r'"(agent|who|member|person|user|operator|telephone|interface)"', file.read_text("utf-8"))
        assert labels == [], file.name


def test_no_dashboard_lists_people() -> None:
    dashboards = [*(SOURCES / "grafana").rglob("*.json")]
    assert dashboards
    for file in dashboards:
        text = json.dumps(json.loads(file.read_text("utf-8")))
        assert re.findall(r"by \((?:[^)]*\b)?(?:agent|member|who|user|interface)\b", text) == [], file.name


def test_no_query_puts_people_in_order_of_a_figure() -> None:
    people = r"(?:who|agent|telephone|interface|answered_by|closed_by|holder)"
    for file in (SOURCES / "src" / "callcentre").rglob("*.py"):
        text = file.read_text("utf-8")
        groups = re.findall(rf"group_by\([^)]*\.{people}\b[^)]*\)[^\n]*order_by\([^)]*(?:count|sum|avg)", text)
        assert groups == [], file.name
