"""Writes what AMI sends as a tape: every byte that a listener with read=all receives, and when.

Also asks, at set moments and over another line, what a client that connects then could ask.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from pathlib import Path
from typing import Any

from tests.pbx.lab.ami import PATIENCE, AmiLine
from tests.pbx.lab.asterisk import SECRET
from tests.pbx.lab.moment import now

QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("CoreStatus", {}),
    ("QueueStatus", {}),
    ("QueueSummary", {}),
    ("CoreShowChannels", {}),
    ("DeviceStateList", {}),
    ("VoicemailUsersList", {}),
    ("MailboxCount", {"Mailbox": "600@default"}),
    ("MailboxCount", {"Mailbox": "101@default"}),
)


class Recorder:
    """A listener that logs in, listens, logs in again when it is cut off, and writes the tape."""

    def __init__(self, port: int, out: Path, user: str = "everything") -> None:
        self._port = port
        self._user = user
        self._out = out
        self._tape = (out / "ami.jsonl").open("w", encoding="utf-8")
        self._stopping = threading.Event()
        self._listening = threading.Event()
        self._dropped = threading.Event()
        self._socket: socket.socket | None = None
        self._connection = 0
        self._away = 0.0
        self._wanted = b""
        self._answered = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Listen; returns when it is logged in."""
        self._thread.start()
        self.wait_listening()

    def wait_listening(self) -> None:
        """Wait until it is logged in (again)."""
        if not self._listening.wait(timeout=PATIENCE):
            raise TimeoutError("the lab's recorder could not log in to AMI")

    def snapshot(self, line: AmiLine, why: str) -> None:
        """Ask what could be asked now; one row for each answer."""
        with (self._out / "snapshots.jsonl").open("a", encoding="utf-8") as out:
            for action, params in QUESTIONS:
                text = line.ask(action, **params)
                row = {"t": now(), "why": why, "action": action, "params": params}
                out.write(json.dumps({**row, "text": text}) + "\n")

    def cut(self, seconds: float) -> None:
        """Lose the link and hear nothing for some seconds; returns when it listens again."""
        self._dropped.clear()
        self._away = seconds
        self._hang_up()
        # It may be busy yet with what came before, and still says that it listens.
        if not self._dropped.wait(timeout=PATIENCE):
            raise TimeoutError("the lab's recorder does not lose its link to AMI")
        self.wait_listening()

    def drain(self) -> None:
        """Wait until everything that Asterisk has said by now is on the tape.

        Asterisk may keep the last events of a client that says nothing (seen on 22: a last hang-up that never came).
        What waits is sent before the next request is read: all of it is there when the second is answered.
        """
        for mark in ("rec-end-1", "rec-end-2"):
            self._answered.clear()
            self._wanted = f"ActionID: {mark}\r\n".encode()
            assert self._socket is not None
            self._socket.sendall(f"Action: Ping\r\nActionID: {mark}\r\n\r\n".encode())
            if not self._answered.wait(timeout=PATIENCE):
                raise TimeoutError("Asterisk does not answer the lab's recorder")

    def stop(self) -> None:
        """Stop listening and close the tape. May be called twice."""
        self._stopping.set()
        self._hang_up()
        self._thread.join(timeout=PATIENCE)
        self._tape.close()

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)

    def _write(self, **row: Any) -> None:
        self._tape.write(json.dumps({"t": now(), "conn": self._connection, **row}) + "\n")

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE) as connection:
                    connection.settimeout(None)
                    self._socket = connection
                    self._listen(connection)
            except OSError:
                # The PBX is away: nothing signals its return, so ask again soon.
                self._stopping.wait(0.05)
            self._listening.clear()
            self._dropped.set()
            self._stopping.wait(self._away)
            self._away = 0.0

    def _listen(self, connection: socket.socket) -> None:
        self._connection += 1
        self._write(mark="connect")
        login = f"Action: Login\r\nActionID: rec-login-{self._connection}\r\n"
        login += f"Username: {self._user}\r\nSecret: {SECRET}\r\n\r\n"
        connection.sendall(login.encode())
        tail = b""
        while True:
            data = connection.recv(1 << 20)
            if not data:
                mark = "drop" if self._away else "eof"
                self._write(mark="stop" if self._stopping.is_set() else mark)
                return
            self._write(text=data.decode("latin-1"))
            self._listening.set()
            tail += data
            if self._wanted and self._wanted in tail:
                self._answered.set()
            tail = tail[-len(self._wanted or b" ") :]
