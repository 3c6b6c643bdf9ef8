"""One look into the mailboxes of a PBX: which of its messages are known, which are new, what was moved, what is gone.

A look is no moment: messages are moved and renumbered while it reads, and an earlier look may be told after a later.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from callcentre.core.deposits import is_earlier
from callcentre.core.events import MailboxesListed, StoredMessage
from callcentre.core.hints import MessageKnown
from callcentre.core.register import Register
from callcentre.core.shelf import Entry
from callcentre.core.stored import NEW_FOLDERS, Recording, Trace, join, join_counted, name_of, recording
from callcentre.core.tasks import Message
from callcentre.core.terms import MessageStatus, Quality

_COMPLETED_LATE: Final = timedelta(minutes=10)
"""So long may a caller listen to the recording and try again before the message is in the mailbox."""

_MISSING_LOOKS: Final = 2
"""A message that is renumbered while it is read can be missed once."""

_COUNTED: Final = NEW_FOLDERS | {"Old"}
"""The folders whose messages are in a mailbox's counts."""


@dataclass(slots=True)
class _Found:
    """A stored message that is not known by name: its copies, under all their names."""

    copies: list[StoredMessage]
    names: list[str]
    recording: Recording

    @property
    def mailboxes(self) -> set[str]:
        return {one.mailbox for one in self.copies}

    @property
    def is_new(self) -> bool:
        return any(one.folder in NEW_FOLDERS for one in self.copies)


