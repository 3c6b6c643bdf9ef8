"""An unattended line told as a story: who is there, what Asterisk does with our actions, what is written and told.

Times are seconds after T0, Tuesday 24 November 2026, 10:00 in London, or `when("Fri 27 16:00")`. `World` is a line's
people, its PBX and its books around a room of enforcement; roster and attendance are told as their rooms would tell
them. It can be killed after any input, and started anew from its books.
"""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from callcentre.core.breach import Breach, BreachStep
from callcentre.core.calendar import Calendar
from callcentre.core.charter import Attention, EscalationStep, Line, Office, Pbx, Shift
from callcentre.core.commands import Act, AddMember, PauseMember, RemoveMember, RingTelephone, StoreValue
from callcentre.core.enforcement import Enforcement
from callcentre.core.events import (
    ActionAnswered,
    Event,
    LinkDown,
    LinkUp,
    OriginateAnswered,
    TimePassed,
    UserEventRaised,
)
from callcentre.core.facts import AttendanceChanged, BreachChanged, Call, Fact, OpenRows, PbxBooted
from callcentre.core.hints import CommandWanted, RosterChanged, Seat
from callcentre.core.tasks import Notice
from callcentre.core.terms import ActionKind, ActionResult, Attendance, MemberState, Mode, NoticeKind
from tests.playbooks.callback_story import T0, after, when
from tests.unit.core.offices import line, week

__all__ = ["ALICE", "BOB", "T0", "Dead", "World", "after", "attention", "enquiries", "when"]

ALICE, BOB, STANDBY, STANDBY_2 = "PJSIP/101", "PJSIP/102", "PJSIP/109", "PJSIP/108"
BOSS, DEPUTY = "PJSIP/110", "PJSIP/111"
FREE, PAUSED, UNREACHABLE, UNSEEN = (
    MemberState.FREE,
    MemberState.PAUSED,
    MemberState.UNREACHABLE,
    MemberState.UNKNOWN,
)
ATTENDED, UNATTENDED, UNKNOWN = Attendance.ATTENDED, Attendance.UNATTENDED, Attendance.UNKNOWN
EARLY = Shift(hours=week("07:00-13:00"), tell=("early",))
LATE = Shift(hours=week("13:00-18:00"), tell=("late",))


def attention(**changed: Any) -> Attention:
    """All that may be done."""
    values: dict[str, Any] = {
        "mode": Mode.ENFORCE,
        "standby": (STANDBY,),
        "may_unpause": frozenset({ALICE}),
        "divert": True,
        "supervisors": (BOSS, DEPUTY),
        "shifts": (EARLY, LATE),
        "escalation": (
            EscalationStep(after=timedelta(minutes=10), tell=("manager",)),
            EscalationStep(after=timedelta(minutes=30), tell=("manager", "director")),
        ),
    }
    return Attention(**(values | changed))


def enquiries(**changed: Any) -> Line:
    """The line of enquiries, `attention` as given or with what else is changed of it."""
    values: dict[str, Any] = {"queues": frozenset({"enquiries"}), "tell": ("desk",), "attention": attention()}
    return line(**(values | changed))


class Dead(Exception):
    """The daemon was killed."""


@dataclass
class Asterisk:
    """What the PBX does with an action. `refuses` are kinds of command, `takes` after how long a telephone is taken."""

    members: set[tuple[str, str]] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)
    refuses: set[type[Act]] = field(default_factory=set)
    takes: dict[str, float | None] = field(default_factory=dict)
    reachable: bool = True

    def perform(self, act: Act) -> tuple[bool, str]:
        if type(act) in self.refuses:
            return False, "Permission denied"
        match act:
            case AddMember():
                if (act.queue, act.interface) in self.members:
                    return False, "Unable to add interface: Already there"
                self.members.add((act.queue, act.interface))
            case RemoveMember():
                if (act.queue, act.interface) not in self.members:
                    return False, "Unable to remove interface: Not there"
                self.members.remove((act.queue, act.interface))
            case StoreValue():
                self.values.pop(act.name, None)
                if act.value is not None:
                    self.values[act.name] = act.value
        return True, "Success"


