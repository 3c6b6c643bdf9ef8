"""A PBX's clock that is behind ours: until the PBX is heard ours stands for its own, and time seems to go back."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from callcentre.core.deposits import Tally
from callcentre.core.events import MailboxChanged, MailboxContents, MailboxesListed, StoredMessage, TimePassed
from callcentre.core.facts import Fact, MailboxSeen, OpenRows
from callcentre.core.hints import MailboxesWanted, MessageKnown
from callcentre.core.mailbox_health import MailboxHealth
from callcentre.core.messages import Messages
from callcentre.core.terms import MessageStatus
from tests.unit.core.spools import OFFICE

PBX = "lab"
OURS = datetime.fromisoformat("2026-11-24T12:00:00+00:00")
THEIRS = OURS - timedelta(hours=3)
BOX = "600@default"


def stored(number: int, at: datetime, folder: str = "INBOX", box: str = BOX) -> StoredMessage:
    return StoredMessage(
        mailbox=box, folder=folder, msg_id=f"{int(at.timestamp())}-{number:08x}", origtime=at, duration=1,
        caller="07700900123", callerchan=(f"PJSIP/trunk-{number:08x}",), origmailbox=box, playable=True, damaged=False,
    )  # fmt: skip


def look(at: datetime, *messages: StoredMessage, boxes: Iterable[str] = (BOX,)) -> MailboxesListed:
    contents = tuple(
        MailboxContents(mailbox=box, messages=tuple(one for one in messages if one.mailbox == box)) for box in boxes
    )
    return MailboxesListed(pbx=PBX, at=at, boxes=contents, source="spool", whole=True)


def begun() -> Messages:
    """A daemon that started and looked by its own clock, before the PBX was heard."""
    messages = Messages(OFFICE)
    messages.restore(OpenRows(), OURS)
    assert wanted(messages.handle(TimePassed(pbx="", at=OURS)))
    messages.handle(look(OURS))
    return messages


def wanted(facts: list[Fact]) -> bool:
    return any(isinstance(fact, MailboxesWanted) for fact in facts)


def known(facts: list[Fact]) -> list[MessageKnown]:
    return [fact for fact in facts if isinstance(fact, MessageKnown)]


def test_mailboxes_are_looked_into_each_minute_of_the_pbx() -> None:
    messages = begun()
    assert wanted(messages.handle(TimePassed(pbx="", at=THEIRS)))
    assert not wanted(messages.handle(TimePassed(pbx="", at=THEIRS + timedelta(seconds=59))))
    assert wanted(messages.handle(TimePassed(pbx="", at=THEIRS + timedelta(seconds=60))))


def test_a_mailbox_that_changes_is_looked_into_at_once() -> None:
    changed = MailboxChanged(pbx=PBX, at=THEIRS, mailbox=BOX, new=1, old=0)
    assert wanted(begun().handle(changed))


def test_what_was_heard_and_what_is_gone_is_told() -> None:
    messages = Messages(OFFICE)
    messages.restore(OpenRows(), OURS)
    message = stored(1, THEIRS)
    messages.handle(look(OURS, message))
    (heard,) = known(messages.handle(look(THEIRS + timedelta(minutes=1), stored(1, THEIRS, "Old"))))
    assert heard.heard
    told = [known(messages.handle(look(THEIRS + timedelta(minutes=minute)))) for minute in (2, 3)]
    assert [[one.message.in_mailbox for one in facts] for facts in told] == [[], [False]]


def test_what_is_left_in_a_new_mailbox_is_no_message_of_the_past() -> None:
    messages = begun()
    messages.handle(look(THEIRS))
    left = THEIRS + timedelta(seconds=30)
    told = known(
        messages.handle(
            look(THEIRS + timedelta(minutes=1), stored(2, left, box="601@default"), boxes=[BOX, "601@default"])
        )
    )
    assert [(one.first, one.message.status) for one in told] == [(True, MessageStatus.FILED)]


def test_what_is_found_among_the_heard_ones_was_left_just_now() -> None:
    messages = begun()
    messages.handle(look(THEIRS))
    (told,) = known(
        messages.handle(look(THEIRS + timedelta(minutes=1), stored(3, THEIRS + timedelta(seconds=20), "Old")))
    )
    assert (told.first, told.heard, told.message.status) == (True, True, MessageStatus.FILED)


def test_a_mailbox_that_fills_is_seen() -> None:
    health = MailboxHealth(OFFICE)
    health.restore(OpenRows(), OURS)
    health.handle(look(OURS))
    (row,) = health.handle(look(THEIRS, stored(4, THEIRS)))
    assert isinstance(row, MailboxSeen)
    assert row.new == 1


def test_where_only_counts_are_seen_a_witnessed_message_is_in_the_next_one() -> None:
    tally = Tally(0, OURS)
    tally.witnessed(THEIRS)
    assert tally.counted(1, THEIRS + timedelta(minutes=1)) == 0
    assert tally.counted(2, THEIRS + timedelta(minutes=2)) == 1
