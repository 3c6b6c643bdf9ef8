"""What people and programs are told when something cannot be done: a page, or problem+json under /api."""

import json
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from callcentre.core.errors import CallcentreError, IllegalTransition, NotTheirRole, StoreUnavailable
from callcentre.runtime.inbox import Stopping, TooSlow
from callcentre.web.pages import render
from callcentre.web.site import Starting, site_of

API: Final = "/api/"
_AWAY: Final = (Starting, StoreUnavailable, Stopping, TooSlow)
_KEPT: Final = ("Allow", "Retry-After")
_TITLES: Final = {
    401: "Log in first",
    403: "Not allowed",
    404: "There is no such page",
    409: "That cannot be done now",
    500: "A fault of callcentre",
    503: "Not at this moment",
}
_ON_PAGES: Final = {400: "That was not understood", 405: "That cannot be done here"}
"""Where the protocol's own words, which programs know, say little to people."""


@web.middleware
async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer errors in a few plain words; no trace, no secret, nothing of what was sent."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        said = error.text if error.text and error.text != f"{error.status}: {error.reason}" else ""
        response = answer(request, error.status, said)
        response.headers.extend({name: error.headers[name] for name in _KEPT if name in error.headers})
        if error.status == HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response
    except IllegalTransition as refusal:
        return answer(request, status_of(refusal), str(refusal))
    except _AWAY as away:
        response = answer(request, 503, str(away))
        response.headers["Retry-After"] = "2"
        if request.method == "GET" and response.content_type == "text/html":
            response.headers["Refresh"] = "2"  # a page that is only read comes by itself once it can
        return response
    except CallcentreError as error:
        return answer(request, 400, str(error))
    except Exception as error:  # noqa: BLE001  a fault of ours is said to be one, and logged once
        site_of(request).log.error("fault in a page", method=request.method, error=error, exc_info=error)
        return answer(request, 500, "")


def status_of(refusal: IllegalTransition) -> int:
    """The status that says what kind of refusal of the core's it is."""
    return 403 if isinstance(refusal, NotTheirRole) else 409


def wants_json(request: web.Request) -> bool:
    """Whether a program or a page's script asks, and not a browser on its way to a page."""
    accepted = request.headers.get("Accept", "")
    return request.path.startswith(API) or ("application/json" in accepted and "text/html" not in accepted)


def answer(request: web.Request, status: int, said: str, **more: str) -> web.Response:
    """Say what is wrong, in the form that whoever asks can read; `more` is for programs."""
    title = _TITLES.get(status, HTTPStatus(status).phrase)
    if wants_json(request):
        problem = {"type": "about:blank", "title": title, "status": status, "detail": said or title} | more
        return web.Response(status=status, text=json.dumps(problem), content_type="application/problem+json")
    if "text/html" in request.headers.get("Accept", "") and not request.path.startswith("/-/"):
        return render(request, "error.html", status=status, title=_ON_PAGES.get(status, title), said=said)
    return web.Response(status=status, text=f"{title}{f': {said}' if said else ''}\n")
