"""Abusive callers (W5): a warning, the end of the call, who is told of it, and how long agents are shown the mark.

A code on the telephone and a button on the page lead to one place, the dialplan; what came of either is told by its
UserEvent alone. A button is obeyed only for a talk at the very telephone of who pressed it: the call that was answered
there, or the callback that was made from it.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from callcentre.core.calendar import Calendar
from callcentre.core.charter import Office, abuse_role, not_theirs
from callcentre.core.commands import AbuseAct
from callcentre.core.desk import named, plain
from callcentre.core.errors import IllegalTransition, NotTheirRole
from callcentre.core.events import ActionAnswered, Event, OriginateAnswered, TimePassed, UserEventRaised
from callcentre.core.facts import CallerErased, CallWrapped, Fact, IncidentChanged, OpenRows
from callcentre.core.hints import CommandWanted
from callcentre.core.incident_notices import due_notice, happened_notice
from callcentre.core.incidents import (
    ASKED,
    FAILED,
    WANTS,
    AbuseHow,
    AbuseStage,
    AbuseStep,
    Incident,
    IncidentState,
    Review,
)
from callcentre.core.requests import AbuseAsked, IncidentNoted, IncidentReviewed
from callcentre.core.talks import Name, Talk, Talks
from callcentre.core.tasks import Notice, WrapUp
from callcentre.core.terms import WrapKind

ABUSE_TOLD: Final = "CallcentreAbuse"
"""The dialplan's UserEvent: Call, Step, How and Interface (dialplan/README.md)."""

SEND_WITHIN: Final = timedelta(seconds=10)
_HEARD_WITHIN: Final = timedelta(seconds=20)
"""So long the dialplan has to tell that it did what a button asked for."""

_REMEMBERED: Final = 5_000
_NOTE: Final = 2_000
_KEY: Final = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_CALL: Final = re.compile(r"[A-Za-z0-9._-]{1,80}", re.ASCII)
_TELEPHONE: Final = re.compile(r"(?!Local/)[A-Za-z][A-Za-z0-9]{0,19}/[A-Za-z0-9_.@+*#-]{1,79}", re.ASCII)
_STATES: Final = {"warned": IncidentState.WARNED, "ended": IncidentState.ENDED}


