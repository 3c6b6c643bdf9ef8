"""A scenario made ready: its file read, its office built, its calls and deeds put into the PBX's future."""

import math
import tomllib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from callcentre_simulator import second_wall
from callcentre_simulator.calling_back import CallingBack
from callcentre_simulator.deeds import Deeds
from callcentre_simulator.dialplan import parse_step
from callcentre_simulator.members import Member
from callcentre_simulator.outside import Outside
from callcentre_simulator.pbx import Pbx
from callcentre_simulator.people import REFUSALS, Caller, Ring, parse_act
from callcentre_simulator.queues import Queue
from callcentre_simulator.schema import (
    DAYS,
    CallingBackTable,
    CallTable,
    ClickedTable,
    DeedTable,
    QueueTable,
    RingTable,
    Scenario,
    ShiftTable,
    TrafficTable,
    When,
)
from callcentre_simulator.telephones import Telephone
from callcentre_simulator.traffic import Callers, agent
from callcentre_simulator.voicemail import Mailbox
from callcentre_simulator.watch import Watch

CIVIL = ZoneInfo("Europe/London")
BUNDLED = Path(__file__).parent / "scenarios"
REPLACED = {"telephone": "extension", "queue": "name", "mailbox": "number", "line": "name"}
"""The tables of an office that a scenario replaces one by one, and the key they are told apart by."""


class ScenarioError(Exception):
    """A scenario cannot be read; the message says which file and what to do about it."""


def bundled() -> list[str]:
    """The names of the scenarios that come with the simulator."""
    return sorted(path.stem for path in BUNDLED.glob("*.toml") if not path.stem.startswith("_"))


def find(name: str) -> Path:
    """A scenario's file: a path, or the name of a bundled one."""
    path = Path(name)
    if path.suffix == ".toml":
        return path
    if name in bundled():
        return BUNDLED / f"{name}.toml"
    raise ScenarioError(f"there is no scenario {name!r}; `callcentre-simulator list` names those that there are")


def read(path: Path) -> Scenario:
    """Read a scenario with its office; ScenarioError says what is wrong with it."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        office = told.get("office", "office")
        if office:
            beside = path.parent / f"_{office}.toml"
            base = beside if beside.exists() else BUNDLED / f"_{office}.toml"
            told = _merged(tomllib.loads(base.read_text(encoding="utf-8")), told)
        return Scenario.model_validate(told)
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{path}: {error}") from error


def _merged(office: dict[str, object], told: dict[str, object]) -> dict[str, object]:
    merged = {**office, **told}
    for key, named in REPLACED.items():
        own = _tables(told, key)
        names = {table.get(named) for table in own}
        merged[key] = [table for table in _tables(office, key) if table.get(named) not in names] + own
    contexts = dict(_table(office, "dialplan"))
    own_contexts = _table(told, "dialplan")
    for context in own_contexts:
        contexts[context] = {**_table(contexts, context), **_table(own_contexts, context)}
    merged["dialplan"] = contexts
    return merged


def _tables(told: dict[str, object], key: str) -> list[dict[str, object]]:
    found = told.get(key, [])
    return [table for table in found if isinstance(table, dict)] if isinstance(found, list) else []


def _table(told: dict[str, object], key: str) -> dict[str, object]:
    found = told.get(key, {})
    return found if isinstance(found, dict) else {}


WEEK = timedelta(weeks=1)
AFTER_THE_LAST = timedelta(hours=1)
"""How long the calls of a scenario may outlast it."""


def beginning_now(scenario: Scenario, now: float, speed: float = 1.0) -> Scenario:
    """The scenario moved to a live daemon's time: a daemon decides by its own clock, and waits for a future to come.

    One whose times are all seconds begins `now` (epoch seconds), or, played faster than time, so early that it ends by
    now; one with times of day is moved by whole weeks, so that it keeps its weekday and lies in the past; one with
    dates stays where it is.
    """
    times: list[When] = [table.at for table in scenario.call] + [table.at for table in scenario.deed]
    times += [when for table in scenario.traffic for when in (table.begins, table.ends)]
    times += [when for table in scenario.shift for when in (table.begins, table.ends)]
    told = [when for when in times if isinstance(when, str)]
    if any(len(when) > len("00:00:00") for when in told):
        return scenario
    start = datetime.fromtimestamp(now, UTC)
    if not told and speed > 1.0:
        start -= timedelta(seconds=scenario.seconds) + AFTER_THE_LAST
    elif told:
        last = scenario.start + timedelta(seconds=scenario.seconds)
        start = scenario.start - WEEK * max(0, math.ceil((last - start) / WEEK))
    return scenario.model_copy(update={"start": start})


class Clock:
    """Turns a scenario's times into epoch seconds."""

    def __init__(self, start: datetime) -> None:
        self.start = start.timestamp()
        self._civil = start.astimezone(CIVIL)

    def at(self, when: When) -> float:
        """Epoch seconds of a time as scenarios write it; ScenarioError if it is none."""
        if isinstance(when, int | float):
            return self.start + when
        try:
            if " " in when or "T" in when:
                return datetime.fromisoformat(when).replace(tzinfo=CIVIL).timestamp()
            found = self.civil(self._civil.date(), when)
        except ValueError as error:
            raise ScenarioError(f"{when!r} is no time: {error}") from error
        return found if found >= self.start else self.civil(self._civil.date() + timedelta(days=1), when)

    def civil(self, day: date, clock: str) -> float:
        """Epoch seconds of a time of day, 24:00 included."""
        if clock == "24:00":
            day, clock = day + timedelta(days=1), "00:00"
        return datetime.combine(day, time.fromisoformat(clock), CIVIL).timestamp()

    def days(self, seconds: float) -> Iterable[tuple[str, date]]:
        """The days that a scenario touches, with their names."""
        day = self._civil.date()
        last = datetime.fromtimestamp(self.start + seconds, CIVIL).date()
        while day <= last:
            yield DAYS[day.weekday()], day
            day += timedelta(days=1)


