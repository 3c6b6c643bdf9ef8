"""How many messages were acknowledged in time, by line and period (W4): what a month's report asks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal_column, select

from callcentre.core.terms import TaskState
from callcentre.store.reader import Reader
from callcentre.store.tables import filings, tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgementCount:
    """The messages of a line that were left in a period and were to be acknowledged, each by its own deadline.

    `in_time` were acknowledged by it, `late` after it, `overdue` not at all though it has passed, `waiting` not yet.
    Those whose callback ended before it without anybody having been told are left out: nobody waits for it any more.
    """

    line: str
    period: int
    in_time: int
    late: int
    overdue: int
    waiting: int


class AcknowledgementQueries(Reader):
    """Acknowledgements of messages. `edges` are the moments between periods, in order: n make n - 1."""

    async def acknowledgements(
        self, edges: Sequence[datetime], as_of: datetime, lines: Collection[str]
    ) -> list[AcknowledgementCount]:
        """Count the messages of `lines` (names) left in each period, as their promises stand at `as_of`."""
        f = filings.c
        period = case(*((f.left_at < edge, literal_column(str(place))) for place, edge in enumerate(edges[1:])))
        untold = f.acknowledged_at.is_(None)
        ended = and_(tasks.c.state == TaskState.CLOSED.value, tasks.c.closed_at <= f.ack_due)
        query = (
            select(
                f.line,
                period.label("period"),
                _number(f.acknowledged_at <= f.ack_due).label("in_time"),
                _number(f.acknowledged_at > f.ack_due).label("late"),
                _number(and_(untold, f.ack_due < as_of)).label("overdue"),
                _number(and_(untold, f.ack_due >= as_of)).label("waiting"),
            )
            .join_from(filings, tasks, and_(tasks.c.pbx == f.pbx, tasks.c.number == f.task))
            .where(
                f.left_at >= edges[0],
                f.left_at < edges[-1],
                f.line.in_(sorted(lines)),
                f.ack_due.is_not(None),
                ~and_(untold, func.coalesce(ended, False)),
            )
            .group_by(literal_column("1"), literal_column("2"))
        )
        return [AcknowledgementCount(**row._mapping) for row in await self._rows(query)]  # noqa: SLF001  public


def _number(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0))
