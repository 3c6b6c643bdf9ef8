"""What a callback is made of: message, filing, task, history, dial, notice. Frozen values, no behaviour.

Each is a row of the store. What may happen to a task is core/task_states.py.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callcentre.core.terms import (
    CalloutResult,
    ClickResult,
    ClickState,
    MessageStatus,
    NoticeKind,
    Quality,
    TaskOutcome,
    TaskSource,
    TaskState,
    TaskStep,
    WrapKind,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A voicemail as far as it is known: the row of the store. Times aware UTC, `duration` whole seconds.

    `key` names it for good within its PBX, whatever witness spoke first. `msg_id` is None until its metadata was seen;
    `uniqueid` and `channel` are the depositing channel's, None where only the mailbox told of it. `began_at` is when
    the caller entered VoiceMail, or the recording's own start (origtime); `left_at` when the message was complete.
    `folder` is where it was last seen, None if it never was, or is there no more (`in_mailbox`). `playable`: its
    recording can be read from the spool.
    """

    pbx: str
    key: str
    mailbox: str
    msg_id: str | None
    uniqueid: str | None
    channel: str | None
    line: str
    caller: str | None
    began_at: datetime | None
    left_at: datetime
    duration: int | None
    quality: Quality
    status: MessageStatus
    folder: str | None = None
    in_mailbox: bool = False
    playable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A message's place in its one task, and its own deadline: the row that says whether it was answered in time.

    `responded_at` is the first connected call to the caller, or the first attempt that rang 15 s; `reached_at` the
    first connected call; `heard_at` when somebody listened. `charter` and `charter_version` made the deadline.
    `ack_due` and `ack_act_by` are by when the caller is told that it was received (None: not promised, W4), with
    `ack_reason`; `acknowledged_at` is when somebody first told them so, or spoke with them.
    """

    pbx: str
    key: str
    task: int
    line: str
    left_at: datetime
    due: datetime
    act_by: datetime
    due_reason: str
    charter: str
    charter_version: int
    playable: bool = False
    heard_at: datetime | None = None
    heard_by: str | None = None
    responded_at: datetime | None = None
    reached_at: datetime | None = None
    ack_due: datetime | None = None
    ack_act_by: datetime | None = None
    ack_reason: str | None = None
    acknowledged_at: datetime | None = None

    @property
    def unacknowledged(self) -> bool:
        """Whether it is promised that the caller is told of its receipt, and nobody told them."""
        return self.ack_due is not None and self.acknowledged_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A callback to make, known by (pbx, number). `due` and `act_by` are the earliest of its unanswered messages.

    `caller` is the number the PBX told (None: withheld), `dial` one that a person typed instead. `holder` has it until
    `lease_until`; `rests_in` is the state it falls back to when let go. `got_through` is the call of a caller who
    reached somebody otherwise. `alarms` names what was told about the present deadline. `entries` counts its history.
    `call` is the abandoned call it was opened for, or the one after which a follow-up was promised. `in_time` is known
    once it is closed. `call_at` is when somebody is to try again, not before; the deadline stays as it is. `language`
    (a tag such as `pl`) and `needs` (words of NEEDS) are what helps to speak with the caller (H13). `resolved`: at
    first contact or not, as the agent said (H1). `complaint`: the caller complains. `flags_by` noted at `flags_at` that
    the caller agreed to `language` and `needs` being kept, which is until `flags_until`. `ack_due` and `ack_act_by` are
    the earliest of its messages that are still to be acknowledged; None: none is.
    """

    pbx: str
    number: int
    line: str
    caller: str | None
    source: TaskSource
    state: TaskState
    opened_at: datetime
    due: datetime
    act_by: datetime
    entries: int
    dial: str | None = None
    call: str | None = None
    rests_in: TaskState = TaskState.OPEN
    holder: str | None = None
    lease_until: datetime | None = None
    attempts: int = 0
    last_attempt_at: datetime | None = None
    responded_at: datetime | None = None
    reached_at: datetime | None = None
    got_through: str | None = None
    got_through_at: datetime | None = None
    alarms: tuple[str, ...] = ()
    outcome: TaskOutcome | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    in_time: bool | None = None
    call_at: datetime | None = None
    language: str | None = None
    needs: tuple[str, ...] = ()
    resolved: bool | None = None
    complaint: bool = False
    flags_by: str | None = None
    flags_at: datetime | None = None
    flags_until: datetime | None = None
    ack_due: datetime | None = None
    ack_act_by: datetime | None = None

    def flags(self, at: datetime) -> tuple[str | None, tuple[str, ...]]:
        """How to speak with the caller as may be known `at`: language and needs, while the agreement lasts."""
        lasts = self.flags_until is not None and at < self.flags_until
        return (self.language, self.needs) if lasts else (None, ())


NO_FLAGS: dict[str, Any] = {"language": None, "needs": (), "flags_by": None, "flags_at": None, "flags_until": None}
"""The fields of a Task of which nothing is noted of how to speak with its caller."""


def flags_of(task: Task) -> dict[str, Any]:
    """Return the fields of a task that say how to speak with its caller, for another task of theirs."""
    return {name: getattr(task, name) for name in NO_FLAGS}


NEEDS = ("interpreter", "text_relay", "hard_of_hearing", "sight", "speech", "learning", "carer_calls")
"""What may be noted of how somebody is to be spoken with (H13); nothing of why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A dial that an agent asked for with a click: the agent's telephone is rung, then the caller's. At most one.

    `key` names it for good and is the ChannelId of the agent's leg. `number` is the task's, in the spelling of
    core.numbers, empty once erased. `overridden`: outside calling hours, by a supervisor. `callout` is the uniqueid of
    the caller's leg. `why` says in words fit for a page what became of it (no full number).
    """

    pbx: str
    key: str
    task: int
    who: str
    telephone: str
    number: str
    asked_at: datetime
    state: ClickState
    result: ClickResult | None = None
    why: str = ""
    overridden: bool = False
    agent_up_at: datetime | None = None
    callout: str | None = None
    rang_at: datetime | None = None
    talking_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUp:
    """What an agent said of a call after it. Known by (pbx, uniqueid, who); `task` is the follow-up opened for it.

    `line` and `caller` are the call's, the caller in the spelling of core.numbers.
    """

    pbx: str
    uniqueid: str
    who: str
    at: datetime
    line: str
    caller: str | None
    kind: WrapKind
    why: str = ""
    task: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a task's history (the audit): who did what, when and why; `state` is the task's afterwards.

    `seq` counts from 1 within the task. `who` is a person's name, a telephone, or `callcentre`. `why` never holds a
    full telephone number. `request` is the key of the request that caused it, so that it is carried out once.
    """

    pbx: str
    task: int
    seq: int
    at: datetime
    who: str
    step: TaskStep
    why: str
    state: TaskState
    request: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """One dial from the office to a caller who waits for one (a task's attempt, or a missed caller without a task).

    Known by the called leg's (pbx, uniqueid). `ring_start` is the far end's ringing, `result` None while it lasts.
    """

    pbx: str
    uniqueid: str
    caller: str
    telephone: str
    begun_at: datetime
    task: int | None = None
    ring_start: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    result: CalloutResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that people must be told, once: `key` drops repeats. `to` are contacts of the configuration.

    `title` is one line, `text` plain words that need no other source; numbers in them are masked.
    """

    key: str
    pbx: str
    line: str
    kind: NoticeKind
    at: datetime
    title: str
    text: str
    to: tuple[str, ...]
    task: int | None = None
