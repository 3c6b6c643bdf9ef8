"""Who waits for a call from the office: the numbers of open callback tasks and of callers whom nobody answered.

Callers claim to be what they like, so what is kept of them is bounded, and only ever compared with what was dialled.
"""

import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from callcentre.core.numbers import canonical, reaches
from callcentre.core.tasks import Task
from callcentre.core.terms import TaskState

_MISSED_FOR: Final = timedelta(days=14)
_MOST_MISSED: Final = 10_000
_BETWEEN: Final = re.compile(r"[/@,&:;^\s]+")
_LONGEST: Final = 256
_WHOLE: Final = 7
"""Digits from which a dial string's part is a number: `101` in it is the name of a telephone."""

_END: Final = 6


class Wanted:
    """The numbers of one PBX (in the form of core.numbers), each as often as there is a reason."""

    def __init__(self) -> None:
        self._reasons: Counter[str] = Counter()
        self._by_end: dict[str, set[str]] = {}
        self._tasks: dict[int, frozenset[str]] = {}
        self._missed: dict[str, datetime] = {}

    def __bool__(self) -> bool:
        return bool(self._reasons)

    def waits(self, task: Task) -> None:
        """Take what is so of a task now: its caller and the number typed instead, until it is closed."""
        told = (canonical(task.caller), canonical(task.dial)) if task.state is not TaskState.CLOSED else ()
        now = frozenset(number for number in told if number)
        before = self._tasks.pop(task.number, frozenset[str]())
        if now:
            self._tasks[task.number] = now
        for number in now - before:
            self._add(number)
        for number in before - now:
            self._discard(number)

    def missed(self, caller: str, at: datetime) -> None:
        """Nobody answered this caller; kept for 14 days, or until there are 10,000 later ones."""
        self.met(caller)
        self._missed[caller] = at
        self._add(caller)
        while len(self._missed) > _MOST_MISSED or at - next(iter(self._missed.values())) > _MISSED_FOR:
            self.met(next(iter(self._missed)))

    def met(self, caller: str) -> None:
        """This caller was answered or reached: missed no more."""
        if self._missed.pop(caller, None) is not None:
            self._discard(caller)

    def reached_by(self, dialled: str, at: datetime) -> str | None:
        """Whom dialling this rings, the closest if several; None if it is nobody who waits."""
        told = canonical(dialled)
        if told is None:
            return None
        found = [caller for caller in self._by_end.get(told[-_END:], ()) if reaches(dialled, caller)]
        caller = max(found, key=lambda one: (one == told, len(one)), default=None)
        if caller is not None and self._missed.get(caller, at) < at - _MISSED_FOR:
            self.met(caller)
            return self.reached_by(dialled, at)
        return caller

    def named_in(self, dial_string: str, at: datetime) -> str | None:
        """Who waits and is rung by `01632960123@trunk`, `trunk/901632960123` or their kin; an address is nobody."""
        for part in _BETWEEN.split(dial_string[:_LONGEST]):
            if len(part) >= _WHOLE and "." not in part and (caller := self.reached_by(part, at)):
                return caller
        return None

    def _add(self, caller: str) -> None:
        self._reasons[caller] += 1
        self._by_end.setdefault(caller[-_END:], set()).add(caller)

    def _discard(self, caller: str) -> None:
        self._reasons[caller] -= 1
        if self._reasons[caller] > 0:
            return
        del self._reasons[caller]
        there = self._by_end[caller[-_END:]]
        there.discard(caller)
        if not there:
            del self._by_end[caller[-_END:]]
