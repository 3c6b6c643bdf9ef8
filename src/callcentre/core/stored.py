"""What mailboxes hold, read with caution: which files are one message, and which witnessed message each of them is.

A file's name proves nothing, because Asterisk renumbers. The msg_id names a message for good; where there is none, the
mailbox it was left in, its start and its length do. A witnessed message and a stored one are the same if channel and
time say so (docs/explanation/voicemail.md).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from callcentre.core.charter import Line, Office
from callcentre.core.events import StoredMessage
from callcentre.core.numbers import canonical
from callcentre.core.terms import UTC

NEW_FOLDERS: Final = frozenset({"INBOX", "Urgent"})
"""Folders of messages that nobody has heard."""

LOOK: Final = timedelta(seconds=15)
"""Longer than a look takes from its beginning, which it is timed by, to the last mailbox it reads."""

SLACK: Final = timedelta(seconds=2)
"""Between AMI's microseconds and the whole seconds of metadata, and between the look and the moment it was begun."""

REVIEW: Final = timedelta(minutes=2)
"""So long may a caller go on pressing keys after the recording, where only the end of it can be compared."""

WRITTEN: Final = timedelta(seconds=5)
"""So long after the end of a recording is its file complete, if the caller pressed no more keys."""

_LONGEST: Final = timedelta(hours=1)
"""So long before it was complete may a message have been begun, where the entry into VoiceMail was not seen."""

_LOOK: Final = timedelta(minutes=5)
"""Longer does no look last."""

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_FUTURE: Final = timedelta(days=1)
_DAY: Final = 86_400
_SLOT: Final = 600
_UNIQUE: Final = re.compile(r"\d{9,}-[0-9a-f]+").fullmatch
"""An id of Asterisk's making holds the second it was made in, and so is unique even though its counter restarts."""


