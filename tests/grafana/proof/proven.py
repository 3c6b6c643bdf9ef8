"""The two runs, made in a folder or found there, each with a Prometheus that has all of it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.grafana.proof import faults, month
from tests.grafana.proof.books import Books
from tests.grafana.proof.panels import Screen
from tests.grafana.proof.prometheus import Prometheus, running
from tests.grafana.proof.runs import Plan, make


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """A run: its folder, what its store says, the Prometheus that has its samples, the Grafana that asks it."""

    folder: Path
    books: Books
    prometheus: Prometheus
    screen: Screen


@contextmanager
def good_month(folder: Path) -> Iterator[Proven]:
    """Thirty good days."""
    with _proven(folder / "good", month.PLAN, Screen(month.END, month.SCRAPE_INTERVALS)) as proven:
        yield proven


@contextmanager
def bad_day(folder: Path) -> Iterator[Proven]:
    """A day of faults."""
    screen = Screen(faults.END, ((timedelta(days=400), faults.STEP.total_seconds()),))
    with _proven(folder / "bad", faults.PLAN, screen) as proven:
        yield proven


@contextmanager
def _proven(folder: Path, plan: Plan, screen: Screen) -> Iterator[Proven]:
    made = folder / "made"
    if not made.exists():
        folder.mkdir(parents=True)
        asyncio.run(make(plan, folder))
        made.touch()
    books = Books(folder / "calls.sqlite")
    try:
        with running(folder / "prometheus", data=folder / "data") as prometheus:
            yield Proven(folder=folder, books=books, prometheus=prometheus, screen=screen)
    finally:
        books.close()
