"""What callers leave, and which task it belongs to: each message, each abandoned call, in exactly one.

Messages of one caller on one line join the open task of that caller, unless the line says otherwise (a switchboard's
number is many callers') or the number is withheld; each keeps its own deadline. When it turns out later whose a
message is, its task joins that caller's older one.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from callcentre.core.board import Board
from callcentre.core.desk import Held, Work, plain
from callcentre.core.facts import Call, TaskChanged
from callcentre.core.hints import MessageKnown
from callcentre.core.numbers import canonical, masked
from callcentre.core.promises import OWN, Promises
from callcentre.core.tasks import NO_FLAGS, Filing, Message, Task, flags_of
from callcentre.core.terms import MessageStatus, TaskOutcome, TaskSource, TaskState, TaskStep

_FILED: Final = frozenset({MessageStatus.FILED, MessageStatus.ELSEWHERE})
_IN_HANDS: Final = frozenset({TaskState.CLAIMED, TaskState.DIALLING, TaskState.REACHED})
"""A task in these states is somebody's just now: it is not closed under their hands."""

_BY_TELEPHONE: Final = "a telephone"


class Letters:
    """Files messages and abandoned calls into tasks on the board."""

    def __init__(self, board: Board, promises: Promises) -> None:
        self._board = board
        self._promises = promises

    def take(self, known: MessageKnown) -> Iterator[TaskChanged]:
        """A message, or news of one."""
        message = known.message
        held = self._board.holding(known.pbx, message.key)
        if held is not None:
            yield from self._news(held, known)
        elif known.first and message.status in _FILED:
            yield self._file(known)
        else:
            yield TaskChanged(pbx=known.pbx, at=known.at, message=message)

    # --- a new message -----------------------------------------------------------------------------------------------

    def _file(self, known: MessageKnown) -> TaskChanged:
        message, at = known.message, known.at
        caller = canonical(message.caller)
        elsewhere = message.status is MessageStatus.ELSEWHERE
        held = None if elsewhere else self._open_task(message, caller)
        joins = held is not None
        filing = self._filing(known, held.task.number if held else self._board.next_number(message.pbx))
        if held is None:
            held = self.opened(filing, caller, at, TaskSource.VOICEMAIL)
        work = Work(held, at, self._promises)
        left = f"a message left on {work.calendar.moment(message.left_at)}"
        news = f"; {plain(known.news)}" if known.news else ""
        work.file(filing)
        if joins:
            again = "; the task is no longer put off" if work.task.call_at is not None else ""
            work.step(TaskStep.MESSAGE_JOINED, f"{left} by the same caller{news}{again}", call_at=None)
        else:
            work.step(TaskStep.OPENED, f"{left} by {_caller(caller)}{news}")
        if elsewhere:
            work.close(TaskOutcome.NOT_NEEDED, "was among the heard messages when first seen")
        return self._board.commit(work, message=message, first=True)

    def _filing(self, known: MessageKnown, number: int) -> Filing:
        message = known.message
        filing = self._promises.filing(
            pbx=message.pbx, key=message.key, task=number, line=message.line, left_at=message.left_at
        )
        filing = replace(filing, playable=message.playable)
        return replace(filing, heard_at=known.at, heard_by=_BY_TELEPHONE) if known.heard else filing

    def opened(self, filing: Filing, caller: str | None, at: datetime, source: TaskSource) -> Held:
        """A new task for a caller, whose first step is still to be taken; how to speak with them is known already."""
        task = Task(
            pbx=filing.pbx,
            number=filing.task,
            line=filing.line,
            caller=caller,
            source=source,
            state=TaskState.OPEN,
            opened_at=at,
            due=filing.due,
            act_by=filing.act_by,
            entries=0,
            **self._spoken_with(filing, caller, at),
        )
        return Held(task=task)

    def _spoken_with(self, filing: Filing, caller: str | None, at: datetime) -> dict[str, Any]:
        """What is noted of how to speak with a caller, in the newest task that says so; nothing where many share it."""
        if not self._promises.line(filing.line).merge:
            return NO_FLAGS
        for held in reversed(self._board.of_caller(filing.pbx, caller)):
            task = held.task
            if any(task.flags(at)) and self._promises.line(task.line).merge:
                return flags_of(task)
        return NO_FLAGS

    def _open_task(self, message: Message, caller: str | None) -> Held | None:
        if not self._promises.line(message.line).merge:
            return None
        return self._of_line(message.pbx, message.line, caller)

    def _of_line(self, pbx: str, line: str, caller: str | None) -> Held | None:
        """The oldest task of a caller on a line that is not closed."""
        found = self._board.of_caller(pbx, caller)
        return next((held for held in found if held.task.line == line and held.task.caller == caller), None)

    # --- an abandoned call -------------------------------------------------------------------------------------------

    def gave_up(self, call: Call, caller: str, at: datetime) -> Iterator[TaskChanged]:
        """A caller hung up unanswered: a task where the line says so, or a note in the one that there is."""
        line, pbx = self._promises.line(call.line), call.key.pbx
        held = self._of_line(pbx, call.line, caller) if line.merge else None
        left_at = call.ended_at or at
        if held is not None:
            work = Work(held, at, self._promises)
            work.step(TaskStep.NOTED, f"the caller rang on {work.calendar.moment(left_at)} and gave up waiting")
            yield self._board.commit(work)
        elif line.callback_abandoned:
            number = self._board.next_number(pbx)
            filing = self._promises.filing(pbx=pbx, key=OWN, task=number, line=call.line, left_at=left_at)
            held = self.opened(filing, caller, left_at, TaskSource.ABANDONED)
            work = Work(held, at, self._promises)
            work.file(filing)
            why = f"{masked(caller)} gave up waiting on {work.calendar.moment(left_at)}"
            work.step(TaskStep.OPENED, why, call=call.key.uniqueid)
            yield self._board.commit(work)

    # --- news of a message -------------------------------------------------------------------------------------------

    def _news(self, held: Held, known: MessageKnown) -> Iterator[TaskChanged]:
        work = Work(held, known.at, self._promises)
        self._heard(work, known)
        if not held.closed:
            self._told_anew(work, known)
        if not work.touched:
            yield TaskChanged(pbx=known.pbx, at=known.at, message=known.message)
            return
        yield self._board.commit(work, message=known.message)
        if not held.closed:
            yield from self._merge(held, known.at)

    def _heard(self, work: Work, known: MessageKnown) -> None:
        filing = replace(work.filings[known.message.key], playable=known.message.playable)
        if known.heard:
            if filing.heard_at is None:
                filing = replace(filing, heard_at=known.at, heard_by=_BY_TELEPHONE)
            work.step(TaskStep.HEARD, plain(known.news) or "listened to by telephone")
        work.file(filing)

    def _told_anew(self, work: Work, known: MessageKnown) -> None:
        message, task = known.message, work.task
        if (news := plain(known.news)) and not known.heard:
            work.step(TaskStep.MESSAGE_CHANGED, news)
        self._whose(work, canonical(message.caller))
        filing = work.filings[message.key]
        if message.line != filing.line and self._promises.configured(message.line):
            alone = len(work.filings) == 1 and task.state is TaskState.OPEN and not task.attempts
            if alone:
                self._move(work, filing, message)
                return
            self._note(work, f"a message of it came by line {message.line}; it stays with {filing.line}")
        if message.left_at != filing.left_at:
            self._redate(
                work, filing, self._promises.anew(filing, left_at=message.left_at), "its message's time is known"
            )

    def _whose(self, work: Work, caller: str | None) -> None:
        task = work.task
        if caller is None or caller == task.caller:
            return
        if task.caller is None or len(work.filings) == 1:
            why = f"the caller is known: {masked(caller)}"
            work.step(TaskStep.MESSAGE_CHANGED, why, caller=caller)
        else:
            self._note(work, f"a message of it may be from another caller, {masked(caller)}")

    @staticmethod
    def _note(work: Work, why: str) -> None:
        """What cannot be acted on is told once."""
        if why not in work.held.noted:
            work.held.noted.add(why)
            work.step(TaskStep.MESSAGE_CHANGED, why)

    def _move(self, work: Work, filing: Filing, message: Message) -> None:
        why = f"the message came by line {message.line}, not {filing.line}"
        work.step(TaskStep.MESSAGE_CHANGED, why, line=message.line)
        work.calendar = self._promises.calendar(message.line)
        moved = self._promises.anew(filing, line=message.line, left_at=message.left_at)
        self._redate(work, filing, moved, f"line {message.line} promises that")

    def _redate(self, work: Work, was: Filing, now: Filing, why: str) -> None:
        work.file(now)
        if (was.due, was.act_by) != (now.due, now.act_by):
            work.step(TaskStep.DEADLINE_CHANGED, f"{self._promises.moved(was, now)}: {why}")
        if (was.ack_due, was.ack_act_by) != (now.ack_due, now.ack_act_by):
            work.step(TaskStep.DEADLINE_CHANGED, f"{self._promises.acknowledgement_moved(was, now)}: {why}")

    # --- two tasks of one caller -------------------------------------------------------------------------------------

    def _merge(self, held: Held, at: datetime) -> Iterator[TaskChanged]:
        """Now that a caller or a line is known: the younger of two tasks of one caller goes into the older."""
        task = held.task
        if task.caller is None or not self._promises.line(task.line).merge:
            return
        found = self._board.of_caller(task.pbx, task.caller)
        both = [other for other in found if other.task.line == task.line and other.task.caller == task.caller]
        # A follow-up was promised beside them; a message may join it, but it joins no other task.
        younger = next((other for other in reversed(both) if other.task.source is not TaskSource.FOLLOW_UP), both[0])
        older = both[0]
        if younger is older or younger.task.state in _IN_HANDS:
            return
        into, out = Work(older, at, self._promises), Work(younger, at, self._promises)
        for key in [key for key in out.filings if key != OWN]:
            into.file(replace(out.give_up(key), task=older.task.number))
        into.step(
            TaskStep.MESSAGE_JOINED, f"task {younger.task.number} is of the same caller: its messages join this one"
        )
        why = f"the caller is that of task {older.task.number}, which has its messages now"
        out.close(TaskOutcome.DUPLICATE, why)
        yield self._board.commit(into)
        yield self._board.commit(out)

    # --- a start -----------------------------------------------------------------------------------------------------

    def reckon(self, work: Work) -> None:
        """Reckon the deadlines of what still waits by today's calendar and charter, and say what changed."""
        only_rang = [f for f in work.filings.values() if f.responded_at and not (f.reached_at or f.acknowledged_at)]
        for was in [*work.unanswered(), *only_rang]:
            now = self._promises.today(was)
            if _deadlines(was) == _deadlines(now):
                continue
            promised = self._promises.anew(was)
            if (was.charter, was.charter_version) == (promised.charter, promised.charter_version):
                why = "the line's hours, holidays or days were changed"
            else:
                then, today = (f"{filing.charter} version {filing.charter_version}" for filing in (was, promised))
                why = f"the charter is {today} instead of {then}"
            self._redate(work, was, now, why)
        work.settle()


def _deadlines(filing: Filing) -> tuple[datetime | None, ...]:
    return filing.due, filing.act_by, filing.ack_due, filing.ack_act_by


def _caller(caller: str | None) -> str:
    return masked(caller) if caller else "a caller with a withheld number"
