"""Ctrl-C at every moment of a command that needs a loop: the same each time, for it comes at the n-th call."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from callcentre.cli.running import carried_out


class Work:
    """Work that leaves something behind unless it is ended in order."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.whole = True

    async def done(self) -> str:
        self._file.touch()
        self.whole = False
        try:
            await asyncio.sleep(0)
            return "done"
        finally:
            try:
                await asyncio.sleep(0)
            finally:
                self._file.unlink()
                self.whole = True


class Interrupts:
    """Sends SIGINT at the calls of these numbers, as Python's profiler counts them.

    The collector waits: what it calls when it comes round (hypothesis has it call something) would be counted as well.
    """

    def __init__(self, *at: int) -> None:
        self.calls = 0
        self._at = at

    def __enter__(self) -> "Interrupts":
        gc.disable()
        sys.setprofile(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        gc.enable()

    def _called(self, _frame: FrameType, event: str, _arg: object) -> None:
        if not event.endswith("call"):
            return
        self.calls += 1
        if self.calls in self._at:
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def complaints(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """What Python would have written to standard error: exceptions that nobody could be told of."""
    found: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: found.append((told.exc_value, told.object)))
    yield found
    gc.collect()


def calls_of(run: Callable[[], object]) -> int:
    """How many calls a run takes that nobody interrupts, once it has loaded what it needs."""
    run()
    with Interrupts() as counted:
        run()
    return counted.calls


@pytest.mark.parametrize("cleanly", [False, True])
def test_an_interrupt_at_any_moment_ends_it_in_order_and_quietly(
    tmp_path: Path, complaints: list[object], cleanly: bool
) -> None:
    work = Work(tmp_path / "left behind")
    total = calls_of(lambda: carried_out(work.done, cleanly=cleanly))
    assert total > 100
    for moment in range(1, total):
        with pytest.raises(KeyboardInterrupt), Interrupts(moment):
            carried_out(work.done, cleanly=cleanly)
        assert work.whole, moment
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    gc.collect()
    assert complaints == []


def test_a_second_one_breaks_nothing_off_that_is_to_end_cleanly(tmp_path: Path, complaints: list[object]) -> None:
    work = Work(tmp_path / "left behind")
    total = calls_of(lambda: carried_out(work.done, cleanly=True))
    for moment in range(1, total - 25):
        with pytest.raises(KeyboardInterrupt), Interrupts(moment, moment + 25):
            carried_out(work.done, cleanly=True)
        assert work.whole
    gc.collect()
    assert complaints == []


def test_a_second_one_breaks_off_what_does_not_end() -> None:
    async def stubborn() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(0)
        finally:
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("not reached")

    with pytest.raises(KeyboardInterrupt):
        carried_out(stubborn)


def test_told_to_end_counts_as_an_interrupt_where_it_is_to_end_cleanly() -> None:
    ended: list[str] = []

    async def work() -> None:
        signal.raise_signal(signal.SIGTERM)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("in order")

    with pytest.raises(KeyboardInterrupt):
        carried_out(work, cleanly=True)
    assert ended == ["in order"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_the_work_may_take_the_signal_for_itself() -> None:
    async def work() -> str:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
        signal.raise_signal(signal.SIGINT)
        await stop.wait()
        return "stopped"

    assert carried_out(work) == "stopped"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_of_the_work_is_what_it_was() -> None:
    async def work() -> Any:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        carried_out(work)


async def test_who_ignores_interrupts_is_not_interrupted() -> None:
    """Beside another thread's loop there are no signals at all."""

    async def work() -> str:
        return "done"

    assert await asyncio.to_thread(carried_out, work) == "done"
