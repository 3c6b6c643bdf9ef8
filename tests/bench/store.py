"""What the store takes of a core for each call: five snapshots of it, as a queue call of one ringing telephone gives.

Calls overlap as in the `load` tape (some three hundred at once), so that hardly two snapshots of one call fall into one
group: the dear case.
"""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from callcentre.core.facts import (
    Call,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallProgressed,
    Fact,
    RingAttempt,
    Visit,
)
from callcentre.core.terms import AttemptResult, CallKey, Hours, Origin, Outcome, Quality, VisitResult
from callcentre.store.database import Database

CALLS = 4_000
GROUPS = (100, 500, 2_000)
_START = datetime(2026, 11, 22, 9, tzinfo=UTC)
_BETWEEN = timedelta(milliseconds=50)


def snapshots(number: int) -> Iterator[Fact]:
    """Yield the facts of one call: offered, ringing, ringing seen, answered after 2 s, ended after 15 s."""
    start = _START + number * _BETWEEN
    ring, answer, end = (start + timedelta(seconds=seconds) for seconds in (0.1, 2.0, 15.0))
    visit = Visit(queue="load", enter=start, leave=None, result=None, after_answer=False)
    attempt = RingAttempt(
        interface=f"PJSIP/{3000 + number % 400}",
        begun_at=start + timedelta(seconds=0.05),
        ring_start=None,
        ring_end=None,
        result=None,
        after_answer=False,
    )
    offered = Call(
        key=CallKey("lab", f"1795363959.{number}"),
        linkedid=f"1795363959.{number}",
        line="load",
        did="01632960900",
        caller="07700900123",
        origin=Origin.EXTERNAL,
        offered_at=start,
        first_ring_at=None,
        answered_at=None,
        ended_at=None,
        outcome=Outcome.IN_PROGRESS,
        wait_seconds=None,
        ring_seconds=None,
        rings=None,
        talk_seconds=None,
        answered_by=None,
        attempts=(),
        visits=(visit,),
        within_seconds=None,
        within_rings=None,
        hours=Hours.CORE,
        quality=Quality.COMPLETE,
        charter="hct",
        charter_version=1,
    )
    yield CallOffered(pbx="lab", at=start, call=offered)
    dialled = replace(offered, attempts=(attempt,))
    yield CallProgressed(pbx="lab", at=attempt.begun_at, call=dialled)
    ringing = replace(dialled, first_ring_at=ring, attempts=(replace(attempt, ring_start=ring),))
    yield CallProgressed(pbx="lab", at=ring, call=ringing)
    answered = replace(
        ringing,
        answered_at=answer,
        answered_by=attempt.interface,
        wait_seconds=2.0,
        ring_seconds=1.9,
        rings=1,
        attempts=(replace(attempt, ring_start=ring, ring_end=answer, result=AttemptResult.ANSWERED),),
        visits=(replace(visit, leave=answer, result=VisitResult.ANSWERED),),
    )
    yield CallAnswered(pbx="lab", at=answer, call=answered)
    ended = replace(
        answered, outcome=Outcome.ANSWERED, ended_at=end, talk_seconds=13.0, within_seconds=True, within_rings=True
    )
    yield CallEnded(pbx="lab", at=end, call=ended)


async def measure(facts: list[Fact], size: int, folder: Path) -> dict[str, float]:
    """Commit `facts` in groups of `size` to a fresh SQLite database; CPU and wall time of one call, in µs."""
    database = await Database.open(f"sqlite:///{folder / f'calls-{size}.db'}")
    try:
        await database.prepare()
        cpu, wall = time.process_time(), time.perf_counter()
        for start in range(0, len(facts), size):
            await database.writer.commit(facts[start : start + size])
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    finally:
        await database.close()
    return {
        "cpu_us_per_call": round(cpu / CALLS * 1e6, 1),
        "wall_us_per_call": round(wall / CALLS * 1e6, 1),
        "calls_per_second": round(CALLS / wall),
    }


def run() -> dict[str, Any]:
    """Measure each size of group; the folder of the database is the machine's usual one for temporary files."""
    facts = sorted((fact for number in range(CALLS) for fact in snapshots(number)), key=lambda fact: fact.at)
    with TemporaryDirectory() as folder:
        sizes = {size: asyncio.run(measure(facts, size, Path(folder))) for size in GROUPS}
    return {
        "sqlite": sqlite3.sqlite_version,
        "facts_per_call": 5,
        **{f"groups of {size}": figures for size, figures in sizes.items()},
    }


if __name__ == "__main__":
    print(run())
