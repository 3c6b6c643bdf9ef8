"""Reads of messages and tasks, of mailboxes, of the outbox and of orders."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from callcentre.core.facts import VoicemailUsed
from callcentre.core.tasks import Callout, Entry, Filing, Message, Task
from callcentre.core.terms import MessageStatus, TaskState, Verdict
from callcentre.store import callback_rows as read
from callcentre.store.reader import PAGE, AnySelect, Reader
from callcentre.store.results import Delivery, DeliveryState, Order, TaskDetail, VoicemailUseCount
from callcentre.store.tables import callouts, filings, messages, orders, outbox, task_history, tasks, voicemail_uses

OPEN_STATES = frozenset(TaskState) - {TaskState.CLOSED}


class CallbackQueries(Reader):
    """Tasks with what hangs together with them; messages that wait for a decision; how voicemail was used."""

    async def tasks(
        self,
        *,
        pbx: str | None = None,
        line: str | None = None,
        states: Collection[TaskState] = OPEN_STATES,
        limit: int = PAGE,
        offset: int = 0,
    ) -> list[Task]:
        """Return at most `limit` (1,000) tasks in these states, by act_by, after the first `offset` of them."""
        wanted: list[ColumnElement[bool]] = [tasks.c.state.in_(sorted(states))]
        wanted += [tasks.c.pbx == pbx] if pbx is not None else []
        wanted += [tasks.c.line == line] if line is not None else []
        # In these words both databases see that the small index of open tasks serves.
        wanted += [tasks.c.state != "closed"] if TaskState.CLOSED not in states else []
        query = select(tasks).where(*wanted).order_by(tasks.c.act_by, tasks.c.pbx, tasks.c.number)
        return [read.task(row) for row in await self._rows(query.limit(min(limit, PAGE)).offset(offset))]

    async def task(self, pbx: str, number: int) -> TaskDetail | None:
        """Return the task of this number with its history, messages and dials."""
        found = await self._rows(select(tasks).where(tasks.c.pbx == pbx, tasks.c.number == number))
        if not found:
            return None
        return TaskDetail(
            task=read.task(found[0]),
            entries=tuple(await self._entries(pbx, number)),
            filings=tuple(await self.filings_of(pbx, number)),
            messages=tuple(await self._messages_of(pbx, number)),
            callouts=tuple(await self._callouts_of(pbx, number)),
        )

    async def filings_of(self, pbx: str, number: int) -> list[Filing]:
        """Return the filings of a task, by when their messages were left."""
        of_task = and_(filings.c.pbx == pbx, filings.c.task == number)
        pages = self._pages(select(filings), of_task, filings.c.left_at, filings.c.key)
        return [read.filing(row) async for page in pages for row in page]

    async def was_requested(self, pbx: str, request: str) -> bool:
        """Whether a request of this key left an entry in the history of any task."""
        query = select(task_history.c.seq).where(task_history.c.pbx == pbx, task_history.c.request == request)
        return bool(await self._rows(query.limit(1)))

    async def backlog(self, *, pbx: str | None = None) -> list[Message]:
        """Return the messages that wait for one decision, by when they were left."""
        wanted: ColumnElement[bool] = messages.c.status == MessageStatus.BACKLOG.value
        if pbx is not None:
            wanted = and_(wanted, messages.c.pbx == pbx)
        pages = self._pages(select(messages), wanted, messages.c.left_at, messages.c.pbx, messages.c.key)
        return [read.message(row) async for page in pages for row in page]

    async def voicemail_uses(
        self, since: datetime, until: datetime, *, line: str | None = None, verdict: Verdict | None = None
    ) -> AsyncIterator[Sequence[VoicemailUsed]]:
        """Yield the verdicts given in [since, until), in pages, in order of time."""
        wanted = _used_between(since, until, line)
        if verdict is not None:
            wanted = and_(wanted, voicemail_uses.c.verdict == verdict.value)
        order = (voicemail_uses.c.at, voicemail_uses.c.pbx, voicemail_uses.c.uniqueid)
        async for page in self._pages(select(voicemail_uses), wanted, *order):
            yield [read.voicemail_use(row) for row in page]

    async def voicemail_use_counts(
        self, since: datetime, until: datetime, *, line: str | None = None
    ) -> list[VoicemailUseCount]:
        """Count the verdicts given in [since, until), by line and verdict."""
        by: list[ColumnElement[Any]] = [voicemail_uses.c.line, voicemail_uses.c.verdict]
        counted: AnySelect = select(*by, func.count())
        query = counted.where(_used_between(since, until, line)).group_by(*by).order_by(*by)
        return [
            VoicemailUseCount(line=row[0], verdict=Verdict(row[1]), calls=row[2]) for row in await self._rows(query)
        ]

    async def _entries(self, pbx: str, number: int) -> list[Entry]:
        of_task = and_(task_history.c.pbx == pbx, task_history.c.task == number)
        pages = self._pages(select(task_history), of_task, task_history.c.seq)
        return [read.entry(row) async for page in pages for row in page]

    async def _messages_of(self, pbx: str, number: int) -> list[Message]:
        filed = and_(filings.c.pbx == messages.c.pbx, filings.c.key == messages.c.key)
        of_task = and_(filings.c.pbx == pbx, filings.c.task == number)
        pages = self._pages(select(messages).join(filings, filed), of_task, messages.c.left_at, messages.c.key)
        return [read.message(row) async for page in pages for row in page]

    async def _callouts_of(self, pbx: str, number: int) -> list[Callout]:
        of_task = and_(callouts.c.pbx == pbx, callouts.c.task == number)
        pages = self._pages(select(callouts), of_task, callouts.c.begun_at, callouts.c.uniqueid)
        return [read.callout(row) async for page in pages for row in page]


class OutboxQueries(Reader):
    """What waits to be sent, and what waits to be done."""

    async def pending_notices(
        self,
        at: datetime,
        limit: int = PAGE,
        *,
        pbxs: Collection[str] | None = None,
        without: Collection[str] = (),
    ) -> list[Delivery]:
        """Return at most `limit` (1,000) notices of `pbxs` (None: of all) to be tried by `at`, the oldest try first.

        Those to the contacts `without` are left out.
        """
        due = and_(_waiting(pbxs), outbox.c.next_try_at <= at, outbox.c.contact.not_in(sorted(without)))
        query = select(outbox).where(due).order_by(outbox.c.next_try_at, outbox.c.at, outbox.c.id)
        return [
            Delivery(id=row.id, contact=row.contact, notice=read.notice(row), tries=row.tries)
            for row in await self._rows(query.limit(min(limit, PAGE)))
        ]

    async def next_notice_at(self, *, pbxs: Collection[str] | None = None) -> datetime | None:
        """Return when the next notice of `pbxs` is to be tried, in the past if it never was; None if none waits."""
        query = select(func.min(outbox.c.next_try_at).label("at")).where(_waiting(pbxs))
        at: datetime | None = (await self._rows(query))[0].at
        return at

    async def notices_waiting(self, pbxs: Collection[str]) -> dict[str, int]:
        """Count the notices that wait, for each of `pbxs`."""
        query = select(outbox.c.pbx, func.count().label("number")).where(_waiting(pbxs)).group_by(outbox.c.pbx)
        return dict.fromkeys(pbxs, 0) | {row.pbx: row.number for row in await self._rows(query)}

    async def pending_orders(self, pbxs: Collection[str] | None = None) -> list[Order]:
        """Return the orders of `pbxs` (None: of all) that wait (at most 1,000), the oldest first."""
        waiting = orders.c.done_at.is_(None)
        wanted = waiting if pbxs is None else and_(waiting, orders.c.pbx.in_(sorted(pbxs)))
        query = select(orders).where(wanted).order_by(orders.c.at, orders.c.id).limit(PAGE)
        return [Order(**row._mapping) for row in await self._rows(query)]  # noqa: SLF001  a public name of SQLAlchemy

    async def order(self, id: str) -> Order | None:  # noqa: A002  the column's name
        """Return the order of this id, done or not."""
        found = await self._rows(select(orders).where(orders.c.id == id))
        return Order(**found[0]._mapping) if found else None  # noqa: SLF001  a public name of SQLAlchemy


def _waiting(pbxs: Collection[str] | None) -> ColumnElement[bool]:
    pending = outbox.c.state == DeliveryState.PENDING.value
    return pending if pbxs is None else and_(pending, outbox.c.pbx.in_(sorted(pbxs)))


def _used_between(since: datetime, until: datetime, line: str | None) -> ColumnElement[bool]:
    wanted = and_(voicemail_uses.c.at >= since, voicemail_uses.c.at < until)
    return and_(wanted, voicemail_uses.c.line == line) if line is not None else wanted
