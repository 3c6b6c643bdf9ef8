"""What callers answer when they are asked how a call was (H18): each call asked once, the first answer counts.

Only of calls that a person answered. No answer, a hang-up and a key that means nothing are one: asked, not answered.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from callcentre.core.charter import Office
from callcentre.core.events import Event, UserEventRaised
from callcentre.core.facts import Call, CallAnswered, CallEnded, CallerAsked, CallProgressed, Fact, OpenRows
from callcentre.core.surveys import survey_of
from callcentre.core.terms import CallKey


@dataclass(slots=True)
class _Answered:
    """A call that a person answered and that lasts; `asked_at` once its caller was asked, `over` once they answered."""

    line: str
    telephone: str | None
    asked_at: datetime | None = None
    over: bool = False


class Satisfaction:
    """Hears of questions put after calls; `handle` and `handle_fact` return CallerAsked."""

    EVENTS: Final[frozenset[type[Event]]] = frozenset({UserEventRaised})
    FACTS: Final[frozenset[type[Fact]]] = frozenset({CallAnswered, CallProgressed, CallEnded})

    def __init__(self, office: Office) -> None:
        del office
        self._calls: dict[CallKey, _Answered] = {}

    def handle(self, event: Event) -> list[Fact]:
        """Take a UserEventRaised, or TimePassed."""
        survey = survey_of(event) if isinstance(event, UserEventRaised) else None
        if survey is None:
            return []
        key = CallKey(event.pbx, survey.uniqueid)
        call = self._calls.get(key)
        if call is None or call.over or (survey.answer is None and call.asked_at is not None):
            return []
        call.asked_at = call.asked_at or event.at
        call.over = survey.answer is not None
        return [_asked(key, call, event.at, survey.answer)]

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Take one fact of FACTS: which calls can be asked about, and that one is over."""
        if isinstance(fact, CallEnded):
            call = self._calls.pop(fact.call.key, None)
            if call is not None and call.asked_at is not None and not call.over:
                call.over = True
                return [_asked(fact.call.key, call, fact.at, None)]
        elif isinstance(fact, CallAnswered | CallProgressed):
            self._learn(fact.call)
        return []

    def next_timer(self) -> datetime | None:
        """Return None: it does nothing by itself."""
        return None

    def restore(self, rows: OpenRows, at: datetime) -> list[Fact]:  # noqa: ARG002  as the other parts have it
        """Take the calls that were answered before this run and last."""
        for call in rows.calls:
            self._learn(call)
        return []

    def _learn(self, call: Call) -> None:
        if call.answered_at is None:
            self._calls.pop(call.key, None)
        elif call.ended_at is None:
            known = self._calls.setdefault(call.key, _Answered(call.line, call.answered_by))
            known.telephone = call.answered_by


def _asked(key: CallKey, call: _Answered, at: datetime, answer: int | None) -> CallerAsked:
    return CallerAsked(
        pbx=key.pbx,
        at=at,
        uniqueid=key.uniqueid,
        line=call.line,
        telephone=call.telephone,
        asked_at=call.asked_at or at,
        answered_at=at if answer is not None else None,
        answer=answer,
        over=call.over,
    )
