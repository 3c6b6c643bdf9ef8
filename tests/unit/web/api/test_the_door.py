"""The API behind the real door: tokens of the database, and sessions, whose POSTs must be from our own pages."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcentre.store.account_results import ApiToken
from callcentre.web.identity import TOKEN_PREFIX
from callcentre.web.sessions import hashed
from tests.unit.web.entered import House, house
from tests.unit.web.served import NOW

SECRET = f"{TOKEN_PREFIX}of-the-crm"
CLAIM = "/api/v1/tasks/lab/1/claim"


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, "alice") as made:
        token = ApiToken(
            hash=hashed(SECRET),
            user="alice",
            name="the CRM",
            scopes=frozenset({"tasks:read", "tasks:write"}),
            created_by="root",
            created_at=NOW,
            expires_at=None,
            used_at=None,
        )
        assert await made.database.tokens.add(token)
        yield made


async def test_a_token_reads_and_writes_within_its_scopes(home: House) -> None:
    program = home.client(Authorization=f"Bearer {SECRET}")
    assert (await program.get("/api/v1/tasks")).status == 200
    assert (await program.get("/api/v1/missed")).status == 403
    assert (await program.post(CLAIM, {})).status == 404, "it may; there is no such task"
    await home.database.accounts.disable("alice", NOW)
    assert (await program.get("/api/v1/tasks")).status == 401


async def test_what_a_program_sends_comes_through_the_door(home: House) -> None:
    program = home.client(Authorization=f"Bearer {SECRET}")
    target = f"{home.address}/api/v1/tasks/lab/1/note"
    for body, status in (({"why": "rang back"}, 404), ({}, 422), ({"why": "x" * 20_000}, 413)):
        async with program.session.post(target, json=body) as answer:
            assert answer.status == status, await answer.text()


async def test_a_session_may_too_but_posts_only_from_our_own_pages(home: House) -> None:
    browser = await home.logged_in()
    assert (await browser.get("/api/v1/tasks")).status == 200
    refused = await browser.post(CLAIM, {})
    assert (refused.status, refused.headers["Content-Type"].partition(";")[0]) == (403, "application/problem+json")
    token = (await browser.get("/account")).field("csrf")
    assert (await browser.post(CLAIM, {}, **{"X-CSRF": token})).status == 404, "it may; there is no such task"
