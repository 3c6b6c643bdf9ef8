"""Whether callers can leave a message (H9): each mailbox's state, and an alert when it gets worse or is well again.

Two kinds of look know different things: the spool what a mailbox holds and whether files can be made, AMI how many
messages it takes and whether it exists. Neither unsays what only the other can know.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from callcentre.core.charter import Line, Office
from callcentre.core.deposits import is_earlier
from callcentre.core.events import Event, MailboxChanged, MailboxContents, MailboxesListed
from callcentre.core.facts import DayStood, Fact, MailboxSeen, OpenRows
from callcentre.core.hints import MessageWitnessed
from callcentre.core.standings import StandingKind, day_began
from callcentre.core.stored import NEW_FOLDERS, MailboxLines
from callcentre.core.tasks import Notice
from callcentre.core.terms import MailboxState, NoticeKind

_MARGIN: Final = 0.05
"""A mailbox must be so much below the edge, of its capacity, before it counts as recovered: none flaps at the edge."""

_REFRESHED_EVERY: Final = timedelta(hours=1)
"""So often is the row of a mailbox written though nothing changed, so that it tells when it was last looked into."""

_NEVER_WHOLE: Final = timedelta(minutes=2)
_UNLISTED_LOOKS: Final = 3
"""A mailbox that so many looks at everything did not name is no longer there, and not counted."""

_INHERITED_LOOKS: Final = 2
"""So many looks at everything must not repeat what an earlier run saw, before that is over: one of each kind."""

_WORSE: Final = (
    MailboxState.HEALTHY,
    MailboxState.NEARLY_FULL,
    MailboxState.FULL,
    MailboxState.NOT_RECORDABLE,
    MailboxState.MISSING,
)
TAKES: Final = frozenset({MailboxState.HEALTHY, MailboxState.NEARLY_FULL})
"""A mailbox of these states takes messages."""

_TITLES: Final = {
    MailboxState.HEALTHY: "takes messages again",
    MailboxState.NEARLY_FULL: "is nearly full",
    MailboxState.FULL: "is full",
    MailboxState.NOT_RECORDABLE: "cannot take messages",
    MailboxState.MISSING: "is missing",
}


@dataclass(slots=True)
class _Box:
    """A mailbox. `problems` and `missing` are by the source that told; `inherited` is the row of an earlier run.

    `alerted` is the state people were last told of, `seen_at` the last look. `changed_at`: something was told of it
    since its row was written, so that the next row, even if it is the same, must say that its counts are of later.
    `stood` is the day, by its begin, that was last written down, and whether it took messages on all of it so far.
    """

    row: MailboxSeen | None = None
    alerted: MailboxState = MailboxState.HEALTHY
    problems: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    inherited: MailboxSeen | None = None
    inherited_looks: int = 0
    listed: bool = False
    new: int | None = None
    old: int | None = None
    capacity: int | None = None
    changed_at: datetime | None = None
    seen_at: datetime | None = None
    unlisted: int = 0
    stood: tuple[datetime, bool] | None = None


class MailboxHealth:
    """Whether callers can leave a message: MailboxSeen when a mailbox's row is another, with a notice if it is due."""

    EVENTS: Final[frozenset[type[Event]]] = frozenset({MailboxChanged, MailboxesListed})
    FACTS: Final[frozenset[type[Fact]]] = frozenset({MessageWitnessed})

    def __init__(self, office: Office) -> None:
        self._lines = MailboxLines(office)
        self._names = tuple(line.name for line in office.lines)
        self._nearly_full = office.nearly_full
        self._boxes: dict[tuple[str, str], _Box] = {}
        self._begun: set[str] = set()
        self._restored_at: datetime | None = None
        self._handlers: dict[type[Event], Callable[[Any], list[Fact]]] = {
            MailboxChanged: self._mailbox_changed,
            MailboxesListed: self._listed,
        }

    def handle(self, event: Event) -> list[Fact]:
        """Take one event of EVENTS, or TimePassed."""
        handler = self._handlers.get(type(event))
        return handler(event) if handler is not None else []

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Take one fact of FACTS."""
        return self._changed(fact.pbx, fact.mailbox, fact.at) if isinstance(fact, MessageWitnessed) else []

    def restore(self, rows: OpenRows, at: datetime) -> list[Fact]:
        """Take what an earlier run left, before the first event: what was told then is not told again."""
        self._restored_at = at
        for row in rows.boxes:
            self._begun.add(row.pbx)
            unexplained = row.state in (MailboxState.MISSING, MailboxState.NOT_RECORDABLE)
            self._boxes[row.pbx, row.mailbox] = _Box(
                row=row,
                alerted=row.state,
                inherited=row if unexplained else None,
                new=row.new,
                old=row.old,
                capacity=row.capacity,
            )
        return []

    def next_timer(self) -> datetime | None:
        """When to be woken: never."""
        return None

    def counts(self) -> dict[str, dict[MailboxState, int]]:
        """Count the mailboxes of each line by state."""
        found = {name: dict.fromkeys(MailboxState, 0) for name in self._names}
        for box in self._boxes.values():
            if box.row is not None and box.unlisted < _UNLISTED_LOOKS:
                of_line = found.setdefault(box.row.line, dict.fromkeys(MailboxState, 0))
                of_line[box.row.state] += 1
        return found

    # --- what is told ------------------------------------------------------------------------------------------------

    def _mailbox_changed(self, event: MailboxChanged) -> list[Fact]:
        return self._changed(event.pbx, event.mailbox, event.at)

    def _changed(self, pbx: str, mailbox: str, at: datetime) -> list[Fact]:
        box = self._boxes.get((pbx, mailbox))
        if box is not None:
            box.changed_at = at
        return []

    def _listed(self, event: MailboxesListed) -> list[Fact]:
        """Of a PBX never seen before nothing is written before a look at everything: its first look is not over."""
        seen = [contents.mailbox for contents in event.boxes if self._learn(event, contents)]
        missing = [mailbox for mailbox in event.missing if mailbox not in seen]
        for mailbox in missing:
            self._box(event.pbx, mailbox).missing.add(event.source)
        if event.whole:
            self._looked_at_all(event, {*seen, *missing})
            self._begun.add(event.pbx)
        elif self._restored_at is not None and event.at >= self._restored_at + _NEVER_WHOLE:
            self._begun.add(event.pbx)
        if event.pbx not in self._begun:
            return []
        return [fact for mailbox in dict.fromkeys([*seen, *missing]) for fact in self._row(event, mailbox)]

    def _box(self, pbx: str, mailbox: str) -> _Box:
        return self._boxes.setdefault((pbx, mailbox), _Box())

    def _learn(self, event: MailboxesListed, contents: MailboxContents) -> bool:
        """Take what a look says of a mailbox, unless a later one spoke already."""
        box = self._box(event.pbx, contents.mailbox)
        if is_earlier(event.at, box.seen_at):
            return False
        box.seen_at = event.at
        box.missing.discard(event.source)
        box.problems[event.source] = contents.problem
        if contents.capacity is not None:
            box.capacity = contents.capacity
        if contents.messages is not None:
            box.listed = True
            box.new = sum(one.folder in NEW_FOLDERS for one in contents.messages)
            box.old = sum(one.folder == "Old" for one in contents.messages)
        elif not box.listed:
            box.new = contents.new if contents.new is not None else box.new
            box.old = contents.old if contents.old is not None else box.old
        return True

    def _looked_at_all(self, event: MailboxesListed, named: set[str]) -> None:
        for (pbx, mailbox), box in self._boxes.items():
            if pbx == event.pbx:
                box.unlisted = 0 if mailbox in named else box.unlisted + 1
                box.inherited_looks += 1
                if box.inherited_looks >= _INHERITED_LOOKS:
                    box.inherited = None

    # --- what is so --------------------------------------------------------------------------------------------------

    def _row(self, event: MailboxesListed, mailbox: str) -> list[Fact]:
        box = self._boxes[event.pbx, mailbox]
        line, named = self._lines.of(event.pbx, mailbox)
        state, reason = self._state(box)
        notice = self._notice(box, event, mailbox, line, state, reason)
        row = MailboxSeen(
            pbx=event.pbx,
            at=event.at,
            mailbox=mailbox,
            line=line.name,
            named=named,
            state=state,
            reason=reason,
            new=box.new,
            old=box.old,
            capacity=box.capacity,
            notice=notice,
        )
        last = box.row
        changed = box.changed_at is not None and box.changed_at <= event.at
        due = last is None or changed or notice is not None or event.at >= last.at + _REFRESHED_EVERY
        stood = _stood(box, row, line)
        if last is not None and not due and _same(last, row):
            return stood
        box.row, box.changed_at = row, None if changed else box.changed_at
        return [row, *stood]

    def _state(self, box: _Box) -> tuple[MailboxState, str]:
        problem = next((words for words in box.problems.values() if words), "")
        if box.missing:
            return MailboxState.MISSING, "the PBX has no such mailbox: nobody can leave a message"
        if box.inherited is not None and not problem:
            return box.inherited.state, box.inherited.reason
        if problem:
            return MailboxState.NOT_RECORDABLE, f"nobody can leave a message: {problem}"
        if not box.capacity or box.new is None:
            return MailboxState.HEALTHY, "as far as can be seen, callers can leave a message"
        held = f"{box.new} of at most {box.capacity} new messages are in it"
        if box.new >= box.capacity:
            return MailboxState.FULL, f"{held}: it refuses callers"
        edge = self._nearly_full
        if box.row is not None and box.row.state in (MailboxState.NEARLY_FULL, MailboxState.FULL):
            edge -= _MARGIN
        if box.new >= edge * box.capacity:
            return MailboxState.NEARLY_FULL, held
        return MailboxState.HEALTHY, held

    def _notice(
        self, box: _Box, event: MailboxesListed, mailbox: str, line: Line, state: MailboxState, reason: str
    ) -> Notice | None:
        """Tell of what is worse than what was told before, and of what is well again."""
        worse = _WORSE.index(state) > _WORSE.index(box.alerted)
        well = state is MailboxState.HEALTHY and box.alerted is not MailboxState.HEALTHY
        if not worse and not well:
            if not self._still_full(box, state):
                box.alerted = state
            return None
        box.alerted = state
        return Notice(
            key=f"mailbox {event.pbx} {mailbox} {state} {event.at.isoformat()}",
            pbx=event.pbx,
            line=line.name,
            kind=NoticeKind.MAILBOX,
            at=event.at,
            title=f"{line.name}: mailbox {mailbox} {_TITLES[state]}",
            text=f"Mailbox {mailbox} of line {line.name} on {event.pbx} {_TITLES[state]}: {reason}.",
            to=line.tell,
        )

    def _still_full(self, box: _Box, state: MailboxState) -> bool:
        """Whether one message was heard in a full mailbox, and the next fills it again: that is not told each time."""
        if box.alerted is not MailboxState.FULL or state is not MailboxState.NEARLY_FULL:
            return False
        return box.new is not None and box.capacity is not None and box.new >= (1 - _MARGIN) * box.capacity


def _stood(box: _Box, row: MailboxSeen, line: Line) -> list[Fact]:
    """Write down each day on which the mailbox was looked at, and on which it once took no message."""
    since, takes = day_began(row.at, line.zone), row.state in TAKES
    if box.stood is not None and (box.stood[0] > since or (box.stood[0] == since and (takes or not box.stood[1]))):
        return []
    box.stood = (since, takes)
    return [
        DayStood(
            pbx=row.pbx,
            at=row.at,
            since=since,
            kind=StandingKind.MAILBOXES,
            line=line.name,
            what=row.mailbox,
            good=int(takes),
            bad=int(not takes),
        )
    ]


def _same(last: MailboxSeen, row: MailboxSeen) -> bool:
    return (last.line, last.named, last.state, last.reason, last.new, last.old, last.capacity) == (
        row.line,
        row.named,
        row.state,
        row.reason,
        row.new,
        row.old,
        row.capacity,
    )
