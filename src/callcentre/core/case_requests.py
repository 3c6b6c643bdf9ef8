"""What people ask of cases: events, each with the name of who asks and a key that makes it happen once.

Refused with IllegalTransition, whose words say what to do instead; nothing is changed then.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from callcentre.core.case_values import Case, CaseChannel, CaseClock, CaseOutcome
from callcentre.core.events import Event


class CaseAction(StrEnum):
    """What a person can do about a case."""

    OPEN = "open"
    NOTE = "note"
    EDIT = "edit"
    ASSIGN = "assign"
    ACKNOWLEDGE = "acknowledge"
    AGREE = "agree"
    UPDATE = "update"
    ANSWER = "answer"
    STAGE = "stage"
    TOLD_HOW = "told_how"
    CAUSE = "cause"
    REMEDY = "remedy"
    REFER = "refer"
    CLOSE = "close"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAsked(Event):
    """A person asks for a step of case `number` (0 for OPEN, which finds the number).

    OPEN takes `line`, `kind`, `channel` and what else is known; `received_at` is when it reached the office (None:
    now), `task` and `call` (a uniqueid) where it came from. EDIT changes those of `category`, `caller`, `name`,
    `email`, `address`, `summary` and `about` that are not None (an empty word clears one). ASSIGN: `owner` (a name),
    with `direct_dial`. `when` is when ACKNOWLEDGE, UPDATE or ANSWER was done, not before it was received (None: now).
    AGREE: `agreed_on` (a day in the line's zone), `agreed_from` (who will answer; None: the owner), `update_days`
    (working days between updates), `why`. STAGE: `stage` (2 or 3), and `channel` and `received_at` of the person's
    request for it. CAUSE and REMEDY: `cause`, `remedy`. REFER closes as outside the remit: `referred_to` (whom they
    were sent to), and `category` where the charter names what is outside. CLOSE: `outcome`. `why` is free words for
    the history.

    `supervisor`: whoever asks may decide about all cases; `admin`: also in the place of a role that nobody holds.
    `through` names the program that asks for them. `request` names this request for good ([A-Za-z0-9-], 64 at most).
    `row` and `clocks` are a closed case as the store has it: whoever asks about one gives them, because the core
    remembers only the latest of those.
    """

    number: int
    action: CaseAction
    who: str
    request: str
    why: str = ""
    line: str = ""
    kind: str = ""
    channel: CaseChannel | None = None
    category: str | None = None
    received_at: datetime | None = None
    caller: str | None = None
    name: str | None = None
    email: str | None = None
    address: str | None = None
    summary: str | None = None
    about: str | None = None
    task: int | None = None
    call: str | None = None
    owner: str | None = None
    direct_dial: str | None = None
    when: datetime | None = None
    agreed_on: date | None = None
    agreed_from: str | None = None
    update_days: int | None = None
    stage: int | None = None
    cause: str | None = None
    remedy: str | None = None
    outcome: CaseOutcome | None = None
    referred_to: str | None = None
    supervisor: bool = False
    admin: bool = False
    through: str = ""
    row: Case | None = None
    clocks: tuple[CaseClock, ...] = ()
