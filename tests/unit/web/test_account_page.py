"""/account: one's own password, codes and sessions."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest

from tests.unit.web.entered import PASSWORD, House, house

NEW = "another handful of words"


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, "alice", "bob", "root") as made:
        yield made


async def test_it_shows_what_the_account_is(home: House) -> None:
    page = await (await home.logged_in()).get("/account")
    assert "PJSIP/101" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "none: you cannot call back" in (await (await home.logged_in("bob")).get("/account")).text


async def test_a_new_password_ends_all_sessions_but_this_which_is_a_new_one(home: House) -> None:
    browser, elsewhere = await home.logged_in(), await home.logged_in()
    before = {one.hash for one in await home.database.sessions.of("alice")}
    done = await browser.send("/account", "/account/password", password=PASSWORD, new=NEW, again=NEW)
    assert (done.status, done.location) == (303, "/account?done=password")
    assert "Your password is changed" in (await browser.get(done.location)).text
    assert (await elsewhere.get("/account")).status == 303
    after = {one.hash for one in await home.database.sessions.of("alice")}
    assert len(after) == 1
    assert not after & before
    assert (await home.client().log_in(password=PASSWORD)).status == 401
    assert (await home.client().log_in(password=NEW)).status == 303


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"password": "wrong", "new": NEW, "again": NEW}, "That is not your password"),
        ({"password": PASSWORD, "new": "short", "again": "short"}, "at least 10"),
        ({"password": PASSWORD, "new": NEW, "again": NEW + "x"}, "not the same"),
        ({}, "That is not your password"),
    ],
)
async def test_what_keeps_the_password_as_it_is(home: House, form: dict[str, str], said: str) -> None:
    browser = await home.logged_in()
    page = await browser.send("/account", "/account/password", **form)
    assert page.status == 400
    assert said in page.text
    assert NEW not in page.text
    assert (await home.client().log_in()).status == 303


async def test_an_open_screen_is_no_place_to_guess_the_password(home: House) -> None:
    browser = await home.logged_in()
    told = [
        (await browser.send("/account", "/account/password", password="wrong", new=NEW, again=NEW)).text
        for _ in range(6)
    ]
    assert "That is not your password" in told[4]
    assert "Too many tries" in told[5]
    home.clock.advance(60)
    answer = await browser.send("/account", "/account/password", password=PASSWORD, new=NEW, again=NEW)
    assert answer.status == 303


async def test_codes_are_turned_on_with_the_first_one_and_off_with_the_password(home: House) -> None:
    browser = await home.logged_in()
    page = await browser.get("/account/codes")
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page.text)
    assert found is not None
    code = pyotp.TOTP(found.group(1).replace(" ", "")).at(home.clock.now())
    assert (await browser.send("/account/codes", code=code, password="wrong")).status == 400
    assert (await browser.send("/account/codes", code="000000", password=PASSWORD)).status == 400
    shown = await browser.send("/account/codes", code=code, password=PASSWORD)
    assert shown.status == 200
    assert len(re.findall(r"<li><code>", shown.text)) == 10
    page = await browser.get("/account")
    assert "10 recovery codes left" in page.text
    assert (await browser.get("/account/codes")).location == "/account"
    assert (await home.client().log_in()).location.startswith("/login/code")
    assert (await browser.send("/account", "/account/codes-off", password="wrong")).status == 400
    assert (await browser.send("/account", "/account/codes-off", password=PASSWORD)).status == 303
    assert (await browser.get("/account")).status == 200
    assert (await home.client().log_in()).location == "/account"
    assert [action for _, action, _ in await home.actions() if action.startswith("codes")] == ["codes on", "codes off"]


async def test_where_codes_are_required_they_stay_on(tmp_path: Path) -> None:
    async with house(tmp_path, "alice") as before:
        browser = await before.logged_in()
        page = await browser.get("/account/codes")
        found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page.text)
        assert found is not None
        code = pyotp.TOTP(found.group(1).replace(" ", "")).at(before.clock.now())
        assert (await browser.send("/account/codes", code=code, password=PASSWORD)).status == 200
    async with house(tmp_path, require_totp=True) as home:
        browser = home.client()
        await browser.log_in()
        home.clock.advance(30)
        code = pyotp.TOTP(found.group(1).replace(" ", "")).at(home.clock.now())
        assert (await browser.send("/login/code", code=code)).status == 303
        assert "Turn them off" not in (await browser.get("/account")).text
        assert (await browser.send("/account", "/account/codes-off", password=PASSWORD)).status == 400
        known = await home.database.accounts.account("alice")
        assert known is not None
        assert known.totp


async def test_sessions_are_shown_and_ended_one_by_one_or_all(home: House) -> None:
    here = await home.logged_in(**{"User-Agent": "Firefox <script>alert(1)</script>"})
    there, third = await home.logged_in(**{"User-Agent": "Telephone"}), await home.logged_in()
    bob = await home.logged_in("bob")
    page = await here.get("/account")
    assert "Firefox &lt;script&gt;" in page.text
    assert "Telephone" in page.text
    (of_telephone,) = [one.hash for one in await home.database.sessions.of("alice") if one.agent == "Telephone"]
    (of_bob,) = [one.hash for one in await home.database.sessions.of("bob")]
    assert of_bob not in page.text
    await here.send("/account", "/account/session", session=of_telephone)
    assert (await there.get("/account")).status == 303
    await here.send("/account", "/account/session", session=of_bob)
    assert (await bob.get("/account")).status == 200, "only one's own"
    await here.send("/account", "/account/sessions")
    assert (await third.get("/account")).status == 303
    assert (await here.get("/account")).status == 200
