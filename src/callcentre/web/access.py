"""Who may open what: each route says which role it needs, and what says nothing is open to nobody.

An account is known by a session's cookie, by a proxy's header, or by an API token; which of them is web/identity.py's
business. Here stands only what follows from it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from callcentre.core.errors import CallcentreError
from callcentre.store.results import Account, Role

RANK: Final = {Role.AGENT: 1, Role.SUPERVISOR: 2, Role.ADMIN: 3}
"""Each role may do what the ones before it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a route needs: a `role` (None: nobody need log in), and the `scope` an API token must have for it."""

    role: Role | None
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks. `token` names the API token they came with, `scopes` what it allows; empty for a session."""

    account: Account
    token: str = ""
    scopes: frozenset[str] = frozenset()


Identify = Callable[[web.Request], Awaitable[Identity | None]]
"""Tells who asks; None where nobody is logged in."""

IDENTITY: Final = web.RequestKey("identity", Identity)
ADDRESS: Final = web.RequestKey("address", str)
"""Where whoever asks is, through proxies; set by web/identity.py."""

_ATTRIBUTE: Final = "_callcentre_access"

H = TypeVar("H", bound=Handler)


def allows(role: Role | None, *, scope: str = "") -> Callable[[H], H]:
    """Mark a handler as open to `role` and those above it; with None, to anybody."""

    def mark(handler: H) -> H:
        setattr(handler, _ATTRIBUTE, Access(role=role, scope=scope))
        return handler

    return mark


def access_of(handler: object) -> Access | None:
    """What a handler was marked with; None if it never was, and so is open to nobody."""
    found: Access | None = getattr(handler, _ATTRIBUTE, None)
    return found


def may(account: Account, role: Role) -> bool:
    """Whether an account has `role` or one above it."""
    return RANK[account.role] >= RANK[role]


def account_of(request: web.Request) -> Account:
    """Who asks; only in handlers that need a role."""
    return request[IDENTITY].account


def address_of(request: web.Request) -> str:
    """Where whoever asks is: for the audit log."""
    return request.get(ADDRESS) or request.remote or ""


async def nobody(_request: web.Request) -> Identity | None:
    """Knows nobody: for a server of which only the open pages are wanted."""
    return None


def guard(identify: Identify) -> Middleware:
    """Let a request through to its handler if whoever asks may; deny by default.

    A person who is not logged in is sent to /login and back; a program, and who may not, is told so.
    """

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _is_static(request):
            return await handler(request)
        found = access_of(request.match_info.handler)
        is_open = request.match_info.http_exception is not None or (found is not None and found.role is None)
        try:
            identity = await identify(request)
        except CallcentreError:
            if not is_open:
                raise
            identity = None  # the database is away: what is open to nobody in particular stays so
        if identity is not None:
            request[IDENTITY] = identity
        if is_open:
            return await handler(request)
        if identity is None:
            if not _is_for_a_page(request):
                raise web.HTTPUnauthorized(text="log in first", headers={"WWW-Authenticate": "Bearer"})
            raise web.HTTPSeeOther(f"/login?next={quote(request.path_qs, safe='')}")
        allowed = found is not None and found.role is not None and may(identity.account, found.role)
        if not allowed or (identity.token and (found is None or found.scope not in identity.scopes)):
            raise web.HTTPForbidden(text="this account may not do that; ask a supervisor")
        return await handler(request)

    return guarded


def _is_for_a_page(request: web.Request) -> bool:
    """Whether a browser is on its way to a page, and could show the log-in page instead."""
    asked = request.headers.get("Accept", "*/*")
    for_script = "X-Part" in request.headers or not any(kind in asked for kind in ("text/html", "*/*"))
    return request.method in {"GET", "HEAD"} and not request.path.startswith("/api/") and not for_script


def _is_static(request: web.Request) -> bool:
    resource = request.match_info.route.resource
    return resource is not None and isinstance(resource, web.StaticResource)
