"""The roster against a real Asterisk: members of every kind, their states, and what a reload does without a word.

Heard by the account of dialplan/manager.conf, so its filters let through all that the roster needs.
"""

import socket
import time
from collections.abc import Callable, Iterator

import pytest

from callcentre.ami.lists import Lists
from callcentre.ami.messages import Item, Told, UserTold
from callcentre.ami.protocol import Framer
from callcentre.ami.translate import event_of
from callcentre.core.agents import Roster
from callcentre.core.charter import Attention
from callcentre.core.events import Event, LinkUp, PbxReloaded
from callcentre.core.hints import RosterChanged, Seat
from callcentre.core.terms import MemberState
from callcentre.runtime.clock import SystemClock
from tests.pbx.lab.asterisk import SECRET, Asterisk
from tests.unit.core.offices import line, office

pytestmark = [pytest.mark.pbx, pytest.mark.parametrize("version", ["22", "16"], scope="module")]

PATIENCE = 120.0
AWAY, FREE, PAUSED = MemberState.UNREACHABLE, MemberState.FREE, MemberState.PAUSED
STANDBY = Attention(standby=tuple(f"PJSIP/{number}" for number in range(900, 920)))
"""So many that every seat is told."""


class Listener:
    """Listens as the daemon does, and keeps the roster of one queue."""

    def __init__(self, port: int, queue: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.settimeout(0.2)
        self._framer, self._lists = Framer(ours="roster-"), Lists("lab")
        self.roster = Roster(office(line(queues=frozenset({queue}), attention=STANDBY)))
        self.seats: tuple[Seat, ...] = ()
        self.kinds: list[type[Event]] = []
        self._ask("Login", Username="callcentre", Secret=SECRET)
        self._take(LinkUp(pbx="lab", at=SystemClock().now()))
        self.read_again()

    def _ask(self, action: str, **more: str) -> None:
        lines = [f"Action: {action}", "ActionID: roster-1", *(f"{key}: {value}" for key, value in more.items())]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def read_again(self) -> None:
        """Ask for the queues anew."""
        self._ask("QueueStatus")

    def _take(self, event: Event) -> None:
        self.kinds.append(type(event))
        for fact in self.roster.handle(event):
            if isinstance(fact, RosterChanged):
                self.seats = fact.seats

    def _read(self) -> None:
        now = SystemClock().now()
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return
        for message in self._framer.feed(data):
            event: Event | None = None
            if isinstance(message, Item):
                listed = self._lists.take(message, now)
                event = listed.event if listed is not None else None
            elif isinstance(message, Told | UserTold):
                event = event_of(message, "lab", now)
            if event is not None:
                self._take(event)

    def until(self, holds: Callable[[], bool]) -> None:
        """Listen until something holds."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, f"never so: {self.standing}"
            self._read()

    def settles(self, **standing: MemberState | tuple[MemberState, str]) -> None:
        """Listen until each member, by its name, stands so, and nobody else is there."""
        wanted = {
            name.replace("_", " "): one if isinstance(one, tuple) else (one, "") for name, one in standing.items()
        }
        self.until(lambda: self.standing == wanted)

    @property
    def standing(self) -> dict[str, tuple[MemberState, str]]:
        """What each seat is doing, and why it is paused."""
        return {seat.name: (seat.state, seat.why) for seat in self.seats}

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


@pytest.fixture
def listener(asterisk: Asterisk) -> Iterator[Listener]:
    """Who listens to the queue `enquiries`."""
    dialplan = asterisk.home / "etc/extensions.conf"
    dialplan.write_text(dialplan.read_text() + "\n[desk]\nexten => 104,hint,Custom:dan\n")
    asterisk.line.command("dialplan reload")
    listening = Listener(asterisk.slot.ami, "enquiries")
    yield listening
    listening.close()


def add(asterisk: Asterisk, interface: str, name: str, state_interface: str = "") -> None:
    asterisk.line.ask(
        "QueueAdd", Queue="enquiries", Interface=interface, MemberName=name, StateInterface=state_interface or interface
    )


def test_members_of_every_kind_are_seen_as_they_are(asterisk: Asterisk, listener: Listener) -> None:
    static = {"Alice_Adams": AWAY, "Bob_Brown": AWAY, "Carol_Clark": AWAY}
    listener.settles(**static)
    add(asterisk, "Local/104@agents/n", "Dan", "hint:104@desk")
    add(asterisk, "Local/105@agents/n", "Eve", "Custom:eve")
    add(asterisk, "Local/106@agents/n", "Fay")
    listener.settles(**static, Dan=FREE, Eve=MemberState.UNKNOWN, Fay=FREE)
    asterisk.line.command("devstate change Custom:dan INUSE")
    asterisk.line.command("devstate change Custom:eve RINGING")
    listener.settles(**static, Dan=MemberState.TALKING, Eve=MemberState.RINGING, Fay=FREE)
    asterisk.line.ask("QueuePause", Interface="Local/106@agents/n", Paused="true", Reason="lunch")
    asterisk.line.ask("QueuePause", Interface="PJSIP/101", Paused="true")
    asterisk.line.ask("QueueRemove", Queue="enquiries", Interface="Local/104@agents/n")
    now: dict[str, MemberState | tuple[MemberState, str]] = {**static, "Alice_Adams": PAUSED}
    now |= {"Eve": MemberState.RINGING, "Fay": (PAUSED, "lunch")}
    listener.settles(**now)
    again = Listener(asterisk.slot.ami, "enquiries")
    try:
        again.settles(**now)
    finally:
        again.close()


def test_who_comes_and_goes_by_a_reload_is_seen_when_the_queues_are_read_again(
    asterisk: Asterisk, listener: Listener
) -> None:
    """`module reload` raises Reload; `queue reload` nothing at all, so the daemon asks each minute."""
    static = {"Alice_Adams": AWAY, "Bob_Brown": AWAY, "Carol_Clark": AWAY}
    listener.settles(**static)
    queues = asterisk.home / "etc/queues.conf"
    text = queues.read_text()
    queues.write_text(text.replace("member => PJSIP/102,0,Bob Brown\n", "member => PJSIP/104,0,Dan Davies\n", 1))
    asterisk.line.command("module reload app_queue.so")
    listener.until(lambda: PbxReloaded in listener.kinds)
    listener.read_again()
    listener.settles(Alice_Adams=AWAY, Carol_Clark=AWAY, Dan_Davies=AWAY)
    queues.write_text(text)
    asterisk.line.command("queue reload all")
    listener.read_again()
    listener.settles(**static)
