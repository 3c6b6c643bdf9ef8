"""An agent's morning in a real browser: messages are heard, callers called back, and none of them is lost."""

import asyncio

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.office import TRUNK
from tests.browser.person import NARROW, People, Person

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CALLER = "07700900142"
TELEPHONE = "PJSIP/101"
PLAYS = "() => { const it = document.querySelector('audio'); return it !== null && it.currentTime > 0.3; }"


def row(page: Page, number: str = CALLER) -> Locator:
    """A caller's row in the list."""
    return page.locator("#queue li").filter(has_text=number[-3:])


async def opened(person: Person, number: str = CALLER) -> Page:
    """The page of a caller's task, once the list shows it."""
    page = await person.open("/tasks")
    await row(page, number).locator("[data-open]").click()
    await page.wait_for_url("**/tasks/office/*")
    return page


async def called(people: People, page: Page) -> None:
    """Whoever pressed *Call back* picks up, and so does the caller, who hangs up in the end."""
    progress, office = page.locator("#progress"), people.office
    await expect(progress).to_contain_text("ringing you")
    office.pick_up(TELEPHONE)
    await expect(progress).to_contain_text("ringing them")
    office.pick_up(TRUNK)
    await expect(progress).to_contain_text("talking")
    office.hang_up(TRUNK)
    await expect(progress).to_contain_text("you spoke with them")


async def test_a_message_is_heard_its_caller_called_back_and_the_task_closed(people: People) -> None:
    office = people.office
    alice = await people.logged_in("alice")
    page = await alice.open("/tasks")
    await expect(page.get_by_role("heading", name="Nobody waits for a call back")).to_be_visible()
    office.leave(CALLER, name="Mrs A Okafor")
    await row(page).get_by_role("button", name="Claim").click()
    await expect(page.locator("#state")).to_contain_text("Yours until")
    await page.get_by_role("button", name="Play").click()
    await page.wait_for_function(PLAYS)
    await page.get_by_role("button", name="Call back").click()
    await called(people, page)
    await page.get_by_role("textbox", name="Note").fill("New boiler part ordered")
    await page.get_by_label("Yes").check()
    await page.get_by_role("button", name="Done").click()
    await page.wait_for_url("**/tasks?done=*")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("#steps")).to_contain_text("undone")
    assert office.rows("SELECT state, outcome FROM tasks") == [("reached", None)]
    await page.get_by_role("button", name="Done").click()
    await page.wait_for_url("**/tasks?done=*")
    assert office.rows("SELECT state, outcome, holder FROM tasks") == [("closed", "done", None)]
    assert office.rows("SELECT result FROM callouts") == [("connected",)]


async def test_by_keyboard_alone_from_the_log_in_to_the_outcome(people: People) -> None:
    office = people.office
    alice = await people.person()
    page, keys = await alice.open("/login"), alice.page.keyboard
    await expect(page.get_by_label("Name")).to_be_focused()
    await keys.type("alice")
    await keys.press("Tab")
    await keys.type("correct horse battery")
    await keys.press("Enter")
    await page.wait_for_url("**/tasks")
    office.leave(CALLER)
    await expect(row(page)).to_be_visible()
    await keys.press("j")
    await keys.press("c")
    await expect(page.locator("#state")).to_contain_text("Yours until")
    await page.wait_for_load_state()  # a key that is pressed before is nobody's
    await keys.press("p")
    await page.wait_for_function(PLAYS)
    await keys.press("d")
    await called(people, page)
    await keys.press("n")
    await keys.type("Rings again on Friday")
    await keys.press("Escape")
    await keys.press("y")
    await keys.press("1")
    await page.wait_for_url("**/tasks?done=*")
    assert office.rows("SELECT state, outcome FROM tasks") == [("closed", "done")]
    await keys.press("u")
    await expect(page.locator("#steps")).to_contain_text("undone")
    await expect(page.locator("#steps")).to_contain_text("Rings again on Friday")


async def test_without_script_a_message_is_claimed_heard_and_closed(people: People) -> None:
    office = people.office
    alice = await people.logged_in("alice", java_script_enabled=False)
    office.leave(CALLER)
    await people.daemon.until_rows("SELECT 1 FROM tasks")
    page = await alice.open("/tasks")
    await row(page).get_by_role("button", name="Claim").click()
    await expect(page.locator("#state")).to_contain_text("Yours until")
    sound = await page.locator("audio").get_attribute("src")
    assert sound is not None
    part = await alice.context.request.get(office.address + sound, headers={"Range": "bytes=0-999"})
    assert (part.status, len(await part.body())) == (206, 1000)
    await page.get_by_role("button", name="I have listened").click()
    await expect(page.locator("#messages")).to_contain_text("heard by alice")
    await page.get_by_role("textbox", name="Note").fill("A colleague sees to it")
    await page.get_by_role("button", name="Not needed").click()
    await page.wait_for_url("**/tasks?done=*")
    assert office.rows("SELECT state, outcome FROM tasks") == [("closed", "not_needed")]


