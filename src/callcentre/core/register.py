"""The register of one PBX: its messages, and what witnesses, counts and people say of them. Looks: core/looks.py.

A message gets its key from whoever speaks first, and keeps it. One that might be another is taken for its own: a task
too many is closed, one too few is never heard of. The rules are told in docs/explanation/voicemail.md.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from callcentre.core.deposits import Tally, is_earlier
from callcentre.core.events import MailboxChanged, MailboxContents, MailboxesListed
from callcentre.core.facts import MailboxSeen
from callcentre.core.hints import MessageKnown, MessageWitnessed
from callcentre.core.shelf import Entry, Shelf
from callcentre.core.stored import MailboxLines, Trace
from callcentre.core.tasks import Message
from callcentre.core.terms import MessageStatus, Quality

_COPIES_WITHIN: Final = timedelta(seconds=2)
_MOST_UNSEEN: Final = 9_999
"""The largest maxmsg of Asterisk: no mailbox holds more new messages."""

_REMEMBERED: Final = 200


@dataclass(slots=True)
class Box:
    """A mailbox: when it was read, last and before; what its counts prove as long as its messages are not `listed`.

    `unread`: an earlier run knew of it, but could neither list nor count its messages; `counted`: this run did.
    """

    unread: bool = False
    counted: bool = False
    listed: bool = False
    looked_at: datetime | None = None
    looked_before: datetime | None = None
    tally: Tally = field(default_factory=Tally)


class Register:
    """The messages of one PBX.

    `since` is from when on messages are this daemon's: when an earlier run saw the PBX last, else when this one began;
    None while nothing was restored (a replay). `known_before`: an earlier run looked into its mailboxes. `baseline` is
    the last look at all their messages.
    """

    def __init__(self, pbx: str, lines: MailboxLines) -> None:
        self.pbx = pbx
        self.shelf = Shelf()
        self.since: datetime | None = None
        self.known_before = False
        self._lines = lines
        self._boxes: dict[str, Box] = {}
        self.baseline: datetime | None = None
        self._look = 0
        self._last: tuple[MailboxesListed, int] | None = None
        self._deposits: OrderedDict[str, list[tuple[datetime, str]]] = OrderedDict()
        self._changes: OrderedDict[str, list[tuple[datetime, str]]] = OrderedDict()

    def restore(
        self, messages: Iterable[Message], boxes: Iterable[MailboxSeen], last_seen: datetime | None, at: datetime
    ) -> None:
        """Take what an earlier run left of this PBX; `at` is now."""
        self.since = self.baseline = last_seen or at
        for row in boxes:
            self.known_before = True
            if row.new is not None:
                self._boxes[row.mailbox] = Box(looked_at=row.at, looked_before=row.at, tally=Tally(row.new, row.at))
            else:
                self._boxes[row.mailbox] = Box(unread=True)
        for message in messages:
            self.shelf.restore(message)
            box = self.box(message.mailbox)
            if message.uniqueid is not None and not box.tally.had(message.left_at):
                box.tally.witnessed(message.left_at)

    def box(self, mailbox: str) -> Box:
        """What is known of a mailbox besides its messages."""
        return self._boxes.setdefault(mailbox, Box())

    def first_look(self, box: Box) -> bool:
        """Whether nobody has ever seen the messages of this mailbox: of no mailbox, or because it could not be read."""
        return self.since is not None and not box.listed and (box.unread or not self.known_before)

    def next_look(self) -> int:
        """Number the looks: what was not found in this one bears the number of an earlier."""
        self._look += 1
        return self._look

    def looked(self, boxes: Set[str], event: MailboxesListed, number: int) -> None:
        """A look was taken in; the messages of these mailboxes were listed."""
        for mailbox in boxes:
            box = self.box(mailbox)
            box.listed = True
            if box.looked_at is None or not is_earlier(event.at, box.looked_at):
                before = box.looked_at or self.baseline
                box.looked_before, box.looked_at = None if before is None else min(before, event.at), event.at
        if event.whole and boxes and not is_earlier(event.at, self.baseline):
            self.baseline = event.at
        if self.since is not None and event.at < self.since and not is_earlier(event.at, self.since):
            self.since = event.at
        if boxes:
            self._last = (event, number) if event.whole else None

    def same_look(self, event: MailboxesListed) -> int | None:
        """The number of the last look, if this one found just the same: of most looks nothing more need be known."""
        if self._last is None or not event.whole:
            return None
        last, number = self._last
        same = last.at <= event.at and last.source == event.source and last.boxes == event.boxes
        return number if same else None

    # --- witnesses ---------------------------------------------------------------------------------------------------

    def witnessed(self, hint: MessageWitnessed) -> Iterator[MessageKnown]:
        """AMI told of a message, or told more of one."""
        entry = self.shelf.witnessed(hint.uniqueid, hint.left_at)
        if entry is not None:
            yield from self.tell(entry, hint.at, changes=self._more(entry, hint))
            return
        copies = self._copies(hint)
        trace = Trace("", hint.mailbox, hint.channel, hint.caller, hint.began_at, hint.left_at)
        traces = [trace, *(replace(trace, mailbox=box) for box in copies)]
        entry = next((found for one in traces if (found := self.shelf.found_for(one))), None)
        entry = entry or self.shelf.counted_for(trace)
        if entry is not None:
            yield from self._claimed(entry, hint)
        else:
            entry = self._provisional(hint)
            yield MessageKnown(pbx=self.pbx, at=hint.at, message=entry.message, first=True)
        self._accounted(entry, hint, copies)

    def _provisional(self, hint: MessageWitnessed) -> Entry:
        """A message that no mailbox has shown yet."""
        message = Message(
            pbx=self.pbx,
            key=self.shelf.free_key(f"call {hint.uniqueid} {int(hint.left_at.timestamp())}"),
            mailbox=hint.mailbox,
            msg_id=None,
            uniqueid=hint.uniqueid,
            channel=hint.channel,
            line=hint.line or self.line(hint.mailbox),
            caller=hint.caller,
            began_at=hint.began_at,
            left_at=hint.left_at,
            duration=hint.duration,
            quality=hint.quality,
            status=MessageStatus.FILED,
        )
        entry = self.shelf.add(message)
        self.shelf.claim(entry, hint.uniqueid, hint.left_at)
        return entry

    def _claimed(self, entry: Entry, hint: MessageWitnessed) -> Iterator[MessageKnown]:
        """A stored or counted message is the one that a witness tells of: it was left just now, so it is no old one."""
        waits = entry.message.status in (MessageStatus.BACKLOG, MessageStatus.DISMISSED)
        changes = self._more(entry, hint) | {"uniqueid": hint.uniqueid, "channel": hint.channel}
        if entry.counted and entry.recording is None:
            changes |= {"left_at": hint.left_at, "began_at": hint.began_at, "quality": hint.quality}
        if waits:
            changes["status"] = MessageStatus.FILED
        self.shelf.claim(entry, hint.uniqueid, hint.left_at)
        yield from self.tell(entry, hint.at, first=waits, changes=changes)

    def _more(self, entry: Entry, hint: MessageWitnessed) -> dict[str, Any]:
        """What a witness adds; the metadata, once seen, knows better of what is its own."""
        known = entry.message
        more: dict[str, Any] = {
            "line": hint.line or known.line,
            "caller": hint.caller or known.caller,
            "duration": known.duration if known.duration is not None else hint.duration,
        }
        if entry.recording is None and not entry.counted:
            more |= {
                "mailbox": hint.mailbox,
                "channel": hint.channel or known.channel,
                "began_at": hint.began_at or known.began_at,
                "duration": hint.duration if hint.duration is not None else known.duration,
                "quality": hint.quality,
            }
            if hint.line is None and hint.mailbox != known.mailbox and known.line == self.line(known.mailbox):
                more["line"] = self.line(hint.mailbox)
        return more

    def line(self, mailbox: str) -> str:
        """The line that a message in this mailbox is of, where no call is known."""
        return self._lines.of(self.pbx, mailbox)[0].name

    # --- counts ------------------------------------------------------------------------------------------------------

    def _copies(self, hint: MessageWitnessed) -> list[str]:
        """The other mailboxes that the same channel changed when it left the message: VoiceMail(600&601)."""
        changes = self._changes.get(hint.uniqueid, ())
        near = [box for at, box in changes if box != hint.mailbox and abs(at - hint.left_at) <= _COPIES_WITHIN]
        return list(dict.fromkeys([*near, *hint.copies]))

    def _accounted(self, entry: Entry, hint: MessageWitnessed, copies: Iterable[str]) -> None:
        """Counts will show this message, and its copies, which are no others; a count that showed it first has it."""
        if not (entry.counted and entry.recording is None):
            self.box(hint.mailbox).tally.witnessed(hint.left_at)
        _remember(self._deposits, hint.uniqueid, (hint.left_at, entry.message.key))
        for mailbox in copies:
            self._copied(entry, mailbox, hint.left_at)

    def _copied(self, entry: Entry, mailbox: str, left_at: datetime) -> None:
        self.shelf.lies_in(entry, mailbox)
        self.box(mailbox).tally.witnessed(left_at)

    def changed(self, event: MailboxChanged) -> None:
        """A MessageWaiting: what was heard, and into which mailboxes a message was copied."""
        self.box(event.mailbox).tally.told(event.new, event.at)
        if event.uniqueid is None or event.new <= 0:
            return
        _remember(self._changes, event.uniqueid, (event.at, event.mailbox))
        for left_at, key in self._deposits.get(event.uniqueid, ()):
            entry = self.shelf.entries.get(key)
            if entry is not None and not entry.lies_in(event.mailbox) and abs(event.at - left_at) <= _COPIES_WITHIN:
                self._copied(entry, event.mailbox, left_at)

    def counted(self, contents: MailboxContents, at: datetime) -> Iterator[MessageKnown]:
        """A mailbox of which only the counts are seen: what is above what is known came unseen."""
        box = self.box(contents.mailbox)
        if contents.new is None or box.listed:
            return
        first = self.first_look(box) and not box.counted
        unseen = min(box.tally.counted(contents.new, at), _MOST_UNSEEN)
        box.counted = True
        moment = int(at.timestamp() * 1_000_000)
        for number in range(1, unseen + 1):
            message = Message(
                pbx=self.pbx,
                key=self.shelf.free_key(f"count {contents.mailbox} {moment} {number}"),
                mailbox=contents.mailbox,
                msg_id=None,
                uniqueid=None,
                channel=None,
                line=self.line(contents.mailbox),
                caller=None,
                began_at=None,
                left_at=at,
                duration=None,
                quality=Quality.PARTIAL,
                status=MessageStatus.BACKLOG if first else MessageStatus.FILED,
            )
            self.shelf.add(message, counted=True)
            yield MessageKnown(pbx=self.pbx, at=at, message=message, first=not first)

    # --- what people decide ------------------------------------------------------------------------------------------

    def decided(self, at: datetime, news: str, *, take_on: bool) -> Iterator[MessageKnown]:
        """Each message of the backlog gets its task, or none ever will."""
        status = MessageStatus.FILED if take_on else MessageStatus.DISMISSED
        for entry in sorted(self.shelf.backlog.values(), key=lambda e: (e.message.left_at, e.message.key)):
            yield from self.tell(entry, at, first=take_on, news=news, changes={"status": status})

    def erased(self, at: datetime, keys: Iterable[str]) -> Iterator[MessageKnown]:
        """What these messages' callers could be known by is forgotten; nothing is told of them again."""
        for key in keys:
            entry = self.shelf.entries.get(key)
            if entry is not None:
                yield from self.tell(entry, at, changes={"caller": None, "status": MessageStatus.ERASED})

    def tell(
        self,
        entry: Entry,
        at: datetime,
        *,
        changes: Mapping[str, Any],
        first: bool = False,
        news: str = "",
        heard: bool = False,
    ) -> Iterator[MessageKnown]:
        """Change what is known of a message and say so, if anything is another than before."""
        message = replace(entry.message, **changes)
        if entry.erased or (message == entry.message and not first):
            return
        self.shelf.put(entry, message)
        yield MessageKnown(pbx=self.pbx, at=at, message=message, first=first, news=news, heard=heard)


def _remember(told: OrderedDict[str, list[tuple[datetime, str]]], uniqueid: str, what: tuple[datetime, str]) -> None:
    told.setdefault(uniqueid, []).append(what)
    if len(told) > _REMEMBERED:
        told.popitem(last=False)
