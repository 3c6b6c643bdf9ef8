"""An abusive caller seen live: warned and ended from the page, marked when ringing again, reviewed."""

import pytest
from playwright.async_api import expect

from callcentre_simulator.people import Act, Ring
from tests.browser.axe import violations
from tests.browser.office import TRUNK
from tests.browser.person import NARROW, People, artefacts

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CALLER = "07700900142"
TELEPHONE = "PJSIP/101"


async def test_an_abusive_caller_is_warned_put_off_and_known_again(people: People) -> None:
    office = people.office
    alice = await people.logged_in("alice")
    page = await alice.open("/tasks")
    call = page.locator("#call")
    office.ring_in(CALLER)
    await expect(call).to_contain_text("rings")
    await expect(call).not_to_contain_text("Abusive before")
    office.pick_up(TELEPHONE, Ring(acts=(Act("talk", seconds=600.0),)))
    await call.get_by_role("button", name="Abusive: warn the caller").click()
    await expect(call).to_contain_text("recorded from then on")
    assert [str(one) for one in await violations(page)] == []
    await page.screenshot(path=artefacts() / "abuse-warned.png")
    await call.get_by_role("button", name="End the call").click()
    await expect(call).to_contain_text("over")
    await call.get_by_label("Note on the incident").fill("shouted, and would not stop")
    await call.get_by_role("button", name="Add").click()
    await people.daemon.until_rows(
        "SELECT 1 FROM abuse_incidents WHERE state = 'ended' AND note LIKE 'alice: shouted%'"
    )
    office.ring_in(CALLER)
    await expect(call.locator(".rings")).to_contain_text("Abusive before: warned")
    assert [str(one) for one in await violations(page)] == []
    await page.screenshot(path=artefacts() / "abuse-rings.png")


@pytest.mark.parametrize("size", [(1280, 900), NARROW], ids=["wide", "narrow"])
async def test_a_mark_is_withdrawn_with_a_reason(people: People, size: tuple[int, int]) -> None:
    office = people.office
    office.ring_in(CALLER)
    await people.daemon.until_rows("SELECT 1 FROM ring_attempts WHERE ring_start IS NOT NULL")
    office.pick_up(TELEPHONE, Ring(acts=(Act("talk", seconds=0.5), Act("warn"), Act("talk", seconds=0.5), Act("end"))))
    await people.daemon.until_rows("SELECT 1 FROM abuse_incidents WHERE state = 'ended'")
    ada = await people.logged_in("ada", size=size)
    page = await ada.open("/incidents")
    await expect(page.get_by_role("note")).to_contain_text("administrators review")
    incident = page.locator(".incident")
    await expect(incident).to_contain_text("ended")
    assert [str(one) for one in await violations(page)] == []
    await page.screenshot(path=artefacts() / f"incidents-{size[0]}.png", full_page=True)
    await incident.get_by_label("Why").fill("the wrong number")
    await incident.get_by_role("button", name="Withdraw it").click()
    await expect(incident).to_contain_text("withdrawn by ada")
    assert [str(one) for one in await violations(page)] == []


@pytest.mark.parametrize("size", [(1280, 900), NARROW], ids=["wide", "narrow"])
async def test_who_was_called_back_is_warned_and_put_off(people: People, size: tuple[int, int]) -> None:
    office = people.office
    alice = await people.logged_in("alice", size=size)
    page = await alice.open("/tasks")
    office.leave(CALLER)
    await page.locator("#queue li").filter(has_text=CALLER[-3:]).locator("[data-open]").click()
    await page.wait_for_url("**/tasks/office/*")
    await page.get_by_role("button", name="Call back").click()
    await expect(page.locator("#progress")).to_contain_text("ringing you")
    office.pick_up(TELEPHONE)
    await expect(page.locator("#progress")).to_contain_text("ringing them")
    office.pick_up(TRUNK)
    call = page.locator("#call")
    await expect(call).to_contain_text("calling back, talking")
    await call.get_by_role("button", name="Abusive: warn the caller").click()
    await expect(call).to_contain_text("recorded from then on")
    assert [str(one) for one in await violations(page)] == []
    await page.screenshot(path=artefacts() / f"abuse-callback-{size[0]}.png")
    await call.get_by_role("button", name="End the call").click()
    await expect(call).to_contain_text("called back, over")
    await people.daemon.until_rows(
        f"SELECT 1 FROM abuse_incidents WHERE state = 'ended' AND caller = '{CALLER}' AND agent = 'alice'"
    )
