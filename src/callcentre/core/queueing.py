"""Callers in queues and applications: joining, leaving and why, voicemail, late proof of an answer.

QueueCallerAbandon comes for a timeout and an emptied queue too: QUEUESTATUS or what the channel does next tells which.
"""

from collections.abc import Callable
from datetime import timedelta

from callcentre.core.charter import Line
from callcentre.core.deposits import is_deposit
from callcentre.core.events import (
    AgentCompleted,
    AppStarted,
    MailboxChanged,
    QueueAbandoned,
    QueueJoined,
    QueueLeft,
    VariableSet,
)
from callcentre.core.switchboard import Switchboard
from callcentre.core.terms import AttemptResult, Quality, VisitResult, device_of, is_local
from callcentre.core.tracks import Stay, Track

DIAL_REFUSALS = frozenset({"BUSY", "CONGESTION", "CHANUNAVAIL"})
QUEUE_REFUSALS = frozenset({"FULL", "JOINEMPTY", "JOINUNAVAIL", "LEAVEEMPTY", "LEAVEUNAVAIL"})
LONGEST_TALK = 30 * 86_400
QUEUE_RESULTS = {"LEAVEEMPTY": VisitResult.EMPTY, "LEAVEUNAVAIL": VisitResult.EMPTY, "TIMEOUT": VisitResult.TIMEOUT}


