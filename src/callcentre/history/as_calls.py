"""A call of queue_log as a call of ours: everything in it `inferred`, good to about a second.

What the book cannot say stays empty: the telephone behind a member's name where nobody told us, what a caller did who
left the queue by a timeout or a key (voicemail, another number: `overflowed`; docs/decisions/0011).
"""

from collections.abc import Mapping
from datetime import timedelta

from callcentre.core import service_level
from callcentre.core.calendar import Calendar
from callcentre.core.charter import Line, Office
from callcentre.core.claims import Claims
from callcentre.core.facts import Call, RingAttempt, Visit
from callcentre.core.rings import rings_begun
from callcentre.core.terms import AttemptResult, CallKey, Origin, Outcome, Quality, VisitResult, is_local
from callcentre.history.queue_log import QueueLogCall, Ringing, Stay

# RINGNOANSWER comes for engaged telephones too: at once. One that gave up within a second did not ring out.
_RANG = 1.0


class Translator:
    """Turns calls of one PBX's book into ours, for the lines of `office`. `names` tells a member's telephone."""

    def __init__(self, office: Office, pbx: str, names: Mapping[str, str] | None = None) -> None:
        self._pbx = pbx
        self._claims = Claims(office, pbx)
        self._names = names or {}
        self._calendars = {line.name: Calendar(line) for line in office.lines if line.pbx == pbx}
        self._extensions = {
            extension.rpartition("/")[2] for line in office.lines if line.pbx == pbx for extension in line.extensions
        }

    def line_of(self, call: QueueLogCall) -> Line | None:
        """Return the line that claims the call: by its DID where the book has it, else by the first queue claimed."""
        line = self._claims.by_did(call.did) if call.did else None
        queues = (self._claims.by_queue(stay.queue) for stay in call.stays)
        return line or next((line for line in queues if line is not None), None)

    def telephone(self, agent: str) -> str | None:
        """Return the telephone of a member: as told, or the name itself where the queue names members by telephone."""
        interface = self._names.get(agent, agent)
        return interface if "/" in interface and not is_local(interface) else None

    def call(self, book: QueueLogCall, line: Line) -> Call:
        """Return the call as the book tells it."""
        charter, answer = line.charter, book.answer
        offered = book.entered
        answered = answer.leave if answer else None
        last = book.stays[-1]
        ended = last.ended_at or (last.leave if last.result is VisitResult.ABANDONED else None)
        until = answered or last.leave
        wait = None if until is None else (until - offered).total_seconds()
        outcome = self._outcome(book, line, wait)
        attempts = self._attempts(book)
        rang = [a.ring_start for a in attempts if a.ring_start is not None and not a.after_answer]
        ring_ends = [a.ring_end for a in attempts if a.ring_end is not None and not a.after_answer]
        first_ring = max(min(rang), offered) if rang else None
        ring_until = answered or (max(ring_ends) if ring_ends else None)
        ringing = None if first_ring is None or ring_until is None else max(ring_until - first_ring, timedelta(0))
        rings = None if ringing is None else rings_begun(ringing, line.ring_cycle_seconds)
        return Call(
            key=CallKey(self._pbx, book.callid),
            linkedid=book.callid,
            line=line.name,
            did=book.did,
            caller=book.caller,
            origin=Origin.INTERNAL if book.caller in self._extensions else Origin.EXTERNAL,
            offered_at=offered,
            first_ring_at=first_ring,
            answered_at=answered,
            ended_at=ended,
            outcome=outcome,
            wait_seconds=wait,
            ring_seconds=None if ringing is None else ringing.total_seconds(),
            rings=rings,
            talk_seconds=(ended - answered).total_seconds() if answered and ended else None,
            answered_by=self._who(answer.agent) if answer and answer.agent else None,
            attempts=tuple(attempts),
            visits=tuple(visit_of(stay) for stay in book.stays),
            within_seconds=service_level.within_seconds(charter, outcome, wait),
            within_rings=service_level.within_rings(charter, outcome, rings),
            hours=self._calendars[line.name].hours_at(offered),
            quality=Quality.INFERRED,
            charter=charter.name,
            charter_version=charter.version,
        )

    def _outcome(self, book: QueueLogCall, line: Line, wait: float | None) -> Outcome:
        last = book.stays[-1]
        if book.answer is not None:
            return Outcome.ANSWERED
        if book.cut or last.result is None:
            return Outcome.LOST
        if last.result is VisitResult.ABANDONED:
            short = wait is not None and wait < line.charter.short_abandon_seconds
            return Outcome.SHORT_ABANDONED if short else Outcome.ABANDONED
        return Outcome.REFUSED if last.result is VisitResult.EMPTY else Outcome.OVERFLOWED

    def _who(self, agent: str) -> str | None:
        """The telephone, or, where nobody knows it, the member's name: history without it would be worth less."""
        return self.telephone(agent) or (None if is_local(agent) else agent)

    def _attempts(self, book: QueueLogCall) -> list[RingAttempt]:
        found: list[RingAttempt] = []
        for stay in book.stays:
            found += [a for ringing in stay.rung if (a := self._in_vain(ringing, stay)) is not None]
            if stay.result is VisitResult.ANSWERED and stay.agent and stay.ring_seconds is not None and stay.leave:
                who = self._who(stay.agent)
                began = stay.leave - timedelta(seconds=stay.ring_seconds)
                if who is not None:
                    found.append(
                        RingAttempt(
                            interface=who,
                            begun_at=began,
                            ring_start=began,
                            ring_end=stay.leave,
                            result=AttemptResult.ANSWERED,
                            after_answer=stay.after_answer,
                        )
                    )
        return sorted(found, key=lambda attempt: attempt.begun_at)

    def _in_vain(self, ringing: Ringing, stay: Stay) -> RingAttempt | None:
        who = self._who(ringing.agent)
        if who is None:
            return None
        began = ringing.until - timedelta(seconds=ringing.seconds)
        rang = ringing.cancelled or ringing.seconds >= _RANG
        result = AttemptResult.RANG_OUT if rang else AttemptResult.BUSY
        return RingAttempt(
            interface=who,
            begun_at=began,
            ring_start=began if rang else None,
            ring_end=ringing.until if rang else None,
            result=AttemptResult.CANCELLED if ringing.cancelled else result,
            after_answer=stay.after_answer,
        )


def visit_of(stay: Stay) -> Visit:
    """Return the visit that a stay is."""
    return Visit(
        queue=stay.queue,
        enter=stay.enter,
        leave=stay.leave,
        result=stay.result or VisitResult.LOST,
        after_answer=stay.after_answer,
    )
