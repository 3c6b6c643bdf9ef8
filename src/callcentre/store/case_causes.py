"""What complaints were caused by, and which have no remedy (H15): counted by the database, never row by row."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from callcentre.core.case_values import COMPLAINT, Case, CaseOutcome
from callcentre.store.case_queries import case_of
from callcentre.store.reader import PAGE, AnySelect, Reader
from callcentre.store.tables import cases

NO_REMEDY_NEEDED: Final = (
    CaseOutcome.NOT_UPHELD,
    CaseOutcome.OUTSIDE_REMIT,
    CaseOutcome.ACKNOWLEDGED_ONLY,
    CaseOutcome.WITHDRAWN,
    CaseOutcome.DUPLICATE,
)
"""Closed so, there was nothing for the office to put right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCause:
    """How many complaints had one cause (None: not said yet), and for how many of them nothing was changed."""

    cause: str | None
    cases: int
    without_remedy: int


class CaseCauses(Reader):
    """Causes and remedies of complaints that were received in [since, until)."""

    async def case_causes(self, since: datetime, until: datetime, lines: Collection[str] = ()) -> list[CaseCause]:
        """Return the causes, the most frequent first; at most 1,000."""
        number, without = func.count(), func.sum(case((WITHOUT_REMEDY, 1), else_=0))
        query: AnySelect = (
            select(cases.c.cause, number, without)
            .where(*_received(since, until, lines))
            .group_by(cases.c.cause)
            .order_by(number.desc(), cases.c.cause)
            .limit(PAGE)
        )
        return [CaseCause(cause=row[0], cases=row[1], without_remedy=int(row[2])) for row in await self._rows(query)]

    async def cases_without_remedy(
        self, since: datetime, until: datetime, lines: Collection[str] = (), *, limit: int = PAGE
    ) -> list[Case]:
        """Return at most `limit` (1,000) complaints for which nothing was changed yet, the oldest first."""
        query: AnySelect = (
            select(cases)
            .where(*_received(since, until, lines), WITHOUT_REMEDY)
            .order_by(cases.c.received_at, cases.c.pbx, cases.c.number)
            .limit(min(limit, PAGE))
        )
        return [case_of(row) for row in await self._rows(query)]


WITHOUT_REMEDY: Final[ColumnElement[bool]] = and_(
    cases.c.remedied_at.is_(None),
    or_(cases.c.outcome.is_(None), cases.c.outcome.not_in([one.value for one in NO_REMEDY_NEEDED])),
)
"""Whether a complaint has no remedy and needs one: for the page and for the monthly report alike."""


def _received(since: datetime, until: datetime, lines: Collection[str]) -> list[ColumnElement[Any]]:
    where: list[ColumnElement[Any]] = [
        cases.c.kind == COMPLAINT,
        cases.c.received_at >= since,
        cases.c.received_at < until,
    ]
    return where + ([cases.c.line.in_(sorted(lines))] if lines else [])