def build(scenario: Scenario, *, version: int | None = None, seed: int | None = None) -> Pbx:
    """The PBX of a scenario, with all that is to happen in its future; `version` and `seed` outrank the file's."""
    clock = Clock(scenario.start)
    pbx = Pbx(version=version or scenario.version, start=clock.start, seed=scenario.seed if seed is None else seed)
    try:
        _Builder(scenario, pbx, clock).build()
    except (ValueError, KeyError) as error:
        raise ScenarioError(f"{scenario.title}: {error}") from error
    return pbx


class _Builder:
    def __init__(self, scenario: Scenario, pbx: Pbx, clock: Clock) -> None:
        self._scenario = scenario
        self._pbx = pbx
        self._clock = clock
        self._chance = Random(pbx.engine.chance.random())
        self._end = clock.start + scenario.seconds
        self._people = Deeds(pbx)

    def build(self) -> None:
        pbx, scenario = self._pbx, self._scenario
        for table in scenario.telephone:
            pbx.telephones.add(
                Telephone(
                    extension=table.extension,
                    person=table.person,
                    registered=table.registered,
                    busy_at=table.busy_at,
                    rings=tuple(_ring(ring) for ring in table.rings),
                    clicked=_clicked(table.clicked),
                )
            )
        for queue in scenario.queue:
            self._queue(queue)
        for box in scenario.mailbox:
            made = Mailbox(number=box.number, fullname=box.fullname, greeting=box.greeting, maxmsg=box.maxmsg)
            pbx.voicemail.boxes[made.name] = made
        for context, extensions in scenario.dialplan.items():
            for exten, steps in extensions.items():
                pbx.dialplan.add(context, exten, tuple(parse_step(step) for step in steps))
        pbx.applications.open_at = self._open_at
        for call in scenario.call:
            self._call(call)
        for deed in scenario.deed:
            self._deeds(deed)
        for shift in scenario.shift:
            self._shift(shift)
        for traffic in scenario.traffic:
            self._traffic(traffic)
        for calling in scenario.calling_back:
            CallingBack(calling, pbx, Random(self._chance.random()), partial(self._opens, calling))
        outside = Outside(
            {one.number: tuple(map(_ring, one.rings)) for one in scenario.outside}, pbx.telephones.outside
        )
        pbx.telephones.outside = outside.ring
        if second_wall.CONTEXT not in scenario.dialplan:
            second_wall.build(pbx.dialplan, scenario.trunks)
        pbx.watch = Watch(pbx, scenario.line, scenario.holidays)

    def _queue(self, table: QueueTable) -> None:
        settings = table.model_dump(exclude={"members"})
        self._pbx.queueing.queues[table.name] = Queue(**settings)
        self._pbx.members.of_queue.setdefault(table.name, [])
        for text in table.members:
            interface, *rest = text.split()
            device = interface if "/" in interface else f"PJSIP/{interface}"
            state = rest[1] if len(rest) > 1 else device
            telephone = self._pbx.telephones.all.get(state)
            member = Member(
                queue=table.name,
                interface=device,
                name=telephone.person if telephone and telephone.person else device,
                state_interface=state,
                penalty=int(rest[0]) if rest else 0,
                wrapup=table.wrapup,
            )
            self._pbx.members.put(member)

    def _call(self, table: CallTable) -> None:
        caller = Caller(
            to=table.to,
            number=table.number,
            name=table.name,
            patience=table.patience,
            talk=table.talk,
            speak=table.speak,
            withheld=table.withheld,
            press=tuple(_press(text) for text in table.press),
            answer=table.answer,
            ring=Ring(acts=tuple(parse_act(text) for text in table.acts)),
        )
        if table.telephone:
            caller.device, caller.context = f"PJSIP/{table.telephone}", "internal"
        self._pbx.engine.at(self._clock.at(table.at), lambda: self._place(caller))

    def _place(self, caller: Caller) -> None:
        self._pbx.call(caller)

    def _deeds(self, deed: DeedTable) -> None:
        do = self._people.made(deed)
        for when in self._times(deed):
            self._pbx.engine.at(when, do)

    def _times(self, deed: DeedTable) -> Iterable[float]:
        """When a deed is done: once, or on each of its days."""
        if not deed.daily:
            yield self._clock.at(deed.at)
            return
        if not isinstance(deed.at, str):
            raise ScenarioError("what is done daily is done at a time of day, such as 09:00")
        for name, day in self._clock.days(self._scenario.seconds):
            when = self._clock.civil(day, deed.at)
            if name in deed.days and self._clock.start <= when < self._end:
                yield when

    def _opens(self, table: CallingBackTable, when: float) -> float:
        """The first moment from `when` on at which messages are answered; one that is put off comes within an hour."""
        day = datetime.fromtimestamp(when, CIVIL).date()
        for later in range(8):
            one = day + timedelta(days=later)
            begins, ends = self._clock.civil(one, table.begins), self._clock.civil(one, table.ends)
            if DAYS[one.weekday()] in table.days and when < ends:
                return when if begins <= when else begins + self._chance.uniform(0, 3600)
        raise ScenarioError(f"nobody calls back on {', '.join(table.days) or 'no day'}; days are {', '.join(DAYS)}")

    def _spans(self, table: TrafficTable | ShiftTable) -> Iterable[tuple[float, float]]:
        """When a table of traffic or a shift holds: once, or on each of its days."""
        begins, ends = table.begins, table.ends
        if not table.daily:
            yield self._clock.at(begins), self._clock.at(ends)
            return
        if not (isinstance(begins, str) and isinstance(ends, str)):
            raise ScenarioError("what repeats daily begins and ends at times of day, such as 09:00")
        for name, day in self._clock.days(self._scenario.seconds):
            if name in table.days:
                yield self._clock.civil(day, begins), self._clock.civil(day, ends)

    def _traffic(self, table: TrafficTable) -> None:
        callers = Callers(table, Random(self._chance.random()))
        for begins, ends in self._spans(table):
            self._next_caller(callers, callers.times(max(begins, self._clock.start), min(ends, self._end)))

    def _next_caller(self, callers: Callers, times: Iterable[float]) -> None:
        """Put the next caller into the future; each brings the one after, so that the future stays short."""
        coming = iter(times)

        def next_one() -> None:
            when = next(coming, None)
            if when is not None:
                self._pbx.engine.at(when, calls)

        def calls() -> None:
            self._pbx.call(callers.next())
            next_one()

        next_one()

    def _shift(self, table: ShiftTable) -> None:
        pbx = self._pbx
        for extension in table.telephones:
            device = f"PJSIP/{extension}"
            chance = Random(self._chance.random())
            telephone = pbx.telephones.all[device]
            telephone.decide = agent(table, chance)
            telephone.registered = False
            for begins, ends in self._spans(table):
                comes = begins + (chance.expovariate(1 / table.late) if table.late else 0.0)
                pbx.engine.at(comes, partial(pbx.telephones.register, device, on=True))
                pbx.engine.at(ends, partial(pbx.telephones.register, device, on=False))
                self._breaks(table, device, comes, chance)
        pbx.telephones.restarted()
        pbx.members.restarted()

    def _breaks(self, table: ShiftTable, device: str, comes: float, chance: Random) -> None:
        day = datetime.fromtimestamp(comes, CIVIL).date()
        for text in table.breaks:
            begins, _, ends = text.partition("-")
            apart = chance.uniform(0, 600)
            for clock, on in ((begins, True), (ends, False)):
                when = self._clock.civil(day, clock) + apart
                self._pbx.engine.at(
                    when, partial(self._people.pause, device, on=on, reason="break" if on else "")
                )  # fmt: skip

    def _open_at(self, times: str, days: str) -> bool:
        """GotoIfTime's times (07:00-18:00 or *) and days (mon-fri, sat, or *), by the civil clock."""
        now = datetime.fromtimestamp(self._pbx.now, CIVIL)
        if times != "*":
            begins, _, ends = times.partition("-")
            if not begins <= now.strftime("%H:%M") < ends:
                return False
        if days == "*":
            return True
        first, _, last = days.partition("-")
        return DAYS.index(first) <= now.weekday() <= DAYS.index(last or first)


def _ring(table: RingTable) -> Ring:
    acts = tuple(parse_act(text) for text in table.acts)
    if table.then not in {"answer", *REFUSALS} and not table.then.startswith("forward "):
        raise ValueError(
            f"{table.then!r} is nothing a telephone does; write answer, {', '.join(REFUSALS)} or forward X"
        )
    return Ring(shows=table.shows, after=table.after, then=table.then, acts=acts)


def _clicked(table: ClickedTable | None) -> Ring | None:
    if table is None:
        return None
    if table.then not in {"answer", *REFUSALS}:
        raise ValueError(f"{table.then!r} is nothing an agent does; write answer or {', '.join(REFUSALS)}")
    return Ring(shows=table.shows, after=table.after, then=table.then, patience=table.patience, talk=table.talk)


def _press(text: str) -> tuple[float, str]:
    after, _, key = text.partition(" ")
    return float(after), key
