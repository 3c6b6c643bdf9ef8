"""The shelf of one PBX: its messages, each once, and all the names by which each of them may be found."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from callcentre.core.events import StoredMessage
from callcentre.core.stored import (
    LOOK,
    NEW_FOLDERS,
    SLACK,
    WRITTEN,
    Likeness,
    Recording,
    Span,
    Trace,
    box_name,
    id_name,
    likeness,
    name_of,
    spans_for,
    spans_of,
)
from callcentre.core.tasks import Message
from callcentre.core.terms import MessageStatus, Quality

_KEPT: Final = timedelta(days=30)
"""So long is a message remembered that is in no mailbox (any more): it may turn up again."""

_NEVER: Final = frozenset({MessageStatus.BACKLOG, MessageStatus.ERASED})


@dataclass(slots=True)
class Entry:
    """One message: its row, what its metadata said (None until it was seen), the names that lead to it.

    `looked` is the last look it was found in, by number, `seen_at` and `seen_by` when that began and its source;
    `missed` counts the whole looks since then. `was_new`: nobody had heard it when it was last seen. `counted`: a count
    told of it first. `boxes` are all mailboxes that it may lie in.
    """

    message: Message
    recording: Recording | None = None
    names: set[str] = field(default_factory=set)
    witnesses: set[tuple[str, datetime]] = field(default_factory=set)
    looked: int = 0
    seen_at: datetime | None = None
    seen_by: str = ""
    missed: int = 0
    was_new: bool = True
    counted: bool = False
    boxes: set[str] = field(default_factory=set)

    @property
    def erased(self) -> bool:
        """Whether nothing more is told of it."""
        return self.message.status is MessageStatus.ERASED

    @property
    def claimed(self) -> bool:
        """Whether a witness on AMI told of it."""
        return self.message.uniqueid is not None

    def lies_in(self, mailbox: str) -> bool:
        """Whether it, or a copy of it, may lie in this mailbox."""
        return mailbox in self.boxes


class Shelf:
    """All messages of one PBX that still matter, found by key, name, witness, mailbox or time."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.inside: dict[str, Entry] = {}
        self.backlog: dict[str, Entry] = {}
        self._by_name: dict[str, Entry] = {}
        self._by_witness: dict[tuple[str, datetime], Entry] = {}
        self._by_copy: dict[object, Entry] = {}
        self._by_box: dict[str, dict[str, Entry]] = {}
        self._by_channel: dict[str, dict[str, Entry]] = {}
        self._unclaimed: dict[Span, dict[str, Entry]] = {}

    # --- putting in and out ------------------------------------------------------------------------------------------

    def add(self, message: Message, found: Recording | None = None, *, counted: bool = False) -> Entry:
        """Put in a message that is not there yet, under its own key."""
        entry = Entry(message=message, counted=counted)
        self.entries[message.key] = entry
        self.put(entry, message)
        if found is not None:
            self.identify(entry, found)
        return entry

    def put(self, entry: Entry, message: Message) -> None:
        """Replace what is known of a message."""
        entry.message = message
        self.lies_in(entry, message.mailbox)
        if message.channel is not None:
            self._by_channel.setdefault(message.channel, {})[message.key] = entry
        for index, belongs in (
            (self.inside, message.in_mailbox),
            (self.backlog, message.status is MessageStatus.BACKLOG),
        ):
            if belongs:
                index[message.key] = entry
            else:
                index.pop(message.key, None)

    def lies_in(self, entry: Entry, mailbox: str) -> None:
        """A message, or a copy of it, may lie in this mailbox."""
        entry.boxes.add(mailbox)
        self._by_box.setdefault(mailbox, {})[entry.message.key] = entry

    def name(self, entry: Entry, name: str) -> None:
        """Have a name lead to a message."""
        entry.names.add(name)
        self._by_name[name] = entry

    def identify(self, entry: Entry, found: Recording) -> None:
        """Keep what the metadata of a message says; damaged metadata never replaces sound ones."""
        self.name(entry, found.name)
        known = entry.recording
        if known is not None:
            if found.damaged and not known.damaged:
                return
            found = replace(found, boxes=found.boxes | known.boxes)
        self._drop_spans(entry)
        entry.recording = found
        if found.copy_name is not None:
            self._by_copy.setdefault(found.copy_name, entry)
        for box in found.boxes:
            self.lies_in(entry, box)
        if not entry.claimed:
            for span in spans_of(found):
                self._unclaimed.setdefault(span, {})[entry.message.key] = entry

    def claim(self, entry: Entry, uniqueid: str, left_at: datetime) -> None:
        """A witness told of this message; no other will be taken to."""
        entry.witnesses.add((uniqueid, left_at))
        self._by_witness[uniqueid, left_at] = entry
        self._drop_spans(entry)

    def _drop_spans(self, entry: Entry) -> None:
        if entry.recording is None:
            return
        for span in spans_of(entry.recording):
            others = self._unclaimed.get(span)
            if others is not None:
                others.pop(entry.message.key, None)
                if not others:
                    del self._unclaimed[span]

    def restore(self, message: Message) -> None:
        """Put in a message of an earlier run."""
        second = int((message.began_at or message.left_at).timestamp())
        name = message.key
        if message.msg_id is not None:
            name = id_name(message.msg_id, second)
        elif message.began_at is not None and not name.startswith("box "):
            name = box_name(message.mailbox, second, message.duration)
        found = None
        believed = not message.key.startswith("box ") or f" {second} " in message.key
        if message.in_mailbox or message.msg_id is not None or message.key.startswith(("id ", "box ")):
            found = Recording(
                name=name,
                boxes=frozenset({message.mailbox}),
                msg_id=message.msg_id,
                origtime=message.began_at if believed else None,
                duration=message.duration,
                caller=message.caller,
                callerchan=frozenset({message.channel} if message.channel else ()),
                damaged=message.msg_id is None and message.quality is Quality.PARTIAL,
                seen_at=message.left_at,
            )
        entry = self.add(message, found, counted=message.key.startswith("count "))
        entry.was_new = message.folder is None or message.folder in NEW_FOLDERS
        if message.key.startswith(("id ", "box ")):
            self.name(entry, message.key)
        if message.uniqueid is not None:
            self.claim(entry, message.uniqueid, message.left_at)

    def forget(self, at: datetime) -> None:
        """Drop what is in no mailbox and was last heard of 30 days before `at`: it cannot turn up any more."""
        for entry in list(self.entries.values()):
            message = entry.message
            last = max(message.left_at, entry.seen_at or message.left_at)
            if message.in_mailbox or message.status in _NEVER or last > at - _KEPT:
                continue
            self._drop_spans(entry)
            del self.entries[message.key]
            for name in entry.names:
                self._by_name.pop(name, None)
            for witness in entry.witnesses:
                self._by_witness.pop(witness, None)
            for box in entry.boxes:
                self._by_box.get(box, {}).pop(message.key, None)
            if message.channel is not None:
                self._by_channel[message.channel].pop(message.key, None)
        self._by_channel = {channel: entries for channel, entries in self._by_channel.items() if entries}
        known = set(map(id, self.entries.values()))
        self._by_copy = {name: entry for name, entry in self._by_copy.items() if id(entry) in known}
        self._by_box = {box: entries for box, entries in self._by_box.items() if entries}

    def free_key(self, key: str) -> str:
        """Return `key`, or where another message has it already, the next that nobody has."""
        free, number = key, 1
        while free in self.entries:
            number += 1
            free = f"{key} {number}"
        return free

    # --- finding -----------------------------------------------------------------------------------------------------

    def named(self, stored: StoredMessage, name: str) -> Entry | None:
        """The message that this stored one is, `name` being its name.

        Asterisk may have given it its id later; and where a message without one was left is not known after a restart.
        """
        entry = self._by_name.get(name)
        if entry is None and stored.msg_id is None:
            return self._by_name.get(name_of(replace(stored, origmailbox=None)))
        if entry is None and stored.msg_id is not None:
            entry = self._by_name.get(name_of(replace(stored, msg_id=None)))
            if entry is not None and entry.message.msg_id is not None:
                return None
        return entry

    def copied(self, found: Recording, mailboxes: set[str]) -> Entry | None:
        """The message that this is a copy of, made for these other mailboxes with an id of its own."""
        entry = self._by_copy.get(found.copy_name) if found.copy_name is not None else None
        return entry if entry is not None and entry.message.mailbox not in mailboxes else None

    def witnessed(self, uniqueid: str, left_at: datetime) -> Entry | None:
        """The message that this witness told of before."""
        return self._by_witness.get((uniqueid, left_at))

    def found_for(self, trace: Trace) -> Entry | None:
        """The stored message that a witness tells of, though it was seen before."""
        near: list[tuple[Likeness, str]] = []
        for span in spans_for(trace):
            for key, entry in self._unclaimed.get(span, {}).items():
                found = entry.recording
                if found is None or entry.claimed:
                    continue
                if trace.began_at is None and found.seen_at + LOOK < trace.left_at:
                    continue  # a look had found it before this message was complete
                like = likeness(found, trace)
                if like is not None:
                    near.append((like, key))
        return self.entries[min(near)[1]] if near else None

    def counted_for(self, trace: Trace) -> Entry | None:
        """The message that only a count told of, and that a witness tells of now: the first count not before it."""
        near = [
            (entry.message.left_at, key)
            for key, entry in self._by_box.get(trace.mailbox, {}).items()
            if entry.counted
            and entry.recording is None
            and not entry.claimed
            # A look counts a little after it began.
            and entry.message.left_at >= trace.left_at - SLACK
        ]
        return self.entries[min(near)[1]] if near else None

    def traces(self, found: Iterable[Recording], look: int) -> list[Trace]:
        """The messages not found in this look whose metadata nobody has read, and which one of these may be."""
        unread: dict[tuple[str, str], Entry] = {}
        for box in {box for one in found for box in one.boxes}:
            unread |= {(box, key): entry for key, entry in self._by_box.get(box, {}).items()}
        for channel in {channel for one in found for channel in one.callerchan}:
            of_channel = self._by_channel.get(channel, {})
            unread |= {(entry.message.mailbox, key): entry for key, entry in of_channel.items()}
        return [_trace(entry, box) for (box, _), entry in unread.items() if entry.looked != look and _unread(entry)]

    def counted(self, boxes: Iterable[str], look: int) -> dict[str, list[tuple[datetime, str]]]:
        """When, and under what keys, only a count told of a message of each of these mailboxes."""
        return {
            box: [
                (entry.message.left_at, entry.message.key)
                for _, entry in self._absent([box], look)
                if entry.counted and entry.recording is None and not entry.claimed
            ]
            for box in boxes
        }

    def unreadable(self, boxes: Iterable[str], look: int) -> list[Trace]:
        """The messages of these mailboxes that should be there and were not found: perhaps they are damaged now."""
        return [
            Trace(
                key=entry.message.key,
                mailbox=box,
                channel=None,
                caller=None,
                began_at=entry.recording.origtime,
                left_at=entry.message.left_at,
                late=SLACK if entry.claimed else WRITTEN,
            )
            for box, entry in self._absent(boxes, look)
            if entry.recording is not None and entry.message.in_mailbox and entry.message.mailbox == box
        ]

    def timeless(self, boxes: Iterable[str], look: int) -> dict[tuple[str, int | None], list[str]]:
        """The messages that should be there and were not found, of which no time is known: by mailbox and length."""
        lost: dict[tuple[str, int | None], list[str]] = {}
        for box, entry in self._absent(boxes, look):
            found = entry.recording
            if found is not None and found.origtime is None and found.msg_id is None and entry.message.in_mailbox:
                lost.setdefault((box, found.duration), []).append(entry.message.key)
        return lost

    def _absent(self, boxes: Iterable[str], look: int) -> Iterator[tuple[str, Entry]]:
        return ((box, entry) for box in boxes for entry in self._by_box.get(box, {}).values() if entry.looked != look)


def _unread(entry: Entry) -> bool:
    """Whether the metadata of a message that a witness told of, or that was damaged, may still be found."""
    if entry.message.msg_id is not None or (entry.counted and not entry.claimed):
        return False
    return entry.recording is None or entry.recording.damaged


def _trace(entry: Entry, mailbox: str) -> Trace:
    message = entry.message
    began_at = message.began_at if entry.recording is None else None
    return Trace(message.key, mailbox, message.channel, message.caller, began_at, message.left_at)
