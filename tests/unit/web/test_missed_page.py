"""Missed callers: each once, gone when reached; a callback is made of what the store has, once."""

from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from re import findall

import pytest
from aiohttp import ClientSession

from callcentre.core.facts import Call, CallEnded
from callcentre.core.requests import WrapUpAsked
from callcentre.core.terms import TaskSource, TaskState, WrapKind
from tests.unit.web.calls import call, given_up
from tests.unit.web.desk import Desk, desk, opened
from tests.unit.web.reader import words
from tests.unit.web.test_pages import HOSTILE

AL = {"X-As": "al:agent"}
CALLER = "07700900456"


class There:
    """An agent's view of the list."""

    def __init__(self, of: Desk, address: str, session: ClientSession) -> None:
        self.desk, self.address, self.session = of, address, session

    async def put(self, *calls: Call) -> None:
        await self.desk.commit(*(CallEnded(pbx="lab", at=self.desk.now, call=each) for each in calls))

    async def page(self, query: str = "") -> str:
        async with self.session.get(f"{self.address}/missed{query}", headers=AL) as reply:
            assert reply.status == 200
            return " ".join((await reply.text()).split())

    async def click(self, page: str, **changes: str) -> int:
        """Send the first form of the page that makes a callback, as `changes` have it."""
        form = page[page.index('action="/missed') :].partition("</form>")[0]
        fields = {name: unescape(value) for name, value in findall(r'name="(\w+)" value="([^"]*)"', form)}
        url = f"{self.address}/missed"
        async with self.session.post(url, data=fields | changes, headers=AL, allow_redirects=False) as reply:
            await reply.read()
            return reply.status


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[There]:
    async with desk(tmp_path) as of, opened(of) as address, ClientSession() as session:
        yield There(of, address, session)


async def test_a_caller_is_there_once_with_each_line(there: There) -> None:
    await there.put(given_up(1, ago=600), given_up(2, ago=300), given_up(3, ago=60, line="nurse"))
    text = await there.page()
    assert "<b>1 caller</b> whom nobody answered, and who was neither answered" in text
    assert text.count("07700 900 456") == 1
    assert "3 calls" in text
    assert "enquiries: 2 calls since" in text
    assert "<b>1 caller</b>" in await there.page("?line=nurse")


async def test_whoever_was_answered_since_is_gone(there: There) -> None:
    await there.put(given_up(1, ago=600), given_up(2, ago=600, caller="01632960777"), call(3, ago=60))
    text = await there.page()
    assert "01632 960 777" in text
    assert "07700" not in words(text), "ids of forms hold any digits"


async def test_days_bound_the_list(there: There) -> None:
    await there.put(given_up(1, ago=2 * 86_400))
    assert "Nobody is missed: whoever called was answered, or reached since." in await there.page("?days=1")
    assert "<b>1 caller</b>" in await there.page("?days=3")
    assert "<b>1 caller</b>" in await there.page("?days=999"), "the usual week"


async def test_a_callback_is_made_once_and_then_leads_to_its_task(there: There) -> None:
    await there.put(given_up(1, ago=600), given_up(2, ago=60))
    before = await there.page()
    assert await there.click(before) == 303
    assert await there.click(before) == 303, "the same, asked again by somebody else"
    (asked,) = there.desk.asked
    assert isinstance(asked, WrapUpAsked)
    assert (asked.kind, asked.caller, asked.who, asked.call) == (WrapKind.FOLLOW_UP, CALLER, "al", given_up(2).key)
    (task,) = await there.desk.database.queries.tasks()
    assert (task.caller, task.source, task.state) == (CALLER, TaskSource.FOLLOW_UP, TaskState.OPEN)
    after = await there.page()
    assert f'href="/tasks/lab/{task.number}"' in after
    assert 'action="/missed' not in after


async def test_the_number_comes_from_the_store_alone(there: There) -> None:
    await there.put(given_up(1, ago=60))
    page = await there.page()
    form = page[page.index('action="/missed') :].partition("</form>")[0]
    assert CALLER not in form
    assert await there.click(page, caller="09098790879") == 409
    assert await there.click(page, at="2026-11-24T00:00:00+00:00") == 409
    assert await there.click(page, at="now") == 400
    assert await there.click(page, line="nurse") == 409
    assert there.desk.asked == []


async def test_hostile_callers_and_lines_are_words(there: There) -> None:
    await there.put(given_up(1, line=HOSTILE))
    text = await there.page()
    assert "&lt;script&gt;" in text
    assert "<script>" not in text


async def test_the_list_is_for_whoever_is_logged_in(there: There) -> None:
    async with there.session.get(f"{there.address}/missed", allow_redirects=False) as reply:
        assert reply.status == 303
    async with there.session.get(f"{there.address}/missed?line=nowhere", headers=AL) as reply:
        assert reply.status == 404
