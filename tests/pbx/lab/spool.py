"""The voicemail spool as the truth about messages: watched while a case is played, read by a tiny reader of its own.

A message may be gone when the case ends (deleted by telephone), so every one that ever stood there is remembered.
"""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.pbx.lab.moment import now

GENUINE_FIRST = ("origmailbox",)
"""What Asterisk writes above the first line that a caller can choose; of everything else the last line is genuine."""

OFTEN = 0.1
"""Seconds between two looks: nobody can leave a message and delete it within that."""


@dataclass(slots=True)
class Left:
    """One message: what its metadata said when it was first seen, every place it stood in, until when it was there."""

    fields: dict[str, str]
    file: str
    complete_at: float
    boxes: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    gone_at: float | None = None

    @property
    def callerchans(self) -> list[str]:
        """Every channel that its metadata names: a caller can add some."""
        return self.fields["callerchans"].split("\n")


def read_message(path: Path) -> dict[str, str] | None:
    """The fields of one msgNNNN.txt; None while it is still being written, or when it has gone."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return None
    pairs = [line.split("=", 1) for line in lines if "=" in line]
    fields = {pair[0]: pair[1] for pair in pairs}
    for key in GENUINE_FIRST:
        fields[key] = next((value for name, value in pairs if name == key), "")
    fields["callerchans"] = "\n".join(value for name, value in pairs if name == "callerchan")
    return fields if fields.get("duration", "").strip().isdigit() else None


class SpoolWatch:
    """Looks into every mailbox all the time, from `start` to `stop`; `left` is every message, oldest first."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._left: dict[str, Left] = {}
        self._stopping = threading.Event()
        self._looking = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="spool-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End with a last look. May be called twice."""
        self._stopping.set()
        self._thread.join()
        self.look()

    @property
    def left(self) -> list[Left]:
        """Every message that was ever there."""
        with self._looking:
            return sorted(self._left.values(), key=lambda one: (one.complete_at, one.file))

    def write(self, path: Path) -> None:
        """Keep what was seen."""
        path.write_text(json.dumps([asdict(one) for one in self.left], indent=1), encoding="utf-8")

    def _run(self) -> None:
        while not self._stopping.wait(OFTEN):
            self.look()

    def look(self) -> None:
        """Take in what stands there now."""
        with self._looking:
            present = set()
            for path in sorted(self._root.glob("*/*/*/msg*.txt")):
                key = self._see(path)
                if key:
                    present.add(key)
            for key, one in self._left.items():
                one.gone_at = None if key in present else one.gone_at or now()

    def _see(self, path: Path) -> str | None:
        fields = read_message(path)
        try:
            complete_at = path.stat().st_mtime
        except OSError:
            return None
        if fields is None:
            return None
        # Copies in several boxes keep the msg_id: they are one message.
        key = f"{fields.get('msg_id')} {fields.get('origtime')}"
        name = str(path.relative_to(self._root))
        _, box, folder, _ = name.split("/")
        one = self._left.setdefault(key, Left(fields=fields, file=name, complete_at=complete_at))
        if box not in one.boxes:
            one.boxes.append(box)
        if folder not in one.folders:
            one.folders.append(folder)
        return key


def messages_in(root: Path, box: str, folder: str) -> list[Path]:
    """The metadata files of one folder, in their order."""
    return sorted((root / "default" / box / folder).glob("msg*.txt"))


def take_away(text: Path) -> None:
    """Delete one message with its recording, as a housekeeping script would."""
    for path in text.parent.glob(f"{text.stem}.*"):
        path.unlink()


def put_into(text: Path, folder: str) -> None:
    """Move one message with its recording to another folder of its box, behind what is there."""
    target = text.parents[1] / folder
    target.mkdir(exist_ok=True)
    stem = f"msg{len(list(target.glob('msg*.txt'))):04d}"
    for path in text.parent.glob(f"{text.stem}.*"):
        path.rename(target / (stem + path.suffix))


DAMAGED = """;
; Message Information file
;
[message]
origmailbox={box}
callerchan=PJSIP/trunk-0000
origtime=never
duration=
"""


def plant_damaged(root: Path, box: str, recording: Path) -> None:
    """A message whose metadata is damaged: no caller, no time, no length; its recording can be heard."""
    folder = root / "default" / box / "INBOX"
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"msg{len(list(folder.glob('msg*.txt'))):04d}"
    shutil.copy(recording, folder / f"{stem}.wav")
    (folder / f"{stem}.txt").write_text(DAMAGED.format(box=box), encoding="utf-8")


def read_left(path: Path) -> list[Left]:
    """What `write` kept."""
    return [Left(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
