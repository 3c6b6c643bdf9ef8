"""Sweeps: one look at a time, what it puts into the inbox, and what is said where nothing can be read."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from pathlib import Path

import pytest

from callcentre import sweeper as module
from callcentre.ami.voicemail import Voicemail
from callcentre.core.commands import SweepMailboxes
from callcentre.core.events import MailboxContents, MailboxesListed
from callcentre.runtime.clock import ManualClock, Tasks
from callcentre.runtime.inbox import Inbox
from callcentre.spool.tree import Look, Spool
from callcentre.sweeper import Sweeper
from tests.unit.spool.spool_dir import NOW, SpoolDir, of

ALL = SweepMailboxes(pbx="main")
COUNTS = Voicemail(
    boxes=(MailboxContents(mailbox="600@default", new=1, old=0, capacity=100),), whole=True, missing=("999@default",)
)


class Log:
    """What was said, level and words."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def debug(self, event: str, /, **fields: object) -> None:
        self.lines.append(("debug", event))

    def info(self, event: str, /, **fields: object) -> None:
        self.lines.append(("info", event))

    def warning(self, event: str, /, **fields: object) -> None:
        self.lines.append(("warning", f"{event}: {fields['reason']}"))

    def error(self, event: str, /, **fields: object) -> None:
        self.lines.append(("error", event))

    def exception(self, event: str, /, **fields: object) -> None:
        self.lines.append(("error", event))


class Client:
    """Tells what it is given; `gate` holds its answers up, `asked` says that a question has come."""

    def __init__(self, told: Voicemail | None) -> None:
        self.told = told
        self.questions: list[tuple[frozenset[str], bool, bool]] = []
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def voicemail(self, mailboxes: Collection[str], *, messages: bool, only: bool = False) -> Voicemail | None:
        self.questions.append((frozenset(mailboxes), messages, only))
        self.asked.set()
        await self.gate.wait()
        return self.told


class Office:
    """A sweeper with its inbox and its log."""

    def __init__(self, tasks: Tasks, spools: Mapping[str, Path], clients: Mapping[str, Client]) -> None:
        self.clock = ManualClock(NOW)
        self.inbox = Inbox(limit=1)
        self.log = Log()
        self.sweeper = Sweeper(
            spools=spools,
            clients=clients,
            boxes={"main": frozenset({"600@default", "999@default"})},
            put=self.inbox.put,
            now=self.clock.now,
            tasks=tasks,
            log=self.log,
        )

    async def listed(self, number: int = 1) -> list[MailboxesListed]:
        """The next so many events; they must come."""
        found: list[MailboxesListed] = []
        while len(found) < number:
            batches = await self.inbox.take(number - len(found), within=120)
            assert batches, "nothing was put into the inbox"
            assert all(batch.size == 0 for batch in batches)
            found += [event for batch in batches for event in batch.events if isinstance(event, MailboxesListed)]
        return found

    async def done(self, tasks: Tasks) -> None:
        """Wait until every look has ended."""
        while tasks._running:
            await asyncio.wait(tasks._running)


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    async with Tasks() as owner:
        yield owner
        assert not owner.failure.done()


@pytest.fixture
def spool_dir(tmp_path: Path) -> SpoolDir:
    spool = SpoolDir(tmp_path / "voicemail")
    spool.message(0)
    spool.message(1, mailbox="610@default")
    return spool


def boxes(event: MailboxesListed) -> dict[str, list[str | None] | None]:
    return {
        box.mailbox: None if box.messages is None else [message.msg_id for message in box.messages]
        for box in event.boxes
    }


# --- with the spool ---------------------------------------------------------------------------------------------------


async def test_the_spool_tells_the_messages_and_the_pbx_the_counts(tasks: Tasks, spool_dir: SpoolDir) -> None:
    client = Client(COUNTS)
    office = Office(tasks, {"main": spool_dir.root}, {"main": client})
    office.sweeper.sweep(ALL)
    files, counts = await office.listed(2)
    assert (files.pbx, files.at, files.source, files.whole, files.missing) == ("main", NOW, "spool", True, ())
    assert boxes(files) == {"600@default": [of(0)], "610@default": [of(1)]}
    assert (counts.source, counts.whole, counts.missing) == ("ami", True, ("999@default",))
    assert counts.boxes == COUNTS.boxes
    assert client.questions == [(frozenset({"600@default", "999@default"}), False, False)]
    assert office.sweeper.looked_at == {"main": NOW}
    assert office.sweeper.problems == {}
    assert office.log.lines == []


