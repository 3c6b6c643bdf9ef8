"""The tapes that CALLCENTRE_TAPES names, and those that the project carries."""

import os
from dataclasses import dataclass
from pathlib import Path

from callcentre.ami.tape import read_tape

OWN = Path(__file__).parents[2] / "tapes"


@dataclass(frozen=True, slots=True)
class Tape:
    """One recording of a real Asterisk."""

    path: Path

    def __str__(self) -> str:
        return "/".join(self.path.parts[-3:-1])

    def connections(self) -> list[bytes]:
        """All that the listener received, by connection."""
        received: dict[int, list[bytes]] = {}
        for record in read_tape(self.path):
            received.setdefault(record.conn, []).append(record.data)
        return [b"".join(reads) for reads in received.values()]


def _found() -> list[Tape]:
    folders = [Path(name) for name in os.environ.get("CALLCENTRE_TAPES", "").split(":") if name]
    return [Tape(path) for folder in (*folders, OWN) for path in sorted(folder.glob("**/ami.jsonl*"))]


TAPES = _found()
