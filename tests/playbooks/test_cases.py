"""Cases from beginning to end, under each charter: what is promised, what people may do, who is told, and when."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from callcentre.core.case_requests import CaseAction
from callcentre.core.case_values import CaseChannel, CaseOutcome, CaseState, ClockName
from callcentre.core.centre import CallCentre
from callcentre.core.errors import IllegalTransition, NotTheirRole
from callcentre.core.facts import CallerErased, CaseChanged, OpenRows, TaskChanged
from callcentre.core.hints import ComplaintFiled
from callcentre.core.requests import TaskAction, TaskAsked, WrapUpAsked
from callcentre.core.terms import CallKey, WrapKind
from tests.playbooks.case_story import ANN, CaseStory, at, here, told

A, C, O = CaseAction, CaseChannel, CaseOutcome  # noqa: E741  outcomes
OWNED: dict[str, Any] = {"owner": "Olu", "direct_dial": "01632 960500"}


# --- hct: H2, H11, H14, H15 ------------------------------------------------------------------------------------------


def test_a_complaint_is_acknowledged_in_5_working_days_and_answered_in_15_from_the_call_on() -> None:
    story = CaseStory(here("hct"))
    case = story.open("2026-12-01 10:00", received="2026-11-27 18:01")  # a Friday, after the close
    assert told(case.ack_due) == "2026-12-07 18:00"
    assert told(case.answer_due) == "2026-12-21 18:00"
    assert (case.state, case.stage, case.role) == (CaseState.OPEN, 1, "Informal resolution")
    story.ask("2026-12-07 17:59", A.ACKNOWLEDGE)
    story.ask("2026-12-21 17:59", A.ANSWER)
    assert story.cases[1].state is CaseState.ANSWERED
    reasons = story.last(ClockName.ANSWER).due_reason
    assert reasons.startswith("Received on Friday 27 November 2026 at 18:01. Rule: within 15 working days"), reasons
    assert [clock.met_at is not None and clock.met_at <= clock.due for clock in story.judged] == [True, True]
    assert "overdue" not in story.steps()


@pytest.mark.parametrize(
    ("received", "acknowledged"),
    [
        ("2026-12-24 19:00", "2027-01-06 18:00"),  # over Christmas, Boxing Day's substitute and New Year
        ("2026-11-28 10:00", "2026-12-07 18:00"),  # a Saturday
        ("2026-11-27 17:59", "2026-12-04 18:00"),
        ("2027-03-25 20:00", "2027-04-06 18:00"),  # Good Friday and Easter Monday
    ],
)
def test_the_clock_passes_over_bank_holidays(received: str, acknowledged: str) -> None:
    story = CaseStory(here("hct"), start=received)
    assert told(story.open(received, received=received).ack_due) == acknowledged


def test_each_clock_is_warned_of_overdue_and_escalated_once() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-23 10:00")
    story.until("2026-12-31 12:00")
    assert story.alarms() == [
        ("case", ("desk",), "2026-11-23 10:00"),
        ("case_due", ("desk",), "2026-11-30 16:00"),
        ("case_overdue", ("desk",), "2026-11-30 18:00"),
        ("case_overdue", ("boss",), "2026-12-01 18:00"),
        ("case_due", ("desk",), "2026-12-14 16:00"),
        ("case_overdue", ("desk",), "2026-12-14 18:00"),
        ("case_overdue", ("boss",), "2026-12-15 18:00"),
    ]
    assert story.judged == [], "it is late, and still to be done"
    story.ask("2027-01-04 12:00", A.ANSWER)
    assert [clock.clock for clock in story.judged] == [ClockName.ACKNOWLEDGE, ClockName.ANSWER]
    assert [clock.met_at is not None and clock.met_at > clock.due for clock in story.clocks_of()] == [True, True]


def test_what_fell_due_while_nobody_watched_is_told_at_the_start_and_only_once() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-23 10:00")
    story.restart("2026-12-02 09:00")
    due = story.core.next_timer()
    assert due is not None
    assert due <= at("2026-12-02 09:00")
    story.until("2026-12-02 09:00")
    assert [kind for kind, _, _ in story.alarms()] == ["case", "case_due", "case_overdue", "case_overdue"]
    assert {when for _, _, when in story.alarms()[1:]} == {"2026-12-02 09:00"}
    story.restart("2026-12-02 09:05")
    story.until("2026-12-02 10:00")
    assert len(story.alarms()) == 4


def test_what_is_typed_late_with_its_true_time_was_in_time() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-23 10:00")
    story.until("2026-12-02 09:00")
    assert "overdue" in story.steps()
    story.ask("2026-12-02 09:00", A.ACKNOWLEDGE, when=at("2026-11-24 12:00"))
    (judged,) = story.judged
    assert judged.met_at == at("2026-11-24 12:00")
    assert judged.met_at <= judged.due


def test_a_case_that_is_opened_again_has_its_promises_judged_once() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-23 10:00")
    story.ask("2027-01-04 12:00", A.CLOSE, outcome=O.WITHDRAWN)
    assert [clock.clock for clock in story.judged] == [ClockName.ACKNOWLEDGE, ClockName.ANSWER]
    story.ask("2027-01-05 12:00", A.REOPEN)
    assert {clock.clock for clock in story.clocks_of() if clock.runs} == {ClockName.ACKNOWLEDGE, ClockName.ANSWER}
    story.restart("2027-01-05 13:00")
    story.ask("2027-01-06 12:00", A.ANSWER)
    assert len(story.judged) == 2


def test_a_changed_calendar_moves_the_open_clocks_and_says_so() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-23 10:00")
    closed = frozenset({date(2026, 11, 26)})
    story.restart("2026-11-24 08:00", here("hct", removed_days=closed))
    assert story.ends() == {"acknowledge": "2026-12-01 18:00", "answer": "2026-12-15 18:00"}
    assert story.steps()[-2:] == ["deadline_changed", "deadline_changed"]
    assert "instead of Monday 30 November 2026 at 18:00" in story.entries[1][-2].why
    story.restart("2026-11-24 08:10")
    assert story.steps().count("deadline_changed") == 2


def test_a_charter_that_promises_something_else_moves_them_too() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-23 10:00")
    story.restart("2026-11-24 08:00", here("cmi"))
    assert story.ends() == {"answer": "2026-11-26 17:00"}
    assert "no longer promised to be acknowledged" in " ".join(entry.why for entry in story.entries[1])


def test_a_letter_needs_its_owner_and_direct_dial_from_the_start() -> None:
    story = CaseStory(here("hct"))
    for kind in ("correspondence", "enquiry"):
        for channel in (C.LETTER, C.FAX, C.EMAIL):
            for lacks in ({}, {"owner": "Olu"}, {"direct_dial": "01632960500"}):
                with pytest.raises(IllegalTransition, match="direct dial"):
                    story.open("2026-11-23 10:00", kind, channel, **lacks)
    case = story.open("2026-11-23 10:00", "correspondence", C.LETTER, **OWNED)
    assert (case.number, case.owner, case.direct_dial) == (1, "Olu", "01632960500")
    assert story.ends() == {"answer": "2026-12-14 18:00"}
    with pytest.raises(IllegalTransition, match="direct dial"):
        story.ask("2026-11-23 11:00", A.ASSIGN, owner="Nina")
    story.ask("2026-11-23 11:00", A.ASSIGN, owner="Nina", direct_dial="01632960501")
    assert story.alarms() == [("case", ("desk",), "2026-11-23 10:00"), ("case", ("Nina",), "2026-11-23 11:00")]


def test_formal_complaints_cause_and_remedy() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-23 10:00")
    story.ask("2026-11-23 10:05", A.TOLD_HOW)
    story.ask("2026-11-23 10:06", A.CAUSE, cause="late bus")
    story.ask("2026-11-23 10:07", A.REMEDY, remedy="another timetable")
    story.ask("2026-11-23 10:08", A.CLOSE, outcome=O.RESOLVED)
    case = story.cases[1]
    assert (case.cause, case.remedy) == ("late bus", "another timetable")
    assert (told(case.told_how_at), told(case.remedied_at)) == ("2026-11-23 10:05", "2026-11-23 10:07")
    assert (case.acknowledged_at, case.answered_at) == (case.closed_at, case.closed_at)
    story.ask("2026-11-24 10:08", A.STAGE, stage=2, channel=C.LETTER)
    case = story.cases[1]
    assert (case.state, case.role, case.outcome, case.acknowledged_at) == (CaseState.OPEN, "Unit Manager", None, None)
    with pytest.raises(IllegalTransition, match="there is no stage 3"):
        story.ask("2026-11-24 10:10", A.STAGE, stage=3)


# --- cmi: C3 to C7 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", [C.EMAIL, C.WEB, C.SOCIAL, C.LETTER])
@pytest.mark.parametrize("kind", ["enquiry", "suggestion", "correspondence"])
def test_whatever_is_written_is_answered_in_3_working_days(channel: CaseChannel, kind: str) -> None:
    story = CaseStory(here("cmi"))
    story.open("2026-11-27 16:00", kind, channel)
    assert story.ends() == {"answer": "2026-12-02 17:00"}


@pytest.mark.parametrize("category", ["delivery", "support", "process"])
def test_some_enquiries_are_answered_on_the_same_working_day(category: str) -> None:
    story = CaseStory(here("cmi"))
    story.open("2026-11-27 10:00", "enquiry", C.CALL, category=category)
    story.open("2026-11-27 17:30", "enquiry", C.EMAIL, category=category)
    assert (story.ends(1), story.ends(2)) == ({"answer": "2026-11-27 17:00"}, {"answer": "2026-11-30 17:00"})


def test_a_complaint_is_answered_in_3_working_days_with_a_date_that_is_watched() -> None:
    story = CaseStory(here("cmi"))
    story.open("2026-11-23 10:00", channel=C.EMAIL)
    assert story.ends() == {"answer": "2026-11-26 17:00"}
    with pytest.raises(IllegalTransition, match="agree on one first"):
        story.ask("2026-11-24 10:00", A.ANSWER)
    story.ask("2026-11-24 10:00", A.AGREE, agreed_on=date(2026, 12, 11), agreed_from="Olu", why="an inspection")
    story.ask("2026-11-24 10:01", A.ANSWER)
    assert story.ends() == {"agreed": "2026-12-11 17:00", "update": "2026-12-01 17:00"}
    story.ask("2026-12-01 12:00", A.UPDATE)
    assert story.ends()["update"] == "2026-12-08 17:00"
    story.until("2026-12-12 09:00")
    late = [notice.title for notice in story.notices.values() if notice.kind.value == "case_overdue"]
    assert late == [
        "enquiries: case 1 was to be told how it stands by Tuesday 8 December 2026 at 17:00",
        "enquiries: case 1 still not told how it stands, 24 h after it was due on Tuesday 8 December 2026 at 17:00",
        "enquiries: case 1 was to be answered as agreed by Friday 11 December 2026 at 17:00",
    ]
    story.ask("2026-12-12 09:00", A.CLOSE, outcome=O.RESOLVED)
    in_time = {clock.clock: clock.met_at is not None and clock.met_at <= clock.due for clock in story.judged}
    assert in_time == {ClockName.ANSWER: True, ClockName.UPDATE: False, ClockName.AGREED: False}


def test_what_is_settled_at_once_needs_no_date() -> None:
    story = CaseStory(here("cmi"))
    story.open("2026-11-23 10:00", channel=C.SOCIAL)
    story.ask("2026-11-23 11:00", A.CLOSE, outcome=O.RESOLVED)
    assert [clock.clock for clock in story.judged] == [ClockName.ANSWER]


def test_any_query_can_have_an_agreed_date_with_updates_until_then() -> None:
    story = CaseStory(here("cmi"))
    story.open("2026-11-23 10:00", "enquiry", C.CALL)
    assert story.ends() == {}
    story.ask("2026-11-23 10:05", A.AGREE, agreed_on=date(2026, 12, 4), agreed_from="Olu", update_days=2)
    assert story.ends() == {"agreed": "2026-12-04 17:00", "update": "2026-11-25 17:00"}
    story.ask("2026-11-25 12:00", A.AGREE, agreed_on=date(2026, 12, 7))
    assert story.ends() == {"agreed": "2026-12-07 17:00", "update": "2026-11-27 17:00"}
    assert story.last(ClockName.UPDATE).due_reason.startswith("Counted from Wednesday 25 November 2026 at 12:00.")
    assert story.last(ClockName.AGREED).seq != 1
    story.ask("2026-11-26 12:00", A.ANSWER)
    assert story.ends() == {}


@pytest.mark.parametrize(
    ("kind", "ends"), [("certificate", "2026-11-30 17:00"), ("membership", "2026-11-26 17:00"), ("renewal", "")]
)
def test_the_charter_has_kinds_of_its_own(kind: str, ends: str) -> None:
    story = CaseStory(here("cmi"))
    story.open("2026-11-23 10:00", kind, C.IN_PERSON)
    assert story.ends().get("answer", "") == ends
    (counted,) = story.core.counts()["enquiries"]
    assert counted == ("other", CaseState.OPEN)


# --- wme: W1 to W5 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["complaint", "suggestion", "enquiry", "correspondence", "compliment"])
@pytest.mark.parametrize("channel", [C.CALL, C.MESSAGE, C.LETTER])
def test_all_communications_are_acknowledged_in_5_and_answered_in_15(kind: str, channel: CaseChannel) -> None:
    story = CaseStory(here("wme"))
    story.open("2026-11-23 10:00", kind, channel)
    assert story.ends() == {"acknowledge": "2026-11-30 17:00", "answer": "2026-12-14 17:00"}


def test_a_complex_matter_is_answered_by_the_agreed_date() -> None:
    story = CaseStory(here("wme"))
    story.open("2026-11-23 10:00", channel=C.LETTER)
    with pytest.raises(IllegalTransition, match="from whom"):
        story.ask("2026-12-01 10:00", A.AGREE, agreed_on=date(2027, 1, 15))
    with pytest.raises(IllegalTransition, match="no working day"):
        story.ask("2026-12-01 10:00", A.AGREE, agreed_on=date(2026, 12, 25), agreed_from="Olu")
    story.ask("2026-12-01 10:00", A.AGREE, agreed_on=date(2027, 1, 15), agreed_from="the Chair", why="an inquiry")
    case = story.cases[1]
    assert (told(case.answer_due), told(case.answer_first_due)) == ("2027-01-15 17:00", "2026-12-14 17:00")
    assert (case.agreed_from, case.agreed_why) == ("the Chair", "an inquiry")
    story.restart("2026-12-02 09:00")
    assert story.ends()["answer"] == "2027-01-15 17:00"
    story.ask("2027-01-15 16:00", A.ANSWER)
    assert story.judged[-1].clock is ClockName.ANSWER
    assert story.judged[-1].met_at == at("2027-01-15 16:00")


def test_agreed_too_late_it_does_not_make_up_for_the_deadline() -> None:
    story = CaseStory(here("wme"))
    story.open("2026-11-23 10:00", channel=C.LETTER)
    story.ask("2026-12-15 10:00", A.AGREE, agreed_on=date(2027, 1, 15), agreed_from="Olu")
    assert story.ends()["answer"] == "2026-12-14 17:00"
    assert story.ends()["agreed"] == "2027-01-15 17:00"


def test_three_stages_the_later_ones_in_writing_and_to_their_roles() -> None:
    story = CaseStory(here("wme"))
    story.open("2026-11-23 10:00")
    story.ask("2026-11-24 10:00", A.ACKNOWLEDGE)
    story.ask("2026-11-25 10:00", A.ANSWER)
    for channel in (C.CALL, C.IN_PERSON, C.SOCIAL, C.MESSAGE, None):
        with pytest.raises(IllegalTransition, match="in writing"):
            story.ask("2026-12-01 10:00", A.STAGE, stage=2, channel=channel)
    story.ask("2026-12-01 10:00", A.STAGE, stage=2, channel=C.EMAIL, received_at=at("2026-11-30 12:00"))
    case = story.cases[1]
    assert (case.state, case.stage, case.role, case.owner) == (CaseState.OPEN, 2, "Chief Executive", None)
    assert story.ends() == {"acknowledge": "2026-12-07 17:00", "answer": "2026-12-21 17:00"}
    assert story.alarms()[-1] == ("case", ("chief",), "2026-12-01 10:00")
    story.ask("2026-12-02 10:00", A.STAGE, stage=3, channel=C.LETTER)
    assert story.cases[1].role == "Chair"
    assert story.alarms()[-1][1] == ("chair",)
    with pytest.raises(IllegalTransition, match="there is no stage 4"):
        story.ask("2026-12-02 10:00", A.STAGE)
    with pytest.raises(IllegalTransition, match="in writing"):
        story.open("2026-12-02 10:00", stage=2)
    assert [(clock.stage, clock.dropped_at is not None) for clock in story.clocks_of()] == [
        *((1, False), (1, False)),
        *((2, True), (2, True)),
        *((3, False), (3, False)),
    ]


@pytest.mark.parametrize("category", ["foia", "government_policy", "political_party", "single_authority"])
def test_what_is_outside_the_remit_is_closed_with_whom_they_were_sent_to(category: str) -> None:
    story = CaseStory(here("wme"))
    story.open("2026-11-23 10:00")
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"category": category}, "whom"),
        ({"referred_to": "the Ombudsman"}, "outside our remit"),
    )
    for lacks, words in cases:
        with pytest.raises(IllegalTransition, match=words):
            story.ask("2026-11-23 10:05", A.REFER, **lacks)
    story.ask("2026-11-23 10:05", A.REFER, category=category, referred_to="the Ombudsman")
    case = story.cases[1]
    assert (case.outcome, case.category, case.referred_to) == (O.OUTSIDE_REMIT, category, "the Ombudsman")
    assert case.answered_at == case.closed_at


def test_only_the_named_role_ends_a_case_with_its_acknowledgement_alone() -> None:
    story = CaseStory(here("wme"))
    story.open("2026-11-23 10:00")
    end: dict[str, Any] = {"outcome": O.ACKNOWLEDGED_ONLY}
    with pytest.raises(IllegalTransition, match="only the Chief Executive"):
        story.ask("2026-11-23 11:00", A.CLOSE, **end)
    with pytest.raises(IllegalTransition, match="not acknowledged"):
        story.ask("2026-11-23 11:00", A.CLOSE, who="Chief", supervisor=False, **end)
    story.ask("2026-11-23 11:00", A.ACKNOWLEDGE)
    story.ask("2026-11-23 11:05", A.CLOSE, who="Chief", supervisor=False, **end)
    assert story.cases[1].answered_at is None
    assert story.last(ClockName.ANSWER).dropped_at == at("2026-11-23 11:05")
    nobodys = CaseStory(replace(here("wme"), roles={}))
    nobodys.open("2026-11-23 10:00")
    nobodys.ask("2026-11-23 11:00", A.ACKNOWLEDGE)
    with pytest.raises(NotTheirRole, match="nobody holds the role Chief Executive"):
        nobodys.ask("2026-11-23 11:05", A.CLOSE, who="Chief", **end)
    nobodys.ask("2026-11-23 11:05", A.CLOSE, who="Ada", admin=True, **end)
    assert nobodys.cases[1].outcome is O.ACKNOWLEDGED_ONLY
    other = CaseStory(here("hct"))
    other.open("2026-11-23 10:00")
    with pytest.raises(IllegalTransition, match="answer the person"):
        other.ask("2026-11-23 11:00", A.CLOSE, who="Chief", **end)


@pytest.mark.parametrize(("about", "whom"), [("nina", ("Nina",)), ("Somebody", ("desk",)), (None, ("desk",))])
def test_a_compliment_is_passed_on(about: str | None, whom: tuple[str, ...]) -> None:
    story = CaseStory(here("wme"))
    story.open("2026-11-23 10:00", "compliment", about=about)
    assert story.alarms() == [("compliment", whom, "2026-11-23 10:00")]
    assert story.steps() == ["opened", "notified"]


def test_a_compliment_reaches_whom_it_is_about_once_that_is_known() -> None:
    story = CaseStory(here("wme"))
    story.open("2026-11-23 10:00", "compliment")
    story.ask("2026-11-23 10:05", A.EDIT, about="Nina")
    assert story.alarms()[-1] == ("compliment", ("Nina",), "2026-11-23 10:05")


# --- complaints in calls and messages --------------------------------------------------------------------------------


def test_a_complaint_in_a_message_is_a_case_once_for_task_call_and_caller() -> None:
    story = CaseStory(here("hct"))
    first = story.complain("2026-11-30 09:00", task=7, received_at=at("2026-11-27 18:01"), channel=C.MESSAGE)
    assert [fact.case for fact in first if isinstance(fact, ComplaintFiled)] == [1]
    assert told(story.cases[1].ack_due) == "2026-12-07 18:00"
    story.complain("2026-11-30 09:05", task=7)
    story.complain("2026-11-30 09:06", call="1.1")
    assert list(story.cases) == [1]
    assert story.steps() == ["opened", "joined", "joined"]
    story.complain("2026-11-30 09:07", caller="01632960999", call="1.2")
    story.complain("2026-11-30 09:08", caller="01632960998", call="1.2")
    story.complain("2026-11-30 09:09", caller=None, call="1.3")
    story.complain("2026-11-30 09:10", caller=None, call="1.4")
    assert list(story.cases) == [1, 2, 3, 4]
    story.restart("2026-11-30 10:00")
    (joined, filed) = story.complain("2026-11-30 10:01", task=7)
    assert isinstance(joined, CaseChanged)
    assert isinstance(filed, ComplaintFiled)
    assert (joined.case.number, filed.again) == (1, True)


def test_a_task_and_a_wrap_up_open_a_case_and_the_task_names_it() -> None:
    centre = CallCentre(here("hct"))
    centre.restore(OpenRows(), at("2026-11-27 18:00"))
    wrapped: dict[str, Any] = {"line": "enquiries", "who": "Alice", "caller": "+44 1632 960123", "pbx": "lab"}
    promised = WrapUpAsked(
        call=CallKey("lab", "9.1"), kind=WrapKind.FOLLOW_UP, at=at("2026-11-27 18:01"), request="w1", **wrapped
    )
    tasks = [fact.task for fact in centre.handle(promised).facts if isinstance(fact, TaskChanged) and fact.task]
    assert [task.number for task in tasks] == [1]
    moment = at("2026-11-30 09:00")
    complained = TaskAsked(
        pbx="lab", at=moment, number=1, action=TaskAction.COMPLAINT, who="Bob", why="rude", request="t1"
    )
    facts = centre.handle(complained).facts
    (case,) = [fact.case for fact in facts if isinstance(fact, CaseChanged)]
    assert (case.task, case.caller, case.summary, told(case.received_at)) == (1, ANN, "rude", "2026-11-27 18:01")
    said = [entry.why for fact in facts if isinstance(fact, TaskChanged) for entry in fact.entries]
    assert said == ["rude", "the complaint is case 1"]
    assert not centre.handle(complained).facts
    call_at = at("2026-11-30 08:00")
    again = WrapUpAsked(
        call=CallKey("lab", "9.2"),
        kind=WrapKind.COMPLAINT,
        at=moment,
        request="w2",
        call_at=call_at,
        **wrapped | {"caller": None},
    )
    (other,) = [fact.case for fact in centre.handle(again).facts if isinstance(fact, CaseChanged)]
    assert (other.number, other.call, other.channel, other.received_at) == (2, "9.2", C.CALL, call_at)
    assert centre.snapshot(moment).cases == {"enquiries": {("complaint", CaseState.OPEN): 2}}


def test_where_callers_share_their_number_each_complaint_is_a_case() -> None:
    story = CaseStory(here("hct", merge=False))
    story.complain("2026-11-30 09:00", call="1.1")
    story.complain("2026-11-30 09:01", call="1.2")
    assert list(story.cases) == [1, 2]


# --- who may, and what cannot be -------------------------------------------------------------------------------------


def test_agents_see_to_what_is_their_own() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-23 10:00", who="alice", supervisor=False)
    agent: dict[str, Any] = {"who": "Alice", "supervisor": False}
    story.ask("2026-11-23 10:01", A.NOTE, why="she rang again", **agent)
    with pytest.raises(IllegalTransition, match="take it first"):
        story.ask("2026-11-23 10:02", A.ACKNOWLEDGE, **agent)
    with pytest.raises(IllegalTransition, match="supervisor"):
        story.ask("2026-11-23 10:02", A.ASSIGN, owner="Bob", **agent)
    story.ask("2026-11-23 10:02", A.ASSIGN, owner="Alice", **agent)
    for action in (A.ACKNOWLEDGE, A.TOLD_HOW, A.ANSWER):
        story.ask("2026-11-23 10:03", action, **agent)
    for action in (A.STAGE, A.CAUSE, A.REMEDY, A.REFER, A.CLOSE, A.REOPEN):
        with pytest.raises(IllegalTransition, match="only a supervisor"):
            story.ask("2026-11-23 10:04", action, **agent)
    with pytest.raises(IllegalTransition, match="it is Alice's"):
        story.ask("2026-11-23 10:04", A.EDIT, name="Ann", who="Bob", supervisor=False)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"line": "nowhere"}, "no line"),
        ({"kind": "party"}, "no kind"),
        ({"channel": None}, "how it reached"),
        ({"category": "weather"}, "no category"),
        ({"received": "2026-11-23 10:01"}, "not come yet"),
        ({"received": "2020-11-23 10:01"}, "two years"),
        ({"stage": 4}, "no stage"),
        ({"kind": "enquiry", "stage": 2}, "only a complaint"),
        ({"caller": "Ann"}, "no telephone number"),
        ({"who": " "}, "nobody is named"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_opened(more: dict[str, Any], words: str) -> None:
    story = CaseStory(here("wme"))
    with pytest.raises(IllegalTransition, match=words):
        story.open("2026-11-23 10:00", **more)
    assert story.open("2026-11-23 10:00").number >= 1


def test_a_request_happens_once_also_after_a_restart() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-23 10:00", request="one")
    assert (
        story.ask("2026-11-23 10:01", A.OPEN, 0, line="enquiries", kind="complaint", channel=C.CALL, request="one")
        == []
    )
    story.restart("2026-11-23 10:02")
    assert (
        story.ask("2026-11-23 10:03", A.OPEN, 0, line="enquiries", kind="complaint", channel=C.CALL, request="one")
        == []
    )
    assert story.open("2026-11-23 10:04", request="two").number == 2


def test_what_was_done_earlier_counts_from_then() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-30 12:00", received="2026-11-23 10:00")
    with pytest.raises(IllegalTransition, match="before it was received"):
        story.ask("2026-11-30 12:01", A.ACKNOWLEDGE, when=at("2026-11-23 09:59"))
    story.ask("2026-11-30 12:01", A.ACKNOWLEDGE, when=at("2026-11-27 12:00"))
    assert story.cases[1].acknowledged_at == at("2026-11-27 12:00")


def test_withdrawn_in_time_nothing_counts_and_reopened_the_clocks_run_again() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-23 10:00")
    story.ask("2026-11-24 10:00", A.CLOSE, outcome=O.WITHDRAWN)
    assert story.judged == []
    story.ask("2026-11-25 10:00", A.REOPEN)
    assert story.ends() == {"acknowledge": "2026-11-30 18:00", "answer": "2026-12-14 18:00"}
    assert story.cases[1].state is CaseState.OPEN


def test_a_closed_case_that_is_forgotten_is_taken_from_the_store() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-23 10:00")
    story.ask("2026-11-24 10:00", A.CLOSE, outcome=O.RESOLVED)
    row, clocks = story.cases[1], tuple(story.clocks_of())
    story.restart("2026-11-25 10:00")
    with pytest.raises(IllegalTransition, match="there is no case 1"):
        story.ask("2026-11-25 10:00", A.NOTE, why="one more word")
    story.ask("2026-11-25 10:00", A.NOTE, why="one more word", row=row, clocks=clocks)
    assert story.said() == "one more word"


def test_who_is_erased_leaves_a_case_that_names_nobody() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-23 10:00", caller=ANN, name="Ann", summary="rang from 01632 960123")
    assert "960123" not in story.cases[1].summary
    erased = CallerErased(pbx="lab", at=at("2026-11-24 10:00"), caller=ANN, messages=(), who="Dora", why="GDPR")
    (fact,) = story.core.handle_fact(erased)
    assert isinstance(fact, CaseChanged)
    case = fact.case
    assert (case.caller, case.name, case.summary, case.state) == (None, None, "", CaseState.CLOSED)
    assert not any(clock.runs for clock in fact.clocks)


def test_a_line_that_is_gone_keeps_what_it_promised() -> None:
    story = CaseStory(here("hct"))
    story.open("2026-11-23 10:00")
    gone = here("cmi")
    story.restart(
        "2026-11-24 10:00", replace(gone, lines=(replace(gone.lines[0], name="other"),), fallback_line="other")
    )
    assert story.ends() == {"acknowledge": "2026-11-30 18:00", "answer": "2026-12-14 18:00"}
    story.until("2026-12-01 09:00")
    assert story.core.overdue(story.now) == {"other": 1}
    assert story.core.counts() == {"other": {("complaint", CaseState.OPEN): 1}}
