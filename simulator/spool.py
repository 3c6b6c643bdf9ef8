"""The voicemail spool: real sound files and msgNNNN.txt, written, moved and renumbered as app_voicemail does."""

import wave
from datetime import UTC, datetime
from pathlib import Path

from callcentre_simulator.voice import RATE, speech
from callcentre_simulator.voicemail import Mailbox, Stored


class Spool:
    """The files of all mailboxes, below `root`: CONTEXT/MAILBOX/FOLDER/msgNNNN.wav and .txt."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._places: dict[str, tuple[str, int]] = {}

    def prepare(self, box: Mailbox) -> None:
        """Make a mailbox's folder with its greeting, as it is after the first message that was ever left there.

        Messages that lie there already are in the mailbox from now on, as they are after a PBX's own start.
        """
        home = self._root / box.context / box.number
        (home / "INBOX").mkdir(parents=True, exist_ok=True)
        self._say(home / "unavail.wav", speech(max(1, round(box.greeting) - 1), box.name))
        for folder, messages in box.folders.items():
            for path in sorted((home / folder).glob("msg*.txt")):
                message = Stored.told(path.read_text(encoding="utf-8"), box.number, box.context, folder, len(messages))
                self._places[f"{box.name} {message.msg_id}"] = (folder, int(path.stem.removeprefix("msg")))
                messages.append(message)

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
        self._say(sound, speech(message.duration, message.msg_id))
        told = datetime.fromtimestamp(message.origtime, UTC)
        unfinished = text.with_suffix(".txt.new")
        unfinished.write_text(message.text(f"{told:%a %b %e %I:%M:%S %p UTC %Y}"), encoding="utf-8")
        unfinished.rename(text)

    @staticmethod
    def _say(sound: Path, samples: bytes) -> None:
        with wave.open(str(sound), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(samples)
