"""What really happened in the office, kept by the model itself and from none of the events it raises."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from callcentre_simulator.channels import UNKNOWN, Channel
from callcentre_simulator.engine import Engine

SHORT_ABANDON = 5.0
"""Seconds under which giving up counts as short, as the product's charters have it."""


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One telephone rung for a call."""

    interface: str
    ring_start: float
    after_answer: bool
    free: bool = True
    """Whether no other call had the telephone when it began to ring."""
    ring_end: float | None = None
    result: str = ""


@dataclass(slots=True, kw_only=True)
class Visit:
    """One stay of a call in a queue."""

    queue: str
    enter: float
    after_answer: bool
    leave: float | None = None
    result: str = ""


@dataclass(slots=True, kw_only=True)
class Call:
    """One caller's stay, from the first sound to the last."""

    uniqueid: str
    did: str
    caller: str | None
    internal: bool
    begun: float
    offered: float | None = None
    waited_until: float | None = None
    first_ring: float | None = None
    answered: float | None = None
    answered_by: str = ""
    ended: float | None = None
    mailbox: str = ""
    message: bool = False
    announced: bool = False
    refused: bool = False
    outside: bool = False
    """Whether the last place it was sent to is none of the office's."""
    lost: bool = False
    cut: bool = False
    """Whether the PBX was gone before anybody could be told of the call's end."""
    attempts: list[Attempt] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        """How it ended, in the product's words."""
        if self.answered is not None:
            return "answered"
        if self.ended is None:
            return "in_progress"
        if self.lost:
            return "lost"
        if self.mailbox:
            return "voicemail" if self.message else "voicemail_empty"
        if self.outside:
            return "overflowed"
        if self.refused:
            return "refused"
        if self.announced and not self.visits and not self.attempts:
            return "closed"
        return "short_abandoned" if self.wait < SHORT_ABANDON else "abandoned"

    @property
    def wait(self) -> float:
        """Seconds from the offer to the answer, or until the caller left the last queue or Dial."""
        offered = self.begun if self.offered is None else self.offered
        until = self.answered or self.waited_until or self.ended or offered
        return max(0.0, until - offered)

    def as_json(self) -> dict[str, Any]:
        """The call as truth.json tells it; times are epoch seconds."""
        return {
            "uniqueid": self.uniqueid,
            "did": self.did,
            "caller": self.caller,
            "origin": "internal" if self.internal else "external",
            "offered_at": self.begun if self.offered is None else self.offered,
            "first_ring_at": self.first_ring,
            "answered_at": self.answered,
            "answered_by": self.answered_by or None,
            "ended_at": self.ended,
            "outcome": self.outcome,
            "wait_seconds": round(self.wait, 3),
            "attempts": [
                {
                    "interface": one.interface,
                    "ring_start": one.ring_start,
                    "ring_end": one.ring_end,
                    "result": one.result,
                    "after_answer": one.after_answer,
                }
                for one in self.attempts
            ],
            "visits": [
                {
                    "queue": one.queue,
                    "enter": one.enter,
                    "leave": one.leave,
                    "result": one.result,
                    "after_answer": one.after_answer,
                }
                for one in self.visits
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message in a mailbox."""

    mailbox: str
    msg_id: str
    uniqueid: str
    caller: str | None
    left_at: float
    duration: int

    def as_json(self) -> dict[str, Any]:
        """The message as truth.json tells it."""
        return {
            "mailbox": self.mailbox,
            "msg_id": self.msg_id,
            "uniqueid": self.uniqueid,
            "caller": self.caller,
            "left_at": self.left_at,
            "duration": self.duration,
        }


class Truth:
    """The office's own account of its calls and messages."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.calls: dict[str, Call] = {}
        self.messages: list[Message] = []
        self.answered: list[Callable[[Call], None]] = []
        """Who hears of each call that a person takes."""
        self.ended: list[Callable[[Call], None]] = []
        """Who hears of each call that ends, unless the PBX stops."""
        self.busy: Callable[[Channel], bool] = lambda _: False
        """Whether the telephone of a leg has another call."""
        self._ringing: dict[str, tuple[Call, Attempt]] = {}

    def _of(self, channel: Channel) -> Call | None:
        return self.calls.get(channel.linkedid)

    def begins(self, channel: Channel, *, internal: bool) -> None:
        """A caller's channel came to be."""
        caller = None if channel.number in {UNKNOWN, "anonymous"} else channel.number
        self.calls[channel.uniqueid] = Call(
            uniqueid=channel.uniqueid,
            did=channel.exten,
            caller=caller,
            internal=internal,
            begun=self._engine.now,
        )

    def offered(self, channel: Channel, *, outside: bool = False) -> None:
        """The call was put to somebody: a queue, a telephone, or (`outside`) a number that is not the office's."""
        call = self._of(channel)
        if call is None:
            return
        call.outside = outside and call.offered is not None
        if call.offered is None:
            call.offered = self._engine.now

    def unwanted(self, channel: Channel) -> None:
        """Nobody could be rung: the queue was full or empty, the telephones busy or gone."""
        call = self._of(channel)
        if call is not None:
            call.refused = True
            call.waited_until = self._engine.now

    def enters(self, channel: Channel, queue: str) -> None:
        """The call entered a queue."""
        call = self._of(channel)
        if call is not None:
            call.refused = False
            call.visits.append(Visit(queue=queue, enter=self._engine.now, after_answer=call.answered is not None))

    def leaves(self, channel: Channel, result: str) -> None:
        """The call left its queue."""
        call = self._of(channel)
        if call is not None and call.visits:
            call.visits[-1].leave = self._engine.now
            call.visits[-1].result = result
            self.waited(channel)

    def waited(self, channel: Channel) -> None:
        """The caller's wait in a queue or for a telephone ended here."""
        call = self._of(channel)
        if call is not None:
            call.waited_until = self._engine.now

    def rings(self, leg: Channel) -> None:
        """A telephone began to ring for a call."""
        call = self._of(leg)
        if call is None or leg.local or leg.uniqueid in self._ringing:
            return
        attempt = Attempt(
            interface=leg.device, ring_start=self._engine.now, after_answer=call.answered is not None,
            free=not self.busy(leg),
        )  # fmt: skip
        call.attempts.append(attempt)
        call.first_ring = call.first_ring or self._engine.now
        self._ringing[leg.uniqueid] = (call, attempt)

    def stops(self, leg: Channel, result: str) -> None:
        """A telephone stopped ringing: answered, cancelled, rang_out, busy, forwarded, picked_up."""
        found = self._ringing.pop(leg.uniqueid, None)
        if found is not None:
            found[1].ring_end = self._engine.now
            found[1].result = result

    def answers(self, leg: Channel, device: str, *, by: str = "answered") -> None:
        """A person picked up at `device`; `by` is picked_up where another telephone took the call."""
        self.stops(leg, by)
        call = self._of(leg)
        if call is not None and call.answered is None:
            call.answered = self._engine.now
            call.answered_by = device
            for hear in self.answered:
                hear(call)

    def mailbox(self, channel: Channel, mailbox: str) -> None:
        """The caller reached a mailbox."""
        call = self._of(channel)
        if call is not None:
            call.mailbox = mailbox

    def message(self, message: Message, channel: Channel) -> None:
        """The caller left a message."""
        self.messages.append(message)
        call = self._of(channel)
        if call is not None:
            call.message = True

    def announced(self, channel: Channel) -> None:
        """The caller heard an announcement."""
        call = self._of(channel)
        if call is not None:
            call.announced = True

    def ends(self, channel: Channel) -> None:
        """The caller's channel is gone."""
        call = self.calls.get(channel.uniqueid)
        if call is not None and call.ended is None:
            call.ended = self._engine.now
            for hear in self.ended:
                hear(call)

    def crashed(self, *, told: bool) -> None:
        """The PBX stopped: calls unanswered so far were lost to it; `told` where it ended them before it went."""
        for call in self.calls.values():
            if call.ended is None or (told and self._engine.now - call.ended < 2.0):
                call.lost = call.answered is None
                call.cut = call.ended is None
                call.ended = call.ended or self._engine.now

    def as_json(self) -> dict[str, Any]:
        """Calls and messages, as truth.json tells them."""
        return {
            "calls": [call.as_json() for call in self.calls.values()],
            "messages": [message.as_json() for message in self.messages],
        }
