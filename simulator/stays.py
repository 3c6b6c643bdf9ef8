"""A caller's stay in a queue, and how it ends: answered, given up, timed out, emptied, or a key pressed."""

from collections.abc import Generator
from dataclasses import dataclass, field

from callcentre_simulator.books import QueueLog
from callcentre_simulator.channels import Channel
from callcentre_simulator.engine import Engine, Thread, Told
from callcentre_simulator.members import Member
from callcentre_simulator.outgoing import Outgoing
from callcentre_simulator.queues import Entry, Queue
from callcentre_simulator.talking import End, Talking
from callcentre_simulator.telephones import Telephones
from callcentre_simulator.truth import Truth

FIGURES_SINCE = 20
"""The version since which Queue sets how long a call waited, rang and talked."""


@dataclass(slots=True, kw_only=True)
class Round:
    """One go of ringing telephones for a caller."""

    begun: float
    until: float
    turn: float
    """When the last telephone of this round began to be rung, which AgentRingNoAnswer counts from."""
    legs: dict[Channel, Member] = field(default_factory=dict)
    tried: list[Member] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Stay:
    """One run of Queue() for one caller."""

    channel: Channel
    thread: Thread
    queue: Queue
    entry: Entry
    began: float
    until: float | None
    rings: bool
    """Whether the caller hears ringing, not music (or has heard enough of it)."""
    announce: float
    """Seconds of what the agent is told before the caller is put through."""
    goes_on: bool = False
    """Whether the caller's dialplan goes on once the agent has hung up (option c)."""
    member: Member | None = None
    winner: Channel | None = None
    """The channel of the person who answered."""
    ring_seconds: int = 0


Finish = Generator[float | None, Told | None, End | None]


