"""The roster: who is a member of which queue, on which telephone, paused or not; and the extensions of lines.

Asterisk tells absolute states, in any order and more than once; the last told holds. After a lost link nothing is known
until the lists have been read again.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Final

from callcentre.core.charter import Office
from callcentre.core.events import (
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
)
from callcentre.core.facts import Fact, MemberActive, RosterChanged, TelephoneUsed
from callcentre.core.terms import MemberState

DEVICE_STATES: Final = {
    "UNKNOWN": 0,
    "NOT_INUSE": 1,
    "INUSE": 2,
    "BUSY": 3,
    "INVALID": 4,
    "UNAVAILABLE": 5,
    "RINGING": 6,
    "RINGINUSE": 7,
    "ONHOLD": 8,
}
"""Asterisk's device states in words and numbers (include/asterisk/devicestate.h)."""

_STATES: Final = (
    MemberState.UNKNOWN,
    MemberState.FREE,
    MemberState.TALKING,
    MemberState.TALKING,  # BUSY; with device_state_busy_at=1 a telephone that only rings says so too
    MemberState.UNREACHABLE,
    MemberState.UNREACHABLE,
    MemberState.RINGING,
    MemberState.TALKING,
    MemberState.TALKING,
)
_IN_USE: Final = frozenset({2, 7, 8})


class _Standing(IntEnum):
    """What a place means for attendance; of one telephone's places the highest counts."""

    UNREACHABLE = 0
    PAUSED = 1
    UNKNOWN = 2
    THERE = 3


@dataclass(slots=True)
class _Place:
    """A telephone's place on a line: a member of its queue, or an extension (then `member` is None)."""

    line: str
    device: str
    status: int
    member: MemberSeen | None = None
    wrapup_until: datetime | None = None

    def standing(self) -> _Standing:
        if self.member is not None and self.member.paused:
            return _Standing.PAUSED
        if self.status in {4, 5}:
            return _Standing.UNREACHABLE
        return _Standing.THERE if 0 < self.status < len(_STATES) else _Standing.UNKNOWN

    def state(self, now: datetime | None) -> MemberState:
        if self.member is not None and self.member.paused:
            return MemberState.PAUSED
        if self.status == 1 and self.wrapup_until is not None and now is not None and now < self.wrapup_until:
            return MemberState.WRAPUP
        return _STATES[self.status] if 0 <= self.status < len(_STATES) else MemberState.UNKNOWN


def _unpauses(before: MemberSeen | None, now: MemberSeen) -> bool:
    return before is not None and before.paused and not now.paused


