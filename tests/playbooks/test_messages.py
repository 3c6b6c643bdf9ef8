"""Messages told as stories to the whole core: what is left becomes one task, whoever speaks of it and however often."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from callcentre.core.centre import CallCentre
from callcentre.core.charter import Office, Pbx
from callcentre.core.commands import SweepMailboxes
from callcentre.core.events import (
    AppStarted,
    ChannelCreated,
    ChannelGone,
    Event,
    LinkUp,
    MailboxChanged,
    MailboxContents,
    MailboxesListed,
    StoredMessage,
    TimePassed,
    VariableSet,
)
from callcentre.core.facts import Fact, MailboxSeen, NoticeRaised, OpenRows, TaskChanged
from callcentre.core.requests import BacklogDecided
from callcentre.core.tasks import Message
from callcentre.core.terms import MessageStatus, NoticeKind, TaskOutcome, TaskState, instant
from tests.playbooks.story import T0, after, line

BOX = "600@default"
SALES = replace(line("sales", dids="700"), mailboxes=frozenset({BOX}))
OFFICE = Office(pbxs=(Pbx(name="lab"),), lines=(SALES,), fallback_line="sales")


class Story:
    """A daemon's life: what it is told, what it asks for, what it writes down."""

    def __init__(self, before: "Story | None" = None, t: float = 0) -> None:
        self.centre = CallCentre(OFFICE)
        self.facts: list[Fact] = []
        self.looks: list[tuple[str, ...]] = []
        self._take(self.centre.restore(before.rows() if before else OpenRows(), after(t)))

    def rows(self) -> OpenRows:
        """What the store would give back."""
        facts = [fact for fact in self.facts if isinstance(fact, TaskChanged)]
        boxes = {fact.mailbox: fact for fact in self.facts if isinstance(fact, MailboxSeen)}
        tasks = {fact.task.number: fact.task for fact in facts if fact.task is not None}
        still = {number: task for number, task in tasks.items() if task.state is not TaskState.CLOSED}
        filings = {filing.key: filing for fact in facts for filing in fact.filings}
        return OpenRows(
            messages=tuple(self.messages),
            boxes=tuple(boxes.values()),
            tasks=tuple(still.values()),
            filings=tuple(filing for filing in filings.values() if filing.task in still),
            latest={"lab": max(tasks, default=0)},
            last_seen={"lab": max((fact.at for fact in self.facts), default=T0)},
        )

    @property
    def messages(self) -> list[Message]:
        told = [fact.message for fact in self.facts if isinstance(fact, TaskChanged) and fact.message is not None]
        return list({message.key: message for message in told}.values())

    def tasks_of(self) -> dict[str, set[int]]:
        """The tasks that each message was ever filed in."""
        found: dict[str, set[int]] = {}
        for fact in self.facts:
            for filing in fact.filings if isinstance(fact, TaskChanged) else ():
                found.setdefault(filing.key, set()).add(filing.task)
        return found

    def tell(self, *events: Event) -> "Story":
        """Events, with the timers that fall due before each."""
        for event in events:
            while (due := self.centre.next_timer()) is not None and due <= event.at:
                self._take(self.centre.handle(TimePassed(pbx="", at=due)))
            self._take(self.centre.handle(event))
        return self

    def _take(self, step: Any) -> None:
        self.facts += step.facts
        self.looks += [c.mailboxes for c in step.commands if isinstance(c, SweepMailboxes)]


def when(t: float) -> dict[str, Any]:
    return {"pbx": "lab", "at": after(t)}


def calls(t: float, uniqueid: str) -> list[Event]:
    """A caller reaches the mailbox of sales and leaves a message of nine seconds, ten seconds later."""
    names: dict[str, Any] = {"channel": f"PJSIP/trunk-{uniqueid}", "uniqueid": uniqueid, "linkedid": uniqueid}
    number = f"07700900{int(uniqueid):03}"
    done = when(t + 12)
    return [
        ChannelCreated(**when(t), **names, state=4, caller_number=number, caller_name="", context="in", exten="700"),
        AppStarted(**when(t + 1), **names, application="VoiceMail", data=BOX, context="in", exten="700"),
        MailboxChanged(**done, mailbox=BOX, new=1, old=0, uniqueid=uniqueid, channel=names["channel"]),
        VariableSet(**done, **names, variable="VMSTATUS", value="SUCCESS"),
        ChannelGone(**when(t + 12.1), **names, cause=16),
    ]


