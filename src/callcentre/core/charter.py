"""What an office promises, as data: targets, hours, the rule for messages, and the lines that keep them.

Charters are files (config/charters/*.toml), never code. Times of day are civil times in the line's zone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum

from callcentre.core.case_values import KINDS, CaseChannel
from callcentre.core.terms import Mode, Nation, NumberKind

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class JudgedBy(StrEnum):
    """Which of the service levels a charter is judged by (docs/explanation: service level)."""

    STRICT = "strict"
    HEADLINE = "headline"
    ANSWERED = "answered"


class RuleName(StrEnum):
    """The deadline rules of the charters; `DeadlineRule.n` is hours for the first, working days for the second."""

    ELAPSED_OR_NEXT_WORKING_DAY = "elapsed_or_next_working_day"
    WORKING_DAYS = "working_days"
    SAME_WORKING_DAY = "same_working_day"
    WITHIN_A_WORKING_DAY = "within_a_working_day"


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """A rule and its number (None for the two rules that need none)."""

    name: RuleName
    n: int | None = None


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Open hours [open, close) in minutes after midnight, 0 ≤ open < close ≤ 1440 (24:00)."""

    open: int
    close: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekHours:
    """The open intervals of each weekday (0 = Monday), sorted, not overlapping; a day without any is no working day."""

    days: tuple[tuple[Interval, ...], ...]

    def usual(self, weekday: int) -> tuple[Interval, ...]:
        """The hours of `weekday`; where it has none, those of the last weekday before it that has some."""
        return next((hours for back in range(7) if (hours := self.days[(weekday - back) % 7])), ())


class Besides(StrEnum):
    """What a charter may promise besides, of everything: no call, no minute, no recording is left out."""

    ATTENDED = "attended"  # telephones never unattended in core hours (H5)
    VOICEMAIL = "voicemail"  # only so that calls do not go unanswered (H7)
    GREETINGS = "greetings"  # recorded messages audible, accurate and appropriate (H8)
    MAILBOXES = "mailboxes"  # callers can leave a message (H9)


class Agreed(StrEnum):
    """What a date agreed with the person does to the promise of an answer."""

    BESIDE = "beside"  # it is watched besides
    INSTEAD = "instead"  # agreed before the deadline passed, it takes its place (W4)
    REQUIRED = "required"  # an answer that does not end the case needs one, and is watched until the end (C4)


