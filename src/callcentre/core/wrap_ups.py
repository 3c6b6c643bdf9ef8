"""What agents say of calls, in one tap after them (H1, W5): told once, changed when said again by the same agent.

A follow-up becomes a task: this part asks for it by a hint, and the wrap-up is told when its number is known. So does a
complaint become a case. By a code of the dialplan a telephone says it of the call that it answered last, and is told
through AstDB that it was kept.
"""

from collections import OrderedDict
from dataclasses import replace
from datetime import datetime
from typing import Final

from callcentre.core.answers import Answers
from callcentre.core.case_values import CaseChannel
from callcentre.core.charter import Office
from callcentre.core.desk import named, plain
from callcentre.core.errors import IllegalTransition
from callcentre.core.events import Event, UserEventRaised
from callcentre.core.facts import CallAnswered, CallEnded, CallWrapped, Fact, OpenRows
from callcentre.core.hints import ComplaintMade, FollowUpFiled, FollowUpWanted
from callcentre.core.numbers import canonical
from callcentre.core.requests import WrapUpAsked
from callcentre.core.tasks import WrapUp
from callcentre.core.terms import WrapKind

_REMEMBERED: Final = 10_000
"""So many wrap-ups and requests are remembered; the store has them all."""

Said = tuple[str, str, str]


class WrapUps:
    """What agents say of calls: `handle` returns CallWrapped, or for a follow-up the hint that leads to it."""

    EVENTS: Final[frozenset[type[Event]]] = frozenset({WrapUpAsked, UserEventRaised})
    FACTS: Final[frozenset[type[Fact]]] = frozenset({FollowUpFiled, CallAnswered, CallEnded})

    def __init__(self, office: Office) -> None:
        self._pbxs = frozenset(pbx.name for pbx in office.pbxs)
        self._answers = Answers(pbx.name for pbx in office.pbxs if pbx.acts)
        self._spoken: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._said: OrderedDict[Said, WrapUp] = OrderedDict()
        self._requests: OrderedDict[str, None] = OrderedDict()

    def handle(self, event: Event) -> list[Fact]:
        """Take one event of EVENTS, or TimePassed. Raises IllegalTransition for what a person asks that cannot be."""
        if isinstance(event, WrapUpAsked):
            return self._asked(event)
        dialled = self._answers.dialled(event) if isinstance(event, UserEventRaised) else None
        return [] if dialled is None else [*self._asked(dialled.asked), dialled.kept]

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Take one fact of FACTS."""
        if isinstance(fact, FollowUpFiled):
            return self._tell(fact.wrap)
        if isinstance(fact, CallAnswered | CallEnded):
            self._answers.learn(fact.call)
        return []

    def next_timer(self) -> datetime | None:
        """Return None: it does nothing by itself."""
        return None

    def restore(self, rows: OpenRows, at: datetime) -> list[Fact]:  # noqa: ARG002  as the other parts have it
        """Take what was said lately: the same again changes nothing, a promised follow-up is not promised twice."""
        for wrap in rows.wraps:
            self._keep(wrap)
        for call in rows.calls:
            self._answers.learn(call)
        return []

    def _asked(self, asked: WrapUpAsked) -> list[Fact]:
        if asked.request in self._requests:
            return []
        wrap = self._wrap_up(asked)
        known = self._said.get(_said(wrap))
        self._requests[asked.request] = None
        if len(self._requests) > _REMEMBERED:
            self._requests.popitem(last=False)
        if known is not None:
            if (known.kind, known.why) == (wrap.kind, wrap.why):
                return []
            wrap = replace(wrap, task=known.task)
        if wrap.kind is WrapKind.FOLLOW_UP and wrap.task is None:
            return [FollowUpWanted(pbx=wrap.pbx, at=asked.at, wrap=wrap, request=asked.request)]
        said_before = known is not None and known.kind is WrapKind.COMPLAINT
        if wrap.kind is WrapKind.COMPLAINT and not said_before:
            return [*self._tell(wrap), _complaint(wrap, asked)]
        return self._tell(wrap)

    def _wrap_up(self, asked: WrapUpAsked) -> WrapUp:
        who = named(asked.who)
        if asked.call.pbx not in self._pbxs:
            raise IllegalTransition("that call is of no PBX that is configured; look at the list of calls")
        return WrapUp(
            pbx=asked.call.pbx,
            uniqueid=asked.call.uniqueid,
            who=who,
            at=asked.at,
            line=asked.line,
            caller=canonical(asked.caller),
            kind=asked.kind,
            why=plain(asked.why),
        )

    def _tell(self, wrap: WrapUp) -> list[Fact]:
        first = (wrap.pbx, wrap.uniqueid) not in self._spoken
        self._keep(wrap)
        return [CallWrapped(pbx=wrap.pbx, at=wrap.at, wrap=wrap, first=first)]

    def _keep(self, wrap: WrapUp) -> None:
        self._said[_said(wrap)] = wrap
        self._spoken[wrap.pbx, wrap.uniqueid] = None
        for remembered in (self._said, self._spoken):
            if len(remembered) > _REMEMBERED:
                remembered.popitem(last=False)


def _complaint(wrap: WrapUp, asked: WrapUpAsked) -> ComplaintMade:
    """The caller complained: since the call, not since the agent says so."""
    return ComplaintMade(
        pbx=wrap.pbx,
        at=asked.at,
        line=wrap.line,
        caller=wrap.caller,
        channel=CaseChannel.CALL,
        received_at=min(asked.call_at or asked.at, asked.at),
        who=wrap.who,
        why=wrap.why,
        request=asked.request,
        call=wrap.uniqueid,
    )


def _said(wrap: WrapUp) -> Said:
    return wrap.pbx, wrap.uniqueid, wrap.who
