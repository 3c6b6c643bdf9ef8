"""`python -m tests.browser.tour [FOLDER] [--at ADDRESS]`: the pictures of docs/tour.md, taken from the demo.

Starts a demo of its own, unless it is told where one runs. A picture that is too large for a repository is an error.
"""

import argparse
import asyncio
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Page, async_playwright, expect

from callcentre.demo.guests import PASSWORD
from callcentre.runtime.clock import SystemClock
from tests.browser.chromium import FLAGS, found
from tests.browser.person import NARROW

PICTURES: Final = Path(__file__).parents[2] / "docs" / "pictures"
LARGEST: Final = 150_000
"""Bytes of a picture."""
QUALITY: Final = 64
WINDOW: Final = (1280, 860)
WALL: Final = (1600, 900)
PLAYS: Final = "() => [...document.querySelectorAll('audio')].some((one) => one.currentTime > 2)"
AWAY: Final = ".tile[data-line=nurse] .there:not(.good)"
PATIENCE: Final = 240.0
"""Seconds in which something happens in the demo that happens by chance."""


@asynccontextmanager
async def demo() -> AsyncIterator[str]:
    """A demo of its own; its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callcentre", "demo", "--days", "30", "--port", "8099"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async for line in process.stdout:
            if address := re.search(r"pages +(http://\S+)/", line.decode()):
                yield address[1]
                return
        raise RuntimeError("the demo ended at once")
    finally:
        process.terminate()
        await process.wait()


class Tour:
    """Takes pictures of one demo."""

    def __init__(self, browser: Browser, address: str, folder: Path) -> None:
        self._browser = browser
        self._address = address
        self._folder = folder

    async def person(self, name: str, *, size: tuple[int, int] = WINDOW, dark: bool = False) -> Page:
        """Somebody who is logged in."""
        context = await self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            locale="en-GB",
            reduced_motion="reduce",
        )
        page = await context.new_page()
        await page.goto(f"{self._address}/login")
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()
        await page.wait_for_url(lambda url: "/login" not in url)
        return page

    async def take(self, page: Page, name: str) -> None:
        """Take a picture of what the window shows."""
        path = self._folder / f"{name}.jpg"
        await page.screenshot(path=path, type="jpeg", quality=QUALITY)
        size = path.stat().st_size
        print(f"{path.name:24} {size:7} bytes")
        assert size <= LARGEST, f"{path} has {size} bytes; at most {LARGEST} are kept in a repository"

    async def of(self, page: Page, path: str, name: str) -> None:
        """Take a picture of a page."""
        await page.goto(self._address + path, wait_until="domcontentloaded")
        await expect(page.locator("h1").first).to_be_visible()
        await self.take(page, name)

    async def the_door(self) -> None:
        """The log-in page, as a visitor of the demo finds it."""
        page = await self._browser.new_page(viewport={"width": WINDOW[0], "height": 640}, locale="en-GB")
        await page.goto(self._address)
        await self.take(page, "login")

    async def queue(self) -> None:
        """What waits for an agent, before the first call rings her."""
        page = await self.person("alice")
        await page.goto(f"{self._address}/tasks")
        await page.locator("#queue [data-row]").nth(5).wait_for()
        await page.keyboard.press("j")
        await self.take(page, "tasks")
        narrow = await self.person("alice", size=NARROW)
        await narrow.goto(f"{self._address}/tasks")
        await narrow.locator("#queue [data-row]").first.wait_for()
        await self.take(narrow, "telephone")

    async def agent(self) -> None:
        """Somebody hears a message and calls back; a call rings an agent.

        Jack calls back, whom no queue rings: above what he does stands no call that happens to come.
        """
        page = await self.person("jack")
        await page.goto(f"{self._address}/tasks")
        await page.locator("#queue [data-open]").first.click()
        await page.wait_for_url("**/tasks/office/*")
        await page.keyboard.press("p")
        await page.wait_for_function(PLAYS)
        await page.keyboard.press("d")
        await expect(page.locator("#progress")).to_contain_text("talking")
        await self.take(page, "call-back")
        await expect(page.locator("#progress")).to_contain_text("you spoke")
        page = await self.person("alice")
        await page.goto(f"{self._address}/tasks")
        await expect(page.locator("#call .rings")).to_be_visible(timeout=PATIENCE * 1000)
        await self.take(page, "call-rings")

    async def wall(self) -> None:
        """The wallboard while the nurse is at lunch, which she is soon after a demo begins."""
        wall = await self.person("jack", size=WALL, dark=True)
        await wall.goto(f"{self._address}/wallboard")
        await expect(wall.locator(AWAY)).to_be_visible(timeout=PATIENCE * 1000)
        await self.take(wall, "wallboard")

    async def supervisor(self) -> None:
        """What a supervisor sees."""
        page = await self.person("jack")
        day = (SystemClock().now() - timedelta(days=1)).astimezone(ZoneInfo("Europe/London")).date()
        for path, name in (
            ("/today", "today"),
            (f"/today/enquiries?day={day}", "line"),
            ("/calls", "calls"),
            (f"/attendance?day={day}", "attendance"),
            ("/greetings", "greetings"),
        ):
            await self.of(page, path, name)
        await page.goto(f"{self._address}/calls")
        await page.locator("tbody tr", has_text="answered").locator("a").first.click()
        await page.wait_for_url("**/calls/office/*")
        await self.take(page, "one-call")

    async def report(self) -> None:
        """What was promised in a month, and what came of it."""
        page = await self.person("jack")
        day = (SystemClock().now() - timedelta(days=1)).astimezone(ZoneInfo("Europe/London")).date()
        await self.of(page, f"/reports/hct/{day:%Y-%m}", "report")

    async def cases(self) -> None:
        """What is promised to complaints and letters, and one of them."""
        page = await self.person("jack")
        await self.of(page, "/cases", "cases")
        await page.get_by_role("link", name="Complaint 4").click()
        await page.wait_for_url("**/cases/office/4")
        await page.locator("#clocks summary").last.click()
        await self.take(page, "case")

    async def admin(self) -> None:
        """Who may do what, and who did."""
        page = await self.person("ada")
        for path, name in (("/users", "users"), ("/audit", "audit")):
            await self.of(page, path, name)


async def take(address: str, folder: Path) -> None:
    """Take all pictures."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found(), args=[*FLAGS])
        expect.set_options(timeout=60_000)
        tour = Tour(browser, address, folder)
        parts: list[Callable[[], Awaitable[None]]] = [
            tour.queue,
            tour.wall,
            tour.the_door,
            tour.agent,
            tour.supervisor,
            tour.report,
            tour.cases,
            tour.admin,
        ]
        for part in parts:
            await part()
        await browser.close()


async def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?", default=PICTURES)
    parser.add_argument("--at", help="where a demo runs")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.at:
        await take(given.at, given.folder)
        return
    async with demo() as address:
        await take(address, given.folder)


if __name__ == "__main__":
    asyncio.run(main())
