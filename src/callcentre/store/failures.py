"""What a database says when something fails, told in our own errors.

No password and no row's content gets into them. The drivers' own words may hold both, so only SQLite's fixed sentences
and PostgreSQL's primary message are repeated, and of a refused row only the name of the constraint.
"""

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError

from callcentre.core.errors import CallcentreError, NaiveTime, StoreConflict, StoreUnavailable

# What a value can raise before or in the database; asking again with the same value gives the same answer.
_REFUSALS = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    psycopg.IntegrityError,
    psycopg.DataError,
    psycopg.errors.ProgramLimitExceeded,
    NaiveTime,
    OverflowError,
    UnicodeError,
)
_BUSY = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.SerializationFailure,
)
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NO_TABLE = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)

# Everything that a database or its driver raises; anything else is a fault of ours and goes its way.
DATABASE_ERRORS = (DBAPIError, sqlite3.Error, psycopg.Error, OSError, NaiveTime, OverflowError, UnicodeError)


def cause(error: Exception) -> BaseException:
    """Return the driver's own error, freed of SQLAlchemy's wrapping."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def is_busy(error: Exception) -> bool:
    """Whether another transaction stood in the way: the same transaction tried again may succeed."""
    found = cause(error)
    if isinstance(found, sqlite3.OperationalError):
        return (getattr(found, "sqlite_errorcode", 0) & 0xFF) in _SQLITE_BUSY
    return isinstance(found, _BUSY)


def is_refusal(error: Exception) -> bool:
    """Whether the database (or the way to it) refused a value."""
    return isinstance(cause(error), _REFUSALS)


def told(error: Exception, where: str) -> CallcentreError:
    """Return the error to raise for `error` of the database at `where` (its address, without password)."""
    found = cause(error)
    if is_refusal(error):
        return StoreConflict(f"{where} refused a row: {_refusal(found)}")
    if is_busy(error):
        return StoreUnavailable(f"{where} is locked by another transaction; it can be used again once that has ended")
    if isinstance(found, _NO_TABLE) or (isinstance(found, sqlite3.OperationalError) and "no such" in str(found)):
        return StoreUnavailable(f"{where} lacks a table or column; run `callcentre upgrade-db`")
    return StoreUnavailable(f"{where} cannot be used: {_words(found)}")


def _refusal(found: BaseException) -> str:
    if isinstance(found, psycopg.Error):
        return found.diag.constraint_name or type(found).__name__
    if isinstance(found, sqlite3.Error | NaiveTime):
        return str(found)
    return type(found).__name__


def _words(found: BaseException) -> str:
    if isinstance(found, psycopg.Error):
        said = found.diag.message_primary or str(found)
        return said.strip().splitlines()[0] if said.strip() else type(found).__name__
    if isinstance(found, OSError) and found.strerror:
        return found.strerror
    return str(found) or type(found).__name__
