"""What people ask of the core: events too, each with the name of who asks and a key that makes it happen once.

Refused with IllegalTransition, whose words say what to do instead; nothing is changed then.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callcentre.core.events import Event
from callcentre.core.incidents import AbuseStep, Incident, Review
from callcentre.core.tasks import Filing, Task
from callcentre.core.terms import AckHow, CallKey, TaskOutcome, WrapKind


class TaskAction(StrEnum):
    """What a person can do to a task."""

    CLAIM = "claim"
    RENEW = "renew"
    RELEASE = "release"
    HEARD = "heard"
    NUMBER = "number"
    NOTE = "note"
    CLOSE = "close"
    REOPEN = "reopen"
    DIAL = "dial"
    LATER = "later"
    FLAGS = "flags"
    ASSIGN = "assign"
    UNDO = "undo"
    COMPLAINT = "complaint"
    FOLLOW_UP = "follow_up"
    ACKNOWLEDGE = "acknowledge"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAsked(Event):
    """A person asks for a step of task `number`; refused with IllegalTransition, whose words say what to do instead.

    `outcome` is for CLOSE, with `resolved` (at first contact or not, H1; None: not said); `dial` for NUMBER (the number
    heard in the message); `message` (a key) for HEARD: that one alone; `telephone` (the agent's own, `PJSIP/101`) for
    DIAL; `call_at` for LATER (None takes it back); `language` and `needs` for FLAGS, which are kept only if the caller
    `agreed`; `to` (a name) for ASSIGN; `how` the caller was told for ACKNOWLEDGE, and `when` (None: now), not before a
    message was left that waits for it; `why` free words. UNDO takes back what `who` did last to the task, within a
    minute (a CLOSE, RELEASE or ACKNOWLEDGE): it is as it was. `supervisor`: whoever asks may decide about tasks that
    others hold, ASSIGN, and DIAL outside calling hours.
    `through` names the program that asks for them, shown beside `who` in the history.
    `request` names this request for good ([A-Za-z0-9-], 64 at most): asked again after a restart it is not carried out
    twice; for DIAL it is the key of the Click. `row` and `filings` are a closed task as the store has it: whoever asks
    about one gives them, because the core remembers only the latest of those.
    """

    number: int
    action: TaskAction
    who: str
    request: str
    why: str = ""
    outcome: TaskOutcome | None = None
    dial: str | None = None
    resolved: bool | None = None
    message: str | None = None
    telephone: str | None = None
    call_at: datetime | None = None
    language: str | None = None
    needs: tuple[str, ...] = ()
    agreed: bool = False
    to: str | None = None
    how: AckHow | None = None
    when: datetime | None = None
    supervisor: bool = False
    through: str = ""
    row: Task | None = None
    filings: tuple[Filing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpAsked(Event):
    """An agent says in one tap what a call was (H1, W5); said again for the same call by the same agent, it is changed.

    `line` and `caller` are the call's, as the store has them, `call_at` is when it came in. FOLLOW_UP opens a task
    for the caller, once, with the deadline that a message left now would have; COMPLAINT a case, received at `call_at`.
    """

    call: CallKey
    line: str
    caller: str | None
    kind: WrapKind
    who: str
    request: str
    why: str = ""
    call_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbuseAsked(Event):
    """An agent presses the button for an abusive caller (W5); refused unless that very call is at `telephone`.

    `call` names the caller's channel, or by its key a callback that was made with a click. `telephone` is the agent's
    own (`PJSIP/101`). `request` is the key of the AbuseAct ([A-Za-z0-9-], 64 at most).
    """

    call: CallKey
    step: AbuseStep
    telephone: str
    who: str
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentNoted(Event):
    """A person adds a `note` to an incident; `row` is it, as the store has it."""

    row: Incident
    note: str
    who: str
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReviewed(Event):
    """The named role keeps a mark or withdraws it, with a `note` that says why; `row` as in IncidentNoted.

    NotTheirRole for everybody else. `admin`: whoever asks may, in the place of a role that nobody holds.
    """

    row: Incident
    review: Review
    note: str
    who: str
    request: str
    admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogDecided(Event):
    """A person decides on the messages found at the first start: each becomes a task (`take_on`), or none does."""

    take_on: bool
    who: str
    request: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureAsked(Event):
    """A person asks that a caller's number, or one task's caller and messages, be erased for good.

    An empty `pbx` with a `caller` means all PBXs. `row` and `filings` as in TaskAsked, for a `task` that is closed.
    `cases` (numbers) are erased as well; `words` (a name, an e-mail address) from every text that has them.
    `recordings`: those in the voicemail spool too, where the office allows it; that is not the core's work.
    """

    who: str
    request: str
    why: str = ""
    caller: str | None = None
    task: int | None = None
    cases: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    recordings: bool = False
    row: Task | None = None
    filings: tuple[Filing, ...] = ()
