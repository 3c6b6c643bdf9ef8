"""An agent's desk for tests of pages: tasks in a real database, with the real core behind the pages.

Rows are put into the store, `open` has the core take them up as it does at a start; then what is asked happens.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from callcentre.config.settings import Config
from callcentre.core.centre import CallCentre
from callcentre.core.commands import Command
from callcentre.core.events import Event
from callcentre.core.facts import Fact, TaskChanged
from callcentre.core.tasks import Entry, Filing, Message, Task
from callcentre.core.terms import MessageStatus, Quality, TaskSource, TaskState, TaskStep, instant
from callcentre.store.database import Database
from callcentre.web.site import Site
from callcentre.web.streaming import Teller
from tests.unit.spool.spool_dir import LEFT, SpoolDir, of
from tests.unit.web.served import NOW, office, served, site, sqlite

CALLER = "07700900061"
DAY = timedelta(days=1)
ALICE = {"X-As": "alice:agent:PJSIP/101"}
BOB = {"X-As": "bob:agent:PJSIP/102"}
SUE = {"X-As": "sue:supervisor:PJSIP/110"}


def message(number: int = 1, *, ago: timedelta = timedelta(hours=20), **changes: Any) -> Message:
    """A message that was complete so long before NOW; it lies in the spool of `Desk.spool` under this number."""
    known: dict[str, Any] = {
        "pbx": "lab",
        "key": f"id {of(number)}",
        "mailbox": "600@default",
        "msg_id": of(number),
        "uniqueid": f"1795363328.{number}",
        "channel": f"PJSIP/trunk-{number:08x}",
        "line": "enquiries",
        "caller": CALLER,
        "began_at": instant(LEFT + number),
        "left_at": NOW - ago,
        "duration": 12,
        "quality": Quality.COMPLETE,
        "status": MessageStatus.FILED,
        "folder": "INBOX",
        "in_mailbox": True,
        "playable": True,
    }
    return Message(**(known | changes))


def task(number: int = 1, *, ago: timedelta = timedelta(hours=20), **changes: Any) -> Task:
    """An open task for a message left so long before NOW; it must be seen to within 24 hours of it."""
    known: dict[str, Any] = {
        "pbx": "lab",
        "number": number,
        "line": "enquiries",
        "caller": CALLER,
        "source": TaskSource.VOICEMAIL,
        "state": TaskState.OPEN,
        "opened_at": NOW - ago,
        "due": NOW - ago + DAY,
        "act_by": NOW - ago + DAY,
        "entries": 1,
    }
    return Task(**(known | changes))


class Desk:
    """A site whose requests the real core carries out, and whose tasks are put there by `task`."""

    def __init__(self, folder: Path, database: Database, config: Config) -> None:
        self.site: Site = site(folder, config=config, database=database)
        self.site.inbox = self
        self.spool = SpoolDir(folder / "spool")
        self.now = NOW
        self.site.now = lambda: self.now
        self.site.time_at = lambda _pbx: self.now
        self.database = database
        self.centre = CallCentre(config.office)
        self.asked: list[Event] = []
        self.commands: list[Command] = []
        self._replies: dict[str, tuple[Fact, ...]] = {}
        self._observers = (self.site.live, Teller(self.site.hub))

    async def task(self, number: int = 1, *messages: Message, entries: Sequence[Entry] = (), **changes: Any) -> Task:
        """Put a task into the store, with its messages; it must be there before `open`."""
        row = task(number, **({"entries": len(entries) + 1} | changes))
        first = Entry(
            pbx=row.pbx,
            task=number,
            seq=1,
            at=row.opened_at,
            who="callcentre",
            step=TaskStep.OPENED,
            why="a message was left",
            state=TaskState.OPEN,
        )
        filings = tuple(self._filing(row, one) for one in messages)
        await self.commit(
            *(TaskChanged(pbx=one.pbx, at=NOW, message=one) for one in messages),
            TaskChanged(pbx=row.pbx, at=NOW, task=row, entries=(first, *entries), filings=filings),
        )
        return row

    def _filing(self, row: Task, one: Message) -> Filing:
        return Filing(
            pbx=one.pbx,
            key=one.key,
            task=row.number,
            line=one.line,
            left_at=one.left_at,
            due=one.left_at + DAY,
            act_by=one.left_at + DAY,
            due_reason="Left on Monday. Rule: within 24 hours.",
            charter="hct",
            charter_version=1,
            playable=one.playable,
            responded_at=row.responded_at,
        )

    async def commit(self, *facts: Fact) -> None:
        """Write facts, and tell the pages."""
        await self.database.writer.commit(facts)
        for observer in self._observers:
            observer.observe(facts)

    async def open(self) -> None:
        """Have the core take up what is in the store."""
        rows = await self.database.queries.open_rows(["lab"], self.now)
        await self.commit(*self.centre.restore(rows, self.now).facts)

    async def ask(self, request: Event, key: str) -> tuple[Fact, ...]:
        """Carry out a request, as the loop does: once for its key, its facts committed first."""
        if key not in self._replies:
            self.asked.append(request)
            step = self.centre.handle(request)
            await self.commit(*step.facts)
            self.commands += step.commands
            self._replies[key] = step.facts
        return self._replies[key]

    def forget(self) -> None:
        """What a restart forgets of requests."""
        self._replies.clear()

    async def held(self, number: int = 1) -> Task:
        """A task as the store has it now."""
        detail = await self.database.queries.task("lab", number)
        assert detail is not None
        return detail.task

    def later(self, **much: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(**much)
        return self.now


def config(folder: Path, **more: Any) -> Config:
    """The office of served.py, with a voicemail spool and an account that may dial."""
    pbx = {"name": "lab", "voicemail_spool": str(folder / "spool"), "act_username": "actor", "act_secret": "s"}
    return office(folder, **({"pbx": [pbx]} | more))


@asynccontextmanager
async def desk(folder: Path, **more: Any) -> AsyncIterator[Desk]:
    """A desk without tasks yet."""
    async with sqlite(folder) as database:
        yield Desk(folder, database, config(folder, **more))


@asynccontextmanager
async def opened(of_desk: Desk, **more: Any) -> AsyncIterator[str]:
    """The address of its pages, the core having taken up what is there."""
    await of_desk.open()
    async with served(of_desk.site, **more) as address:
        yield address
