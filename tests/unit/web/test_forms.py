"""What changes something comes from our own pages, in a bounded size; programs with tokens are another matter."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcentre.web.people import new_token
from tests.unit.web.entered import PASSWORD, Browser, House, house


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, "alice", "bob", "root") as made:
        yield made


async def token_of(browser: Browser) -> str:
    return (await browser.get("/account")).field("csrf")


async def ended(home: House, browser: Browser, form: dict[str, str], **headers: str) -> int:
    """Ask for something that changes something; whether it did is seen in the audit log."""
    answer = await browser.post("/account/sessions", form, **headers)
    done = "other sessions ended" in [action for _, action, _ in await home.actions()]
    assert done == (answer.status == 303)
    return answer.status


async def test_a_form_of_ours_is_taken(home: House) -> None:
    browser = await home.logged_in()
    own = {"Origin": home.address, "Sec-Fetch-Site": "same-origin"}
    assert await ended(home, browser, {"csrf": await token_of(browser)}, **own) == 303


async def test_a_script_of_ours_may_send_the_token_as_a_header(home: House) -> None:
    browser = await home.logged_in()
    assert await ended(home, browser, {}, **{"X-CSRF": await token_of(browser)}) == 303


@pytest.mark.parametrize("sent", [{}, {"csrf": ""}, {"csrf": "x"}, {"csrf": "é"}])
async def test_without_the_right_token_nothing_is_done(home: House, sent: dict[str, str]) -> None:
    assert await ended(home, await home.logged_in(), sent) == 403
    assert await ended(home, await home.logged_in(), {"csrf": "x"}, **{"X-CSRF": "x"}) == 403


async def test_another_sessions_token_is_of_no_use(home: House) -> None:
    alice, again, bob = await home.logged_in(), await home.logged_in(), await home.logged_in("bob")
    for other in (again, bob):
        assert await ended(home, alice, {"csrf": await token_of(other)}) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "strange"},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost"},
        {"Origin": "http://localhost:1.evil.example"},
        {"Origin": ""},
    ],
)
async def test_what_comes_from_elsewhere_is_refused_with_the_right_token_too(
    home: House, headers: dict[str, str]
) -> None:
    browser = await home.logged_in()
    assert await ended(home, browser, {"csrf": await token_of(browser)}, **headers) == 403


async def test_what_a_person_typed_by_hand_is_no_other_site(home: House) -> None:
    browser = await home.logged_in()
    assert await ended(home, browser, {"csrf": await token_of(browser)}, **{"Sec-Fetch-Site": "none"}) == 303


async def test_logging_in_needs_a_token_of_its_own(home: House) -> None:
    form = {"name": "alice", "password": PASSWORD}
    assert (await home.client().post("/login", form)).status == 403
    one, other = home.client(), home.client()
    await one.get("/login")
    token = (await other.get("/login")).field("csrf")
    assert (await one.post("/login", form | {"csrf": token})).status == 403
    assert (await other.post("/login", form | {"csrf": token})).status == 303


async def test_logging_out_cannot_be_done_by_another_site(home: House) -> None:
    browser = await home.logged_in()
    assert (await browser.post("/logout", {})).status == 403
    assert (await browser.get("/account")).status == 200


async def test_a_program_with_a_token_needs_no_form(home: House) -> None:
    """It sends no cookie, so that nobody can make a browser do this."""
    secret, stored = new_token("bob", "crm", ["tasks:write"], by="root", now=home.clock.now(), days=None)
    await home.database.tokens.add(stored)
    async with home.client().session.post(
        f"{home.address}/api/v1/tasks/lab/1/claim", json={}, headers={"Authorization": f"Bearer {secret}"}
    ) as answer:
        assert answer.status not in {401, 403}, await answer.text()


async def test_what_is_too_large_is_not_read(home: House) -> None:
    browser = await home.logged_in()
    large = {"csrf": await token_of(browser), "x": "y" * 300_000}
    assert (await browser.post("/account/sessions", large)).status == 413

    async def endless() -> AsyncIterator[bytes]:
        yield b"csrf="

    async with browser.session.post(f"{home.address}/account/sessions", data=endless()) as answer:
        assert answer.status == 411


async def test_uploads_are_for_people_who_are_logged_in(home: House) -> None:
    stranger = home.client()
    token = (await stranger.get("/login")).field("csrf")
    boundary = '--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + token + "\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    async with stranger.session.post(f"{home.address}/login", data=boundary.encode(), headers=headers) as answer:
        assert answer.status == 415
