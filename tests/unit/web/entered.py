"""The real way in, served: a small office with a real SQLite database, and people who log in over HTTP.

Passwords are hashed with the least that argon2 takes, so that a test does not wait for it. The secrets of codes are the
same in each run: of random ones, some make of a wrong code the right one.
"""

import base64
import hashlib
import itertools
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from unittest import mock

from aiohttp import ClientResponse, ClientSession, CookieJar
from argon2 import PasswordHasher

from callcentre.config.settings import Config
from callcentre.runtime.clock import ManualClock
from callcentre.store.database import Database
from callcentre.store.results import Account, Role
from callcentre.web import totp
from callcentre.web.certificates import Certificate
from callcentre.web.door import Door
from callcentre.web.passwords import Passwords
from callcentre.web.site import Site
from tests.unit.web import served

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "seven words are better than one"
PEOPLE = {
    "alice": Account(name="alice", role=Role.AGENT, full_name="Alice Adams", telephone="PJSIP/101"),
    "bob": Account(name="Bob", role=Role.SUPERVISOR),
    "root": Account(name="root", role=Role.ADMIN),
}


@dataclass
class House:
    """A server with its parts."""

    site: Site
    door: Door
    database: Database
    clock: ManualClock
    address: str
    open_clients: list[ClientSession] = field(default_factory=list)

    def client(self, **headers: str) -> "Browser":
        """A browser that has not been here before."""
        session = ClientSession(cookie_jar=CookieJar(unsafe=True), headers=headers)
        self.open_clients.append(session)
        return Browser(self, session)

    async def logged_in(self, name: str = "alice", **headers: str) -> "Browser":
        """A browser on which somebody has just logged in."""
        browser = self.client(**headers)
        answer = await browser.log_in(name)
        assert answer.status == 303, answer.text
        return browser

    async def actions(self) -> list[tuple[str, str, str]]:
        """Who did what, the first first."""
        return [(one.who, one.action, one.what) for one in reversed(await self.database.audit.entries())]


@dataclass
class Page:
    """An answer that was read."""

    status: int
    text: str
    headers: Any

    @classmethod
    async def of(cls, answer: ClientResponse) -> Self:
        """Read it."""
        return cls(answer.status, await answer.text(), answer.headers)

    @property
    def location(self) -> str:
        """Where it leads."""
        return str(self.headers.get("Location", ""))

    def field(self, name: str) -> str:
        """The value of a hidden field."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        return "" if found is None else found.group(1)


@dataclass
class Browser:
    """A browser: keeps cookies, follows nothing, sends the forms of pages it has seen."""

    house: House
    session: ClientSession

    async def get(self, path: str, **headers: str) -> Page:
        """Look at a page."""
        async with self.session.get(self.house.address + path, headers=headers, allow_redirects=False) as answer:
            return await Page.of(answer)

    async def post(self, path: str, form: dict[str, str], **headers: str) -> Page:
        """Send a form as it is."""
        target = self.house.address + path
        async with self.session.post(target, data=form, headers=headers, allow_redirects=False) as answer:
            return await Page.of(answer)

    async def send(self, page: str, to: str = "", **fields: str) -> Page:
        """Look at `page`, and send its form with these fields, to another path if named."""
        shown = await self.get(page)
        return await self.post(to or page.partition("?")[0], {"csrf": shown.field("csrf")} | fields)

    async def log_in(self, name: str = "alice", password: str = PASSWORD, next: str = "/account") -> Page:  # noqa: A002
        """Log in by the page."""
        return await self.send("/login", name=name, password=password, next=next)


def known_secrets() -> Callable[[], str]:
    """Stands in for `totp.new_secret`: another secret each time, and the same ones each time this is called."""
    numbers = itertools.count()
    return lambda: base64.b32encode(hashlib.sha256(b"secret %d" % next(numbers)).digest()[:20]).decode()


@asynccontextmanager
async def house(
    folder: Path,
    *people: str,
    config: Config | None = None,
    certificate: Certificate | None = None,
    **web: Any,
) -> AsyncIterator[House]:
    """A house with accounts for `people` (of PEOPLE), all with PASSWORD; `web` are keys of [web]."""
    config = config or served.office(folder, web=web)
    known = mock.patch.object(totp, "new_secret", known_secrets())
    async with served.sqlite(folder) as database:
        site = served.site(folder, config=config, database=database)
        assert isinstance(site.clock, ManualClock)
        for name in people:
            await database.accounts.add(PEOPLE[name], password=QUICK.hash(PASSWORD), at=served.NOW)
        door = Door(site, passwords=Passwords(QUICK))
        async with served.served(site, certificate=certificate, door=door) as address:
            made = House(site, door, database, site.clock, address)
            try:
                with known:
                    yield made
            finally:
                for client in made.open_clients:
                    await client.close()
