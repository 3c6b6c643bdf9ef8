"""A run: a scenario played by the simulator, measured by the product, scraped at simulated moments, made blocks of."""

import asyncio
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copy
from typing import Final

from callcentre.config.load import load_data
from callcentre.core.charter import Office
from callcentre.store.database import Database
from tests.grafana.proof.around import Surroundings, Trouble
from tests.grafana.proof.exposition import Scrapes
from tests.grafana.proof.panels import dashboards, exprs
from tests.grafana.proof.past import PastDaemon
from tests.grafana.proof.prometheus import Series, promtool, running
from tests.grafana.proof.rules import Recording, levels, recordings, scraped
from tests.unit.test_orders import SilentLog

HERE: Final = Path(__file__).parent
CAPACITY: Final = {"600@default": 100, "610@default": 20, "110@default": 100}
PROVED: Final = frozenset(
    f"callcentre_{name}_{part}"
    for name in ("call_answer_seconds", "call_answer_rings", "callback_response_seconds")
    for part in ("count", "sum")
)
"""What nobody asks for but the proof, beside what queries and rules need."""
_WHOLE: Final = "--max-block-duration=744h"
"""Blocks as long as may be: promtool reads all samples once for each."""

Span = tuple[datetime, datetime, timedelta]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is run: a scenario's name, and when it is scraped: at each step of each span (start, end, step).

    Recording rules are worked out at the same moments.
    """

    scenario: str
    spans: Sequence[Span]
    around: Surroundings

    @property
    def moments(self) -> Iterator[datetime]:
        """Every moment at which it is scraped."""
        for start, end, step in self.spans:
            while start < end:
                yield start
                start += step
        yield self.spans[-1][1]


async def make(plan: Plan, folder: Path) -> None:
    """Run a plan in a folder: `calls.sqlite` is its store, `samples.txt` every sample, `data` what Prometheus keeps."""
    for file in (f"{plan.scenario}.toml", "_office.toml", "callcentre.toml"):
        copy(HERE / file, folder / file)
    await asyncio.to_thread(_play, folder / f"{plan.scenario}.toml", folder / "tape")
    await _measure(plan, folder)
    data = folder / "data"
    promtool("tsdb", "create-blocks-from", _WHOLE, "openmetrics", "--quiet", folder / "samples.txt", data)
    _work_out(plan, folder, data)


def _play(scenario: Path, into: Path) -> None:
    command = [sys.executable, "-m", "callcentre_simulator", "tape", str(scenario), str(into)]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


async def _measure(plan: Plan, folder: Path) -> None:
    office, tape = _office(folder / "callcentre.toml", acts=plan.around.acts), folder / "tape"
    database = await Database.open(f"sqlite:///{folder / 'calls.sqlite'}")
    try:
        await database.prepare()
        around = replace(plan.around, capacity=CAPACITY)
        daemon = PastDaemon(office, database, SilentLog(), around, queue_log=tape / "queue_log")
        with Scrapes(folder / "samples.txt", scraped(exprs(dashboards())) | PROVED) as scrapes:

            def scrape(at: datetime) -> None:
                scrapes.scrape(daemon.registry, at, up=not daemon.has(Trouble.ABSENT))

            await daemon.play(tape / "tape.jsonl", tape / "snapshots.jsonl", plan.moments, scrape)
    finally:
        await database.close()


def _office(path: Path, *, acts: bool) -> Office:
    """The office, with an account that acts for the bookings desk, or with none."""
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    if acts:
        told["pbx"][0] |= {"act_username": "callcentre-act", "act_secret": "callcentre-act"}
        told["line"][1] |= {"mode": "enforce", "standby": ["PJSIP/103"]}
    return load_data(path, told, {}).office


def _work_out(plan: Plan, folder: Path, data: Path) -> None:
    """Add what the recording rules make of the samples, level by level, at the moments of the scrapes.

    `promtool tsdb create-blocks-from rules` does the same at moments that hang on the path of the file of rules: such
    figures could not be held against the store's.
    """
    for number, level in enumerate(levels(recordings())):
        samples = folder / f"level_{number}.txt"
        with (
            running(folder / f"prometheus_{number}", data=data) as prometheus,
            samples.open("w", encoding="utf-8") as file,
        ):
            for rule in level:
                for start, end, step in plan.spans:
                    for series in prometheus.between(rule.expr, start, end, step.total_seconds()):
                        file.writelines(_recorded(rule, series))
            file.write("# EOF\n")
        promtool("tsdb", "create-blocks-from", _WHOLE, "openmetrics", "--quiet", samples, data)


def _recorded(rule: Recording, series: Series) -> Iterator[str]:
    labels = {name: value for name, value in series.labels.items() if name != "__name__"} | rule.labels
    written = ",".join(f'{name}="{value}"' for name, value in labels.items())
    for at, value in series.points:
        yield f"{rule.record}{{{written}}} {value!r} {at:.0f}\n"
