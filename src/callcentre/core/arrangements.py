"""What people arrange for a task: when to call again, who does it, how to speak with the caller, that they complain.

And what they told the caller: that the message was received (W4).
"""

import re
from datetime import timedelta
from typing import Any, Final

from callcentre.core.desk import Work, plain
from callcentre.core.errors import IllegalTransition
from callcentre.core.requests import TaskAsked
from callcentre.core.task_states import FREE
from callcentre.core.tasks import NEEDS, NO_FLAGS
from callcentre.core.terms import AckHow, TaskState, TaskStep

LONGEST: Final = timedelta(days=60)
"""No further than that is a call put off: what lies beyond is no callback any more."""

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_LONGEST_TAG: Final = 35
_BY: Final = {AckHow.CALL: "a call", AckHow.TEXT: "text", AckHow.EMAIL: "e-mail", AckHow.LETTER: "letter"}


def later(work: Work, asked: TaskAsked, who: str) -> None:
    """Put the next call off until `call_at`: nobody holds the task meanwhile, and its deadline stays. None: at once."""
    task, call_at = work.task, asked.call_at
    if call_at is None:
        if task.call_at is None:
            raise IllegalTransition(f"task {task.number} is not put off; nothing is to be taken back")
        why = plain(asked.why) or "no longer put off"
        work.step(TaskStep.SCHEDULED, why, who=who, request=asked.request, call_at=None)
        return
    if call_at <= work.at:
        raise IllegalTransition(f"{work.calendar.moment(call_at)} is over; give a time to come")
    if call_at > work.at + LONGEST:
        raise IllegalTransition(f"that is more than {LONGEST.days} days away; give an earlier time")
    rests_in = TaskState.OPEN if task.state is TaskState.REACHED else task.rests_in
    to = task.state if task.state in FREE else rests_in
    why = "; ".join(part for part in (f"to be called on {work.calendar.moment(call_at)}", plain(asked.why)) if part)
    free = {"rests_in": to, "holder": None, "lease_until": None}
    work.step(TaskStep.SCHEDULED, why, who=who, to=to, request=asked.request, call_at=call_at, **free)


def flags(work: Work, asked: TaskAsked, who: str, lasts: timedelta) -> None:
    """Note how to speak with the caller, in place of what was noted before, if the caller agreed (H13).

    What is noted stands in the task alone, so that it ends when the agreement does: the history says only that it was.
    """
    language = (asked.language or "").strip() or None
    if language is not None and (len(language) > _LONGEST_TAG or not _LANGUAGE.fullmatch(language)):
        raise IllegalTransition("that is no tag of a language; write two or three small letters, such as pl or bn")
    if unknown := sorted(set(asked.needs) - set(NEEDS)):
        raise IllegalTransition(f"{plain(unknown[0])} is none of the needs that are noted: {', '.join(NEEDS)}")
    needs = tuple(need for need in NEEDS if need in asked.needs)
    noted: dict[str, Any] = NO_FLAGS
    if not (language or needs):
        words = "nothing special"
    elif asked.agreed:
        until = work.at + lasts
        words = f"noted with the caller's agreement, until {work.calendar.moment(until)}"
        noted = {"language": language, "needs": needs, "flags_by": who, "flags_at": work.at, "flags_until": until}
    else:
        raise IllegalTransition("how to speak with somebody is noted only if they agree: ask the caller, and say so")
    why = "; ".join(part for part in (words, plain(asked.why)) if part)
    work.step(TaskStep.FLAGGED, why, who=who, request=asked.request, **noted)


def assign(work: Work, asked: TaskAsked, who: str, lease: timedelta) -> None:
    """Give the task to somebody, whoever has it; they hold it as if they had claimed it."""
    task = work.task
    if not asked.supervisor:
        raise IllegalTransition("only a supervisor assigns tasks; claim it yourself, or ask one")
    to = plain(asked.to or "")
    if not to:
        raise IllegalTransition(f"say whom task {task.number} is for")
    until = work.at + lease
    why = "; ".join(part for part in (f"to {to} until {work.calendar.clock(until)}", plain(asked.why)) if part)
    work.step(
        TaskStep.ASSIGNED,
        why,
        who=who,
        to=task.state if task.state is TaskState.REACHED else TaskState.CLAIMED,
        request=asked.request,
        holder=to,
        lease_until=until,
        rests_in=task.state if task.state in FREE else task.rests_in,
    )


def complaint(work: Work, asked: TaskAsked, who: str) -> None:
    """Mark that the caller complains."""
    why = plain(asked.why) or "the caller complains"
    work.step(TaskStep.COMPLAINT, why, who=who, request=asked.request, complaint=True)


def acknowledge(work: Work, asked: TaskAsked, who: str) -> None:
    """Note that the caller was told that what they left was received: all of it that waits for that, and was there."""
    if asked.how is None:
        raise IllegalTransition(f"say how the caller was told: one of {', '.join(AckHow)}")
    when, waiting = asked.when or work.at, work.unacknowledged()
    first = min((filing.left_at for filing in waiting), default=when)
    if when > work.at:
        raise IllegalTransition("that time has not come yet; say when the caller was told")
    if when < first:
        left = work.calendar.moment(first)
        raise IllegalTransition(f"that was before the message was left, on {left}; look at the date")
    earlier = f" on {work.calendar.moment(when)}" if waiting and when != work.at else ""
    why = "; ".join(part for part in (f"the caller was told by {_BY[asked.how]}{earlier}", plain(asked.why)) if part)
    work.step(TaskStep.ACKNOWLEDGED, why, who=who, request=asked.request)
    if not waiting:
        raise IllegalTransition(f"nothing in task {work.task.number} waits to be acknowledged; write a note instead")
    work.acknowledge(when)
