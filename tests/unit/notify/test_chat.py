"""Chat by apprise, sent to a real web server on loopback."""

import asyncio
import logging
import sys
from collections.abc import Iterator

import pytest
from aiohttp import web

from callcentre.notify.answers import NotSent
from callcentre.notify.chat import Chat
from tests.unit.notify.far_ends import closed_port, website
from tests.unit.notify.samples import a_notice

# apprise loads all of its services at the first use; one of them does this.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class RootLog(logging.Handler):
    """What reaches the root of all logs, as our own log would see it."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.names.add(record.name.partition(".")[0])


@pytest.fixture
def root_log() -> Iterator[RootLog]:
    log = RootLog()
    logging.getLogger().addHandler(log)
    yield log
    logging.getLogger().removeHandler(log)


async def test_a_notice_as_it_arrives() -> None:
    async with website() as site:
        taken = await Chat(within=60).send("duty", f"json://127.0.0.1:{site.port}/hush", a_notice(title="Größe\r\n☎"))
    assert taken.words == "json took it"
    assert site.asked[0].path == "/hush"
    assert site.asked[0].body["title"] == "Größe ☎"
    assert site.asked[0].body["message"].endswith("Due was 16:00.")


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_a_refusal_names_the_status_and_never_the_address(
    status: int, root_log: RootLog, capfd: pytest.CaptureFixture[str]
) -> None:
    async with website() as site:
        site.answers = [web.Response(status=status, headers={"Location": "/elsewhere"})]
        with pytest.raises(NotSent, match=rf"^json did not take it \(HTTP {status}\)$") as refusal:
            await Chat(within=60).send("duty", f"json://us:hush@127.0.0.1:{site.port}/hush", a_notice())
        assert len(site.asked) == 1
    assert not refusal.value.is_final
    assert root_log.names <= {"aiohttp", "asyncio"}
    assert "hush" not in "".join(capfd.readouterr())


async def test_a_far_end_that_is_not_there() -> None:
    with closed_port() as port, pytest.raises(NotSent, match=r"^json could not be reached, or did not take it$"):
        await Chat(within=60).send("duty", f"json://127.0.0.1:{port}/hush", a_notice())


async def test_an_address_that_apprise_does_not_know(root_log: RootLog, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotSent, match=r"^nothing is not understood by apprise; check the address of the contact$"):
        await Chat(within=60).send("duty", "nothing://hush", a_notice())
    assert "apprise" not in root_log.names
    assert "hush" not in "".join(capfd.readouterr())


async def test_a_far_end_that_hangs_is_left_behind_and_not_asked_twice_at_once() -> None:
    async with website() as site:
        site.answers = [None]
        chat, url = Chat(within=0.5), f"json://127.0.0.1:{site.port}/hush"
        with pytest.raises(NotSent, match=r"did not answer within 0\.5 s"):
            await chat.send("duty", url, a_notice())
        async with asyncio.timeout(120):
            while not site.asked:  # noqa: ASYNC110  apprise may be loaded only now, in a thread that gives no signal
                await asyncio.sleep(0.01)
        chat._within = 60
        with pytest.raises(NotSent, match="has not ended an earlier sending yet"):
            await chat.send("duty", url, a_notice())
        assert (await chat.send("other", url, a_notice())).words == "json took it"


async def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(NotSent, match=r"pip install 'callcentre\[chat\]'"):
        await Chat(within=60).send("duty", "json://localhost/", a_notice())


async def test_a_fault_in_apprise_is_told_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("hush")

    monkeypatch.setattr("apprise.Apprise.notify", fail)
    with pytest.raises(NotSent, match=r"^json failed in apprise \(RuntimeError\)$"):
        await Chat(within=60).send("duty", "json://localhost/", a_notice())
