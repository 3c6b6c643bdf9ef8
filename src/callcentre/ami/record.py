"""`callcentre record`: a live PBX on tape, by the client's own link, without secrets and without persons.

Left out: the login, security events, passwords, the values of variables that callcentre does not use. Veiled, unless
raw: telephone numbers and names, each the same way throughout one tape, so that a replay still tells who is who.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from callcentre.ami.client import AmiClient
from callcentre.ami.login import AmiEndpoint
from callcentre.ami.peeks import KEPT_VARIABLES
from callcentre.ami.protocol import BANNER, MAX_PACKET
from callcentre.ami.tape import TapeRecord, TapeWriter
from callcentre.core.events import Event
from callcentre.runtime.clock import Clock
from callcentre.runtime.log import Log

_END = b"\r\n\r\n"
_LEFT_OUT = (
    re.compile(r"\r\n(Challenge: |Message: Authentication )"),
    re.compile(r"\r\nPrivilege: security,all\r\n"),
    re.compile(r"^Event: VoicemailPasswordChange\r\n"),
)
_NAME_HEADER = re.compile(r"(CallerIDName|ConnectedLineName|MemberName|^Name|Fullname)$")
_EXACT_HEADERS = frozenset(
    {"Timestamp", "ActionID", "LastCall", "LastPause", "LoginTime", "SSRC", "EventTV", "Privilege"}
)
_ID_HEADER = re.compile(r"(Uniqueid|Linkedid|UniqueId)$")
_VEILED_VALUE = "(left out)"

# Six or more digits are a telephone number, unless they are part of an epoch.sequence id or a channel's own counter.
_NUMBER = re.compile(r"(?<![\w.-])(\+44|0044|\+|00|0)?(\d{6,15})(?![\d.]*\.\d)(?!\w)")

Progress = Callable[[int, int], None]
"""Told after each record: packets and bytes on the tape so far."""


@dataclass(slots=True)
class Veil:
    """Gives each number and name a made-up one, always the same. `keep` are numbers that stay (the office's own)."""

    keep: frozenset[str] = frozenset()
    _numbers: dict[str, int] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def packet(self, text: str) -> str:
        """A packet with its persons veiled."""
        lines = text.split("\r\n")
        variable = next((line[10:] for line in lines if line.startswith("Variable: ")), None)
        told = variable is None or variable.encode() in KEPT_VARIABLES
        return "\r\n".join(self._line(line, value_is_told=told) for line in lines)

    def _line(self, line: str, *, value_is_told: bool) -> str:
        header, separator, value = line.partition(": ")
        if not separator:
            return self._number(line)
        if header in _EXACT_HEADERS or _ID_HEADER.search(header):
            return line
        if header == "Value" and not value_is_told:
            return f"Value: {_VEILED_VALUE}"
        return f"{header}: {self._name(value) if _NAME_HEADER.search(header) else self._number(value)}"

    def _name(self, name: str) -> str:
        if name in {"", "<unknown>"}:
            return name
        return self._names.setdefault(name, f"Name {len(self._names) + 1}")

    def _number(self, text: str) -> str:
        return _NUMBER.sub(self._veiled, text)

    def _veiled(self, found: re.Match[str]) -> str:
        if found[0] in self.keep:
            return found[0]
        lead, digits = found[1] or "", found[2]
        known = self._numbers.setdefault(digits, len(self._numbers) + 1)
        return f"{lead}{known:0{len(digits)}d}"


class Recorder:
    """A link's tap that writes a tape: packets whole, each with the time of the read that completed it."""

    def __init__(self, tape: TapeWriter, *, clock: Clock, veil: Veil | None, progress: Progress | None = None) -> None:
        self._tape = tape
        self._clock = clock
        self._veil = veil
        self._progress = progress
        self._conn = 0
        self._pending = bytearray()
        self.packets = 0
        self.bytes = 0

    def connected(self, ours: str) -> None:
        """A connection begins; its questions bear ids that begin with `ours`."""
        self._conn += 1
        self._pending.clear()
        self._mark("connect", {"ours": ours})

    def read(self, data: bytes) -> None:
        """Bytes were read."""
        searched = max(0, len(self._pending) - 3)
        self._pending += data
        end = self._pending.rfind(_END, searched)
        if end < 0:
            if len(self._pending) > MAX_PACKET:
                self._pending.clear()
            return
        whole = self._pending[: end + 4].decode("latin-1")
        del self._pending[: end + 4]
        kept = self._kept(whole)
        if kept:
            self._tape.write(TapeRecord(t=self._now(), conn=self._conn, data=kept.encode("latin-1", "replace")))
            self.bytes += len(kept)
            if self._progress is not None:
                self._progress(self.packets, self.bytes)

    def ended(self, reason: str) -> None:
        """The connection ended."""
        self._mark("stop" if reason == "stopped" else "eof", {"reason": reason})
        self._tape.flush()

    def _kept(self, whole: str) -> str:
        kept = ""
        if whole.startswith(BANNER.decode()):
            banner, _, whole = whole.partition("\r\n")
            kept = f"{banner}\r\n"
        for packet in whole[:-4].split("\r\n\r\n"):
            if any(pattern.search(packet) for pattern in _LEFT_OUT):
                continue
            kept += (packet if self._veil is None else self._veil.packet(packet)) + "\r\n\r\n"
            self.packets += 1
        return kept

    def _mark(self, mark: str, notes: dict[str, str]) -> None:
        self._tape.write(TapeRecord(t=self._now(), conn=self._conn, mark=mark, notes=notes))

    def _now(self) -> float:
        return self._clock.now().timestamp()


class _Deaf:
    """Observes nothing: a recording has no metrics."""

    def link(self, pbx: str, *, up: bool) -> None: ...

    def reconnected(self, pbx: str) -> None: ...

    def events(self, pbx: str, counts: object) -> None: ...

    def quarantined(self, pbx: str, reason: str) -> None: ...

    def lag(self, pbx: str, seconds: float) -> None: ...


def _take_anything(_events: Sequence[Event], _size: int) -> bool:
    return True


async def record(
    endpoint: AmiEndpoint,
    out: Path,
    *,
    clock: Clock,
    log: Log,
    raw: bool = False,
    keep: frozenset[str] = frozenset(),
    progress: Progress | None = None,
) -> None:
    """Record the PBX at `endpoint` to `out` (compressed by its ending) until cancelled.

    `keep` are numbers that are not veiled, such as the office's DIDs, so that its own config can replay the tape; `raw`
    veils nothing. Whoever refuses or cuts the connection is told by `log`, and it is tried again.
    """
    with TapeWriter(out) as tape:
        recorder = Recorder(tape, clock=clock, veil=None if raw else Veil(keep), progress=progress)
        client = AmiClient(endpoint, clock=clock, sink=_take_anything, observer=_Deaf(), log=log, tap=recorder)
        await client.run()
