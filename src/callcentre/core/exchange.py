"""One PBX's calls: each AMI event changes channels, legs and stays, and says so in facts.

The rules, with their reasons, are in docs/explanation/how-a-call-is-measured.md. In short: a caller's channel is made in
state Ring; a line claims it by DID, queue or extension; every telephone dialled for it is a leg, found by the caller's
channel or, through Local channels and transfers, by the Linkedid that all of them inherit; the first leg that goes up
answers, unless the PBX then names another winner.
"""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta

from callcentre.core.calendar import Calendar
from callcentre.core.channels import STATE_RING, STATE_RINGING, STATE_UP, Channel, ChannelBook
from callcentre.core.charter import Line, Office
from callcentre.core.claims import Claims
from callcentre.core.events import (
    AgentCompleted,
    AppStarted,
    ChannelCreated,
    ChannelEvent,
    ChannelGone,
    ChannelRenamed,
    ChannelStateChanged,
    DialBegun,
    DialEnded,
    DialEvent,
    DialProgressed,
    MailboxChanged,
    MemberSeen,
    PickedUp,
    QueueAbandoned,
    QueueJoined,
    QueueLeft,
    VariableSet,
)
from callcentre.core.facts import CallAnswered, CallEnded, CallOffered, CallProgressed, Fact, MenuAbandoned
from callcentre.core.terms import (
    AttemptResult,
    CallKey,
    HangupCause,
    Origin,
    Outcome,
    Quality,
    VisitResult,
    device_of,
    is_local,
)
from callcentre.core.tracks import REFUSALS, Leg, Stay, Track

DECISION_DELAY = timedelta(seconds=2)
"""An unanswered call's outcome waits this long for a late AgentComplete or a Shutdown that explains its end."""

HANGUP_FOLLOWS = timedelta(seconds=1)
"""A caller who leaves a queue and hangs up within this time, with nothing told in between, abandoned it."""

WITHHELD = frozenset({"", "<unknown>", "unknown", "anonymous", "restricted", "unavailable", "private", "withheld", "s"})

DIAL_RESULTS = {
    "BUSY": AttemptResult.BUSY,
    "CHANUNAVAIL": AttemptResult.UNREACHABLE,
    "CONGESTION": AttemptResult.UNREACHABLE,
    "NOANSWER": AttemptResult.RANG_OUT,
}
REFUSED_CAUSES = frozenset({HangupCause.BUSY, HangupCause.REJECTED})
DIAL_REFUSALS = frozenset({"BUSY", "CONGESTION", "CHANUNAVAIL"})
QUEUE_REFUSALS = frozenset({"FULL", "JOINEMPTY", "JOINUNAVAIL", "LEAVEEMPTY", "LEAVEUNAVAIL"})
QUEUE_RESULTS = {"LEAVEEMPTY": VisitResult.EMPTY, "LEAVEUNAVAIL": VisitResult.EMPTY, "TIMEOUT": VisitResult.TIMEOUT}


