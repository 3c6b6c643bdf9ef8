"""AMI messages become core events: a table by event name. Pure; hostile values give None, never an exception."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from callcentre.ami.messages import Told, UserTold
from callcentre.ami.peeks import ABUSE, CLICKS
from callcentre.core.events import (
    AgentCompleted,
    AppStarted,
    ChannelCreated,
    ChannelGone,
    ChannelRenamed,
    ChannelStateChanged,
    DeviceChanged,
    DialBegun,
    DialEnded,
    DialProgressed,
    Event,
    MailboxChanged,
    MemberChanged,
    MemberRemoved,
    MemberSeen,
    OriginateAnswered,
    PbxReloaded,
    PbxShutdown,
    PickedUp,
    QueueAbandoned,
    QueueJoined,
    QueueLeft,
    UserEventRaised,
    VariableSet,
)
from callcentre.core.terms import instant

UNKNOWN_PARTY = "<unknown>"
"""What AMI prints for a number or name that it does not have; the core is told an empty one."""

_LOST_PEER = frozenset({"Unregistered", "Unreachable"})
"""Rejected is none: anybody who guesses at a password makes chan_sip say it of a telephone that stays registered."""


def event_of(told: Told | UserTold, pbx: str, read_at: datetime) -> Event | None:
    """The core event that a message stands for; None if it means nothing to the core or its values make no sense.

    Its time is the PBX's own Timestamp; `read_at` serves where there is none.
    """
    if isinstance(told, UserTold):
        at = read_at if told.stamp is None else instant(told.stamp)
        return UserEventRaised(
            pbx=pbx, at=at, name=told.name, uniqueid=told.uniqueid, channel=told.channel, fields=told.fields
        )
    name, stamp, values = told
    translate = _TABLE.get(name)
    if translate is None:
        return None
    try:
        return translate(pbx, read_at if stamp is None else datetime.fromtimestamp(stamp, UTC), *values)
    except ValueError:
        return None


def is_telephone_device(device: str) -> bool:
    """Whether a device's state can say something about a telephone (app_queue's and voicemail's own lamps cannot)."""
    return not device.startswith(("Queue:", "MWI:"))


def member_of(
    queue: str,
    name: str,
    interface: str,
    state_interface: str,
    membership: str,
    last_call: str,
    in_call: str | None,
    status: str,
    paused: str,
    paused_reason: str | None,
    wrapup: str | None,
) -> MemberSeen:
    """An agent's place, from QueueMemberStatus and its kin or QueueStatus's QueueMember (the same order)."""
    last = int(last_call or 0)
    return MemberSeen(
        queue=queue,
        interface=interface,
        name=name,
        state_interface=state_interface or interface,
        status=int(status),
        paused=paused == "1",
        membership=membership,
        paused_reason=paused_reason or "",
        in_call=in_call == "1",
        wrapup_seconds=int(wrapup or 0),
        last_call=instant(last) if 0 < last < 1 << 36 else None,
    )


def _party(value: str) -> str:
    return "" if value == UNKNOWN_PARTY else value


def _as_told(kind: Callable[..., Event], *fields: str) -> "_Translator":
    """An event whose fields are the values of its shape, in their order."""

    def translate(pbx: str, at: datetime, *values: str | None) -> Event:
        return kind(pbx=pbx, at=at, **dict(zip(fields, values, strict=True)))

    return translate


def _created(
    pbx: str,
    at: datetime,
    channel: str,
    state: str,
    number: str,
    name: str,
    context: str,
    exten: str,
    uniqueid: str,
    linkedid: str,
) -> Event:
    return ChannelCreated(
        pbx=pbx,
        at=at,
        channel=channel,
        uniqueid=uniqueid,
        linkedid=linkedid,
        state=int(state),
        caller_number=_party(number),
        caller_name=_party(name),
        context=context,
        exten=exten,
    )


def _state(pbx: str, at: datetime, channel: str, state: str, uniqueid: str, linkedid: str) -> Event:
    return ChannelStateChanged(pbx=pbx, at=at, channel=channel, uniqueid=uniqueid, linkedid=linkedid, state=int(state))


def _gone(pbx: str, at: datetime, channel: str, uniqueid: str, linkedid: str, cause: str) -> Event:
    return ChannelGone(pbx=pbx, at=at, channel=channel, uniqueid=uniqueid, linkedid=linkedid, cause=int(cause))


def _app(
    pbx: str,
    at: datetime,
    channel: str,
    context: str,
    exten: str,
    uniqueid: str,
    linkedid: str,
    application: str,
    data: str,
) -> Event:
    return AppStarted(
        pbx=pbx,
        at=at,
        channel=channel,
        uniqueid=uniqueid,
        linkedid=linkedid,
        application=application,
        data=data,
        context=context,
        exten=exten,
    )


def _dial_ended(
    pbx: str,
    at: datetime,
    channel: str | None,
    uniqueid: str | None,
    linkedid: str | None,
    dest_channel: str,
    dest_uniqueid: str,
    dest_linkedid: str,
    forward: str | None,
    status: str,
) -> Event:
    return DialEnded(
        pbx=pbx,
        at=at,
        channel=channel,
        uniqueid=uniqueid,
        linkedid=linkedid,
        dest_channel=dest_channel,
        dest_uniqueid=dest_uniqueid,
        dest_linkedid=dest_linkedid,
        status=status,
        forward=forward or "",
    )


