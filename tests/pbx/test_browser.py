"""A call back by somebody in a real browser, through a real Asterisk: from the list to the outcome."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from callcentre.runtime.clock import SystemClock
from callcentre.store.database import Database
from tests.browser.chromium import FLAGS, needed
from tests.browser.office import ACCOUNTS, PASSWORD, QUICKLY
from tests.pbx.lab.clicking import CONFIG, PATIENCE, ClickLab
from tests.pbx.lab.daemon import read_rows
from tests.pbx.lab.script import Bye, Ring, Wait

pytestmark = [pytest.mark.pbx, pytest.mark.browser, pytest.mark.parametrize("version", ["22", "16"], scope="module")]
CALLER = "01632960958"
"""The lab's dialplan lets it ring for long."""


@pytest.fixture
def lab(fetched: str, tmp_path: Path) -> Iterator[ClickLab]:
    """A PBX, a daemon that has accounts, and one caller who waits."""
    # Each state lasts until a browser on a busy machine must have shown it.
    picks_up, answers = Ring(after=8.0), Ring(after=10.0, acts=(Wait(12.0), Bye()))
    with ClickLab(
        fetched,
        tmp_path,
        telephones={"101": (picks_up,)},
        outside={CALLER: (answers,)},
        callers=(CALLER,),
        config=CONFIG.replace('ring_agent = "5s"', 'ring_agent = "1m"'),
    ) as lab:
        asyncio.run(_accounts(lab.database))
        yield lab


async def _accounts(file: Path) -> None:
    database = await Database.open(f"sqlite:///{file}")
    try:
        for account in ACCOUNTS:
            await database.accounts.add(account, password=QUICKLY.hash(PASSWORD), at=SystemClock().now())
    finally:
        await database.close()


def test_an_agent_calls_back_from_the_page(lab: ClickLab) -> None:
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needed(), args=[*FLAGS])
        page = browser.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(f"http://localhost:{lab.asterisk.slot.web}/login")
        page.get_by_label("Name").fill("alice")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.locator("#queue [data-open]").click()
        progress = page.locator("#progress")
        page.get_by_role("button", name="Call back").click()
        expect(progress).to_contain_text("ringing you")
        expect(progress).to_contain_text("ringing them")
        expect(progress).to_contain_text("talking")
        expect(progress).to_contain_text("you spoke with them")
        page.get_by_label("Yes").check()
        page.get_by_role("button", name="Done").click()
        page.wait_for_url("**/tasks?done=*")
        browser.close()
    assert lab.invited(CALLER) == 1
    assert lab.callouts(1) == [("PJSIP/101", "connected")]
    (task,) = read_rows(lab.database, "SELECT * FROM tasks")
    assert (task["state"], task["outcome"]) == ("closed", "done")
