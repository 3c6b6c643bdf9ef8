"""The calls of a report, counted in one pass: a whole number says all that is counted of a call, SQL groups by it.

Five million rows are read for a year's trend. Grouping by one number takes half the time of grouping by seven columns,
and a civil day at a time keeps each read short, so that nothing waits behind it.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    select,
    type_coerce,
)

from callcentre.core.terms import Hours, Origin, Outcome, Quality
from callcentre.store.columns import UtcTime
from callcentre.store.reader import AnySelect, Reader
from callcentre.store.results import Gap
from callcentre.store.tables import calls, gaps

SLOT: Final = timedelta(minutes=30)
"""So finely the calls of a day are counted: no zone's clocks differ by less from a whole hour."""

_SLOTS: Final = 64
_AT_ONCE: Final = 2
"""So many days are read side by side: a third read is left to whoever looks at a page."""

_BEFORE_A_GAP: Final = timedelta(hours=1)
_LONGEST: Final = 20
_SLOT_MICROSECONDS: Final = SLOT // timedelta(microseconds=1)
# The commonest first: each call passes those before its own.
_OUTCOMES: Final = (
    Outcome.ANSWERED,
    Outcome.ABANDONED,
    Outcome.VOICEMAIL,
    Outcome.SHORT_ABANDONED,
    Outcome.VOICEMAIL_EMPTY,
    Outcome.CLOSED,
    Outcome.REFUSED,
    Outcome.OVERFLOWED,
    Outcome.LOST,
    Outcome.IN_PROGRESS,
)
_QUALITIES: Final = (Quality.COMPLETE, Quality.PARTIAL, Quality.INFERRED)
_VERDICTS: Final = (None, False, True)


@dataclass(frozen=True, slots=True)
class Counted:
    """All that is counted of a call. `line` is empty for one that was not named."""

    line: str
    version: int
    outcome: Outcome
    core: bool
    within_seconds: bool | None
    within_rings: bool | None
    quality: Quality


