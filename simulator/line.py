"""How bytes leave for one client: whole, or as badly as a line can be.

What is written waits for `flush`, so that a burst of events is one write. A client that does not read blocks the line;
`blocked` and `freed` tell the server, which waits or hangs up.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

HIGH_WATER = 256 * 1024
"""Bytes that may wait in the process, beside the kernel's own buffer, before a line counts as blocked."""

_TRICKLE_SECONDS = 0.02


@dataclass(slots=True)
class LineFaults:
    """What is wrong with every line of a server; changed at any time."""

    silent: bool = False
    """Half-open: nothing arrives either way, and nobody says so."""
    piece: int = 0
    """Bytes a write; 0 is as many as there are."""
    rate: float = 0.0
    """Bytes a second; 0 is no limit."""
    gather: float = 0.0
    """Seconds that events wait for others, to arrive in one read."""
    stall: bool = False
    """The last event stays unsent until the next one or the client's next action (asterisk issue 2145)."""


class Line:
    """The sending side of one connection."""

    def __init__(self, transport: asyncio.Transport, faults: LineFaults, drained: Callable[[], None]) -> None:
        transport.set_write_buffer_limits(high=HIGH_WATER)
        self.blocked = False
        self._transport = transport
        self._handed = 0
        self._faults = faults
        self._drained = drained
        self._out: list[bytes] = []
        self._slow = bytearray()
        self._closing = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Whether the client has yet to read what was sent."""
        return self.blocked or len(self._slow) > HIGH_WATER

    @property
    def taken(self) -> int:
        """How many bytes the client's side has taken so far."""
        return self._handed - self._transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        """Have bytes sent with the next flush; one call is one event or one reply."""
        self._out.append(data)

    def flush(self, *, all_of_it: bool = False) -> None:
        """Send what was written."""
        if not self._out or self._transport.is_closing():
            return
        faults = self._faults
        if faults.silent:
            self._out.clear()
        elif faults.gather and not all_of_it:
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(faults.gather, self._gathered)
        elif faults.stall and not all_of_it:
            *ready, last = self._out
            self._out = [last]
            self._send(b"".join(ready))
        else:
            data = b"".join(self._out)
            self._out.clear()
            self._send(data)

    def close(self) -> None:
        """Hang up when everything is out."""
        self.flush(all_of_it=True)
        self._closing = True
        if not self._slow:
            self._transport.close()

    def abort(self, *, in_mid_event: bool = False) -> None:
        """Break the line at once; what it still holds back is lost. In mid-event, the last event leaves in half."""
        if in_mid_event and self._out:
            self._out[-1] = self._out[-1][: len(self._out[-1]) // 2]
        self.flush()
        self.ended()
        if in_mid_event:
            self._transport.close()
        else:
            self._transport.abort()

    def ended(self) -> None:
        """The connection is gone."""
        self._end_timer()
        self._out.clear()
        self._slow.clear()

    def _end_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _gathered(self) -> None:
        self._timer = None
        self.flush(all_of_it=True)

    def _send(self, data: bytes) -> None:
        if self._faults.piece or self._faults.rate or self._slow:
            self._slow += data
            self._trickle()
        elif data:
            self._hand(data)

    def _hand(self, data: bytes) -> None:
        self._handed += len(data)
        self._transport.write(data)

    def _trickle(self) -> None:
        if self._timer is not None or not self._slow:
            return
        faults = self._faults
        if not faults.piece and not faults.rate:
            piece, pause = len(self._slow), 0.0
        else:
            # A kernel joins what is written at once: a turn of the loop between pieces keeps reads apart.
            piece = faults.piece or max(1, int(faults.rate * _TRICKLE_SECONDS))
            pause = piece / faults.rate if faults.rate else 0.0
        self._hand(bytes(self._slow[:piece]))
        del self._slow[:piece]
        if self._slow:
            self._timer = asyncio.get_running_loop().call_later(pause, self._next_piece)
        elif self._closing:
            self._transport.close()
        else:
            self._drained()

    def _next_piece(self) -> None:
        self._timer = None
        if not self._transport.is_closing():
            self._trickle()
