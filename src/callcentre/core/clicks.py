"""Dials asked for with a click: the agent's telephone is rung, then the caller's, at most once for each click.

A click is a row before anything is sent, and sent once, in the step that made the row. Its key is the uniqueid of the
agent's leg, so the PBX's events tell what becomes of it, also after a restart; what nobody saw stays uncertain.
"""

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from callcentre.core import click_states
from callcentre.core.calling import Walls, dialled_as
from callcentre.core.charter import Office
from callcentre.core.click_runs import RING_END, SEND_WITHIN, Run
from callcentre.core.click_states import Ending
from callcentre.core.commands import CallBack
from callcentre.core.desk import Work
from callcentre.core.errors import IllegalTransition
from callcentre.core.events import (
    ActionAnswered,
    ChannelCreated,
    ChannelGone,
    ChannelRenamed,
    ChannelsListed,
    ChannelStateChanged,
    DialBegun,
    DialEnded,
    DialEvent,
    Event,
    EventsQuarantined,
    LinkDown,
    LinkUp,
    OriginateAnswered,
    PbxShutdown,
    TimePassed,
    VariableSet,
)
from callcentre.core.facts import CallerErased, ClickChanged, Fact, OpenRows
from callcentre.core.handsets import Handsets
from callcentre.core.hints import CalloutSeen, CommandWanted
from callcentre.core.numbers import masked
from callcentre.core.requests import TaskAsked
from callcentre.core.tasks import Click
from callcentre.core.terms import ClickResult, ClickState, is_local

_BLIND_FOR: Final = timedelta(minutes=5)
"""So long a click may be out of sight before its end is called uncertain, as for any dial (core.callouts)."""

_REMEMBERED: Final = 10_000
_KEY: Final = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_BUSY_REASON: Final = 5
_COULD_NOT: Final = frozenset({0, 8})
"""OriginateResponse's Reason (main/manager.c): 5 busy; 0 and 8: it could not be rung at all."""

Name = tuple[str, str]
"""(pbx, key) of a click, or (pbx, uniqueid) of a leg."""


