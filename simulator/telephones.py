"""Telephones and the states of devices: registration, ringing, and what each does when it is rung."""

from collections.abc import Callable
from dataclasses import dataclass, field

from callcentre_simulator.channels import BUSY, DOWN, RING, RINGING, UP, Channel, Channels
from callcentre_simulator.engine import Engine, Ticket
from callcentre_simulator.people import REFUSALS, Act, Ring

NOT_INUSE, INUSE, BUSY_DEVICE, UNAVAILABLE, RINGING_DEVICE, ON_HOLD = 1, 2, 3, 5, 6, 8
STATE_NAMES = {
    NOT_INUSE: "NOT_INUSE",
    INUSE: "INUSE",
    BUSY_DEVICE: "BUSY",
    UNAVAILABLE: "UNAVAILABLE",
    RINGING_DEVICE: "RINGING",
    ON_HOLD: "ONHOLD",
}
OUTSIDE = Ring(after=6.0, acts=(Act("talk", seconds=30.0), Act("hang up")))
STATE_FIRST = 0.85
"""How often Newstate comes before DialState: they come from two threads, and either may be first."""


@dataclass(slots=True, kw_only=True)
class Telephone:
    """A desk telephone: `rings` are what it does at its first call, its second, …; the last of them repeats."""

    extension: str
    person: str
    registered: bool = True
    busy_at: int = 1
    """device_state_busy_at: one call makes it busy (1), or it is in use and could take another (0)."""
    rings: tuple[Ring, ...] = ()
    clicked: Ring | None = None
    """What it does instead when the PBX itself rings it, because its person asked for that."""
    decide: Callable[[Channel], Ring] | None = None
    """Who decides instead of `rings`, where people are simulated at random."""
    rung: int = 0

    @property
    def device(self) -> str:
        """The device by which Asterisk knows it."""
        return f"PJSIP/{self.extension}"

    def next_ring(self, leg: Channel) -> Ring:
        """What it will do with this call."""
        if leg.originated and self.clicked is not None:
            return self.clicked
        if self.decide is not None:
            return self.decide(leg)
        if not self.rings:
            return Ring()
        self.rung += 1
        return self.rings[min(self.rung, len(self.rings)) - 1]


@dataclass(slots=True)
class Devices:
    """Each device's last known state, and who wants to hear of a change."""

    last: dict[str, int] = field(default_factory=dict)
    hear: list[Callable[[str, int], None]] = field(default_factory=list)
    pending: dict[str, Ticket] = field(default_factory=dict)


