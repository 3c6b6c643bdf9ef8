"""Counts each day's first contact for good, once the WINDOW of its last call is over (H1).

A report of twelve months adds these days up: to follow five million calls anew takes minutes. A day that calls came to
late, or numbers left, is counted anew the night after. Why so: docs/decisions/0036.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from callcentre.core.charter import Line, Office
from callcentre.core.errors import StoreUnavailable
from callcentre.core.facts import DayStood
from callcentre.core.standings import StandingKind
from callcentre.reports.months import bounds
from callcentre.runtime.log import Log
from callcentre.store.database import Database
from callcentre.store.first_contact import WINDOW

GRACE: Final = timedelta(hours=1)
"""By then what happened within a WINDOW is written, if the database was not away."""

LOOK_BACK: Final = timedelta(days=400)
"""So far back days are counted that were not: the twelve months of last month's report."""

_JOB: Final = "standings"
_AT: Final = time(2, 5)
_AT_ONCE: Final = 7
"""So many days are counted by one query: it reads as many again, and while it reads on SQLite nothing is written."""

_REST_SECONDS: Final = 1.0
_AGAIN: Final = timedelta(days=1)
"""An erasure may still be under way so long after its tombstone: the night after it is looked once more."""

Days = Sequence[tuple[datetime, datetime]]


class Daily(Protocol):
    """Who runs something each day (scheduler.Scheduler)."""

    def daily(self, name: str, at: time, zone: ZoneInfo, job: Callable[[], Awaitable[None]]) -> None:
        """Run `job` each day at `at` by the clocks of `zone`."""
        ...


class Settling:
    """Counts what is not counted yet, at the start and each night; `run` is its task.

    `numbers` is how long numbers are kept (None: for ever): of days before that nothing can be told any more.
    """

    def __init__(
        self,
        *,
        office: Office,
        database: Database,
        numbers: timedelta | None,
        scheduler: Daily,
        now: Callable[[], datetime],
        log: Log,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._office = office
        self._database = database
        self._look_back = LOOK_BACK if numbers is None else min(numbers, LOOK_BACK)
        self._scheduler = scheduler
        self._now = now
        self._log = log
        self._rest = rest
        self._looked: datetime | None = None

    async def run(self) -> None:
        """Count what is missing, and each night the day whose WINDOW is over, until cancelled."""
        self._scheduler.daily(_JOB, _AT, ZoneInfo(self._office.lines[0].zone), self.night)
        await self.night()
        await asyncio.Event().wait()

    async def night(self) -> None:
        """Count each day that is not counted; a fault leaves the rest for the next night."""
        try:
            now, first = self._now(), await self._database.standings.first_call()
            if first is None:
                return
            # Of the day on which the term of numbers ended some are gone.
            since = max(first, now - self._look_back + timedelta(days=1))
            erased = await self._erased(now)
            for zone in dict.fromkeys(line.zone for line in self._office.lines):
                lines = [line for line in self._office.lines if line.zone == zone]
                days = [day for day in civil_days(since, now, ZoneInfo(zone)) if day[1] + WINDOW + GRACE <= now]
                if erased:
                    await self._look_again(days, lines)
                await self._count(days, lines, now)
        except StoreUnavailable as error:
            self._log.warning("days of first contact were not all counted; the next night does the rest", reason=error)

    async def _count(self, days: Days, lines: Sequence[Line], now: datetime) -> None:
        store, names = self._database.standings, [line.name for line in lines]
        if not days:
            return
        whole = await store.whole_days(StandingKind.FIRST_CONTACT, days[0][0], days[-1][1], names)
        for some in in_runs([day for day in days if day[0] not in whole]):
            for place in range(0, len(some), _AT_ONCE):
                piece, changes = some[place : place + _AT_ONCE], store.changes
                counted = await self._counted(piece, lines, now)
                if not await store.keep(counted, changes=changes):
                    self._log.info("calls came late; their days are counted the next night")
                await self._rest(_REST_SECONDS)

    async def _counted(self, days: Days, lines: Sequence[Line], now: datetime) -> list[DayStood]:
        """A count of each line and day, also where there was no call."""
        edges = [*(begin for begin, _ in days), days[-1][1]]
        found = await self._database.queries.inferred(edges, now, [line.name for line in lines])
        told = {(one.since, one.line): (one.alone, one.counted - one.alone, one.unnumbered) for one in found}
        return [
            DayStood(
                pbx=line.pbx,
                at=now,
                since=begin,
                kind=StandingKind.FIRST_CONTACT,
                line=line.name,
                what="",
                good=good,
                bad=bad,
                unknown=unknown,
            )
            for begin, _ in days
            for line in lines
            for good, bad, unknown in [told.get((begin, line.name), (0, 0, 0))]
        ]

    # --- erasures ----------------------------------------------------------------------------------------------------

    async def _erased(self, now: datetime) -> bool:
        """Whether numbers were erased since it was looked last; the first time it is not known what was seen before."""
        last, looked = await self._database.standings.erased_last(), self._looked
        self._looked = now
        return last is not None and last >= (now - self._look_back if looked is None else looked - _AGAIN)

    async def _look_again(self, days: Days, lines: Sequence[Line]) -> None:
        """Forget the days of which numbers went since they were counted."""
        names = [line.name for line in lines]
        for place in range(0, len(days), _AT_ONCE):
            piece = days[place : place + _AT_ONCE]
            edges = [*(begin for begin, _ in piece), piece[-1][1]]
            if fewer := await self._database.standings.fewer_numbers(edges, names):
                await self._database.standings.forget(fewer)
            await self._rest(_REST_SECONDS)


def civil_days(since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The civil days of `zone` that touch [since, until], in order: when each begins and ends."""
    day = since.astimezone(zone).date()
    while bounds(day, zone)[0] <= until:
        yield bounds(day, zone)
        day += timedelta(days=1)


def in_runs(days: Days) -> Iterator[Days]:
    """`days`, which are in order, as runs of days that follow one another."""
    place = 0
    while place < len(days):
        end = place + 1
        while end < len(days) and days[end][0] == days[end - 1][1]:
            end += 1
        yield days[place:end]
        place = end
