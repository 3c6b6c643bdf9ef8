"""The figures of a report that are not of calls: callbacks, voicemail, cases, satisfaction, incidents. Groups, no rows.

Each counts by line and period; `edges` are the moments between periods, in order: two make one, n make n - 1.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from callcentre.core.case_values import CaseChannel, CaseOutcome
from callcentre.core.incidents import Review
from callcentre.core.terms import MailboxState, MessageStatus, TaskState, Verdict
from callcentre.store.case_causes import WITHOUT_REMEDY
from callcentre.store.case_queries import counts_once
from callcentre.store.reader import AnySelect
from callcentre.store.report_calls import ReportCalls
from callcentre.store.report_values import (
    AnswerCount,
    CallbackCount,
    CaseCount,
    CauseCount,
    ClockCount,
    GreetingCount,
    MailboxStands,
    OpenRemedy,
    VerdictCount,
)
from callcentre.store.tables import (
    abuse_incidents,
    case_clocks,
    cases,
    filings,
    greetings,
    mailboxes,
    messages,
    outbox,
    satisfaction,
    tasks,
    voicemail_uses,
)

DAY: Final = timedelta(hours=24)
LISTED: Final = 200
"""So many cases are listed at most; how many there are is counted beside."""

_MICROSECONDS_A_DAY: Final = DAY // timedelta(microseconds=1)
_SECONDS_A_DAY: Final = 86_400


class ReportQueries(ReportCalls):
    """Everything that a report asks of the store. `lines` are names; `as_of` is now, by which promises are judged."""

    # --- callbacks, voicemail ----------------------------------------------------------------------------------------

    async def callbacks(
        self, edges: Sequence[datetime], as_of: datetime, lines: Collection[str]
    ) -> list[CallbackCount]:
        """Count the messages left in each period."""
        f = filings.c
        closed = and_(tasks.c.state == TaskState.CLOSED.value, f.responded_at.is_(None))
        ended_at = case((f.responded_at.is_not(None), f.responded_at), (closed, tasks.c.closed_at))
        passed = f.due < as_of
        of_task = and_(tasks.c.pbx == f.pbx, tasks.c.number == f.task)
        query = (
            select(
                f.line,
                _period(f.left_at, edges).label("period"),
                _sum(ended_at <= f.due).label("in_time"),
                _sum(ended_at > f.due).label("late"),
                _sum(and_(ended_at.is_(None), passed)).label("overdue"),
                _sum(and_(ended_at.is_(None), ~passed)).label("waiting"),
                _sum(f.responded_at.is_not(None)).label("responded"),
                _sum(f.reached_at.is_not(None)).label("reached"),
                _sum(self._days(f.left_at, f.responded_at) <= 1).label("flat"),
                _sum(closed).label("ended"),
            )
            .join_from(filings, tasks, of_task)
            .where(_within(f.left_at, edges), f.line.in_(sorted(lines)))
            .group_by(literal_column("1"), literal_column("2"))
        )
        return [CallbackCount(**row._mapping) for row in await self._rows(query)]  # noqa: SLF001  public

    async def undecided_messages(self, since: datetime, until: datetime, lines: Collection[str]) -> int:
        """Count the messages left in [since, until) that wait for one decision (the backlog of the first start)."""
        m = messages.c
        query = select(func.count().label("waiting")).where(
            m.left_at >= since,
            m.left_at < until,
            m.line.in_(sorted(lines)),
            m.status == MessageStatus.BACKLOG.value,
        )
        (row,) = await self._rows(query)
        return int(row.waiting)

    async def verdicts(self, edges: Sequence[datetime], lines: Collection[str]) -> list[VerdictCount]:
        """Count the calls that reached voicemail in each period, by verdict."""
        v = voicemail_uses.c
        query = (
            select(v.line, _period(v.at, edges).label("period"), v.verdict, func.count().label("calls"))
            .where(_within(v.at, edges), v.line.in_(sorted(lines)))
            .group_by(literal_column("1"), literal_column("2"), literal_column("3"))
        )
        return [
            VerdictCount(line=row.line, period=row.period, verdict=Verdict(row.verdict), calls=row.calls)
            for row in await self._rows(query)
        ]

    # --- cases -------------------------------------------------------------------------------------------------------

    async def clocks(self, edges: Sequence[datetime], as_of: datetime, lines: Collection[str]) -> list[ClockCount]:
        """Count the clocks of cases that began in each period; those that came to nothing are left out.

        One that runs anew, of a promise that came to its end before (`counts_once`), is left out too.
        """
        k = case_clocks.c
        passed, days = k.due < as_of, self._days(k.started_at, k.met_at)
        query = (
            select(
                k.line,
                _period(k.started_at, edges).label("period"),
                k.clock,
                k.kind,
                k.channel,
                _sum(k.met_at <= k.due).label("kept"),
                _sum(k.met_at > k.due).label("late"),
                _sum(and_(k.met_at.is_(None), passed)).label("overdue"),
                _sum(and_(k.met_at.is_(None), ~passed)).label("running"),
                func.coalesce(func.sum(days), literal_column("0.0")).label("days"),
                func.coalesce(func.max(days), literal_column("0.0")).label("longest"),
            )
            .where(
                _within(k.started_at, edges),
                k.line.in_(sorted(lines)),
                # One that was kept and then dropped was kept.
                or_(k.dropped_at.is_(None), k.met_at.is_not(None)),
                counts_once(),
            )
            .group_by(*(literal_column(str(place)) for place in range(1, 6)))
        )
        return [
            ClockCount(
                line=row.line,
                period=row.period,
                clock=row.clock,
                kind=row.kind,
                channel=CaseChannel(row.channel),
                kept=row.kept,
                late=row.late,
                overdue=row.overdue,
                running=row.running,
                days=float(row.days),
                longest=float(row.longest),
            )
            for row in await self._rows(query)
        ]

    async def case_counts(self, edges: Sequence[datetime], lines: Collection[str]) -> list[CaseCount]:
        """Count the cases received in each period, by kind."""
        c = cases.c
        query = (
            select(
                c.line,
                _period(c.received_at, edges).label("period"),
                c.kind,
                func.count().label("cases"),
                _sum(c.closed_at.is_not(None)).label("closed"),
            )
            .where(_within(c.received_at, edges), c.line.in_(sorted(lines)))
            .group_by(literal_column("1"), literal_column("2"), literal_column("3"))
        )
        return [CaseCount(**row._mapping) for row in await self._rows(query)]  # noqa: SLF001  a public name

    async def causes(self, since: datetime, until: datetime, lines: Collection[str]) -> list[CauseCount]:
        """Count the complaints received in [since, until) by cause, the commonest first, with their remedies."""
        c, cause = cases.c, func.coalesce(cases.c.cause, "")
        wanted = self._complaints(since, until, lines)
        counted = select(
            cause.label("cause"),
            func.count().label("complaints"),
            _sum(c.remedied_at.is_not(None)).label("remedied"),
            _sum(c.outcome == CaseOutcome.NOT_UPHELD.value).label("not_upheld"),
        )
        rows = await self._rows(counted.where(wanted).group_by(literal_column("1")).limit(LISTED))
        remedies: dict[str, list[str]] = {}
        told = select(cause.label("cause"), c.remedy).where(wanted, c.remedy.is_not(None), c.remedy != "")
        for row in await self._rows(told.distinct().order_by(literal_column("1"), c.remedy).limit(LISTED)):
            remedies.setdefault(row.cause, []).append(row.remedy)
        found = [
            CauseCount(**row._mapping, remedies=tuple(remedies.get(row.cause, ())))  # noqa: SLF001  a public name
            for row in rows
        ]
        return sorted(found, key=lambda one: (-one.complaints, one.cause))

    async def without_remedy(
        self, since: datetime, until: datetime, lines: Collection[str]
    ) -> tuple[list[OpenRemedy], int]:
        """Return the complaints received in [since, until) without a remedy, at most 200, and how many there are.

        Left out are those closed with an end of NO_REMEDY_NEEDED, as on the page of causes.
        """
        c = cases.c
        wanted = and_(self._complaints(since, until, lines), WITHOUT_REMEDY)
        (number,) = await self._rows(select(func.count().label("all")).where(wanted))
        query = select(c.pbx, c.number, c.line, c.received_at, c.state, func.coalesce(c.cause, "").label("cause"))
        rows = await self._rows(query.where(wanted).order_by(c.received_at, c.pbx, c.number).limit(LISTED))
        return [OpenRemedy(**row._mapping) for row in rows], int(number[0])  # noqa: SLF001  a public name

    def _complaints(self, since: datetime, until: datetime, lines: Collection[str]) -> ColumnElement[bool]:
        c = cases.c
        of_kind = c.kind == "complaint"
        return and_(of_kind, c.received_at >= since, c.received_at < until, c.line.in_(sorted(lines)))

    # --- what was sent -----------------------------------------------------------------------------------------------

    async def was_noticed(self, pbx: str, key: str) -> bool:
        """Whether a notice of this key was ever written into the outbox."""
        query = select(outbox.c.id).where(outbox.c.pbx == pbx, outbox.c.key == key)
        return bool(await self._rows(query.limit(1)))

    # --- what else is shown ------------------------------------------------------------------------------------------

    async def answers(self, edges: Sequence[datetime], lines: Collection[str]) -> list[AnswerCount]:
        """Count what callers answered who were asked in each period (H18)."""
        s = satisfaction.c
        query = (
            select(s.line, _period(s.asked_at, edges).label("period"), s.answer, func.count().label("callers"))
            .where(_within(s.asked_at, edges), s.line.in_(sorted(lines)))
            .group_by(literal_column("1"), literal_column("2"), literal_column("3"))
        )
        return [AnswerCount(**row._mapping) for row in await self._rows(query)]  # noqa: SLF001  a public name

    async def incidents(self, since: datetime, until: datetime, lines: Collection[str]) -> int:
        """Count the incidents with abusive callers in [since, until) that a review did not withdraw (W5)."""
        a = abuse_incidents.c
        query = select(func.count().label("incidents")).where(
            a.at >= since,
            a.at < until,
            a.line.in_(sorted(lines)),
            or_(a.review.is_(None), a.review != Review.WITHDRAWN.value),
        )
        (row,) = await self._rows(query)
        return int(row.incidents)

    async def greetings_stand(self, lines: Collection[str]) -> list[GreetingCount]:
        """Count the recorded messages of each line by how they stand now (H8)."""
        g = greetings.c
        query = select(g.line, g.standing, func.count().label("messages")).where(g.line.in_(sorted(lines)))
        return [
            GreetingCount(line=row.line, standing=", ".join(json.loads(row.standing)), messages=row.messages)
            for row in await self._rows(query.group_by(g.line, g.standing).order_by(g.line, g.standing).limit(1_000))
        ]

    async def mailboxes_stand(self, lines: Collection[str]) -> list[MailboxStands]:
        """Return how each mailbox of these lines was found last (H9)."""
        m = mailboxes.c
        query: AnySelect = select(m.line, m.mailbox, m.state, m.reason, m.at).where(m.line.in_(sorted(lines)))
        return [
            MailboxStands(**{**row._mapping, "state": MailboxState(row.state)})  # noqa: SLF001  a public name
            for row in await self._rows(query.order_by(m.line, m.mailbox).limit(1_000))
        ]

    def _days(self, begin: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[Any]:
        """Days of 24 hours from one moment to the other, as a fraction; NULL where there is no end."""
        if self._readers.dialect == "sqlite":
            lasted = type_coerce(end, BigInteger) - type_coerce(begin, BigInteger)
            return lasted / literal_column(f"{_MICROSECONDS_A_DAY}.0")
        return cast(func.date_part("epoch", end - begin), Double) / literal_column(f"{_SECONDS_A_DAY}.0")


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return cast(func.sum(case((condition, literal_column("1")), else_=literal_column("0"))), BigInteger)


def _within(column: ColumnElement[Any], edges: Sequence[datetime]) -> ColumnElement[bool]:
    return and_(column >= edges[0], column < edges[-1])


def _period(column: ColumnElement[Any], edges: Sequence[datetime]) -> ColumnElement[int]:
    """The number of the period, from 0."""
    if len(edges) == 2:
        return literal_column("0")
    return case(*((column < edge, literal_column(str(place))) for place, edge in enumerate(edges[1:])))
