"""The words of the product as types: identities, enumerations, aware time. Pure values, no behaviour of their own."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from callcentre.core.errors import NaiveTime

__all__ = [
    "UTC",
    "ActionKind",
    "ActionResult",
    "AttemptResult",
    "Attendance",
    "BreachEnd",
    "CallKey",
    "CalloutResult",
    "ClickResult",
    "ClickState",
    "HangupCause",
    "Hours",
    "MailboxState",
    "MemberState",
    "MessageStatus",
    "Mode",
    "Nation",
    "NoticeKind",
    "NumberKind",
    "Origin",
    "Outcome",
    "Quality",
    "TaskOutcome",
    "TaskSource",
    "TaskState",
    "TaskStep",
    "Verdict",
    "VisitResult",
    "WrapKind",
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


class MessageStatus(StrEnum):
    """What became of a voicemail on the way to its task."""

    FILED = "filed"  # it belongs to a task
    BACKLOG = "backlog"  # older than the first start: waits for one decision, made by a person
    DISMISSED = "dismissed"  # of the backlog, and nobody need call back
    ELSEWHERE = "elsewhere"  # first seen among the heard ones: handled before we saw it; its task is closed at once
    ERASED = "erased"  # what the caller could be known by is gone, and it never comes back


class TaskState(StrEnum):
    """The states of a callback task; the table of what leads where is core/task_states.py."""

    OPEN = "open"
    CLAIMED = "claimed"
    DIALLING = "dialling"
    REACHED = "reached"
    UNANSWERED = "unanswered"
    CLOSED = "closed"
    REOPENED = "reopened"


class TaskOutcome(StrEnum):
    """Why a task was closed."""

    DONE = "done"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    GOT_THROUGH = "got_through"
    DUPLICATE = "duplicate"
    NOT_NEEDED = "not_needed"


class TaskSource(StrEnum):
    """What a task was opened for."""

    VOICEMAIL = "voicemail"
    ABANDONED = "abandoned"
    FOLLOW_UP = "follow_up"  # an agent promised one, after a call or a task


class TaskStep(StrEnum):
    """One entry in a task's history: what happened to it."""

    OPENED = "opened"
    MESSAGE_JOINED = "message_joined"
    MESSAGE_CHANGED = "message_changed"
    HEARD = "heard"
    CLAIMED = "claimed"
    RENEWED = "renewed"
    RELEASED = "released"
    LAPSED = "lapsed"
    DIALLED = "dialled"
    CONNECTED = "connected"
    NOT_CONNECTED = "not_connected"
    RESPONDED = "responded"
    GOT_THROUGH = "got_through"
    NUMBER_TYPED = "number_typed"
    NOTED = "noted"
    DIAL_ASKED = "dial_asked"
    SCHEDULED = "scheduled"
    FLAGGED = "flagged"
    ASSIGNED = "assigned"
    UNDONE = "undone"
    COMPLAINT = "complaint"
    FOLLOW_UP = "follow_up"
    ACKNOWLEDGED = "acknowledged"  # the caller was told that what they left was received
    DEADLINE_CHANGED = "deadline_changed"
    WARNED = "warned"
    OVERDUE = "overdue"
    ESCALATED = "escalated"
    CLOSED = "closed"
    REOPENED = "reopened"
    ERASED = "erased"


class AckHow(StrEnum):
    """How a caller was told that their message was received."""

    CALL = "call"
    TEXT = "text"
    EMAIL = "email"
    LETTER = "letter"


class CalloutResult(StrEnum):
    """How one dial of a caller's number ended; None while it lasts."""

    CONNECTED = "connected"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    UNCERTAIN = "uncertain"  # a gap hid its end: it may have been answered


class ClickState(StrEnum):
    """How far a dial has come that an agent asked for with a click."""

    WANTED = "wanted"  # committed; being sent to the PBX
    RINGING_AGENT = "ringing_agent"
    DIALLING = "dialling"  # the agent picked up; the caller is being dialled
    RINGING_CALLER = "ringing_caller"
    TALKING = "talking"
    ENDED = "ended"


