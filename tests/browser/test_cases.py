"""Cases in a real browser: a letter from its arrival to its end, by keyboard, without script, and what people type."""

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from callcentre.config.load import bank_holidays
from callcentre.core.terms import Nation
from callcentre.runtime.clock import SystemClock
from callcentre_simulator.people import Act, Ring
from tests.browser.office import TRUNK
from tests.browser.person import NARROW, People
from tests.browser.test_office import PAYLOADS
from tests.browser.test_pages import looked_at

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CALLER = "07700900142"
STATE = "SELECT state, owner, outcome FROM cases"


def a_working_day() -> str:
    """A day to come from Monday to Friday, which is no bank holiday in England: a week or two ahead."""
    day, closed = (SystemClock().now() + timedelta(days=7)).date(), bank_holidays(Nation.ENGLAND)
    while day.weekday() >= 5 or day in closed:
        day += timedelta(days=1)
    return day.isoformat()


async def typed(page: Page, **fields: str) -> None:
    """Fill in the form of a new case."""
    told = {"summary": "The bus left without the passenger", "name": "Mrs A Okafor", "caller": CALLER} | fields
    for field, value in told.items():
        await page.locator(f"#{field}").fill(value)


async def tab_to(page: Page, name: str) -> None:
    """Go on with the tabulator to a field."""
    for _ in range(40):
        if await page.evaluate("document.activeElement.id") == name:
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached")


async def test_a_complaint_is_opened_acknowledged_a_date_agreed_answered_and_closed(people: People) -> None:
    office = people.office
    alice = await people.logged_in("alice")
    page = await alice.open("/cases")
    await expect(page.get_by_role("heading", name="No case is open")).to_be_visible()
    assert not (wrong := await looked_at(page, "cases-none")), wrong
    await page.get_by_role("link", name="New case").click()
    alice.expected = {422}
    await typed(page, caller="the usual")
    await page.get_by_role("button", name="Open the case").click()
    await expect(page.locator("#caller-wrong")).to_contain_text("no telephone number")
    await expect(page.locator("#name")).to_have_value("Mrs A Okafor")
    assert not (wrong := await looked_at(page, "case-new-refused")), wrong
    await page.locator("#caller").fill(CALLER)
    await page.get_by_role("button", name="Open the case").click()
    await page.wait_for_url("**/cases/office/1")
    assert not (wrong := await looked_at(page, "case-open")), wrong
    await page.get_by_role("button", name="Acknowledged a", exact=True).click()
    await expect(page.locator("#clocks")).to_contain_text("in time")
    await page.locator("summary", has_text="Agree a date").click()
    await page.locator("#agreed_on").fill(a_working_day())
    await page.locator("#update_days").fill("2")
    await page.get_by_role("button", name="Agree it").click()
    await expect(page.locator("#clocks")).to_contain_text("Agreed date")
    await page.get_by_role("button", name="Answered w", exact=True).click()
    await expect(page.locator("#state")).to_contain_text("Answered; to be closed")
    assert office.rows(STATE) == [("answered", "alice", None)]
    sam = await people.logged_in("sam")
    page = await sam.open("/cases/office/1")
    for detail in await page.locator("#more details, #clocks details").all():
        await detail.locator("summary").click()
    assert not (wrong := await looked_at(page, "case-all")), wrong
    await page.locator("#cause").fill("Late bus")
    await page.locator("#remedy").fill("An earlier bus")
    await page.get_by_role("button", name="Save the cause").click()
    await expect(page.locator("#contact")).to_contain_text("Late bus")
    await expect(page.locator("#remedy"), "typed before another form was sent").to_have_value("An earlier bus")
    await page.get_by_role("button", name="Save the remedy").click()
    await expect(page.locator("#contact")).to_contain_text("An earlier bus")
    await page.locator("#closed-as").select_option("resolved")
    await page.get_by_role("button", name="Close the case").click()
    await expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    assert office.rows(STATE) == [("closed", "alice", "resolved")]
    await expect(alice.page.locator("#state")).to_contain_text("resolved")  # by itself
    await sam.open("/cases/causes")
    await expect(page.get_by_role("table")).to_contain_text("Late bus")
    assert not (wrong := await looked_at(page, "case-causes")), wrong
    await sam.open("/cases?view=closed")
    assert not (wrong := await looked_at(page, "cases")), wrong


