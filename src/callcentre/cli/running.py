"""How a command runs what needs an event loop: interrupted, it ends at an await of its own work and nowhere else.

`asyncio.run` minds Ctrl-C only while the loop runs. One that comes while the loop is made or closed is raised in the
midst of asyncio's own work, and leaves a half-made loop that complains, or a coroutine that nobody awaited.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from typing import Any, TypeVar

T = TypeVar("T")


def carried_out(work: Callable[[], Coroutine[Any, Any, T]], *, cleanly: bool = False) -> T:
    """Return what `work` returns, in a loop of its own; KeyboardInterrupt, once it has ended, if it was interrupted.

    The first Ctrl-C cancels the work, a second breaks off what it still does. `cleanly`: SIGTERM counts as Ctrl-C, and
    nothing is broken off. `work` may take the signals for itself, by the loop.
    """
    ending = _Ending(cleanly)
    with ExitStack() as restored:
        for signum in (signal.SIGINT, signal.SIGTERM) if cleanly else (signal.SIGINT,):
            _take(signum, ending, restored)
        try:
            with asyncio.Runner() as runner:
                result = runner.run(ending.work(work))
        except asyncio.CancelledError:
            if not ending.told:
                raise
    if ending.told:
        raise KeyboardInterrupt
    return result


class _Ending:
    """Whether the process was told to end, and the task that is to hear of it."""

    def __init__(self, cleanly: bool) -> None:
        self.told = False
        self._cleanly = cleanly
        self._task: asyncio.Task[Any] | None = None

    async def work(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do `work`, unless told before."""
        self._task = asyncio.current_task()
        if self.told:
            raise asyncio.CancelledError
        return await work()

    def hear(self, _signum: int, _frame: object) -> None:
        """The signals' handler. The first does not raise, wherever it comes; a second that may break off does."""
        if self.told and not self._cleanly:
            raise KeyboardInterrupt
        again, self.told = self.told, True
        if self._task is not None and not self._task.done() and not again:
            self._task.cancel()
            self._task.get_loop().call_soon_threadsafe(lambda: None)  # it may be waiting for its sockets


def _take(signum: signal.Signals, ending: _Ending, restored: ExitStack) -> None:
    """Have `ending` hear a signal, unless nobody may, or whoever started us wanted it ignored."""
    before = signal.getsignal(signum)
    if threading.current_thread() is threading.main_thread() and before in (signal.SIG_DFL, signal.default_int_handler):
        restored.callback(signal.signal, signum, before)
        signal.signal(signum, ending.hear)
