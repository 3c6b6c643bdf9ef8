"""Messages, tasks and what hangs together with them, to store: every field set, or as the test says."""

from dataclasses import replace
from typing import Any

from callcentre.core.facts import CallWrapped, ClickChanged, MailboxSeen, TaskChanged, VoicemailUsed
from callcentre.core.tasks import Callout, Click, Entry, Filing, Message, Notice, Task, WrapUp
from callcentre.core.terms import (
    CalloutResult,
    ClickResult,
    ClickState,
    MailboxState,
    MessageStatus,
    NoticeKind,
    Quality,
    TaskOutcome,
    TaskSource,
    TaskState,
    TaskStep,
    Verdict,
    WrapKind,
)
from tests.conformance.sample import after

CALLER = "07700900061"


def message(number: int = 1, **changes: Any) -> Message:
    """A voicemail with everything known of it."""
    full = Message(
        pbx="lab",
        key=f"call 1795363328.{number} 600@default",
        mailbox="600@default",
        msg_id=f"1795363340-{number:08x}",
        uniqueid=f"1795363328.{number}",
        channel=f"PJSIP/trunk-{number:08x}",
        line="enquiries",
        caller=CALLER,
        began_at=after(number),
        left_at=after(number + 0.5),
        duration=12,
        quality=Quality.COMPLETE,
        status=MessageStatus.FILED,
        folder="INBOX",
        in_mailbox=True,
        playable=True,
    )
    return replace(full, **changes)


def bare_message(number: int = 1, **changes: Any) -> Message:
    """A voicemail of which only its mailbox told: every field that may be empty is."""
    nothing = dict.fromkeys(("msg_id", "uniqueid", "channel", "caller", "began_at", "duration", "folder"))
    return message(number, **nothing | {"in_mailbox": False, "playable": False} | changes)


def filing(number: int = 1, task: int = 1, **changes: Any) -> Filing:
    """The place of message `number` in a task."""
    full = Filing(
        pbx="lab",
        key=message(number).key,
        task=task,
        line="enquiries",
        left_at=after(number + 0.5),
        due=after(86_400 + number),
        act_by=after(80_000 + number),
        due_reason="one working day; Saturday and Sunday are none",
        charter="hct",
        charter_version=3,
        playable=True,
        heard_at=after(100),
        heard_by="PJSIP/101",
        responded_at=after(200.000001),
        reached_at=after(300),
    )
    return replace(full, **changes)


def task(number: int = 1, **changes: Any) -> Task:
    """An open task, of which only what every task has is known."""
    plain = Task(
        pbx="lab",
        number=number,
        line="enquiries",
        caller=CALLER,
        source=TaskSource.VOICEMAIL,
        state=TaskState.OPEN,
        opened_at=after(1),
        due=after(86_400),
        act_by=after(80_000),
        entries=1,
    )
    return replace(plain, **changes)


def full_task(number: int = 1, **changes: Any) -> Task:
    """A closed task with every field set."""
    settled: dict[str, Any] = {
        "source": TaskSource.ABANDONED,
        "state": TaskState.CLOSED,
        "entries": 9,
        "dial": "+44 1632 960124",
        "call": "1795363328.7",
        "rests_in": TaskState.UNANSWERED,
        "holder": "alice",
        "lease_until": after(500),
        "attempts": 3,
        "last_attempt_at": after(400),
        "responded_at": after(401),
        "reached_at": after(402),
        "got_through": "1795363328.8",
        "got_through_at": after(403),
        "alarms": ("warning", 'a "quoted", one'),
        "outcome": TaskOutcome.GOT_THROUGH,
        "closed_at": after(404),
        "closed_by": "alice",
        "in_time": False,
        "call_at": after(300),
        "language": "pl",
        "needs": ("interpreter", "text_relay"),
        "resolved": False,
        "complaint": True,
    }
    return task(number, **settled | changes)


def entry(seq: int = 1, task: int = 1, **changes: Any) -> Entry:
    """A line of a task's history."""
    full = Entry(
        pbx="lab",
        task=task,
        seq=seq,
        at=after(seq),
        who="callcentre",
        step=TaskStep.OPENED if seq == 1 else TaskStep.NOTED,
        why="a message of 12 s was left",
        state=TaskState.OPEN,
    )
    return replace(full, **changes)


