"""The API for programs: what each resource gives, what is refused, and how."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from callcentre.cli.attendance import BREACH_KEYS, STEP_KEYS, STRETCH_KEYS
from callcentre.cli.callers import MISSED_KEYS
from callcentre.cli.tasks import ATTEMPT_KEYS, ENTRY_KEYS, FILING_KEYS, MESSAGE_KEYS, TASK_KEYS
from callcentre.history import replay
from callcentre.store.results import Account, Role
from callcentre.web.access import access_of
from callcentre.web.api import shapes, standing
from callcentre.web.api.operations import LARGEST_BODY, PREFIX
from callcentre.web.api.replies import Replies
from callcentre.web.api.routes import OPERATIONS
from callcentre.web.identity import SCOPES
from tests.conformance import sample
from tests.conformance.promises import CALLER
from tests.unit.web.api.working import CALLS, TASKS, Working, working
from tests.unit.web.served import NOW

CLAIM = "/tasks/lab/1/claim"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Working]:
    async with working(tmp_path) as made:
        yield made


# --- what there is ---------------------------------------------------------------------------------------------------


async def test_calls_are_listed_the_newest_first_and_page_by_page(api: Working) -> None:
    seen: list[str] = []
    path = "/calls?limit=3"
    while path:
        status, page = await api.get(path)
        assert status == 200, page
        seen += [call["uniqueid"] for call in page["calls"]]
        path = f"/calls?limit=3&cursor={page['next']}" if page["next"] else ""
    assert seen == [f"1795363959.{number}" for number in range(CALLS, 0, -1)]


async def test_calls_are_filtered(api: Working) -> None:
    async def found(query: str) -> int:
        status, page = await api.get(f"/calls?{query}")
        assert status == 200, page
        return len(page["calls"])

    assert await found("outcome=answered") == CALLS - 2
    assert await found("outcome=answered&outcome=abandoned") == CALLS - 1
    assert await found("line=nurse") == 0
    assert await found("until=2026-11-23T09:00:04Z") == 3
    assert await found("since=2026-11-23T10:00:04%2B01:00") == CALLS - 3


async def test_one_call(api: Working) -> None:
    status, call = await api.get("/calls/lab/1795363959.1")
    assert status == 200
    assert (call["outcome"], call["wait_seconds"], call["caller"]) == ("answered", 6.000001, "07700900123")
    assert call["answered_at"] == "2026-11-23T09:00:06.123457+00:00"
    assert [one["result"] for one in call["attempts"]] == ["cancelled", "answered", "unreachable"]


async def test_tasks_are_listed_the_most_pressing_first_and_page_by_page(api: Working) -> None:
    _, whole = await api.get("/tasks")
    assert [task["number"] for task in whole["tasks"]] == list(range(1, TASKS))
    assert all(task["overdue"] and task["messages"] == 1 for task in whole["tasks"])
    _, first = await api.get("/tasks?limit=3")
    _, second = await api.get(f"/tasks?limit=3&cursor={first['next']}")
    assert first["tasks"] + second["tasks"] == whole["tasks"]
    assert second["next"] is None


async def test_tasks_are_filtered(api: Working) -> None:
    async def found(query: str) -> list[int]:
        status, page = await api.get(f"/tasks?{query}")
        assert status == 200, page
        return [task["number"] for task in page["tasks"]]

    await api.post(CLAIM, {})
    assert await found("holder=ALICE") == [1]
    assert sorted(await found("state=claimed&state=closed")) == [1, TASKS]
    assert await found("line=nurse") == []
    assert await found("source=abandoned&state=closed") == [TASKS]
    assert await found("overdue=true") == list(range(1, TASKS))


async def test_a_task_has_its_messages_and_its_history(api: Working) -> None:
    status, whole = await api.get("/tasks/lab/1")
    assert status == 200
    assert [message["duration"] for message in whole["messages"]] == [12]
    assert whole["history"][0]["step"] == "opened"


async def test_the_ledger_of_a_day_adds_up(api: Working) -> None:
    status, found = await api.get("/attendance?line=enquiries&day=2026-11-24")
    assert status == 200
    (day,) = found["lines"]
    told = [day[f"{state}_seconds"] for state in ("attended", "unattended", "unknown", "to_come")]
    assert sum(told) == day["core_seconds"] == sum(one["seconds"] for one in day["attendance"])
    assert day["attended_seconds"] == 5_400
    assert [one["state"] for one in day["attendance"]][:2] == ["attended", "unattended"]


async def test_figures_are_those_of_the_page(api: Working) -> None:
    status, figures = await api.get("/figures")
    assert status == 200
    line = figures["lines"][0]
    assert (line["line"], line["callbacks"]["open"], line["callbacks"]["overdue"]) == (
        "enquiries",
        TASKS - 1,
        TASKS - 1,
    )
    assert (await api.get("/figures?line=nurse"))[1]["lines"] == figures["lines"][1:]


async def test_missed_callers_are_paged_without_a_number_in_an_address(tmp_path: Path) -> None:
    async with working(tmp_path, missed=3) as api:
        _, whole = await api.get("/missed")
        seen, path = [], "/missed?limit=1"
        while path:
            _, page = await api.get(path)
            seen += page["missed"]
            assert not re.search(r"\d{7}", page["next"] or "")
            path = f"/missed?limit=1&cursor={page['next']}" if page["next"] else ""
    assert seen == whole["missed"]
    assert len(seen) == 3


async def test_lines_say_what_they_promise(api: Working) -> None:
    _, found = await api.get("/lines")
    assert [(line["line"], line["answer_seconds"]) for line in found["lines"]] == [("enquiries", 15.0), ("nurse", 15.0)]


def test_keys_are_those_that_the_command_line_prints() -> None:
    assert set(TASK_KEYS) | {"overdue", "messages"} <= set(shapes.TaskRow.model_fields)
    assert set(shapes.MessageRow.model_fields) == {"pbx", *MESSAGE_KEYS, *FILING_KEYS}
    assert set(shapes.DialRow.model_fields) == set(ATTEMPT_KEYS)
    assert set(shapes.EntryRow.model_fields) == set(ENTRY_KEYS)
    assert set(standing.MissedRow.model_fields) == set(MISSED_KEYS)
    assert {"pbx", "line", "day", *standing.StretchRow.model_fields} == set(STRETCH_KEYS)
    assert {"pbx", "line", *standing.BreachRow.model_fields} == {*BREACH_KEYS, "who", "told", "steps"}
    assert set(standing.StepRow.model_fields) == set(STEP_KEYS)
    printed = replay.call_row(sample.answered(sample.offered()))
    assert set(shapes.CallRow.model_fields) == {*printed, "charter", "charter_version"}


# --- ETags -----------------------------------------------------------------------------------------------------------


async def test_what_did_not_change_is_not_sent_again(api: Working) -> None:
    async with ClientSession(api.url, headers={"Authorization": "Bearer sue:supervisor:*"}) as client:
        async with client.get("/api/v1/tasks") as first:
            tag = first.headers["ETag"]
        async with client.get("/api/v1/tasks", headers={"If-None-Match": tag}) as again:
            assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", tag)
        await api.post(CLAIM, {})
        async with client.get("/api/v1/tasks", headers={"If-None-Match": tag}) as changed:
            assert changed.status == 200
            assert changed.headers["ETag"] != tag
            assert changed.headers["Cache-Control"] == "private, no-cache"


# --- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
async def test_an_operation_wants_its_scope_and_its_role(operation: Any, api: Working) -> None:
    path = operation.path.format(pbx="lab", number=1, uniqueid="1795363959.1")
    others = ",".join(sorted(set(SCOPES) - {operation.scope}))
    assert operation.scope in SCOPES
    assert (await api.ask(operation.method, path, f"sue:admin:{others}"))[0] == 403
    status, problem = await api.ask(operation.method, path, "nobody")
    assert (status, problem["status"], problem["title"]) == (401, 401, "Log in first")
    if operation.role != "agent":
        assert (await api.ask(operation.method, path, "alice:agent:*"))[0] == 403


async def test_a_program_is_told_how_to_log_in(api: Working) -> None:
    async with ClientSession(api.url) as client, client.get("/api/v1/tasks") as reply:
        assert reply.headers["WWW-Authenticate"] == "Bearer"


async def test_the_history_names_account_and_token_and_the_task_is_the_accounts(api: Working) -> None:
    status, done = await api.post(CLAIM, {"why": "for Mrs Smith"})
    assert status == 200
    assert done["task"]["holder"] == "alice"
    (entry,) = done["done"]
    assert (entry["who"], entry["why"], entry["step"]) == ("alice (crm)", "for Mrs Smith", "claimed")


# --- steps -----------------------------------------------------------------------------------------------------------


async def test_a_task_is_given_only_to_an_account_that_is_there(api: Working) -> None:
    status, told = await api.post("/tasks/lab/1/assign", {"to": "bob"}, "sue:supervisor:*")
    assert (status, told["detail"]) == (409, "nobody who can log in has that name: give the name of an account")
    assert await api.site.opened.accounts.add(Account(name="bob", role=Role.AGENT), password=None, at=NOW)
    status, done = await api.post("/tasks/lab/1/assign", {"to": "Bob"}, "sue:supervisor:*")
    assert (status, done["task"]["holder"]) == (200, "bob")


async def test_a_task_from_claim_to_close_and_back(api: Working) -> None:
    async def step(name: str, **body: Any) -> Any:
        status, done = await api.post(f"/tasks/lab/1/{name}", body)
        assert status == 200, done
        return done["task"]

    assert (await step("claim"))["state"] == "claimed"
    await step("heard")
    assert (await step("number", dial="01632 960123"))["dial"] == "01632960123"
    await step("note", why="she will be in after four")
    closed = await step("close", outcome="done", why="spoke with her", resolved=True)
    assert (closed["state"], closed["outcome"], closed["resolved"]) == ("closed", "done", True)
    assert (await step("reopen"))["state"] == "reopened"


async def test_a_closed_task_that_the_core_forgot_is_reopened(api: Working) -> None:
    status, done = await api.post(f"/tasks/lab/{TASKS}/reopen", {"why": "she rang again"})
    assert (status, done["task"]["state"]) == (200, "reopened")


async def test_a_refusal_says_what_to_do_instead(api: Working) -> None:
    await api.post(CLAIM, {})
    status, problem = await api.post("/tasks/lab/1/note", {"why": " "})
    assert (status, problem["detail"]) == (409, "the note is empty; write what should be remembered")
    status, problem = await api.post("/tasks/lab/1/close", {"outcome": "done"}, token="bob:agent:*")
    assert status == 409
    assert "alice" in problem["detail"]


async def test_an_acknowledgement_says_how_and_is_for_charters_that_promise_it(api: Working) -> None:
    status, problem = await api.post("/tasks/lab/1/acknowledge", {"how": "text"})
    assert (status, problem["detail"]) == (409, "nothing in task 1 waits to be acknowledged; write a note instead")
    for body in ({}, {"how": "pigeon"}):
        assert (await api.post("/tasks/lab/1/acknowledge", body))[0] == 422
    task = (await api.get("/tasks/lab/1"))[1]
    assert (task["task"]["ack_due"], task["task"]["ack_act_by"]) == (None, None)
    assert (task["messages"][0]["ack_due"], task["messages"][0]["acknowledged_at"]) == (None, None)
    assert (await api.get("/tasks?unacknowledged=true"))[1]["tasks"] == []


async def test_steps_without_fields_need_no_body(api: Working) -> None:
    async with (
        ClientSession(api.url, headers={"Authorization": "Bearer alice:agent:*"}) as client,
        client.post(PREFIX + CLAIM) as reply,
    ):
        assert reply.status == 200


# --- once ------------------------------------------------------------------------------------------------------------


async def entries(api: Working, number: int = 1) -> list[Any]:
    found: list[Any] = (await api.get(f"/tasks/lab/{number}"))[1]["history"]
    return found


async def test_the_same_key_again_gives_the_first_reply_and_does_nothing(api: Working) -> None:
    first = await api.post("/tasks/lab/1/note", {"why": "once"}, Idempotency_Key="one")
    before = await entries(api)
    assert await api.post("/tasks/lab/1/note", {"why": "once"}, Idempotency_Key="one") == first
    assert await entries(api) == before
    assert (await api.post("/tasks/lab/1/note", {"why": "once"}, Idempotency_Key="two"))[0] == 200
    assert len(await entries(api)) == len(before) + 1


async def test_a_key_is_for_one_request(api: Working) -> None:
    await api.post("/tasks/lab/1/note", {"why": "once"}, Idempotency_Key="one")
    status, problem = await api.post("/tasks/lab/2/note", {"why": "once"}, Idempotency_Key="one")
    assert (status, problem["detail"]) == (
        409,
        "this Idempotency-Key was used for another request; make a new one for each",
    )
    mine = await api.post("/tasks/lab/1/note", {"why": "mine"}, "bob:agent:*", Idempotency_Key="one")
    assert mine[0] == 200, "keys of two accounts have nothing to do with each other"


async def test_a_refusal_is_remembered_with_its_key(api: Working) -> None:
    refused = await api.post("/tasks/lab/1/renew", {}, Idempotency_Key="one")
    assert refused[0] == 409
    await api.post(CLAIM, {})
    assert await api.post("/tasks/lab/1/renew", {}, Idempotency_Key="one") == refused


async def test_what_was_done_before_a_restart_is_not_done_again(tmp_path: Path) -> None:
    async with working(tmp_path) as api:
        _, first = await api.post("/tasks/lab/1/note", {"why": "once"}, Idempotency_Key="one")
        before = await entries(api)
    async with working(tmp_path, anew=False) as api:
        status, again = await api.post("/tasks/lab/1/note", {"why": "once"}, Idempotency_Key="one")
        assert (status, again) == (200, first)
        assert await entries(api) == before


async def test_a_dial_wants_a_key(api: Working) -> None:
    status, problem = await api.post("/tasks/lab/1/dial", {})
    assert status == 400
    assert "Idempotency-Key" in problem["detail"]


async def test_a_key_is_one_word(api: Working) -> None:
    for key in ("two words", "x" * 256, ""):
        assert (await api.post(CLAIM, {}, Idempotency_Key=key))[0] == 400


async def test_only_so_many_replies_are_remembered(monkeypatch: pytest.MonkeyPatch, api: Working) -> None:
    monkeypatch.setattr("callcentre.web.api.replies._REMEMBERED", 2)
    for key in ("one", "two", "three"):
        await api.post("/tasks/lab/1/note", {"why": key}, Idempotency_Key=key)
    replies: Replies = api.replies
    assert [key for _, key in replies._known] == ["two", "three"]


# --- what is wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "said"),
    [
        ("GET", "/nothing", b"", 404, "There is no such page"),
        ("GET", "/tasks/lab/99", b"", 404, "there is no such task"),
        ("GET", "/tasks/lab/one", b"", 404, "there is nothing of that name"),
        ("GET", "/calls/lab/1.1", b"", 404, "there is no such call"),
        ("GET", "/figures?line=sales", b"", 404, "there is no such line"),
        ("GET", "/attendance?line=sales", b"", 404, "there is no such line"),
        ("GET", "/attendance?day=1066-10-14", b"", 404, "bank holidays are known from"),
        ("GET", "/attendance?day=20261124", b"", 422, "day: a day is written as 2026-11-24"),
        ("GET", "/tasks?cursor=abc", b"", 404, "begin again without `cursor`"),
        ("DELETE", "/tasks/lab/1", b"", 405, "Method Not Allowed"),
        ("GET", "/tasks?limit=1001", b"", 422, "limit: Input should be less than or equal to 1000"),
        ("GET", "/tasks?limit=1&limit=2", b"", 422, "limit: say it once"),
        ("GET", f"/tasks?caller={CALLER}", b"", 422, "unknown field; there are: cursor, holder"),
        ("GET", "/calls?since=2026-11-23", b"", 422, "since: a time is written as 2026-11-24T09:00:00Z"),
        ("GET", "/calls?since=2026-02-30T09:00:00Z", b"", 422, "since: there is no such time"),
        ("POST", CLAIM, b"{", 400, "the body is no JSON"),
        ("POST", CLAIM, b"[]", 422, "body: Input should be an object"),
        ("POST", CLAIM, b'{"07700900123": 1}', 422, "unknown field; there are: why"),
        ("POST", CLAIM, b'{"why": 7700900123}', 422, "why: Input should be a valid string"),
        ("POST", "/tasks/lab/1/close", b'{"outcome": "07700900123"}', 422, "outcome: Input should be 'done'"),
        ("POST", CLAIM, b" " * (LARGEST_BODY + 1), 413, "a body has at most 16384 bytes"),
    ],
)
async def test_what_is_wrong_is_said_as_problem_json(
    method: str, path: str, sent: bytes, status: int, said: str, api: Working
) -> None:
    headers = {"Authorization": "Bearer sue:admin:*"} | ({"Content-Type": "application/json"} if sent else {})
    async with (
        ClientSession(api.url) as client,
        client.request(method, PREFIX + path, data=sent or None, headers=headers) as reply,
    ):
        assert reply.content_type == "application/problem+json"
        text = await reply.text()
        problem = json.loads(text)
        assert (reply.status, problem["status"]) == (status, status)
        assert said in problem["detail"]
        assert not re.search(r"\d{7}", text), "nothing of what was sent is said again"
        assert reply.headers.get("Allow") == ("GET,HEAD" if status == 405 else None)


async def test_only_json_is_read(api: Working) -> None:
    async with (
        ClientSession(api.url, headers={"Authorization": "Bearer alice:agent:*"}) as client,
        client.post(PREFIX + CLAIM, data={"why": "a form"}) as reply,
    ):
        assert (reply.status, reply.content_type) == (415, "application/problem+json")


async def test_a_cursor_belongs_to_its_list(api: Working) -> None:
    _, page = await api.get("/tasks?limit=1")
    assert (await api.get(f"/tasks?limit=2&cursor={page['next']}"))[0] == 200
    assert (await api.get(f"/tasks?limit=1&line=nurse&cursor={page['next']}"))[0] == 404
    assert (await api.get(f"/calls?cursor={page['next']}"))[0] == 404


# --- the table -------------------------------------------------------------------------------------------------------


async def test_every_route_of_the_api_is_an_operation_of_the_table_and_marked(api: Working) -> None:
    known = {(operation.method, PREFIX + operation.path) for operation in OPERATIONS}
    routes = [
        route for route in api.app.router.routes() if route.resource and route.resource.canonical.startswith("/api")
    ]
    found = {(r.method, r.resource.canonical) for r in routes if r.resource and r.method != "HEAD"}
    assert found == known | {("GET", f"{PREFIX}/openapi.json")}
    assert all(access_of(route.handler) is not None for route in routes)


async def test_the_document_is_there_for_everybody_and_names_every_operation(api: Working) -> None:
    async with ClientSession(api.url) as client, client.get(f"{PREFIX}/openapi.json") as reply:
        document = await reply.json()
    assert document["openapi"] == "3.1.0"
    names = {each["operationId"] for path in document["paths"].values() for each in path.values()}
    assert names == {operation.name for operation in OPERATIONS}
    wanted = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert wanted <= set(document["components"]["schemas"])
