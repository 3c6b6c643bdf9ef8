"""The page of callback tasks says what the code does: diagram, states, outcomes, requests, steps."""

import re
from pathlib import Path

import pytest

from callcentre.core.requests import TaskAction
from callcentre.core.task_states import diagram
from callcentre.core.terms import TaskOutcome, TaskState, TaskStep

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "tasks.md"


def section(heading: str) -> str:
    """The text below a heading."""
    return PAGE.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """What stands in the first column of a table, its heading left out."""
    return [row.split("|")[1].strip().strip("`") for row in text.splitlines() if row.startswith("|")][2:]


def test_the_diagram_is_the_table_of_the_code() -> None:
    drawn = re.findall(r"```mermaid\n(.*?)\n```", PAGE.read_text("utf-8"), re.DOTALL)
    assert drawn == [diagram()], "stale: put what core.task_states.diagram() returns between the mermaid fences"


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("States", TaskState),
        ("Outcomes", TaskOutcome),
        ("What a person can ask", TaskAction),
        ("History", TaskStep),
    ],
)
def test_the_tables_name_all_and_no_other_in_their_order(
    heading: str, words: type[TaskState | TaskOutcome | TaskAction | TaskStep]
) -> None:
    assert first_cells(section(heading)) == [word.value for word in words]
