"""Conversations: two channels in a bridge, what is done there, and how it ends."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

from callcentre_simulator.channels import Bridge, Channel
from callcentre_simulator.engine import Body, Engine, Thread, Told
from callcentre_simulator.outgoing import Outgoing
from callcentre_simulator.people import Act
from callcentre_simulator.telephones import Telephones
from callcentre_simulator.wire import Headers

KEY_AFTER_KEY = 0.12
QOS = ("", "JITTER", "LOSS", "RTT", "MES")


@dataclass(frozen=True, slots=True)
class End:
    """How a conversation ended: by `caller` or `agent`, or the caller was sent on to `to` (transfer, attended)."""

    how: str
    to: str = ""
    bridge: str = ""


Talk = Generator[float | None, Told | None, End]
Ended = Callable[[End], None]
"""What is done in the moment a conversation ends, before the bridge is taken down (a queue's AgentComplete)."""


@dataclass(slots=True, kw_only=True)
class Pair:
    """The two who talk: the caller's channel, the leg that was rung for it, and where they hear one another."""

    channel: Channel
    leg: Channel
    bridge: Bridge
    ended: Ended
    begun: float


class Talking:
    """Conversations of the office."""

    def __init__(self, engine: Engine, telephones: Telephones, outgoing: Outgoing) -> None:
        self._engine = engine
        self._telephones = telephones
        self.channels = telephones.channels
        self.outgoing = outgoing
        self.consult: Callable[[Pair, str, float, bool], Talk]
        """Rings a third person beside a conversation; filled in by the room of transfers."""
        self.pressed: Callable[[Channel], None]
        """Hears of whoever presses the code for abusive callers; filled in by the room of them."""

    def talk(self, channel: Channel, leg: Channel, ended: Ended, application: str = "") -> Talk:
        """Bridge a caller with an answered leg until one of them ends it."""
        bridge = self.channels.bridge()
        if application:
            leg.exten = ""
            self.channels.newexten(leg, application, "(Outgoing Line)")
        self.channels.enter(bridge, leg)
        self.channels.enter(bridge, channel)
        self.channels.peers(channel, leg)
        self._begin_acts(leg)
        self._caller_talks(channel)
        pair = Pair(channel=channel, leg=leg, bridge=bridge, ended=ended, begun=self._engine.now)
        while True:
            told = yield None
            end = yield from self._hears(pair, told)
            if end is not None:
                return end

    def _caller_talks(self, channel: Channel) -> None:
        caller = channel.caller
        if caller is None:
            return
        if caller.waiting is not None:
            caller.waiting.cancel()
        if caller.talk is not None:
            caller.waiting = self._engine.after(caller.talk, lambda: self.hang_up(channel))

    def _hears(self, pair: Pair, told: Told | None) -> Generator[float | None, Told | None, End | None]:
        if told is None:
            return None
        if told.word == "hangup" and told.about is pair.channel:
            return self.caller_leaves(pair)
        if told.word in {"gone", "refused"} and told.about is pair.leg:
            return self.agent_leaves(pair)
        if told.word in {"transfer", "refer"}:
            return self._blind(pair, told.more, by_code=told.word == "transfer")
        if told.word in {"consult", "blonde"}:
            to, seconds = told.more.split()
            end = yield from self.consult(pair, to, float(seconds), told.word == "blonde")
            return end if end.how != "back" else None
        return None

    def hang_up(self, channel: Channel) -> None:
        """A caller hangs up, wherever they are."""
        if _gone(channel):
            return
        if channel.state == 4:
            channel.tech_cause = "487"
            self.channels.hangup_request(channel, 127)
        else:
            self.channels.hangup_request(channel, self._bye(channel))
        channel.tell("hangup")

    def _bye(self, channel: Channel) -> int | None:
        in_dial = channel.application in {"Dial", "AppDial"}
        return 16 if in_dial == (self._engine.version > 16) else None

    def put_down(self, leg: Channel) -> None:
        """An agent puts the receiver down."""
        if leg.alive:
            self.channels.hangup_request(leg, self._bye(leg))
            leg.tell("gone")

    def _quality(self, channel: Channel, other: Channel | None) -> None:
        if channel.local or self._engine.version < 18:
            return
        for kind in QOS:
            value = f"ssrc={self._engine.chance.getrandbits(31)};themssrc=0;lp=0;rxjitter=0.000000;rxcount=0"
            self.channels.variable(channel, f"RTPAUDIOQOS{kind}", value)
            if other is not None:
                self.channels.variable(other, f"RTPAUDIOQOS{kind}BRIDGED", value)

    def caller_leaves(self, pair: Pair) -> End:
        """The caller has hung up: the conversation ends."""
        end = End("caller")
        self._quality(pair.channel, pair.leg)
        self.channels.no_peers(pair.channel, pair.leg)
        self.channels.leave(pair.channel)
        pair.ended(end)
        self.channels.leave(pair.leg)
        self.channels.destroy(pair.bridge)
        self.outgoing.drop(pair.leg, 16)
        return end

    def agent_leaves(self, pair: Pair) -> End:
        """The person who answered has hung up: the conversation ends."""
        end = End("agent")
        self._quality(pair.leg, pair.channel)
        pair.ended(end)
        self.channels.no_peers(pair.leg, pair.channel)
        self.channels.leave(pair.leg)
        self.channels.leave(pair.channel)
        self.channels.destroy(pair.bridge)
        self.outgoing.drop(pair.leg, 16)
        return end

    def _blind(self, pair: Pair, to: str, *, by_code: bool) -> End:
        channel, leg = pair.channel, pair.leg
        end = End("transfer", to)
        if leg.held or not by_code:
            self.hold(leg, channel, on=False)
        self.channels.variable(channel, "BLINDTRANSFER", leg.name)
        self.channels.variable(leg, "BLINDTRANSFER", channel.name)
        said: Headers = (
            ("Result", "Success"),
            *leg.headers("Transferer"),
            *channel.headers("Transferee"),
            *pair.bridge.headers(),
            ("IsExternal", "No" if by_code else "Yes"),
            ("Context", "internal"),
            ("Extension", to),
        )
        self._engine.call("BlindTransfer", said)
        if by_code:
            self.channels.leave(leg)
            pair.ended(end)
        else:
            pair.ended(end)
            self.channels.leave(leg)
        channel.context, channel.exten, channel.priority = "internal", to, 1
        self.channels.newexten(channel, channel.application, channel.data)
        pair.bridge.technology = "simple_bridge"
        self.channels.leave(channel)
        self.channels.destroy(pair.bridge)
        self.outgoing.drop(leg, 16)
        return end

    def hold(self, leg: Channel, other: Channel, *, on: bool, music: bool = False) -> None:
        """Put the other party on hold, or take it back; `music`: the telephone itself asked for it."""
        was, leg.held = leg.held, on
        if on:
            more = (("MusicClass", "default"),) if music else ()
            self._engine.call("Hold", (*leg.headers(), *more))
        else:
            self._engine.call("Unhold", leg.headers())
        if was == on:
            return
        other.held = on
        self.channels.music(other, on=on)
        self._telephones.changed(other.device)

    def _begin_acts(self, leg: Channel) -> None:
        if leg.ring is None or leg.mate is not None:
            return
        leg.person = Thread(self._engine)
        leg.person.start(self._do(leg, leg.ring.acts))

    def _do(self, leg: Channel, acts: tuple[Act, ...]) -> Body:
        for act in acts:
            if _gone(leg):
                return
            if act.verb == "talk":
                yield act.seconds
            elif act.verb == "hold":
                other = self.other(leg)
                self.hold(leg, other, on=True, music=True)
                yield act.seconds
                if _gone(leg) or _gone(other):
                    return
                self.hold(leg, other, on=False)
            elif act.verb == "refer":
                leg.tell("refer", act.to)
                return
            elif act.verb == "hang up":
                self.put_down(leg)
                return
            elif act.verb in {"warn", "end"}:
                yield from self._press_code(leg)
            else:
                yield from self._by_code(leg, act)
                if act.verb == "transfer":
                    return
                yield None

    def _press_code(self, leg: Channel) -> Body:
        """Press the code for abusive callers, as features.conf has it."""
        for digit in "*0":
            self.channels.dtmf(leg, digit)
            yield KEY_AFTER_KEY
        if not _gone(leg):
            self.pressed(leg)

    def _by_code(self, leg: Channel, act: Act) -> Body:
        """Press a feature code and an extension; the other party hears music meanwhile."""
        for digit in "*1" if act.verb == "transfer" else "*2":
            self.channels.dtmf(leg, digit)
            yield KEY_AFTER_KEY
        if _gone(leg):
            return
        self.hold(leg, self.other(leg), on=True)
        yield 0.7
        for digit in act.to:
            if _gone(leg):
                return
            self.channels.dtmf(leg, digit)
            yield KEY_AFTER_KEY / 2
        leg.tell(act.verb, act.to if act.verb == "transfer" else f"{act.to} {act.seconds}")

    @staticmethod
    def other(leg: Channel) -> Channel:
        """Whom a leg hears."""
        bridge = leg.bridge
        others = [one for one in bridge.channels if one is not leg] if bridge is not None else []
        return others[0] if others else leg


def _gone(channel: Channel) -> bool:
    """Whether a channel has been hung up, perhaps while somebody waited."""
    return not channel.alive
