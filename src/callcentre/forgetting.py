"""What belongs to an erasure besides the rows: holds that refuse it, recordings, the database's free pages.

The core forgets and the store removes; here is what neither can do. What was done, and what was not, is noted for the
certificate.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from callcentre.core.errors import Held
from callcentre.core.requests import ErasureAsked
from callcentre.runtime.log import Log
from callcentre.spool.deleting import NotDeleted, delete_message
from callcentre.store.certificates import Erasures, Recording
from callcentre.store.erasing import AGAIN, Found
from callcentre.store.holds import Holds
from callcentre.store.results import TaskDetail


class Forgetting:
    """Guards and completes erasures. `spools` are those that recordings may be deleted from; `now` is the time."""

    def __init__(
        self, *, holds: Holds, erasures: Erasures, spools: Mapping[str, Path], now: Callable[[], datetime], log: Log
    ) -> None:
        self._holds = holds
        self._erasures = erasures
        self._spools = spools
        self._now = now
        self._log = log

    async def refused(self, asked: ErasureAsked, detail: TaskDetail | None) -> str:
        """Why nothing may be erased: a legal hold, in words; empty if there is none."""
        numbers = [asked.caller, *((detail.task.caller, detail.task.dial) if detail is not None else ())]
        holds = await self._holds.against(
            asked.pbx, self._now(), numbers=[number for number in numbers if number], case_numbers=asked.cases
        )
        if not holds:
            return ""
        told = "; ".join(f"hold {hold.id}, {hold.whom}: {hold.why}, placed by {hold.who}" for hold in holds)
        return f"nothing was erased, because it is under a legal hold ({told}); lift it first, or wait until it ends"

    async def begun(self, asked: ErasureAsked) -> Sequence[ErasureAsked]:
        """What is to be asked again of an erasure that a run before this one began; empty if none did.

        That run may have emptied the task, so its number is named: what the core has read since may hold it.
        """
        found = await self._erasures.begun(asked.request)
        if found is None:
            return ()
        again = replace(asked, request=f"{asked.request}{AGAIN}{asked.at.isoformat()}")
        by_number = [replace(again, caller=number, task=None) for number in sorted(found.numbers)]
        return by_number or [again]

    async def sweep(self, asked: ErasureAsked) -> None:
        """Remove the person from all rows; Held if a legal hold was placed meanwhile."""

        async def may_go_on(found: Found) -> None:
            holds = await self._holds.against(asked.pbx, self._now(), numbers=found.numbers, case_numbers=found.cases)
            if holds:
                told = "; ".join(f"hold {hold.id}, {hold.whom}: {hold.why}, placed by {hold.who}" for hold in holds)
                raise Held(f"a legal hold was placed while the erasure ran, and the rest of it was not done ({told})")

        await self._erasures.sweep(asked.request, asked.pbx, may_go_on=may_go_on)

    async def known(self, asked: ErasureAsked) -> Collection[str]:
        """The numbers and addresses of the person, while the order still has them."""
        found = await self._erasures.begun(asked.request)
        return () if found is None else [*found.numbers, *(name for name in found.names if "@" in name)]

    async def recordings(self, asked: ErasureAsked) -> None:
        """Delete the recordings of what was erased, if that is asked for and allowed; note those that stay."""
        found = [one for one in await self._erasures.of([asked.request]) if one.pbx == asked.pbx]
        kept = await self._erasures.recordings(asked.pbx, found[0].messages, None) if found else []
        if kept:
            await self._erasures.note(asked.request, asked.pbx, [*await self._delete(asked, kept)])

    async def _delete(self, asked: ErasureAsked, recordings: Sequence[Recording]) -> list[str]:
        spool = self._spools.get(asked.pbx) if asked.recordings else None
        if spool is None:
            return [*_listed("Still in the voicemail, to be deleted there", recordings)]
        left: list[Recording] = []
        why: set[str] = set()
        for one in recordings:
            try:
                gone = await asyncio.to_thread(delete_message, spool, one.mailbox, one.msg_id, one.origtime)
            except NotDeleted as error:
                why.add(str(error))
                gone = False
            if not gone:
                left.append(one)
        deleted = len(recordings) - len(left)
        self._log.info("recordings of an erased caller are deleted", pbx=asked.pbx, deleted=deleted, left=len(left))
        said = [f"{deleted} recording{'' if deleted == 1 else 's'} deleted from the voicemail spool of {asked.pbx}."]
        reason = f" ({'; '.join(sorted(why))})" if why else ""
        return [*said, *_listed(f"Not deleted from the voicemail{reason}", left)]

    async def clean(self, asked: ErasureAsked, words: Collection[str]) -> None:
        """See that nothing of these words is left in the database's file, once the order itself has none any more."""
        await self._erasures.note(asked.request, asked.pbx, await self._erasures.clean(words))


def _listed(what: str, recordings: Sequence[Recording]) -> Iterator[str]:
    """A sentence that says how many there are in each mailbox; nothing if there are none."""
    counts = Counter(f"{one.mailbox} {one.folder or ''}".strip() for one in recordings)
    if counts:
        yield f"{what}: {', '.join(f'{number} in {box}' for box, number in sorted(counts.items()))}."
