"""The files of queue_log: today's and the rotated ones (gzip too), read in the order of their time.

Reading blocks: in the daemon it belongs into a thread.
"""

import gzip
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

from callcentre.core.errors import CallcentreError
from callcentre.history.queue_log import Assembler, BadLine, Entry, QueueLogCall, parse_line

# app_queue's longest line is far below this; what is longer was not written by Asterisk.
_LONGEST_LINE = 16_384
# Of so many bad lines the place is kept, to be shown; the others are counted.
_BAD_LINES_SHOWN = 1_000
# Searching a large file for a time ends with a piece of this size, which is read through.
_SEARCH_ENDS_AT = 65_536


class UnreadableBook(CallcentreError):
    """A file of queue_log cannot be opened or read; the message names it and the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadPlace:
    """Where a line stands that could not be read, and why; never what is in it."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class QueueLogs:
    """Some files of queue_log as one book. Iterate `calls` once; the counts are complete when it ends.

    `lines` and `bad` count lines, `bad_places` the first thousand bad ones; `done` and `total` are bytes of the files.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._assembler = Assembler()
        self.lines = self.bad = self.done = 0
        self.bad_places: list[BadPlace] = []
        try:
            self._paths = sorted(paths, key=_first_moment)
            self.total = sum(path.stat().st_size for path in paths)
        except (OSError, EOFError, zlib.error) as error:
            raise _unreadable(error) from None

    @property
    def ignored(self) -> dict[str, int]:
        """How many lines of each event that says nothing of calls."""
        return dict(self._assembler.ignored)

    @property
    def headless(self) -> int:
        """How many lines were of calls whose beginning stands in no file."""
        return self._assembler.headless

    def calls(self, since: datetime | None = None) -> Iterator[QueueLogCall]:
        """Yield all calls, roughly in order of their ends; lines before `since` are left out where that saves work."""
        for path in self._paths:
            for number, text in self._lines(path, since):
                self.lines += 1
                try:
                    yield from self._assembler.add(_entry(text))
                except BadLine as bad:
                    self.bad += 1
                    if len(self.bad_places) < _BAD_LINES_SHOWN:
                        self.bad_places.append(BadPlace(file=path.name, line=number, reason=str(bad)))
        yield from self._assembler.finish()

    def _lines(self, path: Path, since: datetime | None) -> Iterator[tuple[int, bytes]]:
        """Yield the lines with their numbers (counted from where reading begins, if that is in mid-file)."""
        before = self.done
        try:
            with path.open("rb") as raw, _unpacked(raw, path) as file:
                if file is raw and since is not None:
                    _skip_to(raw, since)
                number = 0
                while text := file.readline(_LONGEST_LINE):
                    number += 1
                    if not text.endswith(b"\n") and len(text) == _LONGEST_LINE:
                        _read_past_line(file)
                    if text.strip():
                        yield number, text
                    self.done = before + raw.tell()
        except (OSError, EOFError, zlib.error) as error:
            raise _unreadable(error) from None
        self.done = before + path.stat().st_size


def files_of(queue_log: Path, since: datetime) -> list[Path]:
    """Return the file and those of its rotated ones that may hold lines of `since` and later.

    Rotated are `queue_log.1`, `queue_log-20261122.gz` and their like, judged by when they were last written to. Error:
    UnreadableBook.
    """
    names = (f"{queue_log.name}.", f"{queue_log.name}-")
    try:
        beside = [path for path in queue_log.parent.iterdir() if path.name.startswith(names) and path.is_file()]
        return [queue_log, *(path for path in beside if path.stat().st_mtime >= since.timestamp())]
    except OSError as error:
        raise _unreadable(error) from None


def _entry(line: bytes) -> Entry:
    if len(line) >= _LONGEST_LINE:
        raise BadLine(f"longer than {_LONGEST_LINE} bytes")
    if not line.endswith(b"\n"):
        # The file ends here, perhaps in mid-word: half a number would be believed.
        raise BadLine("the file ends in the middle of this line")
    return parse_line(line.decode(errors="replace").rstrip("\r\n"))


def _unpacked(raw: BinaryIO, path: Path) -> AbstractContextManager[BinaryIO]:
    return cast("AbstractContextManager[BinaryIO]", gzip.open(raw)) if path.suffix == ".gz" else nullcontext(raw)


def _read_past_line(file: BinaryIO) -> None:
    while (rest := file.readline(_LONGEST_LINE)) and not rest.endswith(b"\n"):
        pass


def _first_moment(path: Path) -> float:
    """The time of the first readable line; a file without one comes last."""
    with path.open("rb") as raw, _unpacked(raw, path) as file:
        for _ in range(100):
            moment = _moment(file.readline(_LONGEST_LINE))
            if moment is not None:
                return moment
    return float("inf")


def _moment(line: bytes) -> float | None:
    try:
        return parse_line(line.decode(errors="replace").rstrip("\r\n")).at.timestamp()
    except BadLine:
        return None


def _skip_to(file: BinaryIO, since: datetime) -> None:
    """Go to the start of some line not long before the first of `since`, by halving: the book is in order of time."""
    wanted = (since - timedelta(seconds=2)).timestamp()
    low, high = 0, os.fstat(file.fileno()).st_size
    while high - low > _SEARCH_ENDS_AT:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline(_LONGEST_LINE)
        moment = _moment(file.readline(_LONGEST_LINE))
        if moment is None or moment >= wanted:
            high = middle
        else:
            low = middle
    file.seek(low)
    if low:
        file.readline(_LONGEST_LINE)


def _unreadable(error: Exception) -> UnreadableBook:
    if isinstance(error, OSError) and error.filename is not None:
        return UnreadableBook(
            f"{error.filename} cannot be read: {error.strerror}; is the path right, and may this user read it?"
        )
    return UnreadableBook(f"a file of queue_log cannot be read: {error}")
