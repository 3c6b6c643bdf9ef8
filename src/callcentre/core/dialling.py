"""Telephones being dialled for a call: ringing, picking up, losing a race, refusing, forwarding, being picked up for.

A leg is found by the caller's channel or, through Local channels and transfers, by Linkedid. Newstate and DialState are
told by different threads, so either may be first, and both may precede DialBegin. The first leg that goes up
answers, until the PBX names another winner; the queue's verdict on a Local channel is the verdict on the leg behind it.
"""

from collections.abc import Callable
from datetime import datetime

from callcentre.core.channels import Channel
from callcentre.core.events import ChannelGone, DialBegun, DialEnded, DialEvent, DialProgressed, PickedUp
from callcentre.core.facts import CallAnswered
from callcentre.core.switchboard import Switchboard
from callcentre.core.terms import AttemptResult, HangupCause, device_of, is_local
from callcentre.core.tracks import REFUSALS, Leg, Track

DIAL_RESULTS = {
    "BUSY": AttemptResult.BUSY,
    "CHANUNAVAIL": AttemptResult.UNREACHABLE,
    "CONGESTION": AttemptResult.UNREACHABLE,
    "NOANSWER": AttemptResult.RANG_OUT,
}
REFUSED_CAUSES = frozenset({HangupCause.BUSY, HangupCause.REJECTED})


