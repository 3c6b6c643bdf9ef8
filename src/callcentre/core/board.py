"""Where all tasks hang: found by number, by message, by their caller's number; and who is to be looked at when.

Tasks that are not closed are all here; of the closed ones the latest, so that what comes soon after is understood.
"""

import heapq
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from callcentre.core.alarms import next_alarm
from callcentre.core.desk import Held, Work
from callcentre.core.facts import TaskChanged
from callcentre.core.promises import OWN, Promises
from callcentre.core.tasks import Callout, Message
from callcentre.core.terms import TaskState

REMEMBERED: Final = 1_000
"""How many closed tasks are kept: a day of a very large office, a few megabytes."""

Name = tuple[str, int]


class Standing(NamedTuple):
    """What is counted of a task that is not closed: its line (or the fallback), and whether anything in it `waits`.

    `ack_due` is when something in it is to be acknowledged; None: nothing is.
    """

    line: str
    state: TaskState
    waits: bool
    warned_from: datetime
    due: datetime
    ack_due: datetime | None


class Board:
    """The tasks in memory. Every change of one goes through `commit`, which keeps what is found by what."""

    def __init__(self, promises: Promises) -> None:
        self._promises = promises
        self._tasks: dict[Name, Held] = {}
        self._standing: dict[Name, Standing] = {}
        self._closed: OrderedDict[Name, None] = OrderedDict()
        self._by_key: dict[tuple[str, str], Held] = {}
        self._by_number: dict[tuple[str, str], dict[int, Held]] = {}
        self._latest: dict[str, int] = {}
        self._wakes: list[tuple[datetime, str, int]] = []

    # --- finding -----------------------------------------------------------------------------------------------------

    def task(self, pbx: str, number: int) -> Held | None:
        """The task of that number."""
        return self._tasks.get((pbx, number))

    def holding(self, pbx: str, key: str) -> Held | None:
        """The task that holds a message."""
        return self._by_key.get((pbx, key))

    def of_caller(self, pbx: str, number: str | None) -> list[Held]:
        """The tasks, not closed, whose caller can be called under a number (canonical), the oldest first."""
        found = self._by_number.get((pbx, number), {}) if number else {}
        return [found[one] for one in sorted(found)]

    def waiting(self) -> Iterable[Held]:
        """All tasks that are not closed."""
        return (held for held in self._tasks.values() if not held.closed)

    def standing(self) -> Iterable[Standing]:
        """How all tasks stand that are not closed: noted as each changes, for it is asked many times a second."""
        return self._standing.values()

    def remembered(self) -> Iterable[Held]:
        """The closed tasks that are still in memory."""
        return (self._tasks[name] for name in self._closed)

    # --- keeping -----------------------------------------------------------------------------------------------------

    def next_number(self, pbx: str) -> int:
        """The number of a new task."""
        self._latest[pbx] = self._latest.get(pbx, 0) + 1
        return self._latest[pbx]

    def numbered_up_to(self, pbx: str, latest: int) -> None:
        """Numbers up to `latest` are given away."""
        self._latest[pbx] = max(latest, self._latest.get(pbx, 0))

    def put(self, held: Held) -> None:
        """Take in a task as the store has it."""
        self._file(held, frozenset(), frozenset())

    def commit(
        self, work: Work, *, message: Message | None = None, first: bool = False, callout: Callout | None = None
    ) -> TaskChanged:
        """Put a change into effect, of a new task too, and return the fact of it."""
        held = work.held
        numbers, keys = held.numbers, frozenset(held.filings)
        fact = work.done(message=message, first=first, callout=callout)
        self._file(held, numbers, keys)
        return fact

    def _forget(self, held: Held) -> None:
        """Let a closed task go."""
        name = (held.task.pbx, held.task.number)
        self._closed.pop(name, None)
        if self._tasks.pop(name, None) is None:
            return
        for key in held.filings:
            if self._by_key.get((held.task.pbx, key)) is held:
                del self._by_key[held.task.pbx, key]

    def _file(self, held: Held, numbers: frozenset[str], keys: frozenset[str]) -> None:
        """Bring the indexes up to date; `numbers` and `keys` are those under which the task was found until now."""
        pbx, number = held.task.pbx, held.task.number
        self._tasks[pbx, number] = held
        now = frozenset() if held.closed else held.numbers
        for old in numbers - now:
            found = self._by_number.get((pbx, old), {})
            found.pop(number, None)
            if not found:
                self._by_number.pop((pbx, old), None)
        for new in now:
            self._by_number.setdefault((pbx, new), {})[number] = held
        for key in keys - held.filings.keys():
            if self._by_key.get((pbx, key)) is held:
                del self._by_key[pbx, key]
        for key in held.filings.keys() - {OWN}:
            self._by_key[pbx, key] = held
        self._schedule(held)
        self._note(held)
        if held.closed:
            self._closed[pbx, number] = None
            self._closed.move_to_end((pbx, number))
            if len(self._closed) > REMEMBERED:
                self._forget(self._tasks[next(iter(self._closed))])
        else:
            self._closed.pop((pbx, number), None)

    def _note(self, held: Held) -> None:
        task = held.task
        if held.closed:
            self._standing.pop((task.pbx, task.number), None)
            return
        line = self._promises.line(task.line)
        self._standing[task.pbx, task.number] = Standing(
            line=line.name,
            state=task.state,
            waits=any(one.responded_at is None for one in held.filings.values()),
            warned_from=task.act_by - line.warn_before,
            due=task.due,
            ack_due=task.ack_due,
        )

    # --- time --------------------------------------------------------------------------------------------------------

    def _schedule(self, held: Held) -> None:
        wake = None if held.closed else self._wake(held)
        if wake != held.wake:
            held.wake = wake
            if wake is not None:
                heapq.heappush(self._wakes, (wake, held.task.pbx, held.task.number))

    def _wake(self, held: Held) -> datetime | None:
        task = held.task
        alarm = next_alarm(self._promises.line(task.line), task, held.unanswered())
        leased = task.state in (TaskState.CLAIMED, TaskState.REACHED) and not held.dials
        return min((at for at in (alarm, task.lease_until if leased else None) if at is not None), default=None)

    def next_timer(self) -> datetime | None:
        """When the first task wants to be looked at."""
        while self._wakes and self._stale():
            heapq.heappop(self._wakes)
        return self._wakes[0][0] if self._wakes else None

    def due(self, at: datetime) -> list[Held]:
        """Take out the tasks that want to be looked at by `at`, in the order of that; each must be committed."""
        found = []
        while (wake := self.next_timer()) is not None and wake <= at:
            _, pbx, number = heapq.heappop(self._wakes)
            held = self._tasks[pbx, number]
            held.wake = None
            found.append(held)
        return found

    def _stale(self) -> bool:
        wake, pbx, number = self._wakes[0]
        held = self._tasks.get((pbx, number))
        return held is None or held.wake != wake
