"""The form that closes a complaint says whether its cause and its remedy are noted (H15)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from tests.unit.web.case_desk import Cases, cases
from tests.unit.web.desk import SUE

ONE: Final = "/cases/lab/1"


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Cases]:
    async with cases(tmp_path) as somebody:
        yield somebody


async def test_closing_a_complaint_says_what_is_missing_and_refuses_nothing(browser: Cases) -> None:
    await browser.open()
    assert "No cause and no remedy is noted yet." in await browser.see(ONE, SUE)
    await browser.do(f"{ONE}/cause", SUE, cause="Late bus")
    assert "No remedy is noted yet." in await browser.see(ONE, SUE)
    await browser.do(f"{ONE}/remedy", SUE, remedy="A second bus")
    assert "noted yet" not in await browser.see(ONE, SUE)
    await browser.do(f"{ONE}/close", SUE, outcome="resolved")


async def test_other_kinds_are_asked_for_neither(browser: Cases) -> None:
    await browser.open(kind="enquiry")
    assert "noted yet" not in await browser.see(ONE, SUE)