Tally = Mapping[Counted, Sequence[int]]
"""How many calls there are of each: one number, or one for each SLOT since midnight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedGap:
    """A gap, and how many of the calls that ran in it are marked partial, and lost. None: not counted."""

    gap: Gap
    partial: int | None
    lost: int | None


class ReportCalls(Reader):
    """The calls of a charter, by the charter's name on each call's row."""

    async def counted(
        self,
        days: Sequence[tuple[datetime, datetime]],
        *,
        charter: str,
        pbxs: Collection[str],
        lines: Sequence[str],
        only: bool = False,
        by_slot: bool = False,
    ) -> list[Tally]:
        """Count the outside calls of `charter` offered in each of `days` [begin, end); civil days if `by_slot`.

        Without `by_slot`, for a trend, only those of core hours, all as if they were complete.
        `lines` are told by name, those of other lines as the line "". `only`: leave those out.
        """
        turns = asyncio.Semaphore(_AT_ONCE)
        query = self._query(charter, sorted(pbxs), lines, only=only, by_slot=by_slot)

        async def one(begin: datetime, end: datetime) -> Tally:
            async with turns:
                rows = await self._read(
                    lambda connection: connection.execute(query, {"begin": begin, "end": end}).all()
                )
            return _decoded(rows, lines, by_slot=by_slot)

        return list(await asyncio.gather(*(one(begin, end) for begin, end in days)))

    async def other_lines(
        self, since: datetime, until: datetime, *, charter: str, pbxs: Collection[str], known: Collection[str]
    ) -> list[str]:
        """Name the lines not `known` that have outside calls of `charter` offered in [since, until)."""
        c = calls.c
        query = select(c.line).where(
            c.offered_at >= since,
            c.offered_at < until,
            c.line.not_in(sorted(known)),
            c.origin == Origin.EXTERNAL.value,
            c.charter == charter,
            _of(pbxs),
        )
        return sorted(row.line for row in await self._rows(query.distinct().limit(1_000)))

    def _query(
        self, charter: str, pbxs: Sequence[str], lines: Sequence[str], *, only: bool, by_slot: bool
    ) -> AnySelect:
        c = calls.c
        begin, end = bindparam("begin", type_=UtcTime()), bindparam("end", type_=UtcTime())
        code: ColumnElement[Any] = cast(c.charter_version, BigInteger) * _n(len(lines) + 1)
        code = code + (_place(c.line, lines, len(lines)) if lines else _n(0))
        code = code * _n(len(_OUTCOMES)) + _place(c.outcome, [word.value for word in _OUTCOMES], len(_OUTCOMES) - 1)
        core = c.hours == Hours.CORE.value
        code = code * _n(2) + (case((core, _n(1)), else_=_n(0)) if by_slot else _n(1))
        for verdict in (c.within_seconds, c.within_rings):
            code = code * _n(3) + case((verdict.is_(None), _n(0)), (verdict, _n(2)), else_=_n(1))
        code = code * _n(3) + (_place(c.quality, [word.value for word in _QUALITIES], 0) if by_slot else _n(0))
        if by_slot:
            code = code * _n(_SLOTS) + self._slot(begin)
        wanted = [
            c.offered_at >= begin,
            c.offered_at < end,
            c.origin == Origin.EXTERNAL.value,
            c.charter == charter,
            _of(pbxs),
            *([c.line.in_(sorted(lines))] if only else []),
            *([] if by_slot else [core]),
        ]
        return select(code.label("code"), func.count().label("calls")).where(*wanted).group_by(literal_column("1"))

    def _slot(self, begin: ColumnElement[Any]) -> ColumnElement[Any]:
        at = calls.c.offered_at
        if self._readers.dialect == "sqlite":
            return (type_coerce(at, BigInteger) - type_coerce(begin, BigInteger)) // _n(_SLOT_MICROSECONDS)
        return cast(func.floor(func.date_part("epoch", at - begin) / int(SLOT.total_seconds())), Integer)

    # --- gaps ------------------------------------------------------------------------------------------------------

    async def touched_gaps(
        self, since: datetime, until: datetime, *, charter: str, pbxs: Collection[str]
    ) -> list[TouchedGap]:
        """Return the gaps (at most 1,000) that touch [since, until), in order, and what the longest 20 touched.

        A call ran in a gap if it was offered before its end, at most an hour before its begin, and not ended before it.
        """
        lasts = gaps.c.closed_at.is_(None) | (gaps.c.closed_at > since)
        query = select(gaps).where(gaps.c.pbx.in_(sorted(pbxs)), gaps.c.opened_at < until, lasts)
        rows = await self._rows(query.order_by(gaps.c.opened_at, gaps.c.pbx).limit(1_000))
        found = [Gap(pbx=row.pbx, opened_at=row.opened_at, closed_at=row.closed_at, reason=row.reason) for row in rows]
        longest = sorted(found, key=lambda gap: (gap.closed_at or until) - gap.opened_at, reverse=True)[:_LONGEST]
        touched = {(gap.pbx, gap.opened_at): await self._touched(gap, until, charter) for gap in longest}
        unknown = (None, None)
        return [
            TouchedGap(gap=gap, partial=partial, lost=lost)
            for gap in found
            for partial, lost in [touched.get((gap.pbx, gap.opened_at), unknown)]
        ]

    async def gap_periods(self, edges: Sequence[datetime], now: datetime, *, pbxs: Collection[str]) -> list[int]:
        """Return the periods between `edges`, from 0, that have begun and that a gap touches."""
        g = gaps.c
        touched = [
            exists().where(
                g.pbx.in_(sorted(pbxs)), g.opened_at < min(end, now), g.closed_at.is_(None) | (g.closed_at > begin)
            )
            for begin, end in pairwise(edges)
        ]
        (row,) = await self._rows(select(*(one.label(f"in_{place}") for place, one in enumerate(touched))))
        return [place for place, is_touched in enumerate(row) if is_touched]

    async def _touched(self, gap: Gap, until: datetime, charter: str) -> tuple[int, int]:
        c = calls.c
        lost = c.outcome == Outcome.LOST.value
        query = select(
            func.count().filter(c.quality == Quality.PARTIAL.value).label("partial"),
            func.count().filter(lost).label("lost"),
        ).where(
            c.offered_at >= gap.opened_at - _BEFORE_A_GAP,
            c.offered_at < (gap.closed_at or until),
            _of([gap.pbx]),
            c.charter == charter,
            c.origin == Origin.EXTERNAL.value,
            c.ended_at.is_(None) | (c.ended_at >= gap.opened_at),
        )
        (row,) = await self._rows(query)
        return row.partial, row.lost


def _n(number: int) -> ColumnElement[int]:
    # Written out, not bound: it is the same in each place of the statement, which is grouped by what it makes.
    return literal_column(str(int(number)), BigInteger)


def _of(pbxs: Collection[str]) -> ColumnElement[bool]:
    # Not as a bare column: SQLite would rather read all years of a PBX by its key than a day by its time. Nor by
    # IN (…), which it looks up in a table of its own for each call.
    return _place(calls.c.pbx, sorted(pbxs), -1) >= _n(0)


def _place(column: ColumnElement[str], words: Sequence[str], otherwise: int) -> ColumnElement[Any]:
    """The place of a word among `words`."""
    return case({word: _n(place) for place, word in enumerate(words)}, value=column, else_=_n(otherwise))


def _decoded(rows: Sequence[Any], lines: Sequence[str], *, by_slot: bool) -> Tally:
    slots = _SLOTS if by_slot else 1
    found: dict[int, list[int]] = {}
    for number, calls_of in rows:
        code, slot = divmod(number, slots)
        numbers = found.get(code)
        if numbers is None:
            numbers = found[code] = [0] * slots
        numbers[slot] += calls_of
    return {_counted(code, lines): numbers for code, numbers in found.items()}


def _counted(code: int, lines: Sequence[str]) -> Counted:
    code, quality = divmod(code, 3)
    code, rings = divmod(code, 3)
    code, seconds = divmod(code, 3)
    code, core = divmod(code, 2)
    code, outcome = divmod(code, len(_OUTCOMES))
    version, line = divmod(code, len(lines) + 1)
    return Counted(
        line=lines[line] if line < len(lines) else "",
        version=version,
        outcome=_OUTCOMES[outcome],
        core=bool(core),
        within_seconds=_VERDICTS[seconds],
        within_rings=_VERDICTS[rings],
        quality=_QUALITIES[quality],
    )
