"""For machines: /metrics, /-/healthy and /-/ready."""

from collections.abc import Sequence
from typing import Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.aiohttp import make_aiohttp_handler


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

    async def healthy(_request: web.Request) -> web.Response:
        if health.is_healthy():
            return web.Response(text="healthy\n")
        return web.Response(status=503, text="the loop stands still\n")

    async def ready(_request: web.Request) -> web.Response:
        reasons = health.not_ready()
        if not reasons:
            return web.Response(text="ready\n")
        return web.Response(status=503, text="".join(f"{reason}\n" for reason in reasons))

    return [
        web.get("/metrics", make_aiohttp_handler(registry)),
        web.get("/-/healthy", healthy),
        web.get("/-/ready", ready),
    ]
