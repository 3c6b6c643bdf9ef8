"""One mailbox read in one look: listed, read and listed again until nothing has changed in between."""

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from callcentre.core.events import StoredMessage
from callcentre.spool.folders import (
    NOT_FOLDERS,
    formats_of,
    is_name,
    message_files,
    names_in,
    opened,
    read_metadata,
)
from callcentre.spool.metadata import parse

MOST_MESSAGES = 10_000
"""Messages of one folder that are read: Asterisk's maxmsg is 9999 at most."""

MOST_PROBLEMS = 20
TRIES = 5
"""How often a mailbox is read because it changed meanwhile: nobody at a telephone is faster than the first of them."""

SETTLED_SECONDS = 5.0
"""So old must a file be that is read as damaged or unfinished: Asterisk writes copies and rewrites files in place."""

STILL_SECONDS = 2.0
"""What changed so lately may change again within the resolution of its time: it is read again, not remembered."""

FREE_BYTES = 50_000_000
"""Room on the disk below which callers cannot be sure to leave a message: about an hour of recording as wav."""

MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = re.compile(r"nfs4?|cifs|smb3|9p|ceph|glusterfs|fuse\..*").fullmatch
_OWNER_WRITES = stat.S_IWUSR | stat.S_IXUSR
_Listing = dict[str, tuple[int, int, frozenset[str]]]
"""Each folder with its inode, its time in nanoseconds and the names in it."""


@dataclass(slots=True)
class Kept:
    """What one look keeps of a mailbox for the next: its folders, and what was read from files that are old enough.

    A message is kept by folder, inode, time and size of its file, and by whether a recording was beside it; not by its
    number, which changes.
    """

    listing: _Listing = field(default_factory=dict)
    messages: dict[tuple[str, int, int, int, bool], StoredMessage] = field(default_factory=dict)


@dataclass(slots=True)
class Notes:
    """What a look found wanting; `now` is when it began, in epoch seconds."""

    now: float
    whole: bool = True
    problems: list[str] = field(default_factory=list)

    def problem(self, words: str) -> None:
        """Note what somebody has to put right; the look is not whole."""
        self.whole = False
        if len(self.problems) < MOST_PROBLEMS and words not in self.problems:
            self.problems.append(words)

    def is_old(self, changed: float, seconds: float = STILL_SECONDS) -> bool:
        """Whether a change (epoch seconds) is long past; clocks differ, so a far future counts as long past too."""
        return abs(self.now - changed) > seconds

    def add(self, other: "Notes") -> None:
        """Take over what another has noted."""
        self.whole = self.whole and other.whole
        for words in other.problems:
            self.problem(words)


