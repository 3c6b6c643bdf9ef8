"""The office seen live: a call that rings somebody, the wallboard, and what hostile people type."""

import pytest
from playwright.async_api import Page, expect

from callcentre_simulator.people import Act, Ring
from tests.browser.axe import violations
from tests.browser.office import NURSE, TRUNK
from tests.browser.person import People, artefacts

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CALLER = "07700900142"
TELEPHONE = "PJSIP/101"
PAYLOADS = (
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "{{ 7 * 7 }}</textarea><svg onload=alert(1)>",
)
SHOWN = ("/tasks", "/tasks/office/1", "/today", "/today/nurse", "/wallboard", "/calls", "/missed", "/attendance")
FITS = """() => {
  const over = [...document.querySelectorAll(".tile .in, .tile, .agents, .totals")]
    .filter((one) => one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1);
  const page = document.documentElement;
  const whole = page.scrollHeight <= innerHeight && page.scrollWidth <= innerWidth;
  return whole ? over.map((one) => one.className) : ["page"];
}"""

BOARDS = """
window.boards = 0;
window.EventSource = class extends EventSource {
  addEventListener(kind, hears) { super.addEventListener(kind, (event) => { hears(event); window.boards += 1; }); }
};
"""
"""Counts what the stream has told a page, once the page has heard it."""


def waiting(page: Page, line: str = "enquiries") -> str:
    """Where a line's callers who wait are counted."""
    return f'.tile[data-line="{line}"] .waiting dd'


async def test_a_call_that_rings_shows_who_it_is_and_is_wrapped_up_in_one_tap(people: People) -> None:
    office = people.office
    office.leave(CALLER)
    await people.daemon.until_rows("SELECT 1 FROM tasks")
    alice = await people.logged_in("alice")
    page = await alice.open("/tasks")
    office.ring_in(CALLER, name="Mrs A Okafor")
    call = page.locator("#call")
    await expect(call).to_contain_text("rings")
    await expect(call).to_contain_text("900")
    await expect(call.locator(".greeting")).to_contain_text("Alice")
    await expect(call).to_contain_text("Waits for a call back")
    assert [str(one) for one in await violations(page)] == []
    office.pick_up(TELEPHONE, Ring(acts=(Act("talk", seconds=600.0),)))
    await expect(call).to_contain_text("talking")
    office.hang_up(TRUNK)
    resolved = call.get_by_role("button", name="Resolved at first contact")
    await expect(resolved).to_be_visible()
    assert [str(one) for one in await violations(page)] == []
    await resolved.click()
    await people.daemon.until_rows("SELECT 1 FROM wrap_ups WHERE kind = 'resolved' AND who = 'alice'")


async def test_the_page_of_ones_telephone_says_when_nothing_goes_on_there(people: People) -> None:
    alice = await people.logged_in("alice")
    page = await alice.open("/call")
    nothing = page.get_by_text(f"Nothing goes on at {TELEPHONE}")
    people.office.ring_in(CALLER)
    await expect(page.locator("#call")).to_contain_text("rings")
    await expect(nothing).to_be_hidden()
    people.office.hang_up(TRUNK)
    await expect(page.locator("#call")).to_be_empty()
    await expect(nothing).to_be_visible()


