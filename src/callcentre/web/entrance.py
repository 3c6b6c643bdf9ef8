"""The way in: what every request passes before a page sees it, and the pages of accounts."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from callcentre.web import account_page, audit_page, config_page, login, people_page, sessions
from callcentre.web.access import IDENTITY, guard
from callcentre.web.callers import Callers
from callcentre.web.door import DOOR, Door
from callcentre.web.forms import ours_only

_A_YEAR = 365 * 86_400
# For machines, which come by any way: nothing there is about a person.
_FOR_MACHINES = ("/metrics", "/-/")


def build(app: web.Application, door: Door) -> None:
    """Let nobody into `app` but through `door`."""
    app[DOOR] = door
    app.middlewares.extend(
        [
            _by_the_right_way(door.callers),
            sessions.keeping(app, door.storage),
            guard(door.identities.identify),
            ours_only(door.callers),
        ]
    )
    for module in (login, account_page, people_page, audit_page, config_page):
        app.add_routes(module.routes())

    async def headers(request: web.Request, response: web.StreamResponse) -> None:
        if door.callers.is_secure(request):
            response.headers["Strict-Transport-Security"] = f"max-age={_A_YEAR}"
        if IDENTITY in request:
            response.headers.setdefault("Cache-Control", "private, no-cache")

    async def close(_app: web.Application) -> None:
        door.passwords.close()

    app.on_response_prepare.append(headers)
    app.on_cleanup.append(close)


def _by_the_right_way(callers: Callers) -> Middleware:
    @web.middleware
    async def walled(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not callers.may_see(request) and not request.path.startswith(_FOR_MACHINES):
            raise web.HTTPForbidden(text="the pages are reached through the proxy only")
        return await handler(request)

    return walled
