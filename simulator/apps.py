"""The dialplan's applications, each bound to the room that carries it out."""

from collections.abc import Callable

from callcentre_simulator.channels import UP, Channel
from callcentre_simulator.dialing import Dialing
from callcentre_simulator.dialplan import Dialplan, Run
from callcentre_simulator.engine import Engine, Thread
from callcentre_simulator.members import Member, Members
from callcentre_simulator.outgoing import Outgoing
from callcentre_simulator.queueing import Queueing
from callcentre_simulator.talking import End
from callcentre_simulator.truth import Truth
from callcentre_simulator.voicemail import Voicemail

ANNOUNCEMENTS = {"vm-goodbye": 0.88, "all-circuits-busy-now": 1.82, "vm-extension": 1.1, "vm-intro": 5.66}
"""Seconds that recorded announcements last; any other lasts four."""
OTHER_ANNOUNCEMENT = 4.0


def seconds(text: str) -> float | None:
    """A timeout as an argument gives it, or None."""
    return float(text) if text else None


def argument(arguments: list[str], place: int) -> str:
    """An argument, or nothing where there are fewer."""
    return arguments[place] if place < len(arguments) else ""


class Applications:
    """Answer, Queue, Dial, VoiceMail and the rest, as the dialplan calls them."""

    def __init__(
        self, engine: Engine, dialplan: Dialplan, outgoing: Outgoing, dialing: Dialing, queueing: Queueing,
        voicemail: Voicemail, members: Members, truth: Truth,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._dialplan = dialplan
        self._channels = dialing.channels
        self._outgoing = outgoing
        self._dialing = dialing
        self._queueing = queueing
        self._voicemail = voicemail
        self._members = members
        self._truth = truth
        self.open_at: Callable[[str, str], bool] = lambda _times, _days: True
        """Whether the office is open by GotoIfTime's times and days."""
        dialplan.applications = {
            "Answer": self._answer,
            "Queue": self._queue,
            "Dial": self._dial,
            "VoiceMail": self._voice_mail,
            "Playback": self._playback,
            "BackGround": self._background,
            "WaitExten": self._wait_exten,
            "Wait": self._wait,
            "Goto": self._goto,
            "GotoIfTime": self._goto_if_time,
            "Busy": self._busy,
            "Hangup": self._hangup,
            "AddQueueMember": self._add_member,
            "RemoveQueueMember": self._remove_member,
            "PauseQueueMember": self._pause_member,
            "UnpauseQueueMember": self._unpause_member,
            "UserEvent": self._user_event,
        }

    def _answer(self, channel: Channel, _thread: Thread, _arguments: list[str]) -> Run:
        was = channel.state
        self._outgoing.answer(channel)
        end = yield from self._dialplan.answer(channel, was=was)
        return end

    def _queue(self, channel: Channel, thread: Thread, arguments: list[str]) -> Run:
        announcement = argument(arguments, 3)
        told = ANNOUNCEMENTS.get(announcement, OTHER_ANNOUNCEMENT) if announcement else 0.0
        timeout = seconds(argument(arguments, 4))
        end = yield from self._queueing.queue(
            channel, thread, arguments[0], argument(arguments, 1), told, timeout
        )  # fmt: skip
        return end

    def _dial(self, channel: Channel, thread: Thread, arguments: list[str]) -> Run:
        end = yield from self._dialing.dial(channel, thread, arguments[0], seconds(argument(arguments, 1)))
        return end

    def _voice_mail(self, channel: Channel, _thread: Thread, arguments: list[str]) -> Run:
        end = yield from self._voicemail.voicemail(channel, arguments[0])
        return end

    def _playback(self, channel: Channel, _thread: Thread, arguments: list[str]) -> Run:
        self._truth.announced(channel)
        if channel.state != UP and argument(arguments, 1) != "noanswer":
            self._outgoing.answer(channel)
        why = yield from self._dialplan.wait(channel, ANNOUNCEMENTS.get(arguments[0], OTHER_ANNOUNCEMENT))
        self._channels.variable(channel, "PLAYBACKSTATUS", "SUCCESS")
        return End("caller") if why == "hangup" else None

    def _background(self, channel: Channel, _thread: Thread, arguments: list[str]) -> Run:
        why = yield from self._dialplan.wait(channel, ANNOUNCEMENTS.get(arguments[0], OTHER_ANNOUNCEMENT))
        self._channels.variable(channel, "BACKGROUNDSTATUS", "SUCCESS")
        return self._key(channel, why)

    def _wait_exten(self, channel: Channel, _thread: Thread, arguments: list[str]) -> Run:
        why = yield from self._dialplan.wait(channel, float(arguments[0]))
        return self._key(channel, why or "key t")

    def _key(self, channel: Channel, why: str) -> End | None:
        if why == "hangup":
            return End("caller")
        if not why:
            return None
        key = why.removeprefix("key ")
        channel.exten = key if self._dialplan.find(channel.context, key) else "i"
        return End("goto", key)

    def _wait(self, channel: Channel, _thread: Thread, arguments: list[str]) -> Run:
        why = yield from self._dialplan.wait(channel, float(arguments[0]))
        return End("caller") if why == "hangup" else None

    def _goto(self, channel: Channel, _thread: Thread, arguments: list[str]) -> Run:
        yield from ()
        return self._jump(channel, arguments)

    @staticmethod
    def _jump(channel: Channel, arguments: list[str]) -> End:
        *context, exten, _priority = arguments
        channel.context = context[0] if context else channel.context
        channel.exten = exten
        return End("goto", exten)

    def _goto_if_time(self, channel: Channel, _thread: Thread, arguments: list[str]) -> Run:
        yield from ()
        times, days, _dates, last, *more = arguments
        _months, _, first = last.partition("?")
        return self._jump(channel, [first, *more]) if self.open_at(times, days) else None

    def _busy(self, channel: Channel, _thread: Thread, _arguments: list[str]) -> Run:
        yield from ()
        return self._dialplan.busy(channel)

    def _hangup(self, _channel: Channel, _thread: Thread, arguments: list[str]) -> Run:
        yield from ()
        return End(f"hangup {arguments[0]}" if arguments[0] else "hangup 1")

    def _add_member(self, channel: Channel, _thread: Thread, arguments: list[str]) -> Run:
        yield from ()
        queue, interface = arguments[0], arguments[1]
        name = argument(arguments, 4) or interface
        status = "MEMBERALREADY"
        if self._members.find(queue, interface) is None:
            member = Member(
                queue=queue, interface=interface, name=name, state_interface=interface, dynamic=True
            )  # fmt: skip
            self._members.add(member, by=channel.uniqueid)
            status = "ADDED"
        self._channels.variable(channel, "AQMSTATUS", status)
        return None

    def _remove_member(self, channel: Channel, _thread: Thread, arguments: list[str]) -> Run:
        yield from ()
        member = self._members.find(arguments[0], arguments[1])
        if member is not None:
            self._members.remove(member, by=channel.uniqueid)
        self._channels.variable(channel, "RQMSTATUS", "NOTINQUEUE" if member is None else "REMOVED")
        return None

    def _pause_member(self, channel: Channel, _thread: Thread, arguments: list[str]) -> Run:
        yield from ()
        reason = argument(arguments, 3)
        touched = self._members.pause(arguments[1], on=True, reason=reason, queue=arguments[0])
        self._channels.variable(channel, "PQMSTATUS", "PAUSED" if touched else "NOTFOUND")
        return None

    def _unpause_member(self, channel: Channel, _thread: Thread, arguments: list[str]) -> Run:
        yield from ()
        touched = self._members.pause(arguments[1], on=False, queue=arguments[0])
        self._channels.variable(channel, "UPQMSTATUS", "UNPAUSED" if touched else "NOTFOUND")
        return None

    def _user_event(self, channel: Channel, _thread: Thread, arguments: list[str]) -> Run:
        yield from ()
        name, *rest = arguments
        said = tuple((key.strip(), value.strip()) for key, _, value in (one.partition(":") for one in rest))
        self._engine.emit("UserEvent", "user,all", (*channel.headers(), ("UserEvent", name), *said))
        return None
