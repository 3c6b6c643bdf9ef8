"""Outgoing channels: a telephone or a Local channel dialled for a caller, and what passes through a Local channel."""

from collections.abc import Callable
from dataclasses import dataclass

from callcentre_simulator.channels import DOWN, RING, RINGING, UP, Channel
from callcentre_simulator.engine import Engine, Thread
from callcentre_simulator.telephones import Telephones
from callcentre_simulator.truth import Truth


@dataclass(frozen=True, slots=True)
class Target:
    """Whom Queue or Dial is to ring, as it is written: PJSIP/101, Local/101@agents/n, PJSIP/07700900123@trunk."""

    written: str

    @property
    def local(self) -> tuple[str, str] | None:
        """The extension and context of a Local target."""
        if not self.written.startswith("Local/"):
            return None
        exten, _, context = self.written.removeprefix("Local/").removesuffix("/n").partition("@")
        return exten, context


class Outgoing:
    """Makes outgoing channels and tells of the dialling; what it needs of other rooms is filled in by the PBX."""

    def __init__(self, engine: Engine, telephones: Telephones, truth: Truth) -> None:
        self._engine = engine
        self._telephones = telephones
        self._channels = telephones.channels
        self._truth = truth
        self.run: Callable[[Channel], None]
        """Starts the dialplan on the second half of a Local channel."""
        self.answered: Callable[[Channel], None]
        """Hears that the PBX answered a caller, who may now press keys."""

    def reachable(self, target: Target) -> bool:
        """Whether there is anything to ring: a registered telephone, a trunk or the dialplan."""
        telephone = self._telephones.all.get(target.written)
        return telephone.registered if telephone is not None else "@" in target.written

    def make(self, target: Target, caller: Channel, thread: Thread) -> Channel:
        """Make the channel that is to ring `target`; `thread` is told what becomes of it."""
        if target.local is not None:
            one, _ = self.pair(*target.local, caller, thread)
            return one
        telephone = self._telephones.all.get(target.written)
        if telephone is None:
            return self._outside(target, caller, thread)
        leg = self._channels.new(
            telephone.device, state=DOWN, context="internal", exten="s", number=telephone.extension,
            name=telephone.person, linkedid=caller.linkedid, thread=thread,
        )  # fmt: skip
        self._channels.variable(leg, "DIALEDPEERNUMBER", telephone.extension)
        return leg

    def _outside(self, target: Target, caller: Channel, thread: Thread) -> Channel:
        number, _, trunk = target.written.removeprefix("PJSIP/").partition("@")
        leg = self._channels.new(
            f"PJSIP/{trunk}", state=DOWN, context="from-trunk", exten="s", number=number, name="",
            linkedid=caller.linkedid, thread=thread,
        )  # fmt: skip
        self._channels.variable(leg, "DIALEDPEERNUMBER", f"{number}@{trunk}")
        return leg

    def pair(self, exten: str, context: str, caller: Channel, thread: Thread | None) -> tuple[Channel, Channel]:
        """Make both halves of a Local channel; the second will run the dialplan at `exten`."""
        device = f"Local/{exten}@{context}"
        new = self._channels.new
        linked = caller.linkedid
        one = new(device, state=DOWN, context=context, exten=exten, linkedid=linked, suffix=";1", thread=thread)
        two = new(device, state=RING, context=context, exten=exten, linkedid=linked, suffix=";2")
        one.mate, two.mate = two, one
        for half in (one, two):
            half.variables.update({name: value for name, value in caller.variables.items() if name[:2] == "__"})
        return one, two

    def join(self, one: Channel, *, optimised: bool) -> None:
        """Let the two halves of a Local channel hear one another, and the second run the dialplan."""
        two = one.mate
        if two is None:
            return
        said = (
            *one.headers("LocalOne"),
            *two.headers("LocalTwo"),
            ("Context", two.context),
            ("Exten", two.exten),
            ("LocalOptimization", "Yes" if optimised else "No"),
        )
        self._engine.call("LocalBridge", said)

    def begin(self, caller: Channel, leg: Channel, written: str) -> None:
        """Say that a leg is being dialled."""
        self._engine.call("DialBegin", (*caller.headers(), *leg.headers("Dest"), ("DialString", written)))

    def ring(self, leg: Channel) -> None:
        """Now ring it: the telephone gets its INVITE, a Local channel's other half begins its dialplan."""
        if leg.mate is not None:
            self.run(leg.mate)
        else:
            self._telephones.invite(leg)

    def state(self, caller: Channel | None, leg: Channel, status: str) -> None:
        """Say that a leg rings (RINGING) or has media (PROGRESS)."""
        before = caller.headers() if caller is not None else ()
        self._engine.call("DialState", (*before, *leg.headers("Dest"), ("DialStatus", status)))
        self._truth.rings(leg)

    def end(self, caller: Channel | None, leg: Channel, status: str, forward: str = "") -> None:
        """Say how the dialling of a leg ended."""
        before = caller.headers() if caller is not None else ()
        more = (("Forward", forward),) if forward else ()
        self._engine.call("DialEnd", (*before, *leg.headers("Dest"), *more, ("DialStatus", status)))

    def drop(self, leg: Channel, cause: int, result: str = "cancelled") -> None:
        """Hang up a leg that is wanted no more; whoever it rings stops ringing, by a thread of its own."""
        self._truth.stops(leg, result)
        if leg.mate is not None and leg.mate.alive:
            leg.mate.cause = cause
            self._channels.hangup_request(leg.mate, cause)
            leg.mate.tell("hangup")
        delay = self._engine.chance.uniform(0.00005, 0.0012)
        self._engine.after(delay, lambda: self._channels.hangup(leg, cause))

    def indicate_ringing(self, channel: Channel) -> None:
        """Let a caller hear that it rings; through a Local channel to whoever dialled that."""
        one = channel.mate
        if one is None:
            self._telephones.changed(channel.device)
        elif one.alive and one.state == DOWN:
            self._channels.state(one, RINGING)
            if one.on_ringing is not None:
                one.on_ringing()
            one.tell("ringing")

    def shows(self, one: Channel, to: str, caller: Channel) -> None:
        """Give the first half of a Local channel the caller id of the telephone that it has reached."""
        telephone = self._telephones.all.get(f"PJSIP/{to}")
        if telephone is not None:
            self._channels.caller_id(one, telephone.extension, telephone.person)
        if caller.caller is not None:
            self._channels.connected(one, caller)

    def answer(self, channel: Channel) -> None:
        """Answer an incoming channel, if that is not done yet; through a Local channel, whoever dialled that hears."""
        if channel.state == UP or not channel.alive:
            return
        one = channel.mate
        self._channels.state(channel, UP)
        if one is not None and one.alive:
            self._channels.state(one, UP)
            one.tell("answered")
        if channel.caller is not None:
            self.answered(channel)

    def person_of(self, leg: Channel) -> Channel:
        """The channel of the telephone behind a leg: itself, or the one that its Local channel is bridged with."""
        while leg.mate is not None:
            bridge = leg.mate.bridge
            others = [one for one in bridge.channels if one is not leg.mate] if bridge else []
            if not others:
                return leg
            leg = others[0]
        return leg