class ClickResult(StrEnum):
    """How a dial that an agent asked for with a click ended; None while it lasts."""

    CONNECTED = "connected"
    NO_ANSWER = "no_answer"  # the caller's telephone
    BUSY = "busy"
    FAILED = "failed"  # the caller could not be dialled
    AGENT_GONE = "agent_gone"  # the agent did not pick up, or hung up before the caller's telephone rang
    REFUSED = "refused"  # the PBX would not, or nothing was sent
    UNCERTAIN = "uncertain"  # nobody can say whether it was made; it is never made again by itself


class NumberKind(StrEnum):
    """What a telephone number is, for who may be dialled: the kinds of the UK's numbering plan, or elsewhere."""

    GEOGRAPHIC = "geographic"  # 01, 02
    UK_WIDE = "uk_wide"  # 03
    MOBILE = "mobile"
    FREEPHONE = "freephone"  # 0800, 0808, 116
    SHARED_COST = "shared_cost"  # 084, 087
    PREMIUM = "premium"  # 09, 118
    PERSONAL = "personal"  # 070
    PAGER = "pager"
    VOIP = "voip"  # 056
    CORPORATE = "corporate"  # 055
    INTERNATIONAL = "international"
    INTERNAL = "internal"  # an extension
    INVALID = "invalid"


class WrapKind(StrEnum):
    """What an agent says of a call after it, in one tap (H1, W5)."""

    RESOLVED = "resolved"  # at first contact
    UNRESOLVED = "unresolved"
    FOLLOW_UP = "follow_up"
    COMPLAINT = "complaint"
    ABUSIVE = "abusive"


class NoticeKind(StrEnum):
    """What people are told of."""

    WARNING = "warning"
    OVERDUE = "overdue"
    ESCALATION = "escalation"
    BACKLOG = "backlog"
    UNNAMED_MAILBOX = "unnamed_mailbox"
    MAILBOX = "mailbox"
    TEST = "test"
    UNATTENDED = "unattended"
    STILL_UNATTENDED = "still_unattended"
    RECOVERED = "recovered"
    COVER = "cover"
    ACTION_REFUSED = "action_refused"
    GREETING = "greeting"  # a recorded message is missing, cannot be heard, was changed, or is due to be looked at
    CASE = "case"  # one was given to somebody
    CASE_DUE = "case_due"
    CASE_OVERDUE = "case_overdue"
    COMPLIMENT = "compliment"
    ABUSE = "abuse"
    ABUSE_REVIEW = "abuse_review"
    REPORT = "report"
    RETENTION = "retention"


class Mode(StrEnum):
    """What is done about an unattended line: people are told in both; only `enforce` acts on the PBX."""

    OBSERVE = "observe"
    ENFORCE = "enforce"


class ActionKind(StrEnum):
    """What is done about an unattended line, in this order; the last two take back what can be."""

    UNPAUSE = "unpause"
    ADD_STANDBY = "add_standby"
    DIVERT = "divert"
    RING_SUPERVISOR = "ring_supervisor"
    REMOVE_STANDBY = "remove_standby"
    UNDIVERT = "undivert"


class ActionResult(StrEnum):
    """What became of an action."""

    WANTED = "wanted"  # committed; being sent
    DONE = "done"
    ALREADY = "already"  # it was so before, and is not taken back
    REFUSED = "refused"  # the PBX would not
    FAILED = "failed"  # could not be sent, or nobody answered the telephone
    UNCERTAIN = "uncertain"  # the daemon or the link ended in between; a dial is never repeated
    OBSERVED = "observed"  # the line's mode is `observe`: this would have been done
    HELD_BACK = "held_back"  # the limit of actions in an hour was reached


class BreachEnd(StrEnum):
    """How a breach ended."""

    RECOVERED = "recovered"
    CLOSED_HOURS = "closed_hours"  # core hours ended
    NOT_NEEDED = "not_needed"  # cover was asked for, and nobody went


class MailboxState(StrEnum):
    """Whether callers can leave a message (H9)."""

    HEALTHY = "healthy"
    NEARLY_FULL = "nearly_full"
    FULL = "full"
    MISSING = "missing"
    NOT_RECORDABLE = "not_recordable"


class Verdict(StrEnum):
    """Why a call reached voicemail (H7). Misuse: the line was open, somebody was free, and no telephone rang."""

    CLOSED_HOURS = "closed_hours"
    RANG_OUT = "rang_out"
    ALL_BUSY = "all_busy"
    NOBODY_THERE = "nobody_there"
    MISUSE = "misuse"
    UNKNOWN = "unknown"


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
