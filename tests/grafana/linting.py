"""The rules of Grafana's dashboard-linter, by their published names, for the dashboards of one data source, Prometheus.

Some are held more strictly than there: for every kind of panel, and by the name of a metric, however it is written.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tests.grafana.dashboards import Dashboard, label_values, panels, selectors, targets, variables

Rule = Callable[[Dashboard], Iterator[tuple[str, str]]]
"""What is wrong: the panel's title (or nothing), and why."""

DATASOURCE: Final = "${datasource}"
UNITS: Final = frozenset({"none", "short", "percentunit", "s", "bytes", "ops"})
"""Those of Grafana's units that we use."""
_COUNTERS: Final = ("_total", "_bucket", "_sum", "_count")


def template_datasource(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """There is one data source to choose, called as all dashboards call it."""
    found = [(each["name"], each["label"], each["query"]) for each in variables(dashboard, "datasource")]
    if found != [("datasource", "Data source", "prometheus")]:
        yield "", f"data source variables: {found}"


def template_label_promql(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """A variable asks for label values of a metric, with a label that is one."""
    for each in variables(dashboard, "query"):
        try:
            selector, label = label_values(each["query"])
        except ValueError:
            yield "", f"variable {each['name']}: {each['query']}"
            continue
        if [found.name for found in selectors(selector)] != [selector.partition("{")[0]] or label != each["name"]:
            yield "", f"variable {each['name']}: {each['query']}"


def template_on_time_change_reload(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """Variables are asked anew when the time shown changes."""
    for each in variables(dashboard, "query"):
        if each.get("refresh") != 2:
            yield "", f"variable {each['name']} is not asked anew"


def template_required_variables(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """PBX and line can be chosen, several of them, and all."""
    found = {each["name"]: each for each in variables(dashboard, "query")}
    for name in ("pbx", "line"):
        each = found.get(name)
        if not each or not each["multi"] or not each["includeAll"] or not each["label"] or each["allValue"] != ".+":
            yield "", f"variable {name} is missing, or of one value only"


def panel_datasource(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """Each panel and each of its queries takes the data source that was chosen."""
    for panel in panels(dashboard):
        for asks in (panel, *panel.get("targets", [])):
            if asks.get("datasource") != {"type": "prometheus", "uid": DATASOURCE}:
                yield panel["title"], f"datasource: {asks.get('datasource')}"


def panel_title_description(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """Each panel has a title, and says what it shows in a sentence."""
    for panel in panels(dashboard):
        if not panel.get("title") or not panel.get("description", "").endswith("."):
            yield panel.get("title", ""), "no title or no description"


def panel_units(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """Each panel has a unit; a heat map has it on its axis."""
    for panel in panels(dashboard):
        unit = panel["fieldConfig"]["defaults"].get("unit")
        if panel["type"] == "heatmap":
            unit = panel["options"]["yAxis"].get("unit")
        if unit not in UNITS:
            yield panel["title"], f"unit: {unit}"


def panel_no_targets(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """Each panel asks something."""
    for panel in panels(dashboard):
        if not panel.get("targets"):
            yield panel["title"], "no query"


def target_promql(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """Each query has a name of its own and asks for a metric. (That it is PromQL, promtool says.)"""
    for panel in panels(dashboard):
        names = [target.get("refId") for target in panel.get("targets", [])]
        if None in names or len(set(names)) != len(names):
            yield panel["title"], f"names of queries: {names}"
    for panel, target in targets(dashboard):
        if not selectors(target.get("expr", "")):
            yield panel["title"], f"asks for nothing: {target.get('expr')}"


def target_logql(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """No query is of Loki: none of ours is, so the rules on LogQL hold for want of any."""
    for panel, target in targets(dashboard):
        if target["datasource"]["type"] == "loki":
            yield panel["title"], "a query of Loki"


def target_rate_interval(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """A rate is taken over `$__rate_interval`."""
    for panel, target in targets(dashboard):
        for found in selectors(target["expr"]):
            if found.function in ("rate", "irate") and found.span != "[$__rate_interval]":
                yield panel["title"], f"{found.function} over {found.span}"


def target_counter_agg(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """A counter is never shown as it stands: it begins at 0 with every start."""
    for panel, target in targets(dashboard):
        for found in selectors(target["expr"]):
            rises = found.name.endswith(_COUNTERS)
            if rises and (not found.span or found.function not in ("rate", "irate", "increase")):
                yield panel["title"], f"counter {found.name} as it stands"


def target_required_matchers(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """Whatever has a PBX is of the PBXs chosen. What only the process has is taken with callcentre_build_info."""
    for panel, target in targets(dashboard):
        found = selectors(target["expr"])
        for each in found:
            if each.name.startswith("process_"):
                if "and on (job, instance) callcentre_build_info" not in target["expr"]:
                    yield panel["title"], f"{each.name} of any process"
            elif each.name != "callcentre_build_info" and each.matchers.get("pbx") != "=~$pbx":
                yield panel["title"], f"{each.name} of any PBX"


def uneditable_dashboard(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """A change is made in Python, where it lasts."""
    if dashboard.get("editable") is not False:
        yield "", "is editable"


RULES: Final[Mapping[str, Rule]] = {
    "template-datasource-rule": template_datasource,
    "template-label-promql-rule": template_label_promql,
    "template-on-time-change-reload-rule": template_on_time_change_reload,
    "template-required-variables-rule": template_required_variables,
    "panel-datasource-rule": panel_datasource,
    "panel-title-description-rule": panel_title_description,
    "panel-units-rule": panel_units,
    "panel-no-targets-rule": panel_no_targets,
    "target-logql-rule": target_logql,
    "target-logql-auto-rule": target_logql,
    "target-promql-rule": target_promql,
    "target-rate-interval-rule": target_rate_interval,
    "target-counter-agg-rule": target_counter_agg,
    "target-required-matchers-rule": target_required_matchers,
    "uneditable-dashboard-rule": uneditable_dashboard,
}

PUBLISHED: Final = frozenset(RULES) | {
    "template-job-rule",
    "template-instance-rule",
    "target-job-rule",
    "target-instance-rule",
}
"""Every rule that the linter publishes for such dashboards, those it calls experimental too."""


def excused(exclusions: Mapping[str, Any], rule: str) -> Callable[[str], bool]:
    """Whether a panel is left out of a rule, by the linter's own `.lint` file."""
    said = exclusions.get(rule)
    if said is None:
        return lambda _panel: False
    entries = said.get("entries")
    return lambda panel: entries is None or any(entry["panel"] == panel for entry in entries)
