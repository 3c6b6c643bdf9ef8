"""What a report says: values, all of them shown, each key of its JSON a field here (docs/reference/report.md).

A share is `kept` of `of`; its `value` is None where there is nothing to take a share of. A target of None was not
promised, and what was not promised is neither kept nor broken: `is_kept` is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of a whole: `kept` of `of`; whole numbers, or seconds where time is shared."""

    kept: float
    of: float
    value: float | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", self.kept / self.of if self.of > 0 else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One month of a trend; `share` None: nothing is known of that month. `partial`: something of it was not seen."""

    month: str
    share: Share | None
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfLine:
    """A share of one line."""

    line: str
    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One promise: what was promised in words, what came of it, and how that went over twelve months.

    `figure` names it for programs. `target` is a share of 0 to 1. `definition` says what is counted, `source` is the
    page that shows the same (a path), or the name of the figure in docs/reference/report.md. `open` are those of which
    it is not decided yet. `trend` is empty where nothing is measured.
    """

    figure: str
    title: str
    promised: str
    target: float | None
    share: Share | None
    is_kept: bool | None
    open: int
    partial: bool
    definition: str
    source: str
    trend: tuple[Point, ...] = ()
    lines: tuple[OfLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineName:
    """A line of the report. Not `configured`: its calls bear the charter's name, the configuration has it no more."""

    line: str
    title: str
    pbx: str
    configured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of the charter by which calls of the month were judged."""

    version: int
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCalls:
    """The outside calls of a line (empty: of all lines). From `offered` to `refused`: decided ones of core hours."""

    line: str
    offered: int
    answered: int
    within_seconds: int
    within_rings: int
    voicemail: int
    voicemail_empty: int
    abandoned: int
    short_abandoned: int
    overflowed: int
    closed: int
    refused: int
    out_of_hours: int
    lost: int
    in_progress: int
    partial: int
    inferred: int
    never_offered_a_mailbox: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A civil day: `kept` of `offered` calls met the target (answered, where no seconds are promised).

    `gap`: a PBX was out of sight during it. Seconds are of the lines' core hours.
    """

    day: date
    offered: int
    kept: int
    missed: int
    value: float | None
    lost: int
    partial: int
    gap: bool
    unattended_seconds: float
    unknown_seconds: float
    still_to_come: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """An hour of the civil day, over the whole month."""

    hour: int
    offered: int
    kept: int
    missed: int
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GapShown:
    """A time in which a PBX was out of sight, and the calls it touched; None: not counted (only of the longest 20)."""

    pbx: str
    opened_at: datetime
    closed_at: datetime | None
    seconds: float
    reason: str
    partial: int | None
    lost: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceOfLine:
    """A line's core hours of the month in seconds (empty line: of all lines added up)."""

    line: str
    core_seconds: float
    attended_seconds: float
    unattended_seconds: float
    unknown_seconds: float
    to_come_seconds: float
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbacksOfLine:
    """The messages that were left on a line in the month (empty line: on all), by what became of them."""

    line: str
    messages: int
    in_time: int
    late: int
    overdue: int
    waiting: int
    responded: int
    reached: int
    within_24_hours: int
    closed_without_response: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailOfLine:
    """The calls of a line that reached voicemail, by verdict (empty line: of all)."""

    line: str
    calls: int
    misuse: int
    closed_hours: int
    rang_out: int
    all_busy: int
    nobody_there: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClocks:
    """What is promised of one kind of case, and what came of it: the clocks that began in the month.

    Calendar days are from the receipt to the acknowledgement or answer.
    """

    figure: str
    title: str
    kept: int
    late: int
    overdue: int
    running: int
    calendar_days_mean: float | None
    calendar_days_longest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesOfKind:
    """How many cases of a kind were received in the month, and how many of them are closed by now."""

    kind: str
    cases: int
    closed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The complaints received in the month of one cause (empty: none was written down yet)."""

    cause: str
    complaints: int
    remedied: int
    not_upheld: int
    remedies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutRemedy:
    """A complaint received in the month of which no remedy is written down. Its number only: never who complained."""

    pbx: str
    number: int
    line: str
    received_at: datetime
    state: str
    cause: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstContactOfLine:
    """What was settled at first contact (H1), by both figures (empty line: of all)."""

    line: str
    resolved: int
    said: int
    said_value: float | None
    alone: int
    counted: int
    inferred_value: float | None
    windows_open: int
    without_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionOfLine:
    """What callers answered, 1 (bad) to 5 (good), who were asked in the month (empty line: of all)."""

    line: str
    asked: int
    answered: int
    mean: float | None
    by_answer: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingsStand:
    """How many recorded messages of a line stand so, when the report was made; `standing` `well` is good."""

    line: str
    standing: str
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxStand:
    """How a mailbox was found last before the report was made."""

    line: str
    mailbox: str
    state: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeasured:
    """What the charter promises and no telephone system can measure, with the reason."""

    what: str
    why: str
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The report of one charter on one month. The keys of its JSON are these, in this order.

    `until` is the month's end, or `made_at` where it is `so_far`. `partial`: something of it was not seen.
    """

    charter: str
    charter_title: str
    charter_version: int
    versions: tuple[Version, ...]
    month: str
    title: str
    zone: str
    since: datetime
    until: datetime
    made_at: datetime
    so_far: bool
    partial: bool
    url: str
    lines: tuple[LineName, ...]
    promises: tuple[Promise, ...]
    calls: tuple[LineCalls, ...]
    days: tuple[Day, ...]
    hours: tuple[Hour, ...]
    worst_days: tuple[Day, ...]
    worst_hours: tuple[Hour, ...]
    gaps: tuple[GapShown, ...]
    attendance: tuple[AttendanceOfLine, ...]
    callbacks: tuple[CallbacksOfLine, ...]
    undecided_messages: int
    voicemail: tuple[VoicemailOfLine, ...]
    first_contact: tuple[FirstContactOfLine, ...]
    case_clocks: tuple[CaseClocks, ...]
    cases: tuple[CasesOfKind, ...]
    complaints_by_cause: tuple[Cause, ...]
    complaints_without_remedy: tuple[WithoutRemedy, ...]
    complaints_without_remedy_count: int
    satisfaction: tuple[SatisfactionOfLine, ...]
    greetings: tuple[GreetingsStand, ...]
    mailboxes: tuple[MailboxStand, ...]
    abuse_incidents: int
    unmeasured: tuple[Unmeasured, ...]


def as_json(value: Any) -> Any:
    """A value of a report as JSON has it: keys are the fields' names, times ISO 8601 in UTC, shares not rounded."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: as_json(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [as_json(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value
