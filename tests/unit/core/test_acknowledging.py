"""Acknowledgements held against a slow oracle: what is promised, kept and told, whatever happens in whatever order.

The oracle counts working days on its fingers and looks through all that ever happened, each time anew.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcentre.core.alarms import escalation
from callcentre.core.charter import DeadlineRule, EscalationStep, Office, RuleName
from callcentre.core.errors import IllegalTransition
from callcentre.core.requests import TaskAction
from callcentre.core.terms import AckHow, TaskOutcome, TaskState
from tests.playbooks.callback_story import ANN, BEN, HOUR, MINUTE, T0, UNDO, Story, after
from tests.unit.core.offices import charter, day, line, office, week

HOLIDAYS = {day("2026-12-25"), day("2026-12-28"), day("2027-01-01")}
OPENS, CLOSES = time(9), time(17)
DAYS = 5
HOURS = week("09:00-17:00")
WME = charter(
    name="wme",
    hours=HOURS,
    message_rule=DeadlineRule(RuleName.WORKING_DAYS, 15),
    acknowledge_rule=DeadlineRule(RuleName.WORKING_DAYS, DAYS),
)
DESK = line(
    charter=WME, hours=HOURS, tell=("desk",), escalation=(EscalationStep(after=timedelta(hours=3), tell=("lead",)),)
)
BEGIN = 25 * 24 * HOUR
"""19 December: what is left from then on meets the holidays."""


def slow_due(left: datetime, closed: frozenset[date]) -> datetime:
    """The close of the fifth working day after the day of receipt; London's winter shows UTC."""

    def works(one: date) -> bool:
        return one.weekday() < 5 and one not in HOLIDAYS and one not in closed

    one = left.date()
    if works(one) and left.time() >= CLOSES:
        one += timedelta(days=1)
    while not works(one):
        one += timedelta(days=1)
    for _ in range(DAYS):
        one += timedelta(days=1)
        while not works(one):
            one += timedelta(days=1)
    return datetime.combine(one, CLOSES, UTC)


@dataclass
class Kept:
    """What the oracle knows of a message: by when, and each moment at which its caller was told."""

    task: int
    left: datetime
    due: datetime
    told: list[datetime] = field(default_factory=list)

    @property
    def at(self) -> datetime | None:
        return min(self.told, default=None)


class Oracle:
    """Says what must be so, of what happened."""

    def __init__(self) -> None:
        self.messages: dict[str, Kept] = {}
        self.closed: frozenset[date] = frozenset()
        self.told: set[tuple[int, datetime, str]] = set()

    def waiting(self, story: Story, number: int) -> list[Kept]:
        if story.state(number) is TaskState.CLOSED:
            return []
        return [one for one in self.messages.values() if one.task == number and one.at is None]

    def look(self, story: Story, now: datetime) -> None:
        """Somebody watches: what fell due of the most pressing message of each task is told."""
        for number in story.books.tasks:
            if not (waiting := self.waiting(story, number)):
                continue
            due = min(one.due for one in waiting)
            moments = {"warning": due - DESK.warn_before, "overdue": due}
            moments |= {f"escalation after {a // timedelta(seconds=1)} s": due + a for a, _ in escalation(DESK)}
            self.told |= {(number, due, name) for name, moment in moments.items() if moment <= now}


def here(closed: frozenset[date]) -> Office:
    return office(replace(DESK, removed_days=closed))


CALLERS = st.sampled_from([ANN, BEN])
LONG = st.sampled_from([MINUTE, HOUR, 7 * HOUR, 26 * HOUR, 60 * HOUR, 5 * 24 * HOUR])
THINGS = st.one_of(
    st.tuples(st.just("message"), LONG, CALLERS),
    st.tuples(st.just("message"), LONG, CALLERS),
    st.tuples(st.sampled_from(["says", "says and takes back"]), LONG, CALLERS),
    st.tuples(st.sampled_from(["rings", "talks", "talks while one is left"]), LONG, CALLERS),
    st.tuples(st.sampled_from(["closes", "closes as done", "closes as done and takes back"]), LONG, CALLERS),
    st.tuples(st.sampled_from(["restart", "holiday", "nothing"]), LONG, CALLERS),
)


