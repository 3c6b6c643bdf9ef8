"""What the command line asks of the daemon: rows of the table `orders`, each carried out once and answered there.

The commands write no task themselves: the core alone changes one. An order waits in its table until a daemon that
serves its PBX carries it out; whatever dies in between, the history of the task says whether it was done.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from callcentre.core.errors import CallcentreError, Held, IllegalTransition, NaiveTime, StoreConflict, StoreUnavailable
from callcentre.core.events import Event
from callcentre.core.facts import CallerErased, Fact, TaskChanged
from callcentre.core.requests import BacklogDecided, ErasureAsked, TaskAction, TaskAsked
from callcentre.core.tasks import Entry
from callcentre.core.terms import AckHow, TaskOutcome, TaskState, aware
from callcentre.runtime.inbox import Stopping, TooSlow
from callcentre.runtime.log import Log
from callcentre.store.results import Order, TaskDetail

LOOKS_EVERY_SECONDS: Final = 0.5
_UNWRITTEN: Final = 1_000
_DIAL_WITHIN: Final = timedelta(seconds=30)
"""A dial that was ordered longer ago is not made: whoever wanted it may have gone, and nobody expects the telephone."""

_SAID: Final = ("language", "needs", "agreed", "to", "how", "telephone", "supervisor")
"""What an order names only where it is said."""

Request = TaskAsked | BacklogDecided | ErasureAsked


class Unreadable(CallcentreError):
    """An order of another version, or none of ours: it is refused."""


class Waiting(Protocol):
    """What the orders are read with (store.queries.Queries)."""

    async def pending_orders(self, pbxs: Collection[str]) -> Sequence[Order]:
        """The orders of these PBXs that were not carried out, the oldest first."""
        ...

    async def was_requested(self, pbx: str, request: str) -> bool:
        """Whether a request left an entry in the history of any task."""
        ...

    async def task(self, pbx: str, number: int) -> TaskDetail | None:
        """A task with its history."""
        ...


class Answers(Protocol):
    """Where the answers go (store.writer.Writer)."""

    async def order_done(self, id: str, at: datetime, answer: str, *, refused: bool = False) -> None:  # noqa: A002
        """Note what came of an order, once."""
        ...


class Completes(Protocol):
    """What belongs to an erasure besides the rows (forgetting.Forgetting)."""

    async def refused(self, asked: ErasureAsked, detail: TaskDetail | None) -> str:
        """Why nothing may be erased, in words; empty if it may."""
        ...

    async def begun(self, asked: ErasureAsked) -> Sequence[ErasureAsked]:
        """What is to be asked again of an erasure that began before this; empty if it did not."""
        ...

    async def sweep(self, asked: ErasureAsked) -> None:
        """Remove the person from all rows; Held if a legal hold was placed meanwhile."""
        ...

    async def recordings(self, asked: ErasureAsked) -> None:
        """Delete recordings, if that is asked for and allowed."""
        ...

    async def known(self, asked: ErasureAsked) -> Collection[str]:
        """The numbers and addresses of the person, while the order still has them."""
        ...

    async def clean(self, asked: ErasureAsked, words: Collection[str]) -> None:
        """Leave nothing of these words in the database's free pages."""
        ...


class Asked(Protocol):
    """Who carries a request out (runtime.inbox.Inbox)."""

    async def ask(self, request: Event, key: str) -> tuple[Fact, ...]:
        """The facts of a request, once they are committed."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an order, in words for whoever left it."""

    at: datetime
    words: str
    refused: bool = False
    request: Request | None = None


