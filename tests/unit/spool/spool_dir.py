"""A voicemail spool on disk, as Asterisk lays it out."""

import os
from datetime import datetime
from pathlib import Path

from callcentre.core.terms import instant
from callcentre.spool.tree import Look

LEFT = 1795363375
"""When the first message's recording began (epoch seconds)."""

NOW: datetime = instant(LEFT + 3600)

FILE = """\
;
; Message Information file
;
[message]
origmailbox={origmailbox}
context=from-trunk
exten={exten}
rdnis=unknown
priority=4
callerchan={callerchan}
callerid={callerid}
origdate=Sun Nov 22 04:02:55 PM UTC 2026
origtime={origtime}
category=
msg_id={msg_id}
flag=
duration={duration}
"""


def text(origtime: int | str = LEFT, counter: int = 0, **values: str) -> str:
    """A message's metadata; `values` replaces what a caller may have put there."""
    usual = {
        "origmailbox": "600",
        "exten": "01632960600",
        "callerchan": "PJSIP/trunk-00000003",
        "callerid": '"Caller" <07700900062>',
        "origtime": str(origtime),
        "msg_id": f"{origtime}-{counter:08x}",
        "duration": "6",
    }
    return FILE.format(**{**usual, **values})


class SpoolDir:
    """Makes mailboxes, messages and damage under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def box(self, mailbox: str) -> Path:
        box, _, context = mailbox.partition("@")
        return self.root / context / box

    def folder(self, mailbox: str, folder: str = "INBOX") -> Path:
        path = self.box(mailbox) / folder
        path.mkdir(parents=True, exist_ok=True)
        return path

    def message(
        self,
        number: int = 0,
        content: str | bytes | None = None,
        *,
        mailbox: str = "600@default",
        folder: str = "INBOX",
        audio: str | None = "wav",
        written: float = LEFT + 6,
    ) -> Path:
        """Leave a message: the audio first, the .txt second, both `written` then."""
        path = self.folder(mailbox, folder) / f"msg{number:04d}.txt"
        if audio is not None:
            path.with_suffix(f".{audio}").write_bytes(f"{audio} of {mailbox} {folder} {number}".encode())
        told = text(LEFT + number, number) if content is None else content
        path.write_bytes(told if isinstance(told, bytes) else told.encode())
        os.utime(path, (written, written))
        self.settle()
        return path

    def settle(self) -> None:
        """All directories were last changed long before NOW."""
        for path in [self.root, *self.root.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                os.utime(path, (LEFT, LEFT))


def ids(look: Look) -> dict[str, list[tuple[str, str | None]]]:
    """Folder and id of each message by mailbox."""
    return {box.mailbox: [(message.folder, message.msg_id) for message in box.messages or ()] for box in look.boxes}


def of(counter: int) -> str:
    return f"{LEFT + counter}-{counter:08x}"
