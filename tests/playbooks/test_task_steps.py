"""What people arrange for a task: call later, give away, take back, flag, complain, promise; with restarts between."""

from datetime import timedelta
from typing import Any

import pytest

from callcentre.core.desk import Work
from callcentre.core.errors import IllegalTransition
from callcentre.core.facts import ClickChanged, Fact, TaskChanged
from callcentre.core.requests import TaskAction, TaskAsked
from callcentre.core.tasks import Click
from callcentre.core.terms import ClickState, Outcome, TaskOutcome, TaskSource, TaskState, TaskStep
from tests.playbooks.callback_story import (
    ANN,
    ASSIGN,
    BEN,
    CLAIM,
    CLOSE,
    COMPLAINT,
    DIAL,
    FLAGS,
    FOLLOW_UP,
    HEARD,
    HOUR,
    LATER,
    MINUTE,
    NOTE,
    NUMBER,
    RELEASE,
    RENEW,
    REOPEN,
    UNDO,
    Story,
    after,
)

DONE, NOT_NEEDED = TaskOutcome.DONE, TaskOutcome.NOT_NEEDED
OPEN, CLAIMED, DIALLING, REACHED = TaskState.OPEN, TaskState.CLAIMED, TaskState.DIALLING, TaskState.REACHED
UNANSWERED, CLOSED, REOPENED = TaskState.UNANSWERED, TaskState.CLOSED, TaskState.REOPENED
S = TaskStep
DAY = 24 * HOUR


@pytest.fixture
def story() -> Story:
    return Story()


def refused(story: Story, words: str, t: float, action: TaskAction, who: str = "Alice", **more: Any) -> None:
    """What is asked is refused with these words, and changes nothing."""
    before = {number: list(entries) for number, entries in story.books.entries.items()}
    with pytest.raises(IllegalTransition, match=words):
        story.ask(t, action, who, **more)
    assert {number: list(entries) for number, entries in story.books.entries.items()} == before


# --- later ------------------------------------------------------------------------------------------------------------


def test_a_call_is_put_off_and_nobody_holds_it_meanwhile(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, CLAIM)
    story.ask(120, LATER, call_at=after(5 * HOUR), why="asks for the afternoon")
    task = story.task()
    assert (task.state, task.holder, task.lease_until, task.call_at) == (OPEN, None, None, after(5 * HOUR))
    assert story.said() == "to be called on Tuesday 24 November 2026 at 15:00; asks for the afternoon"
    story.restart(2 * HOUR)
    story.ask(2 * HOUR, CLAIM, "Bob")
    assert story.task().call_at == after(5 * HOUR), "who has it may still see when"
    story.ask(2 * HOUR + 1, LATER, "Bob", call_at=None)
    assert (story.task().call_at, story.state(), story.task().holder) == (None, CLAIMED, "Bob")


def test_a_task_put_off_is_still_due_when_it_was(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, LATER, call_at=after(3 * DAY))
    story.until(25 * HOUR)
    assert [kind for kind, _ in story.told()][:2] == ["warning", "overdue"]
    assert (
        "It is put off: to be called on Friday 27 November 2026 at 10:00."
        in next(iter(story.books.notices.values())).text
    )


def test_a_call_that_was_made_settles_when_it_should_have_been(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, LATER, call_at=after(HOUR))
    story.attempt(120, "d1")
    assert story.task().call_at == after(HOUR), "nobody answered: the time that was agreed stands"
    story.attempt(240, "d2", talks=30)
    assert story.task().call_at is None


def test_a_further_message_ends_the_putting_off(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, LATER, call_at=after(5 * HOUR))
    story.left(HOUR, "b")
    assert story.task().call_at is None
    assert story.said().endswith("by the same caller; the task is no longer put off")


def test_a_reached_caller_who_wants_another_call(story: Story) -> None:
    story.left(0, "a")
    story.attempt(60, "d1", talks=30)
    story.ask(120, LATER, "Bob", call_at=after(2 * HOUR))
    assert (story.state(), story.task().call_at, story.task().holder) == (OPEN, after(2 * HOUR), None)
    story.until(DAY)
    assert story.state() is OPEN, "it does not close itself: there is more to do"


