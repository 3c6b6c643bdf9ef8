"""What the core asks for: imperative, each with exactly one performer.

Some ask for a fresh look at the PBX; an Act changes something there, by the acting account, and is answered by an
ActionAnswered event with its `key`. Telling people is no command: notices are rows of the outbox.
"""

from dataclasses import dataclass
from datetime import datetime

from callcentre.core.incidents import AbuseStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something to be done about one PBX, after the facts of the same step were committed."""

    pbx: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync(Command):
    """Read channels, queues and devices again. Repeatable: doing it twice does no harm."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepMailboxes(Command):
    """Look into the mailboxes: all of them, or only `mailboxes`. Repeatable; answered by a MailboxesListed event."""

    mailboxes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act(Command):
    """Something changed on the PBX by the acting account. `key` names it for good ([A-Za-z0-9-], 64 at most)."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMember(Act):
    """Put a telephone into a queue as a dynamic member (QueueAdd). Repeatable."""

    queue: str
    interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMember(Act):
    """Take a telephone out of a queue (QueueRemove); only ever one that AddMember put there. Repeatable."""

    queue: str
    interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseMember(Act):
    """Pause or unpause a member (QueuePause). Repeatable; unpausing is only for those who opted in."""

    queue: str
    interface: str
    paused: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreValue(Act):
    """Write (DBPut) or, with `value` None, delete (DBDel) a key of AstDB, family `callcentre`. Repeatable."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBack(Act):
    """Ring an agent's telephone and lead it to `number`@`context` (Originate, ChannelId = `key`). At most once.

    `number` is as the dialplan takes it: digits, `00` before a country's code. `task` is shown on the telephone.
    `not_after`, by the PBX's clock, it is not sent any more: nobody expects the telephone to ring then.
    """

    telephone: str
    context: str
    number: str
    task: int
    not_after: datetime
    variables: tuple[tuple[str, str], ...] = ()
    seconds: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class AbuseAct(Act):
    """Have the dialplan warn the caller of call `uniqueid`, or end it, for the agent at `telephone`. At most once.

    A Local channel is made (Originate) that leads into the context of the step. `not_after` as for a CallBack.
    """

    uniqueid: str
    step: AbuseStep
    telephone: str
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RingTelephone(Act):
    """Ring a telephone and lead whoever answers to `exten`@`context` (Originate, ChannelId = `key`). At most once."""

    telephone: str
    context: str
    exten: str
    variables: tuple[tuple[str, str], ...] = ()
    seconds: int = 30
