"""How to speak with a caller is on no wallboard, in no export, no notice and no list of the API, whoever asks."""

from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from callcentre.core.events import TimePassed
from callcentre.core.facts import TaskChanged
from callcentre.core.requests import TaskAction, TaskAsked
from callcentre.store import tables
from tests.conformance import sample
from tests.unit.web.case_desk import cases
from tests.unit.web.desk import ALICE, BOB, CALLER, SUE, Desk, config, desk, message, opened
from tests.unit.web.served import NOW

SAID = ("bfi", "British Sign", "hard_of_hearing", "hard of hearing", "carer_calls", "a carer calls")
FLAGS: dict[str, Any] = {
    "language": "bfi",
    "needs": ("hard_of_hearing", "carer_calls"),
    "flags_by": "alice",
    "flags_at": NOW - timedelta(days=1),
    "flags_until": NOW + timedelta(days=100),
}
NOWHERE = (
    *("/wallboard", "/today", "/calls", "/calls.csv", "/missed", "/wrap-ups", "/wrap-ups.csv", "/attendance"),
    *("/cases", "/cases.csv", "/first-contact", "/reports"),
    *("/api/v1/tasks", "/api/v1/tasks/lab/1", "/api/v1/figures", "/api/v1/missed", "/api/v1/lines", "/api/v1/calls"),
)


@pytest.fixture
async def flagged(tmp_path: Path) -> AsyncIterator[Desk]:
    """With a task whose caller is to be spoken with in a way of their own."""
    async with desk(tmp_path) as made:
        await made.task(1, message(1, ago=timedelta(hours=30)), ago=timedelta(hours=30), **FLAGS)
        yield made


def told_in(text: str) -> list[str]:
    return [word for word in SAID if word in text]


async def test_no_page_of_figures_no_export_and_no_list_of_the_api_tells_it(flagged: Desk) -> None:
    async with opened(flagged) as address, ClientSession() as http:
        seen = []
        for path in NOWHERE:
            async with http.get(f"{address}{path}", headers=SUE) as answer:
                if answer.status == 200:
                    seen.append(path)
                    assert told_in(await answer.text()) == [], path
        assert {"/calls.csv", "/wrap-ups.csv", "/cases.csv", "/missed", "/api/v1/tasks", "/api/v1/tasks/lab/1"} <= set(
            seen
        )
        async with http.get(f"{address}/tasks", headers=BOB) as answer:
            assert told_in(await answer.text()) == [], "he does not handle it"
        async with http.get(f"{address}/tasks", headers=SUE) as answer:
            assert told_in(await answer.text()), "else this would prove nothing"


async def test_a_case_tells_it_to_its_owner_and_to_supervisors_while_it_lasts(tmp_path: Path) -> None:
    async with cases(tmp_path) as browser:
        lasting = {**FLAGS, "flags_until": NOW + timedelta(hours=1)}
        await browser.desk.task(1, message(1, ago=timedelta(hours=30)), ago=timedelta(hours=30), **lasting)
        one = await browser.open(owner="alice", caller=CALLER)
        assert told_in(await browser.get(one, BOB)) == [], "it is Alice's"
        for who in (ALICE, SUE):
            assert told_in(await browser.get(one, who)), who
        browser.desk.later(hours=2)
        for who in (ALICE, SUE):
            assert told_in(await browser.get(one, who)) == [], "what they agreed to is over"


async def test_no_notice_and_no_history_tells_it(flagged: Desk) -> None:
    await flagged.open()
    for action in (TaskAction.CLAIM, TaskAction.NOTE, TaskAction.RELEASE):
        asked = TaskAsked(
            pbx="lab", at=flagged.later(minutes=1), number=1, action=action, who="alice", request=action, why="noted"
        )
        facts = await flagged.ask(asked, action)
        assert any(isinstance(fact, TaskChanged) for fact in facts)
    # Overdue for long: everybody there is to tell is told.
    step = flagged.centre.handle(TimePassed(pbx="", at=flagged.later(hours=200)))
    await flagged.commit(*step.facts)
    (notices,) = await sample.everything(flagged.database, tables.outbox)
    assert notices, "else this would prove nothing"
    assert told_in(repr(notices)) == []
    (history,) = await sample.everything(flagged.database, tables.task_history)
    assert told_in(repr(history)) == [], "the history says that it was noted, not what"


async def test_agents_may_see_it_always_where_the_office_says_so(tmp_path: Path) -> None:
    async with desk(tmp_path, flags={"agents": "always"}) as made:
        await made.task(1, message(1), **FLAGS)
        async with opened(made) as address, ClientSession() as http, http.get(f"{address}/tasks", headers=BOB) as page:
            assert "hard of hearing" in await page.text()
    assert not config(tmp_path).flags_always


async def test_a_follow_up_has_it_from_the_start_and_for_no_longer(flagged: Desk) -> None:
    await flagged.open()
    asked = TaskAsked(
        pbx="lab", at=NOW, number=1, action=TaskAction.FOLLOW_UP, who="alice", request="f1", why="promised"
    )
    await flagged.ask(asked, "f1")
    follows = await flagged.held(2)
    assert {name: asdict(follows)[name] for name in FLAGS} == FLAGS
    assert (follows.caller, replace(follows).flags(NOW + timedelta(days=100))) == (CALLER, (None, ()))


def test_what_makes_wallboards_streams_and_events_knows_nothing_of_it() -> None:
    web = Path(__file__).parents[3] / "src" / "callcentre" / "web"
    makers = [*web.glob("templates/*wallboard*"), web / "wallboard.py", web / "streaming.py", web / "feed.py"]
    makers += [web / "status.py", web / "figures.py", web / "api" / "events.py", web / "api" / "now.py"]
    for file in makers:
        text = file.read_text("utf-8")
        assert [word for word in (".language", ".needs", "flags") if word in text] == [], file.name