def test_what_a_call_cannot_be_put_off_to(story: Story) -> None:
    story.left(0, "a")
    refused(story, "is over; give a time to come", 60, LATER, call_at=after(60))
    refused(story, "more than 60 days away", 60, LATER, call_at=after(60 * DAY + 61))
    refused(story, "task 1 is not put off", 60, LATER, call_at=None)
    story.ask(60, CLAIM)
    refused(story, "claimed by Alice", 61, LATER, "Bob", call_at=after(HOUR))
    story.ask(61, LATER, "Sue", call_at=after(60 * DAY + 61), supervisor=True)
    story.dial(90, "d1")
    refused(story, "its call still runs", 91, LATER, call_at=after(HOUR))
    story.over(95, "d1")
    story.close(99, NOT_NEEDED)
    refused(story, "reopen it first", 100, LATER, call_at=after(HOUR))


def test_a_reopened_task_is_for_now(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, LATER, call_at=after(DAY))
    story.ask(61, CLOSE, outcome=DONE, resolved=True)
    story.ask(HOUR, REOPEN)
    assert (story.task().call_at, story.task().resolved) == (None, None)


# --- how to speak with a caller ---------------------------------------------------------------------------------------


def test_language_and_needs_are_noted_and_taken_back(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, FLAGS, language="pl", needs=("text_relay", "interpreter", "interpreter"), agreed=True)
    assert (story.task().language, story.task().needs) == ("pl", ("interpreter", "text_relay"))
    noted_at, until = story.task().flags_at, story.task().flags_until
    assert noted_at is not None
    assert until is not None
    assert (story.task().flags_by, until - noted_at) == ("Alice", timedelta(days=365))
    assert story.said().startswith("noted with the caller's agreement, until "), "and not what: that ends with it"
    assert story.task().flags(until - timedelta(microseconds=1)) == ("pl", ("interpreter", "text_relay"))
    assert story.task().flags(until) == (None, ())
    story.ask(61, FLAGS, "Bob", needs=("carer_calls",), why="his daughter said so", agreed=True)
    assert (story.task().language, story.task().needs, story.task().flags_by) == (None, ("carer_calls",), "Bob")
    story.ask(62, FLAGS, language=" ")
    assert (story.task().language, story.task().needs, story.said()) == (None, (), "nothing special")
    assert (story.task().flags_by, story.task().flags_at, story.task().flags_until) == (None, None, None)


def test_nothing_is_noted_of_a_caller_who_did_not_agree(story: Story) -> None:
    story.left(0, "a")
    refused(story, "only if they agree", 60, FLAGS, language="pl")
    refused(story, "only if they agree", 61, FLAGS, needs=("sight",))
    assert story.task().flags(story.task().opened_at) == (None, ())


@pytest.mark.parametrize("tag", ["Polish", "p", "PL", "pl_PL", "pl-", "pl-a", "x" * 3 + "-abcdefgh" * 5, "pl\n", "<b>"])
def test_what_is_no_language(story: Story, tag: str) -> None:
    story.left(0, "a")
    if tag.strip() == "pl":
        story.ask(60, FLAGS, language=tag, agreed=True)
        assert story.task().language == "pl"
    else:
        refused(story, "no tag of a language", 60, FLAGS, language=tag)


def test_what_is_no_need(story: Story) -> None:
    story.left(0, "a")
    refused(story, "rich is none of the needs that are noted: interpreter, ", 60, FLAGS, needs=("carer_calls", "rich"))


def test_whoever_calls_again_is_spoken_with_as_before(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, FLAGS, language="cy", needs=("sight",), agreed=True)
    story.left(120, "b", on="orders")
    story.left(121, "c", BEN)
    story.left(122, "d", None)
    story.left(123, "e", on="switch")
    flags = [(story.task(n).language, story.task(n).needs) for n in range(2, 6)]
    assert flags == [("cy", ("sight",)), (None, ()), (None, ()), (None, ())]
    story.restart(200)
    story.ended(300, "c9", Outcome.ABANDONED, on="orders", caller="+441632960123")
    story.close(301, NOT_NEEDED, number=2)
    story.ended(400, "c10", Outcome.ABANDONED, on="orders")
    assert (story.task(6).source, story.task(6).language) == (TaskSource.ABANDONED, "cy")


