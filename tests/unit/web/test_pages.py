"""Pages: escaped, under a strict policy, honest about what is not known; health and readiness for machines."""

import socket
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from aiohttp import ClientSession
from prometheus_client import CollectorRegistry, Counter

from callcentre.core.errors import ConfigError
from callcentre.core.service_level import ServiceLevel
from callcentre.core.terms import Attendance, Hours, MemberState, Origin, Outcome
from callcentre.store.queries import CallCount
from callcentre.web.figures import line_today
from callcentre.web.server import Server, application
from callcentre.web.status import LineToday, Status, page
from tests.unit.metrics.offices import VIEW, line
from tests.unit.runtime.samples import NOON

HOSTILE = '"><script>alert(1)</script>'


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
        "attendance": Attendance.ATTENDED,
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
async def site(health: Health) -> AsyncIterator[str]:
    registry = CollectorRegistry()
    Counter("callcentre_calls", "Calls", registry=registry).inc()

    async def shown() -> Status:
        return status(today())

    server = Server(application(registry=registry, health=health, status=shown), host="127.0.0.1", port=0)
    yield await server.start()
    await server.stop()


async def get(url: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    async with ClientSession() as session, session.get(url, headers=headers) as reply:
        return reply.status, await reply.text(), dict(reply.headers)


def test_words_from_outside_are_escaped() -> None:
    shown = page(
        status(
            today(line=line(HOSTILE)),
            links={HOSTILE: False},
            store_problem=HOSTILE,
            figures_problem=HOSTILE,
            version=HOSTILE,
            notice=HOSTILE,
        )
    )
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;") == 7


def test_a_line_shows_its_level_against_the_promise_and_what_happens_now() -> None:
    shown = page(status(today(within=9, offered=10)))
    assert (
        "<b>90.0\N{NO-BREAK SPACE}%</b> within 15\N{NO-BREAK SPACE}s, promised 90\N{NO-BREAK SPACE}%: 9 of 10 (kept)"
        in shown
    )
    assert "1 waiting, the first for 12\N{NO-BREAK SPACE}s · 2 free · attended" in shown
    assert "10 calls" in shown
    assert "lab: in sight" in shown


def test_a_miss_is_never_rounded_up_to_the_promise() -> None:
    shown = page(status(today(within=8_997, offered=10_000)))
    assert "<b>89.9\N{NO-BREAK SPACE}%</b> within" in shown
    assert "8997 of 10000 (missed)" in shown


def test_what_is_not_known_is_said() -> None:
    shown = page(
        status(
            today(within=0, offered=0, waiting=None, agents=None, attendance=Attendance.UNKNOWN),
            links={"lab": False},
            store_problem="connection refused",
        )
    )
    assert "no call in core hours yet" in shown
    assert "what happens now is not known" in shown
    assert "lab: out of sight" in shown
    assert "The database is away: connection refused" in shown


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
    assert shown.level == ServiceLevel(offered=9, answered=8, within=6, short_abandoned=1, lost=5)
    assert shown.outcomes[Outcome.ANSWERED] == 8
    assert shown.outcomes[Outcome.CLOSED] == 7
    assert shown.attendance is Attendance.ATTENDED
    far = line_today(line("far", "away"), counts, VIEW)
    assert (far.waiting, far.agents, far.attendance) == (None, None, Attendance.UNKNOWN)


async def test_every_answer_carries_the_strict_policy(site: str) -> None:
    for path in ("/", "/metrics", "/-/ready", "/static/status.css", "/nowhere"):
        _, _, headers = await get(site + path)
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Server"] == "callcentre"


async def test_the_page_needs_no_script_and_no_inline_style(site: str) -> None:
    code, text, _ = await get(f"{site}/")
    assert code == 200
    assert "<script" not in text
    assert "style=" not in text
    assert "<style" not in text
    assert (await get(f"{site}/static/status.css"))[0] == 200


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
    assert (await get(f"{site}/nowhere"))[:2] == (404, "404: Not Found\n")
    assert (await get(f"{site}/static/../server.py"))[0] == 404


async def test_a_taken_port_names_the_key(health: Health) -> None:
    async def shown() -> Status:
        return status()

    app = application(registry=CollectorRegistry(), health=health, status=shown)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"\[web\] port: {port} is taken .* set `port` in \[web\]"):
            await Server(app, host="127.0.0.1", port=port).start()
