"""What was settled at first contact (H1): what agents said, and what callers did, each counted by line and period.

The definitions, and what they leave out: docs/explanation/first-contact.md.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    case,
    exists,
    func,
    literal_column,
    select,
    text,
    tuple_,
    type_coerce,
)

from callcentre.core.terms import CallKey, Origin, Outcome, WrapKind
from callcentre.store.call_search import Place
from callcentre.store.reader import PAGE, AnyRow, AnySelect, Reader, all_rows
from callcentre.store.spelling import in_one_spelling
from callcentre.store.tables import calls, tasks, wrap_ups

WINDOW: Final = timedelta(days=7)
"""A caller who does not call again within this time is taken to have been helped."""

_WINDOW_MICROSECONDS: Final = WINDOW // timedelta(microseconds=1)
# Hours, because days of PostgreSQL's are those of clocks.
_WINDOW_IN_SQL: Final = "interval '168 hours'"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstContact:
    """The two figures of one line in [since, until), as counts.

    `resolved` of `said` answered calls were resolved by the last word that an agent said of them, and
    `callbacks_resolved` of `callbacks_said` closed callbacks. `alone` of `counted` answered outside calls were followed
    by no other of their number within WINDOW; `open` are those whose WINDOW is not over, `unnumbered` those without a
    number: withheld, or erased since.
    """

    line: str
    since: datetime
    until: datetime
    resolved: int = 0
    said: int = 0
    callbacks_resolved: int = 0
    callbacks_said: int = 0
    alone: int = 0
    counted: int = 0
    open: int = 0
    unnumbered: int = 0

    @property
    def said_share(self) -> float | None:
        """The wrap-up figure: the share of calls and callbacks resolved, by what agents said. None: nobody said."""
        said = self.said + self.callbacks_said
        return (self.resolved + self.callbacks_resolved) / said if said else None

    @property
    def inferred_share(self) -> float | None:
        """The inferred figure: the share of callers who did not call again. None: nothing to count yet."""
        return self.alone / self.counted if self.counted else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """An answered call, and the next of the same number, within WINDOW."""

    key: CallKey
    line: str
    offered_at: datetime
    caller: str
    next_key: CallKey
    next_line: str
    next_at: datetime
    next_outcome: Outcome


class FirstContactQueries(Reader):
    """First contact. `edges` are the moments between periods: two make one period, n make n − 1, in order."""

    async def first_contact(self, since: datetime, until: datetime, lines: Collection[str] = ()) -> tuple[int, int]:
        """Count the answered calls that agents spoke of in [since, until): resolved at first contact, and all."""
        found = await self.first_contact_said((since, until), lines)
        return sum(each.resolved for each in found), sum(each.said for each in found)

    async def first_contact_said(self, edges: Sequence[datetime], lines: Collection[str] = ()) -> list[FirstContact]:
        """Count what agents said of each line in each period, in which it was said; the other counts are 0."""
        w, later = wrap_ups.c, wrap_ups.alias()
        of_call = and_(calls.c.pbx == w.pbx, calls.c.uniqueid == w.uniqueid)
        again = and_(
            later.c.pbx == w.pbx, later.c.uniqueid == w.uniqueid, tuple_(later.c.at, later.c.who) > tuple_(w.at, w.who)
        )
        of_calls = (
            select(w.line, period_of(w.at, edges), _sum(w.kind == WrapKind.RESOLVED.value), func.count())
            .join_from(wrap_ups, calls, of_call)
            .where(within(w.at, edges), calls.c.answered_at.is_not(None), ~exists().where(again), *_of(w.line, lines))
            .group_by(literal_column("1"), literal_column("2"))
        )
        t = tasks.c
        of_callbacks = (
            select(t.line, period_of(t.closed_at, edges), _sum(t.resolved.is_(True)), func.count())
            .where(within(t.closed_at, edges), t.resolved.is_not(None), *_of(t.line, lines))
            .group_by(literal_column("1"), literal_column("2"))
        )
        made = [
            FirstContact(line=row[0], since=edges[row[1]], until=edges[row[1] + 1], resolved=row[2], said=row[3])
            for row in await self._rows(of_calls)
        ]
        return made + [
            FirstContact(
                line=row[0],
                since=edges[row[1]],
                until=edges[row[1] + 1],
                callbacks_resolved=row[2],
                callbacks_said=row[3],
            )
            for row in await self._rows(of_callbacks)
        ]

    async def inferred(
        self, edges: Sequence[datetime], as_of: datetime, lines: Collection[str] = ()
    ) -> list[FirstContact]:
        """Count what callers of each line did in each period, in which they were offered; the other counts are 0.

        It follows call by call. A WINDOW is over if it was at `as_of` (now).
        """
        told = self._told(edges[0], edges[-1])
        over = and_(told.c.number.is_not(None), told.c.offered_at < as_of - WINDOW)
        query = (
            select(
                told.c.line,
                period_of(told.c.offered_at, edges),
                _sum(and_(over, ~self._followed(told))),
                _sum(over),
                _sum(and_(told.c.number.is_not(None), told.c.offered_at >= as_of - WINDOW)),
                _sum(told.c.number.is_(None)),
            )
            .where(within(told.c.offered_at, edges), told.c.outcome == Outcome.ANSWERED.value, *_of(told.c.line, lines))
            .group_by(literal_column("1"), literal_column("2"))
        )
        return [
            FirstContact(
                line=row[0],
                since=edges[row[1]],
                until=edges[row[1] + 1],
                alone=row[2],
                counted=row[3],
                open=row[4],
                unnumbered=row[5],
            )
            for row in await self._read(lambda connection: self._with_room(connection, query))
        ]

    def _with_room(self, connection: Connection, query: AnySelect) -> Sequence[AnyRow]:
        """Carry out a query that follows many calls one by one: sorted in memory, and given a minute."""
        if self._readers.dialect == "postgresql":
            connection.execute(text("SET LOCAL work_mem = '64MB'"))
            connection.execute(text("SET LOCAL statement_timeout = '60s'"))
        return all_rows(connection, query)

    async def followed_calls(
        self,
        since: datetime,
        until: datetime,
        lines: Collection[str] = (),
        *,
        after: Place | None = None,
        limit: int = 50,
    ) -> list[Followed]:
        """Return at most `limit` (1,000) answered calls of [since, until) that another followed, the newest first.

        Those `after` the last one of another page.
        """
        told = self._told(since, until, which=True)
        order = (told.c.offered_at, told.c.line, told.c.pbx, told.c.uniqueid)
        where = [told.c.offered_at < until, told.c.outcome == Outcome.ANSWERED.value, self._followed(told)]
        where += _of(told.c.line, lines)
        if after is not None:
            place = (after.offered_at, after.line, after.key.pbx, after.key.uniqueid)
            where.append(tuple_(*order) < tuple_(*place, types=[column.type for column in order]))
        following = and_(calls.c.pbx == told.c.next_pbx, calls.c.uniqueid == told.c.next_uniqueid)
        query = (
            select(*told.c, calls.c.line.label("next_line"), calls.c.outcome.label("next_outcome"))
            .join_from(told, calls, following)
            .where(*where)
            .order_by(*(column.desc() for column in order))
        )
        return [_followed_call(row) for row in await self._rows(query.limit(min(limit, PAGE)))]

    def _told(self, since: datetime, until: datetime, *, which: bool = False) -> CTE:
        """All outside calls of [since, until + WINDOW] with their numbers, and when the next of each number came.

        One pass over them: asking for each call whether another followed takes many times as long. With `which`, also
        which call the next one was.
        """
        c = calls.c
        wanted = and_(c.offered_at >= since, c.offered_at <= until + WINDOW, c.origin == Origin.EXTERNAL.value)
        columns = (c.pbx, c.uniqueid, c.line, c.offered_at, c.outcome)
        of_call = columns if which else (c.line, c.offered_at, c.outcome)
        # Materialised: else SQLite works the number out wherever it is named.
        given = select(*of_call, in_one_spelling(c.caller).label("number")).where(wanted).cte("given")
        spelt = given.prefix_with("MATERIALIZED")
        s = spelt.c
        order = (s.offered_at, s.pbx, s.uniqueid) if which else (s.offered_at,)

        def following(column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
            of_number = func.lead(column, type_=column.type).over(partition_by=self._plainly(s.number), order_by=order)
            return of_number.label(name)

        named = ((s.pbx, "next_pbx"), (s.uniqueid, "next_uniqueid")) if which else ()
        following_ones = (following(column, name) for column, name in ((s.offered_at, "next_at"), *named))
        return select(*s, *following_ones).cte("told")

    def _plainly(self, number: ColumnElement[Any]) -> ColumnElement[Any]:
        """By its bytes: to sort digits as words of a language takes PostgreSQL three times as long."""
        return number if self._readers.dialect == "sqlite" else number.collate("C")

    def _followed(self, told: CTE) -> ColumnElement[bool]:
        """Whether another call of the same number came within WINDOW."""
        if self._readers.dialect == "sqlite":
            end: ColumnElement[Any] = type_coerce(told.c.offered_at, BigInteger) + _WINDOW_MICROSECONDS
            came = type_coerce(told.c.next_at, BigInteger) <= end
        else:
            came = told.c.next_at <= told.c.offered_at + literal_column(_WINDOW_IN_SQL)
        return and_(told.c.number.is_not(None), told.c.next_at.is_not(None), came)


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _of(column: ColumnElement[str], lines: Collection[str]) -> list[ColumnElement[bool]]:
    return [column.in_(sorted(lines))] if lines else []


def within(column: ColumnElement[Any], edges: Sequence[datetime]) -> ColumnElement[bool]:
    """Whether a time is in any of the periods between `edges`."""
    return and_(column >= edges[0], column < edges[-1])


def period_of(column: ColumnElement[Any], edges: Sequence[datetime]) -> ColumnElement[int]:
    """The number of the period between `edges` that a time is in, from 0."""
    if len(edges) == 2:
        return literal_column("0")
    return case(*((column < edge, literal_column(str(n))) for n, edge in enumerate(edges[1:])))


def _followed_call(row: AnyRow) -> Followed:
    return Followed(
        key=CallKey(row.pbx, row.uniqueid),
        line=row.line,
        offered_at=row.offered_at,
        caller=row.number,
        next_key=CallKey(row.next_pbx, row.next_uniqueid),
        next_line=row.next_line,
        next_at=row.next_at,
        next_outcome=Outcome(row.next_outcome),
    )
