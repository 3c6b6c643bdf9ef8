"""docs/reference/simulator.md says what the code does, and nothing else."""

import re
from pathlib import Path

from callcentre_simulator.faults import MAY_BE_LATE, ORDERS
from callcentre_simulator.hostile import kinds
from callcentre_simulator.office_orders import OFFICE_ORDERS
from callcentre_simulator.requests import MAX_HEADERS, MAX_LINE
from callcentre_simulator.versions import BANNERS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "simulator.md").read_text(encoding="utf-8")


def table(head: str) -> dict[str, str]:
    """The rows of the table under this head."""
    rows = PAGE.partition(f"| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    return {cells[1].strip(" `"): cells[2].strip(" `") for cells in (row.split("|") for row in rows)}


def test_every_version_is_on_the_page() -> None:
    banners = {str(version): f"Asterisk Call Manager/{banner}" for version, banner in BANNERS.items()}
    assert table("`--version` | greets with") == banners


def test_every_order_is_on_the_page() -> None:
    assert table("order | what happens") == ORDERS
    assert table("order of the office | what happens") == OFFICE_ORDERS


def test_every_forgery_is_on_the_page() -> None:
    assert table("kind | what is sent") == kinds()


def test_what_may_be_late_and_the_limits_are_on_the_page() -> None:
    late = PAGE.partition("These may be `late`")[2].partition(".")[0].partition(":")[2]
    assert set(re.findall(r"\w+", late)) == MAY_BE_LATE
    assert f"A line holds {MAX_LINE:,} bytes, its end included; a request {MAX_HEADERS} headers." in PAGE
