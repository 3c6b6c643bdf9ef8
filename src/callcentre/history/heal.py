"""Healing: what became of calls whose end we did not see, and which we did not see at all, from Asterisk's own book.

A healed call keeps what was measured of it and takes the rest from queue_log, as `inferred`. A call that the book does
not know (it never came to a queue), or that a restart of Asterisk cut off, stays lost.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from callcentre.core import service_level
from callcentre.core.charter import Line, Office
from callcentre.core.facts import Call, CallHealed, RingAttempt, Visit
from callcentre.core.rings import rings_begun
from callcentre.core.terms import AttemptResult, Outcome, Quality, VisitResult
from callcentre.history.as_calls import Translator
from callcentre.history.books import QueueLogs, files_of

# queue_log cuts the second off; one more for the time between being offered and entering the queue.
_CLOCK = timedelta(seconds=2)


def heal(
    lost: Iterable[Call],
    queue_log: Path,
    office: Office,
    *,
    at: datetime,
    names: Mapping[str, str] | None = None,
) -> list[CallHealed]:
    """Return a fact for each call of `lost` (all of one PBX) whose end `queue_log` or its rotated files tell.

    `at` is now. Blocks while it reads, from the earliest of the calls on: call it in a thread. Error: UnreadableBook.
    """
    wanted = {call.key.uniqueid: call for call in lost if call.outcome is Outcome.LOST}
    if not wanted:
        return []
    pbx = next(iter(wanted.values())).key.pbx
    lines = {line.name: line for line in office.lines}
    translator = Translator(office, pbx, names)
    since = min(call.offered_at for call in wanted.values()) - _CLOCK
    healed: list[CallHealed] = []
    for told in QueueLogs(files_of(queue_log, since)).calls(since):
        ours = wanted.get(told.callid)
        line = None if ours is None else lines.get(ours.line)
        if ours is None or line is None or told.running:
            continue
        theirs = translator.call(told, line)
        if theirs.outcome is not Outcome.LOST:
            healed.append(CallHealed(pbx=pbx, at=at, call=_joined(ours, theirs, line)))
    return healed


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Calls of a gap as the book tells them; `running` says that more may come when those under way have ended."""

    calls: tuple[Call, ...]
    running: bool


def missed(
    pbx: str,
    since: datetime,
    until: datetime,
    queue_log: Path,
    office: Office,
    names: Mapping[str, str] | None = None,
) -> Missed:
    """Return the calls that came to a line's queue in the gap from `since` to `until`, seen by us or not.

    Blocks while it reads, from the gap on: call it in a thread. Error: UnreadableBook.
    """
    translator = Translator(office, pbx, names)
    calls: list[Call] = []
    running = False
    for told in QueueLogs(files_of(queue_log, since - _CLOCK)).calls(since - _CLOCK):
        line = translator.line_of(told) if since - _CLOCK <= told.entered <= until else None
        if line is None:
            continue
        if told.running:
            running = True
        else:
            calls.append(translator.call(told, line))
    return Missed(calls=tuple(calls), running=running)


def _joined(ours: Call, theirs: Call, line: Line) -> Call:
    """What was measured stays; what is missing is theirs. Their whole seconds never contradict the order of ours."""
    answered = ours.answered_at or theirs.answered_at
    if answered is not None:
        answered = max(answered, ours.first_ring_at or ours.offered_at)
    ended = ours.ended_at or theirs.ended_at
    if ended is not None:
        ended = max(ended, answered or ours.offered_at)
    wait = _wait(ours, theirs, answered)
    first_ring = ours.first_ring_at or theirs.first_ring_at
    if ours.first_ring_at is not None and answered is not None:
        ringing: timedelta | None = answered - ours.first_ring_at
    else:
        ringing = None if theirs.ring_seconds is None else timedelta(seconds=theirs.ring_seconds)
    rings = None if ringing is None else rings_begun(ringing, line.ring_cycle_seconds)
    outcome = theirs.outcome
    return replace(
        ours,
        caller=ours.caller or theirs.caller,
        first_ring_at=first_ring,
        answered_at=answered,
        ended_at=ended,
        outcome=outcome,
        wait_seconds=wait,
        ring_seconds=None if ringing is None else ringing.total_seconds(),
        rings=rings,
        talk_seconds=(ended - answered).total_seconds() if answered and ended else None,
        answered_by=ours.answered_by or theirs.answered_by,
        attempts=_attempts(ours, theirs),
        visits=_visits(ours, theirs),
        within_seconds=service_level.within_seconds(line.charter, outcome, wait),
        within_rings=service_level.within_rings(line.charter, outcome, rings),
        quality=Quality.INFERRED,
    )