class Books:
    """What a store has written and an outbox has told."""

    def __init__(self) -> None:
        self.breaches: dict[tuple[str, datetime], Breach] = {}
        self.steps: dict[tuple[str, datetime], dict[int, BreachStep]] = {}
        self.notices: dict[str, Notice] = {}
        self.rows = 0

    def write(self, fact: BreachChanged) -> None:
        breach = fact.breach
        key = (breach.line, breach.since)
        before = self.breaches.get(key)
        assert before is None or before.alarmed_at is None or breach.alarmed_at == before.alarmed_at
        assert before is None or before.ended_at in (None, breach.ended_at)
        steps = self.steps.setdefault(key, {})
        for step in fact.steps:
            assert step.seq in (*steps, len(steps) + 1), "no gap in the audit"
            was = steps.get(step.seq)
            assert was is None or was.key == step.key
            assert was is None or was.result not in (ActionResult.DONE, ActionResult.ALREADY, ActionResult.OBSERVED)
            steps[step.seq] = step
            self.rows += 1
        assert breach.steps == len(steps)
        for notice in fact.notices:
            # A fault may be raised again by a new run; the outbox drops it by its key.
            fault = notice.kind is NoticeKind.ACTION_REFUSED
            assert fault or notice.key not in self.notices, f"told twice: {notice.key}"
            self.notices.setdefault(notice.key, notice)
        self.breaches[key] = breach

    def open_rows(self, at: datetime) -> OpenRows:
        """What a new run is given, as store/attendance_queries.py reads it."""
        to_undo = (ActionResult.WANTED, ActionResult.FAILED)
        not_sent = (ActionResult.OBSERVED, ActionResult.HELD_BACK)
        every = [step for steps in self.steps.values() for step in steps.values()]
        return OpenRows(
            breaches=tuple(
                (breach, tuple(self.steps[key].values()))
                for key, breach in self.breaches.items()
                if breach.ended_at is None
                or any(step.undoes is not None and step.result in to_undo for step in self.steps[key].values())
            ),
            acted=tuple(
                step.at
                for step in every
                if step.at > at - timedelta(hours=1) and step.undoes is None and step.result not in not_sent
            ),
        )


