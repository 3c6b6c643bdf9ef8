"""What a replay prints of messages: each once, with its deadline and what became of it, every key always there."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from callcentre.core.centre import Step
from callcentre.core.facts import TaskChanged
from callcentre.core.tasks import Filing, Message, Task
from callcentre.core.terms import MessageStatus, Quality, TaskOutcome, TaskSource, TaskState
from callcentre.history.replay import Ledger, message_row
from tests.unit.core.happenings import NOON, at
from tests.unit.core.offices import line, office

KEYS = [
    *("pbx", "mailbox", "msg_id", "uniqueid", "line", "caller", "left_at", "duration"),
    *("due", "act_by", "due_reason", "quality", "task"),
]


def message(key: str = "a", seconds: float = 0, **changed: Any) -> Message:
    known = Message(
        pbx="lab",
        key=key,
        mailbox="600@default",
        msg_id=None,
        uniqueid="1.1",
        channel="PJSIP/trunk-1",
        line="enquiries",
        caller="01632960123",
        began_at=NOON,
        left_at=at(seconds),
        duration=None,
        quality=Quality.COMPLETE,
        status=MessageStatus.FILED,
    )
    return replace(known, **changed)


def filing(key: str = "a", task: int = 1) -> Filing:
    return Filing(
        pbx="lab",
        key=key,
        task=task,
        line="enquiries",
        left_at=NOON,
        due=NOON + timedelta(days=1),
        act_by=NOON + timedelta(hours=6),
        due_reason="24 hours after it was left",
        charter="hct",
        charter_version=1,
    )


def task(number: int = 1, **changed: Any) -> Task:
    known = Task(
        pbx="lab",
        number=number,
        line="enquiries",
        caller="01632960123",
        source=TaskSource.VOICEMAIL,
        state=TaskState.OPEN,
        opened_at=NOON,
        due=NOON,
        act_by=NOON,
        entries=1,
    )
    return replace(known, **changed)


def printed(*facts: TaskChanged) -> list[dict[str, Any]]:
    ledger = Ledger(office(line()), "lab")
    ledger.begin(NOON)
    ledger.take(Step(facts=facts))
    rows = json.loads(json.dumps(list(ledger.rows(at(100)))))
    return [row["voicemail"] for row in rows if "voicemail" in row]


def changed(**what: Any) -> TaskChanged:
    return TaskChanged(pbx="lab", at=NOON, **what)


def test_a_message_has_its_deadline_and_its_task() -> None:
    row = printed(changed(task=task(), message=message(), first=True, filings=(filing(),)))[0]
    assert list(row) == KEYS
    assert row["left_at"] == "2026-11-24T12:00:00.000000+00:00"
    assert row["due"] == "2026-11-25T12:00:00.000000+00:00"
    assert row["act_by"] == "2026-11-24T18:00:00.000000+00:00"
    assert row["due_reason"] == "24 hours after it was left"
    assert row["quality"] == "complete"
    assert row["task"] == {
        "number": 1,
        "state": "open",
        "outcome": None,
        "attempts": 0,
        "responded_at": None,
        "reached_at": None,
    }


def test_the_last_word_on_each_of_them_counts() -> None:
    filed = changed(task=task(), message=message(), first=True, filings=(filing(),))
    better = changed(message=message(duration=12, msg_id="1795521600-00000001"))
    over = task(state=TaskState.CLOSED, outcome=TaskOutcome.DONE, attempts=2, responded_at=at(50), reached_at=at(50))
    row = printed(filed, better, changed(task=over))[0]
    assert (row["msg_id"], row["duration"]) == ("1795521600-00000001", 12)
    assert row["due"] is not None
    assert row["task"] == {
        "number": 1,
        "state": "closed",
        "outcome": "done",
        "attempts": 2,
        "responded_at": "2026-11-24T12:00:50.000000+00:00",
        "reached_at": "2026-11-24T12:00:50.000000+00:00",
    }


def test_messages_come_in_the_order_in_which_they_were_left_and_may_share_a_task() -> None:
    later = changed(task=task(), message=message("b", 60), first=True, filings=(filing("b"),))
    sooner = changed(task=task(), message=message("a"), first=True, filings=(filing("a"),))
    rows = printed(later, sooner)
    assert [row["left_at"][17:19] for row in rows] == ["00", "00"]
    assert [row["left_at"][14:16] for row in rows] == ["00", "01"]
    assert [row["task"]["number"] for row in rows] == [1, 1]


def test_a_message_that_needs_no_callback_has_every_key_and_null() -> None:
    row = message_row(message(caller=None, status=MessageStatus.ELSEWHERE), None, None)
    assert list(row) == KEYS
    assert {key: row[key] for key in ("caller", "due", "act_by", "due_reason", "task")} == dict.fromkeys(
        ("caller", "due", "act_by", "due_reason", "task")
    )
