"""The real daemon and the real commands, each in a process forked from this one."""

import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.request import urlopen

import callcentre.app  # noqa: F401  loaded once, for all that are forked
from callcentre import cli


class Forked:
    """A process that runs the command line with these arguments."""

    def __init__(self, arguments: list[str], log: Path | None) -> None:
        self._running = True
        self.pid = _fork(lambda: _run(arguments, log))

    def is_running(self) -> bool:
        """Whether it has not ended by itself."""
        if self._running:
            self._running = os.waitpid(self.pid, os.WNOHANG)[0] == 0
        return self._running

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def end(self) -> None:
        """Ask it to stop, and wait until it has."""
        self._end(signal.SIGTERM)

    def _end(self, by: signal.Signals) -> None:
        if self.is_running():
            os.kill(self.pid, by)
            os.waitpid(self.pid, 0)
            self._running = False


class Daemon(Forked):
    """`callcentre run`."""

    def __init__(self, config: Path, log: Path) -> None:
        self._port = int(config.with_name("port").read_text())
        super().__init__(["run", "--config", str(config)], log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def is_ready(self) -> bool:
        """Whether it sees its PBX."""
        if not self.is_running():
            raise RuntimeError("the daemon ended by itself; its log says why")
        try:
            with urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=2) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False


def command(config: Path, *arguments: str) -> Forked:
    """A command of the command line, on its way."""
    return Forked([*arguments, "--config", str(config)], None)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _fork(work: Callable[[], None]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(1)
    return pid


def _run(arguments: list[str], log: Path | None) -> None:
    out = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.argv = ["callcentre", *arguments]
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        cli.main()
    except SystemExit as ended:
        os._exit(ended.code if isinstance(ended.code, int) else 1)
    os._exit(0)
