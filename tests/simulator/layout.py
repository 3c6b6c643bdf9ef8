"""How each event and reply is laid out: its headers, in their order, as recordings of a real Asterisk have them."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from callcentre_simulator.tape import rows

Layout = tuple[str, ...]
_ID = re.compile(r"^(ActionID): .*$")


def messages(text: str) -> Iterable[list[str]]:
    """The messages of a text, as lines; the banner is none."""
    for message in text.split("\r\n\r\n"):
        lines = [line for line in message.split("\r\n") if not line.startswith("Asterisk Call Manager/")]
        if lines and lines[0].partition(":")[0] in {"Event", "Response"}:
            yield lines


def described(lines: list[str], action: str = "") -> tuple[str, Layout]:
    """What a message is, and the names of its headers. A response is told by the action it answers and its word."""
    names = tuple(line.partition(":")[0] for line in lines)
    kind, _, value = lines[0].partition(": ")
    if kind == "Response":
        message = next((line for line in lines if line.startswith("Message: ")), "")
        return f"{action.lower()} {value} {message}".strip(), names
    listed = len(lines) < 2 or not lines[1].startswith("Privilege: ")
    return f"{'item ' if listed else ''}{value}", names


def learned(tapes: Iterable[Path], asked: Iterable[tuple[str, str]]) -> dict[str, set[Layout]]:
    """Every layout of the tapes' events and of what was `asked`: (action, the text of its answer)."""
    found: dict[str, set[Layout]] = {}
    for path in tapes:
        buffers: dict[int, str] = {}
        for row in rows(path):
            whole, end, rest = (buffers.get(row["conn"], "") + row.get("text", "")).rpartition("\r\n\r\n")
            buffers[row["conn"]] = rest
            for lines in messages(whole + end):
                name, names = described(lines)
                if not name.startswith("item ") and not lines[0].startswith("Response"):
                    found.setdefault(name, set()).add(names)
    for action, text in asked:
        for lines in messages(text):
            name, names = described(lines, action)
            found.setdefault(name, set()).add(names)
    return found


def snapshots(path: Path) -> Iterable[tuple[str, str]]:
    """What a snapshots file asked, and the answers."""
    for row in rows(path):
        yield row["action"], row["text"]


def conversations(path: Path) -> Iterable[tuple[str, str]]:
    """What recorded/*.jsonl asked one at a time, and the answers."""
    for row in rows(path):
        actions = re.findall(r"(?im)^action: *(\w+)", row.get("sent", ""))
        if len(actions) == 1:
            yield actions[0], row["got"].removesuffix("<EOF>")


def saved(layouts: Mapping[str, set[Layout]]) -> str:
    """The layouts as a file: one line a layout."""
    table = {name: sorted(" ".join(one) for one in layouts[name]) for name in sorted(layouts)}
    return json.dumps(table, indent=1) + "\n"


def loaded(text: str) -> dict[str, set[Layout]]:
    """The layouts from such a file."""
    return {name: {tuple(one.split(" ")) for one in many} for name, many in json.loads(text).items()}
