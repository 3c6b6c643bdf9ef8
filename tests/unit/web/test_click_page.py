"""Calling back from the page: what a click sends, why it cannot be pressed, and how far it has come."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from callcentre.core.commands import CallBack
from callcentre.core.events import Event
from callcentre.core.facts import ClickChanged, Fact
from callcentre.core.requests import TaskAction, TaskAsked
from callcentre.core.tasks import Click
from callcentre.core.terms import ClickResult, ClickState, TaskState
from tests.unit.web.desk import ALICE, BOB, CALLER, SUE, Desk, message, opened
from tests.unit.web.reader import HOURS, Browser, reading, words
from tests.unit.web.served import NOW


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with reading(tmp_path) as somebody:
        yield somebody


@pytest.fixture
async def one(browser: Browser) -> AsyncIterator[Browser]:
    """With one task, of one message."""
    await browser.desk.task(1, message(1))
    async with opened(browser.desk) as browser.address:
        yield browser


async def test_a_click_bears_the_forms_key_and_the_accounts_telephone_and_no_number(
    one: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[TaskAsked] = []

    async def ask(request: Event, _key: str) -> tuple[Fact, ...]:
        assert isinstance(request, TaskAsked)
        asked.append(request)
        return ()

    monkeypatch.setattr(one.desk, "ask", ask)
    await one.post("/tasks/lab/1/dial", key="click-1234", dial="09061234567", telephone="PJSIP/666", number="0906")
    await one.post("/tasks/lab/1/dial", SUE, key="click-1235")
    await one.post("/tasks/lab/1/dial", SUE, key="click-1236", override="1")
    await one.post("/tasks/lab/1/dial", ALICE, key="click-1237", override="1")
    assert [(each.action, each.request, each.telephone, each.dial, each.supervisor) for each in asked] == [
        (TaskAction.DIAL, "click-1234", "PJSIP/101", None, False),
        (TaskAction.DIAL, "click-1235", "PJSIP/110", None, False),
        (TaskAction.DIAL, "click-1236", "PJSIP/110", None, True),
        (TaskAction.DIAL, "click-1237", "PJSIP/101", None, False),
    ]


@pytest.mark.parametrize("key", ["447700900123", "44-7700-900-123", "x07700900123x"])
async def test_a_key_that_may_be_a_number_names_one_click_and_is_kept_nowhere(
    one: Browser, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    asked: list[Event] = []

    async def ask(request: Event, _key: str) -> tuple[Fact, ...]:
        asked.append(request)
        return ()

    monkeypatch.setattr(one.desk, "ask", ask)
    for _ in range(2):
        await one.post("/tasks/lab/1/dial", key=key)
    first, again = (each.request for each in asked if isinstance(each, TaskAsked))
    assert first == again
    assert "7700900123" not in first.replace("-", "")


def _none(_desk: Desk) -> None:
    """Nothing is otherwise."""


def _at_night(of_desk: Desk) -> None:
    of_desk.now = NOW.replace(hour=20)


@pytest.mark.parametrize(
    ("who", "changes", "so", "said"),
    [
        (ALICE, {}, _none, ""),
        (ALICE, {}, _at_night, "it is 20:00, and callers of enquiries are not dialled now"),
        (ALICE, {"caller": None}, _none, "the number was withheld"),
        (ALICE, {"caller": "09061234567"}, _none, "…567 is a premium-rate number"),
        ({"X-As": "carol:agent"}, {}, _none, "your account has no telephone"),
        (
            BOB,
            {"holder": "alice", "state": TaskState.CLAIMED, "lease_until": NOW + HOURS},
            _none,
            "alice has this task",
        ),
    ],
    ids=["may", "night", "withheld", "premium", "no telephone", "held"],
)
async def test_why_nobody_is_dialled_is_said_before_anybody_clicks(
    browser: Browser, who: dict[str, str], changes: dict[str, Any], so: Callable[[Desk], None], said: str
) -> None:
    await browser.desk.task(1, message(1, caller=changes.get("caller", CALLER)), **changes)
    async with opened(browser.desk) as browser.address:
        so(browser.desk)
        html = await browser.get("/tasks/lab/1", who)
    button = re.search(r'<button data-key="d"[^>]*>', html)
    assert button is not None
    assert ("disabled" in button[0]) == bool(said)
    assert f"No call back with a click: {said}" in words(html) if said else "No call back" not in words(html)


async def test_a_supervisor_must_say_that_it_is_outside_hours(one: Browser) -> None:
    _at_night(one.desk)
    html = await one.get("/tasks/lab/1", SUE)
    assert '<input type="checkbox" name="override" value="1" required>' in html
    assert "Not now: it is 20:00" in words(html)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": ClickState.WANTED}, "asking the telephone system…"),
        ({"state": ClickState.RINGING_AGENT}, "ringing you…"),
        ({"state": ClickState.RINGING_CALLER}, "ringing them…"),
        ({"state": ClickState.TALKING, "talking_at": NOW - timedelta(seconds=72)}, "talking 1:12"),
        ({"state": ClickState.ENDED, "result": ClickResult.NO_ANSWER, "ended_at": NOW}, "no answer"),
        (
            {"state": ClickState.ENDED, "result": ClickResult.UNCERTAIN, "ended_at": NOW},
            "not certain whether it was dialled",
        ),
    ],
    ids=lambda value: str(value.get("state", "")) if isinstance(value, dict) else "",
)
async def test_the_progress_of_a_click(one: Browser, changes: dict[str, Any], said: str) -> None:
    known: dict[str, Any] = {"pbx": "lab", "key": "k", "task": 1, "who": "alice", "telephone": "PJSIP/101"}
    click = Click(**known, number=CALLER, asked_at=NOW, **changes)
    await one.desk.commit(ClickChanged(pbx="lab", at=NOW, click=click))
    assert re.search(rf"[☎–?] {re.escape(said)}", await one.see("/tasks/lab/1"))
    assert f"alice: {said}" in await one.see("/tasks/lab/1", BOB)
    if click.result is not None:
        one.desk.later(minutes=16)
        assert said not in await one.see("/tasks/lab/1")


async def test_one_click_dials_once(one: Browser) -> None:
    """With the core's own dialler: whatever it answers, no more than one command comes of one key."""
    for _ in range(3):
        await one.post("/tasks/lab/1/dial", key="click-1234")
    assert sum(isinstance(command, CallBack) for command in one.desk.commands) <= 1


