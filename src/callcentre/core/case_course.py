"""The course of a case as people ask for it: acknowledged, a date agreed, answered, a further stage, closed, reopened.

The clocks hang on these steps. Who may ask for them is core/case_asks.py. Each raises IllegalTransition, whose words
say what to do instead.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from callcentre.core.calendar import Deadline
from callcentre.core.case_alarms import give_notice
from callcentre.core.case_opening import called, category_of, reached_us, role_of, words, written_if_so
from callcentre.core.case_requests import CaseAsked
from callcentre.core.case_values import COMPLAINT, Case, CaseChannel, CaseOutcome, CaseState, CaseStep, ClockName
from callcentre.core.case_work import AGREED_WITH, CaseWork
from callcentre.core.charter import Agreed, DeadlineRule, RuleName, not_theirs
from callcentre.core.desk import plain
from callcentre.core.errors import IllegalTransition, NotTheirRole

LONGEST: Final = timedelta(days=730)
"""No further than that is a date agreed: what lies beyond is a slip of the finger."""

_MOST_DAYS: Final = 366
_ALL: Final = tuple(ClockName)
_ANSWERS: Final = frozenset(
    {CaseOutcome.RESOLVED, CaseOutcome.NOT_UPHELD, CaseOutcome.PASSED_ON, CaseOutcome.OUTSIDE_REMIT}
)
"""What can only be said to the person: such an end answers the case."""


def _done_at(work: CaseWork, asked: CaseAsked, after: datetime) -> datetime:
    """When it was done, which may have been before it was typed in."""
    when = asked.when or work.at
    if when > work.at:
        raise IllegalTransition("that time has not come yet; say when it was done")
    if when < after:
        raise IllegalTransition(f"that was before it was received, on {work.calendar.moment(after)}; look at the date")
    return when


def joined(*parts: str) -> str:
    """The parts of a reason, those left out that are empty."""
    return "; ".join(part for part in parts if part)


def _moment(work: CaseWork, when: datetime) -> str:
    return "" if when == work.at else f"on {work.calendar.moment(when)}"


# --- what is promised ------------------------------------------------------------------------------------------------


def acknowledge(work: CaseWork, asked: CaseAsked, who: str) -> None:
    """The person was told that it was received."""
    when = _done_at(work, asked, work.case.received_at)
    why = joined("the person was told that it was received", _moment(work, when), plain(asked.why))
    work.step(
        CaseStep.ACKNOWLEDGED, why, who=who, to=CaseState.ACKNOWLEDGED, request=asked.request, acknowledged_at=when
    )
    work.meet(when, ClockName.ACKNOWLEDGE)


def agree(work: CaseWork, asked: CaseAsked, who: str) -> None:
    """A date agreed with the person, by which they are answered; it is watched as the charter's own are."""
    deadline, days = _day(work, asked), asked.update_days or work.case.update_days
    if days is None and work.rule is not None:
        days = work.rule.update_days
    if days is not None and not 1 <= days <= _MOST_DAYS:
        raise IllegalTransition(f"updates are sent each 1 to {_MOST_DAYS} working days")
    sender = called(asked.agreed_from) or work.case.agreed_from or work.case.owner
    if sender is None:
        raise IllegalTransition("say from whom the answer will come, or who owns the case")
    calendar, why = work.calendar, plain(asked.why)
    answer = next(iter(work.running(ClockName.ANSWER)), None)
    instead = work.agreed is Agreed.INSTEAD and answer is not None and work.at <= answer.due
    told = joined(f"answered by {calendar.moment(deadline.due)}, from {sender}", why)
    work.step(
        CaseStep.AGREED,
        told,
        who=who,
        request=asked.request,
        agreed_at=work.at,
        agreed_for=deadline.due,
        agreed_from=sender,
        agreed_why=why,
        update_days=days,
    )
    _agreed_before(work)
    if instead and answer is not None:
        work.move(answer, deadline, "agreed with the person")
    else:
        work.start(ClockName.AGREED, work.at, deadline, work.case.channel)
    work.give_up(ClockName.UPDATE)
    _next_update(work, work.at, deadline.due)


