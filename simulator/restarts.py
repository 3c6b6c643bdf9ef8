"""The PBX stops and starts: in good order (`core restart now`) or by a crash."""

from collections.abc import Callable

from callcentre_simulator.channels import UP, Channels
from callcentre_simulator.engine import Engine
from callcentre_simulator.members import Members
from callcentre_simulator.queues import Queue
from callcentre_simulator.telephones import Telephones
from callcentre_simulator.truth import Truth

UNTIL_SHUTDOWN = 1.1
"""Seconds between the end of the calls and the word Shutdown, as recorded."""
UNTIL_BOOTED = 0.44
"""Seconds between Shutdown and the next FullyBooted, as recorded."""
AFTER_CRASH = 4.0


class Restarts:
    """Stops and starts of one PBX; `marks` hear "down" (in order), "crash" and "up"."""

    def __init__(self, engine: Engine, telephones: Telephones, members: Members, truth: Truth) -> None:
        self._engine = engine
        self._telephones = telephones
        self._channels: Channels = telephones.channels
        self._members = members
        self._truth = truth
        self.queues: dict[str, Queue] = {}
        self.up = True
        self.booted_at = engine.now
        self.marks: list[Callable[[float, str], None]] = []
        self.booted: Callable[[], None] = lambda: None

    def restart(self) -> None:
        """`core restart now`: calls end as if all hung up, then Shutdown is said and the PBX starts anew."""
        channels = list(self._channels.alive.values())
        for channel in channels:
            self._channels.soft_hangup(channel, 4)
        callers = [one for one in channels if one.caller is not None]
        legs = [one for one in channels if one.caller is None and one.mate is None and one.state != UP]
        for leg in legs:
            leg.tell("refused", "0")
        for caller in callers:
            caller.tell("hangup")
        self._engine.after(UNTIL_SHUTDOWN, self._shut_down)

    def _shut_down(self) -> None:
        self._engine.emit("Shutdown", "system,all", (("Shutdown", "Cleanly"), ("Restart", "True")))
        self._truth.crashed(told=True)
        self._go("down", UNTIL_BOOTED)

    def crash(self, away: float = AFTER_CRASH) -> None:
        """Everything stops in the middle of whatever it did, and nothing is said of it for `away` seconds."""
        self._truth.crashed(told=False)
        self._go("crash", away)

    def _go(self, mark: str, seconds: float) -> None:
        self.up = False
        for channel in self._channels.alive.values():
            channel.alive = False
            for thread in (channel.thread, channel.person):
                if thread is not None:
                    thread.stop()
            if channel.caller is not None and channel.caller.waiting is not None:
                channel.caller.waiting.cancel()
        self._channels.restarted()
        self._telephones.restarted()
        for queue in self.queues.values():
            queue.entries.clear()
            queue.reset()
        self._members.restarted()
        for told in self.marks:
            told(self._engine.now, mark)
        self._engine.after(seconds, self._boot)

    def _boot(self) -> None:
        self.up = True
        self.booted_at = self._engine.now
        self.booted()
        for told in self.marks:
            told(self._engine.now, "up")
        for telephone in self._telephones.all.values():
            if telephone.registered:
                self._telephones.peer(telephone)
        said = (("Status", "Fully Booted"), ("Uptime", "0"), ("LastReload", "0"))
        self._engine.emit("FullyBooted", "system,all", said)
