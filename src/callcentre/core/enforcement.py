"""Unattended lines: from grace to alarm, what is done about it, and that all of it is undone.

A breach lasts while its line needs its own people: nobody can answer, or only telephones that we added. Here is when
things happen; what is done and in what order is core/response.py, what people are told core/alerts.py.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from callcentre.core import alerts, response
from callcentre.core.breach import Breach, BreachStep
from callcentre.core.calendar import Calendar
from callcentre.core.charter import Office
from callcentre.core.deeds import Case, forgotten, is_dial
from callcentre.core.events import (
    ActionAnswered,
    AppStarted,
    Event,
    LinkDown,
    LinkUp,
    OriginateAnswered,
    PbxShutdown,
    TimePassed,
    UserEventRaised,
)
from callcentre.core.facts import AttendanceChanged, Fact, OpenRows, PbxBooted
from callcentre.core.hints import RosterChanged
from callcentre.core.response import Means
from callcentre.core.terms import ActionResult, Attendance, BreachEnd, CallKey, Mode
from callcentre.core.watches import Due, Waiting, Watch, cover_asked

_HELD_BACK: Final = "held_back"
_FAULTS: Final = frozenset({ActionResult.REFUSED, ActionResult.FAILED, ActionResult.UNCERTAIN})


class Enforcement:
    """The breaches of all lines: `handle(event)` and `handle_fact(fact)` return BreachChanged and CommandWanted.

    Before `restore` nothing is ever sent: a replay only observes.
    """

    EVENTS: Final[frozenset[type[Event]]] = frozenset(
        {LinkUp, LinkDown, PbxShutdown, UserEventRaised, ActionAnswered, OriginateAnswered, AppStarted}
    )
    FACTS: Final[frozenset[type[Fact]]] = frozenset({AttendanceChanged, RosterChanged, PbxBooted, *Waiting.FACTS})

    def __init__(self, office: Office) -> None:
        self._office = office
        self._pbxs = {pbx.name for pbx in office.pbxs}
        self._watches = {line.name: Watch(line, Calendar(line)) for line in office.lines}
        self._busy: dict[str, Watch] = {}
        self._ending: list[Case] = []
        self._sent: dict[str, tuple[Case, int]] = {}
        self._means = Means(office)
        self._waiting = Waiting()
        self._now: datetime | None = None
        self._handlers: dict[type[Event], Callable[[Any], list[Fact]]] = {
            LinkUp: self._link_up,
            LinkDown: self._out_of_sight,
            PbxShutdown: self._out_of_sight,
            UserEventRaised: self._user_event,
            ActionAnswered: self._action_answered,
            OriginateAnswered: self._originate_answered,
        }
        self._listeners: dict[type[Fact], Callable[[Any], list[Fact]]] = {
            AttendanceChanged: self._attendance_changed,
            RosterChanged: self._roster_changed,
            PbxBooted: self._booted,
        }

    def handle(self, event: Event) -> list[Fact]:
        """Take one event of EVENTS, or TimePassed."""
        kind = type(event)
        if kind is AppStarted:
            return self._app_started(event)
        if kind is TimePassed:
            return self._advance(event.at)
        handler = self._handlers.get(kind)
        return self._in_time(handler, event) if handler is not None else []

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Take one fact of FACTS. Those of calls come for every call: they are only noted."""
        listener = self._listeners.get(type(fact))
        if listener is not None:
            return self._in_time(listener, fact)
        self._waiting.hear(fact)
        return []

    def next_timer(self) -> datetime | None:
        """When grace or recovery ends, core hours end, an escalation step is due, or something is tried again."""
        return min((at for at, _, _ in self._dues()), default=None)

    def breaches(self) -> Mapping[str, Breach]:
        """The breach of each line that has one now, be it only that cover was asked for."""
        return {name: watch.case.breach for name, watch in self._busy.items() if watch.case is not None}

    # --- time --------------------------------------------------------------------------------------------------------

    def _in_time(self, take: Callable[[Any], list[Fact]], told: Event | Fact) -> list[Fact]:
        """What fell due before it, then it, then what is due by it."""
        facts = self._advance(told.at)
        facts += take(told)
        return facts + self._advance(told.at) if self._busy or self._ending else facts

    def _advance(self, now: datetime) -> list[Fact]:
        """Do what fell due up to `now`, each at its own time, or as soon as somebody could look."""
        before = self._now or now
        self._now = max(before, now)
        facts: list[Fact] = []
        while self._busy or self._ending:
            due = min(self._dues(), key=lambda one: one[:2], default=None)
            if due is None or due[0] > now:
                break
            facts += self._fire(due[1], due[2], max(due[0], before))
        return facts

    def _dues(self) -> Iterator[tuple[datetime, Due, Watch | Case]]:
        for watch in self._busy.values():
            for at, kind in watch.dues():
                yield at, kind, watch
        for case in self._cases():
            if case.ring_until is not None:
                yield case.ring_until, Due.RING_END, case
            if not self._means.may_send(case):
                continue
            needed = self._needed(case)
            if case.retry_at is not None and (needed or case.ended):
                yield case.retry_at, Due.WORK, case
            if case.wait_until is not None and needed:
                yield case.wait_until, Due.WORK, case

    def _fire(self, kind: Due, whose: Watch | Case, at: datetime) -> list[Fact]:
        if isinstance(whose, Case):
            return self._ring_ended(whose, at) if kind is Due.RING_END else self._work(whose, at)
        if kind is Due.ALARM:
            return self._alarm(whose, at)
        if kind is Due.ESCALATE:
            return self._escalate(whose, at)
        case, well_since = whose.case, whose.well_since
        if case is None:
            self._rest(whose)
            return []
        if kind is Due.CLOSE:
            return self._end(case, at, BreachEnd.CLOSED_HOURS, whose.closes_at or at)
        end = BreachEnd.RECOVERED if whose.leaves() else BreachEnd.NOT_NEEDED
        return self._end(case, at, end, well_since or at)

    # --- what is told ------------------------------------------------------------------------------------------------

    def _attendance_changed(self, fact: AttendanceChanged) -> list[Fact]:
        watch = self._watches[fact.line]
        watch.hear(fact)
        self._note(watch)
        case = watch.case
        if case is None:
            return []
        if case.breach.alarmed_at is None:
            if case.breach.unattended_at != watch.since:
                case.change(unattended_at=watch.since)
        elif (case.breach.reason, case.breach.who) != (watch.reason, watch.who) and watch.reason:
            case.change(reason=watch.reason, who=watch.who)
        watch.review(fact.at)
        return self._work(case, fact.at)

    def _roster_changed(self, fact: RosterChanged) -> list[Fact]:
        watch = self._watches[fact.line]
        watch.roster = fact
        if watch.case is None:
            return []
        watch.review(fact.at)
        return self._work(watch.case, fact.at)

    def _app_started(self, event: Event) -> list[Fact]:
        if isinstance(event, AppStarted) and event.application == "VoiceMail":
            self._waiting.over(CallKey(event.pbx, event.uniqueid))
        return []

    def _link_up(self, event: LinkUp) -> list[Fact]:
        self._means.linked.add(event.pbx)
        cases = [case for case in self._cases() if case.breach.pbx == event.pbx]
        return [fact for case in cases for fact in self._work(case, event.at)]

    def _out_of_sight(self, event: LinkDown | PbxShutdown) -> list[Fact]:
        self._means.linked.discard(event.pbx)
        for watch in self._watches.values():
            if watch.line.pbx == event.pbx:
                watch.roster = watch.well_since = None
        return []

    def _booted(self, fact: PbxBooted) -> list[Fact]:
        """It started anew: who was added is gone, and is added again once the line's own people are seen to be away."""
        for case in self._cases():
            if case.breach.pbx == fact.pbx and not case.ended:
                case.renew |= {step.seq for step in case.held() if forgotten(step, fact.booted_at)}
        return []

    def _user_event(self, event: UserEventRaised) -> list[Fact]:
        asked = cover_asked(event.fields) if event.name == "CallcentreCover" else None
        watch = self._watches.get(asked[0]) if asked is not None else None
        if asked is None or watch is None or watch.line.pbx != event.pbx or watch.case is not None:
            return []
        if not watch.calendar.is_open(event.at):
            return []
        _, telephone, reason = asked
        case = self._open(watch, watch.since or event.at, reason)
        case.change(asked_by=telephone, unattended_at=watch.since)
        watch.review(event.at)
        self._do(case, event.at)
        case.notices.append(alerts.cover(self._told(case, event.at)))
        return self._taken(case, event.at)

    # --- the course of a breach --------------------------------------------------------------------------------------

    def _open(self, watch: Watch, since: datetime, reason: str) -> Case:
        mode = Mode.ENFORCE if self._means.limit(watch.line) is not None else Mode.OBSERVE
        line = watch.line
        breach = Breach(pbx=line.pbx, line=line.name, since=since, mode=mode, reason=reason)
        watch.case = Case(line, watch.calendar, breach)
        watch.open_until(since)
        self._note(watch)
        return watch.case

    def _alarm(self, watch: Watch, at: datetime) -> list[Fact]:
        case = watch.case or self._open(watch, watch.since or at, watch.reason)
        waiting = self._waiting.count(watch.line.name)
        case.change(alarmed_at=at, unattended_at=watch.since, reason=watch.reason, who=watch.who, waiting=waiting)
        watch.review(at)
        self._do(case, at, watch.volunteers())
        case.notices.append(alerts.unattended(self._told(case, at), response.later(case)))
        return self._taken(case, at)

    def _escalate(self, watch: Watch, at: datetime) -> list[Fact]:
        case, after = watch.case, watch.escalation()
        if case is None or after is None:
            return []
        case.change(told=(*case.breach.told, after))
        told = self._told(case, at, alerts.escalations(case.line)[after])
        covered = watch.state is not Attendance.UNATTENDED
        case.notices.append(alerts.still(told, after, self._waiting.count(watch.line.name), covered=covered))
        return self._taken(case, at)

    def _end(self, case: Case, at: datetime, end: BreachEnd, back: datetime) -> list[Fact]:
        """It is over, and was so since `back`: take back what was done, and tell those who were told."""
        case.change(ended_at=back if end is BreachEnd.CLOSED_HOURS else at, end=end)
        response.undo(case, at, acts=self._means.acts(case.breach.pbx))
        watch = self._watches.get(case.breach.line)
        if watch is not None and watch.case is case:
            self._rest(watch)
        self._ending.append(case)
        for step in [step for step in case.steps if step.undoes is not None]:
            self._complain(case, step, at)
        self._do(case, at)
        if case.breach.alarmed_at is not None:
            to = alerts.everybody_told(case.line, case.calendar, case.breach)
            case.notices.append(alerts.recovered(self._told(case, at, to), back))
        return self._taken(case, at) + self._work_on_ending(at)

    # --- what came of actions ----------------------------------------------------------------------------------------

    def _action_answered(self, event: ActionAnswered) -> list[Fact]:
        case, step = self._step_of(event)
        if case is None or step is None or step.result is not ActionResult.WANTED:
            return []
        ours = response.another_holds(self._cases(), case, step)
        self._complain(case, response.answered(case, step, event, ours=ours), event.at)
        return self._work(case, event.at) + self._work_on_ending(event.at)

    def _originate_answered(self, event: OriginateAnswered) -> list[Fact]:
        """How a supervisor's telephone ended; told late, it is still the better word."""
        case, step = self._step_of(event)
        if case is None or step is None or step.result not in (ActionResult.WANTED, ActionResult.UNCERTAIN):
            return []
        response.taken(case, step, event)
        return self._rung(case, event.at)

    def _ring_ended(self, case: Case, at: datetime) -> list[Fact]:
        response.untold(case, at)
        return self._rung(case, at)

    def _rung(self, case: Case, at: datetime) -> list[Fact]:
        """The next telephone is rung; after the last that nobody answered, people are told, unless it is over."""
        self._do(case, at)
        if not case.ended and response.nobody_took(case):
            self._complain(case, next(step for step in reversed(case.steps) if is_dial(step)), at)
        return self._taken(case, at)

    def _step_of(self, event: ActionAnswered | OriginateAnswered) -> tuple[Case | None, BreachStep | None]:
        case, seq = self._sent.get(event.key, (None, 0))
        if case is None or case.breach.pbx != event.pbx:
            return None, None
        return case, case.step(seq)

    def _complain(self, case: Case, step: BreachStep, at: datetime) -> None:
        """Tell, once for each kind of action, that one could not be done."""
        if step.result in _FAULTS and step.action.value not in case.complained:
            case.complained.add(step.action.value)
            case.notices.append(alerts.refused(self._told(case, at), step))

    # --- doing -------------------------------------------------------------------------------------------------------

    def _work(self, case: Case, at: datetime) -> list[Fact]:
        self._do(case, at)
        return self._taken(case, at)

    def _work_on_ending(self, at: datetime) -> list[Fact]:
        """What is to be taken back may have waited for another breach."""
        return [fact for case in tuple(self._ending) if case.unsent for fact in self._work(case, at)]

    def _do(self, case: Case, at: datetime, paused: tuple[str, ...] = ()) -> None:
        """Want what comes next, and send what may be sent now."""
        needed, limit = self._needed(case), self._means.limit(case.line)
        watch = self._watches.get(case.breach.line)
        members = watch.members(self._cases()) if watch is not None else frozenset[str]()
        if limit is None and needed:
            response.proceed(case, at, None, members, paused)
        if not self._means.may_send(case):
            return
        if case.retry_at is not None and at >= case.retry_at and (needed or case.ended):
            response.retry(case, at, limit)
        if limit is not None and needed:
            response.renew(case, at, limit)
            response.proceed(case, at, limit, members, paused)
        if _HELD_BACK not in case.complained and any(s.result is ActionResult.HELD_BACK for s in case.steps):
            case.complained.add(_HELD_BACK)
            case.notices.append(alerts.held_back(self._told(case, at), self._office.actions_per_hour))
        for step in [case.step(seq) for seq in sorted(case.unsent)]:
            if step.undoes is not None:
                response.take_back(case, step, at, self._cases())
            elif needed and limit is not None:
                case.send(step)

    def _taken(self, case: Case, at: datetime) -> list[Fact]:
        """The case's facts; it is forgotten once nothing of it is left to be done."""
        facts = case.take(at)
        for step in case.steps:
            if step.result is ActionResult.WANTED or is_dial(step):
                self._sent[step.key] = case, step.seq
        if case.ended and case.settled:
            self._ending = [other for other in self._ending if other is not case]
            self._sent = {key: sent for key, sent in self._sent.items() if sent[0] is not case}
        return facts

    def _cases(self) -> list[Case]:
        return [*(watch.case for watch in self._busy.values() if watch.case is not None), *self._ending]

    def _needed(self, case: Case) -> bool:
        """Whether more is to be done: its people are seen to be away, or cover stands by for somebody who goes."""
        watch = self._watches.get(case.breach.line)
        if case.ended or watch is None:
            return False
        return watch.needy() or not watch.leaves()

    def _told(self, case: Case, at: datetime, to: tuple[str, ...] | None = None) -> alerts.Told:
        """What a notice needs; it goes to the shift of that moment if `to` is not given."""
        return alerts.Told(
            line=case.line,
            calendar=case.calendar,
            breach=case.breach,
            steps=tuple(case.steps),
            at=at,
            to=alerts.contacts(case.line, case.calendar, at) if to is None else to,
            url=self._office.url,
        )

    def _note(self, watch: Watch) -> None:
        if watch.busy:
            self._busy[watch.line.name] = watch
        else:
            self._busy.pop(watch.line.name, None)

    def _rest(self, watch: Watch) -> None:
        watch.rest()
        self._note(watch)

    # --- a restart ---------------------------------------------------------------------------------------------------

    def restore(self, rows: OpenRows, at: datetime) -> list[Fact]:
        """Take the breaches that an earlier run left open; nothing that was done is done again."""
        self._now = at
        self._means.restore(rows.acted)
        for call in rows.calls:
            self._waiting.offered(call)
        rows_here = ((breach, steps) for breach, steps in rows.breaches if breach.pbx in self._pbxs)
        return [fact for breach, steps in rows_here for fact in self._restore(breach, steps, at)]

    def _restore(self, breach: Breach, steps: tuple[BreachStep, ...], at: datetime) -> list[Fact]:
        """A line that is no longer configured is not watched: all that was done for it is taken back."""
        watch = self._watches.get(breach.line)
        known = watch is not None and watch.line.pbx == breach.pbx and watch.case is None
        fallback = next(one for one in self._office.lines if one.name == self._office.fallback_line)
        line = watch.line if watch and known else replace(fallback, name=breach.line, pbx=breach.pbx)
        case = response.restored(line, Calendar(line), breach, steps, at)
        if case.ended:
            self._ending.append(case)
            return self._taken(case, at)
        if watch is None or not known:
            return self._end(case, at, BreachEnd.CLOSED_HOURS, at)
        closed = watch.resume(case)
        self._note(watch)
        over = closed is not None and closed <= at
        return self._end(case, at, BreachEnd.CLOSED_HOURS, closed or at) if over else self._taken(case, at)
