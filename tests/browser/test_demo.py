"""The demo as a visitor finds it: who may log in is said, messages can be heard, and callers can be called back."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from callcentre.demo.guests import PASSWORD
from tests.acceptance.office import DEADLINE, free_port
from tests.acceptance.test_demo import ended, line_with, started

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PLAYS = "() => [...document.querySelectorAll('audio')].some((one) => one.currentTime > 0.3)"


async def test_a_visitor_hears_a_message_and_calls_back(chromium: Browser, tmp_path: Path) -> None:
    async with started(tmp_path, free_port()) as demo:
        address = (await line_with(demo, r"http://\S+(?=/\n)")).group()
        assert PASSWORD in (await line_with(demo, PASSWORD)).group()
        context = await chromium.new_context()
        context.set_default_timeout(DEADLINE * 1000)
        page = await context.new_page()
        await page.goto(address)
        await expect(page.get_by_role("main")).to_contain_text(f"The password of each is: {PASSWORD}")
        await page.get_by_label("Name").fill("alice")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()
        unheard = page.locator("#queue li", has_text="not heard").locator("[data-open]")
        await expect(unheard.nth(4)).to_be_visible()
        await unheard.first.click()
        await page.wait_for_url(re.compile("/tasks/office/"))
        await page.get_by_role("button", name="Play").first.click()
        await page.wait_for_function(PLAYS)
        await page.get_by_role("button", name="Call back").click()
        await expect(page.locator("#progress")).to_contain_text(re.compile("talking|you spoke with them"))
        await page.goto(f"{address}/today")
        await expect(page.get_by_role("heading").first).not_to_have_text("Calls today")
        await context.close()
        assert await ended(demo) == (0, "")
