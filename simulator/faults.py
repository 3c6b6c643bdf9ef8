"""What can go wrong between a PBX and its listener, on demand: by method, by a scenario's or a client's order.

An order is a line of words, as `Action: Command`, `Command: simulator cut away=30` carries it; `ORDERS` names them all.
Times are the PBX's own, so that they mean the same at any speed.
"""

import heapq
import itertools
from collections.abc import Callable, Iterable
from typing import Protocol

from callcentre_simulator.hostile import forgeries
from callcentre_simulator.line import LineFaults
from callcentre_simulator.wire import AmiEvent

ORDERS = {
    "calm": "everything is well again",
    "cut": "break every connection: mid=yes in mid-event, away=SECONDS for so long nobody gets in",
    "half-open": "nothing arrives any more and nobody says so: for=SECONDS",
    "slow": "so many bytes a second: rate=N for=SECONDS",
    "split": "so many bytes a read: bytes=N (1)",
    "gather": "several events a read: for=REAL SECONDS that events wait (0.2)",
    "stall": "the last event stays unsent until the next one or the client's next action",
    "late": "events of other threads come late: by=SECONDS (0.5) names=A+B",
    "flood": "events of no importance: rate=N a second, for=SECONDS (1), name=DeviceStateChange or VarSet",
    "hostile": "forged and broken events: kind=NAME (all of them)",
}

MAY_BE_LATE = frozenset({"DeviceStateChange", "QueueMemberStatus", "ContactStatus", "PeerStatus", "MessageWaiting"})
"""Events that other threads of Asterisk send, so that they may come after those of the channel that caused them."""

_FLOOD_STEP = 0.01


class Wire(Protocol):
    """What faults need of the server."""

    def send_now(self, at: float, event: AmiEvent) -> None:
        """Send an event at once."""

    @property
    def connections(self) -> "Iterable[Breakable]":
        """Everybody who is connected."""

    @property
    def model(self) -> "HasNow":
        """The PBX."""

    def flush(self) -> None:
        """Send what was written."""


class Breakable(Protocol):
    """A connection that can be cut."""

    def cut(self, *, in_mid_event: bool = False) -> None:
        """Break it."""


class HasNow(Protocol):
    """Whatever knows the PBX's time."""

    @property
    def now(self) -> float:
        """The PBX's own clock."""