@pytest.mark.parametrize(
    ("size", "office"),
    [((1920, 1080), 0), ((1280, 720), 2), ((1600, 900), 4), ((1366, 768), 7)],
    ids=["1080", "720", "900", "768"],
    indirect=["office"],
)
async def test_the_wallboard_fits_its_screen_and_tells_what_happens(people: People, size: tuple[int, int]) -> None:
    office = people.office
    sam = await people.logged_in("sam", size=size)
    page = await sam.open("/wallboard")
    await expect(page.locator(waiting(page))).to_have_text("0")
    assert await page.evaluate(FITS) == []
    office.ring_in(CALLER, patience=600.0)
    await expect(page.locator(waiting(page))).to_contain_text("1")
    office.ring_in("07700900305", to=NURSE, patience=600.0)
    await expect(page.locator(waiting(page, "nurse"))).to_contain_text("1")
    assert await page.evaluate(FITS) == []
    office.pick_up(TELEPHONE)
    await expect(page.locator(waiting(page))).to_have_text("0")
    office.do(lambda: office.pbx.act("QueuePause", {"Interface": "PJSIP/103", "Paused": "true", "Reason": "lunch"}))
    await expect(page.locator('.tile[data-line="nurse"]')).to_contain_text("Nobody")
    assert await page.evaluate(FITS) == []
    assert [str(one) for one in await violations(page)] == []
    await page.screenshot(path=artefacts() / f"wallboard-breach-{size[0]}.png")


async def test_a_board_that_comes_while_a_figure_is_pressed_does_not_lose_the_click(people: People) -> None:
    office = people.office
    sam = await people.logged_in("sam")
    await sam.context.add_init_script(BOARDS)
    page = await sam.open("/wallboard")
    await page.locator(waiting(page)).get_by_role("link").hover()
    await page.mouse.down()
    came = await page.evaluate("boards")
    office.ring_in(CALLER, patience=600.0)
    await page.wait_for_function("(came) => boards > came + 1", arg=came)
    await page.mouse.up()
    await page.wait_for_url("**/calls?*")
    await page.go_back()
    await expect(page.locator(waiting(page))).to_contain_text("1")


@pytest.mark.parametrize("office", [{"nurse": f"title = '''{PAYLOADS[1]}'''\n"}], ids=["titled"], indirect=True)
async def test_what_hostile_people_type_is_shown_and_nothing_more(people: People) -> None:
    office = people.office
    for number, name in enumerate(PAYLOADS):
        office.leave(f"0770090014{number}", name=name)
        office.ring_in(f"0770090024{number}", name=name, patience=0.5)
    reason = {"Interface": "PJSIP/103", "Paused": "true", "Reason": PAYLOADS[1]}
    office.do(lambda: office.pbx.act("QueuePause", reason))
    await people.daemon.until_rows("SELECT 1 FROM tasks LIMIT 1 OFFSET 2")
    ada = await people.logged_in("ada")
    page = await ada.open("/tasks/office/1")
    for payload in PAYLOADS:
        await page.locator("#note").fill(payload)
        await page.get_by_role("button", name="Save the note").click()
        await expect(page.locator("#steps")).to_contain_text(payload)
    for path in SHOWN:
        await ada.open(path)
        await expect(page.locator("h1").first).to_be_visible()
        assert await page.evaluate("[...document.querySelectorAll('script')].filter(it => !it.src).length") == 0
        assert await page.locator('img[src="x"], svg[onload]').count() == 0
        assert await page.title() != "owned"
        assert await page.evaluate("violated") == []


async def test_a_session_that_ends_in_mid_note_does_not_lose_the_note(people: People) -> None:
    people.office.leave(CALLER)
    await people.daemon.until_rows("SELECT 1 FROM tasks")
    alice = await people.logged_in("alice")
    alice.expected = {401}
    page = await alice.open("/tasks/office/1")
    await page.locator("#note").press_sequentially("The gate code is at the desk")
    elsewhere = await people.logged_in("alice")
    await elsewhere.open("/account")
    await elsewhere.page.get_by_role("button", name="Log out everywhere else").click()
    await page.get_by_role("button", name="Save the note").click()
    await page.locator("#said").get_by_role("link", name="Log in").click()
    await page.wait_for_url("**/login?*")
    await alice.log_in("alice")
    await page.wait_for_url("**/tasks/office/1")
    await expect(page.locator("#note")).to_have_value("The gate code is at the desk")
    await page.get_by_role("button", name="Save the note").click()
    await expect(page.locator("#steps")).to_contain_text("The gate code is at the desk")
