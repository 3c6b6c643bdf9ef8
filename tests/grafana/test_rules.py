"""The rules and alerts for Prometheus: each is tested by promtool, documented, and about metrics that exist."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from prometheus_client import generate_latest

from callcentre.cli import app
from callcentre.core.terms import Hours, Origin, Outcome
from tests.unit.metrics.offices import OFFICE, Scrape

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "grafana/prometheus"
ALERTMANAGER = ROOT / "grafana/alertmanager/alertmanager.yml"
RUNBOOKS = ROOT / "docs/runbooks"
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))

OWN = re.compile(r"\bcallcentre_[a-z0-9_]+")
RECORDED = re.compile(r"\bcallcentre:[a-z0-9_:]+")
FIRING = re.compile(r'^ALERTS\{alertname="(\w+)",alertstate="firing"\}$')
SECTIONS = ["What it means", "How to see it", "What to do", "How to silence it"]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rules(name: str) -> list[dict[str, Any]]:
    return [rule for group in read(PROMETHEUS / name)["groups"] for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules("alerts.yml")}
RECORDS = rules("rules.yml")


def expectations() -> Iterator[dict[str, Any]]:
    """What the unit tests for promtool ask, one by one."""
    for path in TESTS:
        for case in read(path)["tests"]:
            yield from case.get("promql_expr_test", [])


def tool(command: str, package: str) -> str:
    """The path of a program that Debian has; without it the test is skipped, or fails where it must run."""
    found = shutil.which(command)
    if found is None:
        if os.environ.get("CALLCENTRE_TEST_PROMETHEUS_REQUIRED") == "1":
            pytest.fail(f"{command} is required here (CALLCENTRE_TEST_PROMETHEUS_REQUIRED=1) and is not installed")
        pytest.skip(f"{command} is not installed (Debian package {package})")
    return found


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def documented() -> set[str]:
    """The metrics on the reference page."""
    page = (ROOT / "docs/reference/metrics.md").read_text(encoding="utf-8")
    return set(re.findall(r"^### (callcentre_\w+)$", page, re.MULTILINE))


def unknown(text: str) -> set[str]:
    """Names of metrics and of recorded series in a text that nothing has."""
    metrics = {re.sub(r"_(bucket|sum|count)$", "", name) for name in OWN.findall(text)}
    return (metrics - documented()) | (set(RECORDED.findall(text)) - {rule["record"] for rule in RECORDS})


# --- promtool and amtool


@pytest.mark.prometheus
def test_promtool_finds_the_configuration_and_its_rules_right() -> None:
    said = run(tool("promtool", "prometheus"), "check", "config", str(PROMETHEUS / "prometheus.yml"))
    assert f"{len(RECORDS)} rules found" in said
    assert f"{len(ALERTS)} rules found" in said


@pytest.mark.prometheus
@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_rules_and_alerts_do_what_their_stories_tell(path: Path) -> None:
    run(tool("promtool", "prometheus"), "test", "rules", str(path))


@pytest.mark.prometheus
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ({"alertname": "CallcentreWatchdog", "severity": "info"}, "dead_man"),
        ({"alertname": "CallcentreLineUnattended", "severity": "page"}, "pages"),
        ({"alertname": "CallcentreCallbackDueSoon", "severity": "ticket"}, "tickets"),
        ({"alertname": "SomethingElse"}, "tickets"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_alertmanager_sends_each_severity_where_it_belongs(labels: dict[str, str], receiver: str) -> None:
    pairs = [f"{name}={value}" for name, value in labels.items()]
    said = run(
        tool("amtool", "prometheus-alertmanager"),
        "config",
        "routes",
        "test",
        "--config.file",
        str(ALERTMANAGER),
        *pairs,
    )
    assert said.strip() == receiver


# --- coverage: every rule and alert is shown


def test_every_recording_rule_is_asked_for() -> None:
    asked = set(RECORDED.findall(" ".join(expectation["expr"] for expectation in expectations())))
    patterns = re.findall(r'"(callcentre:[^"]*\(.*?\)[^"]*)"', " ".join(each["expr"] for each in expectations()))
    recorded = {rule["record"] for rule in RECORDS}
    asked |= {name for name in recorded for pattern in patterns if re.fullmatch(pattern, name)}
    assert recorded <= asked


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_every_alert_is_shown_firing_and_silent(alert: str) -> None:
    shown = [
        bool(expectation["exp_samples"])
        for expectation in expectations()
        if (match := FIRING.match(expectation["expr"])) and match[1] == alert
    ]
    assert True in shown, "it is never shown firing"
    assert (False in shown) == (alert != "CallcentreWatchdog"), "only the watchdog is never silent"


def test_no_story_is_about_an_alert_that_is_not_there() -> None:
    told = {match[1] for expectation in expectations() if (match := FIRING.match(expectation["expr"]))}
    assert told == set(ALERTS)


# --- what rules are made of


@pytest.mark.parametrize("rule", [*RECORDS, *ALERTS.values()], ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_asks_for_metrics_that_exist(rule: dict[str, Any]) -> None:
    assert unknown(rule["expr"]) == set()


def test_what_ratios_are_made_of_is_there_from_the_start() -> None:
    """increase() does not see the rise with which a series begins, so these must begin at 0."""
    registry = Scrape().registry
    for line in OFFICE.lines:
        names = {"pbx": line.pbx, "line": line.name, "hours": Hours.CORE}
        for target in ("seconds", "rings"):
            value = registry.get_sample_value("callcentre_calls_within_target_total", {**names, "target": target})
            assert value == 0, (line.name, target)
        for outcome in set(Outcome) - {Outcome.LOST, Outcome.IN_PROGRESS, Outcome.CLOSED}:
            labels = {**names, "outcome": outcome, "origin": Origin.EXTERNAL}
            assert registry.get_sample_value("callcentre_calls_total", labels) == 0, (line.name, outcome)


def test_label_values_that_alerts_ask_for_are_exported() -> None:
    text = generate_latest(Scrape().registry).decode()
    for alert in ("CallcentreAttendanceUnknown", "CallcentreMailboxRefuses"):
        for states in re.findall(r'state=~?"([^"]+)"', ALERTS[alert]["expr"]):
            assert any(f'state="{state}"' in text for state in states.split("|")), alert


# --- what people get


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_an_alert_says_what_it_is_and_where_to_read_on(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in {"page", "ticket", "info"}
    notes = rule["annotations"]
    assert set(notes) == {"summary", "description", "runbook_url", "dashboard"}
    assert len(notes["summary"]) < 120
    assert notes["description"].endswith(".")
    assert notes["runbook_url"] == f"docs/runbooks/{alert}.md"
    assert (ROOT / notes["runbook_url"]).is_file()
    assert re.match(r"/d/callcentre-(wallboard|service-level|callbacks|attendance|daemon)(\?|\{|$)", notes["dashboard"])


def test_dashboards_that_alerts_lead_to_are_there() -> None:
    there = {read(path)["uid"] for path in (ROOT / "grafana/dashboards").glob("*.json")}
    led_to = {re.split(r"[?{]", rule["annotations"]["dashboard"])[0].removeprefix("/d/") for rule in ALERTS.values()}
    assert led_to <= there


def test_every_runbook_is_of_an_alert() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"} == set(ALERTS)
    listed = re.findall(r"^- \[(\w+)\]\(\1\.md\) \((\w+)\)", (RUNBOOKS / "README.md").read_text("utf-8"), re.MULTILINE)
    assert dict(listed) == {name: rule["labels"]["severity"] for name, rule in ALERTS.items()}


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_a_runbook_can_be_followed(alert: str) -> None:
    page = (RUNBOOKS / f"{alert}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {alert}\n\nSeverity: **{ALERTS[alert]['labels']['severity']}**. ")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == SECTIONS
    assert unknown(page) == set()
    assert f"alertname={alert}" in page.split("## How to silence it")[1]


def test_commands_in_runbooks_exist() -> None:
    root: Any = typer.main.get_command(app)
    written = 0
    for path in RUNBOOKS.glob("*.md"):
        for words in re.findall(r"(?:^    |`)callcentre ([a-z][^`\n]*)", path.read_text("utf-8"), re.MULTILINE):
            command, rest = root, words.split()
            while rest and hasattr(command, "commands"):
                assert rest[0] in command.commands, f"{path.name}: callcentre {words}"
                command, rest = command.commands[rest[0]], rest[1:]
            options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
            assert {word for word in rest if word.startswith("--")} <= options, f"{path.name}: callcentre {words}"
            written += 1
    assert written > 20


# --- the reference page


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    section = page.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_page_has_every_recording_rule_with_its_labels() -> None:
    page = (ROOT / "docs/reference/rules.md").read_text(encoding="utf-8")
    wanted: dict[str, set[str]] = {}
    for rule in RECORDS:
        labels = wanted.setdefault(rule["record"], set())
        labels |= set(rule.get("labels", {}))
        if ":service_level:" in rule["record"] or ":calls_within_target:" in rule["record"]:
            labels.add("target")
    told = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in rows(page, "Recording rules")}
    assert told == wanted


def test_the_page_has_every_alert_as_it_is() -> None:
    page = (ROOT / "docs/reference/rules.md").read_text(encoding="utf-8")
    told = {}
    for link, severity, lasting, _ in rows(page, "Alerts"):
        match = re.fullmatch(r"\[(\w+)\]\(\.\./runbooks/\1\.md\)", link)
        assert match, link
        told[match[1]] = (severity, lasting)
    assert told == {name: (rule["labels"]["severity"], rule.get("for", "–")) for name, rule in ALERTS.items()}


# --- the files to mount


def test_prometheus_scrapes_the_job_that_the_alerts_expect() -> None:
    config = read(PROMETHEUS / "prometheus.yml")
    assert config["rule_files"] == ["rules.yml", "alerts.yml"]
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]}
    assert jobs["callcentre"] == ["localhost:8090"]


def test_alerts_held_back_are_alerts_that_exist() -> None:
    config = read(ALERTMANAGER)
    receivers = {receiver["name"] for receiver in config["receivers"]}
    assert {route["receiver"] for route in [config["route"], *config["route"]["routes"]]} <= receivers
    for inhibit in config["inhibit_rules"]:
        matchers = " ".join(inhibit["source_matchers"] + inhibit["target_matchers"])
        assert set(re.findall(r"Callcentre\w+", matchers)) <= set(ALERTS)
        for name in re.findall(r"Callcentre\w+", matchers):
            assert set(inhibit["equal"]) <= {"pbx", "line"}, name


def test_the_page_for_one_machine_mounts_what_the_files_expect() -> None:
    page = (ROOT / "docs/how-to/monitoring-on-one-machine.md").read_text(encoding="utf-8")
    provider = read(ROOT / "grafana/provisioning/dashboards/callcentre.yml")["providers"][0]
    source = read(ROOT / "grafana/provisioning/datasources/callcentre.yml")["datasources"][0]
    assert f"dashboards:{provider['options']['path']}:ro" in page
    assert f"--web.listen-address=127.0.0.1:{source['url'].rsplit(':', 1)[1]}" in page
    alertmanagers = read(PROMETHEUS / "prometheus.yml")["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert f"--web.listen-address=127.0.0.1:{alertmanagers[0].rsplit(':', 1)[1]}" in page


SCRAPING = (ROOT / "docs/how-to/scrape-with-prometheus.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", re.findall(r"^    sed -i '([^']+)'", SCRAPING, re.MULTILINE))
def test_paths_in_alerts_become_links_as_the_page_says(command: str) -> None:
    _, old, new, _ = command.split("#")
    text = (PROMETHEUS / "alerts.yml").read_text(encoding="utf-8")
    assert text.count(old) - text.count(f"sed -i 's#{old}") == len(ALERTS)
    changed = {
        rule["alert"]: rule for group in yaml.safe_load(text.replace(old, new))["groups"] for rule in group["rules"]
    }
    assert all("https://" in str(rule["annotations"]) for rule in changed.values())