class Faults:
    """The faults in force on one server, and those to come."""

    def __init__(self, wire: Wire) -> None:
        self.lines = LineFaults()
        self.away_until = float("-inf")
        """Until then nobody gets in."""
        self._wire = wire
        self._late: dict[str, float] = {}
        self._more: dict[str, tuple[str, Callable[[], None]]] = {}
        self._serial = itertools.count()
        self._due: list[tuple[float, int, Callable[[float], None]]] = []

    # --- by method ----------------------------------------------------------------------------------------------------

    def calm(self) -> None:
        """Everything is well again; what was held back is sent when it was due."""
        self.lines.silent = self.lines.stall = False
        self.lines.piece, self.lines.rate, self.lines.gather = 0, 0.0, 0.0
        self._late = {}
        self.away_until = float("-inf")

    def cut(self, *, mid: bool = False, away: float = 0.0) -> None:
        """Break every connection, and let nobody in for `away` seconds."""
        now = self._wire.model.now
        self.away_until = now + away if away else self.away_until
        if mid:
            self._wire.send_now(now, _device(0))
        for connection in list(self._wire.connections):
            connection.cut(in_mid_event=mid)

    def half_open(self, seconds: float | None = None) -> None:
        """From now on nothing arrives either way, and nobody says so; after `seconds` the connections break."""
        self.lines.silent = True
        if seconds is not None:
            self._in(seconds, self._end_half_open)

    def _end_half_open(self, at: float) -> None:
        del at
        self.lines.silent = False
        self.cut()

    def slow(self, rate: float, seconds: float | None = None) -> None:
        """Send so many bytes a second."""
        self.lines.rate = rate
        if seconds is not None:
            self._in(seconds, lambda _: setattr(self.lines, "rate", 0.0))

    def split(self, size: int = 1) -> None:
        """Send so many bytes a write, each in a turn of its own."""
        self.lines.piece = size

    def gather(self, seconds: float = 0.2) -> None:
        """Let events wait for others for so many real seconds, so that several come in one read."""
        self.lines.gather = seconds

    def stall(self) -> None:
        """Keep the last event back until the next one or the client's next action."""
        self.lines.stall = True

    def late(self, seconds: float = 0.5, names: Iterable[str] = MAY_BE_LATE) -> None:
        """Send events of these names so much later, with the Timestamp of their sending.

        Raises ValueError for a name that Asterisk never sends late.
        """
        wanted = frozenset(names)
        if stray := wanted - MAY_BE_LATE:
            known = ", ".join(sorted(MAY_BE_LATE))
            raise ValueError(f"{', '.join(sorted(stray))} cannot be late; these can: {known}")
        self._late = dict.fromkeys(wanted, seconds)

    def flood(self, rate: float, seconds: float = 1.0, name: str = "DeviceStateChange") -> None:
        """Send so many events of no importance a second, for `seconds`."""
        if name not in _FLOODS:
            raise ValueError(f"a flood is of {' or '.join(_FLOODS)}, not of {name!r}")
        until = self._wire.model.now + seconds
        flood = _FLOODS[name]
        sent = 0

        def pour(at: float) -> None:
            nonlocal sent
            wanted = int((seconds - (until - at)) * rate)
            while sent < wanted:
                self._wire.send_now(at, flood(sent))
                sent += 1
            if at < until:
                self._at(min(until, at + _FLOOD_STEP), pour)

        pour(self._wire.model.now)

    def hostile(self, kind: str = "") -> None:
        """Send the named forgery, or all of them (`hostile.KINDS`). Raises ValueError for a name that is none."""
        now = self._wire.model.now
        for event in forgeries(now, kind):
            self._wire.send_now(now, event)

    def at(self, moment: float, words: str) -> None:
        """Obey an order at a moment of the PBX's time. Raises ValueError at once for one that is none."""
        act = self._parsed(words)
        self._at(moment, lambda _: act())

    def also(self, name: str, does: str, act: Callable[[], None]) -> None:
        """Teach an order of the model's own, such as a crash; `does` says what it does."""
        self._more[name] = (does, act)

    # --- by order -----------------------------------------------------------------------------------------------------

    def order(self, words: str) -> str:
        """Obey an order; returns what was done. Raises ValueError, saying what would do, for one that is none."""
        self._parsed(words)()
        name = words.split()[0]
        return f"{name}: {self._more[name][0] if name in self._more else ORDERS[name]}"

    def _parsed(self, words: str) -> Callable[[], None]:
        name, *rest = words.split() or [""]
        if name in self._more and not rest:
            return self._more[name][1]
        if name not in ORDERS:
            raise ValueError(f"no such order: {words!r}; there are {', '.join([*ORDERS, *self._more])}")
        given = {}
        for part in rest:
            key, equals, value = part.partition("=")
            if not equals or key not in _WORDS[name]:
                known = ", ".join(f"{one}=" for one in _WORDS[name]) or "nothing"
                raise ValueError(f"{name} takes {known}, not {part!r}")
            given[_WORDS[name][key][0]] = _WORDS[name][key][1](value)
        if name in {"slow", "flood"} and "rate" not in given:
            raise ValueError(f"{name} needs rate=N")
        method: Callable[..., None] = getattr(self, name.replace("-", "_"))
        return lambda: method(**given)

    # --- time ---------------------------------------------------------------------------------------------------------

    def next_at(self) -> float | None:
        """When something is due."""
        return self._due[0][0] if self._due else None

    def run(self, to: float) -> None:
        """Do what is due up to `to`."""
        while self._due and self._due[0][0] <= to:
            at, _, act = heapq.heappop(self._due)
            act(at)

    def postpones(self, at: float, event: AmiEvent) -> bool:
        """Take charge of an event that is to be late; False if it is to be sent now."""
        delay = self._late.get(event.name)
        if delay is None:
            return False
        self._at(at + delay, lambda moment: self._wire.send_now(moment, event))
        return True

    def _in(self, seconds: float, act: Callable[[float], None]) -> None:
        self._at(self._wire.model.now + seconds, act)

    def _at(self, moment: float, act: Callable[[float], None]) -> None:
        heapq.heappush(self._due, (moment, next(self._serial), act))


def _device(serial: int) -> AmiEvent:
    state = ("State", "INUSE" if serial % 2 else "NOT_INUSE")
    return AmiEvent("DeviceStateChange", "call,all", (("Device", f"Custom:flood{serial % 97}"), state))


def _variable(serial: int) -> AmiEvent:
    headers = (("Channel", "none"), ("Uniqueid", "none"), ("Variable", "FLOOD"), ("Value", str(serial)))
    return AmiEvent("VarSet", "dialplan,all", headers)


def _yes(text: str) -> bool:
    return text.lower() in {"yes", "true", "1"}


def _names(text: str) -> list[str]:
    return text.split("+")


_FLOODS: dict[str, Callable[[int], AmiEvent]] = {"DeviceStateChange": _device, "VarSet": _variable}

_WORDS: dict[str, dict[str, tuple[str, Callable[[str], object]]]] = {
    "calm": {},
    "cut": {"mid": ("mid", _yes), "away": ("away", float)},
    "half-open": {"for": ("seconds", float)},
    "slow": {"rate": ("rate", float), "for": ("seconds", float)},
    "split": {"bytes": ("size", int)},
    "gather": {"for": ("seconds", float)},
    "stall": {},
    "late": {"by": ("seconds", float), "names": ("names", _names)},
    "flood": {"rate": ("rate", float), "for": ("seconds", float), "name": ("name", str)},
    "hostile": {"kind": ("kind", str)},
}
