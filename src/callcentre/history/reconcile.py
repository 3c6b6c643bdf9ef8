"""Our calls of one civil day held against Asterisk's queue_log, call by call and stay by stay.

Only what both books can know is compared: a call that never came to a queue is not in queue_log, and what a caller did
after a queue let go of them is not either (docs/decisions/0011).
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from callcentre.core.charter import Office
from callcentre.core.facts import Call, Visit
from callcentre.core.terms import AttemptResult, CallKey, Outcome, VisitResult
from callcentre.history.as_calls import Translator
from callcentre.history.books import BadPlace, QueueLogs, files_of
from callcentre.history.queue_log import QueueLogCall, Stay
from callcentre.runtime.log import mask

# Whole-second clocks, cut off at both ends, differ by up to a second; DESIGN allows one more.
_WAIT_DIFFERS = 2.0
# A call that ran on from the day before began so long ago at most; one of the evening may end so long after midnight.
_BEFORE = timedelta(hours=6)
_AFTER = timedelta(hours=24)

_GAVE_UP = frozenset({Outcome.ABANDONED, Outcome.SHORT_ABANDONED})
_TOLD = {
    VisitResult.ANSWERED: "answered",
    VisitResult.ABANDONED: "given up in the queue",
    VisitResult.TIMEOUT: "left the queue unanswered (timeout)",
    VisitResult.EMPTY: "left the queue unanswered (empty)",
    VisitResult.EXIT_KEY: "left the queue unanswered (key)",
}


class Kind(StrEnum):
    """In what the two books differ."""

    MISSING_HERE = "missing here"
    MISSING_THERE = "missing in queue_log"
    OUTCOME = "outcome"
    MEMBER = "answering member"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference in one call; `here` and `there` say what each book has, numbers masked."""

    kind: Kind
    uniqueid: str
    at: datetime
    line: str
    here: str
    there: str

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.uniqueid} {self.line}: {self.kind}: here {self.here}; queue_log {self.there}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """The result of a day. `compared` calls are in both books; `not_queued` of ours never came to a queue.

    `unclaimed` counts queue_log's calls by their first queue, which no line names. Times in `differences` are UTC.
    """

    day: date
    pbx: str
    compared: int
    not_queued: int
    unclaimed: Mapping[str, int]
    differences: tuple[Difference, ...]
    bad: int
    bad_places: tuple[BadPlace, ...]

    @property
    def exit_status(self) -> int:
        """0 if the books agree, 1 if not."""
        return 1 if self.differences else 0

    def render(self) -> list[str]:
        """Say it in lines for a terminal, times in UTC; no line holds a telephone number."""
        told = [str(difference) for difference in self.differences]
        told += [
            f"left out: {number} calls of queue {mask(queue)!r}, which no line names"
            for queue, number in sorted(self.unclaimed.items())
        ]
        if self.bad:
            told.append(f"{self.bad} lines of queue_log could not be read:")
            told += [f"  {place}" for place in self.bad_places]
        number = len(self.differences)
        found = "no difference" if number == 0 else f"{number} difference{'s' if number > 1 else ''}"
        told.append(
            f"{self.day} {self.pbx}: {self.compared} calls in both books, {found}; "
            f"{self.not_queued} of ours never came to a queue"
        )
        return told


class Reader(Protocol):
    """What reconciling needs of the store's queries."""

    def calls_between(
        self, since: datetime, until: datetime, *, pbx: str | None = None, line: str | None = None
    ) -> AsyncIterator[Sequence[Call]]:
        """Yield the calls offered in [since, until), in pages."""
        ...

    async def call(self, key: CallKey) -> Call | None:
        """Return the call of this key."""
        ...


def civil_day(day: date, office: Office, pbx: str) -> tuple[datetime, datetime]:
    """Return the beginning and end of a day in UTC, where the lines of this PBX are (23 or 25 hours, twice a year)."""
    zone = ZoneInfo(next((line.zone for line in office.lines if line.pbx == pbx), "Europe/London"))
    midnights = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
    since, until = (midnight.astimezone(UTC) for midnight in midnights)
    return since, until


