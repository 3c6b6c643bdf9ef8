"""One case over HTTP: what its page shows, what its forms do and to whom, and that nothing typed is ever lost."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from callcentre.core.case_values import CaseOutcome, CaseState
from callcentre.core.errors import StoreUnavailable
from callcentre.core.events import Event
from callcentre.core.facts import Fact
from tests.unit.web.case_desk import CHIEF, COMPLAINT, LETTER, Cases, cases
from tests.unit.web.desk import ALICE, BOB, SUE
from tests.unit.web.reader import HOSTILE, words

ONE = "/cases/lab/1"


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Cases]:
    async with cases(tmp_path) as somebody:
        yield somebody


async def test_from_the_letter_to_the_end(browser: Cases) -> None:
    assert await browser.open() == ONE
    told = await browser.see(ONE)
    for said in (
        "Complaint 1",
        "by letter",
        "stage 1 of 3: Informal resolution",
        "Not acknowledged",
        "The bus left without the passenger",
        "Mrs A Okafor",
        "07700 900 061",
        "okafor@example.org",
        "Why by Tue 1 Dec, 17:00?",
        "5 working days",
        "opened alice",
    ):
        assert said in told, said
    await browser.do(f"{ONE}/acknowledge", ALICE, why="By letter")
    assert "Acknowledge in time" in await browser.see(ONE)
    await browser.do(
        f"{ONE}/agree", ALICE, agreed_on="2026-12-21", agreed_from="Mr Grey", update_days="5", why="Abroad"
    )
    told = await browser.see(ONE)
    assert "Mr Grey" in told
    assert "Next update" in told
    await browser.do(f"{ONE}/update", ALICE)
    await browser.do(f"{ONE}/answer", ALICE, why="With an apology")
    await browser.do(f"{ONE}/cause", cause="Late bus")
    await browser.do(f"{ONE}/remedy", remedy="A second bus")
    await browser.do(f"{ONE}/close", outcome="resolved")
    held = await browser.held()
    assert (held.state, held.outcome, held.closed_by) == (CaseState.CLOSED, CaseOutcome.RESOLVED, "sue")
    assert (held.cause, held.remedy) == ("Late bus", "A second bus")
    told = await browser.see(ONE)
    assert "Closed 10:00 by sue: resolved" in told
    assert "With an apology" in told
    assert "Reopen" not in told
    await browser.do(f"{ONE}/reopen", SUE, why="They wrote again")
    assert (await browser.held()).state is CaseState.ANSWERED


async def test_whose_case_it_is_decides_who_may_what(browser: Cases) -> None:
    await browser.open(owner="")
    told = await browser.get(ONE, BOB)
    assert "Make it mine" in told
    assert f'action="{ONE}/acknowledge"' not in told
    assert f'action="{ONE}/close"' not in told
    answer = await browser.post(f"{ONE}/acknowledge", BOB, why="I told them")
    assert answer.status == 409
    assert "I told them" in await answer.text()
    await browser.do(f"{ONE}/note", BOB, why="Rang on Monday")
    await browser.do(f"{ONE}/assign", BOB, owner="bob")
    assert f'action="{ONE}/acknowledge"' in await browser.get(ONE, BOB)
    assert "It is bob’s" in await browser.see(ONE, ALICE)
    assert (await browser.post(f"{ONE}/close", BOB, outcome="resolved")).status == 409
    await browser.do(f"{ONE}/assign", SUE, owner="alice", direct_dial="2210")
    held = await browser.held()
    assert (held.owner, held.direct_dial) == ("alice", "2210")


async def test_only_the_named_role_closes_with_an_acknowledgement_alone(browser: Cases) -> None:
    await browser.open()
    await browser.do(f"{ONE}/acknowledge", ALICE)
    assert "acknowledged_only" not in await browser.get(ONE, SUE)
    refused = await browser.post(f"{ONE}/close", SUE, outcome="acknowledged_only")
    assert refused.status == 403
    assert "only the Chief Executive decides that" in words(await refused.text())
    assert "acknowledged_only" in await browser.get(ONE, CHIEF)
    await browser.do(f"{ONE}/close", CHIEF, outcome="acknowledged_only", why="Threats")
    assert (await browser.held()).outcome is CaseOutcome.ACKNOWLEDGED_ONLY


async def test_stages_go_to_their_roles(browser: Cases) -> None:
    await browser.open()
    assert "To stage 2: Chief Executive" in await browser.see(ONE, SUE)
    by_voice = await browser.post(f"{ONE}/stage", SUE, channel="call", received_at="2026-11-24T09:45")
    assert by_voice.status == 409
    assert "in writing" in words(await by_voice.text())
    await browser.do(f"{ONE}/stage", channel="letter", received_at="2026-11-24T09:45", why="Not content")
    held = await browser.held()
    assert (held.stage, held.role, held.state) == (2, "Chief Executive", CaseState.OPEN)
    told = await browser.see(ONE, SUE)
    assert "stage 2 of 3: Chief Executive" in told
    assert "To stage 3: Chair" in told


async def test_outside_our_remit_says_whom_they_were_sent_to(browser: Cases) -> None:
    await browser.open()
    missing = await browser.post(f"{ONE}/close", SUE, outcome="outside_remit", outside="foia", why="Wrong door")
    assert missing.status == 422
    told = await missing.text()
    assert "say whom they were sent to" in words(told)
    assert "Wrong door" in told
    assert 'aria-invalid="true"' in told
    await browser.do(f"{ONE}/close", outcome="outside_remit", outside="foia", referred_to="The Commissioner")
    held = await browser.held()
    assert (held.outcome, held.referred_to, held.category) == (CaseOutcome.OUTSIDE_REMIT, "The Commissioner", "foia")
    assert "sent to The Commissioner" in await browser.see(ONE)


async def test_told_how_to_complain(browser: Cases) -> None:
    await browser.open()
    assert "✓ told how to complain formally" not in await browser.see(ONE)
    await browser.do(f"{ONE}/told-how", ALICE)
    assert "✓ told how to complain formally" in await browser.see(ONE)


async def test_what_is_written_is_corrected(browser: Cases) -> None:
    await browser.open()
    written = {name: COMPLAINT[name] for name in ("name", "caller", "email", "summary")}
    wrong = await browser.post(f"{ONE}/edit", ALICE, **(written | {"email": "okafor at example"}))
    assert wrong.status == 422
    assert 'value="okafor at example"' in await wrong.text()
    same = await browser.post(f"{ONE}/edit", ALICE, **(written | {"caller": "07700900061"}))
    assert same.status == 409
    await browser.do(
        f"{ONE}/edit", ALICE, **(written | {"name": "Mrs Adaeze Okafor", "email": "", "category": "delay"})
    )
    held = await browser.held()
    assert (held.name, held.email, held.category) == ("Mrs Adaeze Okafor", None, "delay")
    assert held.caller == "07700900061"


async def test_sent_twice_it_is_done_once(browser: Cases) -> None:
    await browser.open()
    for _ in range(2):
        await browser.do(f"{ONE}/note", ALICE, key="the-same-key", why="Once")
    browser.desk.forget()
    await browser.do(f"{ONE}/note", ALICE, key="the-same-key", why="Once")
    assert (await browser.get(ONE)).count("<p>Once</p>") == 1


async def test_hostile_words_are_shown_and_not_run(browser: Cases) -> None:
    fields: dict[str, Any] = dict.fromkeys(("name", "summary", "about", "address"), HOSTILE)
    await browser.open(**fields, owner="")
    await browser.do(f"{ONE}/assign", owner=HOSTILE)
    deeds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("note", {"why": HOSTILE}),
        ("cause", {"cause": HOSTILE}),
        ("remedy", {"remedy": HOSTILE}),
        ("agree", {"agreed_on": "2026-12-21", "agreed_from": HOSTILE}),
        ("close", {"outcome": "outside_remit", "outside": "foia", "referred_to": HOSTILE}),
    )
    for action, form in deeds:
        await browser.do(f"{ONE}/{action}", **form)
    for path in (ONE, "/cases?view=closed", "/cases/causes"):
        page = await browser.get(path, SUE)
        assert "<script>alert" not in page, path
        assert "alert(1)" in page, path


async def test_script_is_told_in_words(browser: Cases) -> None:
    await browser.open()
    assert await browser.script(f"{ONE}/acknowledge") == (200, {"ok": True, "said": "Case 1 is acknowledged"})
    status, told = await browser.script(f"{ONE}/acknowledge")
    assert status == 409
    assert "was acknowledged" in told["detail"]
    status, told = await browser.script(f"{ONE}/agree", agreed_on="soon", agreed_from="me")
    assert (status, told["field"]) == (422, "agreed_on")


async def test_what_is_not_there(browser: Cases) -> None:
    await browser.open()
    for path in ("/cases/lab/2", "/cases/far/1", "/cases/lab/x"):
        await browser.get(path, status=404)
    for action in ("open", "refer", "erase", ""):
        assert (await browser.post(f"{ONE}/{action}", SUE)).status == 404, action


async def test_while_nothing_can_be_done_what_was_typed_is_kept(
    browser: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browser.open()

    async def away(_request: Event, _key: str) -> tuple[Fact, ...]:
        raise StoreUnavailable("the database cannot be reached")

    monkeypatch.setattr(browser.desk, "ask", away)
    for path, form in ((f"{ONE}/note", {"why": "Much to say"}), ("/cases/new", COMPLAINT | {"name": "Much to say"})):
        answer = await browser.post(path, ALICE, **form)
        assert answer.status == 503
        assert "Much to say" in await answer.text()
    assert (await browser.script(f"{ONE}/note", why="x"))[0] == 503


async def test_a_letter_bears_a_name_and_a_direct_dial(browser: Cases) -> None:
    assert "correspondence" in await browser.see("/cases/new")
    refused = await browser.post("/cases/new", ALICE, **LETTER)
    assert refused.status == 409
    told = await refused.text()
    assert "direct dial" in words(told)
    assert "Asks for a timetable" in told
    await browser.do("/cases/new", ALICE, **(LETTER | {"owner": "alice", "direct_dial": "01632 960123"}))
    told = await browser.see(ONE)
    assert "01632 960 123" in told
    assert "15 working days" in told