def _agreed_before(work: CaseWork) -> None:
    """Another date took the place of one agreed before: that came to nothing, or had passed."""
    work.give_up(ClockName.AGREED)


def _day(work: CaseWork, asked: CaseAsked) -> Deadline:
    day = asked.agreed_on
    if day is None:
        raise IllegalTransition("say by what day the person will be answered")
    if closed := work.calendar.why_closed(day):
        raise IllegalTransition(f"{day:%d %B %Y} is no working day ({closed}); agree on a working day")
    due = work.calendar.open_on(day)[-1][1]
    if due <= work.at:
        raise IllegalTransition(f"{work.calendar.moment(due)} is over; agree on a day to come")
    if due > work.at + LONGEST:
        raise IllegalTransition("that is more than two years away; look at the date")
    return work.calendar.agreed(due, AGREED_WITH)


def _next_update(work: CaseWork, since: datetime, until: datetime) -> None:
    """The person hears of it until the agreed day: the answer itself is the last they hear."""
    days = work.case.update_days
    if days is None:
        return
    deadline = work.deadline(ClockName.UPDATE, DeadlineRule(RuleName.WORKING_DAYS, days), since)
    if deadline.due < until:
        work.start(ClockName.UPDATE, since, deadline, work.case.channel)


def update(work: CaseWork, asked: CaseAsked, who: str) -> None:
    """The person was told how it stands."""
    when = _done_at(work, asked, work.case.received_at)
    why = joined("the person was told how it stands", _moment(work, when), plain(asked.why))
    work.step(CaseStep.UPDATED, why, who=who, request=asked.request, updated_at=when)
    work.meet(when, ClockName.UPDATE)
    agreed = [c for c in work.clocks if c.runs and c.due == work.case.agreed_for]
    if agreed:
        _next_update(work, when, agreed[-1].due)


def answer(work: CaseWork, asked: CaseAsked, who: str) -> None:
    """The person was answered."""
    when = _done_at(work, asked, work.case.received_at)
    if work.agreed is Agreed.REQUIRED and not work.running(ClockName.AGREED):
        raise IllegalTransition(
            "this charter promises a date with the answer: agree on one first; or, if all is settled, close the case"
        )
    why = joined("the person was answered", _moment(work, when), plain(asked.why))
    _may_answer(work)
    work.step(
        CaseStep.ANSWERED,
        why,
        who=who,
        to=CaseState.ANSWERED,
        request=asked.request,
        acknowledged_at=work.case.acknowledged_at or when,
        answered_at=when,
    )
    work.meet(when, ClockName.ACKNOWLEDGE, ClockName.ANSWER)
    if work.agreed is not Agreed.REQUIRED:
        work.meet(when, ClockName.AGREED)
        work.give_up(ClockName.UPDATE)


def _may_answer(work: CaseWork) -> None:
    if contact_required(work) and not (work.case.owner and work.case.direct_dial):
        raise IllegalTransition("the answer bears a name and a direct dial number: say who owns the case, and theirs")


def contact_required(work: CaseWork) -> bool:
    """Whether the charter wants the answer to bear the owner's name and direct dial number."""
    return work.rule is not None and work.rule.contact_required


def stage(work: CaseWork, asked: CaseAsked, who: str) -> None:
    """The person is not content: it goes to the role of a further stage, with clocks of its own."""
    case, charter, stage = work.case, work.charter, asked.stage or work.case.stage + 1
    if case.kind != COMPLAINT:
        raise IllegalTransition(f"case {case.number} is no complaint, and has no stages")
    role = role_of(charter, stage)
    if stage <= case.stage:
        raise IllegalTransition(f"case {case.number} is at stage {case.stage} already; take it to a further one")
    channel = asked.channel or CaseChannel.CALL
    if asked.channel is None and charter.written_from is not None and stage >= charter.written_from:
        raise IllegalTransition(f"say how stage {stage} was asked for; it is for complaints in writing")
    written_if_so(charter, stage, channel)
    began = reached_us(work.at, asked.received_at)
    if began < case.received_at:
        raise IllegalTransition("that was before the complaint itself was received; look at the date")
    work.give_up(*_ALL)
    row = _BEGUN | {"stage": stage, "role": role, "owner": None, "direct_dial": None}
    why = joined(f"to stage {stage}" + (f", the {role}" if role else ""), plain(asked.why))
    work.step(CaseStep.STAGED, why, who=who, to=CaseState.OPEN, request=asked.request, **row)
    work.promise(began=(began, channel))
    give_notice(work, f"stage/{stage}/{work.case.entries}", f"has come to stage {stage}", work.tell())


