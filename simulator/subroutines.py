"""The subroutines that callcentre ships for dialplans (dialplan/extensions.conf), in the simulator's own words.

Gosub(callcentre-line,…) honours what callcentre keeps in AstDB: open or closed while its heartbeat is fresh, callers
sent on while a line is diverted. The agents' codes ask the last one who leaves; nobody is ever kept.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from callcentre_simulator.abuse import Abuse, stepped
from callcentre_simulator.channels import UNKNOWN, Channel
from callcentre_simulator.dialplan import Run, parse_step
from callcentre_simulator.engine import Thread, Told
from callcentre_simulator.members import REACHABLE, Member
from callcentre_simulator.talking import End

if TYPE_CHECKING:
    from callcentre_simulator.pbx import Pbx

FAMILY = "callcentre"
CIVIL = ZoneInfo("Europe/London")
FRESH = 180.0
"""Seconds for which a heartbeat counts."""
WHILE_DIVERTED, NOBODY_THERE = 15, 2
"""Seconds that members ring first while their line is diverted, and where none of them could answer."""
QUESTION = 12.0
"""Seconds in which the last agent may press 1 or 2."""
AGAIN = 300.0
"""Seconds in which the same code again lets go."""
ANSWERS_AFTER = 3.0
"""Seconds that a caller listens to the question before they answer it."""
ASKED = "CALLCENTRE_ASKED"
COVER = 30.0
"""Seconds that the last agent waits for cover, at most."""
ALARM = ("Answer()", "Wait(0.5)", *("Playback(vm-nobodyavail)", "Wait(4)") * 3, "Hangup()")
DIVERTED = "__CALLCENTRE_DIVERTED"

Words = list[str]
Waiting = Generator[float | None, Told | None, str]


class Subroutines:
    """Gosub() for one PBX; `here` hears of each line for which somebody pressed "I'm here"."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self.here: list[Callable[[str], None]] = []
        self._known: dict[str, Callable[[Channel, Thread, Words], Run]] = {
            "callcentre-line": self._line,
            "callcentre-voicemail": self._voicemail,
            "callcentre-ask": self._ask,
            "callcentre-pause": lambda c, t, w: self._leave(c, t, "pause", w[0], w[1], w[2], w[3], "", w[4]),
            "callcentre-logoff": lambda c, t, w: self._leave(c, t, "logoff", w[0], w[1], w[2], "logoff", "", w[3]),
            "callcentre-break": lambda c, t, w: self._leave(c, t, "break", w[0], w[1], w[2], "break", w[3], w[4]),
            "callcentre-unpause": self._unpause,
            "callcentre-logon": self._log_on,
            "callcentre-here": self._here,
            "callcentre-abuse-do": partial(stepped, Abuse(pbx)),
        }
        pbx.dialplan.add("callcentre-alarm", "s", tuple(parse_step(step) for step in ALARM))
        pbx.dialplan.applications["Gosub"] = self._gosub

    def _gosub(self, channel: Channel, thread: Thread, arguments: Words) -> Run:
        context, _, rest = ",".join(arguments).partition(",")
        known = self._known.get(context)
        if known is None:
            raise KeyError(f"the dialplan knows no subroutine {context}; it knows {', '.join(self._known)}")
        words = rest.partition("(")[2].removesuffix(")").split(",")
        back = channel.context, channel.exten
        channel.context, channel.exten = context, "s"
        end = yield from known(channel, thread, words + [""] * 8)
        if end is None:
            channel.context, channel.exten = back
        return end

    def _step(self, channel: Channel, thread: Thread, application: str, *data: str) -> Run:
        return self._pbx.dialplan.step(channel, thread, application, ",".join(data))

    # --- what AstDB says ---------------------------------------------------------------------------------------------

    def _kept(self, key: str) -> str:
        return self._pbx.database.get((FAMILY, key), "")

    def _beats(self) -> bool:
        """Whether callcentre is there: its heartbeat is a time not far from now."""
        beat = self._kept("heartbeat")
        return beat.isascii() and beat.isdigit() and len(beat) <= 10 and abs(self._pbx.now - int(beat)) < FRESH

    def open(self, line: str, hours: str) -> bool:
        """Whether a line is open: as callcentre says, or by `hours` (Asterisk's timespecs) where it is away."""
        told = self._kept(f"line/{line}/open") if self._beats() else ""
        if told in {"open", "closed"}:
            return told == "open"
        if (FAMILY, f"holiday/{datetime.fromtimestamp(self._pbx.now, CIVIL):%Y-%m-%d}") in self._pbx.database:
            return False
        spans = [span.split("|") for span in hours.split("/") if span]
        return not spans or any(self._pbx.applications.open_at(span[0], (*span, "*")[1]) for span in spans)

    def _diverted(self, channel: Channel, line: str, divert: str) -> bool:
        """Whether callers are to be sent on now; one who was already is not."""
        wanted = self._kept(f"line/{line}/divert") == "1" and bool(divert) and DIVERTED not in channel.variables
        return wanted and self._beats()

    def _others(self, queue: str, but: str = "") -> bool:
        """Whether somebody of a queue could answer, one interface left out."""
        members = self._pbx.members.of_queue.get(queue, ())
        return any(one.interface != but and not one.paused and one.status in REACHABLE for one in members)

    # --- callers -----------------------------------------------------------------------------------------------------

    def _line(self, channel: Channel, thread: Thread, words: Words) -> Run:
        queue, seconds, mailbox, hours, announcement, options, line, divert, ask = words[:9]
        line = line or queue
        end = yield from self._step(channel, thread, "Answer")
        if end is not None:
            return end
        if self.open(line, hours):
            options += "c" if ask == "ask" else ""
            end = yield from self._in_hours(channel, thread, queue, seconds, options, line, divert)
            if ask == "ask" and end is None and self._left_alone(channel):
                return (yield from self._ask(channel, thread, words))
        elif announcement:
            end = yield from self._step(channel, thread, "Playback", announcement)
        if end is None and mailbox:
            end = yield from self._voicemail(channel, thread, [mailbox, ""])
        return end

    def _in_hours(
        self, channel: Channel, thread: Thread, queue: str, seconds: str, options: str, line: str, divert: str
    ) -> Run:
        """Members ring first; while the line is diverted not for long, and then the caller is sent on."""
        if self._diverted(channel, line, divert):
            short = WHILE_DIVERTED if self._others(queue) else NOBODY_THERE
            seconds = str(min(short, int(seconds or short)))
        end = yield from self._step(channel, thread, "Queue", queue, options, "", "", seconds)
        if end is None and not self._left_alone(channel) and self._diverted(channel, line, divert):
            self._pbx.channels.variable(channel, DIVERTED, "yes")
            end = yield from self._step(channel, thread, "Dial", f"Local/{divert}/n", "30", "r")
        return end

    @staticmethod
    def _left_alone(channel: Channel) -> bool:
        """Whether an agent hung up, and the caller is still there."""
        return channel.variables.get("QUEUESTATUS") == "CONTINUE"

    def _ask(self, channel: Channel, thread: Thread, _words: Words) -> Run:
        """One question to a caller whom the agent has left, once in a call; one key answers it."""
        answered = self._left_alone(channel) or channel.variables.get("DIALSTATUS") == "ANSWER"
        if ASKED in channel.variables or not answered:
            return None
        self._pbx.channels.variable(channel, ASKED, "yes")
        self._say(channel, "CallcentreSatisfaction", Step="asked")
        self._will_answer(channel)
        why = yield from self._pbx.dialplan.wait(channel, QUESTION)
        if why == "hangup":
            return End("caller")
        key = why.removeprefix("key ")
        if key not in {"1", "2", "3", "4", "5"}:
            return None
        self._say(channel, "CallcentreSatisfaction", Step="answered", Answer=key)
        return (yield from self._step(channel, thread, "Playback", "auth-thankyou"))

    def _will_answer(self, channel: Channel) -> None:
        caller = channel.caller
        if caller is None or not caller.answer:
            return
        if caller.answer == "hang up":
            self._pbx.engine.after(ANSWERS_AFTER, partial(self._pbx.talking.hang_up, channel))
        else:
            self._pbx.engine.after(ANSWERS_AFTER, partial(self._pbx.press, channel, caller.answer))

    def _voicemail(self, channel: Channel, thread: Thread, words: Words) -> Run:
        """VoiceMail(), and its UserEvent exactly once, also where the caller hangs up in it."""
        mailbox = words[0].partition("&")[0]
        end = yield from self._step(channel, thread, "VoiceMail", words[0], words[1] or "us")
        status = channel.variables.get("VMSTATUS", "")
        left = [one for one in self._pbx.truth.messages if one.uniqueid == channel.linkedid]
        seconds = str(left[-1].duration) if status == "SUCCESS" and left else ""
        caller = "" if channel.number == UNKNOWN else "".join(one for one in channel.number if one in "0123456789+")
        self._say(
            channel, "CallcentreVoicemail", Mailbox=mailbox, Status=status, Duration=seconds, Caller=caller
        )  # fmt: skip
        return end

    def _say(self, channel: Channel, name: str, **said: str) -> None:
        """Raise a UserEvent as the dialplan does."""
        headers = (*channel.headers(), ("UserEvent", name), *said.items(), ("End", "1"))
        self._pbx.engine.emit("UserEvent", "user,all", headers)

    # --- agents ------------------------------------------------------------------------------------------------------

    def _here(self, channel: Channel, thread: Thread, words: Words) -> Run:
        end = yield from self._step(channel, thread, "Answer")
        line = words[2] or words[0]
        self._say(channel, "CallcentreHere", Line=line, Interface=words[1] or channel.device)
        for hear in self.here:
            hear(line)
        return end

    def _log_on(self, channel: Channel, thread: Thread, words: Words) -> Run:
        end = yield from self._step(channel, thread, "Answer")
        queue, interface = words[0], words[1] or channel.device
        if self._pbx.members.find(queue, interface) is not None:
            self._pbx.members.pause(interface, on=False, queue=queue)
        elif queue in self._pbx.queueing.queues:
            name = words[3] or interface
            member = Member(queue=queue, interface=interface, name=name, state_interface=interface, dynamic=True)
            self._pbx.members.add(member, by=channel.uniqueid)
        return end

    def _unpause(self, channel: Channel, thread: Thread, words: Words) -> Run:
        end = yield from self._step(channel, thread, "Answer")
        self._pbx.members.pause(words[1] or channel.device, on=False, queue=words[0])
        return end

    def _leave(
        self, channel: Channel, thread: Thread, what: str, queue: str, interface: str, line: str, reason: str,
        minutes: str, hours: str,
    ) -> Run:  # fmt: skip
        """Somebody leaves by a code; who would leave nobody behind in open hours is asked first."""
        interface, line = interface or channel.device, line or queue
        why = "hangup" if (yield from self._step(channel, thread, "Answer")) is not None else ""
        if not why and self._is_last(queue, interface, line, hours):
            key = "1" if what == "break" else "2" if self._asked(interface) else None
            if key is None:
                why = yield from self._pbx.dialplan.wait(channel, QUESTION)
                key = why.removeprefix("key ")
            if key not in {"1", "2"}:
                return End("caller") if why == "hangup" else None
            if key == "1":
                why = yield from self._cover(channel, what, queue, interface, line, minutes)
        self._let_go(what, queue, interface, reason)
        return End("caller") if why == "hangup" else None

    def _is_last(self, queue: str, interface: str, line: str, hours: str) -> bool:
        mine = self._pbx.members.find(queue, interface)
        there = mine is not None and not mine.paused and mine.status in REACHABLE
        return there and not self._others(queue, interface) and self.open(line, hours)

    def _asked(self, interface: str) -> bool:
        """Whether this member was told lately that nobody else is there, and that it is told now."""
        then = self._kept(f"asked/{interface}")
        if then and not (then.isascii() and then.isdigit() and self._pbx.now - int(then) >= AGAIN):
            return True
        self._pbx.database[FAMILY, f"asked/{interface}"] = str(int(self._pbx.now))
        return False

    def _cover(self, channel: Channel, what: str, queue: str, interface: str, line: str, minutes: str) -> Waiting:
        """Ask for cover and wait until somebody else is there, a key is pressed or it has been long enough."""
        more = {"Minutes": minutes or "15"} if what == "break" else {}
        self._say(channel, "CallcentreCover", Line=line, Interface=interface, Reason=what, **more)
        until = self._pbx.now + COVER
        while self._beats() and self._pbx.now < until and not self._others(queue, interface):
            why = yield from self._pbx.dialplan.wait(channel, 1.0)
            if why:
                return why
        return ""

    def _let_go(self, what: str, queue: str, interface: str, reason: str) -> None:
        self._pbx.database.pop((FAMILY, f"asked/{interface}"), None)
        member = self._pbx.members.find(queue, interface)
        if what == "logoff" and member is not None and member.dynamic:
            self._pbx.members.remove(member)
        else:
            self._pbx.members.pause(interface, on=True, reason=reason, queue=queue)