async def reconcile(
    day: date,
    office: Office,
    pbx: str,
    queue_log: Path,
    queries: Reader,
    *,
    names: Mapping[str, str] | None = None,
) -> Reconciliation:
    """Compare the calls of `day` that came to a queue of a line with `queue_log` and its rotated files.

    `names` gives the telephone of a member's name. A member is compared where the telephone is known: from `names`, or
    because the queue names its members by it. Errors: UnreadableBook, StoreUnavailable.
    """
    since, until = civil_day(day, office, pbx)
    ours = {call.key.uniqueid: call async for page in queries.calls_between(since, until, pbx=pbx) for call in page}
    translator = Translator(office, pbx, names)
    book = QueueLogs(files_of(queue_log, since))
    unclaimed: Counter[str] = Counter()
    theirs: dict[str, QueueLogCall] = {}
    for told in book.calls(since=since - _BEFORE):
        if told.entered >= until + _AFTER:
            break
        if not (since <= told.entered < until or told.callid in ours):
            continue
        if translator.line_of(told) is None:
            unclaimed[told.stays[0].queue] += 1
        else:
            theirs[told.callid] = told
    differences: list[Difference] = []
    compared = 0
    for told in theirs.values():
        # Offered a moment before midnight, entered a moment after: the day before has it.
        call = ours.get(told.callid) or await queries.call(CallKey(pbx, told.callid))
        if call is None:
            differences.append(_missing_here(told, translator))
        else:
            compared += 1
            differences += _compare(call, told, translator)
    queued = [call for call in ours.values() if call.visits]
    differences += [_missing_there(call) for call in queued if call.key.uniqueid not in theirs]
    return Reconciliation(
        day=day,
        pbx=pbx,
        compared=compared,
        not_queued=len(ours) - len(queued),
        unclaimed=dict(unclaimed),
        differences=tuple(sorted(differences, key=lambda each: (each.at, each.uniqueid, each.kind))),
        bad=book.bad,
        bad_places=tuple(book.bad_places),
    )


def _missing_here(told: QueueLogCall, translator: Translator) -> Difference:
    line = translator.line_of(told)
    return Difference(
        kind=Kind.MISSING_HERE,
        uniqueid=told.callid,
        at=told.entered,
        line=line.name if line else "",
        here="nothing",
        there=_fate(told),
    )


def _missing_there(call: Call) -> Difference:
    queues = ", ".join(visit.queue for visit in call.visits)
    return _difference(Kind.MISSING_THERE, call, f"{call.outcome}, in queue {queues}", "nothing")


def _difference(kind: Kind, call: Call, here: str, there: str) -> Difference:
    """A member's name in either book may be a trunk's interface with a telephone number in it."""
    return Difference(
        kind=kind,
        uniqueid=call.key.uniqueid,
        at=call.offered_at,
        line=call.line,
        here=mask(here),
        there=mask(there),
    )


def _fate(told: QueueLogCall) -> str:
    if told.answer is not None:
        return "answered"
    last = told.stays[-1].result
    if last is None:
        return "not over" if told.running else "cut off by a restart"
    return _TOLD[last] + (", as Asterisk stopped" if told.cut else "")


def _compare(call: Call, told: QueueLogCall, translator: Translator) -> list[Difference]:
    if not _outcomes_agree(call, told):
        return [_difference(Kind.OUTCOME, call, str(call.outcome), _fate(told))]
    found = []
    answer = told.answer
    if answer is not None and answer.agent is not None:
        telephone = translator.telephone(answer.agent)
        known = telephone is not None and call.answered_by is not None and _member_can_be_known(call)
        if known and telephone != call.answered_by:
            found.append(_difference(Kind.MEMBER, call, str(call.answered_by), f"{answer.agent} ({telephone})"))
    if call.outcome is not Outcome.LOST:
        found += _waits(call, told)
    return found


def _outcomes_agree(call: Call, told: QueueLogCall) -> bool:
    if told.running or told.cut:
        return told.answer is None or call.outcome in {Outcome.ANSWERED, Outcome.LOST, Outcome.IN_PROGRESS}
    if told.answer is not None:
        return call.outcome is Outcome.ANSWERED
    if call.outcome in {Outcome.LOST, Outcome.IN_PROGRESS}:
        return False
    if told.stays[-1].result is VisitResult.ABANDONED:
        return call.outcome in _GAVE_UP
    # Let go by the queue: voicemail, another number, even an answer there, are beyond the book.
    return not any(visit.result is VisitResult.ANSWERED and not visit.after_answer for visit in call.visits)


def _member_can_be_known(call: Call) -> bool:
    """A pickup or a forward is answered by another telephone than the member's; queue_log names the member."""
    elsewhere = {AttemptResult.PICKED_UP, AttemptResult.FORWARDED}
    return not any(attempt.result in elsewhere for attempt in call.attempts)


def _waits(call: Call, told: QueueLogCall) -> list[Difference]:
    pairs = zip(call.visits, told.stays, strict=False)
    waits = [
        (_visit_wait(call, visit), _stay_wait(stay), stay.queue) for visit, stay in pairs if visit.queue == stay.queue
    ]
    return [
        _difference(Kind.WAIT, call, f"{here:.1f} s in queue {queue}", f"{there:.0f} s")
        for here, there, queue in waits
        if here is not None and there is not None and abs(here - there) > _WAIT_DIFFERS
    ]


def _visit_wait(call: Call, visit: Visit) -> float | None:
    first_answer = visit.result is VisitResult.ANSWERED and not visit.after_answer
    until = call.answered_at if first_answer and call.answered_at is not None else visit.leave
    return None if until is None else (until - visit.enter).total_seconds()


def _stay_wait(stay: Stay) -> float | None:
    return None if stay.leave is None else (stay.leave - stay.enter).total_seconds()
