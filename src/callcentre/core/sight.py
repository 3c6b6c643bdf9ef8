"""What a gap does to the calls of one PBX: which go on, which are gone, which were found already running.

A PBX out of sight tells nothing afterwards of what happened meanwhile (AMI replays nothing), so every call that a gap
touched is partial, one that is gone is lost unless another book proves its end, what is found talking stays unknown.
"""

from collections.abc import Set
from datetime import datetime, timedelta

from callcentre.core.channels import STATE_RINGING, STATE_UP, Channel
from callcentre.core.events import ChannelSeen, ChannelsListed, LinkDown, LinkUp, PbxShutdown, QueuesListed
from callcentre.core.exchange import DECISION_DELAY, Exchange
from callcentre.core.facts import Call, GapClosed, GapOpened, PbxBooted
from callcentre.core.switchboard import Switchboard
from callcentre.core.terms import AttemptResult, CallKey, VisitResult, is_local
from callcentre.core.tracks import Leg, Stay, Track

BOOT_WOBBLE = timedelta(seconds=3)
"""Uptime is told in whole seconds: a boot time that moves by more than this is another boot."""

DIALLED_APPS = frozenset({"AppDial", "AppDial2", "AppQueue"})
"""What a list names as the application of a channel that Asterisk dialled."""

LIST_LAG = timedelta(seconds=1)
"""A channel younger than this when a list arrives may be missing from it without being gone."""


