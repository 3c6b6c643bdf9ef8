"""A server for tests of pages: a small office, a real SQLite database if wanted, and whoever a header names.

`X-As: alice:supervisor:PJSIP/101` is an account; no such header, nobody.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from callcentre.config.load import load_data
from callcentre.config.settings import Config
from callcentre.core.centre import Snapshot
from callcentre.core.events import Event
from callcentre.core.facts import Fact
from callcentre.runtime.clock import ManualClock
from callcentre.store.database import Database
from callcentre.store.results import Account, Role
from callcentre.web.access import Identity
from callcentre.web.certificates import Certificate
from callcentre.web.server import Server, application
from callcentre.web.site import Site
from callcentre.web.status import Status
from tests.tables import put_tables

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def office(folder: Path, **more: Any) -> Config:
    """Two lines on one PBX, open Monday to Friday, with a mailbox each."""
    lines = [
        {
            "name": name,
            "pbx": "lab",
            "nation": "ENG",
            "dids": [did],
            "queues": [name],
            "mailboxes": [box],
        }
        for name, did, box in (("enquiries", "01632960600", "600"), ("nurse", "01632960601", "601"))
    ]
    data = {"fallback_line": "enquiries", "pbx": [{"name": "lab"}], "line": lines} | more
    return load_data(folder / "callcentre.toml", data, {})


@dataclass
class Inbox:
    """Takes requests, and answers each as it is told to."""

    asked: list[Event] = field(default_factory=list)
    answer: Callable[[Event], tuple[Fact, ...]] = lambda _request: ()

    async def ask(self, request: Event, key: str) -> tuple[Fact, ...]:
        """Note the request."""
        self.asked.append(request)
        return self.answer(request)


class Health:
    """A daemon that is well."""

    def is_healthy(self) -> bool:
        return True

    def not_ready(self) -> list[str]:
        return []


async def by_header(request: web.Request) -> Identity | None:
    """Whoever the header names."""
    said = request.headers.get("X-As")
    if not said:
        return None
    name, role, telephone = [*said.split(":"), "", ""][:3]
    return Identity(account=Account(name=name, role=Role(role or "agent"), telephone=telephone or None))


def site(folder: Path, *, config: Config | None = None, database: Database | None = None) -> Site:
    """What the pages stand on, at NOW."""
    return Site(
        config=config or office(folder),
        version="test",
        now=lambda: NOW,
        time_at=lambda _pbx: NOW,
        snapshot=Snapshot,
        inbox=Inbox(),
        log=structlog.get_logger(),
        clock=ManualClock(NOW),
        database=database,
    )


@asynccontextmanager
async def served(of: Site, *, certificate: Certificate | None = None, **more: Any) -> AsyncIterator[str]:
    """The address of a server of `of`."""

    async def status() -> Status:
        raise NotImplementedError

    app = application(
        site=of,
        registry=CollectorRegistry(),
        health=Health(),
        **({"status": status, "identify": by_header} | more),
    )
    server = Server(app, host="127.0.0.1", port=0, certificate=certificate)
    address = await server.start()
    try:
        yield address
    finally:
        await server.stop()


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncIterator[Database]:
    """A database with all its tables."""
    put_tables(folder / "calls.sqlite")
    database = await Database.open(f"sqlite:///{folder}/calls.sqlite")
    await database.prepare()
    try:
        yield database
    finally:
        await database.close()
