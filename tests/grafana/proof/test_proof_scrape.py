"""A real Prometheus with the configuration that is shipped scrapes a real daemon, and its rules are worked out."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from callcentre.app.daemon import VERSION
from callcentre.runtime.clock import SystemClock
from tests.acceptance.office import Daemon, Office, Pbx
from tests.acceptance.test_daemon import ANSWERED
from tests.grafana.proof.prometheus import Prometheus, need_prometheus, running, waiting
from tests.grafana.proof.rules import SHIPPED, alerts, recordings

pytestmark = pytest.mark.proof


def configured(folder: Path, port: int) -> str:
    """The configuration as shipped, but for the daemon's port, and for how often is looked: a test does not wait."""
    told: dict[str, Any] = yaml.safe_load((SHIPPED / "prometheus.yml").read_text("utf-8"))
    told["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    for name in told["rule_files"]:
        rules = (SHIPPED / name).read_text("utf-8")
        (folder / name).write_text(re.sub(r"(?m)^( +interval:) \w+$", r"\1 1s", rules), "utf-8")
    del told["alerting"]
    told["scrape_configs"] = [job for job in told["scrape_configs"] if job["job_name"] == "callcentre"]
    (static,) = told["scrape_configs"][0]["static_configs"]
    static["targets"] = [target.replace(":8090", f":{port}") for target in static["targets"]]
    written: str = yaml.safe_dump(told)
    return written


def until_scraped(prometheus: Prometheus) -> None:
    """Wait until the daemon was scraped, and its one call counted."""
    for _ in waiting():
        targets = prometheus.get("targets")["activeTargets"]
        found = prometheus.instant('callcentre_calls_total{outcome="answered",hours="core"}', SystemClock().now())
        if [one["health"] for one in targets] == ["up"] and [one.value for one in found] == [1.0]:
            return


def until_worked_out(prometheus: Prometheus) -> list[dict[str, Any]]:
    """Wait until every rule was worked out, and what follows from the call; return what Prometheus says of rules."""
    variants = {"strict", "headline", "answered"}
    for _ in waiting():
        found = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
        levels = prometheus.instant("callcentre:service_level:ratio_today", SystemClock().now())
        worked_out = all(rule["evaluationTime"] > 0 for rule in found)
        if found and worked_out and {one.labels["variant"] for one in levels} == variants:
            return found
    raise AssertionError  # waiting() says so itself


async def test_a_real_prometheus_scrapes_a_real_daemon(tmp_path: Path) -> None:
    need_prometheus()
    async with Pbx() as pbx:
        office = Office(tmp_path, pbx.port)
        async with Daemon(office) as daemon:
            await daemon.ready()
            pbx.to_the_end()
            await daemon.counted(ANSWERED)
            await asyncio.to_thread(look, tmp_path / "prometheus", office.web)
            assert await daemon.stopped() == 0


def look(folder: Path, port: int) -> None:
    """Have a Prometheus scrape this port, and see that all of it works."""
    folder.mkdir()
    with running(folder, config=configured(folder, port)) as prometheus:
        until_scraped(prometheus)
        rules = until_worked_out(prometheus)
        assert {rule["health"] for rule in rules} == {"ok"}, [rule for rule in rules if rule["health"] != "ok"]
        assert len(rules) == len(recordings()) + len(alerts())
        now = SystemClock().now()
        (build,) = prometheus.instant("callcentre_build_info", now)
        assert build.value == 1.0
        assert build.labels["version"] == VERSION
        levels = prometheus.instant("callcentre:service_level:ratio_today", now)
        assert {one.value for one in levels} == {1.0}
        raised = [rule["name"] for rule in rules if rule["type"] == "alerting" and rule["state"] == "firing"]
        assert raised == ["CallcentreWatchdog"]
