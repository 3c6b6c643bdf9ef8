"""The page on toll fraud draws the course of a click as the code's table has it."""

import re
from pathlib import Path

from callcentre.core.click_states import TABLE, diagram
from callcentre.core.terms import ClickState

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "toll-fraud.md"


def test_the_diagram_is_the_table_of_the_code() -> None:
    drawn = re.findall(r"```mermaid\n(.*?)\n```", PAGE.read_text("utf-8"), re.DOTALL)
    assert drawn == [diagram()], "stale: put what core.click_states.diagram() returns between the mermaid fences"


def test_whatever_is_told_leads_forward_and_to_the_end() -> None:
    order = list(ClickState)
    assert all(order.index(state) < order.index(later) for (state, _), later in TABLE.items())
    assert {state for state, _ in TABLE} == set(ClickState) - {ClickState.ENDED}
