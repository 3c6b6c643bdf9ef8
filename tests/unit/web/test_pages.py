"""Pages: escaped, under a strict policy, honest about what is not known; health and readiness for machines."""

import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from prometheus_client import CollectorRegistry, Counter

from callcentre.core.errors import ConfigError
from callcentre.core.service_level import ServiceLevel
from callcentre.core.terms import (
    Attendance,
    Hours,
    MailboxState,
    MemberState,
    Origin,
    Outcome,
)
from callcentre.store.queries import CallCount
from callcentre.store.results import DueTasks
from callcentre.web.attendance import AttendanceNow
from callcentre.web.figures import line_today
from callcentre.web.server import Server, application
from callcentre.web.status import CallbacksNow, LineToday, Status
from tests.unit.metrics.offices import VIEW, line
from tests.unit.runtime.samples import NOON
from tests.unit.web.served import by_header, served
from tests.unit.web.served import site as site_of

Shown = Callable[[Status], Awaitable[str]]
BOSS = {"X-As": "sue:supervisor"}
HOSTILE = '"><script>alert(1)</script>'

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
"""What a page may load and do: nothing of others', nothing inline."""


def status(*lines: LineToday, **changes: object) -> Status:
    known: dict[str, object] = {
        "at": NOON,
        "zone": "Europe/London",
        "version": "0.1.0",
        "links": {"lab": True},
        "store_problem": "",
        "lines": lines,
    }
    return Status(**(known | changes))  # type: ignore[arg-type]


def today(*, within: int = 9, offered: int = 10, **changes: object) -> LineToday:
    known: dict[str, object] = {
        "line": line("enquiries"),
        "outcomes": {Outcome.ANSWERED: within, Outcome.ABANDONED: offered - within},
        "level": ServiceLevel(offered=offered, answered=within, within=within),
        "waiting": (NOON - timedelta(seconds=12),),
        "agents": {MemberState.FREE: 2, MemberState.PAUSED: 0},
        "attendance": AttendanceNow(state=Attendance.ATTENDED),
    }
    return LineToday(**(known | changes))  # type: ignore[arg-type]


class Health:
    """What the daemon would say."""

    def __init__(self) -> None:
        self.healthy = True
        self.reasons: list[str] = []

    def is_healthy(self) -> bool:
        return self.healthy

    def not_ready(self) -> Sequence[str]:
        return self.reasons


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
async def site(health: Health, tmp_path: Path) -> AsyncIterator[str]:
    registry = CollectorRegistry()
    Counter("callcentre_calls", "Calls", registry=registry).inc()

    async def shown() -> Status:
        return status(today())

    app = application(site=site_of(tmp_path), registry=registry, health=health, status=shown, identify=by_header)
    server = Server(app, host="127.0.0.1", port=0)
    yield await server.start()
    await server.stop()