async def test_a_click_that_was_used_is_not_dialled_for_another_person_or_task(browser: Browser) -> None:
    await browser.desk.task(1, message(1))
    await browser.desk.task(2, message(2))
    async with opened(browser.desk) as browser.address:
        known: dict[str, Any] = {"pbx": "lab", "key": "click-1234", "task": 1, "who": "alice", "telephone": "PJSIP/101"}
        click = Click(**known, number=CALLER, asked_at=NOW, state=ClickState.RINGING_AGENT)
        await browser.desk.commit(ClickChanged(pbx="lab", at=NOW, click=click))
        again = await browser.post("/tasks/lab/1/dial", key="click-1234")
        assert again.status == 303, "the same click, sent twice"
        for path, who in (("/tasks/lab/1/dial", BOB), ("/tasks/lab/2/dial", ALICE)):
            status, told = await browser.script(path, who, key="click-1234")
            assert status == 409, path
            assert "nothing was dialled: this click was used before" in told["detail"]
    assert browser.desk.asked == []


async def test_one_key_of_two_people_at_once_is_two_requests_for_the_core(
    one: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = set[str]()

    async def ask(_request: Event, key: str) -> tuple[Fact, ...]:
        keys.add(key)
        return ()

    monkeypatch.setattr(one.desk, "ask", ask)
    for who in (ALICE, ALICE, BOB):
        await one.post("/tasks/lab/1/dial", who, key="click-1234")
    assert len(keys) == 2
