"""The rows of the queue: made once for all who are shown the same words, and yet nobody's form is another's."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from callcentre.web import task_rows
from tests.unit.web.desk import ALICE, BOB, message, opened
from tests.unit.web.reader import HOSTILE, Browser, reading, words


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with reading(tmp_path) as somebody:
        for number in range(1, 6):
            await somebody.desk.task(number, message(number))
        async with opened(somebody.desk) as somebody.address:
            yield somebody


def keys(html: str) -> list[str]:
    return re.findall(r'name="key" value="([^"]+)"', html)


async def test_each_form_of_each_look_is_a_request_of_its_own(browser: Browser) -> None:
    looks = [await browser.get("/tasks", who) for who in (ALICE, ALICE, BOB)]
    of_all = [key for html in looks for key in keys(html)]
    assert len(of_all) == len(set(of_all)) == 3 * 5 * 2, "claim and call back, of five tasks, three times"


async def test_a_row_leads_back_to_the_list_it_stands_in(browser: Browser) -> None:
    for path in ("/tasks", "/tasks?line=enquiries", "/tasks?line=all"):
        html = await browser.get(path)
        assert set(re.findall(r'name="back" value="([^"]+)"', html)) == {path}


async def test_a_row_is_never_older_than_its_task(browser: Browser) -> None:
    before = await browser.see("/tasks")
    await browser.post("/tasks/lab/1/claim")
    await browser.post("/tasks/lab/2/claim")
    await browser.post("/tasks/lab/2/flags", language="pl", agreed="1")
    assert await browser.rows("/tasks") == [3, 4, 5]
    assert await browser.rows("/tasks?view=mine") == [1, 2]
    after = await browser.see("/tasks?view=mine")
    assert ("speaks Polish" in before, "speaks Polish" in after) == (False, True)
    browser.desk.later(minutes=30)
    assert "3 h 30 min left" in await browser.see("/tasks")


async def test_what_somebody_holds_looks_otherwise_to_them(browser: Browser) -> None:
    await browser.post("/tasks/lab/1/claim")
    mine, held = await browser.get("/tasks?view=mine"), await browser.get("/tasks?view=held", BOB)
    assert ("/tasks/lab/1/release" in mine, "/tasks/lab/1/release" in held) == (True, False)
    assert "alice has it" in words(held)


async def test_no_more_rows_are_remembered_than_is_good(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_rows, "_REMEMBERED", 3)
    for _ in range(3):
        assert await browser.rows("/tasks") == [1, 2, 3, 4, 5]
        browser.desk.now += timedelta(minutes=1)


async def test_what_stands_in_a_row_is_text(browser: Browser) -> None:
    await browser.desk.task(6, message(6, caller=HOSTILE), caller=HOSTILE)
    assert HOSTILE not in await browser.get("/tasks?line=all")
    assert HOSTILE in await browser.see("/tasks?line=all")
