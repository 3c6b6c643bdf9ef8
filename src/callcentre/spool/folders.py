"""The spool's folders and files, opened so that nothing leads out of it: by name under an open directory, no links."""

import os
import re
import stat
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager

from callcentre.spool.metadata import MAX_BYTES

FORMATS = ("wav", "WAV", "gsm", "ulaw", "alaw", "g722", "sln", "ogg")
"""What a recording may be stored as, the one that browsers play first."""

NOT_FOLDERS = frozenset({"tmp", "greetings", "greet", "busy", "unavail", "temp"})
"""Directories of a mailbox that hold no messages: `tmp` those still being recorded, the others greetings."""

_MESSAGE = re.compile(r"msg[0-9]{4,5}\.txt").fullmatch
_NAME = re.compile(r"[^\x00-\x1f\x7f/@\ud800-\udfff]{1,80}").fullmatch
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# A pipe planted as a message must not hold the reader up.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def is_name(text: str) -> bool:
    """Whether a context, mailbox or folder could be called so: one step down, nothing that breaks a log line."""
    return _NAME(text) is not None and not text.startswith(".")


@contextmanager
def opened_root(root: str) -> Iterator[int]:
    """The spool itself, which may be a link, as its owner names it."""
    directory = os.open(root, _DIRECTORY)
    try:
        yield directory
    finally:
        os.close(directory)


@contextmanager
def opened(name: str, within: int) -> Iterator[int]:
    """The directory `name` of the open directory `within`; OSError, also where it is a link."""
    directory = os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=within)
    try:
        yield directory
    finally:
        os.close(directory)


def message_files(names: Iterable[str]) -> list[str]:
    """Those of `names` that are messages' metadata, in order."""
    return sorted(filter(_MESSAGE, names))


def formats_of(name: str, names: Container[str]) -> Iterator[str]:
    """The formats in which the message `name` (msgNNNN.txt) has a recording among `names`, the best first."""
    stem = name[:-3]
    return (form for form in FORMATS if stem + form in names)


def names_in(directory: int) -> frozenset[str]:
    """All names in an open directory."""
    return frozenset(os.listdir(directory))


def open_file(name: str, within: int) -> int:
    """A descriptor of the ordinary file `name`; OSError where it is gone, a link, or anything else."""
    file = os.open(name, _FILE, dir_fd=within)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise FileNotFoundError(f"{name} is no file")
    return file


def read_metadata(name: str, within: int) -> bytes | None:
    """The content of a metadata file, None if it is longer than any that Asterisk writes; OSError where it is gone."""
    file = os.open(name, _FILE, dir_fd=within)
    try:
        data = os.read(file, MAX_BYTES + 1)
    finally:
        os.close(file)
    return data if len(data) <= MAX_BYTES else None
