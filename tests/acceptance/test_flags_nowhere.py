"""How to speak with a caller, while they ring and wait for a late callback: on no wallboard, export or notice."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar
from argon2 import PasswordHasher

from callcentre.core.terms import Hours
from callcentre.store import tables
from callcentre.store.database import Database
from callcentre.store.results import Account, Role
from callcentre.web.api.operations import PREFIX
from callcentre.web.api.routes import OPERATIONS
from tests.acceptance.hostile import known
from tests.acceptance.office import PASSWORD, Pbx
from tests.acceptance.whole import BEGAN, ROOT, logged_in, ready, running, until
from tests.conformance import promises, sample
from tests.unit.notify.far_ends import PostOffice, post_office

CALLER = "07700900301"
"""Who rings on the recorded call."""
LASTS = timedelta(hours=1)
WAITS = re.compile(r"outcome=in_progress[^>]*>\s*1\s*</a>")
SAID = re.compile(
    r"""British Sign|hard[ _]of[ _]hearing|carer[ _]calls|(?<=["'>=\s,;])bfi(?=["'<\s,;])""", re.IGNORECASE
)
FOR_ALL = (
    *("/wallboard", "/today", "/today/enquiries", "/calls", "/missed", "/attendance", "/wrap-ups", "/first-contact"),
    *("/cases", "/incidents", "/greetings", "/reports/wme/2026-11", "/audit", "/metrics"),
    *("/calls.csv", "/wrap-ups.csv", "/cases.csv", "/attendance.csv"),
    *(f"/reports/wme/2026-11.{form}" for form in ("html", "csv", "json")),
)


@dataclass
class Person:
    """Somebody logged in to the running daemon."""

    address: str
    http: ClientSession
    csrf: str = ""

    async def get(self, path: str) -> str:
        """What a page that is answered says."""
        async with self.http.get(self.address + path, headers={"Accept": "text/html, */*"}) as reply:
            text = await reply.text()
            assert reply.status == 200, (path, reply.status, text[:300])
            return text

    async def step(self, name: str) -> None:
        """Do something to the task by the API."""
        target = f"{self.address}{PREFIX}/tasks/lab/9/{name}"
        async with self.http.post(target, json={"why": "rings"}, headers={"X-CSRF": self.csrf}) as reply:
            assert reply.status == 200, await reply.text()


async def _filled(folder: Path) -> None:
    """A task that is late, whose caller agreed yesterday to what is noted; a case of theirs; two accounts."""
    database = await Database.open(f"sqlite:///{folder}/calls.sqlite")
    await database.prepare()
    flagged = promises.task(
        9,
        caller=CALLER,
        due=sample.after(3_600),
        act_by=sample.after(3_600),
        language="bfi",
        needs=("hard_of_hearing", "carer_calls"),
        flags_by="alice",
        flags_at=sample.NINE,
        flags_until=BEGAN + LASTS,
    )
    opened = replace(
        promises.opened(9),
        task=flagged,
        message=promises.message(9, caller=CALLER),
        filings=(promises.filing(9, 9, heard_at=None, heard_by=None, responded_at=None, reached_at=None),),
    )
    earlier = replace(sample.abandoned(sample.offered(9)), caller=CALLER, hours=Hours.CORE)
    await database.writer.commit([opened, sample.on_end(earlier)])
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    for account in (Account(name=ROOT, role=Role.ADMIN), Account(name="bob", role=Role.AGENT, telephone="PJSIP/199")):
        assert await database.accounts.add(account, password=hashed, at=sample.NINE)
    await database.close()


@asynccontextmanager
async def office(folder: Path, began: datetime) -> AsyncIterator[tuple[Person, Person, Pbx, PostOffice]]:
    """An administrator and an agent at the daemon, on whose PBX the caller rings."""
    with pytest.MonkeyPatch.context() as patch:
        async with (
            Pbx(began) as pbx,
            post_office() as post,
            running(folder, patch, pbx.port, post.port, began=began) as (
                address,
                _,
            ),
        ):
            people = [Person(address, ClientSession(cookie_jar=CookieJar(unsafe=True))) for _ in range(2)]
            try:
                await ready(people[0].http, address)
                for person, name in zip(people, (ROOT, "bob"), strict=True):
                    person.csrf = await logged_in(person.http, address, name)
                pbx.until("DialState")
                yield people[0], people[1], pbx, post
            finally:
                for person in people:
                    await person.http.close()


async def _told(stream: ClientResponse, kind: str, says: re.Pattern[str] = re.compile("")) -> str:
    """The next event of a kind that says so, with all that came before it."""
    said, last = "", ""
    async with asyncio.timeout(300):
        while f"event: {kind}\n" not in last or not says.search(last):
            last = (await stream.content.readuntil(b"\n\n")).decode()
            said += last
    return said


async def _everywhere(root: Person) -> dict[str, str]:
    """What pages and exports say, and each answer of the API that is read."""
    found = {path: await root.get(path) for path in FOR_ALL}
    for each in OPERATIONS:
        if each.method == "GET" and each.content == "application/json" and "uniqueid" not in each.path:
            path = known(PREFIX + each.path)
            if "/cases/" not in path:
                found[path] = await root.get(path)
    return found


async def test_it_is_nowhere_while_the_caller_rings_and_waits(tmp_path: Path) -> None:
    await _filled(tmp_path)
    async with office(tmp_path, BEGAN) as (root, bob, pbx, post), asyncio.timeout(900):
        async with (
            root.http.get(f"{root.address}/wallboard/events") as board,
            root.http.get(f"{root.address}{PREFIX}/events") as events,
        ):
            await root.step("note")
            streams = {"board": await _told(board, "wallboard", WAITS), "events": await _told(events, "task")}
            pbx.to_the_end()
            streams["call"] = await _told(events, "call")
            board.close()
            events.close()
        everywhere = streams | await _everywhere(root)
        assert CALLER in streams["call"]
        await until(lambda: bool(post.letters))
        assert [name for name, text in everywhere.items() if SAID.search(text)] == []
        assert SAID.search(await root.get("/tasks/lab/9")), "a supervisor sees it: else this would prove nothing"
        assert SAID.search(await root.get("/tasks"))
        for path in ("/tasks", "/tasks/lab/9", "/call"):
            assert not SAID.search((await bob.get(path)).partition('<form id="flags"')[0]), "he does not handle it"
        assert all(not SAID.search(letter.as_string()) for _, letter in post.letters)
    database = await Database.open(f"sqlite:///{tmp_path}/calls.sqlite")
    for table in (tables.outbox, tables.task_history, tables.audit):
        (rows,) = await sample.everything(database, table)
        assert not SAID.search(repr(rows)), table.name
    await database.close()


async def test_what_was_agreed_to_is_shown_to_nobody_once_it_is_over(tmp_path: Path) -> None:
    await _filled(tmp_path)
    async with office(tmp_path, BEGAN + LASTS) as (root, bob, _, _), asyncio.timeout(900):
        everywhere = await _everywhere(root)
        for person in (root, bob):
            for path in ("/tasks", "/tasks/lab/9", "/call"):
                everywhere[f"{path} {person.csrf}"] = (await person.get(path)).partition('<form id="flags"')[0]
        assert [name for name, text in everywhere.items() if SAID.search(text)] == []
        form = (await root.get("/tasks/lab/9")).partition('<form id="flags"')[2].partition("</form>")[0]
        assert form
        assert " checked" not in form
        assert " selected" not in form
