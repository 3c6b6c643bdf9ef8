"""The figures of a page: counts of the store, the core's snapshot and its committed facts, brought together by line."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.core.breach import Breach, BreachStep
from callcentre.core.centre import Snapshot
from callcentre.core.charter import Line
from callcentre.core.errors import CallcentreError
from callcentre.core.facts import AttendanceChanged, BreachChanged, Fact
from callcentre.core.service_level import UNDECIDED, ServiceLevel
from callcentre.core.terms import Hours, Origin, Outcome, TaskState
from callcentre.store.queries import CallCount
from callcentre.store.results import DueTasks
from callcentre.web.attendance import AttendanceNow
from callcentre.web.days import bounds, day_of
from callcentre.web.site import Site
from callcentre.web.status import CallbacksNow, LineToday

TO_CALL = frozenset(TaskState) - {TaskState.REACHED, TaskState.CLOSED}
"""The states of tasks whose caller still waits for a call."""

_PATIENCE_SECONDS: Final = 3.0
"""Whoever looks at a wallboard is rather told that the figures are not known than shown old ones."""


class Attendances:
    """What was last said of each line's attendance, and what was done about its breach (runtime.loop.Observer)."""

    def __init__(self) -> None:
        self._said: dict[str, AttendanceChanged] = {}
        self._since: dict[str, datetime] = {}
        self._steps: dict[str, dict[int, BreachStep]] = {}

    def restore(self, breaches: Iterable[tuple[Breach, Sequence[BreachStep]]]) -> None:
        """Take the breaches that an earlier run left open."""
        for breach, steps in breaches:
            self._take(breach, steps)

    def observe(self, facts: Sequence[Fact]) -> None:
        """Take note of facts that were just committed."""
        for fact in facts:
            if isinstance(fact, AttendanceChanged):
                self._said[fact.line] = fact
            elif isinstance(fact, BreachChanged):
                self._take(fact.breach, fact.steps)

    def _take(self, breach: Breach, steps: Sequence[BreachStep]) -> None:
        if breach.ended_at is not None:
            self._steps.pop(breach.line, None)
            return
        if self._since.get(breach.line) != breach.since:
            self._since[breach.line], self._steps[breach.line] = breach.since, {}
        self._steps.setdefault(breach.line, {}).update({step.seq: step for step in steps})

    def now(self, line: Line, view: Snapshot) -> AttendanceNow | None:
        """What there is to say of `line`; None before anything was."""
        if line.name not in view.attendance:
            return None
        state, since = view.attendance[line.name]
        said, breach = self._said.get(line.name), view.breaches.get(line.name)
        known = said is not None and said.state is state
        steps: Mapping[int, BreachStep] = self._steps.get(line.name, {}) if breach is not None else {}
        return AttendanceNow(
            state=state,
            since=since if since.year > 1 else None,
            core=view.core_hours.get(line.name, False),
            reason=said.reason if said is not None and known else "",
            who=said.who if said is not None and known else (),
            breach=breach,
            steps=tuple(steps[seq] for seq in sorted(steps)),
        )


async def lines_today(
    site: Site, at: datetime, view: Snapshot, attendances: Attendances, *, store_problem: str = ""
) -> tuple[list[LineToday], str]:
    """What is to be shown of every line, and why there are no figures of today (empty if there are).

    While facts cannot be written (`store_problem`) the rows of today are old, and no figure is made of them.
    """
    counts: list[CallCount] | None = None
    due: dict[str, DueTasks] | None = None
    problem = store_problem
    if not problem:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                counts, due = await _counted(site, at)
        except CallcentreError as error:
            problem = str(error)
        except TimeoutError:
            problem = "the database does not answer"
    return [line_today(line, counts, view, due, attendances) for line in site.office.lines], problem


async def _counted(site: Site, at: datetime) -> tuple[list[CallCount], dict[str, DueTasks]]:
    """The calls since midnight on the clocks of each line, and the tasks that are due by the next one."""
    counts: list[CallCount] = []
    due: dict[str, DueTasks] = {}
    for zone in sorted({line.zone for line in site.office.lines}):
        today = day_of(at, ZoneInfo(zone))
        begins, ends = bounds(today, today, ZoneInfo(zone))
        of_zone = {line.name for line in site.office.lines if line.zone == zone}
        counts += [count for count in await site.queries.counts(begins, ends) if count.line in of_zone]
        due |= {each.line: each for each in await site.queries.due_tasks(ends, TO_CALL) if each.line in of_zone}
    return counts, due


def line_today(
    line: Line,
    counts: Sequence[CallCount] | None,
    view: Snapshot,
    due: Mapping[str, DueTasks] | None = None,
    attendances: Attendances | None = None,
) -> LineToday:
    """What is to be shown of `line`.

    `counts` are those of calls since midnight, `due` the open tasks by line with those due today; None: not known.
    """
    outcomes: Counter[Outcome] = Counter()
    for count in counts or ():
        if count.line == line.name and count.origin is Origin.EXTERNAL:
            outcomes[count.outcome] += count.calls
    seen = view.in_sight.get(line.pbx, False)
    tasks = None if due is None else due.get(line.name)
    return LineToday(
        line=line,
        outcomes=None if counts is None else outcomes,
        level=None if counts is None else service_level(line, counts),
        waiting=view.waiting.get(line.name, ()) if seen else None,
        agents=view.agents.get(line.name, {}) if seen else None,
        attendance=(attendances or Attendances()).now(line, view),
        callbacks=CallbacksNow(
            count=sum(view.callbacks.get(line.name, {}).values()),
            overdue=view.overdue.get(line.name, 0),
            due_today=None if due is None else tasks.due if tasks is not None else 0,
            first_due=tasks.first_due if tasks is not None else None,
            unmatched=view.unmatched.get(line.name, 0),
            mailboxes=view.mailboxes.get(line.name, {}),
        ),
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
