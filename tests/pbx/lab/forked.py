"""The daemon as a process forked from one that has loaded its modules: that alone saves two seconds of work a start.

A case starts its daemon while others are being played, and what that costs is taken from their telephones' time.
"""

import multiprocessing
import os
import sys
import threading
from multiprocessing import connection
from pathlib import Path

import callcentre.app  # noqa: F401  loaded once, for all that are forked
from callcentre import cli
from callcentre.config.load import bank_holidays
from callcentre.core.terms import Nation
from tests.pbx.lab.priority import keep_priority

NICE = 5
"""Many start while calls are being played, and it is the PBX whose moments are measured."""

_ASKING = threading.Lock()
"""An exit code can be read once, and whoever starts a process reads those of all others too: two who do it at once are
told the code and 255."""

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload([__name__])

for nation in Nation:
    bank_holidays(nation)  # reckoned once, too


class Forked:
    """`callcentre run` with this configuration, logging into this file, in a session of its own."""

    def __init__(self, config: Path, log: Path) -> None:
        self._process = _SERVER.Process(target=_run, args=(config, log))
        with _ASKING:
            self._process.start()

    def poll(self) -> int | None:
        """The exit code, once it has ended."""
        with _ASKING:
            return self._process.exitcode

    def wait(self, seconds: float | None = None) -> int | None:
        """The exit code; None if it has not ended within so many seconds."""
        connection.wait([self._process.sentinel], seconds)
        return self.poll()

    def terminate(self) -> None:
        """Ask it to stop."""
        self._process.terminate()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()


def _run(config: Path, log: Path) -> None:
    os.setsid()
    os.nice(NICE)
    keep_priority(os.getpid())
    os.chdir(config.parent)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    # The product refuses variables of its own that it does not know, and the tests have some.
    for name in [name for name in os.environ if name.startswith("CALLCENTRE_")]:
        del os.environ[name]
    sys.argv = ["callcentre", "run", "--config", str(config)]
    cli.main()
