"""What the core concluded: past tense, frozen, for many readers (store, metrics, pages). Never an instruction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callcentre.core.breach import Breach, BreachStep
from callcentre.core.case_values import Case, CaseClock, CaseEntry
from callcentre.core.greetings import Standing
from callcentre.core.incidents import AbuseStage, Incident
from callcentre.core.standings import StandingKind
from callcentre.core.tasks import Callout, Click, Entry, Filing, Message, Notice, Task, WrapUp
from callcentre.core.terms import (
    AttemptResult,
    Attendance,
    CallKey,
    Hours,
    MailboxState,
    Origin,
    Outcome,
    Quality,
    Verdict,
    VisitResult,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RingAttempt:
    """One telephone being rung for a call (never a Local leg).

    `ring_start` is None if it never rang; `result` is None while it lasts; `progress_only` marks a leg that showed
    PROGRESS and no RINGING, counted from there.
    """

    interface: str
    begun_at: datetime
    ring_start: datetime | None
    ring_end: datetime | None
    result: AttemptResult | None
    after_answer: bool
    progress_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One stay of a call in one queue; `leave` and `result` are None while it lasts."""

    queue: str
    enter: datetime
    leave: datetime | None
    result: VisitResult | None
    after_answer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as far as it is known: the row of the store and the line of `callcentre replay`.

    Times are aware UTC, durations seconds (float), None where it does not apply or is not known. `outcome` is
    IN_PROGRESS until it is decided. `within_rings` is None if nothing rang or the charter names no rings;
    `within_seconds` is None if the charter names no seconds. Definitions: docs/explanation (how a call is measured).
    """

    key: CallKey
    linkedid: str
    line: str
    did: str | None
    caller: str | None
    origin: Origin
    offered_at: datetime
    first_ring_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome
    wait_seconds: float | None
    ring_seconds: float | None
    rings: int | None
    talk_seconds: float | None
    answered_by: str | None
    attempts: tuple[RingAttempt, ...]
    visits: tuple[Visit, ...]
    within_seconds: bool | None
    within_rings: bool | None
    hours: Hours
    quality: Quality
    charter: str
    charter_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is so since `at`, about one PBX."""

    pbx: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOffered(Fact):
    """A call reached a line; it is a row from now on."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class CallProgressed(Fact):
    """Something about a running call changed (a telephone rings, a visit opened, a link was lost)."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(Fact):
    """A person picked up for the first time."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Fact):
    """The outcome is decided; all counters of the call rise with this fact, once."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHealed(Fact):
    """Asterisk's own books told what became of a call that we had counted as lost; counters already given stand."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuAbandoned(Fact):
    """A caller hung up before reaching any line."""

    uniqueid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GapOpened(Fact):
    """From `at` the PBX was out of sight (or its words could not be believed)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GapClosed(Fact):
    """The PBX is in sight again since `at`; the gap began at `since`."""

    since: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxBooted(Fact):
    """The PBX runs since `booted_at` (± 1 s): what was open before that is over."""

    booted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceChanged(Fact):
    """A line's attendance is `state` since `at`, because of `reason` (words fit for a page).

    `who` has an entry for each member who is why (`Alice Adams: paused (lunch)`), or who came when it is attended
    again; empty where plenty are there or nothing is known.
    """

    line: str
    state: Attendance
    reason: str
    core: bool
    who: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceChanged(Fact):
    """So many telephones of a line could answer since `at`, busy ones included; `there` is None while it is unknown."""

    line: str
    there: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachChanged(Fact):
    """A breach, the steps of it that are new or settled, and who is told: one transaction, or not at all."""

    breach: Breach
    steps: tuple[BreachStep, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChanged(Fact):
    """A task, its history and what hangs together with it: written in one transaction, or not at all.

    `filings` are those that changed, `responded` those among them that were answered just now, `acknowledged` those of
    which somebody was told just now that they were received. `message` is set when a message came to be known or its
    description changed; `first` when it was filed just now. `task` is None for a message that only changed its
    description or waits for a decision.
    """

    task: Task | None = None
    entries: tuple[Entry, ...] = ()
    message: Message | None = None
    first: bool = False
    filings: tuple[Filing, ...] = ()
    responded: tuple[Filing, ...] = ()
    acknowledged: tuple[Filing, ...] = ()
    callout: Callout | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChanged(Fact):
    """A case, its history and what hangs together with it: written in one transaction, or not at all.

    `clocks` are those that began, moved, were kept or came to nothing; `judged` those among them that came to their end
    just now, in time or late. A promise comes to its end once, also in a case that was closed and opened again.
    """

    case: Case
    entries: tuple[CaseEntry, ...] = ()
    clocks: tuple[CaseClock, ...] = ()
    judged: tuple[CaseClock, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickChanged(Fact):
    """A dial asked for with a click is as `click` says: told when it is wanted, and at each step until its end."""

    click: Click


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWrapped(Fact):
    """An agent said what a call was; `first`: nobody had said anything of it before."""

    wrap: WrapUp
    first: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerAsked(Fact):
    """A caller was asked how an answered call was (H18). `answer` is 1 to 5, None so far; `over`: it stays as it is.

    `telephone` is the one that answered the call.
    """

    uniqueid: str
    line: str
    telephone: str | None
    asked_at: datetime
    answered_at: datetime | None = None
    answer: int | None = None
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentChanged(Fact):
    """An incident with an abusive caller is as `incident` says; `stage` is what happened just now, if anything did."""

    incident: Incident
    stage: AbuseStage | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRaised(Fact):
    """People are to be told of something that is no task's."""

    notice: Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSeen(Fact):
    """A sweep looked at a mailbox; the row it leaves. `new` and `old` are None where only files were read.

    `state` with its `reason` (words) is whether callers can leave a message; `notice` is set when that changed.
    `line` is the one that names it, else the fallback line (`named` is False).
    """

    mailbox: str
    line: str
    named: bool
    state: MailboxState
    reason: str
    new: int | None = None
    old: int | None = None
    capacity: int | None = None
    notice: Notice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingSeen(Fact):
    """A recorded message was looked at, and stands otherwise than it did: the row it leaves (H8).

    `place` and `stem` are those of core.greetings.Looked; `line` is the first that names it. `notice` is set where
    people are to be told.
    """

    place: str
    stem: str
    line: str
    standing: tuple[Standing, ...]
    digest: str
    notice: Notice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStood(Fact):
    """How many of a line stood well on the civil day that began at `since`, and how many did not (H8, H9).

    `what` is the mailbox, or where recorded messages lie. `unknown` counts what could not be looked at. Of several
    looks on one day the worst counts; on a day without one nothing is known.
    """

    since: datetime
    kind: StandingKind
    line: str
    what: str
    good: int
    bad: int
    unknown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailUsed(Fact):
    """A call reached voicemail: whether that was fair (H7), with the evidence in words."""

    uniqueid: str
    line: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerErased(Fact):
    """What a caller could be known by is removed: the number from every row of before `at`, and these messages.

    `caller` is the number in the form of core.numbers, None where only `messages` (keys) or `cases` (numbers) are
    erased. `words` (a name, an e-mail address) are removed from every text. `request` names who asked for it.
    """

    caller: str | None
    messages: tuple[str, ...]
    who: str
    why: str
    cases: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    request: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRows:
    """What an earlier run left in the store that the core must know before its first event.

    `last_seen` is until when each PBX was surely seen. `messages` are those still in a mailbox, waiting for a decision,
    erased, or not yet found in a mailbox and younger than 30 days; `tasks` the ones not closed, `filings` theirs;
    `latest` the highest task number of each PBX; `boxes` the last word on each mailbox; `missed` the callers (canonical
    number, when) of the last 14 days who were neither answered nor reached since; `callouts` the dials without an end.
    `clicks` are the dials asked for within the last hour, and those without an end; `wraps` what agents said of calls
    within the last day; `incidents` are those whose mark has not expired.
    `cases` are those not closed, each with all its clocks, `latest_cases` the highest case number of each PBX,
    `case_requests` the keys of requests of the last days.
    `breaches` are those not ended or not all undone, each with all its steps; `acted` when actions were sent within the
    last hour.
    """

    calls: tuple[Call, ...] = ()
    last_seen: Mapping[str, datetime] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    tasks: tuple[Task, ...] = ()
    filings: tuple[Filing, ...] = ()
    latest: Mapping[str, int] = field(default_factory=dict)
    boxes: tuple[MailboxSeen, ...] = ()
    missed: tuple[tuple[str, str, datetime], ...] = ()
    callouts: tuple[Callout, ...] = ()
    breaches: tuple[tuple[Breach, tuple[BreachStep, ...]], ...] = ()
    cases: tuple[tuple[Case, tuple[CaseClock, ...]], ...] = ()
    latest_cases: Mapping[str, int] = field(default_factory=dict)
    case_requests: tuple[str, ...] = ()
    acted: tuple[datetime, ...] = ()
    clicks: tuple[Click, ...] = ()
    wraps: tuple[WrapUp, ...] = ()
    incidents: tuple[Incident, ...] = ()
