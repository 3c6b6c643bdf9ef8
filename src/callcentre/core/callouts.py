"""Dials from the office to callers who wait for one: recognised by the number, followed by the leg that it rings.

An agent calls back by hand, from any telephone, so nothing but AMI's events tells of it. A leg is one if the number
that was dialled reaches somebody who waits for a call (core.wanted), and no outside call is behind it. Of one that was
asked for with a click nothing is guessed: core.clicks says which leg it is, and for which task.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from callcentre.core.channels import STATE_RING, STATE_RINGING, STATE_UP
from callcentre.core.charter import Office
from callcentre.core.claims import Claims
from callcentre.core.events import (
    ChannelCreated,
    ChannelGone,
    ChannelsListed,
    ChannelStateChanged,
    DialBegun,
    DialEnded,
    DialProgressed,
    Event,
    EventsQuarantined,
    LinkDown,
    PbxShutdown,
    TimePassed,
)
from callcentre.core.facts import Call, CallEnded, CallerErased, CallOffered, Fact, OpenRows, TaskChanged
from callcentre.core.hints import CallerDialled, CalloutSeen, TelephoneUsed
from callcentre.core.numbers import canonical
from callcentre.core.tasks import Callout
from callcentre.core.terms import CalloutResult, HangupCause, Origin, Outcome, device_of, is_local
from callcentre.core.wanted import Wanted

_REMEMBERED: Final = 500
_BLIND_FOR: Final = timedelta(minutes=5)
"""So long a dial may be out of sight before its end is called uncertain: a lost link is mostly back in seconds."""
_LIST_LAG: Final = timedelta(seconds=1)
"""A channel younger than this when a list arrives may be missing from it without being gone."""

_RESULTS: Final = {
    "BUSY": CalloutResult.BUSY,
    "CHANUNAVAIL": CalloutResult.FAILED,
    "CONGESTION": CalloutResult.FAILED,
}
T = TypeVar("T")
_ORDINARY: Final = frozenset({0, HangupCause.NORMAL, HangupCause.NO_ANSWER, HangupCause.ANSWERED_ELSEWHERE})
"""Causes with which a telephone that never rang was still rightly dialled; any other means that it was not reached."""


@dataclass(slots=True)
class _Leg:
    """A dial that lasts. `verdict` is what DialEnd said and when; `blind`: what became of it may have passed unseen."""

    callout: Callout
    progress_at: datetime | None = None
    verdict: tuple[str, datetime] | None = None
    blind: bool = False

    def result(self, cause: int | None) -> CalloutResult:
        """How it ended; `cause` is None where nobody saw its Hangup."""
        callout, status = self.callout, self.verdict[0] if self.verdict else ""
        if callout.answered_at is not None:
            return CalloutResult.CONNECTED
        if cause == HangupCause.BUSY:
            return CalloutResult.BUSY
        if status in _RESULTS:
            return _RESULTS[status]
        if not status and (cause is None or (self.blind and cause != HangupCause.NO_ANSWER)):
            return CalloutResult.UNCERTAIN
        rang = callout.ring_start is not None or self.progress_at is not None
        return CalloutResult.NO_ANSWER if rang or cause is None or cause in _ORDINARY else CalloutResult.FAILED


class _Site:
    """The dials of one PBX. `facts` gathers what is seen until it is taken."""

    def __init__(self, office: Office, pbx: str) -> None:
        self._pbx = pbx
        self._claims = Claims(office, pbx)
        settings = next((each for each in office.pbxs if each.name == pbx), None)
        self._trunks = settings.trunks if settings else frozenset[str]()
        self._menus = settings.menus if settings else frozenset[str]()
        self._telephones = {each for line in office.lines if line.pbx == pbx for each in line.extensions}
        self._wanted = Wanted()
        self._outside: dict[str, None] = {}
        self._legs: dict[str, _Leg] = {}
        self._dialled: dict[str, str] = {}
        self._behind: dict[str, str] = {}
        self._early: dict[str, tuple[datetime | None, datetime | None]] = {}
        self.blind_until: datetime | None = None
        self.facts: list[Fact] = []
        self.handlers: dict[type[Event], Callable[[Any], None]] = {
            ChannelCreated: self._created,
            ChannelStateChanged: self._state_changed,
            ChannelGone: self._gone,
            DialBegun: self._dial_begun,
            DialProgressed: self._dial_progressed,
            DialEnded: self._dial_ended,
            ChannelsListed: self._listed,
            LinkDown: self._blinded,
            EventsQuarantined: self._blinded,
            PbxShutdown: self._shut_down,
        }
        self.listeners: dict[type[Fact], Callable[[Any], None]] = {
            TaskChanged: self._task_changed,
            CallOffered: lambda fact: self._offered(fact.call),
            CallEnded: self._call_ended,
            CallerDialled: self._caller_dialled,
            CallerErased: self._erased,
            TelephoneUsed: self._telephone_used,
        }

    # --- who waits ---------------------------------------------------------------------------------------------------

    def restore(self, rows: OpenRows, at: datetime) -> None:
        """Take this PBX's rows: who waits, which calls are outside ones, which dials had no end."""
        for task in rows.tasks:
            if task.pbx == self._pbx:
                self._wanted.waits(task)
        for pbx, caller, missed_at in sorted(rows.missed, key=lambda missed: missed[2]):
            if pbx == self._pbx:
                self._wanted.missed(caller, missed_at)
        for call in rows.calls:
            if call.key.pbx == self._pbx:
                self._offered(call)
        for callout in rows.callouts:
            if callout.pbx == self._pbx and callout.result is None:
                self._legs[callout.uniqueid] = _Leg(callout, blind=True)
                self.blind_until = at + _BLIND_FOR

    def _task_changed(self, fact: TaskChanged) -> None:
        if fact.task is not None:
            self._wanted.waits(fact.task)

    def _offered(self, call: Call) -> None:
        if call.origin is Origin.EXTERNAL:
            self._outside[call.key.uniqueid] = self._outside[call.linkedid] = None

    def _call_ended(self, fact: CallEnded) -> None:
        call = fact.call
        self._outside.pop(call.key.uniqueid, None)
        self._outside.pop(call.linkedid, None)
        caller = canonical(call.caller)
        if caller is None:
            return
        if call.outcome is Outcome.ANSWERED:
            self._wanted.met(caller)
        elif call.origin is Origin.EXTERNAL and call.outcome is not Outcome.IN_PROGRESS:
            self._wanted.missed(caller, fact.at)

    def _erased(self, fact: CallerErased) -> None:
        if fact.caller is None:
            return
        self._wanted.met(fact.caller)
        for leg in self._legs.values():
            if leg.callout.caller == fact.caller:
                leg.callout = replace(leg.callout, caller="")

    # --- who dials ---------------------------------------------------------------------------------------------------

    def _telephone_used(self, fact: TelephoneUsed) -> None:
        self._telephones.add(fact.device)

    def _is_telephone(self, device: str) -> bool:
        return device not in self._trunks if self._trunks else device in self._telephones

    def _created(self, event: ChannelCreated) -> None:
        """Somebody dials. Only the number of one who waits is kept; an outside caller's is our own."""
        if event.state != STATE_RING or not self._wanted or is_local(event.channel):
            return
        caller = self._wanted.reached_by(event.exten, event.at)
        ours = self._claims.by_did(event.exten) is not None or event.exten in self._menus
        if caller is not None and not ours and device_of(event.channel) not in self._trunks:
            _keep(self._dialled, event.uniqueid, caller)

    def _telephone(self, channel: str | None) -> str:
        """The telephone that dials, through Local channels; empty where nobody told it."""
        if channel is None:
            return ""
        return self._behind.get(_pair(channel), "") if is_local(channel) else device_of(channel)

    def _dial_begun(self, event: DialBegun) -> None:
        telephone, dest = self._telephone(event.channel), device_of(event.dest_channel)
        if is_local(event.dest_channel):
            if telephone:
                _keep(self._behind, _pair(event.dest_channel), telephone)
            return
        if event.channel is not None and is_local(event.channel) and not telephone:
            _keep(self._behind, _pair(event.channel), dest)
        known = self._legs.get(event.dest_uniqueid)
        if known is not None:
            known.verdict = None  # a transfer while it rang: it goes on ringing
            return
        if not self._wanted or event.linkedid in self._outside or event.dest_linkedid in self._outside:
            return
        caller = self._dialled.get(event.uniqueid or "") or self._wanted.named_in(event.dial_string, event.at)
        if caller is None:
            return
        rings_inside = self._is_telephone(dest) or canonical(dest.partition("/")[2]) == caller
        if not rings_inside or self._is_telephone(telephone):
            self._begin(event.dest_uniqueid, caller, telephone, event.at)

    def _caller_dialled(self, fact: CallerDialled) -> None:
        if fact.uniqueid not in self._legs:
            self._begin(fact.uniqueid, fact.number, fact.telephone, fact.at, fact.task)

    # --- the leg -----------------------------------------------------------------------------------------------------

    def _begin(self, uniqueid: str, caller: str, telephone: str, at: datetime, task: int | None = None) -> None:
        ringing_at, up_at = self._early.pop(uniqueid, (None, None))
        callout = Callout(pbx=self._pbx, uniqueid=uniqueid, caller=caller, telephone=telephone, begun_at=at, task=task)
        leg = self._legs[uniqueid] = _Leg(callout)
        self._tell(leg, at)
        if ringing_at is not None:
            self._rings(leg, ringing_at)
        if up_at is not None:
            self._answers(leg, up_at)

    def _tell(self, leg: _Leg, at: datetime) -> None:
        self.facts.append(CalloutSeen(pbx=self._pbx, at=at, callout=leg.callout))

    def _rings(self, leg: _Leg, at: datetime) -> None:
        if leg.callout.ring_start is None and leg.callout.answered_at is None:
            leg.callout = replace(leg.callout, ring_start=at)
            self._tell(leg, at)

    def _answers(self, leg: _Leg, at: datetime) -> None:
        callout = leg.callout
        if callout.answered_at is None:
            self._wanted.met(callout.caller)
            leg.callout = replace(callout, answered_at=at, ring_start=callout.ring_start or leg.progress_at)
            self._tell(leg, at)

    def _ends(self, leg: _Leg, at: datetime, cause: int | None) -> None:
        del self._legs[leg.callout.uniqueid]
        callout, result = leg.callout, leg.result(cause)
        if leg.verdict is not None and result is not CalloutResult.CONNECTED:
            at = leg.verdict[1]
        ring_start = callout.ring_start or leg.progress_at
        leg.callout = replace(callout, ended_at=at, result=result, ring_start=ring_start)
        self._tell(leg, at)

    def _state_changed(self, event: ChannelStateChanged) -> None:
        """Newstate and DialBegin are told by different threads: what a channel shows may be told first."""
        leg = self._legs.get(event.uniqueid)
        if leg is not None:
            if event.state == STATE_RINGING:
                self._rings(leg, event.at)
            elif event.state == STATE_UP:
                self._answers(leg, event.at)
        elif self._wanted and event.state in {STATE_RINGING, STATE_UP}:
            ringing_at, up_at = self._early.get(event.uniqueid, (None, None))
            told = (event.at, up_at) if event.state == STATE_RINGING else (ringing_at, event.at)
            _keep(self._early, event.uniqueid, told)

    def _dial_progressed(self, event: DialProgressed) -> None:
        leg = self._legs.get(event.dest_uniqueid)
        if leg is None:
            return
        if event.status == "RINGING":
            self._rings(leg, event.at)
        elif event.status == "PROGRESS":
            leg.progress_at = leg.progress_at or event.at

    def _dial_ended(self, event: DialEnded) -> None:
        leg = self._legs.get(event.dest_uniqueid)
        if leg is None:
            return
        if event.status == "ANSWER":
            self._answers(leg, event.at)
        else:
            leg.verdict = leg.verdict or (event.status, event.at)

    def _gone(self, event: ChannelGone) -> None:
        self._dialled.pop(event.uniqueid, None)
        self._early.pop(event.uniqueid, None)
        leg = self._legs.get(event.uniqueid)
        if leg is not None:
            self._ends(leg, event.at, event.cause)

    # --- gaps --------------------------------------------------------------------------------------------------------

    def _blinded(self, event: Event) -> None:
        """From here on something may pass unseen; the next list of channels tells which dials still last."""
        self._early.clear()
        for leg in self._legs.values():
            leg.blind = True
            self.blind_until = event.at + _BLIND_FOR

    def _listed(self, event: ChannelsListed) -> None:
        rows = {row.uniqueid: row for row in event.channels} if self._legs else {}
        for leg in tuple(self._legs.values()):
            row = rows.get(leg.callout.uniqueid)
            if row is not None:
                leg.blind = False
                if row.state == STATE_UP:
                    self._answers(leg, event.at)
                elif row.state == STATE_RINGING:
                    self._rings(leg, event.at)
            elif event.complete and leg.callout.begun_at < event.at - _LIST_LAG:
                self._ends(leg, event.at, None)

    def _shut_down(self, event: PbxShutdown) -> None:
        self._end_all(self._legs.values(), event.at)
        for known in (self._dialled, self._behind, self._early):
            known.clear()

    def look(self, now: datetime) -> None:
        """Time passed: what was out of sight for too long has an uncertain end."""
        if self.blind_until is not None and self.blind_until <= now:
            self.blind_until = None
            self._end_all((leg for leg in self._legs.values() if leg.blind), now)

    def _end_all(self, legs: Iterable[_Leg], at: datetime) -> None:
        for leg in tuple(legs):
            self._ends(leg, at, None)