def test_an_erased_caller_is_no_longer_flagged(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, FLAGS, language="cy", needs=("sight",), agreed=True)
    story.erase(120, caller=ANN)
    assert (story.task().caller, story.task().language, story.task().needs) == (None, None, ())


# --- assigning --------------------------------------------------------------------------------------------------------


def test_a_supervisor_gives_a_task_to_somebody_whoever_holds_it(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, CLAIM)
    refused(story, "only a supervisor assigns tasks", 61, ASSIGN, to="Bob")
    refused(story, "say whom task 1 is for", 61, ASSIGN, "Sue", to=" ", supervisor=True)
    story.ask(120, ASSIGN, "Sue", to="Bob", supervisor=True, why="Alice went home")
    task = story.task()
    assert (task.state, task.holder, task.lease_until) == (CLAIMED, "Bob", after(120 + 15 * MINUTE))
    entry = story.books.entries[1][-1]
    assert (entry.step, entry.who, entry.why) == (S.ASSIGNED, "Sue", "to Bob until 10:17; Alice went home")
    story.restart(180)
    refused(story, "claimed by Bob", 181, RELEASE)
    story.until(120 + 15 * MINUTE)
    assert (story.state(), story.task().holder) == (OPEN, None)


def test_a_task_that_waits_is_assigned_and_falls_back_to_where_it_was(story: Story) -> None:
    story.left(0, "a")
    story.attempt(10, "d1")
    story.ask(60, ASSIGN, "Sue", to="Bob", supervisor=True)
    assert (story.state(), story.task().rests_in) == (CLAIMED, UNANSWERED)
    story.ask(70, RELEASE, "Bob")
    assert story.state() is UNANSWERED


def test_nobody_is_given_a_task_that_is_being_dialled(story: Story) -> None:
    story.left(0, "a")
    story.dial(60, "d1")
    refused(story, "its call still runs", 61, ASSIGN, "Sue", to="Bob", supervisor=True)
    story.answers(70, "d1")
    refused(story, "its call still runs", 71, ASSIGN, "Sue", to="Bob", supervisor=True)
    story.over(100, "d1")
    story.ask(101, ASSIGN, "Sue", to="Bob", supervisor=True)
    assert (story.state(), story.task().holder) == (REACHED, "Bob")
    story.close(102, DONE, "Bob")
    refused(story, "reopen it first", 103, ASSIGN, "Sue", to="Bob", supervisor=True)


def test_a_supervisor_decides_about_tasks_that_others_hold(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, CLAIM)
    for action in (RELEASE, CLOSE):
        refused(story, "claimed by Alice", 61, action, "Sue", outcome=DONE)
    story.ask(70, RELEASE, "Sue", supervisor=True)
    story.ask(80, CLAIM)
    refused(story, "claimed by Alice", 81, RENEW, "Sue", supervisor=True)
    story.ask(90, CLOSE, "Sue", outcome=NOT_NEEDED, supervisor=True)
    assert (story.task().closed_by, story.books.entries[1][-1].who) == ("Sue", "Sue")


# --- taking back ------------------------------------------------------------------------------------------------------


def test_closing_is_taken_back_within_a_minute(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, CLAIM)
    story.ask(120, CLOSE, outcome=NOT_NEEDED, resolved=True)
    story.ask(180, UNDO, why="wrong row")
    task = story.task()
    assert (task.state, task.holder, task.lease_until) == (CLAIMED, "Alice", after(180 + 15 * MINUTE))
    assert (task.outcome, task.closed_at, task.closed_by, task.in_time, task.resolved) == (None,) * 5
    assert story.said() == "closing it is taken back: it is Alice's again; wrong row"
    refused(story, "nothing that you did to task 1 can be undone now; claim it", 181, UNDO)
    story.until(180 + 15 * MINUTE)
    assert story.state() is OPEN