async def test_named_mailboxes_are_not_everything(tasks: Tasks, spool_dir: SpoolDir) -> None:
    client = Client(COUNTS)
    office = Office(tasks, {"main": spool_dir.root}, {"main": client})
    office.sweeper.sweep(SweepMailboxes(pbx="main", mailboxes=("610@default",)))
    (files,) = await office.listed()
    assert boxes(files) == {"610@default": [of(1)]}
    assert not files.whole
    await office.done(tasks)
    assert client.questions == []


async def test_a_pbx_that_is_out_of_sight_hides_no_files(tasks: Tasks, spool_dir: SpoolDir) -> None:
    office = Office(tasks, {"main": spool_dir.root}, {"main": Client(None)})
    office.sweeper.sweep(ALL)
    (files,) = await office.listed()
    assert files.whole
    await office.done(tasks)
    assert await office.inbox.take(1, within=0) == []
    assert office.sweeper.problems == {}


async def test_before_there_is_a_client(tasks: Tasks, spool_dir: SpoolDir) -> None:
    office = Office(tasks, {"main": spool_dir.root}, {})
    office.sweeper.sweep(ALL)
    office.sweeper.sweep(SweepMailboxes(pbx="other"))
    (files,) = await office.listed()
    assert files.source == "spool"
    await office.done(tasks)
    assert office.sweeper.problems == {"other": module._SILENT}


async def test_a_spool_that_is_away_is_not_an_empty_one(tasks: Tasks, spool_dir: SpoolDir) -> None:
    """No event, one line in the log until it changes, and one when it is back."""
    office = Office(tasks, {"main": spool_dir.root}, {})
    away = spool_dir.root.with_name("away")
    spool_dir.root.rename(away)
    for _ in range(3):
        office.sweeper.sweep(ALL)
        await office.done(tasks)
    assert len(office.log.lines) == 1
    assert office.log.lines[0][0] == "warning"
    assert "is not there; mount it" in office.log.lines[0][1]
    assert "is not there; mount it" in office.sweeper.problems["main"]
    spool_dir.root.mkdir()
    office.sweeper.sweep(ALL)
    await office.done(tasks)
    assert "is it mounted" in office.sweeper.problems["main"]
    assert office.sweeper.looked_at == {}
    spool_dir.root.rmdir()
    away.rename(spool_dir.root)
    office.clock.advance(60)
    office.sweeper.sweep(ALL)
    (files,) = await office.listed()  # the first that there is
    assert boxes(files) == {"600@default": [of(0)], "610@default": [of(1)]}
    assert office.sweeper.problems == {}
    assert office.sweeper.looked_at == {"main": office.clock.now()}
    assert [level for level, _ in office.log.lines] == ["warning", "warning", "info"]


async def test_a_part_that_cannot_be_read(tasks: Tasks, spool_dir: SpoolDir, tmp_path: Path) -> None:
    (spool_dir.root / "more").symlink_to(tmp_path)
    office = Office(tasks, {"main": spool_dir.root}, {})
    for _ in range(2):
        office.sweeper.sweep(ALL)
        (files,) = await office.listed()
        assert not files.whole
        assert len(files.boxes) == 2
    assert len(office.log.lines) == 1
    assert "more" in office.sweeper.problems["main"]


# --- without it -------------------------------------------------------------------------------------------------------


async def test_without_a_spool_the_pbx_is_asked_for_the_messages(tasks: Tasks) -> None:
    client = Client(COUNTS)
    office = Office(tasks, {}, {"main": client})
    office.sweeper.sweep(ALL)
    (told,) = await office.listed()
    assert (told.source, told.whole, told.boxes, told.missing) == ("ami", True, COUNTS.boxes, COUNTS.missing)
    office.sweeper.sweep(SweepMailboxes(pbx="main", mailboxes=("600@default",)))
    (told,) = await office.listed()
    assert not told.whole
    assert client.questions == [
        (frozenset({"600@default", "999@default"}), True, False),
        (frozenset({"600@default"}), True, True),
    ]


async def test_a_pbx_that_does_not_tell(tasks: Tasks) -> None:
    client = Client(None)
    office = Office(tasks, {}, {"main": client})
    office.sweeper.sweep(ALL)
    await office.done(tasks)
    assert office.sweeper.problems == {"main": module._SILENT}
    assert office.sweeper.looked_at == {}
    client.told = Voicemail(boxes=(), whole=False, missing=())
    office.sweeper.sweep(ALL)
    (told,) = await office.listed()
    assert not told.whole
    assert office.sweeper.problems == {}


