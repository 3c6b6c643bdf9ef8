"""What people may ask of a task, and what they are told where it cannot be.

Everybody who asks is named. Who holds a task decides about it, or a supervisor; a task that nobody holds is anybody's.
What is arranged for a task is core/arrangements.py, what can be taken back core/undoing.py.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from callcentre.core import arrangements, undoing
from callcentre.core.charter import Office
from callcentre.core.desk import Work, named, plain, same
from callcentre.core.errors import IllegalTransition
from callcentre.core.facts import Fact
from callcentre.core.numbers import canonical, masked
from callcentre.core.requests import TaskAction, TaskAsked
from callcentre.core.task_states import FREE, claimed, refusal
from callcentre.core.terms import TaskOutcome, TaskState, TaskStep


class Dialler(Protocol):
    """Who dials for a task at an agent's click; the centre gives one (core.clicks)."""

    def dial(self, work: Work, asked: TaskAsked, who: str) -> tuple[str, list[Fact]]:
        """Have the caller of the task in hand dialled, which `who` holds by now.

        Return words for the history (no full number) and what else is so by this: ClickChanged, CommandWanted. Raises
        IllegalTransition if it may not be. `work` is read only; the entry DIAL_ASKED is made of the words.
        """
        ...

    def runs(self, pbx: str, task: int) -> bool:
        """Whether a dial that was asked for with a click is not over for this task."""
        ...