class Exchange:
    """The switching state of one PBX. Facts gather in `facts` until `take()` is called."""

    def __init__(self, office: Office, pbx: str, calendars: dict[str, Calendar]) -> None:
        self.pbx = pbx
        self.claims = Claims(office, pbx)
        self.book = ChannelBook()
        self.tracks: dict[str, Track] = {}
        self.legs: dict[str, tuple[Track, Leg]] = {}
        self.facts: list[Fact] = []
        self._calendars = calendars
        self._linked: dict[str, str] = {}
        self._talking: dict[str, set[str]] = {}
        self._decisions: list[tuple[datetime, str]] = []
        self.handlers: dict[type, Callable[..., None]] = {
            ChannelCreated: self._created,
            ChannelStateChanged: self._state_changed,
            ChannelGone: self._gone,
            ChannelRenamed: self._renamed,
            AppStarted: self._app_started,
            VariableSet: self._variable_set,
            DialBegun: self._dial_begun,
            DialProgressed: self._dial_progressed,
            DialEnded: self._dial_ended,
            PickedUp: self._picked_up,
            QueueJoined: self._queue_joined,
            QueueLeft: self._queue_left,
            QueueAbandoned: self._queue_abandoned,
            AgentCompleted: self._agent_completed,
            MailboxChanged: self._mailbox_changed,
        }

    def take(self) -> list[Fact]:
        """The facts gathered since the last time."""
        facts, self.facts = self.facts, []
        return facts

    # --- channels --------------------------------------------------------------------------------------------------

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
        self.book.add(channel)
        if channel.is_caller:
            self.arrived(channel)
        else:
            mate = self.book.mate(channel)
            channel.call = mate.call if mate is not None and mate.call else self._linked.get(event.linkedid)

    def arrived(self, channel: Channel) -> None:
        """Somebody dials in: a consultation for a call that this telephone already answers, or a call of its own."""
        consulted = self._talking.get(channel.device)
        if consulted:
            track, _ = self.legs[next(iter(consulted))]
            channel.call = track.key.uniqueid
            self._link(track, channel.linkedid)
            return
        line = self.claims.by_did(channel.exten)
        if line is not None:
            if not self.claims.is_telephone(channel.device):
                self.claims.learn_trunk(channel.device)
            self.claim(channel, line)

    def claim(self, channel: Channel, line: Line) -> Track:
        """The call on this caller's channel belongs to `line` from now on."""
        number = channel.caller_number
        internal = self.claims.is_telephone(channel.device)
        track = Track(
            key=CallKey(self.pbx, channel.uniqueid),
            linkedid=channel.linkedid,
            line=line,
            did=channel.exten if channel.exten not in {"", "s"} else None,
            caller=None if number.strip().lower() in WITHHELD else number,
            origin=Origin.INTERNAL if internal else Origin.EXTERNAL,
            arrived_at=channel.created_at,
        )
        channel.call = channel.uniqueid
        self.tracks[channel.uniqueid] = track
        self._link(track, channel.uniqueid)
        self._link(track, channel.linkedid)
        return track

    def _link(self, track: Track, linkedid: str) -> None:
        if linkedid not in self._linked:
            self._linked[linkedid] = track.key.uniqueid
            track.linkedids.add(linkedid)

    def offer(self, track: Track, at: datetime) -> None:
        """The call is offered from `at`, unless it already is; it is a row from now on."""
        if track.offered_at is None:
            track.offered_at = at
            track.hours = self._calendars[track.line.name].hours_at(at)
            self.facts.append(CallOffered(pbx=self.pbx, at=at, call=track.call()))

    def progressed(self, track: Track, at: datetime) -> None:
        """Say that something about a running call changed."""
        if track.offered_at is not None and track.ended_at is None:
            self.facts.append(CallProgressed(pbx=self.pbx, at=at, call=track.call()))

    def _state_changed(self, event: ChannelStateChanged) -> None:
        channel = self.book.get(event.uniqueid)
        if channel is None:
            return
        entry = self.legs.get(event.uniqueid)
        if event.state == STATE_RINGING and channel.ringing_at is None:
            channel.ringing_at = event.at
            if entry is not None:
                self._rings(*entry, event.at)
        elif event.state == STATE_UP and channel.up_at is None:
            channel.up_at = event.at
            if entry is not None:
                self._goes_up(*entry, event.at)

    def _renamed(self, event: ChannelRenamed) -> None:
        self.book.rename(event.uniqueid, event.new)

    def _gone(self, event: ChannelGone) -> None:
        channel = self.book.remove(event.uniqueid)
        entry = self.legs.get(event.uniqueid)
        if entry is not None:
            self._leg_gone(*entry, event)
        track = self.tracks.get(event.uniqueid)
        if track is not None:
            self._hung_up(track, event.at)
        elif channel is not None and channel.is_caller and channel.call is None and not channel.dialled:
            if self.claims.is_menu(channel.exten) and not self.claims.is_telephone(channel.device):
                self.facts.append(MenuAbandoned(pbx=self.pbx, at=event.at, uniqueid=event.uniqueid))

    def _leg_gone(self, track: Track, leg: Leg, event: ChannelGone) -> None:
        self._talking.get(leg.interface, set()).discard(leg.uniqueid)
        refused = event.cause in REFUSED_CAUSES
        if leg.end_at is None:
            rang_out = event.cause == HangupCause.NO_ANSWER
            other = AttemptResult.RANG_OUT if rang_out else AttemptResult.CANCELLED
            self._leg_ends(track, leg, event.at, AttemptResult.BUSY if refused else other)
        elif refused and leg.result is AttemptResult.RANG_OUT:
            leg.result = AttemptResult.BUSY
            self.progressed(track, event.at)

    def _hung_up(self, track: Track, at: datetime) -> None:
        track.ended_at, track.lost = at, False
        stay = track.open_stay
        if stay is not None:
            stay.leave = at
        for stay in track.stays:
            if stay.leave is not None and stay.result is None:
                follows = at - stay.leave <= HANGUP_FOLLOWS
                stay.result = VisitResult.ABANDONED if follows else VisitResult.TIMEOUT
                if stay.answered:
                    stay.result = VisitResult.ANSWERED
        self.offer(track, track.arrived_at)
        if track.answered_at is not None and not track.ringing:
            self.decide(track, at)
        else:
            heapq.heappush(self._decisions, (at + DECISION_DELAY, track.key.uniqueid))

    # --- the dialplan's words --------------------------------------------------------------------------------------

    def _track_of(self, event: ChannelEvent) -> Track | None:
        channel = self.book.get(event.uniqueid)
        key = channel.call if channel is not None and channel.call else self._linked.get(event.linkedid)
        return self.tracks.get(key) if key else None

    def _caller_of(self, uniqueid: str | None, linkedid: str | None) -> Channel | None:
        """The channel of the person who called: this one, or the one at the root of its Linkedid; None for calls out."""
        for candidate in (self.book.get(uniqueid), self.book.get(linkedid)):
            if candidate is not None and candidate.is_caller and candidate.call is None:
                return candidate
        return None

    def _app_started(self, event: AppStarted) -> None:
        track = self._track_of(event)
        if event.application == "VoiceMail":
            if track is not None and event.uniqueid == track.key.uniqueid and track.answered_at is None:
                self.offer(track, track.arrived_at)
                track.settle(VisitResult.TIMEOUT)
                track.in_voicemail = track.at_voicemail = True
                self.progressed(track, event.at)
            return
        if event.application not in {"Queue", "Dial"}:
            return
        targets = event.data.partition(",")[0].split("&")
        line = self._line_of_targets(event.application, targets)
        if track is None:
            caller = self._caller_of(event.uniqueid, event.linkedid)
            if caller is None:
                return
            caller.offer_at = caller.offer_at or event.at
            caller.dialled = caller.dialled or event.application == "Dial"
            if line is None:
                return
            track = self.claim(caller, line)
            self.offer(track, caller.offer_at)
        self.offer(track, event.at)
        if event.uniqueid == track.key.uniqueid:
            queue = event.application == "Queue"
            known = line is not None or any(is_local(target) for target in targets)
            track.reaches(f"queue:{targets[0]}" if queue else "dial", claimed=known)

    def _line_of_targets(self, application: str, targets: list[str]) -> Line | None:
        if application == "Queue":
            return self.claims.by_queue(targets[0])
        lines = (self.claims.by_extension("/".join(target.split("/")[:2])) for target in targets)
        return next((line for line in lines if line is not None), None)

    def _variable_set(self, event: VariableSet) -> None:
        track = self.tracks.get(event.uniqueid)
        if track is None or not event.value:
            return
        if event.variable == "VMSTATUS":
            track.in_voicemail = True
            track.left_message = track.left_message or event.value == "SUCCESS"
            return
        answered = track.answered_at is not None
        if event.variable == "QUEUESTATUS":
            result = QUEUE_RESULTS.get(event.value, VisitResult.TIMEOUT)
            track.settle(VisitResult.ANSWERED if answered and event.value == "CONTINUE" else result)
            refused = event.value in QUEUE_REFUSALS
        else:
            if event.value in {"ANSWER", "CANCEL"}:
                return
            refused = event.value in DIAL_REFUSALS
        self.offer(track, event.at)
        if track.destinations == 0:
            track.destinations = 1
        track.refused = refused and not answered
        track.leaves(event.at)
        self.progressed(track, event.at)

    def _mailbox_changed(self, event: MailboxChanged) -> None:
        track = self.tracks.get(event.uniqueid) if event.uniqueid else None
        if track is not None and event.new > 0:
            track.in_voicemail = track.left_message = True

    # --- legs ------------------------------------------------------------------------------------------------------

    def _track_of_dial(self, event: DialEvent) -> Track | None:
        caller = self.book.get(event.uniqueid)
        key = caller.call if caller is not None else None
        for linkedid in (event.linkedid, event.dest_linkedid):
            key = key or (self._linked.get(linkedid) if linkedid else None)
        return self.tracks.get(key) if key else None

    def _dial_begun(self, event: DialBegun) -> None:
        track = self._track_of_dial(event)
        interface = device_of(event.dest_channel)
        dest = self.book.get(event.dest_uniqueid)
        caller = self._caller_of(event.uniqueid, event.linkedid) if track is None else None
        if caller is not None:
            caller.dialled = True
            line = self.claims.by_extension(interface)
            if line is not None:
                track = self.claim(caller, line)
                self.offer(track, caller.offer_at or event.at)
        if track is None:
            return
        if dest is not None:
            dest.call = track.key.uniqueid
            mate = self.book.mate(dest) if dest.local else None
            if mate is not None:
                mate.call = dest.call
        if is_local(event.dest_channel):
            return
        known = self.legs.get(event.dest_uniqueid)
        if known is not None:
            known[1].reopen()
            return
        self._begin_leg(track, event, interface, dest)

    def _begin_leg(self, track: Track, event: DialBegun, interface: str, dest: Channel | None) -> None:
        dialler = self.book.get(event.uniqueid)
        mate = self.book.mate(dialler) if dialler is not None and dialler.local else None
        stay = track.open_stay
        leg = Leg(
            uniqueid=event.dest_uniqueid,
            interface=interface,
            begun_at=event.at,
            after_answer=track.answered_at is not None,
            via=mate.uniqueid if mate is not None else None,
            stay=stay,
        )
        self.offer(track, event.at)
        if stay is None and not leg.after_answer:
            claimed = self.claims.claims_device(interface)
            if track.current != "dial":
                track.reaches("dial", claimed=claimed)
            elif claimed:
                track.overflowed = False
        self.claims.learn_telephone(interface)
        track.legs.append(leg)
        self.legs[leg.uniqueid] = (track, leg)
        if dest is not None and dest.ringing_at is not None:
            self._rings(track, leg, dest.ringing_at)
        if dest is not None and dest.up_at is not None:
            self._goes_up(track, leg, dest.up_at)

    def _rings(self, track: Track, leg: Leg, at: datetime) -> None:
        if leg.ring_at is None and leg.end_at is None:
            leg.ring_at = at
            self.progressed(track, at)

    def _dial_progressed(self, event: DialProgressed) -> None:
        entry = self.legs.get(event.dest_uniqueid)
        if entry is None:
            return
        track, leg = entry
        if event.status == "RINGING":
            self._rings(track, leg, event.at)
        elif event.status == "PROGRESS" and leg.progress_at is None and leg.end_at is None:
            leg.progress_at = event.at
            self.progressed(track, event.at)

    def _goes_up(self, track: Track, leg: Leg, at: datetime) -> None:
        if leg.up_at is not None:
            return
        leg.up_at = at
        leg.end(at, AttemptResult.ANSWERED)
        self._talking.setdefault(leg.interface, set()).add(leg.uniqueid)
        if leg.stay is not None:
            leg.stay.answered = True
        if not leg.after_answer and track.answered_at is None:
            self._answered(track, leg, at)
        else:
            self.progressed(track, at)

    def _answered(self, track: Track, leg: Leg, at: datetime) -> None:
        track.answered_with(leg)
        if track.ended_at is None:
            self.facts.append(CallAnswered(pbx=self.pbx, at=at, call=track.call()))

    def _dial_ended(self, event: DialEnded) -> None:
        entry = self.legs.get(event.dest_uniqueid)
        if entry is None:
            if is_local(event.dest_channel):
                self._proxy_ended(event)
            return
        track, leg = entry
        if event.status == "ANSWER":
            self._goes_up(track, leg, event.at)
            if leg.via is None:
                self._confirm(track, leg, event.at)
        elif leg.up_at is not None:
            self._too_late(track, leg, event.at)
        elif leg.end_at is None:
            cancelled = AttemptResult.FORWARDED if event.forward else AttemptResult.CANCELLED
            self._leg_ends(track, leg, event.at, DIAL_RESULTS.get(event.status, cancelled))

    def _proxy_ended(self, event: DialEnded) -> None:
        """The queue's verdict on a Local half is the verdict on the telephone behind it."""
        behind = [entry for entry in self.legs.values() if entry[1].via == event.dest_uniqueid]
        for track, leg in behind:
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
        if track.answer is leg:
            track.unanswer()
            others = (o for o in track.legs if o.result is AttemptResult.ANSWERED and not o.after_answer)
            winner = next(others, None)
            if winner is not None:
                self._answered(track, winner, at)
        self.progressed(track, at)

    def _leg_ends(self, track: Track, leg: Leg, at: datetime, result: AttemptResult) -> None:
        leg.end(at, result)
        if leg.stay is None and not leg.after_answer and not track.ringing and track.answered_at is None:
            track.left_at = at
            track.refused = all(other.result in REFUSALS for other in track.legs if other.stay is None)
        self.progressed(track, at)

    def _picked_up(self, event: PickedUp) -> None:
        entry = self.legs.get(event.target_uniqueid)
        if entry is None:
            return
        track, leg = entry
        leg.end(event.at, AttemptResult.PICKED_UP)
        picker = self.book.get(event.uniqueid)
        if picker is not None:
            picker.call = track.key.uniqueid
        if leg.stay is not None:
            leg.stay.answered = True
        if track.answered_at is None or not track.answer_confirmed:
            track.answer, track.answer_confirmed = leg, True
            track.answered_at, track.answered_by = event.at, device_of(event.channel)
            self.facts.append(CallAnswered(pbx=self.pbx, at=event.at, call=track.call()))

    # --- queues ----------------------------------------------------------------------------------------------------

    def _queue_joined(self, event: QueueJoined) -> None:
        track = self._track_of(event)
        if track is None:
            line = self.claims.by_queue(event.queue)
            caller = self._caller_of(event.uniqueid, event.linkedid)
            if line is None or caller is None:
                return
            track = self.claim(caller, line)
            self.offer(track, caller.offer_at or event.at)
        self.offer(track, event.at)
        after_answer = track.answered_at is not None
        if not after_answer and track.current != f"queue:{event.queue}":
            track.reaches(f"queue:{event.queue}", claimed=self.claims.by_queue(event.queue) is not None)
        track.stays.append(Stay(queue=event.queue, enter=event.at, after_answer=after_answer))
        self.progressed(track, event.at)

    def _stay_of(self, event: QueueLeft | QueueAbandoned) -> tuple[Track, Stay] | None:
        track = self._track_of(event)
        stay = track.open_stay if track is not None else None
        return (track, stay) if track is not None and stay is not None and stay.queue == event.queue else None

    def _queue_left(self, event: QueueLeft) -> None:
        found = self._stay_of(event)
        if found is None:
            return
        track, stay = found
        stay.leave = event.at
        if stay.answered:
            stay.result = VisitResult.ANSWERED
        elif not stay.withdrawn:
            stay.result = VisitResult.EXIT_KEY
        track.leaves(event.at)
        self.progressed(track, event.at)

    def _queue_abandoned(self, event: QueueAbandoned) -> None:
        found = self._stay_of(event)
        if found is not None:
            found[1].withdrawn = True

    def _agent_completed(self, event: AgentCompleted) -> None:
        """Proof of an answer that was not heard: Asterisk's clock is in whole seconds, so ± 1 s."""
        track = self._track_of(event)
        if track is None or track.answered_at is not None:
            return
        interface = event.dest_channel if not is_local(event.dest_channel) else ""
        track.answered_at = event.at - timedelta(seconds=event.talk_seconds)
        track.answered_by = device_of(interface) or (event.interface if not is_local(event.interface) else None)
        track.answer_confirmed = True
        track.quality = Quality.INFERRED
        self.progressed(track, event.at)

    # --- what lists tell -------------------------------------------------------------------------------------------

    def learn_member(self, member: MemberSeen) -> None:
        """A queue has this member: its telephone belongs to the office."""
        self.claims.learn_member(member.queue, member.state_interface or member.interface)

    def adopt_leg(self, channel: Channel, ringing: bool, at: datetime) -> None:
        """A channel found by a list: a telephone of a running call, matched to the attempt that was open for it."""
        key = self._linked.get(channel.linkedid)
        track = self.tracks.get(key) if key else None
        if track is None:
            return
        channel.call = key
        if channel.local:
            return
        for leg in track.legs:
            if leg.interface == channel.device and leg.end_at is None and leg.result is None:
                self.legs.pop(leg.uniqueid, None)
                leg.uniqueid = channel.uniqueid
                self.legs[leg.uniqueid] = (track, leg)
                return
        if ringing:
            leg = Leg(uniqueid=channel.uniqueid, interface=channel.device, begun_at=at, after_answer=False)
            leg.after_answer = track.answered_at is not None
            track.legs.append(leg)
            self.legs[leg.uniqueid] = (track, leg)

    # --- decisions -------------------------------------------------------------------------------------------------

    def next_decision(self) -> datetime | None:
        """When the next outcome is due."""
        return self._decisions[0][0] if self._decisions else None

    def decide_due(self, now: datetime) -> None:
        """Decide every call whose delay is over."""
        while self._decisions and self._decisions[0][0] <= now:
            at, uniqueid = heapq.heappop(self._decisions)
            track = self.tracks.get(uniqueid)
            if track is not None:
                self.decide(track, at)

    def lose_after(self, track: Track, at: datetime) -> None:
        """The caller's channel is missing; unless its Hangup is heard by then, the call is lost."""
        track.lost = True
        heapq.heappush(self._decisions, (at + DECISION_DELAY, track.key.uniqueid))

    def decide(self, track: Track, at: datetime) -> None:
        """Close the call with its outcome and forget it; all its counters rise with this fact."""
        self.offer(track, track.arrived_at)
        for leg in track.legs:
            if leg.result is None:
                leg.result = AttemptResult.LOST
            self.legs.pop(leg.uniqueid, None)
            self._talking.get(leg.interface, set()).discard(leg.uniqueid)
        for stay in track.stays:
            stay.result = stay.result or VisitResult.LOST
        outcome = track.outcome(track.line.charter.short_abandon_seconds)
        if outcome is Outcome.LOST:
            track.touched()
        self.facts.append(CallEnded(pbx=self.pbx, at=at, call=track.call(outcome)))
        self.tracks.pop(track.key.uniqueid, None)
        for linkedid in track.linkedids:
            self._linked.pop(linkedid, None)
