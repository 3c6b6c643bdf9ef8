"""The contract between the model of the office and the wire: what the one says and the other renders.

The model knows no sockets, accounts or bytes; the wire knows no calls. Header values are text as Asterisk holds them
after its own escaping; the wire writes them as they are, so a hostile caller's line break reaches the listener.
"""

from collections.abc import Callable, Mapping
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

        `action` is as the client wrote it, in any case; `headers` are the action's own, keys lower-cased, the last of
        a repeated one (Variable: joined with commas). An unknown action answers "Invalid/unknown command".
        """
