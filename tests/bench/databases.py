"""A SQLite and a PostgreSQL for one measurement, empty before it and gone after it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import quote, urlsplit

import psycopg

STORES: Final = ("sqlite", "postgres")

Measure = Callable[[str], Awaitable[dict[str, Any]]]
"""Takes the address of an empty database, and says what was measured there."""


def on_each(measure: Measure, stores: Collection[str] = STORES) -> dict[str, Any]:
    """Measure on each of `stores` that there is; PostgreSQL is the one that CALLCENTRE_TEST_POSTGRES names."""
    url = os.environ.get("CALLCENTRE_TEST_POSTGRES")
    told: dict[str, Any] = {}
    if "sqlite" in stores:
        told["sqlite"] = asyncio.run(_sqlite(measure))
    if "postgres" in stores and url:
        told["postgres"] = asyncio.run(_postgres(measure, url))
    return told


async def _sqlite(measure: Measure) -> dict[str, Any]:
    """On SQLite, in a folder that goes again."""
    with TemporaryDirectory() as folder:
        return await measure(f"sqlite:///{Path(folder) / 'calls.db'}")


async def _postgres(measure: Measure, url: str) -> dict[str, Any]:
    """On the PostgreSQL at `url`, in a schema that goes again."""
    name = f"bench_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE SCHEMA {name}")
        try:
            joined = "&" if urlsplit(url).query else "?"
            return await measure(f"{url}{joined}options={quote(f'-csearch_path={name}')}")
        finally:
            admin.execute(f"DROP SCHEMA {name} CASCADE")
