"""The web server: routes, security headers, and a stop that does not wait for anybody's open stream."""

import errno
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from aiohttp.http import HttpProcessingError
from prometheus_client import CollectorRegistry

from callcentre.core.errors import ConfigError
from callcentre.runtime.log import Log
from callcentre.web import (
    abuse,
    call_page,
    case_actions,
    case_causes,
    case_new,
    case_page,
    cases_page,
    entrance,
    errors,
    office,
    ops,
    recordings,
    streaming,
    task_actions,
    task_page,
    tasks_page,
)
from callcentre.web.access import Identify, guard, nobody
from callcentre.web.api import routes as api
from callcentre.web.certificates import Certificate
from callcentre.web.door import Door
from callcentre.web.finds import FINDS, Finds
from callcentre.web.pages import set_up
from callcentre.web.site import SITE, Site
from callcentre.web.status import STATUS, Status
from callcentre.web.task_rows import ROWS, Rows


class _Asides:
    """What aiohttp says of a connection: what is not HTTP is nobody's fault here, and tells nothing of itself."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def debug(self, said: str, *_details: object, **_more: object) -> None:
        """Take an aside."""
        self._log.debug("a connection", said=said.partition(" from %s")[0])

    def exception(self, said: str, *_details: object, exc_info: BaseException | None = None) -> None:
        """Take what aiohttp calls an error."""
        if isinstance(exc_info, HttpProcessingError):
            self._log.debug("a request is not HTTP", kind=type(exc_info).__name__)
        else:
            self._log.error("fault of the web server", said=said.partition(" from %s")[0], exc_info=exc_info)


_STATIC = Path(__file__).parent / "static"
_STOP_WITHIN_SECONDS = 0.5
# A connection on which nothing whole has been asked for so long is closed.
_IDLE_SECONDS = 60.0
# A greeting of some minutes; everything else is held to far less (web.forms).
_LARGEST_UPLOAD = 16 * 1024 * 1024
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Server": "callcentre",
}


def application(
    *,
    site: Site,
    registry: CollectorRegistry,
    health: ops.Health,
    status: Callable[[], Awaitable[Status]],
    identify: Identify = nobody,
    door: Door | None = None,
) -> web.Application:
    """All pages of the daemon. `status` gathers how the office stands; it must not raise.

    With a `door`, people log in, and `identify` is not asked.
    """
    app = web.Application(client_max_size=_LARGEST_UPLOAD)
    app.middlewares.append(errors.told)
    if door is None:
        app.middlewares.append(guard(identify))
    else:
        entrance.build(app, door)
    app[SITE] = site
    app[STATUS] = status
    set_up(app)
    app.on_response_prepare.append(_secure)
    app.on_shutdown.append(_end_streams)
    app.add_routes(ops.routes(registry, health))
    app.add_routes(streaming.routes(app))
    app[FINDS], app[ROWS] = Finds(), Rows(app)
    app.add_routes(recordings.routes(app))
    for agents in (tasks_page, task_page, task_actions, call_page, abuse):
        app.add_routes(agents.routes())
    for of_cases in (cases_page, case_new, case_page, case_actions, case_causes):
        app.add_routes(of_cases.routes())
    app.add_routes(office.routes(app))
    app.add_routes(api.routes(app))
    app.add_routes([web.static("/static", _STATIC)])
    return app


class Server:
    """Listens from `start` to `stop`; with a certificate, by TLS alone."""

    def __init__(self, app: web.Application, *, host: str, port: int, certificate: Certificate | None = None) -> None:
        self._runner = web.AppRunner(
            app,
            handle_signals=False,
            access_log=None,
            logger=_Asides(app[SITE].log),
            shutdown_timeout=_STOP_WITHIN_SECONDS,
            keepalive_timeout=_IDLE_SECONDS,
            auto_decompress=False,
        )
        self._host = host
        self._port = port
        self._certificate = certificate

    async def start(self) -> str:
        """Listen, and return the address for a browser; ConfigError, with the key to change, if that cannot be."""
        await self._runner.setup()
        tls = None if self._certificate is None else self._certificate.listening
        site = web.TCPSite(self._runner, self._host, self._port, ssl_context=tls)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(_cannot_listen(error, self._host, self._port)) from None
        port = self._runner.addresses[0][1]
        host = "localhost" if self._host in ("127.0.0.1", "::1", "0.0.0.0", "::") else self._host  # noqa: S104
        return f"{'http' if self._certificate is None else 'https'}://{host}:{port}"

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


async def _secure(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


async def _end_streams(app: web.Application) -> None:
    app[SITE].hub.close()
    app[SITE].feed.close()
