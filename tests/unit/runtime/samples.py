"""Calls and facts to try the shells with, built with as few words as the test needs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from callcentre.core.facts import Call, RingAttempt, Visit
from callcentre.core.terms import AttemptResult, CallKey, Hours, Origin, Outcome, Quality, VisitResult

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def call(uniqueid: str = "1795363274.1", *, pbx: str = "lab", line: str = "enquiries", **changes: Any) -> Call:
    """A call offered at noon that still rings; `changes` replace its fields."""
    return replace(
        Call(
            key=CallKey(pbx, uniqueid),
            linkedid=uniqueid,
            line=line,
            did="01632960600",
            caller="07700900456",
            origin=Origin.EXTERNAL,
            offered_at=NOON,
            first_ring_at=NOON + timedelta(seconds=1),
            answered_at=None,
            ended_at=None,
            outcome=Outcome.IN_PROGRESS,
            wait_seconds=None,
            ring_seconds=None,
            rings=None,
            talk_seconds=None,
            answered_by=None,
            attempts=(),
            visits=(),
            within_seconds=None,
            within_rings=None,
            hours=Hours.CORE,
            quality=Quality.COMPLETE,
            charter="hct",
            charter_version=1,
        ),
        **changes,
    )


def answered(uniqueid: str = "1795363274.1", *, wait: float = 8.0, **changes: Any) -> Call:
    """A call answered in the queue after `wait` seconds, and over."""
    answered_at = NOON + timedelta(seconds=wait)
    settled: dict[str, Any] = {
        "answered_at": answered_at,
        "ended_at": answered_at + timedelta(seconds=60),
        "outcome": Outcome.ANSWERED,
        "wait_seconds": wait,
        "ring_seconds": wait - 1,
        "rings": 1 + int((wait - 1) // 3),
        "talk_seconds": 60.0,
        "answered_by": "PJSIP/104",
        "attempts": (
            RingAttempt(
                interface="PJSIP/104",
                begun_at=NOON,
                ring_start=NOON + timedelta(seconds=1),
                ring_end=answered_at,
                result=AttemptResult.ANSWERED,
                after_answer=False,
            ),
        ),
        "visits": (
            Visit(queue="enquiries", enter=NOON, leave=answered_at, result=VisitResult.ANSWERED, after_answer=False),
        ),
        "within_seconds": wait <= 15,
        "within_rings": wait <= 16,
    }
    return call(uniqueid, **(settled | changes))


def unanswered(uniqueid: str = "1795363274.1", *, outcome: Outcome, wait: float = 20.0, **changes: Any) -> Call:
    """A call that nobody answered for `wait` seconds, and over."""
    gone = NOON + timedelta(seconds=wait)
    settled: dict[str, Any] = {
        "ended_at": gone,
        "outcome": outcome,
        "wait_seconds": wait,
        "within_seconds": False,
        "within_rings": False,
    }
    return call(uniqueid, **(settled | changes))