ANY_KIND = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRule:
    """What is promised of cases of one kind (ANY_KIND: of all), by these channels and categories (none named: by all).

    `acknowledge` and `answer` are deadlines after the receipt, None where none is promised; `fraction` is the share of
    cases that must meet them. `update_days`: once a date is agreed, the person hears of it each so many working days.
    `contact_required`: the answer bears the owner's name and direct dial (H11).
    """

    kind: str
    channels: frozenset[CaseChannel] = frozenset()
    categories: frozenset[str] = frozenset()
    title: str = ""
    acknowledge: DeadlineRule | None = None
    answer: DeadlineRule | None = None
    fraction: float | None = None
    agreed: Agreed = Agreed.BESIDE
    update_days: int | None = None
    contact_required: bool = False

    def fits(self, kind: str, channel: CaseChannel, category: str) -> bool:
        """Whether it is about such a case."""
        of_kind = self.kind in (ANY_KIND, kind)
        by = not self.channels or channel in self.channels
        return of_kind and by and (not self.categories or category in self.categories)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """The promises of an office. A target of None was not promised, and is never judged.

    `answer_seconds` and `answer_rings` are the telephone targets, `answer_fraction` how many calls must meet them
    (0.9), `first_contact_fraction` how many enquiries are resolved at first contact (H1), `short_abandon_seconds` below
    which an abandoned call is a short one. `stages` are the roles that a complaint goes to, from stage 1 on (none: it
    has one stage); `abuse_role` is told of abusive callers (W5), and alone may end a case with no more than its
    acknowledgement. Roles are names; who holds them is in `Office.roles`. `cases` are what is promised of cases, the
    first that fits counting; `categories` sort them, `outside` are those outside the remit. From stage `written_from`
    on a complaint is taken only in writing (None: at any). `besides` is promised of everything, without a share.
    By `message_rule` a message is answered, by `acknowledge_rule` its caller is told that it was received.
    """

    name: str
    version: int
    answer_seconds: float | None
    answer_rings: int | None
    answer_fraction: float | None
    judged_by: JudgedBy
    short_abandon_seconds: float
    hours: WeekHours
    message_rule: DeadlineRule
    acknowledge_rule: DeadlineRule | None = None
    title: str = ""
    stages: tuple[str, ...] = ()
    abuse_role: str = ""
    first_contact_fraction: float | None = None
    cases: tuple[CaseRule, ...] = ()
    categories: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    written_from: int | None = None
    besides: frozenset[Besides] = frozenset()

    def case_rule(self, kind: str, channel: CaseChannel, category: str) -> CaseRule | None:
        """What is promised of such a case; None: nothing."""
        return next((rule for rule in self.cases if rule.fits(kind, channel, category)), None)

    def case_kinds(self) -> tuple[str, ...]:
        """The kinds of case there are: those that every charter knows, and its own."""
        own = (rule.kind for rule in self.cases if rule.kind != ANY_KIND)
        return tuple(dict.fromkeys((*KINDS, *own)))


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationStep:
    """Tell `tell` (names of contacts) when a callback is still not made `after` its deadline."""

    after: timedelta
    tell: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Whom to tell at what times of the week (the line's zone)."""

    hours: WeekHours
    tell: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """What is done when a line is unattended in core hours, and who is told.

    `grace` delays the alarm, never the count; `recovery` is how long its own people must be back before all is undone.
    `standby` telephones are added to its queues; `may_unpause` are members (telephones) who agreed to be unpaused;
    `divert`: the dialplan is told to divert; `supervisors` are telephones rung one after the other until one answers.
    `shifts` say who is told; outside of all shifts, the line's `tell`. `escalation` is sorted by `after`, which counts
    from the first unattended instant.
    """

    mode: Mode = Mode.OBSERVE
    grace: timedelta = timedelta(seconds=60)
    recovery: timedelta = timedelta(seconds=30)
    standby: tuple[str, ...] = ()
    may_unpause: frozenset[str] = frozenset()
    divert: bool = False
    supervisors: tuple[str, ...] = ()
    shifts: tuple[Shift, ...] = ()
    escalation: tuple[EscalationStep, ...] = ()


def unknown_kind(_number: str) -> NumberKind:
    """The kind of a number where nothing was given to tell it by."""
    return NumberKind.INVALID


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """Who may be dialled with a click: numbers of `kinds`, and those that begin with one of `also` (canonical digits).

    At most `per_agent` dials of one agent and `overall` of all within any hour. Callers are dialled in `context`, after
    the agent's telephone rang for at most `ring_agent` seconds. `kind_of` tells the kind of a canonical number; the
    config gives one that knows the numbering plans.
    """

    kinds: frozenset[NumberKind] = frozenset(
        {NumberKind.GEOGRAPHIC, NumberKind.UK_WIDE, NumberKind.MOBILE, NumberKind.FREEPHONE}
    )
    also: tuple[str, ...] = ()
    per_agent: int = 30
    overall: int = 200
    context: str = "callcentre-callback"
    ring_agent: int = 25
    kind_of: Callable[[str], NumberKind] = unknown_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A service that the office answers, with everything the core needs to know of it.

    `ring_cycle_seconds` is the length of one ring of its tone zone (UK 3.0, US 6.0). `hours` are the line's core
    hours: its own, else its charter's. `holidays` are the bank holidays of its nation by date with their names, as
    far as the config could tell them; `added_days` and `removed_days` are the office's own working and closed days;
    `special_hours` are the hours of single days, sorted, not overlapping, none on a day closed: they outrank all else.

    `warn_before` is how long before `act_by` a callback is warned of; `tell` are the contacts told of warnings, of
    deadlines passed and of its mailboxes; `escalation` is sorted by `after`. `merge`: messages of one caller join one
    task. `callback_abandoned`: a caller who gave up gets a task too. `attention` is what happens when nobody is there.
    `calling_hours` are when its callers may be dialled with a click, on its working days; None: its core hours.
    `greeting` is what to say when answering (H6), with `{time}` (Good morning), `{line}` and `{name}`; empty: the usual
    one. `title` is what people call it, empty: its name. `languages` are those that its callers are set to in Asterisk,
    `announcements` the recorded messages that they hear besides its mailboxes' greetings, as Playback() names them.
    """

    name: str
    pbx: str
    charter: Charter
    nation: Nation
    hours: WeekHours
    dids: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    extensions: frozenset[str] = frozenset()
    mailboxes: frozenset[str] = frozenset()
    zone: str = "Europe/London"
    ring_cycle_seconds: float = 3.0
    min_agents: int = 1
    ring_out_limit: int = 3
    holidays: Mapping[date, str] = field(default_factory=dict)
    added_days: frozenset[date] = frozenset()
    removed_days: frozenset[date] = frozenset()
    special_hours: Mapping[date, tuple[Interval, ...]] = field(default_factory=dict)
    warn_before: timedelta = timedelta(hours=2)
    tell: tuple[str, ...] = ()
    escalation: tuple[EscalationStep, ...] = ()
    merge: bool = True
    callback_abandoned: bool = False
    attention: Attention = Attention()
    calling_hours: WeekHours | None = None
    greeting: str = ""
    title: str = ""
    languages: tuple[str, ...] = ("en",)
    announcements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pbx:
    """One Asterisk, by name.

    `trunks` are devices that carry outside calls (`PJSIP/trunk`); empty: whatever is no known telephone is outside.
    `menus` are DIDs of menus, claimed by no line. `acts`: there is an account to change something with.
    """

    name: str
    trunks: frozenset[str] = frozenset()
    menus: frozenset[str] = frozenset()
    acts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How long agents are shown that a caller was abusive (`lasts`), and when the named role is asked (`review`)."""

    lasts: timedelta = timedelta(days=365)
    review: timedelta = timedelta(days=183)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """All lines and PBXs of this daemon; `fallback_line` takes what no line names.

    `lease` is how long a claimed task is held without a sign of its agent; after `attempts` dials without an answer a
    task may be closed as `no_answer`. `nearly_full` is the share of a mailbox's capacity from which it is told of.
    `roles` has the contacts that hold each role that a charter names, `contacts` all there are. `accounts` has those of
    the people behind a contact; one that is not in it is the account of its own name. `flags_last` is how long it is
    kept how to speak with a caller, from their agreement on.
    """

    pbxs: tuple[Pbx, ...]
    lines: tuple[Line, ...]
    fallback_line: str
    lease: timedelta = timedelta(minutes=15)
    attempts: int = 3
    nearly_full: float = 0.8
    actions_per_hour: int = 30
    url: str = ""
    calling: Calling = Calling()
    flags_last: timedelta = timedelta(days=365)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    marks: Marks = Marks()
    contacts: tuple[str, ...] = ()
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def told_in(office: Office, line: Line, role: str) -> tuple[str, ...]:
    """Return the contacts who hold `role`; where nobody is named for it, those whom the line tells."""
    return office.roles.get(role) or line.tell


def abuse_role(office: Office, line: str, before: str = "") -> str:
    """Return the role that decides about abuse on a line, by its charter; of a line that is no more, `before`."""
    return next((one.charter.abuse_role for one in office.lines if one.name == line), before)


def holders(office: Office, role: str) -> tuple[str, ...]:
    """Return the accounts that hold `role`: those of the contacts to whom it is given. Nobody's: none."""
    contacts = office.roles.get(role, ())
    return tuple(dict.fromkeys(name for contact in contacts for name in office.accounts.get(contact, (contact,))))


def not_theirs(office: Office, role: str, who: str, *, admin: bool) -> str:
    """Return why account `who` may not decide what `role` decides, in words; empty: it may.

    Its holders decide, and nobody else. Where nobody holds it, or it is no role at all (empty), `admin`s do.
    """
    held = {name.casefold() for name in holders(office, role)}
    if who.casefold() in held or (admin and not held):
        return ""
    if held:
        return f"only the {role} decides that; ask them"
    nobody = f"nobody holds the role {role}" if role else "the charter names no role for that"
    return f"{nobody}, so that an administrator decides; ask one"


def minutes(clock: time) -> int:
    """Minutes after midnight of a time of day."""
    return clock.hour * 60 + clock.minute
