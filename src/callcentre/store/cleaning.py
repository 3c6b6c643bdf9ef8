"""After an erasure: nothing of what was removed is left in the database's own file, as far as that is in its hand.

On SQLite every connection that writes overwrites what it deletes (`secure_delete`). That this is so is looked at, not
believed: the files are read byte by byte. Only where something is found is the file written anew, which nobody can do
while others write.
"""

import asyncio
import json
import sys
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from callcentre.store.failures import DATABASE_ERRORS, is_busy
from callcentre.store.personal import Says, tables_with
from callcentre.store.statements import Cursor
from callcentre.store.writer import Writer

LARGEST_BYTES: Final = 200_000_000
"""A larger SQLite file is not written anew while the office works: commits would wait for more than a second or two."""

_OVERWRITTEN: Final = "What was removed was overwritten with zeros in the database's file (secure_delete)."
_READ: Final = "The database's files were read byte by byte afterwards: no spelling of it stands in them."
_ANEW: Final = "The database's file was written anew (VACUUM), because remnants stood in it."
_LEFT: Final = (
    "The database's files were read byte by byte afterwards, and still hold it in {} places: in what came in since, in "
    "longer numbers, or in remnants of rows."
)
_STOP: Final = (
    "The file is too large to be written anew while callcentre runs: to be rid of remnants, stop it and run VACUUM "
    "with sqlite3."
)
_UNREAD: Final = "The database's files could not be read byte by byte to see whether anything is left."
_LOGGED: Final = (
    "The write-ahead log could not be emptied, because others read it; older pages stand in it until it is overwritten."
)
_BUSY: Final = "The database's file could not be written anew: others use it. Run callcentre erase once more later."
_REFUSED: Final = "The database's file could not be written anew: it refused. What was removed was overwritten in it."
_VACUUMED: Final = (
    "The tables were vacuumed: PostgreSQL gives the room of what was removed to new rows, and until they fill it the "
    "old bytes may stand there; VACUUM FULL, which stops all who write, would be rid of them."
)
_NOT_VACUUMED: Final = "The tables could not be vacuumed now; PostgreSQL does it by itself later (autovacuum)."
_ELSEWHERE: Final = (
    "PostgreSQL's write-ahead log, its archive and its replicas keep older pages until they are overwritten: that is "
    "for whoever looks after the database."
)
_WORDS: Final = frozenset({_OVERWRITTEN, _BUSY, _REFUSED, _VACUUMED, _NOT_VACUUMED})
_TRIES: Final = 20
_PAUSE_SECONDS: Final = 0.25
_PROGRAM: Final = (sys.executable, "-I", "-m", "callcentre.store.traces")
_LONGEST_SECONDS: Final = 600.0


def is_noted(notes: Iterable[str]) -> bool:
    """Whether `notes` say what `clean` did, or could not do."""
    return not _WORDS.isdisjoint(notes)


async def clean(writer: Writer, words: Collection[str] = ()) -> Sequence[str]:
    """See that nothing of `words` (numbers as core.numbers has them, e-mail addresses) is left in the database's files.

    Returns what was done, or not, in sentences. It does not raise for what the database refuses: that is said.
    """
    file = await writer.run(_file)
    if file is None:
        return await writer.beside(_vacuumed)
    notes = [_OVERWRITTEN, *([] if await _log_emptied(writer) else [_LOGGED])]
    looked_for = [word for word in words if word.strip()]
    if not looked_for:
        return notes
    found = await traces(file, looked_for)
    if found and file.stat().st_size <= LARGEST_BYTES:
        notes.append(await writer.run(_anew))
        await _log_emptied(writer)
        found = await traces(file, looked_for)
        return [*notes, *_seen(found)]
    return [*notes, *_seen(found), *([_STOP] if found else [])]


def _seen(found: int | None) -> list[str]:
    if found is None:
        return [_UNREAD]
    return [_LEFT.format(f"{found:,}")] if found else [_READ]


async def traces(file: Path, words: Sequence[str]) -> int | None:
    """In how many places of a SQLite file, its journal and its log `words` stand; None if they cannot be read."""
    told = {"files": [f"{file}{end}" for end in ("", "-wal", "-journal")], "words": list(words)}
    program = await asyncio.create_subprocess_exec(
        *_PROGRAM, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            out, _ = await program.communicate(json.dumps(told).encode())
        return int(out)
    except (TimeoutError, ValueError, OSError):
        return None
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()


def _file(engine: Engine) -> Path | None:
    """The file of a SQLite database; None for any other."""
    if engine.dialect.name != "sqlite":
        return None
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA database_list")
        return Path(cursor.fetchall()[0][2])
    finally:
        connection.close()


async def _log_emptied(writer: Writer) -> bool:
    """Whether the write-ahead log, if there is one, is empty now."""

    def once(engine: Engine) -> bool:
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return int(cursor.fetchall()[0][0]) == 0
        except DATABASE_ERRORS:
            return False
        finally:
            connection.close()

    for _ in range(_TRIES):
        if await writer.run(once):
            return True
        await asyncio.sleep(_PAUSE_SECONDS)
    return False


def _anew(engine: Engine) -> str:
    """Write the file anew, in the writer's thread: nobody else may write meanwhile."""
    connection = engine.raw_connection()
    try:
        for attempt in range(_TRIES):
            try:
                connection.cursor().execute("VACUUM")
                break
            except DATABASE_ERRORS as error:
                if not is_busy(error) or attempt == _TRIES - 1:
                    return _BUSY if is_busy(error) else _REFUSED
                time.sleep(_PAUSE_SECONDS)
    finally:
        connection.close()
    return _ANEW


def _vacuumed(engine: Engine) -> Sequence[str]:
    """Vacuum the tables of PostgreSQL, beside the writer: it stops nobody."""
    connection = engine.raw_connection()
    try:
        driver = connection.driver_connection
        assert driver is not None  # noqa: S101  a raw connection has one
        driver.autocommit = True
        cursor: Cursor = connection.cursor()
        cursor.execute("SET statement_timeout = 0")
        names = dict.fromkeys(table.name for table, _ in tables_with(Says.NUMBER, Says.PERSON, Says.WORDS))
        cursor.execute(f"VACUUM {', '.join(names)}")
    except DATABASE_ERRORS:
        return [_NOT_VACUUMED, _ELSEWHERE]
    finally:
        connection.close()
    return [_VACUUMED, _ELSEWHERE]
