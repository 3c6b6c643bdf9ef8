"""app_dial: ring one telephone or several for a caller, and connect them with the first that answers."""

from collections.abc import Generator

from callcentre_simulator.channels import Channel
from callcentre_simulator.engine import Engine, Thread, Told
from callcentre_simulator.outgoing import Outgoing, Target
from callcentre_simulator.talking import End, Talking
from callcentre_simulator.truth import Truth

CLEARED = [
    "DIALSTATUS",
    "DIALEDPEERNUMBER",
    "DIALEDPEERNAME",
    "ANSWEREDTIME",
    "ANSWEREDTIME_MS",
    "DIALEDTIME",
    "DIALEDTIME_MS",
    "RINGTIME",
    "RINGTIME_MS",
    "PROGRESSTIME",
    "PROGRESSTIME_MS",
]
REFUSED = {"17": "BUSY", "21": "BUSY", "19": "NOANSWER", "34": "CONGESTION"}

Run = Generator[float | None, Told | None, End | None]
"""An application's run: it returns where the caller was sent on to, or None to go on in the dialplan."""


class Dialing:
    """The Dial application."""

    def __init__(self, engine: Engine, talking: Talking, truth: Truth) -> None:
        self._engine = engine
        self._talking = talking
        self.channels = talking.channels
        self._outgoing: Outgoing = talking.outgoing
        self._truth = truth

    def dial(self, channel: Channel, thread: Thread, written: str, timeout: float | None) -> Run:
        """Ring the targets (joined by &) for `timeout` seconds."""
        begun = self._engine.now
        self._truth.offered(channel, outside=all("@" in target for target in written.split("&")))
        for name in CLEARED:
            self.channels.variable(channel, name, "")
        legs = [
            (self._leg(Target(one), channel, thread), one)
            for one in written.split("&")
            if self._outgoing.reachable(Target(one))
        ]
        if not legs:
            self._unreachable(channel)
            return None
        for leg, target in legs:
            self._outgoing.begin(channel, leg, target if leg.local else target.partition("/")[2])
        if len(legs) == 1:
            self.channels.connected(channel, legs[0][0])
        for leg, _ in legs:
            self._outgoing.ring(leg)
        deadline = begun + timeout if timeout else None
        result = yield from self._wait([leg for leg, _ in legs], channel, deadline, begun)
        if isinstance(result, str):
            return self._fails(channel, result)
        end = yield from self._connect(channel, result, begun)
        return end

    def _leg(self, target: Target, channel: Channel, thread: Thread) -> Channel:
        leg = self._outgoing.make(target, channel, thread)
        leg.exten = channel.exten
        self.channels.newexten(leg, "AppDial", "(Outgoing Line)")
        self.channels.connected(leg, channel)
        if leg.mate is not None:
            self.channels.caller_id(leg.mate, channel.number, channel.caller_name)
            self._outgoing.join(leg, optimised=True)
        return leg

    def _unreachable(self, channel: Channel) -> None:
        self._truth.unwanted(channel)
        self.channels.variable(channel, "DIALSTATUS", "CHANUNAVAIL")

    def _fails(self, channel: Channel, status: str) -> End | None:
        self._truth.waited(channel)
        if status in {"BUSY", "CONGESTION"}:
            self._truth.unwanted(channel)
        gone = status == "hangup"
        self.channels.variable(channel, "DIALSTATUS", "CANCEL" if gone else status)
        return End("caller") if gone else None

    def _wait(
        self, legs: list[Channel], channel: Channel, deadline: float | None, begun: float
    ) -> Generator[float | None, Told | None, Channel | str]:
        """Wait for an answer: the leg that answered, or why there is none."""
        several = len(legs) > 1
        status = "NOANSWER"
        while legs:
            told = yield None if deadline is None else max(0.0, deadline - self._engine.now)
            if told is None:
                self._cancel(legs, channel, "NOANSWER", "rang_out")
                return "NOANSWER"
            leg = told.about
            if told.word == "hangup":
                self._cancel(legs, channel, "CANCEL", "cancelled")
                return "hangup"
            if not isinstance(leg, Channel) or leg not in legs:
                continue
            if told.word in {"ringing", "progress"}:
                self._rings(leg, channel, told.word, begun)
            elif told.word in {"answered", "picked up"}:
                legs.remove(leg)
                return self._won(leg, legs, channel, told, several=several)
            elif told.word == "forwarded":
                legs[legs.index(leg)] = self.forward(leg, channel, told.more)
            else:
                legs.remove(leg)
                status = REFUSED.get(told.more, "CHANUNAVAIL")
                self._outgoing.end(channel, leg, status)
                self._outgoing.drop(leg, int(told.more or 0), "busy")
        return status

    def _rings(self, leg: Channel, channel: Channel, word: str, begun: float) -> None:
        name = "RINGTIME" if word == "ringing" else "PROGRESSTIME"
        if not channel.variables.get(name):
            waited = self._engine.now - begun
            self.channels.variables(channel, name, str(int(waited)), f"{name}_MS", str(int(waited * 1000)))
        if word == "ringing":
            self._outgoing.indicate_ringing(channel)
        self._outgoing.state(channel, leg, "RINGING" if word == "ringing" else "PROGRESS")

    def _cancel(self, legs: list[Channel], channel: Channel, status: str, result: str) -> None:
        for leg in legs:
            self._outgoing.end(channel, leg, status)
            self._outgoing.drop(leg, 16 if status == "CANCEL" else 0, result)
        self._truth.waited(channel)

    def _won(
        self, leg: Channel, losers: list[Channel], channel: Channel, told: Told, *, several: bool
    ) -> Channel:  # fmt: skip
        winner = leg
        if told.word == "picked up":
            winner = self.channels.alive[told.more]
            self._truth.answers(leg, winner.device, by="picked_up")
            self.channels.connected(channel, winner)
            self._outgoing.drop(leg, 16, "picked_up")
        else:
            if not leg.local:
                self._truth.answers(leg, leg.device)
            if several:
                self.channels.connected(channel, leg)
        for loser in losers:
            self._outgoing.end(channel, loser, "CANCEL")
        self.channels.variables(channel, "DIALSTATUS", "ANSWER", "DIALEDPEERNAME", winner.name)
        number = leg.variables.get("DIALEDPEERNUMBER", leg.number)
        self.channels.variable(channel, "DIALEDPEERNUMBER", number)
        self._outgoing.end(channel, winner, "ANSWER")
        self._outgoing.answer(channel)
        for loser in losers:
            self._outgoing.drop(loser, 26)
        return winner

    def forward(self, leg: Channel, channel: Channel, to: str) -> Channel:
        """A telephone sent the call on to `to` (302): the leg goes, a Local channel takes its place."""
        one, two = self._outgoing.pair(to, "internal", channel, leg.thread)
        one.on_ringing = lambda: self._outgoing.shows(one, to, channel)
        for half in (one, two):
            self.channels.variable(half, "FORWARDERNAME", leg.name)
        self.channels.caller_id(two, channel.number, channel.caller_name)
        self._outgoing.join(one, optimised=True)
        self._outgoing.end(channel, leg, "CANCEL", forward=to)
        self._outgoing.begin(channel, one, f"{to}@internal")
        self._outgoing.drop(leg, 23 if self._engine.version > 16 else 0, "forwarded")
        self._outgoing.ring(one)
        return one

    def _connect(self, channel: Channel, leg: Channel, begun: float) -> Run:
        answered = self._engine.now
        end = yield from self._talking.talk(channel, leg, lambda _: None, "AppDial")
        self.times(channel, answered, begun)
        self.channels.variable(channel, "DIALSTATUS", "ANSWER")
        return end

    def times(self, channel: Channel, answered: float, begun: float) -> None:
        """Set how long the call was dialled and answered for."""
        now = self._engine.now
        talked, dialled = now - answered, now - begun
        self.channels.variables(
            channel,
            "ANSWEREDTIME", str(int(talked)), "ANSWEREDTIME_MS", str(int(talked * 1000)),
            "DIALEDTIME", str(int(dialled)), "DIALEDTIME_MS", str(int(dialled * 1000)),
        )  # fmt: skip
