"""Opening the database and giving the core what an earlier run left, however long the database takes."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from callcentre.app.daemon import Daemon
from callcentre.core.centre import Step
from callcentre.core.charter import Office
from callcentre.core.errors import StoreUnavailable
from callcentre.core.facts import OpenRows
from callcentre.runtime.clock import Tasks
from callcentre.runtime.log import Log
from callcentre.store.database import Database
from callcentre.store.queries import CallCount, Queries
from callcentre.web.days import bounds, day_of

_STORE_RETRY_SECONDS = 2.0
_STORE_SAY_AGAIN = 30
_CLOSE_SECONDS = 2.0

T = TypeVar("T")


async def open_store(daemon: Daemon, stop: asyncio.Event) -> Database | None:
    """Open the database, waiting for it as long as it takes; None if the daemon is stopped meanwhile."""

    async def attempt() -> Database:
        database = await Database.open(daemon.config.store.url)
        try:
            await database.prepare()
        except BaseException:
            await close(database, daemon.log)
            raise
        return database

    return await _insist(attempt, daemon, stop)


async def restored(daemon: Daemon, database: Database, stop: asyncio.Event) -> Step | None:
    """Give the core the rows that an earlier run left open; return what it concludes, or None as `open_store` does."""

    async def attempt() -> tuple[OpenRows, list[CallCount], datetime]:
        pbxs, at = [pbx.name for pbx in daemon.config.pbxs], daemon.pbx_now()
        rows = await database.queries.open_rows(pbxs, at)
        return rows, await _counted_today(daemon.config.office, database.queries, at), at

    found = await _insist(attempt, daemon, stop)
    if found is None:
        return None
    rows, counts, at = found
    daemon.metrics.restore(counts, at)
    daemon.attendances.restore(rows.breaches)
    return daemon.centre.restore(rows, daemon.pbx_now())


async def _counted_today(office: Office, queries: Queries, at: datetime) -> list[CallCount]:
    """Count what was offered on the day of `at`, on the clocks of each line."""
    counts: list[CallCount] = []
    for zone in {line.zone: ZoneInfo(line.zone) for line in office.lines}.values():
        today = day_of(at, zone)
        of_zone = {line.name for line in office.lines if line.zone == zone.key}
        counts += [each for each in await queries.counts(*bounds(today, today, zone)) if each.line in of_zone]
    return counts


async def _insist(attempt: Callable[[], Coroutine[Any, Any, T]], daemon: Daemon, stop: asyncio.Event) -> T | None:
    """Try until the database answers; say why it does not, at first and from time to time. None once `stop` is set."""
    failures = 0
    async with Tasks() as tasks:
        stopped = tasks.spawn(stop.wait(), name="stop")
        while not stopped.done():
            trying = tasks.spawn(attempt(), name="database")
            await asyncio.wait([trying, stopped], return_when=asyncio.FIRST_COMPLETED)
            if not trying.done():
                break
            try:
                return trying.result()
            except StoreUnavailable as error:
                daemon.starting = f"the database is away: {error}"
                if failures % _STORE_SAY_AGAIN == 0:
                    daemon.log.warning("the database cannot be used; trying again", reason=error)
                failures += 1
            await asyncio.wait([stopped], timeout=_STORE_RETRY_SECONDS)
    return None


async def close(database: Database, log: Log) -> None:
    """Close the database; one that hangs is left to the end of the process."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await database.close()
    except TimeoutError:
        log.warning("the database does not answer; its connection is left open")
