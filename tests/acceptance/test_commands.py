"""The commands beside a running daemon: what a person asks for is done by the daemon, once, and answered."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from callcentre.core.facts import TaskChanged
from callcentre.runtime.clock import SystemClock
from callcentre.store.database import Database
from tests.acceptance.forked import Forked, forked
from tests.acceptance.office import DEADLINE, Daemon, Office, Pbx
from tests.conformance import promises

CALLER = "01632960777"


@pytest.fixture
async def pbx() -> AsyncIterator[Pbx]:
    async with Pbx() as made:
        yield made


@pytest.fixture
async def office(tmp_path: Path, pbx: Pbx) -> Office:
    """An office in whose database a message of an hour ago waits for its answer: task 1."""
    made = Office(tmp_path, pbx.port)
    database = await Database.open(f"sqlite:///{made.database}")
    await database.prepare()
    await database.writer.commit([waiting()])
    await database.close()
    return made


def waiting() -> TaskChanged:
    left = SystemClock().now() - timedelta(hours=1)
    due = left + timedelta(hours=24)
    unanswered = dict.fromkeys(("heard_at", "heard_by", "responded_at", "reached_at"))
    plain = promises.opened(1)
    assert plain.task is not None
    assert plain.message is not None
    return replace(
        plain,
        at=left,
        task=replace(plain.task, caller=CALLER, opened_at=left, due=due, act_by=due),
        entries=(replace(plain.entries[0], at=left),),
        message=replace(plain.message, caller=CALLER, began_at=left, left_at=left),
        filings=(promises.filing(1, 1, left_at=left, due=due, act_by=due, **unanswered),),
    )


async def begun(office: Office, *words: str) -> Forked:
    return await forked(*words, "--config", str(office.config))


async def callcentre(office: Office, *words: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of one command."""
    process = await begun(office, *words)
    async with asyncio.timeout(DEADLINE):
        printed, said = (text.decode() for text in await process.communicate())
    assert "Traceback" not in said, said
    return process.returncode or 0, printed, said


async def listed(office: Office, *words: str) -> list[dict[str, Any]]:
    status, printed, said = await callcentre(office, "tasks", "list", "--json", *words)
    assert status == 0, said
    return [json.loads(line) for line in printed.splitlines()]


async def test_a_task_is_worked_to_its_end(office: Office) -> None:
    async with Daemon(office) as daemon:
        await daemon.ready()
        status, printed, _ = await callcentre(office, "tasks", "claim", "1", "--by", "Ann")
        assert status == 0
        assert printed.startswith("task 1 on lab: claimed by Ann (until ")
        (row,) = await listed(office)
        assert (row["holder"], row["state"], row["overdue"]) == ("Ann", "claimed", False)

        status, printed, said = await callcentre(office, "tasks", "claim", "1", "--by", "Ben")
        assert (status, printed) == (1, "")
        assert "task 1 is claimed by Ann until " in said

        status, _, said = await callcentre(office, "tasks", "close", "1", "--by", "Ann", "--outcome", "done")
        assert status == 1
        assert "nobody has listened to the message" in said
        for step in (("heard", "1"), ("number", "1", "+44 1632 960778"), ("note", "1", "--why", "will be in at noon")):
            status, _, said = await callcentre(office, "tasks", *step, "--by", "Ann")
            assert status == 0, said
        status, printed, _ = await callcentre(
            office, "tasks", "close", "1", "--by", "Ann", "--outcome", "done", "--why", "spoke with her"
        )
        assert (status, printed) == (0, "task 1 on lab: closed by Ann (spoke with her)\n")
        assert await listed(office) == []
        (row,) = await listed(office, "--all")
        assert (row["outcome"], row["dial"], row["in_time"]) == ("done", "01632960778", True)
        assert await daemon.stopped() == 0
    history = office.rows("SELECT step, who FROM task_history WHERE task = 1 AND request IS NOT NULL ORDER BY seq")
    assert history == [(step, "Ann") for step in ("claimed", "heard", "number_typed", "noted", "closed")]
    assert office.rows("SELECT count(*) FROM orders WHERE done_at IS NULL OR body <> ''") == [(0,)]


async def test_what_was_asked_while_nothing_ran_is_done_once_it_runs(office: Office) -> None:
    asking = await begun(office, "tasks", "claim", "1", "--by", "Ann")
    assert asking.stderr is not None
    async with asyncio.timeout(DEADLINE):
        assert b"waiting for callcentre to carry it out" in await asking.stderr.readline()
    asking.kill()
    await asking.wait()
    async with Daemon(office) as daemon:
        await daemon.says("an order of the command line is answered")
        await daemon.killed()
    async with Daemon(office) as daemon:
        await daemon.ready()
        (row,) = await listed(office)
        assert row["holder"] == "Ann"
    assert office.rows("SELECT count(*) FROM task_history WHERE step = 'claimed'") == [(1,)]


async def test_an_erased_caller_is_gone_from_every_table(office: Office) -> None:
    async with Daemon(office) as daemon:
        await daemon.ready()
        words = ("erase", "--number", "+44 1632 960777", "--by", "Ann", "--why", "asked for it")
        status, _, said = await callcentre(office, *words)
        assert status == 1, "nobody is there to say that it is meant"
        assert "Aborted" in said
        status, printed, said = await callcentre(office, *words, "--yes")
        assert status == 0, said
        first, *certificate = printed.splitlines()
        assert first == "erased: 1 number, 1 message of tasks; 1 task closed"
        assert "  Still in the voicemail, to be deleted there: 1 in 600@default INBOX." in certificate
        assert any("read byte by byte afterwards: no spelling of it stands" in line for line in certificate)
        assert await daemon.stopped() == 0
    tables = [name for (name,) in office.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert "tasks" in tables
    assert [row for name in tables for row in office.rows(f"SELECT * FROM {name}") if CALLER[1:] in str(row)] == []