class BoxReading:
    """Reads the mailbox in the open `directory`. `known` is what an earlier look kept, `kept` what this one keeps."""

    def __init__(self, mailbox: str, directory: int, known: Kept, notes: Notes) -> None:
        self._mailbox = mailbox
        self._directory = directory
        self._known = known
        self._notes = notes
        self.kept = Kept()

    def settled(self, between: Callable[[str], None]) -> tuple[StoredMessage, ...]:
        """The messages as they were at one moment; the look is not whole where the mailbox would not keep still."""
        before = self._listing(self._known.listing, self._notes)
        for _ in range(TRIES):
            attempt = Notes(now=self._notes.now)
            messages = self._read(before, attempt)
            between(self._mailbox)
            after = self._listing(before, attempt)
            if after == before:
                break
            before = after
        else:
            attempt.whole = False
        self._notes.add(attempt)
        self.kept.listing = {name: entry for name, entry in before.items() if self._notes.is_old(entry[1] / 1e9)}
        return messages

    def _listing(self, known: _Listing, notes: Notes) -> _Listing:
        """All folders; what is `known` of one that has not changed since is not read again."""
        listing: _Listing = {}
        with os.scandir(self._directory) as entries:
            folders = sorted(
                (entry.name, entry.is_symlink())
                for entry in entries
                if entry.name not in NOT_FOLDERS and is_name(entry.name) and entry.is_dir()
            )
        for folder, is_link in folders:
            if is_link:
                notes.problem(f"the folder {folder} of mailbox {self._mailbox} is a link: not followed")
                continue
            try:
                found = os.stat(folder, dir_fd=self._directory, follow_symlinks=False)
                if folder in known and self._is_same(known[folder], found):
                    listing[folder] = known[folder]
                    continue
                with opened(folder, self._directory) as within:
                    found = os.fstat(within)
                    listing[folder] = (found.st_ino, found.st_mtime_ns, names_in(within))
            except FileNotFoundError:
                continue
        return listing

    def _is_same(self, known: tuple[int, int, frozenset[str]], found: os.stat_result) -> bool:
        return known[:2] == (found.st_ino, found.st_mtime_ns) and self._notes.is_old(found.st_mtime)

    def _read(self, listing: _Listing, notes: Notes) -> tuple[StoredMessage, ...]:
        self.kept.messages.clear()
        messages: list[StoredMessage] = []
        for folder, (_, _, names) in listing.items():
            files = message_files(names)
            if len(files) > MOST_MESSAGES:
                notes.problem(
                    f"mailbox {self._mailbox} has over {MOST_MESSAGES} messages in {folder}: not all are read"
                )
                del files[MOST_MESSAGES:]
            if not files:
                continue
            try:
                with opened(folder, self._directory) as within:
                    for name in files:
                        message = self._message(folder, name, within, any(formats_of(name, names)), notes)
                        if message is not None:
                            messages.append(message)
            except FileNotFoundError:
                notes.whole = False
        return tuple(messages)

    def _message(self, folder: str, name: str, within: int, playable: bool, notes: Notes) -> StoredMessage | None:
        """One message; None if its file is gone, or was not finished, or may not be read."""
        try:
            found = os.stat(name, dir_fd=within, follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode):
                return None
            key = (folder, found.st_ino, found.st_mtime_ns, found.st_size, playable)
            if (kept := self._known.messages.get(key)) is not None:
                self.kept.messages[key] = kept
                return kept
            data = read_metadata(name, within)
        except FileNotFoundError:
            return None
        except PermissionError:
            notes.problem(f"messages of mailbox {self._mailbox} may not be read; let callcentre's user read its files")
            return None
        except OSError:
            data = None
        message = parse(data, mailbox=self._mailbox, folder=folder, written=found.st_mtime, playable=playable)
        finished = not message.damaged and message.msg_id is not None and message.duration is not None
        if not finished and not notes.is_old(found.st_mtime, SETTLED_SECONDS):
            notes.whole = False
            return None
        if notes.is_old(found.st_mtime) and data is not None:
            self.kept.messages[key] = message
        return message


def obstacle(directory: int) -> str:
    """Why callers cannot leave a message in the mailbox in this open directory, in words; empty if they can."""
    disk = os.fstatvfs(directory)
    if disk.f_flag & os.ST_RDONLY and _is_read_only_itself(os.fstat(directory).st_dev):
        return "the disk of its directory is mounted read-only"
    if (free := disk.f_bavail * disk.f_frsize) < FREE_BYTES:
        return f"only {free // 1_000_000} MB are left on the disk of its directory"
    if disk.f_files and not disk.f_favail:
        return "no files can be made on the disk of its directory (no inodes left)"
    if os.fstat(directory).st_mode & _OWNER_WRITES != _OWNER_WRITES:
        return "its directory may not be written by its owner"
    for folder in ("INBOX", "tmp"):
        try:
            mode = os.stat(folder, dir_fd=directory, follow_symlinks=False).st_mode
        except OSError:
            continue
        if mode & _OWNER_WRITES != _OWNER_WRITES:
            return f"its directory {folder} may not be written by its owner"
    return ""


def _is_read_only_itself(device: int) -> bool:
    """Whether the disk is read-only, and not just this view of it: a service may be shown a writable disk so.

    Disks of the network do not count either: how they are mounted here says nothing of the PBX.
    """
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        mounts = MOUNTS.read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    for mount in mounts:
        here, _, disk = mount.partition(" - ")
        if here.split()[2:3] == [number] and len(told := disk.split()) == 3:
            return not _NETWORK(told[0]) and "ro" in told[2].split(",")
    return False