def test_letting_go_and_putting_off_are_taken_back(story: Story) -> None:
    story.left(0, "a")
    story.attempt(10, "d1")
    story.ask(60, CLAIM)
    story.ask(70, RELEASE)
    story.ask(80, UNDO)
    assert (story.state(), story.task().holder, story.task().rests_in) == (CLAIMED, "Alice", UNANSWERED)
    story.ask(90, LATER, call_at=after(HOUR))
    story.ask(100, NOTE, "Bob", why="rang again")
    story.ask(110, UNDO)
    assert (story.state(), story.task().holder, story.task().call_at) == (CLAIMED, "Alice", None)


def test_a_caller_who_was_reached_stays_so_when_closing_is_taken_back(story: Story) -> None:
    story.left(0, "a")
    story.ask(10, CLAIM)
    story.attempt(60, "d1", talks=30)
    story.close(120, DONE)
    story.ask(130, UNDO)
    assert (story.state(), story.task().holder) == (REACHED, "Alice")
    story.until(HOUR)
    assert (story.state(), story.task().outcome) == (CLOSED, DONE)


@pytest.mark.parametrize(
    ("between", "t", "who"),
    [
        ("nothing", 181, "Alice"),
        ("nothing", 130, "Bob"),
        ("reopened", 130, "Alice"),
        ("claimed", 130, "Alice"),
    ],
)
def test_what_cannot_be_taken_back(story: Story, between: str, t: float, who: str) -> None:
    story.left(0, "a")
    story.ask(60, CLAIM)
    if between == "claimed":
        story.ask(120, RELEASE)
        story.ask(125, CLAIM, "Bob")
    else:
        story.close(120, NOT_NEEDED)
    if between == "reopened":
        story.ask(125, REOPEN, "Bob")
    refused(story, "nothing that you did to task 1 can be undone now", t, UNDO, who)


def test_a_dial_by_hand_comes_before_taking_back(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, CLAIM)
    story.ask(70, RELEASE)
    story.attempt(75, "d1", rings=2)
    refused(story, "nothing that you did", 100, UNDO)


def test_what_a_supervisor_did_to_somebodys_task_goes_back_to_them(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, CLAIM)
    story.ask(70, CLOSE, "Sue", outcome=NOT_NEEDED, supervisor=True)
    story.ask(80, UNDO, "Sue")
    assert (story.task().holder, story.said()) == ("Alice", "closing it is taken back: it is Alice's again")


def test_after_a_restart_only_closing_can_be_taken_back_as_its_row_says_it(story: Story) -> None:
    story.left(0, "a")
    story.left(1, "b", BEN)
    story.attempt(10, "d1")
    for number in (1, 2):
        story.ask(60, CLAIM, number=number)
    story.close(70, NOT_NEEDED)
    story.ask(70, RELEASE, number=2)
    story.restart(80)
    refused(story, "nothing that you did to task 2", 81, UNDO, number=2)
    known: dict[str, Any] = {"row": story.task(), "filings": story.books.filings_of(1)}
    refused(story, "nothing that you did to task 1", 81, UNDO, "Bob", **known)
    story.ask(82, UNDO, **known)
    task = story.task()
    assert (task.state, task.holder, task.rests_in, task.outcome) == (CLAIMED, "Alice", UNANSWERED, None)


def test_a_task_taken_back_is_watched_again(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, CLAIM)
    story.close(70, NOT_NEEDED)
    story.ask(80, UNDO)
    story.until(25 * HOUR)
    assert [kind for kind, _ in story.told()][:2] == ["warning", "overdue"]
    story.left(26 * HOUR, "b")
    assert story.filing("b").task == 1


# --- complaints, what was heard, what was resolved --------------------------------------------------------------------


def test_a_complaint_is_marked_and_stays(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, COMPLAINT, why="waited three weeks")
    assert (story.task().complaint, story.steps()[-1], story.said()) == (True, S.COMPLAINT, "waited three weeks")
    story.close(70, NOT_NEEDED)
    story.ask(80, COMPLAINT, "Bob")
    assert (story.state(), story.task().complaint, story.said()) == (CLOSED, True, "the caller complains")


