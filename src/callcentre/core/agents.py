"""The roster: who is a member of which queue, on which telephone, paused or not; and the extensions of lines.

Asterisk tells absolute states, in any order and more than once; the last told holds. After a lost link nothing is known
until the lists have been read again.
"""

import heapq
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from callcentre.core.charter import Office
from callcentre.core.events import (
    ChannelCreated,
    DeviceChanged,
    DevicesListed,
    Event,
    LinkDown,
    LinkUp,
    MemberChanged,
    MemberRemoved,
    MemberSeen,
    PbxShutdown,
    QueuesListed,
    TimePassed,
    UserEventRaised,
)
from callcentre.core.facts import Fact
from callcentre.core.hints import AgentReached, MemberActive, RosterChanged, Seat, TelephoneUsed
from callcentre.core.seats import DEVICE_STATES, IN_USE, Place, Standing, few, fit, seat_of
from callcentre.core.terms import MemberState, device_of, is_local

_DIALS: Final = 4
"""The state `Ring`, in which a caller's channel is made (include/asterisk/channelstate.h)."""

_TELEPHONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}/[A-Za-z0-9_.@+*#/-]{1,99}")


def _unpauses(before: MemberSeen | None, now: MemberSeen) -> bool:
    return before is not None and before.paused and not now.paused


class _Site:
    """The roster of one PBX. `facts` gathers what changed until it is taken."""

    def __init__(self, office: Office, pbx: str) -> None:
        self._pbx = pbx
        lines = [line for line in office.lines if line.pbx == pbx]
        self._lines = {line.name: line for line in lines}
        self._line_of_queue = {queue: line.name for line in lines for queue in line.queues}
        self._places: dict[tuple[str, str], Place] = {}
        self._by_device: dict[str, dict[tuple[str, str], Place]] = {}
        self._best: dict[str, dict[str, tuple[Standing, bool]]] = {}
        self._tally: dict[str, list[int]] = {}
        self._free: dict[str, int] = {}
        self._listed = False
        self._used: dict[str, bool] = {}
        self._told: dict[str, tuple[int | bool, ...]] = {}
        self._few = {line.name: line.min_agents + len(line.attention.standby) for line in lines}
        self._seats: dict[str, tuple[Seat, ...]] = {}
        self.facts: list[Fact] = []
        self.wrapups: list[tuple[datetime, str, str]] = []
        self.now: datetime | None = None
        self.handlers: dict[type[Event], Callable[[Any], None]] = {
            MemberChanged: self._member_changed,
            MemberRemoved: self._member_removed,
            QueuesListed: self._queues_listed,
            DeviceChanged: self._device_changed,
            DevicesListed: self._devices_listed,
            UserEventRaised: self._user_event,
            ChannelCreated: self._channel_created,
            LinkUp: self._out_of_sight,
            LinkDown: self._out_of_sight,
            PbxShutdown: self._out_of_sight,
        }
        self._forget()

    def counts(self) -> Iterator[tuple[str, MemberState]]:
        """Each place's line and state."""
        for place in self._places.values():
            yield place.line, place.state(self.now)

    def names(self) -> dict[str, str]:
        """The telephone of each member by the name that the queues, and so queue_log, call it."""
        members = (place.member for place in self._places.values() if place.member is not None)
        return {member.name: member.state_interface or member.interface for member in members if member.name}

    # --- what is told ------------------------------------------------------------------------------------------------

    def _member_changed(self, event: MemberChanged) -> None:
        member = event.member
        line = self._line_of_queue.get(member.queue)
        if line is None:
            return
        key = (member.queue, member.interface)
        place = self._places.get(key)
        if place is None or place.device != (member.state_interface or member.interface):
            self._put(key, self._place_of(member, line))
            self._tell(line, event.at)
            if place is None and self._listed:
                self._active(self._places[key], event.at)
            return
        before, unpaused = self._worth(place), _unpauses(place.member, member)
        place.member = member
        self._wraps_up(place)
        self._set_status(place, member.status, event.at)
        if self._worth(place) != before:
            self._weigh(line, place.device)
            self._tell(line, event.at)
        if unpaused:
            self._active(place, event.at)

    def _member_removed(self, event: MemberRemoved) -> None:
        line = self._line_of_queue.get(event.queue)
        if line is not None:
            self._drop((event.queue, event.interface))
            self._forget_telephones()
            self._tell(line, event.at)

    def _queues_listed(self, event: QueuesListed) -> None:
        before = {key: place.member for key, place in self._places.items() if place.member is not None}
        for key in before:
            self._drop(key)
        known, self._listed = self._listed, True
        active: dict[str, list[str]] = {}
        for member in event.members:
            line = self._line_of_queue.get(member.queue)
            if line is not None:
                key = (member.queue, member.interface)
                place = self._place_of(member, line)
                self._put(key, place)
                if known and (key not in before or _unpauses(before[key], member)):
                    active.setdefault(line, []).append(place.name)
        self._forget_telephones()
        self._tell_all(event.at)
        for line, names in sorted(active.items()):
            self._is_there(line, ", ".join(few(sorted(names))), event.at)

    def _device_changed(self, event: DeviceChanged) -> None:
        if event.device in self._by_device:
            self._devices_are([(event.device, event.state)], event.at)

    def _devices_listed(self, event: DevicesListed) -> None:
        self._devices_are(event.devices, event.at)

    def _user_event(self, event: UserEventRaised) -> None:
        """Somebody pressed "I'm here": for a line, or for every line where that telephone has a place."""
        name, telephone = event.fields.get("Line", ""), event.fields.get("Interface", "")
        if event.name != "CallcentreHere" or not _TELEPHONE.fullmatch(telephone):
            return
        places = (place for place in self._places.values() if telephone in (place.device, place.key[1]))
        names = {place.line: place.name for place in places}
        if name:
            names = {name: names.get(name, fit(telephone))} if name in self._lines else {}
        for line, who in names.items():
            self._is_there(line, who, event.at)

    def _channel_created(self, event: ChannelCreated) -> None:
        """A telephone dials: somebody sits there. Its state cannot say so where a ringing one may be `BUSY` too."""
        if event.state == _DIALS and not is_local(event.channel):
            for place in self._by_device.get(device_of(event.channel), {}).values():
                self._active(place, event.at)

    def reached(self, device: str, at: datetime) -> None:
        """Somebody picked up that telephone, rung at their own click."""
        for place in self._by_device.get(device, {}).values():
            self._active(place, at)

    def _out_of_sight(self, _event: Event) -> None:
        """Nothing is known any more. Staffing hears of the link itself, and is told again from scratch."""
        self._forget()
        self._told.clear()
        self._seats.clear()

    # --- places ------------------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._listed = False
        self._used.clear()
        self._places.clear()
        self._by_device.clear()
        self._best = {line: {} for line in self._lines}
        self._tally = {line: [0] * len(Standing) for line in self._lines}
        self._free = dict.fromkeys(self._lines, 0)
        self.wrapups.clear()
        for line in self._lines.values():
            for extension in line.extensions if not line.queues else ():
                self._put(("", extension), Place(line.name, extension, 0))

    def _put(self, key: tuple[str, str], place: Place) -> None:
        self._drop(key)
        self._places[key] = place
        self._by_device.setdefault(place.device, {})[key] = place
        self._weigh(place.line, place.device)
        self._uses(place)

    def _drop(self, key: tuple[str, str]) -> None:
        place = self._places.pop(key, None)
        if place is not None:
            there = self._by_device[place.device]
            del there[key]
            if not there:
                del self._by_device[place.device]
            self._weigh(place.line, place.device)

    def _worth(self, place: Place) -> tuple[Standing, bool]:
        return place.standing(), place.free(self.now)

    def _weigh(self, line: str, device: str) -> None:
        """Count a telephone anew on a line: by the best of its places there, free if it is so in any."""
        worths = [self._worth(p) for p in self._by_device.get(device, {}).values() if p.line == line]
        best = self._best[line]
        before = best.pop(device, None)
        if before is not None:
            self._tally[line][before[0]] -= 1
            self._free[line] -= before[1]
        if worths:
            standing, free = max(worth[0] for worth in worths), any(worth[1] for worth in worths)
            best[device] = standing, free
            self._tally[line][standing] += 1
            self._free[line] += free

    def _place_of(self, member: MemberSeen, line: str) -> Place:
        place = Place(line, member.state_interface or member.interface, member.status, member)
        self._wraps_up(place)
        return place

    def _wraps_up(self, place: Place) -> None:
        """The queue leaves a member alone for its wrap-up time after each call."""
        member = place.member
        if member is not None and member.wrapup_seconds > 0 and member.last_call is not None:
            until = member.last_call + timedelta(seconds=member.wrapup_seconds)
            if until != place.wrapup_until and self.now is not None and until > self.now:
                heapq.heappush(self.wrapups, (until, place.line, place.device))
            place.wrapup_until = until

    def _devices_are(self, told: Iterable[tuple[str, str]], at: datetime) -> None:
        changed = set()
        for device, word in told:
            status = DEVICE_STATES.get(word, 0)
            for place in self._by_device.get(device, {}).values():
                if status == place.status and device in self._used:
                    continue
                before = self._worth(place)
                self._set_status(place, status, at)
                if self._worth(place) != before:
                    self._weigh(place.line, device)
                    changed.add(place.line)
        for line in sorted(changed):
            self._tell(line, at)

    def wrapped_up(self, now: datetime) -> None:
        """Time passed: telephones whose wrap-up is over can be rung again."""
        self.now = now if self.now is None else max(self.now, now)
        while self.wrapups and self.wrapups[0][0] <= now:
            until, line, device = heapq.heappop(self.wrapups)
            self._weigh(line, device)
            self._tell(line, until)

    def _set_status(self, place: Place, status: int, at: datetime) -> None:
        if status in IN_USE and place.status not in IN_USE and place.status != 0:
            self._active(place, at)
        place.status = status
        self._uses(place)

    def _uses(self, place: Place) -> None:
        """Tell whether a telephone is in use, at first and when it changes; not while nobody has said."""
        used = place.status in IN_USE
        if place.status != 0 and self.now is not None and self._used.get(place.device) is not used:
            self._used[place.device] = used
            self.facts.append(TelephoneUsed(pbx=self._pbx, at=self.now, device=place.device, used=used))

    def _forget_telephones(self) -> None:
        """What the telephones of those who left do is told no more."""
        for device in [device for device in self._used if device not in self._by_device]:
            if self._used.pop(device) and self.now is not None:
                self.facts.append(TelephoneUsed(pbx=self._pbx, at=self.now, device=device, used=False))

    def _active(self, place: Place, at: datetime) -> None:
        self._is_there(place.line, place.name, at)

    def _is_there(self, line: str, who: str, at: datetime) -> None:
        self.facts.append(MemberActive(pbx=self._pbx, at=at, line=line, who=who))

    # --- what follows ------------------------------------------------------------------------------------------------

    def _tell_all(self, at: datetime) -> None:
        for line in self._lines:
            self._tell(line, at)

    def _tell(self, line: str, at: datetime) -> None:
        tally, free = self._tally[line], self._free[line]
        complete = self._listed if self._lines[line].queues else any(tally)
        numbers = (*tally, free, complete)
        before = self._seats.get(line)
        are_few = tally[Standing.THERE] <= self._few[line]
        seats = self._seats_of(line) if are_few or before is not None else ()
        if self._told.get(line) == numbers and seats == (before or ()):
            return
        self._told[line] = numbers
        if are_few:
            self._seats[line] = seats
        else:
            self._seats.pop(line, None)
        self.facts.append(
            RosterChanged(
                pbx=self._pbx,
                at=at,
                line=line,
                there=tally[Standing.THERE],
                unknown=tally[Standing.UNKNOWN],
                paused=tally[Standing.PAUSED],
                unreachable=tally[Standing.UNREACHABLE],
                complete=complete,
                free=free,
                seats=seats,
            )
        )

    def _seats_of(self, line: str) -> tuple[Seat, ...]:
        places = self._by_device
        seats = [
            seat_of((p for p in places[device].values() if p.line == line), self.now) for device in self._best[line]
        ]
        return tuple(sorted(seats, key=lambda seat: (seat.name, seat.device)))


class Roster:
    """The members of all lines. `handle(event)` takes the types of EVENTS and TimePassed, and returns facts."""

    EVENTS: Final[frozenset[type[Event]]] = frozenset(
        {MemberChanged, MemberRemoved, QueuesListed, DeviceChanged, DevicesListed, LinkUp, LinkDown}
        | {PbxShutdown, UserEventRaised, ChannelCreated}
    )
    FACTS: Final[frozenset[type[Fact]]] = frozenset({AgentReached})

    def __init__(self, office: Office) -> None:
        self._sites = {pbx.name: _Site(office, pbx.name) for pbx in office.pbxs}
        self._names = [line.name for line in office.lines]

    def handle(self, event: Event) -> list[Fact]:
        """Take one event; return RosterChanged for each line whose telephones stand differently now, and hints."""
        if type(event) is TimePassed:
            return self._time_passed(event.at)
        site = self._sites.get(event.pbx)
        handler = site.handlers.get(type(event)) if site is not None else None
        if site is None or handler is None:
            return []
        site.now = event.at
        handler(event)
        return _taken(site) if site.facts else []

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Take one fact of FACTS."""
        site = self._sites.get(fact.pbx)
        if site is None or not isinstance(fact, AgentReached):
            return []
        site.now = fact.at
        site.reached(fact.device, fact.at)
        return _taken(site)

    def _time_passed(self, now: datetime) -> list[Fact]:
        facts: list[Fact] = []
        for site in self._sites.values():
            site.wrapped_up(now)
            facts += site.facts
            site.facts.clear()
        return facts

    def next_timer(self) -> datetime | None:
        """When the next wrap-up ends."""
        return min((site.wrapups[0][0] for site in self._sites.values() if site.wrapups), default=None)

    def names(self, pbx: str) -> dict[str, str]:
        """The telephone of each member of that PBX by the name that its queues call it."""
        return self._sites[pbx].names() if pbx in self._sites else {}

    def counts(self) -> dict[str, Mapping[MemberState, int]]:
        """How many places of each line are in each state; a member of two queues has two places."""
        found: dict[str, Counter[MemberState]] = {name: Counter() for name in self._names}
        for site in self._sites.values():
            for line, state in site.counts():
                found[line][state] += 1
        return dict(found)


def _taken(site: _Site) -> list[Fact]:
    facts, site.facts = site.facts, []
    return facts
