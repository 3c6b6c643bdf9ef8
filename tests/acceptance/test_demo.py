"""The demo: alive with nothing set up, honest about what it is, and gone without a trace."""

import asyncio
import os
import re
import signal
import socket
import sqlite3
import sys
import time
import urllib.request
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callcentre.config.load import load
from callcentre.demo import Demo
from callcentre.demo.scenarios import open_always, write_live, write_office
from callcentre.history.replay import replay
from callcentre.runtime.clock import SystemClock
from callcentre.store.columns import microseconds
from tests.acceptance.office import DEADLINE

OFFERED = re.compile(
    r'^callcentre_calls_offered_total\{hours="core",line="enquiries",pbx="office"\} [1-9]', re.MULTILINE
)


def read(url: str) -> str:
    """The text of a page."""
    with urllib.request.urlopen(url, timeout=DEADLINE) as reply:
        return str(reply.read().decode())


def until_told(url: str, words: re.Pattern[str]) -> None:
    """Ask for a page until it holds `words`."""
    while not words.search(read(url)):
        time.sleep(0.1)


async def fetch(url: str) -> str:
    """The text of a page, without standing in anybody's way."""
    return await asyncio.to_thread(read, url)


@asynccontextmanager
async def started(folder: Path, port: int) -> AsyncIterator[Process]:
    """A demo with a day of history, whose files are in `folder`."""
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callcentre", "demo", "--days", "1", "--port", str(port)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    try:
        yield demo
    finally:
        if demo.returncode is None:
            demo.kill()
            await demo.wait()


async def line_with(demo: Process, words: str) -> re.Match[str]:
    """Read what the demo says up to a line with `words`."""
    assert demo.stdout is not None
    async with asyncio.timeout(2 * DEADLINE):
        while not (found := re.search(words, line := (await demo.stdout.readline()).decode())):
            assert line, "it has ended"
    return found


async def ended(demo: Process) -> tuple[int | None, str]:
    """Interrupt it; what it exits with, and what it said on standard error."""
    demo.send_signal(signal.SIGINT)
    async with asyncio.timeout(DEADLINE):
        _, said = await demo.communicate()
    return demo.returncode, said.decode()


def calls(folder: Path) -> list[tuple[str, str]]:
    """The outcome and the quality of each call of the history, once the live office is there."""
    (store,) = folder.glob("*/demo.sqlite")
    before = (SystemClock().now() - timedelta(minutes=10)).timestamp() * 1_000_000
    with closing(sqlite3.connect(store)) as database:
        return database.execute("SELECT outcome, quality FROM calls WHERE offered_at < ?", (before,)).fetchall()


async def test_the_demo_measures_an_office_says_what_it_is_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with started(tmp_path, taken.getsockname()[1]) as demo:
            assert "simulated office, open around the clock" in (await line_with(demo, "Demo: .*")).group()
            address = (await line_with(demo, r"http://\S+(?=/\n)")).group()
            past = calls(tmp_path)
            assert len(past) > 20
            assert {quality for _, quality in past} == {"complete"}
            assert "answered" in {outcome for outcome, _ in past}
            assert not {outcome for outcome, _ in past} & {"lost", "in_progress"}
            async with asyncio.timeout(2 * DEADLINE):
                await asyncio.to_thread(until_told, f"{address}/metrics", OFFERED)
            metrics = await fetch(f"{address}/metrics")
            assert '\ncallcentre_ami_up{pbx="office"} 1.0\n' in metrics
            assert "callcentre_ami_quarantined_total{" not in metrics
            assert await ended(demo) == (0, "")
    assert os.listdir(tmp_path) == [], "its database is gone"  # noqa: PTH208


async def test_whoever_left_a_message_is_called_back_and_the_task_ends_closed(tmp_path: Path) -> None:
    await Demo(tmp_path).prepare(4, lambda _: None)
    visitors = microseconds(SystemClock().now() - timedelta(days=2))  # what was left since waits for the visitor
    with closing(sqlite3.connect(tmp_path / "demo.sqlite")) as database:
        told = "SELECT number, state, outcome FROM tasks WHERE opened_at < ?"
        tasks = database.execute(told, (visitors,)).fetchall()
        proof = {task for (task,) in database.execute("SELECT task FROM callouts WHERE result = 'connected'")}
        waiting = database.execute("SELECT count(*) FROM tasks WHERE state = 'open'").fetchone()[0]
    done = {number for number, state, outcome in tasks if (state, outcome) == ("closed", "done")}
    assert waiting >= 5
    assert len(tasks) >= 3
    assert len(done) > len(tasks) / 2, "its people call back, but not everybody"
    assert done <= proof, "a call that was seen is what closed it"


async def test_nobody_was_there_at_lunch_and_the_history_says_so_without_telling_anybody(tmp_path: Path) -> None:
    await Demo(tmp_path).prepare(1, lambda _: None)
    with closing(sqlite3.connect(tmp_path / "demo.sqlite")) as database:
        found = database.execute('SELECT line, mode, "end" FROM breaches WHERE alarmed_at IS NOT NULL').fetchall()
        told = database.execute("SELECT count(*) FROM outbox").fetchone()[0]
    assert ("nurse", "observe", "recovered") in found
    assert told == 0


async def test_within_minutes_a_visitor_sees_a_line_unattended_and_attended_again(tmp_path: Path) -> None:
    start = SystemClock().now() - timedelta(hours=1)
    write_office(tmp_path)
    live = write_live(start, tmp_path)
    minutes = re.sub(r"(?m)^seconds = .*$", "seconds = 420.0\ncut = true", live.read_text("utf-8"))
    live.write_text(minutes, "utf-8")
    played = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "callcentre_simulator",
        "tape",
        str(live),
        str(tmp_path),
        stdout=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(DEADLINE):
        assert await played.wait() == 0
    open_always(tmp_path / "callcentre.toml", start)
    office = load(tmp_path / "callcentre.toml", {}).office
    rows: list[dict[str, Any]] = list(
        replay(tmp_path / "tape.jsonl", office, "office", snapshots=tmp_path / "snapshots.jsonl")
    )
    states = [row["attendance"] for row in rows if "attendance" in row and row["attendance"]["line"] == "nurse"]
    empty = [one for one in states if one["state"] == "unattended"]
    seconds = [(datetime.fromisoformat(one[end]) - start).total_seconds() for one in empty for end in ("start", "end")]
    assert seconds[-2:] == pytest.approx([40.0, 200.0], abs=1.0)


async def test_interrupted_while_it_prepares_it_leaves_nothing_behind(tmp_path: Path) -> None:
    async with started(tmp_path, 8090) as demo:
        await line_with(demo, "First its last 1 days")
        assert await ended(demo) == (130, "")
    assert os.listdir(tmp_path) == []  # noqa: PTH208
