"""What the API answers of how the office stands and stood: attendance, figures, missed callers, lines."""

from collections.abc import Sequence
from datetime import date
from typing import Literal, Self

from pydantic import Field

from callcentre.core.breach import Breach, BreachStep
from callcentre.core.terms import (
    ActionKind,
    ActionResult,
    Attendance,
    BreachEnd,
    MailboxState,
    MemberState,
    Mode,
    Outcome,
)
from callcentre.web.api.shape import Instant, Shape

# --- attendance ------------------------------------------------------------------------------------------------------


class StretchRow(Shape):
    """An interval of a line's core hours in which one thing was so."""

    start: Instant
    end: Instant
    seconds: float
    state: Attendance | Literal["to_come"]
    reason: str
    who: tuple[str, ...]


class StepRow(Shape):
    """One thing that was done about a breach."""

    seq: int
    at: Instant
    action: ActionKind
    target: str
    result: ActionResult
    why: str
    undoes: int | None
    settled_at: Instant | None


class AttendanceNews(Shape):
    """A line's attendance is `state` since `at`."""

    pbx: str
    line: str
    at: Instant
    state: Attendance
    reason: str
    core: bool
    who: tuple[str, ...]


class BreachRow(Shape):
    """A line that needed somebody, with what was done about it."""

    since: Instant
    mode: Mode
    reason: str
    who: tuple[str, ...]
    unattended_at: Instant | None
    alarmed_at: Instant | None
    asked_by: str | None
    waiting: int
    told: tuple[int, ...]
    ended_at: Instant | None
    end: BreachEnd | None
    steps: tuple[StepRow, ...]

    @classmethod
    def of(cls, breach: Breach, steps: Sequence[BreachStep]) -> Self:
        """A breach with its steps."""
        told = {name: getattr(breach, name) for name in cls.model_fields}
        return cls.model_validate(told | {"steps": tuple(StepRow.model_validate(step) for step in steps)})


class LineDay(Shape):
    """A line's civil day: its core hours interval by interval, which add up to `core_seconds`, and its breaches."""

    pbx: str
    line: str
    day: date
    core_seconds: float
    attended_seconds: float
    unattended_seconds: float
    unknown_seconds: float
    to_come_seconds: float
    attended_fraction: float | None
    closed: str | None
    as_of: Instant
    attendance: tuple[StretchRow, ...]
    breaches: tuple[BreachRow, ...]


class AttendanceList(Shape):
    """The ledger of a day, line by line."""

    lines: tuple[LineDay, ...]


# --- now -------------------------------------------------------------------------------------------------------------


class LevelNow(Shape):
    """A service level, as its charter judges it: `within` of `of` calls; null while there was none."""

    seconds: float
    promise: float | None
    reached: float | None
    within: int
    of: int
    kept: bool | None


class AttendanceNow(Shape):
    """A line's attendance now."""

    state: Attendance
    since: Instant | None
    core: bool
    reason: str
    who: tuple[str, ...]
    breach: bool


class CallbacksNow(Shape):
    """The open callbacks of a line."""

    open: int = Field(validation_alias="count")
    overdue: int
    due_today: int | None
    first_due: Instant | None
    unmatched: int
    mailboxes: dict[MailboxState, int]


class LineNow(Shape):
    """A line's outside calls since midnight, and its now; null is what is not known."""

    line: str
    pbx: str
    calls: int | None
    abandoned: int | None
    outcomes: dict[Outcome, int] | None
    level: LevelNow | None
    waiting: int | None
    longest_since: Instant | None
    agents: dict[MemberState, int] | None
    attendance: AttendanceNow | None
    callbacks: CallbacksNow


class Figures(Shape):
    """How the office stands: the numbers of the page /today."""

    at: Instant
    pbxs: dict[str, bool] = Field(description="which PBXs are in sight")
    problem: str = Field(description="why there are no figures of today, in words; else empty")
    lines: tuple[LineNow, ...]


class MissedRow(Shape):
    """A caller whom nobody answered on a line, and who was neither answered nor reached since."""

    pbx: str
    line: str
    caller: str
    calls: int
    first_at: Instant
    last_at: Instant
    task: int | None


class MissedList(Shape):
    """Missed callers, the latest first; `next` is the cursor of the page after this one, null if this is the last."""

    missed: tuple[MissedRow, ...]
    next: str | None


class LineRow(Shape):
    """A line, and what its charter promises of answering."""

    line: str
    title: str
    pbx: str
    zone: str
    charter: str
    charter_version: int
    answer_seconds: float | None
    answer_rings: int | None
    answer_fraction: float | None
    judged_by: str
    mailboxes: tuple[str, ...]


class LineList(Shape):
    """All lines."""

    lines: tuple[LineRow, ...]