class MailboxLines:
    """Which line names a mailbox."""

    def __init__(self, office: Office) -> None:
        self._named = {(line.pbx, full(box)): line for line in office.lines for box in line.mailboxes}
        self.fallback = next(line for line in office.lines if line.name == office.fallback_line)

    def of(self, pbx: str, mailbox: str) -> tuple[Line, bool]:
        """Return its line, else the fallback line; and whether any names it."""
        line = self._named.get((pbx, mailbox))
        return (self.fallback, False) if line is None else (line, True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One stored message, all its copies taken together, as far as it can be believed at `seen_at`, a look's beginning.

    `name` tells it from others as long as it lies in mailboxes. `origtime` is None where no time can be believed;
    `damaged`: it is the time of the file, which is written when the message is complete.
    """

    name: str
    boxes: frozenset[str]
    msg_id: str | None
    origtime: datetime | None
    duration: int | None
    caller: str | None
    callerchan: frozenset[str]
    damaged: bool
    seen_at: datetime

    @property
    def ended_at(self) -> datetime:
        """When the recording ended, by its own metadata."""
        if self.origtime is None:
            return self.seen_at
        return self.origtime + timedelta(seconds=0 if self.damaged else self.duration or 0)

    @property
    def left_at(self) -> datetime:
        """When it was complete, as far as it can be believed: it cannot have been long after it was seen."""
        ended = self.ended_at
        return ended if ended <= self.seen_at + _LOOK else self.seen_at

    @property
    def copy_name(self) -> tuple[frozenset[str], datetime, int] | None:
        """What copies of it in other mailboxes share even if each has an id of its own; None where that is not sure."""
        if self.origtime is None or self.duration is None or self.damaged or not self.callerchan:
            return None
        return self.callerchan, self.origtime, self.duration


@dataclass(frozen=True, slots=True)
class Trace:
    """A message known without its metadata: what its metadata must agree with.

    `began_at` is the earliest moment at which it can have begun, None where that was not seen. So much later than
    `left_at` may it have been complete as `late` says.
    """

    key: str
    mailbox: str
    channel: str | None
    caller: str | None
    began_at: datetime | None
    left_at: datetime
    late: timedelta = SLACK


def full(mailbox: str) -> str:
    """The mailbox with its context: `600` is `600@default`."""
    return mailbox if "@" in mailbox else f"{mailbox}@default"


def name_of(stored: StoredMessage) -> str:
    """Name a stored message, the same at each look wherever it was moved to."""
    second = int(stored.origtime.timestamp())
    if stored.msg_id is None:
        return box_name(_left_in(stored), second, stored.duration)
    return id_name(stored.msg_id, second)


def id_name(msg_id: str, second: int) -> str:
    """The name by id: alone where it holds its own second, else with the second at which the recording began."""
    return f"id {msg_id}" if _UNIQUE(msg_id) else f"id {msg_id} {second}"


def box_name(mailbox: str, second: int, duration: int | None) -> str:
    """The name of a message without an id."""
    return f"box {mailbox} {second} {duration}"


def recording(name: str, copies: Sequence[StoredMessage], at: datetime) -> Recording:
    """Take the copies of one message together, the sound ones first."""
    best = min(copies, key=lambda one: one.damaged)
    believed = _EARLIEST <= best.origtime <= at + _FUTURE
    length = best.duration if best.duration is not None and 0 <= best.duration <= _DAY else None
    return Recording(
        name=name,
        boxes=frozenset(box for one in copies for box in (one.mailbox, _left_in(one))),
        msg_id=best.msg_id,
        origtime=best.origtime if believed else None,
        duration=length,
        caller=next((one.caller for one in copies if one.caller), None),
        callerchan=frozenset(channel for one in copies for channel in one.callerchan if channel),
        damaged=best.damaged or not believed,
        seen_at=at,
    )


def _left_in(stored: StoredMessage) -> str:
    """Where it was left: metadata names that mailbox without its context."""
    if not stored.origmailbox:
        return stored.mailbox
    if "@" in stored.origmailbox:
        return stored.origmailbox
    return f"{stored.origmailbox}@{stored.mailbox.rpartition('@')[2]}"


# --- joining ---------------------------------------------------------------------------------------------------------


Likeness = tuple[bool, bool, timedelta]
"""How alike a stored and a witnessed message are, the least the most: another caller, another mailbox, time apart."""


def likeness(found: Recording, trace: Trace) -> Likeness | None:
    """How alike they are; None if they cannot be the same."""
    apart = _apart(found, trace)
    if apart is None:
        return None
    return _other_caller(found.caller, trace.caller), trace.mailbox not in found.boxes, apart


def _apart(found: Recording, trace: Trace) -> timedelta | None:
    """How far their ends lie apart. A channel that agrees proves more than a mailbox: copies lie in several."""
    both = trace.channel is not None and bool(found.callerchan)
    if trace.channel not in found.callerchan if both else trace.mailbox not in found.boxes:
        return None
    if found.origtime is None:
        since = found.seen_at - trace.left_at
        return abs(since) if -SLACK <= since <= _LONGEST else None
    apart = trace.left_at - found.ended_at
    if found.damaged:
        # Its time is that of its file, which was written when it was complete.
        early = trace.began_at is not None and found.origtime < trace.began_at
        return None if early or not -trace.late <= apart <= REVIEW else abs(apart)
    if apart < -trace.late:
        return None
    if trace.began_at is None and not both and _other_caller(found.caller, trace.caller):
        return None  # neither its channel nor its beginning speaks for it, and its caller against it
    if trace.began_at is None and not both and found.duration is not None:
        return apart if apart <= REVIEW else None
    first, last = _window(trace)
    return abs(apart) if first <= found.origtime <= last else None


def _window(trace: Trace) -> tuple[datetime, datetime]:
    """Between which moments the recording can have begun, or the file of a damaged one can have been written."""
    return (trace.began_at or trace.left_at - _LONGEST) - SLACK, trace.left_at + trace.late


def slots(first: datetime, last: datetime) -> range:
    """The spans of ten minutes that this time touches; of more than a day, its end."""
    end = int(last.timestamp()) // _SLOT
    return range(max(int(first.timestamp()) // _SLOT, end - _DAY // _SLOT), end + 1)


Span = tuple[str, int]
"""Ten minutes of a mailbox or of a channel: where what may be the same message meets."""


def spans_of(found: Recording) -> list[Span]:
    """Where a stored message stands: in one span of time, if its own is believed."""
    first = found.seen_at - _LONGEST if found.origtime is None else found.origtime
    times = slots(first, found.origtime or found.seen_at)
    return [(place, slot) for place in (*found.boxes, *map(_channel, found.callerchan)) for slot in times]


def spans_for(trace: Trace) -> list[Span]:
    """Where a stored message that may be this one is to be found."""
    places = [trace.mailbox] if trace.channel is None else [trace.mailbox, _channel(trace.channel)]
    return [(place, slot) for place in places for slot in slots(*_window(trace))]


def _channel(name: str) -> str:
    return f"channel {name}"


def join(found: Sequence[Recording], traces: Iterable[Trace]) -> dict[str, str]:
    """Pair stored messages with witnessed ones, each at most once, the nearest first: names to keys."""
    by_span: dict[Span, list[Trace]] = {}
    for trace in traces:
        for span in spans_for(trace):
            by_span.setdefault(span, []).append(trace)
    if not by_span:
        return {}
    near = {
        (like, one.name, trace.key)
        for one in found
        for span in spans_of(one)
        for trace in by_span.get(span, ())
        if (like := likeness(one, trace)) is not None
    }
    joined: dict[str, str] = {}
    taken: set[str] = set()
    for _, name, key in sorted(near):
        if name not in joined and key not in taken:
            joined[name] = key
            taken.add(key)
    return joined


def _other_caller(one: str | None, other: str | None) -> bool:
    """Whether two numbers are known to be of different callers."""
    first, second = canonical(one), canonical(other)
    return first is not None and second is not None and first != second


def join_counted(found: Sequence[tuple[Recording, bool]], counted: Iterable[tuple[datetime, str]]) -> dict[str, str]:
    """Pair stored messages (and whether they are new) with those that only a count told of, at these moments.

    Each is the latest that was there by then; what is still new comes before what was heard.
    """
    moments = sorted(counted)
    joined: dict[str, str] = {}
    for wanted in (True, False):
        line = sorted(((one.ended_at, one.name) for one, is_new in found if is_new is wanted), reverse=True)
        waiting: list[str] = []
        left: list[tuple[datetime, str]] = []
        for moment, key in moments:
            while line and line[-1][0] <= moment + SLACK:
                waiting.append(line.pop()[1])
            if waiting:
                joined[waiting.pop()] = key
            else:
                left.append((moment, key))
        moments = left
    return joined