def test_one_message_of_several_is_listened_to(story: Story) -> None:
    story.left(0, "a", playable=True)
    story.left(60, "b", playable=True)
    refused(story, "task 1 holds no such message", 70, HEARD, message="c")
    story.ask(70, HEARD, message="b")
    assert story.said() == "listened to the message of Tuesday 24 November 2026 at 10:01"
    assert (story.filing("a").heard_at, story.filing("b").heard_by) == (None, "Alice")
    refused(story, "nobody has listened to the message of Tuesday 24 November 2026 at 10:00", 80, CLOSE, outcome=DONE)
    story.ask(90, HEARD, "Bob")
    assert (story.filing("a").heard_by, story.filing("b").heard_by) == ("Bob", "Alice")


@pytest.mark.parametrize(
    ("resolved", "why", "said"),
    [
        (True, "", "resolved at first contact"),
        (False, "needs a visit", "needs a visit; not resolved at first contact"),
        (None, "", "no reason given"),
    ],
)
def test_whether_it_was_resolved_at_first_contact(story: Story, resolved: bool | None, why: str, said: str) -> None:
    story.left(0, "a")
    story.ask(60, CLOSE, outcome=DONE, resolved=resolved, why=why)
    assert (story.task().resolved, story.said()) == (resolved, said)


# --- follow-ups -------------------------------------------------------------------------------------------------------


def test_a_follow_up_is_a_task_of_its_own_with_a_deadline_of_its_own(story: Story) -> None:
    story.left(0, "a", None)
    story.ask(60, NUMBER, dial=BEN)
    story.ask(60, FLAGS, language="pl", agreed=True)
    story.ask(60, CLAIM)
    story.ask(2 * HOUR, FOLLOW_UP, why="the nurse rings back")
    new = story.task(2)
    assert (new.source, new.state, new.line, new.caller, new.dial) == (
        TaskSource.FOLLOW_UP,
        OPEN,
        "enquiries",
        None,
        BEN,
    )
    assert (new.due, new.opened_at, new.language, new.holder) == (after(26 * HOUR), after(2 * HOUR), "pl", None)
    assert new.flags(after(2 * HOUR)) == ("pl", ())
    assert new.flags_until == story.task().flags_until, "the agreement ends for both at once"
    assert story.said(2) == "promised after task 1; the nurse rings back"
    assert (story.steps()[-1], story.said()) == (S.FOLLOW_UP, "task 2 is the follow-up; the nurse rings back")
    assert {entries[-1].who for entries in story.books.entries.values()} == {"Alice"}
    story.close(2 * HOUR, NOT_NEEDED)
    story.restart(3 * HOUR)
    story.attempt(4 * HOUR, "d1", to=BEN, talks=30)
    assert (story.state(2), story.task(2).responded_at) == (REACHED, after(4 * HOUR + 6))
    story.until(6 * HOUR)
    assert (story.state(2), story.task(2).in_time) == (CLOSED, True)


def test_a_follow_up_is_warned_of_in_its_own_words_after_a_restart_too(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, FOLLOW_UP)
    story.close(70, NOT_NEEDED)
    story.restart(80)
    story.until(25 * HOUR)
    overdue = [notice for notice in story.books.notices.values() if notice.kind.value == "overdue"]
    assert [notice.task for notice in overdue] == [2]
    said = "The caller to whom a follow-up was promised on Tuesday 24 November 2026 at 10:01, …123, has not been called"
    assert said in overdue[0].text


def test_a_caller_waits_for_one_follow_up_on_a_line(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, FOLLOW_UP)
    refused(story, "waits for a follow-up already: task 2 is one", 70, FOLLOW_UP)
    refused(story, "waits for a follow-up already: it is one itself", 70, FOLLOW_UP, number=2)
    story.close(80, NOT_NEEDED, number=2)
    story.ask(90, FOLLOW_UP)
    assert story.state(3) is OPEN
    story.left(100, "b", on="switch")
    story.ask(110, FOLLOW_UP, number=4)
    story.ask(120, FOLLOW_UP, number=4)
    assert [story.task(n).source for n in (5, 6)] == [TaskSource.FOLLOW_UP] * 2


