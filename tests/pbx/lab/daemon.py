"""The daemon under test, as a process of its own, listening to one lab PBX with three accounts at once.

To callcentre the three are three PBXs: `all` hears everything, `least` has the rights and filters that
dialplan/manager.conf recommends, `blind` lacks class dialplan.
"""

from __future__ import annotations

import re
import sqlite3
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.pbx.lab.asterisk import SECRET, Asterisk
from tests.pbx.lab.attended import Watched
from tests.pbx.lab.cases import Acting
from tests.pbx.lab.filed import Tables
from tests.pbx.lab.forked import Forked
from tests.pbx.lab.notices import NoticeSink
from tests.pbx.lab.office import BRISK_CHARTER, CONTACT, Listener, config
from tests.pbx.lab.proxy import CuttableLine

ACCOUNTS = {"all": "everything", "least": "callcentre", "blind": "nodialplan"}
READY_LIMIT = 120.0
END_LIMIT = 60.0
HEALED = 15.0
"""Seconds in which a lost call is healed from the PBX's books, if it can be; not each can."""

_COUNT = re.compile(r'^callcentre_(calls|gaps)_total\{.*pbx="all".*\} (\S+)$', re.MULTILINE)
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
    "began_at",
    "begun_at",
    "responded_at",
    "reached_at",
    "heard_at",
    "at",
    "since",
    "unattended_at",
    "alarmed_at",
    "settled_at",
)


class Daemon:
    """`callcentre run`, and what it has written. A Watcher of `play`."""

    def __init__(self, acting: Acting | None = None) -> None:
        self._acting = acting
        self._process: Forked | None = None
        self._line: CuttableLine | None = None
        self._sink: NoticeSink | None = None
        self._out = Path()
        self._web = 0
        self.exit_codes: list[int] = []
        self.notices: list[dict[str, Any]] = []

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
            Listener(
                name=name,
                account=account,
                port=slot.ami_proxy,
                secret=SECRET,
                queue_log=str(asterisk.queue_log),
                # The others have to ask the PBX, as a daemon on another machine would.
                voicemail=str(asterisk.voicemail) if name == "all" else None,
                acts="callcentre-act" if name == "all" and self._acting else None,
            )
            for name, account in ACCOUNTS.items()
        ]
        self._sink = NoticeSink(slot.notices)
        contact = f'[[contact]]\nname = "{CONTACT}"\nwebhook = "{self._sink.url}"\n\n'
        charter = f'charter_files = ["{out / "brisk.toml"}"]\n\n' if self._acting else ""
        (out / "brisk.toml").write_text(BRISK_CHARTER, encoding="utf-8")
        extra = charter + f'[store]\nurl = "sqlite:///{self.database}"\n\n[web]\nport = {slot.web}\n\n' + contact
        (out / "daemon.toml").write_text(config(listeners, extra, self._acting), encoding="utf-8")
        self._start()
        if self._acting:
            # The last thing it writes: what comes before, a case's dialplan goes by.
            heartbeat = {"Family": "callcentre", "Key": "heartbeat"}
            self._until(lambda: "Success" in asterisk.line.ask("DBGet", **heartbeat))

    def _until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so while the daemon runs."""
        assert self._process is not None
        self._wait(self._process, is_so)

    def _start(self) -> None:
        self._process = Forked(self._out / "daemon.toml", self._out / "daemon.log")
        self._until(lambda: self._get("/-/ready") is not None)

    def _wait(self, process: Forked, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_LIMIT
        while not is_so():
            if process.poll() is not None or time.monotonic() > deadline:
                log = self._out / "daemon.log"
                said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
                raise RuntimeError(f"the daemon is not ready (exit {process.poll()}): {said[-3000:]}")
            # Readiness is a page: asking again is what an office's own monitor does.
            time.sleep(0.25)

    def _get(self, page: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._web}{page}", timeout=30) as reply:
                return str(reply.read().decode())
        except (OSError, urllib.error.URLError):
            return None

    def metrics(self) -> str:
        """The text of /metrics now."""
        return self._get("/metrics") or ""

    def _listening(self) -> bool:
        lines = self.metrics().split("\n")
        return all(f'callcentre_ami_up{{pbx="{name}"}} 1.0' in lines for name in ACCOUNTS)

    def restart(self, seconds: float = 0.0) -> None:
        """Stop it in the midst of calls, as an upgrade would, and start it again some seconds later."""
        self._end()
        # The case's own clock: what happens meanwhile, happens while nobody listens.
        time.sleep(seconds)
        self._start()

    def kill(self, seconds: float = 0.0) -> None:
        """End it as a power cut would, and start it again some seconds later."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
        # The case's own clock, as above.
        time.sleep(seconds)
        self._start()

    def cut(self) -> None:
        """Cut its line to AMI."""
        if self._line:
            self._line.cut()

    def mend(self) -> None:
        """Mend the line; returns when it hears all three accounts again."""
        if self._line and self._process:
            self._line.mend()
            self._until(self._listening)

    def stop(self, calls: int = 0, messages: int = 0, patience: float = 0.0) -> None:
        """Wait until so many calls are decided and messages filed, then end it. May be called twice."""
        if self._process is not None:
            self._settle(self._process, calls, messages, patience)
            (self._out / "metrics.txt").write_text(self.metrics(), encoding="utf-8")
        self._end()
        if self._line:
            self._line.cut()
        if self._sink:
            self.notices = self._sink.close()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        code = process.wait(END_LIMIT)
        if code is None:
            process.kill()
            code = process.wait()
        self.exit_codes.append(-1 if code is None else code)

    def _settle(self, process: Forked, calls: int, messages: int, patience: float) -> None:
        """Wait until everything is decided, told, counted and healed; lost calls may stay lost."""
        now = time.monotonic
        deadline, healing = now() + patience, 0.0
        while process.poll() is None and now() < deadline:
            if self._settled(calls, messages):
                healing = healing or now() + HEALED
                if self._healed() or now() > healing:
                    return
            time.sleep(0.25)

    def _settled(self, calls: int, messages: int) -> bool:
        """Whether the listener that hears all has this many calls, and nothing is undecided or not counted.

        Likewise for messages, of each listener; everything is told to whom it concerns, and where callcentre acts,
        everything is undone.
        """
        ended = read_rows(self.database, "SELECT line FROM breaches WHERE pbx = 'all' AND ended_at IS NOT NULL")
        undone = read_rows(self.database, "SELECT seq FROM breach_steps WHERE result = 'wanted'")
        if self._acting and (len(ended) < len(self._acting.ends) or undone):
            return False
        for name in ACCOUNTS:
            filed = read_rows(self.database, "SELECT key FROM filings WHERE pbx = ?", name)
            if len(filed) < messages:
                return False
        if read_rows(self.database, "SELECT id FROM outbox WHERE state = 'pending'"):
            return False
        rows = read_rows(self.database, "SELECT pbx, outcome FROM calls")
        decided = [row for row in rows if row["pbx"] == "all" and row["outcome"] != "in_progress"]
        if len(decided) < calls or any(row["outcome"] == "in_progress" for row in rows):
            return False
        return self._counted(len(decided))

    def _counted(self, calls: int) -> bool:
        """Whether /metrics counts as many calls of the listener that hears all; after a gap it may never.

        What is written is counted a moment later.
        """
        counted = Counter[str]()
        for name, value in _COUNT.findall(self.metrics()):
            counted[name] += int(float(value))
        return counted["gaps"] >= 1 or counted["calls"] >= calls

    def _healed(self) -> bool:
        return not read_rows(self.database, "SELECT uniqueid FROM calls WHERE outcome = 'lost'")


