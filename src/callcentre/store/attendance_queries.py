"""Reads of attendance: how each line stood and why, breaches and what was done about them."""

import json
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_

from callcentre.core.breach import Breach, BreachStep
from callcentre.core.terms import ActionKind, ActionResult, Attendance, BreachEnd, Mode
from callcentre.store.callback_rows import made_of
from callcentre.store.reader import AnyRow, Reader
from callcentre.store.results import AttendanceRow
from callcentre.store.tables import attendance, breach_steps, breaches, gaps, progress

BreachWithSteps = tuple[Breach, tuple[BreachStep, ...]]
"""A breach and all its steps, in order of seq."""

# The reason of a gap that began with the end of an earlier run (core.sight).
RESTART = "daemon restart"

_ACTED_FOR = timedelta(hours=1)
_NOT_SENT = (ActionResult.OBSERVED.value, ActionResult.HELD_BACK.value, ActionResult.ALREADY.value)
_KEYS_A_QUERY = 250
_KEY = tuple_(breach_steps.c.pbx, breach_steps.c.line, breach_steps.c.since)


class AttendanceQueries(Reader):
    """Attendance, breaches, and until when each PBX was seen; presence is read in staffing_queries.py."""

    async def last_attendance(self, pbx: str) -> list[AttendanceRow]:
        """Return each line's newest attendance."""
        newest = (
            select(attendance.c.line, func.max(attendance.c.at).label("at"))
            .where(attendance.c.pbx == pbx)
            .group_by(attendance.c.line)
            .subquery()
        )
        query = select(attendance).join(
            newest, and_(attendance.c.line == newest.c.line, attendance.c.at == newest.c.at, attendance.c.pbx == pbx)
        )
        return [_attendance(row) for row in await self._rows(query.order_by(attendance.c.line))]

    async def attendance_between(
        self, pbx: str, line: str, since: datetime, until: datetime, *, with_last_before: bool = False
    ) -> AsyncIterator[Sequence[AttendanceRow]]:
        """Yield the changes of a line's attendance in [since, until), in pages.

        `with_last_before`: first the one that still held at `since`, if there was any.
        """
        of_line = and_(attendance.c.pbx == pbx, attendance.c.line == line)
        if with_last_before:
            before = select(attendance).where(of_line, attendance.c.at < since).order_by(attendance.c.at.desc())
            if found := await self._rows(before.limit(1)):
                yield [_attendance(found[0])]
        wanted = and_(of_line, attendance.c.at >= since, attendance.c.at < until)
        async for page in self._pages(select(attendance), wanted, attendance.c.at):
            yield [_attendance(row) for row in page]

    async def seen_until(self) -> dict[str, datetime]:
        """Return until when each PBX was surely seen; those never seen are left out."""
        rows = await self._rows(select(progress).order_by(progress.c.pbx))
        return {row.pbx: row.last_fact_at for row in rows}

    async def restarts_between(self, pbx: str, since: datetime, until: datetime) -> list[datetime]:
        """Return from when on earlier runs no longer saw this PBX, in [since, until), in order."""
        wanted = and_(gaps.c.pbx == pbx, gaps.c.reason == RESTART, gaps.c.opened_at >= since, gaps.c.opened_at < until)
        pages = self._pages(select(gaps.c.pbx, gaps.c.opened_at), wanted, gaps.c.opened_at)
        return [row.opened_at async for page in pages for row in page]

    # --- breaches --------------------------------------------------------------------------------------------------

    async def breaches_between(
        self, since: datetime, until: datetime, *, line: str | None = None, pbxs: Collection[str] | None = None
    ) -> AsyncIterator[Sequence[BreachWithSteps]]:
        """Yield the breaches that touch [since, until), by when they began, each with all its steps, in pages."""
        lasts = or_(breaches.c.ended_at.is_(None), breaches.c.ended_at > since)
        wanted: list[ColumnElement[bool]] = [breaches.c.since < until, or_(breaches.c.since >= since, lasts)]
        wanted += [breaches.c.line == line] if line is not None else []
        wanted += [breaches.c.pbx.in_(sorted(pbxs))] if pbxs is not None else []
        async for page in self._breaches(and_(*wanted)):
            yield page

    async def breach(self, pbx: str, line: str, since: datetime) -> BreachWithSteps | None:
        """Return one breach with its steps."""
        wanted = and_(breaches.c.pbx == pbx, breaches.c.line == line, breaches.c.since == since)
        return next(iter([one async for page in self._breaches(wanted) for one in page]), None)

    async def _open_breaches(self, pbxs: Sequence[str]) -> list[BreachWithSteps]:
        """Not ended, or ended while something that was done is not taken back yet."""
        to_undo = and_(
            breach_steps.c.undoes.is_not(None),
            breach_steps.c.result.in_([ActionResult.WANTED.value, ActionResult.FAILED.value]),
        )
        with_those = select(breach_steps.c.pbx, breach_steps.c.line, breach_steps.c.since).where(to_undo)
        key = tuple_(breaches.c.pbx, breaches.c.line, breaches.c.since)
        wanted = and_(breaches.c.pbx.in_(pbxs), or_(breaches.c.ended_at.is_(None), key.in_(with_those)))
        return [one async for page in self._breaches(wanted) for one in page]

    async def _acted(self, pbxs: Sequence[str], at: datetime) -> list[datetime]:
        """When actions were sent that the limit of an hour counts: none that takes something back."""
        steps = breach_steps.c
        wanted = and_(
            steps.at > at - _ACTED_FOR,
            steps.pbx.in_(pbxs),
            steps.undoes.is_(None),
            steps.result.not_in(_NOT_SENT),
        )
        pages = self._pages(select(breach_steps), wanted, steps.at, steps.pbx, steps.line, steps.since, steps.seq)
        return [row.at async for page in pages for row in page]

    async def _breaches(self, wanted: ColumnElement[bool]) -> AsyncIterator[list[BreachWithSteps]]:
        async for page in self._pages(select(breaches), wanted, breaches.c.since, breaches.c.pbx, breaches.c.line):
            found = [_breach(row) for row in page]
            steps = await self._steps_of(found)
            yield [(one, tuple(steps.get((one.pbx, one.line, one.since), ()))) for one in found]

    async def _steps_of(self, found: Sequence[Breach]) -> dict[tuple[str, str, datetime], list[BreachStep]]:
        steps: dict[tuple[str, str, datetime], list[BreachStep]] = {}
        table = breach_steps.c
        for start in range(0, len(found), _KEYS_A_QUERY):
            some = [(one.pbx, one.line, one.since) for one in found[start : start + _KEYS_A_QUERY]]
            pages = self._pages(select(breach_steps), _KEY.in_(some), table.pbx, table.line, table.since, table.seq)
            async for page in pages:
                for row in page:
                    steps.setdefault((row.pbx, row.line, row.since), []).append(_step(row))
        return steps


def _attendance(row: AnyRow) -> AttendanceRow:
    return made_of(AttendanceRow, row, state=Attendance(row.state), who=tuple(json.loads(row.who)))


def _breach(row: AnyRow) -> Breach:
    return made_of(
        Breach,
        row,
        mode=Mode(row.mode),
        who=tuple(json.loads(row.who)),
        told=tuple(json.loads(row.told)),
        end=None if row.end is None else BreachEnd(row.end),
    )


def _step(row: AnyRow) -> BreachStep:
    return made_of(BreachStep, row, action=ActionKind(row.action), result=ActionResult(row.result))