# --- one at a time ----------------------------------------------------------------------------------------------------


async def test_what_is_asked_for_during_a_look_is_one_further_look(tasks: Tasks) -> None:
    client = Client(COUNTS)
    client.gate.clear()
    office = Office(tasks, {}, {"main": client})
    office.sweeper.sweep(ALL)
    await client.asked.wait()
    for mailbox in ("600@default", "610@default", "600@default"):
        office.sweeper.sweep(SweepMailboxes(pbx="main", mailboxes=(mailbox,)))
    client.gate.set()
    await office.listed(2)
    await office.done(tasks)
    assert [(sorted(question[0]), question[2]) for question in client.questions] == [
        (["600@default", "999@default"], False),
        (["600@default", "610@default"], True),
    ]


async def test_everything_takes_named_ones_in(tasks: Tasks) -> None:
    client = Client(COUNTS)
    client.gate.clear()
    office = Office(tasks, {}, {"main": client})
    office.sweeper.sweep(SweepMailboxes(pbx="main", mailboxes=("600@default",)))
    await client.asked.wait()
    office.sweeper.sweep(ALL)
    office.sweeper.sweep(SweepMailboxes(pbx="main", mailboxes=("610@default",)))
    client.gate.set()
    await office.done(tasks)
    assert [only for _, _, only in client.questions] == [True, False]


async def test_one_pbx_does_not_wait_for_another(tasks: Tasks) -> None:
    slow, quick = Client(COUNTS), Client(COUNTS)
    slow.gate.clear()
    office = Office(tasks, {}, {"main": slow, "branch": quick})
    office.sweeper.sweep(ALL)
    office.sweeper.sweep(SweepMailboxes(pbx="branch"))
    (told,) = await office.listed()
    assert told.pbx == "branch"


async def test_the_time_is_when_the_look_began(tasks: Tasks) -> None:
    client = Client(COUNTS)
    client.gate.clear()
    office = Office(tasks, {}, {"main": client})
    office.sweeper.sweep(ALL)
    await client.asked.wait()
    office.clock.advance(9)
    client.gate.set()
    (told,) = await office.listed()
    assert told.at == NOW


async def test_the_spool_is_read_beside_the_loop_and_slowness_is_said(
    tasks: Tasks, spool_dir: SpoolDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk of the network hangs: the daemon goes on, somebody is told, and it is never read twice at a time."""
    begun, go_on, looks = asyncio.Event(), threading.Event(), list[str]()
    loop = asyncio.get_running_loop()

    class Hanging(Spool):
        def look(self, now: datetime, mailboxes: Collection[str] = ()) -> Look:
            looks.append(threading.current_thread().name)
            loop.call_soon_threadsafe(begun.set)
            assert go_on.wait(120)
            return super().look(now, mailboxes)

    monkeypatch.setattr(module, "Spool", Hanging)
    monkeypatch.setattr(module, "SLOW_SECONDS", 0.01)
    office = Office(tasks, {"main": spool_dir.root}, {})
    said = asyncio.Event()

    def warning(event: str, /, **fields: object) -> None:
        said.set()

    monkeypatch.setattr(office.log, "warning", warning)
    office.sweeper.sweep(ALL)
    await asyncio.wait_for(said.wait(), 120)
    await asyncio.wait_for(begun.wait(), 120)
    assert office.sweeper.problems == {"main": module._SLOW}
    office.sweeper.sweep(ALL)
    assert len(looks) == 1
    assert looks[0] != threading.current_thread().name
    go_on.set()
    await office.listed(2)
    assert office.sweeper.problems == {}


async def test_stopping_during_a_look(spool_dir: SpoolDir) -> None:
    async with Tasks() as owner:
        client = Client(COUNTS)
        client.gate.clear()
        office = Office(owner, {}, {"main": client})
        office.sweeper.sweep(ALL)
        await client.asked.wait()
    assert not owner.failure.done()
    assert office.sweeper.looked_at == {}


async def test_the_spool_goes_during_a_look(tasks: Tasks, spool_dir: SpoolDir, monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office(tasks, {"main": spool_dir.root}, {})

    def between(_mailbox: str) -> None:
        shutil.rmtree(spool_dir.root, ignore_errors=True)

    office.sweeper._spools["main"] = Spool(spool_dir.root, between=between)
    office.sweeper.sweep(ALL)
    (files,) = await office.listed()
    assert not files.whole
    office.sweeper.sweep(ALL)
    await office.done(tasks)
    assert "is not there" in office.sweeper.problems["main"]
