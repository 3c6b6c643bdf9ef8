"""The committed dashboards as tests read them, and the parts of PromQL that tests ask about."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "grafana" / "dashboards"
Dashboard = dict[str, Any]

DASHBOARDS: Final[Mapping[str, Dashboard]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))
}

_OURS: Final = re.compile(
    r"(?P<name>\b(?:callcentre|process)[_:][a-z0-9_:]+)(?P<matchers>\{[^}]*\})?"
    r"(?P<span>\[[^\]]*\])?(?P<offset> offset \S+)?"
)
_CALLED: Final = re.compile(r"(\w+)\($")
_MATCHER: Final = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
_PUT_IN: Final = {
    "$__rate_interval": "1m",
    "$__interval": "30m",
    "$__range": "1d",
    "$pbx": ".+",
    "$line": ".+",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A metric as a query names it."""

    name: str
    matchers: Mapping[str, str]
    """Each label's operator and value: `=~$pbx`."""
    span: str
    """The range in brackets, or nothing."""
    function: str
    """The function that it stands directly in, or nothing."""

    @property
    def metric(self) -> str:
        """The name on the page of metrics."""
        return re.sub(r"_(bucket|sum|count)$", "", self.name)


def panels(dashboard: Dashboard) -> Iterator[dict[str, Any]]:
    """The panels that show something: all but headings."""
    return (panel for panel in dashboard["panels"] if panel["type"] != "row")


def targets(dashboard: Dashboard) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each query, with its panel."""
    return ((panel, target) for panel in panels(dashboard) for target in panel.get("targets", []))


def variables(dashboard: Dashboard, kind: str) -> list[dict[str, Any]]:
    """The variables of a kind."""
    return [each for each in dashboard["templating"]["list"] if each["type"] == kind]


def selectors(expr: str) -> list[Selector]:
    """The metrics of ours (and of our process) that a query asks for."""
    found = []
    for match in _OURS.finditer(expr):
        called = _CALLED.search(expr[: match.start()])
        found.append(
            Selector(
                name=match["name"],
                matchers={
                    label: operator + value for label, operator, value in _MATCHER.findall(match["matchers"] or "")
                },
                span=match["span"] or "",
                function=called[1] if called else "",
            )
        )
    return found


def queries(dashboard: Dashboard) -> list[str]:
    """Everything that a dashboard asks Prometheus: panels, annotations, and the selectors of its variables."""
    asked = [target["expr"] for _, target in targets(dashboard)]
    asked += [each["target"]["expr"] for each in dashboard["annotations"]["list"]]
    return asked + [label_values(each["query"])[0] for each in variables(dashboard, "query")]


def label_values(query: str) -> tuple[str, str]:
    """The selector and the label of a variable's query; raises ValueError for what is none."""
    found = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
    if found is None:
        raise ValueError(query)
    return found[1], found[2]


def put_in(expr: str) -> str:
    """A query as Prometheus would see it."""
    for name, value in _PUT_IN.items():
        expr = expr.replace(name, value)
    return expr
