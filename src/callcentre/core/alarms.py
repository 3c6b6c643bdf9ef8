"""When people are told of a callback that is not made: before its deadline, at it, and after it, step by step.

So they are of a message that is not acknowledged, where that is promised. Each is told once for each deadline: the task
names what was told about its present ones, and the notice has a key that drops repeats. What fell due while nobody
watched is told as soon as somebody does, in its order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcentre.core.charter import Line
from callcentre.core.desk import ACKNOWLEDGEMENT, Work
from callcentre.core.numbers import masked
from callcentre.core.tasks import Filing, Notice, Task
from callcentre.core.terms import NoticeKind, TaskSource, TaskStep

_STEPS = {
    NoticeKind.WARNING: TaskStep.WARNED,
    NoticeKind.OVERDUE: TaskStep.OVERDUE,
    NoticeKind.ESCALATION: TaskStep.ESCALATED,
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing to tell, `at` a moment, `to` contacts; its `name` is unique for one deadline.

    `act_by` and `due` are that deadline. `ack`: it is the one of the acknowledgement, not of the answer.
    """

    name: str
    at: datetime
    kind: NoticeKind
    to: tuple[str, ...]
    act_by: datetime
    due: datetime
    after: timedelta = timedelta()
    ack: bool = False

    @property
    def mark(self) -> str:
        """What the task notes when it is told: of an acknowledgement with the deadline, which can come back."""
        return f"{self.name} {self.due.isoformat()}" if self.ack else self.name


def alarms(line: Line, task: Task, *, waits: bool) -> list[Alarm]:
    """What is to be told about the task's present deadlines and was not yet, in its order.

    `waits`: something in it is unanswered. That something is to be acknowledged, the task shows itself.
    """
    told = frozenset(task.alarms)
    planned = [*_planned(line, task.act_by, task.due)] if waits else []
    if task.ack_act_by is not None and task.ack_due is not None:
        planned += _planned(line, task.ack_act_by, task.ack_due, ack=True)
    return sorted((alarm for alarm in planned if alarm.mark not in told), key=lambda alarm: alarm.at)


def _planned(line: Line, act_by: datetime, due: datetime, *, ack: bool = False) -> Iterator[Alarm]:
    """All that is told about one deadline."""
    of = ACKNOWLEDGEMENT if ack else ""
    yield Alarm(f"{of}warning", act_by - line.warn_before, NoticeKind.WARNING, line.tell, act_by, due, ack=ack)
    yield Alarm(f"{of}overdue", due, NoticeKind.OVERDUE, line.tell, act_by, due, ack=ack)
    for after, to in escalation(line):
        name = f"{of}escalation after {after // timedelta(seconds=1)} s"
        yield Alarm(name, due + after, NoticeKind.ESCALATION, to, act_by, due, after, ack)


def next_alarm(line: Line, task: Task, waiting: list[Filing]) -> datetime | None:
    """When there is something to tell of a task in which `waiting` is unanswered; None if never."""
    return min((alarm.at for alarm in alarms(line, task, waits=bool(waiting))), default=None)


def raise_due(work: Work, line: Line) -> None:
    """Tell what fell due until now."""
    work.settle()
    unanswered, unacknowledged = work.unanswered(), work.unacknowledged()
    for alarm in alarms(line, work.task, waits=bool(unanswered)):
        if alarm.at > work.at:
            continue
        waiting = unacknowledged if alarm.ack else unanswered
        told = f"told {', '.join(alarm.to)}" if alarm.to else "nobody is named to be told"
        work.step(_STEPS[alarm.kind], f"{_what(work, alarm)}; {told}", alarms=(*work.task.alarms, alarm.mark))
        work.notices.append(_notice(work, alarm, waiting, line))


def _what(work: Work, alarm: Alarm) -> str:
    act_by, due = (work.calendar.moment(at) for at in (alarm.act_by, alarm.due))
    if alarm.kind is NoticeKind.WARNING:
        return f"to be {'acknowledged' if alarm.ack else 'done'} by {act_by}"
    if alarm.kind is NoticeKind.OVERDUE:
        return f"was {'to be acknowledged by' if alarm.ack else 'due on'} {due}"
    late = f"{span(alarm.after)} after it" if alarm.after else "and"
    return f"still not {'acknowledged' if alarm.ack else 'done'}, {late} was due on {due}"


def _notice(work: Work, alarm: Alarm, waiting: list[Filing], line: Line) -> Notice:
    task, calendar, filing = work.task, work.calendar, waiting[0]
    caller, left = masked(task.caller) if task.caller else "a withheld number", calendar.moment(filing.left_at)
    parts = [f"Task {task.number} on line {task.line}: {_what(work, alarm)}."]
    if alarm.ack:
        parts.append(f"The message left on {left} by {caller} has not been acknowledged.")
    else:
        parts.append(_who_waits(filing, task, caller, left))
    if len(waiting) > 1:
        parts.append(f"{len(waiting)} of this caller's messages wait.")
    parts.append(f"Why then: {filing.ack_reason if alarm.ack else filing.due_reason}")
    last = f", the last on {calendar.moment(task.last_attempt_at)}" if task.last_attempt_at else ""
    parts.append(f"Attempts so far: {task.attempts}{last}.")
    if task.call_at is not None and task.call_at > work.at:
        parts.append(f"It is put off: to be called on {calendar.moment(task.call_at)}.")
    if task.holder:
        parts.append(f"It is claimed by {task.holder}.")
    if task.got_through_at:
        parts.append(f"The caller spoke to somebody on {calendar.moment(task.got_through_at)}.")
    if alarm.ack:
        parts.append(
            "What to do: tell the caller that it was received, by a call, text, e-mail or letter, and say so in the "
            "task. Whoever calls back and reaches them has done it."
        )
    elif task.got_through_at:
        parts.append("What to do: if that settled it, close the task as got through; else call back.")
    elif task.caller or task.dial:
        parts.append("What to do: claim the task, call back, and say what came of it.")
    elif not any(work.filings):
        parts.append("What to do: claim the task, find out the number and type it in, and call back.")
    else:
        parts.append("What to do: claim the task, listen to the message, type in the number it gives, and call back.")
    return Notice(
        key=f"{task.pbx}/task {task.number}/{alarm.due.isoformat()}/{alarm.name}",
        pbx=task.pbx,
        line=line.name,
        kind=alarm.kind,
        at=work.at,
        title=f"{task.line}: callback {task.number} {_what(work, alarm)}",
        text="\n".join(parts),
        to=alarm.to,
        task=task.number,
    )


def _who_waits(filing: Filing, task: Task, caller: str, left: str) -> str:
    if filing.key:
        return f"The message left on {left} by {caller} has not been answered."
    if task.source is TaskSource.FOLLOW_UP:
        return f"The caller to whom a follow-up was promised on {left}, {caller}, has not been called back."
    return f"The caller who gave up waiting on {left}, {caller}, has not been called back."


def escalation(line: Line) -> list[tuple[timedelta, tuple[str, ...]]]:
    """Who is told when something is so late, by how late; two steps at one moment are one."""
    steps: dict[timedelta, tuple[str, ...]] = {}
    for step in line.escalation:
        steps[step.after] = tuple(dict.fromkeys((*steps.get(step.after, ()), *step.tell)))
    return sorted(steps.items())


def span(after: timedelta) -> str:
    """`after` in words: `2 h 30 min`."""
    hours, minutes = divmod(after // timedelta(minutes=1), 60)
    words = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
    return " ".join(words)
