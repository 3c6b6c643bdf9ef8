"""The healer: after each gap, asks Asterisk's own book which calls ended, or came and went, unseen.

It works beside the loop, on committed rows: a call is healed once, as a fact like any other, and counters that were
given stand.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from callcentre.core.charter import Office
from callcentre.core.errors import StoreUnavailable
from callcentre.core.facts import Call, CallEnded, CallHealed, Fact, GapClosed
from callcentre.core.terms import CallKey, Outcome
from callcentre.history.books import UnreadableBook
from callcentre.history.heal import heal, missed
from callcentre.runtime.log import Log
from callcentre.store.queries import Queries

# Asterisk writes its book line by line as things happen; a call that has just ended may still be on its way there.
SETTLE_SECONDS = 3.0
# Older calls are left to `callcentre reconcile`: a lost call that no book knows would be looked for at every gap.
_WINDOW = timedelta(days=7)
# A call of the gap that still runs is in the book when it is over: the gap is read again, for so long.
_AGAIN_SECONDS = 60.0
_AGAIN_FOR = timedelta(hours=4)


class Healer:
    """An observer of facts with a task of its own, `run`.

    `books` names the queue_log of each PBX that has one; `names` tells the telephones of a PBX's members.
    """

    def __init__(
        self,
        *,
        queries: Queries,
        office: Office,
        books: Mapping[str, Path],
        add: Callable[[Sequence[Fact]], None],
        now: Callable[[], datetime],
        log: Log,
        names: Callable[[str], Mapping[str, str]] = lambda _pbx: {},
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._queries = queries
        self._office = office
        self._books = books
        self._add = add
        self._now = now
        self._log = log
        self._names = names
        self._settle = settle_seconds
        self._wanted: set[str] = set()
        self._gaps: dict[str, set[tuple[datetime, datetime]]] = {}
        self._awake = asyncio.Event()
        self._healed: set[CallKey] = set()

    def observe(self, facts: Sequence[Fact]) -> None:
        """Note which PBX has something to heal: a call just counted as lost, or a gap just over."""
        for fact in facts:
            lost = isinstance(fact, CallEnded) and fact.call.outcome is Outcome.LOST
            if (lost or isinstance(fact, GapClosed)) and fact.pbx in self._books:
                self._want(fact.pbx)
            if isinstance(fact, GapClosed) and fact.pbx in self._books:
                self._gaps.setdefault(fact.pbx, set()).add((fact.since, fact.at))

    def _want(self, pbx: str) -> None:
        self._wanted.add(pbx)
        self._awake.set()

    async def run(self) -> None:
        """Heal whenever there is something to heal, for ever."""
        while True:
            await self._awake.wait()
            await asyncio.sleep(self._settle)
            self._awake.clear()
            wanted, self._wanted = self._wanted, set()
            for pbx in sorted(wanted):
                await self._heal(pbx)

    async def _heal(self, pbx: str) -> None:
        now = self._now()
        try:
            lost = [call for call in await self._queries.lost_calls(pbx) if self._is_due(call, now)]
            names = self._names(pbx)
            healed = await asyncio.to_thread(heal, lost, self._books[pbx], self._office, at=now, names=names)
            unseen = await self._unseen(pbx, now)
        except StoreUnavailable:
            self._want(pbx)
            return
        except UnreadableBook as error:
            self._log.warning("queue_log cannot be read; lost calls stay lost", pbx=pbx, reason=error)
            return
        if healed or unseen:
            self._healed.update(fact.call.key for fact in healed + unseen)
            self._log.info(
                "calls healed from queue_log", pbx=pbx, lost=len(lost), healed=len(healed), unseen=len(unseen)
            )
            self._add(healed + unseen)

    async def _unseen(self, pbx: str, now: datetime) -> list[CallHealed]:
        """The calls of each gap that have no row; a gap with calls still under way is read again later."""
        found: list[CallHealed] = []
        for gap in sorted(self._gaps.get(pbx, set())):
            since, until = gap
            book, names = self._books[pbx], self._names(pbx)
            told = await asyncio.to_thread(missed, pbx, since, until, book, self._office, names)
            unknown = [call for call in told.calls if call.key not in self._healed and not await self._has_row(call)]
            found += [CallHealed(pbx=pbx, at=now, call=call) for call in unknown]
            if told.running and now - until < _AGAIN_FOR:
                asyncio.get_running_loop().call_later(_AGAIN_SECONDS, self._want, pbx)
            else:
                self._gaps[pbx].discard(gap)
        return found

    async def _has_row(self, call: Call) -> bool:
        return await self._queries.call(call.key) is not None

    def _is_due(self, call: Call, now: datetime) -> bool:
        return call.key not in self._healed and call.offered_at > now - _WINDOW
