"""What a PBX tells of its mailboxes: who has one, how many messages, and where it can, each of them.

VoicemailUsersList gives counts (every version); VoicemailBoxSummary the messages (18.20, 20.5, 21 and later). Asterisk
reads the metadata for it as a configuration file: of repeated lines it takes the first, so that a caller who gets line
breaks into a number can forge an ID, and only the spool shows the genuine one.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from asterisk.ami import Action

from callcentre.ami import actions
from callcentre.ami.messages import Item
from callcentre.ami.questions import Answer
from callcentre.core.errors import ActionRefused, LinkLost
from callcentre.core.events import MailboxContents, StoredMessage
from callcentre.core.numbers import number_of
from callcentre.core.terms import instant
from callcentre.runtime.log import Log

LIST_SECONDS = 10.0
"""How long one list may take: a mailbox of 10,000 messages is read in less."""

_NAME = re.compile(r"[^\x00-\x1f\x7f/@]{1,80}").fullmatch
_MESSAGE_ID = re.compile(r"([0-9]{1,10})-[0-9a-f]{8}").fullmatch
_COUNT = re.compile(r"[0-9]{1,6}").fullmatch
_LONGEST_SECONDS = 86_400

_NO_RIGHT = (
    "the PBX does not let the account list its mailboxes: whether they are full or missing is not known; "
    "add reporting to its write line in manager.conf"
)
_NO_MODULE = "the PBX knows no mailboxes; load app_voicemail, or take the mailboxes out of the configuration"
_NO_SUMMARY = (
    "this Asterisk tells how many messages its mailboxes hold, not which; "
    "set voicemail_spool, so that none can be missed (or update to 18.20, 20.5, 21 or later)"
)
_NO_ID = "a mailbox holds messages whose metadata is damaged: who left them, and when, cannot be told; listen to them"

AskList = Callable[[Action], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail:
    """What the PBX told. `whole`: of every mailbox that was asked for; `missing` are those that it does not have."""

    boxes: tuple[MailboxContents, ...]
    whole: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Counts:
    new: int
    old: int
    capacity: int

    @property
    def filled(self) -> bool:
        return self.new > 0 or self.old > 0


@dataclass(frozen=True, slots=True)
class _Summary:
    """The messages of one mailbox. `exists` is None where that cannot be known; `messages` None if not to be had."""

    exists: bool | None
    messages: tuple[StoredMessage, ...] | None = None
    whole: bool = True


_UNKNOWN = _Summary(None)


class VoicemailQuestions:
    """Asks one connection, one question at a time; remembers what it may not or cannot answer."""

    def __init__(self, pbx: str, *, ask: AskList, log: Log) -> None:
        self._pbx = pbx
        self._ask_list = ask
        self._log = log
        self._said: set[str] = set()
        self._refused = False
        self._has_summary = True
        self._filled: set[str] = set()

    async def look(self, mailboxes: Collection[str], *, messages: bool, only: bool = False) -> Voicemail | None:
        """Ask for `mailboxes` (`600@default`), and unless `only` these, for every other one.

        With `messages`, each of theirs is told where the PBX can. None if it does not answer, may not, or if what it
        said is not believed.
        """
        if self._refused:
            return None
        try:
            users = await self._users()
            return None if users is None else await self._boxes(users, mailboxes, messages=messages, only=only)
        except (LinkLost, TimeoutError):
            return None

    async def _boxes(
        self, users: dict[str, _Counts], mailboxes: Collection[str], *, messages: bool, only: bool
    ) -> Voicemail:
        boxes: list[MailboxContents] = []
        missing: list[str] = []
        whole = True
        for mailbox in sorted(set(mailboxes) if only else users.keys() | set(mailboxes)):
            counts = users.get(mailbox)
            summary = _UNKNOWN
            if counts is None or (messages and (mailbox in mailboxes or mailbox in self._filled or counts.filled)):
                summary = await self._summary(mailbox)
                whole = whole and summary.whole
            if counts is None and not self._has_summary and users:
                # Mailboxes of a database (realtime) are in no list, and without summaries they look missing.
                summary = _Summary(False)
            if counts is None and summary.exists is False:
                missing.append(mailbox)
            elif counts is not None or summary.exists:
                boxes.append(_contents(mailbox, counts, summary.messages if messages else None))
        if messages and not self._has_summary:
            self._say(_NO_SUMMARY)
        return Voicemail(boxes=tuple(boxes), whole=whole, missing=tuple(missing))

    async def _users(self) -> dict[str, _Counts] | None:
        answer = await self._list(actions.simple("VoicemailUsersList"))
        if not answer.reply.success:
            denied = "permission" in answer.reply.fields.get("Message", "").lower()
            self._refused = denied
            self._say(_NO_RIGHT if denied else _NO_MODULE)
            return None
        if not answer.whole:
            return None
        try:
            return dict(map(_user, answer.items))
        except ValueError:
            return None

    async def _summary(self, mailbox: str) -> _Summary:
        if not self._has_summary:
            return _UNKNOWN
        try:
            answer = await self._list(actions.box_summary(mailbox))
        except ActionRefused:
            return _Summary(None, whole=False)
        if not answer.reply.success:
            if "unknown command" in answer.reply.fields.get("Message", "").lower():
                self._has_summary = False
                return _UNKNOWN
            return _Summary(None, whole=False)
        if not answer.is_list:
            return _Summary(False)
        if not answer.whole:
            return _Summary(True, whole=False)
        try:
            messages = tuple(_messages(mailbox, answer.items))
        except ValueError:
            return _Summary(True, whole=False)
        if any(message.damaged for message in messages):
            self._say(_NO_ID, mailbox=mailbox)
        if messages:
            self._filled.add(mailbox)
        else:
            self._filled.discard(mailbox)
        return _Summary(True, messages)

    async def _list(self, action: Action) -> Answer:
        async with asyncio.timeout(LIST_SECONDS):
            return await self._ask_list(action)

    def _say(self, words: str, **fields: str) -> None:
        """One line for each connection."""
        if words not in self._said:
            self._said.add(words)
            self._log.warning(words, pbx=self._pbx, **fields)


def _contents(mailbox: str, counts: _Counts | None, messages: tuple[StoredMessage, ...] | None) -> MailboxContents:
    return MailboxContents(
        mailbox=mailbox,
        messages=messages,
        new=counts.new if counts else None,
        old=counts.old if counts else None,
        capacity=counts.capacity if counts else None,
    )


def _user(item: Item) -> tuple[str, _Counts]:
    """A VoicemailUserEntry; ValueError where it makes no sense."""
    told = {header: value or "" for header, value in item.values.items()}
    if item.name != "VoicemailUserEntry" or not (_NAME(told["VoiceMailbox"]) and _NAME(told["VMContext"])):
        raise ValueError("no mailbox")
    counts = (told["NewMessageCount"], told["OldMessageCount"], told["MaxMessageCount"])
    if not all(map(_COUNT, counts)):
        raise ValueError("no count")
    return f"{told['VoiceMailbox']}@{told['VMContext']}", _Counts(*map(int, counts))


def _messages(mailbox: str, items: Iterable[Item]) -> Iterator[StoredMessage]:
    """The VoicemailBoxDetails of `mailbox`; ValueError where one makes no sense.

    Where the metadata is damaged there is no id, and Date is local text in a format of the PBX: nothing tells when the
    message was left. Such messages get times of long ago, one second apart, so that each is the same at every look.
    """
    damaged = 0
    for item in items:
        told = {header: value or "" for header, value in item.values.items()}
        if item.name != "VoicemailBoxDetail" or not _NAME(told["Folder"]):
            raise ValueError("no message")
        identified = _MESSAGE_ID(told["ID"])
        duration = int(told["Duration"]) if _COUNT(told["Duration"]) else None
        yield StoredMessage(
            mailbox=mailbox,
            folder=told["Folder"],
            msg_id=told["ID"] if identified else None,
            # The id begins with the second in which it was given: when the recording began.
            origtime=instant(int(identified[1]) if identified else damaged),
            duration=duration if duration is not None and duration <= _LONGEST_SECONDS else None,
            caller=number_of(told["CallerID"]),
            damaged=identified is None,
        )
        damaged += identified is None
