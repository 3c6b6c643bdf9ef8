"""An office of two lines on one PBX and one on another, and its metrics."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from callcentre.core.breach import Breach, BreachStep
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
from callcentre.core.facts import BreachChanged
from callcentre.core.terms import (
    ActionKind,
    ActionResult,
    Attendance,
    MailboxState,
    MemberState,
    Mode,
    Nation,
    TaskState,
)
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


def line(name: str, pbx: str = "lab", *mailboxes: str) -> Line:
    return Line(
        name=name,
        pbx=pbx,
        charter=CHARTER,
        nation=Nation.ENGLAND,
        hours=CHARTER.hours,
        queues=frozenset({name}),
        mailboxes=frozenset(mailboxes),
    )


OFFICE = Office(
    pbxs=(Pbx(name="lab", acts=True), Pbx(name="away")),
    lines=(line("enquiries"), line("bookings"), line("far", "away", "600@default")),
    fallback_line="enquiries",
)

ACKNOWLEDGES = replace(CHARTER, acknowledge_rule=DeadlineRule(RuleName.WORKING_DAYS, 5))
TELLS = replace(OFFICE, lines=(replace(OFFICE.lines[0], charter=ACKNOWLEDGES), *OFFICE.lines[1:]))
"""The office with a line that promises to acknowledge messages."""

VIEW = Snapshot(
    in_sight={"lab": True, "away": False},
    waiting={"enquiries": (NOON - timedelta(seconds=12), NOON - timedelta(seconds=3))},
    agents={"enquiries": {MemberState.FREE: 2, MemberState.PAUSED: 1}},
    attendance={"enquiries": (Attendance.ATTENDED, NOON), "far": (Attendance.UNKNOWN, NOON)},
    core_hours={"enquiries": True, "far": False},
    callbacks={"enquiries": {TaskState.OPEN: 3, TaskState.CLAIMED: 1}, "far": {TaskState.DIALLING: 1}, "bookings": {}},
    overdue={"enquiries": 2, "far": 1},
    due_soon={"enquiries": 1},
    unmatched={"enquiries": 0, "far": 4},
    mailboxes={"enquiries": {MailboxState.HEALTHY: 2, MailboxState.FULL: 0}, "far": {MailboxState.FULL: 1}},
)


def breach(line: str = "enquiries", *, since: datetime = NOON, **changed: Any) -> Breach:
    """A breach of a line that enforces, not yet alarmed."""
    known: dict[str, Any] = {
        "pbx": "lab",
        "mode": Mode.ENFORCE,
        "reason": "nobody is logged in",
        "unattended_at": since,
    }
    return Breach(line=line, since=since, **(known | changed))


def step(result: ActionResult, seq: int = 1, *, since: datetime = NOON, **changed: Any) -> BreachStep:
    """The adding of a standby telephone, or another step of the line's breach."""
    known: dict[str, Any] = {"pbx": "lab", "line": "enquiries", "action": ActionKind.ADD_STANDBY}
    target = {"target": "enquiries PJSIP/109"}
    return BreachStep(since=since, seq=seq, at=since, result=result, **(known | target | changed))


def breach_changed(*steps: BreachStep) -> BreachChanged:
    """The fact that these steps are new or settled."""
    since = steps[0].since if steps else NOON
    return BreachChanged(pbx="lab", at=since, breach=breach(since=since), steps=steps)


@dataclass
class Daemon:
    """Stands in for the loop."""

    store_up: bool = True
    unwritten: Mapping[str, int] = field(default_factory=dict)
    lost: Mapping[tuple[str, str], int] = field(default_factory=Counter)
    faults: Mapping[str, int] = field(default_factory=Counter)


@dataclass
class Scrape:
    """Metrics of OFFICE, or another."""

    daemon: Daemon = field(default_factory=Daemon)
    view: Snapshot = VIEW
    office: Office = OFFICE

    def __post_init__(self) -> None:
        self.metrics = Metrics(self.office, version="0.1.0")
        self.registry = self.metrics.registry
        self.metrics.watch(
            now=lambda: NOON, snapshot=lambda _at: self.view, service=self.daemon, looked_at=lambda: {"lab": NOON}
        )

    def value(self, name: str, **labels: str) -> float | None:
        """The value of a series, or None if there is none."""
        return self.registry.get_sample_value(f"callcentre_{name}", labels)
