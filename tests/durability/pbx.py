"""The simulated PBX: a process that is never killed, with a real spool on the disk."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from tests.durability import scenario
from tests.durability.daemon import free_port

_LONG = 3600
_ENDING = 120
"""Seconds in which it must have ended: no judgement of a busy machine."""
_TICK = 100_000_000
"""Nanoseconds: far more than between two ticks of the clock by which the system dates files."""


class Pbx:
    """Serves the office of `scenario` from the first login on; `hold` lets no more callers in."""

    def __init__(self, folder: Path, store: str) -> None:
        self._folder = folder
        self._store = store
        self._spool = folder / "spool"
        self.config = folder / "callcentre.toml"
        self._counted: tuple[list[int], int] | None = None

    def __enter__(self) -> Self:
        office = str(self._folder / "office.toml")
        scenario.write(Path(office), seconds=_LONG)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "callcentre_simulator", "run", office, "--folder", str(self._folder), "--while-fed"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        while b"--config" not in (line := self._process.stdout.readline()):
            assert line, "the simulator ended at once"
        self._complete()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _complete(self) -> None:
        port = free_port()
        (self._folder / "port").write_text(str(port))
        text = self.config.read_text("utf-8")
        if "voicemail_spool" not in text:
            text = text.replace("[[pbx]]\n", '[[pbx]]\nvoicemail_spool = "spool"\n')
        self.config.write_text(f'{text}\n[store]\nurl = "{self._store}"\n\n[web]\nport = {port}\n', "utf-8")

    def hold(self) -> None:
        """Let no more callers in: the PBX stands still, what it has stored stays."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_ENDING)

    def messages(self) -> int:
        """How many messages lie in the spool; counted again when a folder of it has changed since."""
        changed = [folder.stat().st_mtime_ns for pattern in ("*/*", "*/*/*") for folder in self._spool.glob(pattern)]
        if self._counted is None or self._counted[0] != changed:
            number = sum(1 for _ in self._spool.glob("*/*/*/msg*.txt"))
            # A folder that changed just now can change again without looking younger.
            settled = time.time_ns() - max(changed, default=0) > _TICK
            self._counted = (changed, number) if settled else None
            return number
        return self._counted[1]

    def spooled(self) -> set[str]:
        """The ids of all messages in the spool."""
        return {_msg_id(path.read_text("utf-8")) for path in self._spool.glob("*/*/*/msg*.txt")}


def _msg_id(text: str) -> str:
    return next(line.removeprefix("msg_id=") for line in text.splitlines() if line.startswith("msg_id="))
