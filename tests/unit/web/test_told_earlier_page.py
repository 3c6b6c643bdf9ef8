"""A time typed in for an acknowledgement: understood on the clocks of the line, or refused beside its field."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.unit.web.desk import ALICE, message, opened
from tests.unit.web.reader import Browser
from tests.unit.web.served import NOW
from tests.unit.web.test_acknowledge_page import DAY, browsing

ASKED = "/tasks/lab/1/acknowledge"


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    """A message of two days ago, Sunday 22 November at 10:00."""
    async with browsing(tmp_path) as somebody:
        await somebody.desk.task(1, message(1, ago=2 * DAY), ago=2 * DAY)
        async with opened(somebody.desk) as somebody.address:
            yield somebody


async def told(browser: Browser) -> datetime | None:
    """When the caller was told, by the store."""
    detail = await browser.desk.database.queries.task("lab", 1)
    assert detail is not None
    return detail.filings[0].acknowledged_at


async def test_it_counts_from_the_time_that_was_typed(browser: Browser) -> None:
    assert '<input id="when" type="datetime-local" name="when"' in await browser.get("/tasks/lab/1")
    answer = await browser.post(ASKED, how="text", when="2026-11-23T09:30")
    assert (answer.status, answer.headers["Location"]) == (303, "/tasks/lab/1")
    assert "told by text on Monday 23 November 2026 at 09:30" in await browser.see("/tasks/lab/1")
    assert await told(browser) == NOW - DAY - DAY / 48


async def test_left_empty_it_is_now(browser: Browser) -> None:
    await browser.post(ASKED, how="text", when="")
    assert await told(browser) == NOW


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("2026-11-24T10:01", "that time has not come yet; say when the caller was told"),
        ("2026-11-22T09:59", "that was before the message was left"),
        ("0001-01-01T00:00", "that was before the message was left"),
        ("9999-12-31T23:59", "that time has not come yet"),
    ],
)
async def test_a_time_that_cannot_be_is_refused_with_all_that_was_typed(
    browser: Browser, when: str, words: str
) -> None:
    answer = await browser.post(ASKED, ALICE, how="letter", when=when, why="left a card")
    html = await answer.text()
    assert answer.status == 409
    assert words in html
    assert f'name="when" value="{when}"' in html
    assert ">left a card</textarea>" in html


async def test_what_is_no_time_is_said_beside_its_field(browser: Browser) -> None:
    status, answer = await browser.script(ASKED, how="text", when="yesterday")
    assert (status, answer["field"]) == (409, "when")
    html = await (await browser.post(ASKED, how="text", when="yesterday")).text()
    assert 'data-wrong="when">that is no time; pick a day and a time, or leave it empty</p>' in html
    assert 'aria-invalid="true" aria-describedby="when-wrong"' in html
