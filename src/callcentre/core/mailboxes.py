"""Voicemail: each message that a caller left, once, on the right line and with its deadline.

Witnesses are VMSTATUS, MessageWaiting and the dialplan's UserEvent, all told of the depositing channel; any one is
enough and any order will do. A message is told when its channel is gone: by then its call, and so its line, is known.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line, Office
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
"""VoiceMail(600&601) copies the message and tells of each box at once; a second message takes longer to speak."""

_LONGEST: Final = 24 * 60 * 60
_LONGEST_NUMBER: Final = 40
_Key = tuple[str, str]


@dataclass(slots=True)
class _Deposit:
    """A message that was left. `doubtful`: it is one only if its channel turns out to be a caller's."""

    mailbox: str
    left_at: datetime
    doubtful: bool = False
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
    """All messages of all PBXs: `handle(event)` and `handle_fact(fact)`; MessageLeft comes from `handle` and `finish`.

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
        self._new: dict[_Key, int] = {}
        self._calls: dict[_Key, Call] = {}
        self._stays: dict[_Key, _Stay] = {}
        self._ready: list[tuple[datetime, _Key, _Stay]] = []
        self._handlers: dict[type[Event], Callable[[Any], None]] = {
            AppStarted: self._app_started,
            ChannelGone: self._channel_gone,
            ChannelsListed: self._channels_listed,
            LinkDown: self._link_down,
            MailboxChanged: self._mailbox_changed,
            PbxShutdown: self._shut_down,
            UserEventRaised: self._user_event,
            VariableSet: self._variable_set,
        }

    def handle(self, event: Event) -> list[Fact]:
        """Take one event of EVENTS, or TimePassed; return the messages whose channels are gone."""
        facts = self._release() if self._ready else []
        if type(event) is not TimePassed:
            self._handlers[type(event)](event)
        return facts

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Learn from calls which line a channel's message belongs to."""
        if isinstance(fact, CallOffered | CallProgressed):
            call = fact.call
            self._calls[call.key.pbx, call.key.uniqueid] = self._calls[call.key.pbx, call.linkedid] = call
        elif isinstance(fact, CallEnded):
            self._call_ended(fact.call)
        return []

    def next_timer(self) -> datetime | None:
        """When the next message is to be told: as soon as its channel is gone."""
        return self._ready[0][0] if self._ready else None

    def finish(self, at: datetime) -> list[Fact]:
        """The input ended at `at`: tell what is known to have been left."""
        self._gone(list(self._stays), at)
        return self._release()

    # --- witnesses ---------------------------------------------------------------------------------------------------

    def _app_started(self, event: AppStarted) -> None:
        if event.application == "VoiceMail":
            stay = self._stays.setdefault((event.pbx, event.uniqueid), _Stay())
            stay.boxes = tuple(_full(box) for box in event.data.partition(",")[0].split("&"))
            stay.linkedid, stay.current = event.linkedid, None

    def _variable_set(self, event: VariableSet) -> None:
        if event.variable == "VMSTATUS" and event.value == "SUCCESS":
            stay = self._stays.get((event.pbx, event.uniqueid))
            if stay is not None and stay.boxes and stay.current is None:
                self._deposit(stay, stay.boxes[0], event.at)

    def _mailbox_changed(self, event: MailboxChanged) -> None:
        box = (event.pbx, event.mailbox)
        before = self._new.get(box)
        self._new[box] = event.new
        if event.uniqueid is None or event.new <= (before or 0):
            return
        stay = self._stays.setdefault((event.pbx, event.uniqueid), _Stay())
        current = stay.current
        if stay.boxes:
            if current is None and event.mailbox in stay.boxes:
                self._deposit(stay, stay.boxes[0], event.at)
        elif current is not None and current.mailbox != event.mailbox and event.at - current.left_at < _COPIES_WITHIN:
            current.mailbox = event.mailbox  # the copies are told of first
        else:
            self._deposit(stay, event.mailbox, event.at, doubtful=before is None)

    def _user_event(self, event: UserEventRaised) -> None:
        told = {name.lower(): value for name, value in event.fields.items()}
        box = told.get("mailbox", "")
        if event.name != VOICEMAIL_TOLD or not event.uniqueid or not box or told.get("status", "SUCCESS") != "SUCCESS":
            return
        stay = self._stays.setdefault((event.pbx, event.uniqueid), _Stay())
        deposit = stay.current or self._deposit(stay, _full(box), event.at)
        deposit.doubtful = False
        seconds = told.get("duration", "")
        if seconds.isascii() and seconds.isdigit() and int(seconds) <= _LONGEST:
            deposit.duration = int(seconds)
        deposit.caller = told.get("caller", "")[:_LONGEST_NUMBER] or deposit.caller

    def _deposit(self, stay: _Stay, mailbox: str, at: datetime, *, doubtful: bool = False) -> _Deposit:
        stay.current = _Deposit(mailbox, at, doubtful)
        stay.pending.append(stay.current)
        return stay.current

    # --- the ends of channels ----------------------------------------------------------------------------------------

    def _channel_gone(self, event: ChannelGone) -> None:
        if (event.pbx, event.uniqueid) in self._stays:
            self._gone([(event.pbx, event.uniqueid)], event.at)

    def _channels_listed(self, event: ChannelsListed) -> None:
        there = {(event.pbx, seen.uniqueid) for seen in event.channels}
        self._gone([key for key in self._stays if key[0] == event.pbx and key not in there], event.at)

    def _shut_down(self, event: PbxShutdown) -> None:
        self._gone([key for key in self._stays if key[0] == event.pbx], event.at)

    def _link_down(self, event: LinkDown) -> None:
        """What was left so far is sure; how many messages each box holds is not."""
        for key, stay in self._stays.items():
            if key[0] == event.pbx:
                stay.touched = True
                self._ready.append((event.at, key, _Stay(linkedid=stay.linkedid, pending=stay.pending)))
                stay.pending = []
        self._new = {box: new for box, new in self._new.items() if box[0] != event.pbx}

    def _gone(self, keys: list[_Key], at: datetime) -> None:
        for key in keys:
            stay = self._stays.pop(key)
            if stay.pending:
                self._ready.append((at, key, stay))

    # --- messages ----------------------------------------------------------------------------------------------------

    def _call_ended(self, call: Call) -> None:
        """Forget the call, once its messages know it."""
        pbx = call.key.pbx
        waiting = [(key, stay) for _, key, stay in self._ready]
        for key, stay in [*waiting, *self._stays.items()]:
            if key == (pbx, call.key.uniqueid) or (
                key[0] == pbx and stay.linkedid in {call.key.uniqueid, call.linkedid}
            ):
                for deposit in stay.pending:
                    deposit.call = call
        self._calls.pop((pbx, call.key.uniqueid), None)
        self._calls.pop((pbx, call.linkedid), None)

    def _release(self) -> list[Fact]:
        ready, self._ready = self._ready, []
        return [fact for _, key, stay in ready for fact in self._messages(key, stay)]

    def _messages(self, key: _Key, stay: _Stay) -> Iterator[Fact]:
        for deposit in stay.pending:
            call = deposit.call or self._calls.get(key) or self._calls.get((key[0], stay.linkedid))
            if call is not None or not deposit.doubtful:
                message = self._message(key, deposit, call, touched=stay.touched)
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
