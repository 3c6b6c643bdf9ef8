"""The states of a callback task, in one table: which step may be taken in which state, and where it leads.

    open ─► claimed ─► dialling ─► reached ─► closed
                          └─────► unanswered (and again)

A step is a line of the task's history (TaskStep), so the table and the audit speak one language. A claim is a lease:
released or lapsed, the task falls back to where it was claimed from. A dial needs no claim, because agents may dial by
hand from their telephones; one asked for with a click has one. Once the caller was reached, a further dial changes
nothing about that. What a step needs besides the state (who holds the task, which message was not heard) is
core/asks.py. The diagram in docs/reference is made by `diagram()`.
"""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from callcentre.core.calendar import Calendar
from callcentre.core.errors import IllegalTransition
from callcentre.core.tasks import Task
from callcentre.core.terms import TaskState, TaskStep

_S = TaskState
_T = TaskStep

ALIVE: Final = frozenset(TaskState) - {_S.CLOSED}
"""Every state but closed."""

FREE: Final = frozenset({_S.OPEN, _S.REOPENED, _S.UNANSWERED})
"""The states in which a task waits for somebody: it can be claimed there, and falls back there."""

_LEADS: Final[tuple[tuple[frozenset[TaskState], TaskStep, frozenset[TaskState]], ...]] = (
    (FREE, _T.CLAIMED, frozenset({_S.CLAIMED})),
    (frozenset({_S.CLAIMED}), _T.RELEASED, FREE),
    (frozenset({_S.CLAIMED}), _T.LAPSED, FREE),
    # The call reached somebody, but there is more to do: a person says so, or a message nobody listened to.
    (frozenset({_S.REACHED}), _T.RELEASED, frozenset({_S.OPEN})),
    (frozenset({_S.REACHED}), _T.LAPSED, frozenset({_S.OPEN})),
    # Put off, for somebody to call later: nobody holds it meanwhile. Taken back, it stays whose it is.
    (frozenset({_S.CLAIMED}), _T.SCHEDULED, FREE | {_S.CLAIMED}),
    (frozenset({_S.REACHED}), _T.SCHEDULED, frozenset({_S.OPEN, _S.REACHED})),
    (FREE | {_S.CLAIMED}, _T.ASSIGNED, frozenset({_S.CLAIMED})),
    (frozenset({_S.REACHED}), _T.ASSIGNED, frozenset({_S.REACHED})),
    # What somebody let go or closed a moment ago is theirs again, as it was.
    (frozenset({_S.CLOSED}), _T.UNDONE, frozenset({_S.CLAIMED, _S.REACHED})),
    # In a state that can also stay: what is taken back there may be that the caller was told something.
    *((frozenset({state}), _T.UNDONE, frozenset({_S.CLAIMED, _S.REACHED, state})) for state in sorted(FREE)),
    (FREE | {_S.CLAIMED, _S.DIALLING}, _T.DIALLED, frozenset({_S.DIALLING})),
    (frozenset({_S.REACHED}), _T.DIALLED, frozenset({_S.REACHED})),
    (frozenset({_S.DIALLING, _S.REACHED}), _T.CONNECTED, frozenset({_S.REACHED})),
    # Two telephones may dial for one task: while the other still rings, it is being dialled.
    (frozenset({_S.DIALLING}), _T.NOT_CONNECTED, frozenset({_S.UNANSWERED, _S.DIALLING})),
    (frozenset({_S.REACHED}), _T.NOT_CONNECTED, frozenset({_S.REACHED})),
    (ALIVE - {_S.DIALLING}, _T.CLOSED, frozenset({_S.CLOSED})),
    (frozenset(TaskState), _T.ERASED, frozenset({_S.CLOSED})),
    (frozenset({_S.CLOSED}), _T.REOPENED, frozenset({_S.REOPENED})),
)

_STAYS: Final[tuple[tuple[frozenset[TaskState], frozenset[TaskStep]], ...]] = (
    (frozenset({_S.OPEN}), frozenset({_T.OPENED})),
    (frozenset({_S.CLAIMED, _S.DIALLING, _S.REACHED}), frozenset({_T.RENEWED})),
    (frozenset({_S.CLAIMED, _S.REACHED}), frozenset({_T.DIAL_ASKED})),
    (frozenset({_S.CLAIMED, _S.DIALLING, _S.REACHED}), frozenset({_T.UNDONE})),
    (FREE, frozenset({_T.SCHEDULED})),
    (frozenset(TaskState), frozenset({_T.HEARD, _T.NOTED, _T.FLAGGED, _T.COMPLAINT, _T.FOLLOW_UP})),
    (
        ALIVE,
        frozenset(
            {
                *(_T.MESSAGE_JOINED, _T.MESSAGE_CHANGED, _T.NUMBER_TYPED, _T.RESPONDED, _T.GOT_THROUGH),
                *(_T.ACKNOWLEDGED, _T.DEADLINE_CHANGED, _T.WARNED, _T.OVERDUE, _T.ESCALATED),
            }
        ),
    ),
)


def _table() -> Iterator[tuple[tuple[TaskState, TaskStep], frozenset[TaskState]]]:
    for states, step, after in _LEADS:
        yield from (((state, step), after) for state in states)
    for states, steps in _STAYS:
        yield from (((state, step), frozenset({state})) for state in states for step in steps)


TABLE: Final = MappingProxyType(dict(_table()))
"""(state, step) -> the states it may lead to. What is not here is refused. A new task begins with OPENED, in open."""


def require(task: Task, step: TaskStep, after: TaskState, calendar: Calendar) -> None:
    """Pass if `step` may take `task` to the state `after`; else raise IllegalTransition, with what to do instead."""
    if after not in TABLE.get((task.state, step), frozenset()):
        raise IllegalTransition(refusal(task, calendar))


def refusal(task: Task, calendar: Calendar) -> str:
    """Why a step is not possible in the state that `task` is in, and what to do instead."""
    name = f"task {task.number}"
    if task.state is _S.CLOSED:
        outcome = task.outcome.value.replace("_", " ") if task.outcome else "closed"
        return f"{name} was closed by {task.closed_by} ({outcome}); reopen it first"
    if task.state is _S.DIALLING:
        return f"{name} is being dialled; wait until that call ends"
    if task.state is _S.REACHED:
        return f"{name}: its caller was reached; close it, or release it if there is more to do"
    if task.state is _S.CLAIMED:
        return claimed(task, calendar)
    return f"{name} is {task.state.value}, and nobody has claimed it; claim it first"


def claimed(task: Task, calendar: Calendar) -> str:
    """Who holds `task` and until when, and what somebody else can do."""
    until = f" until {calendar.clock(task.lease_until)}" if task.lease_until else ""
    return f"task {task.number} is claimed by {task.holder}{until}; ask {task.holder} to release it, or wait"


def diagram() -> str:
    """The table as a mermaid state diagram: what leads from one state to another, what stays in one left out."""
    lines = ["stateDiagram-v2", f"    [*] --> {_S.OPEN.value}: {_T.OPENED.value}"]
    for state in TaskState:
        for after in TaskState:
            steps = [step.value for step in TaskStep if after in TABLE.get((state, step), ()) and after is not state]
            if steps:
                lines.append(f"    {state.value} --> {after.value}: {', '.join(steps)}")
    return "\n".join(lines)


def staying() -> dict[TaskStep, tuple[TaskState, ...]]:
    """The states in which a step may leave the state as it is, by step."""
    found = {step: tuple(s for s in TaskState if s in TABLE.get((s, step), ())) for step in TaskStep}
    return {step: states for step, states in found.items() if states}
