"""An office of two lines on one PBX and one on another, and its metrics."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from callcentre.core.centre import Snapshot
from callcentre.core.charter import (
    Charter,
    DeadlineRule,
    JudgedBy,
    Line,
    Office,
    Pbx,
    RuleName,
    WeekHours,
)
from callcentre.core.terms import Attendance, MemberState, Nation
from callcentre.metrics import Metrics
from tests.unit.runtime.samples import NOON

CHARTER = Charter(
    name="hct",
    version=1,
    answer_seconds=15.0,
    answer_rings=5,
    answer_fraction=0.9,
    judged_by=JudgedBy.STRICT,
    short_abandon_seconds=5.0,
    hours=WeekHours(days=((),) * 7),
    message_rule=DeadlineRule(RuleName.WORKING_DAYS, 1),
)


def line(name: str, pbx: str = "lab") -> Line:
    return Line(
        name=name,
        pbx=pbx,
        charter=CHARTER,
        nation=Nation.ENGLAND,
        hours=CHARTER.hours,
        queues=frozenset({name}),
    )


OFFICE = Office(
    pbxs=(Pbx(name="lab"), Pbx(name="away")),
    lines=(line("enquiries"), line("bookings"), line("far", "away")),
    fallback_line="enquiries",
)

VIEW = Snapshot(
    in_sight={"lab": True, "away": False},
    waiting={"enquiries": (NOON - timedelta(seconds=12), NOON - timedelta(seconds=3))},
    agents={"enquiries": {MemberState.FREE: 2, MemberState.PAUSED: 1}},
    attendance={"enquiries": (Attendance.ATTENDED, NOON), "far": (Attendance.UNKNOWN, NOON)},
    core_hours={"enquiries": True, "far": False},
)


@dataclass
class Daemon:
    """Stands in for the loop."""

    store_up: bool = True
    unwritten: Mapping[str, int] = field(default_factory=dict)
    lost: Mapping[tuple[str, str], int] = field(default_factory=Counter)
    faults: Mapping[str, int] = field(default_factory=Counter)


@dataclass
class Scrape:
    """Metrics of OFFICE."""

    daemon: Daemon = field(default_factory=Daemon)
    view: Snapshot = VIEW

    def __post_init__(self) -> None:
        self.metrics = Metrics(OFFICE, version="0.1.0")
        self.registry = self.metrics.registry
        self.metrics.watch(now=lambda: NOON, snapshot=lambda _at: self.view, service=self.daemon)

    def value(self, name: str, **labels: str) -> float | None:
        """The value of a series, or None if there is none."""
        return self.registry.get_sample_value(f"callcentre_{name}", labels)
