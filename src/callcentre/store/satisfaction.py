"""What callers answered when they were asked how it was (H18), counted by line and period. Never by agent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, literal_column, select

from callcentre.store.first_contact import period_of, within
from callcentre.store.reader import Reader
from callcentre.store.tables import satisfaction

GOOD = 4
"""From here on an answer is a good one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfaction:
    """The answers of a line in [since, until): `asked` callers, of whom `answers[n - 1]` said n, 1 to 5."""

    line: str
    since: datetime
    until: datetime
    asked: int
    answers: tuple[int, int, int, int, int]

    @property
    def answered(self) -> int:
        """How many answered."""
        return sum(self.answers)

    @property
    def mean(self) -> float | None:
        """The mean of the answers; None without any."""
        total = sum(answer * number for answer, number in enumerate(self.answers, start=1))
        return total / self.answered if self.answered else None

    @property
    def good_share(self) -> float | None:
        """The share of the answers that are 4 or 5; None without any."""
        return sum(self.answers[GOOD - 1 :]) / self.answered if self.answered else None


class SatisfactionQueries(Reader):
    """Satisfaction."""

    async def satisfaction(self, edges: Sequence[datetime], lines: Collection[str] = ()) -> list[Satisfaction]:
        """Count the callers asked in each period, of each line that asked any, in order of line and time.

        `edges` are the moments between periods, in order: two make one period.
        """
        s = satisfaction.c
        numbers = [func.sum(case((s.answer == answer, 1), else_=0)) for answer in range(1, 6)]
        where = [within(s.asked_at, edges), *([s.line.in_(sorted(lines))] if lines else [])]
        query = (
            select(s.line, period_of(s.asked_at, edges), func.count(), *numbers)
            .where(and_(*where))
            .group_by(literal_column("1"), literal_column("2"))
            .order_by(literal_column("1"), literal_column("2"))
        )
        return [
            Satisfaction(
                line=row[0],
                since=edges[row[1]],
                until=edges[row[1] + 1],
                asked=row[2],
                answers=(row[3], row[4], row[5], row[6], row[7]),
            )
            for row in await self._rows(query)
        ]