def _wait(ours: Call, theirs: Call, answered: datetime | None) -> float | None:
    if answered is not None:
        return (answered - ours.offered_at).total_seconds()
    if theirs.wait_seconds is None:
        return ours.wait_seconds
    until = theirs.offered_at + timedelta(seconds=theirs.wait_seconds)
    return max((until - ours.offered_at).total_seconds(), 0.0)


def _attempts(ours: Call, theirs: Call) -> tuple[RingAttempt, ...]:
    """Ours, with the end of those that were still ringing, and a known telephone's later rings; else theirs.

    A queue rings one telephone again and again: each ring of ours is the first of theirs on that telephone that ended
    after ours began and is not an earlier one's.
    """
    if not ours.attempts:
        return theirs.attempts
    left: dict[tuple[str, bool], deque[RingAttempt]] = {}
    for attempt in sorted(theirs.attempts, key=lambda each: each.ring_end or each.begun_at):
        left.setdefault((attempt.interface, attempt.after_answer), deque()).append(attempt)
    ends: dict[tuple[str, bool], datetime] = {}
    joined: dict[int, RingAttempt] = {}
    for place, attempt in sorted(enumerate(ours.attempts), key=lambda each: each[1].begun_at):
        telephone = (attempt.interface, attempt.after_answer)
        known = _same_ring(attempt, left.get(telephone, deque()))
        joined[place] = _ended(attempt, known)
        ends[telephone] = joined[place].ring_end or attempt.begun_at
    unseen = [
        attempt
        for telephone, rings in left.items()
        for attempt in rings
        if telephone in ends and (attempt.ring_start or attempt.begun_at) >= ends[telephone]
    ]
    return tuple(joined[place] for place in range(len(joined))) + tuple(unseen)


def _same_ring(ours: RingAttempt, theirs: deque[RingAttempt]) -> RingAttempt | None:
    """Take from `theirs`, of one telephone in order, the ring that is `ours`; those before it are nobody's."""
    begun = ours.ring_start or ours.begun_at
    while theirs and (theirs[0].ring_end or theirs[0].begun_at) < begun - _CLOCK:
        theirs.popleft()
    if not theirs:
        return None
    if ours.ring_end is not None and (theirs[0].ring_start or theirs[0].begun_at) > ours.ring_end + _CLOCK:
        return None
    return theirs.popleft()


def _ended(attempt: RingAttempt, known: RingAttempt | None) -> RingAttempt:
    if attempt.result not in (None, AttemptResult.LOST) or known is None or known.ring_end is None:
        return attempt
    start = attempt.ring_start or known.ring_start
    end = known.ring_end if start is None else max(known.ring_end, start)
    return replace(attempt, ring_start=start, ring_end=end, result=known.result)


def _visits(ours: Call, theirs: Call) -> tuple[Visit, ...]:
    """Ours, with the end of those that we did not see end, and those of theirs that we did not see begin."""
    joined = []
    for place, visit in enumerate(theirs.visits):
        mine = ours.visits[place] if place < len(ours.visits) else None
        if mine is None or mine.queue != visit.queue:
            joined.append(visit)
        elif mine.result in (None, VisitResult.LOST):
            leave = None if visit.leave is None else max(visit.leave, mine.enter)
            joined.append(replace(mine, leave=leave, result=visit.result))
        else:
            joined.append(mine)
    return tuple(joined) + ours.visits[len(theirs.visits) :]
