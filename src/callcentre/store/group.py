"""The facts of one transaction, of each key only the newest; what is only ever added (history, notices) all of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from callcentre.core.errors import StoreConflict
from callcentre.core.facts import (
    AttendanceChanged,
    BreachChanged,
    Call,
    CallAnswered,
    CallEnded,
    CallerAsked,
    CallerErased,
    CallHealed,
    CallOffered,
    CallProgressed,
    CallWrapped,
    CaseChanged,
    ClickChanged,
    DayStood,
    Fact,
    GapClosed,
    GapOpened,
    GreetingSeen,
    IncidentChanged,
    MailboxSeen,
    MenuAbandoned,
    NoticeRaised,
    PbxBooted,
    PresenceChanged,
    TaskChanged,
    VoicemailUsed,
)
from callcentre.core.tasks import Callout, Click, Message, Notice, Task, WrapUp
from callcentre.core.terms import Attendance, Outcome
from callcentre.store import statements, tables
from callcentre.store.callback_rows import outbox_rows, row_of
from callcentre.store.rows import Form, Row
from callcentre.store.statements import Upsert

_OF_A_CALL = (CallOffered, CallProgressed, CallAnswered, CallEnded, CallHealed)
_UNSEEN = (
    *(TaskChanged, ClickChanged, CallWrapped, CaseChanged, CallerErased, IncidentChanged),
    *(MailboxSeen, GreetingSeen, DayStood, NoticeRaised, CallHealed, VoicemailUsed, BreachChanged),
)
"""People, books, the disk and the clock make these as well while the PBX is out of sight."""

Key = tuple[str, str]


@dataclass(slots=True)
class Group:
    """What one transaction writes. Values that may hold a caller's number are kept whole, to be looked at once more."""

    calls: dict[Key, Call] = field(default_factory=dict)
    messages: dict[Key, Message] = field(default_factory=dict)
    tasks: dict[tuple[str, int], Task] = field(default_factory=dict)
    callouts: dict[Key, Callout] = field(default_factory=dict)
    clicks: dict[Key, Click] = field(default_factory=dict)
    wraps: dict[tuple[str, str, str], WrapUp] = field(default_factory=dict)
    others: dict[Upsert, dict[tuple[object, ...], Row]] = field(default_factory=dict)
    erasures: list[CallerErased] = field(default_factory=list)
    seen: dict[str, datetime] = field(default_factory=dict)
    in_sight: dict[str, datetime] = field(default_factory=dict)

    def saw(self, pbx: str, moment: datetime) -> None:
        """Note that this PBX was in sight at `moment`; an empty one is none."""
        known = self.seen.get(pbx)
        if pbx and (known is None or moment > known):
            self.seen[pbx] = moment

    def row(self, upsert: Upsert, key: tuple[object, ...], row: Row) -> None:
        """Note a row, in place of an earlier one of the same key."""
        self.others.setdefault(upsert, {})[key] = row

    def new_row(self, upsert: Upsert, key: tuple[object, ...], row: Row) -> None:
        """Note a row, unless there is an earlier one of the same key."""
        self.others.setdefault(upsert, {}).setdefault(key, row)


def may_replace(outcome: Outcome, held: str) -> bool:
    """Whether a snapshot with `outcome` may replace a row with `held`; the rule of lost and healed calls."""
    if held == Outcome.IN_PROGRESS:
        return True
    return held == Outcome.LOST and outcome not in (Outcome.IN_PROGRESS, Outcome.LOST)


def gather(facts: Sequence[Fact], form: Form) -> Group:
    """Put `facts` together; StoreConflict for one that has no table."""
    group = Group()
    for fact in facts:
        if isinstance(fact, _OF_A_CALL):
            call = fact.call
            key = (call.key.pbx, call.key.uniqueid)
            earlier = group.calls.get(key)
            if earlier is None or may_replace(call.outcome, earlier.outcome):
                group.calls[key] = call
        elif isinstance(fact, TaskChanged):
            _task_changed(group, fact, form)
        elif isinstance(fact, CaseChanged):
            _case_changed(group, fact, form)
        else:
            _other(group, fact, form)
        if not isinstance(fact, _UNSEEN) and not _tells_of_no_sight(fact):
            group.saw(fact.pbx, fact.at)
    return group


def _tells_of_no_sight(fact: Fact) -> bool:
    """Whether the fact only says that nothing is known: a boundary passes while the PBX is out of sight."""
    match fact:
        case AttendanceChanged():
            return fact.state is Attendance.UNKNOWN
        case PresenceChanged():
            return fact.there is None
    return False


def _task_changed(group: Group, fact: TaskChanged, form: Form) -> None:
    if fact.message is not None:
        group.messages[fact.message.pbx, fact.message.key] = fact.message
    if fact.task is not None:
        key = (fact.task.pbx, fact.task.number)
        earlier = group.tasks.get(key)
        if earlier is None or fact.task.entries >= earlier.entries:
            group.tasks[key] = fact.task
    for filing in fact.filings:
        group.row(statements.FILINGS, (filing.pbx, filing.key), row_of(tables.filings, filing, form))
    for entry in fact.entries:
        group.new_row(statements.HISTORY, (entry.pbx, entry.task, entry.seq), row_of(tables.task_history, entry, form))
    if fact.callout is not None:
        _callout(group, fact.callout)
    _notices(group, fact.notices, form)


