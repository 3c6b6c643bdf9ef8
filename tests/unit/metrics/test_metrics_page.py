"""The page of metrics and the code say the same, and promtool finds nothing to mend in either."""

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from callcentre.core.case_values import ClockName
from callcentre.core.facts import CallEnded, CallHealed
from callcentre.core.terms import ActionResult, WrapKind
from callcentre.metrics.first_contact import FirstContactGauges
from callcentre.metrics.greetings import GreetingGauge
from callcentre.metrics.need import NeedGauge
from tests.unit.metrics.offices import TELLS, Scrape, breach_changed, step
from tests.unit.metrics.test_abuse_metrics import changed
from tests.unit.metrics.test_case_metrics import VIEW_OF_CASES, judged
from tests.unit.metrics.test_first_contact import INFERRED, asked, said
from tests.unit.runtime.samples import NOON, answered

PAGE = Path(__file__).parents[3] / "docs/reference/metrics.md"
BESIDE = PAGE.parents[1] / "how-to/beside-res-prometheus.md"
PROMTOOL = shutil.which("promtool")
ENTRY = re.compile(
    r"### (?P<name>\w+)\n\n(?P<meaning>.+?)\n\n- Type: (?P<type>\w+), (?P<unit>[^\n]+)\n- Labels: (?P<labels>[^\n]+)\n"
    r"- Example: `(?P<example>[^\n]+)`\n",
    re.DOTALL,
)


def full_scrape() -> Scrape:
    """A scrape with a sample of every metric."""
    scrape = Scrape(office=TELLS)
    scrape.metrics.observe([CallEnded(pbx="lab", at=NOON, call=answered())])
    scrape.metrics.observe([CallHealed(pbx="lab", at=NOON, call=answered())])
    scrape.metrics.link("lab", up=True)
    scrape.metrics.lag("lab", 0.002)
    scrape.metrics.events("lab", {"Hangup": 1})
    scrape.metrics.quarantined("lab", "repeated header")
    scrape.metrics.notified("lab", "overdue", "sent")
    scrape.metrics.notifications_pending("lab", 0)
    scrape.metrics.observe([breach_changed(step(ActionResult.DONE))])
    scrape.daemon.lost = {("lab", "CallEnded"): 1}
    scrape.registry.register(NeedGauge(lambda: [("lab", "enquiries", 2)]))
    scrape.registry.register(FirstContactGauges(lambda: [INFERRED]))
    scrape.registry.register(GreetingGauge(lambda: [("lab", "enquiries", "good", 2)]))
    scrape.metrics.observe([said(WrapKind.RESOLVED), asked(5)])
    scrape.metrics.observe([judged(clock) for clock in ClockName])
    scrape.view = replace(VIEW_OF_CASES, unacknowledged={"enquiries": 0})
    scrape.metrics.observe([changed()])
    return scrape


def in_code() -> dict[str, tuple[str, frozenset[str], str]]:
    """Type, labels and meaning of each metric of ours, under the name that a query uses."""
    found = {}
    for family in full_scrape().registry.collect():
        if family.name.startswith("callcentre_"):
            name = family.name + "_total" if family.type == "counter" else family.name
            labels = frozenset(label for sample in family.samples for label in sample.labels) - {"le"}
            found[name] = (family.type, labels, family.documentation)
    return found


def on_page() -> dict[str, re.Match[str]]:
    text = PAGE.read_text(encoding="utf-8")
    entries = {entry["name"]: entry for entry in ENTRY.finditer(text)}
    assert len(entries) == text.count("\n### "), "every entry has meaning, type, labels and example"
    return entries


def test_the_page_names_every_metric_and_no_other() -> None:
    assert sorted(on_page()) == sorted(in_code())


@pytest.mark.parametrize("name", sorted(in_code()))
def test_an_entry_says_what_the_code_says(name: str) -> None:
    entry = on_page()[name]
    kind, labels, meaning = in_code()[name]
    assert entry["type"] == kind
    assert frozenset(re.findall(r"`(\w+)`", entry["labels"])) == labels
    assert " ".join(entry["meaning"].split()).startswith(meaning)
    assert name in entry["example"]
    assert not name.endswith("_seconds") or entry["unit"] == "in seconds"


def test_no_name_is_one_that_asterisk_may_have() -> None:
    names = {family.name for family in full_scrape().registry.collect()}
    assert {name.partition("_")[0] for name in names} == {"callcentre", "process"}
    told = set(re.findall(r"callcentre_\w+", BESIDE.read_text(encoding="utf-8")))
    assert told - {"callcentre_"} <= set(in_code())


def promtool(*arguments: str, stdin: str) -> subprocess.CompletedProcess[str]:
    if PROMTOOL is None:
        if os.environ.get("CALLCENTRE_TEST_PROMETHEUS_REQUIRED") == "1":
            pytest.fail("promtool is required here (CALLCENTRE_TEST_PROMETHEUS_REQUIRED=1) and is not installed")
        pytest.skip("promtool is not installed (Debian package prometheus)")
    return subprocess.run([PROMTOOL, *arguments], input=stdin, capture_output=True, text=True, check=False)


@pytest.mark.prometheus
def test_promtool_has_nothing_to_say() -> None:
    text = generate_latest(full_scrape().registry).decode()
    checked = promtool("check", "metrics", stdin=text)
    # Decision 0031: the name is promised, and it is no duration.
    known = 'callcentre_line_core_hours use base unit "seconds" instead of "hours"\n'
    assert (checked.stdout, checked.stderr) == ("", known)


@pytest.mark.prometheus
def test_what_is_to_be_scraped_beside_asterisk_is_a_configuration(tmp_path: Path) -> None:
    config = re.search(r"^    scrape_configs:\n(?:(?:      .*)?\n)+", BESIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert config is not None
    file = tmp_path / "prometheus.yml"
    file.write_text("\n".join(line[4:] for line in config.group().splitlines()))
    checked = promtool("check", "config", str(file), stdin="")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.prometheus
def test_every_query_on_the_page_is_promql(tmp_path: Path) -> None:
    queries = [entry["example"] for entry in on_page().values()]
    for page, number in ((PAGE, 3), (BESIDE, 1)):
        text = page.read_text(encoding="utf-8")
        indented = re.findall(r"^    (?:sum|increase)\W.*\n(?:      .*\n)*", text, re.MULTILINE)
        assert len(indented) == number
        queries += indented
    rules = tmp_path / "rules.yml"
    lines = "".join(f"  - record: page:{n}\n    expr: {' '.join(query.split())!r}\n" for n, query in enumerate(queries))
    rules.write_text(f"groups:\n- name: page\n  rules:\n{lines}")
    checked = promtool("check", "rules", str(rules), stdin="")
    assert checked.returncode == 0, checked.stderr
