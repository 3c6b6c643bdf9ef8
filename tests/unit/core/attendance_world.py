"""A random day of an office, played through the whole core: what its ledger says, and what the oracle was told.

People log in and off, pause, lose their telephones and dial out; calls ring out, are declined or answered, or are given
up early; the link drops, the PBX restarts, members move without a word, and the daemon dies and is started again.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from callcentre.config.load import bank_holidays
from callcentre.core.agents import Roster
from callcentre.core.calls import Calls
from callcentre.core.centre import CallCentre, Step
from callcentre.core.charter import Charter, Line, Office, Pbx, WeekHours
from callcentre.core.events import (
    AppStarted,
    ChannelCreated,
    ChannelGone,
    ChannelsListed,
    ChannelStateChanged,
    DeviceChanged,
    DevicesListed,
    DialBegun,
    DialEnded,
    Event,
    LinkDown,
    LinkUp,
    MemberChanged,
    MemberRemoved,
    MemberSeen,
    PbxShutdown,
    QueueJoined,
    QueueLeft,
    QueuesListed,
    TimePassed,
    UserEventRaised,
)
from callcentre.core.facts import AttendanceChanged, Call, Fact, OpenRows
from callcentre.core.hints import Hint
from callcentre.core.ledger import DayLedger, day_ledger
from callcentre.core.staffing import Staffing
from callcentre.core.terms import Attendance, Nation, Outcome
from tests.unit.core import attendance_oracle as oracle
from tests.unit.core import deadline_oracle as clocks
from tests.unit.core.offices import charter, span

SECOND = 1_000_000
HOUR = 3600 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WORDS = {0: "UNKNOWN", 1: "NOT_INUSE", 2: "INUSE", 4: "INVALID", 5: "UNAVAILABLE", 6: "RINGING", 7: "RINGINUSE"}
DAYS = (
    *("2026-11-24", "2026-11-27", "2026-07-15", "2026-06-03"),
    *("2026-03-29", "2026-10-25", "2027-03-28"),  # the clocks change
    *("2026-12-25", "2026-08-31", "2026-11-30", "2026-04-06", "2026-07-13"),  # a bank holiday somewhere
    "2026-11-28",
)
HOURS = (
    ("07:00-18:00",),
    ("09:00-12:30", "13:15-17:00"),
    ("00:00-24:00",),
    ("00:00-02:30", "02:30-09:00", "22:45-24:00"),
    ("01:15-01:45", "10:00-16:00"),
)
DECISION = 2 * SECOND


def moment(t: int) -> datetime:
    """The aware time of so many microseconds since 1970."""
    return EPOCH + timedelta(microseconds=t)


def micros(at: datetime) -> int:
    """And back."""
    return (at - EPOCH) // timedelta(microseconds=1)


@dataclass
class Phone:
    """A telephone as it really is."""

    device: str
    reach: int = 1
    using: int = 0
    ringing: int = 0

    @property
    def status(self) -> int:
        if self.reach != 1:
            return self.reach
        if self.using:
            return 7 if self.ringing else 2
        return 6 if self.ringing else 1

    @property
    def idle(self) -> bool:
        return not (self.using or self.ringing)


@dataclass
class Incoming:
    """A call that rings some telephones."""

    uniqueid: str
    rings: list[tuple[Phone, str]] = field(default_factory=list)
    began: int = 0
    over: bool = False


def random_line(rng: Random) -> tuple[Line, Charter]:
    """A line with queues or extensions, hours and promises of any kind."""
    hours = rng.choice(HOURS)
    spans = tuple(span(text) for text in hours)
    weekend = spans if rng.random() < 0.6 else ()
    promised: dict[str, Any] = rng.choice(
        [{}, {"answer_rings": None, "answer_seconds": 20.0}, {"answer_rings": None, "answer_seconds": None}]
    )
    promises = charter(**promised)
    nation = rng.choice(list(Nation))
    on_queues = rng.random() < 0.75
    line = Line(
        name="line",
        pbx="lab",
        charter=promises,
        nation=nation,
        hours=WeekHours(days=(spans,) * 5 + (weekend,) * 2),
        queues=frozenset(rng.choice([("a",), ("a", "b")])) if on_queues else frozenset(),
        extensions=frozenset() if on_queues else frozenset({"PJSIP/101", "PJSIP/102"}),
        dids=frozenset({"700"}),
        min_agents=rng.choice([1, 1, 1, 2]),
        ring_out_limit=rng.choice([1, 2, 3, 3]),
        holidays=bank_holidays(nation),
    )
    return line, promises


class Rooms:
    """Calls, roster and staffing alone, in the order of the whole centre, which takes ten times as long."""

    def __init__(self, office: Office) -> None:
        self._calls, self._roster, self._staffing = Calls(office), Roster(office), Staffing(office)

    def handle(self, event: Event) -> Step:
        """Take one event."""
        always = isinstance(event, TimePassed)
        facts: list[Fact] = []
        for part in (self._calls, self._roster):
            facts += part.handle(event) if always or type(event) in part.EVENTS else []
        facts = self._hand_on(facts)
        return Step(facts=(*facts, *self._staffing.handle(event)))

    def _hand_on(self, facts: list[Fact]) -> list[Fact]:
        told = [fact for fact in facts if not isinstance(fact, Hint)]
        return told + [more for fact in facts for more in self._staffing.handle_fact(fact)]

    def restore(self, rows: OpenRows, _at: datetime) -> Step:
        """Go on from an earlier run."""
        facts = self._hand_on(self._calls.restore(rows.calls, rows.last_seen))
        return Step(facts=(*facts, *self._staffing.restore(rows.last_seen)))

    def next_timer(self) -> datetime | None:
        """When to be woken."""
        due = [part.next_timer() for part in (self._calls, self._roster, self._staffing)]
        return min((at for at in due if at is not None), default=None)


class World:
    """Plays one seeded day. `ledger()` is what callcentre makes of it, `truth()` what the oracle does."""

    def __init__(self, seed: int, *, whole: bool = False) -> None:
        self.make: type[CallCentre | Rooms] = CallCentre if whole else Rooms
        self.rng = rng = Random(seed)
        self.day = date.fromisoformat(rng.choice(DAYS))
        self.line, _ = random_line(rng)
        self.office = Office(pbxs=(Pbx(name="lab"),), lines=(self.line,), fallback_line="line")
        self.phones = {f"PJSIP/10{n}": Phone(f"PJSIP/10{n}") for n in (1, 2, 3)}
        self.members: dict[oracle.Place, oracle.Member] = {}
        self.rows: list[AttendanceChanged] = []
        self.calls: dict[str, Call] = {}
        self.told: list[oracle.Told] = []
        self.last_fact: int | None = None
        self.seen = False
        self.alive = True
        self.numbers = count(1)
        self.order = count()
        self.agenda: list[tuple[int, int, Callable[[int], None]]] = []
        self.active: list[Incoming] = []
        midnight = clocks.first(self.day.toordinal(), 0)
        self.begin = midnight + rng.choice([-4, -1, 0, 3, 8]) * HOUR + rng.randrange(HOUR)
        self.now = midnight + (rng.choice([26, 26, 27]) if rng.random() < 0.8 else rng.randrange(9, 24)) * HOUR
        self.centre: CallCentre | Rooms = self.make(self.office)
        self.step(self.centre.restore(OpenRows(), moment(self.begin)))
        for phone in self.phones.values():
            phone.reach = rng.choice([1, 1, 1, 5, 0])
        for queue in sorted(self.line.queues):
            for phone in self.phones.values():
                if rng.random() < 0.5:
                    self._join(self.begin, (queue, self._interface(phone)), phone, paused=rng.random() < 0.2)
        self._play()

    # --- what callcentre makes of it ---------------------------------------------------------------------------------

    def step(self, step: Step) -> None:
        """Commit what a step concluded."""
        for fact in step.facts:
            self.last_fact = max(self.last_fact or 0, micros(fact.at))
            if isinstance(fact, AttendanceChanged):
                self.rows.append(fact)
            elif isinstance(call := getattr(fact, "call", None), Call):
                self.calls[call.key.uniqueid] = call

    def tell(self, event: Event) -> None:
        """One event, after whatever timers fell due before it; nobody hears it while the daemon is dead."""
        if not self.alive:
            return
        self.pass_time(event.at)
        self.step(self.centre.handle(event))

    def pass_time(self, until: datetime) -> None:
        """Fire the core's timers."""
        while (due := self.centre.next_timer()) is not None and due <= until:
            self.step(self.centre.handle(TimePassed(pbx="", at=due)))

    def ledger(self) -> DayLedger:
        """The day as the stored rows tell it."""
        last = self.now if self.alive else self.last_fact
        until = moment(last) if last is not None else None
        stored = {row.at: row for row in self.rows}  # as the store does: of one time, the last holds
        return day_ledger(self.line, self.day, stored.values(), seen_until=until, now=moment(self.now))

    def truth(self) -> list[tuple[int, int, str]]:
        """The day as the oracle tells it."""
        promises = self.line.charter
        target = promises.answer_seconds
        if promises.answer_rings is not None:
            target = promises.answer_rings * self.line.ring_cycle_seconds
        promise = oracle.Promise(
            queues=self.line.queues,
            extensions=self.line.extensions,
            needed=self.line.min_agents,
            limit=self.line.ring_out_limit,
            target=None if target is None else int(target * SECOND),
        )
        around = self._spans(-1) + self._spans(0)
        closings = {closes for _, closes in around}
        openings = [opens for opens, _ in around if opens not in closings]
        return oracle.ledger(promise, self.told, self.spans(), openings, self.now)

    def spans(self) -> list[tuple[int, int]]:
        """The core hours of the day, by the other oracle's clock and bank holidays."""
        return self._spans(0)

    def _spans(self, later: int) -> list[tuple[int, int]]:
        week = [[(one.open, one.close) for one in day] for day in self.line.hours.days]
        spans = clocks.Oracle(self.line.nation.value, week).spans(self.day.toordinal() + later)
        return [(opens, closes) for opens, closes in spans if opens < closes]

    # --- the day -----------------------------------------------------------------------------------------------------

    def at(self, t: int, act: Callable[[int], None]) -> None:
        """Something will happen."""
        heapq.heappush(self.agenda, (t, next(self.order), act))

    def _play(self) -> None:
        rng = self.rng
        deeds = [self._login, self._logoff, self._pause, self._reach, self._dial_out, self._here, self._resync]
        weights = [4, 3, 6, 4, 2, 1, 1]
        quiet = rng.choice([0.2, 1.0, 1.0])
        self.at(self.begin + rng.randrange(60) * SECOND, self._link_up)
        for _ in range(rng.randrange(5, 26)):
            self.at(self._sometime(), rng.choices(deeds, weights)[0])
        for _ in range(int(rng.randrange(0, 16) * quiet)):
            self.at(self._sometime(), self._call)
        for gap in rng.choices([self._drop, self._restart_pbx, self._restart_daemon], k=rng.choice([0, 1, 1, 2, 3])):
            self.at(self._sometime(), gap)
        while self.agenda and self.agenda[0][0] < self.now:
            t, _, act = heapq.heappop(self.agenda)
            act(t)
        if self.rng.random() < 0.15:
            self._die(self.now)
        elif self.alive:
            self.pass_time(moment(self.now))

    def _sometime(self) -> int:
        """Mostly within the core hours, where it matters."""
        spans = [one for one in self.spans() if one[1] > self.begin] or [(self.begin, self.now)]
        opens, closes = self.rng.choice(spans)
        if self.rng.random() < 0.15:
            return self.rng.choice([opens, closes]) + self.rng.choice([-1, 0, 0, 1]) * self.rng.choice([1, SECOND])
        whole = self.rng.randrange(max(opens, self.begin), closes)
        return whole - whole % SECOND if self.rng.random() < 0.3 else whole

    def _say(self, one: oracle.Told, *events: Event) -> None:
        if self.seen and self.alive:
            self.told.append(one)
            for event in events:
                self.tell(event)

    def _when(self, t: int) -> dict[str, Any]:
        return {"pbx": "lab", "at": moment(t)}

    # --- people ------------------------------------------------------------------------------------------------------

    def _phone(self) -> Phone:
        return self.phones[self.rng.choice(sorted(self.phones))]

    def _interface(self, phone: Phone) -> str:
        return phone.device if phone.device != "PJSIP/103" else "Local/103@agents/n"

    def _seen(self, member: oracle.Member) -> MemberSeen:
        return MemberSeen(
            queue=member.place[0],
            interface=member.place[1],
            name=member.place[1],
            state_interface=member.device,
            status=self.phones[member.device].status,
            paused=member.paused,
        )

    def _join(self, t: int, place: oracle.Place, phone: Phone, *, paused: bool) -> oracle.Member:
        member = self.members[place] = oracle.Member(t, place, phone.device, phone.status, paused)
        return member

    def _member(self, t: int, place: oracle.Place, phone: Phone, *, paused: bool) -> None:
        member = self._join(t, place, phone, paused=paused)
        self._say(member, MemberChanged(**self._when(t), member=self._seen(member)))

    def _login(self, t: int) -> None:
        phone = self._phone()
        place = (self.rng.choice(["a", "b", "other"]), self._interface(phone))
        if place not in self.members:
            self._member(t, place, phone, paused=self.rng.random() < 0.1)

    def _logoff(self, t: int) -> None:
        places = [place for place, member in self.members.items() if self.phones[member.device].idle]
        if places:
            place = self.rng.choice(places)
            del self.members[place]
            self._say(oracle.Left(t, place), MemberRemoved(**self._when(t), queue=place[0], interface=place[1]))

    def _pause(self, t: int) -> None:
        if self.members:
            member = self.members[self.rng.choice(sorted(self.members))]
            self._member(t, member.place, self.phones[member.device], paused=not member.paused)

    def _reach(self, t: int) -> None:
        phone = self._phone()
        if phone.idle:
            phone.reach = self.rng.choice([1, 0]) if phone.reach in (4, 5) else self.rng.choice([5, 5, 4, 1, 0])
            self._told_device(t, phone)

    def _told_device(self, t: int, phone: Phone) -> None:
        """The device's state, and that of its places: either may be told first, and either alone would do."""
        device = DeviceChanged(**self._when(t), device=phone.device, state=WORDS[phone.status])
        places = [place for place, member in self.members.items() if member.device == phone.device]
        for place in places:
            self.members[place] = oracle.Member(t, place, phone.device, phone.status, self.members[place].paused)
        members = [MemberChanged(**self._when(t), member=self._seen(self.members[place])) for place in places]
        events: list[Event] = [device, *members]
        self.rng.shuffle(events)
        self._say(oracle.Device(t, phone.device, phone.status), *events)

    def _dial_out(self, t: int) -> None:
        self._dial(t, self._phone())

    def _dial(self, t: int, phone: Phone) -> None:
        if phone.reach == 1 and not phone.using:
            phone.using += 1
            self._told_device(t, phone)
            self.at(t + self.rng.choice([5, 20, 30, 400]) * SECOND + self.rng.randrange(SECOND), self._done(phone))

    def _done(self, phone: Phone) -> Callable[[int], None]:
        def done(t: int) -> None:
            if phone.using:
                phone.using -= 1
                self._told_device(t, phone)

        return done

    def _here(self, t: int) -> None:
        phone = self._phone()
        fields = {"Line": "", "Interface": phone.device}
        self._say(oracle.Here(t, phone.device), UserEventRaised(**self._when(t), name="CallcentreHere", fields=fields))

    # --- calls -------------------------------------------------------------------------------------------------------

    def _channel(self, name: str, uniqueid: str, call: Incoming) -> dict[str, Any]:
        return {"channel": f"{name}-{uniqueid}", "uniqueid": uniqueid, "linkedid": call.uniqueid}

    def _dialled(self, call: Incoming, phone: Phone, leg: str) -> dict[str, Any]:
        caller, dest = self._channel("PJSIP/trunk", call.uniqueid, call), self._channel(phone.device, leg, call)
        return caller | {f"dest_{name}": value for name, value in dest.items()}

    def _call(self, t: int) -> None:
        """A call comes and rings; sometimes a telephone in use rings as well (`ringinuse`)."""
        serving = [member.device for member in self.members.values() if member.place[0] in self.line.queues]
        able = [self.phones[device] for device in sorted({*serving, *self.line.extensions})]
        able = [phone for phone in able if phone.reach == 1 and (not phone.using or self.rng.random() < 0.5)]
        if not (self.seen and self.alive and able):
            return
        phones = self.rng.sample(able, self.rng.randrange(1, len(able) + 1))
        if self.rng.random() < 0.25:  # who talks hears a second call ring
            phones = phones[:1]
            self._dial(t, phones[0])
        call = Incoming(uniqueid=str(next(self.numbers)), began=t)
        self.active.append(call)
        caller, when = self._channel("PJSIP/trunk", call.uniqueid, call), self._when(t)
        named: dict[str, Any] = {"caller_number": "07700900001", "caller_name": "", "context": ""}
        self.tell(ChannelCreated(**when, **caller, state=4, exten="700", **named))
        queue = min(self.line.queues, default="")
        if queue:
            self.tell(AppStarted(**when, **caller, application="Queue", data=queue, context="", exten=""))
            self.tell(QueueJoined(**when, **caller, queue=queue, position=1))
        else:
            self.tell(AppStarted(**when, **caller, application="Dial", data="x", context="", exten=""))
        for phone in phones:
            leg = str(next(self.numbers))
            call.rings.append((phone, leg))
            made = self._channel(phone.device, leg, call)
            self.tell(ChannelCreated(**when, **made, state=0, exten="", **named))
            self.tell(DialBegun(**when, **self._dialled(call, phone, leg), dial_string=""))
            self.tell(ChannelStateChanged(**when, **made, state=5))
            phone.ringing += 1
            self._told_device(t, phone)
        lasts = self.rng.choice([3 * SECOND, 15 * SECOND - 1, 15 * SECOND, 16 * SECOND, 22 * SECOND, 45 * SECOND])
        ends = [self._answer, self._decline, self._ring_out, self._ring_out, self._give_up, self._give_up]
        self.at(t + lasts, self._end_by(self.rng.choice(ends), call))

    def _end_by(self, end: Callable[[int, Incoming], None], call: Incoming) -> Callable[[int], None]:
        def ends(t: int) -> None:
            if not call.over:
                end(t, call)

        return ends

    def _leg_ends(self, t: int, call: Incoming, phone: Phone, leg: str, status: str, cause: int) -> None:
        self.tell(DialEnded(**self._when(t), **self._dialled(call, phone, leg), status=status))
        self.tell(ChannelGone(**self._when(t), **self._channel(phone.device, leg, call), cause=cause))
        phone.ringing -= 1
        self._told_device(t, phone)

    def _answer(self, t: int, call: Incoming) -> None:
        (phone, leg), *others = call.rings
        self.tell(ChannelStateChanged(**self._when(t), **self._channel(phone.device, leg, call), state=6))
        self._say(oracle.Answered(t))
        self.tell(DialEnded(**self._when(t), **self._dialled(call, phone, leg), status="ANSWER"))
        phone.ringing -= 1
        phone.using += 1
        self._told_device(t, phone)
        for other, ringing in others:
            self._leg_ends(t, call, other, ringing, "CANCEL", 26)
        self._leave(t, call)
        call.rings = [(phone, leg)]
        self.at(t + self.rng.choice([1, 60, 300]) * SECOND, self._end_by(self._talked, call))

    def _talked(self, t: int, call: Incoming) -> None:
        ((phone, leg),) = call.rings
        self.tell(ChannelGone(**self._when(t), **self._channel(phone.device, leg, call), cause=16))
        self._hang_up(t, call)
        phone.using -= 1
        self._told_device(t, phone)

    def _leave(self, t: int, call: Incoming) -> None:
        if self.line.queues:
            caller = self._channel("PJSIP/trunk", call.uniqueid, call)
            self.tell(QueueLeft(**self._when(t), **caller, queue=min(self.line.queues)))

    def _hang_up(self, t: int, call: Incoming) -> None:
        call.over = True
        self.active.remove(call)
        self.tell(ChannelGone(**self._when(t), **self._channel("PJSIP/trunk", call.uniqueid, call), cause=16))

    def _unanswered(self, t: int, call: Incoming, *, gave_up: bool, declined: Phone | None = None) -> None:
        rings = [
            oracle.Ring(p.device, call.began, t, gave_up and p is not declined, p is declined) for p, _ in call.rings
        ]
        self._leave(t, call)
        self._hang_up(t, call)
        self.at(t + DECISION, lambda at: self._say(oracle.Unanswered(at, tuple(rings))))

    def _decline(self, t: int, call: Incoming) -> None:
        for phone, leg in call.rings:
            self._leg_ends(t, call, phone, leg, "BUSY", 21)
        self._unanswered(t, call, gave_up=False, declined=call.rings[0][0])

    def _ring_out(self, t: int, call: Incoming) -> None:
        for phone, leg in call.rings:
            self._leg_ends(t, call, phone, leg, "NOANSWER", 16)
        self._unanswered(t, call, gave_up=True)

    def _give_up(self, t: int, call: Incoming) -> None:
        for phone, leg in call.rings:
            self._leg_ends(t, call, phone, leg, "CANCEL", 16)
        self._unanswered(t, call, gave_up=False)

    # --- sight -------------------------------------------------------------------------------------------------------

    def _link_up(self, t: int) -> None:
        if self.seen or not self.alive:
            return
        self.seen = True
        self._say(oracle.InSight(t), LinkUp(**self._when(t), booted_at=moment(self.begin - HOUR)))
        if self.members and self.rng.random() < 0.3:  # told before the lists
            member = self.members[self.rng.choice(sorted(self.members))]
            self._member(t, member.place, self.phones[member.device], paused=member.paused)
        listed = t + self.rng.choice([0, 20_000, SECOND])
        self.at(listed, self._lists)

    def _lists(self, t: int) -> None:
        members = tuple(
            oracle.Member(t, m.place, m.device, self.phones[m.device].status, m.paused) for m in self.members.values()
        )
        seen = tuple(self._seen(member) for member in members)
        self._say(oracle.Members(t, members), QueuesListed(**self._when(t), queues=(), members=seen, callers=()))
        if not self.active:
            self._say(oracle.Told(t), ChannelsListed(**self._when(t), channels=()))
        for phone in self.phones.values():
            self._say(oracle.Device(t, phone.device, phone.status))
        states = tuple((phone.device, WORDS[phone.status]) for phone in self.phones.values())
        self._say(oracle.Told(t), DevicesListed(**self._when(t), devices=states))

    def _resync(self, t: int) -> None:
        """The lists are read again; sometimes somebody has come or gone without a word (`queue reload`)."""
        if not self.active and self.rng.random() < 0.7:
            self._move_silently(t)
        self._lists(t)

    def _move_silently(self, t: int) -> None:
        heard, self.seen = self.seen, False
        self.rng.choice([self._login, self._logoff, self._pause])(t)
        self.seen = heard

    def _lose_calls(self) -> None:
        """Whoever calls when sight is lost has gone when it is back."""
        for call in self.active:
            call.over = True
        self.active.clear()
        for phone in self.phones.values():
            phone.using = phone.ringing = 0

    def _blind(self, t: int) -> None:
        self.seen = False
        self._lose_calls()
        self.at(t + self.rng.choice([1, 40, 3000]) * SECOND, self._link_up)

    def _drop(self, t: int) -> None:
        if self.seen and self.alive:
            self._say(oracle.OutOfSight(t), LinkDown(**self._when(t), reason="silent"))
            self._blind(t)

    def _restart_pbx(self, t: int) -> None:
        if self.seen and self.alive:
            self._say(oracle.OutOfSight(t), PbxShutdown(**self._when(t)), LinkDown(**self._when(t), reason="closed"))
            self._blind(t)

    def _die(self, t: int) -> None:
        """The daemon is gone: of what it heard after its last fact, no row tells."""
        if self.alive:
            self.pass_time(moment(t))
            self.alive = self.seen = False
            last = self.last_fact
            if last is not None:
                self.told = [one for one in self.told if one.t <= last]
                self.told.append(oracle.OutOfSight(last))
            self._lose_calls()

    def _restart_daemon(self, t: int) -> None:
        if not self.alive:
            return
        self._die(t)
        self.at(t + self.rng.choice([2, 90, 7000]) * SECOND, self._start)

    def _start(self, t: int) -> None:
        self.alive = True
        self.centre = self.make(self.office)
        running = tuple(call for call in self.calls.values() if call.outcome is Outcome.IN_PROGRESS)
        seen = {"lab": moment(self.last_fact)} if self.last_fact is not None else {}
        self.step(self.centre.restore(OpenRows(calls=running, last_seen=seen), moment(t)))
        self._link_up(t)


def words(made: DayLedger) -> list[tuple[int, int, str]]:
    """A ledger as the oracle tells one."""
    found: list[tuple[int, int, str]] = []
    for one in made.stretches:
        start, end, word = micros(one.start), micros(one.end), "to come" if one.state is None else one.state.value
        if found and found[-1][1:] == (start, word):
            found[-1] = (found[-1][0], end, word)
        else:
            found.append((start, end, word))
    return found


def lasted(told: list[tuple[int, int, str]], word: str) -> timedelta:
    """How long the oracle says that it was so."""
    return timedelta(microseconds=sum(end - start for start, end, what in told if what == word))


STATES = tuple(state.value for state in Attendance)