class Dialling:
    """The legs of all calls of one PBX."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board
        self.handlers: dict[type, Callable[..., None]] = {
            DialBegun: self._dial_begun,
            DialProgressed: self._dial_progressed,
            DialEnded: self._dial_ended,
            PickedUp: self._picked_up,
        }

    def _track_of_dial(self, event: DialEvent) -> Track | None:
        caller = self._board.book.get(event.uniqueid)
        key = caller.call if caller is not None else None
        for linkedid in (event.linkedid, event.dest_linkedid):
            key = key or (self._board.linked.get(linkedid) if linkedid else None)
        return self._board.tracks.get(key) if key else None

    def _dial_begun(self, event: DialBegun) -> None:
        track = self._track_of_dial(event)
        interface = device_of(event.dest_channel)
        dest = self._board.book.get(event.dest_uniqueid)
        caller = self._board.caller_of(event.uniqueid, event.linkedid) if track is None else None
        if caller is not None:
            caller.dialled = True
            line = self._board.claims.by_extension(interface)
            if line is not None:
                track = self._board.claim(caller, line)
                self._board.offer(track, caller.offer_at or event.at)
        if track is None:
            return
        if dest is not None:
            dest.call = track.key.uniqueid
            mate = self._board.book.mate(dest) if dest.local else None
            if mate is not None:
                mate.call = dest.call
        if is_local(event.dest_channel):
            return
        known = self._board.legs.get(event.dest_uniqueid)
        if known is not None:
            known[1].reopen()
            return
        self._begin_leg(track, event, interface, dest)

    def _begin_leg(self, track: Track, event: DialBegun, interface: str, dest: Channel | None) -> None:
        dialler = self._board.book.get(event.uniqueid)
        mate = self._board.book.mate(dialler) if dialler is not None and dialler.local else None
        stay = track.open_stay
        leg = Leg(
            uniqueid=event.dest_uniqueid,
            interface=interface,
            begun_at=event.at,
            after_answer=track.answered_at is not None,
            via=mate.uniqueid if mate is not None else None,
            stay=stay,
        )
        self._board.offer(track, event.at)
        if stay is None and not leg.after_answer:
            claimed = self._board.claims.claims_device(interface)
            if track.current != "dial":
                track.reaches("dial", claimed=claimed)
            elif claimed:
                track.overflowed = False
        track.legs.append(leg)
        self._board.legs[leg.uniqueid] = (track, leg)
        if leg.via is not None:
            self._board.behind.setdefault(leg.via, []).append((track, leg))
        if dest is not None and dest.ringing_at is not None:
            self.rings(track, leg, dest.ringing_at)
        if dest is not None and dest.up_at is not None:
            self.goes_up(track, leg, dest.up_at)

    def rings(self, track: Track, leg: Leg, at: datetime) -> None:
        """The telephone rings."""
        if leg.ring_at is None and leg.end_at is None:
            leg.ring_at = at
            self._board.progressed(track, at)

    def _dial_progressed(self, event: DialProgressed) -> None:
        entry = self._board.legs.get(event.dest_uniqueid)
        if entry is None:
            return
        track, leg = entry
        if event.status == "RINGING":
            self.rings(track, leg, event.at)
        elif event.status == "PROGRESS" and leg.progress_at is None and leg.end_at is None:
            leg.progress_at = event.at
            self._board.progressed(track, event.at)

    def goes_up(self, track: Track, leg: Leg, at: datetime) -> None:
        """Somebody picks up; the first to do so answers the call."""
        if leg.up_at is not None:
            return
        leg.up_at = at
        leg.end(at, AttemptResult.ANSWERED)
        self._board.talks(leg.interface, leg.uniqueid, track)
        for stay in track.stays:
            stay.answered = stay.answered or stay is leg.stay or (stay.leave is None and not stay.after_answer)
        if not leg.after_answer and track.answered_at is None:
            self._answered(track, leg, at)
        else:
            self._board.progressed(track, at)

    def _answered(self, track: Track, leg: Leg, at: datetime) -> None:
        track.answered_with(leg)
        if track.ended_at is None:
            self._board.facts.append(CallAnswered(pbx=self._board.pbx, at=at, call=track.call()))

    def _dial_ended(self, event: DialEnded) -> None:
        entry = self._board.legs.get(event.dest_uniqueid)
        if entry is None:
            if is_local(event.dest_channel):
                self._proxy_ended(event)
            if event.status == "ANSWER" and (caller := self._board.caller_of(event.uniqueid, event.linkedid)):
                caller.offer_at = None
            return
        track, leg = entry
        if event.status == "ANSWER":
            self.goes_up(track, leg, event.at)
            if leg.via is None:
                self._confirm(track, leg, event.at)
        elif leg.up_at is not None:
            self._too_late(track, leg, event.at)
        elif leg.end_at is None:
            cancelled = AttemptResult.FORWARDED if event.forward else AttemptResult.CANCELLED
            self._leg_ends(track, leg, event.at, DIAL_RESULTS.get(event.status, cancelled))

    def _proxy_ended(self, event: DialEnded) -> None:
        """The queue's verdict on a Local half is the verdict on the telephone behind it."""
        for track, leg in self._board.behind.get(event.dest_uniqueid, ()):
            if leg.up_at is None:
                continue
            if event.status == "ANSWER":
                self._confirm(track, leg, event.at)
            else:
                self._too_late(track, leg, event.at)

    def _confirm(self, track: Track, leg: Leg, at: datetime) -> None:
        """The PBX names the winner; whoever else picked up was too late."""
        if leg.after_answer or track.answer_confirmed:
            return
        track.answer_confirmed = True
        for other in track.legs:
            if other is not leg and other.result is AttemptResult.ANSWERED and not other.after_answer:
                other.result = AttemptResult.CANCELLED
        if track.answer is not leg:
            self._answered(track, leg, at)

    def _too_late(self, track: Track, leg: Leg, at: datetime) -> None:
        if leg.after_answer or (track.answer_confirmed and track.answer is leg):
            return
        leg.result = AttemptResult.CANCELLED
        if leg.stay is not None:
            leg.stay.answered = any(o.stay is leg.stay and o.result is AttemptResult.ANSWERED for o in track.legs)
        if track.answer is leg:
            track.unanswer()
            others = (o for o in track.legs if o.result is AttemptResult.ANSWERED and not o.after_answer)
            winner = next(others, None)
            if winner is not None:
                self._answered(track, winner, at)
        self._board.progressed(track, at)

    def _leg_ends(self, track: Track, leg: Leg, at: datetime, result: AttemptResult) -> None:
        leg.end(at, result)
        if leg.stay is None and not leg.after_answer and not track.ringing and track.answered_at is None:
            track.left_at = at
            track.refused = all(other.result in REFUSALS for other in track.legs if other.stay is None)
        self._board.progressed(track, at)

    def _picked_up(self, event: PickedUp) -> None:
        entry = self._board.legs.get(event.target_uniqueid)
        if entry is None:
            return
        track, leg = entry
        leg.end(event.at, AttemptResult.PICKED_UP)
        picker = self._board.book.get(event.uniqueid)
        if picker is not None:
            picker.call = track.key.uniqueid
            self._board.talks(picker.device, picker.uniqueid, track)
        if leg.stay is not None:
            leg.stay.answered = True
        if not leg.after_answer and (track.answered_at is None or not track.answer_confirmed):
            track.answer, track.answer_confirmed = leg, True
            track.answered_at, track.answered_by = event.at, device_of(event.channel)
            self._board.facts.append(CallAnswered(pbx=self._board.pbx, at=event.at, call=track.call()))

    def gone(self, track: Track, leg: Leg, event: ChannelGone) -> None:
        """The leg's channel hung up; its cause alone tells a refusal in a queue from ringing out."""
        refused = event.cause in REFUSED_CAUSES
        if leg.doubtful and leg.result is None:
            leg.result = AttemptResult.LOST
            self._board.progressed(track, event.at)
        elif leg.end_at is None:
            rang_out = event.cause == HangupCause.NO_ANSWER
            other = AttemptResult.RANG_OUT if rang_out else AttemptResult.CANCELLED
            self._leg_ends(track, leg, event.at, AttemptResult.BUSY if refused else other)
        elif refused and leg.result is AttemptResult.RANG_OUT:
            leg.result = AttemptResult.BUSY
            self._board.progressed(track, event.at)

    def adopt(self, channel: Channel, ringing: bool, at: datetime) -> None:
        """A channel found by a list: a telephone of a running call, matched to the attempt that was open for it."""
        key = self._board.linked.get(channel.linkedid)
        track = self._board.tracks.get(key) if key else None
        if track is None:
            return
        channel.call = key
        if channel.local:
            return
        for leg in track.legs:
            if leg.interface == channel.device and leg.end_at is None and leg.result is None:
                self._board.legs.pop(leg.uniqueid, None)
                leg.uniqueid = channel.uniqueid
                self._board.legs[leg.uniqueid] = (track, leg)
                return
        if ringing:
            after_answer = track.answered_at is not None
            leg = Leg(uniqueid=channel.uniqueid, interface=channel.device, begun_at=at, after_answer=after_answer)
            track.legs.append(leg)
            self._board.legs[leg.uniqueid] = (track, leg)
        elif any(leg.interface == channel.device and leg.result is AttemptResult.ANSWERED for leg in track.legs):
            self._board.talks(channel.device, channel.uniqueid, track)
