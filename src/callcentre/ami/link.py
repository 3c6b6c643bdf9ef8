"""One connection to a PBX from its banner to its end. Reading never waits: read, frame, translate, hand over.

Order of what is handed over: LinkUp, then events and complete lists as they come in the stream. A list is newer than
what came before it, and states are absolute, so nothing needs to be held back.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from asterisk.ami import Action

from callcentre.ami import actions
from callcentre.ami.connection import Connection
from callcentre.ami.lists import Lists
from callcentre.ami.messages import Doubt, Item, Message, Reason, Reply, Told, UserTold
from callcentre.ami.protocol import Framer
from callcentre.ami.questions import Answer
from callcentre.ami.translate import event_of
from callcentre.core.events import Event, EventsQuarantined, LinkUp, QueuesListed
from callcentre.core.terms import instant
from callcentre.runtime.clock import Clock
from callcentre.runtime.log import Log

PING_SECONDS = 1.0
"""A Ping each second: Asterisk up to 22.10 may keep an event back until the client's next action (issue 2145)."""

PING_DEADLINE = 5.0
"""Seconds without an answer to a Ping after which the link is dead, though the socket may be open."""

REREAD_SHARE = 1.0
"""A hostile caller can force re-reads of the channels: after each, this many times its own duration is left free."""

LIST_AGAIN_SECONDS = 10.0
"""Queues whose list was not whole are asked for again, and channels after packets that only themselves were bad."""

QUEUES_SECONDS = 60.0
"""Asterisk's `queue reload` moves members without an event (seen on 16 and 22): so often the queues are read again."""

WARN_SECONDS = 60.0
"""A hostile caller raises many doubts: one line in the log a minute."""

CHANNELS, QUEUES, DEVICES = "CoreShowChannels", "QueueStatus", "DeviceStateList"

Sink = Callable[[Sequence[Event], int], bool]
"""Takes events and the bytes they came in (0: must be taken); False: there is no room, and nothing was taken."""


class LinkObserver(Protocol):
    """What the metrics want to know of the links."""

    def link(self, pbx: str, *, up: bool) -> None:
        """A PBX came into sight, or went out of it."""
        ...

    def reconnected(self, pbx: str) -> None:
        """A link that was lost is up again."""
        ...

    def events(self, pbx: str, counts: Mapping[str, int]) -> None:
        """Events that were read, by name, dropped ones included."""
        ...

    def quarantined(self, pbx: str, reason: str) -> None:
        """A packet was not believed."""
        ...

    def lag(self, pbx: str, seconds: float) -> None:
        """How long the last Ping took to be answered."""
        ...


class Tap(Protocol):
    """Listens in on the bytes of a link: the recorder of tapes."""

    def connected(self, ours: str) -> None:
        """A connection begins; its questions bear ids that begin with `ours`."""
        ...

    def read(self, data: bytes) -> None:
        """Bytes were read."""
        ...

    def ended(self, reason: str) -> None:
        """The connection ended."""
        ...


@dataclass(slots=True)
class Pulse:
    """What the Pings and Timestamps tell of one PBX; outlives a connection."""

    offset: timedelta = timedelta(0)
    """The PBX's clock minus ours."""
    seen_at: datetime | None = None
    """The latest moment, by the PBX's clock, that was surely seen."""
    lag_seconds: float | None = None


_WITHOUT_DIALPLAN = (
    "the account hears nothing of class dialplan: a full or empty queue, the closed announcement and voicemail without "
    "a message cannot be told from each other or from giving up; add dialplan to its read line in manager.conf"
)


@dataclass(slots=True)
class _Asked:
    """Questions that are not answered yet."""

    lists: dict[str, str] = field(default_factory=dict)
    pings: dict[str, tuple[float, datetime]] = field(default_factory=dict)


