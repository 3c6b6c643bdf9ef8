"""What panels say in words, asked of Prometheus's own engine: promtool evaluates the queries on made-up series."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.grafana.dashboards import DASHBOARDS, panels, put_in

pytestmark = pytest.mark.prometheus

Answer = Sequence[tuple[str, float]]
"""The words of each tile, and its figure."""


def query(dashboard: str, title: str, ref: str = "A") -> str:
    """A query of a panel."""
    (panel,) = (each for each in panels(DASHBOARDS[dashboard]) if each["title"] == title)
    return next(put_in(target["expr"]) for target in panel["targets"] if target["refId"] == ref)


def line(metric: str, name: str, value: str, **labels: str) -> dict[str, str]:
    """A series of a line, of an hour of samples a minute apart."""
    told = "".join(f',{label}="{text}"' for label, text in labels.items())
    return {"series": f'{metric}{{pbx="lab",line="{name}"{told}}}', "values": f"{value}x60"}


def evaluated(tmp_path: Path, series: Sequence[Mapping[str, str]], expr: str, samples: Mapping[str, float]) -> None:
    """Fails unless the expression has just these samples after an hour."""
    if shutil.which("promtool") is None:
        if os.environ.get("CALLCENTRE_TEST_PROMETHEUS_REQUIRED") == "1":
            pytest.fail("promtool is required here (CALLCENTRE_TEST_PROMETHEUS_REQUIRED=1) and is not installed")
        pytest.skip("promtool is not installed (Debian package prometheus)")
    wanted = [{"labels": labels, "value": value} for labels, value in samples.items()]
    test: dict[str, Any] = {
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": list(series),
                "promql_expr_test": [{"expr": expr, "eval_time": "1h", "exp_samples": wanted}],
            }
        ],
    }
    path = tmp_path / "test.yml"
    path.write_text(json.dumps(test), "utf-8")
    done = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def standing(name: str, state: str | None, *, core: int = 1, breach: int = 0) -> list[dict[str, str]]:
    """A line as the daemon tells of it; nothing but its hours where `state` is None."""
    told = [line("callcentre_line_core_hours", name, str(core))]
    if state is None:
        return told
    told += [
        line("callcentre_line_attendance", name, str(int(each == state)), state=each)
        for each in ("attended", "unattended", "unknown")
    ]
    return [*told, line("callcentre_line_breach", name, str(breach))]


@pytest.mark.parametrize(("dashboard", "title"), [("wallboard", "Is every telephone attended?"), ("attendance", "Now")])
def test_how_a_line_stands_is_one_word(tmp_path: Path, dashboard: str, title: str) -> None:
    series = [
        *standing("closed", "unattended", core=0),
        *standing("closed-in-a-breach", "unattended", core=0, breach=1),
        *standing("there", "attended"),
        *standing("in-grace", "unattended"),
        *standing("unattended", "unattended", breach=1),
        *standing("unknown", "unknown"),
        *standing("out-of-sight", None),
        *standing("recovering", "attended", breach=1),
    ]
    (panel,) = (each for each in panels(DASHBOARDS[dashboard]) if each["title"] == title)
    words = {
        option["text"]: int(value)
        for value, option in panel["fieldConfig"]["defaults"]["mappings"][0]["options"].items()
    }
    wanted = {
        "closed": "closed",
        "closed-in-a-breach": "closed",
        "there": "attended",
        "in-grace": "nobody there",
        "unattended": "UNATTENDED",
        "unknown": "NOT KNOWN",
        "out-of-sight": "NOT KNOWN",
        "recovering": "attended again",
    }
    samples = {f'{{pbx="lab", line="{name}"}}': float(words[word]) for name, word in wanted.items()}
    evaluated(tmp_path, series, query(dashboard, title), samples)


def promise(name: str, *, ratio: str | None = "0.9", target: str = "seconds") -> list[dict[str, str]]:
    """A line and what its charter promises."""
    told = [line("callcentre_line_core_hours", name, "1"), line(f"callcentre_line_target_{target}", name, "15")]
    return [*told, *([line("callcentre_line_target_ratio", name, ratio)] if ratio else [])]


def share(name: str, value: str, window: str = "today", target: str = "seconds") -> dict[str, str]:
    """What the recording rules say of a line."""
    return line(f"callcentre:service_level:ratio_{window}", name, value, variant="strict", target=target)


def said(name: str, verdict: str) -> str:
    return f'{{pbx="lab", line="{name}", verdict="{verdict}"}}'


def test_a_service_level_is_beside_what_is_promised(tmp_path: Path) -> None:
    series = [
        *promise("kept"), share("kept", "0.9"),
        *promise("better", ratio="0.57"), share("better", "1"),
        *promise("nearly"), share("nearly", "0.8999"),
        *promise("no-share", ratio=None), share("no-share", "0.5"),
        line("callcentre_line_core_hours", "no-promise", "1"),
        line("callcentre_today_calls", "no-promise", "7", counted="strict"),
        *promise("quiet"), line("callcentre_today_calls", "quiet", "0", counted="strict"),
        *promise("no-rules"), line("callcentre_today_calls", "no-rules", "7", counted="strict"),
    ]  # fmt: skip
    samples = {
        said("kept", "kept 90 %"): 0.9,
        said("better", "kept 57 %"): 1.0,
        said("nearly", "BELOW 90 %"): 0.899,
        said("no-share", "no share promised"): 0.5,
        said("no-promise", "nothing promised"): -1.0,
        said("quiet", "no calls"): -1.0,
        said("no-rules", "NOT KNOWN"): -1.0,
    }
    evaluated(tmp_path, series, query("service-level", "Today, in seconds"), samples)
    without = {labels.replace(" 90 %", "").replace(" 57 %", ""): value for labels, value in samples.items()}
    evaluated(tmp_path, series, query("wallboard", "Service level today"), without)


def test_rings_are_judged_by_themselves(tmp_path: Path) -> None:
    series = [
        *promise("both"), *promise("both", target="rings")[1:2],
        share("both", "0.95"), share("both", "0.85", target="rings"),
        *promise("seconds-only"), share("seconds-only", "0.95"),
    ]  # fmt: skip
    samples = {said("both", "BELOW 90 %"): 0.85, said("seconds-only", "nothing promised"): -1.0}
    evaluated(tmp_path, series, query("service-level", "Today, in rings"), samples)


def test_a_month_without_calls_is_not_a_month_unknown(tmp_path: Path) -> None:
    calls = "callcentre:calls:increase_30d"
    series = [*promise("quiet"), line(calls, "quiet", "0", variant="strict"), *promise("no-rules")]
    samples = {said("quiet", "no calls"): -1.0, said("no-rules", "NOT KNOWN"): -1.0}
    evaluated(tmp_path, series, query("service-level", "Thirty days"), samples)


@pytest.mark.parametrize(("waits", "word"), [(("0", "14"), "longest wait"), (("16", "14"), "TOO LONG")])
def test_a_wait_is_too_long_by_its_own_line(tmp_path: Path, waits: tuple[str, str], word: str) -> None:
    series = [*promise("one"), *promise("two")]
    series += [
        line("callcentre_call_longest_wait_seconds", name, wait)
        for name, wait in zip(("one", "two"), waits, strict=True)
    ]
    longest = float(max(map(int, waits)))
    evaluated(tmp_path, series, query("wallboard", "Longest wait"), {f'{{verdict="{word}"}}': longest})


@pytest.mark.parametrize(("needed", "word"), [("2", "here"), ("3", "SHORT"), (None, "here")])
def test_fewer_than_are_needed_is_said(tmp_path: Path, needed: str | None, word: str) -> None:
    series = [
        line("callcentre_agents", "one", count, state=state)
        for state, count in {"free": "1", "talking": "1", "paused": "4"}.items()
    ]
    series += [line("callcentre_agents_required", "one", needed)] if needed else []
    evaluated(tmp_path, series, query("wallboard", "Here, and needed"), {f'{{verdict="{word}"}}': 2.0})


@pytest.mark.parametrize("title", ["Callbacks overdue", "Callbacks due soon"])
def test_no_task_is_none_and_silence_is_not(tmp_path: Path, title: str) -> None:
    evaluated(tmp_path, [line("callcentre_line_core_hours", "one", "1")], query("wallboard", title), {"{}": 0.0})
    evaluated(tmp_path, [line("callcentre_of_another_world", "one", "1")], query("wallboard", title), {})


def test_the_first_of_what_is_rare_is_counted(tmp_path: Path) -> None:
    pbx = '{pbx="lab",kind="CallEnded"}'
    born = {"series": f"callcentre_facts_lost_total{pbx}", "values": "_x30 3x30"}
    up = {"series": 'callcentre_ami_up{pbx="lab"}', "values": "1x60"}
    evaluated(tmp_path, [up, born], query("daemon", "Facts lost"), {"{}": 3.0})
    evaluated(tmp_path, [up], query("daemon", "Facts lost"), {"{}": 0.0})
    evaluated(tmp_path, [born], query("daemon", "Why packets were not believed"), {})
