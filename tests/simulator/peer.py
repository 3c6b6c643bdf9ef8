"""A blunt AMI client for tests: sends bytes, splits what comes, waits for what it is told to wait for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from callcentre_simulator.accounts import Account
from callcentre_simulator.versions import class_mask

PATIENCE = 180.0
"""Seconds after which what has not come never will."""

ACCOUNTS: Mapping[str, Account] = {
    "lab": Account("lab", "not-a-secret"),
    "everything": Account("everything", "not-a-secret"),
    "reader": Account("reader", "s3", class_mask("call"), class_mask("call")),
    "nowrite": Account("nowrite", "s3", class_mask("system,call"), 0),
    "single": Account("single", "s3", class_mask("system"), class_mask("system,reporting"), allow_multiple=False),
}


class Peer:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.banner = b""

    def send(self, text: str) -> None:
        self.writer.write(text.encode("latin-1"))

    async def message(self) -> bytes:
        """The next whole message without its blank line; empty at the end of the stream."""
        try:
            data = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        return data.removesuffix(b"\r\n\r\n")

    async def event(self, name: str) -> bytes:
        """The next event of this name; what comes before it is passed over."""
        while message := await self.message():
            if message.startswith(f"Event: {name}\r\n".encode()):
                return message
        raise AssertionError(f"the stream ended before {name}")

    async def ask(self, action: str, **headers: str) -> bytes:
        """Ask, and take the response; events on the way are passed over."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.send(f"Action: {action}\r\nActionID: {action}-1\r\n{lines}\r\n")
        while message := await self.message():
            if message.startswith(b"Response:") and f"ActionID: {action}-1".encode() in message:
                return message
        raise AssertionError(f"the stream ended before the answer to {action}")

    async def login(self, user: str = "lab", secret: str = "not-a-secret", **more: str) -> bytes:
        return await self.ask("Login", Username=user, Secret=secret, **more)

    async def rest(self) -> bytes:
        """Everything until the end of the stream."""
        try:
            return await asyncio.wait_for(self.reader.read(-1), PATIENCE)
        except ConnectionError:
            return b""

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


@asynccontextmanager
async def connected(port: int, limit: int = 1 << 22) -> AsyncIterator[Peer]:
    """A peer that has heard the banner, and reads no more than `limit` bytes ahead."""
    peer = Peer(*await asyncio.open_connection("127.0.0.1", port, limit=limit))
    try:
        peer.banner = await asyncio.wait_for(peer.reader.readline(), PATIENCE)
        yield peer
    finally:
        await peer.close()


@asynccontextmanager
async def logged_in(port: int, user: str = "lab", secret: str = "not-a-secret", **more: str) -> AsyncIterator[Peer]:
    """A peer that is logged in."""
    async with connected(port) as peer:
        assert b"Success" in await peer.login(user, secret, **more)
        yield peer
