"""Every message known once, of all PBXs; when to look into mailboxes; what people must be told of them.

What is known of the messages of one PBX is core/register.py, what a look adds to it core/looks.py.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from callcentre.core.charter import Office
from callcentre.core.errors import IllegalTransition
from callcentre.core.events import Event, LinkUp, MailboxChanged, MailboxesListed, TimePassed
from callcentre.core.facts import CallerErased, Fact, NoticeRaised, OpenRows
from callcentre.core.hints import MailboxesWanted, MessageWitnessed
from callcentre.core.looks import Look
from callcentre.core.numbers import canonical
from callcentre.core.register import Register
from callcentre.core.requests import BacklogDecided
from callcentre.core.stored import MailboxLines
from callcentre.core.tasks import Notice
from callcentre.core.terms import NoticeKind

_EVERY: Final = timedelta(minutes=1)
_TOGETHER: Final = timedelta(seconds=2)
"""Mailboxes that change within this time after a look was asked for are looked into together: a burst asks for few."""

_MANY: Final = 50
"""So many mailboxes that changed are not named one by one."""

_NEVER_WHOLE: Final = timedelta(minutes=2)
"""If no look has been whole by then, none will be soon, and the backlog is told as far as it is known."""

_FORGOTTEN_EVERY: Final = timedelta(hours=1)
_NAMED: Final = 20


@dataclass(slots=True)
class _Asking:
    """The looks asked for at one PBX: the mailboxes that wait for the next, which is due then."""

    waiting: set[str] = field(default_factory=set)
    next_at: datetime | None = None


class Messages:
    """Every message known once: witnesses and mailboxes joined. It looks by itself only after `restore`."""

    EVENTS: Final[frozenset[type[Event]]] = frozenset({BacklogDecided, LinkUp, MailboxChanged, MailboxesListed})
    FACTS: Final[frozenset[type[Fact]]] = frozenset({CallerErased, MessageWitnessed})

    def __init__(self, office: Office) -> None:
        self._office = office
        self._lines = MailboxLines(office)
        self._registers = {pbx.name: Register(pbx.name, self._lines) for pbx in office.pbxs}
        self._asking = {pbx.name: _Asking() for pbx in office.pbxs}
        self._unnamed: set[tuple[str, str]] = set()
        self._backlog_told: dict[str, int] = {}
        self._restored_at: datetime | None = None
        self._sweep_at: datetime | None = None
        self._forget_at: datetime | None = None
        self._handlers: dict[type[Event], Callable[[Any], Iterable[Fact]]] = {
            BacklogDecided: self._decided,
            LinkUp: self._link_up,
            MailboxChanged: self._mailbox_changed,
            MailboxesListed: self._listed,
            TimePassed: self._time_passed,
        }

    def handle(self, event: Event) -> list[Fact]:
        """Take one event of EVENTS, or TimePassed. Raises IllegalTransition for a decision on nothing."""
        handler = self._handlers.get(type(event))
        return [*handler(event)] if handler is not None else []

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Take one fact of FACTS."""
        if isinstance(fact, MessageWitnessed):
            return [*self._not_named(fact.pbx, [fact.mailbox], fact.at), *self._register(fact.pbx).witnessed(fact)]
        if isinstance(fact, CallerErased):
            return self._erased(fact)
        return []

    def restore(self, rows: OpenRows, at: datetime) -> list[Fact]:
        """Take what an earlier run left, before the first event; from now on mailboxes are looked into."""
        self._restored_at = self._sweep_at = self._forget_at = at
        for name in {*self._registers, *(message.pbx for message in rows.messages)}:
            register = self._register(name)
            boxes = [row for row in rows.boxes if row.pbx == name]
            messages = [message for message in rows.messages if message.pbx == name]
            register.restore(messages, boxes, rows.last_seen.get(name), at)
            self._unnamed |= {(name, row.mailbox) for row in boxes if not row.named}
            if register.known_before:
                self._backlog_told[name] = len(register.shelf.backlog)
        return []

    def _register(self, pbx: str) -> Register:
        return self._registers.setdefault(pbx, Register(pbx, self._lines))

    def unmatched(self) -> dict[str, int]:
        """Count, by line, the messages that belong to no task yet: those that wait for a decision."""
        counts = {line.name: 0 for line in self._office.lines}
        for register in self._registers.values():
            for entry in register.shelf.backlog.values():
                counts[entry.message.line] = counts.get(entry.message.line, 0) + 1
        return counts

    # --- looks -------------------------------------------------------------------------------------------------------

    def next_timer(self) -> datetime | None:
        """When to be woken."""
        if self._sweep_at is None:
            return None
        waiting = [asking.next_at for asking in self._asking.values() if asking.next_at and asking.waiting]
        return min([self._sweep_at, *waiting])

    def _time_passed(self, event: TimePassed) -> list[Fact]:
        if self._sweep_at is None or self._forget_at is None:
            return []
        if event.at >= self._forget_at:
            self._forget_at = event.at + _FORGOTTEN_EVERY
            for register in self._registers.values():
                register.shelf.forget(event.at)
        # What is due later than it ever is was planned by another clock: ours stands for a PBX's until that is heard.
        if event.at >= self._sweep_at or event.at < self._sweep_at - _EVERY:
            self._sweep_at = event.at + _EVERY
            return [wanted for pbx in self._asking for wanted in self._ask(pbx, event.at, whole=True)]
        return [
            wanted
            for pbx, asking in self._asking.items()
            if asking.waiting and asking.next_at is not None and event.at >= asking.next_at
            for wanted in self._ask(pbx, event.at)
        ]

    def _mailbox_changed(self, event: MailboxChanged) -> list[Fact]:
        self._register(event.pbx).changed(event)
        asking = self._asking.get(event.pbx)
        if self._sweep_at is None or asking is None:
            return []
        asking.waiting.add(event.mailbox)
        if asking.next_at is not None and asking.next_at - _EVERY <= event.at < asking.next_at:
            return []
        return self._ask(event.pbx, event.at)

    def _link_up(self, event: LinkUp) -> list[Fact]:
        """What was left while the PBX was out of sight is found at once."""
        if self._sweep_at is None or event.pbx not in self._asking:
            return []
        return self._ask(event.pbx, event.at, whole=True)

    def _ask(self, pbx: str, at: datetime, *, whole: bool = False) -> list[Fact]:
        asking = self._asking[pbx]
        boxes = () if whole or len(asking.waiting) > _MANY else tuple(sorted(asking.waiting))
        asking.waiting.clear()
        asking.next_at = at + _TOGETHER
        return [MailboxesWanted(pbx=pbx, at=at, mailboxes=boxes)]

    def _listed(self, event: MailboxesListed) -> list[Fact]:
        register = self._register(event.pbx)
        facts: list[Fact] = self._not_named(event.pbx, [box.mailbox for box in event.boxes], event.at)
        facts += Look(register, event).facts()
        began = self._restored_at
        if event.whole or (began is not None and event.at >= began + _NEVER_WHOLE):
            facts += self._backlog(register, event.at)
        return facts

    # --- what people are told ----------------------------------------------------------------------------------------

    def _not_named(self, pbx: str, mailboxes: Iterable[str], at: datetime) -> list[Fact]:
        """Mailboxes that no line names, once each: nobody answers for what is left there but the fallback line."""
        new = [
            box for box in sorted(set(mailboxes)) if (pbx, box) not in self._unnamed and not self._lines.of(pbx, box)[1]
        ]
        if not new:
            return []
        self._unnamed |= {(pbx, box) for box in new}
        line = self._lines.fallback
        which = "a mailbox" if len(new) == 1 else f"{len(new)} mailboxes"
        notice = Notice(
            key=f"unnamed mailbox {pbx} {new[0]}",
            pbx=pbx,
            line=line.name,
            kind=NoticeKind.UNNAMED_MAILBOX,
            at=at,
            title=f"{pbx}: no line names {which}",
            text=(
                f"{_listing(new)} of {pbx} {'is' if len(new) == 1 else 'are'} named by no line. Messages left there "
                f'become callbacks of line "{line.name}". Add the mailbox to the `mailboxes` of the line that should '
                "answer it."
            ),
            to=line.tell,
        )
        return [NoticeRaised(pbx=pbx, at=at, notice=notice)]

    def _backlog(self, register: Register, at: datetime) -> list[Fact]:
        """The messages from before the first start, with one alert, not one task each."""
        backlog, pbx = register.shelf.backlog, register.pbx
        told = self._backlog_told.get(pbx)
        if len(backlog) <= (told or 0):
            self._backlog_told[pbx] = len(backlog)
            return []
        self._backlog_told[pbx] = len(backlog)
        numbers: dict[str, int] = {}
        for entry in backlog.values():
            numbers[entry.message.mailbox] = numbers.get(entry.message.mailbox, 0) + 1
        boxes = _listing([f"{number} in {box}" for box, number in sorted(numbers.items())])
        line, many = self._lines.fallback, len(backlog) > 1
        count = f"{len(backlog)} messages" if many else "one message"
        notice = Notice(
            key=f"backlog {pbx}" if told is None else f"backlog {pbx} {at.isoformat()}",
            pbx=pbx,
            line=line.name,
            kind=NoticeKind.BACKLOG,
            at=at,
            title=f"{pbx}: {count} from before the first start wait for a decision",
            text=(
                f"{count[0].upper()}{count[1:]} had been left on {pbx} before callcentre first looked: {boxes}. Nobody "
                "is called back until somebody decides: `callcentre tasks backlog` lists them, and makes each a "
                "callback task, or none of them."
            ),
            to=line.tell,
        )
        return [NoticeRaised(pbx=pbx, at=at, notice=notice)]

    # --- what people decide ------------------------------------------------------------------------------------------

    def _decided(self, event: BacklogDecided) -> Iterable[Fact]:
        register = self._registers.get(event.pbx)
        if register is None or not register.shelf.backlog:
            raise IllegalTransition(
                f"no message on {event.pbx or 'an unnamed PBX'} waits for a decision; there is nothing to do"
            )
        done = "taken on" if event.take_on else "set aside"
        why = f": {event.why}" if event.why else ""
        facts = [*register.decided(event.at, f"{done} by {event.who}{why}", take_on=event.take_on)]
        self._backlog_told[event.pbx] = 0
        return facts

    def _erased(self, fact: CallerErased) -> list[Fact]:
        register = self._register(fact.pbx)
        keys = dict.fromkeys(fact.messages)
        if fact.caller is not None:
            keys |= {
                key: None
                for key, entry in register.shelf.entries.items()
                if entry.message.caller and canonical(entry.message.caller) == fact.caller
            }
        return [*register.erased(fact.at, keys)]


def _listing(words: list[str]) -> str:
    """The words in a row, not too many of them."""
    more = len(words) - _NAMED
    return ", ".join(words[:_NAMED]) + (f" and {more} more" if more > 0 else "")