def _joined(pbx: str, at: datetime, channel: str, uniqueid: str, linkedid: str, queue: str, position: str) -> Event:
    return QueueJoined(
        pbx=pbx, at=at, channel=channel, uniqueid=uniqueid, linkedid=linkedid, queue=queue, position=int(position)
    )


def _left(kind: type[QueueLeft] | type[QueueAbandoned]) -> "_Translator":
    def translate(pbx: str, at: datetime, channel: str, uniqueid: str, linkedid: str, queue: str) -> Event:
        return kind(pbx=pbx, at=at, channel=channel, uniqueid=uniqueid, linkedid=linkedid, queue=queue)

    return translate


def _completed(
    pbx: str,
    at: datetime,
    channel: str | None,
    uniqueid: str | None,
    linkedid: str | None,
    dest_channel: str | None,
    dest_uniqueid: str | None,
    queue: str,
    interface: str,
    hold: str,
    talk: str,
    reason: str,
) -> Event | None:
    return AgentCompleted(
        pbx=pbx,
        at=at,
        channel=channel or "",
        uniqueid=uniqueid or "",
        linkedid=linkedid or "",
        queue=queue,
        interface=interface,
        dest_channel=dest_channel or "",
        dest_uniqueid=dest_uniqueid or "",
        hold_seconds=int(hold),
        talk_seconds=int(talk),
        reason=reason,
    )


def _member(pbx: str, at: datetime, *told: Any) -> Event:
    return MemberChanged(pbx=pbx, at=at, member=member_of(*told))


def _member_added(pbx: str, at: datetime, *told: Any) -> Event:
    return MemberChanged(pbx=pbx, at=at, member=member_of(*told), added=True)


def _device(pbx: str, at: datetime, device: str, state: str) -> Event | None:
    return DeviceChanged(pbx=pbx, at=at, device=device, state=state) if is_telephone_device(device) else None


def _peer(pbx: str, at: datetime, peer: str, status: str) -> Event | None:
    """A lost peer cannot be reached, whatever it was doing; what it does once it is back, DeviceStateChange says.

    ContactStatus is not used: it speaks of one contact of several, and PeerStatus comes with the last one.
    """
    return DeviceChanged(pbx=pbx, at=at, device=peer, state="UNAVAILABLE") if status in _LOST_PEER else None


def _mailbox(
    pbx: str,
    at: datetime,
    channel: str | None,
    caller: str | None,
    uniqueid: str | None,
    mailbox: str,
    new: str,
    old: str,
) -> Event:
    return MailboxChanged(
        pbx=pbx,
        at=at,
        mailbox=mailbox,
        new=int(new),
        old=int(old),
        uniqueid=uniqueid,
        channel=channel,
        caller=_party(caller or "") or None,
    )


def _shutdown(pbx: str, at: datetime, restart: str) -> Event:
    return PbxShutdown(pbx=pbx, at=at, restart=restart == "True")


def _originated(pbx: str, at: datetime, key: str, response: str, reason: str) -> Event:
    key = key.removeprefix(CLICKS).removeprefix(ABUSE)
    return OriginateAnswered(pbx=pbx, at=at, key=key, done=response == "Success", reason=int(reason))


_Translator = Callable[..., Event | None]

_CHANNEL = ("channel", "uniqueid", "linkedid")
_DIAL = (*_CHANNEL, "dest_channel", "dest_uniqueid", "dest_linkedid")

_TABLE: dict[str, _Translator] = {
    "Shutdown": _shutdown,
    "Reload": _as_told(PbxReloaded, "module"),
    "Newchannel": _created,
    "Newstate": _state,
    "Hangup": _gone,
    "Rename": _as_told(ChannelRenamed, "old", "new", "uniqueid"),
    "Newexten": _app,
    "VarSet": _as_told(VariableSet, *_CHANNEL, "variable", "value"),
    "DialBegin": _as_told(DialBegun, *_DIAL, "dial_string"),
    "DialState": _as_told(DialProgressed, *_DIAL, "status"),
    "DialEnd": _dial_ended,
    "Pickup": _as_told(PickedUp, *_CHANNEL, "target_channel", "target_uniqueid"),
    "QueueCallerJoin": _joined,
    "QueueCallerLeave": _left(QueueLeft),
    "QueueCallerAbandon": _left(QueueAbandoned),
    "AgentComplete": _completed,
    "QueueMemberStatus": _member,
    "QueueMemberAdded": _member_added,
    "QueueMemberPause": _member,
    "QueueMemberPenalty": _member,
    "QueueMemberRinginuse": _member,
    "QueueMemberRemoved": _as_told(MemberRemoved, "queue", "interface"),
    "DeviceStateChange": _device,
    "PeerStatus": _peer,
    "MessageWaiting": _mailbox,
    "OriginateResponse": _originated,
}
