"""Facts as rows: plain tuples in the order of the tables' columns, in the database's own form of times and flags.

Written out by hand, not through Core: the writer makes some hundred rows for each commit, and that is a third
of its work.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from callcentre.core.facts import Call
from callcentre.core.terms import aware
from callcentre.store.columns import microseconds

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """How one database wants a time and a flag: integers on SQLite, native values on PostgreSQL."""

    when: Callable[[datetime], Any]
    flag: Callable[[bool], Any]


def _utc(moment: datetime) -> datetime:
    return aware(moment).astimezone(UTC)


SQLITE = Form(microseconds, int)
POSTGRES = Form(_utc, bool)


def call_row(call: Call, form: Form) -> Row:
    """Make the row of `calls`."""
    when, flag = form.when, form.flag
    ring, answer, end = call.first_ring_at, call.answered_at, call.ended_at
    in_time, in_rings = call.within_seconds, call.within_rings
    return (
        call.key.pbx,
        call.key.uniqueid,
        call.linkedid,
        call.line,
        call.did,
        call.caller,
        str(call.origin),
        when(call.offered_at),
        None if ring is None else when(ring),
        None if answer is None else when(answer),
        None if end is None else when(end),
        str(call.outcome),
        call.wait_seconds,
        call.ring_seconds,
        call.rings,
        call.talk_seconds,
        call.answered_by,
        None if in_time is None else flag(in_time),
        None if in_rings is None else flag(in_rings),
        str(call.hours),
        str(call.quality),
        call.charter,
        call.charter_version,
    )


def attempt_rows(call: Call, form: Form, known: Call | None = None) -> list[Row]:
    """Make the rows of `ring_attempts`, leaving out those that `known`, the snapshot already stored, has the same."""
    if known is not None and (call.attempts is known.attempts or call.attempts == known.attempts):
        return []
    when, flag = form.when, form.flag
    before: Sequence[object] = () if known is None else known.attempts
    pbx, uniqueid = call.key.pbx, call.key.uniqueid
    return [
        (
            pbx,
            uniqueid,
            seq,
            attempt.interface,
            when(attempt.begun_at),
            None if attempt.ring_start is None else when(attempt.ring_start),
            None if attempt.ring_end is None else when(attempt.ring_end),
            None if attempt.result is None else str(attempt.result),
            flag(attempt.after_answer),
            flag(attempt.progress_only),
        )
        for seq, attempt in enumerate(call.attempts)
        if seq >= len(before) or before[seq] != attempt
    ]


def visit_rows(call: Call, form: Form, known: Call | None = None) -> list[Row]:
    """Make the rows of `visits`, leaving out those that `known`, the snapshot already stored, has the same."""
    if known is not None and (call.visits is known.visits or call.visits == known.visits):
        return []
    when, flag = form.when, form.flag
    before: Sequence[object] = () if known is None else known.visits
    pbx, uniqueid = call.key.pbx, call.key.uniqueid
    return [
        (
            pbx,
            uniqueid,
            seq,
            visit.queue,
            when(visit.enter),
            None if visit.leave is None else when(visit.leave),
            None if visit.result is None else str(visit.result),
            flag(visit.after_answer),
        )
        for seq, visit in enumerate(call.visits)
        if seq >= len(before) or before[seq] != visit
    ]
