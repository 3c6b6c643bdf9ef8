"""Attendance told a second time, slowly, from DESIGN's words: what the ledger of a day is held against.

It shares nothing with callcentre. For each moment at which anything was told it reads all that was told so far from the
beginning, and asks: was the PBX in sight, who was where, what did the calls in a row prove? What is out of sight proves
nothing: calls in a row are counted from when the PBX is seen. Times are whole microseconds since 1970 UTC; core hours
are those of the other oracle (deadline_oracle).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

IN_USE = {2, 7, 8}
OUT_OF_REACH = {4, 5}
Place = tuple[str, str]


@dataclass(frozen=True)
class Told:
    """Something that was told at `t`."""

    t: int


@dataclass(frozen=True)
class InSight(Told):
    """The PBX is seen from now on: everything is to be told anew."""


@dataclass(frozen=True)
class OutOfSight(Told):
    """From `t` on nobody sees it."""


@dataclass(frozen=True)
class Opening(Told):
    """Core hours begin."""


@dataclass(frozen=True)
class Member(Told):
    """A member's place (queue and interface), its telephone, that one's state, and whether it is paused."""

    place: Place
    device: str
    status: int
    paused: bool


@dataclass(frozen=True)
class Members(Told):
    """All members there are."""

    members: tuple[Member, ...]


@dataclass(frozen=True)
class Left(Told):
    """A member logged off."""

    place: Place


@dataclass(frozen=True)
class Device(Told):
    """What a telephone does."""

    device: str
    status: int


@dataclass(frozen=True)
class Here(Told):
    """Somebody pressed "I'm here" on this telephone."""

    device: str


@dataclass(frozen=True)
class Answered(Told):
    """Somebody took up a call."""


@dataclass(frozen=True)
class Ring:
    """A telephone rang for a call from `start` to `end`; `gave_up`: the PBX did, not the caller."""

    device: str
    start: int
    end: int
    gave_up: bool
    declined: bool = False


@dataclass(frozen=True)
class Unanswered(Told):
    """A call that nobody answered is decided."""

    rings: tuple[Ring, ...]


@dataclass(frozen=True)
class Promise:
    """What a line promises. `target` is None where neither rings nor seconds are promised."""

    queues: frozenset[str]
    extensions: frozenset[str]
    needed: int
    limit: int
    target: int | None


@dataclass
class Known:
    """What is known of a line after reading `told` from its beginning."""

    promise: Promise
    seen: bool = False
    listed: bool = False
    places: dict[Place, Member] = field(default_factory=dict)
    in_a_row: int = 0
    used: dict[str, list[tuple[int, int | None]]] = field(default_factory=dict)

    def read(self, told: Sequence[Told]) -> "Known":
        for one in told:
            self._take(one)
        return self

    def _take(self, one: Told) -> None:
        if isinstance(one, InSight | OutOfSight):
            self._begin(one)
        elif isinstance(one, Members):
            self._list(one)
        elif isinstance(one, Member) and one.place[0] in self.promise.queues:
            self._member(one)
        elif isinstance(one, Left):
            self.places.pop(one.place, None)
        elif isinstance(one, Device):
            for place, was in [item for item in self.places.items() if item[1].device == one.device]:
                self._is(place, Member(one.t, place, was.device, one.status, was.paused))
        elif isinstance(one, Here):
            if any(one.device == member.device for member in self.places.values()):
                self.in_a_row = 0
        elif isinstance(one, Answered | Opening):
            self.in_a_row = 0
        elif isinstance(one, Unanswered) and self._proves(one):
            self.in_a_row += 1

    def _begin(self, one: Told) -> None:
        self.seen = isinstance(one, InSight)
        self.listed, self.in_a_row, self.places, self.used = False, 0, {}, {}
        for device in self.promise.extensions if not self.promise.queues else ():
            self.places["", device] = Member(one.t, ("", device), device, 0, paused=False)

    def _list(self, one: Members) -> None:
        if not self.promise.queues:
            return
        before = self.places
        self.places = {}
        for member in one.members:
            if member.place[0] in self.promise.queues:
                was = before.get(member.place)
                if self.listed and (was is None or (was.paused and not member.paused)):
                    self.in_a_row = 0  # logged in, or unpaused
                self.places[member.place] = member
                self._use(member)
        self.listed = True

    def _member(self, one: Member) -> None:
        was = self.places.get(one.place)
        if was is None:
            if self.listed:
                self.in_a_row = 0  # logged in
            self.places[one.place] = one
            self._use(one)
        else:
            if was.paused and not one.paused:
                self.in_a_row = 0
            self._is(one.place, one)

    def _is(self, place: Place, now: Member) -> None:
        was = self.places[place].status
        if now.status in IN_USE and was not in IN_USE and was != 0:
            self.in_a_row = 0  # took up a call, or dials out
        self.places[place] = now
        self._use(now)

    def _use(self, member: Member) -> None:
        """Remember since when, and until when, a telephone was in use."""
        uses = self.used.setdefault(member.device, [])
        using = bool(uses) and uses[-1][1] is None
        if member.status in IN_USE and not using:
            uses.append((member.t, None))
        elif member.status not in IN_USE and member.status != 0 and using:
            uses[-1] = (uses[-1][0], member.t)

    def _proves(self, call: Unanswered) -> bool:
        """Whether a free telephone rang past the target and nobody came."""
        if any(ring.declined for ring in call.rings):
            return False
        return any(self._long(ring) and self._free(ring) for ring in call.rings)

    def _long(self, ring: Ring) -> bool:
        target = self.promise.target
        return ring.gave_up if target is None else ring.end - ring.start >= target

    def _free(self, ring: Ring) -> bool:
        return not any(
            begun < ring.end and (over is None or over > ring.start) for begun, over in self.used.get(ring.device, [])
        )

    def verdict(self) -> str:
        """What a line is by all that."""
        if not self.seen:
            return "unknown"
        if self.in_a_row >= self.promise.limit:
            return "unattended"
        telephones: dict[str, set[str]] = {}
        for member in self.places.values():
            says = (
                "away"
                if member.paused or member.status in OUT_OF_REACH
                else "there"
                if member.status
                else "nobody knows"
            )
            telephones.setdefault(member.device, set()).add(says)
        there = sum("there" in says for says in telephones.values())
        perhaps = sum("there" not in says and "nobody knows" in says for says in telephones.values())
        if there >= self.promise.needed:
            return "attended"
        complete = self.listed if self.promise.queues else bool(self.places)
        return "unattended" if complete and there + perhaps < self.promise.needed else "unknown"


def ledger(
    promise: Promise, told: Sequence[Told], spans: Sequence[tuple[int, int]], openings: Sequence[int], now: int
) -> list[tuple[int, int, str]]:
    """What was so in the core hours `spans`: (start, end, word), neighbours of one word joined within a span."""
    opened = [Opening(at) for at in openings]
    told = sorted([*opened, *told], key=lambda one: one.t)  # stable: an opening comes before what is told at it
    edges = sorted({one.t for one in told} | {edge for span in spans for edge in span} | {now})
    words = {t: Known(promise).read([one for one in told if one.t <= t]).verdict() for t in edges}
    found: list[tuple[int, int, str]] = []
    for opens, closes in spans:
        within = [edge for edge in edges if opens <= edge <= closes]
        for start, end in pairwise(within):
            word = words[start] if start < now else "to come"
            if found and found[-1][1] == start and found[-1][2] == word and start != opens:
                found[-1] = (found[-1][0], end, word)
            else:
                found.append((start, end, word))
    return found
