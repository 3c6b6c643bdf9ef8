"""Reads of calls, and of what is known of each PBX."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, and_, func, select, tuple_

from callcentre.core.facts import Call, RingAttempt, Visit
from callcentre.core.terms import AttemptResult, CallKey, Hours, Origin, Outcome, Quality, VisitResult
from callcentre.store.reader import PAGE, AnyRow, AnySelect, Reader, all_rows
from callcentre.store.results import CallCount, Gap
from callcentre.store.tables import boots, calls, gaps, progress, ring_attempts, visits

_KEYS_A_QUERY = 250
COUNTED_BY: Final[Sequence[ColumnElement[Any]]] = (
    calls.c.line,
    calls.c.hours,
    calls.c.origin,
    calls.c.outcome,
    calls.c.within_seconds,
    calls.c.within_rings,
)
"""What calls are counted by: everything that a service level asks for."""


class CallQueries(Reader):
    """Calls, gaps, boots."""

    # --- calls -----------------------------------------------------------------------------------------------------

    async def call(self, key: CallKey) -> Call | None:
        """Return the call of this key."""
        found = await self._calls(and_(calls.c.pbx == key.pbx, calls.c.uniqueid == key.uniqueid))
        return found[0] if found else None

    async def open_calls(self, pbx: str) -> list[Call]:
        """Return all calls of this PBX that were in progress when last written, in order of offering."""
        found = [call async for page in self._undecided(pbx, Outcome.IN_PROGRESS) for call in page]
        return sorted(found, key=lambda call: (call.offered_at, call.key))

    async def lost_calls(self, pbx: str) -> list[Call]:
        """Return all calls of this PBX whose end was not seen and that no other book has told since."""
        return [call async for page in self._undecided(pbx, Outcome.LOST) for call in page]

    async def calls_between(
        self, since: datetime, until: datetime, *, pbx: str | None = None, line: str | None = None
    ) -> AsyncIterator[Sequence[Call]]:
        """Yield the calls offered in [since, until) in order of offering, in pages."""
        wanted = [calls.c.offered_at < until]
        wanted += [calls.c.pbx == pbx] if pbx is not None else []
        wanted += [calls.c.line == line] if line is not None else []
        order = (calls.c.offered_at, calls.c.line, calls.c.pbx, calls.c.uniqueid)
        after: ColumnElement[bool] = calls.c.offered_at >= since
        while page := await self._calls(and_(after, *wanted), order):
            yield page
            if len(page) < PAGE:
                return
            last = page[-1]
            beyond = tuple_(*order) > tuple_(last.offered_at, last.line, last.key.pbx, last.key.uniqueid, types=_TYPES)
            after = and_(calls.c.offered_at >= last.offered_at, beyond)

    async def counts(self, since: datetime, until: datetime, *, line: str | None = None) -> list[CallCount]:
        """Count the calls offered in [since, until), by line and everything that a service level asks for."""
        counted: AnySelect = select(*COUNTED_BY, func.count())
        query = counted.where(calls.c.offered_at >= since, calls.c.offered_at < until)
        if line is not None:
            query = query.where(calls.c.line == line)
        return [counted_call(row) for row in await self._rows(query.group_by(*COUNTED_BY).order_by(*COUNTED_BY))]

    # --- the PBX ---------------------------------------------------------------------------------------------------

    async def open_gaps(self, pbx: str) -> list[Gap]:
        """Return the gaps of this PBX that were not closed."""
        return await self._gaps(select(gaps).where(gaps.c.pbx == pbx, gaps.c.closed_at.is_(None)))

    async def gaps_between(self, pbx: str, since: datetime, until: datetime) -> list[Gap]:
        """Return the gaps (at most 1,000, the latest) that touch [since, until)."""
        ends_later = gaps.c.closed_at.is_(None) | (gaps.c.closed_at > since)
        return await self._gaps(select(gaps).where(gaps.c.pbx == pbx, gaps.c.opened_at < until, ends_later))

    async def last_fact_at(self, pbx: str) -> datetime | None:
        """Return the newest moment of which something was committed; None if nothing ever was."""
        found = await self._rows(select(progress.c.last_fact_at).where(progress.c.pbx == pbx))
        return found[0].last_fact_at if found else None

    async def last_boot(self, pbx: str) -> datetime | None:
        """Return when this PBX started last, as far as it was seen."""
        query = select(boots.c.booted_at).where(boots.c.pbx == pbx).order_by(boots.c.booted_at.desc()).limit(1)
        found = await self._rows(query)
        return found[0].booted_at if found else None

    # --- reading ---------------------------------------------------------------------------------------------------

    async def _undecided(self, pbx: str, outcome: Outcome) -> AsyncIterator[list[Call]]:
        # Both words and the outcome: so both databases see that the small index of undecided calls serves.
        small = and_(calls.c.outcome.in_(["in_progress", "lost"]), calls.c.outcome == outcome.value)
        after = ""
        while page := await self._calls(
            and_(small, calls.c.pbx == pbx, calls.c.uniqueid > after), (calls.c.pbx, calls.c.uniqueid)
        ):
            yield page
            after = page[-1].key.uniqueid

    async def _calls(
        self, wanted: ColumnElement[bool], order: Sequence[ColumnElement[Any]] = (), *, limit: int = PAGE
    ) -> list[Call]:
        """One page of calls with their attempts and visits, all of one moment."""
        return await self._read(lambda connection: _page(connection, wanted, order, min(limit, PAGE)))

    async def _gaps(self, query: AnySelect) -> list[Gap]:
        rows = await self._rows(query.order_by(gaps.c.opened_at.desc()).limit(PAGE))
        return [
            Gap(pbx=row.pbx, opened_at=row.opened_at, closed_at=row.closed_at, reason=row.reason)
            for row in reversed(rows)
        ]


_TYPES = [calls.c.offered_at.type, calls.c.line.type, calls.c.pbx.type, calls.c.uniqueid.type]


def _page(
    connection: Connection, wanted: ColumnElement[bool], order: Sequence[ColumnElement[Any]], limit: int
) -> list[Call]:
    rows = all_rows(connection, select(calls).where(wanted).order_by(*order).limit(limit))
    keys = [(row.pbx, row.uniqueid) for row in rows]
    attempts = _children(connection, ring_attempts, keys)
    stays = _children(connection, visits, keys)
    return [_call(row, attempts.get(key, ()), stays.get(key, ())) for row, key in zip(rows, keys, strict=True)]


def _children(
    connection: Connection, table: Table, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], list[AnyRow]]:
    found: dict[tuple[str, str], list[AnyRow]] = {}
    for pbx in sorted({pbx for pbx, _ in keys}):
        of_pbx = [uniqueid for other, uniqueid in keys if other == pbx]
        for start in range(0, len(of_pbx), _KEYS_A_QUERY):
            some = of_pbx[start : start + _KEYS_A_QUERY]
            query = select(table).where(table.c.pbx == pbx, table.c.uniqueid.in_(some))
            for row in all_rows(connection, query.order_by(table.c.uniqueid, table.c.seq)):
                found.setdefault((pbx, row.uniqueid), []).append(row)
    return found


def _call(row: AnyRow, attempts: Sequence[AnyRow], stays: Sequence[AnyRow]) -> Call:
    return Call(
        key=CallKey(row.pbx, row.uniqueid),
        linkedid=row.linkedid,
        line=row.line,
        did=row.did,
        caller=row.caller,
        origin=Origin(row.origin),
        offered_at=row.offered_at,
        first_ring_at=row.first_ring_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        outcome=Outcome(row.outcome),
        wait_seconds=row.wait_seconds,
        ring_seconds=row.ring_seconds,
        rings=row.rings,
        talk_seconds=row.talk_seconds,
        answered_by=row.answered_by,
        attempts=tuple(_attempt(attempt) for attempt in attempts),
        visits=tuple(_visit(stay) for stay in stays),
        within_seconds=row.within_seconds,
        within_rings=row.within_rings,
        hours=Hours(row.hours),
        quality=Quality(row.quality),
        charter=row.charter,
        charter_version=row.charter_version,
    )


def _attempt(row: AnyRow) -> RingAttempt:
    return RingAttempt(
        interface=row.interface,
        begun_at=row.begun_at,
        ring_start=row.ring_start,
        ring_end=row.ring_end,
        result=None if row.result is None else AttemptResult(row.result),
        after_answer=row.after_answer,
        progress_only=row.progress_only,
    )


def _visit(row: AnyRow) -> Visit:
    return Visit(
        queue=row.queue,
        enter=row.enter,
        leave=row.leave,
        result=None if row.result is None else VisitResult(row.result),
        after_answer=row.after_answer,
    )


def counted_call(row: AnyRow) -> CallCount:
    """The count of a row of COUNTED_BY and a number."""
    return CallCount(
        line=row[0],
        hours=Hours(row[1]),
        origin=Origin(row[2]),
        outcome=Outcome(row[3]),
        within_seconds=row[4],
        within_rings=row[5],
        calls=row[6],
    )
