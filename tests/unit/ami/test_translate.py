"""Each event becomes what the core means by it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from callcentre.ami.messages import Told, UserTold
from callcentre.ami.protocol import Framer
from callcentre.ami.translate import event_of
from callcentre.core.events import Event
from callcentre.core.terms import instant
from tests.unit.ami.fake_pbx import STAMP, channel, event, member, newchannel

CHAN = {"channel": "PJSIP/trunk-00000001", "uniqueid": "1795363300.1", "linkedid": "1795363300.1"}
DEST = {
    "dest_channel": "PJSIP/trunk-00000001",
    "dest_uniqueid": "1795363300.2",
    "dest_linkedid": "1795363300.2",
}
BRIDGE = tuple(
    f"{name}: b-1"
    for name in (
        "BridgeUniqueid",
        "BridgeType",
        "BridgeTechnology",
        "BridgeCreator",
        "BridgeName",
        "BridgeNumChannels",
        "BridgeVideoSourceMode",
    )
)


def translated(data: bytes) -> Event | None:
    (message,) = Framer(banner=False).feed(data)
    assert isinstance(message, Told | UserTold)
    return event_of(message, "lab", datetime(2026, 1, 1, tzinfo=UTC))


def two(prefix: str) -> tuple[str, ...]:
    return channel("1795363300.2", prefix=prefix)


def originated(response: str, reason: int, action: str = "breach-1") -> bytes:
    """As Asterisk 16.28 and 22.10 were seen to write it."""
    return event(
        "OriginateResponse",
        f"ActionID: {action}",
        f"Response: {response}",
        "Channel: PJSIP/110",
        "Context: callcentre-alarm",
        "Exten: s",
        f"Reason: {reason}",
        "Uniqueid: <unknown>",
        "CallerIDNum: <unknown>",
        "CallerIDName: Unattended line",
    )


CASES: list[tuple[str, bytes, Mapping[str, object]]] = [
    (
        "ChannelCreated",
        newchannel(),
        CHAN
        | {
            "state": 4,
            "caller_number": "07700900001",
            "caller_name": "Caller",
            "context": "from-trunk",
            "exten": "01632960600",
        },
    ),
    ("ChannelStateChanged", event("Newstate", *channel()), CHAN | {"state": 4}),
    ("ChannelGone", event("Hangup", *channel(), "Cause: 17", "Cause-txt: x", "TechCause: y"), CHAN | {"cause": 17}),
    (
        "ChannelRenamed",
        event("Rename", "Channel: a", "Newname: b", "Uniqueid: 1.1"),
        {"old": "a", "new": "b", "uniqueid": "1.1"},
    ),
    (
        "AppStarted",
        event("Newexten", *channel(), "Extension: 1", "Application: Queue", "AppData: enquiries,t"),
        CHAN | {"application": "Queue", "data": "enquiries,t", "context": "from-trunk", "exten": "01632960600"},
    ),
    (
        "VariableSet",
        event("VarSet", *channel(), "Variable: QUEUESTATUS", "Value: JOINEMPTY"),
        CHAN | {"variable": "QUEUESTATUS", "value": "JOINEMPTY"},
    ),
    (
        "DialBegun",
        event("DialBegin", *channel(), *two("Dest"), "DialString: 101"),
        CHAN | DEST | {"dial_string": "101"},
    ),
    (
        "DialProgressed",
        event("DialState", *two("Dest"), "DialStatus: RINGING"),
        dict.fromkeys(CHAN) | DEST | {"status": "RINGING"},
    ),
    (
        "DialEnded",
        event("DialEnd", *channel(), *two("Dest"), "Forward: Local/7@x", "DialStatus: CANCEL"),
        CHAN | DEST | {"status": "CANCEL", "forward": "Local/7@x"},
    ),
    (
        "PickedUp",
        event("Pickup", *channel(), *two("Target")),
        CHAN | {"target_channel": "PJSIP/trunk-00000001", "target_uniqueid": "1795363300.2"},
    ),
    (
        "QueueJoined",
        event("QueueCallerJoin", *channel(), "Queue: q", "Position: 2", "Count: 3"),
        CHAN | {"queue": "q", "position": 2},
    ),
    ("QueueLeft", event("QueueCallerLeave", *channel(), "Queue: q", "Position: 2", "Count: 3"), CHAN | {"queue": "q"}),
    (
        "QueueAbandoned",
        event("QueueCallerAbandon", *channel(), "Queue: q", "Position: 1", "OriginalPosition: 1", "HoldTime: 3"),
        CHAN | {"queue": "q"},
    ),
    (
        "AgentCompleted",
        event(
            "AgentComplete",
            "Queue: q",
            "Interface: PJSIP/101",
            "MemberName: A",
            "HoldTime: 2",
            "TalkTime: 9",
            "Reason: caller",
        ),
        dict.fromkeys(("channel", "uniqueid", "linkedid", "dest_channel", "dest_uniqueid"), "")
        | {"queue": "q", "interface": "PJSIP/101", "hold_seconds": 2, "talk_seconds": 9, "reason": "caller"},
    ),
    (
        "MemberChanged",
        member(6),
        {
            "added": False,
            "member": {
                "queue": "enquiries",
                "interface": "PJSIP/101",
                "name": "Alice Adams",
                "state_interface": "PJSIP/101",
                "status": 6,
                "paused": False,
                "membership": "static",
                "paused_reason": "",
                "in_call": False,
                "wrapup_seconds": 0,
                "last_call": None,
            },
        },
    ),
    ("MemberRemoved", member().replace(b"Status", b"Removed", 1), {"queue": "enquiries", "interface": "PJSIP/101"}),
    (
        "DeviceChanged",
        event("DeviceStateChange", "Device: PJSIP/1", "State: INUSE"),
        {"device": "PJSIP/1", "state": "INUSE"},
    ),
    (
        "DeviceChanged",
        event("PeerStatus", "ChannelType: PJSIP", "Peer: PJSIP/1", "PeerStatus: Unreachable"),
        {"device": "PJSIP/1", "state": "UNAVAILABLE"},
    ),
    (
        "MailboxChanged",
        event("MessageWaiting", "Mailbox: 600@default", "Waiting: 1", "New: 2", "Old: 1"),
        {"mailbox": "600@default", "new": 2, "old": 1, "uniqueid": None, "channel": None, "caller": None},
    ),
    (
        "MailboxChanged",
        event("MessageWaiting", *channel(number="07700900001"), "Mailbox: 6", "Waiting: 1", "New: 1", "Old: 0"),
        {
            "mailbox": "6",
            "new": 1,
            "old": 0,
            "uniqueid": "1795363300.1",
            "channel": "PJSIP/trunk-00000001",
            "caller": "07700900001",
        },
    ),
    (
        "UserEventRaised",
        event("UserEvent", *channel(), "UserEvent: CallcentreHere", "Agent: 101", "End: 1"),
        {
            "name": "CallcentreHere",
            "uniqueid": "1795363300.1",
            "channel": "PJSIP/trunk-00000001",
            "fields": {"Agent": "101"},
        },
    ),
    ("PbxReloaded", event("Reload", "Module: app_queue.so", "Status: 0"), {"module": "app_queue.so"}),
    ("PbxShutdown", event("Shutdown", "Shutdown: Cleanly", "Restart: True"), {"restart": True}),
    ("OriginateAnswered", originated("Failure", 3), {"key": "breach-1", "done": False, "reason": 3}),
    (
        "OriginateAnswered",
        originated("Success", 4, "callcentre-click-0a1b-2c"),
        {"key": "0a1b-2c", "done": True, "reason": 4},
    ),
    ("OriginateAnswered", originated("Success", 4), {"key": "breach-1", "done": True, "reason": 4}),
]


@pytest.mark.parametrize(("kind", "data", "fields"), CASES, ids=[case[0] for case in CASES])
def test_what_an_event_means(kind: str, data: bytes, fields: Mapping[str, object]) -> None:
    told = translated(data)
    assert told is not None
    assert type(told).__name__ == kind
    assert asdict(told) == {"pbx": "lab", "at": instant(STAMP), **fields}


@pytest.mark.parametrize(
    "data",
    [
        event("DeviceStateChange", "Device: Queue:enquiries_avail", "State: INUSE"),
        event("DeviceStateChange", "Device: MWI:600@default", "State: INUSE"),
        event("PeerStatus", "ChannelType: PJSIP", "Peer: PJSIP/1", "PeerStatus: Reachable"),
        # Somebody guesses at the password of a telephone that stays registered.
        event("PeerStatus", "ChannelType: SIP", "Peer: SIP/1", "PeerStatus: Rejected", "Cause: AUTH_SECRET_FAILED"),
        event("Newstate", *(line.replace("ChannelState: 4", "ChannelState: four") for line in channel())),
    ],
)
def test_what_means_nothing(data: bytes) -> None:
    assert translated(data) is None


def test_an_unknown_party_is_an_empty_one() -> None:
    told = translated(newchannel(number="<unknown>"))
    assert told is not None
    assert asdict(told)["caller_number"] == ""


def test_the_time_of_reading_serves_where_no_timestamp_is() -> None:
    told = translated(newchannel().replace(f"Timestamp: {STAMP:.6f}\r\n".encode(), b""))
    assert told is not None
    assert told.at == datetime(2026, 1, 1, tzinfo=UTC)
