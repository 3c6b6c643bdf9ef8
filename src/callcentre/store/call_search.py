"""Calls looked for: by line, time, outcome, verdict, telephone or part of a number; the newest first, page by page.

A page is found by the place of the last row before it (keyset), so that the thousandth costs as much as the first. All
orders begin with offered_at, whose index serves them; the range bounds what a search without any other term reads.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_

from callcentre.core.facts import Call, VoicemailUsed
from callcentre.core.numbers import canonical
from callcentre.core.terms import CallKey, Hours, Origin, Outcome, Quality
from callcentre.store import callback_rows as read
from callcentre.store.call_queries import COUNTED_BY, CallQueries, counted_call
from callcentre.store.reader import AnyRow
from callcentre.store.results import CallCount
from callcentre.store.tables import calls, filings, messages, tasks, voicemail_uses

_ESCAPE: Final = "\\"
_TOLD_WITHIN: Final = timedelta(hours=1)
"""A message is complete at the latest so long after the call's end was seen: no recording is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsWanted:
    """Which calls: offered in [since, until), and all of what is given. `lines` empty: all.

    `answered_by` is the telephone that answered (`PJSIP/101`). `number` is a part of the caller's number, digits only,
    without what stands for the country, `telephone` a part of the name of the one that answered; either will do.
    `within`: answered within the target, or not.
    """

    since: datetime
    until: datetime
    lines: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    origin: Origin | None = None
    hours: Hours | None = None
    within: bool | None = None
    quality: Quality | None = None
    answered_by: str = ""
    number: str = ""
    telephone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page ends: the last call on it."""

    offered_at: datetime
    line: str
    key: CallKey


class CallSearch(CallQueries):
    """The history of calls."""

    async def search_calls(self, wanted: CallsWanted, *, after: Place | None = None, limit: int = 50) -> list[Call]:
        """Return at most `limit` (1,000) calls, the newest first; those `after` the last one of another page."""
        terms = _terms(wanted)
        if after is not None:
            last = tuple_(after.offered_at, after.line, after.key.pbx, after.key.uniqueid, types=_TYPES)
            # The bound of the column first: of a row's comparison alone SQLite's planner makes no use.
            terms = [calls.c.offered_at <= after.offered_at, tuple_(*_ORDER) < last, *terms]
        return await self._calls(and_(*terms), [column.desc() for column in _ORDER], limit=limit)

    async def found_calls(self, wanted: CallsWanted, *, limit: int = 500) -> AsyncIterator[Sequence[Call]]:
        """Yield all of them in pages, the newest first: for an export, of whatever length."""
        after: Place | None = None
        while page := await self.search_calls(wanted, after=after, limit=limit):
            yield page
            if len(page) < limit:
                return
            last = page[-1]
            after = Place(offered_at=last.offered_at, line=last.line, key=last.key)

    async def call_totals(self, wanted: CallsWanted) -> list[CallCount]:
        """Count them by line and everything that a service level asks for."""
        query = select(*COUNTED_BY, func.count()).where(*_terms(wanted)).group_by(*COUNTED_BY).order_by(*COUNTED_BY)
        return [counted_call(row) for row in await self._rows(query)]

    async def calls_at(self, pbx: str, line: str, offered_at: datetime) -> list[Call]:
        """Return the calls of a line that were offered at just that moment."""
        return await self._calls(
            and_(calls.c.offered_at == offered_at, calls.c.line == line, calls.c.pbx == pbx), _ORDER
        )

    async def voicemail_use(self, key: CallKey) -> VoicemailUsed | None:
        """Return why a call reached voicemail, if it did."""
        query = select(voicemail_uses).where(voicemail_uses.c.pbx == key.pbx, voicemail_uses.c.uniqueid == key.uniqueid)
        found = await self._rows(query)
        return read.voicemail_use(found[0]) if found else None

    async def tasks_of_call(self, call: Call) -> list[int]:
        """Return the numbers of the tasks that a call led to: by its message, given up, a follow-up, or got through."""
        key = call.key
        left = and_(
            messages.c.line == call.line,
            messages.c.left_at >= call.offered_at,
            messages.c.left_at < (call.ended_at or call.offered_at) + _TOLD_WITHIN,
            messages.c.pbx == key.pbx,
            messages.c.uniqueid == key.uniqueid,
        )
        filed = and_(filings.c.pbx == messages.c.pbx, filings.c.key == messages.c.key)
        by_message = await self._rows(select(filings.c.task.label("number")).join(messages, filed).where(left))
        whose = canonical(call.caller)
        by_task: Sequence[AnyRow] = ()
        if whose is not None:
            led = or_(tasks.c.call == key.uniqueid, tasks.c.got_through == key.uniqueid)
            of_caller = and_(tasks.c.pbx == key.pbx, tasks.c.caller.in_({whose, call.caller}), led)
            by_task = await self._rows(select(tasks.c.number).where(of_caller).limit(20))
        return sorted({row.number for row in (*by_message, *by_task)})


_ORDER: Final = (calls.c.offered_at, calls.c.line, calls.c.pbx, calls.c.uniqueid)
_TYPES: Final = [column.type for column in _ORDER]


def _terms(wanted: CallsWanted) -> list[ColumnElement[bool]]:
    terms: list[ColumnElement[bool]] = [calls.c.offered_at >= wanted.since, calls.c.offered_at < wanted.until]
    if wanted.lines:
        terms.append(calls.c.line.in_(sorted(wanted.lines)))
    if wanted.outcomes:
        terms.append(calls.c.outcome.in_(sorted(wanted.outcomes)))
    if wanted.origin is not None:
        terms.append(calls.c.origin == wanted.origin.value)
    if wanted.hours is not None:
        terms.append(calls.c.hours == wanted.hours.value)
    if wanted.within is not None:
        terms.append(calls.c.within_seconds.is_(wanted.within))
    if wanted.quality is not None:
        terms.append(calls.c.quality == wanted.quality.value)
    if wanted.answered_by:
        terms.append(calls.c.answered_by == wanted.answered_by)
    sought = []
    if wanted.number:
        sought.append(calls.c.caller.contains(wanted.number, autoescape=True, escape=_ESCAPE))
    if wanted.telephone:
        lower = func.lower(calls.c.answered_by)
        sought.append(lower.contains(wanted.telephone.lower(), autoescape=True, escape=_ESCAPE))
    if sought:
        terms.append(or_(*sought))
    return terms
