"""Facts that are not written yet: in order, weighed, and bounded in a way that gives up the least first.

Past the bound, first the snapshots of calls that a later snapshot replaces are let go (nothing is lost by that), then
the oldest decided calls, then whatever is oldest. What is lost is told to the caller, who counts it and says so.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from callcentre.core.facts import CallAnswered, CallEnded, CallOffered, CallProgressed, Fact
from callcentre.core.terms import CallKey

# Measured with sys.getsizeof over facts and all they hold (Python 3.11, 64 bits), rounded up.
_FACT_BYTES = 400
_CALL_BYTES = 2_200
_ATTEMPT_BYTES = 420
_VISIT_BYTES = 300

# After making room, this part of the bound is free: squeezing looks at every fact, so it must not come at every step.
_FREE_AFTER = 0.1

_OF_A_CALL = (CallOffered, CallProgressed, CallAnswered, CallEnded)
_REPLACED = (CallProgressed, CallAnswered)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A fact that waits to be written: its place in the order of all facts, its weight in bytes."""

    place: int
    weight: int
    fact: Fact


def weight(fact: Fact) -> int:
    """About how many bytes of memory `fact` takes."""
    if isinstance(fact, _OF_A_CALL):
        call = fact.call
        return _FACT_BYTES + _CALL_BYTES + _ATTEMPT_BYTES * len(call.attempts) + _VISIT_BYTES * len(call.visits)
    return _FACT_BYTES


class FactBuffer:
    """Unwritten facts in order, at most `limit` bytes of them after `squeeze`."""

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._facts: deque[Waiting] = deque()
        self._per_pbx: Counter[str] = Counter()
        self.weight = 0
        self.place = 0

    def __len__(self) -> int:
        return len(self._facts)

    @property
    def per_pbx(self) -> Mapping[str, int]:
        """How many facts of each PBX wait."""
        return self._per_pbx

    @property
    def full(self) -> bool:
        """Whether the bound is passed."""
        return self.weight > self._limit

    def extend(self, facts: Iterable[Fact]) -> int:
        """Append `facts` and return the place of the last fact ever appended."""
        for fact in facts:
            self.place += 1
            waiting = Waiting(self.place, weight(fact), fact)
            self._facts.append(waiting)
            self._add(waiting)
        return self.place

    def take(self, most: int) -> list[Waiting]:
        """Take out the oldest facts, at most `most`, to write them; `put_back` those that could not be written."""
        taken = [self._facts.popleft() for _ in range(min(most, len(self._facts)))]
        for waiting in taken:
            self._subtract(waiting)
        return taken

    def put_back(self, unwritten: Sequence[Waiting]) -> None:
        """Put what `take` gave back to its place."""
        for waiting in reversed(unwritten):
            self._facts.appendleft(waiting)
            self._add(waiting)

    def squeeze(self) -> Counter[tuple[str, str]]:
        """Make room if the bound is passed; return how many facts were lost, by PBX and kind (empty: none)."""
        lost: Counter[tuple[str, str]] = Counter()
        if not self.full:
            return lost
        self._drop_replaced()
        target = int(self._limit * (1 - _FREE_AFTER))
        if self.weight > target:
            self._drop_oldest(target, lost, only=CallEnded)
        if self.weight > target:
            self._drop_oldest(target, lost, only=Fact)
        return lost

    def _drop_replaced(self) -> None:
        """Let go of each snapshot of a call that a later one of the same call replaces, but for the first and last."""
        latest: dict[CallKey, int] = {
            waiting.fact.call.key: waiting.place for waiting in self._facts if isinstance(waiting.fact, _OF_A_CALL)
        }
        self._keep(
            lambda waiting: not isinstance(waiting.fact, _REPLACED) or latest[waiting.fact.call.key] == waiting.place
        )

    def _drop_oldest(self, target: int, lost: Counter[tuple[str, str]], *, only: type[Fact]) -> None:
        excess = self.weight - target

        def keep(waiting: Waiting) -> bool:
            nonlocal excess
            if excess <= 0 or not isinstance(waiting.fact, only):
                return True
            excess -= waiting.weight
            lost[waiting.fact.pbx, type(waiting.fact).__name__] += 1
            return False

        self._keep(keep)

    def _keep(self, wanted: Callable[[Waiting], bool]) -> None:
        kept: deque[Waiting] = deque()
        for waiting in self._facts:
            if wanted(waiting):
                kept.append(waiting)
            else:
                self._subtract(waiting)
        self._facts = kept

    def _add(self, waiting: Waiting) -> None:
        self.weight += waiting.weight
        self._per_pbx[waiting.fact.pbx] += 1

    def _subtract(self, waiting: Waiting) -> None:
        self.weight -= waiting.weight
        self._per_pbx[waiting.fact.pbx] -= 1