_BEGUN: Final[dict[str, Any]] = {
    **dict.fromkeys(("acknowledged_at", "answered_at", "agreed_at", "agreed_for", "agreed_from", "updated_at")),
    **dict.fromkeys(("outcome", "referred_to", "closed_at", "closed_by", "answer_first_due", "update_days")),
    "agreed_why": "",
}
"""What a stage has not when it begins."""


# --- the end ---------------------------------------------------------------------------------------------------------


def refer(work: CaseWork, asked: CaseAsked, who: str) -> None:
    """It is none of ours: the person was told whom to turn to."""
    outside = work.charter.outside
    to = words(asked.referred_to, 200)
    if not to:
        raise IllegalTransition("say whom the person was told to turn to")
    category = category_of(work.charter, asked.category) if asked.category is not None else work.case.category
    if outside and category not in outside:
        raise IllegalTransition(f"say why it is outside our remit: choose {' or '.join(outside)}")
    work.case = replace(work.case, category=category)
    _end(work, asked, who, CaseOutcome.OUTSIDE_REMIT, joined("told whom to turn to", plain(asked.why)), referred_to=to)


def close(work: CaseWork, asked: CaseAsked, who: str) -> None:
    """It is at its end, with what came of it."""
    if asked.outcome is None:
        raise IllegalTransition(f"say what came of case {work.case.number}: one of {', '.join(CaseOutcome)}")
    if asked.outcome is CaseOutcome.OUTSIDE_REMIT:
        return refer(work, asked, who)
    if asked.outcome is CaseOutcome.ACKNOWLEDGED_ONLY:
        _only_the_role(work, asked, who)
    return _end(work, asked, who, asked.outcome, plain(asked.why) or "no reason given")


def _only_the_role(work: CaseWork, asked: CaseAsked, who: str) -> None:
    role = work.charter.abuse_role
    if not role:
        raise IllegalTransition("this charter has no end with an acknowledgement alone; answer the person")
    if refused := not_theirs(work.office, role, who, admin=asked.admin):
        raise NotTheirRole(f"to end a case with no more than its acknowledgement: {refused}")
    if work.case.acknowledged_at is None:
        raise IllegalTransition(f"case {work.case.number} is not acknowledged; that is the least the person gets")


def _end(work: CaseWork, asked: CaseAsked, who: str, outcome: CaseOutcome, why: str, **row: Any) -> None:
    case = work.case
    if outcome in _ANSWERS and case.answered_at is None:
        _may_answer(work)
        row |= {"acknowledged_at": case.acknowledged_at or work.at, "answered_at": work.at}
    work.step(
        CaseStep.CLOSED,
        why,
        who=who,
        to=CaseState.CLOSED,
        request=asked.request,
        outcome=outcome,
        closed_at=work.at,
        closed_by=who,
        **row,
    )
    if outcome in _ANSWERS:
        work.meet(work.at, ClockName.ACKNOWLEDGE, ClockName.ANSWER, ClockName.AGREED)
    work.give_up(*_ALL)


def reopen(work: CaseWork, asked: CaseAsked, who: str) -> None:
    """It goes on where it was; an answer stays given, and what was not done is promised again."""
    case = work.case
    if case.state is not CaseState.CLOSED:
        raise IllegalTransition(f"case {case.number} is not closed")
    to = _came_to(case)
    work.step(
        CaseStep.REOPENED,
        plain(asked.why) or "no reason given",
        who=who,
        to=to,
        request=asked.request,
        outcome=None,
        referred_to=None,
        closed_at=None,
        closed_by=None,
    )
    work.promise()


def _came_to(case: Case) -> CaseState:
    if case.answered_at is not None:
        return CaseState.ANSWERED
    return CaseState.OPEN if case.acknowledged_at is None else CaseState.ACKNOWLEDGED
