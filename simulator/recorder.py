"""Makes a tape of a model without a network: what a listener of one account would have read, and asked."""

import json
from typing import IO, Any

from callcentre_simulator.accounts import Account
from callcentre_simulator.render import event_bytes, reply_bytes
from callcentre_simulator.versions import Version, privilege_mask
from callcentre_simulator.wire import ActionHeaders, AmiEvent, PbxModel

QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("QueueStatus", {}),
    ("QueueSummary", {}),
    ("CoreShowChannels", {}),
    ("DeviceStateList", {}),
    ("VoicemailUsersList", {}),
)
"""What a client that connects asks, as snapshots.jsonl holds it."""


class Recorder:
    """Writes rows to `tape` as the model speaks, and answers to `snapshots` when told to. One connection a boot.

    The model's own time is the tape's. `close` ends the tape.
    """

    def __init__(
        self, model: PbxModel, tape: IO[str], snapshots: IO[str] | None = None, account: Account | None = None
    ) -> None:
        self.events = 0
        self._model = model
        self._tape = tape
        self._snapshots = snapshots
        self._account = account or Account("recorder", "")
        self._conn = 0
        self._asked = 0
        self._connected = False
        self._pending: list[bytes] = []
        self._at = model.now
        model.listen(self._heard)
        self._connect()

    def ask(self, why: str) -> None:
        """Ask what a client would ask that connects now."""
        self._flush()
        for action, params in QUESTIONS if self._snapshots is not None else ():
            self._asked += 1
            identity = f"recorder-{self._asked}"
            headers = ActionHeaders([("Action", action), ("ActionID", identity), *params.items()])
            text = reply_bytes(self._model.act(action, headers), identity).decode("latin-1")
            row = {"t": self._model.now, "why": why, "action": action, "params": params, "text": text}
            print(json.dumps(row), file=self._snapshots)

    def broken(self) -> None:
        """The PBX is gone without a word; what it says next is said to a new connection."""
        self._flush()
        self._at = self._model.now
        self._row(mark="eof")
        self._connected = False

    def close(self) -> None:
        """The recording ends."""
        self._flush()
        self._at = self._model.now
        if self._connected:
            self._row(mark="stop")
            self._connected = False

    def _row(self, **what: Any) -> None:
        print(json.dumps({"t": self._at, "conn": self._conn, **what}), file=self._tape)

    def _connect(self) -> None:
        self._conn += 1
        self._connected = True
        self._row(mark="connect")
        up = int(max(0.0, self._model.now - self._model.booted_at))
        hello = (
            "Response: Success\r\nActionID: recorder-login\r\nMessage: Authentication accepted\r\n\r\n"
            f"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: {up}\r\nLastReload: {up}\r\n"
            "Status: Fully Booted\r\n\r\n"
        )
        self._row(text=Version(self._model.version).banner.decode() + hello)
        self.ask("start" if self._conn == 1 else "reconnect")

    def _heard(self, at: float, event: AmiEvent) -> None:
        if at != self._at:
            self._flush()
            self._at = at
        if not self._connected:
            self._connect()
        needs = privilege_mask(event.classes)
        data = event_bytes(at, event)
        if needs & self._account.read == needs and self._account.hears(event.name, data):
            self._pending.append(data)
            self.events += 1
        if event.name == "Shutdown":
            self._flush()
            self._row(mark="eof")
            self._connected = False

    def _flush(self) -> None:
        if self._pending:
            self._row(text=b"".join(self._pending).decode("latin-1"))
            self._pending.clear()
