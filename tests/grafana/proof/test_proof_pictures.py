"""The pictures of the dashboards: one of each is committed, and can be drawn anew."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.grafana.pictures import INTO, name_of, paint
from tests.grafana.proof.panels import dashboards
from tests.grafana.proof.proven import Proven

pytestmark = pytest.mark.proof
MOST_BYTES = 200_000


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda dashboard: str(dashboard["uid"]))
def test_a_picture_is_drawn_of_each_dashboard(good: Proven, dashboard: dict[str, Any], tmp_path: Path) -> None:
    drawn, committed = tmp_path / "drawn.png", INTO / name_of(dashboard)
    paint(dashboard, good).save(drawn)
    assert drawn.stat().st_size < MOST_BYTES
    assert committed.stat().st_size < MOST_BYTES
    # A panel more or less changes the height; how letters are drawn hangs on the fonts of the machine.
    assert size(committed) == size(drawn), "python -m tests.grafana.pictures draws them anew"


def size(picture: Path) -> tuple[int, int]:
    """Its width and height in pixels."""
    with Image.open(picture) as opened:
        return opened.size
