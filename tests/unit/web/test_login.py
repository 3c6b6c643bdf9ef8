"""Logging in over real HTTP: what is told, what is not, and what becomes of sessions."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcentre.store.account_results import Stage
from callcentre.store.results import Account, Role
from callcentre.web import totp
from callcentre.web.login import safe_next
from callcentre.web.sessions import hashed
from tests.unit.web.entered import PASSWORD, PEOPLE, QUICK, Browser, House, house

WRONG = "That name and password do not belong together."


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, "alice", "bob", "root") as made:
        yield made


def code_of(home: House, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(int(home.clock.now().timestamp()) // 30 + steps)


async def with_codes(home: House, name: str = "alice") -> tuple[str, list[str]]:
    """Have the account asked for codes; its secret, and its recovery codes."""
    secret, codes = totp.new_secret(), list(totp.new_recovery_codes())
    accounts = home.database.accounts
    await accounts.offer_totp(name, secret)
    step = totp.step_of(secret, code_of(home, secret, -1), home.clock.now())
    assert step is not None
    kept = [one for one in map(totp.recovery_hash, codes) if one]
    assert await accounts.start_totp(name, secret, step, kept, home.clock.now())
    return secret, codes


# --- the way in ------------------------------------------------------------------------------------------------------


async def test_without_any_account_the_page_says_how_to_make_the_first(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        page = await home.client().get("/login")
    assert page.status == 200
    assert "callcentre user add NAME --role admin" in page.text
    assert "<form" not in page.text.partition("<main")[2]


async def test_name_and_password_lead_to_where_one_wanted(home: House) -> None:
    browser = home.client()
    sent = await browser.get("/account?x=1&y=a%20b", Accept="text/html")
    assert (sent.status, sent.location) == (303, "/login?next=/account?x%3D1%26y%3Da%2520b")
    shown = await browser.get(sent.location)
    assert shown.field("next") == "/account?x=1&amp;y=a%20b"
    entered = await browser.log_in("ALICE", next="/account?x=1&y=a%20b")
    assert (entered.status, entered.location) == (303, "/account?x=1&y=a%20b")
    page = await browser.get("/account")
    assert page.status == 200
    assert "Alice Adams" in page.text
    assert (await browser.get("/login?next=/account")).location == "/account"
    assert await home.actions() == [("alice", "login", "")]


async def test_no_difference_is_told_between_a_wrong_name_and_a_wrong_password(home: House) -> None:
    await home.database.accounts.disable("bob", home.clock.now())
    await home.database.accounts.add(Account(name="eve", role=Role.AGENT), password=None, at=home.clock.now())
    answers = []
    for name, password in (("alice", "wrong"), ("nobody", PASSWORD), ("bob", PASSWORD), ("eve", ""), ("", "")):
        answer = await home.client().log_in(name, password)
        answers.append((answer.status, re.sub(r' (value|content)="[^"]*"| autofocus', "", answer.text)))
    assert {status for status, _ in answers} == {401}
    assert WRONG in answers[0][1]
    assert len({text for _, text in answers}) == 1, "but for the name that was typed, all pages are the same"


async def test_a_failure_is_written_down_without_what_was_typed(home: House) -> None:
    for name in ("alice", "my password typed here by mistake"):
        await home.client().log_in(name, "another secret")
    assert await home.actions() == [("alice", "login failed", "wrong password"), ("", "login failed", "unknown name")]


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(home: House) -> None:
    answer = await home.client().log_in()
    (cookie,) = [line for line in answer.headers.getall("Set-Cookie") if line.startswith("callcentre=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie, "plain http on loopback"
    assert "Domain" not in cookie
    secret = cookie.partition("=")[2].partition(";")[0]
    assert len(secret) >= 43
    stored = await home.database.sessions.of("alice")
    assert [one.hash for one in stored] == [hashed(secret)], "only its hash is kept"


async def test_the_id_is_a_new_one_after_log_in(home: House) -> None:
    """A cookie that somebody planted before log-in is worth nothing after it."""
    browser = home.client()
    browser.session.cookie_jar.update_cookies({"callcentre": "planted"})
    await browser.log_in()
    assert (await home.client(Cookie="callcentre=planted").get("/account")).status == 303
    first = (await home.database.sessions.of("alice"))[0].hash
    assert (await browser.get("/account")).status == 200
    await browser.post("/logout", {"csrf": (await browser.get("/account")).field("csrf")})
    await browser.log_in()
    again = await home.database.sessions.of("alice")
    assert len(again) == 1
    assert again[0].hash != first


async def test_logging_out_ends_the_session(home: House) -> None:
    browser = await home.logged_in()
    cookies = "; ".join(f"{one.key}={one.value}" for one in browser.session.cookie_jar)
    out = await browser.send("/account", "/logout")
    assert (out.status, out.location) == (303, "/login?done=out")
    assert "You are logged out" in (await browser.get(out.location)).text
    assert (await home.client(Cookie=cookies).get("/account")).status == 303, "the old cookie is void"
    assert await home.database.sessions.of("alice") == []


@pytest.mark.parametrize("method", ["get", "post"])
async def test_what_is_no_page_is_told_and_not_sent_to_log_in(home: House, method: str) -> None:
    async with getattr(home.client().session, method)(f"{home.address}/account", headers={"X-Part": "y"}) as answer:
        assert answer.status in {401, 405}
    assert (await home.client().get("/account", Accept="text/event-stream")).status == 401
    assert (await home.client().get("/account", Accept="application/json")).status == 401


# --- where to --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tasks",
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "/%0d%0aSet-Cookie",
        "\\\\evil.example",
        "/login?next=/login",
        "/logout",
        "/caf\xe9",
        "/ x",
        "/" + "x" * 3_000,
        "javascript:alert(1)",
        "/.//evil.example",
        "/./evil",
        "/tasks/../logout",
        "/tasks//1",
        "/%2e/tasks",
        "/%2F/evil.example",
        "/..",
    ],
)
def test_only_paths_of_ours_are_led_to(path: str) -> None:
    expected = path if path == "/%0d%0aSet-Cookie" else "/"
    assert safe_next(path) == expected


@given(st.text())
def test_wherever_one_is_led_is_on_this_server(path: str) -> None:
    led = safe_next(path)
    assert led.startswith("/")
    assert not led.startswith("//")
    assert "\\" not in led
    assert all(" " < sign < "\x7f" for sign in led)


@pytest.mark.parametrize("path", ["/", "/tasks", "/tasks/", "/tasks/a%20b/12?x=//y#..", "/calls?find=a/../b"])
def test_paths_of_ours_are_led_to_as_they_are(path: str) -> None:
    assert safe_next(path) == path


async def test_a_hostile_next_leads_to_the_first_page(home: House) -> None:
    answer = await home.client().log_in(next="//evil.example/")
    assert answer.location == "/"


# --- guessing --------------------------------------------------------------------------------------------------------


async def test_guessing_is_slowed_down_and_the_right_password_works_after_the_wait(home: House) -> None:
    browser = home.client()
    for _ in range(4):
        assert (await browser.log_in(password="wrong")).status == 401
    slowed = await browser.log_in(password="wrong")
    assert slowed.status == 429
    wait = int(slowed.headers["Retry-After"])
    assert f"in {wait} seconds" in slowed.text
    assert (await browser.log_in()).status == 429, "not even the right one, before the wait is over"
    home.clock.advance(wait)
    assert (await browser.log_in()).status == 303
    assert len([one for one in await home.actions() if one[1] == "login failed"]) == 4


async def test_a_device_that_is_known_is_not_slowed_down_by_others_guesses(home: House) -> None:
    known = await home.logged_in()
    await known.send("/account", "/logout")
    stranger = home.client()
    while (await stranger.log_in(password="wrong")).status != 429:
        home.clock.advance(0.1)
    assert (await stranger.log_in()).status == 429
    assert (await known.log_in()).status == 303


async def test_a_session_goes_on_while_its_account_is_guessed_at(home: House) -> None:
    inside = await home.logged_in()
    stranger = home.client()
    while (await stranger.log_in(password="wrong")).status != 429:
        home.clock.advance(0.1)
    assert (await inside.get("/account")).status == 200


async def test_a_forged_device_is_not_a_known_one(home: House) -> None:
    known = await home.logged_in()
    (device,) = [one.value for one in known.session.cookie_jar if one.key == "callcentre-device"]
    for forged in ("x.y", device[:-1] + ("0" if device[-1] != "0" else "1"), device.partition(".")[0], "\xe9.\xe9"):
        stranger = home.client()
        stranger.session.cookie_jar.update_cookies({"callcentre-device": forged})
        home.clock.advance(4_000)
        for _ in range(4):
            assert (await stranger.log_in(password="wrong")).status == 401
        assert (await stranger.log_in(password="wrong")).status == 429
    bobs = home.client()
    bobs.session.cookie_jar.update_cookies({"callcentre-device": device})
    home.clock.advance(4_000)
    for _ in range(4):
        assert (await bobs.log_in("bob", "wrong")).status == 401
    assert (await bobs.log_in("bob", "wrong")).status == 429, "a device is known for one account only"


async def test_one_address_cannot_try_one_password_on_every_name(home: House) -> None:
    statuses = [(await home.client().log_in(f"name{number}", "wrong")).status for number in range(22)]
    assert statuses == [401] * 20 + [429] * 2


# --- sessions --------------------------------------------------------------------------------------------------------


async def test_a_session_ends_when_unused_or_old(home: House) -> None:
    browser = await home.logged_in()
    home.clock.advance(7.9 * 3_600)
    assert (await browser.get("/account")).status == 200
    home.clock.advance(7.9 * 3_600)
    assert (await browser.get("/account")).status == 200, "used meanwhile"
    home.clock.advance(7.9 * 3_600)
    assert (await browser.get("/account")).status == 200
    home.clock.advance(0.4 * 3_600)
    assert (await browser.get("/account")).status == 303, "a day after log-in"
    other = await home.logged_in()
    home.clock.advance(8.1 * 3_600)
    assert (await other.get("/account")).status == 303, "unused for eight hours"


async def test_that_a_session_is_used_is_written_once_a_minute(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await home.logged_in()
    written: list[Any] = []
    seen = home.database.sessions.seen

    async def noted(*values: Any) -> None:
        written.append(values)
        await seen(*values)

    monkeypatch.setattr(home.database.sessions, "seen", noted)
    for _ in range(12):
        home.clock.advance(10)
        await browser.get("/account")
    assert len(written) == 2


async def test_a_page_left_open_is_no_use_of_a_session(home: House) -> None:
    """What it asks by itself does not keep an abandoned screen logged in."""
    browser = await home.logged_in()
    for _ in range(9):
        home.clock.advance(3_500)
        last = await browser.get("/account", **{"X-Part": "yes"})
    assert last.status == 401
    assert (await browser.get("/account")).status == 303


async def test_a_disabled_account_is_out_within_a_second(home: House) -> None:
    browser = await home.logged_in()
    assert (await browser.get("/account")).status == 200
    await home.database.accounts.disable("alice", home.clock.now())
    home.clock.advance(1)
    assert (await browser.get("/account")).status == 303


# --- codes -----------------------------------------------------------------------------------------------------------


async def half_way(home: House, name: str = "alice", next: str = "/account") -> Browser:  # noqa: A002
    browser = home.client()
    answer = await browser.log_in(name, next=next)
    assert answer.location == f"/login/code?next={next}"
    return browser


async def test_a_code_completes_the_log_in(home: House) -> None:
    secret, _ = await with_codes(home)
    browser = await half_way(home)
    assert (await browser.get("/account")).status == 303, "not in yet"
    assert (await home.database.sessions.of("alice"))[0].stage is Stage.CODE
    entered = await browser.send("/login/code?next=/account", code=code_of(home, secret), next="/account")
    assert (entered.status, entered.location) == (303, "/account")
    assert (await browser.get("/account")).status == 200
    sessions = await home.database.sessions.of("alice")
    assert [one.stage for one in sessions] == [Stage.OPEN], "the id was rotated"


async def test_a_code_is_taken_once(home: House) -> None:
    secret, _ = await with_codes(home)
    code = code_of(home, secret)
    first, second = await half_way(home), await half_way(home)
    assert (await first.send("/login/code", code=code)).status == 303
    replayed = await second.send("/login/code", code=code)
    assert replayed.status == 401
    assert "used already" in replayed.text
    home.clock.advance(30)
    assert (await second.send("/login/code", code=code_of(home, secret))).status == 303


async def test_a_recovery_code_stands_in_for_a_code_once(home: House) -> None:
    _, codes = await with_codes(home)
    assert (await (await half_way(home)).send("/login/code", code=codes[0].upper())).status == 303
    assert (await (await half_way(home)).send("/login/code", code=codes[0])).status == 401
    assert ("alice", "recovery code used", "9 left") in await home.actions()


async def test_guessing_codes_is_slowed_down(home: House) -> None:
    await with_codes(home)
    browser = await half_way(home)
    statuses = [(await browser.send("/login/code", code="000000")).status for _ in range(5)]
    assert statuses == [401] * 4 + [429]


async def test_half_a_log_in_does_not_last(home: House) -> None:
    secret, _ = await with_codes(home)
    browser = await half_way(home)
    home.clock.advance(601)
    answer = await browser.get("/login/code")
    assert (answer.status, answer.location) == (303, "/login")
    assert (await home.client().get("/login/code")).location == "/login"
    assert (await (await half_way(home)).send("/login/code", code=code_of(home, secret))).status == 303


async def test_where_codes_are_required_they_are_set_up_before_anything_else(tmp_path: Path) -> None:
    async with house(tmp_path, "alice", require_totp=True) as home:
        browser = home.client()
        answer = await browser.log_in()
        assert answer.location == "/login/set-up?next=/account"
        for path in ("/account", "/tasks", "/account/codes"):
            assert (await browser.get(path)).status == 303
        page = await browser.get(answer.location)
        assert "<svg" in page.text
        found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page.text)
        assert found is not None
        secret = found.group(1).replace(" ", "")
        assert secret in (await browser.get(answer.location)).text.replace(" ", ""), "the same when loaded again"
        assert (await browser.send(answer.location, code="000000")).status == 400
        shown = await browser.send(answer.location, code=code_of(home, secret), next="/account")
        assert shown.status == 200
        codes = re.findall(r"<li><code>([a-z0-9-]{14})</code></li>", shown.text)
        assert len(codes) == 10
        assert shown.headers["Cache-Control"] == "no-store"
        assert (await browser.get("/account")).status == 200
        assert codes[0] not in (await browser.get("/account")).text
        other = home.client()
        assert (await other.log_in()).location == "/login/code?next=/account"
        assert (await other.send("/login/code", code=codes[0])).status == 303


# --- links -----------------------------------------------------------------------------------------------------------


async def test_a_link_sets_a_password_once(home: House) -> None:
    await home.database.accounts.set_link("alice", hashed("the-link"), home.clock.now().replace(hour=23))
    inside = await home.logged_in()
    browser = home.client()
    page = await browser.get("/login/link/the-link")
    assert "alice" in page.text
    new = "another handful of words"
    assert (await browser.send("/login/link/the-link", password="short", again="short")).status == 400
    assert (await browser.send("/login/link/the-link", password=new, again="not the same")).status == 400
    done = await browser.send("/login/link/the-link", password=new, again=new)
    assert (done.status, done.location) == (303, "/login?done=password")
    assert (await browser.get("/login/link/the-link")).status == 404
    assert (await inside.get("/account")).status == 303
    assert (await browser.log_in(password=new)).status == 303
    assert ("alice", "password set", "by a link") in await home.actions()


@pytest.mark.parametrize("link", ["x", "%00", "..%2f..", "é"])
async def test_a_link_that_is_none_says_what_to_do(home: House, link: str) -> None:
    page = await home.client().get(f"/login/link/{link}")
    assert page.status == 404
    assert "Ask an administrator" in page.text


async def test_an_old_hash_is_made_anew_at_log_in(home: House) -> None:
    old = QUICK.__class__(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    await home.database.accounts.set_password("alice", old, home.clock.now())
    await home.logged_in()
    known = await home.database.accounts.credentials("alice")
    assert known is not None
    assert known.password not in {old, None}
    assert replace(known.account) == PEOPLE["alice"]
    await home.logged_in()
