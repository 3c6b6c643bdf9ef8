"""Attendance: whether somebody could answer, at each moment of a day's core hours."""

from datetime import UTC, date
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BeforeValidator, Field, WithJsonSchema

from callcentre import attendance
from callcentre.config.load import HOLIDAY_YEARS
from callcentre.core.ledger import Stretch
from callcentre.store.results import Role
from callcentre.web.api.operations import Asked, Operation
from callcentre.web.api.shape import Name, Nothing, Shape
from callcentre.web.api.standing import AttendanceList, BreachRow, LineDay, StretchRow


def _day(written: object) -> date:
    day = date.fromisoformat(written) if isinstance(written, str) and len(written) == len("2026-11-24") else None
    if day is None:
        raise ValueError("a day is written as 2026-11-24")
    return day


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


class AttendanceParams(Shape):
    """Which day, and which line."""

    day: Day | None = Field(None, description="a civil day on the line's clocks; without it, today")
    line: Name | None = Field(None, description="only this line")


async def ledger(asked: Asked[AttendanceParams, Nothing]) -> AttendanceList:
    """Give the ledger of a day."""
    site, params = asked.site, asked.params
    lines = [line for line in site.office.lines if params.line in (None, line.name)]
    if not lines:
        raise web.HTTPNotFound(text="there is no such line")
    if params.day is not None and params.day.year not in HOLIDAY_YEARS:
        raise web.HTTPNotFound(text=f"bank holidays are known from {HOLIDAY_YEARS[0]} to {HOLIDAY_YEARS[-1]} only")
    now, seen = site.now(), await site.queries.seen_until()
    days = [
        await attendance.line_day(
            site.queries, line, params.day or now.astimezone(ZoneInfo(line.zone)).date(), now, seen.get(line.pbx)
        )
        for line in lines
    ]
    return AttendanceList(lines=tuple(_line(one) for one in days))


def _line(one: attendance.LineDay) -> LineDay:
    found = one.ledger
    return LineDay(
        pbx=one.line.pbx,
        line=one.line.name,
        day=found.day,
        core_seconds=found.core.total_seconds(),
        attended_seconds=found.attended.total_seconds(),
        unattended_seconds=found.unattended.total_seconds(),
        unknown_seconds=found.unknown.total_seconds(),
        to_come_seconds=found.to_come.total_seconds(),
        attended_fraction=found.fraction,
        closed=one.closed or None,
        as_of=one.as_of.astimezone(UTC),
        attendance=tuple(_stretch(stretch) for stretch in found.stretches),
        breaches=tuple(BreachRow.of(breach, steps) for breach, steps in one.breaches),
    )


def _stretch(stretch: Stretch) -> StretchRow:
    return StretchRow(
        start=stretch.start,
        end=stretch.end,
        seconds=stretch.length.total_seconds(),
        state=stretch.state or "to_come",
        reason=stretch.reason,
        who=stretch.who,
    )


OPERATIONS: Final = (
    Operation(
        name="getAttendance",
        method="GET",
        path="/attendance",
        summary="The ledger of a day: whether somebody could answer, and what was done where nobody could",
        role=Role.SUPERVISOR,
        scope="attendance:read",
        params=AttendanceParams,
        body=Nothing,
        reply=AttendanceList,
        run=ledger,
        fails=(404,),
    ),
)
