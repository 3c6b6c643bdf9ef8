"""The documents and the code say the same: commands and options, links, headings, decisions."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from callcentre.cli import app
from callcentre.config.describe import describe
from callcentre.config.load import load
from callcentre.config.template import TEMPLATE

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CLI_PAGE = DOCS / "reference" / "cli.md"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md"), *(ROOT / "dialplan").glob("*.md")])
SET_UP = {"make demo", "make test"}
ACCOUNT = '# username = "callcentre"'

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_SECTION = re.compile(r"^## `callcentre ([a-z_ -]+)`$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^(?: {4})?(?:\$ )?(?:[\w./{}$-]*/)?callcentre ([a-z].*)$", re.MULTILINE)
_SPAN = re.compile(r"`callcentre ([^`\n]+)`")
_OPTION = re.compile(r"(?<![\w-])-{1,2}[a-z][a-z-]*")


def name_of(page: Path) -> str:
    """A page by its path in the project."""
    return str(page.relative_to(ROOT))


def commands(group: Any = None, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that can be called, by the words after `callcentre`."""
    group = typer.main.get_command(app) if group is None else group
    for name, command in group.commands.items():
        words = f"{path} {name}".strip()
        if hasattr(command, "commands"):
            yield from commands(command, words)
        else:
            yield words, command


def options_of(command: Any) -> set[str]:
    """All spellings of a command's options."""
    found = (p for p in command.params if p.param_type_name == "option")
    return {spelling for p in found for spelling in (*p.opts, *p.secondary_opts)} - {"--help"}


def arguments_of(command: Any) -> int:
    """How many arguments a command takes."""
    return sum(p.param_type_name == "argument" for p in command.params)


COMMANDS = dict(commands())


def sections(text: str) -> dict[str, str]:
    """The page of commands, by command."""
    parts = _SECTION.split(text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def first_cells(section: str) -> list[str]:
    """What stands in the first column of a section's table, its heading left out."""
    rows = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("|")]
    return [cell for cell in rows[2:] if cell]


def test_the_page_of_commands_names_every_command_and_no_other() -> None:
    assert set(sections(CLI_PAGE.read_text("utf-8"))) == set(COMMANDS)


@pytest.mark.parametrize("words", sorted(COMMANDS))
def test_the_page_of_commands_names_every_option_and_argument(words: str) -> None:
    section = sections(CLI_PAGE.read_text("utf-8"))[words]
    cells = first_cells(section)
    told = {option for cell in cells for option in _OPTION.findall(cell)}
    assert told == options_of(COMMANDS[words])
    assert sum(not _OPTION.search(cell) for cell in cells) == arguments_of(COMMANDS[words])


def calls_in(text: str) -> Iterator[str]:
    """Everything that a page tells the reader to call, without the word `callcentre`."""
    yield from _LINE.findall("\n".join(block for block in blocks(text)))
    yield from _SPAN.findall(_FENCE.sub("", text))


def blocks(text: str) -> Iterator[str]:
    """The fenced and the indented code of a page."""
    yield from (found.group() for found in _FENCE.finditer(text))
    yield from (line for line in _FENCE.sub("", text).splitlines() if line.startswith("    "))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_call_in_a_page_is_one_that_the_command_line_takes(page: Path) -> None:
    for call in calls_in(page.read_text("utf-8")):
        words = call.split()
        command = next((w for n in (2, 1) if (w := " ".join(words[:n])) in COMMANDS), None)
        if command is None and any(known.startswith(f"{words[0]} ") for known in COMMANDS) and len(words) == 1:
            continue  # a group by its own name, such as `callcentre import`
        assert command is not None, f"callcentre {call}"
        used = set(_OPTION.findall(call.split("#")[0]))
        assert used <= options_of(COMMANDS[command]), f"callcentre {call}"


def test_the_sample_of_check_config_is_what_it_prints(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "check-the-config.md").read_text("utf-8")
    sample = [line[4:].rstrip("…") for line in blocks(page) if not line.startswith("    callcentre")]
    file = tmp_path / "callcentre.toml"
    file.write_text(TEMPLATE.replace(ACCOUNT, ACCOUNT[2:]), encoding="utf-8")
    printed = describe(load(file, {"CALLCENTRE_PBX__MAIN__SECRET": "of no importance"}))
    assert sample
    assert [line for line in sample if not any(each.startswith(line) for each in printed)] == []


def anchors(page: Path) -> set[str]:
    """The places of a page that a link may name, as Git hosts make them of headings."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_leads_out_of_the_project(page: Path) -> None:
    assert "../shared" not in page.read_text("utf-8")


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=name_of)
def test_every_page_can_be_reached_from_the_index(page: Path) -> None:
    reached, open_pages = set[Path](), [DOCS / "index.md"]
    while open_pages:
        current = open_pages.pop()
        if current in reached:
            continue
        reached.add(current)
        links = (link.partition("#")[0] for link in _LINK.findall(current.read_text("utf-8")))
        open_pages += [
            target for link in links if link.endswith(".md") and (target := (current.parent / link).resolve()).exists()
        ]
    assert page in reached


def test_the_readme_names_the_two_commands_that_set_up_and_no_third() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert set(re.findall(r"\bmake [a-z]+", "\n".join(blocks(readme)))) == SET_UP
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert all(re.search(rf"^{command.split()[1]}:", makefile, re.MULTILINE) for command in SET_UP)


def test_every_target_of_the_makefile_that_a_page_names_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {target for page in PAGES for target in re.findall(r"`make ([a-z]+)", page.read_text("utf-8"))}
    assert named
    assert named <= targets


def test_decisions_are_numbered_without_a_hole_and_listed() -> None:
    files = sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))
    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))
    listed = _LINK.findall((DOCS / "decisions" / "README.md").read_text("utf-8"))
    assert [link for link in listed if link[0].isdigit()] == files
