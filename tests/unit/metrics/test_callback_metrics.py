"""Messages and callbacks: counted once, when it is written down; gauges that stay when the PBX is out of sight."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from callcentre.core.charter import Attention, EscalationStep
from callcentre.core.facts import TaskChanged, VoicemailUsed
from callcentre.core.tasks import Entry, Filing, Message, Task
from callcentre.core.terms import (
    MessageStatus,
    Mode,
    Quality,
    TaskOutcome,
    TaskSource,
    TaskState,
    TaskStep,
    Verdict,
)
from tests.unit.metrics.offices import OFFICE, TELLS, VIEW, Scrape
from tests.unit.runtime.samples import NOON

LINE = {"pbx": "lab", "line": "enquiries"}
FAR = {"pbx": "away", "line": "far"}


def message(line: str = "enquiries") -> Message:
    return Message(
        pbx="lab",
        key="1795363200-00000001",
        mailbox="600@default",
        msg_id="1795363200-00000001",
        uniqueid="1.1",
        channel="PJSIP/trunk-1",
        line=line,
        caller="01632960123",
        began_at=NOON,
        left_at=NOON,
        duration=12,
        quality=Quality.COMPLETE,
        status=MessageStatus.FILED,
    )


def filing(hours: float | None, line: str = "enquiries") -> Filing:
    return Filing(
        pbx="lab",
        key="1795363200-00000001",
        task=1,
        line=line,
        left_at=NOON,
        due=NOON + timedelta(days=1),
        act_by=NOON + timedelta(days=1),
        due_reason="24 hours later is a working day",
        charter="hct",
        charter_version=1,
        responded_at=None if hours is None else NOON + timedelta(hours=hours),
    )


def task(**changed: Any) -> Task:
    known = Task(
        pbx="lab",
        number=1,
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


def entry(step: TaskStep, state: TaskState = TaskState.OPEN) -> Entry:
    return Entry(pbx="lab", task=1, seq=1, at=NOON, who="Ann", step=step, why="", state=state)


def changed(**what: Any) -> TaskChanged:
    return TaskChanged(pbx="lab", at=NOON, **what)


def closed(outcome: TaskOutcome, *, in_time: bool) -> TaskChanged:
    last = task(state=TaskState.CLOSED, outcome=outcome, in_time=in_time)
    return changed(task=last, entries=(entry(TaskStep.CONNECTED), entry(TaskStep.CLOSED, TaskState.CLOSED)))


def test_a_message_counts_when_it_is_filed_and_not_when_its_description_changes() -> None:
    scrape = Scrape()
    assert scrape.value("voicemails_total", **LINE) == 0
    filed = changed(task=task(), message=message(), first=True, filings=(filing(None),))
    scrape.metrics.observe([filed, changed(message=message())])
    assert scrape.value("voicemails_total", **LINE) == 1


def test_a_response_is_measured_from_its_message() -> None:
    scrape = Scrape()
    scrape.metrics.observe([changed(task=task(), filings=(filing(5), filing(None)), responded=(filing(5),))])
    assert scrape.value("callback_response_seconds_count", **LINE) == 1
    assert scrape.value("callback_response_seconds_sum", **LINE) == 18000
    assert scrape.value("callback_response_seconds_bucket", **LINE, le="86400.0") == 1


def test_a_response_just_in_time_is_within_the_edge_of_24_hours() -> None:
    scrape = Scrape()
    scrape.metrics.observe([changed(responded=(filing(24), filing(24.01)))])
    assert scrape.value("callback_response_seconds_bucket", **LINE, le="86400.0") == 1


def test_an_acknowledgement_counts_by_its_own_deadline_where_it_is_promised() -> None:
    scrape = Scrape(office=TELLS)
    assert scrape.value("messages_acknowledged_total", **LINE, in_time="false") == 0
    due = NOON + timedelta(days=5)
    told = replace(filing(None), ack_due=due, acknowledged_at=due)
    late = replace(told, acknowledged_at=due + timedelta(microseconds=1))
    scrape.metrics.observe([changed(filings=(told, filing(None)), acknowledged=(told,)), changed(filings=(told,))])
    scrape.metrics.observe([changed(filings=(told, late), acknowledged=(told, late))])
    assert scrape.value("messages_acknowledged_total", **LINE, in_time="true") == 2
    assert scrape.value("messages_acknowledged_total", **LINE, in_time="false") == 1
    assert scrape.value("acknowledgements_overdue", **LINE) is None
    scrape.view = replace(VIEW, unacknowledged={"enquiries": 2})
    assert scrape.value("acknowledgements_overdue", **LINE) == 2


def test_an_office_that_promises_no_acknowledgement_has_no_word_of_it() -> None:
    scrape = Scrape()
    told = replace(filing(None), ack_due=NOON, acknowledged_at=NOON)
    scrape.metrics.observe([changed(filings=(told,), acknowledged=(told,))])
    names = {family.name for family in scrape.registry.collect()}
    assert {name for name in names if "acknowledge" in name} == {"callcentre_cases_acknowledged"}


def test_a_task_counts_when_it_is_closed_by_outcome_and_timeliness() -> None:
    scrape = Scrape()
    assert scrape.value("callbacks_closed_total", **LINE, outcome="done", in_time="false") == 0
    scrape.metrics.observe([closed(TaskOutcome.DONE, in_time=True), closed(TaskOutcome.NO_ANSWER, in_time=False)])
    later = task(state=TaskState.CLOSED, outcome=TaskOutcome.DONE, in_time=True)
    scrape.metrics.observe([changed(task=later, entries=(entry(TaskStep.NOTED, TaskState.CLOSED),))])
    assert scrape.value("callbacks_closed_total", **LINE, outcome="done", in_time="true") == 1
    assert scrape.value("callbacks_closed_total", **LINE, outcome="no_answer", in_time="false") == 1
    assert scrape.value("callbacks_closed_total", **LINE, outcome="done", in_time="false") == 0


def test_each_verdict_on_the_use_of_voicemail_counts() -> None:
    scrape = Scrape()
    assert scrape.value("voicemail_use_total", **LINE, verdict="misuse") == 0
    for verdict in (Verdict.MISUSE, Verdict.MISUSE, Verdict.RANG_OUT):
        used = VoicemailUsed(pbx="lab", at=NOON, uniqueid="1.1", line="enquiries", verdict=verdict, reason="")
        scrape.metrics.observe([used])
    assert scrape.value("voicemail_use_total", **LINE, verdict="misuse") == 2
    assert scrape.value("voicemail_use_total", **LINE, verdict="rang_out") == 1


def test_a_line_without_a_mailbox_has_series_once_something_happens_on_it() -> None:
    scrape = Scrape()
    bookings = {"pbx": "lab", "line": "bookings"}
    assert scrape.value("voicemails_total", **bookings) is None
    assert scrape.value("callbacks", **bookings, state="open") is None
    scrape.metrics.observe([changed(task=task(line="bookings"), message=message("bookings"), first=True)])
    assert scrape.value("voicemails_total", **bookings) == 1
    scrape.view = replace(VIEW, callbacks={"bookings": {TaskState.OPEN: 1}})
    assert scrape.value("callbacks", **bookings, state="open") == 1
    assert scrape.value("callbacks", **bookings, state="claimed") is None


def test_what_is_left_of_a_line_that_is_no_more_is_the_fallback_lines() -> None:
    scrape = Scrape()
    scrape.metrics.observe([changed(task=task(line="former"), message=message("former"), first=True)])
    assert scrape.value("voicemails_total", **LINE) == 1
    assert scrape.value("voicemails_total", pbx="lab", line="former") is None


def test_callbacks_are_told_by_state_whether_the_pbx_is_in_sight_or_not() -> None:
    scrape = Scrape()
    assert scrape.value("callbacks", **LINE, state="open") == 3
    assert scrape.value("callbacks", **LINE, state="claimed") == 1
    assert scrape.value("callbacks", **LINE, state="unanswered") is None
    assert scrape.value("callbacks", **LINE, state="closed") is None
    assert scrape.value("callbacks_overdue", **LINE) == 2
    assert scrape.value("voicemails_unmatched", **LINE) == 0
    assert scrape.value("voicemails_unmatched", pbx="lab", line="bookings") is None
    assert scrape.value("calls_waiting", **FAR) is None, "its PBX is out of sight"
    assert scrape.value("callbacks", **FAR, state="dialling") == 1
    assert scrape.value("callbacks_overdue", **FAR) == 1
    assert scrape.value("voicemails_unmatched", **FAR) == 4


def test_mailboxes_are_told_by_state() -> None:
    scrape = Scrape()
    assert scrape.value("mailboxes", **LINE, state="healthy") == 2
    assert scrape.value("mailboxes", **LINE, state="full") is None
    assert scrape.value("mailboxes", **FAR, state="full") == 1


def test_what_somebody_must_be_told_in_time_has_its_failures_from_the_start() -> None:
    steps = (EscalationStep(after=timedelta(hours=1), tell=("lead",)),)
    able = Attention(mode=Mode.ENFORCE, divert=True, escalation=steps)
    every = replace(OFFICE, lines=(replace(OFFICE.lines[0], escalation=steps, attention=able), *OFFICE.lines[1:]))
    always = {"warning", "overdue", "mailbox", "unattended"}
    for office, kinds in ((OFFICE, always), (every, always | {"escalation", "still_unattended", "action_refused"})):
        found = {
            sample.labels["kind"]
            for family in Scrape(office=office).registry.collect()
            for sample in family.samples
            if sample.name == "callcentre_notifications_total"
        }
        assert found == kinds


def test_what_the_notifier_tells() -> None:
    scrape = Scrape()
    assert scrape.value("notifications_total", pbx="lab", kind="overdue", result="failed") == 0
    scrape.metrics.notified("lab", "overdue", "sent")
    scrape.metrics.notified("lab", "overdue", "sent")
    scrape.metrics.notifications_pending("lab", 3)
    assert scrape.value("notifications_total", pbx="lab", kind="overdue", result="sent") == 2
    assert scrape.value("notifications_pending", pbx="lab") == 3


def test_a_line_that_takes_messages_costs_few_series() -> None:
    scrape = Scrape()
    words = ("callcentre_voicemail", "callcentre_callback", "callcentre_mailbox")
    found = [
        sample
        for family in scrape.registry.collect()
        for sample in family.samples
        if sample.name.startswith(words) and sample.labels.get("line") == "enquiries"
    ]
    assert len(found) <= 18
