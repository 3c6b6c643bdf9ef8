"""Who asks: a session, a token, or the word of a proxy, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from callcentre.web.people import new_token
from tests.unit.web.entered import PASSWORD, House, house

LISTED: dict[str, Any] = {"proxies": ["127.0.0.1"], "trusted_header": "X-Remote-User"}


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, "alice", "bob", "root") as made:
        yield made


async def token(home: House, name: str = "bob", *scopes: str, days: int | None = None) -> dict[str, str]:
    secret, stored = new_token(name, "dashboard", scopes or ["calls:read"], by="root", now=home.clock.now(), days=days)
    assert await home.database.tokens.add(stored)
    return {"Authorization": f"Bearer {secret}"}


async def status(home: House, path: str, headers: dict[str, str], **more: Any) -> int:
    return (await home.client().get(path, **headers, **more)).status


# --- tokens ----------------------------------------------------------------------------------------------------------


async def test_a_token_opens_what_its_scopes_say_and_no_page(home: House) -> None:
    bearer = await token(home)
    assert await status(home, "/api/v1/calls", bearer) == 200
    assert await status(home, "/api/v1/tasks", bearer) == 403
    for page in ("/account", "/users", "/config", "/today"):
        assert await status(home, page, bearer) == 403


async def test_a_token_may_no_more_than_its_account(home: House) -> None:
    assert await status(home, "/api/v1/calls", await token(home, "alice")) == 403
    bearer = await token(home)
    await home.database.accounts.disable("bob", home.clock.now())
    assert await status(home, "/api/v1/calls", bearer) == 401


@pytest.mark.parametrize(
    "sent",
    ["", "x", "callcentre_", "callcentre_" + "x" * 43, "callcentre_" + "x" * 5_000, "callcentre_é", "Bearer"],
)
async def test_what_is_no_token_is_nobody_whatever_cookie_comes_along(home: House, sent: str) -> None:
    browser = await home.logged_in("bob")
    assert (await browser.get("/api/v1/calls")).status == 200
    answer = await browser.get("/api/v1/calls", Authorization=f"Bearer {sent}")
    assert answer.status == 401
    assert answer.headers["Content-Type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    "header", ["Cookie: callcentre=", "Cookie: callcentre-login=", "Authorization: Bearer callcentre_"]
)
async def test_bytes_that_are_no_text_are_nobodys_and_no_fault_of_ours(home: House, header: str) -> None:
    url = URL(home.address)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    sent = b"GET /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + header.encode() + b"\xff\xfe\r\n\r\n"
    writer.write(sent)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "path",
    ["/events", "/wallboard/events", "/api/v1/events", "/calls.csv", "/attendance.csv", "/wrap-ups.csv"],
)
async def test_what_is_sent_as_it_comes_has_no_head_alone(home: House, path: str) -> None:
    browser = await home.logged_in("bob")
    async with browser.session.head(home.address + path) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")


async def test_another_kind_of_authorization_is_passed_over(home: House) -> None:
    """A proxy's own log-in may come along on every request."""
    browser = await home.logged_in("bob")
    assert (await browser.get("/account", Authorization="Basic Ym9iOmJvYg==")).status == 200


async def test_a_token_ends_and_is_taken_back(home: House) -> None:
    bearer = await token(home, days=1)
    home.clock.advance(86_399)
    assert await status(home, "/api/v1/calls", bearer) == 200
    home.clock.advance(1)
    assert await status(home, "/api/v1/calls", bearer) == 401
    other = await token(home)
    for one in await home.database.tokens.all():
        await home.database.tokens.remove(one.hash)
    assert await status(home, "/api/v1/calls", other) == 401


