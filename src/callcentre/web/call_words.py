"""Why a call was within its promise or not, and what happened in it, in words and as bars of a timeline."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from callcentre.core.charter import Line
from callcentre.core.facts import Call
from callcentre.core.service_level import UNDECIDED
from callcentre.core.terms import AttemptResult, Hours, Origin, Outcome, Quality, Verdict, VisitResult
from callcentre.web import words
from callcentre.web.charts import Span

ATTEMPTS: Final[Mapping[AttemptResult, str]] = {
    AttemptResult.ANSWERED: "answered",
    AttemptResult.CANCELLED: "stopped ringing",
    AttemptResult.RANG_OUT: "rang out, nobody came",
    AttemptResult.BUSY: "busy, or declined",
    AttemptResult.UNREACHABLE: "could not be reached",
    AttemptResult.FORWARDED: "forwarded",
    AttemptResult.PICKED_UP: "picked up by another",
    AttemptResult.LOST: "end not seen",
}
VISITS: Final[Mapping[VisitResult, str]] = {
    VisitResult.ANSWERED: "answered",
    VisitResult.ABANDONED: "the caller gave up",
    VisitResult.TIMEOUT: "waited as long as the queue allows",
    VisitResult.EMPTY: "nobody was there to answer",
    VisitResult.EXIT_KEY: "the caller pressed a key to leave",
    VisitResult.LOST: "end not seen",
}
VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.CLOSED_HOURS: "fair: the line was closed",
    Verdict.RANG_OUT: "fair: telephones rang, and nobody came",
    Verdict.ALL_BUSY: "fair: everybody was busy",
    Verdict.NOBODY_THERE: "nobody was there",
    Verdict.MISUSE: "not fair: somebody was free, and no telephone rang",
    Verdict.UNKNOWN: "cannot be told",
}
QUALITIES: Final[Mapping[Quality, str]] = {
    Quality.COMPLETE: "Seen from its beginning to its end.",
    Quality.PARTIAL: "The PBX was out of sight for a part of it: what happened then is not known.",
    Quality.INFERRED: "Not seen whole; put together from what the PBX's own books say.",
}


def verdict(call: Call, line: Line | None) -> list[str]:
    """Why the call was within the promised time or not, and whether it counts: a sentence each."""
    return [_seconds(call, line), *_rings(call, line), *_counts(call, line), QUALITIES[call.quality]]


def _seconds(call: Call, line: Line | None) -> str:
    charter = line.charter if line is not None else None
    same = charter is not None and (charter.name, charter.version) == (call.charter, call.charter_version)
    target = charter.answer_seconds if charter is not None and same else None
    promised = f"the {target:g} s promised" if target is not None else f"what {call.charter} promised then"
    if call.outcome is Outcome.IN_PROGRESS:
        return "It is still going on."
    if call.outcome is Outcome.LOST:
        return "Its end was not seen: it is neither within the promise nor outside it."
    if call.within_seconds is None:
        return f"No answer time was promised ({call.charter}, version {call.charter_version})."
    waited = "" if call.wait_seconds is None else f" after {_spoken(call.wait_seconds)}"
    if call.outcome is not Outcome.ANSWERED:
        return f"Outside the promise: not answered ({words.OUTCOMES[call.outcome]}{waited})."
    if call.within_seconds:
        return f"Within the promise: answered{waited}, {promised} kept."
    late = ""
    if target is not None and call.wait_seconds is not None:
        late = f", {_spoken(call.wait_seconds - target)} later than {promised}"
    return f"Outside the promise: answered{waited}{late}."


def _rings(call: Call, line: Line | None) -> list[str]:
    if call.rings is None:
        return ["No telephone rang for it."] if call.first_ring_at is None and call.outcome not in UNDECIDED else []
    rings = words.some(call.rings, "ring")
    if call.within_rings is None:
        return [f"It rang {rings}."]
    promised = line.charter.answer_rings if line is not None else None
    of = f" of the {promised} promised" if promised is not None else ""
    if call.outcome is not Outcome.ANSWERED:
        return [f"It rang {rings}{of}, and nobody answered."]
    return [f"Answered after {rings}{of}: {'within' if call.within_rings else 'outside'} the promise."]


def _counts(call: Call, line: Line | None) -> list[str]:
    if call.origin is Origin.INTERNAL:
        return ["A colleague called: such calls are counted apart, in no service level."]
    if call.hours is Hours.CLOSED:
        return ["It came outside the line's core hours: in no service level."]
    if call.outcome in UNDECIDED:
        return []
    judged = f", judged by the {line.charter.judged_by.value} one" if line is not None else ""
    return [f"It counts in the line's service level{judged}."]


def _spoken(seconds: float) -> str:
    """`4.2 s`, `1 min 07 s`."""
    if seconds < 60:
        return f"{max(0.0, seconds):.1f}{words.NBSP}s"
    return f"{int(seconds) // 60}{words.NBSP}min {int(seconds) % 60:02d}{words.NBSP}s"


# --- the timeline ----------------------------------------------------------------------------------------------------


def spans(call: Call, now: datetime) -> Sequence[Span]:
    """The bars of a call's timeline, in order: the caller's wait and talk, stays in queues, telephones that rang."""
    end = call.ended_at or (now if call.outcome is Outcome.IN_PROGRESS else _last_seen(call))
    answered = call.answered_at
    waits_until = answered or end
    waited = f"waited {_spoken((waits_until - call.offered_at).total_seconds())}"
    found = [Span(name="Caller", start=call.offered_at, end=waits_until, looks="waiting", said=waited)]
    if answered is not None:
        talked = f"talked {_spoken((end - answered).total_seconds())}"
        found.append(Span(name="Caller", start=answered, end=end, looks="talked", said=talked))
    for visit in call.visits:
        said = VISITS[visit.result] if visit.result is not None else "is there"
        after = ", after the answer" if visit.after_answer else ""
        looks = "good" if visit.result is VisitResult.ANSWERED else "queue"
        name = f"Queue {visit.queue}"
        found.append(Span(name=name, start=visit.enter, end=visit.leave or end, looks=looks, said=said + after))
    for attempt in call.attempts:
        said = ATTEMPTS[attempt.result] if attempt.result is not None else "rings"
        begin = attempt.ring_start or attempt.begun_at
        done = attempt.ring_end or (end if attempt.result is None else begin)
        looks = "good" if attempt.result is AttemptResult.ANSWERED else "rang"
        after = ", after the answer" if attempt.after_answer else ""
        found.append(Span(name=attempt.interface, start=begin, end=done, looks=looks, said=said + after))
    return found


def _last_seen(call: Call) -> datetime:
    seen: list[datetime | None] = [call.answered_at, call.first_ring_at]
    seen += [visit.leave for visit in call.visits] + [attempt.ring_end for attempt in call.attempts]
    return max((at for at in seen if at is not None), default=call.offered_at)
