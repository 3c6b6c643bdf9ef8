"""docs/how-to/tell-people.md names every kind of notice that a webhook may get."""

from pathlib import Path

import pytest

from callcentre.core.terms import NoticeKind

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "tell-people.md"


@pytest.mark.parametrize("kind", NoticeKind)
def test_the_page_says_what_each_kind_tells_and_whom(kind: NoticeKind) -> None:
    rows = [line.split("|") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    (row,) = [row for row in rows if f"`{kind.value}`" in row[1]]
    assert all(len(cell.strip()) > 3 for cell in row[2:4])
