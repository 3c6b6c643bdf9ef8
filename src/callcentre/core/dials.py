"""What a dial of a caller does to the tasks of that caller.

One task is dialled for: it counts the attempt and changes its state. The caller's other tasks, on whatever line, are
answered by the same dial; they stay as they are for a person to close. Where many callers share one number (a line with
`merge = false`), only the task that is dialled for is answered.

Answered is a message by the first connected call to its caller, or the first dial that the PBX proves rang 15 s, begun
after it was left; `reached` only by a connected call.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from callcentre.core.desk import Held, Work, plain
from callcentre.core.tasks import Callout
from callcentre.core.terms import CalloutResult, TaskState, TaskStep

RANG_ENOUGH: Final = timedelta(seconds=15)
"""How long a telephone must ring before the caller had a chance to answer."""

_ENDS: Final = {
    CalloutResult.CONNECTED: "the caller answered",
    CalloutResult.NO_ANSWER: "no answer",
    CalloutResult.BUSY: "busy",
    CalloutResult.FAILED: "the call could not be made",
    CalloutResult.UNCERTAIN: "its end was not seen",
}


_WHILE_DIALLED: Final = frozenset({TaskState.DIALLING, TaskState.REACHED})


@dataclass(frozen=True, slots=True)
class Response:
    """That a dial answered what was left before it: since when, and since when somebody spoke (None: it only rang)."""

    moment: datetime
    reached_at: datetime | None


def connected_at(dial: Callout) -> datetime | None:
    """When the caller picked up; None if nobody did, or not yet."""
    if dial.answered_at is not None:
        return dial.answered_at
    return (dial.ended_at or dial.ring_start or dial.begun_at) if dial.result is CalloutResult.CONNECTED else None


def response(dial: Callout) -> Response | None:
    """What a dial proves so far. Ringing is judged at its end; an end that nobody saw proves none."""
    reached = connected_at(dial)
    stopped = dial.answered_at or (dial.ended_at if dial.result is not CalloutResult.UNCERTAIN else None)
    rang = None
    if dial.ring_start is not None and stopped is not None and stopped - dial.ring_start >= RANG_ENOUGH:
        rang = dial.ring_start + RANG_ENOUGH
    if reached is None and rang is None:
        return None
    return Response(min(at for at in (reached, rang) if at is not None), reached)


def primary(tasks: list[Held]) -> Held:
    """The task that a dial is made for: one that somebody has claimed, else the most pressing."""
    return min(tasks, key=lambda held: (held.task.state is not TaskState.CLAIMED, held.task.due, held.task.number))


def dialled(work: Work, was: Callout | None, dial: Callout, lease: timedelta) -> None:
    """Take the news of a dial that is made for this task; `was` is how it was known, None at first sight."""
    held = work.held
    if was is not None and was.result is not None:  # said before to be over: what else is known of it now
        answer(work, dial, response(dial))
        return
    if was is None or work.task.state not in _WHILE_DIALLED:
        begin(work, dial)
    if connected_at(dial) is not None and (was is None or connected_at(was) is None):
        # Whatever time was agreed for a call: it was made.
        who = _telephone(dial)
        work.step(TaskStep.CONNECTED, "the caller answered", who=who, to=TaskState.REACHED, call_at=None)
    over = dial.result is not None
    if over:
        held.dials.pop(dial.uniqueid, None)
    else:
        held.dials[dial.uniqueid] = dial
    answer(work, dial, response(dial))
    if over:
        end(work, dial, lease)


def begin(work: Work, dial: Callout) -> None:
    """Count the attempt."""
    task = work.task
    state = TaskState.REACHED if task.state is TaskState.REACHED else TaskState.DIALLING
    attempts = task.attempts + 1
    last = max(task.last_attempt_at or dial.begun_at, dial.begun_at)
    why = f"attempt {attempts}"
    work.step(TaskStep.DIALLED, why, who=_telephone(dial), to=state, attempts=attempts, last_attempt_at=last)


def end(work: Work, dial: Callout, lease: timedelta) -> None:
    """The dial is over. Whoever was reached leaves time to write it up; else the task waits for another attempt."""
    reached = work.task.state is TaskState.REACHED
    if connected_at(dial) is None:
        why = _ENDS[dial.result or CalloutResult.UNCERTAIN]
        if reached:
            work.step(TaskStep.NOT_CONNECTED, why, who=_telephone(dial))
        elif any(connected_at(other) is None for other in work.held.dials.values()):
            work.step(TaskStep.NOT_CONNECTED, f"{why}; another telephone still dials", who=_telephone(dial))
        else:
            work.free(TaskStep.NOT_CONNECTED, why, TaskState.UNANSWERED, who=_telephone(dial))
    if work.task.state is TaskState.REACHED:
        wrap_up(work, (dial.ended_at or work.at) + lease)


def wrap_up(work: Work, until: datetime) -> None:
    """Give the task time until it closes itself."""
    until = max(until, work.task.lease_until or until)
    then = "is open again" if work.more_to_do() else "closes itself"
    why = f"the call is over; the task {then} at {work.calendar.clock(until)} unless somebody says otherwise"
    work.step(TaskStep.RENEWED, why, lease_until=until)


def answer(work: Work, dial: Callout, proved: Response | None, *, beside: bool = False) -> None:
    """Mark what the dial answered; `beside`: it was not made for this task."""
    if proved is None:
        return
    answered, reached = work.respond(dial.begun_at, proved.moment, proved.reached_at)
    made_for = "" if not beside else f" for task {dial.task}" if dial.task is not None else " for no task"
    how = f"by a call{made_for}" if proved.reached_at else f"by ringing for 15 seconds{made_for}"
    if answered:
        work.step(TaskStep.RESPONDED, f"answered {how}, {work.calendar.moment(proved.moment)}", who=_telephone(dial))
    if reached and beside:
        at = proved.reached_at
        why = f"spoken to in a call{made_for}"
        work.step(TaskStep.GOT_THROUGH, why, who=_telephone(dial), got_through=dial.uniqueid, got_through_at=at)


def forgotten(work: Work, lease: timedelta) -> None:
    """After a restart no dial runs for this task: it waits for another attempt, or for somebody to write it up."""
    if work.held.dials:
        return
    if work.task.state is TaskState.DIALLING:
        why = "the end of the dial was not seen: callcentre was not running"
        work.free(TaskStep.NOT_CONNECTED, why, TaskState.UNANSWERED)
    elif work.task.state is TaskState.REACHED and work.task.lease_until is None:
        wrap_up(work, work.at + lease)


def without_number(dial: Callout) -> Callout:
    """A dial of somebody who was erased."""
    return replace(dial, caller="")


def _telephone(dial: Callout) -> str:
    return plain(dial.telephone) or "a telephone"
