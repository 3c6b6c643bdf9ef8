"""The list of cases, the form for a new one, and what complaints were caused by, over HTTP."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from callcentre.core.facts import CallEnded
from callcentre.core.terms import TaskSource
from tests.unit.runtime.samples import answered
from tests.unit.web.case_desk import COMPLAINT, Cases, cases
from tests.unit.web.desk import ALICE, BOB, SUE, message
from tests.unit.web.reader import words
from tests.unit.web.served import NOW


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Cases]:
    async with cases(tmp_path) as somebody:
        yield somebody


@pytest.fixture
async def some(browser: Cases) -> Cases:
    """With four cases: one overdue, one acknowledged, a compliment, one closed."""
    await browser.open(received_at="2026-11-02T09:00", owner="bob")
    await browser.open(received_at="2026-11-23T09:00", category="delay", owner="alice", summary="Waited an hour")
    await browser.open(kind="compliment", channel="email", about="bob", owner="", caller="", name="", line="nurse")
    await browser.open(caller="01632 960777", name="J Grey")
    await browser.do("/cases/lab/2/acknowledge")
    await browser.do("/cases/lab/4/close", outcome="withdrawn")
    return browser


async def test_the_list_is_by_what_is_due_next(some: Cases) -> None:
    assert await some.numbers() == [1, 2, 3]
    told = await some.see("/cases")
    for said in (
        "Open 3",
        "Overdue 1",
        "Mine 1",
        "Not acknowledged 2",
        "Closed 1",
        "over acknowledge by Mon 9 Nov, 17:00",
        "answer by Mon 14 Dec, 17:00",
        "nothing due",
        "nobody’s yet",
        "Waited an hour",
    ):
        assert said in told, said


async def test_lists_and_filters(some: Cases) -> None:
    for query, shown in {
        "?view=overdue": [1],
        "?view=mine": [2],
        "?view=unacknowledged": [1, 3],
        "?view=closed": [4],
        "?kind=compliment": [3],
        "?line=nurse": [3],
        "?owner=BOB": [1],
        "?stage=2": [],
        "?view=nonsense&after=nonsense&stage=9": [1, 2, 3],
    }.items():
        assert await some.numbers(f"/cases{query}") == shown, query


async def test_what_is_searched_for_is_in_no_address_and_is_known_to_its_account_alone(some: Cases) -> None:
    for search, view, shown in (("960777", "closed", [4]), ("#2", "", [2]), ("waited", "", [2]), ("nobody", "", [])):
        found = await some.searched(search, view=view)
        assert search.strip("#") not in found.replace("find=", "") or search == "#2"
        assert await some.numbers(found) == shown, search
    found = await some.searched("960777", view="closed", kind="complaint")
    assert "960777" not in found
    assert "kind=complaint" in found
    assert "no longer kept" in await some.see(found, BOB)


async def test_complaints_acknowledged_in_time_are_counted(some: Cases) -> None:
    some.desk.later(seconds=1)
    told = await some.see("/cases")
    assert "Complaints acknowledged in time" in told
    assert "12 months" in told
    assert "0.0\N{NO-BREAK SPACE}%" not in (await some.see("/cases?kind=compliment")).partition("12 months")[2]


async def test_a_long_list_leaves_none_out(browser: Cases) -> None:
    for number in range(60):
        await browser.open(received_at=f"2026-11-{number % 20 + 1:02d}T09:00", summary=f"No {number}")
    page = await browser.get("/cases")
    first = await browser.numbers()
    following = unescape(page.partition('rel="next"')[0].rpartition('href="')[2].rpartition('"')[0])
    second = await browser.numbers(following)
    assert (len(first), len(second)) == (50, 10)
    assert sorted(first + second) == list(range(1, 61))


async def test_the_file_is_for_supervisors_and_runs_no_formula(some: Cases) -> None:
    await some.open(name="=1+1", summary="@SUM(A1)")
    await some.get("/cases.csv", ALICE, status=403)
    rows = list(csv.DictReader(io.StringIO(await some.get("/cases.csv", SUE))))
    assert [row["number"] for row in rows] == ["1", "5", "2", "3"]
    assert (rows[1]["name"], rows[1]["summary"]) == ("'=1+1", "'@SUM(A1)")
    assert (await some.desk.database.audit.entries())[0].what == "cases open"


async def test_an_empty_list_says_so_kindly(browser: Cases) -> None:
    for query, said in {
        "": "No case is open",
        "?view=overdue": "Nothing is overdue",
        "?view=closed": "None closed yet",
        "?view=mine": "You own no case",
        "?kind=complaint": "Nothing found",
    }.items():
        assert said in await browser.see(f"/cases{query}"), query


# --- a new one -------------------------------------------------------------------------------------------------------


WRONG = (
    ("caller", "my usual number", "no telephone number"),
    ("caller", "01", "no number that anybody has"),
    ("email", "somewhere", "no e-mail address"),
    ("received_at", "2026-11-24T10:30", "in the future"),
    ("received_at", "at noon", "no time"),
    ("summary", " ", "say what it is about"),
    ("direct_dial", "the desk", "no telephone number"),
    ("kind", "riddle", "pick what it is"),
    ("channel", "pigeon", "say how it came"),
    ("line", "gone", "pick a line"),
)


async def test_what_cannot_be_meant_is_told_beside_its_field(browser: Cases) -> None:
    for field, typed, said in WRONG:
        answer = await browser.post("/cases/new", ALICE, **(COMPLAINT | {"address": "1 High Street", field: typed}))
        page = await answer.text()
        assert answer.status == 422, field
        assert said in words(page), field
        assert "1 High Street" in page, field
        assert f'aria-describedby="{field}-wrong" aria-invalid="true"' in page, field
        assert field in ("kind", "channel", "line") or typed.strip() in page, field
    await browser.get("/cases/lab/1", status=404)


async def test_sent_twice_it_is_opened_once(browser: Cases) -> None:
    led = {await browser.open(key="the-same-key") for _ in range(2)}
    browser.desk.forget()
    led.add(await browser.open(key="the-same-key"))
    assert led == {"/cases/lab/1"}
    await browser.get("/cases/lab/2", status=404)


async def test_what_was_done_already_is_noted(browser: Cases) -> None:
    await browser.open(acknowledged="1", told_how="1")
    held = await browser.held()
    assert held.acknowledged_at is not None
    assert held.told_how_at is not None


async def test_from_a_callback_the_form_is_filled_in_and_leads_to_it(browser: Cases) -> None:
    await browser.desk.task(1, message(1), ago=timedelta(hours=20))
    page = await browser.get("/cases/new?pbx=lab&task=1")
    assert 'value="07700900061"' in page
    assert 'value="2026-11-23T14:00"' in page
    assert '<option value="message" selected>' in page
    await browser.open(task="1", pbx="lab", channel="message")
    assert "Callback 1" in await browser.see("/cases/lab/1")
    assert (await browser.held()).task == 1


async def test_from_a_call_the_form_is_filled_in(browser: Cases) -> None:
    call = answered("1795.1", caller="+447700900061")
    await browser.desk.commit(CallEnded(pbx="lab", at=NOW, call=call))
    page = await browser.get("/cases/new?pbx=lab&call=1795.1")
    assert '<option value="call" selected>' in page
    assert 'name="call" value="1795.1"' in page
    await browser.open(call="1795.1", pbx="lab", channel="call")
    assert (await browser.held()).call == "1795.1"
    assert "It came from" in await browser.see("/cases/lab/1")


async def test_from_what_is_not_there_the_form_is_empty(browser: Cases) -> None:
    for query in ("?pbx=lab&task=99", "?pbx=lab&task=x", "?pbx=lab&call=none", "?task=1"):
        page = await browser.get(f"/cases/new{query}")
        assert 'id="caller" type="tel" name="caller" maxlength="40" autocomplete="off" value=""' in page, query


async def test_a_complaint_of_a_callback_leads_to_its_case_and_the_callback_stays(browser: Cases) -> None:
    await browser.desk.task(1, ago=timedelta(hours=3), source=TaskSource.ABANDONED)
    await browser.desk.open()
    answer = await browser.do("/tasks/lab/1/complaint", ALICE, why="Rude")
    assert answer.headers["Location"] == "/cases/lab/1"
    told = await browser.see("/tasks/lab/1")
    assert "Complaint 1" in told
    assert "Open another case" in told
    assert (await browser.desk.held()).state.value != "closed"


# --- causes ----------------------------------------------------------------------------------------------------------


async def test_causes_are_counted_and_complaints_without_a_remedy_listed(some: Cases) -> None:
    await some.do("/cases/lab/1/cause", cause="Late bus")
    await some.do("/cases/lab/2/cause", cause="Late bus")
    await some.do("/cases/lab/2/remedy", remedy="A second bus")
    await some.get("/cases/causes", ALICE, status=403)
    told = await some.see("/cases/causes", SUE)
    assert "3 complaints, 1 without a remedy" in told
    assert "Late bus 2 1" in told
    assert "not said yet 1 0" in told
    assert "Complaint 1" in told.partition("Without a remedy")[2]
    assert "Complaint 4" not in told
    assert "No complaint was received" in await some.see("/cases/causes?until=2026-11-01", SUE)
    for wrong in ("?line=gone", "?from=2026-12-01&until=2026-11-01", "?from=then"):
        await some.get(f"/cases/causes{wrong}", SUE, status=400)
