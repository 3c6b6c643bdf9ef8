"""The contract between the model of the office and the wire: what the one says and the other renders.

The model knows no sockets, accounts or bytes; the wire knows no calls. Header values are text as Asterisk holds them
after its own escaping; the wire writes them as they are, so a hostile caller's line break reaches the listener.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AmiEvent:
    """One event as the model raises it; the wire adds Event, Privilege, Timestamp and, in a list, ActionID."""

    name: str
    classes: str
    """The event's privilege in Asterisk's words and order: "call,all", "agent,all", "dialplan,all", "system,all"."""
    headers: Headers
    """In Asterisk's order for the version in force."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to an action: the headers after Response and ActionID (Message among them), then the list's events."""

    success: bool
    headers: Headers = ()
    events: tuple[AmiEvent, ...] = ()
    """List items, the Complete event included; they are sent without Privilege and Timestamp."""


class ActionHeaders(Mapping[str, str]):
    """An action's headers: looked up in any case, listed as the client wrote them; the first of a repeated one counts.

    Repeated Variable headers are one value, joined with commas. `pairs` keeps every header in its order, for UserEvent.
    """

    __slots__ = ("_first", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs: Headers = tuple(pairs)
        self._first: dict[str, tuple[str, str]] = {}
        for name, value in self.pairs:
            key = name.lower()
            known = self._first.setdefault(key, (name, value))
            if key == "variable" and known[1] is not value:
                self._first[key] = (known[0], f"{known[1]},{value}")

    def __getitem__(self, name: str) -> str:
        return self._first[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._first.values())

    def __len__(self) -> int:
        return len(self._first)


Listener = Callable[[float, AmiEvent], None]


class PbxModel(Protocol):
    """A PBX that runs on time it is given: discrete events, no sockets, no clock of its own."""

    @property
    def version(self) -> int:
        """Asterisk's major version: 16, 18, 20 or 22."""

    @property
    def now(self) -> float:
        """The PBX's own clock, epoch seconds with microseconds."""

    @property
    def booted_at(self) -> float:
        """When this PBX last booted, epoch seconds."""

    def next_at(self) -> float | None:
        """When the model next wants to run, or None when it has nothing more to do."""

    def advance(self, to: float) -> None:
        """Run everything due up to `to`, which becomes `now`; events go to the listeners at their own times."""

    def listen(self, listener: Listener) -> None:
        """Call `listener(at, event)` for every event from now on, in order."""

    def act(self, action: str, headers: Mapping[str, str]) -> Reply:
        """Answer any action but Login, Logoff, Challenge, Events and Ping.

        `action` is as the client wrote it, in any case; `headers` is an ActionHeaders. The wire has checked the
        rights, and adds the ActionID to the response and to each list event where Asterisk puts it; events that the
        action causes go to the listeners. An unknown action is "Invalid/unknown command: X. Use Action: ListCommands
        to show available commands."
        """
