"""A month's report, read from the store: every figure by a query of groups, nothing told from single callers."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from callcentre.core.charter import Besides, Charter, Line, Office
from callcentre.core.errors import ConfigError
from callcentre.core.numbers import without_numbers
from callcentre.core.standings import StandingKind
from callcentre.core.terms import MailboxState, Verdict
from callcentre.reports import promises, sections
from callcentre.reports.counting import MONTHS, CountedCalls, Pairs, count
from callcentre.reports.figures import Day, GapShown, Hour, LineName, Promise, Report, WithoutRemedy
from callcentre.reports.ledgers import Attended, Seconds, attended
from callcentre.reports.months import Month, bounds
from callcentre.reports.promises import LAST, promise_of
from callcentre.reports.standings import Followed, Standing, followed, standing
from callcentre.store.acknowledgements import AcknowledgementCount
from callcentre.store.database import Database
from callcentre.store.first_contact import FirstContact
from callcentre.store.report_calls import TouchedGap
from callcentre.store.report_values import CallbackCount, ClockCount, GreetingCount, MailboxStands, VerdictCount

WORST: Final = 5
"""So many days and hours are named as the worst."""

T = TypeVar("T", Day, Hour)


def lines_of(office: Office, charter: str) -> tuple[Line, ...]:
    """The lines of `charter`; ConfigError where no line has it."""
    found = tuple(line for line in office.lines if line.charter.name == charter)
    if not found:
        known = ", ".join(sorted({line.charter.name for line in office.lines}))
        raise ConfigError(f'no line has the charter "{charter}"; there is {known}')
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """All that a report is made of, as the store gave it."""

    calls: CountedCalls
    days: Mapping[date, Mapping[str, int]]
    hours: Mapping[int, Mapping[str, int]]
    attended: Attended
    gaps: Sequence[TouchedGap]
    callbacks: Sequence[CallbackCount]
    acknowledgements: Sequence[AcknowledgementCount]
    verdicts: Sequence[VerdictCount]
    clocks: Sequence[ClockCount]
    said: Sequence[FirstContact]
    followed: Followed
    mailboxes: Sequence[MailboxStands]
    mailboxes_stood: Standing
    greetings_stood: Standing
    touched: frozenset[int]


async def report_of(database: Database, office: Office, charter_name: str, month: Month, now: datetime) -> Report:
    """Make the report of a charter on `month` as it is known at `now` (aware).

    ConfigError for a charter that no line has, and for a month that has not begun; else as the queries.
    """
    lines = lines_of(office, charter_name)
    charter, zone, names = lines[0].charter, ZoneInfo(lines[0].zone), [line.name for line in lines]
    since, end = month.begin(zone), month.end(zone)
    if since > now:
        raise ConfigError(f"{month} has not begun; ask for a month up to {Month.of(now, zone)}")
    until, store = min(end, now), database.reports
    edges = [month.moved(step - MONTHS + 1).begin(zone) for step in range(MONTHS)] + [end]
    pbxs = [pbx.name for pbx in office.pbxs]
    # The two that read calls one by one, side by side.
    calls, followed_up = await asyncio.gather(
        count(store, charter, lines, pbxs, month, now), followed(database, lines, month, now)
    )
    by_day, by_hour = calls.by_day_and_hour()
    read = Read(
        calls=calls,
        days=by_day,
        hours=by_hour,
        attended=await attended(database.queries, lines, month, MONTHS, now),
        gaps=await store.touched_gaps(since, until, charter=charter.name, pbxs=sorted({line.pbx for line in lines})),
        callbacks=await store.callbacks(edges, now, names),
        acknowledgements=await database.queries.acknowledgements(edges, now, names)
        if charter.acknowledge_rule is not None
        else (),
        verdicts=await store.verdicts(edges, names),
        clocks=await store.clocks(edges, now, names),
        said=await database.queries.first_contact_said(edges, names),
        followed=followed_up,
        mailboxes=await store.mailboxes_stand(names),
        mailboxes_stood=await standing(database, StandingKind.MAILBOXES, lines, month, now),
        greetings_stood=await standing(database, StandingKind.GREETINGS, lines, month, now),
        touched=frozenset(await store.gap_periods(edges, now, pbxs=sorted({line.pbx for line in lines}))),
    )
    without, how_many = await store.without_remedy(since, end, names)
    greetings = await store.greetings_stand(names)
    shown = _names(office, lines, read.calls)
    called = [line.line for line in shown]
    days = _days(month, zone, read, now)
    hours = tuple(_hour(hour, counts) for hour, counts in sorted(read.hours.items()))
    asked = _promises(charter, read, month, zone, greetings, so_far=end > now)
    partial = _is_partial(read)
    overflowed = sum(one.overflowed for one in read.calls.of_lines(called)[:1])
    return Report(
        charter=charter.name,
        charter_title=charter.title or charter.name,
        charter_version=charter.version,
        versions=read.calls.versions(),
        month=str(month),
        title=month.title,
        zone=str(zone),
        since=since,
        until=until,
        made_at=now.astimezone(UTC),
        so_far=end > now,
        partial=partial,
        url=office.url,
        lines=shown,
        promises=tuple(_made(one, read, month, called) for one in asked),
        calls=read.calls.of_lines(called),
        days=days,
        hours=hours,
        worst_days=_worst(days),
        worst_hours=_worst(hours),
        gaps=tuple(_gap(one, until) for one in read.gaps),
        attendance=sections.attendance(read.attended, names),
        callbacks=sections.callbacks(read.callbacks, names),
        undecided_messages=await store.undecided_messages(since, end, names),
        voicemail=sections.voicemail(read.verdicts, names),
        first_contact=sections.first_contact([*read.said, *read.followed.counts], since, names),
        case_clocks=sections.case_clocks(charter, read.clocks),
        cases=sections.cases(await store.case_counts((since, end), names)),
        complaints_by_cause=sections.causes(await store.causes(since, end, names)),
        complaints_without_remedy=tuple(
            WithoutRemedy(
                pbx=one.pbx,
                number=one.number,
                line=one.line,
                received_at=one.received_at,
                state=one.state,
                cause=without_numbers(one.cause),
                source=f"/cases/{one.pbx}/{one.number}",
            )
            for one in without
        ),
        complaints_without_remedy_count=how_many,
        satisfaction=sections.satisfaction(await store.answers((since, end), names), names),
        greetings=sections.greetings(greetings),
        mailboxes=sections.mailboxes(read.mailboxes),
        abuse_incidents=await store.incidents(since, end, names),
        unmeasured=sections.unmeasured(overflowed),
    )


def _names(office: Office, lines: Sequence[Line], calls: CountedCalls) -> tuple[LineName, ...]:
    """The charter's lines, then those whose calls bear its name though they have another one now, or are no more."""
    known = {line.name: line for line in office.lines}
    mine = [line.name for line in lines]
    return tuple(
        LineName(
            line=name,
            title=known[name].title or name if name in known else name,
            pbx=known[name].pbx if name in known else "",
            configured=name in mine,
        )
        for name in [*mine, *sorted(calls.lines - set(mine))]
    )


