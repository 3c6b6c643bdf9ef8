"""Originate: the PBX itself calls somebody and, once they answer, puts them into the dialplan."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from callcentre_simulator.channels import UNKNOWN, UP, Channel
from callcentre_simulator.dialplan import Dialplan, Step
from callcentre_simulator.engine import Body, Engine, Thread
from callcentre_simulator.outgoing import Outgoing, Target
from callcentre_simulator.people import Caller, Ring
from callcentre_simulator.replies import done, error
from callcentre_simulator.talking import Talking
from callcentre_simulator.wire import Headers, Reply

Given = Mapping[str, str]
TIMEOUT_MS = 30_000
MAX_CHANNEL_ID = 149
REASONS = {"answered": 4, "17": 5, "21": 5, "timeout": 3, "34": 8}
"""OriginateResponse's Reason: 3 rang out, 4 answered, 5 busy, 8 congestion, 0 failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a client asked for."""

    action_id: str
    target: str
    context: str
    exten: str
    application: str
    data: str
    number: str
    name: str
    seconds: float


class Originate:
    """The Originate action of one PBX."""

    def __init__(self, engine: Engine, outgoing: Outgoing, dialplan: Dialplan, talking: Talking) -> None:
        self._engine = engine
        self._outgoing = outgoing
        self._dialplan = dialplan
        self._talking = talking
        self._channels = talking.channels

    def known(self) -> dict[str, Callable[[Given], Reply]]:
        """The action by its name in lower case."""
        return {"originate": self._originate}

    def _originate(self, given: Given) -> Reply:
        refused = _refusal(given) or self._no_such_extension(given)
        if refused:
            return error(refused)
        target = Target(given["Channel"])
        if not given.get("Async") and target.local is None and not self._outgoing.reachable(target):
            return error("Originate failed")
        number, name = _caller_id(given.get("CallerID", ""))
        wanted = Wanted(
            action_id=given.get("ActionID", ""),
            target=given["Channel"],
            context=given.get("Context", ""),
            exten=given.get("Exten", ""),
            application=given.get("Application", ""),
            data=given.get("Data", ""),
            number=number,
            name=name,
            seconds=int(given.get("Timeout") or TIMEOUT_MS) / 1000.0,
        )
        Thread(self._engine).start(self._call(wanted, given.get("ChannelId", ""), given.get("Variable", "")))
        return done("Originate successfully queued")

    def _no_such_extension(self, given: Given) -> str:
        named = not given.get("Application") and self._dialplan.find(given["Context"], given["Exten"]) is None
        return "Extension does not exist." if named else ""

    def _call(self, wanted: Wanted, channel_id: str, variables: str) -> Body:
        target = Target(wanted.target)
        taken = channel_id in self._channels.alive
        if taken or (not self._outgoing.reachable(target) and target.local is None):
            self._respond(wanted, None, 0)
            return
        thread = Thread(self._engine)
        leg = self._make(wanted, thread, channel_id)
        for text in filter(None, variables.split(",")):
            name, _, value = text.partition("=")
            self._channels.variable(leg, name, value)
        thread.start(self._wait(wanted, leg))
        yield from ()

    def _make(self, wanted: Wanted, thread: Thread, channel_id: str) -> Channel:
        """The channel that rings whoever is called first; it is its own caller, and of a call of its own."""
        nobody = Channel(
            name="", uniqueid="", linkedid="", state=UP, device="", context=wanted.context, exten=wanted.exten
        )  # fmt: skip
        self._channels.asked_id = channel_id
        leg = self._outgoing.make(Target(wanted.target), nobody, thread)
        leg.originated = True
        if leg.mate is not None:
            self._outgoing.join(leg, optimised=True)
        if wanted.number != UNKNOWN:
            leg.connected_number, leg.connected_name = wanted.number, wanted.name
        return leg

    def _wait(self, wanted: Wanted, leg: Channel) -> Body:
        dialled = ("DialString", wanted.target.partition("/")[2])
        self._engine.call("DialBegin", (*leg.headers("Dest"), dialled))
        self._outgoing.ring(leg)
        until = self._engine.now + wanted.seconds
        while True:
            told = yield max(0.0, until - self._engine.now)
            if told is None:
                self._outgoing.end(None, leg, "NOANSWER")
                self._outgoing.drop(leg, 0, "rang_out")
                self._respond(wanted, leg, REASONS["timeout"])
                return
            if told.word in {"ringing", "progress"}:
                self._outgoing.state(None, leg, "RINGING" if told.word == "ringing" else "PROGRESS")
            elif told.word == "answered":
                self._answered(wanted, leg)
                return
            else:
                self._outgoing.end(None, leg, "BUSY" if told.more in {"17", "21"} else "NOANSWER")
                self._outgoing.drop(leg, int(told.more or 0), "busy")
                self._respond(wanted, leg, REASONS.get(told.more, 0))
                return

    def _answered(self, wanted: Wanted, leg: Channel) -> None:
        self._outgoing.end(None, leg, "ANSWER")
        self._respond(wanted, leg, REASONS["answered"])
        ring = leg.ring or Ring()
        caller = leg.caller = Caller(
            to=wanted.exten, number=leg.number, device=leg.device, channel=leg, talk=ring.talk
        )  # fmt: skip
        if ring.patience is not None:
            caller.waiting = self._engine.after(ring.patience, lambda: self._talking.hang_up(leg))
        leg.context, leg.exten, leg.priority = wanted.context, wanted.exten, 1
        if wanted.application:
            step = Step(wanted.application, wanted.data)
            leg.context, leg.exten = "originate", leg.uniqueid
            self._dialplan.add(leg.context, leg.exten, (step,))
        self._dialplan.start(leg)

    def _respond(self, wanted: Wanted, leg: Channel | None, reason: int) -> None:
        identity = (("ActionID", wanted.action_id),) if wanted.action_id else ()
        place: Headers = (("Context", wanted.context), ("Exten", wanted.exten))
        if wanted.application:
            place = (("Application", wanted.application), ("Data", wanted.data))
        said = (
            *identity,
            ("Response", "Success" if reason == REASONS["answered"] else "Failure"),
            ("Channel", leg.name if leg is not None and reason else wanted.target),
            *place,
            ("Reason", str(reason)),
            ("Uniqueid", leg.uniqueid if leg is not None else UNKNOWN),
            ("CallerIDNum", wanted.number),
            ("CallerIDName", wanted.name),
        )
        self._engine.call("OriginateResponse", said)


def _refusal(given: Given) -> str:
    target, priority, timeout = given.get("Channel", ""), given.get("Priority", ""), given.get("Timeout", "")
    if not target:
        return "Channel not specified"
    if "/" not in target:
        return "Invalid channel"
    if timeout and not timeout.isdigit():
        return "Invalid timeout"
    if len(given.get("ChannelId", "")) > MAX_CHANNEL_ID:
        return f"Uniqueid length exceeds maximum of {MAX_CHANNEL_ID}"
    if not given.get("Application"):
        if not (given.get("Exten") and given.get("Context") and priority):
            return "Originate with 'Exten' requires 'Context' and 'Priority'"
        if not priority.isdigit():
            return "Invalid priority"
    return ""


def _caller_id(text: str) -> tuple[str, str]:
    """The number and the name of `"Name" <number>`, or of a number alone."""
    name, bracket, rest = text.rpartition("<")
    if bracket:
        return rest.rstrip("> ") or UNKNOWN, name.strip(' "') or UNKNOWN
    return text.strip() or UNKNOWN, UNKNOWN