class Abuse:
    """Incidents with abusive callers.

    `names` gives the telephone of each queue member of a PBX by its name, `line_of` the line of a task by its number.
    `handle` returns IncidentChanged at each step, and the hint that makes a button's press a command.
    """

    EVENTS: Final[frozenset[type[Event]]] = frozenset(
        {AbuseAsked, IncidentNoted, IncidentReviewed, UserEventRaised, ActionAnswered, OriginateAnswered}
    )
    FACTS: Final[frozenset[type[Fact]]] = Talks.FACTS | {CallWrapped}

    def __init__(
        self,
        office: Office,
        names: Callable[[str], Mapping[str, str]],
        line_of: Callable[[str, int], str] = lambda _pbx, _task: "",
    ) -> None:
        self._office = office
        self._lines = {line.name: line for line in office.lines}
        self._acts = {pbx.name: pbx.acts for pbx in office.pbxs}
        self._names = names
        self._talks = Talks(lambda pbx, task: line_of(pbx, task) or office.fallback_line)
        self._incidents: dict[Name, Incident] = {}
        self._pressed: dict[str, tuple[Name, datetime]] = {}
        self._requests: OrderedDict[str, None] = OrderedDict()
        self._asked: dict[type[Event], Callable[[Any], list[Fact]]] = {
            AbuseAsked: self._button,
            IncidentNoted: self._noted,
            IncidentReviewed: self._reviewed,
            UserEventRaised: self._told,
            ActionAnswered: self._answered,
            OriginateAnswered: self._answered,
            TimePassed: self._time_passed,
        }

    def handle(self, event: Event) -> list[Fact]:
        """Take one event of EVENTS, or TimePassed. Raises IllegalTransition for what cannot be."""
        return self._asked[type(event)](event)

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Take one fact of FACTS."""
        if isinstance(fact, CallWrapped):
            return self._wrapped(fact.wrap)
        self._talks.take(fact)
        if isinstance(fact, CallerErased):
            self._erased(fact)
        return []

    def next_timer(self) -> datetime | None:
        """When a press was heard of too late, a review is due, or a mark expires."""
        late = (until for _, until in self._pressed.values())
        due = (each.review_due if _waits(each) else each.expires_at for each in self._incidents.values())
        return min((*late, *due), default=None)

    def restore(self, rows: OpenRows, at: datetime) -> list[Fact]:
        """Take what an earlier run left. No press is made again: what nobody heard of was not done."""
        for call in rows.calls:
            if call.ended_at is None:
                self._talks.call(call)
        for click in rows.clicks:
            self._talks.click(click)
        facts: list[Fact] = []
        for incident in rows.incidents:
            self._incidents[incident.pbx, incident.uniqueid] = incident
            if incident.state in ASKED:
                facts += self._now(incident, at, state=FAILED[incident.state])
        return facts

    # --- the button --------------------------------------------------------------------------------------------------

    def _button(self, asked: AbuseAsked) -> list[Fact]:
        name = (asked.call.pbx, asked.call.uniqueid)
        if _KEY.fullmatch(asked.request) is None:
            raise IllegalTransition("this request bears no proper name; reload the page and press again")
        if self._is_known(asked.request):
            return []
        talk = self._talks.of(name)
        if talk is None:
            raise IllegalTransition("that call is over")
        if not asked.telephone or talk.telephone != asked.telephone:
            how = "made from" if talk.called else "answered at"
            raise IllegalTransition(f"that call was not {how} your telephone: whose it is may warn the caller")
        if not talk.answered:
            raise IllegalTransition("nobody has answered yet: there is nobody to warn")
        if not self._acts.get(asked.call.pbx, False):
            raise IllegalTransition(
                "nothing is done from here: callcentre has no account that may; press the code on your telephone"
            )
        incident = self._incidents.get(name) or self._new(talk, AbuseHow.BUTTON, named(asked.who), asked.at)
        self._may(incident, asked.step, new=name not in self._incidents)
        self._keep_request(asked.request)
        self._pressed[asked.request] = (name, asked.at + _HEARD_WITHIN)
        command = AbuseAct(
            pbx=asked.call.pbx,
            key=asked.request,
            uniqueid=asked.call.uniqueid,
            step=asked.step,
            telephone=asked.telephone,
            not_after=asked.at + SEND_WITHIN,
        )
        facts = self._now(incident, asked.at, state=WANTS[asked.step], agent=named(asked.who))
        return [*facts, CommandWanted(pbx=asked.call.pbx, at=asked.at, command=command)]

    def _may(self, incident: Incident, step: AbuseStep, *, new: bool) -> None:
        """Refuse what the state of an incident does not allow, in words."""
        if incident.state in ASKED and not new:
            raise IllegalTransition("it was asked for a moment ago; wait for what comes of it")
        if step is AbuseStep.END and (new or not incident.may(step)):
            raise IllegalTransition(
                "the call is being ended" if incident.ended_at else "the caller was not warned yet: warn them first"
            )
        if step is AbuseStep.WARN and not new and not incident.may(step) and incident.state is not IncidentState.SAID:
            raise IllegalTransition("the caller has been warned; the next press ends the call")

    def _answered(self, event: ActionAnswered | OriginateAnswered) -> list[Fact]:
        """A press that the PBX refused. That it took one says nothing: the dialplan tells."""
        pressed = self._pressed.get(event.key)
        if pressed is None or event.done or (isinstance(event, ActionAnswered) and event.lost):
            return []
        return self._failed(event.key, event.at)

    def _failed(self, key: str, at: datetime) -> list[Fact]:
        name, _ = self._pressed.pop(key)
        incident = self._incidents.get(name)
        if incident is None or incident.state not in ASKED:
            return []
        return self._now(incident, at, state=FAILED[incident.state])

    # --- the dialplan ------------------------------------------------------------------------------------------------

    def _told(self, event: UserEventRaised) -> list[Fact]:
        """The dialplan says that somebody was warned, or a call ended: of a talk that an agent is in."""
        if event.name != ABUSE_TOLD or event.uniqueid is None:
            return []
        uniqueid, state = event.fields.get("Call", ""), _STATES.get(event.fields.get("Step", ""))
        talk = self._talks.of((event.pbx, uniqueid)) if _CALL.fullmatch(uniqueid) else None
        if talk is None or state is None:
            return []
        telephone = event.fields.get("Interface", "")
        if talk.called or _TELEPHONE.fullmatch(telephone) is None:
            telephone = talk.telephone
        incident = self._incidents.get((event.pbx, uniqueid))
        if incident is None:
            incident = self._new(talk, AbuseHow.CODE, talk.who or self._who(event.pbx, telephone), event.at)
        self._pressed = {key: one for key, one in self._pressed.items() if one[0] != (event.pbx, uniqueid)}
        if state is IncidentState.WARNED and incident.warned_at is None and incident.ended_at is None:
            incident = replace(incident, telephone=telephone, warned_at=event.at)
            return self._now(incident, event.at, stage=AbuseStage.WARNED, state=state)
        if state is IncidentState.ENDED and incident.ended_at is None:
            incident = replace(incident, telephone=telephone, ended_at=event.at)
            return self._now(incident, event.at, stage=AbuseStage.ENDED, state=state)
        return []

    def _who(self, pbx: str, telephone: str) -> str:
        """What the queues call whoever has this telephone."""
        return next((plain(name) for name, device in self._names(pbx).items() if device == telephone), "")

    # --- what agents say after it ------------------------------------------------------------------------------------

    def _wrapped(self, wrap: WrapUp) -> list[Fact]:
        name = (wrap.pbx, wrap.uniqueid)
        incident = self._incidents.get(name)
        if wrap.kind is not WrapKind.ABUSIVE:
            only_said = incident is not None and incident.how is AbuseHow.WRAP_UP and incident.reviewed_at is None
            if incident is None or not only_said or incident.agent != wrap.who:
                return []
            return self._now(
                incident, wrap.at, review=Review.WITHDRAWN, reviewed_at=wrap.at, reviewed_by=wrap.who
            )  # fmt: skip
        if incident is not None and incident.happened:
            known = replace(incident, note=_with(incident.note, wrap.why, wrap.who))
            if _took_back(incident, wrap):
                known = replace(known, review=None, reviewed_at=None, reviewed_by=None)
            return self._now(known, wrap.at) if known != incident else []
        talk = self._talks.lately(name)
        lasts = self._office.marks
        said = Incident(
            pbx=wrap.pbx,
            uniqueid=wrap.uniqueid,
            line=wrap.line,
            caller=wrap.caller,
            agent=wrap.who,
            telephone=talk.telephone if talk is not None else "",
            how=AbuseHow.WRAP_UP,
            state=IncidentState.SAID,
            at=wrap.at,
            expires_at=wrap.at + lasts.lasts,
            review_due=wrap.at + lasts.review,
            role=abuse_role(self._office, wrap.line),
            note=_with("", wrap.why, wrap.who),
            entries=incident.entries if incident is not None else 0,
        )
        return self._now(said, wrap.at, stage=AbuseStage.WRAP_UP)

    # --- the named role ----------------------------------------------------------------------------------------------

    def _noted(self, asked: IncidentNoted) -> list[Fact]:
        who = named(asked.who)
        if self._is_known(asked.request):
            return []
        if not plain(asked.note):
            raise IllegalTransition("nothing was written; type the note")
        incident = self._of(asked.row)
        self._keep_request(asked.request)
        return self._now(incident, asked.at, note=_with(incident.note, asked.note, who))

    def _reviewed(self, asked: IncidentReviewed) -> list[Fact]:
        who = named(asked.who)
        if self._is_known(asked.request):
            return []
        incident = self._of(asked.row)
        if refused := not_theirs(
            self._office, abuse_role(self._office, incident.line, incident.role), who, admin=asked.admin
        ):
            raise NotTheirRole(f"to review a mark: {refused}")
        if not incident.happened:
            raise IllegalTransition("nothing came of that press: nobody is marked by it")
        if incident.expires_at <= asked.at:
            raise IllegalTransition("that mark has expired: nobody is shown it any more")
        if asked.review is Review.WITHDRAWN and not plain(asked.note):
            raise IllegalTransition("say in the note why the mark is withdrawn")
        self._keep_request(asked.request)
        note = _with(incident.note, asked.note, who)
        if (incident.note, incident.review, incident.reviewed_by) == (note, asked.review, who):
            return []  # sent again, after a restart
        return self._now(incident, asked.at, note=note, review=asked.review, reviewed_at=asked.at, reviewed_by=who)

    def _of(self, row: Incident) -> Incident:
        """The incident as it is now: in memory while its mark lasts, else as the store has it."""
        return self._incidents.get((row.pbx, row.uniqueid), row)

    def _time_passed(self, event: TimePassed) -> list[Fact]:
        facts: list[Fact] = []
        for key in [key for key, (_, until) in self._pressed.items() if until <= event.at]:
            facts += self._failed(key, event.at)
        for incident in tuple(self._incidents.values()):
            if incident.expires_at <= event.at:
                del self._incidents[incident.pbx, incident.uniqueid]
            elif _waits(incident) and incident.review_due <= event.at:
                asked = replace(incident, notified=True)
                facts += self._now(asked, event.at, notices=self._due(asked, event.at))
        return facts

    def _due(self, incident: Incident, at: datetime) -> tuple[Notice, ...]:
        line = self._lines.get(incident.line)
        return () if line is None else (due_notice(self._office, line, Calendar(line), incident, at),)

    # --- what is kept ------------------------------------------------------------------------------------------------

    def _new(self, talk: Talk, how: AbuseHow, who: str, at: datetime) -> Incident:
        """One that nothing came of yet, and that no fact has told of."""
        return Incident(
            pbx=talk.pbx,
            uniqueid=talk.uniqueid,
            line=talk.line,
            caller=talk.other,
            agent=who,
            telephone=talk.telephone,
            how=how,
            state=IncidentState.NOT_WARNED,
            at=at,
            expires_at=at + self._office.marks.lasts,
            review_due=at + self._office.marks.review,
            role=abuse_role(self._office, talk.line),
            entries=0,
        )

    def _now(
        self,
        incident: Incident,
        at: datetime,
        *,
        stage: AbuseStage | None = None,
        notices: tuple[Notice, ...] = (),
        **changes: Any,
    ) -> list[Fact]:
        """The incident is changed so; the named role is told of each stage."""
        changed = replace(incident, entries=incident.entries + 1, **changes)
        self._incidents[changed.pbx, changed.uniqueid] = changed
        line = self._lines.get(changed.line)
        if stage is not None and line is not None:
            before = sum(one.marks(at) and _same_caller(one, changed) for one in self._incidents.values())
            notices = (happened_notice(self._office, line, Calendar(line), changed, stage, before, at),)
        return [IncidentChanged(pbx=changed.pbx, at=at, incident=changed, stage=stage, notices=notices)]

    def _erased(self, fact: CallerErased) -> None:
        for name, incident in self._incidents.items():
            if fact.caller is not None and incident.caller == fact.caller and fact.pbx in ("", incident.pbx):
                self._incidents[name] = replace(incident, caller=None, note="")

    def _is_known(self, request: str) -> bool:
        return request in self._requests

    def _keep_request(self, request: str) -> None:
        self._requests[request] = None
        if len(self._requests) > _REMEMBERED:
            self._requests.popitem(last=False)


def _waits(incident: Incident) -> bool:
    """Whether the named role is still to be asked about it."""
    return incident.happened and incident.review is None and not incident.notified


def _took_back(incident: Incident, wrap: WrapUp) -> bool:
    """Whether who says it now had said it, and then something else."""
    return incident.how is AbuseHow.WRAP_UP and incident.reviewed_by == wrap.who == incident.agent


def _same_caller(one: Incident, other: Incident) -> bool:
    return one.caller is not None and one.caller == other.caller and one.uniqueid != other.uniqueid


def _with(note: str, more: str, who: str) -> str:
    """A note with what somebody adds to it; the newest stays where it grows too long."""
    words = plain(more)
    said = f"{who}: {words}"
    if not words or note.endswith(said):
        return note
    return (f"{note}\n{said}" if note else said)[-_NOTE:]