class Asks:
    """Carries out requests on a task's change; raises IllegalTransition, whose words say what to do instead."""

    def __init__(self, office: Office, dialler: Dialler | None = None) -> None:
        self._lease: timedelta = office.lease
        self._attempts = office.attempts
        self._flags_last = office.flags_last
        self._dialler = dialler
        self._actions: dict[TaskAction, Callable[[Work, TaskAsked, str], None]] = {
            TaskAction.CLAIM: self._claim,
            TaskAction.RENEW: self._renew,
            TaskAction.RELEASE: self._release,
            TaskAction.HEARD: self._heard,
            TaskAction.NUMBER: self._number,
            TaskAction.NOTE: self._note,
            TaskAction.CLOSE: self._close,
            TaskAction.REOPEN: self._reopen,
            TaskAction.LATER: self._later,
            TaskAction.FLAGS: self._flags,
            TaskAction.ASSIGN: self._assign,
            TaskAction.UNDO: self._undo,
            TaskAction.COMPLAINT: arrangements.complaint,
            TaskAction.ACKNOWLEDGE: arrangements.acknowledge,
        }

    def carry_out(self, work: Work, asked: TaskAsked) -> list[Fact]:
        """Do what was asked; a lease that is over by now ends first. Return what is so besides the task's change.

        A follow-up is a task of its own: Letters opens it, and only the entry in this one is made here.
        """
        who = named(asked.who)
        work.through = plain(asked.through)
        work.lapse()
        if asked.action is TaskAction.DIAL:
            return self._dial(work, asked, who)
        before = work.task
        self._actions[asked.action](work, asked, who)
        work.undo = undoing.of(work, asked, before, who)
        return []

    def _dial(self, work: Work, asked: TaskAsked, who: str) -> list[Fact]:
        """The task becomes theirs if nobody has it, and the agent's telephone will ring."""
        task = work.task
        if task.state in (TaskState.CLOSED, TaskState.DIALLING):
            raise IllegalTransition(refusal(task, work.calendar))
        self._only_holder(work, who)
        self._nothing_runs(work)
        until = work.at + self._lease
        if task.state in FREE:
            why = f"until {work.calendar.clock(until)}"
            work.step(TaskStep.CLAIMED, why, who=who, to=TaskState.CLAIMED, rests_in=task.state)
        if self._dialler is None:
            raise IllegalTransition("nothing here can dial; call from your own telephone, and the attempt is seen")
        words, facts = self._dialler.dial(work, asked, who)
        work.step(TaskStep.DIAL_ASKED, words, who=who, request=asked.request, holder=who, lease_until=until)
        return facts

    def _claim(self, work: Work, asked: TaskAsked, who: str) -> None:
        task = work.task
        if task.state is TaskState.CLAIMED and same(task.holder, who):
            raise IllegalTransition(f"task {task.number} is yours already; renew it to have it longer")
        until = work.at + self._lease
        why = plain(asked.why) or f"until {work.calendar.clock(until)}"
        rests_in = task.state if task.state in FREE else task.rests_in
        work.step(
            TaskStep.CLAIMED,
            why,
            who=who,
            to=TaskState.CLAIMED,
            request=asked.request,
            holder=who,
            lease_until=until,
            rests_in=rests_in,
        )

    def _renew(self, work: Work, asked: TaskAsked, who: str) -> None:
        self._only_holder(work, who)
        task = work.task
        if task.holder is None and task.state is not TaskState.REACHED:
            raise IllegalTransition(refusal(task, work.calendar))
        until = work.at + self._lease
        why = plain(asked.why) or f"until {work.calendar.clock(until)}"
        work.step(TaskStep.RENEWED, why, who=who, request=asked.request, holder=who, lease_until=until)

    def _release(self, work: Work, asked: TaskAsked, who: str) -> None:
        self._may_decide(work, asked, who)
        task = work.task
        rests_in = TaskState.OPEN if task.state is TaskState.REACHED else task.rests_in
        self._nothing_runs(work)
        why = plain(asked.why) or "no reason given"
        work.free(TaskStep.RELEASED, why, rests_in, who=who, request=asked.request)

    def _heard(self, work: Work, asked: TaskAsked, who: str) -> None:
        filings = [f for f in work.filings.values() if f.key and asked.message in (None, f.key)]
        if not filings:
            which = "no message that could be listened to" if asked.message is None else "no such message"
            raise IllegalTransition(f"task {work.task.number} holds {which}")
        for filing in filings:
            if filing.heard_at is None:
                work.file(replace(filing, heard_at=work.at, heard_by=who))
        moment = f" to the message of {work.calendar.moment(filings[0].left_at)}" if asked.message else ""
        work.step(TaskStep.HEARD, plain(asked.why) or f"listened{moment or ' to'}", who=who, request=asked.request)

    def _number(self, work: Work, asked: TaskAsked, who: str) -> None:
        number = canonical(asked.dial)
        if number is None:
            raise IllegalTransition("that is no telephone number; type its digits, with the area code")
        why = ": ".join(part for part in (masked(number), plain(asked.why)) if part)
        work.step(TaskStep.NUMBER_TYPED, why, who=who, request=asked.request, dial=number)

    def _note(self, work: Work, asked: TaskAsked, who: str) -> None:
        why = plain(asked.why)
        if not why:
            raise IllegalTransition("the note is empty; write what should be remembered")
        work.step(TaskStep.NOTED, why, who=who, request=asked.request)

    def _close(self, work: Work, asked: TaskAsked, who: str) -> None:
        task = work.task
        if task.state in (TaskState.CLOSED, TaskState.DIALLING):
            raise IllegalTransition(refusal(task, work.calendar))
        self._may_decide(work, asked, who)
        self._nothing_runs(work)
        if asked.outcome is None:
            outcomes = ", ".join(TaskOutcome)
            raise IllegalTransition(f"say what came of task {task.number}: one of {outcomes}")
        self._may_end(work, asked.outcome)
        said = {None: "", True: "resolved at first contact", False: "not resolved at first contact"}[asked.resolved]
        why = "; ".join(part for part in (plain(asked.why), said) if part) or "no reason given"
        work.task = replace(work.task, resolved=asked.resolved)
        work.close(asked.outcome, why, who=who, request=asked.request)

    def _later(self, work: Work, asked: TaskAsked, who: str) -> None:
        self._may_decide(work, asked, who)
        self._nothing_runs(work)
        arrangements.later(work, asked, who)

    def _assign(self, work: Work, asked: TaskAsked, who: str) -> None:
        self._nothing_runs(work)
        arrangements.assign(work, asked, who, self._lease)

    def _flags(self, work: Work, asked: TaskAsked, who: str) -> None:
        arrangements.flags(work, asked, who, self._flags_last)

    def _undo(self, work: Work, asked: TaskAsked, who: str) -> None:
        undoing.undo(work, asked, who, self._lease)

    def _may_end(self, work: Work, outcome: TaskOutcome) -> None:
        task = work.task
        name = f"task {task.number} cannot be closed yet"
        if unheard := work.unheard():
            raise IllegalTransition(f"{name}: {unheard}; listen to it first")
        contact = max((at for at in (task.last_attempt_at, task.got_through_at) if at is not None), default=None)
        if contact is not None and (later := work.came_after(contact)):
            raise IllegalTransition(f"{name}: {later}; call once more")
        if outcome is TaskOutcome.NO_ANSWER and task.attempts < self._attempts:
            left = self._attempts - task.attempts
            raise IllegalTransition(
                f"{name} as no_answer: {task.attempts} of {self._attempts} attempts were made; "
                f"make {left} more, or close it with another outcome"
            )
        if outcome is TaskOutcome.GOT_THROUGH and task.got_through is None:
            raise IllegalTransition(
                f"{name} as got_through: no call of this caller was seen to be answered since; "
                "if you know of one, close it as done and say when"
            )

    def _reopen(self, work: Work, asked: TaskAsked, who: str) -> None:
        task = work.task
        if task.state is not TaskState.CLOSED:
            raise IllegalTransition(f"task {task.number} is not closed; claim it")
        if not work.filings:
            raise IllegalTransition(f"task {task.number} holds nothing any more; its messages are in another task")
        work.step(
            TaskStep.REOPENED,
            plain(asked.why) or "no reason given",
            who=who,
            to=TaskState.REOPENED,
            request=asked.request,
            rests_in=TaskState.REOPENED,
            outcome=None,
            closed_at=None,
            closed_by=None,
            in_time=None,
            resolved=None,
            call_at=None,
        )

    def _nothing_runs(self, work: Work) -> None:
        task = work.task
        clicked = self._dialler is not None and self._dialler.runs(task.pbx, task.number)
        if work.held.dials or clicked:
            raise IllegalTransition(f"task {task.number}: its call still runs; wait until it ends")

    def _may_decide(self, work: Work, asked: TaskAsked, who: str) -> None:
        """A supervisor decides about everybody's tasks."""
        if not asked.supervisor:
            self._only_holder(work, who)

    @staticmethod
    def _only_holder(work: Work, who: str) -> None:
        if work.task.holder is not None and not same(work.task.holder, who):
            raise IllegalTransition(claimed(work.task, work.calendar))
