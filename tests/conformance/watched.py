"""Attendance and breaches to store: every field set, or as the test says."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from callcentre.core.breach import Breach, BreachStep
from callcentre.core.facts import AttendanceChanged, BreachChanged
from callcentre.core.tasks import Notice
from callcentre.core.terms import ActionKind, ActionResult, Attendance, BreachEnd, Mode, NoticeKind
from tests.conformance import promises
from tests.conformance.sample import NINE, after


def breach(since: datetime = NINE, **changes: Any) -> Breach:
    """A breach that lasts, of which only what every one has is known."""
    plain = Breach(pbx="lab", line="enquiries", since=since, mode=Mode.ENFORCE, reason="nobody is logged in")
    return replace(plain, **changes)


def full_breach(since: datetime = NINE, **changes: Any) -> Breach:
    """A breach that is over, with every field set."""
    settled: dict[str, Any] = {
        "who": ('Alice "Al" Adams: paused (lunch)', "Zoë: out of reach"),
        "unattended_at": since,
        "alarmed_at": after(60.000001),
        "asked_by": "PJSIP/101",
        "told": (0, 600),
        "waiting": 3,
        "steps": 2,
        "ended_at": after(900),
        "end": BreachEnd.RECOVERED,
    }
    return breach(since, **settled | changes)


def step(seq: int = 1, since: datetime = NINE, **changes: Any) -> BreachStep:
    """A step that was carried out, with every field set."""
    full = BreachStep(
        pbx="lab",
        line="enquiries",
        since=since,
        seq=seq,
        at=after(60 + seq),
        action=ActionKind.ADD_STANDBY,
        target="enquiries PJSIP/109",
        result=ActionResult.DONE,
        why="Added interface to queue",
        undoes=None,
        settled_at=after(60.5 + seq),
    )
    return replace(full, **changes)


def wanted(seq: int = 1, since: datetime = NINE, **changes: Any) -> BreachStep:
    """A step that is being carried out."""
    return step(seq, since, **{"result": ActionResult.WANTED, "why": "", "settled_at": None} | changes)


def undoing(seq: int, since: datetime = NINE, **changes: Any) -> BreachStep:
    """A step that takes the one before it back."""
    return step(seq, since, **{"action": ActionKind.REMOVE_STANDBY, "undoes": seq - 1} | changes)


def notice(**changes: Any) -> Notice:
    """What people are told of a breach."""
    return promises.notice(**{"key": "breach", "kind": NoticeKind.UNATTENDED, "task": None} | changes)


def changed(of: Breach, *steps: BreachStep, notices: tuple[Notice, ...] = ()) -> BreachChanged:
    """The fact."""
    return BreachChanged(pbx=of.pbx, at=of.since, breach=of, steps=steps, notices=notices)


def attendance(seconds: float, state: Attendance, **changes: Any) -> AttendanceChanged:
    """A change of the line's attendance."""
    plain = AttendanceChanged(
        pbx="lab", at=after(seconds), line="enquiries", state=state, reason=f"because {seconds}", core=True
    )
    return replace(plain, **changes)
