"""Acknowledging on the agent's pages: shown and said where the charter promises it, nowhere else."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from aiohttp import ClientSession

from callcentre.core.terms import TaskOutcome, TaskState, TaskStep
from tests.unit.web.desk import ALICE, BOB, desk, message, opened
from tests.unit.web.reader import HOSTILE, HOURS, Browser
from tests.unit.web.served import NOW

LINE = {"pbx": "lab", "nation": "ENG", "charter": "wme"}
LINES = [
    LINE | {"name": "enquiries", "dids": ["01632960600"], "mailboxes": ["600"]},
    LINE | {"name": "nurse", "charter": "hct", "dids": ["01632960601"], "mailboxes": ["601"]},
]
DAY = timedelta(days=1)
BEFORE = 26 * DAY
"""A message left so long ago was to be acknowledged weeks ago, and answered yesterday or so."""


@asynccontextmanager
async def browsing(folder: Path) -> AsyncIterator[Browser]:
    """An office of which one line keeps the charter of WME."""
    calling = {"also": ["07700900", "01632960"]}
    async with desk(folder, line=LINES, calling=calling) as of_desk, ClientSession() as http:
        yield Browser(of_desk, http)


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with browsing(tmp_path) as somebody:
        await somebody.desk.task(1, message(1))
        await somebody.desk.task(2, message(2, line="nurse", caller="01632960123"), line="nurse", caller="01632960123")
        async with opened(somebody.desk) as somebody.address:
            yield somebody


async def test_the_row_and_the_task_say_by_when(browser: Browser) -> None:
    row, page = await browser.see("/tasks"), await browser.see("/tasks/lab/1")
    due = (await browser.desk.held()).ack_due
    assert due is not None
    assert row.count("● to be acknowledged by") == page.count("● to be acknowledged by") == 1
    assert f"● to be acknowledged by {due:%a} {due.day} {due:%b}, 17:00" in row
    assert f"Why acknowledged by {due:%a} {due.day} {due:%b}, 17:00?" in page
    assert "Rule: within 5 working days" in page or "5 working days" in page
    assert "Told them that it was received?" in page
    assert "acknowledge" not in (await browser.see("/tasks/lab/2")).lower()


@pytest.mark.parametrize(
    ("how", "words"), [("call", "a call"), ("text", "text"), ("email", "e-mail"), ("letter", "letter")]
)
async def test_it_is_said_with_a_button_and_how(browser: Browser, how: str, words: str) -> None:
    html = await browser.get("/tasks/lab/1")
    assert re.search(r'formaction="/tasks/lab/1/acknowledge" data-key="a"', html)
    assert f'<option value="{how}">' in html
    answer = await browser.post("/tasks/lab/1/acknowledge", how=how, why=f"on his card {HOSTILE}")
    assert (answer.status, answer.headers["Location"]) == (303, "/tasks/lab/1")
    html = await browser.get("/tasks/lab/1")
    assert f"the caller was told by {words}; on his card {HOSTILE}" in unescape(html)
    assert HOSTILE not in html
    page = await browser.see("/tasks/lab/1")
    assert "· acknowledged 10:00" in page
    assert "● to be acknowledged by" not in page + await browser.see("/tasks")
    assert "Told them that it was received?" not in page


async def test_what_one_said_is_taken_back_on_the_page(browser: Browser) -> None:
    await browser.post("/tasks/lab/1/acknowledge", how="text")
    assert 'action="/tasks/lab/1/undo"' in await browser.get("/tasks/lab/1")
    assert 'action="/tasks/lab/1/undo"' not in await browser.get("/tasks/lab/1", BOB)
    browser.desk.later(seconds=10)
    await browser.post("/tasks/lab/1/undo")
    assert "● to be acknowledged by" in await browser.see("/tasks/lab/1")
    assert (await browser.desk.held()).state is TaskState.OPEN


@pytest.mark.parametrize(("number", "form"), [(1, {}), (1, {"how": "pigeon"}), (2, {"how": "text"})])
async def test_what_cannot_be_is_refused_and_nothing_typed_is_lost(
    browser: Browser, number: int, form: dict[str, str]
) -> None:
    answer = await browser.post(f"/tasks/lab/{number}/acknowledge", ALICE, why="left a card", **form)
    html = await answer.text()
    assert answer.status == 409
    assert ">left a card</textarea>" in html
    said = "pick one of the list" if number == 1 else "nothing in task 2 waits to be acknowledged; write a note instead"
    assert said in html


async def test_a_script_is_told_what_was_done(browser: Browser) -> None:
    status, answer = await browser.script("/tasks/lab/1/acknowledge", how="letter")
    assert (status, answer["ok"], answer["said"]) == (200, True, "It is noted that they were told")
    status, answer = await browser.script("/tasks/lab/1/acknowledge", how="pigeon")
    assert (status, answer["field"]) == (409, "how")


async def test_a_form_sent_twice_says_it_once(browser: Browser) -> None:
    for _ in range(2):
        await browser.post("/tasks/lab/1/acknowledge", key="key-of-one-form", how="text")
    detail = await browser.desk.database.queries.task("lab", 1)
    assert detail is not None
    assert [entry.step for entry in detail.entries].count(TaskStep.ACKNOWLEDGED) == 1


async def test_the_list_of_what_is_to_be_acknowledged(browser: Browser) -> None:
    assert "To acknowledge 1" in await browser.see("/tasks")
    assert await browser.rows("/tasks?view=acknowledge") == [1]
    await browser.post("/tasks/lab/1/claim")
    assert await browser.rows("/tasks?view=acknowledge", BOB) == [1], "whoever has it"
    await browser.post("/tasks/lab/1/acknowledge", how="text")
    assert "Nobody waits for an acknowledgement" in await browser.see("/tasks?view=acknowledge")


async def test_what_is_late_looks_late(tmp_path: Path) -> None:
    async with browsing(tmp_path) as browser:
        await browser.desk.task(1, message(1, ago=BEFORE), ago=BEFORE)
        async with opened(browser.desk) as browser.address:
            row, page = await browser.get("/tasks"), await browser.see("/tasks/lab/1")
    assert (
        '<span class="pressing over"><span class="shape" aria-hidden="true">▲</span> was to be acknowledged by' in row
    )
    assert "▲ was to be acknowledged by" in page


async def test_who_closes_it_as_done_has_told_them(browser: Browser) -> None:
    await browser.post("/tasks/lab/1/heard")
    await browser.post("/tasks/lab/1/close", outcome=TaskOutcome.DONE)
    page = await browser.see("/tasks/lab/1")
    assert "· acknowledged 10:00" in page
    assert "● to be acknowledged by" not in page


async def test_an_office_that_promises_none_shows_no_word_of_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as of_desk, ClientSession() as http:
        browser = Browser(of_desk, http)
        await of_desk.task(1, message(1, ago=2 * HOURS), responded_at=NOW - HOURS)
        async with opened(of_desk) as browser.address:
            for path in ("/tasks", "/tasks?view=acknowledge", "/tasks/lab/1"):
                html = await browser.get(path, ALICE)
                assert "acknowledge" not in html
                assert 'id="receipt"' not in html
            assert await browser.rows("/tasks?view=acknowledge") == [1], "an unknown list is the first one"
