"""What a start must give back to the core: the rows that are still open."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select

from callcentre.core.facts import Call, MailboxSeen, OpenRows
from callcentre.core.tasks import Callout, Click, Filing, Message, Task, WrapUp
from callcentre.core.terms import MessageStatus
from callcentre.store import callback_rows as read
from callcentre.store.abuse_queries import AbuseQueries
from callcentre.store.attendance_queries import AttendanceQueries
from callcentre.store.call_queries import CallQueries
from callcentre.store.case_queries import CaseQueries
from callcentre.store.missed import MissedQueries
from callcentre.store.tables import callouts, clicks, filings, mailboxes, messages, tasks, wrap_ups

_MISSED_FOR = timedelta(days=14)
_UNFOUND_FOR = timedelta(days=30)
_CLICKED_FOR = timedelta(hours=1)
_WRAPPED_FOR = timedelta(days=1)


class RestartQueries(CaseQueries, CallQueries, MissedQueries, AttendanceQueries, AbuseQueries):
    """The open rows, for core.centre.CallCentre.restore."""

    async def open_rows(self, pbxs: Sequence[str], at: datetime) -> OpenRows:
        """Return what earlier runs left open of these PBXs; `at` is now."""
        calls: list[Call] = []
        last_seen: dict[str, datetime] = {}
        latest: dict[str, int] = {}
        for pbx in pbxs:
            calls += await self.open_calls(pbx)
            seen, number = await self.last_fact_at(pbx), await self._latest_task(pbx)
            last_seen |= {} if seen is None else {pbx: seen}
            latest |= {} if number is None else {pbx: number}
        return OpenRows(
            calls=tuple(calls),
            last_seen=last_seen,
            messages=tuple(await self._messages_to_know(pbxs, at)),
            tasks=tuple(await self._open_tasks(pbxs)),
            filings=tuple(await self._open_filings(pbxs)),
            latest=latest,
            boxes=tuple(await self._boxes(pbxs)),
            missed=tuple(await self._missed(pbxs, at)),
            callouts=tuple(await self._open_callouts(pbxs)),
            breaches=tuple(await self._open_breaches(pbxs)),
            acted=tuple(await self._acted(pbxs, at)),
            cases=tuple(await self.open_cases(pbxs)),
            latest_cases=await self.latest_cases(pbxs),
            case_requests=tuple(await self.late_case_requests(pbxs, at)),
            clicks=tuple(await self._late_clicks(pbxs, at)),
            wraps=tuple(await self._late_wraps(pbxs, at)),
            incidents=tuple(await self.lasting_incidents(pbxs, at)),
        )

    async def _latest_task(self, pbx: str) -> int | None:
        query = select(func.max(tasks.c.number).label("number")).where(tasks.c.pbx == pbx)
        number: int | None = (await self._rows(query))[0].number
        return number

    async def _messages_to_know(self, pbxs: Sequence[str], at: datetime) -> list[Message]:
        """Still in a mailbox, waiting for a decision or erased, however old; not in one and younger than 30 days."""
        lasting = messages.c.status.in_([MessageStatus.BACKLOG.value, MessageStatus.ERASED.value])
        wanted = or_(messages.c.in_mailbox, lasting, messages.c.left_at > at - _UNFOUND_FOR)
        of_pbxs = and_(messages.c.pbx.in_(pbxs), wanted)
        pages = self._pages(select(messages), of_pbxs, messages.c.pbx, messages.c.key)
        return [read.message(row) async for page in pages for row in page]

    async def _open_tasks(self, pbxs: Sequence[str]) -> list[Task]:
        are_open = and_(tasks.c.state != "closed", tasks.c.pbx.in_(pbxs))
        pages = self._pages(select(tasks), are_open, tasks.c.pbx, tasks.c.number)
        return [read.task(row) async for page in pages for row in page]

    async def _open_filings(self, pbxs: Sequence[str]) -> list[Filing]:
        theirs = and_(tasks.c.pbx == filings.c.pbx, tasks.c.number == filings.c.task)
        are_open = and_(tasks.c.state != "closed", filings.c.pbx.in_(pbxs))
        pages = self._pages(select(filings).join(tasks, theirs), are_open, filings.c.pbx, filings.c.key)
        return [read.filing(row) async for page in pages for row in page]

    async def _boxes(self, pbxs: Sequence[str]) -> list[MailboxSeen]:
        pages = self._pages(select(mailboxes), mailboxes.c.pbx.in_(pbxs), mailboxes.c.pbx, mailboxes.c.mailbox)
        return [read.mailbox(row) async for page in pages for row in page]

    async def _missed(self, pbxs: Sequence[str], at: datetime) -> list[tuple[str, str, datetime]]:
        """Each caller once, with the latest of their missed calls, whatever its line; the earliest first."""
        latest: dict[tuple[str, str], datetime] = {}
        for missed in await self.missed_callers(at - _MISSED_FOR, at, pbxs=pbxs):
            caller = (missed.pbx, missed.caller)
            latest[caller] = max(latest.get(caller, missed.last_at), missed.last_at)
        return sorted(((pbx, caller, when) for (pbx, caller), when in latest.items()), key=lambda m: (m[2], m[0], m[1]))

    async def _open_callouts(self, pbxs: Sequence[str]) -> list[Callout]:
        are_open = and_(callouts.c.ended_at.is_(None), callouts.c.pbx.in_(pbxs))
        pages = self._pages(select(callouts), are_open, callouts.c.pbx, callouts.c.uniqueid)
        return [read.callout(row) async for page in pages for row in page]

    async def _late_clicks(self, pbxs: Sequence[str], at: datetime) -> list[Click]:
        """Those without an end, and those of the last hour, which count for the limits."""
        late = or_(clicks.c.ended_at.is_(None), clicks.c.asked_at > at - _CLICKED_FOR)
        wanted = and_(clicks.c.pbx.in_(pbxs), late)
        pages = self._pages(select(clicks), wanted, clicks.c.asked_at, clicks.c.pbx, clicks.c.key)
        return [read.click(row) async for page in pages for row in page]

    async def _late_wraps(self, pbxs: Sequence[str], at: datetime) -> list[WrapUp]:
        wanted = and_(wrap_ups.c.at > at - _WRAPPED_FOR, wrap_ups.c.pbx.in_(pbxs))
        order = (wrap_ups.c.at, wrap_ups.c.pbx, wrap_ups.c.uniqueid, wrap_ups.c.who)
        return [read.wrap_up(row) async for page in self._pages(select(wrap_ups), wanted, *order) for row in page]