def _callout(group: Group, callout: Callout) -> None:
    key = (callout.pbx, callout.uniqueid)
    earlier = group.callouts.get(key)
    if earlier is None or earlier.ended_at is None or callout.ended_at is not None:
        group.callouts[key] = callout


def _click(group: Group, click: Click) -> None:
    key = (click.pbx, click.key)
    earlier = group.clicks.get(key)
    if earlier is None or earlier.ended_at is None or click.ended_at is not None:
        group.clicks[key] = click


def _wrap_up(group: Group, wrap: WrapUp) -> None:
    key = (wrap.pbx, wrap.uniqueid, wrap.who)
    earlier = group.wraps.get(key)
    if earlier is None or wrap.at >= earlier.at:
        group.wraps[key] = wrap


def _caller_asked(group: Group, fact: CallerAsked, form: Form) -> None:
    """Keep an answer, and when it was asked for, whatever of both is told again."""
    row, key = row_of(tables.satisfaction, fact, form), (fact.pbx, fact.uniqueid)
    if fact.answer is None:
        group.new_row(statements.SATISFACTION, key, row)
    else:
        group.row(statements.SATISFACTION, key, row)


def _case_changed(group: Group, fact: CaseChanged, form: Form) -> None:
    """Note the case first: its clocks and its history refer to its row."""
    case = fact.case
    group.row(statements.CASES, (case.pbx, case.number), row_of(tables.cases, case, form))
    for clock in fact.clocks:
        key = (clock.pbx, clock.case_number, clock.seq)
        group.row(statements.CASE_CLOCKS, key, row_of(tables.case_clocks, clock, form))
    for entry in fact.entries:
        key = (entry.pbx, entry.case_number, entry.seq)
        group.new_row(statements.CASE_HISTORY, key, row_of(tables.case_history, entry, form))
    _notices(group, fact.notices, form)


def _breach_changed(group: Group, fact: BreachChanged, form: Form) -> None:
    """Note the breach first: its steps refer to its row."""
    breach = fact.breach
    key = (breach.pbx, breach.line, breach.since)
    group.row(statements.BREACHES, key, row_of(tables.breaches, breach, form))
    for step in fact.steps:
        group.row(statements.BREACH_STEPS, (*key, step.seq), row_of(tables.breach_steps, step, form))
    _notices(group, fact.notices, form)


def _incident_changed(group: Group, fact: IncidentChanged, form: Form) -> None:
    incident = fact.incident
    row = row_of(tables.abuse_incidents, incident, form)
    group.row(statements.INCIDENTS, (incident.pbx, incident.uniqueid), row)
    _notices(group, fact.notices, form)


def _notices(group: Group, notices: Iterable[Notice], form: Form) -> None:
    for notice in notices:
        for row in outbox_rows(notice, form):
            group.new_row(statements.OUTBOX, row[:3], row)


def _other(group: Group, fact: Fact, form: Form) -> None:
    match fact:
        case NoticeRaised():
            _notices(group, (fact.notice,), form)
        case MailboxSeen():
            group.row(statements.MAILBOXES, (fact.pbx, fact.mailbox), row_of(tables.mailboxes, fact, form))
            _notices(group, () if fact.notice is None else (fact.notice,), form)
        case GreetingSeen():
            key = (fact.pbx, fact.place, fact.stem)
            group.row(statements.GREETINGS, key, row_of(tables.greetings, fact, form))
            _notices(group, () if fact.notice is None else (fact.notice,), form)
        case VoicemailUsed():
            row = row_of(tables.voicemail_uses, fact, form)
            group.row(statements.VOICEMAIL_USES, (fact.pbx, fact.uniqueid), row)
        case CallerAsked():
            _caller_asked(group, fact, form)
        case CallerErased():
            group.erasures.append(fact)
        case ClickChanged():
            _click(group, fact.click)
        case CallWrapped():
            _wrap_up(group, fact.wrap)
        case AttendanceChanged():
            group.row(statements.ATTENDANCE, (fact.pbx, fact.line, fact.at), row_of(tables.attendance, fact, form))
        case PresenceChanged():
            group.row(statements.PRESENCE, (fact.pbx, fact.line, fact.at), row_of(tables.presence, fact, form))
        case BreachChanged():
            _breach_changed(group, fact, form)
        case _:
            _of_a_pbx(group, fact, form)


def _of_a_pbx(group: Group, fact: Fact, form: Form) -> None:
    when = form.when
    match fact:
        case DayStood():
            key = (fact.kind, fact.since, fact.pbx, fact.line, fact.what)
            group.row(statements.STANDINGS, key, row_of(tables.standings, fact, form))
        case IncidentChanged():
            _incident_changed(group, fact, form)
        case MenuAbandoned():
            group.row(statements.MENU_ABANDONS, (fact.pbx, fact.uniqueid), (fact.pbx, fact.uniqueid, when(fact.at)))
        case GapOpened():
            group.new_row(statements.GAPS, (fact.pbx, fact.at), (fact.pbx, when(fact.at), None, fact.reason))
        case GapClosed():
            closed = (fact.pbx, when(fact.since), when(fact.at), fact.reason)
            group.row(statements.GAPS, (fact.pbx, fact.since), closed)
            group.in_sight[fact.pbx] = fact.at
        case PbxBooted():
            boot = (fact.pbx, when(fact.booted_at), when(fact.at))
            group.row(statements.BOOTS, (fact.pbx, fact.booted_at), boot)
        case _:
            raise StoreConflict(f"there is no table for {type(fact).__name__}")
