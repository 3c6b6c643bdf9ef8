"""`python -m callcentre …` as a process of its own, forked from one that has loaded the modules.

Loading them is two seconds of work, and the tests start a hundred daemons and commands. What is forked has run nothing
of the product yet: it gets its own words, environment and standard streams, runs `callcentre` as `__main__`, and ends
as any interpreter does. That it starts by itself too is for tests/unit/test_cli.py and the demo's tests, which do not
use this.
"""

import asyncio
import atexit
import contextlib
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

ROOT = Path(__file__).parents[2]
REQUEST = 1 << 17
"""Bytes of one request, at most."""
PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL


# --- the tests' side -------------------------------------------------------------------------------------------------


@cache
def _server() -> socket.socket:
    """Where this process asks for more: one server for all its tests, which ends when this socket closes."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environment = {**os.environ, "PYTHONWARNINGS": "error", "PYTHONASYNCIODEBUG": ""}
    with theirs:
        server = subprocess.Popen([sys.executable, "-m", __name__], cwd=ROOT, env=environment, stdin=theirs.fileno())

    def end() -> None:
        ours.close()
        server.wait()

    atexit.register(end)
    return ours


class _Told(asyncio.StreamReaderProtocol):
    """What one of its streams says; `lost` is set at the end."""

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader()
        super().__init__(self.reader)
        self.lost = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.lost.set()


class Forked:
    """One run of `callcentre`: of asyncio's Process, what the tests need."""

    def __init__(self, control: socket.socket, pid: int, stdin: int | None, told: list[_Told | None]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._told = told
        self.stdout, self.stderr = (None if one is None else one.reader for one in told)
        self._stdin = stdin
        self._ended = asyncio.ensure_future(self._watch(control))

    async def _watch(self, control: socket.socket) -> None:
        """Wait for its exit status. Until this side hangs up, nobody else gets its process id."""
        with control:
            self.returncode = int(await asyncio.get_running_loop().sock_recv(control, 16) or -signal.SIGKILL)
        for one in self._told:
            if one is not None:
                await one.lost.wait()

    async def wait(self) -> int:
        """Its exit code, that of a signal negative, once it has ended and its streams have."""
        await asyncio.shield(self._ended)
        assert self.returncode is not None
        return self.returncode

    async def communicate(self, told: bytes = b"") -> tuple[bytes, bytes]:
        """Tell it so much on standard input; what it said on standard output and standard error."""
        if self._stdin is not None:
            os.write(self._stdin, told)  # a line or two: a pipe takes more than that at once
            os.close(self._stdin)
            self._stdin = None
        out, err = [b"" if one is None else await one.read() for one in (self.stdout, self.stderr)]
        await self.wait()
        return out, err

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to stop."""
        self.send_signal(signal.SIGTERM)


async def forked(*words: str, stdin: int = DEVNULL, stdout: int = PIPE, stderr: int = PIPE) -> Forked:
    """Run `callcentre` with these words, in this folder and environment; warnings are errors in it."""
    loop = asyncio.get_running_loop()
    theirs, readers = list[int](), list[_Told | None]()
    telling: int | None = None
    if stdin == PIPE:
        reading, telling = os.pipe()
        theirs.append(reading)
    else:
        theirs.append(os.open(os.devnull, os.O_RDONLY))
    for kind in (stdout, stderr):
        if kind == PIPE:
            reading, writing = os.pipe()
            theirs.append(writing)
            _, one = await loop.connect_read_pipe(_Told, os.fdopen(reading, "rb", 0))  # the loop closes it
            readers.append(one)
        else:
            theirs.append(os.open(os.devnull, os.O_WRONLY))
            readers.append(None)
    control = _ask(words, theirs)
    control.setblocking(False)
    return Forked(control, int(await loop.sock_recv(control, 16)), telling, readers)


def completed(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `callcentre` with these words, as above, to its end; what it printed and said."""
    with TemporaryFile("w+", encoding="utf-8") as out, TemporaryFile("w+", encoding="utf-8") as err:
        nothing = os.open(os.devnull, os.O_RDONLY)
        with _ask(words, [nothing, os.dup(out.fileno()), os.dup(err.fileno())]) as control:
            control.recv(16)
            code = int(control.recv(16) or -signal.SIGKILL)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), err.read())


