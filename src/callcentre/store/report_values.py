"""What a report's queries count: values, each of a line and a period (from 0), none of a person."""

from dataclasses import dataclass
from datetime import datetime

from callcentre.core.case_values import CaseChannel
from callcentre.core.terms import MailboxState, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackCount:
    """The messages of a line that were left in a period, and what became of each by its own deadline.

    `in_time` were answered by it (or ended by the close of their task), `late` after it, `overdue` not at all though
    it has passed, `waiting` not yet. `responded`: the caller was connected, or a dial rang 15 s; `reached`: connected;
    `flat`: responded within 24 hours of the clock, whatever day it was. `ended`: closed without a response.
    """

    line: str
    period: int
    in_time: int
    late: int
    overdue: int
    waiting: int
    responded: int
    reached: int
    flat: int
    ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictCount:
    """How many calls of a line reached voicemail in a period with this verdict (H7)."""

    line: str
    period: int
    verdict: Verdict
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCount:
    """The clocks of one kind that began in a period: kept, kept too late, run out, or still running.

    `days` are calendar days from receipt to the end of all that ended, added up, `longest` the most of one.
    `channel`: how the person turned to the office.
    """

    line: str
    period: int
    clock: str
    kind: str
    channel: CaseChannel
    kept: int
    late: int
    overdue: int
    running: int
    days: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseCount:
    """The complaints received in a period that have one cause (empty: none was written down)."""

    cause: str
    complaints: int
    remedied: int
    not_upheld: int
    remedies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCount:
    """How many cases of one kind a line received in a period; `closed` of them by now."""

    line: str
    period: int
    kind: str
    cases: int
    closed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRemedy:
    """A complaint that is closed or answered, and of which no remedy is written down: number, never a name."""

    pbx: str
    number: int
    line: str
    received_at: datetime
    state: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCount:
    """What callers of a line answered in a period: `answer` 1 to 5, None for who was asked and gave none."""

    line: str
    period: int
    answer: int | None
    callers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingCount:
    """How many recorded messages of a line stand so now: the words of core.greetings.Standing; empty: well."""

    line: str
    standing: str
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxStands:
    """How a mailbox of a line was found last (H9)."""

    line: str
    mailbox: str
    state: MailboxState
    reason: str
    at: datetime
