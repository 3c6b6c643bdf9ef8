"""/account/data: what is kept of whoever looks at it. Of nobody else, and compared with nobody."""

from datetime import timedelta
from typing import Final

from aiohttp import web

from callcentre.store.results import Role
from callcentre.web.access import account_of, allows
from callcentre.web.pages import render
from callcentre.web.site import site_of

SHOWN: Final = timedelta(days=30)


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/account/data", show)]


@allows(Role.AGENT)
async def show(request: web.Request) -> web.StreamResponse:
    """The last thirty days of one's own."""
    site, account = site_of(request), account_of(request)
    found = await site.opened.own_data.of(account, site.now() - SHOWN)
    retention = site.config.retention
    kinds = [
        ("Attendance", "what the books of attendance say of you", found.attendance),
        ("Rang out", "calls that rang at your telephone and were not picked up", found.rang_out),
        ("Calls back", "callers you had dialled from the page", found.clicks),
        ("Wrap-ups", "what you said calls were", found.wraps),
        ("Callbacks", "what you did to callbacks", found.steps),
        ("Messages", "messages you listened to", found.heard),
        ("Audit", "what you opened, exported or changed", found.audit),
    ]
    response = render(
        request,
        "own_data.html",
        kinds=kinds,
        days=SHOWN.days,
        zone=str(site.zone()),
        terms={name: term.days for name, term in retention.terms.items() if term is not None},
        applied=retention.apply,
    )
    response.headers["Cache-Control"] = "no-store"
    return response