def test_a_message_of_a_caller_who_waits_for_a_follow_up_joins_it(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, FOLLOW_UP)
    story.close(70, NOT_NEEDED)
    story.left(HOUR, "b")
    assert story.filing("b").task == 2
    story.restart(2 * HOUR)
    assert (story.state(2), story.task(2).due) == (OPEN, after(60 + DAY)), "the promise is the more pressing"
    story.attempt(3 * HOUR, "d1", talks=30)
    story.close(3 * HOUR + 60, DONE, number=2)


def test_a_follow_up_is_not_merged_away_when_it_turns_out_who_left_a_message(story: Story) -> None:
    story.left(0, "a")
    story.left(10, "b", None)
    story.ask(60, FOLLOW_UP)
    story.news(70, "b", caller=ANN, news="the caller is known")
    assert story.filing("b").task == 1
    assert (story.state(2), story.state(3)) == (CLOSED, OPEN)
    story.close(80, NOT_NEEDED)
    story.restart(90)
    assert story.state(3) is OPEN


def test_a_follow_up_of_a_withheld_number_waits_for_somebody_to_find_it_out(story: Story) -> None:
    story.left(0, "a", None)
    story.ask(60, FOLLOW_UP)
    story.ask(70, NUMBER, number=2, dial=BEN)
    story.attempt(80, "d1", to=BEN, talks=30)
    assert story.state(2) is REACHED


def test_an_erased_caller_waits_for_no_follow_up(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, FOLLOW_UP)
    story.erase(70, caller=ANN)
    assert [story.state(n) for n in (1, 2)] == [CLOSED, CLOSED]
    assert story.task(2).caller is None


# --- a request is carried out once ------------------------------------------------------------------------------------


def test_each_step_asked_twice_is_taken_once(story: Story) -> None:
    story.left(0, "a")
    steps: list[tuple[TaskAction, dict[str, Any]]] = [
        (CLAIM, {}),
        (FLAGS, {"language": "pl", "agreed": True}),
        (COMPLAINT, {}),
        (FOLLOW_UP, {}),
        (LATER, {"call_at": after(HOUR)}),
        (UNDO, {}),
        (ASSIGN, {"to": "Alice", "supervisor": True}),
        (CLOSE, {"outcome": NOT_NEEDED, "resolved": False}),
    ]
    for t, (action, more) in enumerate(steps, start=60):
        assert story.ask(t, action, request=f"once-{t}", **more)
        before = list(story.books.entries[1])
        assert story.ask(t, action, request=f"once-{t}", **more) == []
        assert story.books.entries[1] == before
    assert set(story.books.tasks) == {1, 2}


def test_a_program_that_asks_is_named_beside_the_person_in_both_tasks(story: Story) -> None:
    story.left(0, "a")
    story.ask(60, FOLLOW_UP, through="kiosk")
    assert [story.books.entries[n][-1].who for n in (1, 2)] == ["Alice (kiosk)"] * 2


# --- a click ----------------------------------------------------------------------------------------------------------


class Dials:
    """Somebody who dials: yes, or refuses in words."""

    def __init__(self) -> None:
        self.refusal = ""
        self.running = False
        self.asked: list[TaskAsked] = []

    def dial(self, work: Work, asked: TaskAsked, who: str) -> tuple[str, list[Fact]]:
        if self.refusal:
            raise IllegalTransition(self.refusal)
        self.asked.append(asked)
        click = Click(
            pbx="lab",
            key=asked.request,
            task=work.task.number,
            who=who,
            telephone="PJSIP/101",
            number=ANN,
            asked_at=work.at,
            state=ClickState.WANTED,
        )
        return "rings PJSIP/101", [ClickChanged(pbx="lab", at=work.at, click=click)]

    def runs(self, pbx: str, task: int) -> bool:
        return self.running


@pytest.fixture
def dials() -> Dials:
    return Dials()


