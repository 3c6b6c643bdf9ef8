"""Facts that are not written yet: in order, weighed, and bounded in a way that gives up the least first.

Past the bound, first the snapshots of calls (and looks into mailboxes) that a later one replaces are let go (nothing is
lost by that), then the oldest decided calls, then whatever is oldest, and only then what is a promise to somebody: a
change of a task, a notice, an erasure. What is lost is told to the caller, who counts it and says so.
"""

import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from callcentre.core.facts import (
    AttendanceChanged,
    BreachChanged,
    CallAnswered,
    CallEnded,
    CallerErased,
    CallOffered,
    CallProgressed,
    CallWrapped,
    CaseChanged,
    ClickChanged,
    Fact,
    GreetingSeen,
    MailboxSeen,
    NoticeRaised,
    TaskChanged,
    VoicemailUsed,
)
from callcentre.core.tasks import Notice
from callcentre.core.terms import CallKey

# Measured with sys.getsizeof over facts and all they hold (Python 3.11, 64 bits), rounded up.
_FACT_BYTES = 400
_CALL_BYTES = 2_200
_ATTEMPT_BYTES = 420
_VISIT_BYTES = 300
# Without the words in them, which differ much in length and are weighed as they are.
_TASK_BYTES = 1_750
_MESSAGE_BYTES = 1_150
_FILING_BYTES = 850
_ENTRY_BYTES = 650
_CALLOUT_BYTES = 700
_CLICK_BYTES = 900
_NOTICE_BYTES = 700
_BREACH_BYTES = 900
_STEP_BYTES = 750
_CASE_BYTES = 2_800
_CLOCK_BYTES = 1_100
_CONTACT_BYTES = 80
_KEY_BYTES = 120

# After making room, this part of the bound is free: squeezing looks at every fact, so it must not come at every step.
_FREE_AFTER = 0.1

_OF_A_CALL = (CallOffered, CallProgressed, CallAnswered, CallEnded)
# What cannot be found out again: callbacks promised, what people asked and said, whom to tell, and who was there.
_PROMISES = (
    TaskChanged,
    ClickChanged,
    CallWrapped,
    NoticeRaised,
    CallerErased,
    AttendanceChanged,
    BreachChanged,
    CaseChanged,
)


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
    match fact:
        case TaskChanged():
            return _FACT_BYTES + _weight_of_change(fact)
        case AttendanceChanged():
            return 2 * _FACT_BYTES + _weight_of_words(fact.reason, *fact.who)
        case ClickChanged():
            return _FACT_BYTES + _CLICK_BYTES + sys.getsizeof(fact.click.why)
        case BreachChanged():
            return _FACT_BYTES + _weight_of_breach(fact)
        case CaseChanged():
            return _FACT_BYTES + _weight_of_case(fact)
        case NoticeRaised():
            return _FACT_BYTES + _weight_of_notice(fact.notice)
        case MailboxSeen():
            told = 0 if fact.notice is None else _weight_of_notice(fact.notice)
            return 2 * _FACT_BYTES + sys.getsizeof(fact.reason) + told
        case GreetingSeen():
            return 2 * _FACT_BYTES + (0 if fact.notice is None else _weight_of_notice(fact.notice))
        case VoicemailUsed():
            return 2 * _FACT_BYTES + sys.getsizeof(fact.reason)
        case CallerErased():
            return 2 * _FACT_BYTES + _KEY_BYTES * len(fact.messages)
    return _FACT_BYTES


def _weight_of_change(fact: TaskChanged) -> int:
    found = 0 if fact.task is None else _TASK_BYTES
    found += 0 if fact.message is None else _MESSAGE_BYTES
    found += 0 if fact.callout is None else _CALLOUT_BYTES
    found += sum(_FILING_BYTES + sys.getsizeof(filing.due_reason) for filing in fact.filings)
    found += sum(_ENTRY_BYTES + sys.getsizeof(entry.why) for entry in fact.entries)
    return found + sum(map(_weight_of_notice, fact.notices))


def _weight_of_breach(fact: BreachChanged) -> int:
    found = _BREACH_BYTES + _weight_of_words(fact.breach.reason, *fact.breach.who)
    found += sum(_STEP_BYTES + sys.getsizeof(step.why) for step in fact.steps)
    return found + sum(map(_weight_of_notice, fact.notices))


def _weight_of_case(fact: CaseChanged) -> int:
    found = _CASE_BYTES + _weight_of_words(fact.case.summary, fact.case.address or "", fact.case.remedy or "")
    found += sum(_CLOCK_BYTES + sys.getsizeof(clock.due_reason) for clock in fact.clocks)
    found += sum(_ENTRY_BYTES + sys.getsizeof(entry.why) for entry in fact.entries)
    return found + sum(map(_weight_of_notice, fact.notices))


def _weight_of_words(*words: str) -> int:
    return sum(map(sys.getsizeof, words))


def _weight_of_notice(notice: Notice) -> int:
    words = sys.getsizeof(notice.title) + sys.getsizeof(notice.text)
    return _NOTICE_BYTES + words + _CONTACT_BYTES * len(notice.to)


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
            self._drop_oldest(target, lost, lambda fact: isinstance(fact, CallEnded))
        if self.weight > target:
            self._drop_oldest(target, lost, lambda fact: not isinstance(fact, _PROMISES))
        if self.weight > target:
            self._drop_oldest(target, lost, lambda _fact: True)
        return lost

    def _drop_replaced(self) -> None:
        """Let go of each snapshot that a later one of the same call replaces, but for the first and last."""
        latest: dict[CallKey | tuple[str, str], int] = {}
        for waiting in self._facts:
            key = _replaceable(waiting.fact)
            if key is not None:
                latest[key] = waiting.place

        def wanted(waiting: Waiting) -> bool:
            key = _replaceable(waiting.fact)
            return key is None or isinstance(waiting.fact, (CallOffered, CallEnded)) or latest[key] == waiting.place

        self._keep(wanted)

    def _drop_oldest(self, target: int, lost: Counter[tuple[str, str]], may_go: Callable[[Fact], bool]) -> None:
        excess = self.weight - target

        def keep(waiting: Waiting) -> bool:
            nonlocal excess
            if excess <= 0 or not may_go(waiting.fact):
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


def _replaceable(fact: Fact) -> CallKey | tuple[str, str] | None:
    """What `fact` is a snapshot of; None if it tells more than that."""
    if isinstance(fact, _OF_A_CALL):
        return fact.call.key
    if isinstance(fact, MailboxSeen) and fact.notice is None:
        return (fact.pbx, fact.mailbox)
    return None
