"""Stub."""

from sqlalchemy.ext.asyncio import AsyncEngine


class Queries:
    """Stub."""

    def __init__(self, engine: AsyncEngine, where: str) -> None:
        self._engine = engine
