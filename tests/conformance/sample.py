"""Calls and facts to store, with every field set or every optional field empty."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from callcentre.core.facts import (
    Call,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallProgressed,
    RingAttempt,
    Visit,
)
from callcentre.core.terms import AttemptResult, CallKey, Hours, Origin, Outcome, Quality, VisitResult
from callcentre.store.database import Database

NINE = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)


def after(seconds: float) -> datetime:
    """So many seconds after nine o'clock (and some microseconds)."""
    return NINE + timedelta(seconds=seconds)


def attempt(interface: str = "PJSIP/101", *, result: AttemptResult | None = None) -> RingAttempt:
    """A telephone that rings, or has rung."""
    return RingAttempt(
        interface=interface,
        begun_at=after(0.1),
        ring_start=after(0.2),
        ring_end=None if result is None else after(6.000001),
        result=result,
        after_answer=False,
    )


def visit(queue: str = "enquiries", *, result: VisitResult | None = None) -> Visit:
    """A stay in a queue, over or not."""
    return Visit(
        queue=queue, enter=NINE, leave=None if result is None else after(6.000002), result=result, after_answer=False
    )


def offered(number: int = 1, *, pbx: str = "lab", line: str = "enquiries", at: datetime = NINE) -> Call:
    """A call that was just offered: every field that may be empty is."""
    return Call(
        key=CallKey(pbx, f"1795363959.{number}"),
        linkedid=f"1795363959.{number}",
        line=line,
        did=None,
        caller=None,
        origin=Origin.EXTERNAL,
        offered_at=at,
        first_ring_at=None,
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
        hours=Hours.CLOSED,
        quality=Quality.PARTIAL,
        charter="hct",
        charter_version=1,
    )


def ringing(call: Call) -> Call:
    """The call with a telephone ringing in a queue."""
    return replace(call, first_ring_at=after(0.2), attempts=(attempt(),), visits=(visit(),))


def answered(call: Call) -> Call:
    """The call answered and over: every field is set, some with numbers that no binary fraction holds."""
    return replace(
        call,
        did="01632960600",
        caller="07700900123",
        origin=Origin.INTERNAL,
        first_ring_at=after(0.2),
        answered_at=after(6.000001),
        ended_at=after(66.6),
        outcome=Outcome.ANSWERED,
        wait_seconds=6.000001,
        ring_seconds=5.1,
        rings=2,
        talk_seconds=60.599999,
        answered_by="PJSIP/102",
        attempts=(
            attempt("PJSIP/101", result=AttemptResult.CANCELLED),
            replace(attempt("PJSIP/102", result=AttemptResult.ANSWERED), progress_only=True),
            replace(attempt("PJSIP/103"), ring_start=None, result=AttemptResult.UNREACHABLE, after_answer=True),
        ),
        visits=(
            visit(result=VisitResult.ANSWERED),
            replace(visit("bookings", result=VisitResult.EXIT_KEY), after_answer=True),
        ),
        within_seconds=True,
        within_rings=False,
        hours=Hours.CORE,
        quality=Quality.COMPLETE,
        charter="wme",
        charter_version=3,
    )


def lost(call: Call) -> Call:
    """The call with its end unseen."""
    return replace(ringing(call), outcome=Outcome.LOST)


def abandoned(call: Call) -> Call:
    """The call given up after 20 s."""
    return replace(
        ringing(call), outcome=Outcome.ABANDONED, ended_at=after(20), wait_seconds=20.0, within_seconds=False
    )


def on_offer(call: Call) -> CallOffered:
    """The fact that the call was offered."""
    return CallOffered(pbx=call.key.pbx, at=call.offered_at, call=call)


def on_progress(call: Call) -> CallProgressed:
    """The fact that something of the call changed."""
    return CallProgressed(pbx=call.key.pbx, at=after(0.2), call=call)


def on_answer(call: Call) -> CallAnswered:
    """The fact that the call was answered."""
    return CallAnswered(pbx=call.key.pbx, at=after(6), call=call)


def on_end(call: Call) -> CallEnded:
    """The fact that the call is decided."""
    return CallEnded(pbx=call.key.pbx, at=after(70), call=call)


async def everything(database: Database, *tables: Any) -> list[list[tuple[Any, ...]]]:
    """All rows of the tables, as the database holds them."""
    with database._engines.read.connect() as connection:
        return [
            [tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key))] for table in tables
        ]
