"""Somebody at a browser without script, for tests of the agent's pages: what they read and what they send."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession

from tests.unit.web.desk import ALICE, Desk, desk

HOURS = timedelta(hours=1)
HOSTILE = '"><script>alert(1)</script>'
JSON = {"Accept": "application/json"}


def words(html: str) -> str:
    """What a reader sees of a page, in one line."""
    body = re.sub(r"<(script|style|dialog|kbd)\b.*?</\1>", "", html[html.index("<main") :], flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


class Browser:
    """Somebody at a browser without script; `desk` is what it all stands on."""

    def __init__(self, of_desk: Desk, http: ClientSession) -> None:
        self.desk = of_desk
        self.address = ""
        self._http = http

    async def get(self, path: str, who: dict[str, str] = ALICE, status: int = 200) -> str:
        answer = await self._http.get(self.address + path, headers={"Accept": "text/html"} | who)
        text = await answer.text()
        assert answer.status == status, text
        return text

    async def see(self, path: str, who: dict[str, str] = ALICE) -> str:
        return words(await self.get(path, who))

    async def post(self, path: str, who: dict[str, str] = ALICE, **form: str) -> ClientResponse:
        data = {"key": f"key-{len(self.desk.asked):08d}"} | form
        answer = await self._http.post(
            self.address + path, data=data, headers={"Accept": "text/html"} | who, allow_redirects=False
        )
        await answer.read()
        return answer

    async def found(self, search: str, *, view: str = "", line: str = "") -> str:
        """Where the list leads that is searched."""
        answer = await self.post("/tasks", search=search, view=view, line=line)
        assert answer.status == 303
        return answer.headers["Location"]

    async def script(self, path: str, who: dict[str, str] = ALICE, **form: str) -> tuple[int, dict[str, Any]]:
        answer = await self.post(path, who | JSON, **form)
        return answer.status, await answer.json()

    async def rows(self, path: str = "/tasks", who: dict[str, str] = ALICE) -> list[int]:
        """The numbers of the tasks that a list shows, in its order."""
        return [int(found) for found in re.findall(r'<li id="task-lab-(\d+)"', await self.get(path, who))]


@asynccontextmanager
async def reading(folder: Path) -> AsyncIterator[Browser]:
    """Somebody who is not at any address yet; the drama numbers may be dialled."""
    async with desk(folder, calling={"also": ["07700900", "01632960"]}) as of_desk, ClientSession() as http:
        yield Browser(of_desk, http)
