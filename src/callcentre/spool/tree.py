"""One look at a voicemail spool: `<spool>/<context>/<mailbox>/<folder>/msgNNNN.txt` as MailboxContents.

Asterisk renames the recording first and the .txt second, so a .txt is a message. It also moves and renumbers while
this reads: each mailbox is listed, read and listed again until both lists agree, so that no message is missed or seen
twice on its way from one folder to the next. What cannot be read is said, never taken for empty.
"""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from callcentre.core.errors import CallcentreError
from callcentre.core.events import MailboxContents
from callcentre.spool.box import BoxReading, Kept, Notes, obstacle
from callcentre.spool.folders import is_name, opened, opened_root

MOST_BOXES = 20_000


class SpoolUnreadable(CallcentreError):
    """The spool as a whole cannot be read: nothing is known of any mailbox; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look found. `whole` is False if anything could not be read, or has to be looked at again.

    `problems` are in words, for the log: what somebody has to put right before the spool can be read in full.
    """

    boxes: tuple[MailboxContents, ...]
    whole: bool
    problems: tuple[str, ...]


class Spool:
    """The voicemail spool of one PBX, under `root` (astspooldir/voicemail). For one look at a time, in any thread.

    `between` is called with a mailbox after its files were read and before they are listed again; tests give it.
    """

    def __init__(self, root: Path, *, between: Callable[[str], None] = lambda _mailbox: None) -> None:
        self._root = str(root)
        self._between = between
        self._cache: dict[str, Kept] = {}

    def look(self, now: datetime, mailboxes: Collection[str] = ()) -> Look:
        """Look into all mailboxes, configured or not, or only into `mailboxes` (`600@default`).

        `now` tells files that are still being written from old ones. Raises SpoolUnreadable where nothing can be read.
        """
        notes = Notes(now=now.timestamp())
        boxes: list[MailboxContents] = []
        try:
            with opened_root(self._root) as root:
                if mailboxes:
                    self._named(root, mailboxes, boxes, notes)
                else:
                    self._all(root, boxes, notes)
        except OSError as error:
            raise SpoolUnreadable(self._why(error)) from error
        if not mailboxes:
            seen = {box.mailbox for box in boxes}
            self._cache = {name: kept for name, kept in self._cache.items() if name in seen}
            if not boxes and not notes.problems:
                raise SpoolUnreadable(
                    f"the voicemail spool {self._root} holds no mailbox; is it mounted, and the right directory? "
                    "Asterisk makes one at its first message"
                )
        return Look(boxes=tuple(boxes), whole=notes.whole, problems=tuple(notes.problems))

    def _why(self, error: OSError) -> str:
        if isinstance(error, PermissionError):
            return (
                f"the voicemail spool {self._root} may not be read; "
                "let callcentre's user into Asterisk's group, and the group into the directory"
            )
        if isinstance(error, FileNotFoundError):
            return f"the voicemail spool {self._root} is not there; mount it, or set voicemail_spool to where it is"
        return f"the voicemail spool {self._root} cannot be read ({error.strerror}); put it right on that machine"

    # --- from the root to a mailbox --------------------------------------------------------------------------------

    def _all(self, root: int, boxes: list[MailboxContents], notes: Notes) -> None:
        for context in self._directories(root, "", notes):
            try:
                with opened(context, root) as within:
                    for box in self._directories(within, context, notes):
                        if len(boxes) >= MOST_BOXES:
                            notes.problem(f"there are more than {MOST_BOXES} mailboxes; the others are not looked at")
                            return
                        self._box(f"{box}@{context}", within, boxes, notes)
            except FileNotFoundError:
                notes.whole = False
            except OSError as error:
                notes.problem(f"the directory {context} cannot be read ({error.strerror})")

    def _named(self, root: int, mailboxes: Collection[str], boxes: list[MailboxContents], notes: Notes) -> None:
        for mailbox in sorted(mailboxes):
            box, _, context = mailbox.rpartition("@")
            if not (is_name(box) and is_name(context)):
                notes.problem("a mailbox that was asked for has a name that no mailbox has")
                continue
            try:
                with opened(context, root) as within:
                    self._box(mailbox, within, boxes, notes)
            except FileNotFoundError:
                continue
            except OSError as error:
                notes.problem(f"the directory {context} cannot be read ({error.strerror})")

    def _directories(self, directory: int, path: str, notes: Notes) -> list[str]:
        """The directories in an open one. Links are not followed: one that leads out of the spool is a problem."""
        found = []
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name == "lost+found":
                    continue
                if entry.is_symlink():
                    if self._leads_out(os.path.join(path, entry.name)):  # noqa: PTH118
                        notes.problem(f"{path}/{entry.name!a} is a link that leads out of the spool: not followed")
                elif entry.is_dir(follow_symlinks=False):
                    if is_name(entry.name):
                        found.append(entry.name)
                    else:
                        notes.problem(f"{path}/{ascii(entry.name)[:80]} is no name of a mailbox: not looked at")
        return sorted(found)

    def _leads_out(self, path: str) -> bool:
        """Whether a link leads to a directory elsewhere; one within the spool is looked at where it leads."""
        spool = Path(self._root).resolve()
        try:
            target = (spool / path).resolve(strict=True)
        except (OSError, RuntimeError):
            return False
        return target.is_dir() and not target.is_relative_to(spool)

    # --- one mailbox -----------------------------------------------------------------------------------------------

    def _box(self, mailbox: str, context: int, boxes: list[MailboxContents], notes: Notes) -> None:
        """Read one mailbox and add it, if it is there and can be read."""
        name = mailbox.rpartition("@")[0]
        try:
            with opened(name, context) as directory:
                reading = BoxReading(mailbox, directory, self._cache.get(mailbox, Kept()), notes)
                messages = reading.settled(self._between)
                problem = obstacle(directory)
        except FileNotFoundError:
            notes.whole = False
        except OSError as error:
            notes.problem(f"mailbox {mailbox} cannot be read ({error.strerror})")
        else:
            self._cache[mailbox] = reading.kept
            boxes.append(MailboxContents(mailbox=mailbox, messages=messages, problem=problem))
