"""The recording of one message, found by what identifies the message: never by a path or a number from outside."""

import errno
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from callcentre.core.events import StoredMessage
from callcentre.spool.folders import (
    NOT_FOLDERS,
    formats_of,
    is_name,
    message_files,
    names_in,
    open_file,
    opened,
    opened_root,
    read_metadata,
)
from callcentre.spool.metadata import parse

_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """An open recording, for the caller to read and close: `format` as Asterisk calls it, `size` in bytes."""

    file: BinaryIO
    format: str
    size: int


def open_recording(spool: Path, mailbox: str, msg_id: str | None, origtime: datetime) -> Recording | None:
    """Open the recording of the message of `mailbox` (`600@default`) with this id and time; None if there is none.

    A message without an id is known by its time alone. The best format comes first: wav, WAV, gsm. Blocking; OSError
    where the spool cannot be read.
    """
    box, _, context = mailbox.rpartition("@")
    if not (is_name(box) and is_name(context)):
        return None
    for _ in range(_TRIES):
        try:
            with opened_root(str(spool)) as root, opened(context, root) as within, opened(box, within) as directory:
                return _in_box(directory, mailbox, msg_id, origtime)
        except _Renumbered:
            continue
        except FileNotFoundError:
            return None
    return None


class _Renumbered(Exception):
    """The files took other numbers while they were read."""


def _in_box(directory: int, mailbox: str, msg_id: str | None, origtime: datetime) -> Recording | None:
    for folder in sorted(os.listdir(directory)):
        if folder in NOT_FOLDERS or not is_name(folder):
            continue
        try:
            with opened(folder, directory) as within:
                names = names_in(within)
                for name in message_files(names):
                    told, inode = _told(name, within, mailbox, folder)
                    if told.msg_id == msg_id and told.origtime == origtime:
                        return _opened(name, names, within, inode)
        except NotADirectoryError:
            continue
    return None


def _told(name: str, within: int, mailbox: str, folder: str) -> tuple[StoredMessage, int]:
    try:
        found = os.stat(name, dir_fd=within, follow_symlinks=False)
        data = read_metadata(name, within)
    except FileNotFoundError:
        raise _Renumbered from None
    told = parse(data, mailbox=mailbox, folder=folder, written=found.st_mtime, playable=False)
    return told, found.st_ino


def _opened(name: str, names: frozenset[str], within: int, inode: int) -> Recording | None:
    """The best recording beside the metadata file `name`, whose inode must still be the same once it is open."""
    for form in formats_of(name, names):
        try:
            handle = open_file(name.removesuffix("txt") + form, within)
        except FileNotFoundError:
            raise _Renumbered from None
        except OSError as error:
            if error.errno == errno.ELOOP:  # a link, which Asterisk does not make
                continue
            raise
        file = os.fdopen(handle, "rb")
        try:
            same = os.stat(name, dir_fd=within, follow_symlinks=False).st_ino == inode
        except FileNotFoundError:
            same = False
        if same:
            return Recording(file=file, format=form, size=os.fstat(handle).st_size)
        file.close()
        raise _Renumbered
    return None
