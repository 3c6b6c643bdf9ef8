"""The page of cases says what the code does: diagram, states, outcomes, kinds, channels, clocks, requests, steps."""

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import pytest

from callcentre.core.case_requests import CaseAction
from callcentre.core.case_states import TABLE, diagram
from callcentre.core.case_values import KINDS, WRITTEN, CaseChannel, CaseOutcome, CaseState, CaseStep, ClockName

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cases.md"


def section(heading: str) -> str:
    """The text below a heading."""
    return PAGE.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]


def cells(text: str, column: int) -> list[str]:
    """What stands in one column of a table, its heading left out."""
    return [row.split("|")[column].strip().strip("`") for row in text.splitlines() if row.startswith("|")][2:]


def test_the_diagram_is_the_table_of_the_code() -> None:
    drawn = re.findall(r"```mermaid\n(.*?)\n```", PAGE.read_text("utf-8"), re.DOTALL)
    assert drawn == [diagram()], "stale: put what core.case_states.diagram() returns between the mermaid fences"


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("States", CaseState),
        ("Outcomes", CaseOutcome),
        ("Kinds", KINDS),
        ("Channels", CaseChannel),
        ("Clocks", ClockName),
        ("History", CaseStep),
    ],
)
def test_the_tables_name_all_and_no_other_in_their_order(heading: str, words: Iterable[str]) -> None:
    assert cells(section(heading), 1) == [str(word) for word in words]


def test_the_page_names_every_request() -> None:
    assert set(cells(section("What a person can ask"), 1)) == {action.value for action in CaseAction}


def test_the_page_says_what_is_in_writing() -> None:
    told = dict(zip(cells(section("Channels"), 1), cells(section("Channels"), 2), strict=True))
    assert {CaseChannel(channel) for channel, word in told.items() if word} == WRITTEN


@pytest.mark.parametrize("words", [CaseStep, CaseState])
def test_the_table_uses_every_word(words: type[StrEnum]) -> None:
    used = {str(word) for (state, step), after in TABLE.items() for word in (state, step, *after)}
    assert {word.value for word in words} <= used
