"""The inferred figure of first contact (H1), read once an hour beside the loop, for the metrics.

A scrape must not wait for the database, and the figure of closed days hardly changes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.core.charter import Line
from callcentre.core.errors import StoreUnavailable
from callcentre.core.terms import UTC
from callcentre.metrics.first_contact import Inferred
from callcentre.runtime.log import Log
from callcentre.store.first_contact import WINDOW
from callcentre.store.queries import Queries

DAYS: Final = 30
_EVERY_SECONDS: Final = 3600.0


def closed_days(now: datetime, zone: ZoneInfo, days: int = DAYS) -> tuple[datetime, datetime]:
    """The last `days` days on the clocks of `zone`, of which each call's WINDOW is over: from midnight to midnight."""
    last = (now - WINDOW).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (last - timedelta(days=days)).astimezone(UTC), last.astimezone(UTC)


class FirstContactFigures:
    """Keeps what callers of each line did; `run` is its task."""

    def __init__(
        self,
        *,
        lines: Sequence[Line],
        queries: Queries,
        now: Callable[[], datetime],
        log: Log,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._lines = lines
        self._queries = queries
        self._now = now
        self._log = log
        self._rest = rest
        self._known: tuple[Inferred, ...] = ()

    async def run(self) -> None:
        """Read the figure once an hour, for ever; what was known stays while the database is away."""
        while True:
            try:
                self._known = await self._read()
            except StoreUnavailable as error:
                self._log.warning("the figure of first contact could not be read", reason=str(error))
            await self._rest(_EVERY_SECONDS)

    async def _read(self) -> tuple[Inferred, ...]:
        now, found = self._now(), dict[str, Inferred]()
        for zone in sorted({line.zone for line in self._lines}):
            of_zone = {line.name: line for line in self._lines if line.zone == zone}
            for each in await self._queries.inferred(closed_days(now, ZoneInfo(zone)), now, of_zone):
                pbx = of_zone[each.line].pbx
                found[each.line] = Inferred(pbx=pbx, line=each.line, calls=each.counted, resolved=each.alone)
        nothing = (Inferred(pbx=line.pbx, line=line.name, calls=0, resolved=0) for line in self._lines)
        return tuple(found.get(one.line, one) for one in nothing)

    def known(self) -> tuple[Inferred, ...]:
        """What was read last; nothing before the first time."""
        return self._known
