"""The table of all operations, their routes, and the document made of it."""

from typing import Final

from aiohttp import web

from callcentre.web.access import allows
from callcentre.web.api import attendance, calls, cases, events, greetings, helped, incidents, now, steps, tasks
from callcentre.web.api.openapi import document
from callcentre.web.api.operations import PREFIX, AnyOperation, route
from callcentre.web.api.replies import REPLIES, Replies
from callcentre.web.site import site_of

OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    *calls.OPERATIONS,
    *tasks.OPERATIONS,
    *steps.OPERATIONS,
    *cases.OPERATIONS,
    *now.OPERATIONS,
    *attendance.OPERATIONS,
    *greetings.OPERATIONS,
    *incidents.OPERATIONS,
    *helped.OPERATIONS,
    *events.OPERATIONS,
)


def routes(app: web.Application) -> list[web.RouteDef]:
    """All routes of the API; `app` remembers first replies, and who has how many streams open."""
    app[REPLIES] = Replies()
    app[events.OPEN] = {}
    app[events.LASTS] = events.LASTS_SECONDS
    return [web.get(f"{PREFIX}/openapi.json", openapi), *(route(operation) for operation in OPERATIONS)]


@allows(None)
async def openapi(request: web.Request) -> web.Response:
    """Give the document: no secret stands in it, and a program reads it before it has a token."""
    return web.json_response(document(OPERATIONS, site_of(request).version))
