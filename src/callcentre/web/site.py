"""What the pages stand on: the office, the time, the core's snapshot, the store's queries, and the way to ask the core.

The server listens before the database is open, so that a start can be watched: until then `queries` raises Starting,
which is answered with a page that says so.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from callcentre.config.settings import Config
from callcentre.core.centre import Snapshot
from callcentre.core.charter import Line, Office
from callcentre.core.errors import CallcentreError
from callcentre.core.events import Event
from callcentre.core.facts import Fact
from callcentre.core.greetings import Looked
from callcentre.metrics.first_contact import Inferred
from callcentre.runtime.clock import Clock, SystemClock
from callcentre.runtime.log import Log
from callcentre.store.database import Database
from callcentre.store.queries import Queries
from callcentre.web.feed import Feed
from callcentre.web.live import Live
from callcentre.web.stream import Hub


class Starting(CallcentreError):
    """The database is not open yet."""


class Asked(Protocol):
    """Who carries a request out (runtime.inbox.Inbox)."""

    async def ask(self, request: Event, key: str) -> tuple[Fact, ...]:
        """The facts of a request, once they are committed; its refusal is raised."""
        ...


@dataclass(kw_only=True)
class Site:
    """What every page may use. `now` is the time as the core knows it, `time_at` by one PBX's own clock.

    `clock` is this machine's own, for what no PBX has to do with: sessions, codes, the audit log. `notice` stands on
    every page, `welcome` on the log-in page. `spools` are the voicemail spools that can be read, by PBX. `links` says
    which PBXs are in sight. `first_contact` tells which callers did not call again, as it was read last. `wording` is a
    machine's draft of what a recorded message says, empty where there is none.
    """

    config: Config
    version: str
    now: Callable[[], datetime]
    time_at: Callable[[str], datetime]
    snapshot: Callable[[], Snapshot]
    inbox: Asked
    log: Log
    notice: str = ""
    welcome: str = ""
    clock: Clock = field(default_factory=SystemClock)
    database: Database | None = None
    hub: Hub = field(default_factory=Hub)
    live: Live = field(default_factory=Live)
    feed: Feed = field(default_factory=Feed)
    first_contact: Callable[[], Sequence[Inferred]] = tuple
    wording: Callable[[Looked], str] = lambda _looked: ""

    def __post_init__(self) -> None:
        self._lines = {line.name: line for line in self.office.lines}

    @property
    def office(self) -> Office:
        """The lines and what they promise."""
        return self.config.office

    @property
    def queries(self) -> Queries:
        """What the store can tell. Raises Starting before the database is open."""
        return self.opened.queries

    @property
    def opened(self) -> Database:
        """The database. Raises Starting before it is open."""
        if self.database is None:
            raise Starting("callcentre is starting: its database is not open yet")
        return self.database

    @property
    def spools(self) -> Mapping[str, Path]:
        """The voicemail spool of each PBX that has one here."""
        return {pbx.name: pbx.voicemail_spool for pbx in self.config.pbxs if pbx.voicemail_spool is not None}

    def line(self, name: str) -> Line | None:
        """The line of this name."""
        return self._lines.get(name)

    def zone(self, line: str = "") -> ZoneInfo:
        """The civil time of a line; of the first one, where none is named or it is gone."""
        found = self.line(line) or self.office.lines[0]
        return ZoneInfo(found.zone)

    def title(self, line: str) -> str:
        """What people call a line."""
        found = self.line(line)
        return found.title or found.name if found is not None else line

    async def audit(self, who: str, action: str, what: str = "", *, address: str = "") -> None:
        """Write down that `who` did something; `action` is one or two fixed words, such as `listened`, `exported`.

        `what` must hold no secret and no whole telephone number. Raises what the store raises: what cannot be written
        down is not done.
        """
        await self.opened.audit.add(self.clock.now(), who, action, what, address)

    async def ask(self, request: Event, key: str) -> Sequence[Fact]:
        """Have the core carry out a request once for its `key`; raises IllegalTransition and what Inbox.ask does."""
        return await self.inbox.ask(request, key)


SITE: Final = web.AppKey("site", Site)


def site_of(request: web.Request) -> Site:
    """The site that a request is for."""
    return request.app[SITE] if SITE in request.app else request.config_dict[SITE]


def new_key() -> str:
    """A name for one request, made when its form is shown: sent twice, it is carried out once."""
    return secrets.token_hex(16)
