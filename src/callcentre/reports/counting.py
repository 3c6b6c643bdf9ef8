"""The calls of a report, from what the store counted: by month, line, day and hour. The same rules as everywhere.

The service level is that of `core.service_level`, by the verdict on each call's row: a change of the charter never
judges anew. Calls of a version that promised no seconds (or rings) are in no share of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.core.charter import Charter, JudgedBy, Line
from callcentre.core.service_level import UNDECIDED
from callcentre.core.terms import Outcome, Quality
from callcentre.reports.figures import LineCalls, Version
from callcentre.reports.months import Month, bounds
from callcentre.store.report_calls import SLOT, Counted, ReportCalls, Tally

MONTHS: Final = 12
"""The report's month is the last of so many."""

NO_MAILBOX: Final = frozenset({Outcome.CLOSED, Outcome.REFUSED, Outcome.ABANDONED, Outcome.SHORT_ABANDONED})
"""Who was closed out, refused or gave up was never offered a mailbox (H9)."""

Pairs = Mapping[tuple[int, str], tuple[float, float]]
"""Kept and of, by period (0 is the first month of the trend) and line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOfLines:
    """The counted calls of one month, of the lines of one zone: by line, and by civil day and half-hour."""

    period: int
    tallies: Sequence[Tally]
    days: Sequence[date]
    zone: ZoneInfo


class CountedCalls:
    """All counted calls of a report."""

    def __init__(self, charter: Charter, months: Iterable[MonthOfLines]) -> None:
        self._charter = charter
        self._months = list(months)
        judging: dict[str, set[int]] = {"seconds": set(), "rings": set()}
        for counted in self._all():
            for target, verdict in (("seconds", counted.within_seconds), ("rings", counted.within_rings)):
                if verdict is not None:
                    judging[target].add(counted.version)
        self._judging = judging

    def _all(self) -> Iterable[Counted]:
        return (counted for month in self._months for tally in month.tallies for counted in tally)

    @property
    def number(self) -> int:
        """How many calls were counted: of core hours, and all of the report's own month."""
        return sum(sum(numbers) for month in self._months for tally in month.tallies for numbers in tally.values())

    def lost_periods(self) -> frozenset[int]:
        """The periods in which calls were lost: their end was not seen."""
        return frozenset(
            month.period
            for month in self._months
            for tally in month.tallies
            if any(counted.outcome is Outcome.LOST for counted in tally)
        )

    @property
    def lines(self) -> set[str]:
        """The lines that have calls in the report's own month."""
        last = [month for month in self._months if month.period == MONTHS - 1]
        return {counted.line for month in last for tally in month.tallies for counted in tally}

    def versions(self) -> tuple[Version, ...]:
        """The versions of the charter on the rows of the report's own month."""
        found: Counter[int] = Counter()
        for month in self._months:
            for tally in month.tallies if month.period == MONTHS - 1 else ():
                for counted, numbers in tally.items():
                    found[counted.version] += sum(numbers)
        return tuple(Version(version=version, calls=calls) for version, calls in sorted(found.items()))

    def shares(self, target: str) -> dict[tuple[int, str], tuple[float, float]]:
        """Calls within the `target` (seconds, rings), of those it is judged by, of each month and line."""
        found: dict[tuple[int, str], list[float]] = {}
        for month in self._months:
            for tally in month.tallies:
                for counted, numbers in tally.items():
                    if counted.version in self._judging[target] and self._judged(counted):
                        calls, pair = sum(numbers), found.setdefault((month.period, counted.line), [0, 0])
                        pair[0] += calls if _within(counted, target) else 0
                        pair[1] += calls
        return {key: (kept, of) for key, (kept, of) in found.items()}

    def of_lines(self, names: Sequence[str]) -> tuple[LineCalls, ...]:
        """The calls of the report's own month, of all lines and of each."""
        counts = {name: Counter[str]() for name in names}
        for month in self._months:
            for tally in month.tallies if month.period == MONTHS - 1 else ():
                for counted, numbers in tally.items():
                    _add(counts.setdefault(counted.line, Counter()), counted, sum(numbers))
        everything = sum(counts.values(), Counter[str]())
        return tuple(_line_calls(name, one) for name, one in {"": everything, **counts}.items())

    def by_day_and_hour(self) -> tuple[dict[date, Counter[str]], dict[int, Counter[str]]]:
        """The calls of the report's own month, of all lines: by civil day, and by hour of the civil day."""
        days: dict[date, Counter[str]] = {}
        hours: dict[int, Counter[str]] = {}
        for month in self._months:
            if month.period != MONTHS - 1:
                continue
            for day, tally in zip(month.days, month.tallies, strict=True):
                shown = _hours_shown(day, month.zone)
                of_day = days.setdefault(day, Counter())
                for counted, numbers in tally.items():
                    words = self._words(counted)
                    for slot, calls in enumerate(numbers):
                        if calls:
                            of_hour = hours.setdefault(shown[slot], Counter())
                            for word in words:
                                of_day[word] += calls
                                of_hour[word] += calls
        return days, hours

    def _words(self, counted: Counted) -> list[str]:
        """What of a day a call counts to."""
        words = ["lost"] if counted.outcome is Outcome.LOST else []
        words += ["partial"] if counted.quality is Quality.PARTIAL else []
        if self._judged(counted):
            seconds = self._charter.answer_seconds is not None and counted.version in self._judging["seconds"]
            kept = counted.within_seconds is True if seconds else counted.outcome is Outcome.ANSWERED
            words += ["offered", "kept" if kept else "missed"]
        return words

    def _judged(self, counted: Counted) -> bool:
        if not counted.core or counted.outcome in UNDECIDED:
            return False
        match self._charter.judged_by:
            case JudgedBy.STRICT:
                return True
            case JudgedBy.HEADLINE:
                return counted.outcome is not Outcome.SHORT_ABANDONED
            case JudgedBy.ANSWERED:
                return counted.outcome is Outcome.ANSWERED


