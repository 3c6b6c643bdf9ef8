"""What the queries give back that is no fact or part of one. Frozen; times aware UTC."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callcentre.core.tasks import Callout, Entry, Filing, Message, Notice, Task
from callcentre.core.terms import Attendance, Hours, Origin, Outcome, Verdict

__all__ = [
    "Account",
    "AttendanceRow",
    "CallCount",
    "Delivery",
    "DeliveryState",
    "DueTasks",
    "Gap",
    "MissedCaller",
    "Order",
    "Role",
    "TaskDetail",
    "VoicemailUseCount",
    "Waited",
]


class DeliveryState(StrEnum):
    """What became of a notice to one contact. Nobody: there was none to tell."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    NOBODY = "nobody"


class Role(StrEnum):
    """What a person may do in the pages; each may do what the one before may."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person of the pages. `name` is who they are in histories and what they log in with (any case).

    `telephone` is theirs (`PJSIP/101`), rung for a call back; `lines` are whose tasks they see first (empty: all).
    """

    name: str
    role: Role
    full_name: str = ""
    telephone: str | None = None
    lines: frozenset[str] = frozenset()
    totp: bool = False
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time in which a PBX was out of sight; `closed_at` is None while it lasts."""

    pbx: str
    opened_at: datetime
    closed_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceRow:
    """A line's attendance from `at` until its next row."""

    pbx: str
    line: str
    at: datetime
    state: Attendance
    reason: str
    core: bool
    who: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCount:
    """How many calls of a line share hours, origin, outcome and verdict: what every service level is made of."""

    line: str
    hours: Hours
    origin: Origin
    outcome: Outcome
    within_seconds: bool | None
    within_rings: bool | None
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """How long one outside call waited, and what came of it."""

    offered_at: datetime
    outcome: Outcome
    hours: Hours
    wait_seconds: float | None
    within_seconds: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTasks:
    """How many callbacks of a line are open, how many of them are due by then, and the first deadline of all."""

    line: str
    open: int
    due: int
    first_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDetail:
    """A task with all that hangs together with it.

    `entries` in order of seq, `filings` and `messages` of when they were left, `callouts` of when they began.
    """

    task: Task
    entries: tuple[Entry, ...]
    filings: tuple[Filing, ...]
    messages: tuple[Message, ...]
    callouts: tuple[Callout, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedCaller:
    """A caller whom nobody answered on this line, and who was neither answered (on any line) nor reached since.

    `caller` is the number in the spelling of core.numbers. `calls` counts the unanswered ones, offered from `first_at`
    to `last_at`. `task` is the newest task for this caller that is open or was opened since `first_at`.
    """

    pbx: str
    line: str
    caller: str
    calls: int
    first_at: datetime
    last_at: datetime
    task: int | None = None

    @property
    def has_task(self) -> bool:
        """Whether somebody is to call back already."""
        return self.task is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailUseCount:
    """How many calls of a line reached voicemail with this verdict."""

    line: str
    verdict: Verdict
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A notice on its way to one contact, the only one in `notice.to`. `tries` failed so far."""

    id: int
    contact: str
    notice: Notice
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A request that the command line left for the daemon: `body` is JSON, empty once it is done (`done_at`).

    `answer` says what came of it, or, if `refused`, why nothing did.
    """

    id: str
    pbx: str
    at: datetime
    body: str
    done_at: datetime | None = None
    refused: bool = False
    answer: str = ""
