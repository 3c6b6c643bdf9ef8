"""What the core concluded: past tense, frozen, for many readers (store, metrics, pages). Never an instruction."""

from dataclasses import dataclass
from datetime import datetime

from callcentre.core.terms import (
    AttemptResult,
    Attendance,
    CallKey,
    Hours,
    Origin,
    Outcome,
    Quality,
    VisitResult,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RingAttempt:
    """One telephone being rung for a call (never a Local leg).

    `ring_start` is None if it never rang; `result` is None while it lasts; `progress_only` marks a leg that showed
    PROGRESS and no RINGING, counted from there.
    """

    interface: str
    begun_at: datetime
    ring_start: datetime | None
    ring_end: datetime | None
    result: AttemptResult | None
    after_answer: bool
    progress_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One stay of a call in one queue; `leave` and `result` are None while it lasts."""

    queue: str
    enter: datetime
    leave: datetime | None
    result: VisitResult | None
    after_answer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as far as it is known: the row of the store and the line of `callcentre replay`.

    Times are aware UTC, durations seconds (float), None where it does not apply or is not known. `outcome` is
    IN_PROGRESS until it is decided. `within_rings` is None if nothing rang or the charter names no rings;
    `within_seconds` is None if the charter names no seconds. Definitions: docs/explanation (how a call is measured).
    """

    key: CallKey
    linkedid: str
    line: str
    did: str | None
    caller: str | None
    origin: Origin
    offered_at: datetime
    first_ring_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome
    wait_seconds: float | None
    ring_seconds: float | None
    rings: int | None
    talk_seconds: float | None
    answered_by: str | None
    attempts: tuple[RingAttempt, ...]
    visits: tuple[Visit, ...]
    within_seconds: bool | None
    within_rings: bool | None
    hours: Hours
    quality: Quality
    charter: str
    charter_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is so since `at`, about one PBX."""

    pbx: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOffered(Fact):
    """A call reached a line; it is a row from now on."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class CallProgressed(Fact):
    """Something about a running call changed (a telephone rings, a visit opened, a link was lost)."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(Fact):
    """A person picked up for the first time."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Fact):
    """The outcome is decided; all counters of the call rise with this fact, once."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHealed(Fact):
    """Asterisk's own books told what became of a call that we had counted as lost; counters already given stand."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuAbandoned(Fact):
    """A caller hung up before reaching any line."""

    uniqueid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GapOpened(Fact):
    """From `at` the PBX was out of sight (or its words could not be believed)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GapClosed(Fact):
    """The PBX is in sight again since `at`; the gap began at `since`."""

    since: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxBooted(Fact):
    """The PBX runs since `booted_at` (± 1 s): what was open before that is over."""

    booted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceChanged(Fact):
    """A line's attendance is `state` since `at`, because of `reason` (words fit for a page)."""

    line: str
    state: Attendance
    reason: str
    core: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A voicemail as far as it is known. `msg_id` is None where no witness could tell it; times aware UTC."""

    pbx: str
    mailbox: str
    msg_id: str | None
    uniqueid: str | None
    line: str
    caller: str | None
    left_at: datetime
    duration: int | None
    due: datetime | None
    act_by: datetime | None
    due_reason: str
    quality: Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLeft(Fact):
    """A voicemail was left (or its description completed: the same key replaces the former)."""

    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint(Fact):
    """What one part of the core tells another; it does not leave the core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChanged(Hint):
    """How many telephones of a line could answer, as far as it is known.

    Each telephone counts once, however many queues it serves: `there` (logged in, not paused, reachable, busy or not),
    else `unknown`, else `paused`, else `unreachable`. `complete`: no telephone can be missing from these numbers.
    """

    line: str
    there: int
    unknown: int
    paused: int
    unreachable: int
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberActive(Hint):
    """Somebody of this line is there: took up a call or made one, logged in or unpaused."""

    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneUsed(Hint):
    """A telephone of the roster is in use by some call since `at`, or (`used` is False) is not."""

    device: str
    used: bool
