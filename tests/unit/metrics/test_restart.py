"""After a restart today's figures are what the store says, and the counters begin again at 0 with their series."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from callcentre.app.daemon import Daemon
from callcentre.app.opening import restored
from callcentre.config.settings import Config
from callcentre.core.facts import Call, CallAnswered, CallEnded, CallHealed, CallOffered, Fact
from callcentre.core.terms import Hours, Origin, Outcome
from callcentre.runtime.clock import ManualClock
from callcentre.store.database import Database
from tests.unit.metrics import offices
from tests.unit.web.calls import call, given_up
from tests.unit.web.served import NOW, office, sqlite

HOUR = 3_600
TODAY = ("today_calls", "today_calls_within_target")
COUNTED = ("calls_total", "calls_within_target_total", "call_answer_seconds_count")


def config(folder: Path) -> Config:
    """Two lines in London, and one in Auckland, where it is 23:00."""
    lines = [
        {"name": name, "pbx": "lab", "nation": "ENG", "queues": [name], "mailboxes": [f"{number}@default"]}
        for number, name in enumerate(("enquiries", "nurse", "far"), start=600)
    ]
    lines[2]["zone"] = "Pacific/Auckland"
    return office(folder, line=lines)


class Run:
    """One run of the daemon's metrics on a database; what is committed is observed."""

    def __init__(self, of: Config, database: Database) -> None:
        self.clock = ManualClock(NOW)
        self.daemon = Daemon(of, self.clock, structlog.get_logger())
        self.database = database

    async def start(self) -> None:
        """Begin as the daemon does."""
        earlier = await restored(self.daemon, self.database, asyncio.Event())
        assert earlier is not None
        self.daemon.metrics.watch(
            now=self.daemon.pbx_now, snapshot=self.daemon.centre.snapshot, service=offices.Daemon()
        )
        await self.commit(*earlier.facts)

    async def commit(self, *facts: Fact) -> None:
        """Write facts, then show them to the metrics."""
        if facts:
            await self.database.writer.commit(facts, {})
            self.daemon.metrics.observe(facts)

    def series(self, names: Sequence[str]) -> dict[tuple[str, ...], float]:
        """All series of these metrics: name and labels, and what they stand at."""
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in self.daemon.metrics.registry.collect()
            for sample in family.samples
            if sample.name.removeprefix("callcentre_") in names
        }

    def today(self, line: str, counted: str) -> float:
        """One of today's figures."""
        return self.series(TODAY)["callcentre_today_calls", "lab", line, counted]


def decided(each: Call) -> CallEnded:
    return CallEnded(pbx="lab", at=NOW, call=each)


def a_day() -> list[Fact]:
    """Two days' calls of each kind; the last one runs on."""
    yesterday = {"ago": 11 * HOUR}  # 23:00 in London; noon of today in Auckland
    calls = [call(n, ago=HOUR + n) for n in range(4)]
    calls += [call(4, wait=40), given_up(5), given_up(6, outcome=Outcome.SHORT_ABANDONED)]
    calls += [given_up(7, outcome=Outcome.LOST, within_seconds=None), call(8, origin=Origin.INTERNAL)]
    calls += [call(9, hours=Hours.CLOSED), call(10, **yesterday), call(11, line="far", **yesterday)]
    calls += [call(12, line="far", ago=24 * HOUR), call(13, line="nurse", within_rings=None, rings=None)]
    runs = call(14, outcome=Outcome.IN_PROGRESS, within_seconds=None, within_rings=None, ended_at=None)
    return [*map(decided, calls), CallOffered(pbx="lab", at=NOW, call=runs), CallAnswered(pbx="lab", at=NOW, call=runs)]


async def test_after_a_restart_today_is_what_the_store_says_and_counters_begin_at_0(tmp_path: Path) -> None:
    of = config(tmp_path)
    async with sqlite(tmp_path) as database:
        first = Run(of, database)
        await first.start()
        at_first = set(first.series(COUNTED))
        assert set(first.series(TODAY).values()) == {0}
        await first.commit(*a_day())
        figures = [first.today("enquiries", word) for word in ("strict", "answered", "abandoned")]
        assert figures == [7, 5, 2]
        assert (first.today("far", "strict"), first.today("nurse", "strict")) == (1, 1)

        again = Run(of, database)
        await again.start()
        assert again.series(TODAY) == first.series(TODAY)
        assert set(again.series(COUNTED)) == at_first
        assert set(again.series(COUNTED).values()) == {0}


async def test_what_ran_or_was_lost_at_the_restart_is_counted_once_when_it_is_known(tmp_path: Path) -> None:
    of = config(tmp_path)
    async with sqlite(tmp_path) as database:
        await Run(of, database).commit(*a_day())
        run = Run(of, database)
        await run.start()
        before = run.today("enquiries", "answered")
        await run.commit(decided(call(14)))
        await run.commit(CallHealed(pbx="lab", at=NOW, call=call(7)))
        assert run.today("enquiries", "answered") == before + 2
        last = Run(of, database)
        await last.start()
        assert last.series(TODAY) == run.series(TODAY)


async def test_at_midnight_of_a_line_its_figures_begin_anew_and_those_of_others_stay(tmp_path: Path) -> None:
    async with sqlite(tmp_path) as database:
        run = Run(config(tmp_path), database)
        await run.start()
        await run.commit(*a_day())
        run.clock.advance(2 * HOUR)
        assert (run.today("far", "strict"), run.today("nurse", "strict")) == (0, 1)
        midnight = datetime(2026, 11, 25, tzinfo=UTC)
        run.clock.advance((midnight - NOW) / timedelta(seconds=1) - 2 * HOUR)
        assert set(run.series(TODAY).values()) == {0}