class Sight:
    """Whether one PBX is seen, and what its calls owe to the times when it was not."""

    def __init__(self, board: Switchboard, exchange: Exchange) -> None:
        self._board = board
        self._exchange = exchange
        self._gap_since: datetime | None = None
        self._gap_reason = ""
        self._booted_at: datetime | None = None
        self._queues: QueuesListed | None = None
        self.linked = False
        self.synced = False

    def restore(self, calls: list[Call], last_seen: datetime | None, left: Set[CallKey] = frozenset()) -> None:
        """Take the open rows of an earlier run, `left` those with a message; the time since `last_seen` is a gap."""
        for call in calls:
            self._restore(call, left_message=call.key in left)
        if last_seen is not None:
            self._open_gap(last_seen, "daemon restart")

    def _restore(self, call: Call, *, left_message: bool) -> None:
        board = self._board
        line = board.claims.line(call.line)
        if line is None:
            return
        channel = Channel(
            uniqueid=call.key.uniqueid,
            name="",
            linkedid=call.linkedid,
            created_at=call.offered_at,
            is_caller=True,
            caller_number=call.caller or "",
            exten=call.did or "",
        )
        track = board.claim(channel, line)
        track.origin, track.offered_at, track.hours = call.origin, call.offered_at, call.hours
        track.answered_at, track.answered_by = call.answered_at, call.answered_by
        track.answer_confirmed = call.answered_at is not None
        track.ended_at = call.ended_at
        if call.answered_at is not None and call.talk_seconds is not None and call.ended_at is None:
            track.asked_at = call.answered_at + timedelta(seconds=call.talk_seconds)
        track.destinations = 1 if call.attempts or call.visits else 0
        track.quality = call.quality
        for attempt in call.attempts:
            uniqueid = f"{call.key.uniqueid}/{len(track.legs)}"
            leg = Leg(
                uniqueid=uniqueid,
                interface=attempt.interface,
                begun_at=attempt.begun_at,
                after_answer=attempt.after_answer,
                ring_at=None if attempt.progress_only else attempt.ring_start,
                progress_at=attempt.ring_start if attempt.progress_only else None,
                end_at=attempt.ring_end,
                result=attempt.result,
            )
            track.legs.append(leg)
            board.legs[uniqueid] = (track, leg)
        for visit in call.visits:
            stay = Stay(
                queue=visit.queue,
                uniqueid=call.key.uniqueid,
                enter=visit.enter,
                after_answer=visit.after_answer,
                leave=visit.leave,
                result=visit.result,
            )
            track.stays.append(stay)
        if track.open_stay is None and not track.ringing and track.answered_at is None:
            ends = [leg.end_at for leg in track.legs if leg.end_at is not None]
            track.left_at = max(ends + [stay.leave for stay in track.stays if stay.leave is not None], default=None)
        if left_message and call.answered_at is None:
            track.enters_voicemail()
            track.left_message = True
        if call.ended_at is not None:
            self._exchange.decide_after(track, call.ended_at)

    def finish(self, at: datetime) -> None:
        """The input ends: a call older than a gap that no list has closed may be long over."""
        for track in tuple(self._board.tracks.values()):
            if track.ended_at is None and self._gap_since is not None and track.arrived_at < self._gap_since:
                self._lose(track, at)

    # --- losing sight ----------------------------------------------------------------------------------------------

    def _open_gap(self, at: datetime, reason: str) -> None:
        board = self._board
        if self._gap_since is None:
            self._gap_since, self._gap_reason = at, reason
            board.facts.append(GapOpened(pbx=board.pbx, at=at, reason=reason))
        for track in board.tracks.values():
            for leg in track.legs:
                leg.doubtful = leg.result is None
            if track.touched():
                board.progressed(track, at)

    def down(self, event: LinkDown) -> None:
        """The link is lost."""
        self.linked = self.synced = False
        self._queues = None
        self._open_gap(event.at, event.reason)

    def doubted(self, at: datetime, reason: str) -> None:
        """Packets were not believed: what runs now may have missed something."""
        self._open_gap(at, reason)

    def shutdown(self, event: PbxShutdown) -> None:
        """Asterisk stops: it ended its calls shortly before it said so; the callers did not."""
        board = self._board
        for track in tuple(board.tracks.values()):
            recent = track.ended_at is None or event.at - track.ended_at <= DECISION_DELAY
            if recent and track.answered_at is None:
                track.lost = True
            self._exchange.decide(track, event.at)
        board.book.clear()

    # --- seeing again ----------------------------------------------------------------------------------------------

    def up(self, event: LinkUp) -> None:
        """The link is there; if the PBX has booted since, everything that was open is over."""
        board = self._board
        self.linked = True
        booted = event.booted_at
        if booted is None:
            return
        known, self._booted_at = self._booted_at, booted
        if known is not None and abs(booted - known) <= BOOT_WOBBLE:
            return
        board.facts.append(PbxBooted(pbx=board.pbx, at=event.at, booted_at=booted))
        for track in tuple(board.tracks.values()):
            if track.arrived_at < booted - BOOT_WOBBLE:
                self._lose(track, event.at)
        if known is not None:
            board.book.clear()

    def listed(self, event: ChannelsListed) -> None:
        """The complete list of channels: what is gone is closed, what is new is taken in, the gap is over."""
        board = self._board
        rows = {row.uniqueid: row for row in event.channels}
        blind = self._gap_since is not None
        for track in tuple(board.tracks.values()):
            missing = event.complete and track.key.uniqueid not in rows and track.ended_at is None
            if not missing or track.arrived_at >= event.at - LIST_LAG:
                continue
            if blind:
                self._lose(track, event.at)
            elif not track.lost:
                self._exchange.lose_after(track, event.at)
        for channel in board.book:
            stale = channel.uniqueid not in rows and channel.created_at < event.at - LIST_LAG
            if stale and blind and event.complete:
                board.book.remove(channel.uniqueid)
        for row in sorted(event.channels, key=lambda row: row.uniqueid != row.linkedid):
            self._take_in(row, event.at)
        if blind:
            self._settle_legs(rows, event)
            since = self._gap_since or event.at
            board.facts.append(GapClosed(pbx=board.pbx, at=event.at, since=since, reason=self._gap_reason))
            self._gap_since = None
        self.synced = True
        if self._queues is not None:
            self._take_in_waiting(self._queues)
            self._queues = None

    def _lose(self, track: Track, at: datetime) -> None:
        track.lost = track.answered_at is None
        track.touched()
        self._exchange.decide(track, at)

    def _take_in(self, row: ChannelSeen, at: datetime) -> None:
        """A channel that the list names: known ones stay, a caller found waiting or talking becomes a partial call."""
        board = self._board
        track = board.tracks.get(row.uniqueid)
        if track is not None and self._gap_since is not None and track.answered_at is None:
            self._moved_on(track, row)
        if board.book.get(row.uniqueid) is not None:
            return
        root = row.uniqueid == row.linkedid and not is_local(row.channel)
        channel = Channel(
            uniqueid=row.uniqueid,
            name=row.channel,
            linkedid=row.linkedid,
            created_at=at - timedelta(seconds=row.duration_seconds or 0.0),
            is_caller=root and row.application not in DIALLED_APPS,
            caller_number=row.caller_number,
            exten=row.exten,
            ringing_at=None,
            up_at=at if row.state == STATE_UP else None,
        )
        board.book.add(channel)
        known = board.tracks.get(row.uniqueid)
        if known is not None:
            channel.call = row.uniqueid
        elif channel.is_caller:
            self._exchange.arrived(channel)
            known = board.tracks.get(row.uniqueid)
            if known is not None:
                known.touched()
                self._moved_on(known, row)
        else:
            self._exchange.adopt_leg(channel, row.state == STATE_RINGING, at)

    def _moved_on(self, track: Track, row: ChannelSeen) -> None:
        """Where an unanswered caller is found after a gap: talking or in voicemail, at a time that nobody saw."""
        if row.bridge:
            track.unseen_answer = True
        elif row.application == "VoiceMail":
            track.unseen_leave = track.open_stay is not None or track.ringing
            for stay in track.stays:
                stay.result = stay.result or VisitResult.LOST
            self._board.offer_on_arrival(track)
            track.enters_voicemail()

    def _settle_legs(self, rows: dict[str, ChannelSeen], event: ChannelsListed) -> None:
        """Telephones that rang when sight was lost: still ringing, or answered or given up at a time nobody saw."""
        for track in self._board.tracks.values():
            for leg in track.legs:
                row = rows.get(leg.uniqueid)
                if row is None and event.complete:
                    self._board.hangs_up(leg.interface, leg.uniqueid)
                if leg.result is not None or (row is None and not event.complete):
                    continue
                leg.doubtful = False
                if row is None:
                    leg.result = AttemptResult.LOST
                elif row.state == STATE_UP:
                    leg.result = AttemptResult.LOST
                    if track.answered_at is None:
                        track.unseen_answer = True
            self._board.progressed(track, event.at)

    def queues(self, event: QueuesListed) -> None:
        """Callers found waiting in a queue of a line are its calls, since their own entry."""
        board = self._board
        for member in event.members:
            board.claims.learn_member(member.queue, member.state_interface or member.interface)
        if self.synced:
            self._take_in_waiting(event)
        else:
            self._queues = event

    def _take_in_waiting(self, event: QueuesListed) -> None:
        board = self._board
        for caller in event.callers:
            channel = board.book.get(caller.uniqueid)
            line = board.claims.by_queue(caller.queue)
            if channel is None or not channel.is_caller or line is None:
                continue
            entered = event.at - timedelta(seconds=caller.wait_seconds)
            track = board.tracks.get(caller.uniqueid)
            if track is None and channel.call is None:
                track = board.claim(channel, line)
                track.touched()
            if track is None or track.answered_at is not None or track.stayed(caller.queue, entered):
                continue
            stay = Stay(queue=caller.queue, uniqueid=caller.uniqueid, enter=entered, after_answer=False)
            track.stays.append(stay)
            track.reaches(f"queue:{caller.queue}", claimed=True)
            board.offer(track, entered)
