"""One call while it runs: its legs, its stays in queues, its answer; and the snapshot and outcome drawn from them.

Mutable and private to core.calls; everything that leaves it is a frozen `Call`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callcentre.core import service_level
from callcentre.core.charter import Line
from callcentre.core.facts import Call, RingAttempt, Visit
from callcentre.core.rings import rings_begun
from callcentre.core.terms import AttemptResult, CallKey, Hours, Origin, Outcome, Quality, VisitResult

LIST_CLOCK = timedelta(seconds=2)
"""How far a time told by a list, in whole seconds, may be from the same time told by an event."""

HANGUP_FOLLOWS = timedelta(seconds=1)
"""A caller who leaves a queue and hangs up within this time, with nothing told in between, abandoned it."""

REFUSALS = frozenset({AttemptResult.BUSY, AttemptResult.UNREACHABLE})


@dataclass(slots=True, kw_only=True)
class Leg:
    """One real telephone being dialled.

    `via` is the Local half that stands for it in the queue's eyes, if any; `doubtful` means that it rang when sight was
    lost, so that its end may have passed unseen.
    """

    uniqueid: str
    interface: str
    begun_at: datetime
    after_answer: bool
    via: str | None = None
    stay: "Stay | None" = None
    doubtful: bool = False
    frozen: RingAttempt | None = None
    ring_at: datetime | None = None
    progress_at: datetime | None = None
    up_at: datetime | None = None
    end_at: datetime | None = None
    result: AttemptResult | None = None

    @property
    def ring_start(self) -> datetime | None:
        """When it began to ring; a leg that only ever showed PROGRESS counts from there."""
        return self.ring_at or self.progress_at

    def end(self, at: datetime, result: AttemptResult) -> None:
        """The first end told is the one that counts; what follows may only name the result better."""
        if self.end_at is None:
            self.end_at = at
        self.result = result

    def reopen(self) -> None:
        """A blonde transfer gave the ringing telephone a new caller: its ring clock goes on."""
        self.end_at = None
        self.result = None

    def attempt(self) -> RingAttempt:
        """The frozen view, made anew only where it changed: a caller who waits an hour rings thousands of times."""
        known, start = self.frozen, self.ring_start
        if (
            known is None
            or known.result is not self.result
            or known.ring_end != self.end_at
            or known.ring_start != start
            or known.after_answer is not self.after_answer
        ):
            self.frozen = known = RingAttempt(
                interface=self.interface,
                begun_at=self.begun_at,
                ring_start=start,
                ring_end=self.end_at,
                result=self.result,
                after_answer=self.after_answer,
                progress_only=self.ring_at is None and self.progress_at is not None,
            )
        return known


@dataclass(slots=True, kw_only=True)
class Stay:
    """One stay of the channel `uniqueid` in one queue. `withdrawn` is QueueCallerAbandon, which alone says not why."""

    queue: str
    uniqueid: str
    enter: datetime
    after_answer: bool
    leave: datetime | None = None
    result: VisitResult | None = None
    withdrawn: bool = False
    answered: bool = False
    frozen: Visit | None = None

    def visit(self) -> Visit:
        """The frozen view, made anew only where it changed."""
        known = self.frozen
        if (
            known is None
            or known.result is not self.result
            or known.leave != self.leave
            or known.enter != self.enter
            or known.after_answer is not self.after_answer
        ):
            self.frozen = known = Visit(
                queue=self.queue, enter=self.enter, leave=self.leave, result=self.result, after_answer=self.after_answer
            )
        return known


@dataclass(slots=True, kw_only=True)
class Track:
    """A running call.

    `left_at` is when the caller last left a queue or Dial; `unseen_answer` means it talks, nobody saw since when, and
    `unseen_leave` that it waits no longer, likewise; `offered_on_arrival` that nobody was asked to answer it so far.
    `asked_at` is when the caller, alone again, was asked how it was, `left_at_last` when somebody in it hung up last.
    """

    key: CallKey
    linkedid: str
    line: Line
    did: str | None
    caller: str | None
    origin: Origin
    arrived_at: datetime
    offered_at: datetime | None = None
    offered_on_arrival: bool = False
    hours: Hours = Hours.CORE
    legs: list[Leg] = field(default_factory=list)
    linkedids: set[str] = field(default_factory=set)
    stays: list[Stay] = field(default_factory=list)
    answer: Leg | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    answer_confirmed: bool = False
    unseen_answer: bool = False
    unseen_leave: bool = False
    left_at: datetime | None = None
    left_at_last: datetime | None = None
    asked_at: datetime | None = None
    ended_at: datetime | None = None
    destinations: int = 0
    overflowed: bool = False
    refused: bool = False
    current: str | None = None
    in_voicemail: bool = False
    at_voicemail: bool = False
    left_message: bool = False
    quality: Quality = Quality.COMPLETE
    lost: bool = False

    @property
    def first_ring_at(self) -> datetime | None:
        """The earliest ring of any leg before the first answer."""
        starts = [leg.ring_start for leg in self.legs if not leg.after_answer and leg.ring_start is not None]
        return min(starts, default=None)

    @property
    def open_stay(self) -> Stay | None:
        """The stay that lasts, if any."""
        return next((stay for stay in reversed(self.stays) if stay.leave is None), None)

    @property
    def ringing(self) -> bool:
        """Whether a telephone still rings for it."""
        return any(leg.result is None for leg in reversed(self.legs))

    @property
    def waiting(self) -> bool:
        """Whether the caller waits for a person now."""
        if self.offered_at is None or self.answered_at or self.ended_at or self.at_voicemail or self.unseen_answer:
            return False
        return self.open_stay is not None or self.ringing or self.left_at is None

    def reaches(self, destination: str, *, claimed: bool) -> None:
        """The caller is sent to a queue or to telephones; a further one that no line claims is an overflow."""
        self.current = destination
        self.destinations += 1
        self.refused = False
        self.at_voicemail = self.unseen_leave = False
        self.left_at = None
        self.overflowed = self.destinations > 1 and not claimed
        self.settle(VisitResult.TIMEOUT)

    def stayed(self, queue: str, entered: datetime) -> bool:
        """Whether a stay is known that began at this time, which a list tells in whole seconds."""
        near = (abs(stay.enter - entered) <= LIST_CLOCK for stay in self.stays if stay.queue == queue)
        return self.open_stay is not None or any(near)

    def leaves(self, at: datetime) -> None:
        """The caller is no longer in the queue or Dial where it was."""
        self.current = None
        if self.answered_at is None:
            self.left_at = at

    def settle(self, result: VisitResult) -> None:
        """What the caller did next tells how a withdrawn stay ended."""
        for stay in self.stays:
            if stay.leave is not None and stay.result is None:
                stay.result = result

    def hangs_up(self, uniqueid: str, at: datetime) -> None:
        """The channel that was in a queue is gone: at once after leaving it, which was giving up, or later."""
        for stay in self.stays:
            if stay.uniqueid != uniqueid or stay.result is not None:
                continue
            stay.leave = stay.leave or at
            follows = at - stay.leave <= HANGUP_FOLLOWS
            stay.result = VisitResult.ABANDONED if follows else VisitResult.TIMEOUT
            if stay.answered:
                stay.result = VisitResult.ANSWERED
            elif self.unseen_answer:
                stay.leave, stay.result = None, VisitResult.LOST

    def enters_voicemail(self) -> None:
        """The caller is sent to VoiceMail."""
        self.settle(VisitResult.TIMEOUT)
        self.in_voicemail = self.at_voicemail = True

    def touched(self) -> bool:
        """A gap touched this call: its figures are partial from now on (a proven one stays inferred). Whether new."""
        new = self.quality is Quality.COMPLETE
        if new:
            self.quality = Quality.PARTIAL
        return new

    def answered_with(self, leg: Leg) -> None:
        """That leg is the first answer."""
        self.answer = leg
        self.answered_at = leg.up_at
        self.answered_by = leg.interface

    def unanswer(self) -> None:
        """The pick-up came too late: nobody has answered, and what began since did not come after an answer."""
        since = self.answered_at
        self.answer = self.answered_at = self.answered_by = None
        for leg in self.legs:
            leg.after_answer = leg.after_answer and since is not None and leg.begun_at < since
        for stay in self.stays:
            stay.after_answer = stay.after_answer and since is not None and stay.enter < since

    def outcome(self, short_abandon_seconds: float) -> Outcome:
        """How it ended: the first that holds, in the order of `Outcome`."""
        if self.answered_at is not None:
            return Outcome.ANSWERED
        if self.left_message:
            return Outcome.VOICEMAIL
        if self.lost:
            return Outcome.LOST
        if self.in_voicemail:
            return Outcome.VOICEMAIL_EMPTY
        if self.unseen_answer:
            return Outcome.LOST
        if self.overflowed:
            return Outcome.OVERFLOWED
        if self.destinations == 0:
            return Outcome.CLOSED
        if self.refused:
            return Outcome.REFUSED
        wait = self._wait()
        return Outcome.SHORT_ABANDONED if wait is not None and wait < short_abandon_seconds else Outcome.ABANDONED

    def _wait(self) -> float | None:
        offered = self.offered_at
        unseen = self.answered_at is None and (self.unseen_answer or self.unseen_leave)
        if offered is None or self.destinations == 0 or unseen:
            return None
        until = self.answered_at or self.left_at or self.ended_at
        if until is None:
            return None
        return (min(until, self.ended_at or until) - offered).total_seconds()

    def _ringing_time(self, first: datetime | None) -> timedelta | None:
        if first is None:
            return None
        if self.answered_at is not None:
            return max(timedelta(0), self.answered_at - first)
        ends = [leg.end_at for leg in self.legs if not leg.after_answer and leg.ring_start and leg.end_at]
        return max(ends) - first if ends and not self.ringing else None

    def _talk(self) -> float | None:
        until = self._talked_until()
        if self.answered_at is None or until is None:
            return None
        return max(0.0, (until - self.answered_at).total_seconds())

    def _talked_until(self) -> datetime | None:
        """The caller's Hangup, or when the last person left a caller who is asked a question then (H18)."""
        if self.asked_at is None:
            return self.ended_at
        left = self.left_at_last
        # Who hung up before the answer was too late for it; a Hangup told after the question is later than it.
        known = left is not None and self.answered_at is not None and left > self.answered_at
        return min(left, self.asked_at) if left is not None and known else self.asked_at

    def call(self, outcome: Outcome = Outcome.IN_PROGRESS) -> Call:
        """The frozen view as it is now; verdicts only with a decided outcome."""
        charter = self.line.charter
        pending = outcome is Outcome.IN_PROGRESS and self.answered_at is None
        wait = None if pending else self._wait()
        first_ring_at = self.first_ring_at
        ring = None if pending else self._ringing_time(first_ring_at)
        rings = None if ring is None else rings_begun(ring, self.line.ring_cycle_seconds)
        return Call(
            key=self.key,
            linkedid=self.linkedid,
            line=self.line.name,
            did=self.did,
            caller=self.caller,
            origin=self.origin,
            offered_at=self.offered_at or self.arrived_at,
            first_ring_at=first_ring_at,
            answered_at=self.answered_at,
            ended_at=self.ended_at,
            outcome=outcome,
            wait_seconds=wait,
            ring_seconds=None if ring is None else ring.total_seconds(),
            rings=rings,
            talk_seconds=self._talk(),
            answered_by=self.answered_by,
            attempts=tuple([leg.attempt() for leg in self.legs]),
            visits=tuple([stay.visit() for stay in self.stays]),
            within_seconds=service_level.within_seconds(charter, outcome, wait),
            within_rings=service_level.within_rings(charter, outcome, rings),
            hours=self.hours,
            quality=self.quality,
            charter=charter.name,
            charter_version=charter.version,
        )
