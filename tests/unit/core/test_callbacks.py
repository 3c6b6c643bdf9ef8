"""Whatever happens in whatever order: no message without its one task, no gap in a history, no alarm twice."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from callcentre.core.board import REMEMBERED
from callcentre.core.callbacks import Callbacks
from callcentre.core.charter import Office
from callcentre.core.errors import IllegalTransition
from callcentre.core.facts import OpenRows, TaskChanged
from callcentre.core.hints import FollowUpFiled, FollowUpWanted
from callcentre.core.requests import TaskAction
from callcentre.core.tasks import WrapUp
from callcentre.core.terms import (
    CalloutResult,
    MessageStatus,
    Outcome,
    TaskOutcome,
    TaskSource,
    TaskState,
    TaskStep,
    WrapKind,
)
from tests.playbooks.callback_story import ANN, BEN, HOUR, MINUTE, NOTE, OFFICE, Books, Story, after, own_line
from tests.unit.core.offices import day, office

CALLERS = st.sampled_from([ANN, BEN, None])
LINES = st.sampled_from([line.name for line in OFFICE.lines])
STEPS = st.sampled_from([0.0, 1.0, 5.0, 20.0, 5.0 * MINUTE, 16.0 * MINUTE, 3.0 * HOUR, 26.0 * HOUR])
BRIEF = st.sampled_from([0.0, 1.0, 5.0, 20.0])
RESULTS = st.sampled_from([result for result in CalloutResult if result is not CalloutResult.CONNECTED])


class Interleaving(RuleBasedStateMachine):
    """Callers, agents, dials, time and restarts, in any order; Books checks each fact as it is written."""

    @initialize()
    def begin(self) -> None:
        self.story = Story()
        self.made = 0
        self.running: list[str] = []
        self.known: dict[str, datetime] = {}
        self.refusals: set[str] = set()

    def _now(self, step: float) -> float:
        return self.story.now + step

    def _new(self, kind: str) -> str:
        self.made += 1
        return f"{kind}{self.made}"

    # --- callers -----------------------------------------------------------------------------------------------------

    @rule(step=STEPS, caller=CALLERS, on=LINES, playable=st.booleans(), elsewhere=st.integers(0, 9), late=STEPS)
    def message(self, step: float, caller: str | None, on: str, playable: bool, elsewhere: int, late: float) -> None:
        now = self._now(step)
        status = MessageStatus.FILED if elsewhere else MessageStatus.ELSEWHERE
        key = self._new("m")
        self.story.left(now - late, key, caller, on, playable=playable, status=status, known_at=now)

    @precondition(lambda self: self.story.books.filings)
    @rule(data=st.data(), step=STEPS, caller=CALLERS, on=LINES, heard=st.booleans(), earlier=st.sampled_from([0, HOUR]))
    def news(self, data: st.DataObject, step: float, caller: str | None, on: str, heard: bool, earlier: float) -> None:
        key = data.draw(st.sampled_from(sorted(self.story.books.filings)))
        known = self.story.books.messages[key]
        left_at = known.left_at - timedelta(seconds=earlier)
        playable = known.playable and not heard
        more: dict[str, Any] = {"caller": caller or known.caller, "line": on, "left_at": left_at, "playable": playable}
        self.story.news(self._now(step), key, heard=heard, **more)

    @rule(step=STEPS, caller=CALLERS, on=LINES)
    def gives_up(self, step: float, caller: str | None, on: str) -> None:
        self.story.ended(self._now(step), self._new("9."), Outcome.ABANDONED, caller, on=on)

    @rule(step=STEPS, caller=CALLERS)
    def gets_through(self, step: float, caller: str | None) -> None:
        self.story.rang_in(self._now(step), self._new("9."), caller)

    # --- the office --------------------------------------------------------------------------------------------------

    @rule(step=STEPS, to=st.sampled_from([ANN, BEN, "07700900123"]))
    def dials(self, step: float, to: str) -> None:
        uniqueid = self._new("d")
        self.running.append(uniqueid)
        self.story.dial(self._now(step), uniqueid, to)

    @precondition(lambda self: self.story.books.tasks)
    @rule(
        data=st.data(), step=BRIEF, who=st.sampled_from(["Alice", "Bob"]), rings=BRIEF, talks=BRIEF, twice=st.booleans()
    )
    def calls_back(self, data: st.DataObject, step: float, who: str, rings: float, talks: float, twice: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.story.books.tasks)))
        with suppress(IllegalTransition):
            self.story.ask(self._now(step), TaskAction.CLAIM, who, number)
        task = self.story.task(number)
        to = task.dial or task.caller
        for _ in range(1 + twice if to else 0):
            self.story.attempt(self._now(step), self._new("d"), rings=rings, talks=talks, to=to or "")

    @precondition(lambda self: self.running)
    @rule(data=st.data(), step=STEPS, rings=st.booleans(), talks=st.booleans(), ends=st.booleans(), result=RESULTS)
    def dial_goes_on(
        self, data: st.DataObject, step: float, rings: bool, talks: bool, ends: bool, result: CalloutResult
    ) -> None:
        uniqueid = data.draw(st.sampled_from(self.running))
        known = self.story.books.callouts[uniqueid]
        if rings and known.ring_start is None:
            self.story.rings(self._now(1), uniqueid)
        if talks and known.answered_at is None:
            self.story.answers(self._now(step), uniqueid)
        if ends:
            self.running.remove(uniqueid)
            self.story.over(self._now(step), uniqueid, result)

    @precondition(lambda self: self.story.books.tasks)
    @rule(
        data=st.data(),
        step=STEPS,
        action=st.sampled_from(TaskAction),
        who=st.sampled_from(["Alice", "Bob"]),
        outcome=st.sampled_from(TaskOutcome),
        off=st.sampled_from([None, -1.0, 60.0, 5.0 * HOUR]),
        flags=st.sampled_from([(None, ()), ("pl", ()), ("cy", ("sight",)), ("nothing at all", ())]),
        supervisor=st.booleans(),
        again=st.booleans(),
    )
    def asks(
        self,
        data: st.DataObject,
        step: float,
        action: TaskAction,
        who: str,
        outcome: TaskOutcome,
        off: float | None,
        flags: tuple[str | None, tuple[str, ...]],
        supervisor: bool,
        again: bool,
    ) -> None:
        number = data.draw(st.sampled_from(sorted(self.story.books.tasks)))
        books, now, request = self.story.books, self._now(step), self._new("k")
        more: dict[str, Any] = {"row": books.tasks[number], "filings": books.filings_of(number), "outcome": outcome}
        more |= {"language": flags[0], "needs": flags[1], "to": "Carol", "supervisor": supervisor, "why": "so"}
        more |= {"dial": "07700900123", "call_at": None if off is None else after(now + off), "resolved": supervisor}
        self.story.until(now)
        before = books.tasks[number]
        try:
            self.story.ask(now, action, who, number, request=request, **more)
        except IllegalTransition as refused:
            self.refusals.add(str(refused))
            assert books.tasks[number] == before
        else:
            assert [entry.request for entry in books.entries[number]].count(request) == 1
            told = [entry for entries in books.entries.values() for entry in entries if entry.request == request]
            assert len(told) == (2 if action is TaskAction.FOLLOW_UP else 1)
            if again:
                assert self.story.ask(now, action, who, number, request=request, **more) == []

    @rule(step=STEPS, caller=CALLERS, on=LINES, call=st.sampled_from(["9.1", "9.2", "9.3"]))
    def is_promised_a_follow_up(self, step: float, caller: str | None, on: str, call: str) -> None:
        now, before = self._now(step), set(self.story.books.tasks)
        kind = WrapKind.FOLLOW_UP
        wrap = WrapUp(pbx="lab", uniqueid=call, who="Dora", at=after(now), line=on, caller=caller, kind=kind)
        wanted = FollowUpWanted(pbx="lab", at=after(now), wrap=wrap, request=self._new("w"))
        (filed,) = (fact for fact in self.story.hear(wanted) if isinstance(fact, FollowUpFiled))
        assert filed.wrap.task in self.story.books.tasks
        assert self.story.books.tasks[filed.wrap.task].source is TaskSource.FOLLOW_UP
        assert len(set(self.story.books.tasks) - before) <= 1

    @rule(step=STEPS)
    def time_passes(self, step: float) -> None:
        self.story.until(self._now(step))

    @rule(step=STEPS, late=st.booleans())
    def restarts(self, step: float, late: bool) -> None:
        self.story.restart(self._now(step))
        if late:
            self.story.late(self.story.now)

    @precondition(lambda self: self.made % 5 == 0)
    @rule(step=STEPS, caller=st.sampled_from([ANN, BEN]))
    def erases(self, step: float, caller: str) -> None:
        self.made += 1
        self.story.erase(self._now(step), caller=caller)

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def every_message_is_in_one_task_that_is_there(self) -> None:
        books = self.story.books
        filed = {key for key, m in books.messages.items() if m.status in (MessageStatus.FILED, MessageStatus.ELSEWHERE)}
        assert filed == set(books.filings)
        for filing in books.filings.values():
            held = self.story.core._board.holding("lab", filing.key)
            task = books.tasks[filing.task]
            assert held is not None or task.state is TaskState.CLOSED
            assert held is None or (held.task.number, held.filings[filing.key]) == (filing.task, filing)

    @invariant()
    def a_call_is_followed_up_by_one_open_task(self) -> None:
        back = {TaskStep.REOPENED, TaskStep.UNDONE}
        waiting = [
            task.call
            for task in self.story.books.tasks.values()
            if task.source is TaskSource.FOLLOW_UP and task.state is not TaskState.CLOSED and task.call
            # What was closed is forgotten after a restart, and may be opened again beside a newer one.
            if back.isdisjoint(self.story.steps(task.number))
        ]
        assert len(waiting) == len(set(waiting))

    @invariant()
    def what_is_held_is_what_is_written(self) -> None:
        for held in self.story.core._board.waiting():
            assert held.task == self.story.books.tasks[held.task.number]
        alive = {number for number, task in self.story.books.tasks.items() if task.state is not TaskState.CLOSED}
        assert {held.task.number for held in self.story.core._board.waiting()} == alive

    @invariant()
    def a_response_is_never_lost(self) -> None:
        for key, filing in self.story.books.filings.items():
            assert self.known.get(key) in (None, filing.responded_at)
            if filing.responded_at is not None:
                self.known[key] = filing.responded_at
            assert filing.reached_at is None or filing.responded_at is not None

    @invariant()
    def a_refusal_says_something(self) -> None:
        assert all(len(words.split()) > 4 for words in self.refusals)

    @invariant()
    def only_what_lasts_is_held_or_dialled(self) -> None:
        for task in self.story.books.tasks.values():
            assert (task.holder is None) or task.state in (TaskState.CLAIMED, TaskState.DIALLING, TaskState.REACHED)
            assert (task.state is TaskState.CLAIMED) <= (task.lease_until is not None)
            assert task.state is not TaskState.CLOSED or task.closed_by

    @invariant()
    def who_waits_for_an_answer_has_the_earliest_deadline_shown(self) -> None:
        for held in self.story.core._board.waiting():
            waiting = held.unanswered()
            assert not waiting or held.task.due == min(filing.due for filing in waiting)


Interleaving.TestCase.settings = settings(
    max_examples=100, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestInterleaving = Interleaving.TestCase


def test_counting_names_every_line_and_every_state_but_closed() -> None:
    counts = Story().core.counts()
    assert set(counts) == {line.name for line in OFFICE.lines}
    assert all(set(states) == set(TaskState) - {TaskState.CLOSED} for states in counts.values())
    assert Story().core.overdue(after(0)) == dict.fromkeys(counts, 0)
    assert Story().core.due_soon(after(0)) == dict.fromkeys(counts, 0)


def test_a_task_is_due_soon_from_its_warning_until_it_is_overdue_or_answered() -> None:
    story = Story()
    story.left(0, "m1", ANN)
    line, task = own_line(), story.task(1)
    warned = task.act_by - line.warn_before

    def soon(at: datetime) -> tuple[int, int]:
        return story.core.due_soon(at)["enquiries"], story.core.overdue(at)["enquiries"]

    moment = timedelta(microseconds=1)
    assert soon(warned - moment) == (0, 0)
    assert soon(warned) == soon(task.due) == (1, 0)
    assert soon(task.due + moment) == (0, 1)
    story.attempt(1, "d1", rings=20, talks=30)
    assert soon(task.due) == (0, 0)


def test_what_one_pbx_has_is_nothing_to_another() -> None:
    here, there = own_line(), own_line(name="there", pbx="two")
    story = Story(office(here, there))
    story.left(0, "a")
    message = replace(story.books.messages["a"], pbx="two", line="there")
    board = story.core._board
    assert board.holding("two", message.key) is None
    assert board.of_caller("two", ANN) == []
    assert board.next_number("two") == 1


def test_closed_tasks_are_kept_within_bounds() -> None:
    story = Story()
    for number in range(1, REMEMBERED + 3):
        story.left(number, f"m{number}", None)
        story.close(number, TaskOutcome.NOT_NEEDED, number=number)
    board = story.core._board
    assert sum(1 for _ in board.remembered()) == REMEMBERED
    assert [board.task("lab", number) is None for number in (1, 2, 3)] == [True, True, False]
    assert board.holding("lab", "m1") is None


def test_closed_rows_are_taken_in_too() -> None:
    story = Story()
    story.left(0, "a")
    story.close(1, TaskOutcome.NOT_NEEDED)
    core = Callbacks(OFFICE)
    rows = OpenRows(tasks=(story.task(),), filings=story.books.filings_of(1))
    assert core.restore(rows, after(2)) == []
    assert core.next_timer() is None


def test_a_start_after_a_change_of_the_calendar_is_one_fact_a_task() -> None:
    story = Story()
    for key, caller in (("a", ANN), ("b", ANN), ("c", BEN)):
        story.left(0, key, caller)
    changed: Office = office(own_line(removed_days=frozenset({day("2026-11-25")})))
    facts = story.restart(60, changed)
    assert all(isinstance(fact, TaskChanged) for fact in facts)
    assert [[f.key for f in fact.filings] for fact in facts if isinstance(fact, TaskChanged)] == [["a", "b"], ["c"]]


def test_a_busy_task_asks_to_be_woken_once() -> None:
    story = Story()
    story.left(0, "a")
    for n in range(50):
        story.ask(n, NOTE, why="still thinking")
    assert len(story.core._board._wakes) == 1


def test_books_refuse_a_step_that_is_in_no_table() -> None:
    """The measure itself is held against a wrong history."""
    story = Story()
    (fact,) = story.left(0, "a")
    assert isinstance(fact, TaskChanged)
    wrong = replace(fact, entries=(replace(fact.entries[0], state=TaskState.REACHED),))
    with pytest.raises(AssertionError, match="open opened reached"):
        Books().write(wrong)
