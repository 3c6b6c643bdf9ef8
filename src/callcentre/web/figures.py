"""The figures of a page: counts of the store and the core's snapshot, brought together by line."""

from collections import Counter
from collections.abc import Sequence

from callcentre.core.centre import Snapshot
from callcentre.core.charter import Line
from callcentre.core.service_level import UNDECIDED, ServiceLevel
from callcentre.core.terms import Attendance, Hours, Origin, Outcome
from callcentre.store.queries import CallCount
from callcentre.web.status import LineToday


def line_today(line: Line, counts: Sequence[CallCount], view: Snapshot) -> LineToday:
    """What the page shows of `line`; `counts` are those of its calls since midnight."""
    outcomes: Counter[Outcome] = Counter()
    for count in counts:
        if count.line == line.name and count.origin is Origin.EXTERNAL:
            outcomes[count.outcome] += count.calls
    seen = view.in_sight.get(line.pbx, False)
    return LineToday(
        line=line,
        outcomes=outcomes,
        level=service_level(line, counts),
        waiting=view.waiting.get(line.name, ()) if seen else None,
        agents=view.agents.get(line.name, {}) if seen else None,
        attendance=view.attendance[line.name][0] if line.name in view.attendance else Attendance.UNKNOWN,
    )


def service_level(line: Line, counts: Sequence[CallCount]) -> ServiceLevel:
    """The service level of `line` from counted calls: what `core.service_level.tally` makes of the calls themselves."""
    offered = answered = within = short = lost = 0
    for count in counts:
        if count.line != line.name or count.hours is not Hours.CORE or count.origin is not Origin.EXTERNAL:
            continue
        if count.outcome in UNDECIDED:
            lost += count.calls if count.outcome is Outcome.LOST else 0
            continue
        offered += count.calls
        answered += count.calls if count.outcome is Outcome.ANSWERED else 0
        within += count.calls if count.within_seconds else 0
        short += count.calls if count.outcome is Outcome.SHORT_ABANDONED else 0
    return ServiceLevel(offered=offered, answered=answered, within=within, short_abandoned=short, lost=lost)
