"""The agent's pages over HTTP: what they show, what their forms do, and that nothing typed is ever lost."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from callcentre.core.errors import StoreUnavailable
from callcentre.core.events import Event
from callcentre.core.facts import CallEnded, Fact
from callcentre.core.terms import TaskOutcome, TaskSource, TaskState, TaskStep
from callcentre.store.results import Account, Role
from callcentre.web.words import number
from tests.unit.runtime.samples import answered
from tests.unit.web.desk import ALICE, BOB, CALLER, SUE, message, opened
from tests.unit.web.reader import HOSTILE, HOURS, Browser, reading, words
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


# --- the queue -------------------------------------------------------------------------------------------------------


async def test_the_queue_says_what_an_agent_must_know(browser: Browser) -> None:
    await browser.desk.task(
        1,
        message(1, ago=24.5 * HOURS, duration=42),
        message(2, ago=2 * HOURS, duration=65),
        ago=24.5 * HOURS,
        language="pl",
        flags_until=NOW + 24 * HOURS,
        needs=("interpreter",),
        complaint=True,
        attempts=2,
    )
    await browser.desk.task(2, message(3, caller=None, ago=23 * HOURS), caller=None, ago=23 * HOURS)
    async with opened(browser.desk) as browser.address:
        html = await browser.get("/tasks")
    told = words(html)
    assert "Polish" not in told, "nobody handles it yet"
    for said in (
        "▲ 30 min over by 09:30",
        "07700 900 061",
        "! complaint",
        "2 messages, 1:47",
        "2 not heard",
        "tried 2×",
        "1 h 00 min left",
        "number withheld",
        "Waiting 2",
        "Overdue 1",
    ):
        assert said in told, said


async def test_the_most_pressing_come_first_and_pages_leave_none_out(browser: Browser) -> None:
    for n in range(1, 121):
        await browser.desk.task(n, caller=f"0163296{n:04d}", ago=(n % 20) * HOURS, source=TaskSource.ABANDONED)
    async with opened(browser.desk) as browser.address:
        found, path = list[int](), "/tasks"
        while path:
            html = await browser.get(path)
            found += [int(one) for one in re.findall(r'<li id="task-lab-(\d+)"', html)]
            following = re.search(r'href="([^"]+)" rel="next"', html)
            path = unescape(following[1]) if following else ""
        tasks = await browser.desk.database.queries.tasks()
    assert len(found) == 120
    assert found == [task.number for task in tasks]
    assert [task.act_by for task in tasks] == sorted(task.act_by for task in tasks)


async def test_lists_and_filters(browser: Browser) -> None:
    held: dict[str, Any] = {"state": TaskState.CLAIMED, "lease_until": NOW + timedelta(minutes=10)}
    await browser.desk.task(1, message(1))
    await browser.desk.task(2, message(2, ago=30 * HOURS), ago=30 * HOURS, line="nurse", caller="01632960777")
    await browser.desk.task(3, message(3), holder="Alice", **held)
    await browser.desk.task(4, message(4), holder="bob", **held)
    await browser.desk.task(5, message(5), call_at=NOW + HOURS)
    over: dict[str, Any] = {"state": TaskState.CLOSED, "outcome": TaskOutcome.DONE, "closed_by": "bob", "in_time": True}
    await browser.desk.task(6, message(6), closed_at=NOW - HOURS, **over)
    await browser.desk.task(7, message(7), closed_at=NOW - 20 * HOURS, **over)
    async with opened(browser.desk) as browser.address:
        for query, shown in {
            "": [2, 1],
            "?view=mine": [3],
            "?view=held": [4],
            "?view=later": [5],
            "?view=closed": [6],
            "?overdue=1": [2],
            "?line=nurse": [2],
            "?view=nonsense&after=nonsense": [2, 1],
        }.items():
            assert await browser.rows(f"/tasks{query}") == shown, query
        for search, shown in {"0777": [2], "01632 960 7": [2], "#1": [1], "nobody": []}.items():
            assert await browser.rows(await browser.found(search)) == shown, search
        told = await browser.see("/tasks?view=closed")
        assert "Waiting 2 Mine 1 Held by others 1 For later 1 Closed today 1" in told
        assert "done, by bob" in told
        assert "alice" not in await browser.see("/tasks?view=held")


async def test_a_search_that_is_no_longer_kept_is_not_taken_for_none(browser: Browser) -> None:
    await browser.desk.task(1, message(1))
    async with opened(browser.desk) as browser.address:
        kept = await browser.found("nobody")
        assert "no longer kept" not in await browser.see(kept)
        for gone, who in (("/tasks?find=of-long-ago", ALICE), (kept, BOB)):
            assert "That search is no longer kept" in await browser.see(gone, who), gone
        assert "no longer kept" not in await browser.see("/tasks")


async def test_an_empty_list_says_so_kindly(browser: Browser) -> None:
    async with opened(browser.desk) as browser.address:
        assert "Nobody waits for a call back" in await browser.see("/tasks")
        assert "You hold no callback" in await browser.see("/tasks?view=mine")
        searched = await browser.found(HOSTILE)
        assert f"matches “{HOSTILE}”" in await browser.see(searched)
        assert HOSTILE not in await browser.get(searched)


async def test_what_is_searched_for_is_in_no_address_and_is_known_to_its_account_alone(browser: Browser) -> None:
    await browser.desk.task(1, message(1))
    await browser.desk.task(2, message(2), line="nurse", caller="01632960777")
    async with opened(browser.desk) as browser.address:
        searched = await browser.found("960777", view="waiting", line="nurse")
        assert "960777" not in searched
        assert "line=nurse" in searched
        assert await browser.rows(searched) == [2]
        assert "960777" not in await browser.see(searched, BOB)


# --- one task --------------------------------------------------------------------------------------------------------


async def test_a_task_shows_all_that_is_known(one: Browser) -> None:
    await one.desk.commit(CallEnded(pbx="lab", at=NOW, call=answered("1795.1", caller=f"+44{CALLER[1:]}")))
    told = await one.see("/tasks/lab/1")
    for said in (
        "07700 900 061",
        "4 h 00 min left",
        "0:12",
        "not heard",
        "Rule: within 24 hours",
        "Waiting.",
        "opened",
    ):
        assert said in told, said
    assert "Calls (1)" in told
    assert f'src="/recordings/lab/{message(1).key.replace(" ", "%20")}"' in await one.get("/tasks/lab/1")
    await one.get("/tasks/lab/99", status=404)
    await one.get("/tasks/far/1", status=404)


async def test_what_a_caller_or_an_agent_wrote_is_shown_and_not_run(browser: Browser) -> None:
    await browser.desk.task(1, message(1, key=f"id {HOSTILE}", caller=HOSTILE), caller=HOSTILE, dial=None)
    async with opened(browser.desk) as browser.address:
        await browser.post("/tasks/lab/1/note", why=HOSTILE)
        for path in ("/tasks", "/tasks/lab/1"):
            assert "<script>alert" not in await browser.get(path)
        assert HOSTILE in await browser.see("/tasks/lab/1")


async def test_a_claim_is_shown_with_its_lease_to_both(one: Browser) -> None:
    answer = await one.post("/tasks/lab/1/claim")
    assert (answer.status, answer.headers["Location"]) == (303, "/tasks/lab/1")
    assert "Yours until 10:15 ( 15:00 left)" in await one.see("/tasks/lab/1")
    assert "alice has it until 10:15" in await one.see("/tasks/lab/1", BOB)
    late = await one.post("/tasks/lab/1/claim", BOB)
    assert late.status == 409
    assert "task 1 is claimed by alice until 10:15" in words(await late.text())


async def test_whoever_claims_from_the_list_works_on_it(one: Browser) -> None:
    answer = await one.post("/tasks/lab/1/claim", back="/tasks?view=waiting")
    assert answer.headers["Location"] == "/tasks/lab/1"
    answer = await one.post("/tasks/lab/1/release", back="/tasks?view=mine")
    assert answer.headers["Location"] == "/tasks?done=lab-1"


async def test_no_other_place_is_led_to(one: Browser) -> None:
    for back in (
        "https://evil.example/",
        "//evil.example",
        "/tasks/../login",
        "/logout",
        "/tasks?x=\r\nSet-Cookie: a=b",
    ):
        answer = await one.post("/tasks/lab/1/note", why=f"a note {back}", back=back)
        assert answer.headers["Location"] == "/tasks/lab/1", back


async def test_listening_is_marked_for_that_message_alone(browser: Browser) -> None:
    await browser.desk.task(1, message(1), message(2))
    async with opened(browser.desk) as browser.address:
        await browser.post("/tasks/lab/1/heard", message=message(2).key)
    detail = await browser.desk.database.queries.task("lab", 1)
    assert detail is not None
    assert {filing.key: filing.heard_by for filing in detail.filings} == {
        message(1).key: None,
        message(2).key: "alice",
    }


async def test_an_outcome_leads_to_the_next_task_and_can_be_undone(browser: Browser) -> None:
    await browser.desk.task(1, message(1, playable=False))
    await browser.desk.task(2, message(2), ago=3 * HOURS)
    async with opened(browser.desk) as browser.address:
        closed = await browser.post("/tasks/lab/1/close", outcome="done", why="all said", resolved="yes")
        assert closed.headers["Location"] == "/tasks/lab/2?done=lab-1"
        task = await browser.desk.held(1)
        assert (task.state, task.outcome, task.resolved) == (TaskState.CLOSED, TaskOutcome.DONE, True)
        assert "Task 1 : closed, done. Undo" in await browser.see("/tasks/lab/2?done=lab-1")
        assert "Undo" not in await browser.see("/tasks/lab/2?done=lab-1", BOB)
        undone = await browser.post("/tasks/lab/1/undo")
        assert undone.headers["Location"] == "/tasks/lab/1"
        assert (await browser.desk.held(1)).holder == "alice"
        await browser.post("/tasks/lab/1/close", outcome="not_needed")
        browser.desk.later(seconds=61)
        assert "Undo" not in await browser.see("/tasks/lab/2?done=lab-1")
        reopened = await browser.post("/tasks/lab/1/reopen")
        assert reopened.status == 303
        assert (await browser.desk.held(1)).state is TaskState.REOPENED


async def test_after_the_last_one_the_list_says_that_all_is_done(browser: Browser) -> None:
    await browser.desk.task(1, message(1, playable=False))
    async with opened(browser.desk) as browser.address:
        closed = await browser.post("/tasks/lab/1/close", outcome="done")
        told = await browser.see(closed.headers["Location"])
    assert "Task 1 : closed, done. Undo" in told
    assert "Nobody waits for a call back" in told


async def test_a_refused_form_keeps_what_was_typed(one: Browser) -> None:
    answer = await one.post("/tasks/lab/1/close", outcome="done", why=f"she rang <again> {HOSTILE}")
    html = await answer.text()
    assert answer.status == 409
    assert "nobody has listened to the message" in words(html)
    assert HOSTILE not in html
    assert f"she rang <again> {HOSTILE}" in unescape(html)
    assert (await one.desk.held(1)).state is TaskState.OPEN


async def test_at_a_bad_moment_the_form_can_be_sent_again(one: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_request: Event, _key: str) -> tuple[Fact, ...]:
        raise StoreUnavailable("the database is away")

    with monkeypatch.context() as patched:
        patched.setattr(one.desk, "ask", away)
        answer = await one.post("/tasks/lab/1/note", key="key-of-this-form", why="she rang & shouted")
    html = await answer.text()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert "she rang & shouted" in unescape(html)
    assert 'value="key-of-this-form"' in html
    assert 'action="/tasks/lab/1/note"' in html


async def test_a_form_sent_twice_is_carried_out_once_and_another_text_is_not_lost(one: Browser) -> None:
    for why in ("first", "first", "first, and more"):
        await one.post("/tasks/lab/1/note", key="the-same-key", why=why)
    detail = await one.desk.database.queries.task("lab", 1)
    assert detail is not None
    assert [entry.why for entry in detail.entries if entry.step is TaskStep.NOTED] == ["first", "first, and more"]


async def test_the_key_of_another_tasks_form_does_not_keep_anything_from_being_done(browser: Browser) -> None:
    await browser.desk.task(1, message(1))
    await browser.desk.task(2, message(2))
    async with opened(browser.desk) as browser.address:
        for number in (1, 2):
            await browser.post(f"/tasks/lab/{number}/claim", key="the-same-key")
        assert [(await browser.desk.held(number)).holder for number in (1, 2)] == ["alice", "alice"]


async def test_a_form_sent_again_after_a_restart_is_carried_out_once(one: Browser) -> None:
    await one.post("/tasks/lab/1/note", key="the-same-key", why="once")
    one.desk.forget()
    answer = await one.post("/tasks/lab/1/note", key="the-same-key", why="once")
    assert answer.status == 303
    assert (await one.see("/tasks/lab/1")).count("note alice once") == 1


async def test_the_number_heard_is_checked_beside_its_field(browser: Browser) -> None:
    await browser.desk.task(1, message(1, caller=None), caller=None)
    async with opened(browser.desk) as browser.address:
        assert "the number was withheld: listen to the message" in await browser.see("/tasks/lab/1")
        for typed in ("what she said", "123456789012", "0000", "0999 123"):
            answer = await browser.post("/tasks/lab/1/number", dial=typed)
            html = await answer.text()
            assert answer.status == 409, typed
            assert f'value="{typed}"' in html, typed
            assert re.search(r'data-wrong="dial">that is no', html), typed
        status, told = await browser.script("/tasks/lab/1/number", dial="nothing")
        assert (status, told["field"]) == (409, "dial")
        await browser.post("/tasks/lab/1/number", dial="01632 960 124")
        assert (await browser.desk.held(1)).dial == "01632960124"
        assert "Typed by hand; the telephone told: number withheld" in await browser.see("/tasks/lab/1")


@pytest.mark.parametrize(
    ("form", "at"),
    [
        ({"call_at": "2026-11-25T09:30"}, "2026-11-25T09:30:00+00:00"),
        ({"quick": "2026-11-24T14:00:00+00:00"}, "2026-11-24T14:00:00+00:00"),
        ({"call_at": ""}, "say when"),
        ({"call_at": "tomorrow"}, "that is no time"),
        ({"call_at": "2026-11-23T09:30"}, "that time has passed"),
    ],
)
async def test_another_time(one: Browser, form: dict[str, Any], at: str) -> None:
    answer = await one.post("/tasks/lab/1/later", **form)
    if answer.status == 303:
        task = await one.desk.held(1)
        assert task.call_at is not None
        assert task.call_at.isoformat() == at
        await one.post("/tasks/lab/1/later", quick="none")
        assert (await one.desk.held(1)).call_at is None
    else:
        assert at in words(await answer.text())


async def test_quick_times_go_by_the_lines_hours(one: Browser) -> None:
    morning = await one.see("/tasks/lab/1")
    assert "In 1 hour 11:00 This afternoon 14:00 Tomorrow morning Wed 25 Nov, 09:00" in morning
    one.desk.now = NOW.replace(day=27, hour=17, minute=30)  # a Friday, half an hour before the end
    evening = await one.see("/tasks/lab/1")
    assert "Another time Monday morning Mon 30 Nov, 09:00 Or at" in evening


async def test_how_to_speak_with_somebody(one: Browser) -> None:
    refused = await one.post("/tasks/lab/1/flags", language="pl", needs="interpreter")
    assert "noted only if they agree" in words(await refused.text())
    await one.post("/tasks/lab/1/claim")
    assert "The caller agreed that this is kept" in await one.see("/tasks/lab/1")
    await one.post("/tasks/lab/1/flags", language="pl", needs="interpreter", agreed="1")
    told = await one.see("/tasks?view=mine")
    assert "speaks Polish needs an interpreter" in told
    assert "Noted by alice" in await one.see("/tasks/lab/1")
    for path in ("/tasks?view=held", "/tasks/lab/1"):
        assert "Polish" not in await one.see(path, BOB), "he does not handle it"
        assert "speaks Polish" in await one.see(path, SUE)
    assert "Whoever has this task sees and notes it." in await one.see("/tasks/lab/1", BOB)
    one.desk.later(days=366)
    assert "speaks Polish" not in await one.see("/tasks/lab/1", SUE), "the agreement is over"
    one.desk.later(days=-366)
    await one.post("/tasks/lab/1/flags", forget="1", language="pl", needs="interpreter")
    assert "speaks Polish" not in await one.see("/tasks?view=mine")
    refused = await one.post("/tasks/lab/1/flags", language="<b>")
    assert "pick a language from the list" in words(await refused.text())


async def test_a_supervisor_gives_a_task_to_somebody(one: Browser) -> None:
    assert "Give it to" not in await one.see("/tasks/lab/1")
    assert "Give it to" in await one.see("/tasks/lab/1", SUE)
    accounts = one.desk.database.accounts
    for name in ("bob", "carol"):
        assert await accounts.add(Account(name=name, role=Role.AGENT), password=None, at=one.desk.now)
    assert await accounts.disable("carol", one.desk.now)
    for nobody in ("bobb", "carol"):
        refused = await one.post("/tasks/lab/1/assign", SUE, to=nobody)
        assert (refused.status, (await one.desk.held(1)).holder) == (409, None)
        assert "give the name of an account" in words(await refused.text())
        assert f'value="{nobody}"' in await refused.text()
    await one.post("/tasks/lab/1/assign", SUE, to="BOB")
    assert (await one.desk.held(1)).holder == "bob"
    refused = await one.post("/tasks/lab/1/assign", ALICE, to="bob")
    assert refused.status == 409
    assert "only a supervisor" in words(await refused.text())


async def test_a_script_is_answered_in_its_own_language(one: Browser) -> None:
    assert await one.script("/tasks/lab/1/claim") == (
        200,
        {"ok": True, "said": "Task 1 is yours until 10:15", "go": ""},
    )
    status, told = await one.script("/tasks/lab/1/claim", BOB)
    assert (status, told["status"]) == (409, 409)
    assert "claimed by alice" in told["detail"]
    status, told = await one.script("/tasks/lab/1/claim", {})
    assert (status, told["title"]) == (401, "Log in first")


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/tasks/lab/1/explode", {}, 404),
        ("/tasks/lab/99/claim", {}, 404),
        ("/tasks/lab/1/close", {"outcome": "nonsense"}, 409),
        ("/tasks/lab/1/note", {"why": "  "}, 409),
    ],
)
async def test_nonsense_is_refused(one: Browser, path: str, form: dict[str, Any], status: int) -> None:
    assert (await one.post(path, **form)).status == status


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        ("01632960123", "01632 960 123"),
        ("02079460123", "020 7946 0123"),
        ("07700900061", "07700 900 061"),
        ("+33123456789", "+33123456789"),
        ("201", "201"),
        (None, "number withheld"),
    ],
)
def test_numbers_are_grouped_to_be_read(caller: str | None, shown: str) -> None:
    assert number(caller).replace("\N{NO-BREAK SPACE}", " ") == shown