async def test_that_a_token_is_used_is_written_once_a_minute(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    bearer = await token(home)
    written: list[Any] = []
    used = home.database.tokens.used

    async def noted(*values: Any) -> None:
        written.append(values)
        await used(*values)

    monkeypatch.setattr(home.database.tokens, "used", noted)
    for _ in range(12):
        await status(home, "/api/v1/calls", bearer)
        home.clock.advance(10)
    assert len(written) == 2


# --- the word of a proxy ---------------------------------------------------------------------------------------------


async def test_a_listed_proxy_says_who_is_logged_in(tmp_path: Path) -> None:
    async with house(tmp_path, "alice", "root", **LISTED) as home:
        page = await home.client().get("/account", **{"X-Remote-User": "Alice"})
        assert page.status == 200
        assert "The proxy before callcentre logs you in" in page.text
        for nobody in ("mallory", "", "alice\xe9"):
            assert await status(home, "/account", {"X-Remote-User": nobody}) == 303
        await home.database.accounts.disable("alice", home.clock.now())
        assert await status(home, "/account", {"X-Remote-User": "alice"}) == 303
        assert await home.database.sessions.of("alice") == []


async def test_forms_of_who_came_by_a_proxy_bear_a_token_of_their_account(tmp_path: Path) -> None:
    """The proxy's own cookie could be made use of by other sites."""
    async with house(tmp_path, "alice", "root", **LISTED) as home:
        root, alice = {"X-Remote-User": "root"}, {"X-Remote-User": "alice"}
        browser = home.client()
        own = (await browser.get("/users", **root)).text.partition('name="csrf" content="')[2].partition('"')[0]
        theirs = (await browser.get("/account", **alice)).text.partition('name="csrf" content="')[2].partition('"')[0]
        assert own
        assert own != theirs
        form = {"name": "carol", "role": "agent"}
        assert (await browser.post("/users", form, **root)).status == 403
        assert (await browser.post("/users", form | {"csrf": theirs}, **root)).status == 403
        assert (await browser.post("/users", form | {"csrf": own}, **root)).status == 200


async def test_the_word_of_anybody_else_is_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, "root", **(LISTED | {"proxies": ["192.0.2.1"], "plain_http": True})) as home:
        assert await status(home, "/account", {"X-Remote-User": "root"}) == 303
        assert await status(home, "/account", {"X-Forwarded-For": "192.0.2.1", "X-Remote-User": "root"}) == 303


async def test_behind_a_proxy_that_speaks_tls_cookies_are_secure(tmp_path: Path) -> None:
    async with house(tmp_path, "alice", proxies=["127.0.0.1"]) as home:
        answer = await home.client().get("/login", **{"X-Forwarded-Proto": "https"})
        (cookie,) = answer.headers.getall("Set-Cookie")
        assert cookie.startswith("__Host-callcentre-login=")
        assert "Secure" in cookie
        assert answer.headers["Strict-Transport-Security"]
        plain = await home.client().get("/login")
        assert "Strict-Transport-Security" not in plain.headers


async def test_the_audit_log_has_the_address_that_the_proxy_tells(tmp_path: Path) -> None:
    async with house(tmp_path, "bob", proxies=["127.0.0.1"]) as home:
        browser = await home.logged_in("bob", **{"X-Forwarded-For": "203.0.113.9"})
        assert (await browser.get("/calls.csv", **{"X-Forwarded-For": "203.0.113.9"})).status == 200
        entries = await home.database.audit.entries()
    assert {(entry.action, entry.address) for entry in entries} == {
        ("login", "203.0.113.9"),
        ("exported", "203.0.113.9"),
    }


# --- while the database is away --------------------------------------------------------------------------------------


async def test_while_the_database_is_away_machines_are_answered_and_nobody_is_let_in(home: House) -> None:
    browser = await home.logged_in()
    home.site.database = None
    home.clock.advance(5)
    assert (await browser.get("/-/healthy")).status == 200
    assert (await browser.get("/metrics")).status == 200
    assert (await browser.get("/static/app.css")).status == 200
    assert (await browser.get("/account")).status == 503
    assert (await browser.get("/login")).status == 503


async def test_a_log_in_ends_the_session_before_it_whoever_else_said_who_it_is(tmp_path: Path) -> None:
    async with house(tmp_path, "alice", **LISTED) as home:
        browser, by_proxy = await home.logged_in("alice"), {"X-Remote-User": "alice"}
        (before,) = await home.database.sessions.of("alice")
        form = {
            "csrf": (await browser.get("/account", **by_proxy)).field("csrf"),
            "name": "alice",
            "password": PASSWORD,
        }
        assert (await browser.post("/login", form, **by_proxy)).status == 303
        (after,) = await home.database.sessions.of("alice")
        assert after.hash != before.hash
