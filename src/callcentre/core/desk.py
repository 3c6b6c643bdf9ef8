"""One task in hand, and one change of it: its steps, filings and notices gathered into one fact, or dropped whole.

Nothing of a change is so before `Work.done`: a request that is refused half-way leaves the task as it was.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from callcentre.core.errors import IllegalTransition
from callcentre.core.facts import TaskChanged
from callcentre.core.numbers import canonical, without_numbers
from callcentre.core.promises import OWN, Promises
from callcentre.core.task_states import require
from callcentre.core.tasks import NO_FLAGS, Callout, Entry, Filing, Message, Notice, Task
from callcentre.core.terms import TaskOutcome, TaskState, TaskStep

US: Final = "callcentre"
"""Who did what no person did."""

ACKNOWLEDGEMENT: Final = "acknowledgement: "
"""So begins what a task says was told about the deadline of its acknowledgement."""

SPOKEN_WITH: Final = frozenset({TaskOutcome.DONE, TaskOutcome.GOT_THROUGH})
"""The outcomes by which somebody spoke with the caller."""

_LONGEST = 500
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]+")


def plain(text: str) -> str:
    """What somebody wrote, fit for a history: one line, not too long, telephone numbers masked."""
    return without_numbers(_BLANKS.sub(" ", text).strip())[:_LONGEST]


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """What `who` did last to a task at `at`, in words, for a moment: the task before it and after it.

    `acknowledged`: it was no more than that the caller was told of these messages, by key.
    """

    what: str
    who: str
    at: datetime
    before: Task
    after: Task
    acknowledged: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class Held:
    """A task in memory: its row, its filings by message key, the dials made for it that still run.

    `filings` holds one under OWN for the call that an `abandoned` task was opened for. `calls` are those of its caller
    that were noted, `noted` what was said once. `wake` is when something falls due. `undo` is what may be undone.
    """

    task: Task
    filings: dict[str, Filing] = field(default_factory=dict)
    dials: dict[str, Callout] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)
    noted: set[str] = field(default_factory=set)
    wake: datetime | None = None
    undo: Undo | None = None

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self.task.state is TaskState.CLOSED

    @property
    def numbers(self) -> frozenset[str]:
        """The numbers under which its caller can be called, in the form of core.numbers."""
        return frozenset(n for n in (self.task.caller, canonical(self.task.dial)) if n)

    def unanswered(self) -> list[Filing]:
        """What waits for an answer, the most pressing first."""
        return _unanswered(self.filings)


def _unanswered(filings: dict[str, Filing]) -> list[Filing]:
    return sorted((f for f in filings.values() if f.responded_at is None), key=lambda f: (f.due, f.left_at, f.key))


class Work:
    """One change of one task at `at`: a copy to work on, put back by `done`.

    `through` names the program that a person asks with; the history shows it beside them.
    """

    def __init__(self, held: Held, at: datetime, promises: Promises) -> None:
        self.held = held
        self.at = at
        self.task = held.task
        self.filings = dict(held.filings)
        self.promises = promises
        self.calendar = promises.calendar(held.task.line)
        self.notices: list[Notice] = []
        self.through = ""
        self.undo: Undo | None = held.undo
        self._entries: list[Entry] = []
        self._changed: dict[str, Filing] = {}
        self._responded: set[str] = set()
        self._acknowledged: set[str] = set()

    # --- steps -------------------------------------------------------------------------------------------------------

    def step(
        self,
        step: TaskStep,
        why: str,
        *,
        who: str = US,
        to: TaskState | None = None,
        request: str | None = None,
        **row: Any,
    ) -> None:
        """Take one step, to the state `to` (none: it stays), with what else changes in the task's row.

        Raises IllegalTransition where the table has no such step.
        """
        state = to or self.task.state
        require(self.task, step, state, self.calendar)
        seq = self.task.entries + 1
        self.task = replace(self.task, state=state, entries=seq, **row)
        self._entries.append(
            Entry(
                pbx=self.task.pbx,
                task=self.task.number,
                seq=seq,
                at=self.at,
                who=f"{who} ({self.through})" if self.through and who != US else who,
                step=step,
                why=why,
                state=state,
                request=request,
            )
        )

    def free(self, step: TaskStep, why: str, to: TaskState, *, who: str = US, request: str | None = None) -> None:
        """A step after which nobody holds the task."""
        self.step(step, why, who=who, to=to, request=request, rests_in=to, holder=None, lease_until=None)

    def close(
        self,
        outcome: TaskOutcome,
        why: str,
        *,
        who: str = US,
        request: str | None = None,
        step: TaskStep = TaskStep.CLOSED,
    ) -> None:
        """The last step. In time: each of its messages was answered, or else ended by this, by its own deadline.

        Who says that the caller was spoken with says that they were told of their message's receipt.
        """
        if outcome in SPOKEN_WITH:
            self.acknowledge()
        in_time = all((f.responded_at or self.at) <= f.due for f in self.filings.values())
        self.step(
            step,
            why,
            who=who,
            to=TaskState.CLOSED,
            request=request,
            outcome=outcome,
            closed_at=self.at,
            closed_by=who,
            in_time=in_time,
            holder=None,
            lease_until=None,
        )

    def erase(self, why: str, who: str, request: str) -> None:
        """Forget who called; what waits for nobody any more is closed."""
        self.undo = None
        self.task = replace(self.task, caller=None, dial=None, **NO_FLAGS)
        if self.task.state is TaskState.CLOSED:
            self.step(TaskStep.ERASED, why, who=who, request=request)
        else:
            self.close(TaskOutcome.NOT_NEEDED, why, who=who, request=request, step=TaskStep.ERASED)

    def lapse(self) -> None:
        """The lease is over: the task falls back, or, its caller reached, closes itself with that call as its proof."""
        if self.task.lease_until is None or self.task.lease_until > self.at or self.held.dials:
            return
        if self.task.state is TaskState.CLAIMED:
            why = f"the claim of {self.task.holder} ended without a word"
            self.free(TaskStep.LAPSED, why, self.task.rests_in)
        elif self.task.state is TaskState.REACHED:
            if stays := self.more_to_do():
                self.free(TaskStep.LAPSED, f"the caller was reached, but {stays}", TaskState.OPEN)
            else:
                reached = self.task.reached_at
                proof = f" on {self.calendar.moment(reached)}" if reached else ""
                self.close(TaskOutcome.DONE, f"the caller was reached{proof}, and nobody said that more is to be done")

    # --- messages ----------------------------------------------------------------------------------------------------

    def file(self, filing: Filing) -> None:
        """Put a filing into the task, or change it."""
        if self.filings.get(filing.key) == filing:
            return
        self.filings[filing.key] = self._changed[filing.key] = filing

    def give_up(self, key: str) -> Filing:
        """Take a filing out of the task, for another to have."""
        self._changed.pop(key, None)
        return self.filings.pop(key)

    def respond(self, begun_at: datetime, moment: datetime, reached_at: datetime | None) -> tuple[bool, bool]:
        """A dial begun at `begun_at` answered what was left before: at `moment`, by speaking if `reached_at` is given.

        Return whether anything was answered just now, and whether anybody was reached for the first time.
        """
        answered = reached = False
        before = [filing for filing in self.filings.values() if filing.left_at < begun_at]
        for filing in before:
            if filing.responded_at is None:
                answered = True
                self._responded.add(filing.key)
                filing = replace(filing, responded_at=moment)
            if reached_at is not None and filing.reached_at is None:
                reached = True
                filing = self._acknowledge(replace(filing, reached_at=reached_at), reached_at)
            self.file(filing)
        if answered and self.task.responded_at is None:
            self.task = replace(self.task, responded_at=moment)
        if before and reached_at is not None and self.task.reached_at is None:
            self.task = replace(self.task, reached_at=reached_at)
        return answered, reached

    def _acknowledge(self, filing: Filing, moment: datetime) -> Filing:
        """The filing with its caller told at `moment`, unless that was promised to nobody or they were told before."""
        if filing.ack_due is None or (filing.acknowledged_at is not None and filing.acknowledged_at <= moment):
            return filing
        if filing.acknowledged_at is None:
            self._acknowledged.add(filing.key)
        return replace(filing, acknowledged_at=moment)

    def acknowledge(self, when: datetime | None = None) -> None:
        """The caller was told `when` (None: just now) that what they had left by then was received."""
        for filing in self.unacknowledged():
            if filing.left_at <= (when or self.at):
                self.file(self._acknowledge(filing, when or self.at))

    @property
    def acknowledged(self) -> frozenset[str]:
        """The messages of which it was said just now that the caller was told, by key."""
        return frozenset(self._acknowledged)

    def unacknowledge(self, said: Callable[[Filing], bool]) -> None:
        """What was `said` of messages is not so: nobody told the caller. Whom somebody spoke with knows anyway."""
        for filing in list(self.filings.values()):
            if said(filing) and filing.reached_at is None:
                self.file(replace(filing, acknowledged_at=None))

    def unanswered(self) -> list[Filing]:
        """What waits for an answer, the most pressing first."""
        return _unanswered(self.filings)

    def unacknowledged(self) -> list[Filing]:
        """What is to be acknowledged, the most pressing first."""
        waiting = [(f.ack_due, f.left_at, f.key) for f in self.filings.values() if f.ack_due and f.unacknowledged]
        return [self.filings[key] for _, _, key in sorted(waiting)]

    def unheard(self) -> str:
        """What nobody listened to although it can be played, in words; empty if there is nothing."""
        left = [f.left_at for f in self.filings.values() if f.playable and f.heard_at is None]
        return f"nobody has listened to the message of {self.calendar.moment(min(left))}" if left else ""

    def came_after(self, contact: datetime) -> str:
        """The first message left since `contact`, in words; empty if there is none."""
        left = [f.left_at for f in self.filings.values() if f.left_at >= contact]
        return f"the message of {self.calendar.moment(min(left))} came after the last attempt began" if left else ""

    def more_to_do(self) -> str:
        """Why the call that reached the caller does not end the task, in words; empty if it does."""
        return self.unheard() or self._not_called_since()

    def _not_called_since(self) -> str:
        left = [f.left_at for f in self.filings.values() if f.reached_at is None]
        return f"the message of {self.calendar.moment(min(left))} came after that call began" if left else ""

    # --- the fact ----------------------------------------------------------------------------------------------------

    @property
    def touched(self) -> bool:
        """Whether anything of the task or its filings is no longer as it was."""
        return bool(self._entries or self._changed) or self.task != self.held.task

    def settle(self) -> None:
        """Have the task show the most pressing of its unanswered messages; a new deadline is watched from the start."""
        self._settle_acknowledgement()
        waiting = self.unanswered()
        if not waiting:
            return
        if waiting[0].due != self.task.due:
            self.task = replace(
                self.task,
                due=waiting[0].due,
                alarms=tuple(name for name in self.task.alarms if name.startswith(ACKNOWLEDGEMENT)),
            )
        act_by = min(f.act_by for f in waiting)
        if act_by != self.task.act_by:
            self.task = replace(self.task, act_by=act_by)

    def _settle_acknowledgement(self) -> None:
        waiting = self.unacknowledged()
        due = waiting[0].ack_due if waiting else None
        if due != self.task.ack_due:
            self.task = replace(self.task, ack_due=due)
        act_by = min((f.ack_act_by for f in waiting if f.ack_act_by), default=None)
        if act_by != self.task.ack_act_by:
            self.task = replace(self.task, ack_act_by=act_by)

    def done(
        self, *, message: Message | None = None, first: bool = False, callout: Callout | None = None
    ) -> TaskChanged:
        """Put the change into effect, and tell it."""
        self.settle()
        self.held.task, self.held.filings, self.held.undo = self.task, self.filings, self.undo
        changed = tuple(f for key, f in self._changed.items() if key != OWN)
        return TaskChanged(
            pbx=self.task.pbx,
            at=self.at,
            task=self.task,
            entries=tuple(self._entries),
            message=message,
            first=first,
            filings=changed,
            responded=tuple(f for f in changed if f.key in self._responded),
            acknowledged=tuple(f for f in changed if f.key in self._acknowledged),
            callout=callout,
            notices=tuple(self.notices),
        )


def named(who: str) -> str:
    """The name of a person who asks; IllegalTransition if there is none."""
    name = plain(who)
    if not name:
        raise IllegalTransition("nobody is named; say who asks")
    return name


def same(holder: str | None, who: str) -> bool:
    """Whether both name one person."""
    return holder is not None and holder.casefold() == who.casefold()
