"""Each page as it is seen: pictures of it, and nothing on it that keeps anybody out."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from callcentre_simulator.people import Act, Ring
from tests.browser.axe import WrongFile, script_of, violations
from tests.browser.office import NURSE, Office
from tests.browser.person import NARROW, WIDE, People, artefacts

pytestmark = pytest.mark.browser
INSIDE = pytest.mark.asyncio(loop_scope="session")

CALLER = "07700900142"
BRIEF = Ring(after=0.2, acts=(Act("talk", seconds=0.2), Act("hang up")))
LOOKS = {"light": (WIDE, "light"), "dark": (WIDE, "dark"), "narrow": (NARROW, "light")}
PAGES = {
    "alice": ["/tasks", "task", "/tasks?view=mine", "/call", "/missed", "/account", "/account/codes", "/nothing-here"],
    "sam": [
        "/today",
        "/today/enquiries",
        "/wallboard",
        "/calls",
        "one call",
        "/attendance",
        "/wrap-ups",
        "/first-contact",
    ],
    "ada": ["/reports", "/reports/hct/2026-11", "/greetings", "/config", "/users", "/users/alice", "/audit", "task"],
}
"""Every page, with whoever it is for; `task` and `one call` are told by what happened."""


async def busy(people: People) -> None:
    """Something happens in the office that pages can show: answered, given up, a message."""
    office = people.office
    office.telephone("101", BRIEF)
    office.telephone("102", BRIEF)
    office.ring_in(CALLER, name="Mrs A Okafor")
    office.ring_in("07700900305", to=NURSE, patience=0.5)
    office.leave(CALLER, seconds=12)
    await people.daemon.until_rows("SELECT 1 FROM tasks WHERE EXISTS (SELECT 1 FROM calls WHERE outcome = 'answered')")


def path_of(office: Office, page: str) -> str:
    """Where a page is."""
    if page == "task":
        return "/tasks/office/1"
    if page == "one call":
        ((uniqueid,),) = office.rows("SELECT uniqueid FROM calls WHERE outcome = 'answered'")
        return f"/calls/office/{uniqueid}"
    return page


async def looked_at(page: Page, name: str) -> list[str]:
    """What is wrong with a page in each of its looks, of which pictures are kept."""
    wrong = []
    for look, (size, scheme) in LOOKS.items():
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await page.screenshot(path=artefacts() / f"{name}-{look}.png", full_page=True)
        wrong += [f"{name}, {look}: {one}" for one in await violations(page)]
        if size == NARROW and await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append(f"{name}, {look}: it has to be moved sideways")
    await page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    return wrong


@pytest.mark.parametrize("name", PAGES)
@INSIDE
async def test_every_page_can_be_used_by_anybody(people: People, name: str) -> None:
    await busy(people)
    person = await people.logged_in(name)
    person.expected = {404}
    wrong = []
    for page in PAGES[name]:
        await person.open(path_of(people.office, page))
        await expect(person.page.locator("h1").first).to_be_visible()
        kept = f"{name}-" + page.strip("/").replace("/", "-").replace("?", "-").replace(" ", "-")
        wrong += await looked_at(person.page, kept)
    assert not wrong, "\n".join(wrong)


@INSIDE
async def test_the_log_in_page_can_be_used_by_anybody(people: People) -> None:
    person = await people.person()
    person.expected = {401, 403}
    page = await person.open("/")
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert not (wrong := await looked_at(page, "login")), wrong
    await page.get_by_label("Name").fill("alice")
    await page.get_by_label("Password").fill("not hers at all")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    assert not (wrong := await looked_at(page, "login-refused")), wrong


@INSIDE
async def test_a_page_that_keeps_people_out_is_found(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text('<html lang="en"><title>x</title><main><h1>x</h1><img src="x.png"></main>')
    page = await chromium.new_page()
    await page.goto(f"file://{tmp_path}/page.html")
    assert [one.rule for one in await violations(page)] == ["image-alt"]
    await page.close()


def test_another_script_than_the_named_one_is_not_taken() -> None:
    with pytest.raises(WrongFile, match="not that of axe"):
        script_of(b"something else")