def _ask(words: tuple[str, ...], streams: list[int]) -> socket.socket:
    """Have a process forked; its id and, once it has ended, its exit code come by the socket. Closes `streams`."""
    ours, control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    request = json.dumps({"words": words, "env": dict(os.environ), "folder": str(Path.cwd())}).encode()
    with control:
        socket.send_fds(_server(), [request], [control.fileno(), *streams])
    for each in streams:
        os.close(each)
    return ours


# --- the process to fork from ----------------------------------------------------------------------------------------


def load() -> None:
    """Load what a daemon and the commands need, and work out what each would: the bank holidays."""
    import numpy.fft  # loaded by numpy itself when a greeting is first judged
    import numpy.ma  # noqa: F401

    import callcentre.app
    import callcentre.cli  # noqa: F401
    from callcentre.config.load import bank_holidays
    from callcentre.core.terms import Nation

    for nation in Nation:
        bank_holidays(nation)
    gc.collect()
    gc.freeze()


class Server:
    """Forks as it is asked, and tells what became of each; it has one thread and nothing else to do."""

    def __init__(self, asked: socket.socket) -> None:
        self._asked = asked
        self._running: dict[int, socket.socket] = {}
        """Who waits for a process, by its pidfd."""
        self._told: dict[int, socket.socket] = {}
        """Who was told of its end, and has not hung up."""

    def serve(self) -> dict[str, Any] | None:
        """Until nobody can ask any more: None. In each process that is forked: what it is to run."""
        while True:
            with selectors.PollSelector() as ready:
                ready.register(self._asked, selectors.EVENT_READ)
                for pidfd, control in (*self._running.items(), *self._told.items()):
                    ready.register(control, selectors.EVENT_READ, pidfd)
                for pidfd in self._running:
                    ready.register(pidfd, selectors.EVENT_READ, pidfd)
                found = [(key.fileobj, key.data) for key, _ in ready.select()]
            for source, pidfd in found:
                if pidfd is None:
                    request, fds, _, _ = socket.recv_fds(self._asked, REQUEST, 4)
                    if not request:
                        return None
                    if self._forks(*fds):
                        return dict(json.loads(request))
                elif source == pidfd:
                    self._ended(pidfd)
                else:
                    self._hung_up(pidfd)

    def _forks(self, told: int, *streams: int) -> bool:
        """Fork; whether this is the new process."""
        control = socket.socket(fileno=told)
        pid = os.fork()
        if pid == 0:
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
            for each in (control, self._asked, *self._running.values(), *self._told.values()):
                each.close()
            for fd in (*streams, *self._running, *self._told):
                os.close(fd)
            return True
        for stream in streams:
            os.close(stream)
        self._running[os.pidfd_open(pid)] = control
        control.send(f"{pid}".encode())
        return False

    def _ended(self, pidfd: int) -> None:
        """Tell its exit status; it is not reaped yet, so that a signal sent meanwhile meets nobody else."""
        ended = os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        self._told[pidfd] = control = self._running.pop(pidfd)
        with contextlib.suppress(OSError):
            control.send(f"{ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status}".encode())

    def _hung_up(self, pidfd: int) -> None:
        """Whoever waited for it knows, or is gone."""
        control = self._told.pop(pidfd, None)
        if control is None:
            control = self._running.pop(pidfd)
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
        os.close(pidfd)
        control.close()


def main() -> None:
    """Serve; what is forked comes back from that and becomes `callcentre`."""
    asked = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    load()
    request = Server(asked).serve()
    if request is not None:
        os.environ.clear()
        os.environ.update(request["env"])
        os.chdir(request["folder"])
        sys.argv = ["callcentre", *request["words"]]
        runpy.run_module("callcentre", run_name="__main__", alter_sys=True)
    else:
        asked.close()


if __name__ == "__main__":
    main()
