"""app_queue: a caller joins, waits their turn, telephones are rung for them, and they leave one way or another."""

from collections.abc import Generator

from callcentre_simulator.books import QueueLog
from callcentre_simulator.channels import Channel
from callcentre_simulator.dialing import Dialing, Run
from callcentre_simulator.engine import Engine, Thread, Told
from callcentre_simulator.members import Member, Members
from callcentre_simulator.outgoing import Outgoing, Target
from callcentre_simulator.queues import Entry, Queue
from callcentre_simulator.stays import Leaving, Round, Stay
from callcentre_simulator.talking import Talking
from callcentre_simulator.telephones import Telephones
from callcentre_simulator.truth import Truth

RECHECK = 1.0
"""Seconds between two looks whether it is a caller's turn (RECHECK in app_queue.c)."""
Step = Generator[float | None, Told | None, str]


class Queueing:
    """The Queue application; `queues` are those of queues.conf, in its order."""

    def __init__(
        self, engine: Engine, telephones: Telephones, members: Members, dialing: Dialing, talking: Talking,
        log: QueueLog, truth: Truth,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._telephones = telephones
        self._members = members
        self._dialing = dialing
        self._leaving = Leaving(engine, telephones, talking, log, truth)
        self._channels = telephones.channels
        self._outgoing: Outgoing = talking.outgoing
        self._log = log
        self._truth = truth
        self.queues: dict[str, Queue] = {}

    def queue(
        self, channel: Channel, thread: Thread, name: str, options: str, announce: float, timeout: float | None
    ) -> Run:
        """Run Queue(name,options,,announcement,timeout) for a caller."""
        queue = self.queues[name]
        began = self._engine.now
        self._truth.offered(channel)
        self._leaving.figures(channel, "ANSWEREDTIME", "", "DIALEDTIME", "", "QUEUEWAIT", "")
        refused = self._refusal(queue)
        if refused:
            self._truth.unwanted(channel)
            self._channels.variable(channel, "QUEUESTATUS", refused)
            return None
        entry = self._join(queue, channel)
        stay = Stay(
            channel=channel, thread=thread, queue=queue, entry=entry, began=began,
            until=began + timeout if timeout else None, rings="r" in options, announce=announce,
            goes_on="c" in options,
        )  # fmt: skip
        if stay.rings:
            self._telephones.changed(channel.device)
        else:
            self._channels.music(channel, on=True)
        while True:
            why = yield from self._turn(stay)
            if not why:
                why = yield from self._try(stay)
            if why == "answered":
                end = yield from self._leaving.connected(stay)
                return end
            if why:
                return self._leaving.out(stay, why)
            why = yield from self._wait(stay, queue.retry)
            if why:
                return self._leaving.out(stay, why)

    def _refusal(self, queue: Queue) -> str:
        members = self._members.of_queue.get(queue.name, [])
        if queue.maxlen and len(queue.entries) >= queue.maxlen:
            return "FULL"
        return "JOINEMPTY" if queue.empty(queue.joinempty, members, self._engine.now) else ""

    def _join(self, queue: Queue, channel: Channel) -> Entry:
        entry = Entry(channel=channel, joined=self._engine.now, first_position=len(queue.entries) + 1)
        queue.entries.append(entry)
        count = str(len(queue.entries))
        if len(queue.entries) == 1:
            self._telephones.say(f"Queue:{queue.name}", "RINGING")
        said = (("Queue", queue.name), ("Position", count), ("Count", count))
        self._engine.agent("QueueCallerJoin", (*channel.headers(), *said))
        number = "" if channel.number == "<unknown>" else channel.number
        self._log.write(channel.uniqueid, queue.name, "NONE", "ENTERQUEUE", "", number, count)
        self._truth.enters(channel, queue.name)
        return entry

    def _turn(self, stay: Stay) -> Step:
        """Wait until it is the caller's turn; why they left instead, or nothing."""
        while True:
            why = self._must_leave(stay)
            if why:
                return why
            if stay.queue.turn_of(stay.entry, self._members.free(stay.queue.name)):
                return ""
            why = yield from self._wait(stay, RECHECK)
            if why:
                return why

    def _must_leave(self, stay: Stay) -> str:
        if stay.until is not None and self._engine.now >= stay.until - 0.001:
            return "timeout"
        members = self._members.of_queue.get(stay.queue.name, [])
        return "empty" if stay.queue.empty(stay.queue.leavewhenempty, members, self._engine.now) else ""

    def _wait(self, stay: Stay, seconds: float) -> Step:
        """Wait so long; why the caller left meanwhile, or nothing."""
        end = self._engine.now + seconds
        if stay.until is not None:
            end = min(end, max(stay.until, self._engine.now))
        while True:
            told = yield max(0.0, end - self._engine.now)
            if told is None:
                return self._must_leave(stay)
            why = self._caller_says(stay, told)
            if why:
                return why

    def _caller_says(self, stay: Stay, told: Told) -> str:
        if told.word == "hangup":
            return "hangup"
        if told.word == "pressed" and stay.queue.context:
            return f"key {told.more}"
        return ""

    def _try(self, stay: Stay) -> Step:
        """Ring members for the caller, for the queue's timeout at most."""
        queue, now = stay.queue, self._engine.now
        until = now + queue.timeout
        if stay.until is not None:
            until = min(until, stay.until)
        ringing = Round(begun=now, until=until, turn=now)
        stay.entry.pending = True
        self._ring_some(stay, ringing)
        why = yield from self._rings(stay, ringing)
        stay.entry.pending = False
        return why

    def _ring_some(self, stay: Stay, ringing: Round) -> None:
        """Ring the next member that can be rung; ring-all: all of the lowest penalty that has any."""
        members = self._members.of_queue.get(stay.queue.name, [])
        if not self._members.free(stay.queue.name):
            return
        order = stay.queue.order(members, stay.entry, self._engine.chance, self._engine.now)
        legs: list[Channel] = []
        penalty: int | None = None
        for member in order:
            free = member not in ringing.tried and self._can_ring(member)
            if not free or (penalty is not None and member.penalty != penalty):
                continue
            penalty = member.penalty
            ringing.tried.append(member)
            stay.queue.rang(members, member, stay.entry)
            leg = self._leg(stay, member)
            ringing.legs[leg] = member
            legs.append(leg)
            if stay.queue.strategy != "ringall":
                break
        ringing.turn = self._engine.now
        for leg in legs:
            self._outgoing.ring(leg)

    def _can_ring(self, member: Member) -> bool:
        return member.available(self._engine.now) and self._outgoing.reachable(Target(member.interface)) | (
            Target(member.interface).local is not None
        )

    def _leg(self, stay: Stay, member: Member) -> Channel:
        channel = stay.channel
        leg = self._outgoing.make(Target(member.interface), channel, stay.thread)

        def rings() -> None:
            leg.exten = channel.exten
            self._channels.newexten(leg, "AppQueue", "(Outgoing Line)")
            if leg.mate is not None:
                person = self._outgoing.person_of(leg)
                self._channels.caller_id(leg, person.number, person.caller_name)
            self._channels.connected(leg, channel)

        leg.on_ringing = rings
        if leg.mate is not None:
            self._channels.newexten(leg, "AppQueue", "(Outgoing Line)")
            self._channels.caller_id(leg, channel.exten, "<unknown>")
            for half in (leg, leg.mate):
                self._channels.variable(half, "DIALEDPEERNUMBER", member.interface.removeprefix("Local/"))
            self._channels.caller_id(leg.mate, channel.number, channel.caller_name)
            self._channels.connected(leg.mate, leg)
            self._outgoing.join(leg, optimised=False)
        said = (("Queue", stay.queue.name), ("Interface", member.interface), ("MemberName", member.name))
        rung = leg.headers("Dest")
        if leg.mate is None:
            shown = {"DestConnectedLineNum": channel.number, "DestConnectedLineName": channel.caller_name}
            shown["DestExten"] = channel.exten
            rung = tuple((name, shown.get(name, value)) for name, value in rung)
        self._engine.agent("AgentCalled", (*channel.headers(), *rung, *said))
        self._outgoing.begin(channel, leg, member.interface)
        if stay.queue.strategy != "ringall":
            self._channels.connected(channel, leg)
        return leg

    def _rings(self, stay: Stay, ringing: Round) -> Step:
        while True:
            if not ringing.legs:
                return ""
            told = yield max(0.0, ringing.until - self._engine.now)
            if told is None:
                self._nobody(stay, ringing)
                return self._must_leave(stay)
            why = self._caller_says(stay, told)
            if why:
                self._withdraw(stay, ringing, why)
                return why
            leg = told.about
            if isinstance(leg, Channel) and leg in ringing.legs and self._leg_says(stay, ringing, leg, told):
                stay.entry.pending = False
                return "answered"

    def _leg_says(self, stay: Stay, ringing: Round, leg: Channel, told: Told) -> bool:
        channel = stay.channel
        member = ringing.legs[leg]
        if told.word in {"ringing", "progress"}:
            self._outgoing.state(channel, leg, "RINGING" if told.word == "ringing" else "PROGRESS")
        elif told.word in {"answered", "picked up"}:
            self._leaving.won(stay, ringing, leg, told)
            return True
        elif told.word == "forwarded":
            one = self._dialing.forward(leg, channel, told.more)
            ringing.legs = {one if old is leg else old: who for old, who in ringing.legs.items()}
        else:
            cause = int(told.more or 0)
            self._outgoing.end(channel, leg, "NOANSWER")
            self._no_answer(stay, leg, member, int(self._engine.now) - int(ringing.turn))
            del ringing.legs[leg]
            self._outgoing.drop(leg, cause, "busy")
            if stay.queue.strategy != "ringall" and not self._must_leave(stay):
                self._ring_some(stay, ringing)
        return False

    def _no_answer(self, stay: Stay, leg: Channel, member: Member, seconds: int) -> None:
        said = (
            ("Queue", stay.queue.name),
            ("Interface", member.interface),
            ("MemberName", member.name),
            ("RingTime", str(seconds * 1000)),
        )
        self._engine.agent("AgentRingNoAnswer", (*stay.channel.headers(), *leg.headers("Dest"), *said))
        self._log.write(
            stay.channel.uniqueid, stay.queue.name, member.name, "RINGNOANSWER", str(seconds * 1000)
        )  # fmt: skip

    def _nobody(self, stay: Stay, ringing: Round) -> None:
        """The time is up: nobody answered."""
        for leg, member in ringing.legs.items():
            self._no_answer(stay, leg, member, round(self._engine.now - ringing.turn))
        for status in ("NOANSWER", "CANCEL"):
            for leg in ringing.legs:
                self._outgoing.end(stay.channel, leg, status)
        for leg in ringing.legs:
            self._outgoing.drop(leg, 0, "rang_out")

    def _withdraw(self, stay: Stay, ringing: Round, why: str) -> None:
        """The caller is gone, or pressed a key: nobody is rung any more."""
        if why == "hangup":
            self._leaving.music_stops(stay)
        milliseconds = int((self._engine.now - ringing.turn) * 1000)
        for _ in range(2):
            for leg in ringing.legs:
                self._outgoing.end(stay.channel, leg, "CANCEL")
        for leg, member in ringing.legs.items():
            self._log.write(stay.channel.uniqueid, stay.queue.name, member.name, "RINGCANCELED", milliseconds)
            self._outgoing.drop(leg, 0)