def read_rows(database: Path, query: str, *values: str) -> list[dict[str, Any]]:
    """The rows of a query, times as ISO 8601; none while there is no database."""
    if not database.exists():
        return []
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)
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


def stored(database: Path, pbx: str) -> list[dict[str, Any]]:
    """The calls of one listener, each with its attempts, as replay prints them."""
    calls = read_rows(database, "SELECT * FROM calls WHERE pbx = ? ORDER BY offered_at", pbx)
    rings = read_rows(database, "SELECT * FROM ring_attempts WHERE pbx = ? ORDER BY uniqueid, seq", pbx)
    for call in calls:
        call["attempts"] = [ring for ring in rings if ring["uniqueid"] == call["uniqueid"]]
        for ring in call["attempts"]:
            ring["after_answer"] = bool(ring["after_answer"])
    return calls


def attended(database: Path, pbx: str, line: str) -> Watched:
    """What one listener holds of a line's attendance, and of what was done about it."""
    rows = {
        name: [row for row in read_rows(database, f"SELECT * FROM {name} WHERE pbx = ?", pbx) if row["line"] == line]
        for name in ("attendance", "breaches", "breach_steps")
    }
    return Watched(
        **{name: sorted(found, key=lambda row: str(row.get("at") or row["since"])) for name, found in rows.items()}
    )


def filed(database: Path, pbx: str) -> Tables:
    """The messages of one listener, their tasks and all that hangs together with them."""
    names = [field.name for field in fields(Tables)]
    return Tables(**{name: read_rows(database, f"SELECT * FROM {name} WHERE pbx = ?", pbx) for name in names})
