"""What a tape would hold had another account listened: the same bytes without what it may not hear."""

from __future__ import annotations

import json
import re
from pathlib import Path

KEPT_VARIABLES = ("VMSTATUS", "QUEUESTATUS", "DIALSTATUS")
KEPT_APPS = ("Queue", "Dial", "VoiceMail")
READ = {
    "least": {"system", "call", "agent", "user", "dialplan"},
    "blind": {"system", "call", "agent", "user"},
}
_CLASSES = re.compile(r"^Privilege: (\S+),all\r$", re.MULTILINE)
_NAME = re.compile(r"Event: (\w+)\r\n")


def heard(message: str, account: str) -> bool:
    """Whether the account hears this event (or reply)."""
    name, classes = _NAME.match(message), _CLASSES.search(message)
    if name is None or classes is None:
        return True
    if not set(classes[1].split(",")) <= READ[account]:
        return False
    if name[1] == "VarSet":
        return any(f"Variable: {one}\r\n" in message for one in KEPT_VARIABLES)
    if name[1] == "Newexten":
        return any(f"Application: {one}\r\n" in message for one in KEPT_APPS)
    return True


def narrowed(rows: list[str], account: str) -> list[str]:
    """The lines of a tape as `account` would have recorded them."""
    found, pending = [], ""
    for line in rows:
        row = json.loads(line)
        if "text" not in row:
            found.append(line)
            continue
        *whole, pending = (pending + row["text"]).split("\r\n\r\n")
        kept = [message + "\r\n\r\n" for message in whole if heard(message + "\r\n", account)]
        # A banner and half a message wait for the rest: the moment of its last byte is its moment.
        if kept:
            found.append(json.dumps({**row, "text": "".join(kept)}))
    return found


def write_narrowed(tape: list[str], account: str, out: Path) -> None:
    """Write the narrowed tape to a file."""
    out.write_text("\n".join(narrowed(tape, account)) + "\n", encoding="utf-8")