async def test_two_who_claim_the_same_task_do_not_both_get_it(people: People) -> None:
    office = people.office
    office.leave(CALLER)
    racers = [await people.logged_in(name) for name in ("alice", "bob")]
    both = asyncio.Barrier(2)

    async def together(route: Route) -> None:
        await both.wait()
        await route.continue_()

    for one in racers:
        one.expected = {409}
        page = await one.open("/tasks")
        await page.route("**/claim", together)
        await row(page).get_by_role("button", name="Claim").click()
    for one, other in zip(racers, ("bob", "alice"), strict=True):
        told = one.page.locator("#state", has_text="Yours until").or_(
            one.page.locator("#refusal", has_text=f"is claimed by {other}")
        )
        await expect(told).to_be_visible()
    have = [await one.page.locator("#state").count() for one in racers]
    assert sorted(have) == [0, 1]
    assert office.rows("SELECT count(*) FROM task_history WHERE step = 'claimed'") == [(1,)]


async def test_what_happens_meanwhile_does_not_take_a_note_that_is_being_typed(people: People) -> None:
    office = people.office
    office.leave(CALLER)
    alice = await people.logged_in("alice")
    page = await opened(alice)
    note = page.locator("#note")
    await note.press_sequentially("She asked for the blue")
    office.leave(CALLER, seconds=4)
    await expect(page.locator("#messages li.unheard, #messages ol.messages > li")).to_have_count(2)
    await expect(note).to_be_focused()
    await note.press_sequentially(" one")
    await expect(note).to_have_value("She asked for the blue one")


async def test_what_comes_while_a_button_is_pressed_does_not_lose_the_click(people: People) -> None:
    office = people.office
    office.leave(CALLER)
    alice = await people.logged_in("alice")
    page = await alice.open("/tasks")
    await row(page).get_by_role("button", name="Claim").hover()
    await page.mouse.down()
    office.leave("07700900143")
    await expect(page.locator("#views"), "what is around it was read again").to_contain_text("2")
    await page.mouse.up()
    await expect(page.locator("#state")).to_contain_text("Yours until")
    await page.go_back()
    await expect(row(page, "07700900143")).to_be_visible()


async def test_a_note_that_is_typed_while_another_is_on_its_way_is_saved_too(people: People) -> None:
    people.office.leave(CALLER)
    alice = await people.logged_in("alice")
    page = await opened(alice)
    sent, on = asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        sent.set()
        await on.wait()
        await route.continue_()

    await page.route("**/note", slowly)
    note, save = page.get_by_role("textbox", name="Note"), page.get_by_role("button", name="Save the note")
    await note.fill("She is in until four")
    await save.dblclick()
    await sent.wait()
    await note.fill("Or at her sister's")
    await save.click()
    await note.fill("Her sister is")
    on.set()
    await expect(page.locator("#steps")).to_contain_text("Or at her sister's")
    await expect(note).to_have_value("Her sister is")
    notes = await page.locator("#steps li").filter(has_text="note").all_inner_texts()
    assert [words.splitlines()[-1] for words in notes] == ["Or at her sister's", "She is in until four"]


async def test_a_number_heard_in_a_message_is_typed_and_called(people: People) -> None:
    office = people.office
    office.leave("")
    alice = await people.logged_in("alice")
    alice.expected = {409}
    page = await alice.open("/tasks")
    await page.locator("#queue [data-open]").click()
    typed = page.get_by_label("Number heard")
    await typed.fill("0161 49")
    await page.get_by_role("button", name="Note the number").click()
    await expect(page.locator("#dial-wrong")).to_contain_text("number")
    await expect(typed).to_have_value("0161 49")
    await typed.fill("07700 900142")
    await page.get_by_role("button", name="Note the number").click()
    await expect(page.locator("#state h1")).to_contain_text("142")
    await page.get_by_role("button", name="Call back").click()
    await called(people, page)


async def test_a_form_that_was_sent_before_the_script_was_there_is_gone_on_with(people: People) -> None:
    people.office.leave("")
    alice = await people.logged_in("alice")
    alice.expected = {409}
    page = await alice.open("/tasks")
    await page.locator("#queue [data-open]").click()
    await page.wait_for_url("**/tasks/office/*")
    address = page.url
    await page.route("**/static/*.js", lambda route: route.abort())
    await page.reload()
    await page.get_by_label("Number heard").fill("0161 49")
    await page.unroute("**/static/*.js")
    await page.get_by_role("button", name="Note the number").click()
    await expect(page.locator("#dial-wrong")).to_contain_text("number")
    await expect(page.locator("html.has-script")).to_be_attached()
    assert page.url == address, "where it can be read again"
    bob = await people.logged_in("bob")
    await bob.open(address.removeprefix(people.office.address))
    await bob.page.get_by_role("textbox", name="Note").fill("I looked at it too")
    await bob.page.get_by_role("button", name="Save the note").click()
    await expect(page.locator("#steps"), "what was around it was read again").to_contain_text("I looked at it too")
    await expect(page.locator("#dial-wrong")).to_contain_text("number")
    await expect(page.get_by_label("Number heard")).to_have_value("0161 49")
    await page.get_by_label("Number heard").fill("07700 900142")
    await page.get_by_role("button", name="Note the number").click()
    await expect(page.locator("#state h1")).to_contain_text("142")


@pytest.mark.parametrize("path", ["/tasks", "task", "/missed", "/account"])
async def test_on_a_telephone_nothing_has_to_be_moved_sideways(people: People, path: str) -> None:
    people.office.leave(CALLER)
    alice = await people.logged_in("alice", size=NARROW)
    page = await opened(alice)
    if path != "task":
        await alice.open(path)
    wide: tuple[int, int] = await page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
