"""The dashboards: as built, of Grafana's own types, by the rules of its linter, about metrics and pages that exist."""

import copy
import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from callcentre.web import office, tasks_page
from grafana import build
from tests.grafana.dashboards import DASHBOARDS, FOLDER, ROOT, Dashboard, panels, put_in, queries, selectors, targets
from tests.grafana.linting import PUBLISHED, RULES, excused
from tests.grafana.schema import HOW, cached, complaints

UIDS = {"callcentre-" + name for name in ("wallboard", "service-level", "callbacks", "attendance", "daemon")}
EXCLUSIONS = yaml.safe_load((FOLDER / ".lint").read_text("utf-8"))["exclusions"]
PROVISIONING = ROOT / "grafana" / "provisioning"
SCREEN = 1080
"""Pixels of a television's height."""
CELL, GAP, AROUND, CONTROLS = 30, 8, 16, 48
"""Of Grafana's grid: a row, between rows, around all; and the strip of controls, which a television need not show."""
PAGE_OF_METRICS = (ROOT / "docs" / "reference" / "metrics.md").read_text("utf-8")
METRICS = {
    name: set(re.findall(r"`(\w+)`", labels))
    for name, labels in re.findall(r"^### (\w+)\n.*?^- Labels: ([^\n]+)$", PAGE_OF_METRICS, re.MULTILINE | re.DOTALL)
}
RECORDED = {
    rule["record"]
    for group in yaml.safe_load((ROOT / "grafana" / "prometheus" / "rules.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
}


def needed(there: bool, variable: str, why: str) -> None:
    if not there and os.environ.get(variable) == "1":
        pytest.fail(f"{variable}=1, but {why}")
    if not there:
        pytest.skip(why)


# --- as built


def test_the_committed_dashboards_and_their_page_are_as_built() -> None:
    assert build.stale() == []
    assert {dashboard["uid"] for dashboard in DASHBOARDS.values()} == UIDS


def test_what_is_stale_is_named(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for path, text in build.files(tmp_path, page).items():
        path.write_text(text, "utf-8")
    assert build.stale(tmp_path, page) == []
    (tmp_path / "daemon.json").write_text("{}", "utf-8")
    (tmp_path / "callbacks.json").unlink()
    (tmp_path / "of-nobody.json").write_text("{}", "utf-8")
    page.write_text("# Dashboards", "utf-8")
    assert build.stale(tmp_path, page) == ["callbacks.json", "daemon.json", "of-nobody.json", "page.md"]


def test_building_twice_gives_the_same() -> None:
    assert build.files() == build.files()


# --- of Grafana's own types


def test_the_dashboards_are_of_the_types_that_grafana_publishes(tmp_path: Path) -> None:
    needed(cached().exists() and shutil.which("node") is not None, "CALLCENTRE_TEST_GRAFANA_REQUIRED", HOW)
    wrong = copy.deepcopy(DASHBOARDS["wallboard"])
    wrong["panels"][0]["options"]["colorMode"] = "rainbow"
    wrong["panels"][1]["gridpos"] = {}
    said = complaints({**DASHBOARDS, "wrong": wrong}, tmp_path)
    assert [line for line in said if not line.startswith("wrong.ts")] == []
    assert any("colorMode" in line for line in said) or any("rainbow" in line for line in said)
    assert any("gridpos" in line for line in said)


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_the_schema_is_the_latest_of_its_kind(name: str) -> None:
    assert DASHBOARDS[name]["schemaVersion"] == 42


# --- by the rules of the linter


def complaints_of(rule: str, dashboard: Dashboard) -> list[tuple[str, str]]:
    left_out = excused(EXCLUSIONS, rule)
    return [found for found in RULES[rule](dashboard) if not left_out(found[0])]


def test_each_published_rule_is_kept_or_left_out_with_a_reason() -> None:
    left_out = {rule for rule, said in EXCLUSIONS.items() if "entries" not in said}
    assert left_out | set(RULES) == PUBLISHED
    assert not left_out & set(RULES)
    assert all(said["reason"].endswith(".") for said in EXCLUSIONS.values())


@pytest.mark.parametrize(("rule", "name"), [*itertools.product(RULES, sorted(DASHBOARDS))])
def test_a_dashboard_keeps_a_rule_of_the_linter(rule: str, name: str) -> None:
    assert complaints_of(rule, DASHBOARDS[name]) == []


def test_no_panel_is_left_out_of_a_rule_that_it_keeps() -> None:
    found = {(rule, panel) for rule in RULES for each in DASHBOARDS.values() for panel, _ in RULES[rule](each)}
    assert {(rule, entry["panel"]) for rule, said in EXCLUSIONS.items() for entry in said.get("entries", [])} == found


def first(dashboard: Dashboard) -> Any:
    return next(panels(dashboard))


def variable(dashboard: Dashboard, name: str) -> Any:
    return next(each for each in dashboard["templating"]["list"] if each["name"] == name)


def asked(expr: str) -> Callable[[Dashboard], None]:
    return lambda dashboard: first(dashboard)["targets"][0].update(expr=expr)


SPOILED: dict[str, list[Callable[[Dashboard], None]]] = {
    "template-datasource-rule": [
        lambda d: variable(d, "datasource").update(name="prometheus"),
        lambda d: d["templating"]["list"].pop(0),
    ],
    "template-label-promql-rule": [
        lambda d: variable(d, "pbx").update(query="label_value(callcentre_ami_up, pbx)"),
        lambda d: variable(d, "line").update(query="label_values(callcentre_ami_up, pbx)"),
        lambda d: variable(d, "line").update(query="label_values(, line)"),
    ],
    "template-on-time-change-reload-rule": [lambda d: variable(d, "line").update(refresh=1)],
    "template-required-variables-rule": [
        lambda d: variable(d, "line").update(name="lines"),
        lambda d: variable(d, "pbx").update(multi=False),
        lambda d: variable(d, "line").update(allValue=None),
    ],
    "panel-datasource-rule": [
        lambda d: first(d).update(datasource={"type": "prometheus", "uid": "P1809F7CD0C75ACF3"}),
        lambda d: first(d)["targets"][0].pop("datasource"),
    ],
    "panel-title-description-rule": [
        lambda d: first(d).pop("description"),
        lambda d: first(d).update(title=""),
    ],
    "panel-units-rule": [
        lambda d: first(d)["fieldConfig"]["defaults"].pop("unit"),
        lambda d: first(d)["fieldConfig"]["defaults"].update(unit="calls"),
    ],
    "panel-no-targets-rule": [lambda d: first(d).update(targets=[])],
    "target-logql-rule": [lambda d: first(d)["targets"][0]["datasource"].update(type="loki")],
    "target-logql-auto-rule": [lambda d: first(d)["targets"][0]["datasource"].update(type="loki")],
    "target-promql-rule": [
        asked(""),
        lambda d: first(d)["targets"][0].pop("refId"),
        lambda d: first(d)["targets"].append(first(d)["targets"][0]),
    ],
    "target-rate-interval-rule": [asked('rate(callcentre_gaps_total{pbx=~"$pbx"}[5m])')],
    "target-counter-agg-rule": [
        asked('callcentre_gaps_total{pbx=~"$pbx"}'),
        asked('max_over_time(callcentre_gaps_total{pbx=~"$pbx"}[1h])'),
        asked('sum by (le) (callcentre_call_answer_seconds_bucket{pbx=~"$pbx"})'),
    ],
    "target-required-matchers-rule": [
        asked("max(callcentre_ami_up)"),
        asked('max(callcentre_ami_up{pbx="$pbx"})'),
        asked('callcentre_ami_up{pbx=~"$pbx"} or callcentre_store_up'),
        asked("rate(process_cpu_seconds_total[$__rate_interval])"),
    ],
    "uneditable-dashboard-rule": [lambda d: d.update(editable=True), lambda d: d.pop("editable")],
}


@pytest.mark.parametrize(("rule", "spoil"), [(rule, spoil) for rule in RULES for spoil in SPOILED[rule]])
def test_a_rule_of_the_linter_finds_what_breaks_it(rule: str, spoil: Callable[[Dashboard], None]) -> None:
    dashboard = copy.deepcopy(DASHBOARDS["wallboard"])
    assert complaints_of(rule, dashboard) == []
    spoil(dashboard)
    assert complaints_of(rule, dashboard) != []


# --- about metrics that exist


@pytest.mark.prometheus
def test_every_query_is_promql(tmp_path: Path) -> None:
    needed(shutil.which("promtool") is not None, "CALLCENTRE_TEST_PROMETHEUS_REQUIRED", "there is no promtool")
    asked_for = [put_in(expr) for dashboard in DASHBOARDS.values() for expr in queries(dashboard)]
    rules = [{"record": f"query:{place}", "expr": expr} for place, expr in enumerate(asked_for)]
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboards", "rules": rules}]}), "utf-8")
    checked = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "$" not in re.sub(r'"[^"]*"', "", " ".join(asked_for))


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_queries_name_metrics_and_labels_that_exist(name: str) -> None:
    for expr in queries(DASHBOARDS[name]):
        for found in selectors(expr):
            if found.name.startswith("process_"):
                continue
            recorded = found.name in RECORDED
            assert recorded or found.metric in METRICS, found.name
            labels = {"pbx", "line", "variant", "target"} if recorded else METRICS[found.metric]
            assert set(found.matchers) <= labels, found
            if "line" in labels:
                assert found.matchers.get("line") == "=~$line" or expr.startswith("callcentre_line_core_hours"), found


def test_the_gauges_of_what_is_promised_are_on_the_dashboards() -> None:
    named = {found.name for each in DASHBOARDS.values() for expr in queries(each) for found in selectors(expr)}
    assert {name for name in METRICS if name.startswith("callcentre_line_target_")} <= named
    assert {name for name in RECORDED if ":service_level:" in name} <= named


def test_no_threshold_is_written_into_a_panel() -> None:
    for dashboard in DASHBOARDS.values():
        for panel in panels(dashboard):
            steps = panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [])
            assert [step.get("value") for step in steps] in ([], [None]), panel["title"]


# --- laid out


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_panels_fill_the_grid_without_covering_one_another(name: str) -> None:
    dashboard = DASHBOARDS[name]
    cells = [
        (x, y)
        for panel in dashboard["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert set(cells) == set(itertools.product(range(24), range(max(y for _, y in cells) + 1)))
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))


def test_the_wallboard_is_one_screen_to_be_read_from_afar() -> None:
    wallboard = DASHBOARDS["wallboard"]
    assert {panel["type"] for panel in wallboard["panels"]} == {"stat"}
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in wallboard["panels"])
    assert rows * (CELL + GAP) - GAP + 2 * AROUND + CONTROLS <= SCREEN
    for panel in panels(wallboard):
        assert panel["options"]["text"]["titleSize"] >= 36  # 20 mm on a television of a metre and twenty
        assert panel["gridPos"]["h"] >= 8
        assert panel["options"]["textMode"] == "value_and_name"
    assert wallboard["timepicker"]["hidden"]
    assert {each["hide"] for each in wallboard["templating"]["list"]} == {3}


# --- told in words


def colours(panel: dict[str, Any]) -> set[str]:
    """The colours that a panel's tiles may be filled with."""
    config = panel["fieldConfig"]
    found = {config["defaults"]["color"]["fixedColor"]}
    found |= {option["color"] for each in config["defaults"].get("mappings", []) for option in each["options"].values()}
    return found | {
        one["value"]["fixedColor"] for each in config["overrides"] for one in each["properties"] if one["id"] == "color"
    }


def light(colour: str) -> float:
    """The relative luminance of a colour, by WCAG."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_white_letters_are_read_on_every_tile(name: str) -> None:
    for panel in panels(DASHBOARDS[name]):
        if panel["type"] == "stat":
            for colour in colours(panel):
                assert 1.05 / (light(colour) + 0.05) >= 4.5, (panel["title"], colour)


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_no_colour_is_the_only_sign(name: str) -> None:
    for panel in panels(DASHBOARDS[name]):
        config = panel["fieldConfig"]
        for each in config["defaults"].get("mappings", []):
            words = [option["text"] for option in each["options"].values()]
            assert all(words), panel["title"]
            assert len(set(words)) == len(words), panel["title"]
        written = " ".join(target["legendFormat"] + target["expr"] for target in panel["targets"])
        for each in config["overrides"]:
            assert each["matcher"]["id"] == "byRegexp"
            word = re.sub(r"^/[:,^]? ?|\$?/$|\(\^\|, \)", "", each["matcher"]["options"])
            assert word == ".*" or word in written or f"`{word}`" in PAGE_OF_METRICS, (panel["title"], word)


def test_a_line_without_news_is_not_shown_as_well() -> None:
    for panel in panels(DASHBOARDS["wallboard"]):
        assert panel["fieldConfig"]["defaults"]["noValue"] == "NOT KNOWN"


# --- leading to pages that exist


def routes() -> set[str]:
    app = web.Application()
    found = [*office.routes(app), *tasks_page.routes()]
    return {route.path.replace("{line}", "LINE") for route in found} | {"/config"}


def test_links_lead_to_dashboards_and_pages_that_exist() -> None:
    pages = routes()
    for dashboard in DASHBOARDS.values():
        urls = [link["url"] for link in dashboard["links"] if link["type"] == "link"]
        for panel in panels(dashboard):
            links = panel["fieldConfig"]["defaults"]["links"]
            assert links, panel["title"]
            assert all(link["title"] for link in links)
            urls += [link["url"] for link in links]
        for url in urls:
            there = url.replace("${__field.labels.line:percentencode}", "LINE").partition("?")[0]
            if there.startswith("/d/"):
                assert there.removeprefix("/d/") in UIDS
                assert "${datasource:queryparam}&${pbx:queryparam}" in url
            else:
                assert there.removeprefix("${callcentre:raw}") in pages, url


@pytest.mark.parametrize("name", sorted(set(DASHBOARDS) - {"wallboard"}))
def test_breaches_and_gaps_are_marked(name: str) -> None:
    marks = {each["name"]: each["target"]["expr"] for each in DASHBOARDS[name]["annotations"]["list"]}
    assert {found.name for expr in marks.values() for found in selectors(expr)} == {
        "callcentre_line_breach",
        "callcentre_ami_up",
        "callcentre_gaps_total",
    }


def test_curves_share_a_cursor_and_the_time() -> None:
    for dashboard in DASHBOARDS.values():
        assert dashboard["graphTooltip"] == 1
        assert dashboard["refresh"]
    for _, target in targets(DASHBOARDS["wallboard"]):
        assert target["instant"] is True


# --- mounted


def test_provisioning_names_the_folder_and_the_source_that_the_how_to_mounts() -> None:
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards" / "callcentre.yml").read_text("utf-8"))["providers"]
    (source,) = yaml.safe_load((PROVISIONING / "datasources" / "callcentre.yml").read_text("utf-8"))["datasources"]
    how_to = (ROOT / "docs" / "how-to" / "grafana.md").read_text("utf-8")
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
    assert f"grafana/dashboards:{provider['options']['path']}" in how_to
    assert "grafana/provisioning:/etc/grafana/provisioning" in how_to
    assert source["type"] == "prometheus"
    assert source["url"] in how_to
