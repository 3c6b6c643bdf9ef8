"""What the API answers of calls and tasks, key by key as `--json` of the command line has it (lists-as-json.md)."""

from typing import Self

from pydantic import AliasPath, Field

from callcentre.core.tasks import Filing, Message
from callcentre.core.terms import (
    AttemptResult,
    CalloutResult,
    ClickResult,
    ClickState,
    Hours,
    MessageStatus,
    Origin,
    Outcome,
    Quality,
    TaskOutcome,
    TaskSource,
    TaskState,
    TaskStep,
    VisitResult,
    WrapKind,
)
from callcentre.web.api.shape import Instant, Shape

# --- calls -----------------------------------------------------------------------------------------------------------


class AttemptRow(Shape):
    """One telephone that was rung for a call."""

    interface: str
    ring_start: Instant | None
    ring_end: Instant | None
    result: AttemptResult | None
    after_answer: bool


class VisitRow(Shape):
    """One stay of a call in one queue."""

    queue: str
    enter: Instant
    leave: Instant | None
    result: VisitResult | None
    after_answer: bool


class CallRow(Shape):
    """A call of a line. Durations are seconds; null is what does not apply or is not known."""

    pbx: str = Field(validation_alias=AliasPath("key", "pbx"))
    uniqueid: str = Field(validation_alias=AliasPath("key", "uniqueid"))
    linkedid: str
    line: str
    did: str | None
    caller: str | None = Field(description="the number that the PBX told; null if withheld or erased")
    origin: Origin
    offered_at: Instant
    first_ring_at: Instant | None
    answered_at: Instant | None
    ended_at: Instant | None
    outcome: Outcome
    wait_seconds: float | None
    ring_seconds: float | None
    rings: int | None
    talk_seconds: float | None
    answered_by: str | None
    attempts: tuple[AttemptRow, ...]
    visits: tuple[VisitRow, ...]
    within_seconds: bool | None
    within_rings: bool | None
    hours: Hours
    quality: Quality
    charter: str
    charter_version: int


class CallList(Shape):
    """Calls in order of offering; `next` is the cursor of the page after this one, null if this is the last."""

    calls: tuple[CallRow, ...]
    next: str | None


# --- tasks -----------------------------------------------------------------------------------------------------------


class TaskRow(Shape):
    """A callback to make."""

    pbx: str
    number: int
    line: str
    source: TaskSource
    state: TaskState
    caller: str | None
    dial: str | None
    call: str | None
    opened_at: Instant
    due: Instant
    act_by: Instant
    holder: str | None
    lease_until: Instant | None
    attempts: int
    last_attempt_at: Instant | None
    responded_at: Instant | None
    reached_at: Instant | None
    got_through: str | None
    got_through_at: Instant | None
    call_at: Instant | None
    complaint: bool
    outcome: TaskOutcome | None
    resolved: bool | None
    closed_at: Instant | None
    closed_by: str | None
    in_time: bool | None
    overdue: bool
    ack_due: Instant | None
    ack_act_by: Instant | None
    messages: int


class TaskList(Shape):
    """Tasks, the most pressing first; `next` is the cursor of the page after this one, null if this is the last."""

    tasks: tuple[TaskRow, ...]
    next: str | None


class MessageRow(Shape):
    """A message and its place in its task."""

    pbx: str
    key: str
    mailbox: str
    msg_id: str | None
    uniqueid: str | None
    line: str
    caller: str | None
    left_at: Instant
    duration: int | None
    quality: Quality
    status: MessageStatus
    folder: str | None
    in_mailbox: bool
    playable: bool
    task: int | None
    due: Instant | None
    act_by: Instant | None
    due_reason: str | None
    charter: str | None
    charter_version: int | None
    heard_at: Instant | None
    heard_by: str | None
    responded_at: Instant | None
    reached_at: Instant | None
    ack_due: Instant | None
    ack_act_by: Instant | None
    ack_reason: str | None
    acknowledged_at: Instant | None

    @classmethod
    def of(cls, message: Message, filing: Filing | None) -> Self:
        """A message with its filing; without one, the keys of that are null."""
        told = {name: getattr(message, name) for name in cls.model_fields if hasattr(message, name)}
        placed = {name: getattr(filing, name, None) for name in cls.model_fields if name not in told}
        return cls.model_validate(told | placed)


class DialRow(Shape):
    """One dial of the caller."""

    uniqueid: str
    telephone: str
    begun_at: Instant
    ring_start: Instant | None
    answered_at: Instant | None
    ended_at: Instant | None
    result: CalloutResult | None


class ClickRow(Shape):
    """A dial that somebody asked for: the telephone of theirs is rung, then the caller's. `why` is in words."""

    key: str
    task: int
    who: str
    telephone: str
    asked_at: Instant
    state: ClickState
    result: ClickResult | None
    why: str
    overridden: bool
    agent_up_at: Instant | None
    rang_at: Instant | None
    talking_at: Instant | None
    ended_at: Instant | None


class EntryRow(Shape):
    """One line of a task's history; `state` is the task's afterwards."""

    seq: int
    at: Instant
    who: str
    step: TaskStep
    why: str
    state: TaskState


class TaskWhole(Shape):
    """A task with its messages and their deadlines, the dials made for it and asked for it, and its history."""

    task: TaskRow
    messages: tuple[MessageRow, ...]
    attempts: tuple[DialRow, ...]
    clicks: tuple[ClickRow, ...]
    history: tuple[EntryRow, ...]


class Done(Shape):
    """What came of a step: the task as it is now, and the entries of its history that this request made.

    `click` is the dial that was asked for; null for all other steps.
    """

    task: TaskRow
    done: tuple[EntryRow, ...]
    click: ClickRow | None


class TaskNews(Shape):
    """A task that changed, and the entries of its history that are new."""

    pbx: str
    number: int
    line: str
    state: TaskState
    caller: str | None
    holder: str | None
    due: Instant
    act_by: Instant
    outcome: TaskOutcome | None
    entries: tuple[EntryRow, ...]


class ClickNews(ClickRow):
    """A dial asked for with a click, at each step of it."""

    pbx: str


class Wrapped(Shape):
    """What an agent said of a call. `task` is the follow-up that was opened for it, or null."""

    pbx: str
    uniqueid: str
    line: str
    who: str
    at: Instant
    kind: WrapKind
    why: str
    task: int | None
