"""Taking back, within a minute, what one did to a task: closed it, let it go, put it off, or acknowledged its message.

It is theirs again, as it was; an acknowledgement that is taken back changes nothing else. After a restart nobody
remembers how it was; that somebody closed it stands in its row.
"""

from datetime import timedelta
from typing import Final

from callcentre.core.desk import Undo, Work, plain, same
from callcentre.core.errors import IllegalTransition
from callcentre.core.requests import TaskAction, TaskAsked
from callcentre.core.task_states import FREE
from callcentre.core.tasks import Task
from callcentre.core.terms import TaskState, TaskStep

WITHIN: Final = timedelta(seconds=60)
"""How long one may think better of it."""

_HELD: Final = frozenset({TaskState.CLAIMED, TaskState.REACHED})
_CLOSED: Final = "closing it"


def of(work: Work, asked: TaskAsked, before: Task, who: str) -> Undo | None:
    """What `who` did to the task just now; None if it is nothing that can be undone."""
    match asked.action:
        case TaskAction.CLOSE:
            what = _CLOSED
        case TaskAction.RELEASE:
            what = "letting it go"
        case TaskAction.LATER if asked.call_at is not None:
            what = "putting it off"
        case TaskAction.ACKNOWLEDGE:
            what = "saying that the caller was told"
        case _:
            return work.undo
    told = work.acknowledged if asked.action is TaskAction.ACKNOWLEDGE else frozenset[str]()
    return Undo(what=what, who=who, at=work.at, before=before, after=work.task, acknowledged=told)


def undo(work: Work, asked: TaskAsked, who: str, lease: timedelta) -> None:
    """Take back what `who` did last; refused where it is too late, or something else came of it since."""
    task, done = work.task, work.undo
    if done is not None and done.acknowledged and same(done.who, who) and done.at + WITHIN >= work.at:
        why = "; ".join(part for part in (f"{done.what} is taken back", plain(asked.why)) if part)
        work.step(TaskStep.UNDONE, why, who=who, request=asked.request)
        work.unacknowledge(lambda filing: filing.key in done.acknowledged)
        work.undo = None
        return
    before = _before(work, who)
    if before is None:
        instead = "reopen it" if task.state is TaskState.CLOSED else "claim it"
        raise IllegalTransition(f"nothing that you did to task {task.number} can be undone now; {instead}")
    if not work.filings:
        raise IllegalTransition(f"task {task.number} holds nothing any more; its messages are in another task")
    holder = (before.holder if done is not None else None) or who
    held = before.state in _HELD
    what = done.what if done is not None else _CLOSED
    why = "; ".join(part for part in (f"{what} is taken back: it is {holder}'s again", plain(asked.why)) if part)
    work.step(
        TaskStep.UNDONE,
        why,
        who=who,
        to=before.state if held else TaskState.CLAIMED,
        request=asked.request,
        rests_in=before.rests_in if held or before.state not in FREE else before.state,
        holder=holder,
        lease_until=work.at + lease,
        call_at=before.call_at,
        resolved=before.resolved,
        outcome=None,
        closed_at=None,
        closed_by=None,
        in_time=None,
    )
    if task.closed_at is not None:
        work.unacknowledge(lambda filing: filing.acknowledged_at == task.closed_at)
    work.undo = None


def _before(work: Work, who: str) -> Task | None:
    """How the task was before `who` did something to it a moment ago; None if nobody did, or it is another since."""
    task, done = work.task, work.undo
    if done is None:
        closed = task.closed_at is not None and task.closed_at + WITHIN >= work.at and same(task.closed_by, who)
        return task if closed else None
    if not same(done.who, who) or done.at + WITHIN < work.at:
        return None
    as_it_was = ("state", "holder", "closed_at", "call_at", "attempts")
    return done.before if all(getattr(task, name) == getattr(done.after, name) for name in as_it_was) else None
