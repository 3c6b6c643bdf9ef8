"""What the dashboards ask Prometheus: every query, with its variables put in as Grafana puts them in."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.grafana.proof.prometheus import Prometheus, Series
from tests.grafana.proof.rules import duration

DASHBOARDS: Final = Path(__file__).parents[3] / "grafana" / "dashboards"
LONDON: Final = ZoneInfo("Europe/London")
_COLUMN_PIXELS: Final = 75
"""A column of the grid of 24 on a screen 1,800 pixels wide: Grafana asks for a value a pixel."""
_MOST_POINTS: Final = 11_000
_ANNOTATION_POINTS: Final = 100
# Grafana's rangeUtil.roundInterval, from a second on: up to these milliseconds an interval is rounded to those.
_ROUNDED: Final = (
    (1_500, 1_000), (3_500, 2_000), (7_500, 5_000), (12_500, 10_000), (17_500, 15_000), (25_000, 20_000),
    (45_000, 30_000), (90_000, 60_000), (210_000, 120_000), (450_000, 300_000), (750_000, 600_000),
    (1_050_000, 900_000), (1_500_000, 1_200_000), (2_700_000, 1_800_000), (5_400_000, 3_600_000),
    (9_000_000, 7_200_000), (16_200_000, 10_800_000), (32_400_000, 21_600_000), (86_400_000, 43_200_000),
    (604_800_000, 86_400_000),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One query of a panel, ready to be asked. `step` is None where only the latest value is wanted."""

    dashboard: str
    panel: str
    ref: str
    expr: str
    legend: str
    start: datetime
    end: datetime
    step: float | None

    @property
    def name(self) -> str:
        """What a list of questions calls it."""
        return f"{self.dashboard} / {self.panel} / {self.ref}"

    def ask(self, prometheus: Prometheus) -> list[Series]:
        """Its answer; QueryFailed if it cannot be answered."""
        if self.step is None:
            return prometheus.instant(self.expr, self.end)
        first = math.floor(self.start.timestamp() / self.step) * self.step  # Grafana aligns to the step
        return prometheus.between(self.expr, datetime.fromtimestamp(first, self.end.tzinfo), self.end, self.step)


@dataclass(frozen=True, slots=True)
class Screen:
    """A Grafana that looks at `now`, with All chosen in every variable.

    `scrape_interval` (seconds) is what its data source is told, by how far back it looks: (up to so long, seconds).
    """

    now: datetime
    scrape_interval: Sequence[tuple[timedelta, float]]

    def questions(self, dashboard: Mapping[str, Any]) -> Iterator[Question]:
        """Every query of a dashboard, those of its annotations included."""
        for panel in panels_of(dashboard):
            yield from self.of_panel(dashboard, panel)
        yield from self.annotations(dashboard)

    def annotations(self, dashboard: Mapping[str, Any]) -> Iterator[Question]:
        """Every query of its annotations; the legend is the colour."""
        start = self.span(dashboard["time"]["from"])
        for name, target in annotations_of(dashboard):
            yield self._question(dashboard, f"annotation {name}", target, start, _ANNOTATION_POINTS)

    def of_panel(self, dashboard: Mapping[str, Any], panel: Mapping[str, Any]) -> Iterator[Question]:
        """Every query of a panel."""
        back = panel.get("timeFrom")
        start = self.now - duration(back) if back else self.span(dashboard["time"]["from"])
        points = panel.get("maxDataPoints") or panel["gridPos"]["w"] * _COLUMN_PIXELS
        for target in panel.get("targets", ()):
            least = target.get("interval") or panel.get("interval")
            yield self._question(dashboard, panel["title"], {**target, "interval": least}, start, points)

    def span(self, since: str) -> datetime:
        """The start of a time range: `now-6h`, `now/d`, `now-7d/d`."""
        found = re.fullmatch(r"now(?:-(\w+))?(/d)?", since)
        assert found is not None, since
        at = self.now - duration(found[1] or "0s")
        if found[2]:
            at = at.astimezone(LONDON).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(self.now.tzinfo)
        return at

    def _question(
        self, dashboard: Mapping[str, Any], panel: str, target: Mapping[str, Any], start: datetime, points: int
    ) -> Question:
        back = self.now - start
        seconds = back.total_seconds()
        scraped = next(interval for up_to, interval in self.scrape_interval if back <= up_to)
        least = max(scraped, duration(target.get("interval") or "0s").total_seconds())
        step = max(_rounded(seconds * 1000 / points) / 1000, least, math.ceil(seconds / _MOST_POINTS))
        put_in = {
            "__interval": f"{step:.0f}s",
            "__interval_ms": f"{step * 1000:.0f}",
            "__rate_interval": f"{max(step + least, 4 * least):.0f}s",
            "__range": f"{seconds:.0f}s",
            "__range_s": f"{seconds:.0f}",
            "__range_ms": f"{seconds * 1000:.0f}",
            **{each["name"]: each["allValue"] for each in variables_of(dashboard)},
        }
        return Question(
            dashboard=dashboard["uid"],
            panel=panel,
            ref=target.get("refId", "A"),
            expr=_with(target["expr"], put_in),
            legend=target.get("legendFormat", ""),
            start=start,
            end=self.now,
            step=None if target.get("instant") and not target.get("range") else step,
        )


def dashboards() -> list[dict[str, Any]]:
    """The dashboards as they are committed."""
    return [json.loads(path.read_text("utf-8")) for path in sorted(DASHBOARDS.glob("*.json"))]


def panels_of(dashboard: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every panel that asks something, those in folded rows included."""
    for panel in dashboard["panels"]:
        for one in (panel, *panel.get("panels", ())):
            if one.get("targets"):
                yield one


def annotations_of(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every annotation that asks something: its name and its query."""
    for one in dashboard["annotations"]["list"]:
        if "expr" in one.get("target", {}):
            yield one["name"], {"legendFormat": one["iconColor"], **one["target"]}


def variables_of(dashboard: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The variables whose values Grafana asks Prometheus for."""
    for one in dashboard["templating"]["list"]:
        if one["type"] == "query":
            yield one


def values_of(variable: Mapping[str, Any], prometheus: Prometheus, now: datetime) -> list[str]:
    """What may be chosen in a variable, with All chosen in the others."""
    found = re.fullmatch(r"label_values\((.+), *(\w+)\)", variable["query"])
    assert found is not None, variable["query"]
    match = re.sub(r"\$\w+", variable["allValue"], found[1])
    span = {"start": (now - timedelta(hours=1)).timestamp(), "end": now.timestamp()}
    values: list[str] = prometheus.get(f"label/{found[2]}/values", **{"match[]": match}, **span)
    return values


def exprs(boards: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every query of these dashboards as it is written, before anything is put in."""
    found: list[str] = []
    for board in boards:
        found += [target["expr"] for panel in panels_of(board) for target in panel["targets"]]
        found += [target["expr"] for _, target in annotations_of(board)]
    return found


def _rounded(milliseconds: float) -> float:
    if milliseconds < _ROUNDED[0][0]:
        return 1_000
    return next((to for up_to, to in _ROUNDED if milliseconds < up_to), 604_800_000)


def _with(expr: str, put_in: Mapping[str, str]) -> str:
    """Put variables in: `$name`, `${name}`, `${name:regex}`; KeyError for one that is not. `$1` is label_replace's."""
    return re.sub(r"\$(?:\{(\w+)(?::\w+)?\}|([A-Za-z_]\w*))", lambda found: put_in[found[1] or found[2]], expr)
