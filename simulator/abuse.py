"""Abusive callers, as the shipped dialplan deals with them: a code or a button warns, the next press ends the call.

Nothing is recorded, and the announcement at the end is not played: whose call is ended is let go at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from callcentre_simulator.channels import Channel
from callcentre_simulator.dialplan import Run, parse_step
from callcentre_simulator.engine import Thread
from callcentre_simulator.second_wall import CONTEXT as CALLBACKS

if TYPE_CHECKING:
    from callcentre_simulator.pbx import Pbx

WARNED = "CALLCENTRE_WARNED"
_VOICE = ("Answer()", "Playback(beeperr)", "Hangup()")
_SPEAKS = 10.0
"""Seconds for which the warning is heard, at most."""

_STEP = ("Gosub(callcentre-abuse-do,s,1({step}))", "Hangup()")


class Abuse:
    """The presses of one PBX; a call is known by the uniqueid of its caller's channel, a callback by the agent's."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        for step in ("warn", "end"):
            steps = tuple(parse_step(text.format(step=step)) for text in _STEP)
            pbx.dialplan.add(f"callcentre-abuse-{step}", "_[0-9a-z].", steps)
        pbx.dialplan.add("callcentre-abuse-voice", "s", tuple(parse_step(text) for text in _VOICE))
        pbx.dialplan.add("callcentre-abuse-voice", "done", (parse_step("Wait(10)"), parse_step("Hangup()")))
        pbx.talking.pressed = self._code

    def button(self, channel: Channel, step: str) -> Run:
        """A Local channel was made for a press: it does what is asked for, if it is that telephone's own call."""
        yield from ()
        known = self._pbx.channels.alive.get(channel.linkedid if channel.mate is None else self._named(channel))
        telephone = (channel.mate or channel).variables.get("CALLCENTRE_TELEPHONE", "")
        if known is None or known.bridge is None:
            return None
        other = self._pbx.talking.other(known)
        leg = known if known.context == CALLBACKS else other
        warned = WARNED in known.variables
        if other is known or leg.device != telephone or warned is (step == "warn"):
            return None
        if channel.state != leg.state:
            self._pbx.outgoing.answer(channel)
        self._do(channel, known, leg, step, "button")
        if step == "warn":
            yield from self._pbx.dialplan.wait(channel, _SPEAKS)
        return None

    def _named(self, channel: Channel) -> str:
        return channel.device.partition("/")[2].partition("@")[0]

    def _code(self, leg: Channel) -> None:
        """An agent pressed the code: the first press warns, the next ends."""
        other = self._pbx.talking.other(leg)
        known = leg if leg.context == CALLBACKS else other
        if other is not leg and (known is leg or other.context != CALLBACKS):
            self._do(leg, known, leg, "end" if WARNED in known.variables else "warn", "code")

    def _do(self, by: Channel, known: Channel, leg: Channel, step: str, how: str) -> None:
        said = {"Call": known.uniqueid, "Step": f"{step}ed", "How": how, "Interface": leg.device, "End": "1"}
        self._pbx.engine.emit("UserEvent", "user,all", (*by.headers(), ("UserEvent", "CallcentreAbuse"), *said.items()))
        if step == "warn":
            self._pbx.channels.variable(known, WARNED, str(int(self._pbx.now)))
        else:
            self._pbx.talking.put_down(self._pbx.talking.other(leg) if known is leg else leg)


def stepped(abuse: Abuse, channel: Channel, _thread: Thread, words: list[str]) -> Run:
    """Gosub(callcentre-abuse-do,s,1(step))."""
    return abuse.button(channel, words[0])