class Queueing:
    """The stays of all calls of one PBX, and where the dialplan sends their callers."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board
        self._boxes: dict[str, MailboxChanged] = {}
        self.handlers: dict[type, Callable[..., None]] = {
            AppStarted: self._app_started,
            VariableSet: self._variable_set,
            QueueJoined: self._queue_joined,
            QueueLeft: self._queue_left,
            QueueAbandoned: self._queue_abandoned,
            AgentCompleted: self._agent_completed,
            MailboxChanged: self._mailbox_changed,
        }

    def _app_started(self, event: AppStarted) -> None:
        if event.application == "VoiceMail":
            self._voicemail_entered(event)
        elif event.application in {"Queue", "Dial"}:
            self._sent_on(event)

    def _voicemail_entered(self, event: AppStarted) -> None:
        track = self._board.behind_local(event.uniqueid)
        if track is None:
            caller = self._board.caller_of(event.uniqueid, event.linkedid)
            if caller is not None:
                caller.dialled = True
        elif track.answered_at is None:
            self._board.offer_on_arrival(track)
            track.enters_voicemail()
            self._board.progressed(track, event.at)

    def _sent_on(self, event: AppStarted) -> None:
        track = self._board.track_of(event)
        targets = event.data.partition(",")[0].split("&")
        line = self._line_of_targets(event.application, targets)
        if track is None:
            caller = self._board.caller_of(event.uniqueid, event.linkedid)
            if caller is None:
                return
            caller.offer_at = caller.offer_at or event.at
            caller.dialled = caller.dialled or event.application == "Dial"
            if line is None:
                return
            track = self._board.claim(caller, line)
            self._board.offer(track, caller.offer_at)
        self._board.offer(track, event.at)
        if event.uniqueid == track.key.uniqueid:
            queue = event.application == "Queue"
            known = line is not None or any(is_local(target) for target in targets)
            track.reaches(f"queue:{targets[0]}" if queue else "dial", claimed=known)

    def _line_of_targets(self, application: str, targets: list[str]) -> Line | None:
        if application == "Queue":
            return self._board.claims.by_queue(targets[0])
        lines = (self._board.claims.by_extension("/".join(target.split("/")[:2])) for target in targets)
        return next((line for line in lines if line is not None), None)

    def _variable_set(self, event: VariableSet) -> None:
        if event.variable == "VMSTATUS":
            track = self._board.behind_local(event.uniqueid)
            if track is not None:
                track.in_voicemail = True
                track.left_message = track.left_message or event.value == "SUCCESS"
            return
        track = self._board.tracks.get(event.uniqueid)
        if track is None or not event.value:
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
        self._board.offer(track, event.at)
        if track.destinations == 0:
            track.destinations = 1
        track.refused = refused and not answered
        track.leaves(event.at)
        self._board.progressed(track, event.at)

    def _mailbox_changed(self, event: MailboxChanged) -> None:
        before = self._boxes.get(event.mailbox)
        self._boxes[event.mailbox] = event
        track = self._board.behind_local(event.uniqueid) if event.uniqueid else None
        if track is not None and is_deposit(before, event):
            track.in_voicemail = track.left_message = True

    def _queue_joined(self, event: QueueJoined) -> None:
        track = self._board.track_of(event)
        if track is None:
            line = self._board.claims.by_queue(event.queue)
            caller = self._board.caller_of(event.uniqueid, event.linkedid)
            if line is None or caller is None:
                return
            track = self._board.claim(caller, line)
            self._board.offer(track, caller.offer_at or event.at)
        self._board.offer(track, event.at)
        after_answer = track.answered_at is not None
        own = event.uniqueid == track.key.uniqueid
        if own and not after_answer and track.current != f"queue:{event.queue}":
            track.reaches(f"queue:{event.queue}", claimed=self._board.claims.by_queue(event.queue) is not None)
        stay = Stay(queue=event.queue, uniqueid=event.uniqueid, enter=event.at, after_answer=after_answer)
        track.stays.append(stay)
        self._board.progressed(track, event.at)

    def _stay_of(self, event: QueueLeft | QueueAbandoned) -> tuple[Track, Stay] | None:
        track = self._board.track_of(event)
        if track is None:
            return None
        stays = (stay for stay in reversed(track.stays) if stay.leave is None and stay.queue == event.queue)
        stay = next(stays, None)
        return None if stay is None else (track, stay)

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
        self._board.progressed(track, event.at)

    def _queue_abandoned(self, event: QueueAbandoned) -> None:
        found = self._stay_of(event)
        if found is not None:
            found[1].withdrawn = True

    def _agent_completed(self, event: AgentCompleted) -> None:
        """Proof of an answer that was not heard: Asterisk's clock is in whole seconds, so ± 1 s."""
        named = event.uniqueid != ""
        track = self._board.track_of(event) if named else self._just_ended(event)
        if track is None or track.answered_at is not None or event.talk_seconds > LONGEST_TALK:
            return
        interface = event.dest_channel if not is_local(event.dest_channel) else ""
        earliest = track.first_ring_at or track.offered_at or track.arrived_at
        track.answered_at = max(event.at - timedelta(seconds=event.talk_seconds), earliest)
        track.answered_by = device_of(interface) or (event.interface if not is_local(event.interface) else None)
        track.answer_confirmed = True
        track.quality = Quality.INFERRED
        entry = self._board.legs.get(event.dest_uniqueid)
        if not named:
            leg = next(leg for leg in reversed(track.legs) if leg.interface == event.interface)
            leg.reopen()
            leg.end(track.answered_at, AttemptResult.ANSWERED)
        elif entry is not None and entry[1].result in {None, AttemptResult.LOST}:
            entry[1].end(track.answered_at, AttemptResult.ANSWERED)
        stay = track.open_stay
        if stay is not None:
            stay.leave, stay.result, stay.answered = track.answered_at, VisitResult.ANSWERED, True
        self._board.progressed(track, event.at)

    def _just_ended(self, event: AgentCompleted) -> Track | None:
        """The call that an AgentComplete without channels must be of: it may come after the hang-up, and has lost them.

        Only of calls whose answer a gap hid, that rang this telephone from this queue and wait for their decision; if
        there are two such calls, neither.
        """
        found = [
            track
            for track in self._board.tracks.values()
            if track.unseen_answer
            and track.ended_at is not None
            and any(stay.queue == event.queue for stay in track.stays)
            and any(leg.interface == event.interface for leg in track.legs)
        ]
        return found[0] if len(found) == 1 else None
