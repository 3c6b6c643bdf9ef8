"""The menu: it fits on a telephone and on a laptop, works with keys, and works without script."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import violations
from tests.browser.person import NARROW, WIDE, People, artefacts

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BAR = "document.querySelector('.bar').getBoundingClientRect().height"
OUTSIDE = """[...document.querySelectorAll('.bar a, .bar summary, .bar button')].filter((one) => one.checkVisibility())
  .map((one) => one.getBoundingClientRect()).filter((box) => box.left < 0 || box.right > innerWidth).length"""
AT_MOST = {WIDE: 75, NARROW: 190}
"""Pixels that the bar may take of the window's height: one row on a laptop, four on a telephone."""


async def fits(page: Page, size: tuple[int, int]) -> None:
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    assert await page.evaluate(BAR) <= AT_MOST[size]
    assert await page.evaluate(OUTSIDE) == 0
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")


async def test_the_menu_fits_and_opens_with_keys(people: People) -> None:
    ada = await people.logged_in("ada")
    page = await ada.open("/config")
    for size in (WIDE, NARROW):
        await fits(page, size)
        heading, audit = page.locator(".bar summary", has_text="Office"), page.get_by_role("link", name="Audit")
        await heading.focus()
        await page.keyboard.press("Enter")
        await expect(audit).to_be_visible()
        await fits(page, size)
        await page.screenshot(path=artefacts() / f"menu-{size[0]}.png")
        assert not await violations(page)
        await page.keyboard.press("Escape")
        await expect(audit).to_be_hidden()
        await expect(heading).to_be_focused()
    await page.keyboard.press("Enter")
    await page.mouse.click(4, NARROW[1] - 20)  # on nothing
    await expect(audit).to_be_hidden()


async def test_the_menu_works_without_script(people: People) -> None:
    ada = await people.logged_in("ada", java_script_enabled=False)
    page = await ada.open("/config")
    await page.locator(".bar summary", has_text="Office").click()
    await page.get_by_role("link", name="Audit").click()
    await expect(page).to_have_url(f"{people.office.address}/audit")
