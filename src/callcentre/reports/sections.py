"""The tables of a report, each made of what the store counted: a row for all lines (its line empty), one for each."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Final, TypeVar

from callcentre.core.charter import Charter
from callcentre.core.numbers import without_numbers
from callcentre.core.terms import Verdict
from callcentre.reports import promises
from callcentre.reports.counting import MONTHS
from callcentre.reports.figures import (
    AttendanceOfLine,
    CallbacksOfLine,
    CaseClocks,
    CasesOfKind,
    Cause,
    FirstContactOfLine,
    GreetingsStand,
    MailboxStand,
    SatisfactionOfLine,
    Unmeasured,
    VoicemailOfLine,
)
from callcentre.reports.ledgers import Attended, Seconds
from callcentre.store.first_contact import FirstContact
from callcentre.store.report_values import (
    AnswerCount,
    CallbackCount,
    CaseCount,
    CauseCount,
    ClockCount,
    GreetingCount,
    MailboxStands,
    VerdictCount,
)

_LAST: Final = MONTHS - 1
K = TypeVar("K")


def attendance(found: Attended, lines: Sequence[str]) -> tuple[AttendanceOfLine, ...]:
    """The core hours of the month."""
    of = {line: found.months.get((_LAST, line), Seconds()) for line in lines}
    total = Seconds()
    for one in of.values():
        total = total.plus(one)
    return tuple(
        AttendanceOfLine(
            line=line,
            core_seconds=one.core,
            attended_seconds=one.attended,
            unattended_seconds=one.unattended,
            unknown_seconds=one.unknown,
            to_come_seconds=one.to_come,
            value=one.attended / known if (known := one.attended + one.unattended) else None,
        )
        for line, one in {"": total, **of}.items()
    )


def callbacks(counts: Sequence[CallbackCount], lines: Sequence[str]) -> tuple[CallbacksOfLine, ...]:
    """The messages left in the month."""
    of = {line: [one for one in counts if one.period == _LAST and one.line == line] for line in lines}
    every = [one for those in of.values() for one in those]
    return tuple(
        CallbacksOfLine(
            line=line,
            messages=sum(one.in_time + one.late + one.overdue + one.waiting for one in those),
            in_time=sum(one.in_time for one in those),
            late=sum(one.late for one in those),
            overdue=sum(one.overdue for one in those),
            waiting=sum(one.waiting for one in those),
            responded=sum(one.responded for one in those),
            reached=sum(one.reached for one in those),
            within_24_hours=sum(one.flat for one in those),
            closed_without_response=sum(one.ended for one in those),
        )
        for line, those in {"": every, **of}.items()
    )


def voicemail(counts: Sequence[VerdictCount], lines: Sequence[str]) -> tuple[VoicemailOfLine, ...]:
    """The calls that reached voicemail in the month."""
    of = {line: Counter[Verdict]() for line in lines}
    for one in counts:
        if one.period == _LAST and one.line in of:
            of[one.line][one.verdict] += one.calls
    total = sum(of.values(), Counter[Verdict]())
    return tuple(
        VoicemailOfLine(
            line=line,
            calls=sum(those.values()),
            misuse=those[Verdict.MISUSE],
            closed_hours=those[Verdict.CLOSED_HOURS],
            rang_out=those[Verdict.RANG_OUT],
            all_busy=those[Verdict.ALL_BUSY],
            nobody_there=those[Verdict.NOBODY_THERE],
            unknown=those[Verdict.UNKNOWN],
        )
        for line, those in {"": total, **of}.items()
    )


# --- first contact ---------------------------------------------------------------------------------------------------

_ADDED: Final = tuple(one.name for one in fields(FirstContact) if one.name not in ("line", "since", "until"))


def added(counts: Iterable[tuple[K, FirstContact]]) -> list[tuple[tuple[K, str], FirstContact]]:
    """The counts of one key and line added up."""
    found: dict[tuple[K, str], FirstContact] = {}
    for key, one in counts:
        known = found.get((key, one.line))
        sums = {name: getattr(one, name) + (getattr(known, name) if known else 0) for name in _ADDED}
        found[key, one.line] = FirstContact(line=one.line, since=one.since, until=one.until, **sums)
    return list(found.items())


def first_contact(
    counts: Sequence[FirstContact], since: datetime, lines: Sequence[str]
) -> tuple[FirstContactOfLine, ...]:
    """Both figures of the month."""
    month = [one for one in counts if one.since == since]
    of = {line: one for (_, line), one in added((0, one) for one in month)}
    total = [one for _, one in added((0, _renamed(one)) for one in month)]
    nothing = FirstContact(line="", since=since, until=since)
    return tuple(
        FirstContactOfLine(
            line=line,
            resolved=one.resolved + one.callbacks_resolved,
            said=one.said + one.callbacks_said,
            said_value=one.said_share,
            alone=one.alone,
            counted=one.counted,
            inferred_value=one.inferred_share,
            windows_open=one.open,
            without_number=one.unnumbered,
        )
        for line, one in {"": total[0] if total else nothing, **{line: of.get(line, nothing) for line in lines}}.items()
    )


def _renamed(one: FirstContact) -> FirstContact:
    return FirstContact(line="", since=one.since, until=one.until, **{name: getattr(one, name) for name in _ADDED})


# --- cases -----------------------------------------------------------------------------------------------------------


def case_clocks(charter: Charter, clocks: Sequence[ClockCount]) -> tuple[CaseClocks, ...]:
    """Each deadline that the charter promises for cases, with the calendar days that it took."""
    found = []
    for rule in promises.of_cases(charter, clocks, ""):
        those = [one for one in rule.counts if one.period == _LAST]
        ended = sum(one.kept + one.late for one in those)
        found.append(
            CaseClocks(
                figure=rule.asked.figure,
                title=rule.asked.title,
                kept=sum(one.kept for one in those),
                late=sum(one.late for one in those),
                overdue=sum(one.overdue for one in those),
                running=sum(one.running for one in those),
                calendar_days_mean=sum(one.days for one in those) / ended if ended else None,
                calendar_days_longest=max(one.longest for one in those) if ended else None,
            )
        )
    return tuple(found)


def cases(counts: Sequence[CaseCount]) -> tuple[CasesOfKind, ...]:
    """The cases received in the month, all lines together, by kind."""
    kinds = sorted({one.kind for one in counts})
    return tuple(
        CasesOfKind(
            kind=kind,
            cases=sum(one.cases for one in counts if one.kind == kind),
            closed=sum(one.closed for one in counts if one.kind == kind),
        )
        for kind in kinds
    )


def causes(counts: Sequence[CauseCount]) -> tuple[Cause, ...]:
    """The complaints received in the month by cause."""
    return tuple(
        Cause(
            cause=without_numbers(one.cause),
            complaints=one.complaints,
            remedied=one.remedied,
            not_upheld=one.not_upheld,
            remedies=tuple(without_numbers(remedy) for remedy in one.remedies),
        )
        for one in counts
    )


# --- what else is shown ----------------------------------------------------------------------------------------------


def satisfaction(counts: Sequence[AnswerCount], lines: Sequence[str]) -> tuple[SatisfactionOfLine, ...]:
    """What callers answered who were asked in the month."""
    of = {line: Counter[int | None]() for line in lines}
    for one in counts:
        of.setdefault(one.line, Counter())[one.answer] += one.callers
    total = sum(of.values(), Counter[int | None]())
    return tuple(_satisfaction(line, those) for line, those in {"": total, **of}.items())


def _satisfaction(line: str, those: Mapping[int | None, int]) -> SatisfactionOfLine:
    answered = {answer: number for answer, number in those.items() if answer is not None}
    number = sum(answered.values())
    return SatisfactionOfLine(
        line=line,
        asked=sum(those.values()),
        answered=number,
        mean=sum(answer * times for answer, times in answered.items()) / number if number else None,
        by_answer={str(answer): answered.get(answer, 0) for answer in range(1, 6)},
    )


def greetings(counts: Sequence[GreetingCount]) -> tuple[GreetingsStand, ...]:
    """How recorded messages stand."""
    return tuple(
        GreetingsStand(line=one.line, standing=one.standing or "well", messages=one.messages) for one in counts
    )


def mailboxes(found: Sequence[MailboxStands]) -> tuple[MailboxStand, ...]:
    """How mailboxes were found."""
    return tuple(
        MailboxStand(line=one.line, mailbox=one.mailbox, state=one.state.value, reason=one.reason, at=one.at)
        for one in found
    )


def unmeasured(overflowed: int) -> tuple[Unmeasured, ...]:
    """What is promised, and is not to be measured by telephony."""
    return (
        Unmeasured(what="Politeness and full attention", why="No telephone system hears it."),
        Unmeasured(what="Face-to-face contact", why="It does not pass a telephone."),
        Unmeasured(what="That contact details are correct", why="They are checked as they are typed, and not after."),
        Unmeasured(
            what="Calls that partners take",
            why="They overflowed to where callcentre does not see them: how they were answered is not known.",
            count=overflowed,
        ),
    )
