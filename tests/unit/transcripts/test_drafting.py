"""Drafts are made of what waits, one at a time; whatever goes wrong is a failed draft, and the daemon goes on."""

import asyncio
import io
import wave
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callcentre.config.transcripts import TranscriptSettings
from callcentre.core.charter import Office, Pbx
from callcentre.core.errors import StoreUnavailable
from callcentre.core.facts import GapOpened, TaskChanged
from callcentre.core.greetings import Looked
from callcentre.core.tasks import Message
from callcentre.core.terms import UTC, MessageStatus, Quality
from callcentre.core.transcripts import Transcript, TranscriptState
from callcentre.runtime.clock import Tasks
from callcentre.spool.recorded import Ear, places_of
from callcentre.transcripts.drafting import Drafting, spoken_in
from callcentre.transcripts.process import Draft, NotDrafted
from tests.unit.core.offices import line
from tests.unit.spool.voices import put, voice, wav

LINE = line("enquiries")
BOX = replace(LINE, mailboxes=frozenset({"600@default"}))
BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SETTINGS = TranscriptSettings(
    model=Path("/srv/whisper-small"),
    language=None,
    longest=timedelta(seconds=2),
    within=timedelta(minutes=1),
    memory_mb=512,
    threads=1,
)
TOLD = """\
[message]
origmailbox=600
callerid="Ada" <07700900061>
origtime=%d
msg_id=1795510800-00000001
duration=12
"""


def message(**changes: Any) -> Message:
    full = Message(
        pbx="lab",
        key="call 1795510800.1 600@default",
        mailbox="600@default",
        msg_id="1795510800-00000001",
        uniqueid="1795510800.1",
        channel=None,
        line="enquiries",
        caller="07700900061",
        began_at=BEGAN,
        left_at=BEGAN + timedelta(seconds=12),
        duration=12,
        quality=Quality.COMPLETE,
        status=MessageStatus.FILED,
        folder="INBOX",
        in_mailbox=True,
        playable=True,
    )
    return replace(full, **changes)


class Rows:
    """The store's part, in memory: messages that wait, and what was noted."""

    def __init__(self, *waiting: Message) -> None:
        self.waiting = list(waiting)
        self.ended: list[Transcript] = []
        self.asked: list[tuple[str, ...]] = []
        self.away = False
        self.looked = asyncio.Event()

    async def wanted(self, pbxs: Collection[str]) -> Message | None:
        self.asked.append(tuple(pbxs))
        self.looked.set()
        if self.away:
            self.away = False
            raise StoreUnavailable("the disk is full")
        return self.waiting[0] if self.waiting else None

    async def begin(self, message: Message, model: str, at: datetime) -> bool:
        assert (model, at) == ("whisper-small", BEGAN)
        self.waiting.remove(message)
        return message.status is not MessageStatus.ERASED

    async def end(self, made: Transcript) -> bool:
        self.ended.append(made)
        return True

    async def drop_gone(self) -> bool:
        return False


class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, event: str, **values: object) -> None:
        self.lines.append(f"{event}: {values}")


class Made:
    """In place of the program: remembers what it was given."""

    def __init__(self, act: Callable[[], Draft] = lambda: Draft(text="Ring 01632 960123.", language="en")) -> None:
        self.act = act
        self.given: list[tuple[float, str | None]] = []

    async def __call__(self, settings: TranscriptSettings, sound: bytes, language: str | None) -> Draft:
        with wave.open(io.BytesIO(sound), "rb") as told:
            self.given.append((told.getnframes() / told.getframerate(), language))
        return self.act()


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    put(tmp_path, "default/600/INBOX/msg0000.txt", (TOLD % BEGAN.timestamp()).encode())
    put(tmp_path, "default/600/INBOX/msg0000.wav", wav(voice(7)))
    return tmp_path


def drafting(spool: Path, rows: Rows, made: Callable[..., Awaitable[Draft]], log: Log, missing: str = "") -> Drafting:
    return Drafting(
        settings=SETTINGS,
        office=Office(pbxs=(Pbx(name="lab"),), lines=(BOX,), fallback_line="enquiries"),
        spools={"lab": spool},
        sounds={},
        rows=rows,
        now=lambda: BEGAN,
        log=log,  # type: ignore[arg-type]
        make=made,
        hindered=lambda _settings: missing,
    )


