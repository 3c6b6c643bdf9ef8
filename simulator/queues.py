"""Queues: their settings, who waits in them, and whom each of Asterisk's strategies would ring next."""

from dataclasses import dataclass, field
from random import Random

from callcentre_simulator.channels import Channel
from callcentre_simulator.members import Member


@dataclass(slots=True, kw_only=True)
class Entry:
    """One caller in a queue."""

    channel: Channel
    joined: float
    first_position: int
    pending: bool = False
    """Whether telephones are being rung for them right now."""
    linear: int = 0
    """How far down a linear queue's list this caller has come."""


@dataclass(slots=True, kw_only=True)
class Queue:
    """One queue, as queues.conf sets it, and what goes on in it."""

    name: str
    strategy: str = "ringall"
    timeout: float = 15.0
    retry: float = 5.0
    wrapup: int = 0
    maxlen: int = 0
    weight: int = 0
    joinempty: str = "yes"
    leavewhenempty: str = "no"
    context: str = ""
    """Where the exit keys lead, if anywhere."""
    servicelevel: int = 0
    entries: list[Entry] = field(default_factory=list)
    completed: int = 0
    abandoned: int = 0
    within: int = 0
    hold: float = 0.0
    talk: float = 0.0
    turn: int = 0
    """Where a strategy with a memory goes on."""

    def position(self, channel: Channel) -> int:
        """A caller's place, from 1."""
        return next(place for place, entry in enumerate(self.entries, 1) if entry.channel is channel)

    def turn_of(self, entry: Entry, available: int) -> bool:
        """Whether a caller may be served now: there are more free members than callers before them who want one."""
        if self.strategy == "ringall":
            available = min(available, 1)
        if available <= 0:
            return False
        before = 0
        for other in self.entries:
            if other is entry:
                return before < available
            before += not other.pending
            if self.strategy == "ringall" and other.pending:
                return False
        return False

    def empty(self, setting: str, members: list[Member], now: float) -> bool:
        """Whether the queue is empty by a list of conditions; `yes` and `no` mean that it never is, as in the lab."""
        if setting in {"yes", "no"}:
            return False
        words = {"penalty", "paused", "invalid", "unavailable"} if setting == "loose" else set(setting.split(","))
        return not any(_counts(member, words, now) for member in members)

    def order(self, members: list[Member], entry: Entry, chance: Random, now: float) -> list[Member]:
        """The free members in the order in which this call is to try them; ring-all tries all of the lowest penalty."""
        count = len(members)
        free = ((place, member) for place, member in enumerate(members) if member.available(now))
        ranked = sorted((self._metric(place, member, entry, count, chance), place) for place, member in free)
        return [members[place] for _, place in ranked]

    def _metric(self, place: int, member: Member, entry: Entry, count: int, chance: Random) -> tuple[float, float]:
        match self.strategy:
            case "leastrecent":
                first = float(member.last_call)
            case "fewestcalls":
                first = float(member.taken)
            case "random":
                first = chance.random()
            case "wrandom":
                first = chance.random() * (member.penalty + 1) * 100
            case "rrmemory" | "rrordered":
                first = float((place - self.turn) % max(count, 1))
            case "linear":
                first = float((place - entry.linear) % max(count, 1))
            case _:
                first = 0.0
        penalty = 0.0 if self.strategy == "wrandom" else float(member.penalty)
        return penalty, first

    def rang(self, members: list[Member], member: Member, entry: Entry) -> None:
        """A member was tried: strategies with a memory go on behind them."""
        place = members.index(member)
        if self.strategy == "linear":
            entry.linear = place + 1
        elif self.strategy in {"rrmemory", "rrordered"}:
            self.turn = place + 1

    def reset(self) -> None:
        """Forget what was counted so far."""
        self.completed = self.abandoned = self.within = 0
        self.hold = self.talk = 0.0

    def finished(self, held: float, talked: float) -> None:
        """A call was completed: the averages move as Asterisk's do."""
        self.completed += 1
        self.within += held <= self.servicelevel
        self.hold = (self.hold * 3 + held) / 4
        self.talk = (self.talk * 3 + talked) / 4


def _counts(member: Member, words: set[str], now: float) -> bool:
    """Whether a member keeps a queue from being empty under a list of conditions."""
    wrapping = bool(member.last_call and member.wrapup and now < member.last_call + member.wrapup)
    against = {
        "paused": member.paused,
        "unavailable": member.status == 5,
        "invalid": member.status == 4,
        "unknown": member.status == 0,
        "inuse": member.status in {2, 3},
        "ringing": member.status == 6,
        "wrapup": wrapping,
    }
    return not any(against.get(word, False) for word in words)
