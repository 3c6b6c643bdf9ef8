"""How the office stands: the figures of today, the missed callers, and the lines themselves."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field

from callcentre.store.queries import MissedCaller
from callcentre.store.results import Role
from callcentre.web import status
from callcentre.web.api.cursors import cursor, place
from callcentre.web.api.operations import Asked, Operation
from callcentre.web.api.shape import MOST, Moment, Name, Nothing, Shape
from callcentre.web.api.standing import (
    AttendanceNow,
    CallbacksNow,
    Figures,
    LevelNow,
    LineList,
    LineNow,
    LineRow,
    MissedList,
    MissedRow,
)

_WEEK: Final = timedelta(days=7)


class FiguresParams(Shape):
    """Which lines."""

    line: Name | None = Field(None, description="only this line")


class MissedParams(Shape):
    """Which callers."""

    line: Name | None = Field(None, description="missed on this line")
    since: Moment | None = Field(None, description="who called then or later; without it, in the last seven days")
    limit: Annotated[int, Field(ge=1, le=MOST)] = Field(100, description="rows of a page at most")
    cursor: str | None = Field(None, description="`next` of the page before, with the same filters")


async def figures(asked: Asked[FiguresParams, Nothing]) -> Figures:
    """Give the figures of the page /today."""
    wanted = asked.params.line
    if wanted is not None and asked.site.line(wanted) is None:
        raise web.HTTPNotFound(text="there is no such line")
    now = await asked.request.config_dict[status.STATUS]()
    return Figures(
        at=now.at,
        pbxs=dict(now.links),
        problem=now.figures_problem,
        lines=tuple(_line(each) for each in now.lines if wanted is None or each.line.name == wanted),
    )


def _line(today: status.LineToday) -> LineNow:
    seen = today.attendance
    waiting = today.waiting
    return LineNow(
        line=today.line.name,
        pbx=today.line.pbx,
        calls=today.calls,
        abandoned=today.abandoned,
        outcomes=None if today.outcomes is None else {word: n for word, n in today.outcomes.items() if n},
        level=None if today.judged is None else LevelNow.model_validate(today.judged),
        waiting=None if waiting is None else len(waiting),
        longest_since=waiting[0] if waiting else None,
        agents=None if today.agents is None else dict(today.agents),
        attendance=None
        if seen is None
        else AttendanceNow(
            state=seen.state,
            since=seen.since,
            core=seen.core,
            reason=seen.reason,
            who=tuple(seen.who),
            breach=seen.is_breach,
        ),
        callbacks=CallbacksNow.model_validate(today.callbacks),
    )


# --- missed ----------------------------------------------------------------------------------------------------------


async def missed(asked: Asked[MissedParams, Nothing]) -> MissedList:
    """List missed callers."""
    site, params = asked.site, asked.params
    now = site.now()
    pbxs = [pbx.name for pbx in site.config.pbxs]
    found = await site.queries.missed_callers(
        params.since or now - _WEEK, now + timedelta(days=1), line=params.line, pbxs=pbxs
    )
    begin = 0 if params.cursor is None else _after(found, *place(params, params.cursor, (datetime, str)))
    page = found[begin : begin + params.limit]
    more = begin + params.limit < len(found)
    return MissedList(
        missed=tuple(MissedRow.model_validate(each) for each in page),
        next=cursor(params, (page[-1].last_at, _mark(page[-1]))) if more else None,
    )


def _after(found: Sequence[MissedCaller], at: object, mark: object) -> int:
    """Where the rest begins; whoever ended the page before may have been answered since."""
    for index, each in enumerate(found):
        if (each.last_at, _mark(each)) == (at, mark):
            return index + 1
    return next((index for index, each in enumerate(found) if each.last_at < at), len(found))  # type: ignore[operator]


def _mark(each: MissedCaller) -> str:
    """Names a row: no number stands in an address."""
    return hashlib.sha256(f"{each.pbx}\0{each.line}\0{each.caller}".encode()).hexdigest()[:12]


# --- lines -----------------------------------------------------------------------------------------------------------


async def lines(asked: Asked[Nothing, Nothing]) -> LineList:
    """List the lines of the configuration."""
    return LineList(
        lines=tuple(
            LineRow(
                line=line.name,
                title=line.title or line.name,
                pbx=line.pbx,
                zone=line.zone,
                charter=line.charter.name,
                charter_version=line.charter.version,
                answer_seconds=line.charter.answer_seconds,
                answer_rings=line.charter.answer_rings,
                answer_fraction=line.charter.answer_fraction,
                judged_by=line.charter.judged_by.value,
                mailboxes=tuple(sorted(line.mailboxes)),
            )
            for line in asked.site.office.lines
        )
    )


OPERATIONS: Final = (
    Operation(
        name="getFigures",
        method="GET",
        path="/figures",
        summary="Today's figures by line: the numbers of the page /today",
        role=Role.SUPERVISOR,
        scope="figures:read",
        params=FiguresParams,
        body=Nothing,
        reply=Figures,
        run=figures,
        fails=(404,),
    ),
    Operation(
        name="listMissed",
        method="GET",
        path="/missed",
        summary="Callers whom nobody answered, and who were neither answered nor reached since; the latest first",
        role=Role.AGENT,
        scope="calls:read",
        params=MissedParams,
        body=Nothing,
        reply=MissedList,
        run=missed,
        fails=(404,),
    ),
    Operation(
        name="listLines",
        method="GET",
        path="/lines",
        summary="The lines, and what their charters promise of answering",
        role=Role.AGENT,
        scope="figures:read",
        params=Nothing,
        body=Nothing,
        reply=LineList,
        run=lines,
    ),
)
