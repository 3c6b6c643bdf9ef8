"""A PBX model of a few lines, so that the wire can be tested without an office behind it."""

import heapq
import itertools
from collections.abc import Callable, Mapping

from callcentre_simulator.wire import ActionHeaders, AmiEvent, Listener, Reply

START = 1_795_000_000.0

UNKNOWN = "Invalid/unknown command: {}. Use Action: ListCommands to show available commands."


class FakePbx:
    """Says what it is told to say, when it is told to; answers QueueSummary, UserEvent and CoreShowChannels."""

    def __init__(self, version: int = 22, start: float = START) -> None:
        self.version = version
        self.now = start
        self.booted_at = start - 60.0
        self._listeners: list[Listener] = []
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._serial = itertools.count()

    def next_at(self) -> float | None:
        return self._due[0][0] if self._due else None

    def advance(self, to: float) -> None:
        while self._due and self._due[0][0] <= to:
            at, _, act = heapq.heappop(self._due)
            self.now = max(self.now, at)
            act()
        self.now = max(self.now, to)

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def say(self, event: AmiEvent) -> None:
        for listener in self._listeners:
            listener(self.now, event)

    def at(self, seconds: float, event: AmiEvent) -> None:
        self.do(seconds, lambda: self.say(event))

    def do(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (START + seconds, next(self._serial), act))

    def restart(self, away: float = 1.0) -> None:
        """Shut down cleanly, and be back `away` seconds later."""
        self.say(AmiEvent("Shutdown", "system,all", (("Shutdown", "Cleanly"), ("Restart", "True"))))
        self.do(self.now - START + away, self.boot)

    def boot(self) -> None:
        self.booted_at = self.now

    def act(self, action: str, headers: Mapping[str, str]) -> Reply:
        assert isinstance(headers, ActionHeaders)
        match action.lower():
            case "queuesummary":
                complete = AmiEvent("QueueSummaryComplete", "", (("EventList", "Complete"), ("ListItems", "0")))
                head = (("EventList", "start"), ("Message", "Queue summary will follow"))
                return Reply(True, head, (complete,))
            case "userevent":
                own = tuple(pair for pair in headers.pairs if pair[0] not in {"Action", "UserEvent"})
                self.say(AmiEvent("UserEvent", "user,all", (("UserEvent", headers.get("userevent", "")), *own)))
                return Reply(True, (("Message", "Event Sent"),))
            case _:
                return Reply(False, (("Message", UNKNOWN.format(action)),))


def device(number: int, state: str = "INUSE") -> AmiEvent:
    return AmiEvent("DeviceStateChange", "call,all", (("Device", f"PJSIP/{number}"), ("State", state)))
