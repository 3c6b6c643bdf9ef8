"""A PBX with mailboxes, callers and listeners, and the parts of the core that watch it, with their store.

What is left is known here, so that it can be held against what the core made of it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from callcentre.core.events import (
    AppStarted,
    ChannelGone,
    ChannelSeen,
    ChannelsListed,
    Event,
    LinkDown,
    LinkUp,
    MailboxChanged,
    MailboxContents,
    MailboxesListed,
    StoredMessage,
    TimePassed,
    UserEventRaised,
    VariableSet,
)
from callcentre.core.facts import Call, Fact, MailboxSeen, OpenRows
from callcentre.core.hints import MessageKnown, MessageWitnessed
from callcentre.core.mailbox_health import MailboxHealth
from callcentre.core.mailboxes import Mailboxes
from callcentre.core.messages import Messages
from callcentre.core.requests import BacklogDecided
from callcentre.core.tasks import Message
from callcentre.core.terms import MessageStatus
from tests.unit.core.happenings import NOON, call, ended, offered
from tests.unit.core.offices import line, office

BOXES = ("600@default", "601@default", "699@default")
OFFICE = office(
    line(mailboxes=frozenset({"600@default"})),
    line("bookings", mailboxes=frozenset({"601@default"})),
    fallback="bookings",
)


@dataclass
class Left:
    """A message that really was left. `certain`: somebody must have heard of it."""

    number: int
    uniqueid: str
    channel: str
    box: str
    origtime: int
    duration: int
    left_at: datetime
    msg_id: str | None
    places: set[tuple[str, str]]
    before_start: bool = False
    reviewed: bool = False
    damaged: bool = False
    certain: bool = False
    seen: bool = False


@dataclass
class Caller:
    """Somebody on the line. `entries` counts the times they entered VoiceMail, `seen` the last that the core saw."""

    uniqueid: str
    channel: str
    boxes: tuple[str, ...]
    began: float
    entries: int = 1
    offered: bool = False
    seen: int = 0
    life: int = -1


@dataclass
class World:
    """`source` is how looks see the mailboxes: spool, ami (no channels) or counts.

    `dialplan`: the application VoiceMail is told of; `waits`: MessageWaiting is; `ids`: messages have one.
    """

    source: str = "spool"
    dialplan: bool = True
    waits: bool = True
    ids: bool = True
    now: float = 0.0
    left: list[Left] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    calls: dict[str, Call] = field(default_factory=dict)
    wire: list[tuple[Event | Fact, Any]] = field(default_factory=list)
    look: tuple[datetime, tuple[str, ...]] | None = None
    looked: MailboxesListed | None = None
    shown: list[Left] = field(default_factory=list)
    rows: dict[str, Message] = field(default_factory=dict)
    boxes: dict[str, MailboxSeen] = field(default_factory=dict)
    first: Counter[str] = field(default_factory=Counter)
    known: list[MessageKnown] = field(default_factory=list)
    life: int = -1
    started: bool = False
    in_sight: bool = False
    last: datetime = NOON
    serial: int = 0
    was_damaged: bool = False
    whole_since: int = -1

    # --- the core ----------------------------------------------------------------------------------------------------

    @property
    def at(self) -> datetime:
        return NOON + timedelta(seconds=self.now)

    def start(self) -> None:
        """The daemon starts (again): what was on the wire is lost, the store is not."""
        self.wire.clear()
        self.look = self.looked = None
        self.life += 1
        self.mailboxes, self.messages, self.health = Mailboxes(OFFICE), Messages(OFFICE), MailboxHealth(OFFICE)
        month = self.at - timedelta(days=30)
        if not self.boxes:
            # Nobody has looked yet: what was left until the daemon was last there counts as from before its start.
            for one in self.left:
                one.before_start = one.before_start or one.left_at < (self.last if self.started else self.at)
        lasting = (MessageStatus.BACKLOG, MessageStatus.ERASED)
        rows = OpenRows(
            messages=tuple(m for m in self.rows.values() if m.in_mailbox or m.status in lasting or m.left_at > month),
            boxes=tuple(self.boxes.values()),
            last_seen={"lab": self.last} if self.started else {},
            calls=tuple(self.calls.values()),
        )
        self.mailboxes.restore(rows.calls, rows.messages, self.at)
        self.commit([*self.messages.restore(rows, self.at), *self.health.restore(rows, self.at)])
        self.started = True
        self.in_sight = False

    def link_up(self) -> None:
        self.wire.clear()
        self.in_sight = True
        self.feed(LinkUp(pbx="lab", at=self.at))
        seen = tuple(
            ChannelSeen(channel=c.channel, uniqueid=c.uniqueid, linkedid=c.uniqueid, state=6) for c in self.callers
        )
        self.feed(ChannelsListed(pbx="lab", at=self.at, channels=seen))
        there = {c.uniqueid for c in self.callers}
        for gone in [uniqueid for uniqueid in self.calls if uniqueid not in there]:
            self.feed(ended(self.now, self.calls[gone]))
            del self.calls[gone]

    def link_down(self) -> None:
        self.wire.clear()
        self.in_sight = False
        self.feed(LinkDown(pbx="lab", at=self.at, reason="silent"))

    def feed(self, happening: Event | Fact) -> None:
        """Hand something to the core as the centre does, after the timers that fell due; commit what it concludes."""
        self.pass_time(happening.at)
        self.last = max(self.last, happening.at)
        if isinstance(happening, Event):
            facts = self.told(self.mailboxes.handle(happening))
            facts += self.messages.handle(happening)
            facts += self.health.handle(happening)
        else:
            facts = self.told(self.mailboxes.handle_fact(happening))
        self.commit(facts)

    def pass_time(self, until: datetime) -> None:
        while (due := min(filter(None, (self.mailboxes.next_timer(), self.messages.next_timer())))) <= until:
            passed = TimePassed(pbx="", at=due)
            self.commit([*self.told(self.mailboxes.handle(passed)), *self.messages.handle(passed)])

    def told(self, facts: Iterable[Fact]) -> list[Fact]:
        return [
            more for fact in facts if isinstance(fact, MessageWitnessed) for more in self.messages.handle_fact(fact)
        ]

    def commit(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            if isinstance(fact, MessageKnown):
                assert fact.first <= (fact.message.status in (MessageStatus.FILED, MessageStatus.ELSEWHERE))
                self.known.append(fact)
                self.rows[fact.message.key] = fact.message
                self.first[fact.message.key] += fact.first
            elif isinstance(fact, MailboxSeen):
                self.boxes[fact.mailbox] = replace(fact, notice=None)

    # --- callers -----------------------------------------------------------------------------------------------------

    def say(self, happening: Event | Fact, what: Any = None) -> None:
        """Something goes on the wire, if the daemon listens."""
        if self.in_sight:
            self.wire.append((happening, what))

    def hear_one(self) -> None:
        """The core takes the next thing from the wire."""
        happening, what = self.wire.pop(0)
        self.feed(happening)
        if callable(what):
            what()

    def enters(self, *boxes: str) -> Caller:
        self.serial += 1
        uniqueid = f"{self.serial}.1"
        caller = Caller(uniqueid, f"PJSIP/trunk-{uniqueid}", boxes, self.now)
        self.callers.append(caller)
        told = call(uniqueid, caller=f"0163296{self.serial:04}")

        def known() -> None:
            self.calls[uniqueid] = told

        self.say(offered(self.now, told), known)
        self.voicemail(caller)
        return caller

    def again(self, caller: Caller) -> None:
        caller.entries += 1
        caller.began = self.now
        self.voicemail(caller)

    def voicemail(self, caller: Caller) -> None:
        entry = caller.entries

        def seen() -> None:
            caller.seen, caller.life = entry, self.life

        if self.dialplan:
            names = self.channel(caller)
            boxes = "&".join(caller.boxes)
            self.say(
                AppStarted(
                    pbx="lab", at=self.at, **names, application="VoiceMail", data=boxes, context="in", exten="600"
                ),
                seen,
            )

    def channel(self, caller: Caller) -> dict[str, str]:
        return {"channel": caller.channel, "uniqueid": caller.uniqueid, "linkedid": caller.uniqueid}

    def leaves(self, caller: Caller, greeting: float, speech: float, review: float, witnesses: str) -> Left:
        """The caller speaks; `witnesses`, in this order: m MessageWaiting, v VMSTATUS, u UserEvent."""
        origtime = int((self.at + timedelta(seconds=greeting)).timestamp())
        self.now += greeting + speech + review
        self.serial += 1
        left = Left(
            number=self.serial,
            uniqueid=caller.uniqueid,
            channel=caller.channel,
            box=caller.boxes[0],
            origtime=origtime,
            duration=int(speech),
            left_at=self.at,
            msg_id=f"{origtime}-{self.serial:08x}" if self.ids else None,
            places={(box, "INBOX") for box in caller.boxes},
            reviewed=review > 0,
        )
        self.left.append(left)
        for witness in witnesses:
            self.now += 0.001
            if witness == "m":
                for box in reversed(caller.boxes):
                    self.waiting(box, caller)
                continue
            told: Event = UserEventRaised(
                pbx="lab",
                at=self.at,
                name="CallcentreVoicemail",
                uniqueid=caller.uniqueid,
                channel=caller.channel,
                fields={"Mailbox": caller.boxes[0], "Duration": str(int(speech))},
            )
            if witness == "v":
                names = self.channel(caller)
                told = VariableSet(pbx="lab", at=self.at, **names, variable="VMSTATUS", value="SUCCESS")
            self.say(told, self.certainly(caller, caller.entries, left))
        return left

    def certainly(self, caller: Caller, entry: int, left: Left) -> Any:
        def sure() -> None:
            left.certain = left.certain or (caller.seen, caller.life) == (entry, self.life)

        return sure

    def waiting(self, box: str, caller: Caller | None = None, uniqueid: str | None = None) -> None:
        if not self.waits:
            return
        new, old = self.counts(box)
        names = {"uniqueid": uniqueid} if caller is None else {"uniqueid": caller.uniqueid, "channel": caller.channel}
        self.say(MailboxChanged(pbx="lab", at=self.at, mailbox=box, new=new, old=old, **names))

    def hangs_up(self, caller: Caller) -> None:
        self.callers.remove(caller)
        self.say(ChannelGone(pbx="lab", at=self.at, **self.channel(caller), cause=16))
        if (told := self.calls.get(caller.uniqueid)) is not None:

            def over() -> None:
                self.calls.pop(caller.uniqueid, None)

            self.say(ended(self.now, told), over)

    # --- mailboxes ---------------------------------------------------------------------------------------------------

    def counts(self, box: str) -> tuple[int, int]:
        folders = Counter(folder for one in self.left for mailbox, folder in one.places if mailbox == box)
        return folders["INBOX"] + folders["Urgent"], folders["Old"]

    def stored(self, one: Left, mailbox: str, folder: str) -> StoredMessage:
        if one.damaged:
            written = datetime.fromtimestamp(int(one.left_at.timestamp()), NOON.tzinfo)
            return StoredMessage(
                mailbox=mailbox, folder=folder, msg_id=None, origtime=written, duration=None, caller=None, damaged=True
            )
        with_files = self.source == "spool"
        return StoredMessage(
            mailbox=mailbox,
            folder=folder,
            msg_id=one.msg_id,
            origtime=datetime.fromtimestamp(one.origtime, NOON.tzinfo),
            duration=one.duration,
            caller=None,
            callerchan=("", one.channel) if with_files else (),
            origmailbox=one.box if with_files else None,
            playable=with_files,
        )

    def begin_look(self, *boxes: str) -> None:
        self.look = (self.at, boxes)

    def read(self, miss: int | None = None, twice: int | None = None) -> None:
        """The look reads; it may miss the message `miss`, or see `twice` on its way from INBOX to Old in both."""
        assert self.look is not None
        at, boxes = self.look
        contents = []
        self.shown = []
        for box in boxes or BOXES:
            if self.source == "counts":
                new, old = self.counts(box)
                contents.append(MailboxContents(mailbox=box, new=new, old=old, capacity=100))
                continue
            found = []
            for one in self.left:
                for mailbox, folder in sorted(one.places):
                    if mailbox == box and one.number != miss:
                        found.append(self.stored(one, mailbox, folder))
                        self.shown.append(one)
                        if one.number == twice and folder == "Old":
                            found.append(self.stored(one, mailbox, "INBOX"))
            contents.append(MailboxContents(mailbox=box, messages=tuple(found)))
        source = "spool" if self.source == "spool" else "ami"
        self.looked = MailboxesListed(pbx="lab", at=at, boxes=tuple(contents), source=source, whole=not boxes)
        self.look = None

    def take_look(self) -> None:
        assert self.looked is not None
        # What the core hears is later than what it heard before, but the look says when it began.
        self.pass_time(self.at)
        self.feed(self.looked)
        for one in self.shown:
            one.seen = True
        if self.looked.whole:
            self.whole_since = self.life
        self.looked = None

    # --- in the end --------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Everything is heard, and looked at twice; the backlog is taken on."""
        if self.life < 0:
            self.start()
        if not self.in_sight:
            self.link_up()
        for caller in list(self.callers):
            self.hangs_up(caller)
        while self.wire:
            self.hear_one()
        for _ in range(3):
            self.now += 60
            self.begin_look()
            self.read()
            self.take_look()
        if any(self.messages.unmatched().values()):
            self.feed(BacklogDecided(pbx="lab", at=self.at, take_on=True, who="boss", request="r"))

    def belongs(self, row: Message) -> str:
        """The call that a row's message was left by."""
        if row.msg_id is not None:
            return next(one.uniqueid for one in self.left if one.msg_id == row.msg_id)
        if row.uniqueid is not None:
            return row.uniqueid
        assert row.began_at is not None
        second = int(row.began_at.timestamp())
        ours = sorted(self.left, key=lambda one: row.mailbox not in {one.box, *(box for box, _ in one.places)})
        whole = [one for one in ours if second == one.origtime and row.duration in (one.duration, None)]
        damaged = [one for one in ours if second == int(one.left_at.timestamp())]
        return (whole + damaged)[0].uniqueid

    def check(self) -> None:
        """Each message has one task, but for those that nobody can have heard of; no task is for nothing."""
        told = Counter(self.belongs(row) for key, row in self.rows.items() if self.first[key])
        assert max(self.first.values(), default=0) <= 1, self.first
        sure = [one for one in self.left if (one.certain or one.seen) and not one.before_start]
        assert len(sure) <= told.total() <= len(self.left), (told, self.left, self.rows)
        if self.source == "spool" and not self.was_damaged:
            of_call, at_most = Counter(one.uniqueid for one in sure), Counter(one.uniqueid for one in self.left)
            assert of_call <= told <= at_most, (of_call, told, at_most, self.rows)
        for key, row in self.rows.items():
            assert row.status is not MessageStatus.BACKLOG
            assert self.first[key] or row.status is MessageStatus.DISMISSED
        late = {one.uniqueid for one in self.left} - {one.uniqueid for one in self.left if one.before_start}
        for row in self.rows.values():
            if self.belongs(row) in late:
                assert row.status is MessageStatus.FILED, row
