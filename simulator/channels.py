"""Channels and bridges: what Asterisk's snapshots say of them, and the events of their lives."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callcentre_simulator.engine import Engine, Thread, Told
from callcentre_simulator.wire import Headers

if TYPE_CHECKING:
    from callcentre_simulator.people import Caller, Ring

DOWN, RING, RINGING, UP, BUSY = 0, 4, 5, 6, 7
STATES = {DOWN: "Down", RING: "Ring", RINGING: "Ringing", UP: "Up", BUSY: "Busy"}
UNKNOWN = "<unknown>"
CAUSES = {
    0: "Unknown",
    4: "Unknown",
    16: "Normal Clearing",
    17: "User busy",
    19: "User alerting, no answer",
    21: "Call Rejected",
    23: "Call redirected to new destination",
    26: "Answered elsewhere",
    34: "Circuit/channel congestion",
    127: "Interworking, unspecified",
}


@dataclass(slots=True, eq=False)
class Bridge:
    """Where channels hear one another."""

    id: str
    technology: str = "simple_bridge"
    channels: list["Channel"] = field(default_factory=list)

    def headers(self, prefix: str = "") -> Headers:
        """The bridge's snapshot, each header's name led by `prefix`."""
        return (
            (f"{prefix}BridgeUniqueid", self.id),
            (f"{prefix}BridgeType", "basic"),
            (f"{prefix}BridgeTechnology", self.technology),
            (f"{prefix}BridgeCreator", UNKNOWN),
            (f"{prefix}BridgeName", UNKNOWN),
            (f"{prefix}BridgeNumChannels", str(len(self.channels))),
            (f"{prefix}BridgeVideoSourceMode", "none"),
        )


@dataclass(slots=True, eq=False, kw_only=True)
class Channel:
    """One channel; `thread` is the one that is told what happens to it."""

    name: str
    uniqueid: str
    linkedid: str
    state: int
    device: str
    context: str
    exten: str
    priority: int = 1
    number: str = UNKNOWN
    caller_name: str = UNKNOWN
    connected_number: str = UNKNOWN
    connected_name: str = UNKNOWN
    cause: int = 0
    tech_cause: str = ""
    thread: Thread | None = None
    bridge: Bridge | None = None
    mate: "Channel | None" = None
    """The other half of a Local channel."""
    caller: "Caller | None" = None
    """The person who made the call, where the channel is a caller's."""
    person: Thread | None = None
    """Who speaks at an outgoing channel's telephone, once it has answered."""
    ring: "Ring | None" = None
    """What the telephone will do, where the channel rings one."""
    application: str = ""
    data: str = ""
    created_at: float = 0.0
    answered_at: float = 0.0
    alive: bool = True
    held: bool = False
    originated: bool = False
    """Whether the PBX itself rings it, because somebody asked for it."""
    on_ringing: Callable[[], None] | None = None
    """What the PBX does to an outgoing channel when its telephone rings (the queue then names its extension)."""
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def local(self) -> bool:
        """Whether this is half of a Local channel, and so nobody's telephone."""
        return self.name.startswith("Local/")

    def headers(self, prefix: str = "") -> Headers:
        """The channel's snapshot in Asterisk's order, each header's name led by `prefix`."""
        return (
            (f"{prefix}Channel", self.name),
            (f"{prefix}ChannelState", str(self.state)),
            (f"{prefix}ChannelStateDesc", STATES[self.state]),
            (f"{prefix}CallerIDNum", self.number),
            (f"{prefix}CallerIDName", self.caller_name),
            (f"{prefix}ConnectedLineNum", self.connected_number),
            (f"{prefix}ConnectedLineName", self.connected_name),
            (f"{prefix}Language", "en"),
            (f"{prefix}AccountCode", ""),
            (f"{prefix}Context", self.context),
            (f"{prefix}Exten", self.exten),
            (f"{prefix}Priority", str(self.priority)),
            (f"{prefix}Uniqueid", self.uniqueid),
            (f"{prefix}Linkedid", self.linkedid),
        )

    def tell(self, word: str, more: str = "") -> None:
        """Tell whoever looks after this channel what has come to it."""
        if self.thread is not None:
            self.thread.tell(Told(word, self, more))


