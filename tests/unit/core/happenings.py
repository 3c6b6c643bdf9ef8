"""Events of one PBX, told in seconds after noon of a working day."""

from datetime import UTC, datetime, timedelta
from typing import Any

from callcentre.core.events import (
    AppStarted,
    ChannelGone,
    ChannelSeen,
    ChannelsListed,
    DeviceChanged,
    DevicesListed,
    LinkDown,
    LinkUp,
    MailboxChanged,
    MemberChanged,
    MemberRemoved,
    MemberSeen,
    PbxShutdown,
    QueuesListed,
    TimePassed,
    UserEventRaised,
    VariableSet,
)
from callcentre.core.facts import Call, CallAnswered, CallEnded, CallOffered, RingAttempt
from callcentre.core.terms import AttemptResult, CallKey, Hours, Origin, Outcome, Quality

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FREE, IN_USE, BUSY, INVALID, UNAVAILABLE, RINGING, ON_HOLD = 1, 2, 3, 4, 5, 6, 8


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def when(seconds: float) -> dict[str, Any]:
    return {"pbx": "lab", "at": at(seconds)}


def member(interface: str, status: int = FREE, queue: str = "enquiries", **more: Any) -> MemberSeen:
    values: dict[str, Any] = {"state_interface": interface, "paused": False, "name": interface}
    return MemberSeen(queue=queue, interface=interface, status=status, **(values | more))


def told(seconds: float, seen: MemberSeen) -> MemberChanged:
    return MemberChanged(**when(seconds), member=seen)


def removed(seconds: float, interface: str, queue: str = "enquiries") -> MemberRemoved:
    return MemberRemoved(**when(seconds), queue=queue, interface=interface)


def queues(seconds: float, *members: MemberSeen) -> QueuesListed:
    return QueuesListed(**when(seconds), queues=("enquiries",), members=members, callers=())


def device(seconds: float, name: str, state: str) -> DeviceChanged:
    return DeviceChanged(**when(seconds), device=name, state=state)


def devices(seconds: float, **states: str) -> DevicesListed:
    """Devices by `PJSIP_101="NOT_INUSE"`."""
    pairs = tuple((name.replace("_", "/"), state) for name, state in states.items())
    return DevicesListed(**when(seconds), devices=pairs)


def up(seconds: float) -> LinkUp:
    return LinkUp(**when(seconds))


def down(seconds: float) -> LinkDown:
    return LinkDown(**when(seconds), reason="silent")


def shutdown(seconds: float) -> PbxShutdown:
    return PbxShutdown(**when(seconds))


def here(seconds: float, **fields: str) -> UserEventRaised:
    """Somebody presses "I'm here"."""
    return UserEventRaised(**when(seconds), name="CallcentreHere", fields=fields)


def passed(moment: datetime) -> TimePassed:
    return TimePassed(pbx="", at=moment)


# --- voicemail -----------------------------------------------------------------------------------------------------


def channel(uniqueid: str) -> dict[str, Any]:
    return {"channel": f"PJSIP/trunk-{uniqueid}", "uniqueid": uniqueid, "linkedid": uniqueid}


def voicemail(seconds: float, uniqueid: str, data: str, linkedid: str | None = None) -> AppStarted:
    names = channel(uniqueid) | {"linkedid": linkedid or uniqueid}
    return AppStarted(**when(seconds), **names, application="VoiceMail", data=data, context="in", exten="600")


def vmstatus(seconds: float, uniqueid: str, value: str = "SUCCESS") -> VariableSet:
    return VariableSet(**when(seconds), **channel(uniqueid), variable="VMSTATUS", value=value)


def waiting(seconds: float, box: str, new: int, uniqueid: str | None = None, old: int = 0) -> MailboxChanged:
    return MailboxChanged(**when(seconds), mailbox=box, new=new, old=old, uniqueid=uniqueid)


def gone(seconds: float, uniqueid: str) -> ChannelGone:
    return ChannelGone(**when(seconds), **channel(uniqueid), cause=16)


def listed(seconds: float, *uniqueids: str) -> ChannelsListed:
    seen = tuple(ChannelSeen(**channel(uniqueid), state=6) for uniqueid in uniqueids)
    return ChannelsListed(**when(seconds), channels=seen)


def said(seconds: float, uniqueid: str, **fields: str) -> UserEventRaised:
    return UserEventRaised(**when(seconds), name="CallcentreVoicemail", uniqueid=uniqueid, fields=fields)


# --- calls ---------------------------------------------------------------------------------------------------------


NOT_KNOWN_YET = (
    *("did", "first_ring_at", "answered_at", "ended_at", "answered_by"),
    *("wait_seconds", "ring_seconds", "rings", "talk_seconds", "within_seconds", "within_rings"),
)


def call(uniqueid: str = "1.1", line: str = "enquiries", **changed: Any) -> Call:
    values: dict[str, Any] = dict.fromkeys(NOT_KNOWN_YET)
    values |= {
        "key": CallKey("lab", uniqueid),
        "linkedid": uniqueid,
        "line": line,
        "caller": "01632960123",
        "origin": Origin.EXTERNAL,
        "offered_at": NOON,
        "outcome": Outcome.IN_PROGRESS,
        "attempts": (),
        "visits": (),
        "hours": Hours.CORE,
        "quality": Quality.COMPLETE,
        "charter": "hct",
        "charter_version": 1,
    }
    return Call(**(values | changed))


def offered(seconds: float, which: Call) -> CallOffered:
    return CallOffered(**when(seconds), call=which)


def answered(seconds: float, which: Call) -> CallAnswered:
    return CallAnswered(**when(seconds), call=which)


def ended(seconds: float, which: Call) -> CallEnded:
    return CallEnded(**when(seconds), call=which)


def rang(seconds: float, result: AttemptResult = AttemptResult.RANG_OUT, line: str = "enquiries") -> Call:
    """A call on which a telephone rang for so long, and which nobody answered."""
    attempt = RingAttempt(
        interface="PJSIP/101", begun_at=at(0), ring_start=at(0), ring_end=at(seconds), result=result, after_answer=False
    )
    return call(line=line, outcome=Outcome.ABANDONED, attempts=(attempt,), ring_seconds=seconds)
