"""The first page of each role, and /today: every line with its service level, its people, its callbacks."""

from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from callcentre.store.results import Role
from callcentre.web.access import IDENTITY, allows, may
from callcentre.web.attendance import CAME, DID, told
from callcentre.web.call_filters import calls_of
from callcentre.web.pages import moments, render
from callcentre.web.site import Site, site_of
from callcentre.web.status import STATUS, Status


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/", home), web.get("/today", today)]


@allows(None)
async def home(request: web.Request) -> web.StreamResponse:
    """Lead everybody to where they begin."""
    identity = request.get(IDENTITY)
    if identity is None:
        raise web.HTTPSeeOther("/login")
    raise web.HTTPSeeOther("/today" if may(identity.account, Role.SUPERVISOR) else "/tasks")


@allows(Role.SUPERVISOR)
async def today(request: web.Request) -> web.Response:
    """The whole page, or the part of it that keeps itself up to date."""
    status = await request.app[STATUS]()
    page = "today_part.html" if "X-Part" in request.headers else "today.html"
    return render(request, page, **words_of(site_of(request), status))


def words_of(site: Site, status: Status) -> dict[str, Any]:
    """What templates of the office's state are given."""
    moment = moments(site, status.at)

    def breach_words(now: Any, line: str) -> str:
        return told(now, lambda at: moment(at, line))

    local = status.at.astimezone(ZoneInfo(status.zone))
    return {
        "state": status,
        "clock": f"{local:%A} {local.day} {local:%B %Y, %H:%M:%S}",
        "moment": moment,
        "breach_words": breach_words,
        "calls_of": calls_of,
        "CAME": CAME,
        "DID": DID,
    }
