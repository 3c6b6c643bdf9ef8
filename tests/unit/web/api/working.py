"""A working office behind the API: a real database with calls and tasks in it, the real core and loop, no PBX.

A token is its account, its role and its scopes: `Bearer alice:agent:tasks:read,tasks:write`; `*` is all scopes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from aiohttp import ClientSession, web
from prometheus_client import CollectorRegistry

from callcentre.core.centre import CallCentre
from callcentre.core.facts import AttendanceChanged, Fact, IncidentChanged, TaskChanged
from callcentre.core.terms import Attendance, MessageStatus
from callcentre.runtime.clock import ManualClock, Tasks
from callcentre.runtime.inbox import Inbox
from callcentre.runtime.loop import Loop
from callcentre.store.database import Database
from callcentre.store.results import Account, Role
from callcentre.web.access import Identity
from callcentre.web.api.events import LASTS, LASTS_SECONDS
from callcentre.web.api.replies import REPLIES, Replies
from callcentre.web.figures import Attendances, lines_today
from callcentre.web.identity import SCOPES
from callcentre.web.server import Server, application
from callcentre.web.site import Site
from callcentre.web.status import Status
from tests.conformance import promises, sample
from tests.unit.metrics.test_abuse_metrics import INCIDENT
from tests.unit.web.served import NOW, Health, office, sqlite

ALL = "*"
FILE = "calls.sqlite"
CALLS = 7
TASKS = 5
_FILLED: list[bytes] = []


async def by_token(request: web.Request) -> Identity | None:
    """Whoever the token names."""
    said = request.headers.get("Authorization", "").removeprefix("Bearer ").split(":", 2)
    if len(said) != 3 or not said[0] or said[1] not in set(Role):
        return None
    account = Account(name=said[0], role=Role(said[1]), telephone="PJSIP/101")
    scopes = frozenset(SCOPES) if said[2] == ALL else frozenset(said[2].split(","))
    return Identity(account=account, token="crm", scopes=scopes)


@dataclass
class Working:
    """The running office: its address, and what stands behind it."""

    url: str
    site: Site
    database: Database
    app: web.Application

    @property
    def replies(self) -> Replies:
        """The first replies that are remembered."""
        return self.app[REPLIES]

    async def get(self, path: str, token: str = "sue:supervisor:*", **headers: str) -> tuple[int, Any]:
        """Status and JSON of a GET."""
        return await self.ask("GET", path, token, **headers)

    async def post(self, path: str, body: Any = None, token: str = "alice:agent:*", **headers: str) -> tuple[int, Any]:
        """Status and JSON of a POST."""
        return await self.ask("POST", path, token, json=body, **headers)

    async def ask(self, method: str, path: str, token: str, json: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of a request; the names of headers with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            ClientSession(self.url, headers={"Authorization": f"Bearer {token}"}) as client,
            client.request(method, f"/api/v1{path}", json=json, headers=named) as reply,
        ):
            return reply.status, await reply.json(content_type=None)


class Nobody:
    """Performs nothing, and wakes nobody."""

    def perform(self, command: object) -> None:
        """No PBX is there."""

    def set(self, when: object) -> None:
        """Time stands still."""


def facts() -> list[Fact]:
    """Calls of yesterday, and tasks of which the last is closed."""
    ended = [sample.offered(n, at=sample.after(n)) for n in range(1, CALLS + 1)]
    found: list[Fact] = [sample.on_offer(call) for call in ended]
    found += [sample.on_end(sample.answered(call)) for call in ended[: CALLS - 2]]
    found += [sample.on_end(sample.abandoned(call)) for call in ended[CALLS - 2 : CALLS - 1]]
    unanswered: dict[str, Any] = {"heard_at": None, "heard_by": None, "responded_at": None, "reached_at": None}
    for n in range(1, TASKS + 1):
        one = promises.full_task(n) if n == TASKS else promises.task(n, act_by=sample.after(80_000 + n))
        left = promises.message(n, status=MessageStatus.FILED)
        filed = promises.filing(n, n, **({} if n == TASKS else unanswered))
        entries = [promises.entry(seq, n, state=one.state) for seq in range(1, one.entries + 1)]
        found.append(
            TaskChanged(pbx="lab", at=NOW, task=one, entries=tuple(entries), message=left, first=True, filings=(filed,))
        )
    opened = NOW.replace(hour=7)
    told = ((Attendance.ATTENDED, "1 or more can answer", 0), (Attendance.UNATTENDED, "all are paused", 90))
    found += [
        AttendanceChanged(
            pbx="lab", at=opened + timedelta(minutes=later), line="enquiries", state=state, reason=why, core=True
        )
        for state, why, later in told
    ]
    kept = replace(INCIDENT, uniqueid="1795363959.1", at=NOW - timedelta(days=30))
    return [*found, IncidentChanged(pbx="lab", at=NOW, incident=kept)]


def in_vain(count: int) -> list[Fact]:
    """So many callers who gave up this morning, two of them at the same moment."""
    found: list[Fact] = []
    for number in range(count):
        call = sample.offered(100 + number, at=NOW - timedelta(minutes=number // 2))
        given_up = replace(sample.abandoned(call), caller=f"0770090{number:04d}")
        found += [sample.on_offer(call), sample.on_end(given_up)]
    return found


async def filled(folder: Path) -> bytes:
    """The database with all that `facts` tell; made once in a process."""
    if not _FILLED:
        async with sqlite(folder) as database:
            await database.writer.commit(facts(), {"lab": NOW})
        _FILLED.append((folder / FILE).read_bytes())
    return _FILLED[0]


@asynccontextmanager
async def working(
    folder: Path, *, missed: int = 0, anew: bool = True, streams_last: float = LASTS_SECONDS, **more: Any
) -> AsyncIterator[Working]:
    """The office, with `missed` callers more; not `anew`: as the one before left it. `more` is configuration."""
    config = office(folder, **more)
    if anew:
        (folder / FILE).write_bytes(await filled(folder))
    async with sqlite(folder) as database, Tasks() as tasks:
        await database.writer.commit(in_vain(missed), {})
        centre, inbox, quiet = CallCentre(config.office), Inbox(limit=1_000_000), structlog.get_logger()
        site = Site(
            config=config,
            version="test",
            now=lambda: NOW,
            time_at=lambda _pbx: NOW,
            snapshot=lambda: centre.snapshot(NOW),
            inbox=inbox,
            log=quiet,
            clock=ManualClock(NOW),
            database=database,
        )
        step = centre.restore(await database.queries.open_rows(["lab"], NOW), NOW)
        loop = Loop(
            core=centre,
            inbox=inbox,
            store=database.writer,
            observers=[site.feed, site.live],
            performer=Nobody(),
            alarm=Nobody(),
            clock=ManualClock(NOW),
            log=quiet,
            buffer_bytes=1_000_000,
        )
        await database.writer.commit(step.facts, {})
        running = tasks.spawn(loop.run(), name="loop")

        async def status() -> Status:
            view = site.snapshot()
            lines, problem = await lines_today(site, NOW, view, Attendances())
            return Status(
                at=NOW,
                zone="Europe/London",
                version="test",
                links=dict(view.in_sight),
                store_problem="",
                lines=lines,
                figures_problem=problem,
            )

        app = application(site=site, registry=CollectorRegistry(), health=Health(), status=status, identify=by_token)
        app[LASTS] = streams_last
        server = Server(app, host="127.0.0.1", port=0)
        yield Working(await server.start(), site, database, app)
        await server.stop()
        inbox.close()
        await asyncio.wait_for(running, 300)