def _keep(known: dict[str, T], key: str, value: T) -> None:
    """Remember, and forget the oldest: what ends unseen must not stay for ever."""
    known[key] = value
    if len(known) > _REMEMBERED:
        del known[next(iter(known))]


def _pair(channel: str) -> str:
    """What both halves of a Local pair share in their names."""
    return channel.rpartition(";")[0]


class Callouts:
    """The dials of all PBXs: `handle` and `handle_fact` return CalloutSeen at the dial, ringing, answer and end.

    Known by the called leg's uniqueid, told again with what has become known; `task` only if asked for with a click.
    `telephone` is empty where AMI leaves the caller's side out. An end that a gap hid is UNCERTAIN, unless answered.
    """

    EVENTS: Final[frozenset[type[Event]]] = frozenset(
        {
            *(ChannelCreated, ChannelStateChanged, ChannelGone, DialBegun, DialProgressed, DialEnded),
            *(ChannelsListed, LinkDown, EventsQuarantined, PbxShutdown),
        }
    )
    FACTS: Final[frozenset[type[Fact]]] = frozenset(
        {TaskChanged, CallOffered, CallEnded, CallerDialled, CallerErased, TelephoneUsed}
    )

    def __init__(self, office: Office) -> None:
        self._sites = {pbx.name: _Site(office, pbx.name) for pbx in office.pbxs}

    def handle(self, event: Event) -> list[Fact]:
        """Take one event of EVENTS, or TimePassed."""
        if type(event) is TimePassed:
            facts: list[Fact] = []
            for each in self._sites.values():
                each.look(event.at)
                facts += self._taken(each)
            return facts
        site = self._sites.get(event.pbx)
        if site is None:
            return []
        site.handlers[type(event)](event)
        return self._taken(site) if site.facts else []

    def handle_fact(self, fact: Fact) -> list[Fact]:
        """Take one fact of FACTS: who waits, and who does so no more; and which leg was asked for with a click."""
        site = self._sites.get(fact.pbx)
        if site is None:
            return []
        site.listeners[type(fact)](fact)
        return self._taken(site) if site.facts else []

    def restore(self, rows: OpenRows, at: datetime) -> list[Fact]:
        """Take what an earlier run left; whether its dials still last, the first list of channels tells."""
        for site in self._sites.values():
            site.restore(rows, at)
        return []

    def next_timer(self) -> datetime | None:
        """When a dial has been out of sight for too long."""
        wakes = [site.blind_until for site in self._sites.values() if site.blind_until is not None]
        return min(wakes) if wakes else None

    @staticmethod
    def _taken(site: _Site) -> list[Fact]:
        facts, site.facts = site.facts, []
        return facts
