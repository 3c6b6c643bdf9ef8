"""The lab's own AMI line: asks, and splits what comes. Shares no code with callcentre on purpose."""

from __future__ import annotations

import socket
import time

END = b"\r\n\r\n"
PATIENCE = 120.0
"""Seconds without a word after which Asterisk is stuck."""


class AmiLine:
    """One blocking AMI connection of the account `lab`, with events off."""

    def __init__(self, port: int, user: str, secret: str, timeout: float = PATIENCE) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._buffer = b""
        self._serial = 0
        try:
            self.banner = self._until(b"\r\n").decode().strip()
            reply = self.ask("Login", Username=user, Secret=secret, Events="off")
            if "Success" not in reply:
                raise ConnectionRefusedError(f"AMI refused the lab's account {user}: {reply!r}")
        except OSError:
            self.close()
            raise

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("AMI closed the lab's line")
            self._buffer += data
        head, _, self._buffer = self._buffer.partition(mark)
        return head + mark

    def send(self, action: str, **params: str) -> str:
        """Send one action and return its ActionID without waiting for the reply."""
        self._serial += 1
        action_id = f"lab-{self._serial}"
        lines = [f"Action: {action}", f"ActionID: {action_id}"]
        lines += [f"{key}: {value}" for key, value in params.items()]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return action_id

    def ask(self, action: str, **params: str) -> str:
        """Send one action; return everything it was answered with, a list's items included."""
        mark = f"ActionID: {self.send(action, **params)}\r\n"
        text = ""
        listing = False
        while True:
            message = self._until(END).decode("latin-1")
            if mark not in message:
                continue
            text += message
            if message.startswith("Response:"):
                listing = "EventList: start" in message
                if not listing:
                    return text
            elif listing and "EventList: Complete" in message:
                return text

    def command(self, command: str) -> str:
        """The output of one CLI command."""
        return self.ask("Command", Command=command)

    def wait_closed(self) -> None:
        """Wait until Asterisk has hung up on us."""
        while True:
            try:
                if not self._socket.recv(65536):
                    return
            except ConnectionError:
                return

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def wait_for_ami(port: int, user: str, secret: str, seconds: float = PATIENCE) -> AmiLine:
    """A line to an Asterisk that has just been started and has booted in full."""
    deadline = time.monotonic() + seconds
    line: AmiLine | None = None
    while True:
        try:
            line = AmiLine(port, user, secret)
            line.command("core waitfullybooted")
        except OSError:
            if line is not None:
                line.close()
            if time.monotonic() > deadline:
                raise
            # Nothing signals that a port has opened: asking again is the only way to know.
            time.sleep(0.05)
        else:
            return line
