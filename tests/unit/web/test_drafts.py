"""Drafts on a task's page: labelled, closed until opened, opened in the audit log, and nothing else made of them."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from callcentre.core.tasks import Message
from callcentre.core.transcripts import LABEL, Transcript, TranscriptState
from tests.unit.web.desk import ALICE, BOB, Desk, desk, message, opened
from tests.unit.web.reader import HOSTILE, Browser
from tests.unit.web.served import NOW

SAID = "It is Ada. Ring me on 01632 960 555 please."
ON = {"transcripts": {"model": "/srv/whisper-small"}}


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with desk(tmp_path, **ON) as of_desk, ClientSession() as http:
        yield Browser(of_desk, http)


async def drafted(of_desk: Desk, one: Message, **changes: Any) -> None:
    known: dict[str, Any] = {"state": TranscriptState.MADE, "text": SAID, "language": "en", "seconds": 12.0}
    made = Transcript(pbx=one.pbx, key=one.key, made_at=NOW, **(known | changes))
    assert await of_desk.database.transcripts.begin(one, "whisper-small", NOW)
    assert await of_desk.database.transcripts.end(made)


async def audited(browser: Browser) -> list[tuple[str, str, str]]:
    entries = await browser.desk.database.audit.entries()
    return [(entry.who, entry.action, entry.what) for entry in reversed(entries)]


async def test_a_draft_is_closed_until_it_is_opened_and_always_labelled(browser: Browser) -> None:
    one = message(1)
    await browser.desk.task(1, one)
    await drafted(browser.desk, one)
    async with opened(browser.desk) as browser.address:
        closed = await browser.get("/tasks/lab/1")
        assert "Read a draft made by a machine" in closed
        assert SAID not in closed
        assert await audited(browser) == []
        way = re.search(r'href="(/tasks/lab/1\?draft=[^"#]+)#draft"', closed)
        assert way is not None
        told = await browser.see(way[1])
        assert f"⚠ {LABEL}. {SAID}" in told
        assert "not heard" in told, "reading is not listening"


async def test_each_reading_is_written_down_once_for_each_person(browser: Browser) -> None:
    one = message(1)
    await browser.desk.task(1, one)
    await drafted(browser.desk, one)
    async with opened(browser.desk) as browser.address:
        for who in (ALICE, ALICE, BOB):
            assert SAID in await browser.see(f"/tasks/lab/1?draft={one.key}", who)
        what = f"message {one.key} on lab, line enquiries"
        assert await audited(browser) == [("alice", "read a draft", what), ("bob", "read a draft", what)]
        browser.desk.later(minutes=11)
        await browser.see(f"/tasks/lab/1?draft={one.key}")
        assert len(await audited(browser)) == 3


async def test_no_number_is_made_of_it_and_no_other_page_has_it(browser: Browser) -> None:
    one = message(1, caller=None)
    await browser.desk.task(1, one, caller=None)
    await drafted(browser.desk, one)
    async with opened(browser.desk) as browser.address:
        html = await browser.get(f"/tasks/lab/1?draft={one.key}")
        assert html.count("960 555") == 1
        assert "tel:" not in html
        assert '<meta name="format-detection" content="telephone=no">' in html
        assert re.search(r'<input id="dial"[^>]* value=""', html)
        for path in ("/tasks", "/calls", "/missed", "/wrap-ups"):
            assert "960 555" not in await browser.get(path, {"X-As": "root:admin:"})
        task = await browser.desk.held(1)
        assert (task.caller, task.dial) == (None, None)


async def test_what_callers_say_is_plain_text_and_what_failed_says_why(browser: Browser) -> None:
    one, two, three = message(1), message(2), message(3)
    await browser.desk.task(1, one, two, three)
    await drafted(browser.desk, one, text=HOSTILE, seconds=4.0, language="")
    await drafted(browser.desk, two, state=TranscriptState.FAILED, text="", why="it took longer than 5m")
    await drafted(browser.desk, three, text="")
    async with opened(browser.desk) as browser.address:
        html = await browser.get(f"/tasks/lab/1?draft={one.key}")
        assert HOSTILE not in html
        told = await browser.see(f"/tasks/lab/1?draft={one.key}")
        assert HOSTILE in told
        assert "Of the first 0:04 only." in told
        assert "There is no draft of what it says: it took longer than 5m." in told
        assert "No words are here: nothing was understood, or their time is over." in await browser.see(
            f"/tasks/lab/1?draft={three.key}"
        )
        assert "took longer" not in [what for _, _, what in await audited(browser)]


async def test_without_its_sound_a_draft_is_not_shown(browser: Browser) -> None:
    one = message(1)
    await browser.desk.task(1, one)
    await drafted(browser.desk, one)
    async with opened(browser.desk) as browser.address:
        gone = message(1, in_mailbox=False, folder=None, playable=False)
        await browser.desk.task(1, gone, entries=())
        told = await browser.see(f"/tasks/lab/1?draft={one.key}")
        assert "The message was deleted from its mailbox." in told
        assert "draft" not in told.lower()


async def test_switched_off_nothing_of_it_is_there(tmp_path: Path) -> None:
    async with desk(tmp_path) as of_desk, ClientSession() as http:
        one = message(1)
        await of_desk.task(1, one)
        await drafted(of_desk, one)
        browser = Browser(of_desk, http)
        async with opened(of_desk) as browser.address:
            told = await browser.see(f"/tasks/lab/1?draft={one.key}")
        assert "draft" not in told.lower()