async def get(url: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    async with ClientSession() as session, session.get(url, headers=headers, allow_redirects=False) as reply:
        return reply.status, await reply.text(), dict(reply.headers)


@pytest.fixture
def page(tmp_path: Path) -> Shown:
    """What a supervisor sees of /today while the office stands so."""

    async def shown(now: Status) -> str:
        async def status() -> Status:
            return now

        async with served(site_of(tmp_path), status=status) as address:
            code, text, _ = await get(f"{address}/today", **BOSS)
        assert code == 200
        return " ".join(text.split())

    return shown


async def test_words_from_outside_are_escaped(page: Shown) -> None:
    shown = await page(
        status(
            today(line=line(HOSTILE)),
            links={HOSTILE: False},
            store_problem=HOSTILE,
            figures_problem=HOSTILE,
            mailbox_problems={HOSTILE: HOSTILE},
            acting_problems={HOSTILE: HOSTILE},
        )
    )
    assert "alert(1)" in shown
    assert "<script>" not in shown
    assert shown.count("&lt;script&gt;") == 9, "the line twice, the PBXs thrice, four reasons"
    assert shown.count("script%3E") > 3, "and in addresses"


async def test_a_line_shows_its_level_against_the_promise_and_what_happens_now(page: Shown) -> None:
    shown = await page(status(today(within=9, offered=10)))
    assert "<b>90.0 %</b></a> within 15 s, promised 90 %: 9 of 10 (kept)" in shown
    assert "1 waiting</a>, the first for 12 s · 2 free<" in shown
    assert "10 calls" in shown
    assert "lab: in sight" in shown


async def test_a_miss_is_never_rounded_up_to_the_promise(page: Shown) -> None:
    shown = await page(status(today(within=8_997, offered=10_000)))
    assert "<b>89.9 %</b></a> within" in shown
    assert "8997 of 10000 (missed)" in shown


async def test_what_is_not_known_is_said(page: Shown) -> None:
    shown = await page(
        status(
            today(within=0, offered=0, waiting=None, agents=None, attendance=AttendanceNow(state=Attendance.UNKNOWN)),
            links={"lab": False},
            store_problem="connection refused",
        )
    )
    assert "no call in core hours yet" in shown
    assert "what happens now is not known" in shown
    assert "lab: out of sight" in shown
    assert "The database is away: connection refused" in shown


async def test_while_the_database_is_away_there_are_no_figures_rather_than_old_ones(page: Shown) -> None:
    shown = await page(status(today(outcomes=None, level=None), figures_problem="disk full"))
    assert "Figures of today are not known: disk full" in shown
    assert "<b>?</b> Figures of today are not known." in shown
    assert "10 calls" not in shown


async def test_a_line_shows_its_callbacks_and_what_is_wrong_with_them(page: Shown) -> None:
    due = NOON + timedelta(hours=22)
    boxes = {MailboxState.HEALTHY: 1, MailboxState.FULL: 1, MailboxState.NEARLY_FULL: 2}
    callbacks = CallbacksNow(count=3, overdue=1, first_due=due, unmatched=2, mailboxes=boxes)
    shown = await page(status(today(callbacks=callbacks)))
    moment = f'<time datetime="{due.isoformat(timespec="seconds")}">Tue 24 Nov, 10:00</time>'
    assert f"3 callbacks open</a> · next due {moment} · " in shown
    for wrong in ("1 overdue", "2 messages without a task", "2 mailboxes nearly full", "1 mailbox full"):
        assert f'<span class="bad">{wrong}</span>' in shown
    late = CallbacksNow(count=1, overdue=1, first_due=NOON - timedelta(hours=1))
    assert "1 callback open</a> · the first was due <time" in await page(status(today(callbacks=late)))


async def test_a_line_where_nobody_can_leave_a_message_is_not_told_to_have_no_callbacks(page: Shown) -> None:
    assert "callbacks open" not in await page(status(today()))
    assert "no callbacks open" in await page(status(today(line=line("enquiries", "lab", "600@default"))))
    assert "1 message without a task" in await page(status(today(callbacks=CallbacksNow(unmatched=1))))


def test_callbacks_are_shown_whether_the_pbx_is_in_sight_or_not() -> None:
    due = {"far": DueTasks(line="far", open=1, due=1, first_due=NOON)}
    far = line_today(line("far", "away"), [], VIEW, due)
    assert far.waiting is None
    assert far.callbacks == CallbacksNow(
        count=1, overdue=1, due_today=1, first_due=NOON, unmatched=4, mailboxes={MailboxState.FULL: 1}
    )
    assert line_today(line("enquiries"), [], VIEW, {}).callbacks.due_today == 0
    assert line_today(line("enquiries"), None, VIEW, None).callbacks.due_today is None


async def test_everybody_is_led_to_where_they_begin(site: str) -> None:
    for who, where in (({}, "/login"), ({"X-As": "al:agent"}, "/tasks"), (BOSS, "/today")):
        code, _, headers = await get(f"{site}/", **who)
        assert (code, headers["Location"]) == (303, where)


async def test_the_office_is_shown_to_supervisors_only(site: str) -> None:
    assert (await get(f"{site}/today", **{"X-As": "al:agent"}))[0] == 403
    code, _, headers = await get(f"{site}/today")
    assert (code, headers["Location"]) == (303, "/login?next=/today")


async def test_a_part_of_the_page_is_given_for_its_refresh(site: str) -> None:
    _, part, _ = await get(f"{site}/today", **BOSS, **{"X-Part": "yes"})
    _, whole, _ = await get(f"{site}/today", **BOSS)
    assert "<html" not in part
    assert part.strip() in whole


def test_the_figures_of_a_line_are_those_of_its_outside_calls() -> None:
    def count(outcome: Outcome, calls: int, **changes: object) -> CallCount:
        known: dict[str, object] = {
            "line": "enquiries",
            "hours": Hours.CORE,
            "origin": Origin.EXTERNAL,
            "outcome": outcome,
            "within_seconds": outcome is Outcome.ANSWERED,
            "within_rings": None,
            "calls": calls,
        }
        return CallCount(**(known | changes))  # type: ignore[arg-type]

    counts = [
        count(Outcome.ANSWERED, 6),
        count(Outcome.ANSWERED, 2, within_seconds=False),
        count(Outcome.SHORT_ABANDONED, 1),
        count(Outcome.LOST, 5),
        count(Outcome.IN_PROGRESS, 3),
        count(Outcome.CLOSED, 7, hours=Hours.CLOSED),
        count(Outcome.ANSWERED, 100, origin=Origin.INTERNAL),
        count(Outcome.ANSWERED, 100, line="bookings"),
    ]
    shown = line_today(line("enquiries"), counts, VIEW)
    assert shown.outcomes is not None
    assert shown.level == ServiceLevel(offered=9, answered=8, within=6, short_abandoned=1, lost=5)
    assert shown.outcomes[Outcome.ANSWERED] == 8
    assert shown.outcomes[Outcome.CLOSED] == 7
    assert shown.attendance is not None
    assert shown.attendance.state is Attendance.ATTENDED
    far = line_today(line("far", "away"), counts, VIEW)
    assert (far.waiting, far.agents) == (None, None)
    assert far.attendance is not None
    assert far.attendance.state is Attendance.UNKNOWN


async def test_every_answer_carries_the_strict_policy(site: str) -> None:
    for path in ("/", "/metrics", "/-/ready", "/today", "/static/office.css", "/nowhere"):
        _, _, headers = await get(site + path)
        policy = dict(each.split(" ", 1) for each in headers["Content-Security-Policy"].split("; "))
        assert policy == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Server"] == "callcentre"


async def test_the_page_has_no_inline_script_and_no_inline_style(site: str) -> None:
    code, text, _ = await get(f"{site}/today", **BOSS)
    assert code == 200
    assert re.findall(r"<script[^>]*>", text) == ['<script type="module" src="/static/app.js">']
    assert "style=" not in text
    assert "<style" not in text
    for path in set(re.findall(r'"(/static/[^"]+)"', text)):
        assert (await get(site + path))[0] == 200


async def test_metrics_come_in_the_format_that_is_asked_for(site: str) -> None:
    code, text, headers = await get(f"{site}/metrics")
    assert (code, headers["Content-Type"].split(";")[0]) == (200, "text/plain")
    assert "callcentre_calls_total 1.0" in text
    _, text, headers = await get(f"{site}/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert headers["Content-Type"].startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


async def test_ready_and_healthy_say_why_not(site: str, health: Health) -> None:
    assert (await get(f"{site}/-/ready"))[:2] == (200, "ready\n")
    assert (await get(f"{site}/-/healthy"))[:2] == (200, "healthy\n")
    health.reasons = ["the database is away: disk full", "pbx lab was not seen yet"]
    health.healthy = False
    assert (await get(f"{site}/-/ready"))[:2] == (503, "the database is away: disk full\npbx lab was not seen yet\n")
    assert (await get(f"{site}/-/healthy"))[:2] == (503, "the loop stands still\n")


async def test_an_unknown_page_is_told_in_few_words(site: str) -> None:
    assert (await get(f"{site}/nowhere"))[:2] == (404, "There is no such page\n")
    assert (await get(f"{site}/static/../server.py"))[0] == 404


async def test_a_taken_port_names_the_key(health: Health, tmp_path: Path) -> None:
    async def shown() -> Status:
        return status()

    app = application(site=site_of(tmp_path), registry=CollectorRegistry(), health=health, status=shown)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"\[web\] port: {port} is taken .* set `port` in \[web\]"):
            await Server(app, host="127.0.0.1", port=port).start()