async def test_the_beginning_of_a_message_is_given_to_the_model_and_its_words_are_kept(spool: Path) -> None:
    rows, made, log = Rows(message()), Made(), Log()
    work = drafting(spool, rows, made, log)
    assert await work.step()
    assert not await work.step()
    assert made.given == [(2.0, "en")]
    assert rows.ended == [
        Transcript(
            pbx="lab",
            key=message().key,
            state=TranscriptState.MADE,
            made_at=BEGAN,
            text="Ring 01632 960123.",
            language="en",
            seconds=2.0,
        )
    ]
    assert rows.asked == [("lab",)] * 2
    assert log.lines == []


async def test_what_was_erased_or_went_meanwhile_is_not_given_to_the_model(spool: Path) -> None:
    made = Made()
    assert await drafting(spool, Rows(message(status=MessageStatus.ERASED)), made, Log()).step()
    assert made.given == []


def refuse() -> Draft:
    raise NotDrafted("it took longer than 1m (transcripts.within)")


@pytest.mark.parametrize(
    ("changes", "made", "why"),
    [
        ({}, Made(refuse), "it took longer than 1m (transcripts.within)"),
        ({"msg_id": "1795510800-00000002"}, Made(), "the recording is there no more"),
        ({"mailbox": "601@default"}, Made(), "the recording is there no more"),
    ],
)
async def test_what_goes_wrong_is_a_failed_draft(spool: Path, changes: Any, made: Made, why: str) -> None:
    rows, log = Rows(message(**changes)), Log()
    assert await drafting(spool, rows, made, log).step()
    assert [(one.state, one.why, one.text) for one in rows.ended] == [(TranscriptState.FAILED, why, "")]
    (line,) = log.lines
    assert why in line
    assert "0770" not in line


async def test_a_damaged_recording_and_a_spool_that_is_away_are_failed_drafts(spool: Path, tmp_path: Path) -> None:
    put(spool, "default/600/INBOX/msg0000.wav", b"RIFF not at all")
    for where, why in ((spool, "the recording is damaged"), (tmp_path / "away", "the recording")):
        rows = Rows(message())
        await drafting(where, rows, Made(), Log()).step()
        assert rows.ended[0].state is TranscriptState.FAILED
        assert rows.ended[0].why.startswith(why)


async def test_with_something_missing_no_try_is_lost_and_it_is_said_once(spool: Path) -> None:
    rows, log = Rows(message()), Log()
    work = drafting(spool, rows, Made(), log, "the library that makes drafts is not installed")
    assert not await work.step()
    assert not await work.step()
    assert rows.asked == []
    assert len(log.lines) == 1
    assert "not installed" in log.lines[0]


async def test_it_goes_on_when_a_message_becomes_known_and_when_the_database_is_back(spool: Path) -> None:
    rows, made = Rows(), Made()
    rows.away = True
    work = drafting(spool, rows, made, Log())
    async with Tasks() as tasks:
        tasks.spawn(work.run(), name="drafting")
        await rows.looked.wait()
        rows.looked.clear()
        rows.waiting.append(message())
        work.observe([GapOpened(pbx="lab", at=BEGAN, reason="no news of messages")])
        assert rows.ended == []
        work.observe([TaskChanged(pbx="lab", at=BEGAN, message=message())])
        await rows.looked.wait()
        while not rows.ended:
            rows.looked.clear()
            await rows.looked.wait()
    assert rows.ended[0].state is TranscriptState.MADE


def test_the_language_is_the_one_configured_or_the_lines_only_one() -> None:
    one, both = (replace(LINE, languages=told) for told in (("en_GB", "en"), ("en", "cy")))
    assert spoken_in(SETTINGS, one) == "en"
    assert spoken_in(SETTINGS, both) is None
    assert spoken_in(SETTINGS, None) is None
    assert spoken_in(replace(SETTINGS, language="cy"), both) == "cy"


# --- recorded messages -----------------------------------------------------------------------------------------------


async def test_a_recorded_message_has_its_draft_once_messages_have_theirs(spool: Path) -> None:
    put(spool, "default/600/unavail.wav", wav(voice(7)))
    put(spool, "default/600/busy.wav", b"RIFF not at all")
    good, bad = await recorded(spool)
    rows, made, log = Rows(message()), Made(), Log()
    work = drafting(spool, rows, made, log)
    assert work.wording(good) == ""
    assert work.wording(bad) == ""
    while await work.step():
        pass
    assert len(made.given) == 2
    assert [one.key for one in rows.ended] == [message().key]
    assert work.wording(good) == "Ring 01632 960123."
    assert work.wording(bad) == ""
    assert work.wording(replace(good, digest="")) == ""
    assert not await work.step(), "neither is made again"
    assert len(log.lines) == 1
    assert "no draft of a recorded message" in log.lines[0]


async def recorded(spool: Path) -> list[Looked]:
    (place,) = places_of(BOX, {"lab": spool}, {})
    return Ear().look(place)
