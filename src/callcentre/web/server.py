"""The web server: routes, security headers, and a stop that does not wait for anybody's open stream."""

import errno
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry

from callcentre.core.errors import ConfigError
from callcentre.web import ops
from callcentre.web.status import Status, page

_STATIC = Path(__file__).parent / "static"
_STOP_WITHIN_SECONDS = 0.5
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Server": "callcentre",
}


def application(
    *, registry: CollectorRegistry, health: ops.Health, status: Callable[[], Awaitable[Status]]
) -> web.Application:
    """All pages of the daemon. `status` gathers what the page at / shows; it must not raise."""
    app = web.Application(middlewares=[_no_trace])
    app.on_response_prepare.append(_secure)
    app.add_routes(ops.routes(registry, health))
    app.add_routes([web.get("/", _home(status)), web.static("/static", _STATIC)])
    return app


class Server:
    """Listens from `start` to `stop`."""

    def __init__(self, app: web.Application, *, host: str, port: int) -> None:
        self._runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=_STOP_WITHIN_SECONDS)
        self._host = host
        self._port = port

    async def start(self) -> str:
        """Listen, and return the address for a browser; ConfigError, with the key to change, if that cannot be."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(_cannot_listen(error, self._host, self._port)) from None
        port = self._runner.addresses[0][1]
        host = "localhost" if self._host in ("127.0.0.1", "::1", "0.0.0.0", "::") else self._host  # noqa: S104
        return f"http://{host}:{port}"

    async def stop(self) -> None:
        """Take no more requests and end those under way, streams included."""
        await self._runner.cleanup()


def _cannot_listen(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"[web] port: {port} is taken by another program; set `port` in [web] to a free one"
    if error.errno == errno.EACCES:
        return f"[web] port: this user may not listen on {port}; set `port` in [web] to one above 1023"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"[web] host: {host} is no address of this machine; set `host` in [web] to one, such as 127.0.0.1"
    return f"[web] host, port: cannot listen on {host}:{port} ({error.strerror or error})"


def _home(status: Callable[[], Awaitable[Status]]) -> Handler:
    async def home(_request: web.Request) -> web.Response:
        return web.Response(text=page(await status()), content_type="text/html")

    return home


async def _secure(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)


@web.middleware
async def _no_trace(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer errors in a few words of ours; aiohttp's own pages would be fine, but tell more than anybody needs."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return web.Response(status=error.status, text=f"{error.status}: {error.reason}\n")
