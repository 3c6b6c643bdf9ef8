"""Somebody in front of a browser: pages of their own, and everything that went wrong on them."""

import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Response

from tests.acceptance.office import DEADLINE
from tests.browser.office import PASSWORD, Office, Running

STILL: Mapping[str, Any] = {"reduced_motion": "reduce"}
"""A picture taken while a colour fades shows neither."""
WIDE, NARROW = (1280, 900), (360, 740)
_WATCH = """
window.violated = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violated.push(`${event.violatedDirective} ${event.blockedURI}`);
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`);
});
"""
"""Run before any script of a page: what its policy forbids becomes an error of the console."""


class Person:
    """One person's browser: cookies of their own, one page, and the errors seen on it."""

    def __init__(self, context: BrowserContext, page: Page, office: Office) -> None:
        self.context = context
        self.page = page
        self.office = office
        self.errors: list[str] = []
        self.expected: set[int] = set()
        """Statuses of replies that this test provokes."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.errors.append(f"an error in a script: {error}"))
        page.on("dialog", self._dialog)
        page.on("response", self._replied)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(f"the console: {message.text}")

    async def _dialog(self, dialog: Dialog) -> None:
        self.errors.append(f"a dialog: {dialog.message}")
        await dialog.dismiss()

    def _replied(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.errors.append(f"{response.status} for {response.url}")

    async def open(self, path: str) -> Page:
        """Open a page of the office."""
        await self.page.goto(self.office.address + path, wait_until="domcontentloaded")
        return self.page

    async def log_in(self, name: str) -> Page:
        """Fill in the log-in form, wherever it is shown, or on the page that asks for it."""
        if "/login" not in self.page.url:
            await self.open("/login")
        await self.page.get_by_label("Name").fill(name)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.page.get_by_role("button", name="Log in").click()
        await self.page.wait_for_url(lambda url: "/login" not in url)
        return self.page


class People:
    """Makes people; pictures of a page that a failed test leaves are kept."""

    def __init__(self, browser: Browser, daemon: Running, test: str) -> None:
        self.daemon = daemon
        self.office = daemon.office
        self._browser = browser
        self._test = re.sub(r"\W+", "-", test).strip("-")
        self._made: list[Person] = []

    async def person(self, *, size: tuple[int, int] = WIDE, **more: Any) -> Person:
        """Somebody who is not logged in; `more` is for the browser's context."""
        settings: Mapping[str, Any] = {
            "viewport": {"width": size[0], "height": size[1]},
            "locale": "en-GB",
            **STILL,
            **more,
        }
        context = await self._browser.new_context(**settings)
        context.set_default_timeout(DEADLINE * 1000)
        await context.add_init_script(_WATCH)
        made = Person(context, await context.new_page(), self.office)
        self._made.append(made)
        return made

    async def logged_in(self, name: str, **more: Any) -> Person:
        """Somebody who is."""
        made = await self.person(**more)
        await made.log_in(name)
        return made

    async def close(self, *, failed: bool) -> None:
        """Close all of it; keep a picture of what a failed test saw, else assert that no page had an error."""
        for number, one in enumerate(self._made):
            if failed:
                await one.page.screenshot(path=artefacts() / f"failed-{self._test}-{number}.png")
                print(f"at {one.page.url}:", *one.errors, sep="\n  ", file=sys.stderr)
            await one.context.close()
        if not failed:
            assert [problem for one in self._made for problem in one.errors] == []


def artefacts() -> Path:
    """Where pictures are kept: with CI's artefacts, else in the folder for what is temporary."""
    folder = Path(os.environ.get("CI_ARTEFACTS") or Path(tempfile.gettempdir()) / "callcentre-artefacts") / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
