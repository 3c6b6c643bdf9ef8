"""A connection to a PBX as both accounts have it: banner, numbered actions, and one end, from either side."""

import asyncio
import secrets
from typing import cast

from asterisk.ami import Action

from callcentre.ami import actions
from callcentre.ami.messages import Reply
from callcentre.ami.questions import Questions


class Connection(asyncio.Protocol):
    """One connection. `lost` resolves with the reason when it has ended; whoever waits for an answer is told LinkLost.

    What is read is for the account's own class: `data_received`.
    """

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._prefix = secrets.token_hex(12) + "-"
        self._number = 0
        self._transport: asyncio.Transport | None = None
        self.banner: asyncio.Future[str | None] = loop.create_future()
        self.lost: asyncio.Future[str] = loop.create_future()
        self.version = ""
        self._questions = Questions(send=self._send, lost=self.lost)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def eof_received(self) -> bool:
        """The PBX closed the connection."""
        self.end("closed by the PBX")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.end(f"connection lost: {exc}" if exc is not None else "closed by the PBX")

    def end(self, reason: str) -> None:
        """End the connection now; the first reason counts."""
        if self.lost.done():
            return
        self._ended(reason)
        self.banner.cancel()
        if self._transport is not None:
            self._transport.abort()

    def log_off(self) -> None:
        """Say goodbye and close, sending what is still to be sent."""
        if self._transport is not None and not self.lost.done():
            self._send(actions.simple("Logoff"))
            self._ended("stopped")
            self._transport.close()

    async def ask(self, action: Action) -> Reply:
        """Send an action and wait for its Response.

        Raises ActionRefused if it may not be sent, LinkLost if the connection ends first.
        """
        return (await self._questions.ask(action)).reply

    def _ended(self, reason: str) -> None:
        self.lost.set_result(reason)
        self._questions.cancel()

    def _send(self, action: Action) -> str:
        """Send an action under the ActionID it bears, else the next of ours; return that."""
        self._number += 1
        action_id = str(action.keys.get("ActionID") or f"{self._prefix}{self._number}")
        data = actions.render(action, action_id)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
        return action_id
