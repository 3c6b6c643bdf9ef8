"""The demo's PBX: the simulator, always in a process of its own, which never outlives the demo."""

import asyncio
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from typing import Any, Final

from callcentre.config.load import load
from callcentre.core.errors import CallcentreError
from callcentre.demo.scenarios import KEPT, Piece, open_always, write_past
from callcentre.history.take_in import Intake
from callcentre.runtime.clock import Tasks
from callcentre.store.database import Database

PBX: Final = "office"
"""The PBX's name, as the simulator writes it into the configuration."""

SPOOL: Final = "spool"
"""The voicemail spool's name, in the folder that the simulator plays in."""

_COMMAND: Final = (sys.executable, "-m", "callcentre_simulator")
_AHEAD: Final = 2
"""Pieces of history that may lie played while an earlier one is taken in."""
_STOP_SECONDS: Final = 5.0


class SimulatorFailed(CallcentreError):
    """The simulator ended before its time; what it said stands on standard error."""


async def take_in(past: Sequence[Piece], folder: Path, url: str, progress: Callable[[datetime], None]) -> None:
    """Have the simulator play the history and take it in, one piece being played while the one before is measured.

    What lies in the mailboxes of the visitor at its end goes to the spool of `folder`/live.
    """
    played: asyncio.Queue[Path] = asyncio.Queue(_AHEAD)
    database = await Database.open(url)
    try:
        await database.prepare()
        async with Tasks() as tasks:
            tasks.spawn(_play(past, folder, played), name="simulator")
            intake: Intake | None = None
            for part in past:
                piece = await _next(played, tasks)
                if intake is None:
                    open_always(piece / "callcentre.toml", part.end)
                    intake = Intake(load(piece / "callcentre.toml", {}).office, PBX, database.writer)
                await intake.play(piece / "tape.jsonl", piece / "snapshots.jsonl", progress)
                if part.last:
                    _keep(piece / SPOOL, folder / "live" / SPOOL)
                rmtree(piece)
    finally:
        await database.close()


def _keep(left: Path, spool: Path) -> None:
    """Move the visitor's mailboxes into the live office's spool."""
    for mailbox in KEPT:
        if (left / "default" / mailbox).exists():
            (spool / "default").mkdir(parents=True, exist_ok=True)
            (left / "default" / mailbox).rename(spool / "default" / mailbox)


async def _next(played: asyncio.Queue[Path], tasks: Tasks) -> Path:
    """The next piece that was played; raises what the simulator failed with."""
    piece = tasks.spawn(played.get(), name="next piece")
    either: list[asyncio.Future[Any]] = [piece, tasks.failure]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not piece.done():
        raise tasks.failure.result()
    return piece.result()


async def _play(past: Sequence[Piece], folder: Path, played: asyncio.Queue[Path]) -> None:
    for piece in past:
        into = folder / f"past_{piece.number}"
        process = await asyncio.create_subprocess_exec(
            *(*_COMMAND, "tape", str(write_past(piece, folder)), str(into)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the demo, which ends it
        )
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise SimulatorFailed(f"the simulator could not play the demo's history (exit {process.returncode})")
        await played.put(into)


@asynccontextmanager
async def serving(scenario: Path, folder: Path) -> AsyncIterator[Path]:
    """Be the PBX of a scenario for as long as the context lasts; yields the configuration that reaches it."""
    process = await asyncio.create_subprocess_exec(
        *(*_COMMAND, "run", str(scenario), "--folder", str(folder), "--while-fed"),
        stdin=asyncio.subprocess.PIPE,  # it ends when this does, also if we die
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None  # noqa: S101  for the type checker: PIPE was asked for
        while b"--config" not in (line := await process.stdout.readline()):
            if not line:
                raise SimulatorFailed(f"the simulator ended at once (exit {await process.wait()})")
        yield folder / "callcentre.toml"
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
    finally:  # also if cancelled meanwhile: its files are removed next
        if process.returncode is None:
            process.kill()
            await process.wait()
