"""The notifier: sends what waits in the outbox, until each contact has it or a day has passed.

At least once: a notice is marked after it was sent, so a crash between the two sends it again, under the same key.
Each contact has a task of its own while something is to be sent to it, so that none waits for another.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from callcentre.config.settings import Contact, MailSettings
from callcentre.core.errors import StoreConflict, StoreUnavailable
from callcentre.core.facts import (
    BreachChanged,
    CaseChanged,
    Fact,
    GreetingSeen,
    IncidentChanged,
    MailboxSeen,
    NoticeRaised,
    TaskChanged,
)
from callcentre.core.tasks import Notice
from callcentre.core.terms import NoticeKind
from callcentre.notify.answers import NotSent
from callcentre.notify.outbox import Delivery, Marks, Waiting
from callcentre.notify.roads import WITHIN_SECONDS, Attach, Roads
from callcentre.runtime.clock import Clock, Tasks
from callcentre.runtime.log import Log

QUICK: Final = (timedelta(seconds=10), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
"""The waits after the first failures; every later one is SLOW."""
SLOW: Final = timedelta(hours=1)
LONGEST: Final = timedelta(hours=24)
"""So long after it was raised a notice is still tried; the quick tries are made however old it is."""
PAGE: Final = 500
# Without a wake-up the outbox is looked into this often: for what others wrote, and after a step of the clock.
_LOOK_SECONDS: Final = 60.0
# The same while a contact is being told: a retry to another one may have come due.
_LOOK_WHILE_BUSY_SECONDS: Final = 2.0
_STORE_RETRY_SECONDS: Final = 2.0


class Told(StrEnum):
    """What became of one try, for the metrics."""

    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"


class Notifier:
    """An observer of committed facts with a task of its own, `run`.

    `told` hears of each try: the PBX, the kind of notice, what became of it; `waiting` how many wait for each PBX.
    `pbxs` are the PBXs whose notices are this daemon's to send. `within` bounds one sending, in seconds; `attach` makes
    what goes with an e-mail; `pause` waits while the store is away.
    """

    def __init__(
        self,
        *,
        contacts: Iterable[Contact],
        mail: MailSettings | None,
        queries: Waiting,
        writer: Marks,
        clock: Clock,
        log: Log,
        told: Callable[[str, NoticeKind, Told], None],
        pbxs: Collection[str],
        waiting: Callable[[str, int], None] = lambda _pbx, _number: None,
        within: float = WITHIN_SECONDS,
        attach: Attach | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._roads = Roads(contacts, mail, clock=clock, within=within, attach=attach)
        self._queries = queries
        self._writer = writer
        self._clock = clock
        self._log = log
        self._told = told
        self._pbxs = pbxs
        self._waiting = waiting
        self._pause = pause
        self._busy: set[str] = set()
        self._unmarked: set[int] = set()
        self._awake = asyncio.Event()
        self._store_is_away = False

    def observe(self, facts: Sequence[Fact]) -> None:
        """Wake up if any of these committed facts left something in the outbox; log what nobody is named for."""
        notices = [notice for fact in facts for notice in _notices(fact)]
        for notice in notices:
            if not notice.to:
                about = {"kind": notice.kind.value, "pbx": notice.pbx, "line": notice.line, "title": notice.title}
                self._log.warning("notice for nobody: no contact is named for it", **about)
        if any(notice.to for notice in notices):
            self.wake()

    def wake(self) -> None:
        """Look into the outbox now."""
        self._awake.set()

    async def run(self) -> None:
        """Send whatever waits, for ever; at first what an earlier run left."""
        async with Tasks() as tasks:
            while True:
                self._awake.clear()
                wait = await self._look(tasks)
                waking = tasks.spawn(self._awake.wait(), name="notices")
                ends: list[asyncio.Future[Any]] = [waking, tasks.failure]
                await asyncio.wait(ends, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
                waking.cancel()
                if tasks.failure.done():
                    raise tasks.failure.result()

    async def _look(self, tasks: Tasks) -> float:
        """Start sending what is due; return in how many seconds to look again."""
        now = self._clock.now()
        # Whoever is being told now may have been by the time the list is here, and then stands in it wrongly. Nor may
        # what waits for one contact fill the page that others stand in.
        busy = frozenset(self._busy)
        try:
            due = await self._queries.pending_notices(now, PAGE, pbxs=self._pbxs, without=busy)
            next_at = await self._queries.next_notice_at(pbxs=self._pbxs)
            for pbx, number in (await self._queries.notices_waiting(self._pbxs)).items():
                self._waiting(pbx, number)
        except StoreUnavailable as error:
            self._away(error)
            return _STORE_RETRY_SECONDS
        self._store_is_away = False
        by_contact: dict[str, list[Delivery]] = {}
        for delivery in due:
            if delivery.id not in self._unmarked:
                by_contact.setdefault(delivery.contact, []).append(delivery)
        for contact, deliveries in by_contact.items():
            self._busy.add(contact)
            tasks.spawn(self._tell(contact, deliveries), name=f"notices to {contact}")
        if by_contact and len(due) == PAGE:
            return 0.0
        if next_at is None:
            return _LOOK_SECONDS
        least = _LOOK_WHILE_BUSY_SECONDS if next_at <= now else 0.0
        return min(max((next_at - now).total_seconds(), least), _LOOK_SECONDS)

    # --- one contact -----------------------------------------------------------------------------------------------

    async def _tell(self, contact: str, deliveries: Sequence[Delivery]) -> None:
        try:
            for delivery in deliveries:
                await self._send(delivery)
        finally:
            self._busy.discard(contact)
            self.wake()

    async def _send(self, delivery: Delivery) -> None:
        notice = delivery.notice
        about = {"contact": delivery.contact, "kind": notice.kind.value, "pbx": notice.pbx, "line": notice.line}
        try:
            taken = await self._roads.send(delivery.contact, notice)
        except NotSent as error:
            await self._failed(delivery, error, about)
            return
        except Exception as fault:  # noqa: BLE001  a fault of ours in one sending must not end all the others
            self._log.error("fault in sending a notice", **about, error=type(fault).__name__)
            await self._failed(delivery, NotSent(f"a fault in callcentre ({type(fault).__name__})"), about)
            return
        _heed_cancelling()
        self._log.info("notice sent", **about, answer=taken.words)
        if taken.refused:
            self._log.warning("notice refused for some addresses of a contact", **about, refused=taken.refused)
        at = self._clock.now()
        await self._mark(delivery, lambda: self._writer.notice_sent(delivery.id, at))
        self._told(notice.pbx, notice.kind, Told.SENT)

    async def _failed(self, delivery: Delivery, error: NotSent, about: dict[str, str]) -> None:
        _heed_cancelling()
        at = self._clock.now()
        next_try = next_try_at(delivery, at, error)
        if next_try is None:
            self._log.error("notice given up", **about, tries=delivery.tries + 1, reason=str(error))
        else:
            again = next_try.isoformat(timespec="seconds")
            self._log.warning("notice not sent; it is tried again", **about, reason=str(error), next_try_at=again)
        await self._mark(delivery, lambda: self._writer.notice_failed(delivery.id, at, str(error), next_try))
        self._told(delivery.notice.pbx, delivery.notice.kind, Told.RETRY if next_try else Told.FAILED)

    async def _mark(self, delivery: Delivery, write: Callable[[], Awaitable[None]]) -> None:
        """Write a mark, however long the store is away: what is not marked would be sent again."""
        while True:
            try:
                await write()
            except StoreUnavailable as error:
                self._away(error)
                await self._pause(_STORE_RETRY_SECONDS)
            except StoreConflict as error:
                self._log.error("the database refused to note what became of a notice", error=error)
                self._unmarked.add(delivery.id)
                return
            else:
                return

    def _away(self, error: StoreUnavailable) -> None:
        if not self._store_is_away:
            self._store_is_away = True
            self._log.warning("notices wait for the database", reason=error)


def next_try_at(delivery: Delivery, at: datetime, error: NotSent) -> datetime | None:
    """Return when to try again after a failure at `at`; None when it is final, or the notice is a day old."""
    if error.is_final:
        return None
    quick = delivery.tries < len(QUICK)
    wait = QUICK[delivery.tries] if quick else SLOW
    wanted = at + max(wait, error.after or wait)
    last = delivery.notice.at + LONGEST
    if quick or wanted <= last:
        return wanted
    return last if at < last else None


def _heed_cancelling() -> None:
    """Stop if this task was told to: Python 3.11's wait_for, which libraries use, can swallow a cancellation."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _notices(fact: Fact) -> Sequence[Notice]:
    match fact:
        case TaskChanged() | BreachChanged() | CaseChanged() | IncidentChanged():
            return fact.notices
        case (
            MailboxSeen(notice=Notice() as notice)
            | GreetingSeen(notice=Notice() as notice)
            | NoticeRaised(notice=notice)
        ):
            return (notice,)
    return ()
