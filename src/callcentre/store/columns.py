"""What every table is made of: aware times exact on both databases, names of constraints, words of an enumeration."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Dialect, MetaData
from sqlalchemy.types import TypeDecorator, TypeEngine

from callcentre.core.errors import NaiveTime

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

metadata = MetaData(naming_convention=NAMING)


def one_of(column: str, words: Iterable[StrEnum]) -> CheckConstraint:
    """A CHECK that `column` holds one of `words`."""
    listed = ", ".join(f"'{word}'" for word in words)
    # `end` is a word of SQL itself.
    quoted = f'"{column}"' if column == "end" else column
    return CheckConstraint(f"{quoted} IN ({listed})", name=column)