class World:
    """One line or more, their people and their PBX; `people` are telephones of the first line by their state."""

    def __init__(self, *lines: Line, dies_after: int | None = None, deaf: bool = False, **office: Any) -> None:
        lines = lines or (enquiries(),)
        values: dict[str, Any] = {"url": "https://calls.example.org", "fallback_line": lines[0].name}
        self.office = Office(pbxs=(Pbx(name="lab", acts=True),), lines=lines, **(values | office))
        self.line = lines[0]
        self.calendar = Calendar(self.line)
        self.asterisk = Asterisk()
        self.books = Books()
        self.people: dict[str, MemberState] = {ALICE: FREE}
        self.rung_out = False
        self.linked = False
        self.now = 0.0
        self.sent: list[Act] = []
        self.inputs = 0
        self._dies_after, self._deaf = dies_after, deaf
        self._agenda: list[tuple[float, int, Event]] = []
        self._told: tuple[Any, ...] = ()
        self._core_was: bool | None = None
        self.core = Enforcement(self.office)

    # --- driving -----------------------------------------------------------------------------------------------------

    def begin(self, t: float = 0) -> "World":
        """The daemon starts and reaches the PBX."""
        self.now = t
        self.start()
        self.up(t)
        return self

    def start(self) -> None:
        self.core = Enforcement(self.office)
        self._took(self.core.restore(self.books.open_rows(after(self.now)), after(self.now)))

    def restart(self, t: float) -> None:
        """The daemon was stopped, and is started at `t`; what Asterisk answers to the old one is heard by nobody."""
        self.now = t
        self.linked = False
        self._agenda.clear()
        self.start()

    def _give(self, told: Event | Fact) -> None:
        self.inputs += 1
        facts = self.core.handle(told) if isinstance(told, Event) else self.core.handle_fact(told)
        dies = self._dies_after is not None and self.inputs == self._dies_after
        acts = self._took(facts, performs=not (dies and self._deaf))
        if dies:
            raise Dead
        for act, event in acts:
            self._answer(act, event)

    def _took(self, facts: Iterable[Fact], *, performs: bool = True) -> list[tuple[Act, Event]]:
        """Write what is to be written, then have done what is to be done; what is answered is told later."""
        acts: list[tuple[Act, Event]] = []
        wanted: list[Act] = []
        for fact in facts:
            if isinstance(fact, CommandWanted):
                assert isinstance(fact.command, Act)
                wanted.append(fact.command)
            else:
                assert isinstance(fact, BreachChanged)
                self.books.write(fact)
        for act in wanted:
            self._may_be_sent(act)
            if performs:
                self.sent.append(act)
                acts.append((act, self._perform(act)))
        return acts

    def _may_be_sent(self, act: Act) -> None:
        """Nothing is sent that was not written before, or that was settled."""
        assert self.linked, "nothing is sent to a PBX out of sight"
        steps = {step.key: step for steps in self.books.steps.values() for step in steps.values()}
        assert steps[act.key].result is ActionResult.WANTED
        if isinstance(act, RingTelephone):
            assert act.key not in {one.key for one in self.sent}, "a telephone is rung once"

    def _perform(self, act: Act) -> Event:
        if not self.asterisk.reachable:
            return ActionAnswered(**self.at, key=act.key, done=False, words="no link", sent=False)
        done, words = self.asterisk.perform(act)
        return ActionAnswered(**self.at, key=act.key, done=done, words=words)

    def _answer(self, act: Act, event: Event) -> None:
        if isinstance(act, RingTelephone) and isinstance(event, ActionAnswered) and event.done:
            takes = self.asterisk.takes.get(act.telephone)
            late = self.now + (30 if takes is None else takes)
            end = OriginateAnswered(
                pbx="lab", at=after(late), key=act.key, done=takes is not None, reason=3 if takes is None else 4
            )
            heapq.heappush(self._agenda, (late, len(self._agenda), end))
        if isinstance(act, PauseMember) and isinstance(event, ActionAnswered) and event.done:
            self.people[act.interface] = FREE
        self._give(event)
        if isinstance(act, AddMember | RemoveMember | PauseMember):
            self.look()

    @property
    def at(self) -> dict[str, Any]:
        return {"pbx": "lab", "at": after(self.now)}

    def until(self, t: float) -> "World":
        """Let time pass."""
        while True:
            wake = self.core.next_timer()
            timer = None if wake is None else (wake - T0).total_seconds()
            told = self._agenda[0][0] if self._agenda else None
            turn = self._turn(t)
            soonest = min((x for x in (timer, told, turn) if x is not None), default=None)
            if soonest is None or soonest > t:
                break
            self.now = max(self.now, soonest)
            if soonest == turn:
                self.look()
                self._give(TimePassed(pbx="", at=after(self.now)))
            elif soonest == told:
                self._give(heapq.heappop(self._agenda)[2])
            else:
                self._give(TimePassed(pbx="", at=after(self.now)))
                assert self.core.next_timer() != wake, "a timer that fired is done"
        self.now = max(self.now, t)
        return self

    def _turn(self, t: float) -> float | None:
        """When core hours next begin or end, which the room of staffing tells."""
        boundary = self.calendar.next_boundary(after(self.now))
        due = None if boundary is None else (boundary - T0).total_seconds()
        return due if due is not None and due <= t else None

    # --- what is so --------------------------------------------------------------------------------------------------

    def who(self, t: float, **people: MemberState | None) -> "World":
        """From `t` on, who is where: by `PJSIP_101=PAUSED`; None logs off."""
        self.until(t)
        for name, state in people.items():
            device = name.replace("_", "/")
            if state is None:
                self.people.pop(device, None)
            else:
                self.people[device] = state
        self.look()
        return self

    def rings_out(self, t: float, out: bool = True) -> "World":
        """So many calls in a row rang out, or somebody shows that they are there."""
        self.until(t)
        self.rung_out = out
        self.look()
        return self

    def seats(self) -> tuple[Seat, ...]:
        own = [
            Seat(device=one, interface=one, queue="enquiries", name=one, state=state)
            for one, state in self.people.items()
        ]
        added = [
            Seat(device=one, interface=one, queue=queue, name=one, state=FREE)
            for queue, one in sorted(self.asterisk.members)
            if one not in self.people and queue in self.line.queues
        ]
        return (*own, *added)

    def look(self) -> None:
        """Tell roster and attendance if they are others now, as their rooms do."""
        if not self.linked:
            return
        seats = self.seats()
        devices = {seat.device: seat.state for seat in seats}
        count = Counter(devices.values())
        there = count[FREE]
        few = there <= self.line.min_agents + len(self.line.attention.standby)
        core = self.calendar.is_open(after(self.now))
        if self.rung_out:
            state, reason = UNATTENDED, "3 calls in a row rang out"
        elif there >= self.line.min_agents:
            state, reason = ATTENDED, f"{self.line.min_agents} or more can answer"
        elif there + count[UNSEEN] >= self.line.min_agents:
            state, reason = UNKNOWN, "not all its telephones have been seen"
        else:
            state, reason = UNATTENDED, self._why(count)
        roster = RosterChanged(
            **self.at,
            line=self.line.name,
            there=there,
            unknown=count[UNSEEN],
            paused=count[PAUSED],
            unreachable=count[UNREACHABLE],
            complete=True,
            free=there,
            seats=seats if few else (),
        )
        told = (replace(roster, at=T0), state, reason, core)
        if told == self._told:
            return
        before, self._told = self._told, told
        if not before or before[0] != told[0]:
            self._give(roster)
        if (not before or before[1:] != told[1:]) and self._told is told:
            who = tuple(f"{seat.name}: {seat.state}" for seat in seats if state is UNATTENDED)
            self._give(
                AttendanceChanged(**self.at, line=self.line.name, state=state, reason=reason, core=core, who=who)
            )

    def _why(self, count: Counter[MemberState]) -> str:
        words = [word for state, word in ((PAUSED, "paused"), (UNREACHABLE, "out of reach")) if count[state]]
        few = "too few" if count[FREE] else "nobody"
        return f"{few} can answer: members are {' and '.join(words)}" if words else f"{few} is logged in"

    # --- the link ----------------------------------------------------------------------------------------------------

    def _unknown(self, reason: str) -> None:
        self._told = ()
        core = self.calendar.is_open(after(self.now))
        self._give(AttendanceChanged(**self.at, line=self.line.name, state=UNKNOWN, reason=reason, core=core))

    def down(self, t: float) -> "World":
        """The link is lost."""
        self.until(t)
        self._unknown("the PBX is out of sight")
        self.linked = False
        self._give(LinkDown(**self.at, reason="silent"))
        return self

    def up(self, t: float, booted: float = -1000) -> "World":
        """The link is there; the PBX runs since `booted`."""
        self.until(t)
        self.linked = True
        self._give(PbxBooted(**self.at, booted_at=after(booted)))
        self._unknown("nothing has been told of this line yet")
        self._give(LinkUp(**self.at, booted_at=after(booted)))
        self.now += 1
        self.look()
        return self

    # --- what happens ------------------------------------------------------------------------------------------------

    def call(self, kind: Any, seen: Call) -> None:
        """A fact of a call."""
        self._give(kind(**self.at, call=seen))

    def cover(self, t: float, **fields: str) -> "World":
        """An agent asks for cover."""
        self.until(t)
        told = {"Line": self.line.name, "Interface": ALICE, "Reason": "break", "Minutes": "15", "End": "1"} | fields
        self._give(UserEventRaised(**self.at, name="CallcentreCover", fields=told))
        return self

    # --- what became of it -------------------------------------------------------------------------------------------

    @property
    def breach(self) -> Breach:
        """The latest breach as it was last written."""
        return self.books.breaches[max(self.books.breaches, key=lambda key: key[1])]

    def steps(self) -> list[tuple[str, str, str]]:
        """All that was done, in order: action, target, result."""
        every = [step for _, steps in sorted(self.books.steps.items()) for step in steps.values()]
        return [(step.action.value, step.target, step.result.value) for step in every]

    def did(self) -> list[str]:
        """What was sent, in order, in short."""
        return [_short(act) for act in self.sent]

    def told(self) -> list[tuple[str, tuple[str, ...]]]:
        """Who was told of what, in order."""
        return [(notice.kind.value, notice.to) for notice in self.books.notices.values()]

    def notice(self, kind: str) -> Notice:
        """The last notice of a kind."""
        return [notice for notice in self.books.notices.values() if notice.kind.value == kind][-1]

    def result(self, action: ActionKind) -> list[str]:
        """The results of one kind of action."""
        return [result for one, _, result in self.steps() if one == action.value]


def _short(act: Act) -> str:
    match act:
        case AddMember():
            return f"add {act.queue} {act.interface}"
        case RemoveMember():
            return f"remove {act.queue} {act.interface}"
        case PauseMember():
            return f"{'pause' if act.paused else 'unpause'} {act.queue} {act.interface}"
        case StoreValue():
            return f"{act.name}={act.value}"
        case RingTelephone():
            return f"ring {act.telephone}"
    raise AssertionError(act)
