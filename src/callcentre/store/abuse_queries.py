"""Reads of incidents with abusive callers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, tuple_

from callcentre.core.incidents import AbuseHow, Incident, IncidentState, Review
from callcentre.core.numbers import canonical
from callcentre.core.terms import CallKey
from callcentre.store.callback_rows import made_of
from callcentre.store.reader import PAGE, AnyRow, Reader
from callcentre.store.tables import abuse_incidents, clicks

_I = abuse_incidents.c
_HAPPENED = or_(_I.warned_at.is_not(None), _I.ended_at.is_not(None), _I.how == AbuseHow.WRAP_UP.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentsWanted:
    """Which incidents: without anything, all. `due_at`: those whose mark is to be reviewed by then."""

    pbx: str | None = None
    line: str | None = None
    states: frozenset[IncidentState] = frozenset()
    due_at: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPlace:
    """Where a page of incidents ended."""

    at: datetime
    key: CallKey


class AbuseQueries(Reader):
    """Incidents, and the marks of callers that they leave."""

    async def incident(self, key: CallKey) -> Incident | None:
        """Return the incident of one call."""
        of_call = and_(_I.pbx == key.pbx, _I.uniqueid == key.uniqueid)
        found = await self._rows(select(abuse_incidents).where(of_call))
        return incident(found[0]) if found else None

    async def marks_of(self, number: str | None, at: datetime, *, limit: int = 3) -> list[Incident]:
        """Return the marks of the caller of this number that hold at `at`, on any PBX, the newest first."""
        caller = canonical(number)
        if caller is None:
            return []
        query = select(abuse_incidents).where(_I.caller == caller, *_holds(at)).order_by(_I.at.desc(), _I.uniqueid)
        return [incident(row) for row in await self._rows(query.limit(limit))]

    async def called_back(self, incidents: Sequence[Incident]) -> dict[tuple[str, str], int]:
        """Return the task of each of these incidents that was in a callback, by PBX and uniqueid, no others."""
        c = clicks.c
        found: dict[tuple[str, str], int] = {}
        for pbx in {one.pbx for one in incidents}:
            keys = sorted({one.uniqueid for one in incidents if one.pbx == pbx})
            for start in range(0, len(keys), PAGE):
                of_keys = select(c.key, c.task).where(c.pbx == pbx, c.key.in_(keys[start : start + PAGE]))
                found |= {(pbx, row.key): row.task for row in await self._rows(of_keys)}
        return found

    async def incidents(
        self, lines: Sequence[str], *, before: datetime | None = None, limit: int = 50
    ) -> list[Incident]:
        """Return incidents of these lines, the newest first; of those `before` only."""
        where: list[ColumnElement[bool]] = [_I.line.in_(lines)]
        where += [_I.at < before] if before is not None else []
        query = select(abuse_incidents).where(*where).order_by(_I.at.desc(), _I.pbx, _I.uniqueid)
        return [incident(row) for row in await self._rows(query.limit(min(limit, PAGE)))]

    async def incident_page(
        self, wanted: IncidentsWanted, *, after: IncidentPlace | None = None, limit: int = 50
    ) -> list[Incident]:
        """Return the incidents that are `wanted`, the newest first; those `after` the last one of another page."""
        where: list[ColumnElement[bool]] = []
        where += [_I.pbx == wanted.pbx] if wanted.pbx is not None else []
        where += [_I.line == wanted.line] if wanted.line is not None else []
        where += [_I.state.in_(sorted(wanted.states))] if wanted.states else []
        where += [_I.at >= wanted.since] if wanted.since is not None else []
        where += [_I.at < wanted.until] if wanted.until is not None else []
        where += _due(wanted.due_at) if wanted.due_at is not None else ()
        if after is not None:
            later = tuple_(_I.pbx, _I.uniqueid) > tuple_(after.key.pbx, after.key.uniqueid)
            where.append(or_(_I.at < after.at, and_(_I.at == after.at, later)))
        query = select(abuse_incidents).where(*where).order_by(_I.at.desc(), _I.pbx, _I.uniqueid)
        return [incident(row) for row in await self._rows(query.limit(min(limit, PAGE)))]

    async def incidents_to_review(self, lines: Sequence[str], at: datetime) -> list[Incident]:
        """Return those whose mark is to be looked at by `at`, the longest due first; at most 1,000."""
        query = (
            select(abuse_incidents).where(_I.line.in_(lines), *_due(at)).order_by(_I.review_due, _I.pbx, _I.uniqueid)
        )
        return [incident(row) for row in await self._rows(query.limit(PAGE))]

    async def lasting_incidents(self, pbxs: Sequence[str], at: datetime) -> list[Incident]:
        """Return all of these PBXs that have not expired at `at`, for a start."""
        lasting = and_(_I.pbx.in_(pbxs), _I.expires_at > at)
        pages = self._pages(select(abuse_incidents), lasting, _I.pbx, _I.uniqueid)
        return [incident(row) async for page in pages for row in page]


def _holds(at: datetime) -> tuple[ColumnElement[bool], ...]:
    withdrawn = and_(_I.review.is_not(None), _I.review == Review.WITHDRAWN.value)
    return (_I.expires_at > at, ~withdrawn, _HAPPENED)


def _due(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (_I.review.is_(None), _I.review_due <= at, *_holds(at))


def incident(row: AnyRow) -> Incident:
    """Read a row of `abuse_incidents`."""
    review = None if row.review is None else Review(row.review)
    return made_of(Incident, row, how=AbuseHow(row.how), state=IncidentState(row.state), review=review)
