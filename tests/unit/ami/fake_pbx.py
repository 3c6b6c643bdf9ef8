"""A manager interface for tests: speaks as much AMI as the client asks for, and misbehaves where it is told to."""

import asyncio
import hashlib
import ssl
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Headers = dict[str, str]
STAMP = 1795363300.0


def packet(*lines: str) -> bytes:
    """A packet as Asterisk writes it."""
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


CHANNEL = (
    "Channel: PJSIP/trunk-00000001",
    "ChannelState: 4",
    "ChannelStateDesc: Ring",
    "CallerIDNum: 07700900001",
    "CallerIDName: Caller",
    "ConnectedLineNum: <unknown>",
    "ConnectedLineName: <unknown>",
    "Language: en",
    "AccountCode: ",
    "Context: from-trunk",
    "Exten: 01632960600",
    "Priority: 1",
    "Uniqueid: 1795363300.1",
    "Linkedid: 1795363300.1",
)


def channel(uniqueid: str = "1795363300.1", number: str = "07700900001", prefix: str = "") -> tuple[str, ...]:
    """The headers of a channel, with what a caller may have put into its number."""
    told = {"Uniqueid": uniqueid, "Linkedid": uniqueid, "CallerIDNum": number}
    names = (line.partition(": ")[::2] for line in CHANNEL)
    return tuple(f"{prefix}{name}: {told.get(name, value)}" for name, value in names)


def event(name: str, *lines: str, at: float = STAMP) -> bytes:
    """An unsolicited event."""
    return packet(f"Event: {name}", "Privilege: call,all", f"Timestamp: {at:.6f}", *lines)


def newchannel(uniqueid: str = "1795363300.1", number: str = "07700900001", at: float = STAMP) -> bytes:
    return event("Newchannel", *channel(uniqueid, number), at=at)


def hangup(uniqueid: str = "1795363300.1", number: str = "07700900001", at: float = STAMP) -> bytes:
    return event("Hangup", *channel(uniqueid, number), "Cause: 16", "Cause-txt: Normal Clearing", at=at)


def member(status: int = 1) -> bytes:
    return event(
        "QueueMemberStatus",
        "Queue: enquiries",
        "MemberName: Alice Adams",
        "Interface: PJSIP/101",
        "StateInterface: PJSIP/101",
        "Membership: static",
        "Penalty: 0",
        "CallsTaken: 0",
        "LastCall: 0",
        "LastPause: 0",
        "LoginTime: 1795363000",
        "InCall: 0",
        f"Status: {status}",
        "Paused: 0",
        "PausedReason: ",
        "Ringinuse: 1",
        "Wrapuptime: 0",
    )


class FakePbx:
    """Listens on a loopback port; an async context manager. What it does is decided by its attributes."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.banner: bytes | None = b"Asterisk Call Manager/11.0.0\r\n"
        self.challenge: str | None = "123456789"
        self.secret = "open sesame"
        self.refuses_login = False
        self.answers_pings = True
        self.refused_lists: set[str] = set()
        self.refusal = "Permission denied"
        self.channel_rows: list[tuple[str, ...]] = []
        self.uptime: int | None = 1000
        self.answers: dict[str, Callable[[Headers], bytes]] = {}
        self.after_channels: Callable[[], bytes] = lambda: b""
        self.actions: list[Headers] = []
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        self.connections = 0
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()
        if self._serving:
            await asyncio.wait(self._serving)

    def say(self, data: bytes) -> None:
        """Send to whoever is connected."""
        for writer in self._writers:
            writer.write(data)

    def hang_up(self) -> None:
        """Drop every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def wait_for(self, action: str, times: int = 1) -> None:
        """Wait until an action was asked `times` times more."""
        while times:
            if await self.asked.get() == action:
                times -= 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        serving = asyncio.current_task()
        assert serving is not None
        self._serving.add(serving)
        self._writers.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            if self.banner is not None:
                writer.write(self.banner)
            while self.banner is not None:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                headers = dict(line.split(": ", 1) for line in text.strip().split("\r\n"))
                self.actions.append(headers)
                writer.write(self._answer(headers))
                self.asked.put_nowait(headers["Action"])
        writer.close()

    def _answer(self, asked: Headers) -> bytes:
        name, action_id = asked["Action"], f"ActionID: {asked['ActionID']}"
        if name == "Challenge":
            if self.challenge is None:
                return packet("Response: Error", action_id, "Message: Invalid/unknown command: Challenge")
            return packet("Response: Success", action_id, f"Challenge: {self.challenge}")
        if name == "Login":
            return self._login(asked, action_id)
        if name == "Ping":
            answer = packet("Response: Success", action_id, "Ping: Pong", f"Timestamp: {STAMP:.6f}")
            return answer if self.answers_pings else b""
        if name == "Logoff":
            return packet("Response: Goodbye", action_id, "Message: Thanks for all the fish.")
        if name in self.answers:
            return self.answers[name](asked)
        if name in self.refused_lists:
            return packet("Response: Error", action_id, f"Message: {self.refusal}")
        return self._list(name, action_id)

    def _login(self, asked: Headers, action_id: str) -> bytes:
        key = hashlib.md5(f"{self.challenge}{self.secret}".encode()).hexdigest()
        right = asked.get("Secret") == self.secret or asked.get("Key") == key
        if self.refuses_login or not right:
            return packet("Response: Error", action_id, "Message: Authentication failed")
        answer = packet("Response: Success", action_id, "Message: Authentication accepted")
        if self.uptime is not None:
            up = f"Uptime: {self.uptime}"
            answer += packet("Event: FullyBooted", "Privilege: system,all", up, "LastReload: 1", "Status: Fully Booted")
        return answer

    def _list(self, name: str, action_id: str) -> bytes:
        start = packet("Response: Success", action_id, "EventList: start", "Message: will follow")
        rows: list[bytes] = []
        after = b""
        if name == "QueueStatus":
            rows = [
                packet("Event: QueueParams", "Queue: enquiries", "Max: 0", "Strategy: ringall", "Calls: 0", action_id),
                packet(
                    "Event: QueueMember",
                    "Queue: enquiries",
                    "Name: Alice Adams",
                    "Location: PJSIP/101",
                    "StateInterface: PJSIP/101",
                    "Membership: static",
                    "Penalty: 0",
                    "CallsTaken: 0",
                    "LastCall: 0",
                    "InCall: 0",
                    "Status: 1",
                    "Paused: 0",
                    action_id,
                ),
            ]
            end = "QueueStatusComplete"
        elif name == "CoreShowChannels":
            after = self.after_channels()
            rows = [
                packet(
                    "Event: CoreShowChannel",
                    action_id,
                    *row,
                    "Application: Queue",
                    "ApplicationData: enquiries",
                    "Duration: 00:01:05",
                    "BridgeId: ",
                )
                for row in self.channel_rows
            ]
            end = "CoreShowChannelsComplete"
        else:
            rows = [packet("Event: DeviceStateChange", action_id, "Device: PJSIP/101", "State: NOT_INUSE")]
            end = "DeviceStateListComplete"
        finish = packet(f"Event: {end}", action_id, "EventList: Complete", f"ListItems: {len(rows)}")
        return start + b"".join(rows) + finish + after
