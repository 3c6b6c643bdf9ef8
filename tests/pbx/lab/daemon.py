"""The daemon under test, as a process of its own, listening to one lab PBX with three accounts at once.

To callcentre the three are three PBXs: `all` hears everything, `least` has the rights and filters that
dialplan/manager.conf recommends, `blind` lacks class dialplan.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.pbx.lab.asterisk import SECRET, Asterisk
from tests.pbx.lab.office import Listener, config
from tests.pbx.lab.proxy import CuttableLine

ACCOUNTS = {"all": "everything", "least": "callcentre", "blind": "nodialplan"}
READY_LIMIT = 40.0
SETTLE_LIMIT = 12.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = (
    "offered_at",
    "first_ring_at",
    "answered_at",
    "ended_at",
    "ring_start",
    "ring_end",
    "left_at",
    "enter",
    "leave",
)


class Daemon:
    """`callcentre run`, and what it has written. A Watcher of `play`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._line: CuttableLine | None = None
        self._out = Path()
        self._web = 0
        self.exit_codes: list[int] = []

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self._out / "callcentre.sqlite"

    def start(self, asterisk: Asterisk, out: Path) -> None:
        """Write its configuration, start it, and wait until it says that it is ready."""
        slot = asterisk.slot
        self._out, self._web = out, slot.web
        self._line = CuttableLine(slot.ami_proxy, slot.ami)
        self._line.mend()
        listeners = [
            Listener(name=name, account=account, port=slot.ami_proxy, secret=SECRET, queue_log=str(asterisk.queue_log))
            for name, account in ACCOUNTS.items()
        ]
        extra = f'[store]\nurl = "sqlite:///{self.database}"\n\n[web]\nport = {slot.web}\n'
        (out / "daemon.toml").write_text(config(listeners, extra), encoding="utf-8")
        self._start()

    def _start(self) -> None:
        # Niced: many start while calls are being played, and it is the PBX whose moments are measured.
        command = [
            "nice",
            "-n",
            "5",
            sys.executable,
            "-m",
            "callcentre",
            "run",
            "--config",
            str(self._out / "daemon.toml"),
        ]
        with (self._out / "daemon.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._out,
                env=plain_environment(),
                start_new_session=True,
            )
        self._wait_ready(self._process)

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_LIMIT
        while self._get("/-/ready") is None or not self._listening():
            if process.poll() is not None or time.monotonic() > deadline:
                log = (self._out / "daemon.log").read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"the daemon is not ready (exit {process.poll()}): {log[-3000:]}")
            # Readiness is a page: asking again is what an office's own monitor does.
            time.sleep(0.1)

    def _get(self, page: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._web}{page}", timeout=5) as reply:
                return str(reply.read().decode())
        except (OSError, urllib.error.URLError):
            return None

    def metrics(self) -> str:
        """The text of /metrics now."""
        return self._get("/metrics") or ""

    def _listening(self) -> bool:
        lines = self.metrics().split("\n")
        return all(f'callcentre_ami_up{{pbx="{name}"}} 1.0' in lines for name in ACCOUNTS)

    def restart(self) -> None:
        """Stop it in the midst of calls, as an upgrade would, and start it again."""
        self._end()
        self._start()

    def cut(self) -> None:
        """Cut its line to AMI."""
        if self._line:
            self._line.cut()

    def mend(self) -> None:
        """Mend the line."""
        if self._line:
            self._line.mend()

    def stop(self, calls: int = 0) -> None:
        """Wait until so many calls are decided and written, then end it. May be called twice."""
        if self._process is not None:
            deadline = time.monotonic() + SETTLE_LIMIT
            while self._process.poll() is None and not self._settled(calls) and time.monotonic() < deadline:
                time.sleep(0.2)
            (self._out / "metrics.txt").write_text(self.metrics(), encoding="utf-8")
        self._end()
        if self._line:
            self._line.cut()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            self.exit_codes.append(process.wait(timeout=15))
        except subprocess.TimeoutExpired:
            process.kill()
            self.exit_codes.append(process.wait())

    def _settled(self, calls: int) -> bool:
        """Whether the listener that hears all has this many calls, and nothing is undecided or yet to be healed."""
        rows = read_rows(self.database, "SELECT pbx, outcome FROM calls")
        decided = [row for row in rows if row["pbx"] == "all" and row["outcome"] != "in_progress"]
        return len(decided) >= calls and all(row["outcome"] != "in_progress" for row in rows)


def plain_environment() -> dict[str, str]:
    """The environment without the tests' own CALLCENTRE_ variables: the product refuses those it does not know."""
    return {key: value for key, value in os.environ.items() if not key.startswith("CALLCENTRE_")}


def read_rows(database: Path, query: str, *values: str) -> list[dict[str, Any]]:
    """The rows of a query, times as ISO 8601; none while there is no database."""
    if not database.exists():
        return []
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)
    try:
        connection.row_factory = sqlite3.Row
        return [_plain(dict(row)) for row in connection.execute(query, values)]
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    for key in TIMES:
        if row.get(key) is not None:
            row[key] = (EPOCH + timedelta(microseconds=row[key])).isoformat()
    return row


def stored(database: Path, pbx: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The calls (each with its attempts) and the messages of one listener, as replay prints them."""
    calls = read_rows(database, "SELECT * FROM calls WHERE pbx = ? ORDER BY offered_at", pbx)
    rings = read_rows(database, "SELECT * FROM ring_attempts WHERE pbx = ? ORDER BY uniqueid, seq", pbx)
    for call in calls:
        call["attempts"] = [ring for ring in rings if ring["uniqueid"] == call["uniqueid"]]
        for ring in call["attempts"]:
            ring["after_answer"] = bool(ring["after_answer"])
    return calls, read_rows(database, "SELECT * FROM messages WHERE pbx = ?", pbx)