# --- promises --------------------------------------------------------------------------------------------------------


def _promises(
    charter: Charter, read: Read, month: Month, zone: ZoneInfo, greetings: Sequence[GreetingCount], *, so_far: bool
) -> list[promises.Asked]:
    days = list(month.days())
    span = f"from={days[0]}&until={days[-1]}"
    messages = {(one.period, one.line): (one.in_time, one.in_time + one.late + one.overdue) for one in read.callbacks}
    said, inferred = _first_contact(read.said, month, zone), _first_contact(read.followed.counts, month, zone)
    return [
        *promises.of_calls(
            charter,
            read.calls.shares("seconds"),
            read.calls.shares("rings"),
            f"/calls?{span}&origin=external&hours=core",
        ),
        promises.of_attendance(
            charter,
            {key: (one.attended, one.attended + one.unattended) for key, one in read.attended.months.items()},
            f"/attendance?day={days[0]}",
        ),
        promises.of_messages(
            charter, messages, sum(one.waiting for one in read.callbacks if one.period == LAST), "/tasks"
        ),
        *promises.of_acknowledgements(
            charter,
            {(o.period, o.line): (o.in_time, o.in_time + o.late + o.overdue) for o in read.acknowledgements},
            sum(one.waiting for one in read.acknowledgements if one.period == LAST),
            "/tasks",
        ),
        *promises.of_first_contact(
            charter,
            {key: (one.resolved + one.callbacks_resolved, one.said + one.callbacks_said) for key, one in said},
            {key: (one.alone, one.counted) for key, one in inferred},
            sum(one.open for (period, _), one in inferred if period == LAST),
            "/first-contact",
        ),
        *(one.asked for one in promises.of_cases(charter, read.clocks, "/cases")),
        promises.of_voicemail(charter, _verdict_pairs(read.verdicts), f"/calls?{span}&outcome=voicemail"),
        promises.of_standing(
            charter,
            Besides.GREETINGS,
            "Recorded messages fit to be heard",
            _as_now(read.greetings_stood, _greeting_pairs(greetings)) if so_far else read.greetings_stood,
            "Recorded messages that are there, can be heard, and are signed off as they are, of all that callers hear",
            "/greetings",
            so_far=so_far,
        ),
        promises.of_standing(
            charter,
            Besides.MAILBOXES,
            "Mailboxes that take messages",
            _as_now(read.mailboxes_stood, _mailbox_pairs(read.mailboxes)) if so_far else read.mailboxes_stood,
            "Mailboxes that could take a message, of all",
            "/today",
            so_far=so_far,
        ),
    ]


def _made(asked: promises.Asked, read: Read, month: Month, lines: Sequence[str]) -> Promise:
    """A promise, marked partial where what it is made of was not all seen."""
    months = [str(month.moved(step - MONTHS + 1)) for step in range(MONTHS)]
    return promise_of(replace(asked, partial_months=asked.partial_months | _partial_months(asked, read)), months, lines)


