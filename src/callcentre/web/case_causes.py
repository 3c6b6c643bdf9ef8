"""GET /cases/causes: what complaints were caused by, and which have no remedy yet (H15)."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from aiohttp import web

from callcentre.store.results import Role
from callcentre.web import case_words
from callcentre.web.access import allows
from callcentre.web.days import asked_day, bounds, day_of
from callcentre.web.pages import render
from callcentre.web.site import site_of

SHOWN: Final = 50
_USUAL: Final = timedelta(days=365)
_LONGEST: Final = timedelta(days=3_700)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Of which days, and of which line (empty: of all)."""

    first: date
    last: date
    line: str


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/cases/causes", causes)]


@allows(Role.SUPERVISOR)
async def causes(request: web.Request) -> web.Response:
    """The page."""
    site, chosen = site_of(request), _asked(request)
    since, until = bounds(chosen.first, chosen.last, site.zone(chosen.line))
    lines = (chosen.line,) if chosen.line else ()
    found = await site.queries.case_causes(since, until, lines)
    waiting = await site.queries.cases_without_remedy(since, until, lines, limit=SHOWN)
    return render(
        request,
        "case_causes.html",
        chosen=chosen,
        causes=found,
        most=max((one.cases for one in found), default=1),
        total=sum(one.cases for one in found),
        without=sum(one.without_remedy for one in found),
        waiting=waiting,
        lines=[(line.name, line.title or line.name) for line in site.office.lines],
        cw=case_words,
    )


def _asked(request: web.Request) -> Chosen:
    site = site_of(request)
    line = request.query.get("line", "")
    if line and site.line(line) is None:
        raise web.HTTPBadRequest(text="line: there is no such line")
    last = asked_day(request, "until", day_of(site.now(), site.zone(line)))
    first = asked_day(request, "from", last - _USUAL)
    if not timedelta() <= last - first < _LONGEST:
        raise web.HTTPBadRequest(text=f"from, until: at most {_LONGEST.days} days, the earlier first")
    return Chosen(first=first, last=last, line=line)
