"""Attended transfers by feature code, and calls that another telephone picks up."""

from collections.abc import Generator
from dataclasses import dataclass

from callcentre_simulator.channels import RINGING, UP, Bridge, Channel
from callcentre_simulator.engine import Engine, Told
from callcentre_simulator.outgoing import Outgoing
from callcentre_simulator.people import Ring
from callcentre_simulator.talking import End, Pair, Talk, Talking
from callcentre_simulator.telephones import Telephones
from callcentre_simulator.truth import Truth

BEFORE_PICKUP = 0.5
"""Seconds between a telephone dialling the pickup code and the call being its."""


@dataclass(slots=True, kw_only=True)
class Beside:
    """A third person rung beside a conversation: the Local channel that reaches them, and where they are spoken to."""

    one: Channel
    bridge: Bridge
    rings: bool = False
    up: bool = False


Heard = Generator[float | None, Told | None, str]


class Transfers:
    """A third person rung beside a conversation, and a ringing call taken by another telephone."""

    def __init__(
        self, engine: Engine, telephones: Telephones, outgoing: Outgoing, talking: Talking, truth: Truth
    ) -> None:  # fmt: skip
        self._engine = engine
        self._telephones = telephones
        self._channels = telephones.channels
        self._outgoing = outgoing
        self._talking = talking
        self._truth = truth
        talking.consult = self._consult

    def pick_up(self, channel: Channel, ring: Ring) -> None:
        """A telephone that dialled the pickup code takes the call that has rung longest, if any rings."""
        target = next((one for one in self._channels.alive.values() if self._can_be_taken(one)), None)
        if target is None:
            self._channels.hangup(channel, 16)
            return
        caller = self._caller_of(target)
        self._channels.connected(channel, caller)
        self._channels.state(channel, UP)
        self._engine.after(BEFORE_PICKUP, lambda: self._take(channel, target, ring))

    def _can_be_taken(self, one: Channel) -> bool:
        return one.state == RINGING and one.device in self._telephones.all and one.thread is not None

    def _caller_of(self, target: Channel) -> Channel:
        return self._channels.alive.get(target.linkedid, target)

    def _take(self, channel: Channel, target: Channel, ring: Ring) -> None:
        if not (channel.alive and target.alive and target.state == RINGING):
            self._channels.hangup(channel, 16)
            return
        dialled, channel.exten = channel.exten, target.exten
        self._channels.newexten(channel, target.application or "AppQueue", "(Outgoing Line)")
        channel.exten = dialled
        self._engine.call("Pickup", (*channel.headers(), *target.headers("Target")))
        channel.exten = target.exten
        if channel.caller is not None and channel.caller.waiting is not None:
            channel.caller.waiting.cancel()
        channel.caller = None
        channel.ring = ring
        channel.thread = target.thread
        target.tell("picked up", channel.uniqueid)

    def _consult(self, pair: Pair, to: str, seconds: float, blonde: bool) -> Talk:
        """Ring `to` beside the conversation; `seconds` after they answered (blonde: after ringing) join the two."""
        channel, leg = pair.channel, pair.leg
        thread = channel.thread
        if thread is None:
            return End("back")
        beside = self._dial(pair, to)
        until = self._engine.now + seconds if blonde else None
        why = yield from self._listen(pair, beside, seconds, until, blonde=blonde)
        if why == "refused":
            self._back(pair, beside)
            return End("back")
        if why == "caller":
            self._caller_gone(pair, beside)
            return End("caller")
        self._join(pair, beside, blonde=blonde)
        if blonde:
            while not beside.up:
                told = yield None
                if told is None:
                    continue
                if told.word == "hangup":
                    self._channels.destroy(beside.bridge)
                    self._outgoing.drop(leg, 16)
                    return self._talking.caller_leaves(pair)
                self._hear_third(beside, told)
                if told.word in {"refused", "gone"} and told.about is beside.one:
                    break
            self._channels.destroy(beside.bridge)
            self._outgoing.drop(leg, 16)
            if not beside.up:
                return self._talking.agent_leaves(pair)
        return End("back")

    def _dial(self, pair: Pair, to: str) -> Beside:
        """The Local channel to `to` is made, and the agent goes over to where it will be heard."""
        channel, leg = pair.channel, pair.leg
        one, two = self._outgoing.pair(to, "internal", channel, channel.thread)
        self._channels.variables(one, "TRANSFERERNAME", leg.name, "ATTENDEDTRANSFER", leg.name)
        bridge = self._channels.bridge()
        self._channels.variables(two, "ATTENDEDTRANSFER", leg.name, "TRANSFERERNAME", leg.name)
        one.on_ringing = lambda: self._outgoing.shows(one, to, leg)
        self._channels.caller_id(two, leg.number, leg.caller_name)
        self._outgoing.join(one, optimised=True)
        self._outgoing.ring(one)
        self._channels.connected(one, leg)
        self._channels.enter(bridge, one)
        self._channels.variable(one, "ATTENDEDTRANSFER", "")
        self._channels.leave(leg)
        self._channels.enter(bridge, leg)
        self._channels.connected(leg, one)
        return Beside(one=one, bridge=bridge)

    def _listen(self, pair: Pair, beside: Beside, seconds: float, until: float | None, *, blonde: bool) -> Heard:
        """Until the agent joins the two (joined), the third refuses (refused) or the caller hangs up (caller)."""
        while True:
            told = yield None if until is None else max(0.0, until - self._engine.now)
            if told is None:
                return "joined"
            if told.word == "hangup" and told.about is pair.channel:
                return "caller"
            if told.word in {"refused", "gone"} and told.about is beside.one:
                return "refused"
            if self._hear_third(beside, told) and not blonde:
                until = self._engine.now + seconds

    def _hear_third(self, beside: Beside, told: Told) -> bool:
        """What the third person's channel tells; whether they have just answered."""
        if told.about is not beside.one:
            return False
        if told.word == "ringing" and not beside.rings:
            beside.rings = True
            self._outgoing.state(None, beside.one, "RINGING")
            self._telephones.changed(beside.one.device)
        elif told.word == "answered":
            beside.up = True
            self._outgoing.end(None, beside.one, "ANSWER")
            self._telephones.changed(beside.one.device)
            return True
        return False

    def _back(self, pair: Pair, beside: Beside) -> None:
        """The third person did not come: the agent goes back to the caller."""
        self._channels.leave(beside.one)
        self._channels.leave(pair.leg)
        self._channels.enter(pair.bridge, pair.leg)
        self._talking.hold(pair.leg, pair.channel, on=False)
        self._channels.destroy(beside.bridge)
        self._outgoing.drop(beside.one, beside.one.mate.cause if beside.one.mate else 16)
        self._channels.connected(pair.leg, pair.channel)
        if pair.leg.person is not None:
            pair.leg.person.tell(Told("go on"))

    def _caller_gone(self, pair: Pair, beside: Beside) -> None:
        """The caller would not wait: the agent's talk with the third person ends with the call."""
        self._channels.leave(pair.channel)
        pair.ended(End("caller"))
        for channel in (beside.one, pair.leg):
            self._channels.leave(channel)
            self._outgoing.drop(channel, 16)
        self._channels.destroy(beside.bridge)
        self._channels.destroy(pair.bridge)

    def _join(self, pair: Pair, beside: Beside, *, blonde: bool) -> None:
        """The agent hangs up; the caller hears the third person, or their telephone ringing."""
        channel, leg, one = pair.channel, pair.leg, beside.one
        self._channels.hangup_request(leg, None if self._engine.version > 16 else 16)
        before = pair.bridge.headers("Orig"), leg.headers("OrigTransferer"), leg.headers("SecondTransferer")
        self._channels.leave(leg)
        merged = (*pair.bridge.headers("To"), *beside.bridge.headers("From"))
        self._engine.call("BridgeMerge", merged)
        self._channels.leave(one)
        self._channels.enter(pair.bridge, one)
        channel.held = leg.held = False
        self._channels.music(channel, on=False)
        self._telephones.changed(channel.device)
        target = one.headers("TransferTarget")
        said = (
            ("Result", "Success"),
            *before[1],
            *before[0],
            *before[2],
            *beside.bridge.headers("Second"),
            *channel.headers("Transferee"),
            *target,
            ("IsExternal", "No"),
            ("DestType", "Bridge"),
            ("DestBridgeUniqueid", pair.bridge.id),
        )
        self._engine.call("AttendedTransfer", said)
        pair.ended(End("attended", bridge=pair.bridge.id))
        pair.ended = lambda _: None
        pair.leg = one
        self._channels.connected(channel, one)
        self._channels.connected(one, channel)
        if not blonde:
            self._channels.destroy(beside.bridge)
            self._outgoing.drop(leg, 16)