class Telephones:
    """All telephones of the office, and the states of all devices that have channels."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.channels = Channels(engine, self.changed)
        self.all: dict[str, Telephone] = {}
        self.outside: Callable[[Channel], Ring] = lambda _: OUTSIDE
        """What somebody outside does who is called over the trunk."""
        self.registered: list[Callable[[], None]] = []
        """Who hears that a telephone came or went."""
        self.used: list[Callable[[str], None]] = []
        """Who hears of each telephone that somebody takes up, to answer or to dial."""
        self._devices = Devices()

    def add(self, telephone: Telephone) -> None:
        """Put a telephone on a desk."""
        self.all[telephone.device] = telephone
        self._devices.last[telephone.device] = self.state(telephone.device)

    def hear(self, listener: Callable[[str, int], None]) -> None:
        """Tell `listener(device, state)` each time a device's state changes."""
        self._devices.hear.append(listener)

    def states(self) -> dict[str, int]:
        """The state of every device ever seen, as DeviceStateList tells it."""
        return dict(self._devices.last)

    def known(self, device: str) -> int:
        """The last state that was told of a device, as a queue's new member shows it."""
        return self._devices.last.get(device, UNAVAILABLE)

    def state(self, device: str) -> int:
        """What a device's state is now, as Asterisk works it out from its channels."""
        channels = self.channels.of_device.get(device, ())
        telephone = self.all.get(device)
        if telephone is None:
            return self._trunk_state(channels)
        if any(channel.state in {UP, RING, BUSY} for channel in channels):
            return BUSY_DEVICE if telephone.busy_at else INUSE
        if any(channel.state == RINGING for channel in channels):
            return BUSY_DEVICE if telephone.busy_at and self._engine.version > 16 else RINGING_DEVICE
        return NOT_INUSE if telephone.registered else UNAVAILABLE

    @staticmethod
    def _trunk_state(channels: "list[Channel] | tuple[Channel, ...]") -> int:
        if any(channel.state == BUSY for channel in channels):
            return BUSY_DEVICE
        if channels and all(channel.held for channel in channels):
            return ON_HOLD
        return INUSE if channels else NOT_INUSE

    def changed(self, device: str) -> None:
        """Something happened to a device: its state is worked out a moment later, by a thread of its own."""
        if device in self._devices.pending:
            return
        delay = self._engine.chance.uniform(0.0001, 0.002)
        self._devices.pending[device] = self._engine.after(delay, lambda: self._tell(device))

    def _tell(self, device: str) -> None:
        self._devices.pending.pop(device, None)
        state = self.state(device)
        if self._devices.last.get(device, NOT_INUSE) == state and not device.startswith("Local/"):
            return
        self._devices.last[device] = state
        self.say(device, STATE_NAMES[state])
        for listener in self._devices.hear:
            listener(device, state)

    def say(self, device: str, state: str) -> None:
        """Raise a DeviceStateChange."""
        self._engine.call("DeviceStateChange", (("Device", device), ("State", state)))

    def register(self, device: str, *, on: bool) -> None:
        """A telephone registers or goes; one that goes while it rings rings on, and its state stays as it was."""
        telephone = self.all[device]
        telephone.registered = on
        for hear in self.registered:
            hear()
        self.peer(telephone)
        self.changed(device)

    def peer(self, telephone: Telephone) -> None:
        """Say that a telephone's registration came or went."""
        status = "Reachable" if telephone.registered else "Unreachable"
        said = (("ChannelType", "PJSIP"), ("Peer", telephone.device), ("PeerStatus", status))
        self._engine.emit("PeerStatus", "system,all", said)
        name = telephone.extension
        contact = (
            ("URI", f"sip:{name}@127.0.0.1:5060"),
            ("ContactStatus", "NonQualified" if telephone.registered else "Removed"),
            ("AOR", name),
            ("EndpointName", name),
            ("RoundtripUsec", "0"),
        )
        self._engine.emit("ContactStatus", "system,all", contact)

    def restarted(self) -> None:
        """Nothing is known of any device but what its registration says."""
        for ticket in self._devices.pending.values():
            ticket.cancel()
        self._devices.pending.clear()
        self._devices.last = {device: self.state(device) for device in self.all}

    def taken_up(self, device: str) -> None:
        """Somebody takes up a telephone."""
        if device in self.all:
            for hear in self.used:
                hear(device)

    def invite(self, leg: Channel) -> None:
        """Ring the telephone of an outgoing channel."""
        telephone = self.all.get(leg.device)
        ring = leg.ring = telephone.next_ring(leg) if telephone is not None else self.outside(leg)
        heard = self._engine.chance.uniform(0.0015, 0.007)
        if ring.shows != "nothing":
            self._engine.after(heard, lambda: self._rings(leg, ring))
        if ring.after is not None:
            self._engine.after(heard + ring.after, lambda: self._acts(leg, ring))

    def pick_up(self, leg: Channel, ring: Ring) -> None:
        """Somebody does something about a telephone that rings, before its own time; nothing if it rings no more."""
        leg.ring = ring
        self._acts(leg, ring)

    def _rings(self, leg: Channel, ring: Ring) -> None:
        if not leg.alive or leg.state != DOWN:
            return
        word = "ringing" if ring.shows == "180" else "progress"
        if ring.shows == "183":
            leg.tell(word)
        elif self._engine.chance.random() < STATE_FIRST:
            self._state_ringing(leg)
            leg.tell(word)
        else:
            leg.tell(word)
            self._engine.after(0.0003, lambda: self._state_ringing(leg))

    def _state_ringing(self, leg: Channel) -> None:
        if leg.alive and leg.state == DOWN:
            self.channels.state(leg, RINGING)
            if leg.on_ringing is not None:
                leg.on_ringing()

    def _acts(self, leg: Channel, ring: Ring) -> None:
        if not leg.alive or leg.state == UP:
            return
        if ring.then == "answer":
            silent = leg.state == DOWN
            self.channels.state(leg, UP)
            self.taken_up(leg.device)
            if silent and leg.on_ringing is not None:
                leg.on_ringing()
            leg.tell("answered")
        elif ring.then.startswith("forward "):
            leg.tech_cause = "302"
            self.channels.hangup_request(leg, 23 if self._engine.version > 16 else 127)
            leg.tell("forwarded", ring.then.removeprefix("forward "))
        else:
            cause, leg.tech_cause = REFUSALS[ring.then]
            self.channels.hangup_request(leg, cause)
            leg.tell("refused", str(cause))
