"""Whether each call that reached voicemail was fairly sent there (H7): had telephones rung, and was nobody free.

The verdict is about the moment when the caller was sent to voicemail, and comes when the call is over, so what the
roster told until then is kept. What was not seen is unknown: nobody is blamed for a gap.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from callcentre.core.charter import Office
from callcentre.core.events import AppStarted, Event, LinkDown, LinkUp, PbxShutdown
from callcentre.core.facts import Call, CallEnded, Fact, OpenRows, RingAttempt, VoicemailUsed
from callcentre.core.hints import RosterChanged, TelephoneUsed
from callcentre.core.terms import AttemptResult, Hours, Origin, Outcome, Quality, Verdict

_KEPT: Final = 500
"""What the roster told of a line, for the calls whose entering VoiceMail is not seen. Before that is unknown."""

_SETTLED: Final = timedelta(seconds=2)
"""Who came free within this time before the caller was sent to voicemail is not blamed: AMI tells of both by different
threads, and a queue tries its members again only every few seconds."""

_MOST_AT_VOICEMAIL: Final = 1000
_ENDED_THERE: Final = frozenset({Outcome.VOICEMAIL, Outcome.VOICEMAIL_EMPTY})
_Judgement = tuple[Verdict, str]
_Rosters = tuple[RosterChanged | None, ...]


@dataclass(frozen=True, slots=True)
class _Sent:
    """When a caller entered VoiceMail, which telephones were known to lie idle then, and each line's roster."""

    at: datetime
    idle: frozenset[str]
    rosters: Mapping[str, _Rosters]


class _History:
    """What the roster told of one line, and since when; None is not known."""

    def __init__(self) -> None:
        self._told: deque[tuple[datetime, RosterChanged | None]] = deque(maxlen=_KEPT)

    def add(self, at: datetime, roster: RosterChanged | None) -> None:
        if self._told:
            at = max(at, self._told[-1][0])
            if roster is None and self._told[-1][1] is None:
                return
        self._told.append((at, roster))

    def until(self, moment: datetime) -> _Rosters:
        """What held at `moment` and shortly before it, the newest first; empty if that is not known any more."""
        found: list[RosterChanged | None] = []
        for at, roster in reversed(self._told):
            if at <= moment:
                found.append(roster)
                if at <= moment - _SETTLED:
                    break
        return tuple(found)


