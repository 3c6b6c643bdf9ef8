"""What people may ask of a case, and what they are told where it cannot be.

Everybody who asks is named. Supervisors decide about all cases; others note, and see to those that are their own. Who
holds a role of the charter's may do what the role alone may. The steps that clocks hang on are core/case_course.py.
"""

from collections.abc import Callable
from typing import Any, Final

from callcentre.core import case_course
from callcentre.core.case_alarms import give_notice, pass_on
from callcentre.core.case_course import contact_required, joined
from callcentre.core.case_opening import called, category_of, number_of_person, person, words
from callcentre.core.case_requests import CaseAction, CaseAsked
from callcentre.core.case_values import COMPLIMENT, CaseOutcome, CaseStep
from callcentre.core.case_work import CaseWork
from callcentre.core.desk import named, plain, same
from callcentre.core.errors import IllegalTransition

_FREE: Final = frozenset({CaseAction.NOTE})
_OWN: Final = frozenset(
    {
        *(CaseAction.EDIT, CaseAction.ACKNOWLEDGE, CaseAction.AGREE, CaseAction.UPDATE),
        *(CaseAction.ANSWER, CaseAction.TOLD_HOW),
    }
)
"""What anybody may do, and what somebody may about a case of their own; the rest is for supervisors."""

_PERSONAL: Final = ("name", "email", "address", "summary", "about")


def carry_out_case(work: CaseWork, asked: CaseAsked) -> None:
    """Do what was asked. Raises IllegalTransition, whose words say what to do instead."""
    who = named(asked.who)
    work.through = plain(asked.through)
    _allowed(work, asked, who)
    _ACTIONS[asked.action](work, asked, who)


def _allowed(work: CaseWork, asked: CaseAsked, who: str) -> None:
    if asked.supervisor or asked.action in _FREE:
        return
    name = f"case {work.case.number}"
    takes = asked.action is CaseAction.ASSIGN and work.case.owner is None and same(words(asked.owner), who)
    if takes or (asked.action is CaseAction.CLOSE and asked.outcome is CaseOutcome.ACKNOWLEDGED_ONLY):
        return
    if asked.action not in _OWN:
        raise IllegalTransition(f"{name}: only a supervisor does that; write a note, and ask one")
    if not same(work.case.owner, who):
        instead = f"it is {work.case.owner}'s; ask them" if work.case.owner else "nobody owns it; take it first"
        raise IllegalTransition(f"{name}: {instead}, or a supervisor")


def _note(work: CaseWork, asked: CaseAsked, who: str) -> None:
    why = plain(asked.why)
    if not why:
        raise IllegalTransition("the note is empty; write what should be remembered")
    work.step(CaseStep.NOTED, why, who=who, request=asked.request)


def _edit(work: CaseWork, asked: CaseAsked, who: str) -> None:
    """Change what is known of the person and the matter. The history says what was changed, not to what."""
    changed: dict[str, Any] = {}
    for field in _PERSONAL:
        typed = getattr(asked, field)
        if typed is not None:
            changed[field] = person(field, typed) or ("" if field == "summary" else None)
    if asked.caller is not None:
        changed["caller"] = number_of_person(asked.caller)
    if asked.category is not None:
        changed["category"] = category_of(work.charter, asked.category)
    changed = {field: value for field, value in changed.items() if value != getattr(work.case, field)}
    if not changed:
        raise IllegalTransition("nothing is changed by that; type what is otherwise")
    names = {"caller": "telephone number", "email": "e-mail address", "about": "whom it is about"}
    told = ", ".join(names.get(field, field) for field in changed)
    work.step(CaseStep.EDITED, joined(told, plain(asked.why)), who=who, request=asked.request, **changed)
    if "category" in changed and not work.held.closed:
        work.promise("its category is another")
    if "about" in changed and work.case.kind == COMPLIMENT and work.case.about:
        pass_on(work, who, None)


def _assign(work: CaseWork, asked: CaseAsked, who: str) -> None:
    owner, dial = called(asked.owner), number_of_person(asked.direct_dial)
    if not owner:
        raise IllegalTransition(f"say whose case {work.case.number} is to be")
    if dial is None and same(work.case.owner, owner):
        dial = work.case.direct_dial
    if dial is None and contact_required(work):
        raise IllegalTransition("the answer bears the owner's direct dial number; say it too")
    why = joined(f"to {owner}", plain(asked.why))
    work.step(CaseStep.ASSIGNED, why, who=who, request=asked.request, owner=owner, direct_dial=dial)
    own = tuple(name for name in work.office.contacts if same(name, owner))
    if own:
        give_notice(work, f"owner/{work.case.entries}", f"was given to {owner}", own)


def _told_how(work: CaseWork, asked: CaseAsked, who: str) -> None:
    why = joined("how to complain formally", plain(asked.why))
    told_at = work.case.told_how_at or work.at
    work.step(CaseStep.TOLD_HOW, why, who=who, request=asked.request, told_how_at=told_at)


def _cause(work: CaseWork, asked: CaseAsked, who: str) -> None:
    cause = words(plain(asked.cause or ""))
    if not cause:
        raise IllegalTransition("say what the cause was, in a few words that fit other cases too")
    work.step(
        CaseStep.CAUSED, joined("the cause is named", plain(asked.why)), who=who, request=asked.request, cause=cause
    )


def _remedy(work: CaseWork, asked: CaseAsked, who: str) -> None:
    remedy = plain(asked.remedy or "")
    if not remedy:
        raise IllegalTransition("say what was done so that it does not happen again")
    row: dict[str, Any] = {"remedy": remedy, "remedied_at": work.at}
    work.step(CaseStep.REMEDIED, joined("the remedy is named", plain(asked.why)), who=who, request=asked.request, **row)


_ACTIONS: Final[dict[CaseAction, Callable[[CaseWork, CaseAsked, str], None]]] = {
    CaseAction.NOTE: _note,
    CaseAction.EDIT: _edit,
    CaseAction.ASSIGN: _assign,
    CaseAction.ACKNOWLEDGE: case_course.acknowledge,
    CaseAction.AGREE: case_course.agree,
    CaseAction.UPDATE: case_course.update,
    CaseAction.ANSWER: case_course.answer,
    CaseAction.STAGE: case_course.stage,
    CaseAction.TOLD_HOW: _told_how,
    CaseAction.CAUSE: _cause,
    CaseAction.REMEDY: _remedy,
    CaseAction.REFER: case_course.refer,
    CaseAction.CLOSE: case_course.close,
    CaseAction.REOPEN: case_course.reopen,
}