class Orders:
    """Carries out the orders of `pbxs`, one after another, from `run` until it is cancelled.

    `now` is the time as the core knows it; `wanted` says which orders are carried out here: an erasure takes minutes in
    a large database, and nobody else is to wait for it. While the database is away, or the daemon stops, orders wait.
    """

    def __init__(
        self,
        *,
        queries: Waiting,
        writer: Answers,
        inbox: Asked,
        pbxs: Collection[str],
        now: Callable[[], datetime],
        log: Log,
        completes: Completes | None = None,
        wanted: Callable[[Order], bool] = lambda _order: True,
    ) -> None:
        self._wanted = wanted
        self._completes = completes
        self._queries = queries
        self._writer = writer
        self._inbox = inbox
        self._pbxs = frozenset(pbxs)
        self._now = now
        self._log = log
        self._since = now()
        self._unwritten: OrderedDict[str, Answer] = OrderedDict()

    async def run(self) -> None:
        """Look for orders twice a second."""
        while True:
            await self.look()
            await asyncio.sleep(LOOKS_EVERY_SECONDS)

    async def look(self) -> None:
        """Carry out what waits now, in the order it was left; at a hindrance the rest waits for the next look."""
        try:
            for order in await self._queries.pending_orders(self._pbxs):
                if self._wanted(order):
                    await self._settle(order)
        except (StoreUnavailable, TooSlow, Stopping) as error:
            self._log.debug("orders of the command line wait", reason=error)

    async def _settle(self, order: Order) -> None:
        answer = self._unwritten.get(order.id) or await self._carried_out(order)
        # What was refused is not asked again, nor what was done, should the database be away for the answer.
        self._unwritten[order.id] = answer
        if len(self._unwritten) > _UNWRITTEN:
            self._unwritten.popitem(last=False)
        erasure = answer.request if isinstance(answer.request, ErasureAsked) and not answer.refused else None
        words = () if erasure is None or self._completes is None else await self._completes.known(erasure)
        await self._writer.order_done(order.id, answer.at, answer.words, refused=answer.refused)
        self._unwritten.pop(order.id)
        self._log.info("an order of the command line is answered", order=order.id, refused=answer.refused)
        if self._completes is not None and erasure is not None:
            await self._completes.clean(erasure, words)

    async def _carried_out(self, order: Order) -> Answer:
        at = self._now()
        try:
            request = read(order, at)
            erases = self._completes is not None and isinstance(request, ErasureAsked)
            if not erases and await self._queries.was_requested(order.pbx, order.id):
                return Answer(at, await self._done_before(request))
            if _is_late(request, order, at):
                return Answer(at, "it was asked for too long ago, and nobody was dialled; ask again", refused=True)
            if held := await self._held(request):
                return Answer(at, held, refused=True)
            if self._completes is not None and isinstance(request, ErasureAsked):
                facts = await self._erased(request, self._completes)
            else:
                facts = await self._inbox.ask(await self._with_rows(request), key=order.id)
        except IllegalTransition as refusal:
            if isinstance(request, BacklogDecided) and order.at < self._since:
                return Answer(at, "nothing waits for a decision any more")
            return Answer(at, str(refusal), refused=True)
        except (Unreadable, StoreConflict, Held) as refusal:
            return Answer(at, str(refusal), refused=True)
        return Answer(at, words_of(request, facts) or await self._done_before(request), request=request)

    async def _erased(self, asked: ErasureAsked, completes: Completes) -> tuple[Fact, ...]:
        """Have the core forget, then search all rows; what a run before this one began is asked and searched again."""
        facts: list[Fact] = []
        for number, each in enumerate(await completes.begun(asked)):
            facts += await self._inbox.ask(await self._with_rows(each), key=f"{each.request} {number}")
        if not facts:
            facts += await self._inbox.ask(await self._with_rows(asked), key=asked.request)
        await completes.sweep(asked)
        await completes.recordings(asked)
        return tuple(facts)

    async def _held(self, request: Request) -> str:
        """Why a legal hold refuses a request; empty if none does."""
        if self._completes is None or not isinstance(request, ErasureAsked):
            return ""
        detail = None if request.task is None else await self._queries.task(request.pbx, request.task)
        return await self._completes.refused(request, detail)

    async def _with_rows(self, request: Request) -> Request:
        """Give the core the rows of a closed task, which it does not keep in memory."""
        number = number_of(request)
        detail = None if number is None else await self._queries.task(request.pbx, number)
        if detail is None or detail.task.state is not TaskState.CLOSED or isinstance(request, BacklogDecided):
            return request
        return replace(request, row=detail.task, filings=detail.filings)

    async def _done_before(self, request: Request) -> str:
        """The answer to what the history says was done: by a run that ended before it could say so."""
        number = number_of(request)
        detail = None if number is None else await self._queries.task(request.pbx, number)
        entries = () if detail is None else (e for e in detail.entries if e.request == request.request)
        return next((_step(entry) for entry in entries), "done")


def is_erasure(order: Order) -> bool:
    """Whether an order asks for an erasure, whatever else it says."""
    return '"ask": "erasure"' in order.body


def _is_late(request: Request, order: Order, at: datetime) -> bool:
    return isinstance(request, TaskAsked) and request.action is TaskAction.DIAL and at - order.at > _DIAL_WITHIN


# --- the row's body --------------------------------------------------------------------------------------------------


