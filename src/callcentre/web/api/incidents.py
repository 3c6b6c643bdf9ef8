"""Incidents with abusive callers (W5): the list, one of them, and the review of its mark by the named role."""

from datetime import datetime
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import Field

from callcentre.core.incidents import AbuseHow, Incident, IncidentState, Review
from callcentre.core.terms import CallKey
from callcentre.store.abuse_queries import IncidentPlace, IncidentsWanted
from callcentre.store.results import Role
from callcentre.web.abuse import decide
from callcentre.web.api.cursors import cursor, place
from callcentre.web.api.operations import Asked, KeyUse, Operation
from callcentre.web.api.shape import MOST, Instant, Moment, Name, Nothing, Shape, Words
from callcentre.web.api.steps import name_of
from callcentre.web.site import Site

_PLACE: Final = (datetime, str, str)


class IncidentRow(Shape):
    """An incident. Its mark is what agents are shown when the same caller rings again."""

    pbx: str
    uniqueid: str = Field(description="the call's, or the key of the dial by which somebody was called back")
    task: int | None = Field(description="the task for which somebody was called back; null for a caller's own call")
    line: str
    caller: str | None = Field(description="the number of who was abusive; null if withheld or erased")
    agent: str
    telephone: str
    how: AbuseHow
    state: IncidentState
    at: Instant
    warned_at: Instant | None
    ended_at: Instant | None
    note: str
    role: str = Field(description="the role that was told, by the line's charter; empty where it names none")
    marked: bool = Field(description="whether agents are shown the mark now")
    expires_at: Instant
    review_due: Instant
    review: Review | None
    reviewed_at: Instant | None
    reviewed_by: str | None


class IncidentList(Shape):
    """Incidents, the newest first; `next` is the cursor of the page after this one, or null."""

    incidents: tuple[IncidentRow, ...]
    next: str | None


class IncidentsParams(Shape):
    """Which incidents."""

    pbx: Name | None = Field(None, description="on this PBX")
    line: Name | None = Field(None, description="on this line")
    state: list[IncidentState] = Field([], description="that came so far; may be repeated")
    due: bool = Field(False, description="only those whose mark is to be reviewed now")
    since: Moment | None = Field(None, description="of then or later")
    until: Moment | None = Field(None, description="of before then")
    limit: Annotated[int, Field(ge=1, le=MOST)] = Field(100, description="rows of a page at most")
    cursor: str | None = Field(None, description="`next` of the page before, with the same filters")


class IncidentParams(Shape):
    """One incident."""

    pbx: Name = Field(description="the PBX's name")
    uniqueid: Name = Field(description="the incident's `uniqueid`")


class ReviewBody(Shape):
    """What becomes of the mark, and why: a mark is withdrawn with a `note` that says why."""

    review: Review
    note: Words = ""


async def incidents(asked: Asked[IncidentsParams, Nothing]) -> IncidentList:
    """List incidents."""
    params = asked.params
    wanted = IncidentsWanted(
        pbx=params.pbx,
        line=params.line,
        states=frozenset(params.state),
        due_at=asked.site.now() if params.due else None,
        since=params.since,
        until=params.until,
    )
    after = None
    if params.cursor is not None:
        at, pbx, uniqueid = place(params, params.cursor, _PLACE)
        after = IncidentPlace(at=at, key=CallKey(pbx, uniqueid))
    found = await asked.site.queries.incident_page(wanted, after=after, limit=params.limit)
    last = found[-1] if len(found) == params.limit else None
    return IncidentList(
        incidents=await _rows(asked.site, found),
        next=None if last is None else cursor(params, (last.at, last.pbx, last.uniqueid)),
    )


async def incident(asked: Asked[IncidentParams, Nothing]) -> IncidentRow:
    """Give one incident."""
    (row,) = await _rows(asked.site, [await _of(asked)])
    return row


async def review(asked: Asked[IncidentParams, ReviewBody]) -> IncidentRow:
    """Keep a mark, or withdraw it: for the named role alone."""
    await decide(asked.request, await _of(asked), asked.body.review, asked.body.note, name_of(asked))
    (row,) = await _rows(asked.site, [await _of(asked)])
    return row


async def _of(asked: Asked[IncidentParams, Any]) -> Incident:
    found = await asked.site.queries.incident(CallKey(asked.params.pbx, asked.params.uniqueid))
    if found is None:
        raise web.HTTPNotFound(text="there is no such incident")
    return found


async def _rows(site: Site, found: list[Incident]) -> tuple[IncidentRow, ...]:
    tasks, now = await site.queries.called_back(found), site.now()
    return tuple(_row(one, tasks.get((one.pbx, one.uniqueid)), now) for one in found)


def _row(one: Incident, task: int | None, now: datetime) -> IncidentRow:
    same = {name: getattr(one, name) for name in IncidentRow.model_fields if name not in ("task", "marked")}
    return IncidentRow(task=task, marked=one.marks(now), **same)


OPERATIONS: Final = (
    Operation(
        name="listIncidents",
        method="GET",
        path="/incidents",
        summary="Incidents with abusive callers, the newest first",
        role=Role.SUPERVISOR,
        scope="incidents:read",
        params=IncidentsParams,
        body=Nothing,
        reply=IncidentList,
        run=incidents,
        fails=(404,),
    ),
    Operation(
        name="getIncident",
        method="GET",
        path="/incidents/{pbx}/{uniqueid}",
        summary="One incident",
        role=Role.SUPERVISOR,
        scope="incidents:read",
        params=IncidentParams,
        body=Nothing,
        reply=IncidentRow,
        run=incident,
        rows="incidents",
        fails=(404,),
    ),
    Operation(
        name="reviewIncident",
        method="POST",
        path="/incidents/{pbx}/{uniqueid}/review",
        summary="Keep the mark of an incident or withdraw it: by the role that the charter names alone",
        role=Role.SUPERVISOR,
        scope="incidents:write",
        params=IncidentParams,
        body=ReviewBody,
        reply=IncidentRow,
        run=review,
        rows="incidents",
        key=KeyUse.MAY,
        fails=(404, 409),
    ),
)
