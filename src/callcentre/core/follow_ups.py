"""Follow-ups: tasks that nobody left a message for, but an agent promised a call, after a task or after a call.

The promise counts from when it was given: it is due as if a message were left then. A caller waits for one on a line,
not for several, unless many callers share their number there.
"""

from dataclasses import replace
from datetime import datetime

from callcentre.core.board import Board
from callcentre.core.desk import Held, Work, named, plain
from callcentre.core.errors import IllegalTransition
from callcentre.core.facts import Fact, TaskChanged
from callcentre.core.hints import FollowUpFiled, FollowUpWanted
from callcentre.core.letters import Letters
from callcentre.core.promises import OWN, Promises
from callcentre.core.requests import TaskAsked
from callcentre.core.tasks import flags_of
from callcentre.core.terms import TaskSource, TaskStep


class FollowUps:
    """Opens follow-ups on the board."""

    def __init__(self, board: Board, letters: Letters, promises: Promises) -> None:
        self._board = board
        self._letters = letters
        self._promises = promises

    def after_task(self, work: Work, asked: TaskAsked) -> list[Fact]:
        """A new task for the caller of the one in hand, which can be closed then."""
        task, who = work.task, named(asked.who)
        work.through = plain(asked.through)
        waits = self._waits(task.pbx, task.line, task.caller)
        if waits is not None:
            which = "it is one itself" if waits is work.held else f"task {waits.task.number} is one"
            raise IllegalTransition(f"this caller waits for a follow-up already: {which}; add a note to it")
        held = self._new(task.pbx, task.line, task.caller, asked.at)
        spoken = task if any(task.flags(asked.at)) else held.task
        held.task = replace(held.task, dial=task.dial, **flags_of(spoken))
        fresh = self._open(held, asked.at)
        fresh.through = work.through
        fresh.step(
            TaskStep.OPENED, _words(f"promised after task {task.number}", asked.why), who=who, request=asked.request
        )
        why = _words(f"task {held.task.number} is the follow-up", asked.why)
        work.step(TaskStep.FOLLOW_UP, why, who=who, request=asked.request)
        return [self._board.commit(fresh), self._board.commit(work)]

    def after_call(self, wanted: FollowUpWanted) -> list[Fact]:
        """The follow-up that was promised in a call: a new task, unless there is one for the call or for the caller."""
        wrap, at = wanted.wrap, wanted.at
        held, told = self._of_call(wanted.pbx, wrap.uniqueid), list[Fact]()
        if held is None:
            held = self._waits(wanted.pbx, wrap.line, wrap.caller)
            told = [self._again(held, wanted)] if held is not None else []
        if held is None:
            held = self._new(wanted.pbx, wrap.line, wrap.caller, at)
            held.task = replace(held.task, call=wrap.uniqueid)
            work = self._open(held, at)
            work.step(TaskStep.OPENED, _words("promised in a call", wrap.why), who=wrap.who, request=wanted.request)
            told = [self._board.commit(work)]
        return [*told, FollowUpFiled(pbx=wanted.pbx, at=at, wrap=replace(wrap, task=held.task.number))]

    def _again(self, held: Held, wanted: FollowUpWanted) -> TaskChanged:
        work = Work(held, wanted.at, self._promises)
        why = _words("promised once more, in another call", wanted.wrap.why)
        work.step(TaskStep.NOTED, why, who=wanted.wrap.who, request=wanted.request)
        return self._board.commit(work)

    def _waits(self, pbx: str, line: str, caller: str | None) -> Held | None:
        """The follow-up that a caller waits for on a line; None where many callers share their number."""
        if not self._promises.line(line).merge:
            return None
        found = self._board.of_caller(pbx, caller)
        return next((h for h in found if (h.task.line, h.task.source) == (line, TaskSource.FOLLOW_UP)), None)

    def _of_call(self, pbx: str, uniqueid: str) -> Held | None:
        known = (*self._board.waiting(), *self._board.remembered())
        of = (pbx, TaskSource.FOLLOW_UP, uniqueid)
        return next((h for h in known if (h.task.pbx, h.task.source, h.task.call) == of), None)

    def _new(self, pbx: str, line: str, caller: str | None, at: datetime) -> Held:
        number = self._board.next_number(pbx)
        filing = self._promises.filing(pbx=pbx, key=OWN, task=number, line=line, left_at=at)
        return self._letters.opened(filing, caller, at, TaskSource.FOLLOW_UP)

    def _open(self, held: Held, at: datetime) -> Work:
        task, work = held.task, Work(held, at, self._promises)
        work.file(
            self._promises.filing(pbx=task.pbx, key=OWN, task=task.number, line=task.line, left_at=task.opened_at)
        )
        return work


def _words(what: str, why: str) -> str:
    return "; ".join(part for part in (what, plain(why)) if part)
