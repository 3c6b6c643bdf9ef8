"""Chromium for a worker, an office and a browser's context for each test."""

from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.acceptance.office import DEADLINE
from tests.browser import axe
from tests.browser.chromium import FLAGS, needed
from tests.browser.office import Office, Running, simulated, with_accounts
from tests.browser.person import People

FAILED = pytest.StashKey[bool]()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for all tests of a worker."""
    path = needed(*([] if axe.cached().exists() else [f"there is no axe-core: {axe.HOW}"]))
    expect.set_options(timeout=DEADLINE * 1000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*FLAGS], timeout=DEADLINE * 1000)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with accounts, for offices to begin with."""
    return await with_accounts(tmp_path_factory.mktemp("accounts") / "calls.sqlite")


@pytest_asyncio.fixture(loop_scope="session")
async def office(request: pytest.FixtureRequest, tmp_path: Path, accounts: Path) -> AsyncIterator[Office]:
    """An office without a daemon yet; a parameter says how many lines it has besides its two, and more of these."""
    more: int | dict[str, str] = getattr(request, "param", 0)
    async with simulated(tmp_path, accounts, **(more if isinstance(more, dict) else {})) as made:
        made.add_lines(more if isinstance(more, int) else 0)
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def running(chromium: Browser, office: Office) -> AsyncIterator[Running]:
    """The office's daemon; not even begun where there is no browser."""
    async with Running(office) as daemon:
        yield daemon


@pytest_asyncio.fixture(loop_scope="session")
async def people(chromium: Browser, running: Running, request: pytest.FixtureRequest) -> AsyncIterator[People]:
    """Whoever comes to look; in the end no page of theirs may have had an error."""
    made = People(chromium, running, request.node.name)
    yield made
    await made.close(failed=request.node.stash.get(FAILED, False))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report
