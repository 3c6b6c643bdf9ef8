"""Voicemail: each message that a caller left, once, on the right line and with its deadline.

Witnesses are VMSTATUS, MessageWaiting and the dialplan's UserEvent, all told of the depositing channel; any one is
enough and any order will do. A message is told when it is witnessed, so that a restart cannot lose it, and once more,
under the same key, when more is known: its call, and so its line and caller, or how long it is.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line, Office
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
from callcentre.core.facts import Call, CallEnded, CallOffered, CallProgressed, Fact, Message, MessageLeft
from callcentre.core.terms import Quality

VOICEMAIL_TOLD: Final = "CallcentreVoicemail"
"""The dialplan's UserEvent: Mailbox, and where it knows them Status (VMSTATUS), Duration (whole seconds), Caller."""

_COPIES_WITHIN: Final = timedelta(seconds=1)
"""VoiceMail(600&601) copies the message and tells of each box at once; a second message takes longer to speak.

Where the application was not seen, so long passes before the message is told: until then its box is not sure."""

_REMEMBERED: Final = 1000
"""Channels whose messages were told, kept for a MessageWaiting that comes after the Hangup (Asterisk has threads)."""

_LONGEST: Final = 5
"""Digits of a duration in seconds: more than a day is no message."""
_LONGEST_NUMBER: Final = 40
_Key = tuple[str, str]


@dataclass(slots=True)
class _Deposit:
    """A message that was left. `doubtful`: it is one only if its channel turns out to be a caller's.

    `settled`: its box is sure, so that it can be told; `told` is the last that was.
    """

    mailbox: str
    left_at: datetime
    doubtful: bool = False
    settled: bool = True
    told: Message | None = None
    duration: int | None = None
    caller: str | None = None
    call: Call | None = None


@dataclass(slots=True)
class _Stay:
    """A channel at a mailbox. `boxes` are those of its VoiceMail application, none where that could not be seen."""

    boxes: tuple[str, ...] = ()
    linkedid: str = ""
    current: _Deposit | None = None
    pending: list[_Deposit] = field(default_factory=list)
    touched: bool = False


class Mailboxes:
    """All messages of all PBXs: `handle(event)` and `handle_fact(fact)`; each, and `finish`, may return MessageLeft.

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
        self._lines = {line.name: line for line in office.lines}
        self._line_of_box = {(line.pbx, box): line for line in office.lines for box in line.mailboxes}
        self._fallback = self._lines[office.fallback_line]
        self._calendars: dict[str, Calendar] = {}
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

    def restore(self, calls: Iterable[Call]) -> None:
        """Take the open calls of an earlier run: their callers may be at a mailbox."""
        for call in calls:
            self._learn(call)

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
        deposit = stay.current or self._deposit(stay, _full(box), event.at)
        deposit.doubtful = False
        seconds = told.get("duration", "")
        if seconds.isascii() and seconds.isdigit() and len(seconds) <= _LONGEST:
            deposit.duration = int(seconds)
        deposit.caller = told.get("caller", "")[:_LONGEST_NUMBER] or deposit.caller
        return list(self._messages(key, stay))

    def _deposit(self, stay: _Stay, mailbox: str, at: datetime, *, doubtful: bool = False) -> _Deposit:
        stay.current = _Deposit(mailbox, at, doubtful)
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
            facts += self._messages(key, self._stays.pop(key), over=True)
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
            message = self._message(key, deposit, call, touched=stay.touched)
            if message != deposit.told:
                deposit.told = message
                yield MessageLeft(pbx=key[0], at=deposit.left_at, message=message)

    def _message(self, key: _Key, deposit: _Deposit, call: Call | None, *, touched: bool) -> Message:
        line = self._line(key[0], deposit.mailbox, call)
        calendar = self._calendars.setdefault(line.name, Calendar(line))
        deadline = calendar.due(line.charter.message_rule, deposit.left_at)
        return Message(
            pbx=key[0],
            mailbox=deposit.mailbox,
            msg_id=None,
            uniqueid=key[1],
            line=line.name,
            caller=call.caller if call is not None else deposit.caller,
            left_at=deposit.left_at,
            duration=deposit.duration,
            due=deadline.due,
            act_by=deadline.act_by,
            due_reason=" ".join(deadline.reasons),
            quality=Quality.PARTIAL if touched else Quality.COMPLETE,
        )

    def _line(self, pbx: str, mailbox: str, call: Call | None) -> Line:
        """The line of the message's call, else the one that names its mailbox, else the fallback."""
        of_call = self._lines.get(call.line) if call is not None else None
        return of_call or self._line_of_box.get((pbx, mailbox)) or self._fallback


def _full(mailbox: str) -> str:
    return mailbox if "@" in mailbox else f"{mailbox}@default"
