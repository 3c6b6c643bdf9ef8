"""The tables, as the newest migration leaves them. Keys are the PBX's own: (pbx, uniqueid) never repeats.

Times are `UtcTime`: aware in, aware UTC out, exact to the microsecond on both databases. Words of an enumeration are
text with a CHECK, so that a new word is a small migration on either database and readable in both.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from callcentre.core.errors import NaiveTime
from callcentre.core.terms import AttemptResult, Attendance, Hours, Origin, Outcome, Quality, VisitResult

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 of an aware time: what SQLite stores. Raises NaiveTime for a time without an offset."""
    try:
        since = moment - EPOCH
    except TypeError:
        raise NaiveTime(f"{moment.isoformat()} has no offset; the store takes aware times only") from None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class UtcTime(TypeDecorator[datetime]):
    """An aware time: `timestamptz` on PostgreSQL; on SQLite, which would drop the offset, integer microseconds."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type on this database."""
        return BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive time; hand the database its own form."""
        if value is None:
            return None
        exact = microseconds(value)
        return exact if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Give back aware UTC."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return EPOCH + timedelta(microseconds=value)
        moment: datetime = value
        return moment.astimezone(UTC)


NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

UNDECIDED = text("outcome IN ('in_progress', 'lost')")

metadata = MetaData(naming_convention=NAMING)


def _one_of(column: str, words: Iterable[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


calls = Table(
    "calls",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("uniqueid", Text, primary_key=True),
    Column("linkedid", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("did", Text),
    Column("caller", Text),
    Column("origin", Text, nullable=False),
    Column("offered_at", UtcTime, nullable=False),
    Column("first_ring_at", UtcTime),
    Column("answered_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("outcome", Text, nullable=False),
    Column("wait_seconds", Double),
    Column("ring_seconds", Double),
    Column("rings", Integer),
    Column("talk_seconds", Double),
    Column("answered_by", Text),
    Column("within_seconds", Boolean),
    Column("within_rings", Boolean),
    Column("hours", Text, nullable=False),
    Column("quality", Text, nullable=False),
    Column("charter", Text, nullable=False),
    Column("charter_version", Integer, nullable=False),
    _one_of("origin", Origin),
    _one_of("outcome", Outcome),
    _one_of("hours", Hours),
    _one_of("quality", Quality),
    # One index for every range: an office has few lines, and each further index costs every call of every day.
    Index(None, "offered_at", "line"),
    # What a start must restore and a gap must heal: a handful of rows among years of them.
    Index(
        "ix_calls_undecided",
        "pbx",
        "uniqueid",
        sqlite_where=UNDECIDED,
        postgresql_where=UNDECIDED,
    ),
    sqlite_with_rowid=False,
)

ring_attempts = Table(
    "ring_attempts",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("uniqueid", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("interface", Text, nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("ring_start", UtcTime),
    Column("ring_end", UtcTime),
    Column("result", Text),
    Column("after_answer", Boolean, nullable=False),
    Column("progress_only", Boolean, nullable=False),
    _one_of("result", AttemptResult),
    ForeignKeyConstraint(["pbx", "uniqueid"], ["calls.pbx", "calls.uniqueid"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

visits = Table(
    "visits",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("uniqueid", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("queue", Text, nullable=False),
    Column("enter", UtcTime, nullable=False),
    Column("leave", UtcTime),
    Column("result", Text),
    Column("after_answer", Boolean, nullable=False),
    _one_of("result", VisitResult),
    ForeignKeyConstraint(["pbx", "uniqueid"], ["calls.pbx", "calls.uniqueid"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

menu_abandons = Table(
    "menu_abandons",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("uniqueid", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
)

gaps = Table(
    "gaps",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("opened_at", UtcTime, primary_key=True),
    Column("closed_at", UtcTime),
    Column("reason", Text, nullable=False),
)

boots = Table(
    "boots",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("booted_at", UtcTime, primary_key=True),
    Column("seen_at", UtcTime, nullable=False),
)

attendance = Table(
    "attendance",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("line", Text, primary_key=True),
    Column("at", UtcTime, primary_key=True),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("core", Boolean, nullable=False),
    _one_of("state", Attendance),
)

messages = Table(
    "messages",
    metadata,
    Column("pbx", Text, primary_key=True),
    # Which witness names the message, and its name there: see writer.message_key.
    Column("key", Text, primary_key=True),
    Column("mailbox", Text, nullable=False),
    Column("msg_id", Text),
    Column("uniqueid", Text),
    Column("line", Text, nullable=False),
    Column("caller", Text),
    Column("left_at", UtcTime, nullable=False),
    Column("duration", Integer),
    Column("due", UtcTime),
    Column("act_by", UtcTime),
    Column("due_reason", Text, nullable=False),
    Column("quality", Text, nullable=False),
    _one_of("quality", Quality),
    Index(None, "line", "left_at"),
)

progress = Table(
    "progress",
    metadata,
    Column("pbx", Text, primary_key=True),
    # The newest moment of which a fact was committed: where an earlier run's knowledge ends.
    Column("last_fact_at", UtcTime, nullable=False),
)
