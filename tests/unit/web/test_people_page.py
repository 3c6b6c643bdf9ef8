"""/users: accounts made, changed, shut and removed by an administrator; tokens and links shown once."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcentre.store.results import Account, Role
from tests.unit.web.entered import PASSWORD, Browser, House, house

NEW = "another handful of words"


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, "alice", "bob", "root") as made:
        yield made


@pytest.fixture
async def root(home: House) -> Browser:
    return await home.logged_in("root")


async def account(home: House, name: str) -> Account:
    found = await home.database.accounts.account(name)
    assert found is not None
    return found


def once(text: str) -> str:
    """What a page shows only now."""
    found = re.search(r'id="once" class="once" value="([^"]+)"', text)
    assert found is not None
    return found.group(1)


async def test_all_accounts_are_listed(root: Browser) -> None:
    page = await root.get("/users")
    for words in ("3 accounts", "Alice Adams", "PJSIP/101", '<a href="/users/Bob">'):
        assert words in page.text


async def test_an_account_is_made_with_a_password(home: House, root: Browser) -> None:
    form = {"name": "carol", "full_name": "Carol <b>Clark</b>", "role": "supervisor", "telephone": "PJSIP/103"}
    done = await root.send("/users", **form, line="nurse", password=NEW)
    assert (done.status, done.location) == (303, "/users/carol?done=added")
    assert await account(home, "carol") == Account(
        name="carol",
        role=Role.SUPERVISOR,
        full_name="Carol <b>Clark</b>",
        telephone="PJSIP/103",
        lines=frozenset({"nurse"}),
    )
    assert "Carol &lt;b&gt;" in (await root.get("/users")).text
    assert (await home.client().log_in("carol", NEW)).status == 303
    assert ("root", "account added", "carol, supervisor") in await home.actions()


async def test_an_account_is_made_with_a_link_that_is_shown_once(home: House, root: Browser) -> None:
    shown = await root.send("/users", name="carol", role="agent")
    assert shown.status == 200
    assert shown.headers["Cache-Control"] == "no-store"
    link = once(shown.text)
    assert link.startswith(f"{home.address}/login/link/")
    secret = link.rpartition("/")[2]
    assert secret not in (await root.get("/users/carol")).text
    assert all(secret not in "".join(entry) for entry in await home.actions())
    carol = home.client()
    path = link.removeprefix(home.address)
    assert (await carol.send(path, password=NEW, again=NEW)).status == 303
    assert (await carol.log_in("carol", NEW)).status == 303


async def test_a_link_is_good_for_a_day(home: House, root: Browser) -> None:
    shown = await root.send("/users/alice", "/users/alice/link")
    path = once(shown.text).removeprefix(home.address)
    home.clock.advance(86_399)
    assert (await home.client().get(path)).status == 200
    home.clock.advance(1)
    assert (await home.client().get(path)).status == 404


@pytest.mark.parametrize(
    ("form", "said", "status"),
    [
        ({"name": ""}, "A name has letters", 400),
        ({"name": "a/b"}, "A name has letters", 400),
        ({"name": "a\nb"}, "A name has letters", 400),
        ({"name": "x" * 65}, "A name has letters", 400),
        ({"name": "ALICE"}, "There is an account ALICE already", 409),
        ({"name": "carol", "telephone": "PJSIP/1,2"}, "A telephone is technology/name", 400),
        ({"name": "carol", "line": "bar"}, "There is no line bar", 400),
        ({"name": "carol", "password": "short"}, "at least 10", 400),
        ({"name": "carol", "full_name": "x" * 121}, "A full name is one line", 400),
    ],
)
async def test_what_is_no_account(home: House, root: Browser, form: dict[str, str], said: str, status: int) -> None:
    page = await root.send("/users", **({"role": "agent"} | form))
    assert page.status == status
    assert said in page.text
    assert len(await home.database.accounts.all()) == 3


async def test_what_they_are_is_changed_and_ends_no_session(home: House, root: Browser) -> None:
    alice = await home.logged_in()
    done = await root.send("/users/alice", "/users/alice/describe", full_name="A.", telephone="", line="nurse")
    assert done.location == "/users/alice?done=described"
    found = await account(home, "alice")
    assert (found.full_name, found.telephone, found.lines) == ("A.", None, frozenset({"nurse"}))
    page = await alice.get("/account")
    assert page.status == 200
    assert "none: you cannot call back" in page.text
    wrong = await root.send("/users/alice", "/users/alice/describe", telephone="Local/1@x\r\nAction: y")
    assert wrong.status == 400


@pytest.mark.parametrize(
    ("action", "fields", "entry"),
    [
        ("role", {"role": "supervisor"}, ("root", "role changed", "alice, supervisor")),
        ("password", {"password": NEW}, ("root", "password set", "alice")),
        ("disable", {}, ("root", "disabled", "alice")),
        ("sessions", {}, ("root", "sessions ended", "alice")),
        ("remove", {"sure": "Alice"}, ("root", "account removed", "alice")),
    ],
)
async def test_what_ends_their_sessions_ends_them_at_once(
    home: House, root: Browser, action: str, fields: dict[str, str], entry: tuple[str, str, str]
) -> None:
    alice = await home.logged_in()
    assert (await alice.get("/account")).status == 200
    done = await root.send("/users/alice", f"/users/alice/{action}", **fields)
    assert done.status == 303
    assert (await alice.get("/account")).status == 303
    assert entry in await home.actions()
    assert (await root.get(done.location)).status == 200


async def test_who_is_shut_out_is_let_in_again(home: House, root: Browser) -> None:
    await root.send("/users/alice", "/users/alice/disable")
    assert (await home.client().log_in()).status == 401
    assert "shut" in (await root.get("/users")).text
    assert (await root.send("/users/alice", "/users/alice/link")).status == 400
    await root.send("/users/alice", "/users/alice/enable")
    assert (await home.client().log_in()).status == 303


@pytest.mark.parametrize(
    ("action", "fields"), [("role", {"role": "agent"}), ("disable", {}), ("remove", {"sure": "root"})]
)
async def test_the_last_administrator_stays(home: House, root: Browser, action: str, fields: dict[str, str]) -> None:
    page = await root.send("/users/root", f"/users/root/{action}", **fields)
    assert page.status == 400
    assert "the last administrator" in page.text
    assert (await account(home, "root")).role is Role.ADMIN
    assert (await root.get("/users")).status == 200


async def test_removing_is_meant(home: House, root: Browser) -> None:
    assert (await root.send("/users/alice", "/users/alice/remove", sure="alic")).status == 400
    assert (await account(home, "alice")).name == "alice"


async def test_a_token_is_shown_once_and_taken_back(home: House, root: Browser) -> None:
    shown = await root.post(
        "/users/Bob/tokens",
        {"csrf": (await root.get("/users/Bob")).field("csrf"), "token": "CRM", "scope": "calls:read", "days": "7"},
    )
    assert shown.headers["Cache-Control"] == "no-store"
    secret = once(shown.text)
    page = await root.get("/users/Bob")
    assert "CRM" in page.text
    assert secret not in page.text
    program = {"Authorization": f"Bearer {secret}"}
    assert (await home.client().get("/api/v1/calls", **program)).status == 200
    (stored,) = await home.database.tokens.all()
    assert (stored.created_by, stored.scopes) == ("root", frozenset({"calls:read"}))
    await root.send("/users/Bob", "/users/Bob/tokens/remove", token=stored.hash)
    assert (await home.client().get("/api/v1/calls", **program)).status == 401
    assert ("root", "token made", "Bob, CRM: calls:read") in await home.actions()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"token": "", "scope": "calls:read"}, "needs a name"),
        ({"token": "x"}, "at least one scope"),
        ({"token": "x", "scope": "calls:write"}, "no scope calls:write"),
        ({"token": "x", "scope": "calls:read", "days": "-1"}, "whole number"),
        ({"token": "x", "scope": "calls:read", "days": "9999999999999"}, "whole number"),
        ({"token": "x", "scope": "calls:read", "days": "²"}, "whole number"),
    ],
)
async def test_what_is_no_token(home: House, root: Browser, fields: dict[str, str], said: str) -> None:
    page = await root.send("/users/Bob", "/users/Bob/tokens", **fields)
    assert page.status == 400
    assert said in page.text
    assert await home.database.tokens.all() == []


async def test_who_is_not_there_is_told(root: Browser) -> None:
    assert (await root.get("/users/nobody")).status == 404
    assert (await root.get("/users/%00")).status == 404
    assert (await root.get("/users/..%2Fconfig")).status == 404


async def test_a_forgotten_telephone_is_no_lock(home: House, root: Browser) -> None:
    await home.database.accounts.offer_totp("alice", "JBSWY3DPEHPK3PXP")
    await home.database.accounts.start_totp("alice", "JBSWY3DPEHPK3PXP", 1, ["a"], home.clock.now())
    assert (await home.client().log_in()).location.startswith("/login/code")
    assert "password and code" in (await root.get("/users")).text
    await root.send("/users/alice", "/users/alice/codes-off")
    assert (await home.client().log_in(password=PASSWORD)).location == "/account"
