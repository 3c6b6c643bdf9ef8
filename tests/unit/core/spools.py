"""What looks into mailboxes find, told in seconds after noon; and what becomes known by it."""

from typing import Any

from callcentre.core.charter import Office, Pbx
from callcentre.core.events import Event, MailboxContents, MailboxesListed, StoredMessage
from callcentre.core.facts import Fact, MailboxSeen, NoticeRaised, OpenRows
from callcentre.core.hints import MailboxesWanted, MessageKnown, MessageWitnessed
from callcentre.core.messages import Messages
from callcentre.core.tasks import Message, Notice
from callcentre.core.terms import MailboxState, MessageStatus, Quality
from tests.unit.core.happenings import at, when
from tests.unit.core.offices import line

BOX, OTHER, UNNAMED = "600@default", "610@default", "699@default"
ENQUIRIES = line(mailboxes=frozenset({BOX}), tell=("anna",))
BOOKINGS = line("bookings", mailboxes=frozenset({"610"}), tell=("boss",))
OFFICE = Office(pbxs=(Pbx(name="lab"),), lines=(ENQUIRIES, BOOKINGS), fallback_line="bookings")


def msg_id(seconds: float, number: int = 1) -> str:
    return f"{int(at(seconds).timestamp())}-{number:08x}"


def stored(seconds: float, number: int = 1, folder: str = "INBOX", box: str = BOX, **more: Any) -> StoredMessage:
    """A message whose recording began so many seconds after noon and lasted nine."""
    values: dict[str, Any] = {
        "msg_id": msg_id(seconds, number),
        "origtime": at(seconds),
        "duration": 9,
        "caller": "01632960123",
        "callerchan": ("PJSIP/trunk-1.1",),
        "origmailbox": BOX,
        "playable": True,
    }
    return StoredMessage(mailbox=box, folder=folder, **(values | more))


def holds(*messages: StoredMessage, box: str = BOX, **more: Any) -> MailboxContents:
    return MailboxContents(mailbox=box, messages=messages, **more)


def counts(new: int, box: str = BOX, **more: Any) -> MailboxContents:
    return MailboxContents(mailbox=box, new=new, old=more.pop("old", 0), **more)


def look(seconds: float, *boxes: MailboxContents, whole: bool = True, source: str = "spool", **more: Any) -> Any:
    return MailboxesListed(**when(seconds), boxes=boxes, whole=whole, source=source, **more)


def seen(seconds: float, *messages: StoredMessage, whole: bool = True) -> Any:
    """A look at the one mailbox of enquiries."""
    return look(seconds, holds(*messages), whole=whole)


def witnessed(left: float, began: float | None = None, uniqueid: str = "1.1", **more: Any) -> MessageWitnessed:
    values: dict[str, Any] = {
        "channel": f"PJSIP/trunk-{uniqueid}",
        "mailbox": BOX,
        "line": "enquiries",
        "caller": "01632960123",
        "duration": None,
        "quality": Quality.COMPLETE,
    }
    began_at = None if began is None else at(began)
    return MessageWitnessed(**when(left), uniqueid=uniqueid, began_at=began_at, left_at=at(left), **(values | more))


def box_row(seconds: float, new: int | None = 0, box: str = BOX, **more: Any) -> MailboxSeen:
    values: dict[str, Any] = {
        "line": "enquiries",
        "named": True,
        "state": MailboxState.HEALTHY,
        "reason": "",
        "old": 0,
    }
    return MailboxSeen(**when(seconds), mailbox=box, new=new, **(values | more))


def message_row(**more: Any) -> Message:
    values: dict[str, Any] = {
        "pbx": "lab",
        "key": "call 1.1 1",
        "mailbox": BOX,
        "msg_id": None,
        "uniqueid": "1.1",
        "channel": "PJSIP/trunk-1.1",
        "line": "enquiries",
        "caller": "01632960123",
        "began_at": at(10),
        "left_at": at(30),
        "duration": None,
        "quality": Quality.COMPLETE,
        "status": MessageStatus.FILED,
    }
    return Message(**(values | more))


class Told:
    """Messages with what they told: every step, and the last word on each message."""

    def __init__(self, rows: OpenRows | None = None, since: float = 0) -> None:
        self.core = Messages(OFFICE)
        self.facts: list[Fact] = []
        if rows is not None:
            self.facts += self.core.restore(rows, at(since))

    def hear(self, *happenings: Event | Fact) -> "Told":
        for one in happenings:
            self.facts += self.core.handle(one) if isinstance(one, Event) else self.core.handle_fact(one)
        return self

    @property
    def known(self) -> list[MessageKnown]:
        return [fact for fact in self.facts if isinstance(fact, MessageKnown)]

    @property
    def first(self) -> list[str]:
        return [fact.message.key for fact in self.known if fact.first]

    @property
    def messages(self) -> list[Message]:
        return list({fact.message.key: fact.message for fact in self.known}.values())

    @property
    def message(self) -> Message:
        (message,) = self.messages
        return message

    @property
    def notices(self) -> list[Notice]:
        return [fact.notice for fact in self.facts if isinstance(fact, NoticeRaised)]

    @property
    def wanted(self) -> list[tuple[str, ...]]:
        return [fact.mailboxes for fact in self.facts if isinstance(fact, MailboxesWanted)]


def again(*messages: Message, since: float = 0) -> Told:
    """A later start, with what an earlier run left."""
    return Told(OpenRows(messages=messages, boxes=(box_row(-60),)), since)