async def test_by_keyboard_alone(people: People) -> None:
    office = people.office
    sam = await people.logged_in("sam")
    page, keys = await sam.open("/cases"), sam.page.keyboard
    await page.wait_for_load_state()
    await keys.press("+")
    await page.wait_for_url("**/cases/new")
    await expect(page.locator("#kind")).to_be_focused()
    await tab_to(page, "summary")
    await keys.type("The lift is broken")
    await tab_to(page, "owner")
    await keys.type("sam")
    await keys.press("Enter")
    await page.wait_for_url("**/cases/office/1")
    await page.wait_for_load_state()
    await keys.press("n")
    await keys.type("Rang the engineer")
    await keys.press("Escape")
    await keys.press("a")
    await expect(page.locator("#clocks")).to_contain_text("in time")
    await expect(page.locator("#why")).to_have_value("Rang the engineer")
    await keys.press("n")
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(page.locator("#steps")).to_contain_text("Rang the engineer")
    await keys.press("w")
    await expect(page.locator("#state")).to_contain_text("Answered; to be closed")
    await keys.press("x")
    await expect(page.locator("#closed-as")).to_be_focused()
    await keys.type("Resolved")
    await keys.press("Tab")
    await keys.press("Tab")
    await keys.type("It runs again")
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    assert office.rows(STATE) == [("closed", "sam", "resolved")]
    await page.wait_for_load_state()
    await keys.press("Backspace")
    await page.wait_for_url("**/cases")


async def test_without_script_on_a_telephone_and_with_hostile_names(people: People) -> None:
    alice = await people.logged_in("alice", java_script_enabled=False, size=NARROW)
    for number, payload in enumerate(PAYLOADS, 1):
        page = await alice.open("/cases/new")
        await typed(page, name=payload, summary=payload, about=payload, address=payload)
        await page.get_by_role("button", name="Open the case").click()
        await page.wait_for_url(f"**/cases/office/{number}")
        await page.locator("#why").fill(payload)
        await page.get_by_role("button", name="… and acknowledged").click()
        await expect(page.locator("#steps")).to_contain_text(payload)
    seen = await people.logged_in("sam", size=NARROW)
    for path in ("/cases", "/cases/office/1", "/cases/office/2", "/cases/office/3", "/cases/causes"):
        page = await seen.open(path)
        await expect(page.locator("h1")).to_be_visible()
        assert "owned" not in await page.title()
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), path


async def test_a_complaint_in_a_call_is_a_case_in_one_tap(people: People) -> None:
    office = people.office
    alice = await people.logged_in("alice")
    page = await alice.open("/missed")
    office.ring_in(CALLER, name="Mrs A Okafor")
    call = page.locator("#call")
    await expect(call).to_contain_text("rings")
    office.pick_up("PJSIP/101", Ring(acts=(Act("talk", seconds=600.0),)))
    await expect(call).to_contain_text("talking")
    office.hang_up(TRUNK)
    await call.get_by_role("button", name="Complaint").click()
    await call.get_by_role("link", name="complaint 1").click()
    await page.wait_for_url("**/cases/office/1")
    await expect(page.locator("#contact")).to_contain_text("Call of")
    await page.get_by_role("button", name="Make it mine").click()
    await expect(page.locator("#contact")).to_contain_text("alice")
    assert office.rows("SELECT channel, caller, owner, call IS NOT NULL FROM cases") == [("call", CALLER, "alice", 1)]
