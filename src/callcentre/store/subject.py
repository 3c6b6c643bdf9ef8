"""Everything that is kept of one person: for their right of access (UK GDPR, Article 15). Read only.

Rows are found by the number in any spelling, or by the cases of a name or an address; then what hangs on them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, func, or_, select

from callcentre.core.numbers import canonical
from callcentre.store import tables
from callcentre.store.accounts import AccountStore
from callcentre.store.erasing import like_of, spellings
from callcentre.store.personal import Says, columns_of, tables_with
from callcentre.store.reader import AnyRow

_WHOLE: Final = 7

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table that may tell of a caller: by a number of its own, or by `of`: the column that names a row of `by`."""

    table: Table
    by: str = ""
    of: str = ""
    key: str = ""


SOURCES: Final = (
    *(Source(table=table) for table, _ in tables_with(Says.NUMBER)),
    Source(table=tables.ring_attempts, by="calls", of="uniqueid", key="uniqueid"),
    Source(table=tables.visits, by="calls", of="uniqueid", key="uniqueid"),
    Source(table=tables.voicemail_uses, by="calls", of="uniqueid", key="uniqueid"),
    Source(table=tables.satisfaction, by="calls", of="uniqueid", key="uniqueid"),
    Source(table=tables.task_history, by="tasks", of="task", key="number"),
    Source(table=tables.filings, by="tasks", of="task", key="number"),
    Source(table=tables.outbox, by="tasks", of="task", key="number"),
    Source(table=tables.transcripts, by="messages", of="key", key="key"),
    Source(table=tables.case_history, by="cases", of="case_number", key="number"),
    Source(table=tables.case_clocks, by="cases", of="case_number", key="number"),
)
"""Where to look, those first on which others hang."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is kept of a person: rows by table, `mentions` of the number in other words, `recordings` in mailboxes."""

    tables: Mapping[str, Rows]
    mentions: Mapping[str, Rows]
    recordings: Rows

    @property
    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        return {name: len(rows) for name, rows in self.tables.items() if rows}


class Subjects(AccountStore):
    """Finds what is kept of a person. Raises StoreUnavailable."""

    async def of(self, *, number: str | None, name: str = "", email: str = "", pbxs: Iterable[str] = ()) -> Subject:
        """Everything of a `number` (in the spelling of core.numbers), or of the cases of a name or an address."""
        wanted = frozenset(pbxs)
        found: dict[str, Rows] = {}
        for source in SOURCES:
            rows = await self._source(source, found, wanted, number, name, email)
            found[source.table.name] = rows
        messages = [row for row in found["messages"] if row["in_mailbox"]]
        recordings = [
            {key: row[key] for key in ("pbx", "mailbox", "folder", "left_at", "duration")} for row in messages
        ]
        return Subject(
            tables=found,
            mentions={} if number is None else await self._mentions(number, found),
            recordings=recordings,
        )

    async def _source(
        self,
        source: Source,
        found: Mapping[str, Rows],
        pbxs: frozenset[str],
        number: str | None,
        name: str,
        email: str,
    ) -> Rows:
        table = source.table
        if source.by:
            keys = [(row["pbx"], row[source.key]) for row in found[source.by]]
            return [
                row
                for pbx, key in keys
                for row in await self._all(table, table.c.pbx == pbx, table.c[source.of] == key)
            ]
        rows = [] if number is None else await self._numbered(table, number)
        if table is tables.cases and (name or email):
            rows += await self._named(name, email)
        return [row for row in rows if row["pbx"] in ("", *pbxs)] if pbxs else rows

    async def _numbered(self, table: Table, number: str) -> Rows:
        columns = columns_of(table, Says.NUMBER)
        like = like_of(number)
        candidates = await self._all(table, or_(*(column.like(like) for column in columns)))
        return [row for row in candidates if any(canonical(row[column.name]) == number for column in columns)]

    async def _named(self, name: str, email: str) -> Rows:
        c, ways = tables.cases.c, list[ColumnElement[bool]]()
        ways += [func.lower(c.name).contains(name.strip().lower(), autoescape=True)] if name.strip() else []
        ways += [func.lower(c.email) == email.strip().lower()] if email.strip() else []
        return await self._all(tables.cases, or_(*ways))

    async def _mentions(self, number: str, found: Mapping[str, Rows]) -> dict[str, Rows]:
        """Words in which the number stands, of rows that were not found already."""
        if len(number.lstrip("+0")) < _WHOLE:
            return {}
        told: dict[str, Rows] = {}
        needle = spellings(number)
        for table, columns in tables_with(Says.WORDS):
            known = [tuple(row[key.name] for key in table.primary_key) for row in found.get(table.name, ())]
            rows = await self._all(table, or_(*(column.like(like_of(number)) for column in columns)))
            told[table.name] = [
                row
                for row in rows
                if tuple(row[key.name] for key in table.primary_key) not in known
                and any(needle.search(row[column.name] or "") for column in columns)
            ]
        return {name: rows for name, rows in told.items() if rows}

    async def _all(self, table: Table, *wanted: ColumnElement[bool]) -> Rows:
        pages = self._pages(select(table), _and(wanted), *table.primary_key)
        return [_told(row) async for page in pages for row in page]


def _and(wanted: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    first, *others = wanted
    for other in others:
        first &= other
    return first


def _told(row: AnyRow) -> dict[str, Any]:
    return {
        name: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for name, value in zip(row._fields, row, strict=True)
    }