class Play:
    """One course of things, in the core and in the oracle."""

    def __init__(self) -> None:
        self.story, self.oracle, self.made = Story(here(frozenset())), Oracle(), 0
        self.story.now = float(BEGIN)

    def _name(self) -> str:
        self.made += 1
        return f"x{self.made}"

    def _open(self, caller: str) -> int | None:
        tasks = self.story.books.tasks.values()
        return next((t.number for t in tasks if t.caller == caller and t.state is not TaskState.CLOSED), None)

    def _until(self, now: float) -> None:
        self.story.until(now)
        self.oracle.look(self.story, after(now))

    def _leaves(self, now: float, caller: str) -> None:
        key = self._name()
        self.story.left(now, key, caller)
        due = slow_due(after(now), self.oracle.closed)
        self.oracle.messages[key] = Kept(self.story.filing(key).task, after(now), due)

    def _tells(self, moment: datetime, messages: list[Kept]) -> None:
        for one in messages:
            one.told.append(moment)

    def does(self, what: str, step: float, caller: str) -> None:
        now = self.story.now + step
        if what not in ("restart", "holiday"):
            self._until(now)
        number = self._open(caller)
        match what:
            case "message":
                self._leaves(now, caller)
            case "restart" | "holiday":
                self._restarts(now, holiday=what == "holiday")
            case "says" | "says and takes back" if number is not None:
                self._says(now, number, back=what != "says")
            case "rings" | "talks" | "talks while one is left":
                self._dials(now, caller, what)
            case "closes" | "closes as done" | "closes as done and takes back" if number is not None:
                self._closes(now, number, what)

    def _says(self, now: float, number: int, *, back: bool) -> None:
        waiting = self.oracle.waiting(self.story, number)
        if not waiting:
            with pytest.raises(IllegalTransition):
                self.story.ask(now, TaskAction.ACKNOWLEDGE, number=number, how=AckHow.TEXT)
            return
        self.story.ask(now, TaskAction.ACKNOWLEDGE, number=number, how=AckHow.TEXT)
        self._tells(after(now), waiting)
        if back:
            self._until(now + 30)
            self.story.ask(now + 30, UNDO, number=number)
            for one in waiting:
                one.told.remove(after(now))

    def _dials(self, now: float, caller: str, what: str) -> None:
        dial = self._name()
        self.story.dial(now, dial, caller)
        self.story.rings(now + 1, dial)
        if what == "rings":
            self.story.over(now + 25, dial)
        else:
            number = self._open(caller)
            told = [] if number is None else self.oracle.waiting(self.story, number)
            told = [one for one in told if one.left < after(now)]
            if what == "talks while one is left":
                self._leaves(now + 2, caller)
            self.story.answers(now + 3, dial)
            self._tells(after(now + 3), told)
            self.story.over(now + 40, dial)
        self._until(now + 50)

    def _closes(self, now: float, number: int, what: str) -> None:
        waiting = self.oracle.waiting(self.story, number)
        outcome = TaskOutcome.NOT_NEEDED if what == "closes" else TaskOutcome.DONE
        try:
            self.story.close(now, outcome, number=number)
        except IllegalTransition:  # a message came after the last attempt began
            return
        if outcome is TaskOutcome.DONE:
            self._tells(after(now), waiting)
        if what.endswith("takes back"):
            self.story.ask(now + 30, UNDO, number=number)
            for one in waiting:
                one.told.remove(after(now))

    def _restarts(self, now: float, *, holiday: bool) -> None:
        """The daemon was down until now, and the calendar may be another."""
        open_tasks = [number for number in self.story.books.tasks if self.oracle.waiting(self.story, number)]
        waiting = [one for number in open_tasks for one in self.oracle.waiting(self.story, number)]
        if holiday:
            self.oracle.closed |= {after(now).date() + timedelta(days=2)}
        self.story.restart(now, here(self.oracle.closed))
        for one in waiting:
            one.due = slow_due(one.left, self.oracle.closed)

    def check(self) -> None:
        books, oracle = self.story.books, self.oracle
        for key, one in oracle.messages.items():
            filing = books.filings[key]
            assert (filing.task, filing.acknowledged_at) == (one.task, one.at)
            assert filing.ack_due == one.due
            assert filing.ack_act_by == one.due
        for number, task in books.tasks.items():
            if task.state is not TaskState.CLOSED:
                due = min((one.due for one in oracle.waiting(self.story, number)), default=None)
                assert (task.ack_due, task.ack_act_by) == (due, due)
        told = {f"lab/task {number}/{due.isoformat()}/acknowledgement: {name}" for number, due, name in oracle.told}
        assert {key for key in books.notices if "/acknowledgement: " in key} == told
        late = sum(
            any(one.due < after(self.story.now) for one in oracle.waiting(self.story, number)) for number in books.tasks
        )
        assert self.story.core.unacknowledged(after(self.story.now)) == {DESK.name: late}


@settings(max_examples=60, deadline=None)
@given(st.lists(THINGS, max_size=14))
def test_every_course_of_things_is_as_the_slow_oracle_says(things: list[tuple[str, float, str]]) -> None:
    play = Play()
    for what, step, caller in things:
        play.does(what, step, caller)
        play.check()
    play.does("nothing", 30 * 24 * HOUR, ANN)
    play.check()


def test_the_oracle_knows_the_charters_own_examples() -> None:
    assert slow_due(datetime(2026, 11, 27, 16, 59, tzinfo=UTC), frozenset()).isoformat() == "2026-12-04T17:00:00+00:00"
    assert slow_due(datetime(2026, 11, 28, 10, tzinfo=UTC), frozenset()).isoformat() == "2026-12-07T17:00:00+00:00"
    assert T0.date() == date(2026, 11, 24)
