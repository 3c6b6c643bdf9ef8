"""Reads behind figures: how long the callers of a day waited, and what is still to be called back."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select

from callcentre.core.terms import Hours, Origin, Outcome, TaskState
from callcentre.store.reader import Reader
from callcentre.store.results import DueTasks, Waited
from callcentre.store.tables import calls, tasks


class FigureQueries(Reader):
    """Figures that no single row tells."""

    async def due_tasks(self, before: datetime, states: Collection[TaskState]) -> list[DueTasks]:
        """Count the open tasks in `states` by line, with those of them due before `before` and the first deadline."""
        by_then: ColumnElement[int] = func.sum(case((tasks.c.due < before, 1), else_=0))
        query = (
            select(tasks.c.line, func.count().label("open"), by_then.label("due"), func.min(tasks.c.due).label("first"))
            # In these words both databases see that the small index of open tasks serves.
            .where(tasks.c.state != "closed", tasks.c.state.in_(sorted(states)))
            .group_by(tasks.c.line)
            .order_by(tasks.c.line)
        )
        return [
            DueTasks(line=row.line, open=row.open, due=row.due, first_due=row.first) for row in await self._rows(query)
        ]

    async def waits(self, line: str, since: datetime, until: datetime) -> Sequence[Waited]:
        """Return how long each outside call of a line waited that was offered in [since, until), in that order."""
        wanted = and_(
            calls.c.offered_at >= since,
            calls.c.offered_at < until,
            calls.c.line == line,
            calls.c.origin == Origin.EXTERNAL.value,
        )
        order = (calls.c.offered_at, calls.c.line, calls.c.pbx, calls.c.uniqueid)
        query = select(*order, calls.c.outcome, calls.c.hours, calls.c.wait_seconds, calls.c.within_seconds)
        return [
            Waited(
                offered_at=row.offered_at,
                outcome=Outcome(row.outcome),
                hours=Hours(row.hours),
                wait_seconds=row.wait_seconds,
                within_seconds=row.within_seconds,
            )
            async for page in self._pages(query, wanted, *order)
            for row in page
        ]
