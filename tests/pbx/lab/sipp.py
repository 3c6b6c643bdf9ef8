"""Scenarios for sipp, written from Python, and the sipp processes that play them.

A scenario is a list of XML steps. Every telephone and every caller is a sipp process of its own; its
message log is what the truth is read from.
"""

from __future__ import annotations

import itertools
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.pbx.lab.priority import keep_priority

CRLF_HEADERS = "\n      "


@dataclass(slots=True)
class Script:
    """An sipp scenario under construction: steps in order, labels made on demand."""

    name: str
    steps: list[str] = field(default_factory=list)
    _labels: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def label(self) -> str:
        """A label that no other place of this scenario has."""
        return str(next(self._labels))

    def mark(self, label: str) -> None:
        """Put a label here."""
        self.steps.append(f'<label id="{label}"/>')

    def send(self, first_line: str, headers: list[str], body: str = "", **attributes: str) -> None:
        """Send a request or a response."""
        lines = [first_line, *headers]
        if body:
            lines.append("Content-Length: [len]")
            text = CRLF_HEADERS.join(lines) + "\n" + CRLF_HEADERS + body
        else:
            lines.append("Content-Length: 0")
            text = CRLF_HEADERS.join(lines) + "\n"
        self.steps.append(f"<send{_attributes(attributes)}><![CDATA[{CRLF_HEADERS}{text}\n]]></send>")

    def recv(self, action: str = "", **attributes: str) -> None:
        """Wait for a message: `request` or `response` among the attributes."""
        inner = f"<action>{action}</action>" if action else ""
        self.steps.append(f"<recv{_attributes(attributes)}>{inner}</recv>")

    def pause(self, seconds: float) -> None:
        """Do nothing; whatever arrives meanwhile waits for the next step or fails the call."""
        self.steps.append(f'<pause milliseconds="{round(seconds * 1000)}"/>')

    def nop(self, action: str = "", **attributes: str) -> None:
        """Run an action, or jump."""
        inner = f"<action>{action}</action>" if action else ""
        self.steps.append(f"<nop{_attributes(attributes)}>{inner}</nop>")

    def xml(self) -> str:
        """The whole scenario as sipp reads it."""
        steps = "\n  ".join(self.steps)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n'
            f'<scenario name="{self.name}">\n  {steps}\n</scenario>\n'
        )


def _attributes(attributes: dict[str, str]) -> str:
    # `next_` stands for `next`, which is a builtin's name.
    return "".join(f' {key.rstrip("_")}="{value}"' for key, value in attributes.items())


class SippProcess:
    """One running sipp, its message log in `log`."""

    def __init__(
        self,
        script: Script,
        *,
        folder: Path,
        port: int,
        pbx_port: int,
        calls: int,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = script.name
        self.log = folder / f"{script.name}.messages"
        self._errors = folder / f"{script.name}.errors"
        scenario = folder / f"{script.name}.xml"
        scenario.write_text(script.xml(), encoding="utf-8")
        command = ["sipp", f"127.0.0.1:{pbx_port}", "-sf", str(scenario), "-i", "127.0.0.1"]
        command += ["-p", str(port), "-m", str(calls), "-nostdin", "-aa", "-skip_rlimit", "-trace_msg"]
        command += ["-message_file", str(self.log), "-message_overwrite", "false"]
        command += ["-trace_err", "-error_file", str(self._errors), "-timer_resol", "5"]
        with (folder / f"{script.name}.out").open("wb") as out:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=folder,
                # It writes civil time, which wire.py reads: only this one never comes twice.
                env={**os.environ, "TZ": "UTC"},
                start_new_session=True,
            )
        keep_priority(self._process.pid)

    def wait(self, seconds: float) -> int | None:
        """Wait until sipp has played its calls; its exit code (0: as the scenario says), None if it still plays."""
        try:
            return self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None

    @property
    def ended(self) -> bool:
        """Whether it has come to its end, by itself or not."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """End it, whatever it is doing."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @property
    def errors(self) -> str:
        """What sipp complained of."""
        return self._errors.read_text(errors="replace") if self._errors.exists() else ""