class Leaving:
    """How stays end."""

    def __init__(
        self, engine: Engine, telephones: Telephones, talking: Talking, log: QueueLog, truth: Truth
    ) -> None:  # fmt: skip
        self._engine = engine
        self._telephones = telephones
        self._talking = talking
        self._channels = telephones.channels
        self._outgoing: Outgoing = talking.outgoing
        self._log = log
        self._truth = truth

    def figures(self, channel: Channel, *names_and_values: str) -> None:
        """Set QUEUEWAIT, DIALEDTIME and ANSWEREDTIME, where the version has them; values are seconds."""
        if self._engine.version < FIGURES_SINCE:
            return
        for index in range(0, len(names_and_values), 2):
            name, value = names_and_values[index : index + 2]
            seconds = value.partition(".")[0]
            milliseconds = str(int(float(value) * 1000)) if value else ""
            self._channels.variables(channel, name, seconds, f"{name}_MS", milliseconds)

    def music_stops(self, stay: Stay) -> None:
        """The caller hears no music any more."""
        if not stay.rings:
            self._channels.music(stay.channel, on=False)
            stay.rings = True

    def _waited(self, stay: Stay) -> int:
        return int(self._engine.now) - int(stay.entry.joined)

    def won(self, stay: Stay, ringing: Round, leg: Channel, told: Told) -> None:
        """A telephone was answered: the others stop ringing."""
        channel = stay.channel
        stay.member = ringing.legs.pop(leg)
        stay.ring_seconds = int(self._engine.now - ringing.begun)
        stay.winner = leg
        if told.word == "picked up":
            stay.winner = self._channels.alive[told.more]
            self._truth.answers(leg, stay.winner.device, by="picked_up")
            self._channels.connected(channel, stay.winner)
            self._outgoing.drop(leg, 16, "picked_up")
        else:
            if not leg.local:
                self._truth.answers(leg, leg.device)
            self._outgoing.end(channel, leg, "ANSWER")
            for loser in ringing.legs:
                self._outgoing.end(channel, loser, "CANCEL")
            if stay.queue.strategy == "ringall":
                self._channels.connected(channel, leg)
        for loser in ringing.legs:
            self._outgoing.end(channel, loser, "CANCEL")
            self._outgoing.drop(loser, 26)

    def connected(self, stay: Stay) -> Finish:
        """The caller leaves the queue for the person who answered, perhaps after that person heard who calls."""
        channel, member, leg, queue = stay.channel, stay.member, stay.winner, stay.queue
        if member is None or leg is None:
            return None
        if stay.announce:
            told = yield stay.announce
            if told is not None and told.word == "hangup":
                self._outgoing.drop(leg, 16)
                self.out(stay, "hangup")
                return End("caller")
        self.music_stops(stay)
        held = self._waited(stay)
        self._leave(stay, "answered")
        self.figures(channel, "QUEUEWAIT", str(held))
        said = (*_who(queue, member), ("HoldTime", str(held)), ("RingTime", str(stay.ring_seconds)))
        self._engine.agent("AgentConnect", (*channel.headers(), *leg.headers("Dest"), *said))
        self._log.write(
            channel.uniqueid, queue.name, member.name, "CONNECT", held, leg.uniqueid, stay.ring_seconds
        )  # fmt: skip
        member.in_call = 1
        begun = self._engine.now
        self._outgoing.answer(channel)

        def ended(end: End) -> None:
            self._complete(stay, member, leg, held, begun, end)

        end = yield from self._talking.talk(channel, leg, ended)
        talked = self._engine.now - begun
        dialled = self._engine.now - stay.began
        if end.how == "transfer":
            self.figures(channel, "DIALEDTIME", f"{dialled:.3f}", "ANSWEREDTIME", "0")
        else:
            self.figures(channel, "ANSWEREDTIME", f"{talked:.3f}", "DIALEDTIME", f"{dialled:.3f}")
        if end.how == "agent" and stay.goes_on:
            self._channels.variable(channel, "QUEUESTATUS", "CONTINUE")
            return None
        return end

    def _complete(
        self, stay: Stay, member: Member, leg: Channel, held: int, begun: float, end: End
    ) -> None:  # fmt: skip
        talked = int(self._engine.now) - int(begun)
        reason = end.how if end.how in {"caller", "agent"} else "transfer"
        said = (
            *_who(stay.queue, member),
            ("HoldTime", str(held)),
            ("TalkTime", str(talked)),
            ("Reason", reason),
        )
        self._engine.agent("AgentComplete", (*stay.channel.headers(), *leg.headers("Dest"), *said))
        data: tuple[object, ...] = (held, talked, stay.entry.first_position)
        event = f"COMPLETE{end.how.upper()}"
        if end.how == "transfer":
            event, data = "BLINDTRANSFER", (end.to, "internal", *data)
        elif end.how == "attended":
            event, data = "ATTENDEDTRANSFER", ("BRIDGE", end.bridge, *data)
        self._log.write(stay.channel.uniqueid, stay.queue.name, member.name, event, *data)
        member.in_call = 0
        member.taken += 1
        member.last_call = int(self._engine.now)
        stay.queue.finished(held, talked)

    def _leave(self, stay: Stay, result: str) -> None:
        queue, channel = stay.queue, stay.channel
        position = queue.position(channel)
        queue.entries.remove(stay.entry)
        if not queue.entries:
            self._telephones.say(f"Queue:{queue.name}", "NOT_INUSE")
        said = (("Queue", queue.name), ("Position", str(position)), ("Count", str(len(queue.entries))))
        self._engine.agent("QueueCallerLeave", (*channel.headers(), *said))
        self._channels.variable(channel, "QUEUEPOSITION", str(position))
        self._truth.leaves(channel, result)

    def out(self, stay: Stay, why: str) -> End | None:
        """The caller leaves unanswered: hangup, timeout, empty, or `key K`."""
        if why.startswith("key "):
            return self._by_key(stay, why.removeprefix("key "))
        channel, queue = stay.channel, stay.queue
        if why == "hangup":
            self.music_stops(stay)
            self._times(stay)
        self._abandon(stay, why)
        if why != "hangup":
            self._times(stay)
            self.music_stops(stay)
        self._leave(stay, {"hangup": "abandoned", "timeout": "timeout", "empty": "empty"}[why])
        if why == "hangup":
            return End("caller")
        self._channels.variable(channel, "QUEUESTATUS", {"timeout": "TIMEOUT", "empty": "LEAVEEMPTY"}[why])
        queue.abandoned += 1
        return None

    def _times(self, stay: Stay) -> None:
        dialled = self._engine.now - stay.began
        waited = str(self._waited(stay))
        self.figures(stay.channel, "QUEUEWAIT", waited, "DIALEDTIME", f"{dialled:.3f}", "ANSWEREDTIME", "0")

    def _abandon(self, stay: Stay, why: str) -> None:
        queue, channel = stay.queue, stay.channel
        self._channels.variable(channel, "ABANDONED", "TRUE")
        position, held = queue.position(channel), self._waited(stay)
        said = (
            ("Queue", queue.name),
            ("Position", str(position)),
            ("OriginalPosition", str(stay.entry.first_position)),
            ("HoldTime", str(held)),
        )
        self._engine.agent("QueueCallerAbandon", (*channel.headers(), *said))
        event = {"hangup": "ABANDON", "timeout": "EXITWITHTIMEOUT", "empty": "EXITEMPTY"}[why]
        self._log.write(
            channel.uniqueid, queue.name, "NONE", event, position, stay.entry.first_position, held
        )  # fmt: skip

    def _by_key(self, stay: Stay, key: str) -> End:
        queue, channel = stay.queue, stay.channel
        self._times(stay)
        place = (queue.position(channel), stay.entry.first_position, self._waited(stay))
        self._log.write(channel.uniqueid, queue.name, "NONE", "EXITWITHKEY", key, *place)
        channel.context, channel.exten, channel.priority = queue.context, key, 1
        if self._engine.version > 16:
            self._channels.newexten(channel, "Queue", channel.data)
        self.music_stops(stay)
        self._leave(stay, "exit_key")
        return End("goto", key)


def _who(queue: Queue, member: Member) -> tuple[tuple[str, str], ...]:
    return (("Queue", queue.name), ("Interface", member.interface), ("MemberName", member.name))
