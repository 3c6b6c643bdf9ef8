"""Reads of what staffing needs: calls counted by five minutes, when a line was watched, how many were there."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    and_,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal_column,
    select,
    type_coerce,
)

from callcentre.core.calendar import Span
from callcentre.core.staff import CELL, Cell, Tally
from callcentre.core.terms import Origin, Outcome
from callcentre.store.columns import EPOCH
from callcentre.store.reader import AnyRow, AnySelect, Reader
from callcentre.store.tables import attendance, calls, gaps, presence, progress

_WINDOW: Final = timedelta(days=3)
"""Calls are counted so many days at a time: 864 cells, so no more rows, however many calls there were."""

_CELL_SECONDS: Final = int(CELL.total_seconds())
_UNDECIDED: Final = (Outcome.LOST.value, Outcome.IN_PROGRESS.value)
_GAVE_UP: Final = (Outcome.ABANDONED.value, Outcome.SHORT_ABANDONED.value)


class StaffingQueries(Reader):
    """What core.staff works with."""

    async def call_cells(
        self, pbx: str, line: str, since: datetime, until: datetime, within: float | None
    ) -> AsyncIterator[Sequence[Cell]]:
        """Count the line's calls offered in [since, until) by cells of core.staff.CELL, in order, three days at a time.

        Cells without calls are left out. `within` seconds is in time; None: nothing is.
        """
        begin, counted = since, self._count(pbx, line, within)
        while begin < until:
            end = min(begin + _WINDOW, until)
            yield [_cell(row) for row in await self._rows(counted.params(since=begin, until=end))]
            begin = end

    def _count(self, pbx: str, line: str, within: float | None) -> AnySelect:
        """Made once for all windows, with the parameters `since` and `until`."""
        cell = self._cell_number()
        called = calls.c
        outside = and_(called.origin == Origin.EXTERNAL.value, called.outcome.not_in(_UNDECIDED))
        answered = and_(outside, called.outcome == Outcome.ANSWERED.value)
        in_time = and_(answered, called.wait_seconds <= within) if within is not None else None
        query: AnySelect = select(
            cell.label("cell"),
            func.count().label("offered"),
            func.count(called.talk_seconds).label("talked"),
            func.sum(called.talk_seconds).label("talk_seconds"),
            _how_many(and_(called.answered_at.is_not(None), called.ring_seconds.is_not(None))).label("rung"),
            func.sum(case((called.answered_at.is_not(None), called.ring_seconds))).label("ring_seconds"),
            func.sum(called.wait_seconds).label("wait_seconds"),
            _how_many(and_(called.outcome.in_(_GAVE_UP), called.wait_seconds.is_not(None))).label("gave_up"),
            _how_many(outside).label("outside"),
            _how_many(answered).label("outside_answered"),
            _how_many(and_(outside, called.outcome == Outcome.SHORT_ABANDONED.value)).label("outside_short"),
            _how_many(in_time).label("in_time"),
        )
        # Of a PBX named plainly SQLite would read all calls by the primary key, for each window once.
        of_line = and_(called.line == line, called.pbx.concat("") == pbx)
        begins, ends = (bindparam(name, type_=called.offered_at.type) for name in ("since", "until"))
        return query.where(called.offered_at >= begins, called.offered_at < ends, of_line).group_by(cell).order_by(cell)

    def _cell_number(self) -> ColumnElement[int]:
        """How many cells after 1970 a call was offered: whole numbers, exact on both databases."""
        # Written out, not bound: PostgreSQL would take two parameters, in SELECT and in GROUP BY, for different ones.
        if self._readers.dialect == "sqlite":
            length = literal_column(str(_CELL_SECONDS * 1_000_000), Integer)
            return type_coerce(calls.c.offered_at, BigInteger) // length
        seconds: ColumnElement[Any] = extract("epoch", calls.c.offered_at)
        return cast(func.floor(seconds / literal_column(str(_CELL_SECONDS), Integer)), BigInteger)

    async def watched(self, pbx: str, line: str) -> Span | None:
        """From the first that is known of the line until the PBX was last seen; None if nothing is known."""
        first = [
            select(when.label("at")).where(table.c.pbx == pbx, table.c.line == line).order_by(when).limit(1)
            for table, when in ((calls, calls.c.offered_at), (attendance, attendance.c.at), (presence, presence.c.at))
        ]
        found = [row.at for query in first for row in await self._rows(query)]
        last = await self._rows(select(progress.c.last_fact_at).where(progress.c.pbx == pbx))
        if not found or not last:
            return None
        return min(found), last[0].last_fact_at

    async def hidden(self, pbx: str, since: datetime, until: datetime) -> list[Span]:
        """Return all times in [since, until) that the PBX was out of sight; one that lasts ends with `until`."""
        ends_later = gaps.c.closed_at.is_(None) | (gaps.c.closed_at >= since)
        wanted = and_(gaps.c.pbx == pbx, gaps.c.opened_at < until, ends_later)
        pages = self._pages(select(gaps.c.opened_at, gaps.c.closed_at), wanted, gaps.c.opened_at)
        return [(row.opened_at, row.closed_at or until) async for page in pages for row in page]

    async def presence_between(
        self, pbx: str, line: str, since: datetime, until: datetime
    ) -> AsyncIterator[Sequence[tuple[datetime, int | None]]]:
        """Yield how many could answer since when (None: unknown): the last before `since`, then pages until `until`."""
        of_line = and_(presence.c.pbx == pbx, presence.c.line == line)
        rows = select(presence.c.at, presence.c.there)
        last = rows.where(of_line, presence.c.at < since).order_by(presence.c.at.desc()).limit(1)
        yield [(row.at, row.there) for row in await self._rows(last)]
        wanted = and_(of_line, presence.c.at >= since, presence.c.at < until)
        async for page in self._pages(rows, wanted, presence.c.at):
            yield [(row.at, row.there) for row in page]


def _how_many(wanted: ColumnElement[bool] | None) -> ColumnElement[Any]:
    return func.count(case((wanted, 1))) if wanted is not None else func.count(case((calls.c.pbx.is_(None), 1)))


def _cell(row: AnyRow) -> Cell:
    counted = {name: value or 0 for name, value in row._asdict().items() if name != "cell"}
    return Cell(EPOCH + row.cell * CELL, Tally(**counted))
