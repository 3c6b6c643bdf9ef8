"""Erasing somebody as the daemon does it: an order, the fact with its tombstones, and the sweep through all rows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from callcentre.core.facts import CallerErased, Fact
from callcentre.store.database import Database

REQUEST = "request-a"


async def begin(database: Database, *facts: Fact, request: str = REQUEST) -> None:
    """Leave the order of these facts and commit them; nothing is swept yet."""
    told = [
        replace(fact, request=fact.request or request) if isinstance(fact, CallerErased) else fact for fact in facts
    ]
    for fact in told:
        if isinstance(fact, CallerErased):
            await database.writer.order(fact.request, fact.pbx, fact.at, '{"ask": "erasure"}')
    await database.writer.commit(told)


async def sweep(database: Database, *pbxs: str, request: str = REQUEST, at: datetime | None = None) -> None:
    """Sweep what has begun; answer the order `at`, if that is said."""
    for pbx in pbxs or ("lab",):
        await database.erasures.sweep(request, pbx)
    if at is not None:
        await database.writer.order_done(request, at, "done")


async def erase(database: Database, *facts: Fact, request: str = REQUEST) -> None:
    """Erase somebody from begin to end."""
    await begin(database, *facts, request=request)
    told: Sequence[CallerErased] = [fact for fact in facts if isinstance(fact, CallerErased)]
    for fact in told:
        await sweep(database, fact.pbx, request=fact.request or request, at=fact.at)
