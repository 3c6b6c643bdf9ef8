"""Streams: each gets what it watches and nothing else, none lasts for ever, and all end with the server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientResponse, ClientSession

from callcentre.core.facts import (
    AttendanceChanged,
    CallEnded,
    CallProgressed,
    CallWrapped,
    ClickChanged,
    Fact,
    RingAttempt,
    TaskChanged,
    VoicemailUsed,
)
from callcentre.core.tasks import Click, WrapUp
from callcentre.core.terms import Attendance, ClickState, Verdict, WrapKind
from callcentre.store.results import Account, Role
from callcentre.web import streaming
from callcentre.web.site import Site
from callcentre.web.stream import Hub, Watcher
from callcentre.web.streaming import Teller, event, of_person, of_telephone, topics_of, watched
from tests.unit.runtime.samples import NOON, call
from tests.unit.web.served import served, site

ALICE = {"X-As": "Alice:agent:PJSIP/101"}
CLICK = Click(
    pbx="lab",
    key="k1",
    task=1,
    who="alice",
    telephone="PJSIP/101",
    number="01632960123",
    asked_at=NOON,
    state=ClickState.WANTED,
)
RINGING = RingAttempt(
    interface="PJSIP/101", begun_at=NOON, ring_start=NOON, ring_end=None, result=None, after_answer=False
)


class Counted(Hub):
    """A hub that says when a stream ended."""

    def __init__(self) -> None:
        super().__init__()
        self.left = asyncio.Event()

    @contextmanager
    def watching(self, topics: Collection[str]) -> Iterator[Watcher]:
        """A watcher, as ever."""
        try:
            with super().watching(topics) as watcher:
                yield watcher
        finally:
            self.left.set()


@pytest.fixture
def stage(tmp_path: Path) -> Site:
    return site(tmp_path)


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def said(stream: ClientResponse) -> str:
    """The next block of a stream."""
    block = b""
    while not block.endswith(b"\n\n"):
        block += await stream.content.readline()
        assert block, "the stream ended"
    return block.decode()


Opened = Callable[..., Awaitable[ClientResponse]]


@pytest.fixture
async def opened(http: ClientSession) -> AsyncIterator[Opened]:
    """Opens a stream, given its address and topics, and gives it once it watches; all are closed in the end."""
    streams = []

    async def open_one(address: str, topics: str, **who: str) -> ClientResponse:
        stream = await http.get(f"{address}/events", params={"topics": topics}, headers=who or ALICE)
        streams.append(stream)
        assert stream.status == 200
        assert stream.content_type == "text/event-stream"
        assert await said(stream) == "retry: 2000\n\n"
        return stream

    yield open_one
    for stream in streams:
        stream.close()


async def test_a_stream_tells_its_topics_and_no_others(stage: Site, opened: Opened) -> None:
    async with served(stage) as address:
        stream = await opened(address, "tasks,me")
        for topic in ("board", of_person("bob"), of_telephone("PJSIP/102")):
            stage.hub.tell(topic)
        stage.hub.tell(of_person("ALICE"))
        assert await said(stream) == "event: me\ndata: \n\n"
        stage.hub.tell("tasks", "1\n2")
        assert await said(stream) == "event: tasks\ndata: 1\ndata: 2\n\n"
        stage.hub.tell(of_telephone("PJSIP/101"))
        assert await said(stream) == "event: me\ndata: \n\n"


async def test_a_burst_is_told_once_with_the_latest_word(stage: Site, opened: Opened) -> None:
    async with served(stage) as address:
        stream = await opened(address, "tasks")
        for number in range(100):
            stage.hub.tell("tasks", str(number))
        assert await said(stream) == "event: tasks\ndata: 99\n\n"


async def test_a_stream_without_news_shows_that_it_lives(
    stage: Site, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "BEAT_SECONDS", 0.01)
    async with served(stage) as address:
        stream = await opened(address, "tasks")
        assert await said(stream) == ": still here\n\n"


async def test_a_stream_does_not_last_for_ever(stage: Site, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(streaming, "LASTS_SECONDS", 0.02)
    async with served(stage) as address:
        stream = await opened(address, "tasks")
        await stream.content.read()
    assert stage.hub.count == 0


async def test_streams_end_when_the_server_stops(stage: Site, opened: Opened) -> None:
    async with served(stage) as address:
        others = stage.hub.count
        streams = [await opened(address, "tasks,board,me") for _ in range(5)]
        assert stage.hub.count == others + 5
    for stream in streams:
        assert await stream.content.read() == b""
    assert stage.hub.count == 0


async def test_who_left_is_noticed(stage: Site, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "BEAT_SECONDS", 0.01)
    async with served(stage) as address:
        stage.hub = hub = Counted()
        stream = await opened(address, "tasks")
        stream.close()
        await asyncio.wait_for(hub.left.wait(), 300)
        assert hub.count == 0


async def test_an_account_has_so_many_streams_and_another_its_own(
    stage: Site, http: ClientSession, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MOST", dict.fromkeys(Role, 1))
    async with served(stage) as address:
        await opened(address, "tasks")
        refused = await http.get(f"{address}/events?topics=tasks", headers=ALICE)
        assert refused.status == 429
        assert "close some" in await refused.text()
        await opened(address, "tasks", **{"X-As": "bob"})


async def test_nobody_and_nothing_are_not_streamed(stage: Site, http: ClientSession) -> None:
    async with served(stage) as address:
        unknown = await http.get(f"{address}/events?topics=tasks,secrets", headers=ALICE)
        assert unknown.status == 400
        await unknown.read()
        stranger = await http.get(f"{address}/events?topics=tasks", allow_redirects=False)
        assert stranger.status == 303
        await stranger.read()


def test_me_is_a_person_and_their_telephone() -> None:
    account = Account(name="Alice", role=Role.AGENT, telephone="PJSIP/101")
    assert watched(account, ["tasks", "me"]) == {"tasks": "tasks", "me:alice": "me", "telephone:PJSIP/101": "me"}
    assert watched(replace(account, telephone=None), ["me"]) == {"me:alice": "me"}


@pytest.mark.parametrize(
    ("fact", "topics"),
    [
        (TaskChanged(pbx="lab", at=NOON), {"tasks", "board"}),
        (ClickChanged(pbx="lab", at=NOON, click=CLICK), {"tasks", "me:alice"}),
        (
            CallProgressed(pbx="lab", at=NOON, call=call(attempts=(RINGING,))),
            {"board", "telephone:PJSIP/101"},
        ),
        (
            CallEnded(pbx="lab", at=NOON, call=call(attempts=(RINGING,), answered_by="PJSIP/104")),
            {"board", "telephone:PJSIP/101", "telephone:PJSIP/104"},
        ),
        (
            AttendanceChanged(
                pbx="lab", at=NOON, line="enquiries", state=Attendance.ATTENDED, reason="there", core=True
            ),
            {"board"},
        ),
        (
            CallWrapped(
                pbx="lab",
                at=NOON,
                wrap=WrapUp(
                    pbx="lab",
                    uniqueid="1",
                    who="Alice",
                    at=NOON,
                    line="enquiries",
                    caller=None,
                    kind=WrapKind.RESOLVED,
                ),
            ),
            {"board", "me:alice"},
        ),
        (
            VoicemailUsed(pbx="lab", at=NOON, uniqueid="1", line="x", verdict=Verdict.RANG_OUT, reason="r"),
            set(),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_which_facts_are_news_of_what(fact: Fact, topics: set[str]) -> None:
    assert set(topics_of(fact)) == topics


def test_committed_facts_reach_whoever_watches(stage: Site) -> None:
    with stage.hub.watching(["tasks"]) as tasks, stage.hub.watching(["board"]) as board:
        Teller(stage.hub).observe([ClickChanged(pbx="lab", at=NOON, click=CLICK)])
        assert tasks.waiting == {"tasks": ""}
        assert board.waiting == {}


def test_data_cannot_make_an_event_of_its_own() -> None:
    assert event("tasks", "a\n\nevent: me\rdata: x") == (
        "event: tasks\ndata: a\ndata: \ndata: event: me\ndata: data: x\n\n"
    )
