"""What one part of the core tells another through the centre: it is not stored, and does not leave the core."""

from dataclasses import dataclass
from datetime import datetime

from callcentre.core.case_values import CaseChannel
from callcentre.core.commands import Command
from callcentre.core.facts import Fact
from callcentre.core.tasks import Callout, Message, WrapUp
from callcentre.core.terms import MemberState, Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint(Fact):
    """What one part of the core tells another; it does not leave the core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A telephone of a line, at its best place there: `queue` is empty for an extension, `why` a pause's reason.

    `name` is what people call it: the member's name, else its telephone; fit for a page, numbers masked.
    """

    device: str
    interface: str
    queue: str
    name: str
    state: MemberState
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandWanted(Hint):
    """A part of the core wants something done; the centre makes it a command, performed after the step's commit."""

    command: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChanged(Hint):
    """How many telephones of a line could answer, as far as it is known.

    Each telephone counts once, however many queues it serves: `there` (logged in, not paused, reachable, busy or not),
    else `unknown`, else `paused`, else `unreachable`. `complete`: no telephone can be missing from these numbers.
    `free` are those of `there` that could be rung now. `seats` are all its telephones while few are there (no more than
    the line's `min_agents` and standby telephones together), and at the first change after that; else empty: plenty.
    """

    line: str
    there: int
    unknown: int
    paused: int
    unreachable: int
    complete: bool
    free: int = 0
    seats: tuple[Seat, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberActive(Hint):
    """Somebody of this line is there: took up a call or made one, logged in or unpaused. `who` names them."""

    line: str
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneUsed(Hint):
    """A telephone of the roster is in use by some call since `at`, or (`used` is False) is not."""

    device: str
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReached(Hint):
    """Somebody picked up `device`, rung for a dial that was asked for with a click: somebody is there."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerDialled(Hint):
    """For a dial asked for with a click the caller's telephone is dialled: by this leg, since `at`."""

    uniqueid: str
    task: int
    number: str
    telephone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWitnessed(Hint):
    """AMI told of a message: what the witnesses know so far.

    Told again, with the same `uniqueid` and `left_at`, when more is known (its call, and so its line and caller; its
    length; its box).

    `line` is its call's, None where no call is known. `began_at` is the entry into VoiceMail where that was seen,
    `copies` are the other mailboxes that it names.
    """

    uniqueid: str
    channel: str | None
    mailbox: str
    line: str | None
    caller: str | None
    began_at: datetime | None
    left_at: datetime
    duration: int | None
    quality: Quality
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageKnown(Hint):
    """A message, once for each change of what is known of it. `first`: it was not known before, so it needs a task.

    `news` says in words what changed, for the history; empty if nothing that a person would want to know.
    `heard`: somebody listened to it by telephone since the last time.
    """

    message: Message
    first: bool
    news: str = ""
    heard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CalloutSeen(Hint):
    """The office dials somebody who waits to be called back; told at the dial, ringing, answer and end."""

    callout: Callout


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpWanted(Hint):
    """An agent promised the caller of a call a follow-up: a task is wanted, one for each call."""

    wrap: WrapUp
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpFiled(Hint):
    """The follow-up that was wanted is task `wrap.task`."""

    wrap: WrapUp


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintMade(Hint):
    """A caller complained, in a message or a call: a case is wanted, once for each task, call and caller.

    `received_at` is when they did, `caller` their number in the spelling of core.numbers, `call` a uniqueid.
    """

    line: str
    caller: str | None
    channel: CaseChannel
    received_at: datetime
    who: str
    why: str
    request: str
    task: int | None = None
    call: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintFiled(Hint):
    """The complaint that was made is case `case`; `again`: that was there before."""

    case: int
    task: int | None
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxesWanted(Hint):
    """Somebody should look into these mailboxes (none named: into all of them); the centre makes it a command."""

    mailboxes: tuple[str, ...] = ()
