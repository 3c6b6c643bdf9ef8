"""A real Prometheus (Debian's) and its promtool: started on loopback, asked as Grafana asks it, and ended."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.office import free_port

DEADLINE: Final = 120.0
"""How long anything may take before a test gives up; no judgement of a busy machine."""
_POLL: Final = 0.05
RETENTION: Final = "10y"


def need_prometheus() -> None:
    """Skip the test where Prometheus is missing; fail where it is required."""
    missing = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]
    if missing:
        if os.environ.get("CALLCENTRE_TEST_PROMETHEUS_REQUIRED") == "1":
            pytest.fail(f"{missing[0]} is required here (CALLCENTRE_TEST_PROMETHEUS_REQUIRED=1) and is not installed")
        pytest.skip(f"{missing[0]} is not installed (Debian's package prometheus has it)")


def promtool(*arguments: str | Path) -> str:
    """Run promtool; what it printed. AssertionError with all it said if it failed."""
    told = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, f"promtool {arguments[0]}: {told.stdout}{told.stderr}"
    return told.stdout


class QueryFailed(Exception):
    """Prometheus could not answer a query; the message is its own."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer: its labels, and (epoch seconds, value) in order."""

    labels: dict[str, str]
    points: tuple[tuple[float, float], ...] = field(repr=False)

    @property
    def value(self) -> float:
        """The last value."""
        return self.points[-1][1]


class Prometheus:
    """A running Prometheus."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **parameters: str | float | Sequence[str]) -> Any:
        """What an address of the API answers; QueryFailed if that is an error."""
        data = urllib.parse.urlencode(parameters, doseq=True)
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{data}", timeout=DEADLINE) as reply:
                told = json.load(reply)
        except urllib.error.HTTPError as error:
            raise QueryFailed(f"{error.read().decode()} for {parameters}") from error
        if told.get("warnings"):
            raise QueryFailed(f"{told['warnings']} for {parameters}")
        return told["data"]

    def instant(self, query: str, at: datetime) -> list[Series]:
        """The answer at one moment."""
        told = self.get("query", query=query, time=at.timestamp())
        if told["resultType"] == "scalar":
            return [Series({}, (_point(told["result"]),))]
        return [Series(one["metric"], (_point(one["value"]),)) for one in told["result"]]

    def between(self, query: str, start: datetime, end: datetime, step: float) -> list[Series]:
        """The answer at each `step` (seconds) from `start` to `end`."""
        told = self.get("query_range", query=query, start=start.timestamp(), end=end.timestamp(), step=step)
        return [Series(one["metric"], tuple(map(_point, one["values"]))) for one in told["result"]]


def _point(told: Sequence[Any]) -> tuple[float, float]:
    return float(told[0]), float(told[1])


@contextmanager
def running(folder: Path, *, config: str = "", data: Path | None = None) -> Iterator[Prometheus]:
    """Prometheus with a configuration of its own, on `data` or in the folder; ended on leaving."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "prometheus.yml"
    settings.write_text(config or "global: {}\n", encoding="utf-8")
    port = free_port()
    options = {
        "config.file": settings,
        "storage.tsdb.path": data or folder / "data",
        "storage.tsdb.retention.time": RETENTION,
        "storage.tsdb.min-block-duration": "2h",
        "web.listen-address": f"127.0.0.1:{port}",
        "log.level": "warn",
    }
    log = folder / "prometheus.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            ["prometheus", *(f"--{name}={value}" for name, value in options.items())], stdout=said, stderr=said
        )
        try:
            prometheus = Prometheus(f"http://127.0.0.1:{port}")
            _until_ready(prometheus, process, log)
            yield prometheus
        finally:
            process.terminate()
            try:
                process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until_ready(prometheus: Prometheus, process: subprocess.Popen[bytes], log: Path) -> None:
    """Prometheus tells nobody when it is ready, so it is asked."""
    for _ in waiting():
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{prometheus.url}/-/ready", timeout=DEADLINE):
                return
        except OSError:
            continue


def waiting() -> Iterator[None]:
    """Turns of asking a server that tells nobody, until the deadline; then AssertionError."""
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        yield
        time.sleep(_POLL)
    raise AssertionError(f"nothing came of it within {DEADLINE:.0f} s")