class Look:
    """What a MailboxesListed tells the register of its PBX."""

    def __init__(self, register: Register, event: MailboxesListed) -> None:
        self._register = register
        self._shelf = register.shelf
        self._event = event
        same = register.same_look(event)
        self._is_new = same is None
        self._number = register.next_look() if same is None else same
        self._boxes = {box.mailbox for box in event.boxes if box.messages is not None}
        self._places: dict[str, list[StoredMessage]] = {}
        self._unknown: dict[str, list[StoredMessage]] = {}
        self._joined: set[str] = set()

    def facts(self) -> Iterator[MessageKnown]:
        """Tell what became known by it."""
        if self._is_new:
            yield from self._read()
        yield from self._missed()
        for contents in self._event.boxes:
            if contents.messages is None:
                yield from self._register.counted(contents, self._event.at)
        self._register.looked(self._boxes, self._event, self._number)

    def _read(self) -> Iterator[MessageKnown]:
        for contents in self._event.boxes:
            for stored in contents.messages or ():
                self._sort(stored)
        found = self._gathered()
        same = self._recognized(found) if found else {}
        for one in found:
            key = same.get(one.recording.name)
            entry = self._shelf.entries[key] if key is not None else self._shelf.copied(one.recording, one.mailboxes)
            if entry is None:
                yield self._new(one)
            else:
                self._same(entry, one)
        for key, copies in self._places.items():
            yield from self._seen(self._shelf.entries[key], copies)

    def _sort(self, stored: StoredMessage) -> None:
        name = name_of(stored)
        entry = self._shelf.named(stored, name)
        if entry is None:
            self._unknown.setdefault(name, []).append(stored)
            return
        known = entry.recording
        if not entry.looked or name not in entry.names or known is None or stored.mailbox not in known.boxes:
            self._shelf.identify(entry, recording(name, [stored], self._event.at))
        entry.looked = self._number
        self._places.setdefault(entry.message.key, []).append(stored)

    # --- what is not known by name -----------------------------------------------------------------------------------

    def _gathered(self) -> list[_Found]:
        """The unknown messages, copies in several mailboxes taken together."""
        found: list[_Found] = []
        by_copy: dict[object, list[_Found]] = {}
        for name, copies in self._unknown.items():
            one = _Found(copies, [name], recording(name, copies, self._event.at))
            if one.recording.copy_name is None:
                found.append(one)
                continue
            alike = by_copy.setdefault(one.recording.copy_name, [])
            first = next((other for other in alike if not other.mailboxes & one.mailboxes), None)
            if first is None:
                alike.append(one)
                found.append(one)
            else:
                first.copies += copies
                first.names.append(name)
                first.recording = recording(first.names[0], first.copies, self._event.at)
        return found

    def _recognized(self, found: list[_Found]) -> dict[str, str]:
        """Which of these is a message that is known in another way: names to keys."""
        recordings = [one.recording for one in found]
        boxes = {box for one in recordings for box in one.boxes} & self._boxes
        same = self._timeless(recordings, boxes)
        same |= self._joined_to(recordings, same, self._shelf.traces(recordings, self._number))
        damaged = [one for one in recordings if one.damaged and one.name not in same]
        if damaged:
            same |= self._joined_to(damaged, same, self._shelf.unreadable(boxes, self._number))
        for mailbox, counted in self._shelf.counted(boxes, self._number).items():
            rest = [one for one in found if mailbox in one.mailboxes and one.recording.name not in same]
            if counted and rest:
                same |= join_counted([(one.recording, one.is_new) for one in rest], counted)
        return same

    def _joined_to(self, found: list[Recording], same: dict[str, str], traces: list[Trace]) -> dict[str, str]:
        taken = set(same.values())
        rest = [one for one in found if one.name not in same]
        return join(rest, [trace for trace in traces if trace.key not in taken])

    def _timeless(self, found: list[Recording], boxes: set[str]) -> dict[str, str]:
        """Which damaged ones are messages of which no time was known before either: AMI can only number them."""
        known: dict[str, str] = {}
        lost = self._shelf.timeless(boxes, self._number)
        for one in found:
            for box in one.boxes if one.origtime is None and lost else ():
                keys = lost.get((box, one.duration))
                if keys and one.name not in known:
                    known[one.name] = keys.pop(0)
        return known

    def _same(self, entry: Entry, one: _Found) -> None:
        if entry.recording is None or entry.message.msg_id is None:
            self._joined.add(entry.message.key)
        for name in one.names:
            self._shelf.name(entry, name)
        self._shelf.identify(entry, one.recording)
        entry.looked = self._number
        self._places.setdefault(entry.message.key, []).extend(one.copies)

    def _new(self, one: _Found) -> MessageKnown:
        """A message that nobody told of: one of the office's past, or left while nobody watched."""
        found, event = one.recording, self._event
        place = min(
            one.copies, key=lambda p: (p.folder not in NEW_FOLDERS, p.mailbox != p.origmailbox, p.mailbox, p.folder)
        )
        status = self._status(found, place)
        message = Message(
            pbx=event.pbx,
            key=self._shelf.free_key(found.name),
            mailbox=place.mailbox,
            msg_id=found.msg_id,
            uniqueid=None,
            channel=None,
            line=self._register.line(place.mailbox),
            caller=found.caller,
            began_at=found.origtime or found.seen_at,
            left_at=found.left_at,
            duration=found.duration,
            quality=Quality.PARTIAL if found.damaged else Quality.COMPLETE,
            status=status,
            folder=place.folder,
            in_mailbox=True,
            playable=place.playable,
        )
        entry = self._shelf.add(message, found)
        for name in one.names:
            self._shelf.name(entry, name)
        entry.looked, entry.seen_at, entry.seen_by = self._number, event.at, event.source
        entry.was_new = place.folder in NEW_FOLDERS
        first = status in (MessageStatus.FILED, MessageStatus.ELSEWHERE)
        return MessageKnown(pbx=event.pbx, at=event.at, message=message, first=first, heard=first and not entry.was_new)

    def _status(self, found: Recording, place: StoredMessage) -> MessageStatus:
        began, box = self._register.since, self._register.box(place.mailbox)
        is_new = place.folder in NEW_FOLDERS
        if self._register.first_look(box):
            past = began is not None and found.left_at < began
            if past or (found.origtime is None and not is_new):
                return MessageStatus.BACKLOG if is_new else MessageStatus.DISMISSED
            return MessageStatus.FILED
        # The last look may have missed it, so that the one before counts.
        since = box.looked_before or self._register.baseline
        if is_new or (since is not None and found.left_at > since - _COMPLETED_LATE):
            return MessageStatus.FILED
        return MessageStatus.ELSEWHERE

    # --- what is known -----------------------------------------------------------------------------------------------

    def _seen(self, entry: Entry, copies: list[StoredMessage]) -> Iterator[MessageKnown]:
        """A known message lies in these places. A look that began before another tells nothing of moves."""
        known, found, event = entry.message, entry.recording, self._event
        looked_at = self._register.box(known.mailbox).looked_at
        if found is None or (entry.seen_at is not None and is_earlier(event.at, looked_at)):
            return
        entry.seen_at, entry.seen_by, entry.missed = event.at, event.source, 0
        if not event.whole and known.in_mailbox and known.mailbox not in self._boxes:
            return
        joined = known.key in self._joined
        place = _place(known, copies, first=joined)
        changes: dict[str, Any] = {
            "mailbox": place.mailbox,
            "folder": place.folder,
            "in_mailbox": True,
            "playable": place.playable or (known.playable and event.source == "ami"),
            "msg_id": known.msg_id or found.msg_id,
            "caller": known.caller or found.caller,
            "duration": found.duration if joined and found.duration is not None else known.duration,
        }
        if joined:
            changes |= self._described(entry, found)
        heard = entry.was_new and place.folder not in NEW_FOLDERS
        entry.was_new = place.folder in NEW_FOLDERS
        news = _news(known, place, heard=heard)
        yield from self._register.tell(
            entry, event.at, first="status" in changes, news=news, heard=heard, changes=changes
        )

    def _described(self, entry: Entry, found: Recording) -> dict[str, Any]:
        """What the metadata says, seen for the first time."""
        changes: dict[str, Any] = {"began_at": found.origtime or entry.message.began_at}
        if found.damaged:
            changes["quality"] = Quality.PARTIAL
        if entry.counted and not entry.claimed:
            changes["left_at"] = found.left_at
            changes["quality"] = Quality.PARTIAL if found.damaged else Quality.COMPLETE
            began = self._register.since
            if entry.message.status is MessageStatus.BACKLOG and began is not None and found.left_at >= began:
                changes["status"] = MessageStatus.FILED
        return changes

    def _missed(self) -> Iterator[MessageKnown]:
        """Messages that a look at everything did not find are gone, once the next one does not find them either."""
        event = self._event
        empty = {box.mailbox for box in event.boxes if box.messages is None and (box.new, box.old) == (0, 0)}
        unread = {box.mailbox for box in event.boxes if box.messages is None} - empty
        if not event.whole or not (self._boxes or empty):
            return
        for entry in list(self._shelf.inside.values()):
            looked_at = self._register.box(entry.message.mailbox).looked_at
            later = entry.seen_at is not None and is_earlier(event.at, looked_at)
            other = entry.seen_by not in ("", event.source)
            known = entry.message
            kept = known.mailbox in empty and known.folder not in _COUNTED
            if entry.looked == self._number or later or other or kept or known.mailbox in unread:
                continue
            entry.missed += 1
            entry.seen_at = event.at
            if entry.missed >= _MISSING_LOOKS:
                gone = {"in_mailbox": False, "folder": None, "playable": False}
                yield from self._register.tell(entry, event.at, news="no longer in the mailbox", changes=gone)


def _place(known: Message, copies: list[StoredMessage], *, first: bool) -> StoredMessage:
    """Where a message is said to be: where it was, if one of its copies is there; at first, where it was left."""
    return min(
        copies,
        key=lambda p: (
            first and p.mailbox != p.origmailbox,
            p.mailbox != known.mailbox,
            p.folder != known.folder,
            p.folder not in NEW_FOLDERS,
            p.mailbox,
            p.folder,
        ),
    )


def _news(known: Message, place: StoredMessage, *, heard: bool) -> str:
    """In words, what became of a message since it was last seen; empty when it is found for the first time."""
    words = ["heard by telephone"] if heard else []
    if known.in_mailbox and known.mailbox != place.mailbox:
        words.append(f"moved to mailbox {place.mailbox}")
    if known.folder is not None and place.folder not in (known.folder, "Old" if heard else known.folder):
        words.append(f"moved to {place.folder}")
    if not known.in_mailbox and known.msg_id is not None:
        words.append("in the mailbox again")
    return ", ".join(words)
