"""Recordings: a PBX model that says again what a tape holds, and a writer that makes a tape of any model.

A tape is JSON lines: {"t": epoch seconds, "conn": n, "text": bytes as latin-1} for each read, {"t", "conn", "mark"} for
what became of the connection; .gz and .zst by their ending. Beside it may lie snapshots.jsonl, {"t", "why", "action",
"params", "text"}: what the PBX answered when it was asked.
"""

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import zstandard

from callcentre_simulator.render import RawEvent, parsed
from callcentre_simulator.versions import BANNERS
from callcentre_simulator.wire import AmiEvent, Headers, Listener, Reply

END = b"\r\n\r\n"
_BANNER = b"Asterisk Call Manager/"
_OF_THE_LOGIN = frozenset({"FullyBooted", "SuccessfulAuth"})
_UNKNOWN = "Invalid/unknown command: {}. Use Action: ListCommands to show available commands."
_EMPTY_LISTS = {
    "queuestatus": ("Queue status will follow", "QueueStatusComplete"),
    "queuesummary": ("Queue summary will follow", "QueueSummaryComplete"),
    "coreshowchannels": ("Channels will follow", "CoreShowChannelsComplete"),
    "devicestatelist": ("Device State Changes will follow", "DeviceStateListComplete"),
    "extensionstatelist": ("Extension Statuses will follow", "ExtensionStateListComplete"),
    "voicemailuserslist": ("Voicemail user list will follow", "VoicemailUserEntryComplete"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """Something of a tape, at its time: an event, the boot of a PBX, or the end of a connection."""

    at: float
    event: RawEvent | None = None
    booted_at: float | None = None
    cut: bool = False


@dataclass(slots=True)
class Recording:
    """What a tape holds for a listener, in order, without its recorder's own login and questions."""

    moments: list[Moment] = field(default_factory=list)
    version: int = 22


def _unpacked(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path))
    if path.suffix == ".zst":
        return cast("IO[bytes]", zstandard.open(path, "rb"))
    return path.open("rb")


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file of JSON lines, unpacked if its ending says so."""
    with _unpacked(path) as packed:
        rest = b""
        while block := packed.read(1 << 20):
            *whole, rest = (rest + block).split(b"\n")
            yield from (json.loads(line) for line in whole if line.strip())
        if rest.strip():
            yield json.loads(rest)


def _tape_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a tape; a file of bare AMI bytes is one read, timed by its Timestamp headers."""
    with _unpacked(path) as packed:
        first = packed.read(1)
        text = "" if first == b"{" else (first + packed.read()).decode("latin-1")
    if text:
        stamp = re.search(r"\nTimestamp: (\d+\.\d+)\r", text)
        yield {"t": float(stamp[1]) if stamp else 0.0, "text": text}
    else:
        yield from rows(path)


def load(paths: Iterable[Path]) -> Recording:
    """Read one tape, in one file or several. Raises ValueError for a file that is none."""
    recording = Recording()
    buffers: dict[int, bytes] = {}
    for path in paths:
        for row in _tape_rows(path):
            if "t" not in row:
                raise ValueError(f"{path} is no tape: a row has no t")
            conn, at = row.get("conn", 1), float(row["t"])
            if "text" in row:
                data = buffers.get(conn, b"") + row["text"].encode("latin-1")
                buffers[conn] = _take(recording, at, data)
            elif row.get("mark") in {"drop", "eof"}:
                recording.moments.append(Moment(at, cut=True))
                buffers.pop(conn, None)
    recording.moments.sort(key=lambda moment: moment.at)
    return recording


def _take(recording: Recording, at: float, data: bytes) -> bytes:
    if data.startswith(_BANNER) and b"\r\n" in data:
        banner, _, data = data.partition(b"\r\n")
        major = {text.split(".")[0]: version for version, text in BANNERS.items()}
        recording.version = major.get(banner.removeprefix(_BANNER).decode("latin-1").split(".")[0], 22)
    *whole, rest = data.split(END)
    for message in whole:
        _keep(recording, at, message)
    return rest


def _keep(recording: Recording, at: float, message: bytes) -> None:
    head = message.split(b"\r\n", 3)
    last = recording.moments[-1] if recording.moments else None
    if head[0].startswith(b"Event: ") and len(head) > 1 and head[1].startswith(b"Privilege: "):
        name = head[0][7:].decode("latin-1")
        if name in _OF_THE_LOGIN:
            uptime = dict(parsed(message)).get("Uptime")
            if uptime is not None:
                recording.moments.append(Moment(at, booted_at=at - float(uptime)))
            return
        stamp = head[2].removeprefix(b"Timestamp: ") if len(head) > 2 else b""
        moment = _time(stamp, at)
        event = RawEvent(name, head[1][11:].decode("latin-1"), (), message + END)
        recording.moments.append(Moment(max(moment, last.at) if last else moment, event))
    elif last is not None and last.event is not None and not _answers(message):
        # What a hostile caller put on the wire: no event of its own, and sent again as it came.
        whole = last.event.data + message + END
        recording.moments[-1] = Moment(last.at, RawEvent(last.event.name, last.event.classes, (), whole))


def _answers(message: bytes) -> bool:
    """Whether this answered the recorder's own question."""
    return message.startswith(b"Response: ") or (message.startswith(b"Event: ") and b"\r\nPrivilege: " not in message)


def _time(stamp: bytes, otherwise: float) -> float:
    try:
        return float(stamp)
    except ValueError:
        return otherwise


class TapePbx:
    """A PbxModel that plays a recording: the same bytes at the same times, and the recorded answers to questions.

    `cuts` holds the moments at which the recorded connection broke, for whoever serves the tape to break it again.
    """

    def __init__(self, recording: Recording, snapshots: Path | None = None) -> None:
        self.version = recording.version
        self.cuts = [moment.at for moment in recording.moments if moment.cut]
        self._moments = recording.moments
        self._next = 0
        self._listeners: list[Listener] = []
        self._snapshots = sorted(rows(snapshots), key=lambda row: float(row["t"])) if snapshots else []
        self.now = recording.moments[0].at if recording.moments else 0.0
        self.booted_at = next((one.booted_at for one in recording.moments if one.booted_at is not None), self.now)

    def next_at(self) -> float | None:
        """When the next event was."""
        return self._moments[self._next].at if self._next < len(self._moments) else None

    def advance(self, to: float) -> None:
        """Say all that was said up to `to`."""
        while self._next < len(self._moments) and self._moments[self._next].at <= to:
            moment = self._moments[self._next]
            self._next += 1
            self.now = max(self.now, moment.at)
            if moment.booted_at is not None and moment.booted_at > self.booted_at + 3.0:
                self.booted_at = moment.booted_at
            if moment.event is not None:
                for listener in self._listeners:
                    listener(moment.at, moment.event)
        self.now = max(self.now, to)

    def listen(self, listener: Listener) -> None:
        """Tell every event from now on."""
        self._listeners.append(listener)

    def act(self, action: str, headers: Mapping[str, str]) -> Reply:
        """What the PBX answered to this when it was last asked; an empty list if it never was."""
        recorded = [row for row in self._snapshots if self._same(row, action, headers)]
        before = [row for row in recorded if float(row["t"]) <= self.now]
        if recorded:
            return _reply((before or recorded[:1])[-1]["text"])
        if empty := _EMPTY_LISTS.get(action.lower()):
            complete = AmiEvent(empty[1], "", (("EventList", "Complete"), ("ListItems", "0")))
            return Reply(True, (("EventList", "start"), ("Message", empty[0])), (complete,))
        return Reply(False, (("Message", _UNKNOWN.format(action)),))

    @staticmethod
    def _same(row: Mapping[str, Any], action: str, headers: Mapping[str, str]) -> bool:
        params: Mapping[str, str] = row.get("params", {})
        wanted = {name.lower(): value for name, value in headers.items() if name.lower() not in {"action", "actionid"}}
        return row["action"].lower() == action.lower() and {k.lower(): v for k, v in params.items()} == wanted


def _without_id(pairs: Headers) -> Headers:
    return tuple(pair for pair in pairs if pair[0] != "ActionID")


def _reply(text: str) -> Reply:
    head, *items = [parsed(message) for message in text.encode("latin-1").split(END) if message]
    events = tuple(AmiEvent(item[0][1], "", _without_id(item[1:])) for item in items)
    return Reply(head[0][1] == "Success", _without_id(head[1:]), events)