@pytest.fixture
def clicking(dials: Dials) -> Story:
    told = Story(dialler=dials)
    took = told._took
    told._took = lambda facts: [*took([f for f in facts if isinstance(f, TaskChanged)])] and facts  # type: ignore[method-assign]
    told.left(0, "a")
    return told


def test_a_click_takes_a_free_task_and_asks_for_the_dial_in_one_step(clicking: Story, dials: Dials) -> None:
    changed, click = clicking.ask(60, DIAL, telephone="PJSIP/101", request="k1")
    assert isinstance(changed, TaskChanged)
    assert isinstance(click, ClickChanged)
    assert [(e.step, e.request) for e in changed.entries] == [(S.CLAIMED, None), (S.DIAL_ASKED, "k1")]
    assert (clicking.state(), clicking.task().holder, clicking.said()) == (CLAIMED, "Alice", "rings PJSIP/101")
    assert clicking.ask(60, DIAL, telephone="PJSIP/101", request="k1") == []
    assert len(dials.asked) == 1


def test_a_click_on_a_task_that_one_has_makes_the_lease_longer(clicking: Story) -> None:
    clicking.ask(10, CLAIM)
    clicking.ask(10 * MINUTE, DIAL)
    assert clicking.task().lease_until == after(25 * MINUTE)
    clicking.attempt(11 * MINUTE, "d1", talks=30)
    clicking.ask(12 * MINUTE, DIAL)
    assert (clicking.state(), clicking.task().holder) == (REACHED, "Alice")


def test_a_click_that_is_refused_leaves_the_task_free(clicking: Story, dials: Dials) -> None:
    dials.refusal = "premium numbers are not dialled"
    refused(clicking, "premium numbers are not dialled", 60, DIAL)
    assert (clicking.state(), clicking.steps()) == (OPEN, [S.OPENED])


def test_who_may_not_click(clicking: Story, dials: Dials) -> None:
    clicking.ask(60, CLAIM)
    refused(clicking, "claimed by Alice", 61, DIAL, "Bob")
    refused(clicking, "claimed by Alice", 61, DIAL, "Sue", supervisor=True)
    clicking.dial(70, "d1")
    refused(clicking, "being dialled", 71, DIAL)
    clicking.over(80, "d1")
    clicking.close(81, NOT_NEEDED)
    refused(clicking, "reopen it first", 82, DIAL)
    assert dials.asked == []


def test_nothing_is_decided_about_a_task_while_its_click_runs(clicking: Story, dials: Dials) -> None:
    clicking.ask(60, DIAL)
    dials.running = True
    for action, more in (
        (DIAL, {}),
        (RELEASE, {}),
        (CLOSE, {"outcome": NOT_NEEDED}),
        (LATER, {"call_at": after(HOUR)}),
        (ASSIGN, {"to": "Bob", "supervisor": True}),
    ):
        refused(clicking, "its call still runs; wait until it ends", 61, action, **more)
    clicking.ask(62, NOTE, why="may be written")
    dials.running = False
    clicking.ask(63, RELEASE)


def test_where_nothing_can_dial(story: Story) -> None:
    story.left(0, "a")
    refused(story, "nothing here can dial", 60, DIAL)


def test_a_dial_that_was_asked_for_with_a_click_is_that_tasks_own(clicking: Story) -> None:
    from dataclasses import replace

    from callcentre.core.hints import CalloutSeen

    clicking.left(10, "b", on="orders")
    clicking.ask(20, CLAIM, "Bob", number=1)
    clicking.ask(30, DIAL, number=2)
    clicking.dial(40, "d1")
    assert clicking.state(1) is DIALLING, "by hand it would be the one that somebody has claimed"
    clicking.over(50, "d1")
    known = replace(clicking.books.callouts["d1"], uniqueid="d2", task=2, ended_at=None, result=None)
    clicking.hear(CalloutSeen(pbx="lab", at=after(60), callout=replace(known, begun_at=after(60))))
    assert (clicking.state(1), clicking.state(2), clicking.task(2).attempts) == (UNANSWERED, DIALLING, 1)
