"""The real daemon and the real commands, each in a process forked from this one; some daemons start by themselves."""

import gc
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self
from urllib.request import urlopen

import callcentre.app  # noqa: F401  loaded once, for all that are forked
from callcentre import cli
from callcentre.config.load import load

ANNOUNCED = 1.0
"""Seconds between two looks whether a daemon that has not said that it is ready has ended instead."""


def loaded(config: Path) -> None:
    """Once before the first fork: what every daemon would work out anew is here, and no collector looks through it."""
    load(config, {})  # the bank holidays
    import numpy.fft  # loaded by numpy itself when a greeting is first judged
    import numpy.ma  # noqa: F401

    gc.collect()
    gc.freeze()


class Process:
    """One that was started, and is this process's child."""

    def __init__(self, pid: int) -> None:
        self._running = True
        self.pid = pid

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


class Daemon(Process):
    """`callcentre run`; `alone` starts it by itself, as a new interpreter. It tells us what it would tell systemd."""

    def __init__(self, config: Path, log: Path, *, alone: bool = False) -> None:
        self._port = int(config.with_name("port").read_text())
        self._notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notified.bind("")  # the kernel gives it an abstract name that nobody has
        self._announced = False
        arguments = ["run", "--config", str(config)]
        environment = {**os.environ, "NOTIFY_SOCKET": f"@{self._notified.getsockname()[1:].decode()}"}
        if alone:
            super().__init__(_alone(arguments, log, environment))
        else:
            super().__init__(_fork(lambda: _run(arguments, log, environment)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._notified.close()

    def is_ready(self) -> bool:
        """Whether it sees its PBX. Waits a while for its word that all is put together, before which it does not."""
        if not self.is_running():
            raise RuntimeError("the daemon ended by itself; its log says why")
        if not self._announced and not select.select([self._notified], [], [], ANNOUNCED)[0]:
            return False
        self._announced = True
        try:
            with urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=2) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False


def command(config: Path, *arguments: str) -> Process:
    """A command of the command line, on its way."""
    words = [*arguments, "--config", str(config)]
    return Process(_fork(lambda: _run(words, None, os.environ)))


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


def _alone(arguments: list[str], log: Path, environment: Mapping[str, str]) -> int:
    with log.open("ab") as out:
        command = [sys.executable, "-m", "callcentre", *arguments]
        started = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    started.returncode = 0  # whoever waits for it here is Process: subprocess need not
    return started.pid


def _run(arguments: list[str], log: Path | None, environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
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
