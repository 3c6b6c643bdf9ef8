"""For machines: /metrics, /-/healthy and /-/ready."""

from collections.abc import Sequence
from typing import Protocol

from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry

from callcentre.metrics.exposition import Exposition
from callcentre.web.access import allows


class Health(Protocol):
    """What the daemon says of itself."""

    def is_healthy(self) -> bool:
        """Whether the loop turns."""
        ...

    def not_ready(self) -> Sequence[str]:
        """Why the daemon is not ready, in words for anybody who may ask (no secret, no address); empty if it is."""
        ...


def routes(registry: CollectorRegistry, health: Health) -> list[web.RouteDef]:
    """The routes of this module."""
    exposition = Exposition(registry)

    @allows(None)
    async def metrics(request: web.Request) -> web.Response:
        accept = ",".join(request.headers.getall(hdrs.ACCEPT, []))
        body, content_type = exposition.page(accept, request.query.getall("name[]", []))
        response = web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})
        response.enable_compression()  # which a thread does
        return response

    @allows(None)
    async def healthy(_request: web.Request) -> web.Response:
        if health.is_healthy():
            return web.Response(text="healthy\n")
        return web.Response(status=503, text="the loop stands still\n")

    @allows(None)
    async def ready(_request: web.Request) -> web.Response:
        reasons = health.not_ready()
        if not reasons:
            return web.Response(text="ready\n")
        return web.Response(status=503, text="".join(f"{reason}\n" for reason in reasons))

    return [
        web.get("/metrics", metrics),
        web.get("/-/healthy", healthy),
        web.get("/-/ready", ready),
    ]