class Clicks:
    """The dials asked for with a click, of all PBXs. It is what carries out TaskAction.DIAL (core.asks.Dialler).

    `handle` and `handle_fact` return ClickChanged at each step, and the hints that tie the caller's leg to its task.
    """

    EVENTS: Final[frozenset[type[Event]]] = frozenset(
        {
            *(LinkUp, LinkDown, PbxShutdown, EventsQuarantined, ChannelsListed, ActionAnswered, OriginateAnswered),
            *(ChannelCreated, ChannelStateChanged, ChannelGone, ChannelRenamed, DialBegun, DialEnded, VariableSet),
        }
    )
    FACTS: Final[frozenset[type[Fact]]] = frozenset({CalloutSeen, CallerErased})

    def __init__(self, office: Office) -> None:
        self._calling = office.calling
        self._rings = timedelta(seconds=office.calling.ring_agent)
        self._acts = {pbx.name: pbx.acts for pbx in office.pbxs}
        self._walls = Walls(office)
        self._running: dict[Name, Run] = {}
        self._legs: dict[Name, Name] = {}
        self._known: OrderedDict[Name, Click] = OrderedDict()
        self._handsets = {pbx.name: Handsets() for pbx in office.pbxs}
        self._in_sight: set[str] = set()
        self._started = False
        self._facts: list[Fact] = []
        self._handlers: dict[type[Event], Callable[[Any], None]] = {
            LinkUp: self._link_up,
            LinkDown: self._blinded,
            EventsQuarantined: self._blinded,
            PbxShutdown: self._shut_down,
            ChannelsListed: self._listed,
            ActionAnswered: self._action_answered,
            OriginateAnswered: self._originate_answered,
            ChannelCreated: self._created,
            ChannelStateChanged: self._state_changed,
            ChannelGone: self._gone,
            ChannelRenamed: self._renamed,
            DialBegun: self._dial_begun,
            DialEnded: self._dial_ended,
            VariableSet: self._variable_set,
        }

    def handle(self, event: Event) -> list[Fact]:
        """Take one event of EVENTS, or TimePassed."""
        if type(event) is TimePassed:
            self._time_passed(event.at)
        elif event.pbx in self._handsets:
            self._handlers[type(event)](event)
        return self._taken()

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Take one fact of FACTS."""
        if isinstance(fact, CalloutSeen):
            name = self._legs.get((fact.callout.pbx, fact.callout.uniqueid))
            if name is not None:
                self._running[name].hears(fact.callout, fact.at)
        elif isinstance(fact, CallerErased):
            self._erased(fact)
        return self._taken()

    def next_timer(self) -> datetime | None:
        """When a click is given up."""
        return min((run.until for run in self._running.values() if run.until is not None), default=None)

    def restore(self, rows: OpenRows, at: datetime) -> list[Fact]:
        """Take what an earlier run left. Nothing is sent again: the PBX's lists tell which dials still last."""
        self._started = True
        self._walls.restore(rows.clicks)
        for click in rows.clicks:
            self._know(click)
            if click.state is not ClickState.ENDED:
                run = self._run(click, at + _BLIND_FOR)
                run.blind = True
                if click.callout is not None:
                    run.legs.append(click.callout)
                    self._legs[click.pbx, click.callout] = (click.pbx, click.key)
        return []

    # --- what an agent asks ------------------------------------------------------------------------------------------

    def runs(self, pbx: str, task: int) -> bool:
        """Whether a dial that was asked for with a click is not over for this task."""
        return any((run.click.pbx, run.click.task) == (pbx, task) for run in self._running.values())

    def dial(self, work: Work, asked: TaskAsked, who: str) -> tuple[str, list[Fact]]:
        """Have the caller of the task in hand dialled (core.asks.Dialler); IllegalTransition says why not."""
        if _KEY.fullmatch(asked.request) is None:
            raise IllegalTransition("this request bears no proper name; reload the page and click again")
        if (asked.pbx, asked.request) in self._known:
            raise IllegalTransition("this was asked for before; reload the page to see what became of it")
        telephone, number = self._walls.telephone(asked), self._walls.number(work.task)
        refused = self._no_way(asked.pbx) or self._in_use(asked.pbx, who, telephone)
        if refused:
            raise IllegalTransition(refused)
        outside = self._walls.outside_hours(work.task.line, work.at, supervisor=asked.supervisor)
        self._walls.take(who, work.at)
        click = Click(
            pbx=asked.pbx,
            key=asked.request,
            task=work.task.number,
            who=who,
            telephone=telephone,
            number=number,
            asked_at=work.at,
            state=ClickState.WANTED,
            overridden=outside,
        )
        override = "; outside calling hours, by a supervisor" if outside else ""
        return f"{masked(number)} from {telephone}{override}", self._begin(click)

    def _no_way(self, pbx: str) -> str:
        if not self._started or not self._acts.get(pbx, False):
            return "nothing is dialled from here: callcentre has no account that may; dial from your telephone"
        return "" if pbx in self._in_sight else "the PBX is out of sight, nothing can be dialled now; try again later"

    def _in_use(self, pbx: str, who: str, telephone: str) -> str:
        for run in self._running.values():
            click = run.click
            if click.who.casefold() == who.casefold():
                return f"your last call, for task {click.task}, is not over; end it first"
            if (click.pbx, click.telephone) == (pbx, telephone):
                return f"{telephone} is being used by {click.who} for task {click.task}; wait until that call ends"
        if self._handsets[pbx].in_use(telephone):
            return f"{telephone} rings or is in a call; end it first"
        return ""

    def _begin(self, click: Click) -> list[Fact]:
        """Write it down, and have it sent after that."""
        self._know(click)
        self._run(click, click.asked_at + self._rings + RING_END)
        command = CallBack(
            pbx=click.pbx,
            key=click.key,
            telephone=click.telephone,
            context=self._calling.context,
            number=dialled_as(click.number),
            task=click.task,
            not_after=click.asked_at + SEND_WITHIN,
            seconds=self._calling.ring_agent,
        )
        return [
            ClickChanged(pbx=click.pbx, at=click.asked_at, click=click),
            CommandWanted(pbx=click.pbx, at=click.asked_at, command=command),
        ]

    # --- what becomes of it ------------------------------------------------------------------------------------------

    def _run(self, click: Click, until: datetime | None) -> Run:
        run = Run(click, until, self._rings, facts=self._facts)
        self._running[click.pbx, click.key] = run
        return run

    def _know(self, click: Click) -> None:
        self._known[click.pbx, click.key] = click
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def _taken(self) -> list[Fact]:
        """The facts of this moment; what is known of the clicks goes by them."""
        if not self._facts:
            return []
        facts = self._facts.copy()
        self._facts.clear()  # the runs write into this very list
        for fact in facts:
            if isinstance(fact, ClickChanged):
                self._know(fact.click)
        return facts

    def _end(self, run: Run, at: datetime, ending: Ending) -> None:
        del self._running[run.click.pbx, run.click.key]
        for leg in run.legs:
            self._legs.pop((run.click.pbx, leg), None)
        run.end(at, ending)

    def _of(self, pbx: str, key: str | None) -> Run | None:
        return self._running.get((pbx, key)) if self._running and key else None

    def _of_pbx(self, pbx: str) -> tuple[Run, ...]:
        return tuple(run for run in self._running.values() if run.click.pbx == pbx)

    def _action_answered(self, event: ActionAnswered) -> None:
        """A link that was lost before the answer says nothing: the PBX's events tell whether it was made."""
        run = self._of(event.pbx, event.key)
        if run is not None and not event.done and not event.lost and not run.seen:
            self._end(run, event.at, (ClickResult.REFUSED, event.words or "the PBX refused it"))

    def _originate_answered(self, event: OriginateAnswered) -> None:
        """Whether the agent picked up; told late, it is still the better word."""
        run = self._of(event.pbx, event.key)
        click = self._known.get((event.pbx, event.key))
        if run is not None and event.done:
            run.agent_up(event.at)
        elif run is not None and run.click.agent_up_at is None:
            self._end(run, event.at, _not_taken(run.click, event.reason, rang=run.seen))
        elif run is None and click is not None and not event.done and _is_in_doubt(click):
            result, why = _not_taken(click, event.reason, rang=True)
            told = replace(click, result=result, why=why)
            self._facts.append(ClickChanged(pbx=event.pbx, at=event.at, click=told))

    # --- channels ----------------------------------------------------------------------------------------------------

    def _created(self, event: ChannelCreated) -> None:
        self._handsets[event.pbx].created(event)
        run = self._of(event.pbx, event.uniqueid)
        if run is not None:
            run.seen = True

    def _renamed(self, event: ChannelRenamed) -> None:
        self._handsets[event.pbx].renamed(event)

    def _state_changed(self, event: ChannelStateChanged) -> None:
        run = self._of(event.pbx, event.uniqueid)
        if run is not None:
            run.shows(event.state, event.at)

    def _gone(self, event: ChannelGone) -> None:
        self._handsets[event.pbx].gone(event)
        run = self._of(event.pbx, event.uniqueid)
        if run is not None:
            self._end(run, event.at, run.hung_up(event.cause))

    def _behind(self, event: DialEvent) -> Run | None:
        """The click for which that dials; not the dialling of the agent's own telephone."""
        run = self._of(event.pbx, event.linkedid) or self._of(event.pbx, event.dest_linkedid)
        return None if run is None or event.dest_uniqueid == run.click.key else run

    def _dial_begun(self, event: DialBegun) -> None:
        """The agent's leg has begun to dial: whom it rings, through Local channels or not, is the caller."""
        run = self._behind(event)
        if run is None:
            return
        if event.uniqueid == run.click.key:
            run.agent_up(event.at)
        if not is_local(event.dest_channel):
            self._dials(run, event.dest_uniqueid, event.at)

    def _dials(self, run: Run, uniqueid: str, at: datetime) -> None:
        if run.dials(uniqueid, at):
            self._legs[run.click.pbx, uniqueid] = (run.click.pbx, run.click.key)

    def _dial_ended(self, event: DialEnded) -> None:
        run = self._behind(event)
        if run is not None and not is_local(event.dest_channel):
            run.status = event.status

    def _variable_set(self, event: VariableSet) -> None:
        run = self._of(event.pbx, event.linkedid)
        if run is not None and event.variable == "DIALSTATUS" and event.value:
            run.status = event.value

    # --- gaps --------------------------------------------------------------------------------------------------------

    def _link_up(self, event: LinkUp) -> None:
        self._in_sight.add(event.pbx)

    def _blinded(self, event: LinkDown | EventsQuarantined) -> None:
        """From here on something may pass unseen; the next list of channels tells what still lasts."""
        if isinstance(event, LinkDown):
            self._in_sight.discard(event.pbx)
        for run in self._of_pbx(event.pbx):
            run.blinded(event.at + _BLIND_FOR)

    def _shut_down(self, event: PbxShutdown) -> None:
        self._in_sight.discard(event.pbx)
        self._handsets[event.pbx].clear()
        for run in self._of_pbx(event.pbx):
            self._end(run, event.at, click_states.uncertain(run.click, "the PBX stopped"))

    def _listed(self, event: ChannelsListed) -> None:
        self._handsets[event.pbx].listed(event.channels, complete=event.complete)
        rows = {row.uniqueid: row for row in event.channels} if self._running else {}
        for run in self._of_pbx(event.pbx):
            row = rows.get(run.click.key)
            if row is not None:
                for leg in run.found(row, event.channels, event.at):
                    self._legs[event.pbx, leg] = (event.pbx, run.click.key)
            elif run.blind and event.complete and (ending := run.missing(event.at)):
                self._end(run, event.at, ending)

    def _time_passed(self, now: datetime) -> None:
        """What nobody told of for too long is given up."""
        for run in tuple(self._running.values()):
            if run.until is not None and run.until <= now:
                because = "the PBX was out of sight" if run.blind else "the PBX did not say what became of it"
                self._end(run, now, click_states.uncertain(run.click, because))

    # --- erasure -----------------------------------------------------------------------------------------------------

    def _erased(self, fact: CallerErased) -> None:
        """What is told of it from now on names nobody."""
        if fact.caller is None:
            return
        for run in self._of_pbx(fact.pbx):
            if run.click.number == fact.caller:
                run.click = replace(run.click, number="")
        for name, click in self._known.items():
            if click.pbx == fact.pbx and click.number == fact.caller:
                self._known[name] = replace(click, number="")


def _is_in_doubt(click: Click) -> bool:
    """Whether nobody knows even whether the agent picked up."""
    return click.result is ClickResult.UNCERTAIN and click.agent_up_at is None


def _not_taken(click: Click, reason: int, *, rang: bool) -> Ending:
    if reason in _COULD_NOT and not rang:
        return ClickResult.REFUSED, f"the PBX could not ring {click.telephone}; is it switched on and registered?"
    return click_states.agent_gone(click, refused=reason == _BUSY_REASON)
