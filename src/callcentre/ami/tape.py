"""The tape: what AMI connections sent, as JSON lines, plain or compressed; or a plain file of raw AMI bytes.

A line is `{"t": epoch seconds, "conn": n, "text": "…"}` for each read, the bytes as latin-1 text, or
`{"t": …, "conn": n, "mark": "connect" | "drop" | "eof" | …}`. A raw file is timed by its Timestamp headers.
"""

import gzip
import io
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

import zstandard

from callcentre.core.errors import CallcentreError

RAW_READ = 1024
"""Bytes of a raw file that count as one read."""

_STAMP = re.compile(rb"\r\nTimestamp: ([0-9]{1,11}\.[0-9]{6})\r\n")


class TapeError(CallcentreError):
    """A tape cannot be read; the message names the file and the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeRecord:
    """One read (`data`), or one `mark`, of connection `conn` at `t` (epoch seconds); `notes`: a mark's other keys."""

    t: float
    conn: int
    data: bytes = b""
    mark: str | None = None
    notes: dict[str, str] = field(default_factory=dict)


def open_text(path: Path) -> IO[bytes]:
    """Open a file for reading, decompressed by its ending (.gz, .zst)."""
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if path.suffix == ".zst":
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(path.open("rb")))
    return path.open("rb")


def read_tape(path: Path) -> Iterator[TapeRecord]:
    """The records of a tape in their order; TapeError with the line number where one is malformed."""
    try:
        with open_text(path) as file:
            first = file.read(1)
            if not first:
                return
            if first == b"{":
                yield from _read_lines(path, first, file)
            else:
                yield from _read_raw(first, file)
    except (OSError, EOFError, zstandard.ZstdError) as error:
        raise TapeError(f"{path}: cannot be read: {error}") from error


def _read_lines(path: Path, first: bytes, file: IO[bytes]) -> Iterator[TapeRecord]:
    number = 0
    for line in file:
        number += 1
        yield parse_record(first + line if number == 1 else line, f"{path}:{number}")
    if number == 0:
        yield parse_record(first, f"{path}:1")


def parse_record(line: bytes, where: str) -> TapeRecord:
    """One line of a tape; TapeError naming `where` if it is none."""
    try:
        told: Any = json.loads(line)
    except ValueError as error:
        raise TapeError(f"{where}: not a line of JSON ({error}); a tape holds one object a line") from error
    if not isinstance(told, dict):
        raise TapeError(f'{where}: not an object; write {{"t": …, "conn": …, "text": …}}')
    t, conn, text, mark = told.get("t"), told.get("conn", 1), told.get("text"), told.get("mark")
    if isinstance(t, bool) or not isinstance(t, int | float) or not 0 <= t < 1e11:
        raise TapeError(f'{where}: "t" must be the time in epoch seconds')
    if isinstance(conn, bool) or not isinstance(conn, int):
        raise TapeError(f'{where}: "conn" must be a whole number')
    if isinstance(mark, str):
        notes = {key: value for key, value in told.items() if isinstance(value, str) and key != "mark"}
        return TapeRecord(t=float(t), conn=conn, mark=mark, notes=notes)
    if not isinstance(text, str):
        raise TapeError(f'{where}: neither "text" nor "mark"')
    try:
        return TapeRecord(t=float(t), conn=conn, data=text.encode("latin-1"))
    except UnicodeEncodeError as error:
        raise TapeError(f'{where}: "text" must be bytes as latin-1: no character above U+00FF') from error


def _read_raw(first: bytes, file: IO[bytes]) -> Iterator[TapeRecord]:
    t = 0.0
    chunk = first + file.read(RAW_READ)
    while chunk:
        stamp = _STAMP.search(chunk)
        t = max(t, float(stamp[1])) if stamp else t
        yield TapeRecord(t=t, conn=1, data=chunk)
        chunk = file.read(RAW_READ)


class TapeWriter:
    """Writes a tape, compressed by its ending; a context manager. Each record is on disk order as it was given."""

    def __init__(self, path: Path) -> None:
        self._stack = ExitStack()
        below: Any = self._stack.enter_context(path.open("wb"))
        if path.suffix == ".gz":
            below = self._stack.enter_context(gzip.GzipFile(fileobj=below, mode="wb"))
        elif path.suffix == ".zst":
            below = self._stack.enter_context(zstandard.ZstdCompressor().stream_writer(below))
        self._file: IO[bytes] = below

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def write(self, record: TapeRecord) -> None:
        """Add one record."""
        told: dict[str, object] = {"t": record.t, "conn": record.conn}
        if record.mark is not None:
            told |= {"mark": record.mark, **record.notes}
        else:
            told["text"] = record.data.decode("latin-1")
        self._file.write(json.dumps(told, ensure_ascii=False).encode() + b"\n")

    def flush(self) -> None:
        """Push what was written towards the disk."""
        self._file.flush()
