"""What lies around the core in a daemon, for one that lives on a tape's time: stand-ins, and what goes wrong there."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from callcentre.ami.messages import Doubt, Message
from callcentre.ami.playback import TapePlayer
from callcentre.ami.tape import TapeRecord
from callcentre.core.commands import Act, RingTelephone
from callcentre.core.events import (
    ActionAnswered,
    Event,
    MailboxChanged,
    MailboxContents,
    MailboxesListed,
    OriginateAnswered,
    StoredMessage,
)
from callcentre.core.terms import instant


class Trouble(StrEnum):
    """What can go wrong around the core."""

    STORE_AWAY = "the database takes nothing"
    FACTS_LOST = "facts were given up"
    FAULT = "a fault in the core skipped an event"
    NOT_TOLD = "notifications are given up"
    NOT_LOOKED = "no look into the mailboxes comes to an end"
    REFUSED = "the PBX refuses what is to be done"
    CANNOT_ACT = "the acting account is not logged in"
    SLOW_LINK = "Pings are answered late"
    ABSENT = "nobody serves the metrics"


@dataclass(frozen=True, slots=True)
class Spell:
    """A trouble from one moment up to another."""

    trouble: Trouble
    begins: datetime
    ends: datetime


@dataclass(slots=True)
class Service:
    """What the daemon's loop tells of itself (callcentre.metrics.Service)."""

    store_up: bool = True
    unwritten: Counter[str] = field(default_factory=Counter)
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the daemon is played in: when it is started anew, what goes wrong, and what its mailboxes hold.

    `acts`: it has an account that changes something on the PBX, and a line that it is to act for.
    """

    acts: bool = False
    restarts: Sequence[datetime] = ()
    spells: Sequence[Spell] = ()
    capacity: Mapping[str, int] = field(default_factory=dict)
    left_before: Sequence[StoredMessage] = ()
    look_every: timedelta = timedelta(minutes=1)


class Listener(TapePlayer):
    """A tape's player that counts what it reads and doubts, as the client's link does, and sees as far as its Pings."""

    def __init__(self, pbx: str) -> None:
        super().__init__(pbx)
        self.doubts: list[str] = []

    def play(self, record: TapeRecord) -> Iterator[Event]:
        """What one record tells."""
        if record.mark is not None and self.is_up:
            self._last = instant(record.t)  # a Ping each second would have seen the PBX until now
        return super().play(record)

    def take_counts(self) -> Counter[str]:
        """Events read since the last call, by name."""
        return self._framer.take_counts()

    def _events(self, messages: Iterable[Message], now: datetime) -> Iterator[Event]:
        def noted() -> Iterator[Message]:
            for message in messages:
                if isinstance(message, Doubt):
                    self.doubts.append(message.reason)
                yield message

        return super()._events(noted(), now)


class Mailboxes:
    """What looks into the mailboxes find: the PBX's counts as it last told them, and messages from before.

    `capacity` is how many messages each takes; `every` is how often a look is made.
    """

    def __init__(self, capacity: Mapping[str, int], left_before: Sequence[StoredMessage], every: timedelta) -> None:
        held = {one.mailbox: tuple(each for each in left_before if each.mailbox == one.mailbox) for one in left_before}
        self._boxes = {
            name: MailboxContents(mailbox=name, messages=held.get(name), new=0, old=0, capacity=most)
            for name, most in capacity.items()
        }
        self._every = every
        self._next: datetime | None = None

    def changed(self, event: MailboxChanged) -> None:
        """The PBX told how many messages a mailbox holds."""
        box = self._boxes.get(event.mailbox)
        if box is not None:
            self._boxes[event.mailbox] = replace(box, new=event.new, old=event.old)

    def look(self, pbx: str, at: datetime) -> MailboxesListed | None:
        """What a look finds; None if it is too soon for one."""
        if self._next is not None and at < self._next:
            return None
        self._next = at + self._every
        return MailboxesListed(pbx=pbx, at=at, boxes=tuple(self._boxes.values()), source="ami", whole=True)


PROMPT_SECONDS: Final = 0.0008
LATE_SECONDS: Final = 2.5


def answers(act: Act, at: datetime, *, refused: bool) -> Iterator[Event]:
    """What the PBX answers to something done there; whoever it rings takes up the telephone."""
    words = "Permission denied" if refused else ""
    yield ActionAnswered(pbx=act.pbx, at=at, key=act.key, done=not refused, words=words)
    if isinstance(act, RingTelephone) and not refused:
        yield OriginateAnswered(pbx=act.pbx, at=at, key=act.key, done=True)
