"""The voicemail spool: real sound files and msgNNNN.txt, written, moved and renumbered as app_voicemail does."""

import array
import math
import wave
from datetime import UTC, datetime
from pathlib import Path

from callcentre_simulator.voicemail import Mailbox, Stored

RATE = 8000
PITCH = 440.0
LOUD = 6000


class Spool:
    """The files of all mailboxes, below `root`: CONTEXT/MAILBOX/FOLDER/msgNNNN.wav and .txt."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._places: dict[str, tuple[str, int]] = {}
        self._second = _tone()

    def synchronise(self, box: Mailbox) -> None:
        """Bring a mailbox's files to what the mailbox holds: new ones written, others moved, renumbered or removed."""
        home = self._root / box.context / box.number
        wanted = {
            f"{box.name} {message.msg_id}": (folder, number, message)
            for folder, messages in box.folders.items()
            for number, message in enumerate(messages)
        }
        mine = [key for key in self._places if key.startswith(f"{box.name} ")]
        for key in mine:
            if key not in wanted:
                for path in self._files(home, *self._places.pop(key)):
                    path.unlink()
        for key, (folder, number, message) in wanted.items():
            (home / folder).mkdir(parents=True, exist_ok=True)
            place = self._places.get(key)
            if place is None:
                self._write(home / folder, number, message)
            elif place != (folder, number):
                before, after = self._files(home, *place), self._files(home, folder, number)
                for source, target in zip(before, after, strict=True):
                    source.rename(target)
            self._places[key] = (folder, number)

    @staticmethod
    def _files(home: Path, folder: str, number: int) -> tuple[Path, Path]:
        """A message's sound and its text; the text is what makes it a message, so it is moved last."""
        return home / folder / f"msg{number:04d}.wav", home / folder / f"msg{number:04d}.txt"

    def _write(self, folder: Path, number: int, message: Stored) -> None:
        sound, text = folder / f"msg{number:04d}.wav", folder / f"msg{number:04d}.txt"
        with wave.open(str(sound), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(self._second * message.duration)
        told = datetime.fromtimestamp(message.origtime, UTC)
        unfinished = text.with_suffix(".txt.new")
        unfinished.write_text(message.text(f"{told:%a %b %e %I:%M:%S %p UTC %Y}"), encoding="utf-8")
        unfinished.rename(text)


def _tone() -> bytes:
    """One second of a tone, as 16-bit samples."""
    samples = (round(LOUD * math.sin(2 * math.pi * PITCH * place / RATE)) for place in range(RATE))
    return array.array("h", samples).tobytes()
