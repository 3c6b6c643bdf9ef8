"""What each AMI event looks like: its known headers in their known order, from Asterisk 16 to 22.

A caller can put line breaks into CallerIDNum, Exten, AppData and DialString, which Asterisk sends unescaped; a packet
is believed only if it is exactly what Asterisk writes. Sources: main/manager.c, manager_channels.c, app_queue.c,
core-en_US.xml of 16.28 and 22.10, and tapes of both.
"""

import re
from collections.abc import Callable, Container
from dataclasses import dataclass

from callcentre.ami.messages import Reason


@dataclass(frozen=True, slots=True)
class Part:
    """Headers that come together, or, if optional, not at all."""

    headers: tuple[str, ...]
    optional: bool = False

    def is_broken(self, found: Container[str]) -> bool:
        """Whether some of the headers are missing that should be there."""
        have = sum(header in found for header in self.headers)
        return have < len(self.headers) and not (self.optional and have == 0)


_CHANNEL = (
    "Channel",
    "ChannelState",
    "ChannelStateDesc",
    "CallerIDNum",
    "CallerIDName",
    "ConnectedLineNum",
    "ConnectedLineName",
    "Language",
    "AccountCode",
    "Context",
    "Exten",
    "Priority",
    "Uniqueid",
    "Linkedid",
)


def _must(*headers: str) -> tuple[Part, ...]:
    return (Part(headers),)


def _may(*headers: str) -> tuple[Part, ...]:
    return tuple(Part((header,), optional=True) for header in headers)


def _channel(prefix: str = "", *, optional: bool = False) -> tuple[Part, ...]:
    block = Part(tuple(prefix + header for header in _CHANNEL), optional)
    return (block, *_may(prefix + "Tenantid"))


_EVENT_START = ("Event", "Privilege", "Timestamp")
_EVENT_START_PATTERN = (
    r"Event: {name}\r\nPrivilege: [a-z,]*\r\n"
    r"(?:Timestamp: ([0-9]{{1,11}}\.[0-9]{{6}})\r\n)?(?:SystemName: [^\r]*\r\n)?"
)


_LINE = r": [^\r]*+\r\n"
_TAKEN_LINE = r": ([^\r]*+)\r\n"


class Shape:
    """One event's headers in order; `match(text)` is the fast way to prove and read it, `examine` the thorough one.

    Both give the values of `take` in header order (None for an absent one), led by the Timestamp for an event. `match`
    accepts a strict subset of what `examine` accepts: exactly the known headers, no lone CR in a value.
    """

    __slots__ = ("_any_order", "_last_required", "_order", "_parts", "item", "lasts", "match", "name", "taken")

    def __init__(
        self, name: str, *parts: tuple[Part, ...], take: str, item: bool = False, any_order: bool = False
    ) -> None:
        self.name = name
        self.item = item
        self._any_order = any_order
        self._parts = tuple(part for group in parts for part in group)
        start = ("Event",) if item else _EVENT_START
        headers = start + tuple(header for part in self._parts for header in part.headers)
        self._order = {header: index for index, header in enumerate(headers)}
        wanted = set(take.split())
        if unknown := wanted - set(headers):
            raise ValueError(f"{name} has no header {sorted(unknown)}")
        lead = () if item else ("Timestamp",)
        self.taken = lead + tuple(header for header in headers if header in wanted)
        self._last_required = max(self._order[part.headers[-1]] for part in self._parts if not part.optional)
        self.lasts = tuple(f"{header}: ".encode() for header in headers[self._last_required :])
        self.match: Callable[[str], re.Match[str] | None] = re.compile(self._pattern(wanted)).fullmatch

    def _pattern(self, wanted: set[str]) -> str:
        start = r"Event: {name}\r\n" if self.item else _EVENT_START_PATTERN
        pattern = start.format(name=re.escape(self.name))
        for part in self._parts:
            lines = [re.escape(header) + (_TAKEN_LINE if header in wanted else _LINE) for header in part.headers]
            pattern += f"(?:{''.join(lines)})?" if part.optional else "".join(lines)
        return pattern

    def examine(self, text: str) -> tuple[str | None, ...] | Reason:
        """Read a whole packet (each line ending CR LF) header by header; the reason if it may not be believed."""
        lines = text.split("\r\n")[:-1]
        if not self.item and (len(lines) < 2 or not lines[1].startswith("Privilege: ")):
            return Reason.BAD_START
        found: dict[str, str] = {}
        defect: Reason | None = None
        last = -1
        for number, line in enumerate(lines):
            header, _, value = line.partition(": ")
            index = self._order.get(header)
            if index is None:
                continue
            if header in found:
                defect = defect or Reason.REPEATED_HEADER
            elif index < last and not self._any_order:
                defect = defect or Reason.OUT_OF_ORDER
            elif header == "Timestamp" and not self.item and (number != 2 or not _STAMP(value)):
                return Reason.BAD_START
            found.setdefault(header, value)
            last = max(last, index)
        if any(part.is_broken(found) for part in self._parts):
            # Whatever else is odd, what is missing may stand behind a forged end.
            return Reason.TRUNCATED if last < self._last_required else Reason.MISSING_HEADER
        return defect or tuple(found.get(header) for header in self.taken)


