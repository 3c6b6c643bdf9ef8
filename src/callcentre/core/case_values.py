"""What a case is made of: its row, its clocks, its history. Frozen values, no behaviour; each is a row of the store.

A case is a complaint, a compliment, a suggestion, an enquiry or a letter that is kept track of until it is answered.
What may happen to one is core/case_states.py.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

COMPLAINT: Final = "complaint"
COMPLIMENT: Final = "compliment"
KINDS: Final = (COMPLAINT, COMPLIMENT, "suggestion", "enquiry", "correspondence")
"""The kinds that every charter knows; a charter's `[[case]]` tables may name more."""


class CaseChannel(StrEnum):
    """How somebody turned to the office."""

    CALL = "call"
    MESSAGE = "message"
    LETTER = "letter"
    FAX = "fax"
    EMAIL = "email"
    WEB = "web"
    SOCIAL = "social"
    IN_PERSON = "in_person"


WRITTEN: Final = frozenset({CaseChannel.LETTER, CaseChannel.FAX, CaseChannel.EMAIL, CaseChannel.WEB})
"""What counts as in writing."""


class CaseState(StrEnum):
    """The states of a case; the table of what leads where is core/case_states.py."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    CLOSED = "closed"


class CaseOutcome(StrEnum):
    """Why a case was closed."""

    RESOLVED = "resolved"
    NOT_UPHELD = "not_upheld"
    OUTSIDE_REMIT = "outside_remit"  # told whom to turn to instead
    ACKNOWLEDGED_ONLY = "acknowledged_only"  # abusive: by the named role alone
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    PASSED_ON = "passed_on"


class CaseStep(StrEnum):
    """One entry in a case's history: what happened to it."""

    OPENED = "opened"
    JOINED = "joined"
    NOTED = "noted"
    EDITED = "edited"
    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    AGREED = "agreed"
    UPDATED = "updated"
    ANSWERED = "answered"
    STAGED = "staged"
    TOLD_HOW = "told_how"
    CAUSED = "caused"
    REMEDIED = "remedied"
    NOTIFIED = "notified"
    DEADLINE_CHANGED = "deadline_changed"
    WARNED = "warned"
    OVERDUE = "overdue"
    ESCALATED = "escalated"
    CLOSED = "closed"
    REOPENED = "reopened"
    ERASED = "erased"


class ClockName(StrEnum):
    """What of a case is promised by a time."""

    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    AGREED = "agreed"
    UPDATE = "update"


ONCE_A_STAGE: Final = frozenset({ClockName.ACKNOWLEDGE, ClockName.ANSWER})
"""What is promised once for each stage; each agreed date and each update is a promise of its own.

Where a case that was closed late is opened again, its clock runs anew, and two rows tell of one promise: the first of
them that was kept, or was late, is what counts, in every figure.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case, known by (pbx, number). Times aware UTC; the clocks' columns are those of the present stage.

    `kind` is a word of KINDS or one of the charter's own, `category` a word of the charter or empty. `role` is the one
    that the stage goes to, empty where the charter names none. `caller` is a number in the spelling of core.numbers.
    `about` is the person that a compliment or complaint is about. `task` and `call` (a uniqueid) are what it came from.
    `*_due` judges, `*_act_by` is the last open moment before it; None: not promised, or no longer. `answer_due` is the
    agreed date where the charter lets that take its place; `answer_first_due` stays the charter's own. `agreed_for` is
    the end of the agreed day, `agreed_from` who will answer by then. `update_days` (working days) is how often the
    person is kept informed, next by `update_due`; `updated_at` is when last. `next_due` and `next_act_by` are of
    what is to be done first, None where nothing is. `entries` counts the history.
    """

    pbx: str
    number: int
    line: str
    charter: str
    charter_version: int
    kind: str
    channel: CaseChannel
    state: CaseState
    received_at: datetime
    opened_at: datetime
    opened_by: str
    entries: int
    category: str = ""
    stage: int = 1
    role: str = ""
    owner: str | None = None
    direct_dial: str | None = None
    caller: str | None = None
    name: str | None = None
    email: str | None = None
    address: str | None = None
    summary: str = ""
    about: str | None = None
    task: int | None = None
    call: str | None = None
    ack_due: datetime | None = None
    ack_act_by: datetime | None = None
    acknowledged_at: datetime | None = None
    answer_due: datetime | None = None
    answer_act_by: datetime | None = None
    answer_first_due: datetime | None = None
    answered_at: datetime | None = None
    agreed_at: datetime | None = None
    agreed_for: datetime | None = None
    agreed_from: str | None = None
    agreed_why: str = ""
    update_days: int | None = None
    update_due: datetime | None = None
    next_due: datetime | None = None
    next_act_by: datetime | None = None
    updated_at: datetime | None = None
    told_how_at: datetime | None = None
    outcome: CaseOutcome | None = None
    referred_to: str | None = None
    cause: str | None = None
    remedy: str | None = None
    remedied_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClock:
    """One promise of a case with its end: the row from which figures are made. Every clock that ever ran is kept.

    `seq` counts from 1 within the case. It ran from `started_at` (the receipt, for the first two) until it was kept
    (`met_at`) or came to nothing (`dropped_at`: withdrawn, a new stage, another date). `charter`, `kind`, `channel` and
    `stage` are those it was made under. `alarms` names what was told about its present `due`.
    """

    pbx: str
    case_number: int
    seq: int
    clock: ClockName
    line: str
    charter: str
    charter_version: int
    kind: str
    channel: CaseChannel
    stage: int
    started_at: datetime
    due: datetime
    act_by: datetime
    due_reason: str
    met_at: datetime | None = None
    dropped_at: datetime | None = None
    alarms: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        """Whether it was neither kept nor dropped."""
        return self.met_at is None and self.dropped_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEntry:
    """One line of a case's history (the audit): who did what, when and why; `state` is the case's afterwards.

    `seq` counts from 1 within the case. `why` never holds a full telephone number. `request` is the key of the request
    that caused it, so that it is carried out once.
    """

    pbx: str
    case_number: int
    seq: int
    at: datetime
    who: str
    step: CaseStep
    why: str
    state: CaseState
    request: str | None = None
