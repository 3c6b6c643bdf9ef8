"""Pictures of the dashboards, drawn by us: `python -m tests.grafana.pictures [FOLDER]`.

Each panel has what a real Prometheus answered to its queries over thirty simulated days (tests/grafana/proof), at its
place on the dashboard's grid. They are renderings, and say so: Grafana draws its own way. FOLDER keeps the simulated
days, so that the next time they need not be played again.
"""

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.grafana.painting import curves, figures
from tests.grafana.painting.canvas import Canvas
from tests.grafana.proof.panels import LONDON, dashboards
from tests.grafana.proof.proven import Proven, good_month

INTO: Final = Path(__file__).parents[2] / "docs" / "pictures"
CAPTION: Final = (
    "A rendering by callcentre's own tests, not by Grafana: each panel shows what a real Prometheus answered to its "
    "queries over thirty simulated days."
)
OF_ITSELF: Final = "Processor and memory are those of the test that played them."
PAINTERS: Final = {
    "stat": figures.tiles,
    "bargauge": figures.bars,
    "table": figures.table,
    "heatmap": curves.heat,
    "state-timeline": curves.states,
}


def main(words: list[str]) -> int:
    """Draw all of them."""
    with (
        TemporaryDirectory(prefix="callcentre-pictures-") as folder,
        good_month(Path(*words[:1] or [folder])) as proven,
    ):
        for dashboard in dashboards():
            path = INTO / name_of(dashboard)
            paint(dashboard, proven).save(path)
            sys.stdout.write(f"{path.name}: {path.stat().st_size // 1000} kB\n")
    return 0


def name_of(dashboard: Mapping[str, Any]) -> str:
    """The name of its picture."""
    return f"{dashboard['uid'].replace('callcentre', 'grafana')}.png"


def paint(dashboard: Mapping[str, Any], proven: Proven) -> Canvas:
    """Draw a dashboard as it is at the end of a run."""
    canvas = Canvas(max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"]))
    start, end = proven.screen.span(dashboard["time"]["from"]), proven.screen.now
    canvas.heading(dashboard["title"], "PBX: All      Line: All", f"{_civil(start)}   to   {_civil(end)}")
    canvas.caption(f"{CAPTION} {OF_ITSELF}" if dashboard["uid"] == "callcentre-daemon" else CAPTION)
    marks = [(each, each.ask(proven.prometheus)) for each in proven.screen.annotations(dashboard)]
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            canvas.row(panel["gridPos"], panel["title"])
            continue
        inside = canvas.panel(canvas.place(panel["gridPos"]), panel["title"])
        asked = [(each, each.ask(proven.prometheus)) for each in proven.screen.of_panel(dashboard, panel)]
        if panel["type"] == "timeseries":
            curves.mark(curves.curves(canvas, inside, panel, asked), marks)
        else:
            PAINTERS[panel["type"]](canvas, inside, panel, asked)
    return canvas


def _civil(at: datetime) -> str:
    return f"{at.astimezone(LONDON):%a %-d %b %Y, %H:%M}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
