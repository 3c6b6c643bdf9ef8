"""The words of the product as types: identities, enumerations, aware time. Pure values, no behaviour of their own."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from callcentre.core.errors import NaiveTime

__all__ = [
    "UTC",
    "AttemptResult",
    "Attendance",
    "CallKey",
    "HangupCause",
    "Hours",
    "MemberState",
    "Nation",
    "Origin",
    "Outcome",
    "Quality",
    "VisitResult",
    "aware",
    "device_of",
    "instant",
    "is_local",
]


def aware(moment: datetime) -> datetime:
    """Return `moment` unchanged, or raise NaiveTime when it has no offset."""
    if moment.tzinfo is None:
        raise NaiveTime(f"{moment.isoformat()} has no offset; give a time with one, such as +00:00")
    return moment


def instant(epoch: float) -> datetime:
    """The UTC time of `epoch` seconds, exact to the microsecond that AMI prints."""
    return datetime.fromtimestamp(epoch, UTC)


@dataclass(frozen=True, slots=True, order=True)
class CallKey:
    """A call is known by its PBX and the caller channel's Uniqueid, which never repeats over a restart."""

    pbx: str
    uniqueid: str


class Origin(StrEnum):
    """Where a call came from: outside, or a colleague's telephone."""

    EXTERNAL = "external"
    INTERNAL = "internal"


class Outcome(StrEnum):
    """How a call ended; the first that holds, in this order."""

    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    VOICEMAIL_EMPTY = "voicemail_empty"
    OVERFLOWED = "overflowed"
    CLOSED = "closed"
    REFUSED = "refused"
    SHORT_ABANDONED = "short_abandoned"
    ABANDONED = "abandoned"
    LOST = "lost"
    IN_PROGRESS = "in_progress"


class AttemptResult(StrEnum):
    """How one telephone's ringing for a call ended."""

    ANSWERED = "answered"
    CANCELLED = "cancelled"
    RANG_OUT = "rang_out"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    FORWARDED = "forwarded"
    PICKED_UP = "picked_up"
    LOST = "lost"


class VisitResult(StrEnum):
    """How a stay in a queue ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    TIMEOUT = "timeout"
    EMPTY = "empty"
    EXIT_KEY = "exit_key"
    LOST = "lost"


class Quality(StrEnum):
    """How far a figure can be believed: seen whole, touched by a gap, or proven by other books."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    INFERRED = "inferred"


class Hours(StrEnum):
    """Whether a call was offered within the line's core hours."""

    CORE = "core"
    CLOSED = "closed"


class Attendance(StrEnum):
    """The state of a line: somebody can answer, nobody can, or it cannot be seen."""

    ATTENDED = "attended"
    UNATTENDED = "unattended"
    UNKNOWN = "unknown"


class MemberState(StrEnum):
    """What an agent's place in a queue is doing, as `callcentre_agents{line,state}` counts it."""

    FREE = "free"
    RINGING = "ringing"
    TALKING = "talking"
    WRAPUP = "wrapup"
    PAUSED = "paused"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


class Nation(StrEnum):
    """The part of the United Kingdom whose bank holidays a line keeps."""

    ENGLAND = "ENG"
    WALES = "WLS"
    SCOTLAND = "SCT"
    NORTHERN_IRELAND = "NIR"


class HangupCause:
    """The Q.850 causes that decide how an attempt ended."""

    NORMAL = 16
    BUSY = 17
    NO_ANSWER = 19
    REJECTED = 21
    ANSWERED_ELSEWHERE = 26


def device_of(channel: str) -> str:
    """The telephone a channel belongs to: `PJSIP/104` of `PJSIP/104-0000002a`, `Local/101@agents` of its halves."""
    head, dash, _ = channel.rpartition("-")
    return head if dash else channel


def is_local(channel: str) -> bool:
    """Whether a channel is one half of a Local pair, which is never a telephone."""
    return channel.startswith("Local/")