_STAMP = re.compile(r"[0-9]{1,11}\.[0-9]{6}").fullmatch


_MEMBER = (
    *_must("Queue", "MemberName", "Interface", "StateInterface", "Membership", "Penalty", "CallsTaken", "LastCall"),
    *_may("LastPause", "LoginTime", "InCall"),
    *_must("Status", "Paused"),
    *_may("PausedReason", "Ringinuse", "Wrapuptime", "Reason"),
)
_MEMBER_TAKE = (
    "Queue MemberName Interface StateInterface Membership LastCall InCall Status Paused PausedReason Wrapuptime"
)
_DIAL_TAKE = "Channel Uniqueid Linkedid DestChannel DestUniqueid DestLinkedid"
_QUEUE_TAKE = "Channel Uniqueid Linkedid Queue"
_AGENT = (*_channel(optional=True), *_channel("Dest", optional=True), *_must("Queue", "Interface", "MemberName"))
_AGENT_TAKE = "Channel Uniqueid Linkedid DestChannel DestUniqueid Queue Interface"

EVENTS: dict[str, Shape] = {
    shape.name: shape
    for shape in (
        # At the login Uptime comes first, at the end of a boot Status does.
        Shape("FullyBooted", _may("Uptime", "LastReload"), _must("Status"), take="Uptime", any_order=True),
        Shape("Shutdown", _must("Shutdown", "Restart"), take="Restart"),
        Shape("Reload", _must("Module", "Status"), take="Module"),
        Shape(
            "Newchannel",
            _channel(),
            take="Channel ChannelState CallerIDNum CallerIDName Context Exten Uniqueid Linkedid",
        ),
        Shape("Newstate", _channel(), take="Channel ChannelState Uniqueid Linkedid"),
        Shape(
            "Hangup",
            _channel(),
            _must("Cause", "Cause-txt"),
            _may("TechCause"),
            take="Channel Uniqueid Linkedid Cause",
        ),
        Shape("Rename", _must("Channel", "Newname", "Uniqueid"), take="Channel Newname Uniqueid"),
        Shape(
            "Newexten",
            _channel(),
            _must("Extension", "Application", "AppData"),
            take="Channel Context Exten Uniqueid Linkedid Application AppData",
        ),
        Shape("VarSet", _channel(), _must("Variable", "Value"), take="Channel Uniqueid Linkedid Variable Value"),
        Shape(
            "DialBegin",
            _channel(optional=True),
            _channel("Dest"),
            _must("DialString"),
            take=f"{_DIAL_TAKE} DialString",
        ),
        Shape(
            "DialState",
            _channel(optional=True),
            _channel("Dest"),
            _may("Forward"),
            _must("DialStatus"),
            take=f"{_DIAL_TAKE} DialStatus",
        ),
        Shape(
            "DialEnd",
            _channel(optional=True),
            _channel("Dest"),
            _may("Forward"),
            _must("DialStatus"),
            take=f"{_DIAL_TAKE} Forward DialStatus",
        ),
        Shape(
            "Pickup",
            _channel(),
            _channel("Target"),
            take="Channel Uniqueid Linkedid TargetChannel TargetUniqueid",
        ),
        Shape("QueueCallerJoin", _channel(), _must("Queue", "Position", "Count"), take=f"{_QUEUE_TAKE} Position"),
        Shape("QueueCallerLeave", _channel(), _must("Queue", "Position", "Count"), take=_QUEUE_TAKE),
        Shape(
            "QueueCallerAbandon",
            _channel(),
            _must("Queue", "Position", "OriginalPosition", "HoldTime"),
            take=_QUEUE_TAKE,
        ),
        Shape(
            "AgentComplete",
            _AGENT,
            _must("HoldTime", "TalkTime", "Reason"),
            take=f"{_AGENT_TAKE} HoldTime TalkTime Reason",
        ),
        Shape("QueueMemberStatus", _MEMBER, take=_MEMBER_TAKE),
        Shape("QueueMemberAdded", _MEMBER, take=_MEMBER_TAKE),
        Shape("QueueMemberPause", _MEMBER, take=_MEMBER_TAKE),
        Shape("QueueMemberPenalty", _MEMBER, take=_MEMBER_TAKE),
        Shape("QueueMemberRinginuse", _MEMBER, take=_MEMBER_TAKE),
        Shape("QueueMemberRemoved", _MEMBER, take="Queue Interface"),
        Shape("DeviceStateChange", _must("Device", "State"), take="Device State"),
        Shape(
            "PeerStatus",
            _must("ChannelType", "Peer", "PeerStatus"),
            _may("Cause", "Address", "Port", "Time"),
            take="Peer PeerStatus",
        ),
        Shape(
            "MessageWaiting",
            _channel(optional=True),
            _must("Mailbox", "Waiting", "New", "Old"),
            take="Channel CallerIDNum Uniqueid Mailbox New Old",
        ),
        Shape("UserEvent", _channel(optional=True), _must("UserEvent"), take="Channel Uniqueid UserEvent"),
        # Asked by AMI, which takes no line break: nothing in it is a caller's. 16 and 22 write it alike.
        Shape(
            "OriginateResponse",
            _must("ActionID", "Response", "Channel"),
            (Part(("Context", "Exten"), optional=True), Part(("Application", "Data"), optional=True)),
            _must("Reason", "Uniqueid", "CallerIDNum", "CallerIDName"),
            take="ActionID Response Reason",
        ),
    )
}

