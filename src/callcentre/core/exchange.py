"""One PBX's calls: channels come and go, calls begin with them and are decided after them.

The rules, with their reasons, are in docs/explanation/how-a-call-is-measured.md. A caller's channel is made in state
Ring; a line claims it by DID, queue or extension; its Hangup ends the call, its outcome is decided then or soon after.
"""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta

from callcentre.core.channels import STATE_RING, STATE_RINGING, STATE_UP, Channel
from callcentre.core.dialling import Dialling
from callcentre.core.events import (
    ChannelCreated,
    ChannelGone,
    ChannelRenamed,
    ChannelStateChanged,
    MemberChanged,
    UserEventRaised,
)
from callcentre.core.facts import CallEnded, CallProgressed, MenuAbandoned
from callcentre.core.queueing import Queueing
from callcentre.core.surveys import survey_of
from callcentre.core.switchboard import Switchboard
from callcentre.core.terms import AttemptResult, Outcome, VisitResult, is_local
from callcentre.core.tracks import Track

DECISION_DELAY = timedelta(seconds=2)
"""An unanswered call's outcome waits this long for a late AgentComplete or a Shutdown that explains its end."""


class Exchange:
    """The switching state of one PBX and the table of its events."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board
        self._dialling = Dialling(board)
        self.adopt_leg = self._dialling.adopt
        self._decisions: list[tuple[datetime, str]] = []
        own: dict[type, Callable[..., None]] = {
            ChannelCreated: self._created,
            ChannelStateChanged: self._state_changed,
            ChannelGone: self._gone,
            ChannelRenamed: self._renamed,
            MemberChanged: self._member_changed,
            UserEventRaised: self._asked,
        }
        self.handlers = own | self._dialling.handlers | Queueing(board).handlers

    def _created(self, event: ChannelCreated) -> None:
        channel = Channel(
            uniqueid=event.uniqueid,
            name=event.channel,
            linkedid=event.linkedid,
            created_at=event.at,
            is_caller=event.state == STATE_RING and not is_local(event.channel),
            caller_number=event.caller_number,
            exten=event.exten,
        )
        self._board.book.add(channel)
        if channel.is_caller:
            self.arrived(channel)
        else:
            mate = self._board.book.mate(channel)
            channel.call = mate.call if mate is not None and mate.call else self._board.linked.get(event.linkedid)

    def arrived(self, channel: Channel) -> None:
        """Somebody dials in: a consultation for a call that this telephone already answers, or a call of its own."""
        track = self._board.consulted(channel)
        if track is not None:
            channel.call = track.key.uniqueid
            self._board.link(track, channel.linkedid)
            return
        line = self._board.claims.by_did(channel.exten)
        if line is not None:
            self._board.claim(channel, line)

    def _state_changed(self, event: ChannelStateChanged) -> None:
        channel = self._board.book.get(event.uniqueid)
        if channel is None:
            return
        entry = self._board.legs.get(event.uniqueid)
        if event.state == STATE_RINGING and channel.ringing_at is None:
            channel.ringing_at = event.at
            if entry is not None:
                self._dialling.rings(*entry, event.at)
        elif event.state == STATE_UP and channel.up_at is None:
            channel.up_at = event.at
            if entry is not None:
                self._dialling.goes_up(*entry, event.at)

    def _renamed(self, event: ChannelRenamed) -> None:
        self._board.book.rename(event.uniqueid, event.new)

    def _gone(self, event: ChannelGone) -> None:
        channel = self._board.book.remove(event.uniqueid)
        if channel is not None:
            self._board.hangs_up(channel.device, event.uniqueid)
        entry = self._board.legs.get(event.uniqueid)
        if entry is not None:
            self._dialling.gone(*entry, event)
        track = self._board.tracks.get(event.uniqueid)
        if track is not None:
            self._hung_up(track, event.at)
            return
        if channel is not None and channel.call in self._board.tracks:
            self._board.tracks[channel.call].hangs_up(event.uniqueid, event.at)
            if channel.up_at is not None:
                self._board.tracks[channel.call].left_at_last = event.at
        if channel is not None and self._left_in_menu(channel):
            self._board.facts.append(MenuAbandoned(pbx=self._board.pbx, at=event.at, uniqueid=event.uniqueid))

    def _asked(self, event: UserEventRaised) -> None:
        """A caller who stayed on is asked how it was: the talk is over, the call is not."""
        survey = survey_of(event)
        track = self._board.tracks.get(survey.uniqueid) if survey is not None else None
        if track is not None and track.answered_at is not None and track.asked_at is None:
            track.asked_at = event.at
            self._board.progressed(track, event.at)

    def _left_in_menu(self, channel: Channel) -> bool:
        claims = self._board.claims
        unclaimed = channel.is_caller and channel.call is None and not channel.dialled
        return unclaimed and claims.is_menu(channel.exten) and not claims.is_telephone(channel.device)

    def _hung_up(self, track: Track, at: datetime) -> None:
        track.lost = False
        for uniqueid in {stay.uniqueid for stay in track.stays}:
            track.hangs_up(uniqueid, at)
        self._board.offer_on_arrival(track)
        track.ended_at = at
        if track.answered_at is not None and not track.ringing:
            self.decide(track, at)
        else:
            self._board.facts.append(CallProgressed(pbx=self._board.pbx, at=at, call=track.call()))
            self.decide_after(track, at)

    def decide_after(self, track: Track, at: datetime) -> None:
        """The caller hung up at `at`; the outcome is decided when what may explain it has had time to come."""
        heapq.heappush(self._decisions, (at + DECISION_DELAY, track.key.uniqueid))

    def _member_changed(self, event: MemberChanged) -> None:
        member = event.member
        self._board.claims.learn_member(member.queue, member.state_interface or member.interface)

    def next_decision(self) -> datetime | None:
        """When the next outcome is due."""
        return self._decisions[0][0] if self._decisions else None

    def decide_due(self, now: datetime) -> None:
        """Decide every call whose delay is over."""
        while self._decisions and self._decisions[0][0] <= now:
            at, uniqueid = heapq.heappop(self._decisions)
            track = self._board.tracks.get(uniqueid)
            if track is not None:
                self.decide(track, at)

    def lose_after(self, track: Track, at: datetime) -> None:
        """The caller's channel is missing; unless its Hangup is heard by then, the call is lost."""
        track.lost = True
        self.decide_after(track, at)

    def decide(self, track: Track, at: datetime) -> None:
        """Close the call with its outcome and forget it; all its counters rise with this fact."""
        self._board.offer_on_arrival(track)
        for leg in track.legs:
            if leg.result is None:
                leg.result = AttemptResult.LOST
        for stay in track.stays:
            stay.result = stay.result or VisitResult.LOST
        outcome = track.outcome(track.line.charter.short_abandon_seconds)
        if outcome is Outcome.LOST or track.ended_at is None:
            track.touched()
        self._board.facts.append(CallEnded(pbx=self._board.pbx, at=at, call=track.call(outcome)))
        self._board.forget(track)
