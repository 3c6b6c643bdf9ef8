"""What an office promises, as data: targets, hours, the rule for messages, and the lines that keep them.

Charters are files (config/charters/*.toml), never code. Times of day are civil times in the line's zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from callcentre.core.terms import Nation

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class JudgedBy(StrEnum):
    """Which of the service levels a charter is judged by (docs/explanation: service level)."""

    STRICT = "strict"
    HEADLINE = "headline"
    ANSWERED = "answered"


class RuleName(StrEnum):
    """The deadline rules of the charters; `DeadlineRule.n` is hours for the first, working days for the second."""

    ELAPSED_OR_NEXT_WORKING_DAY = "elapsed_or_next_working_day"
    WORKING_DAYS = "working_days"
    SAME_WORKING_DAY = "same_working_day"
    WITHIN_A_WORKING_DAY = "within_a_working_day"


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """A rule and its number (None for the two rules that need none)."""

    name: RuleName
    n: int | None = None


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Open hours [open, close) in minutes after midnight, 0 ≤ open < close ≤ 1440 (24:00)."""

    open: int
    close: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekHours:
    """The open intervals of each weekday (0 = Monday), sorted, not overlapping; a day without any is no working day."""

    days: tuple[tuple[Interval, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """The promises of an office. A target of None was not promised, and is never judged.

    `answer_seconds` and `answer_rings` are the telephone targets, `answer_fraction` how many calls must meet them
    (0.9), `short_abandon_seconds` below which an abandoned call is a short one.
    """

    name: str
    version: int
    answer_seconds: float | None
    answer_rings: int | None
    answer_fraction: float | None
    judged_by: JudgedBy
    short_abandon_seconds: float
    hours: WeekHours
    message_rule: DeadlineRule
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A service that the office answers, with everything the core needs to know of it.

    `ring_cycle_seconds` is the length of one ring of its tone zone (UK 3.0, US 6.0). `hours` are the line's core
    hours: its own, else its charter's. `holidays` are the bank holidays of its nation by date with their names, as
    far as the config could tell them; `added_days` and `removed_days` are the office's own working and closed days.
    """

    name: str
    pbx: str
    charter: Charter
    nation: Nation
    hours: WeekHours
    dids: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    extensions: frozenset[str] = frozenset()
    mailboxes: frozenset[str] = frozenset()
    zone: str = "Europe/London"
    ring_cycle_seconds: float = 3.0
    min_agents: int = 1
    ring_out_limit: int = 3
    holidays: Mapping[date, str] = field(default_factory=dict)
    added_days: frozenset[date] = frozenset()
    removed_days: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pbx:
    """One Asterisk, by name.

    `trunks` are devices that carry outside calls (`PJSIP/trunk`); empty: whatever is no known telephone is outside.
    `menus` are DIDs of menus, claimed by no line.
    """

    name: str
    trunks: frozenset[str] = frozenset()
    menus: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """All lines and PBXs of this daemon; `fallback_line` takes what no line names."""

    pbxs: tuple[Pbx, ...]
    lines: tuple[Line, ...]
    fallback_line: str


def minutes(clock: time) -> int:
    """Minutes after midnight of a time of day."""
    return clock.hour * 60 + clock.minute