def callout(number: int = 1, **changes: Any) -> Callout:
    """A dial of the caller that is over."""
    full = Callout(
        pbx="lab",
        uniqueid=f"1795364000.{number}",
        caller=CALLER,
        telephone="PJSIP/101",
        begun_at=after(600 + number),
        task=1,
        ring_start=after(601 + number),
        answered_at=after(602 + number),
        ended_at=after(660 + number),
        result=CalloutResult.CONNECTED,
    )
    return replace(full, **changes)


def running_callout(number: int = 1, **changes: Any) -> Callout:
    """A dial that has just begun."""
    running = dict.fromkeys(("ring_start", "answered_at", "ended_at", "result"))
    return callout(number, **running | changes)


def click(count: int = 1, **changes: Any) -> Click:
    """A dial by a click that is over, with everything known of it."""
    full = Click(
        pbx="lab",
        key=f"click-{count}",
        task=1,
        who="alice",
        telephone="PJSIP/101",
        number=CALLER,
        asked_at=after(500 + count),
        state=ClickState.ENDED,
        result=ClickResult.CONNECTED,
        why="the caller was reached",
        overridden=True,
        agent_up_at=after(503 + count),
        callout=f"1795364000.{count}",
        rang_at=after(504 + count),
        talking_at=after(505 + count),
        ended_at=after(560.000001 + count),
    )
    return replace(full, **changes)


def wanted_click(count: int = 1, **changes: Any) -> Click:
    """A dial by a click that was just asked for."""
    nothing = dict.fromkeys(("result", "agent_up_at", "callout", "rang_at", "talking_at", "ended_at"))
    return click(count, **nothing | {"state": ClickState.WANTED, "why": "", "overridden": False} | changes)


def clicked(one: Click) -> ClickChanged:
    """The fact that a click is so."""
    return ClickChanged(pbx=one.pbx, at=one.ended_at or one.asked_at, click=one)


def wrap_up(number: int = 1, **changes: Any) -> WrapUp:
    """What an agent said of a call, with everything known of it."""
    full = WrapUp(
        pbx="lab",
        uniqueid=f"1795363959.{number}",
        who="alice",
        at=after(800 + number),
        line="enquiries",
        caller=CALLER,
        kind=WrapKind.FOLLOW_UP,
        why="asks for Dr Bell",
        task=1,
    )
    return replace(full, **changes)


def wrapped(one: WrapUp) -> CallWrapped:
    """The fact that an agent said so."""
    return CallWrapped(pbx=one.pbx, at=one.at, wrap=one)


def notice(**changes: Any) -> Notice:
    """Something that two contacts are to be told."""
    full = Notice(
        key="lab/task 1/2026-11-24T09:00:00+00:00/overdue",
        pbx="lab",
        line="enquiries",
        kind=NoticeKind.OVERDUE,
        at=after(1_000),
        title="Callback 1 is overdue",
        text="A message of 23 November 09:00 by …061 waits for an answer.",
        to=("office", "supervisor"),
        task=1,
    )
    return replace(full, **changes)


def opened(number: int = 1, messages: int | None = None) -> TaskChanged:
    """A message came and made task `number`."""
    of = number if messages is None else messages
    return TaskChanged(
        pbx="lab",
        at=after(number),
        task=task(number, opened_at=after(number)),
        entries=(entry(1, number),),
        message=message(of),
        first=True,
        filings=(filing(of, number, heard_at=None, heard_by=None, responded_at=None, reached_at=None),),
    )


def everything() -> TaskChanged:
    """A change with one of each thing that a change may hold."""
    return TaskChanged(
        pbx="lab",
        at=after(700),
        task=full_task(),
        entries=tuple(entry(seq, request=f"request {seq}") for seq in range(1, 10)),
        message=message(),
        first=True,
        filings=(filing(),),
        callout=callout(),
        notices=(notice(),),
    )


def mailbox(**changes: Any) -> MailboxSeen:
    """A look into a mailbox."""
    full = MailboxSeen(
        pbx="lab",
        at=after(10),
        mailbox="600@default",
        line="enquiries",
        named=True,
        state=MailboxState.NEARLY_FULL,
        reason="81 of 100 messages",
        new=80,
        old=1,
        capacity=100,
    )
    return replace(full, **changes)


def use(number: int = 1, **changes: Any) -> VoicemailUsed:
    """The verdict on a call that reached voicemail."""
    full = VoicemailUsed(
        pbx="lab",
        at=after(number),
        uniqueid=f"1795363959.{number}",
        line="enquiries",
        verdict=Verdict.MISUSE,
        reason="open, PJSIP/101 was free and did not ring",
    )
    return replace(full, **changes)
