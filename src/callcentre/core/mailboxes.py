"""Voicemail as AMI tells of it: each message that a caller left, once.

Witnesses are VMSTATUS, MessageWaiting and the dialplan's UserEvent, all told of the depositing channel; any one is
enough and any order will do. A message is told when it is witnessed, so that a restart cannot lose it, and once more,
with the same uniqueid and left_at, when more is known: its call, and so its line and caller, or how long it is.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from callcentre.core.charter import Office
from callcentre.core.deposits import is_deposit, is_deposit_of_anyone
from callcentre.core.events import (
    AppStarted,
    ChannelGone,
    ChannelsListed,
    Event,
    LinkDown,
    MailboxChanged,
    PbxShutdown,
    TimePassed,
    UserEventRaised,
    VariableSet,
)
from callcentre.core.facts import Call, CallEnded, CallOffered, CallProgressed, Fact
from callcentre.core.hints import MessageWitnessed
from callcentre.core.numbers import canonical
from callcentre.core.tasks import Message
from callcentre.core.terms import Quality

VOICEMAIL_TOLD: Final = "CallcentreVoicemail"
"""The dialplan's UserEvent: Mailbox, and where it knows them Status (VMSTATUS), Duration (whole seconds), Caller."""

_COPIES_WITHIN: Final = timedelta(seconds=1)
"""VoiceMail(600&601) copies the message and tells of each box at once; a second message takes longer to speak.

Where the application was not seen, so long passes before the message is told: until then its box is not sure."""

_REMEMBERED: Final = 1000
"""Channels whose messages were told, kept for a MessageWaiting that comes after the Hangup (Asterisk has threads)."""

_LONGEST_STAY: Final = timedelta(hours=4)
"""So long after a message may its caller be on the line, and a witness of it come, when the daemon starts."""

_LONGEST: Final = 5
"""Digits of a duration in seconds: more than a day is no message."""
_LONGEST_NUMBER: Final = 40
_Key = tuple[str, str]


@dataclass(slots=True)
class _Deposit:
    """A message that was left. `doubtful`: it is one only if its channel turns out to be a caller's.

    `began_at` is when its caller entered VoiceMail. `settled`: its box is sure, so that it can be told; `told` is the
    last that was.
    """

    mailbox: str
    left_at: datetime
    began_at: datetime | None = None
    doubtful: bool = False
    settled: bool = True
    told: MessageWitnessed | None = None
    duration: int | None = None
    caller: str | None = None
    call: Call | None = None


@dataclass(slots=True)
class _Stay:
    """A channel at a mailbox. `boxes` are those of its VoiceMail application, none where that could not be seen."""

    boxes: tuple[str, ...] = ()
    linkedid: str = ""
    channel: str | None = None
    caller: str | None = None
    began_at: datetime | None = None
    current: _Deposit | None = None
    pending: list[_Deposit] = field(default_factory=list)
    touched: bool = False


