"""Today's figures of each line, from committed facts: what the counts of the store say, without asking it each time.

A call belongs to the civil day of its offer, on its line's clocks. Only outside calls of core hours that are decided
count, and none that was lost, as everywhere in the service level.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from callcentre.core.charter import Office
from callcentre.core.facts import Call
from callcentre.core.service_level import UNDECIDED
from callcentre.core.terms import Hours, Origin, Outcome

_MOST_DAYS: Final = 4
"""Days kept of a line: calls of yesterday are still decided after midnight, and a PBX's clock may jump."""

_ONE_DAY: Final = timedelta(days=1)
_GAVE_UP: Final = frozenset({Outcome.ABANDONED, Outcome.SHORT_ABANDONED})


class Counted(Protocol):
    """So many calls of one day alike, as the store counts them."""

    @property
    def line(self) -> str:
        """The line's name."""
        ...

    @property
    def hours(self) -> Hours:
        """Whether they were offered in its core hours."""
        ...

    @property
    def origin(self) -> Origin:
        """Where they came from."""
        ...

    @property
    def outcome(self) -> Outcome:
        """How they ended."""
        ...

    @property
    def within_seconds(self) -> bool | None:
        """Whether they were answered within the charter's seconds."""
        ...

    @property
    def within_rings(self) -> bool | None:
        """Whether they were answered within the charter's rings."""
        ...

    @property
    def calls(self) -> int:
        """How many they are."""
        ...


@dataclass(slots=True)
class Figures:
    """The denominators of the three service levels, those who gave up (short ones too), and the answered in time."""

    strict: int = 0
    headline: int = 0
    answered: int = 0
    abandoned: int = 0
    within_seconds: int = 0
    within_rings: int = 0


@dataclass(slots=True)
class _Day:
    """A day of a line, [begin, end) in UTC."""

    begin: datetime
    end: datetime
    figures: Figures = field(default_factory=Figures)


class Today:
    """Counts calls by line and day. `restore` what the store has of today before the first fact."""

    def __init__(self, office: Office) -> None:
        self._zones = {line.name: ZoneInfo(line.zone) for line in office.lines}
        self._days: dict[str, list[_Day]] = {line.name: [] for line in office.lines}

    def restore(self, counts: Iterable[Counted], at: datetime) -> None:
        """Take what an earlier run counted of the calls offered on the day of `at`, on the clocks of each line."""
        for each in counts:
            if each.line in self._zones:
                self._add(each, at, each.calls)

    def count(self, call: Call) -> None:
        """Count a call whose row was committed with its outcome: of CallEnded, or of CallHealed."""
        if call.line in self._zones:
            self._add(call, call.offered_at, 1)

    def figures(self, line: str, at: datetime) -> Figures:
        """The figures of `line` on the day of `at`."""
        return next((day.figures for day in self._days[line] if day.begin <= at < day.end), Figures())

    def _day(self, line: str, at: datetime) -> Figures:
        days = self._days[line]
        for day in reversed(days):
            if day.begin <= at < day.end:
                return day.figures
        zone = self._zones[line]
        today = at.astimezone(zone).date()
        begin, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (today, today + _ONE_DAY))
        new = _Day(begin, end)
        days.append(new)
        days.sort(key=lambda day: day.begin)
        del days[:-_MOST_DAYS]
        return new.figures

    def _add(self, alike: Call | Counted, at: datetime, calls: int) -> None:
        outcome = alike.outcome
        if alike.hours is not Hours.CORE or alike.origin is not Origin.EXTERNAL or outcome in UNDECIDED:
            return
        of_day = self._day(alike.line, at)
        of_day.strict += calls
        of_day.headline += calls if outcome is not Outcome.SHORT_ABANDONED else 0
        of_day.answered += calls if outcome is Outcome.ANSWERED else 0
        of_day.abandoned += calls if outcome in _GAVE_UP else 0
        of_day.within_seconds += calls if alike.within_seconds else 0
        of_day.within_rings += calls if alike.within_rings else 0
