"""Reads the message logs of sipp: each party's own SIP messages, with its own times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_HEAD = re.compile(
    r"^-{20,} (\d{4}-\d\d-\d\d)[ \t]+(\d\d:\d\d:\d\d\.\d{3,6})\s*\n"
    r"UDP message (sent|received)[^\n]*\n\n?",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Message:
    """One SIP message on a party's wire."""

    t: float
    sent: bool
    text: str

    @property
    def first_line(self) -> str:
        """The request line or the status line."""
        return self.text.split("\n", 1)[0].strip()

    def header(self, name: str) -> str:
        """The value of a header, empty if it is not there."""
        found = re.search(rf"^{name}:[ \t]*(.*?)\r?$", self.text, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else ""

    @property
    def method(self) -> str:
        """The method of its transaction."""
        return self.header("CSeq").rpartition(" ")[2]

    @property
    def status(self) -> int | None:
        """The status of a response; None for a request."""
        if not self.first_line.startswith("SIP/2.0 "):
            return None
        return int(self.first_line.split()[1])


def messages(log: Path) -> list[Message]:
    """Every message of a log, in order; an absent log has none."""
    if not log.exists():
        return []
    text = log.read_text(encoding="utf-8", errors="replace")
    heads = list(_HEAD.finditer(text))
    found = []
    ends = [head.start() for head in heads[1:]] + [len(text)]
    for head, end in zip(heads, ends, strict=False):
        body = text[head.end() : end]
        when = datetime.fromisoformat(f"{head[1]} {head[2]}").replace(tzinfo=UTC).timestamp()
        found.append(Message(t=when, sent=head[3] == "sent", text=body.strip("\n")))
    return found


def dialogs(log: Path) -> dict[str, list[Message]]:
    """The messages of a log by Call-ID, in order of the first of each."""
    by_call: dict[str, list[Message]] = {}
    for message in messages(log):
        by_call.setdefault(message.header("Call-ID"), []).append(message)
    return by_call
