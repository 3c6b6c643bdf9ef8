"""GET /attendance: whether somebody could answer at each moment of a day's core hours, and what was done about it."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from aiohttp import web
from markupsafe import Markup

from callcentre.attendance import LineDay, line_day
from callcentre.config.load import HOLIDAY_YEARS
from callcentre.core.charter import Line
from callcentre.store.results import Role
from callcentre.web import sheets
from callcentre.web.access import account_of, address_of, allows
from callcentre.web.attendance import CAME, DID, sentence
from callcentre.web.charts import attendance_strip, state_of
from callcentre.web.days import asked_day, day_of
from callcentre.web.pages import render
from callcentre.web.site import Site, site_of

HEADING = ("pbx", "line", "day", "start", "end", "seconds", "state", "reason", "who")

STATES = {"attended": "attended", "unattended": "nobody there", "unknown": "not known", "to_come": "to come"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A line's day and the strip of it."""

    one: LineDay
    strip: Markup


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/attendance", attendance), web.get("/attendance.csv", as_csv, allow_head=False)]


@allows(Role.SUPERVISOR)
async def attendance(request: web.Request) -> web.Response:
    """The ledger of a day, of one line or of all."""
    site = site_of(request)
    lines, day, last = _asked(request, site)
    found = [await _read(site, each, day) for each in lines]
    shown = [
        Shown(
            one=one,
            strip=attendance_strip(
                one.ledger, one.zone, uid=f"strip{place}", title=f"Attendance of {site.title(one.line.name)}, {day}"
            ),
        )
        for place, one in enumerate(found)
    ]
    chosen = request.query.get("line", "")
    return render(
        request,
        "attendance.html",
        shown=shown,
        lines=site.office.lines,
        chosen=chosen,
        day=day,
        last=last,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1) if day < last else None,
        said_day=f"{day:%A} {day.day} {day:%B %Y}",
        csv=request.rel_url.with_path("/attendance.csv").with_query({"line": chosen, "day": day.isoformat()}),
        STATES=STATES,
        state_of=state_of,
        seconds_of=seconds_of,
        sentence=sentence,
        CAME=CAME,
        DID=DID,
    )


@allows(Role.SUPERVISOR)
async def as_csv(request: web.Request) -> web.StreamResponse:
    """The same as a file: one row a stretch."""
    site = site_of(request)
    lines, day, _ = _asked(request, site)
    await site.audit(account_of(request).name, "exported", f"attendance {day}", address=address_of(request))

    async def pages() -> AsyncIterator[Iterable[Sequence[sheets.Cell]]]:
        for each in lines:
            yield rows_of(await _read(site, each, day))

    zone = site.zone(lines[0].name)
    return await sheets.send(request, f"attendance-{day}.csv", HEADING, pages(), zone)


def rows_of(one: LineDay) -> list[list[sheets.Cell]]:
    """The stretches of a day as the CSV has them, in the order of HEADING."""
    return [
        [
            one.line.pbx,
            one.line.name,
            one.ledger.day.isoformat(),
            each.start,
            each.end,
            seconds_of(each.start.timestamp(), each.end.timestamp()),
            state_of(each),
            each.reason,
            "; ".join(each.who),
        ]
        for each in one.ledger.stretches
    ]


def seconds_of(start: float, end: float) -> int:
    """Whole seconds between the moments as clocks show them, so that those of a day add up exactly."""
    return int(end) - int(start)


async def _read(site: Site, line: Line, day: date) -> LineDay:
    seen = (await site.queries.seen_until()).get(line.pbx)
    return await line_day(site.queries, line, day, site.now(), seen)


def _asked(request: web.Request, site: Site) -> tuple[Sequence[Line], date, date]:
    """Which lines, which day, and the last day there is anything to say of."""
    name = request.query.get("line", "")
    found = site.line(name) if name else None
    if name and found is None:
        raise web.HTTPNotFound(text="there is no line of this name")
    last = day_of(site.now(), site.zone(name))
    day = min(asked_day(request, "day", last), last)
    if day.year not in HOLIDAY_YEARS:
        raise web.HTTPBadRequest(text=f"day: bank holidays are known from {HOLIDAY_YEARS[0]} on only")
    return ([found] if found is not None else site.office.lines), day, last
