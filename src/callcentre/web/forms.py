"""What may change something: requests from our own pages alone, of a bounded size, sent in a bounded time.

A browser says where a request comes from (Sec-Fetch-Site, Origin) and a form bears a token that other sites cannot
read; all of it must be right. A program with an API token sends no cookie, so nothing can be done in its name.
"""

import asyncio
import hmac
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from callcentre.web.access import IDENTITY
from callcentre.web.callers import Callers
from callcentre.web.pages import CSRF

FIELD: Final = "csrf"
HEADER: Final = "X-CSRF"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS: Final = frozenset({"same-origin", "none"})
_READ_WITHIN_SECONDS: Final = 30.0
_LARGEST: Final = 256 * 1024
"""Bytes of a request that is no upload."""
_UPLOAD: Final = "multipart/form-data"
_NOT_OURS: Final = (
    "this did not come from one of our own pages, or the page is from before you logged in: go back, load it again, "
    "and send it again"
)


def ours_only(callers: Callers) -> Middleware:
    """Refuse what would change something and is not from our own pages."""

    @web.middleware
    async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method in _SAFE or request.match_info.http_exception is not None:
            return await handler(request)
        identity = request.get(IDENTITY)
        if identity is None or not identity.token:
            _see_origin(request, callers)
        await _read(request, known=identity is not None)
        if identity is None or not identity.token:
            await _see_token(request)
        return await handler(request)

    return checked


def _see_origin(request: web.Request, callers: Callers) -> None:
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if (site is not None and site.lower() not in _OURS) or (
        origin is not None and origin.lower() not in callers.origins(request)
    ):
        raise web.HTTPForbidden(text=_NOT_OURS)


async def _read(request: web.Request, *, known: bool) -> None:
    """Read the body, so that no handler waits for one that never ends; uploads are for people who are logged in."""
    upload = request.content_type == _UPLOAD
    if upload and not known:
        raise web.HTTPUnsupportedMediaType
    if not upload and request.body_exists:
        if request.content_length is None:
            raise web.HTTPLengthRequired
        if request.content_length > _LARGEST:
            raise web.HTTPRequestEntityTooLarge(max_size=_LARGEST, actual_size=request.content_length)
    try:
        async with asyncio.timeout(_READ_WITHIN_SECONDS):
            if upload:
                await request.post()
            else:
                await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


async def _see_token(request: web.Request) -> None:
    expected = request.get(CSRF, "")
    sent = request.headers.get(HEADER)
    if sent is None:
        field = (await request.post()).get(FIELD)
        sent = field if isinstance(field, str) else ""
    if not expected or not hmac.compare_digest(expected.encode(), sent.encode(errors="replace")):
        raise web.HTTPForbidden(text=_NOT_OURS)