class Channels:
    """All channels that there are, and what is said of them."""

    def __init__(self, engine: Engine, device_changed: Callable[[str], None]) -> None:
        self._engine = engine
        self._device_changed = device_changed
        self._sequence = -1
        self._names: dict[str, int] = {}
        self.alive: dict[str, Channel] = {}
        self.of_device: dict[str, list[Channel]] = {}
        self.processed = 0
        self.asked_id = ""
        """The uniqueid that a client asked for the next channel (Originate's ChannelId)."""

    def restarted(self) -> None:
        """Names begin anew after a restart; so do the sequence numbers of uniqueids, behind a later second."""
        self._sequence = -1
        self._names = {}
        self.alive = {}
        self.of_device = {}
        self.processed = 0

    def uniqueid(self) -> str:
        """Make the next channel's uniqueid; Asterisk 16 uses up some numbers for what is no channel."""
        if self.asked_id:
            asked, self.asked_id = self.asked_id, ""
            return asked
        self._sequence += 1 if self._engine.version > 16 else self._engine.chance.choice((1, 1, 2, 3))
        return f"{int(self._engine.now)}.{self._sequence}"

    def new(
        self, device: str, *, state: int, context: str, exten: str, number: str = UNKNOWN, name: str = UNKNOWN,
        linkedid: str | None = None, suffix: str = "", thread: Thread | None = None,
    ) -> Channel:  # fmt: skip
        """Make a channel of a device (PJSIP/101, PJSIP/trunk, Local/102@internal) and say so."""
        kind = device.split("/", 1)[0]
        if suffix != ";2":
            self._names[kind] = self._names.get(kind, -1) + 1
        uniqueid = self.uniqueid()
        channel = Channel(
            name=f"{device}-{self._names[kind]:08x}{suffix}",
            uniqueid=uniqueid,
            linkedid=linkedid or uniqueid,
            state=state,
            device=device,
            context=context,
            exten=exten,
            number=number or UNKNOWN,
            caller_name=name or UNKNOWN,
            thread=thread,
            created_at=self._engine.now,
        )
        self.alive[channel.uniqueid] = channel
        self.of_device.setdefault(device, []).append(channel)
        self._engine.call("Newchannel", channel.headers())
        return channel

    def state(self, channel: Channel, state: int) -> None:
        """Put a channel into another state and say so."""
        channel.state = state
        if state == UP and not channel.answered_at:
            channel.answered_at = self._engine.now
        self._engine.call("Newstate", channel.headers())
        self._device_changed(channel.device)

    def variable(self, channel: Channel, name: str, value: str) -> None:
        """Set a channel's variable and say so."""
        channel.variables[name] = value
        self._engine.emit("VarSet", "dialplan,all", (*channel.headers(), ("Variable", name), ("Value", value)))

    def variables(self, channel: Channel, *names_and_values: str) -> None:
        """Set several, given as name, value, name, value and so on."""
        for index in range(0, len(names_and_values), 2):
            self.variable(channel, names_and_values[index], names_and_values[index + 1])

    def newexten(self, channel: Channel, application: str, data: str) -> None:
        """Say which application the channel begins at its extension."""
        channel.application, channel.data = application, data
        more = (("Extension", channel.exten), ("Application", application), ("AppData", data))
        self._engine.emit("Newexten", "dialplan,all", (*channel.headers(), *more))

    def connected(self, channel: Channel, other: Channel) -> None:
        """Show a channel whom it is, or will be, connected to."""
        channel.connected_number, channel.connected_name = other.number, other.caller_name
        self._engine.call("NewConnectedLine", channel.headers())

    def caller_id(self, channel: Channel, number: str, name: str) -> None:
        """Give a channel another caller id and say so."""
        channel.number, channel.caller_name = number, name
        said = ("CID-CallingPres", "0 (Presentation Allowed, Not Screened)")
        self._engine.call("NewCallerid", (*channel.headers(), said))

    def music(self, channel: Channel, *, on: bool) -> None:
        """Start or stop the music a channel hears."""
        if on:
            self._engine.call("MusicOnHoldStart", (*channel.headers(), ("Class", "default")))
        else:
            self._engine.call("MusicOnHoldStop", channel.headers())

    def dtmf(self, channel: Channel, digit: str) -> None:
        """A key was pressed."""
        more = (("Digit", digit), ("DurationMs", "120"), ("Direction", "Received"))
        self._engine.emit("DTMFEnd", "dtmf,all", (*channel.headers(), *more))

    def _tech(self, channel: Channel) -> Headers:
        shown = channel.tech_cause and self._engine.version >= 20
        return (("TechCause", channel.tech_cause),) if shown else ()

    def hangup_request(self, channel: Channel, cause: int | None = None) -> None:
        """The other side of a channel (a telephone, a caller) has hung up."""
        said: Headers = () if cause is None else (("Cause", str(cause)),)
        self._engine.call("HangupRequest", (*channel.headers(), *said, *self._tech(channel)))

    def soft_hangup(self, channel: Channel, cause: int = 16) -> None:
        """The PBX has made up its mind to end a channel."""
        said = (("Cause", str(cause)), *self._tech(channel))
        self._engine.call("SoftHangupRequest", (*channel.headers(), *said))

    def hangup(self, channel: Channel, cause: int) -> None:
        """End a channel; its device's state follows a moment later."""
        if not channel.alive:
            return
        channel.alive = False
        channel.cause = cause
        del self.alive[channel.uniqueid]
        self.of_device[channel.device].remove(channel)
        self.processed += 1
        said = (("Cause", str(cause)), ("Cause-txt", CAUSES[cause]), *self._tech(channel))
        self._engine.call("Hangup", (*channel.headers(), *said))
        self._device_changed(channel.device)

    def bridge(self) -> Bridge:
        """Make a bridge and say so."""
        bits = self._engine.chance.getrandbits(128)
        text = f"{bits:032x}"
        bridge = Bridge(f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{text[16:20]}-{text[20:]}")
        self._engine.call("BridgeCreate", bridge.headers())
        return bridge

    def enter(self, bridge: Bridge, channel: Channel) -> None:
        """Let a channel into a bridge; two telephones' media soon go their own way."""
        bridge.channels.append(channel)
        channel.bridge = bridge
        self._engine.call("BridgeEnter", (*bridge.headers(), *channel.headers()))
        if len(bridge.channels) == 2 and not any(one.local for one in bridge.channels):
            bridge.technology = "native_rtp"

    def leave(self, channel: Channel) -> None:
        """Take a channel out of its bridge, which goes with its last one."""
        bridge = channel.bridge
        if bridge is None:
            return
        bridge.channels.remove(channel)
        channel.bridge = None
        self._engine.call("BridgeLeave", (*bridge.headers(), *channel.headers()))

    def destroy(self, bridge: Bridge) -> None:
        """End a bridge that nobody is in any more."""
        self._engine.call("BridgeDestroy", bridge.headers())

    def peers(self, one: Channel, other: Channel) -> None:
        """Tell each of two bridged channels of the other, three times over as Asterisk does while media settle."""
        rounds = 3 if not (one.local or other.local) else 1
        for _ in range(rounds):
            for channel, peer in ((one, other), (other, one)):
                self.variable(channel, "BRIDGEPEER", peer.name)
                if not peer.local:
                    self.variable(channel, "BRIDGEPVTCALLID", f"{peer.uniqueid}@127.0.0.1")

    def no_peers(self, *channels: Channel) -> None:
        """Tell channels that they have no peer any more."""
        for channel in channels:
            for name in ("BRIDGEPEER", "BRIDGEPVTCALLID"):
                if channel.variables.get(name):
                    self.variable(channel, name, "")
