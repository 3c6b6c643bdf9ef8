"""The rules that the product ships with, read as they are: in levels, because a rule may need what another recorded."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import yaml

SHIPPED: Final = Path(__file__).parents[3] / "grafana" / "prometheus"
_METRIC: Final = re.compile(r"\b(?:callcentre|process|python)[_:][a-zA-Z0-9_:]+")
_DURATION: Final = re.compile(r"(\d+)(ms|s|m|h|d|w)")
_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording rule: the metric it makes, its query, the labels it adds."""

    record: str
    expr: str
    labels: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alerting rule; `held` is how long its query must have results, `kept` how long it fires afterwards."""

    name: str
    expr: str
    severity: str
    held: timedelta
    kept: timedelta


def rule_files() -> list[Path]:
    """The files of rules, for a Prometheus to load."""
    return sorted(path for path in SHIPPED.glob("*.yml") if "groups" in _read(path))


def recordings() -> list[Recording]:
    """Every recording rule, in the order of the files."""
    return [
        Recording(record=rule["record"], expr=rule["expr"], labels=rule.get("labels", {}))
        for rule in _rules()
        if "record" in rule
    ]


def alerts() -> list[Alert]:
    """Every alert, in the order of the files."""
    return [
        Alert(
            name=rule["alert"],
            expr=rule["expr"],
            severity=rule["labels"]["severity"],
            held=duration(rule.get("for", "0s")),
            kept=duration(rule.get("keep_firing_for", "0s")),
        )
        for rule in _rules()
        if "alert" in rule
    ]


def levels(rules: Sequence[Recording]) -> list[list[Recording]]:
    """The rules in levels: each needs only what scrapes gave, or what a level before it recorded."""
    made = {rule.record for rule in rules}
    left, done, found = list(rules), set[str](), list[list[Recording]]()
    while left:
        level = [rule for rule in left if metrics_of(rule.expr) & made <= done]
        assert level, f"these rules need each other: {sorted({rule.record for rule in left})}"
        left = [rule for rule in left if rule not in level]
        # What is made by several rules (one for each variant) is there once all of them are.
        done |= {rule.record for rule in level} - {rule.record for rule in left}
        found.append(level)
    return found


def metrics_of(*queries: str) -> set[str]:
    """The names of all metrics that these queries ask for."""
    return {name for query in queries for name in _METRIC.findall(query)}


def scraped(queries: Collection[str]) -> set[str]:
    """The names of the samples that these queries need of a scrape, those that rules need included."""
    needed = metrics_of(*queries, *(rule.expr for rule in recordings()), *(alert.expr for alert in alerts()))
    return needed - {rule.record for rule in recordings()}


def duration(text: str) -> timedelta:
    """A duration as Prometheus writes it: `5m`, `1h30m`."""
    return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in _DURATION.findall(text)))


def _rules() -> list[dict[str, Any]]:
    return [rule for path in rule_files() for group in _read(path)["groups"] for rule in group["rules"]]


def _read(path: Path) -> dict[str, Any]:
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    return told if isinstance(told, dict) else {}
