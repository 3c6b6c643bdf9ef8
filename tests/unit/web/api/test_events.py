"""The stream of events for programs: what happens, as it is committed; numbers only for those who may see them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession

from callcentre.core.facts import AttendanceChanged
from callcentre.core.terms import Attendance
from callcentre.web import feed
from callcentre.web.api import events
from tests.conformance import promises, sample
from tests.unit.web.api.working import Working, working
from tests.unit.web.served import NOW

SUE = "sue:supervisor"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Working]:
    async with working(tmp_path) as made:
        yield made


@asynccontextmanager
async def stream(api: Working, scopes: str = "*", query: str = "") -> AsyncIterator[ClientResponse]:
    """An open stream, of which the beginning was read."""
    token = {"Authorization": f"Bearer {SUE}:{scopes}"}
    async with ClientSession(api.url, headers=token) as client, client.get(f"/api/v1/events{query}") as reply:
        assert reply.status == 200, await reply.text()
        assert await reply.content.readuntil(b"\n\n") == b"retry: 2000\n\n"
        yield reply


async def next_of(reply: ClientResponse) -> tuple[str, Any]:
    """The next event: its name and its data."""
    async with asyncio.timeout(120):
        said = (await reply.content.readuntil(b"\n\n")).decode()
    name, data = said.strip().split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def test_a_step_is_told_as_it_is_committed(api: Working) -> None:
    async with stream(api) as reply:
        _, done = await api.post("/tasks/lab/1/claim", {})
        name, data = await next_of(reply)
    assert name == "task"
    assert (data["number"], data["state"], data["holder"]) == (1, "claimed", "alice")
    assert data["entries"] == done["done"]


@pytest.mark.parametrize(
    ("scopes", "of_call", "of_task"),
    [
        ("*", "07700900123", promises.CALLER),
        ("events:read", "…123", "…061"),
        ("events:read,calls:read", "07700900123", "…061"),
        ("events:read,tasks:read", "…123", promises.CALLER),
    ],
)
async def test_whole_numbers_are_for_those_who_may_read_them(
    scopes: str, of_call: str, of_task: str, api: Working
) -> None:
    call = sample.answered(sample.offered(50))
    async with stream(api, scopes) as reply:
        api.site.feed.observe([sample.on_end(call), promises.opened(7)])
        found = [await next_of(reply), await next_of(reply)]
    assert [(name, data["caller"]) for name, data in found] == [("call", of_call), ("task", of_task)]


async def test_two_programs_are_told_by_their_own_scopes(api: Working) -> None:
    async with stream(api) as whole, stream(api, "events:read") as masked:
        api.site.feed.observe([promises.opened(7)])
        assert [(await next_of(one))[1]["caller"] for one in (whole, masked)] == [promises.CALLER, "…061"]


async def test_only_the_kinds_asked_for_are_told(api: Working) -> None:
    changed = AttendanceChanged(
        pbx="lab", at=NOW, line="enquiries", state=Attendance.UNATTENDED, reason="all are paused", core=True
    )
    async with stream(api, query="?kind=attendance&kind=click") as reply:
        api.site.feed.observe([promises.opened(7), promises.clicked(promises.click()), changed])
        found = [await next_of(reply), await next_of(reply)]
    assert [name for name, _ in found] == ["click", "attendance"]
    assert found[1][1]["reason"] == "all are paused"
    assert "number" not in found[0][1]


async def test_a_stream_ends_after_its_time(api: Working) -> None:
    async with stream(api, query="?seconds=0.01") as reply:
        assert await reply.content.read() == b""


async def test_a_stream_that_is_silent_says_that_it_lives(api: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.01)
    async with stream(api) as reply:
        assert await reply.content.readuntil(b"\n\n") == b": still here\n\n"


async def test_who_cannot_keep_up_is_told_and_let_go(api: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MOST_WAITING", 2)
    async with stream(api) as reply:
        for number in (7, 8, 9):
            api.site.feed.observe([promises.opened(number)])
        assert await next_of(reply) == ("behind", {})
        assert await reply.content.read() == b""


async def test_an_account_has_so_many_streams(api: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST", 1)
    async with stream(api):
        status, problem = await api.get("/events")
        assert (status, problem["status"]) == (429, 429)
    (left,) = api.app[events.OPEN]["sue"]
    async with asyncio.timeout(120):
        while left.transport is not None:
            await api.get("/lines")
    async with stream(api):
        pass


async def test_the_end_of_the_server_ends_all_streams(tmp_path: Path) -> None:
    async with ClientSession() as client:
        async with working(tmp_path) as api:
            reply = await client.get(f"{api.url}/api/v1/events", headers={"Authorization": f"Bearer {SUE}:*"})
            assert reply.status == 200
        assert await reply.content.read() == b"retry: 2000\n\n"