class VoicemailUse:
    """The verdict on each outside call that ended at voicemail, once: `handle_fact` returns VoicemailUsed."""

    EVENTS: Final[frozenset[type[Event]]] = frozenset({AppStarted, LinkUp, LinkDown, PbxShutdown})
    FACTS: Final[frozenset[type[Fact]]] = frozenset({RosterChanged, TelephoneUsed, CallEnded})

    def __init__(self, office: Office) -> None:
        self._lines = {line.name: line.pbx for line in office.lines}
        self._histories = {line.name: _History() for line in office.lines}
        self._idle: dict[str, set[str]] = {pbx.name: set() for pbx in office.pbxs}
        self._sent: dict[tuple[str, str], _Sent] = {}
        self._listeners: dict[type[Fact], Callable[[Any], list[Fact]]] = {
            RosterChanged: self._roster_changed,
            TelephoneUsed: self._telephone_used,
            CallEnded: self._call_ended,
        }

    def handle(self, event: Event) -> list[Fact]:
        """Take one event of EVENTS, or TimePassed."""
        if isinstance(event, AppStarted):
            if event.application == "VoiceMail":
                self._voicemail_entered(event)
        elif isinstance(event, LinkUp | LinkDown | PbxShutdown):
            self._out_of_sight(event)
        return []

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Take one fact of FACTS."""
        return self._listeners[type(fact)](fact)

    def restore(self, rows: OpenRows, at: datetime) -> list[Fact]:
        """Take what an earlier run left: nothing, since what the roster was then is not known."""
        del rows, at
        return []

    def next_timer(self) -> datetime | None:
        """When to be woken: never."""
        return None

    # --- evidence ----------------------------------------------------------------------------------------------------

    def _voicemail_entered(self, event: AppStarted) -> None:
        """The first time counts. A Local half enters for the caller whose Linkedid it bears."""
        lines = (line for line, pbx in self._lines.items() if pbx == event.pbx)
        rosters = {line: self._histories[line].until(event.at) for line in lines}
        sent = _Sent(event.at, frozenset(self._idle.get(event.pbx, ())), rosters)
        for uniqueid in {event.uniqueid, event.linkedid}:
            self._sent.setdefault((event.pbx, uniqueid), sent)
        while len(self._sent) > _MOST_AT_VOICEMAIL:
            del self._sent[next(iter(self._sent))]

    def _out_of_sight(self, event: Event) -> None:
        self._idle[event.pbx] = set()
        for line, pbx in self._lines.items():
            if pbx == event.pbx:
                self._histories[line].add(event.at, None)

    def _roster_changed(self, fact: RosterChanged) -> list[Fact]:
        self._histories[fact.line].add(fact.at, fact)
        return []

    def _telephone_used(self, fact: TelephoneUsed) -> list[Fact]:
        idle = self._idle[fact.pbx]
        if fact.used:
            idle.discard(fact.device)
        else:
            idle.add(fact.device)
        return []

    # --- verdict -----------------------------------------------------------------------------------------------------

    def _call_ended(self, fact: CallEnded) -> list[Fact]:
        call = fact.call
        sent = self._sent.pop((call.key.pbx, call.key.uniqueid), None)
        if call.outcome not in _ENDED_THERE or call.origin is not Origin.EXTERNAL:
            return []
        verdict, reason = self._judged(call, sent)
        return [
            VoicemailUsed(
                pbx=fact.pbx, at=fact.at, uniqueid=call.key.uniqueid, line=call.line, verdict=verdict, reason=reason
            )
        ]

    def _judged(self, call: Call, sent: _Sent | None) -> _Judgement:
        if call.hours is Hours.CLOSED:
            return Verdict.CLOSED_HOURS, "the line was closed"
        moment = sent.at if sent is not None else _left(call)
        attempts = [each for each in call.attempts if not each.after_answer and each.begun_at <= moment]
        rang = [each for each in attempts if each.ring_start is not None]
        if rang:
            return Verdict.RANG_OUT, _how_long(rang)
        if call.quality is Quality.PARTIAL:
            return Verdict.UNKNOWN, "the PBX was out of sight during the call"
        if sent is not None:
            rosters, idle = sent.rosters.get(call.line, ()), sent.idle
        else:
            history = self._histories.get(call.line)
            rosters = history.until(moment) if history is not None else ()
            idle = frozenset(self._idle.get(call.key.pbx, ()))
        refused = {each.interface for each in attempts if each.result is AttemptResult.BUSY}
        return _weighed(rosters, refused=len(refused), refused_idle=len(idle & refused))


def _weighed(rosters: _Rosters, *, refused: int, refused_idle: int) -> _Judgement:
    """The verdict where no telephone rang. Idle ones that refused were not free, whatever they said of themselves."""
    known = [roster for roster in rosters if roster is not None]
    if not known or len(known) < len(rosters):
        return Verdict.UNKNOWN, "who was there was not known"
    now, free = known[0], min(roster.free for roster in known)
    if free > refused_idle:
        return Verdict.MISUSE, f"{_telephones(free - refused_idle)} free, the line was open, and none rang"
    if not now.complete or now.unknown:
        return Verdict.UNKNOWN, "not all its telephones had been seen"
    if now.there:
        also = f", and {refused} refused" if refused else ""
        return Verdict.ALL_BUSY, f"{_telephones(now.there)} there, none of them free{also}"
    away = [f"{count} {word}" for count, word in ((now.paused, "paused"), (now.unreachable, "out of reach")) if count]
    return Verdict.NOBODY_THERE, f"nobody could answer: {', '.join(away)}" if away else "nobody was logged in"


def _left(call: Call) -> datetime:
    """When the caller left the last queue or telephone, where entering VoiceMail was not seen; else was offered."""
    ends = [visit.leave for visit in call.visits] + [attempt.ring_end for attempt in call.attempts]
    return max((at for at in ends if at is not None), default=call.offered_at)


def _how_long(rang: list[RingAttempt]) -> str:
    start = min(each.ring_start for each in rang if each.ring_start is not None)
    end = max((each.ring_end for each in rang if each.ring_end is not None), default=None)
    telephones = len({each.interface for each in rang})
    words = "a telephone" if telephones == 1 else f"{telephones} telephones"
    lasted = "" if end is None else f" for {max(0, round((end - start).total_seconds()))} s"
    declined = any(each.result is AttemptResult.BUSY for each in rang)
    return f"{words} rang{lasted}, and {'the call was declined' if declined else 'nobody came'}"


def _telephones(number: int) -> str:
    return "1 telephone was" if number == 1 else f"{number} telephones were"
