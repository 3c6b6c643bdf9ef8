"""A run's own samples as a story for `promtool test rules`: what each alert must be at which moment."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.grafana.proof.rules import rule_files

_SAMPLE: Final = re.compile(r"(\S+?)(\{.*\})? (\S+) (\d+)\n")
_TIMESTAMP: Final = "_timestamp_seconds"
"""Stories begin in 1970: what is a moment is moved there as well."""


def story(samples: Path, wanted: frozenset[str], moments: Sequence[datetime]) -> dict[str, Any]:
    """The input of promtool: the `wanted` metrics at these moments, which lie equally far apart.

    What was not in a scrape is marked stale, as Prometheus does it.
    """
    first, step = moments[0].timestamp(), moments[1] - moments[0]
    index = {f"{moment.timestamp():.0f}": place for place, moment in enumerate(moments)}
    series: dict[str, list[str | None]] = {}
    with samples.open(encoding="utf-8") as file:
        for line in file:
            found = _SAMPLE.fullmatch(line)
            if found is None or found[1] not in wanted:
                continue
            name = found[1] + (found[2] or "")
            values = series.setdefault(name, [None] * len(moments))
            value = float(found[3]) - first if found[1].endswith(_TIMESTAMP) else float(found[3])
            values[index[found[4]]] = f"{value:.6f}"
    return {
        "rule_files": [str(path) for path in rule_files()],
        "evaluation_interval": f"{step.total_seconds():.0f}s",
        "tests": [
            {
                "interval": f"{step.total_seconds():.0f}s",
                "input_series": [
                    {"series": name, "values": " ".join(_written(values))} for name, values in series.items()
                ],
            }
        ],
    }


def _written(values: Iterable[str | None]) -> Iterator[str]:
    before: str | None = None
    for value in values:
        if value is not None:
            yield value
        else:
            yield "_" if before is None else "stale"
        before = value


def expect(told: dict[str, Any], alert: str, states: Mapping[timedelta, bool]) -> None:
    """Have promtool check that an alert fires, or does not, so long after the story's begin."""
    checks = told["tests"][0].setdefault("promql_expr_test", [])
    for after, fires in states.items():
        firing = f'ALERTS{{alertname="{alert}",alertstate="firing"}}'
        checks.append(
            {
                "expr": f"group by (alertname) ({firing})",
                "eval_time": f"{after.total_seconds():.0f}s",
                "exp_samples": [{"labels": f'{{alertname="{alert}"}}', "value": 1}] if fires else [],
            }
        )


def write(told: Mapping[str, Any], path: Path) -> Path:
    """Write it where promtool finds it."""
    path.write_text(json.dumps(told), encoding="utf-8")  # which is YAML, and written in a tenth of the time
    return path
