"""When people are told of a case: before a clock's end, at it, after it step by step, and that one was given to them.

Each is told once for each end: the clock names what was told about its present one, and the notice has a key that drops
repeats. What fell due while nobody watched is told as soon as somebody does. A notice names no caller and no words of
theirs: it goes where nothing can be taken back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcentre.core.alarms import escalation, span
from callcentre.core.case_values import Case, CaseChannel, CaseClock, CaseStep, ClockName
from callcentre.core.case_work import OVERDUE, VERBS, CaseWork, HeldCase
from callcentre.core.charter import Line
from callcentre.core.tasks import Notice
from callcentre.core.terms import NoticeKind

_TO_DO = {
    ClockName.ACKNOWLEDGE: "tell the person that it was received, and acknowledge the case.",
    ClockName.ANSWER: "answer the person, and say so in the case; or agree on a date with them.",
    ClockName.AGREED: "answer the person as agreed, and close the case; or agree on another date with them.",
    ClockName.UPDATE: "tell the person how it stands, and say so in the case.",
}
_BY = {
    CaseChannel.CALL: "by telephone",
    CaseChannel.MESSAGE: "by voicemail",
    CaseChannel.LETTER: "by letter",
    CaseChannel.FAX: "by fax",
    CaseChannel.EMAIL: "by e-mail",
    CaseChannel.WEB: "through the web site",
    CaseChannel.SOCIAL: "through social media",
    CaseChannel.IN_PERSON: "in person",
}


@dataclass(frozen=True, slots=True)
class CaseAlarm:
    """One thing to tell of a clock, `at` a moment; `to` are the contacts of a step of escalation."""

    clock: CaseClock
    name: str
    at: datetime
    step: CaseStep
    to: tuple[str, ...] = ()
    after: timedelta = timedelta()


def case_alarms(line: Line, clock: CaseClock) -> Iterator[CaseAlarm]:
    """What is to be told about the clock's present end and was not yet, in its order."""
    planned = [
        CaseAlarm(clock, "warning", clock.act_by - line.warn_before, CaseStep.WARNED),
        CaseAlarm(clock, OVERDUE, clock.due, CaseStep.OVERDUE),
        *(
            CaseAlarm(
                clock,
                f"escalation after {after // timedelta(seconds=1)} s",
                clock.due + after,
                CaseStep.ESCALATED,
                to,
                after,
            )
            for after, to in escalation(line)
        ),
    ]
    yield from (alarm for alarm in planned if alarm.name not in clock.alarms)


def next_case_alarm(line: Line, held: HeldCase) -> datetime | None:
    """When there is something to tell of a case; None if never."""
    return min((alarm.at for clock in held.running() for alarm in case_alarms(line, clock)), default=None)


def raise_case_alarms(work: CaseWork) -> None:
    """Tell what fell due until now."""
    for running in sorted((c for c in work.clocks if c.runs), key=lambda c: (c.due, c.seq)):
        clock = running
        for alarm in tuple(case_alarms(work.line, clock)):
            if alarm.at > work.at:
                continue
            to = alarm.to if alarm.step is CaseStep.ESCALATED else work.tell()
            told = f"told {', '.join(to)}" if to else "nobody is named to be told"
            work.step(alarm.step, f"{_what(work, alarm)}; {told}")
            clock = work.told(clock, alarm.name)
            work.notices.append(_notice(work, alarm, to))


def _what(work: CaseWork, alarm: CaseAlarm) -> str:
    clock, calendar = alarm.clock, work.calendar
    verb = VERBS[clock.clock]
    if alarm.step is CaseStep.WARNED:
        return f"to be {verb} by {calendar.moment(clock.act_by)}"
    if alarm.step is CaseStep.OVERDUE:
        return f"was to be {verb} by {calendar.moment(clock.due)}"
    late = f"{span(alarm.after)} after it" if alarm.after else "and"
    return f"still not {verb}, {late} was due on {calendar.moment(clock.due)}"


def _notice(work: CaseWork, alarm: CaseAlarm, to: tuple[str, ...]) -> Notice:
    case, clock = work.case, alarm.clock
    parts = [
        f"Case {case.number} on line {case.line}: {_what(work, alarm)}.",
        _which(work),
        f"Why then: {clock.due_reason}",
        f"It is {case.owner}'s." if case.owner else "Nobody owns it yet.",
        f"What to do: {_TO_DO[clock.clock]}",
    ]
    kind = NoticeKind.CASE_DUE if alarm.step is CaseStep.WARNED else NoticeKind.CASE_OVERDUE
    key = f"{clock.clock.value} {clock.seq}/{clock.due.isoformat()}/{alarm.name}"
    return _written(work, kind, key, f"case {case.number} {_what(work, alarm)}", parts, to)


def give_notice(work: CaseWork, key: str, what: str, to: tuple[str, ...]) -> None:
    """Tell `to` that the case is theirs now: `what`, in words; `key` names it within the case."""
    case = work.case
    ends = [f"It is to be {VERBS[c.clock]} by {work.calendar.moment(c.due)}." for c in work.clocks if c.runs]
    parts = [f"Case {case.number} on line {case.line} {what}.", _which(work), *ends]
    work.notices.append(_written(work, NoticeKind.CASE, key, f"case {case.number} {what}", parts, to))


def pass_on(work: CaseWork, who: str, request: str | None) -> None:
    """Tell the person whom a compliment is about; where they are no contact, those of the line, to pass it on."""
    about = work.case.about or ""
    own = tuple(name for name in work.office.contacts if name.casefold() == about.casefold())
    to = own or work.tell()
    whom = f"is about {about}" if about else "names nobody"
    parts = [
        f"Case {work.case.number} on line {work.case.line} is a compliment, and {whom}.",
        _which(work),
        "It stands in the case." if own else "What to do: pass it on; it stands in the case.",
    ]
    key = f"compliment/{about.casefold()}"
    title = f"a compliment for {about}" if about else "a compliment"
    work.notices.append(_written(work, NoticeKind.COMPLIMENT, key, title, parts, to))
    told = f"told {', '.join(to)}" if to else "nobody is named to be told"
    work.step(CaseStep.NOTIFIED, f"a compliment; {told}", who=who, request=request)


def _written(work: CaseWork, kind: NoticeKind, key: str, title: str, parts: list[str], to: tuple[str, ...]) -> Notice:
    case = work.case
    if work.office.url:
        parts = [*parts, f"See {work.office.url.rstrip('/')}/cases/{case.pbx}/{case.number}"]
    return Notice(
        key=f"{case.pbx}/case {case.number}/{key}",
        pbx=case.pbx,
        line=work.line.name,
        kind=kind,
        at=work.at,
        title=f"{case.line}: {title}",
        text="\n".join(parts),
        to=to,
    )


def _which(work: CaseWork) -> str:
    case = work.case
    stage = f", at stage {case.stage}" if len(work.charter.stages) > 1 else ""
    return (
        f"{_kind(case).capitalize()}, received {_BY[case.channel]} on {work.calendar.moment(case.received_at)}{stage}."
    )


def _kind(case: Case) -> str:
    return case.kind.replace("_", " ")