class Mailboxes:
    """All messages of all PBXs: `handle`, `handle_fact` and `finish` may return MessageWitnessed.

    `left_at` is the moment the message was complete, which AMI tells; the recording's own start (`origtime`) is known
    only to the spool.
    """

    EVENTS: Final[frozenset[type[Event]]] = frozenset(
        {
            AppStarted,
            ChannelGone,
            ChannelsListed,
            LinkDown,
            MailboxChanged,
            PbxShutdown,
            UserEventRaised,
            VariableSet,
        }
    )
    FACTS: Final[frozenset[type[Fact]]] = frozenset({CallOffered, CallProgressed, CallEnded})

    def __init__(self, office: Office) -> None:
        del office
        self._counts: dict[_Key, MailboxChanged] = {}
        self._settling: list[tuple[datetime, _Key]] = []
        self._calls: dict[_Key, Call] = {}
        self._stays: dict[_Key, _Stay] = {}
        self._told: dict[_Key, None] = {}
        self._handlers: dict[type[Event], Callable[[Any], list[Fact] | None]] = {
            AppStarted: self._app_started,
            ChannelGone: self._channel_gone,
            ChannelsListed: self._channels_listed,
            LinkDown: self._link_down,
            MailboxChanged: self._mailbox_changed,
            PbxShutdown: self._shut_down,
            TimePassed: self._time_passed,
            UserEventRaised: self._user_event,
            VariableSet: self._variable_set,
        }

    def handle(self, event: Event) -> list[Fact]:
        """Take one event of EVENTS or TimePassed, after what it said of calls; return the messages that it proves."""
        handler = self._handlers.get(type(event))
        return (handler(event) or []) if handler is not None else []

    def restore(self, calls: Iterable[Call], messages: Iterable[Message] = (), at: datetime | None = None) -> None:
        """Take what an earlier run left; `at` is now.

        The callers of its open calls may be at a mailbox. Those who left one of its `messages` within the last hours
        may be there still: what a witness says of them late is of that message and makes no other.
        """
        for call in calls:
            self._learn(call)
        for message in messages:
            if message.uniqueid is None or at is None or message.left_at < at - _LONGEST_STAY:
                continue
            stay = self._stays.setdefault((message.pbx, message.uniqueid), _Stay(channel=message.channel))
            if stay.current is None or message.left_at > stay.current.left_at:
                stay.current = _Deposit(message.mailbox, message.left_at, message.began_at)
                stay.pending, stay.touched = [stay.current], message.quality is Quality.PARTIAL
                stay.current.duration, stay.current.caller = message.duration, message.caller
                stay.current.told = self._message((message.pbx, message.uniqueid), stay, stay.current, None)

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Learn from calls which line a channel's message belongs to; a call's end is its channel's too."""
        if isinstance(fact, CallOffered | CallProgressed):
            self._learn(fact.call)
        elif isinstance(fact, CallEnded):
            return self._call_ended(fact.call)
        return []

    def _learn(self, call: Call) -> None:
        self._calls[call.key.pbx, call.key.uniqueid] = self._calls[call.key.pbx, call.linkedid] = call

    def next_timer(self) -> datetime | None:
        """When the box of the next message is sure."""
        return self._settling[0][0] if self._settling else None

    def finish(self, _at: datetime) -> list[Fact]:
        """The input ended: tell what is known to have been left."""
        return self._gone(list(self._stays))

    # --- witnesses ---------------------------------------------------------------------------------------------------

    def _app_started(self, event: AppStarted) -> None:
        if event.application == "VoiceMail":
            stay = self._stays.setdefault((event.pbx, event.uniqueid), _Stay())
            stay.boxes = tuple(_full(box) for box in event.data.partition(",")[0].split("&"))
            stay.linkedid, stay.current = event.linkedid, None
            stay.channel, stay.began_at = event.channel, event.at

    def _variable_set(self, event: VariableSet) -> list[Fact]:
        key = (event.pbx, event.uniqueid)
        stay = self._stays.get(key) if event.variable == "VMSTATUS" and event.value == "SUCCESS" else None
        if stay is None or not stay.boxes:
            return []
        if stay.current is None:
            self._deposit(stay, stay.boxes[0], event.at)
        return list(self._messages(key, stay))

    def _mailbox_changed(self, event: MailboxChanged) -> list[Fact]:
        box = (event.pbx, event.mailbox)
        before = self._counts.get(box)
        self._counts[box] = event
        if event.uniqueid is None or not is_deposit(before, event) or (event.pbx, event.uniqueid) in self._told:
            return []
        key = (event.pbx, event.uniqueid)
        stay = self._stays.setdefault(key, _Stay())
        stay.channel = stay.channel or event.channel
        stay.caller = stay.caller or (event.caller if canonical(event.caller) else None)
        if stay.boxes:
            if stay.current is None and event.mailbox in stay.boxes:
                self._deposit(stay, stay.boxes[0], event.at)
        else:
            self._deposit_unseen(key, stay, event, sure=is_deposit_of_anyone(before, event))
        return list(self._messages(key, stay))

    def _deposit_unseen(self, key: _Key, stay: _Stay, event: MailboxChanged, *, sure: bool) -> None:
        """A message of a channel whose application could not be seen: only the counts tell of it."""
        current = stay.current
        if current is not None and event.at - current.left_at < _COPIES_WITHIN:
            if not current.settled:
                current.mailbox = event.mailbox  # the copies are told of first
        elif current is None or sure:
            deposit = self._deposit(stay, event.mailbox, event.at, doubtful=not sure)
            deposit.settled = False
            heapq.heappush(self._settling, (event.at + _COPIES_WITHIN, key))

    def _time_passed(self, event: TimePassed) -> list[Fact]:
        facts: list[Fact] = []
        while self._settling and self._settling[0][0] <= event.at:
            due, key = heapq.heappop(self._settling)
            stay = self._stays.get(key)
            if stay is not None:
                for deposit in stay.pending:
                    deposit.settled = deposit.settled or deposit.left_at + _COPIES_WITHIN <= due
                facts += self._messages(key, stay)
        return facts

    def _user_event(self, event: UserEventRaised) -> list[Fact]:
        told = {name.lower(): value for name, value in event.fields.items()}
        box = told.get("mailbox", "")
        if event.name != VOICEMAIL_TOLD or not event.uniqueid or not box or told.get("status", "SUCCESS") != "SUCCESS":
            return []
        key = (event.pbx, event.uniqueid)
        stay = self._stays.setdefault(key, _Stay())
        stay.channel = stay.channel or event.channel
        deposit = stay.current or self._deposit(stay, _full(box), event.at)
        deposit.doubtful = False
        seconds = told.get("duration", "")
        if seconds.isascii() and seconds.isdigit() and len(seconds) <= _LONGEST:
            deposit.duration = int(seconds)
        deposit.caller = told.get("caller", "")[:_LONGEST_NUMBER] or deposit.caller
        return list(self._messages(key, stay))

    def _deposit(self, stay: _Stay, mailbox: str, at: datetime, *, doubtful: bool = False) -> _Deposit:
        stay.current = _Deposit(mailbox, at, stay.began_at, doubtful)
        stay.pending.append(stay.current)
        return stay.current

    # --- the ends of channels ----------------------------------------------------------------------------------------

    def _channel_gone(self, event: ChannelGone) -> list[Fact]:
        key = (event.pbx, event.uniqueid)
        return self._gone([key]) if key in self._stays else []

    def _channels_listed(self, event: ChannelsListed) -> list[Fact]:
        there = {(event.pbx, seen.uniqueid) for seen in event.channels}
        return self._gone([key for key in self._stays if key[0] == event.pbx and key not in there])

    def _shut_down(self, event: PbxShutdown) -> list[Fact]:
        return self._gone([key for key in self._stays if key[0] == event.pbx])

    def _link_down(self, event: LinkDown) -> list[Fact]:
        """What was left so far is sure; how many messages each box holds is not."""
        facts: list[Fact] = []
        for key, stay in self._stays.items():
            if key[0] == event.pbx:
                facts += self._messages(key, stay, over=True)
                stay.pending, stay.touched = [], True
        self._counts = {box: told for box, told in self._counts.items() if box[0] != event.pbx}
        return facts

    def _gone(self, keys: list[_Key]) -> list[Fact]:
        facts: list[Fact] = []
        for key in keys:
            stay = self._stays.pop(key)
            facts += self._messages(key, stay, over=True)
            if stay.current is None and not stay.pending and not stay.touched:
                continue  # a list may have lost it before what it left is heard
            self._told[key] = None
            if len(self._told) > _REMEMBERED:
                del self._told[next(iter(self._told))]
        return facts

    # --- messages ----------------------------------------------------------------------------------------------------

    def _call_ended(self, call: Call) -> list[Fact]:
        """Forget the call, once its messages know it. What MessageWaiting told after the Hangup is told here."""
        pbx, ids = call.key.pbx, {call.key.uniqueid, call.linkedid}
        for key, stay in self._stays.items():
            if key[0] == pbx and (key[1] == call.key.uniqueid or stay.linkedid in ids):
                for deposit in stay.pending:
                    deposit.call = call
        key = (pbx, call.key.uniqueid)
        facts = self._gone([key]) if key in self._stays else []
        for name in ids:
            self._calls.pop((pbx, name), None)
        return facts

    def _messages(self, key: _Key, stay: _Stay, *, over: bool = False) -> Iterator[Fact]:
        """Tell what is sure and was not told just so before. `over`: of its box no more will be known."""
        for deposit in stay.pending:
            call = deposit.call or self._calls.get(key) or self._calls.get((key[0], stay.linkedid))
            if (call is None and deposit.doubtful) or not (deposit.settled or over):
                continue
            message = self._message(key, stay, deposit, call)
            if message != deposit.told:
                deposit.told = message
                yield message

    def _message(self, key: _Key, stay: _Stay, deposit: _Deposit, call: Call | None) -> MessageWitnessed:
        return MessageWitnessed(
            pbx=key[0],
            at=deposit.left_at,
            uniqueid=key[1],
            channel=stay.channel,
            mailbox=deposit.mailbox,
            line=call.line if call is not None else None,
            caller=call.caller if call is not None else deposit.caller or stay.caller,
            began_at=deposit.began_at,
            left_at=deposit.left_at,
            duration=deposit.duration,
            quality=Quality.PARTIAL if stay.touched else Quality.COMPLETE,
            copies=tuple(box for box in stay.boxes if box != deposit.mailbox),
        )


def _full(mailbox: str) -> str:
    return mailbox if "@" in mailbox else f"{mailbox}@default"