class _Site:
    """The roster of one PBX. `facts` gathers what changed until it is taken."""

    def __init__(self, office: Office, pbx: str) -> None:
        self._pbx = pbx
        lines = [line for line in office.lines if line.pbx == pbx]
        self._lines = {line.name: line for line in lines}
        self._line_of_queue = {queue: line.name for line in lines for queue in line.queues}
        self._places: dict[tuple[str, str], _Place] = {}
        self._by_device: dict[str, dict[tuple[str, str], _Place]] = {}
        self._best: dict[tuple[str, str], _Standing] = {}
        self._tally: dict[str, list[int]] = {}
        self._listed = False
        self._used: dict[str, bool] = {}
        self._told: dict[str, tuple[int | bool, ...]] = {}
        self.facts: list[Fact] = []
        self.wrapups: list[datetime] = []
        self.now: datetime | None = None
        self.handlers: dict[type[Event], Callable[[Any], None]] = {
            MemberChanged: self._member_changed,
            MemberRemoved: self._member_removed,
            QueuesListed: self._queues_listed,
            DeviceChanged: self._device_changed,
            DevicesListed: self._devices_listed,
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
                self._active(line, event.at)
            return
        before, unpaused = place.standing(), _unpauses(place.member, member)
        place.member = member
        self._wraps_up(place)
        self._set_status(place, member.status, event.at)
        if place.standing() is not before:
            self._weigh(line, place.device)
            self._tell(line, event.at)
        if unpaused:
            self._active(line, event.at)

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
        active: set[str] = set()
        for member in event.members:
            line = self._line_of_queue.get(member.queue)
            if line is not None:
                key = (member.queue, member.interface)
                self._put(key, self._place_of(member, line))
                if known and (key not in before or _unpauses(before[key], member)):
                    active.add(line)
        self._forget_telephones()
        self._tell_all(event.at)
        for line in sorted(active):
            self._active(line, event.at)

    def _device_changed(self, event: DeviceChanged) -> None:
        if event.device in self._by_device:
            self._devices_are([(event.device, event.state)], event.at)

    def _devices_listed(self, event: DevicesListed) -> None:
        self._devices_are(event.devices, event.at)

    def _out_of_sight(self, _event: Event) -> None:
        """Nothing is known any more. Staffing hears of the link itself, and is told again from scratch."""
        self._forget()
        self._told.clear()

    # --- places ------------------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._listed = False
        self._used.clear()
        self._places.clear()
        self._by_device.clear()
        self._best.clear()
        self._tally = {line: [0] * len(_Standing) for line in self._lines}
        self.wrapups.clear()
        for line in self._lines.values():
            for extension in line.extensions if not line.queues else ():
                self._put(("", extension), _Place(line.name, extension, 0))

    def _put(self, key: tuple[str, str], place: _Place) -> None:
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

    def _weigh(self, line: str, device: str) -> None:
        """Count a telephone anew on a line: by the best of its places there."""
        places = self._by_device.get(device, {}).values()
        now = max((place.standing() for place in places if place.line == line), default=None)
        before = self._best.pop((line, device), None)
        if before is not None:
            self._tally[line][before] -= 1
        if now is not None:
            self._best[line, device] = now
            self._tally[line][now] += 1

    def _place_of(self, member: MemberSeen, line: str) -> _Place:
        place = _Place(line, member.state_interface or member.interface, member.status, member)
        self._wraps_up(place)
        return place

    def _wraps_up(self, place: _Place) -> None:
        """The queue leaves a member alone for its wrap-up time after each call."""
        member = place.member
        if member is not None and member.wrapup_seconds > 0 and member.last_call is not None:
            until = member.last_call + timedelta(seconds=member.wrapup_seconds)
            if until != place.wrapup_until and self.now is not None and until > self.now:
                heapq.heappush(self.wrapups, until)
            place.wrapup_until = until

    def _devices_are(self, told: Iterable[tuple[str, str]], at: datetime) -> None:
        changed = set()
        for device, word in told:
            for place in self._by_device.get(device, {}).values():
                before = place.standing()
                self._set_status(place, DEVICE_STATES.get(word, 0), at)
                if place.standing() is not before:
                    self._weigh(place.line, device)
                    changed.add(place.line)
        for line in sorted(changed):
            self._tell(line, at)

    def _set_status(self, place: _Place, status: int, at: datetime) -> None:
        if status in _IN_USE and place.status not in _IN_USE and place.status != 0:
            self._active(place.line, at)
        place.status = status
        self._uses(place)

    def _uses(self, place: _Place) -> None:
        """Tell whether a telephone is in use, at first and when it changes; not while nobody has said."""
        used = place.status in _IN_USE
        if place.status != 0 and self.now is not None and self._used.get(place.device) is not used:
            self._used[place.device] = used
            self.facts.append(TelephoneUsed(pbx=self._pbx, at=self.now, device=place.device, used=used))

    def _forget_telephones(self) -> None:
        """What the telephones of those who left do is told no more."""
        for device in [device for device in self._used if device not in self._by_device]:
            if self._used.pop(device) and self.now is not None:
                self.facts.append(TelephoneUsed(pbx=self._pbx, at=self.now, device=device, used=False))

    def _active(self, line: str, at: datetime) -> None:
        self.facts.append(MemberActive(pbx=self._pbx, at=at, line=line))

    # --- what follows ------------------------------------------------------------------------------------------------

    def _tell_all(self, at: datetime) -> None:
        for line in self._lines:
            self._tell(line, at)

    def _tell(self, line: str, at: datetime) -> None:
        tally = self._tally[line]
        complete = self._listed if self._lines[line].queues else any(tally)
        numbers = (*tally, complete)
        if self._told.get(line) == numbers:
            return
        self._told[line] = numbers
        self.facts.append(
            RosterChanged(
                pbx=self._pbx,
                at=at,
                line=line,
                there=tally[_Standing.THERE],
                unknown=tally[_Standing.UNKNOWN],
                paused=tally[_Standing.PAUSED],
                unreachable=tally[_Standing.UNREACHABLE],
                complete=complete,
            )
        )


class Roster:
    """The members of all lines. `handle(event)` takes the types of EVENTS and TimePassed, and returns facts."""

    EVENTS: Final[frozenset[type[Event]]] = frozenset(
        {MemberChanged, MemberRemoved, QueuesListed, DeviceChanged, DevicesListed, LinkUp, LinkDown, PbxShutdown}
    )

    def __init__(self, office: Office) -> None:
        self._sites = {pbx.name: _Site(office, pbx.name) for pbx in office.pbxs}
        self._names = [line.name for line in office.lines]

    def handle(self, event: Event) -> list[Fact]:
        """Take one event; return RosterChanged for each line whose telephones' standing changed, and hints."""
        if type(event) is TimePassed:
            self._time_passed(event.at)
            return []
        site = self._sites.get(event.pbx)
        handler = site.handlers.get(type(event)) if site is not None else None
        if site is None or handler is None:
            return []
        site.now = event.at
        handler(event)
        if not site.facts:
            return []
        facts, site.facts = site.facts, []
        return facts

    def _time_passed(self, now: datetime) -> None:
        for site in self._sites.values():
            site.now = now if site.now is None else max(site.now, now)
            while site.wrapups and site.wrapups[0] <= now:
                heapq.heappop(site.wrapups)

    def next_timer(self) -> datetime | None:
        """When the next wrap-up ends."""
        return min((site.wrapups[0] for site in self._sites.values() if site.wrapups), default=None)

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