class Link(Connection):
    """One connection of the listening account."""

    def __init__(
        self,
        pbx: str,
        *,
        clock: Clock,
        sink: Sink,
        observer: LinkObserver,
        log: Log,
        pulse: Pulse,
        tap: Tap | None = None,
    ) -> None:
        super().__init__()
        self._pbx = pbx
        self._clock = clock
        self._sink = sink
        self._observer = observer
        self._log = log
        self._pulse = pulse
        self._tap = tap
        self._framer = Framer(ours=self._prefix)
        self._lists = Lists(pbx)
        self._asked = _Asked()
        self._logged_in = False
        self._reread_waits = False
        self._channels_asked_at = 0.0
        self._reread_from = float("-inf")
        self._wants: dict[str, float] = {}
        self._refusals: set[str] = set()
        self._warn_from = float("-inf")
        self._dialplan_heard: bool | None = None
        self.is_up = False

    # --- the socket ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        super().connection_made(transport)
        if self._tap is not None:
            self._tap.connected(self._prefix)

    def data_received(self, data: bytes) -> None:
        """Read, frame, translate, hand over."""
        if self.lost.done():
            return
        if self._tap is not None:
            self._tap.read(data)
        read_at = self._clock.now() + self._pulse.offset
        events: list[Event] = []
        for message in self._framer.feed(data):
            if isinstance(message, Told):
                event = event_of(message, self._pbx, read_at) if self.is_up else None
                if event is not None:
                    events.append(event)
                    continue
            self._rarer(message, read_at, events)
        if events:
            seen_at = max(self._pulse.seen_at or read_at, events[-1].at)
            if self._sink(events, len(data)):
                self._pulse.seen_at = seen_at
            else:
                self.end("overrun")
        if not self._framer.trusted and not self._framer.cut_in_list:  # a cut list ends of itself
            self._reread()

    def _rarer(self, message: Message, read_at: datetime, events: list[Event]) -> None:
        if isinstance(message, (Told, UserTold)):
            self._rarely_told(message, read_at, events)
        elif isinstance(message, Item):
            self._item(message, read_at, events)
        elif isinstance(message, Reply):
            self._reply(message, read_at, events)
        elif isinstance(message, Doubt):
            self._doubt(message, read_at, events)
        elif not self.banner.done():
            self.banner.set_result(message.version)

    def _ended(self, reason: str) -> None:
        super()._ended(reason)
        if self._tap is not None:
            self._tap.ended(reason)

    # --- asking ----------------------------------------------------------------------------------------------------

    async def ask_list(self, action: Action) -> Answer:
        """Send an action and wait for the list that answers it; LinkLost if the connection ends first."""
        return await self._questions.ask(action, wants_list=True)

    def watch(self) -> None:
        """Logged in and subscribed: read everything once, and begin to ping."""
        self._logged_in = True
        self.ping()
        self.resync()

    def resync(self) -> None:
        """Ask for queues, channels and devices, except for what is being answered already."""
        under_way = set(self._asked.lists.values())
        for name in (QUEUES, CHANNELS, DEVICES):
            if name not in under_way:
                self._list(name)

    def ping(self) -> None:
        """Send a Ping; end the link if one has waited too long. Also asks again for what came back incomplete."""
        if not self._logged_in or self.lost.done():
            return
        now = self._clock.monotonic()
        if any(now - sent >= PING_DEADLINE for sent, _ in self._asked.pings.values()):
            self.end(f"no answer to a Ping within {PING_DEADLINE:.0f} s")
            return
        if counts := self._framer.take_counts():
            self._observer.events(self._pbx, counts)
            self._hears_dialplan(counts)
        self._asked.pings[self._send(actions.simple("Ping"))] = (now, self._clock.now())
        if not self._framer.trusted:
            self._reread()
        for name, due in tuple(self._wants.items()):
            if now >= due and name not in self._asked.lists.values():
                del self._wants[name]
                self._list(name)

    def _hears_dialplan(self, counts: Counter[str]) -> None:
        """Say once what an account without class dialplan cannot know; a queue is entered by a Newexten of its own."""
        if self._dialplan_heard is not None:
            return
        if counts["Newexten"] or counts["VarSet"]:
            self._dialplan_heard = True
        elif counts["QueueCallerJoin"]:
            self._dialplan_heard = False
            self._log.warning(_WITHOUT_DIALPLAN, pbx=self._pbx)

    def counts(self) -> Counter[str]:
        """Events read since they were last counted."""
        return self._framer.take_counts()

    def _reread(self) -> None:
        """The stream is not believed until the channels are read again: ask at once, but leave the PBX some air."""
        if not self._logged_in or self.lost.done() or self._framer.trusted or CHANNELS in self._asked.lists.values():
            return
        wait = self._reread_from - self._clock.monotonic()
        if wait <= 0:
            self._list(CHANNELS)
        elif not self._reread_waits:
            self._reread_waits = True
            asyncio.get_running_loop().call_later(wait, self._reread_now)

    def _reread_now(self) -> None:
        self._reread_waits = False
        self._reread()

    def _list(self, name: str) -> None:
        if name == CHANNELS:
            self._channels_asked_at = self._clock.monotonic()
        self._asked.lists[self._send(actions.simple(name))] = name

    # --- what was said ---------------------------------------------------------------------------------------------

    def _rarely_told(self, told: Told | UserTold, read_at: datetime, events: list[Event]) -> None:
        """An event before the link is up, one of our own, or one that says nothing to the core."""
        if isinstance(told, Told) and told.name == "FullyBooted":
            self._up(read_at, told.values[0], events)
            return
        if not self.is_up:
            self._up(read_at, None, events)
        event = event_of(told, self._pbx, read_at)
        if event is not None:
            events.append(event)

    def _up(self, at: datetime, uptime: str | None, events: list[Event]) -> None:
        """In sight. FullyBooted comes with the login, or later from a PBX that was still starting: then read again."""
        booted_at = None
        if uptime is not None and uptime.isascii() and uptime.isdigit() and len(uptime) < 10:
            booted_at = at - timedelta(seconds=int(uptime))
        if self.is_up and booted_at is None:
            return
        if self.is_up:
            self._wants |= dict.fromkeys((QUEUES, CHANNELS, DEVICES), float("-inf"))
        self.is_up = True
        self._pulse.seen_at = at
        events.append(LinkUp(pbx=self._pbx, at=at, booted_at=booted_at, version=self.version))

    def _item(self, item: Item, read_at: datetime, events: list[Event]) -> None:
        if self._questions.item(item):
            return
        listed = self._lists.take(item, read_at)
        if listed is None:
            return
        name = self._asked.lists.pop(listed.action_id, None)
        if name is None:
            return
        if name == CHANNELS:
            now = self._clock.monotonic()
            self._reread_from = now + REREAD_SHARE * (now - self._channels_asked_at)
        if not listed.whole:
            self._wants[name] = self._clock.monotonic() + LIST_AGAIN_SECONDS
            if isinstance(listed.event, QueuesListed):
                return
        elif name == QUEUES:
            self._wants.setdefault(QUEUES, self._clock.monotonic() + QUEUES_SECONDS)
        if not self.is_up:
            self._up(read_at, None, events)
        events.append(listed.event)

    def _reply(self, reply: Reply, read_at: datetime, events: list[Event]) -> None:
        if self._questions.reply(reply):
            return
        if (ping := self._asked.pings.pop(reply.action_id, None)) is not None:
            self._pong(reply, *ping)
            if not self.is_up:
                self._up(read_at, None, events)
        elif not reply.success and (name := self._asked.lists.pop(reply.action_id, None)) is not None:
            self._refused(name, reply)

    def _refused(self, name: str, reply: Reply) -> None:
        """No right to a list, or (while Asterisk starts) its module is not there yet: ask again later."""
        self._wants[name] = self._clock.monotonic() + LIST_AGAIN_SECONDS
        if "permission" in reply.fields.get("Message", "").lower() and name not in self._refusals:
            self._refusals.add(name)
            self._log.warning(
                "the PBX refused a list; give the account the right for it in manager.conf",
                pbx=self._pbx,
                action=name,
                right="write = reporting",
            )

    def _pong(self, reply: Reply, sent: float, sent_at: datetime) -> None:
        lag = self._clock.monotonic() - sent
        self._pulse.lag_seconds = lag
        self._observer.lag(self._pbx, lag)
        with suppress(ValueError, OverflowError):
            said = instant(float(reply.fields.get("Timestamp", "")))
            self._pulse.offset = said - (sent_at + timedelta(seconds=lag / 2))
            self._pulse.seen_at = max(self._pulse.seen_at or said, said)

    def _doubt(self, doubt: Doubt, read_at: datetime, events: list[Event]) -> None:
        self._observer.quarantined(self._pbx, doubt.reason)
        if doubt.in_list:
            return
        if not doubt.reason.distrusts_stream:
            if doubt.reason is not Reason.AFTER_TRUNCATED:
                self._wants.setdefault(CHANNELS, self._clock.monotonic() + LIST_AGAIN_SECONDS)
            return
        if not doubt.opens:
            return
        due = self._clock.monotonic() + PING_SECONDS
        for name in (QUEUES, DEVICES):
            self._wants[name] = min(self._wants.get(name, due), due)
        events.append(EventsQuarantined(pbx=self._pbx, at=read_at, reason=doubt.reason))
        self._log.debug("a packet that no Asterisk writes", pbx=self._pbx, reason=doubt.reason, packet=doubt.name)
        if due >= self._warn_from:
            self._warn_from = due + WARN_SECONDS
            self._log.warning(
                "a caller forges AMI packets; nothing more is believed until the channels have been read again",
                pbx=self._pbx,
                reason=doubt.reason,
                packet=doubt.name,
            )
