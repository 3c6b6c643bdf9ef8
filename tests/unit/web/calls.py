"""Calls in a real database, and a supervisor who looks at their pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession

from callcentre.core.facts import Call, CallEnded, Fact
from callcentre.core.terms import CallKey, Outcome
from callcentre.store.database import Database
from callcentre.web.site import Site
from callcentre.web.status import Status
from tests.unit.runtime.samples import answered
from tests.unit.web.served import NOW, served, site, sqlite

SUE = {"X-As": "sue:supervisor"}


def call(number: int = 1, *, ago: float = 60, wait: float = 8, **changes: Any) -> Call:
    """A call answered after `wait` seconds, offered `ago` seconds before NOW."""
    at = NOW - timedelta(seconds=ago)
    moved = answered(f"1795514400.{number}", wait=wait)
    shift = at - moved.offered_at
    times = ("offered_at", "first_ring_at", "answered_at", "ended_at")
    known = {name: getattr(moved, name) + shift for name in times}
    known["attempts"] = tuple(
        replace(
            each,
            begun_at=each.begun_at + shift,
            ring_start=each.ring_start + shift if each.ring_start else None,
            ring_end=each.ring_end + shift if each.ring_end else None,
        )
        for each in moved.attempts
    )
    known["visits"] = tuple(
        replace(each, enter=each.enter + shift, leave=each.leave + shift if each.leave else None)
        for each in moved.visits
    )
    known["within_seconds"] = wait <= 15
    return replace(moved, **(known | changes))


def given_up(number: int = 1, *, ago: float = 60, **changes: Any) -> Call:
    """A call that nobody answered."""
    nothing = {"answered_at": None, "answered_by": None, "talk_seconds": None, "within_seconds": False}
    return call(number, ago=ago, **({"outcome": Outcome.ABANDONED} | nothing | changes))


class Pages:
    """What a supervisor sees of a site."""

    def __init__(self, address: str, of: Site, database: Database, session: ClientSession) -> None:
        self.address, self.site, self.database, self._session = address, of, database, session

    async def put(self, *of: Call | Fact) -> None:
        """Write calls, and other facts."""
        facts = [CallEnded(pbx=each.key.pbx, at=NOW, call=each) if isinstance(each, Call) else each for each in of]
        await self.database.writer.commit(facts)

    async def ask(self, path: str, **headers: str) -> ClientResponse:
        """Open a page, read it to its end (else its connection stays open), and do not follow where it leads."""
        reply = await self._session.get(self.address + path, headers=SUE | headers, allow_redirects=False)
        await reply.read()
        return reply

    async def get(self, path: str, *, status: int = 200) -> str:
        """The text of a page that must be answered so."""
        reply = await self.ask(path)
        text = await reply.text()
        assert reply.status == status, text
        return " ".join(text.split())

    async def post(self, path: str, *, who: str = "sue:supervisor", **form: str) -> ClientResponse:
        """Send a form, and do not follow where it leads."""
        url = self.address + path
        reply = await self._session.post(url, data=form, headers={"X-As": who}, allow_redirects=False)
        await reply.read()
        return reply


@asynccontextmanager
async def pages(folder: Path, **more: Any) -> AsyncIterator[Pages]:
    """The pages of a small office with an empty database."""

    async def status() -> Status:
        raise NotImplementedError

    async with sqlite(folder) as database:
        of = site(folder, database=database, **more)
        async with served(of, status=status) as address, ClientSession() as session:
            yield Pages(address, of, database, session)


def path_of(key: CallKey) -> str:
    """The address of a call's page."""
    return f"/calls/{key.pbx}/{key.uniqueid}"
