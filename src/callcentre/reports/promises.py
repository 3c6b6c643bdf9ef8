"""The promises of a charter with what came of them: target, result, kept or not, twelve months, line by line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from callcentre.core.case_values import ClockName
from callcentre.core.charter import Besides, CaseRule, Charter, DeadlineRule, JudgedBy, RuleName
from callcentre.reports.counting import MONTHS, Pairs
from callcentre.reports.figures import OfLine, Point, Promise, Share
from callcentre.reports.standings import Standing
from callcentre.store.report_values import ClockCount

LAST: Final = MONTHS - 1
NOT_PROMISED: Final = "not promised"

_JUDGED: Final = {
    JudgedBy.STRICT: "all outside calls of core hours, only those that were lost left out",
    JudgedBy.HEADLINE: "all outside calls of core hours, lost ones and short abandons left out",
    JudgedBy.ANSWERED: "the outside calls of core hours that were answered",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One promise as it is asked for. `pairs` None: nothing is measured of it.

    `partial_months` are the periods of which something that it is made of was not seen.
    """

    figure: str
    title: str
    promised: str
    target: float | None
    pairs: Pairs | None
    definition: str
    source: str
    open: int = 0
    partial_months: frozenset[int] = frozenset()


def share_text(share: float) -> str:
    """`90 %`, `99.5 %`."""
    return f"{round(share * 100, 2):g} %"


def promise_of(asked: Asked, months: Sequence[str], lines: Sequence[str]) -> Promise:
    """Make the promise of what was counted: all lines together, each line, each month."""
    pairs = asked.pairs or {}
    total = _total(pairs, LAST)
    share = total if total is not None else Share(kept=0, of=0) if asked.pairs is not None else None
    value = None if share is None else share.value
    return Promise(
        figure=asked.figure,
        title=asked.title,
        promised=asked.promised,
        target=asked.target,
        share=share,
        is_kept=None if asked.target is None or value is None else value >= asked.target,
        open=asked.open,
        partial=LAST in asked.partial_months,
        definition=asked.definition,
        source=asked.source,
        trend=tuple(
            Point(month=month, share=_total(pairs, place), partial=place in asked.partial_months)
            for place, month in enumerate(months)
        )
        if asked.pairs is not None
        else (),
        lines=tuple(
            OfLine(line=line, share=Share(kept=pair[0], of=pair[1]))
            for line in lines
            if (pair := pairs.get((LAST, line))) is not None
        ),
    )


def _total(pairs: Pairs, period: int) -> Share | None:
    found = [pair for (of, _), pair in pairs.items() if of == period]
    return Share(kept=sum(kept for kept, _ in found), of=sum(of for _, of in found)) if found else None


# --- calls, messages, attendance -------------------------------------------------------------------------------------


def of_calls(charter: Charter, seconds: Pairs, rings: Pairs, source: str) -> Iterator[Asked]:
    """Answered within the seconds, and within the rings (H3, H4)."""
    for figure, target, unit, pairs in (
        ("calls_within_seconds", charter.answer_seconds, "seconds", seconds),
        ("calls_within_rings", charter.answer_rings, "rings", rings),
    ):
        promised = target is not None
        fraction = charter.answer_fraction if promised else None
        words = NOT_PROMISED if target is None else f"within {target:g} {unit}"
        yield Asked(
            figure=figure,
            title=f"Calls answered within {target:g} {unit}"
            if promised
            else f"Calls answered within a number of {unit}",
            promised=f"{share_text(fraction)} {words}" if fraction is not None else words,
            target=fraction,
            pairs=pairs if promised else None,
            definition=f"Answered within the {unit} promised, of {_JUDGED[charter.judged_by]} "
            f"({charter.judged_by.value}).",
            source=source,
        )


def of_attendance(charter: Charter, pairs: Pairs, source: str) -> Asked:
    """Telephones never unattended in core hours (H5)."""
    promised = Besides.ATTENDED in charter.besides
    return Asked(
        figure="attended",
        title="Telephones attended in core hours",
        promised="never unattended" if promised else NOT_PROMISED,
        target=1.0 if promised else None,
        pairs=pairs,
        definition="Time in which somebody could answer, of the core hours of which that is known.",
        source=source,
    )


def of_messages(charter: Charter, pairs: Pairs, waiting: int, source: str) -> Asked:
    """Messages answered by their deadline (H10)."""
    return Asked(
        figure="messages_in_time",
        title="Messages answered in time",
        promised=f"each, {rule_text(charter.message_rule)}",
        target=1.0,
        pairs=pairs,
        open=waiting,
        definition="Messages left in the month and answered by their own deadline, of those that were answered or "
        "whose deadline has passed. Answered: the caller was connected, or their telephone rang 15 s, or the callback "
        "was closed.",
        source=source,
    )


def of_acknowledgements(charter: Charter, pairs: Pairs, waiting: int, source: str) -> Iterator[Asked]:
    """Messages acknowledged by their deadline (W4); nothing where the charter does not promise that."""
    if charter.acknowledge_rule is None:
        return
    yield Asked(
        figure="messages_acknowledged",
        title="Messages acknowledged in time",
        promised=f"each, {rule_text(charter.acknowledge_rule)}",
        target=1.0,
        pairs=pairs,
        open=waiting,
        definition="Messages left in the month of whose receipt the caller was told by their own deadline, of those "
        "told or whose deadline has passed. Told: somebody spoke with the caller, or wrote to them and said so. "
        "Callbacks that ended before that deadline without it, such as a wrong number, are left out.",
        source=source,
    )


