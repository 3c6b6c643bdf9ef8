"""A click told as a story: an agent asks, a small PBX does as it is told, and may be out of sight; the daemon may die.

Times are seconds after T0 (a Tuesday, 10:00 in London). The world itself refuses what is never allowed: a dial that was
not written down before, and a second one for the same click.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from callcentre.core.calendar import Calendar
from callcentre.core.centre import CallCentre, Step
from callcentre.core.charter import Calling, Office, Pbx
from callcentre.core.commands import Act, CallBack
from callcentre.core.events import (
    ActionAnswered,
    ChannelCreated,
    ChannelGone,
    ChannelSeen,
    ChannelsListed,
    ChannelStateChanged,
    DialBegun,
    DialEnded,
    DialProgressed,
    Event,
    LinkDown,
    LinkUp,
    OriginateAnswered,
    TimePassed,
    VariableSet,
)
from callcentre.core.facts import ClickChanged, Fact, OpenRows, TaskChanged
from callcentre.core.requests import TaskAction, TaskAsked
from callcentre.core.tasks import Callout, Click, Entry, Filing, Task
from callcentre.core.terms import ClickState, NumberKind, TaskSource, TaskState, TaskStep
from tests.unit.core.offices import H10, line

T0 = datetime(2026, 11, 24, 10, tzinfo=UTC)
ANN = "01632960123"
AGENT = "PJSIP/101"
KEY = "k" * 20
LEG = "trunk-1"
BOOTED = T0 - timedelta(days=1)


class Dead(Exception):
    """The daemon was killed just now."""


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def kind_of(number: str) -> NumberKind:
    return NumberKind.PREMIUM if number.startswith("09") else NumberKind.GEOGRAPHIC


def office(**calling: Any) -> Office:
    pbx = Pbx(name="lab", trunks=frozenset({"PJSIP/trunk"}), acts=True)
    rules = Calling(**({"kind_of": kind_of} | calling))
    lines = (line(queues=frozenset({"enquiries"}), mailboxes=frozenset({"600@default"})),)
    return Office(pbxs=(pbx,), lines=lines, fallback_line="enquiries", calling=rules)


def task(number: int = 1, caller: str | None = ANN, **more: Any) -> tuple[Task, Filing]:
    """An open task with one message, as the store has it."""
    left = after(-600)
    deadline = Calendar(line()).due(H10, left)
    due, act_by = deadline.due, deadline.act_by
    row: dict[str, Any] = {
        "pbx": "lab",
        "number": number,
        "line": "enquiries",
        "caller": caller,
        "source": TaskSource.VOICEMAIL,
        "opened_at": left,
        "state": TaskState.OPEN,
        "due": due,
        "act_by": act_by,
        "entries": 0,
    }
    filing = Filing(
        pbx="lab",
        key=f"m{number}",
        task=number,
        line="enquiries",
        left_at=left,
        due=due,
        act_by=act_by,
        due_reason=" ".join(deadline.reasons),
        charter="hct",
        charter_version=1,
    )
    return Task(**(row | more)), filing


# --- what the PBX does -----------------------------------------------------------------------------------------------


@dataclass(order=True, slots=True)
class Due:
    at: float
    place: int
    make: Callable[[datetime], Event] = field(compare=False)


def created(uniqueid: str, channel: str, linkedid: str = KEY, state: int = 0) -> Callable[[datetime], Event]:
    return lambda at: ChannelCreated(
        pbx="lab",
        at=at,
        channel=channel,
        uniqueid=uniqueid,
        linkedid=linkedid,
        state=state,
        caller_number="",
        caller_name="",
        context="",
        exten="s",
    )


def shows(uniqueid: str, channel: str, state: int) -> Callable[[datetime], Event]:
    return lambda at: ChannelStateChanged(
        pbx="lab", at=at, channel=channel, uniqueid=uniqueid, linkedid=KEY, state=state
    )


def gone(uniqueid: str, channel: str, cause: int = 16) -> Callable[[datetime], Event]:
    return lambda at: ChannelGone(pbx="lab", at=at, channel=channel, uniqueid=uniqueid, linkedid=KEY, cause=cause)


def dialling(kind: type, uniqueid: str | None, dest: str, channel: str, **more: Any) -> Callable[[datetime], Event]:
    """DialBegun, DialProgressed or DialEnded of a leg, dialled by the channel `uniqueid`."""
    by = None if uniqueid is None else (AGENT_CHANNEL if uniqueid == KEY else LOCAL_2)
    return lambda at: kind(
        pbx="lab",
        at=at,
        channel=by,
        uniqueid=uniqueid,
        linkedid=None if uniqueid is None else KEY,
        dest_channel=channel,
        dest_uniqueid=dest,
        dest_linkedid=KEY,
        **more,
    )


AGENT_CHANNEL, TRUNK_CHANNEL = f"{AGENT}-00000001", "PJSIP/trunk-00000002"
LOCAL_1, LOCAL_2 = "Local/0163@out-00000001;1", "Local/0163@out-00000001;2"
Script = list[tuple[float, Callable[[datetime], Event]]]


def says(*, done: bool, reason: int = 0) -> Callable[[datetime], Event]:
    return lambda at: OriginateAnswered(pbx="lab", at=at, key=KEY, done=done, reason=reason)


RINGS: Script = [
    (0.1, created(KEY, AGENT_CHANNEL)),
    (0.2, dialling(DialBegun, None, KEY, AGENT_CHANNEL, dial_string="101")),
    (0.3, shows(KEY, AGENT_CHANNEL, 5)),
]
UP: Script = [
    *RINGS,
    (3.0, shows(KEY, AGENT_CHANNEL, 6)),
    (3.01, dialling(DialEnded, None, KEY, AGENT_CHANNEL, status="ANSWER")),
    (3.02, says(done=True, reason=4)),
]
DIALS: Script = [
    *UP,
    (3.1, created(LEG, TRUNK_CHANNEL)),
    (3.2, dialling(DialBegun, KEY, LEG, TRUNK_CHANNEL, dial_string=f"{ANN}@trunk")),
]
CALLER_RINGS: Script = [
    *DIALS,
    (4.0, shows(LEG, TRUNK_CHANNEL, 5)),
    (4.01, dialling(DialProgressed, KEY, LEG, TRUNK_CHANNEL, status="RINGING")),
]
TALK: Script = [
    *CALLER_RINGS,
    (9.0, shows(LEG, TRUNK_CHANNEL, 6)),
    (9.01, dialling(DialEnded, KEY, LEG, TRUNK_CHANNEL, status="ANSWER")),
    (60.0, gone(LEG, TRUNK_CHANNEL)),
    (60.1, gone(KEY, AGENT_CHANNEL)),
]
BUSY: Script = [
    *DIALS,
    (4.0, dialling(DialEnded, KEY, LEG, TRUNK_CHANNEL, status="BUSY")),
    (4.01, gone(LEG, TRUNK_CHANNEL, 17)),
    (4.1, gone(KEY, AGENT_CHANNEL)),
]
REJECTED: Script = [
    *CALLER_RINGS,
    (9.0, dialling(DialEnded, KEY, LEG, TRUNK_CHANNEL, status="BUSY")),
    (9.01, gone(KEY, AGENT_CHANNEL)),
    (9.02, gone(LEG, TRUNK_CHANNEL, 17)),
]
NO_ANSWER: Script = [
    *CALLER_RINGS,
    (49.0, dialling(DialEnded, KEY, LEG, TRUNK_CHANNEL, status="NOANSWER")),
    (49.01, gone(LEG, TRUNK_CHANNEL, 0)),
    (49.1, gone(KEY, AGENT_CHANNEL)),
]
GIVEN_UP: Script = [
    *CALLER_RINGS,
    (12.0, dialling(DialEnded, KEY, LEG, TRUNK_CHANNEL, status="CANCEL")),
    (12.01, gone(LEG, TRUNK_CHANNEL, 0)),
    (12.1, gone(KEY, AGENT_CHANNEL)),
]
HUNG_UP_EARLY: Script = [
    *DIALS,
    (3.5, dialling(DialEnded, KEY, LEG, TRUNK_CHANNEL, status="CANCEL")),
    (3.51, gone(LEG, TRUNK_CHANNEL, 0)),
    (3.6, gone(KEY, AGENT_CHANNEL)),
]
NOT_PICKED_UP: Script = [*RINGS, (25.0, gone(KEY, AGENT_CHANNEL, 0)), (25.1, says(done=False, reason=3))]
NOT_PICKED_UP_SAID_FIRST: Script = [*RINGS, (25.0, says(done=False, reason=3)), (25.1, gone(KEY, AGENT_CHANNEL, 0))]
AGENT_BUSY: Script = [*RINGS[:2], (0.4, gone(KEY, AGENT_CHANNEL, 17)), (0.5, says(done=False, reason=5))]
UNREGISTERED: Script = [(0.1, says(done=False, reason=0))]
WALLED: Script = [*UP, (3.5, gone(KEY, AGENT_CHANNEL, 21))]
NO_TRUNK: Script = [
    *UP,
    (3.1, lambda at: status(at, "CHANUNAVAIL")),
    (3.5, gone(KEY, AGENT_CHANNEL)),
]
SECOND_TRUNK: Script = [
    *DIALS,
    (4.0, dialling(DialEnded, KEY, LEG, TRUNK_CHANNEL, status="CONGESTION")),
    (4.1, gone(LEG, TRUNK_CHANNEL, 34)),
    (4.2, created("trunk-2", "PJSIP/other-00000003")),
    (4.3, dialling(DialBegun, KEY, "trunk-2", "PJSIP/other-00000003", dial_string=f"{ANN}@other")),
    (5.0, shows("trunk-2", "PJSIP/other-00000003", 5)),
    (9.0, shows("trunk-2", "PJSIP/other-00000003", 6)),
    (40.0, gone("trunk-2", "PJSIP/other-00000003")),
    (40.1, gone(KEY, AGENT_CHANNEL)),
]
THROUGH_LOCAL: Script = [
    *UP,
    (3.1, created("local-1", LOCAL_1)),
    (3.11, created("local-2", LOCAL_2, state=4)),
    (3.12, dialling(DialBegun, KEY, "local-1", LOCAL_1, dial_string=f"{ANN}@out")),
    (3.2, created(LEG, TRUNK_CHANNEL)),
    (3.21, dialling(DialBegun, "local-2", LEG, TRUNK_CHANNEL, dial_string=f"{ANN}@trunk")),
    (4.0, shows(LEG, TRUNK_CHANNEL, 5)),
    (9.0, shows(LEG, TRUNK_CHANNEL, 6)),
    (60.0, gone(LEG, TRUNK_CHANNEL)),
    (60.1, gone("local-1", LOCAL_1)),
    (60.2, gone("local-2", LOCAL_2)),
    (60.3, gone(KEY, AGENT_CHANNEL)),
]


def status(at: datetime, word: str) -> Event:
    return VariableSet(
        pbx="lab", at=at, channel=AGENT_CHANNEL, uniqueid=KEY, linkedid=KEY, variable="DIALSTATUS", value=word
    )


class Books:
    """What a store has written."""

    def __init__(self, *tasks: tuple[Task, Filing]) -> None:
        self.tasks = {one.number: one for one, _ in tasks}
        self.filings = {filing.key: filing for _, filing in tasks}
        self.entries: dict[int, list[Entry]] = {}
        self.callouts: dict[str, Callout] = {}
        self.clicks: dict[str, Click] = {}
        self.courses: dict[str, list[ClickState]] = {}

    def write(self, fact: Fact) -> None:
        if isinstance(fact, ClickChanged):
            click = fact.click
            before = self.clicks.get(click.key)
            assert before is None or before != click, "nothing changed"
            self.clicks[click.key] = click
            course = self.courses.setdefault(click.key, [])
            if not course or course[-1] is not click.state:
                course.append(click.state)
            assert (click.state is ClickState.ENDED) is (click.result is not None) is (click.ended_at is not None)
        elif isinstance(fact, TaskChanged):
            if fact.callout is not None:
                self.callouts[fact.callout.uniqueid] = fact.callout
            for filing in fact.filings:
                self.filings[filing.key] = filing
            if fact.task is not None:
                self.tasks[fact.task.number] = fact.task
                self.entries.setdefault(fact.task.number, []).extend(fact.entries)

    def open_rows(self, at: datetime) -> OpenRows:
        """What a new run is given."""
        alive = {number: one for number, one in self.tasks.items() if one.state is not TaskState.CLOSED}
        hour = at - timedelta(hours=1)
        return OpenRows(
            last_seen={"lab": at},
            tasks=tuple(alive.values()),
            filings=tuple(filing for filing in self.filings.values() if filing.task in alive),
            latest={"lab": max(self.tasks)},
            callouts=tuple(dial for dial in self.callouts.values() if dial.result is None),
            clicks=tuple(c for c in self.clicks.values() if c.asked_at > hour or c.state is not ClickState.ENDED),
        )


class World:
    """One daemon (run after run), one PBX, and the books. `answers` is what the PBX says to the action itself."""

    def __init__(
        self,
        script: Script,
        *tasks: tuple[Task, Filing],
        here: Office | None = None,
        answers: ActionAnswered | None = None,
        dies_after: int | None = None,
        deaf: bool = False,
    ) -> None:
        self.office = here or office()
        self.script = script
        self.books = Books(*(tasks or (task(),)))
        self.answers = answers
        self.core = CallCentre(self.office)
        self.sent: list[CallBack] = []
        self.facts: list[Fact] = []
        self.channels: dict[str, ChannelSeen] = {}
        self.linked = False
        self.now = 0.0
        self.inputs = 0
        self.dies_after = dies_after
        self.deaf = deaf
        self._due: list[Due] = []
        self._place = 0

    # --- driving -----------------------------------------------------------------------------------------------------

    def begin(self) -> "World":
        self._took(self.core.restore(self.books.open_rows(after(self.now)), after(self.now)))
        return self.up()

    def up(self) -> "World":
        """The PBX is in sight, and says which channels there are."""
        self.linked = True
        self.put(LinkUp(pbx="lab", at=after(self.now), booted_at=BOOTED))
        self.put(ChannelsListed(pbx="lab", at=after(self.now), channels=tuple(self.channels.values())))
        return self

    def down(self) -> "World":
        self.linked = False
        self.put(LinkDown(pbx="lab", at=after(self.now), reason="lost"))
        return self

    def restart(self) -> "World":
        """Another run begins, out of sight of the PBX."""
        self.linked = False
        self.core = CallCentre(self.office)
        self._took(self.core.restore(self.books.open_rows(after(self.now)), after(self.now)))
        return self

    def until(self, t: float) -> "World":
        """Time passes: what the PBX does, and what the core wants to be woken for, in their order."""
        while True:
            wake = self.core.next_timer()
            wakes_at = (wake - T0).total_seconds() if wake is not None else None
            next_at = self._due[0].at if self._due else None
            soonest = min((at for at in (wakes_at, next_at) if at is not None), default=None)
            if soonest is None or soonest > t:
                break
            self.now = max(self.now, soonest)
            if next_at == soonest:
                self._happens(heapq.heappop(self._due).make(after(self.now)))
            else:
                self.put(TimePassed(pbx="", at=after(self.now)))
        self.now = max(self.now, t)
        return self

    def _happens(self, event: Event) -> None:
        """Something happens at the PBX, whether or not anybody listens."""
        match event:
            case ChannelCreated():
                self.channels[event.uniqueid] = ChannelSeen(
                    channel=event.channel, uniqueid=event.uniqueid, linkedid=event.linkedid, state=event.state
                )
            case ChannelStateChanged():
                if event.uniqueid in self.channels:
                    self.channels[event.uniqueid] = replace(self.channels[event.uniqueid], state=event.state)
            case ChannelGone():
                self.channels.pop(event.uniqueid, None)
        if self.linked or isinstance(event, ActionAnswered):
            self.put(event)

    def put(self, event: Event) -> Step:
        """One input; the daemon may be killed at its end, before (`deaf`) or after its commands were carried out."""
        step = self.core.handle(event)
        self.inputs += 1
        dies = self.inputs == self.dies_after
        self._took(step, deaf=dies and self.deaf)
        if dies:
            raise Dead
        return step

    def _took(self, step: Step, *, deaf: bool = False) -> None:
        for fact in step.facts:
            self.books.write(fact)
        self.facts += step.facts
        for command in step.commands:
            if isinstance(command, Act) and not deaf:
                self._perform(command)

    def _perform(self, act: Act) -> None:
        if not isinstance(act, CallBack):
            return
        click = self.books.clicks.get(act.key)
        assert click is not None, "not written down before"
        assert click.state is ClickState.WANTED
        assert act.key not in {one.key for one in self.sent}, "dialled twice"
        self.sent.append(act)
        told = self.answers or ActionAnswered(pbx="lab", at=T0, key=act.key, done=True, words="Originate queued")
        self._plan(0.05, lambda at: replace(told, at=at))
        if told.done or told.lost:
            for delay, make in self.script:
                self._plan(delay, make)

    def _plan(self, delay: float, make: Callable[[datetime], Event]) -> None:
        self._place += 1
        heapq.heappush(self._due, Due(self.now + delay, self._place, make))

    # --- people ------------------------------------------------------------------------------------------------------

    def click(self, who: str = "Alice", **more: Any) -> Step:
        """An agent clicks; IllegalTransition is raised to whoever calls."""
        values: dict[str, Any] = {"number": 1, "request": KEY, "telephone": AGENT, "action": TaskAction.DIAL}
        return self.put(TaskAsked(pbx="lab", at=after(self.now), who=who, **(values | more)))

    # --- what became of it -------------------------------------------------------------------------------------------

    def course(self, key: str = KEY) -> list[str]:
        """The states that a click went through."""
        return [state.value for state in self.books.courses.get(key, ())]

    def ended(self, key: str = KEY) -> Click:
        """A click that is over."""
        click = self.books.clicks[key]
        assert click.state is ClickState.ENDED
        return click

    def steps(self, number: int = 1) -> list[TaskStep]:
        """A task's history, the steps alone."""
        return [entry.step for entry in self.books.entries.get(number, ())]

    def callouts(self) -> Iterator[tuple[str, int | None, str, str]]:
        """Each dial of a caller: its leg, whom for, from where, how it ended."""
        for one in self.books.callouts.values():
            yield one.uniqueid, one.task, one.telephone, str(one.result)
