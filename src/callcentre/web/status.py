"""How the office stands today, as pages show it: values, and what follows from them; no markup."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from aiohttp import web

from callcentre.core.charter import JudgedBy, Line
from callcentre.core.service_level import ServiceLevel
from callcentre.core.terms import MailboxState, MemberState, Outcome
from callcentre.web import words
from callcentre.web.attendance import AttendanceNow


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbacksNow:
    """The open callbacks of a line, whether its PBX is in sight or not.

    `first_due` is the earliest deadline of them, `due_today` how many are due by midnight (None: not known);
    `overdue` counts those whose deadline passed unanswered. `unmatched` are messages without a task, which is never
    right; `mailboxes` as the last look found them.
    """

    count: int = 0
    overdue: int = 0
    due_today: int | None = None
    first_due: datetime | None = None
    unmatched: int = 0
    mailboxes: Mapping[MailboxState, int] = field(default_factory=dict)

    @property
    def wrong(self) -> Sequence[str]:
        """What somebody has to see to, in words."""
        found = [f"{self.overdue} overdue"] if self.overdue else []
        if self.unmatched:
            found.append(f"{words.some(self.unmatched, 'message')} without a task")
        for state, said in words.MAILBOXES.items():
            if number := self.mailboxes.get(state):
                found.append(f"{words.some(number, 'mailbox', 'mailboxes')} {said}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelToday:
    """The service level that a line's charter is judged by: `reached` of `of` calls (None: no call yet).

    `kept` says whether the promise is kept so far, None where nothing can be said.
    """

    seconds: float
    promise: float | None
    reached: float | None
    within: int
    of: int

    @property
    def kept(self) -> bool | None:
        """Whether the promise is kept so far."""
        if self.reached is None or self.promise is None:
            return None
        return self.reached >= self.promise

    @property
    def verdict(self) -> str:
        """In a word."""
        return {True: "kept", False: "missed", None: ""}[self.kept]

    @property
    def looks(self) -> str:
        """How it is to look: good, quiet or bad."""
        return {True: "good", False: "bad", None: "quiet"}[self.kept]

    @property
    def target(self) -> str:
        """What is promised, in words."""
        promised = "" if self.promise is None else f", promised {self.promise * 100:g}{words.NBSP}%"
        return f"within {self.seconds:g}{words.NBSP}s{promised}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineToday:
    """A line's calls since midnight (outside calls by outcome, and the service level of core hours), and its now.

    `outcomes` and `level` are None while the database cannot be read, `waiting` and `agents` while the line's PBX is
    out of sight, `attendance` before anything was told of it.
    """

    line: Line
    outcomes: Mapping[Outcome, int] | None
    level: ServiceLevel | None
    waiting: Sequence[datetime] | None = None
    agents: Mapping[MemberState, int] | None = None
    attendance: AttendanceNow | None = None
    callbacks: CallbacksNow = CallbacksNow()

    @property
    def title(self) -> str:
        """What people call the line."""
        return self.line.title or self.line.name

    @property
    def calls(self) -> int | None:
        """All outside calls since midnight."""
        return None if self.outcomes is None else sum(self.outcomes.values())

    @property
    def answered(self) -> int | None:
        """The outside calls that somebody answered."""
        return None if self.outcomes is None else self.outcomes.get(Outcome.ANSWERED, 0)

    @property
    def abandoned(self) -> int | None:
        """The callers who gave up, at once or after a while."""
        if self.outcomes is None:
            return None
        return self.outcomes.get(Outcome.ABANDONED, 0) + self.outcomes.get(Outcome.SHORT_ABANDONED, 0)

    @property
    def judged(self) -> LevelToday | None:
        """The service level against the promise; None where no answer time is promised, or nothing is known."""
        charter, level = self.line.charter, self.level
        if charter.answer_seconds is None or level is None:
            return None
        of = {
            JudgedBy.STRICT: level.offered,
            JudgedBy.HEADLINE: level.offered - level.short_abandoned,
            JudgedBy.ANSWERED: level.answered,
        }[charter.judged_by]
        return LevelToday(
            seconds=charter.answer_seconds,
            promise=charter.answer_fraction,
            reached=level.judged(charter),
            within=level.within,
            of=of,
        )

    @property
    def is_breach(self) -> bool:
        """Whether nobody can answer where somebody is promised, and people were told."""
        return self.attendance is not None and self.attendance.is_breach

    @property
    def has_callbacks(self) -> bool:
        """Whether anything is to be said of callbacks: not on a line where nobody can leave a message."""
        return bool(self.line.mailboxes or self.callbacks.count or self.callbacks.wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All that is so now. `figures_problem` says why there are no figures of today, if so.

    `mailbox_problems` says, by PBX, why its mailboxes cannot be looked into, or not in full; `acting_problems` why the
    account that acts there is not logged in.
    """

    at: datetime
    zone: str
    version: str
    links: Mapping[str, bool]
    store_problem: str
    lines: Sequence[LineToday]
    figures_problem: str = ""
    mailbox_problems: Mapping[str, str] = field(default_factory=dict)
    acting_problems: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""

    @property
    def breaches(self) -> Sequence[LineToday]:
        """The lines on which nobody can answer, against the promise."""
        return [each for each in self.lines if each.is_breach]

    @property
    def out_of_sight(self) -> Sequence[str]:
        """The PBXs that are not seen now."""
        return sorted(name for name, up in self.links.items() if not up)


Gathers = Callable[[], Awaitable[Status]]
"""Gathers how the office stands; does not raise."""

STATUS: Final[web.AppKey[Gathers]] = web.AppKey("status")
