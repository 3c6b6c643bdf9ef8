"""Calls: the list, one of them, and what an agent says of one."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field

from callcentre.core.errors import IllegalTransition
from callcentre.core.requests import WrapUpAsked
from callcentre.core.terms import CallKey, Hours, Origin, Outcome, WrapKind
from callcentre.store.call_search import CallsWanted, Place
from callcentre.store.results import Role
from callcentre.web.api.cursors import cursor, place
from callcentre.web.api.operations import Asked, KeyUse, Operation
from callcentre.web.api.shape import MOST, Moment, Name, Nothing, Shape, Words
from callcentre.web.api.shapes import CallList, CallRow, Wrapped
from callcentre.web.api.steps import name_of

_PLACE: Final = (datetime, str, str, str)
_WEEK: Final = timedelta(days=7)


class CallsParams(Shape):
    """Which calls."""

    since: Moment | None = Field(None, description="offered then or later; without it, in the last seven days")
    until: Moment | None = Field(None, description="offered before then")
    line: Name | None = Field(None, description="of this line")
    outcome: list[Outcome] = Field([], description="that ended so; may be repeated")
    origin: Origin | None = Field(None, description="from outside, or from a colleague")
    hours: Hours | None = Field(None, description="offered within core hours, or not")
    limit: Annotated[int, Field(ge=1, le=MOST)] = Field(100, description="rows of a page at most")
    cursor: str | None = Field(None, description="`next` of the page before, with the same filters")


class CallParams(Shape):
    """One call."""

    pbx: Name = Field(description="the PBX's name")
    uniqueid: Name = Field(description="the Uniqueid of the caller's channel")


class WrapUpBody(Shape):
    """What a call was."""

    kind: WrapKind
    why: Words = ""


async def calls(asked: Asked[CallsParams, Nothing]) -> CallList:
    """List calls."""
    site, params = asked.site, asked.params
    now = site.now()
    wanted = CallsWanted(
        since=params.since or now - _WEEK,
        # A call that is offered at this moment, by a clock a little ahead of ours, is one too.
        until=params.until or now + timedelta(days=1),
        lines=() if params.line is None else (params.line,),
        outcomes=tuple(params.outcome),
        origin=params.origin,
        hours=params.hours,
    )
    after = None
    if params.cursor is not None:
        at, line, pbx, uniqueid = place(params, params.cursor, _PLACE)
        after = Place(offered_at=at, line=line, key=CallKey(pbx, uniqueid))
    found = await site.queries.search_calls(wanted, after=after, limit=params.limit)
    last = found[-1] if len(found) == params.limit else None
    return CallList(
        calls=tuple(CallRow.model_validate(call) for call in found),
        next=None if last is None else cursor(params, (last.offered_at, last.line, last.key.pbx, last.key.uniqueid)),
    )


async def call(asked: Asked[CallParams, Nothing]) -> CallRow:
    """Give one call."""
    found = await asked.site.queries.call(CallKey(asked.params.pbx, asked.params.uniqueid))
    if found is None:
        raise web.HTTPNotFound(text="there is no such call")
    return CallRow.model_validate(found)


async def wrap_up(asked: Asked[CallParams, WrapUpBody]) -> Wrapped:
    """Say what a call was."""
    site, key = asked.site, CallKey(asked.params.pbx, asked.params.uniqueid)
    found = await site.queries.call(key)
    if found is None:
        raise web.HTTPNotFound(text="there is no such call")
    request = name_of(asked)
    await site.ask(
        WrapUpAsked(
            pbx=key.pbx,
            at=site.time_at(key.pbx),
            call=key,
            line=found.line,
            caller=found.caller,
            kind=asked.body.kind,
            who=asked.identity.account.name,
            request=request,
            why=asked.body.why,
            call_at=found.offered_at,
        ),
        request,
    )
    who = asked.identity.account.name.casefold()
    wrap = next((wrap for wrap in await site.queries.wraps_of(key) if wrap.who.casefold() == who), None)
    if wrap is None:
        raise IllegalTransition("nothing was written down of this call; it is too long ago")
    return Wrapped.model_validate(wrap)


OPERATIONS: Final = (
    Operation(
        name="listCalls",
        method="GET",
        path="/calls",
        summary="Calls, the newest first",
        role=Role.SUPERVISOR,
        scope="calls:read",
        params=CallsParams,
        body=Nothing,
        reply=CallList,
        run=calls,
        fails=(404,),
    ),
    Operation(
        name="getCall",
        method="GET",
        path="/calls/{pbx}/{uniqueid}",
        summary="One call",
        role=Role.SUPERVISOR,
        scope="calls:read",
        params=CallParams,
        body=Nothing,
        reply=CallRow,
        run=call,
        rows="calls",
        fails=(404,),
    ),
    Operation(
        name="wrapUpCall",
        method="POST",
        path="/calls/{pbx}/{uniqueid}/wrap-up",
        summary="Say what a call was; said again by the same account, it is changed",
        role=Role.AGENT,
        scope="tasks:write",
        params=CallParams,
        body=WrapUpBody,
        reply=Wrapped,
        run=wrap_up,
        rows="calls",
        key=KeyUse.MAY,
        fails=(404, 409),
    ),
)
