"""Plays a recording as if it were a PBX: real AMI on loopback, in real time, over and over, always at the present.

A process of its own that shares no code with the daemon: `python -m callcentre.demo.player TAPE`. It reads the secret
of the account from standard input and prints the port that it listens on. The tape is JSON lines, made by
tests/demo_tape.py; all of its times are counted from ORIGIN.
"""

import asyncio
import gzip
import hashlib
import json
import re
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ORIGIN = 1_000_000_000
_MOMENT = re.compile(r"\b10000\d{5}\b")
_END = "\r\n\r\n"
_CHANNEL_HEADERS = (
    *("Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "ConnectedLineNum"),
    *("ConnectedLineName", "Language", "AccountCode", "Context", "Exten", "Priority", "Uniqueid", "Linkedid"),
)
Headers = dict[str, str]


def headers_of(packet: str) -> Headers:
    """The headers of one packet; of repeated ones the last."""
    return dict(line.split(": ", 1) for line in packet.split("\r\n") if ": " in line)


@dataclass
class Exchange:
    """What a listener could ask for: channels, queues and devices as the events so far have left them."""

    channels: dict[str, Headers] = field(default_factory=dict)
    members: dict[tuple[str, str], Headers] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)

    def learn(self, packet: str) -> None:
        """Take note of one event."""
        told = headers_of(packet)
        uniqueid = told.get("Uniqueid", "")
        match told.get("Event"):
            case "Newchannel" | "Newstate" | "Newexten" | "QueueCallerJoin":
                self.channels.setdefault(uniqueid, {}).update(told)
            case "Hangup":
                self.channels.pop(uniqueid, None)
            case "QueueMemberStatus":
                self.members[told["Queue"], told["Interface"]] = told
            case "DeviceStateChange":
                self.devices[told["Device"]] = told["State"]

    def rows(self, action: str) -> Iterator[Headers]:
        """The items of a list, each with its Event."""
        if action == "CoreShowChannels":
            for told in self.channels.values():
                row = {name: told.get(name, "") for name in _CHANNEL_HEADERS}
                about = {"Application": told.get("Application", ""), "ApplicationData": told.get("AppData", "")}
                yield {"Event": "CoreShowChannel"} | row | about | {"Duration": "00:00:01", "BridgeId": ""}
        elif action == "QueueStatus":
            for queue in sorted({queue for queue, _ in self.members}):
                yield {"Event": "QueueParams", "Queue": queue, "Max": "0", "Strategy": "ringall", "Calls": "0"}
                for (of, interface), told in self.members.items():
                    if of == queue:
                        yield self._member(queue, interface, told)
        elif action == "DeviceStateList":
            for device, state in self.devices.items():
                yield {"Event": "DeviceStateChange", "Device": device, "State": state}

    @staticmethod
    def _member(queue: str, interface: str, told: Headers) -> Headers:
        same = ("StateInterface", "Membership", "Penalty", "CallsTaken", "LastCall", "LastPause", "LoginTime", "InCall")
        rest = ("Status", "Paused", "PausedReason", "Wrapuptime")
        row = {"Event": "QueueMember", "Queue": queue, "Name": told["MemberName"], "Location": interface}
        return row | {name: told.get(name, "0") for name in (*same, *rest)}


class Player:
    """One recording, one account, any number of listeners."""

    def __init__(self, tape: Path, secret: str) -> None:
        with gzip.open(tape, "rt", encoding="utf-8") as file:
            head, *records = [json.loads(line) for line in file]
        self._records: list[tuple[float, str]] = [(record["t"], record["text"]) for record in records]
        self._seconds = float(head["seconds"])
        self._start: list[str] = head["start"]
        self._secret = secret
        self._exchange = Exchange()
        self._listeners: set[asyncio.StreamWriter] = set()
        self._began = time.time()  # noqa: TID251  not a part of the daemon

    async def play(self) -> None:
        """Play the tape over and over, each time from the next whole second on."""
        while True:
            base = int(time.time()) + 1  # noqa: TID251
            for packet in self._start:
                self._exchange.learn(self._moved(packet, base))
            for offset, text in self._records:
                await asyncio.sleep(base + offset - time.time())  # noqa: TID251
                moved = self._moved(text, base)
                for packet in moved.split(_END)[:-1]:
                    self._exchange.learn(packet)
                for listener in self._listeners:
                    listener.write(moved.encode("latin-1"))
            await asyncio.sleep(base + self._seconds - time.time())  # noqa: TID251

    @staticmethod
    def _moved(text: str, base: int) -> str:
        return _MOMENT.sub(lambda found: str(int(found.group()) - ORIGIN + base), text)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one listener until it goes."""
        challenge = secrets.token_hex(8)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            while True:
                asked = headers_of((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
                writer.write(self._answer(asked, challenge, writer).encode("latin-1"))
                await writer.drain()
        self._listeners.discard(writer)
        writer.close()

    def _answer(self, asked: Headers, challenge: str, writer: asyncio.StreamWriter) -> str:
        action, action_id = asked.get("Action", ""), asked.get("ActionID", "")
        success = f"Response: Success\r\nActionID: {action_id}\r\n"
        if action == "Challenge":
            return f"{success}Challenge: {challenge}{_END}"
        if action == "Login":
            key = hashlib.md5(f"{challenge}{self._secret}".encode(), usedforsecurity=False).hexdigest()
            if key != asked.get("Key"):
                return f"Response: Error\r\nActionID: {action_id}\r\nMessage: Authentication failed{_END}"
            self._listeners.add(writer)
            uptime = int(time.time() - self._began)  # noqa: TID251
            up = f"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: {uptime}\r\nLastReload: {uptime}\r\n"
            return f"{success}Message: Authentication accepted{_END}{up}Status: Fully Booted{_END}"
        if writer not in self._listeners:
            return f"Response: Error\r\nActionID: {action_id}\r\nMessage: Permission denied{_END}"
        if action == "Ping":
            return f"{success}Ping: Pong\r\nTimestamp: {time.time():.6f}{_END}"  # noqa: TID251
        if action in ("CoreShowChannels", "QueueStatus", "DeviceStateList"):
            return self._list(action, action_id, success)
        return f"{success}Message: Nothing was done{_END}"

    def _list(self, action: str, action_id: str, success: str) -> str:
        rows = list(self._exchange.rows(action))
        lines = [f"{success}EventList: start\r\nMessage: will follow{_END}"]
        for row in rows:
            (_, event), *rest = row.items()
            if event in ("CoreShowChannel", "DeviceStateChange"):
                named = [("Event", event), ("ActionID", action_id), *rest]
            else:
                named = [("Event", event), *rest, ("ActionID", action_id)]
            lines.append("\r\n".join(f"{name}: {value}" for name, value in named) + _END)
        end = {"DeviceStateList": "DeviceStateListComplete"}.get(action, f"{action}Complete")
        lines.append(f"Event: {end}\r\nActionID: {action_id}\r\nEventList: Complete\r\nListItems: {len(rows)}{_END}")
        return "".join(lines)


async def main(tape: Path) -> None:
    """Listen on a free port of loopback, print it, and play until standard input ends: with the parent process."""
    player = Player(tape, sys.stdin.readline().strip())
    server = await asyncio.start_server(player.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  the parent reads it
    async with asyncio.TaskGroup() as group:
        playing = group.create_task(player.play())
        await asyncio.to_thread(sys.stdin.read)
        playing.cancel()
    server.close()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(Path(sys.argv[1])))
