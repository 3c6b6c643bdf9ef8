"""Bytes of a client to requests, with Asterisk's own limits (do_message and get_input in manager.c).

A line ends at LF, with or without CR; a request ends at an empty line. A line that fills the input buffer is thrown
away, and the request it was in is answered with an error; so is one of more than 128 headers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from callcentre_simulator.render import decoded
from callcentre_simulator.wire import ActionHeaders

MAX_LINE = 1024
"""The input buffer: a line and its line end must fit in it."""

MAX_HEADERS = 128

TOO_LONG = "Failed to parse message: line too long"
TOO_MANY = "Too many lines in message or allocation failure"


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a client; `fault` is Asterisk's word for what is wrong with it, and nothing in it counts then."""

    headers: ActionHeaders
    fault: str | None = None

    @property
    def action(self) -> str:
        """The action as the client wrote it; empty if there is none."""
        return self.headers.get("Action", "")

    @property
    def action_id(self) -> str | None:
        """What the replies must carry."""
        return self.headers.get("ActionID") or None


class RequestReader:
    """Collects what a client sends and gives whole requests."""

    def __init__(self) -> None:
        self._buffer = b""
        self._lines: list[bytes] = []
        self._lost = False
        self._too_long = False

    def feed(self, data: bytes) -> Iterator[Request]:
        """Take bytes as they come; yields each request that they complete."""
        data = self._buffer + data
        start = 0
        while start < len(data):
            end = data.find(b"\n", start, start + MAX_LINE)
            if end < 0:
                if len(data) - start < MAX_LINE:
                    break
                self._too_long = True
                start += MAX_LINE
                continue
            line = data[start:end].removesuffix(b"\r")
            start = end + 1
            if not line:
                yield self._request()
            elif len(self._lines) < MAX_HEADERS:
                self._lines.append(line)
            else:
                self._lost = True
        self._buffer = data[start:]

    def _request(self) -> Request:
        pairs = []
        for line in self._lines:
            name, colon, value = line.partition(b":")
            if colon:
                pairs.append((decoded(name), decoded(value.lstrip(b" \t"))))
        fault = TOO_MANY if self._lost else TOO_LONG if self._too_long else None
        self._lines, self._lost, self._too_long = [], False, False
        return Request(ActionHeaders(pairs), fault)