LIST_ENDS = frozenset(
    {
        "CoreShowChannelsComplete",
        "QueueStatusComplete",
        "DeviceStateListComplete",
        "VoicemailUserEntryComplete",
        "VoicemailBoxDetailComplete",
    }
)
"""What closes a list, with the number of its items."""

ITEMS: dict[str, Shape] = {
    shape.name: shape
    for shape in (
        Shape(
            "CoreShowChannel",
            _must("ActionID"),
            _channel(),
            _must("Application", "ApplicationData", "Duration", "BridgeId"),
            take="ActionID Channel ChannelState CallerIDNum Context Exten Uniqueid Linkedid"
            " Application Duration BridgeId",
            item=True,
        ),
        Shape(
            "QueueParams",
            _must("Queue", "Max", "Strategy", "Calls"),
            _may("Holdtime", "TalkTime", "Completed", "Abandoned", "ServiceLevel", "ServicelevelPerf"),
            _may("ServicelevelPerf2", "Weight"),
            _must("ActionID"),
            take="Queue ActionID",
            item=True,
        ),
        Shape(
            "QueueMember",
            _must("Queue", "Name", "Location", "StateInterface", "Membership", "Penalty", "CallsTaken", "LastCall"),
            _may("LastPause", "LoginTime", "InCall"),
            _must("Status", "Paused"),
            _may("PausedReason", "Wrapuptime"),
            _must("ActionID"),
            take="Queue Name Location StateInterface Membership LastCall InCall Status Paused PausedReason Wrapuptime"
            " ActionID",
            item=True,
        ),
        Shape(
            "QueueEntry",
            _must("Queue", "Position", "Channel", "Uniqueid", "CallerIDNum", "CallerIDName", "ConnectedLineNum"),
            _must("ConnectedLineName", "Wait"),
            _may("Priority"),
            _must("ActionID"),
            take="Queue Position Channel Uniqueid Wait ActionID",
            item=True,
        ),
        Shape("DeviceStateChange", _must("ActionID", "Device", "State"), take="ActionID Device State", item=True),
        Shape(
            "VoicemailUserEntry",
            _must("ActionID", "VMContext", "VoiceMailbox"),
            _may("Fullname", "Email", "Pager", "ServerEmail", "FromString", "MailCommand", "Language", "TimeZone"),
            _may("Callback", "Dialout", "UniqueID", "ExitContext", "SayDurationMinimum", "SayEnvelope", "SayCID"),
            _may("AttachMessage", "AttachmentFormat", "DeleteMessage", "VolumeGain", "CanReview", "CanMarkUrgent"),
            _may("CallOperator"),
            _must("MaxMessageCount"),
            _may("MaxMessageLength"),
            _must("NewMessageCount", "OldMessageCount"),
            take="ActionID VMContext VoiceMailbox MaxMessageCount NewMessageCount OldMessageCount",
            item=True,
        ),
        Shape(
            "VoicemailBoxDetail",
            _must("ActionID", "Folder", "CallerID", "Date", "Duration", "Flag", "ID"),
            take="ActionID Folder CallerID Duration ID",
            item=True,
        ),
        *(
            Shape(name, _must("ActionID", "EventList", "ListItems"), take="ActionID EventList ListItems", item=True)
            for name in sorted(LIST_ENDS)
        ),
    )
}