def of_voicemail(charter: Charter, pairs: Pairs, source: str) -> Asked:
    """Voicemail only so that calls do not go unanswered (H7)."""
    promised = Besides.VOICEMAIL in charter.besides
    return Asked(
        figure="voicemail_fair",
        title="Voicemail used only when nobody could answer",
        promised="no misuse" if promised else NOT_PROMISED,
        target=1.0 if promised else None,
        pairs=pairs,
        definition="Calls that reached voicemail and were no misuse, of those that could be judged. Misuse: the line "
        "was open, somebody was free, and no telephone rang.",
        source=source,
    )


def of_standing(
    charter: Charter, besides: Besides, title: str, stood: Standing, definition: str, source: str, *, so_far: bool
) -> Asked:
    """How recorded messages and mailboxes stood (H8, H9): on each day of a month, `so_far` as they stand now."""
    promised = besides in charter.besides
    when = "when this report was made; the months before" if so_far else "each once"
    return Asked(
        figure=f"{besides.value}_well",
        title=title,
        promised="all" if promised else NOT_PROMISED,
        target=1.0 if promised else None,
        pairs=stood.pairs,
        definition=f"{definition}; {when} on each day that it was looked at, by the worst look of the day.",
        source=source if so_far else f"{besides.value}_well",
        partial_months=stood.partial,
    )


def of_first_contact(charter: Charter, said: Pairs, inferred: Pairs, windows: int, source: str) -> Iterator[Asked]:
    """Resolved at first contact, as agents said and as callers did (H1)."""
    fraction = charter.first_contact_fraction
    promised = NOT_PROMISED if fraction is None else f"{share_text(fraction)} at first contact"
    yield Asked(
        figure="first_contact_said",
        title="Resolved at first contact, as agents said",
        promised=promised,
        target=fraction,
        pairs=said,
        definition="Resolved, of the answered calls and closed callbacks of which an agent said whether they were.",
        source=source,
    )
    yield Asked(
        figure="first_contact_inferred",
        title="Resolved at first contact, as callers did",
        promised=promised,
        target=fraction,
        pairs=inferred,
        open=windows,
        definition="Answered outside calls whose number called no line of the office again within 7 days, of all whose "
        "7 days are over.",
        source=source,
    )


# --- cases -----------------------------------------------------------------------------------------------------------

_CLOCKS: Final = ((ClockName.ACKNOWLEDGE, "acknowledged"), (ClockName.ANSWER, "answered"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleClocks:
    """A clock of one rule of the charter, with all that were counted of it."""

    asked: Asked
    counts: Sequence[ClockCount]


def of_cases(charter: Charter, clocks: Sequence[ClockCount], source: str) -> Iterator[RuleClocks]:
    """Each deadline that the charter promises for cases, complaints first as its file has them (H2, H11)."""
    for rule in charter.cases:
        for clock, done in _CLOCKS:
            deadline = rule.acknowledge if clock is ClockName.ACKNOWLEDGE else rule.answer
            # By the category a rule may be another's; a clock's row does not bear it, so those of a kind are together.
            if deadline is None or rule.categories:
                continue
            of_rule = [one for one in clocks if one.clock == clock.value and _rule_of(charter, one) is rule]
            yield RuleClocks(asked=_case(rule, done, deadline, of_rule, source), counts=of_rule)


def _rule_of(charter: Charter, count: ClockCount) -> CaseRule | None:
    return next((rule for rule in charter.cases if rule.fits(count.kind, count.channel, "")), None)


def _case(rule: CaseRule, done: str, deadline: DeadlineRule, counts: Sequence[ClockCount], source: str) -> Asked:
    pairs: dict[tuple[int, str], tuple[float, float]] = {}
    for one in counts:
        kept, of = pairs.get((one.period, one.line), (0, 0))
        pairs[one.period, one.line] = (kept + one.kept, of + one.kept + one.late + one.overdue)
    words = rule_text(deadline)
    target = 1.0 if rule.fraction is None else rule.fraction
    kind = rule.title or ("Other cases" if rule.kind == "any" else rule.kind.replace("_", " ").capitalize())
    channels = "_".join(sorted(rule.channels))
    return Asked(
        figure="_".join(filter(None, (rule.kind, channels, done))),
        title=f"{kind}: {done} {words}",
        promised=f"{share_text(target) if rule.fraction is not None else 'each'} {words}",
        target=target,
        pairs=pairs,
        open=sum(one.running for one in counts if one.period == LAST),
        definition=f"Cases received in the month and {done} by their deadline, of those that were {done} or whose "
        "deadline has passed; withdrawn ones are left out.",
        source=source,
    )


def rule_text(rule: DeadlineRule) -> str:
    """A deadline in words."""
    days = "" if rule.n is None else f"{rule.n} working day{'' if rule.n == 1 else 's'}"
    return {
        RuleName.ELAPSED_OR_NEXT_WORKING_DAY: f"within {rule.n} hours, or the next working day",
        RuleName.WORKING_DAYS: f"within {days}",
        RuleName.SAME_WORKING_DAY: "on the same working day",
        RuleName.WITHIN_A_WORKING_DAY: "within a working day",
    }[rule.name]
