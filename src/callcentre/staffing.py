"""How many agents each line needs now: read from its history once a day, beside the loop, for whoever asks."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.core.calendar import Span
from callcentre.core.charter import Line
from callcentre.core.errors import StoreUnavailable
from callcentre.core.staff import CELL, WEEKS, Slot, StaffHistory, Target, WeekNeed, charter_target, slot_at
from callcentre.core.terms import UTC
from callcentre.runtime.log import Log
from callcentre.store.queries import Queries

# So often it is looked whether a line's day is over, and its history to be read anew; after a fault, read again.
_EVERY_SECONDS: Final = 300.0


def whole_weeks(line: Line, last_day: date, weeks: int) -> tuple[datetime, datetime]:
    """The `weeks` weeks that end with `last_day`, from midnight to midnight of the line's clocks, in UTC."""
    zone, after = ZoneInfo(line.zone), last_day + timedelta(days=1)
    since, until = (datetime.combine(day, time(), zone) for day in (after - timedelta(weeks=weeks), after))
    return since.astimezone(UTC), until.astimezone(UTC)


async def week_need(
    queries: Queries,
    line: Line,
    since: datetime,
    until: datetime,
    target: Target | None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> WeekNeed:
    """Read what was measured of `line` in [since, until), and work out what it needs; StoreUnavailable as all reads.

    `progress` is told how many hours of how many are read. Memory does not grow with the number of calls.
    """
    seen = await queries.watched(line.pbx, line.name)
    hidden = await queries.hidden(line.pbx, since, until)
    # Plain sums, but of many half-hours: the loop is not kept waiting for them.
    history = await asyncio.to_thread(StaffHistory, line, since, until, seen=seen, gaps=hidden)
    total = int((until - since) / timedelta(hours=1))
    within = None if target is None else target.within
    first, last = _both((since, until), seen)
    async for cells in queries.call_cells(line.pbx, line.name, first, last, within):
        history.take_calls(cells)
        if cells:
            progress(int((cells[-1].start - since) / timedelta(hours=1)), total)
    async for changes in queries.presence_between(line.pbx, line.name, first, last):
        history.take_presence(changes)
    return await asyncio.to_thread(history.need, target)


def _both(asked: Span, seen: Span | None) -> Span:
    """What of the time asked about was watched, from a whole cell on; nothing is read of the rest."""
    since, until = asked
    if seen is None or seen[0] >= until or seen[1] <= since:
        return since, since
    into = max(seen[0] - since, timedelta()) // CELL
    return since + into * CELL, min(seen[1], until)


class StaffNeed:
    """Keeps the week of every line that has a target, from the last eight weeks before today; `run` is its task."""

    def __init__(
        self,
        *,
        lines: Sequence[Line],
        queries: Queries,
        now: Callable[[], datetime],
        log: Log,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._lines = [line for line in lines if charter_target(line.charter) is not None]
        self._queries = queries
        self._now = now
        self._log = log
        self._rest = rest
        self._known: dict[tuple[str, str], tuple[date, Mapping[Slot, int]]] = {}

    async def run(self) -> None:
        """Read each line's history once a day, for ever; a database that is away is asked again."""
        while True:
            for line in self._lines:
                await self._refresh(line)
            await self._rest(_EVERY_SECONDS)

    async def _refresh(self, line: Line) -> None:
        key, today = (line.pbx, line.name), self._now().astimezone(ZoneInfo(line.zone)).date()
        if key in self._known and self._known[key][0] == today:
            return
        since, until = whole_weeks(line, today - timedelta(days=1), WEEKS)
        try:
            seen = await self._queries.watched(line.pbx, line.name)
            if _both((since, until), seen) == (since, since):
                # A new office: there is nothing to reckon with before tomorrow.
                self._known[key] = (today, {})
                return
            week = await week_need(self._queries, line, since, until, charter_target(line.charter))
        except StoreUnavailable as error:
            # What was known yesterday is better than nothing: it is of the same weeks but for a day.
            self._log.warning("how many agents are needed could not be read", line=line.name, reason=str(error))
            return
        needs = {one.slot: one.needed_a for one in week.slots if one.needed_a is not None}
        self._known[key] = (today, needs)

    def required(self) -> Iterator[tuple[str, str, int]]:
        """PBX, line and agents required in this half-hour; not of a line that is closed or too little known."""
        now = self._now()
        for line in self._lines:
            _, needs = self._known.get((line.pbx, line.name), (None, {}))
            slot = slot_at(line, now) if needs else None
            if slot is not None and slot in needs:
                yield line.pbx, line.name, needs[slot]