def _within(counted: Counted, target: str) -> bool:
    return (counted.within_seconds if target == "seconds" else counted.within_rings) is True


def _add(counts: Counter[str], counted: Counted, calls: int) -> None:
    if counted.quality is not Quality.COMPLETE:
        counts[counted.quality.value] += calls
    if counted.outcome in UNDECIDED:
        counts[counted.outcome.value] += calls
        return
    if counted.outcome in NO_MAILBOX:
        counts["never_offered_a_mailbox"] += calls
    if not counted.core:
        counts["out_of_hours"] += calls
        return
    counts["offered"] += calls
    counts[counted.outcome.value] += calls
    counts["within_seconds"] += calls if counted.within_seconds else 0
    counts["within_rings"] += calls if counted.within_rings else 0


_COUNTS: Final = tuple(name for name in LineCalls.__dataclass_fields__ if name != "line")


def _line_calls(name: str, counts: Counter[str]) -> LineCalls:
    return LineCalls(line=name, **{word: counts[word] for word in _COUNTS})


def _hours_shown(day: date, zone: ZoneInfo) -> list[int]:
    """The hour that the clocks show in each half-hour since midnight; also on days on which they change."""
    begin, _ = bounds(day, zone)
    return [(begin + place * SLOT).astimezone(zone).hour for place in range(64)]


async def count(
    store: ReportCalls, charter: Charter, lines: Sequence[Line], pbxs: Sequence[str], month: Month, now: datetime
) -> CountedCalls:
    """Read the twelve months up to `month`: each line's days are those of its own clocks.

    Calls of lines that the configuration has no more are told by the names on their rows, in the zone of the first.
    """
    found: list[MonthOfLines] = []
    for place, zone in enumerate(dict.fromkeys(line.zone for line in lines)):
        names = [line.name for line in lines if line.zone == zone]
        others = [line.name for line in lines if line.zone != zone]
        found += await _read(store, charter, pbxs, month, now, ZoneInfo(zone), names, others, rest=place == 0)
    return CountedCalls(charter, found)


async def _read(
    store: ReportCalls,
    charter: Charter,
    pbxs: Sequence[str],
    month: Month,
    now: datetime,
    zone: ZoneInfo,
    names: Sequence[str],
    others: Sequence[str],
    *,
    rest: bool,
) -> list[MonthOfLines]:
    found: list[MonthOfLines] = []
    for period in range(MONTHS):
        of = month.moved(period - MONTHS + 1)
        days = [day for day in of.days() if bounds(day, zone)[0] <= now]
        spans, last = [bounds(day, zone) for day in days], period == MONTHS - 1
        named = [*names, *others] if rest else names
        counted = partial(store.counted, spans, charter=charter.name, pbxs=pbxs, by_slot=last)
        tallies = await counted(lines=named, only=not rest)
        if rest and any(one.line == "" for tally in tallies for one in tally):
            known = [*names, *others]
            since, until = spans[0][0], spans[-1][1]
            unknown = await store.other_lines(since, until, charter=charter.name, pbxs=pbxs, known=known)
            more = await counted(lines=unknown, only=True)
            tallies = [{**one, **two} for one, two in zip(tallies, more, strict=True)]
        mine = [
            {one: numbers for one, numbers in tally.items() if one.line and one.line not in others} for tally in tallies
        ]
        found.append(MonthOfLines(period=period, tallies=mine, days=days, zone=zone))
    return found
