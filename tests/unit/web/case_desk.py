"""A desk with cases for tests of pages: an office of two charters, whose roles people hold, and the real core."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession

from callcentre.core.case_values import Case
from callcentre.store.results import Account, Role
from tests.unit.web.desk import ALICE, SUE, Desk, desk, opened
from tests.unit.web.reader import Browser

CHIEF = {"X-As": "chief:supervisor"}
COMPLAINT = {
    "kind": "complaint",
    "channel": "letter",
    "line": "enquiries",
    "received_at": "2026-11-24T09:30",
    "summary": "The bus left without the passenger",
    "name": "Mrs A Okafor",
    "caller": "07700 900061",
    "email": "okafor@example.org",
    "owner": "alice",
}
LETTER = COMPLAINT | {"kind": "correspondence", "line": "nurse", "summary": "Asks for a timetable", "owner": ""}


def lines() -> list[dict[str, Any]]:
    """The lines of served.office: enquiries under `wme`, the nurse's under `hct`."""
    return [
        {
            "name": name,
            "charter": charter,
            "pbx": "lab",
            "nation": "ENG",
            "dids": [did],
            "queues": [name],
            "mailboxes": [box],
        }
        for name, did, box, charter in (
            ("enquiries", "01632960600", "600", "wme"),
            ("nurse", "01632960601", "601", "hct"),
        )
    ]


class Cases(Browser):
    """Somebody at a browser without script, for the pages of cases."""

    async def open(self, who: dict[str, str] = ALICE, **form: str) -> str:
        """Open a case by hand; where it leads."""
        fields: dict[str, Any] = COMPLAINT | form
        answer = await self.post("/cases/new", who, **fields)
        assert answer.status == 303, await answer.text()
        return answer.headers["Location"]

    async def do(self, path: str, who: dict[str, str] = SUE, **form: str) -> ClientResponse:
        """Do something to a case that is not refused."""
        answer = await self.post(path, who, **form)
        assert answer.status == 303, await answer.text()
        return answer

    async def held(self, number: int = 1) -> Case:
        """A case as the store has it now."""
        detail = await self.desk.database.queries.case("lab", number)
        assert detail is not None
        return detail.case

    async def numbers(self, path: str = "/cases", who: dict[str, str] = ALICE) -> list[int]:
        """The numbers of the cases that a list shows, in its order."""
        return [int(found) for found in re.findall(r'<li id="case-lab-(\d+)"', await self.get(path, who))]

    async def searched(self, search: str, **more: Any) -> str:
        """Where the list leads that is searched."""
        answer = await self.post("/cases", search=search, **more)
        assert answer.status == 303
        return answer.headers["Location"]


async def people(of_desk: Desk) -> None:
    """Accounts to choose an owner from."""
    for name, role in (("alice", Role.AGENT), ("bob", Role.AGENT), ("sue", Role.SUPERVISOR)):
        await of_desk.database.accounts.add(Account(name=name, role=role), password=None, at=of_desk.now)


@asynccontextmanager
async def cases(folder: Path) -> AsyncIterator[Cases]:
    """Somebody at the pages of an office without a case."""
    more: dict[str, Any] = {
        "line": lines(),
        "calling": {"also": ["07700900", "01632960"]},
        "contact": [{"name": "chief", "email": ["chief@example.org"]}],
        "mail": {"host": "localhost", "sender": "callcentre@example.org"},
        "roles": {"Chief Executive": ["chief"]},
    }
    async with desk(folder, **more) as of_desk, ClientSession() as http:
        await people(of_desk)
        async with opened(of_desk) as address:
            browser = Cases(of_desk, http)
            browser.address = address
            yield browser
