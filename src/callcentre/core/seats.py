"""A telephone's place on a line: what it means for attendance, and what a page calls it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import lru_cache
from typing import Final

from callcentre.core.events import MemberSeen
from callcentre.core.hints import Seat
from callcentre.core.numbers import without_numbers
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
IN_USE: Final = frozenset({2, 7, 8})
THERE: Final = frozenset({MemberState.FREE, MemberState.RINGING, MemberState.TALKING, MemberState.WRAPUP})
"""What a seat is doing whose telephone could be answered, now or when its call is over."""

_LONGEST: Final = 80
_MOST: Final = 20
_WHY: Final = {
    MemberState.PAUSED: "paused",
    MemberState.UNREACHABLE: "out of reach",
    MemberState.UNKNOWN: "unseen",
}


class Standing(IntEnum):
    """What a place means for attendance; of one telephone's places the highest counts."""

    UNREACHABLE = 0
    PAUSED = 1
    UNKNOWN = 2
    THERE = 3


@dataclass(slots=True)
class Place:
    """A telephone's place on a line: a member of its queue, or an extension (then `member` is None)."""

    line: str
    device: str
    status: int
    member: MemberSeen | None = None
    wrapup_until: datetime | None = None

    def standing(self) -> Standing:
        """What it means for attendance."""
        if self.member is not None and self.member.paused:
            return Standing.PAUSED
        if self.status in {4, 5}:
            return Standing.UNREACHABLE
        return Standing.THERE if 0 < self.status < len(_STATES) else Standing.UNKNOWN

    def wraps_up(self, now: datetime | None) -> bool:
        """Whether its queue leaves it alone after a call."""
        return self.wrapup_until is not None and now is not None and now < self.wrapup_until

    def free(self, now: datetime | None) -> bool:
        """Whether it could be rung now."""
        paused = self.member is not None and self.member.paused
        return self.status == 1 and not paused and not self.wraps_up(now)

    def state(self, now: datetime | None) -> MemberState:
        """What it is doing."""
        if self.member is not None and self.member.paused:
            return MemberState.PAUSED
        if self.status == 1 and self.wraps_up(now):
            return MemberState.WRAPUP
        return _STATES[self.status] if 0 <= self.status < len(_STATES) else MemberState.UNKNOWN

    @property
    def key(self) -> tuple[str, str]:
        """Its queue and interface; the queue is empty for an extension."""
        return (self.member.queue, self.member.interface) if self.member is not None else ("", self.device)

    @property
    def name(self) -> str:
        """What people call it."""
        member = self.member
        named = member is not None and member.name not in {"", member.interface}
        return fit(member.name if member is not None and named else self.device)

    def seat(self, now: datetime | None) -> Seat:
        """Itself as others are told of it."""
        member, (queue, interface) = self.member, self.key
        return Seat(
            device=self.device,
            interface=interface,
            queue=queue,
            name=self.name,
            state=self.state(now),
            why=fit(member.paused_reason) if member is not None and member.paused else "",
        )


def seat_of(places: Iterable[Place], now: datetime | None) -> Seat:
    """A telephone's best place of several on a line: by its standing, then by whether it is free, then by its name."""
    return max(places, key=lambda place: (place.standing(), place.free(now), place.key)).seat(now)


@lru_cache(maxsize=10_000)
def fit(text: str) -> str:
    """`text` as it may stand on a page or in a row: printable, one line, bounded, numbers masked."""
    printable = "".join(mark if mark.isprintable() else " " for mark in text[: 4 * _LONGEST])
    words = without_numbers(" ".join(printable.split()))
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def why_away(seats: Iterable[Seat]) -> tuple[str, ...]:
    """One entry for each seat whose telephone cannot be answered: `Alice Adams: paused (lunch)`."""
    away = (seat for seat in seats if seat.state not in THERE)
    return few(f"{seat.name}: {_WHY[seat.state]}{f' ({seat.why})' if seat.why else ''}" for seat in away)


def few(entries: Iterable[str]) -> tuple[str, ...]:
    """Each entry once, no more than fit on a page; then how many more there are."""
    once = tuple(dict.fromkeys(entries))
    return once if len(once) <= _MOST else (*once[: _MOST - 1], f"and {len(once) - _MOST + 1} more")