def stored(t: float, uniqueid: str, folder: str = "INBOX") -> StoredMessage:
    """The message of that caller, as the spool holds it."""
    begun = int(after(t + 3).timestamp())
    return StoredMessage(
        mailbox=BOX,
        folder=folder,
        msg_id=f"{begun}-{int(uniqueid):08x}",
        origtime=instant(begun),
        duration=9,
        caller=f"07700900{int(uniqueid):03}",
        callerchan=(f"PJSIP/trunk-{uniqueid}",),
        origmailbox=BOX,
        playable=True,
    )


def look(t: float, *messages: StoredMessage) -> MailboxesListed:
    box = MailboxContents(mailbox=BOX, messages=messages)
    return MailboxesListed(**when(t), boxes=(box,), source="spool", whole=True)


def test_a_message_is_one_task_whoever_tells_of_it() -> None:
    story = Story().tell(look(1), *calls(10, "1"), look(23, stored(10, "1")), look(83, stored(10, "1")))
    (message,) = story.messages
    assert story.tasks_of() == {message.key: {1}}
    assert (message.line, message.caller, message.folder) == ("sales", "07700900001", "INBOX")


def test_the_daemon_looks_at_once_and_each_minute_and_where_something_changed() -> None:
    story = Story().tell(LinkUp(**when(1)), *calls(10, "1"), TimePassed(pbx="", at=after(130)))
    assert story.looks == [(), (), (BOX,), (), ()]


def test_a_daemon_that_is_stopped_at_any_moment_files_each_message_once() -> None:
    happenings = [look(1), *calls(10, "1"), look(23, stored(10, "1")), *calls(30, "2"), look(45, stored(10, "1"))]
    for number in range(1, len(happenings) + 1):
        first = Story().tell(*happenings[:number])
        second = Story(first, 60)
        second.tell(look(61, stored(10, "1"), stored(30, "2")), look(121, stored(10, "1", "Old"), stored(30, "2")))
        second.facts[:0] = first.facts
        assert [len(tasks) for tasks in second.tasks_of().values()] == [1, 1], number
        assert {tuple(tasks) for tasks in second.tasks_of().values()} == {(1,), (2,)}


def test_a_first_start_asks_for_one_decision() -> None:
    old = [stored(-9000, "1"), stored(-8000, "2"), stored(-7000, "3", "Old")]
    story = Story().tell(look(1, *old))
    assert (story.tasks_of(), story.centre.snapshot(after(2)).unmatched) == ({}, {"sales": 2})
    (notice,) = [fact.notice for fact in story.facts if isinstance(fact, NoticeRaised)]
    assert notice.kind is NoticeKind.BACKLOG
    story.tell(BacklogDecided(**when(60), take_on=True, who="anna", request="r1"))
    assert len(story.tasks_of()) == 2
    assert story.centre.snapshot(after(61)).unmatched == {"sales": 0}


def test_what_was_handled_elsewhere_is_a_task_that_is_closed_at_once() -> None:
    first = Story().tell(look(1))
    story = Story(first, 7200).tell(look(7201, stored(-9000, "1", "Old")))
    (task,) = [fact.task for fact in story.facts if isinstance(fact, TaskChanged) and fact.task is not None]
    assert (task.state, task.outcome) == (TaskState.CLOSED, TaskOutcome.NOT_NEEDED)
    assert [message.status for message in story.messages] == [MessageStatus.ELSEWHERE]


def test_deadlines_run_from_when_it_was_left_though_nobody_was_there_to_see() -> None:
    first = Story().tell(look(1))
    story = Story(first, 7200).tell(look(7201, stored(3600, "1")))
    (filing,) = [filing for fact in story.facts if isinstance(fact, TaskChanged) for filing in fact.filings]
    assert (filing.left_at, filing.due) == (after(3612), after(3612) + timedelta(days=1))