def body_of(request: Request) -> str:
    """Return `request` as an order's body; what the row itself says (PBX, id, time) is left out."""
    match request:
        case TaskAsked():
            told = {"ask": "task", "number": request.number, "action": request.action, "dial": request.dial}
            told["outcome"] = request.outcome
            told |= {name: getattr(request, name) for name in _SAID if getattr(request, name)}
            told |= {} if request.resolved is None else {"resolved": request.resolved}
            times = {"call_at": request.call_at, "when": request.when}
            told |= {name: at.isoformat() for name, at in times.items() if at is not None}
        case BacklogDecided():
            told = {"ask": "backlog", "take_on": request.take_on}
        case ErasureAsked():
            told = {"ask": "erasure", "caller": request.caller, "task": request.task}
            told |= {"cases": request.cases, "words": request.words, "recordings": request.recordings}
    return json.dumps(told | {"who": request.who, "why": request.why}, ensure_ascii=False)


def read(order: Order, at: datetime) -> Request:
    """Return the request of an order, asked at `at`. Raises Unreadable for what this version does not know."""
    try:
        told = json.loads(order.body)
        who, why = _text(told, "who"), _text(told, "why")
        common: dict[str, Any] = {"pbx": order.pbx, "at": at, "request": order.id, "who": who, "why": why}
        match told["ask"]:
            case "task":
                return _task_asked(told, common)
            case "backlog":
                return BacklogDecided(**common, take_on=bool(told["take_on"]))
            case "erasure":
                task = told["task"]
                return ErasureAsked(
                    **common,
                    caller=None if told["caller"] is None else _text(told, "caller"),
                    task=None if task is None else int(task),
                    cases=tuple(map(int, told.get("cases", ()))),
                    words=tuple(map(str, told.get("words", ()))),
                    recordings=told.get("recordings") is True,
                )
    except (ValueError, KeyError, TypeError, NaiveTime):
        pass
    raise Unreadable("this callcentre does not know such an order; is the command of the same version as the daemon?")


def _task_asked(told: Mapping[str, Any], common: Mapping[str, Any]) -> TaskAsked:
    outcome, call_at, when = told["outcome"], told.get("call_at"), told.get("when")
    resolved, needs = told.get("resolved"), told.get("needs", [])
    if not isinstance(resolved, bool | None) or not isinstance(needs, list):
        raise TypeError("no such order")
    return TaskAsked(
        **common,
        number=int(told["number"]),
        action=TaskAction(told["action"]),
        outcome=None if outcome is None else TaskOutcome(outcome),
        dial=None if told["dial"] is None else _text(told, "dial"),
        resolved=resolved,
        call_at=None if call_at is None else aware(datetime.fromisoformat(call_at)),
        language=_text(told, "language") if "language" in told else None,
        needs=tuple(map(str, needs)),
        agreed=told.get("agreed") is True,
        to=_text(told, "to") if "to" in told else None,
        how=AckHow(_text(told, "how")) if "how" in told else None,
        when=None if when is None else aware(datetime.fromisoformat(when)),
        telephone=_text(told, "telephone") if "telephone" in told else None,
        supervisor=told.get("supervisor") is True,
    )


def _text(told: Mapping[str, object], key: str) -> str:
    value = told[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value


def number_of(request: Request) -> int | None:
    """The number of the task that a request names."""
    match request:
        case TaskAsked():
            return request.number
        case ErasureAsked():
            return request.task
        case BacklogDecided():
            return None


# --- the answer ------------------------------------------------------------------------------------------------------


def words_of(request: Request, facts: Sequence[Fact]) -> str:
    """Say what came of a request; empty if its facts say nothing, because it was carried out before."""
    changes = [fact for fact in facts if isinstance(fact, TaskChanged)]
    match request:
        case TaskAsked():
            entries = (entry for change in changes for entry in change.entries if entry.request == request.request)
            return next((_step(entry) for entry in entries), "")
        case BacklogDecided():
            decided = sum(change.message is not None for change in changes)
            opened = len({change.task.number for change in changes if change.first and change.task is not None})
            what = f"became {_counted(opened, 'task')}" if request.take_on else "will be called back by nobody"
            return f"{_counted(decided, 'message')} {what}" if decided else ""
        case ErasureAsked():
            erasures = [fact for fact in facts if isinstance(fact, CallerErased)]
            keys = {key for fact in erasures for key in fact.messages}
            numbers = sum(fact.caller is not None for fact in erasures)
            closed = sum(change.task is not None and change.task.state is TaskState.CLOSED for change in changes)
            told = f"erased: {_counted(numbers, 'number')}, {_counted(len(keys), 'message')} of tasks"
            cases = f", {_counted(len(request.cases), 'case')}" if request.cases else ""
            return f"{told}{cases}; {_counted(closed, 'task')} closed" if erasures else ""


def _step(entry: Entry) -> str:
    step, state = (str(word).replace("_", " ") for word in (entry.step, entry.state))
    now = "" if state == step else f"; it is {state}"
    return f"task {entry.task} on {entry.pbx}: {step} by {entry.who} ({entry.why}){now}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
