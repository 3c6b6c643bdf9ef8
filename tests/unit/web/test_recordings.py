"""Recordings: found by a message's name alone, sent whole or in the part asked for, and each listening written down."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
import soundfile
from aiohttp import ClientResponse, ClientSession
from yarl import URL

from callcentre.core.facts import TaskChanged
from callcentre.core.tasks import Message
from callcentre.core.terms import instant
from tests.unit.spool.spool_dir import LEFT
from tests.unit.web.desk import ALICE, BOB, Desk, desk, message, opened
from tests.unit.web.served import NOW

SOUND = (np.sin(np.arange(8_000) / 5) * 0.3).astype("float32")


class Player:
    """Asks for recordings."""

    def __init__(self, of_desk: Desk, address: str, http: ClientSession) -> None:
        self.desk = of_desk
        self._address = address
        self._http = http

    async def get(
        self, one: Message, *, method: str = "GET", who: dict[str, str] = ALICE, **more: str
    ) -> ClientResponse:
        headers = who | {name.replace("_", "-"): value for name, value in more.items()}
        url = URL(f"{self._address}/recordings/{one.pbx}/{quote(one.key, safe='')}", encoded=True)
        answer = await self._http.request(method, url, headers=headers, allow_redirects=False)
        await answer.read()
        return answer

    async def leave(self, number: int = 1, *, form: str = "wav", **how: str) -> tuple[Message, bytes]:
        """A message with a sound of one second; and the bytes of its file."""
        one = message(number)
        path = self.desk.spool.message(number, audio=None).with_suffix(f".{form}")
        if form != "none":
            soundfile.write(path, SOUND, 8_000, **({"format": "WAV", "subtype": "PCM_16"} | how))
        await self.desk.commit(TaskChanged(pbx="lab", at=NOW, message=one))
        return one, path.read_bytes() if path.exists() else b""

    async def audited(self) -> list[tuple[str, str, str]]:
        entries = await self.desk.database.audit.entries()
        return [(entry.who, entry.action, entry.what) for entry in reversed(entries)]


@pytest.fixture
async def player(tmp_path: Path) -> AsyncIterator[Player]:
    async with desk(tmp_path) as of_desk, opened(of_desk) as address, ClientSession() as http:
        yield Player(of_desk, address, http)


async def test_the_whole_recording(player: Player) -> None:
    one, content = await player.leave()
    answer = await player.get(one)
    assert answer.status == 200
    assert await answer.read() == content
    assert answer.headers["Content-Type"] == "audio/wav"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Content-Range" not in answer.headers


PARTS = (
    ("bytes=0-", 0, 16_043),
    ("bytes=0-0", 0, 0),
    ("bytes=100-199", 100, 199),
    ("bytes=16043-16043", 16_043, 16_043),
    ("bytes=16000-99999", 16_000, 16_043),
    ("bytes=-500", 15_544, 16_043),
    ("bytes=-99999", 0, 16_043),
    ("Bytes= 5-9 ", 5, 9),
)
NOT_THERE = ("bytes=16044-", "bytes=99999-100000", "bytes=-0")
UNCLEAR = ("bytes=", "bytes=-", "bytes=9-5", "bytes=a-b", "items=0-5", "bytes=0-1,5-9", "0-5", f"bytes={'9' * 99}-")


async def test_the_part_that_is_asked_for(player: Player) -> None:
    one, content = await player.leave()
    for asked, first, last in PARTS:
        answer = await player.get(one, Range=asked)
        assert answer.status == 206, asked
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/16044", asked
        assert await answer.read() == content[first : last + 1], asked
    for asked in NOT_THERE:
        answer = await player.get(one, Range=asked)
        assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */16044"), asked
    for asked in UNCLEAR:
        answer = await player.get(one, Range=asked)
        assert (answer.status, await answer.read()) == (200, content), asked


async def test_a_part_of_what_it_was(player: Player) -> None:
    """If-Range: the part if the recording is the same, the whole if it is another by now."""
    one, content = await player.leave()
    tag = (await player.get(one)).headers["ETag"]
    assert (await player.get(one, Range="bytes=0-9", If_Range=tag)).status == 206
    for other in ('"another"', f"W/{tag}", "Tue, 24 Nov 2026 10:00:00 GMT"):
        answer = await player.get(one, Range="bytes=0-9", If_Range=other)
        assert (answer.status, await answer.read()) == (200, content)


async def test_head_tells_and_sends_nothing(player: Player) -> None:
    one, content = await player.leave()
    answer = await player.get(one, method="HEAD", Range="bytes=0-9")
    assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(content)))
    assert await player.audited() == []


async def test_telephone_codecs_are_converted_and_can_be_asked_for_in_parts(player: Player) -> None:
    one, _ = await player.leave(form="WAV", subtype="GSM610")
    whole = await player.get(one)
    content = await whole.read()
    assert content.startswith(b"RIFF")
    assert 2 * len(SOUND) < len(content) < 3 * len(SOUND), "GSM comes in whole blocks"
    part = await player.get(one, Range="bytes=40-99", If_Range=whole.headers["ETag"])
    assert (part.status, await part.read()) == (206, content[40:100])


async def test_what_cannot_be_played_is_said_in_words(player: Player) -> None:
    one, _ = await player.leave()
    for path in player.desk.spool.folder("600@default").glob("*.wav"):
        path.write_bytes(b"no sound")
    answer = await player.get(one)
    assert answer.status == 415
    assert "damaged" in await answer.text()


async def test_a_message_that_is_gone(player: Player) -> None:
    one, _ = await player.leave()
    nobody = await player.get(replace(one, key="id of nobody"))
    for path in player.desk.spool.folder("600@default").glob("msg*"):
        path.unlink()
    deleted = await player.get(one)
    await player.desk.commit(TaskChanged(pbx="lab", at=NOW, message=replace(one, in_mailbox=False, folder=None)))
    known = await player.get(one)
    assert {nobody.status, deleted.status, known.status} == {404}
    assert "deleted" in await deleted.text()
    assert await player.audited() == []


async def test_a_pbx_whose_spool_cannot_be_read(player: Player) -> None:
    one = message(pbx="far")
    await player.desk.commit(TaskChanged(pbx="far", at=NOW, message=one))
    answer = await player.get(one)
    assert answer.status == 404
    assert "by telephone" in await answer.text()


async def test_no_path_is_taken(player: Player) -> None:
    await player.leave()
    for key in ("../../../etc/passwd", "msg0001.wav", "600@default/INBOX/msg0001", "%00", "."):
        assert (await player.get(message(key=key))).status == 404, key


async def test_who_listened_is_written_once_for_each_listening(player: Player) -> None:
    one, _ = await player.leave()
    for asked in ("bytes=0-", "bytes=500-", "bytes=1000-"):
        await player.get(one, Range=asked)
    await player.get(one, who=BOB, Range="bytes=1-")
    entry = ("listened", f"message {one.key} on lab, line enquiries")
    assert await player.audited() == [("alice", *entry), ("bob", *entry)]
    player.desk.later(minutes=10)
    await player.get(one)
    assert len(await player.audited()) == 3


async def test_nobody_listens_without_an_account(player: Player) -> None:
    one, _ = await player.leave()
    assert (await player.get(one, who={})).status == 303


async def test_a_message_is_found_by_the_recordings_own_time(player: Player) -> None:
    """Ids begin anew with every restart of the PBX: the same one may have been given before."""
    one, _ = await player.leave()
    other = replace(one, key="another", began_at=instant(LEFT) - timedelta(days=1))
    await player.desk.commit(TaskChanged(pbx="lab", at=NOW, message=other))
    assert (await player.get(other)).status == 404