ANNOUNCES = frozenset({"NewCallerid", "NewConnectedLine"})
"""Unwanted events that are, like Newchannel, the first to carry a new caller's text: always looked at whole."""

OTHER_PARTIES = frozenset({"OriginateResponse", "MCID"})
"""Events that name a caller in a layout of their own; of the first only answers to our own actions are wanted."""

_REST_OF_CHANNEL = _CHANNEL[_CHANNEL.index("CallerIDNum") + 1 :]


def _rest_of_channel(value: str) -> re.Pattern[bytes]:
    lines = "".join(rf"\w*{header}: {value}\r\n" for header in _REST_OF_CHANNEL)
    return re.compile(rf"CallerIDNum: {value}\r\n{lines}".encode())


_USUAL_CHANNEL = _rest_of_channel(r"[^\r]*+")
_ODD_CHANNEL = _rest_of_channel(r"(?:[^\r]|\r(?!\n))*")


def has_whole_channels(buf: bytes, start: int, end: int) -> bool:
    """Whether each channel in the packet buf[start:end] is complete from its CallerIDNum on, whatever the event."""
    number = buf.find(b"CallerIDNum: ", start, end)
    while number >= 0:
        whole = _USUAL_CHANNEL.match(buf, number, end + 2) or _ODD_CHANNEL.match(buf, number, end + 2)
        if whole is None:
            return False
        number = buf.find(b"CallerIDNum: ", whole.end(), end)
    return True


FORGEABLE_BY_TAIL = frozenset({"QueueParams", "QueueMember", "QueueEntry"})
"""Items whose ActionID comes last: the honest tail of a cut QueueEntry could sign a forged head with it."""

AFTER_CHANNEL = (b"Linkedid: ", b"Tenantid: ", b"ChanVariable: ")
"""What an event may end with that ends with its channel."""


_AFTER_CAUSE = (*AFTER_CHANNEL, b"Cause: ", b"TechCause: ")
_AFTER_BRIDGE = (b"BridgeVideoSourceMode: ", b"BridgeVideoSource: ")
_PLAIN = ("NewConnectedLine", "Unhold", "MusicOnHoldStop", "MixMonitorStart", "MixMonitorStop", "Flash")
_END_NOT_KNOWN = (
    *("BlindTransfer", "AttendedTransfer"),
    *("TestEvent", "RTCPSent", "RTCPReceived", "ContactStatus", "SuccessfulAuth", "ChallengeSent"),
    *OTHER_PARTIES,
    *("VoicemailPasswordChange", "ExtensionStatus", "Registry", "Cdr", "CEL"),
)

DROPPED: dict[str, tuple[bytes, ...] | None] = {
    **dict.fromkeys(_PLAIN, AFTER_CHANNEL),
    **dict.fromkeys(_END_NOT_KNOWN),
    "HangupRequest": _AFTER_CAUSE,
    "SoftHangupRequest": _AFTER_CAUSE,
    "NewCallerid": (b"CID-CallingPres: ",),
    "NewAccountCode": (b"OldAccountCode: ",),
    "Hold": (*AFTER_CHANNEL, b"MusicClass: "),
    "MusicOnHoldStart": (b"Class: ",),
    "DTMFBegin": (b"Direction: ",),
    "DTMFEnd": (b"Direction: ",),
    "AgentCalled": (b"MemberName: ",),
    "AgentRingNoAnswer": (b"RingTime: ",),
    "BridgeCreate": _AFTER_BRIDGE,
    "BridgeEnter": (*AFTER_CHANNEL, b"SwapUniqueid: "),
    "BridgeLeave": AFTER_CHANNEL,
    "AgentConnect": (b"RingTime: ",),
    "BridgeDestroy": _AFTER_BRIDGE,
    "LocalBridge": (b"LocalOptimization: ",),
}
"""Events that a PBX sends and nobody handles, with the headers each may end with (None: not known)."""
