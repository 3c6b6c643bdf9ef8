"""A tape becomes the core events that the daemon would have seen: same framing, same trust, the tape's own clock."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from callcentre.ami.lists import Lists
from callcentre.ami.messages import Banner, Doubt, Item, Message, Told, UserTold
from callcentre.ami.protocol import Framer
from callcentre.ami.tape import TapeError, TapeRecord, open_text, read_tape
from callcentre.ami.translate import event_of
from callcentre.core.events import Event, EventsQuarantined, LinkDown, LinkUp
from callcentre.core.terms import instant

DISTRUST_SECONDS = 1.0
"""A tape cannot be asked again. Asterisk writes an event at one go, within its writetimeout (0.1 s), or drops the link:
a read that begins ten times later cannot hold the rest of a forged packet."""

_ENDS = frozenset({"drop", "eof"})


def events_of_tape(path: Path, pbx: str, *, snapshots: Path | None = None) -> Iterator[Event]:
    """The events of a tape in order, for the PBX named `pbx`.

    `snapshots` is a file of replies that a client could have asked for (`{"t", "action", "text"}` a line); they are
    merged in by time. TapeError where a file is malformed.
    """
    player = TapePlayer(pbx)
    waiting = iter(read_snapshots(snapshots)) if snapshots is not None else iter(())
    upcoming = next(waiting, None)
    for record in read_tape(path):
        while upcoming is not None and player.is_up and upcoming.t <= record.t:
            yield from player.reply(upcoming)
            upcoming = next(waiting, None)
        yield from player.play(record)
    while upcoming is not None:
        yield from player.reply(upcoming)
        upcoming = next(waiting, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRecord:
    """The whole answer to one action, taken at `t` (epoch seconds)."""

    t: float
    data: bytes


def read_snapshots(path: Path) -> Iterator[SnapshotRecord]:
    """The records of a snapshots file in their order; TapeError with the line number where one is malformed."""
    try:
        with open_text(path) as file:
            for number, line in enumerate(file, 1):
                try:
                    told = json.loads(line)
                    yield SnapshotRecord(t=float(told["t"]), data=told["text"].encode("latin-1"))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise TapeError(f"{path}:{number}: not a snapshot ({error!r})") from error
    except OSError as error:
        raise TapeError(f"{path}: cannot be read: {error}") from error


class TapePlayer:
    """Plays the records of one PBX's tape. A new connection takes the place of the one before."""

    def __init__(self, pbx: str) -> None:
        self._pbx = pbx
        self._lists = Lists(pbx)
        self._framer = Framer(banner=False, can_ask=False)
        self._conn: int | None = None
        self._version = ""
        self._last: datetime | None = None
        self._doubted_at: datetime | None = None
        self.is_up = False

    def play(self, record: TapeRecord) -> Iterator[Event]:
        """What one record tells."""
        now = instant(record.t)
        if record.mark == "connect" or (record.mark is None and self._conn is None):
            yield from self._down("reconnect")
            self._conn = record.conn
            self._framer = Framer(banner=False, can_ask=False, ours=record.notes.get("ours", ""))
            self._lists.forget()
            self._doubted_at = None
        if record.conn != self._conn:
            return
        if record.mark in _ENDS:
            yield from self._down(record.mark or "")
            self._conn = None
        elif record.mark is None:
            yield from self._read(record.data, now)

    def reply(self, snapshot: SnapshotRecord) -> Iterator[Event]:
        """What the answer to one action tells, at its own time (but not before the link was up)."""
        at = instant(snapshot.t)
        if self._last is not None:
            at = max(at, self._last)
        framer = Framer(banner=False, can_ask=False)
        for message in framer.feed(snapshot.data + b"\r\n\r\n"):
            if isinstance(message, Item):
                yield from self._listed(message, at)

    def _down(self, reason: str) -> Iterator[Event]:
        if self.is_up and self._last is not None:
            self.is_up = False
            yield LinkDown(pbx=self._pbx, at=self._last, reason=reason)

    def _read(self, data: bytes, now: datetime) -> Iterator[Event]:
        if self._doubted_at is not None and now - self._doubted_at >= timedelta(seconds=DISTRUST_SECONDS):
            if not self._framer.trusted:
                self._framer.trust_again()
            self._doubted_at = None
        for event in self._events(self._framer.feed(data), now):
            self._last = event.at if self._last is None else max(self._last, event.at)
            yield event

    def _events(self, messages: Iterable[Message], now: datetime) -> Iterator[Event]:
        for message in messages:
            if isinstance(message, Told) or isinstance(message, UserTold):  # noqa: SIM101  a union takes thrice as long
                yield from self._told(message, now)
            elif isinstance(message, Banner):
                self._version = message.version or ""
            elif isinstance(message, Item):
                yield from self._listed(message, now)
            elif isinstance(message, Doubt) and message.reason.distrusts_stream:
                if self._doubted_at is None:
                    yield EventsQuarantined(pbx=self._pbx, at=now, reason=message.reason)
                self._doubted_at = now

    def _told(self, told: Told | UserTold, now: datetime) -> Iterator[Event]:
        if not self.is_up:
            self.is_up = True
            uptime = told.values[0] if isinstance(told, Told) and told.name == "FullyBooted" else None
            booted_at = now - timedelta(seconds=int(uptime)) if uptime and uptime.isdigit() else None
            yield LinkUp(pbx=self._pbx, at=now, booted_at=booted_at, version=self._version)
        event = event_of(told, self._pbx, now)
        if event is not None:
            yield event

    def _listed(self, item: Item, at: datetime) -> Iterator[Event]:
        if (listed := self._lists.take(item, at)) is not None:
            yield listed.event
