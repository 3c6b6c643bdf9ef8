"""One client's socket: bytes in to its session, bytes out by its line, and what becomes of it when it does not read."""

import asyncio
from typing import Protocol

from callcentre_simulator.line import Line, LineFaults
from callcentre_simulator.security import SecurityLog
from callcentre_simulator.session import Office, Session

_SETTLE_SECONDS = 10.0


class Faulty(Protocol):
    """Where the faults of all lines stand."""

    @property
    def lines(self) -> LineFaults:
        """What is wrong with every line."""


class House(Office, Protocol):
    """What a connection needs of the server."""

    @property
    def faults(self) -> Faulty:
        """The faults in force."""

    @property
    def runs_free(self) -> bool:
        """Whether readers set the pace."""

    @property
    def refuses(self) -> bool:
        """Whether nobody gets in now."""

    def opened(self, connection: "Connection") -> None:
        """A client has connected."""

    def closed(self, connection: "Connection") -> None:
        """A client has gone."""

    def drained(self) -> None:
        """A client has read."""


def _address(name: object) -> str:
    return f"{name[0]}/{name[1]}" if isinstance(name, tuple) else "127.0.0.1/0"


class Connection(asyncio.Protocol):
    """The asyncio protocol of one client."""

    line: Line
    session: Session

    def __init__(self, house: House) -> None:
        self.ready = False
        """Whether the client has read its first lists, so that a free clock may run."""
        self._house = house
        self._timer: asyncio.TimerHandle | None = None
        self._opened = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, or hang up at once if the PBX is down."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (what asyncio gives to stream protocols)
        house = self._house
        if house.refuses:
            transport.abort()
            return
        self._opened = True
        self.line = Line(transport, house.faults.lines, house.drained)
        log = SecurityLog(
            report=house.report,
            now=house.now,
            session_id=f"0x7f{id(self) & 0xFFFFFFFFFF:010x}",
            local=_address(transport.get_extra_info("sockname")),
            remote=_address(transport.get_extra_info("peername")),
        )
        self.session = Session(house, log, self.line.write, self.line.close)
        house.opened(self)
        self.line.flush()

    def data_received(self, data: bytes) -> None:
        """Answer what the client asks, unless the line is dead."""
        if self._opened and not self._house.faults.lines.silent:
            self.session.received(data)
            self.line.flush(all_of_it=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        del exc
        if self._opened:
            self._end_timer()
            self.line.ended()
            self.session.ended()
            self._house.closed(self)

    def pause_writing(self) -> None:
        """The client does not read: it is watched, unless readers set the pace."""
        self.line.blocked = True
        if not self._house.runs_free:
            self._watch()

    def _watch(self) -> None:
        """A client that takes nothing at all for writetimeout is hung up on, in mid-event, as Asterisk does."""
        self._end_timer()
        account, taken = self.session.account, self.line.taken

        def look() -> None:
            self._timer = None
            if self.line.taken > taken:
                self._watch()
            else:
                self.cut()

        if account is not None:
            self._timer = asyncio.get_running_loop().call_later(account.write_timeout, look)

    def resume_writing(self) -> None:
        """The client reads again."""
        self.line.blocked = False
        if not self._house.runs_free:
            self._end_timer()
        self._house.drained()

    def settle(self) -> None:
        """The client has logged in: it is taken to have read its lists at its first Ping, or soon."""
        self._end_timer()
        self._timer = asyncio.get_running_loop().call_later(_SETTLE_SECONDS, self._settled)

    def hang_up(self) -> None:
        """End the connection when everything is out."""
        if self._opened:
            self.ready = False
            self.line.close()

    def cut(self, *, in_mid_event: bool = False) -> None:
        """Break the connection at once."""
        if self._opened:
            self.ready = False
            self.line.abort(in_mid_event=in_mid_event)

    def _settled(self) -> None:
        self._timer = None
        self.ready = True
        self._house.drained()

    def _end_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
