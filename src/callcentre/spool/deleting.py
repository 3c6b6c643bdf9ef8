"""Deleting one message from the voicemail spool: under Asterisk's own lock of the folder, and without renumbering.

Asterisk counts the messages of a folder from 0 up. Where one is missing it closes the gap itself, when the mailbox is
opened next, and a message left meanwhile takes the free number: no message is lost by a gap. Renaming the others would
be Asterisk's work done by somebody else, while a telephone may be playing one of them. So nothing is renamed here.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from callcentre.core.errors import CallcentreError
from callcentre.spool.folders import (
    FORMATS,
    NOT_FOLDERS,
    is_name,
    message_files,
    names_in,
    opened,
    opened_root,
    read_metadata,
)
from callcentre.spool.metadata import parse

_LOCK = ".lock"


class NotDeleted(CallcentreError):
    """A message was not deleted; the words say why, and name no file of a caller."""


def delete_message(spool: Path, mailbox: str, msg_id: str | None, origtime: datetime) -> bool:
    """Delete the message of `mailbox` (`600@default`) with this id and time, sound and all; False if there is none.

    Blocking. Raises NotDeleted where Asterisk is at work in the folder, or the files may not be deleted.
    """
    box, _, context = mailbox.rpartition("@")
    if not (is_name(box) and is_name(context)):
        return False
    try:
        with opened_root(str(spool)) as root, opened(context, root) as within, opened(box, within) as directory:
            folders = [name for name in sorted(names_in(directory)) if name not in NOT_FOLDERS and is_name(name)]
            return any(_in_folder(folder, directory, mailbox, msg_id, origtime) for folder in folders)
    except FileNotFoundError:
        return False
    except PermissionError:
        raise NotDeleted("callcentre's user may not delete files of the voicemail spool") from None
    except OSError as error:
        raise NotDeleted(f"the voicemail spool cannot be changed ({error.strerror})") from None


def _in_folder(folder: str, directory: int, mailbox: str, msg_id: str | None, origtime: datetime) -> bool:
    with suppress(NotADirectoryError), opened(folder, directory) as within:
        if not any(_is_it(name, within, mailbox, folder, msg_id, origtime) for name in message_files(names_in(within))):
            return False
        with _locked(within):
            # Looked for once more: before the lock was ours, Asterisk may have given it another number.
            for name in message_files(names_in(within)):
                if _is_it(name, within, mailbox, folder, msg_id, origtime):
                    # The .txt first: from then on it is a message to nobody, whatever happens next.
                    os.unlink(name, dir_fd=within)
                    for form in FORMATS:
                        with suppress(FileNotFoundError):
                            os.unlink(name.removesuffix("txt") + form, dir_fd=within)
                    return True
    return False


def _is_it(name: str, within: int, mailbox: str, folder: str, msg_id: str | None, origtime: datetime) -> bool:
    try:
        written = os.stat(name, dir_fd=within, follow_symlinks=False).st_mtime
        data = read_metadata(name, within)
    except FileNotFoundError:
        return False
    told = parse(data, mailbox=mailbox, folder=folder, written=written, playable=False)
    return told.msg_id == msg_id and told.origtime == origtime


@contextmanager
def _locked(within: int) -> Iterator[None]:
    """Hold the folder as Asterisk does: a link called `.lock`, which whoever finds it waits for."""
    own = f"{_LOCK}-{secrets.token_hex(4)}"
    os.close(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=within))
    try:
        os.link(own, _LOCK, src_dir_fd=within, dst_dir_fd=within)
    except FileExistsError:
        raise NotDeleted("Asterisk is at work in that folder; try again in a moment") from None
    finally:
        os.unlink(own, dir_fd=within)
    try:
        yield
    finally:
        os.unlink(_LOCK, dir_fd=within)
