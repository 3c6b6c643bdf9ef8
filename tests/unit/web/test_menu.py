"""The menu: what each role is shown, what stands in the bar and what under a heading, and where one is."""

from pathlib import Path

import pytest

from callcentre.store.results import Account, Role
from callcentre.web.pages import MENU, here_of, menu_of
from tests.unit.web.entered import house

IN_THE_BAR = 8
"""So many words fit beside a name on a laptop, and in three rows on a telephone."""


def shown(role: Role) -> list[str]:
    """The words of the bar: of entries, and of headings with what they hold."""
    return [
        f"{group.title}: {', '.join(entry.title for entry in group.entries)}" if group.title else group.entries[0].title
        for group in menu_of(Account(name="x", role=role))
    ]


def test_nobody_is_shown_nothing() -> None:
    assert menu_of(None) == []


@pytest.mark.parametrize("role", Role)
def test_everything_that_a_role_may_open_is_shown_once(role: Role) -> None:
    entries = [entry for group in menu_of(Account(name="x", role=role)) for entry in group.entries]
    rank = [*Role].index
    assert sorted(one.path for one in entries) == sorted(one.path for one in MENU if rank(one.role) <= rank(role))


@pytest.mark.parametrize("role", Role)
def test_the_bar_is_short(role: Role) -> None:
    assert len(shown(role)) <= IN_THE_BAR


def test_a_heading_holds_at_least_two() -> None:
    assert all(
        len(group.entries) > 1 for role in Role for group in menu_of(Account(name="x", role=role)) if group.title
    )


def test_what_an_agent_needs_stands_in_the_bar() -> None:
    assert shown(Role.AGENT)[0] == "Callbacks"
    assert not any(":" in one for one in shown(Role.AGENT)[:3])


@pytest.mark.parametrize(
    ("path", "here"),
    [("/tasks", "/tasks"), ("/tasks/lab/1", "/tasks"), ("/tasksandmore", ""), ("/account", ""), ("/calls", "/calls")],
)
def test_a_page_belongs_to_its_entry(path: str, here: str) -> None:
    assert here_of(path) == here


async def test_the_page_that_is_open_is_marked_and_so_is_its_heading(tmp_path: Path) -> None:
    async with house(tmp_path, "bob") as home:
        page = (await (await home.logged_in("bob")).get("/config")).text
    assert '<summary class="here">Office</summary>' in page
    assert page.count('aria-current="page"') == 1
    assert '<a href="/config" aria-current="page">Configuration</a>' in page
    assert "<summary>Figures</summary>" in page
