"""The callback tasks: one for each message, watched until it is answered, and each step of it written down.

It hears of messages, of dials and of calls, does what people ask, and keeps the time. What one task may go through is
core/task_states.py, who may ask for what core/asks.py, what a dial proves core/dials.py, when people are told
core/alarms.py. Each change is one TaskChanged.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from callcentre.core import alarms, dials
from callcentre.core.asks import Asks, Dialler
from callcentre.core.board import Board
from callcentre.core.case_values import CaseChannel
from callcentre.core.charter import Office
from callcentre.core.desk import Held, Work, named, plain
from callcentre.core.errors import IllegalTransition
from callcentre.core.events import Event, TimePassed
from callcentre.core.facts import Call, CallAnswered, CallEnded, CallerErased, Fact, OpenRows, TaskChanged
from callcentre.core.follow_ups import FollowUps
from callcentre.core.hints import CalloutSeen, ComplaintFiled, ComplaintMade, FollowUpWanted, MessageKnown
from callcentre.core.letters import Letters
from callcentre.core.numbers import canonical
from callcentre.core.promises import OWN, Promises
from callcentre.core.requests import ErasureAsked, TaskAction, TaskAsked
from callcentre.core.tasks import Callout, Filing, Task
from callcentre.core.terms import Origin, Outcome, TaskOutcome, TaskSource, TaskState, TaskStep

_REMEMBERED: Final = 10_000
"""How many requests and past dials are remembered, so that what is told twice happens once; the store has them all."""

Dial = tuple[str, str]


class Callbacks:
    """The callback tasks: one for each message, watched until it is answered."""

    EVENTS: Final[frozenset[type[Event]]] = frozenset({TaskAsked, ErasureAsked})
    FACTS: Final[frozenset[type[Fact]]] = frozenset(
        {MessageKnown, CalloutSeen, CallAnswered, CallEnded, FollowUpWanted, ComplaintFiled}
    )

    def __init__(self, office: Office, dialler: Dialler | None = None) -> None:
        self._office = office
        self._promises = Promises(office)
        self._board = Board(self._promises)
        self._letters = Letters(self._board, self._promises)
        self._follow_ups = FollowUps(self._board, self._letters, self._promises)
        self._asks = Asks(office, dialler)
        self._requests: OrderedDict[str, None] = OrderedDict()
        self._dials: dict[Dial, Callout] = {}
        self._ended: OrderedDict[Dial, Callout] = OrderedDict()

    def handle(self, event: Event) -> list[Fact]:
        """Take one event of EVENTS, or TimePassed. Raises IllegalTransition for what a person asks in vain."""
        match event:
            case TaskAsked() | ErasureAsked():
                return self._once(event)
            case TimePassed():
                return [self._wake(held, event.at) for held in self._board.due(event.at)]
        return []

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Take one fact of FACTS."""
        match fact:
            case MessageKnown():
                return [*self._letters.take(fact)]
            case CalloutSeen():
                return [*self._dialled(fact.callout, fact.at)]
            case CallAnswered() | CallEnded():
                return [*self._called(fact.call, fact.at, ended=isinstance(fact, CallEnded))]
            case ComplaintFiled():
                return self._filed(fact)
            case FollowUpWanted():
                return self._follow_ups.after_call(fact)
        return []

    def next_timer(self) -> datetime | None:
        """When to be woken."""
        return self._board.next_timer()

    def line_of(self, pbx: str, number: int) -> str:
        """The line of a task in memory; empty for any other."""
        held = self._board.task(pbx, number)
        return held.task.line if held is not None else ""

    # --- what people ask ---------------------------------------------------------------------------------------------

    def _asked(self, asked: TaskAsked) -> list[Fact]:
        held = self._find(asked.pbx, asked.number, asked.row, asked.filings)
        work = Work(held, asked.at, self._promises)
        if asked.action is TaskAction.FOLLOW_UP:
            return self._follow_ups.after_task(work, asked)
        others = self._asks.carry_out(work, asked)
        complaint = [_complaint(work, asked)] if asked.action is TaskAction.COMPLAINT else []
        return [self._board.commit(work), *others, *complaint]

    def _filed(self, filed: ComplaintFiled) -> list[Fact]:
        """The complaint that a task's caller made is a case: its history names it."""
        held = self._board.task(filed.pbx, filed.task) if filed.task is not None else None
        if held is None:
            return []
        work = Work(held, filed.at, self._promises)
        work.step(TaskStep.NOTED, f"the complaint is case {filed.case}")
        return [self._board.commit(work)]

    def _once(self, asked: TaskAsked | ErasureAsked) -> list[Fact]:
        """Carry out a request, unless it was already: then nothing changes. A refused one may be asked again."""
        if asked.request in self._requests:
            return []
        facts = self._asked(asked) if isinstance(asked, TaskAsked) else self._erase(asked)
        self._requests[asked.request] = None
        if len(self._requests) > _REMEMBERED:
            self._requests.popitem(last=False)
        return facts

    def _find(self, pbx: str, number: int, row: Task | None, filings: tuple[Filing, ...]) -> Held:
        """The task of that number; a closed one that is no longer in memory as the store has it."""
        held = self._board.task(pbx, number)
        if held is None and row is not None and (row.pbx, row.number, row.state) == (pbx, number, TaskState.CLOSED):
            held = self._held(row, filings)
            self._board.put(held)
        if held is None:
            raise IllegalTransition(f"there is no task {number} on {pbx or 'an unnamed PBX'}; look up its number")
        return held

    def _held(self, task: Task, filings: tuple[Filing, ...]) -> Held:
        """A task as the store has it, taken into memory."""
        held = Held(task=task, filings={f.key: f for f in filings})
        if task.source is not TaskSource.VOICEMAIL:
            own = self._promises.filing(pbx=task.pbx, key=OWN, task=task.number, line=task.line, left_at=task.opened_at)
            if not self._promises.configured(task.line):
                own = replace(own, due=task.due, act_by=task.act_by)
            held.filings[OWN] = replace(own, responded_at=task.responded_at, reached_at=task.reached_at)
        return held

    def _erase(self, asked: ErasureAsked) -> list[Fact]:
        """Close what waits for the caller, and have everybody forget the number and the messages."""
        who, why = named(asked.who), plain(asked.why) or "the caller asked for it"
        if asked.task is not None:
            held = self._find(asked.pbx, asked.task, asked.row, asked.filings)
            return self._erase_on(asked.pbx, held.numbers, {asked.task: held}, asked, (who, why))
        number = canonical(asked.caller)
        if number is None and asked.pbx and (asked.cases or asked.words):
            return [_erased(asked, asked.pbx, None, (), (who, why))]
        if number is None:
            raise IllegalTransition("name the caller's number, digits with the area code, or the task to erase")
        places = [asked.pbx] if asked.pbx else [pbx.name for pbx in self._office.pbxs]
        return [fact for pbx in places for fact in self._erase_on(pbx, frozenset({number}), {}, asked, (who, why))]

    def _erase_on(
        self, pbx: str, numbers: frozenset[str], named_tasks: dict[int, Held], asked: ErasureAsked, by: tuple[str, str]
    ) -> list[Fact]:
        who, why = by
        found = dict(named_tasks)
        for number in numbers:
            found |= {held.task.number: held for held in self._board.of_caller(pbx, number)}
        past = [h for h in self._board.remembered() if h.task.pbx == pbx and h.numbers & numbers]
        found |= {held.task.number: held for held in past}
        messages = tuple(sorted(key for held in found.values() for key in held.filings if key != OWN))
        told: list[str | None] = [*sorted(numbers)] or [None]
        facts: list[Fact] = [
            _erased(asked, pbx, number, messages, by) if number == told[0] else _erased(asked, pbx, number, (), by)
            for number in told
        ]
        self._forget_dials(pbx, numbers)
        for held in found.values():
            work = Work(held, asked.at, self._promises)
            held.dials.clear()
            work.erase(why, who, asked.request)
            facts.append(self._board.commit(work))
        return facts

    def _forget_dials(self, pbx: str, numbers: frozenset[str]) -> None:
        """What is told of them from now on names nobody."""
        for known in (self._dials, self._ended):
            for name, dial in known.items():
                if dial.pbx == pbx and canonical(dial.caller) in numbers:
                    known[name] = dials.without_number(dial)

    # --- time --------------------------------------------------------------------------------------------------------

    def _wake(self, held: Held, at: datetime) -> TaskChanged:
        """A lease is over, or people are to be told."""
        work = Work(held, at, self._promises)
        work.lapse()
        if work.task.state is not TaskState.CLOSED:
            alarms.raise_due(work, self._promises.line(work.task.line))
        return self._board.commit(work)

    # --- dials -------------------------------------------------------------------------------------------------------

    def _dialled(self, seen: Callout, at: datetime) -> Iterator[Fact]:
        """The office dials a caller: which task it is for, and what it answers."""
        name = (seen.pbx, seen.uniqueid)
        was = self._dials.get(name) or self._ended.get(name)
        if was is not None and was.task is None and seen.task is not None:
            was = None  # now it is known what it was made for
        dial = seen if was is None else replace(seen, task=was.task)
        if was is not None and not was.caller:
            dial = dials.without_number(dial)
        tasks = self._board.of_caller(dial.pbx, canonical(dial.caller))
        held = self._board.task(dial.pbx, dial.task) if dial.task is not None else None
        if dial.task is None and tasks and (was is None or _left_before(tasks, dial)):
            held, was = dials.primary(tasks), None
            dial = replace(dial, task=held.task.number)
        if was == dial:
            return
        self._remember(name, dial)
        yield self._news_of(dial, was, held, at)
        yield from self._answered_beside(dial, [other for other in tasks if other is not held], at)

    def _news_of(self, dial: Callout, was: Callout | None, held: Held | None, at: datetime) -> TaskChanged:
        if held is not None and not held.closed:
            work = Work(held, at, self._promises)
            dials.dialled(work, was, dial, self._office.lease)
            if work.touched:
                return self._board.commit(work, callout=dial)
        return TaskChanged(pbx=dial.pbx, at=at, callout=dial)

    def _answered_beside(self, dial: Callout, others: list[Held], at: datetime) -> Iterator[Fact]:
        """The caller's other tasks are answered by the same dial, unless callers share their number."""
        proved = dials.response(dial)
        for held in others:
            if proved is None or not self._promises.line(held.task.line).merge:
                continue
            work = Work(held, at, self._promises)
            dials.answer(work, dial, proved, beside=True)
            if work.touched:
                yield self._board.commit(work)

    def _remember(self, name: Dial, dial: Callout) -> None:
        if dial.result is None:
            self._dials[name] = dial
            return
        self._dials.pop(name, None)
        self._ended[name] = dial
        if len(self._ended) > _REMEMBERED:
            self._ended.popitem(last=False)

    # --- calls -------------------------------------------------------------------------------------------------------

    def _called(self, call: Call, at: datetime, *, ended: bool) -> Iterator[Fact]:
        """A caller who waits for a callback got through; or one gave up, and is to be called back."""
        caller = canonical(call.caller)
        if call.origin is not Origin.EXTERNAL or caller is None:
            return
        if call.outcome is Outcome.ABANDONED and ended:
            yield from self._letters.gave_up(call, caller, at)
        elif not ended or call.outcome is Outcome.ANSWERED:
            yield from self._got_through(call, caller, at)

    def _got_through(self, call: Call, caller: str, at: datetime) -> Iterator[Fact]:
        when = call.answered_at or at
        for held in self._board.of_caller(call.key.pbx, caller):
            uniqueid = call.key.uniqueid
            known = uniqueid in held.calls or uniqueid == held.task.got_through
            if known or all(filing.left_at >= when for filing in held.filings.values()):
                continue
            held.calls.add(uniqueid)
            work = Work(held, at, self._promises)
            by = f" by {plain(call.answered_by)}" if call.answered_by else ""
            why = f"the caller rang line {call.line} and was answered{by} on {work.calendar.moment(when)}"
            work.step(TaskStep.GOT_THROUGH, why, got_through=uniqueid, got_through_at=when)
            yield self._board.commit(work)

    # --- a start, and what is so -------------------------------------------------------------------------------------

    def restore(self, rows: OpenRows, at: datetime) -> list[Fact]:
        """Take what an earlier run left, before the first event: deadlines are reckoned anew, dials may be over."""
        for pbx, latest in rows.latest.items():
            self._board.numbered_up_to(pbx, latest)
        filings: dict[tuple[str, int], list[Filing]] = {}
        for filing in rows.filings:
            filings.setdefault((filing.pbx, filing.task), []).append(filing)
        tasks = [self._held(task, tuple(filings.get((task.pbx, task.number), ()))) for task in rows.tasks]
        for held in tasks:
            self._board.numbered_up_to(held.task.pbx, held.task.number)
            self._board.put(held)
        facts: list[Fact] = []
        for callout in rows.callouts:
            facts += self._dial_of_before(callout, at)
        for held in tasks:
            if held.closed:
                continue
            work = Work(held, at, self._promises)
            if not held.filings:
                work.close(TaskOutcome.DUPLICATE, "its messages are in another task")  # a merge that was cut short
                facts.append(self._board.commit(work))
                continue
            dials.forgotten(work, self._office.lease)
            self._letters.reckon(work)
            if work.touched:
                facts.append(self._board.commit(work))
        return facts

    def _dial_of_before(self, known: Callout, at: datetime) -> list[Fact]:
        """A dial that ran when the daemon stopped. Its end may have been told already, before the tasks were here."""
        name = (known.pbx, known.uniqueid)
        over = self._ended.pop(name, None)
        self._dials[name] = known
        held = self._board.task(known.pbx, known.task) if known.task is not None else None
        if held is not None and not held.closed:
            work = Work(held, at, self._promises)
            held.dials[known.uniqueid] = known
            self._board.commit(work)  # what it waits for is another now
        return [] if over is None else [*self._dialled(over, at)]

    def counts(self) -> dict[str, dict[TaskState, int]]:
        """Count the tasks of each line by state, closed ones left out; those of a line that is gone at the fallback."""
        states: list[TaskState] = [state for state in TaskState if state is not TaskState.CLOSED]
        found: dict[str, dict[TaskState, int]] = {line.name: dict.fromkeys(states, 0) for line in self._office.lines}
        for one in self._board.standing():
            found[one.line][one.state] += 1
        return found

    def overdue(self, at: datetime) -> dict[str, int]:
        """Count, by line, the tasks whose deadline passed unanswered by `at`."""
        found = {line.name: 0 for line in self._office.lines}
        for one in self._board.standing():
            if one.due < at and one.waits:
                found[one.line] += 1
        return found

    def unacknowledged(self, at: datetime) -> dict[str, int]:
        """Count, by line of a charter that promises it, the tasks in which something was to be acknowledged by `at`."""
        found = {line.name: 0 for line in self._office.lines if line.charter.acknowledge_rule is not None}
        for one in self._board.standing():
            if one.ack_due is not None and one.ack_due < at and one.line in found:
                found[one.line] += 1
        return found

    def due_soon(self, at: datetime) -> dict[str, int]:
        """Count, by line, the tasks that wait unanswered, are not overdue at `at`, and were to be warned of by then."""
        found = {line.name: 0 for line in self._office.lines}
        for one in self._board.standing():
            if one.warned_from <= at <= one.due and one.waits:
                found[one.line] += 1
        return found


def _complaint(work: Work, asked: TaskAsked) -> ComplaintMade:
    """The caller complained: since the first message, or the call that the task is for, not since somebody says so."""
    task, left = work.task, [f.left_at for f in work.filings.values() if f.key]
    return ComplaintMade(
        pbx=task.pbx,
        at=asked.at,
        line=task.line,
        caller=task.caller,
        channel=CaseChannel.MESSAGE if left else CaseChannel.CALL,
        received_at=min(left, default=task.opened_at),
        who=named(asked.who),
        why=plain(asked.why),
        request=asked.request,
        task=task.number,
        call=task.call,
    )


def _left_before(tasks: list[Held], dial: Callout) -> bool:
    """Whether one of these tasks waited when the dial began, though it was not known then."""
    return any(f.left_at < dial.begun_at for held in tasks for f in held.unanswered())


def _erased(
    asked: ErasureAsked, pbx: str, number: str | None, messages: tuple[str, ...], by: tuple[str, str]
) -> CallerErased:
    who, why = by
    return CallerErased(
        pbx=pbx,
        at=asked.at,
        caller=number,
        messages=messages,
        who=who,
        why=why,
        cases=asked.cases,
        words=asked.words,
        request=asked.request,
    )
