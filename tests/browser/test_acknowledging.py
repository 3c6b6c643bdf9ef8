"""A charter that promises to acknowledge messages (WME 4.1), seen live: by when, said with a button, and taken back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.browser.office import Office, simulated
from tests.browser.person import NARROW, People
from tests.browser.test_pages import looked_at

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CALLER, OTHER = "07700900142", "07700900187"
TOLD = "SELECT count(*) FROM filings WHERE acknowledged_at IS NOT NULL"
DUE = "to be acknowledged by"
ASKED = "Told them that it was received?"


@pytest_asyncio.fixture(loop_scope="session")
async def office(tmp_path: Path, accounts: Path) -> AsyncIterator[Office]:
    """An office without a daemon yet, both lines of which keep WME's charter."""
    async with simulated(tmp_path, accounts) as made:
        written = made.config.read_text()
        assert written.count('charter = "hct"') == 2
        made.config.write_text(written.replace('charter = "hct"', 'charter = "wme"'))
        yield made


def row(page: Page, number: str = CALLER) -> Locator:
    """A caller's row in the list."""
    return page.locator("#queue li").filter(has_text=number[-3:])


async def opened(page: Page, number: str = CALLER) -> None:
    """The page of a caller's task, from its row."""
    await row(page, number).locator("[data-open]").click()
    await page.wait_for_url("**/tasks/office/*")
    await page.wait_for_load_state()


async def test_a_message_is_acknowledged_with_the_button_and_it_is_taken_back(people: People) -> None:
    office = people.office
    office.leave(CALLER, name="Mrs A Okafor")
    alice = await people.logged_in("alice")
    page = await alice.open("/tasks")
    await expect(row(page)).to_contain_text(DUE)
    assert not (wrong := await looked_at(page, "acknowledge-list")), wrong
    await opened(page)
    await expect(page.get_by_role("group", name=ASKED)).to_be_visible()
    await page.locator("summary", has_text="Why acknowledged by").click()
    await expect(page.locator("#messages")).to_contain_text("5 working days")
    assert not (wrong := await looked_at(page, "acknowledge-asked")), wrong
    await page.get_by_role("textbox", name="Note").fill("The engineer comes on Friday")
    await page.get_by_label("How", exact=True).select_option("text")
    alice.expected = {409}
    await page.get_by_label("When, if not just now").fill("2020-01-01T09:00")
    await page.get_by_role("button", name="Acknowledged").click()
    await expect(page.locator("#refusal")).to_contain_text("that was before the message was left")
    assert not (wrong := await looked_at(page, "acknowledge-refused")), wrong
    await page.get_by_label("When, if not just now").fill("")
    await page.get_by_role("button", name="Acknowledged").click()
    await expect(page.locator("#messages")).to_contain_text("· acknowledged")
    await expect(page.locator("#steps")).to_contain_text("the caller was told by text; The engineer comes on Friday")
    await expect(page.get_by_role("group", name=ASKED)).to_have_count(0)
    assert office.rows(TOLD) == [(1,)]
    assert not (wrong := await looked_at(page, "acknowledge-told")), wrong
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("group", name=ASKED)).to_be_visible()
    await expect(page.locator("#messages")).not_to_contain_text("· acknowledged")
    assert office.rows(TOLD) == [(0,)]


async def test_by_keyboard_it_leaves_the_list_of_those_who_wait_for_it(people: People) -> None:
    office = people.office
    for number, name in ((CALLER, "Mrs A Okafor"), (OTHER, "Mr D Hall")):
        office.leave(number, name=name)
        await people.daemon.until_rows(f"SELECT 1 FROM tasks WHERE caller = '{number}'")
    alice = await people.logged_in("alice")
    page, keys = await alice.open("/tasks?view=acknowledge"), alice.page.keyboard
    await expect(row(page)).to_be_visible()
    await expect(row(page, OTHER)).to_be_visible()
    await opened(page)
    await keys.press("a")
    await expect(page.locator("#messages")).to_contain_text("· acknowledged")
    await alice.open("/tasks?view=acknowledge")
    await expect(row(page, OTHER)).to_be_visible()
    await expect(row(page)).to_have_count(0)
    assert office.rows("SELECT state FROM tasks") == [("open",), ("open",)], "they are still to be called back"


@pytest.mark.parametrize("size", [(1280, 900), NARROW], ids=["wide", "narrow"])
async def test_without_script_and_said_by_a_colleague_first(people: People, size: tuple[int, int]) -> None:
    office = people.office
    office.leave(CALLER)
    await people.daemon.until_rows("SELECT 1 FROM tasks")
    alice = await people.logged_in("alice", java_script_enabled=False, size=size)
    page = await alice.open("/tasks")
    await opened(page)
    bob = await people.logged_in("bob", java_script_enabled=False, size=size)
    bob.expected = {409}
    await bob.open(page.url.removeprefix(office.address))
    await page.get_by_role("button", name="Acknowledged").click()
    await expect(page.locator("#messages")).to_contain_text("· acknowledged")
    await bob.page.get_by_role("textbox", name="Note").fill("I told her too")
    await bob.page.get_by_role("button", name="Acknowledged").click()
    await expect(bob.page.locator("#refusal")).to_contain_text("write a note instead")
    await expect(bob.page.get_by_role("textbox", name="Note")).to_have_value("I told her too")
    assert office.rows(TOLD) == [(1,)]
