"""How things stood day by day, read and counted: what a month's report says when the month is over.

Recorded messages and mailboxes are written with the facts of each look (core.facts.DayStood); days of first contact are
kept here, by whoever counted them (reports/settling.py).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import case, func, literal_column, select

from callcentre.core.facts import DayStood
from callcentre.core.standings import StandingKind
from callcentre.core.terms import Origin, Outcome
from callcentre.store import statements
from callcentre.store.accounts import AccountStore
from callcentre.store.callback_rows import row_of
from callcentre.store.first_contact import period_of, within
from callcentre.store.spelling import in_one_spelling
from callcentre.store.statements import Cursor
from callcentre.store.tables import calls, erased_numbers, standings

_FORGET: Final = "DELETE FROM standings WHERE kind = ? AND since = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """What was counted of a line on the days of a period (from 0), added up; of `days` days anything is known.

    `good` of `good + bad` stood well; of `unknown` it could not be told.
    """

    line: str
    period: int
    good: int
    bad: int
    unknown: int
    days: int


class Standings(AccountStore):
    """Reads and keeps standings. `edges` are the moments between periods, in order. Raises StoreUnavailable."""

    async def stood(
        self,
        kind: StandingKind,
        edges: Sequence[datetime],
        lines: Collection[str],
        *,
        without: Collection[datetime] = (),
    ) -> list[Stood]:
        """Add up the days that began in each period, but those that began at `without`."""
        s = standings.c
        known = case((s.good + s.bad > 0, s.since))
        query = (
            select(
                s.line,
                period_of(s.since, edges).label("period"),
                func.sum(s.good).label("good"),
                func.sum(s.bad).label("bad"),
                func.sum(s.unknown).label("unknown"),
                func.count(known.distinct()).label("days"),
            )
            .where(s.kind == str(kind), within(s.since, edges), s.line.in_(sorted(lines)))
            .group_by(literal_column("1"), literal_column("2"))
        )
        if without:
            query = query.where(s.since.not_in(sorted(without)))
        return [Stood(**row._mapping) for row in await self._rows(query)]  # noqa: SLF001  a public name

    async def whole_days(
        self, kind: StandingKind, since: datetime, until: datetime, lines: Collection[str]
    ) -> set[datetime]:
        """When the days in [since, until) began of which each of `lines` has its count."""
        s = standings.c
        query = select(s.since, func.count(s.line.distinct()).label("lines")).where(
            s.kind == str(kind), s.since >= since, s.since < until, s.line.in_(sorted(lines))
        )
        return {row.since for row in await self._rows(query.group_by(s.since)) if row.lines == len(set(lines))}

    # --- first contact -----------------------------------------------------------------------------------------------

    async def first_call(self) -> datetime | None:
        """When the first call was offered of all that are stored."""
        (row,) = await self._rows(select(func.min(calls.c.offered_at, type_=calls.c.offered_at.type).label("at")))
        at: datetime | None = row.at
        return at

    async def calls_between(self, since: datetime, until: datetime, most: int) -> int:
        """Count the calls offered in [since, until), up to `most`."""
        c = calls.c
        some = select(c.uniqueid).where(c.offered_at >= since, c.offered_at < until).limit(most)
        (row,) = await self._rows(select(func.count().label("calls")).select_from(some.subquery()))
        return int(row.calls)

    async def erased_last(self) -> datetime | None:
        """When a number was erased last, if ever."""
        at = erased_numbers.c.erased_at
        (row,) = await self._rows(select(func.max(at, type_=at.type).label("at")))
        found: datetime | None = row.at
        return found

    async def fewer_numbers(self, edges: Sequence[datetime], lines: Collection[str]) -> list[datetime]:
        """When the days between `edges` began, of which more answered calls are without a number than was counted."""
        c, s = calls.c, standings.c
        place = period_of(c.offered_at, edges).label("period")
        nameless = func.sum(case((in_one_spelling(c.caller).is_(None), 1), else_=0)).label("nameless")
        now = select(place, nameless).where(
            within(c.offered_at, edges),
            c.origin == Origin.EXTERNAL.value,
            c.outcome == Outcome.ANSWERED.value,
            c.line.in_(sorted(lines)),
        )
        then = select(s.since, func.sum(s.unknown).label("nameless")).where(
            s.kind == str(StandingKind.FIRST_CONTACT), within(s.since, edges), s.line.in_(sorted(lines))
        )
        counted = {row.since: int(row.nameless) for row in await self._rows(then.group_by(s.since))}
        found: dict[datetime, int] = {
            edges[row.period]: int(row.nameless) for row in await self._rows(now.group_by(literal_column("1")))
        }
        return sorted(day for day, nameless in counted.items() if found.get(day, 0) > nameless)

    @property
    def changes(self) -> int:
        """How often days were forgotten by calls that were written late, as far as this process wrote them."""
        return self._writer.settled.changes

    async def keep(self, days: Sequence[DayStood], *, changes: int) -> bool:
        """Keep counted days of first contact in place of earlier counts of them; no more than some thousand.

        Returns False, and keeps nothing, if `changes` is another by now: what was counted may not be so any more.
        """
        rows = [row_of(standings, day, self._dialect.form) for day in days]
        newest = max(day.since for day in days)

        def work(cursor: Cursor) -> bool:
            if self._writer.settled.changes != changes:
                return False
            self._dialect.put(cursor, statements.STANDINGS_ANEW, rows)
            self._writer.settled.kept(newest)
            return True

        return await self._writer.transact(work)

    async def forget(self, days: Collection[datetime]) -> None:
        """Remove the counts of first contact of the days that began so."""

        def work(cursor: Cursor) -> None:
            for day in sorted(days):
                when = self._dialect.form.when(day)
                self._dialect.say(cursor, _FORGET, str(StandingKind.FIRST_CONTACT), when)

        await self._writer.transact(work)