def _partial_months(asked: promises.Asked, read: Read) -> frozenset[int]:
    """The periods of which something was not seen."""
    if asked.figure.startswith("calls_"):
        return read.touched | read.calls.lost_periods() | ({LAST} if _calls_touched(read) else set())
    if asked.figure == "attended":
        return frozenset(period for (period, _), one in read.attended.months.items() if one.unknown > 0)
    return read.followed.partial if asked.figure == "first_contact_inferred" else frozenset()


def _as_now(stood: Standing, now: Pairs) -> Standing:
    """The months before, and how it stands now in place of the month that is not over."""
    before = {key: pair for key, pair in stood.pairs.items() if key[0] != LAST}
    return Standing(pairs={**before, **now}, partial=stood.partial - {LAST})


def _first_contact(
    counts: Sequence[FirstContact], month: Month, zone: ZoneInfo
) -> list[tuple[tuple[int, str], FirstContact]]:
    """Each with its period and line; the store tells calls and callbacks of one line apart, so they are added up."""
    begins = {month.moved(step - MONTHS + 1).begin(zone): step for step in range(MONTHS)}
    return sections.added((begins[one.since], one) for one in counts if one.since in begins)


def _verdict_pairs(verdicts: Sequence[VerdictCount]) -> dict[tuple[int, str], tuple[float, float]]:
    pairs: dict[tuple[int, str], tuple[float, float]] = {}
    for one in verdicts:
        if one.verdict is not Verdict.UNKNOWN:
            kept, of = pairs.get((one.period, one.line), (0, 0))
            fair = 0 if one.verdict is Verdict.MISUSE else one.calls
            pairs[one.period, one.line] = (kept + fair, of + one.calls)
    return pairs


def _greeting_pairs(counts: Sequence[GreetingCount]) -> dict[tuple[int, str], tuple[float, float]]:
    pairs: dict[tuple[int, str], tuple[float, float]] = {}
    for one in counts:
        well, of = pairs.get((LAST, one.line), (0, 0))
        pairs[LAST, one.line] = (well + (one.messages if one.standing == "" else 0), of + one.messages)
    return pairs


def _mailbox_pairs(mailboxes: Sequence[MailboxStands]) -> dict[tuple[int, str], tuple[float, float]]:
    pairs: dict[tuple[int, str], tuple[float, float]] = {}
    for one in mailboxes:
        kept, of = pairs.get((LAST, one.line), (0, 0))
        takes = one.state in (MailboxState.HEALTHY, MailboxState.NEARLY_FULL)
        pairs[LAST, one.line] = (kept + takes, of + 1)
    return pairs


# --- days, hours, gaps -----------------------------------------------------------------------------------------------


def _days(month: Month, zone: ZoneInfo, read: Read, now: datetime) -> tuple[Day, ...]:
    return tuple(_day(day, zone, read.days.get(day, Counter()), read, now) for day in month.days())


def _day(day: date, zone: ZoneInfo, counts: Mapping[str, int], read: Read, now: datetime) -> Day:
    begin, end = bounds(day, zone)
    core = read.attended.days.get(day, Seconds())
    offered, kept = counts.get("offered", 0), counts.get("kept", 0)
    return Day(
        day=day,
        offered=offered,
        kept=kept,
        missed=offered - kept,
        value=kept / offered if offered else None,
        lost=counts.get("lost", 0),
        partial=counts.get("partial", 0),
        gap=any(one.gap.opened_at < end and (one.gap.closed_at or now) > begin for one in read.gaps),
        unattended_seconds=core.unattended,
        unknown_seconds=core.unknown,
        still_to_come=begin > now,
    )


def _hour(hour: int, counts: Mapping[str, int]) -> Hour:
    offered, kept = counts.get("offered", 0), counts.get("kept", 0)
    return Hour(hour=hour, offered=offered, kept=kept, missed=offered - kept, value=kept / offered if offered else None)


def _worst(all_of_them: Sequence[T]) -> tuple[T, ...]:
    """Where most calls missed the target; of as many the smaller share first."""
    missed = [one for one in all_of_them if one.missed]
    return tuple(sorted(missed, key=lambda one: (-one.missed, one.value or 0.0))[:WORST])


def _gap(one: TouchedGap, until: datetime) -> GapShown:
    gap = one.gap
    return GapShown(
        pbx=gap.pbx,
        opened_at=gap.opened_at,
        closed_at=gap.closed_at,
        seconds=max(((gap.closed_at or until) - gap.opened_at).total_seconds(), 0.0),
        reason=gap.reason,
        partial=one.partial,
        lost=one.lost,
    )


def _calls_touched(read: Read) -> bool:
    touched = (counts.get(word) for counts in read.days.values() for word in ("lost", "partial"))
    return bool(read.gaps) or any(touched)


def _is_partial(read: Read) -> bool:
    return _calls_touched(read) or any(one.unknown > 0 for one in read.attended.days.values())
