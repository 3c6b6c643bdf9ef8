"""The states of a case, in one table: which step may be taken in which state, and where it leads.

    open ─► acknowledged ─► answered ─► closed

A step is a line of the case's history (CaseStep), so the table and the audit speak one language. A further stage begins
anew, also after the end: whoever is not content with an answer asks the one above. What a step needs besides the state
(whose case it is, what the charter wants) is core/case_asks.py. The diagram in docs/reference is made by `diagram()`.
"""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from callcentre.core.calendar import Calendar
from callcentre.core.case_values import Case, CaseState, CaseStep
from callcentre.core.errors import IllegalTransition

_S = CaseState
_T = CaseStep

ALIVE: Final = frozenset(CaseState) - {_S.CLOSED}
"""Every state but closed."""

_LEADS: Final[tuple[tuple[frozenset[CaseState], CaseStep, frozenset[CaseState]], ...]] = (
    (frozenset({_S.OPEN}), _T.ACKNOWLEDGED, frozenset({_S.ACKNOWLEDGED})),
    # An answer acknowledges as well.
    (frozenset({_S.OPEN, _S.ACKNOWLEDGED}), _T.ANSWERED, frozenset({_S.ANSWERED})),
    (frozenset(CaseState), _T.STAGED, frozenset({_S.OPEN})),
    (ALIVE, _T.CLOSED, frozenset({_S.CLOSED})),
    # As far as it had come.
    (frozenset({_S.CLOSED}), _T.REOPENED, ALIVE),
    (frozenset(CaseState), _T.ERASED, frozenset({_S.CLOSED})),
)

_STAYS: Final[tuple[tuple[frozenset[CaseState], frozenset[CaseStep]], ...]] = (
    (frozenset({_S.OPEN}), frozenset({_T.OPENED})),
    (
        frozenset(CaseState),
        frozenset({_T.NOTED, _T.EDITED, _T.TOLD_HOW, _T.CAUSED, _T.REMEDIED, _T.NOTIFIED}),
    ),
    (
        ALIVE,
        frozenset(
            {
                *(_T.JOINED, _T.ASSIGNED, _T.AGREED, _T.UPDATED),
                *(_T.DEADLINE_CHANGED, _T.WARNED, _T.OVERDUE, _T.ESCALATED),
            }
        ),
    ),
)


def _table() -> Iterator[tuple[tuple[CaseState, CaseStep], frozenset[CaseState]]]:
    for states, step, after in _LEADS:
        yield from (((state, step), after) for state in states)
    for states, steps in _STAYS:
        yield from (((state, step), frozenset({state})) for state in states for step in steps)


TABLE: Final = MappingProxyType(dict(_table()))
"""(state, step) -> the states it may lead to. What is not here is refused. A new case begins with OPENED, in open."""


def require(case: Case, step: CaseStep, after: CaseState, calendar: Calendar) -> None:
    """Pass if `step` may take `case` to the state `after`; else raise IllegalTransition, with what to do instead."""
    if after not in TABLE.get((case.state, step), frozenset()):
        raise IllegalTransition(_refusal(case, calendar))


def _refusal(case: Case, calendar: Calendar) -> str:
    """Why a step is not possible in the state that `case` is in, and what to do instead."""
    name = f"case {case.number}"
    match case.state:
        case CaseState.CLOSED:
            outcome = case.outcome.value.replace("_", " ") if case.outcome else "closed"
            return f"{name} was closed by {case.closed_by} ({outcome}); reopen it, or take it to the next stage"
        case CaseState.ANSWERED:
            when = f" on {calendar.moment(case.answered_at)}" if case.answered_at else ""
            return f"{name} was answered{when}; close it, or take it to the next stage"
        case CaseState.ACKNOWLEDGED:
            when = f" on {calendar.moment(case.acknowledged_at)}" if case.acknowledged_at else ""
            return f"{name} was acknowledged{when}; what it waits for is its answer"
        case CaseState.OPEN:
            return f"{name} is open; acknowledge it, or answer it"


def diagram() -> str:
    """The table as a mermaid state diagram: what leads from one state to another, what stays in one left out."""
    lines = ["stateDiagram-v2", f"    [*] --> {_S.OPEN.value}: {_T.OPENED.value}"]
    for state in CaseState:
        for after in CaseState:
            steps = [step.value for step in CaseStep if after in TABLE.get((state, step), ()) and after is not state]
            if steps:
                lines.append(f"    {state.value} --> {after.value}: {', '.join(steps)}")
    return "\n".join(lines)
