"""Plays one case on an Asterisk of its own and leaves a folder: the tape, the books, the wires."""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from tests.pbx.lab.asterisk import Asterisk
from tests.pbx.lab.cases import Call, Case, Doing
from tests.pbx.lab.moment import DAY, now
from tests.pbx.lab.recorder import Recorder
from tests.pbx.lab.script import Speak, caller_script, phones_script, register_script
from tests.pbx.lab.sipp import Script, SippProcess
from tests.pbx.lab.slots import Slot, claimed_slot
from tests.pbx.lab.spool import SpoolWatch, messages_in, plant_damaged, put_into, take_away
from tests.pbx.lab.truth import NAMES, write_truth
from tests.pbx.lab.unplayed import Unplayed

CALL_LIMIT = 120.0
"""No call of any case lasts longer than this."""

QUIET = 60.0
"""The last channel of a case is gone by then, or something is stuck."""

REGISTERED = 60.0
"""A telephone that waits longer for its registration has none."""

SETTLE = 120.0
"""Everything that was heard is decided and written by then, and each mailbox looked into, which is done each minute."""


class Watcher(Protocol):
    """Whoever watches the PBX while a case is played: the daemon under test."""

    def start(self, asterisk: Asterisk, out: Path) -> None:
        """Begin; return when it listens."""

    def restart(self, seconds: float = 0.0) -> None:
        """Stop and start again some seconds later, in the midst of calls."""

    def kill(self, seconds: float = 0.0) -> None:
        """End it without a word, and start it again some seconds later."""

    def cut(self) -> None:
        """Lose the link to AMI, in the midst of calls."""

    def mend(self) -> None:
        """Have the link again."""

    def stop(self, calls: int = 0, messages: int = 0, patience: float = 0.0) -> None:
        """End, once so many calls are decided and messages filed, or patience ends. May be called twice."""


@dataclass(slots=True)
class Played:
    """A played case: where its files are, and what was odd about the telephones."""

    case: Case
    version: str
    out: Path
    starts: list[float] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    truth: dict[str, Any] = field(default_factory=dict)


class _Stage:
    """The parts of one case while it is being played."""

    def __init__(self, case: Case, asterisk: Asterisk, out: Path, watcher: Watcher | None) -> None:
        self.case = case
        self.asterisk = asterisk
        self.slot: Slot = asterisk.slot
        self.sip = out / "sip"
        self.watcher = watcher
        self.recorder = Recorder(self.slot.ami, out)
        self.spool = SpoolWatch(asterisk.voicemail)
        self.callers: list[tuple[Call, float, SippProcess]] = []
        self.phones: SippProcess | None = None
        self.done: list[dict[str, object]] = []
        self._port = 140

    def sipp(self, script: Script, port: int, calls: int) -> SippProcess:
        """Start a sipp of this case."""
        to = self.slot.sip
        return SippProcess(script, folder=self.sip, port=port, pbx_port=to, calls=calls)

    def register(self, extensions: list[str], expires: int = 3600) -> None:
        """Register telephones, or with `expires` 0 unregister them, and wait for the answers."""
        running = []
        for extension in extensions:
            script = register_script(extension, self.slot.phone("101"), expires)
            self._port += 1
            running.append(self.sipp(script, self.slot.base + self._port, 1))
        for process in running:
            if process.wait(REGISTERED) != 0:
                raise Unplayed(f"{process.name}: {process.errors}")

    def log_in(self) -> None:
        """Add the members that are there from the start."""
        for queue, extension in self.case.members:
            name = NAMES[extension]
            self._ask("QueueAdd", Queue=queue, Interface=f"PJSIP/{extension}", MemberName=name)

    def dial(self, index: int, call: Call) -> None:
        """Let a caller dial."""
        name = f"caller-{index:02d}-{call.desk or 'outside'}"
        script = caller_script(name, call.dialling, self._voice(call))
        self.callers.append((call, now(), self.sipp(script, self.slot.caller(index), 1)))

    def _voice(self, call: Call) -> Path | None:
        if not any(isinstance(act, Speak) for act in call.dialling.acts):
            return None
        self.sip.mkdir(parents=True, exist_ok=True)
        path = self.sip / "voice.ulaw"
        if not path.exists():
            # A square wave of 1 kHz in G.711 mu-law: loud enough to be no silence.
            path.write_bytes((b"\x10" * 4 + b"\x90" * 4) * 1000)
        return path

    def do(self, doing: Doing) -> None:
        """Play one doing."""
        row: dict[str, object] = {"what": doing.what, "extension": doing.extension, "t": now()}
        self.done.append(row)
        self._do(doing)
        row["over"] = now()

    def _do(self, doing: Doing) -> None:
        match doing.what:
            case "unregister":
                self.register([doing.extension], expires=0)
            case "register":
                self.register([doing.extension])
            case "restart pbx":
                self.asterisk.restart()
                self.recorder.wait_listening()
                self.recorder.snapshot(self.asterisk.line, "restart")
                self.register([e for e in self.case.phones if e not in self.case.unregistered])
            case "restart daemon" | "kill daemon" | "cut ami":
                self._blind(doing)
            case "snapshot":
                self.recorder.snapshot(self.asterisk.line, "mid")
            case "holiday":
                # Whatever day it is where the PBX stands, and should midnight come before the call.
                for ahead in (-DAY, 0.0, DAY):
                    self._put(f"holiday/{datetime.fromtimestamp(now() + ahead, UTC).date()}", "A test")
            case "heartbeat":
                self._put("heartbeat", str(int(now() - doing.seconds)))
            case what if what.startswith("message "):
                self._with_message(doing)
            case action:
                self._ask(action, **doing.params)

    def _blind(self, doing: Doing) -> None:
        """For some seconds whoever watches does not."""
        watcher, cut = self.watcher, doing.what == "cut ami"
        if watcher and cut:
            watcher.cut()
        elif watcher and doing.what == "kill daemon":
            watcher.kill(doing.seconds)
        elif watcher:
            watcher.restart(doing.seconds)
        if cut:
            self.recorder.cut(doing.seconds)
            if watcher:
                watcher.mend()
            self.recorder.snapshot(self.asterisk.line, "reconnect")

    def _put(self, key: str, value: str) -> None:
        self._ask("DBPut", Family="callcentre", Key=key, Val=value)

    def _ask(self, action: str, **params: str) -> None:
        reply = self.asterisk.line.ask(action, **params)
        if "Success" not in reply:
            raise RuntimeError(f"{action} was refused: {reply!r}")

    def _with_message(self, doing: Doing) -> None:
        """Remove or move the oldest message of a folder, by AMI where the PBX can, else on the disk; or damage one."""
        if doing.what == "message damaged":
            plant_damaged(self.asterisk.voicemail, doing.params["box"], self.asterisk.recording)
            return
        box, folder = doing.params["box"], doing.params.get("folder", "INBOX")
        to = doing.params.get("to")
        there = messages_in(self.asterisk.voicemail, box, folder)
        if not there:
            raise Unplayed(f"no message is in {folder} of {box} yet")
        text = there[0]
        if self.asterisk.version == "16":
            if to:
                put_into(text, to)
            else:
                take_away(text)
            return
        msg_id = text.read_text(encoding="utf-8").partition("\nmsg_id=")[2].partition("\n")[0]
        where = {"Mailbox": box, "Context": "default", "Folder": folder, "ID": msg_id}
        if to:
            self._ask("VoicemailMove", **where, ToFolder=to)
        else:
            self._ask("VoicemailRemove", **where)

    def wait_quiet(self) -> None:
        """Wait until the PBX has no channel left."""
        deadline = time.monotonic() + QUIET
        while "CoreCurrentCalls: 0\r\n" not in self.asterisk.line.ask("CoreStatus"):
            if time.monotonic() > deadline:
                channels = self.asterisk.line.command("core show channels concise")
                raise Unplayed(f"channels are left: {channels}")
            # The lab's line has events off, so that it cannot disturb; it asks instead.
            time.sleep(0.1)


def play(case: Case, version: str, out: Path, watcher: Watcher | None = None) -> Played:
    """Play `case` on Asterisk `version`, leaving everything in the folder `out` (made anew)."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    played = Played(case=case, version=version, out=out)
    with ExitStack() as stack:
        slot = stack.enter_context(claimed_slot())
        asterisk = stack.enter_context(Asterisk(version, slot, case.name))
        stage = _Stage(case, asterisk, out, watcher)
        stage.phones = stage.sipp(phones_script(case.phones), slot.phone("101"), 10_000)
        stack.callback(stage.phones.stop)
        if case.outside:
            outside = stage.sipp(phones_script(case.outside, "outside"), slot.outside, 10_000)
            stack.callback(outside.stop)
        stage.recorder.start()
        stack.callback(stage.recorder.stop)
        stage.spool.start()
        stack.callback(stage.spool.stop)
        stage.register([e for e in case.phones if e not in case.unregistered])
        stage.log_in()
        stage.recorder.snapshot(asterisk.line, "start")
        if watcher:
            stack.callback(watcher.stop)
            watcher.start(asterisk, out)
        with ThreadPoolExecutor(max_workers=4) as hands:
            doings = _play_timeline(stage, hands)
            for doing in doings:
                doing.result()
        for call, start, process in stage.callers:
            played.starts.append(start)
            code = process.wait(CALL_LIMIT)
            if code is None:
                raise Unplayed(f"{process.name} ({call.dialling.to}) does not come to its end")
            if code != 0:
                played.troubles.append(f"{process.name} ({call.dialling.to}): {process.errors}")
        if stage.phones.ended:
            raise Unplayed(f"the telephones died: {stage.phones.errors}")
        stage.wait_quiet()
        stage.recorder.snapshot(asterisk.line, "end")
        if watcher:
            calls = sum(call.line is not None and not call.may_be_unseen for call in case.calls)
            stage.spool.look()
            there = sum(message.gone_at is None for message in stage.spool.left)
            watcher.stop(calls, there + case.plants, SETTLE)
        version_text = asterisk.line.command("core show version")
        banner = asterisk.line.banner
        stage.recorder.drain()
        stage.recorder.stop()
        stage.spool.stop()
        stage.spool.write(out / "spool.json")
        asterisk.stop()
        asterisk.collect(out)
        shutil.copy(asterisk.home / "log/messages.log", out / "messages.log")
    _write_wanted(played, stage, banner, version_text)
    played.truth = write_truth(out)
    return played


def _play_timeline(stage: _Stage, hands: ThreadPoolExecutor) -> list[Future[None]]:
    """Let each call and each doing happen at its moment; a doing that takes its time holds no call up."""
    doings = []
    timeline = [(call.at, index, call) for index, call in enumerate(stage.case.calls)]
    moments: list[tuple[float, int, Call | Doing]] = [*timeline]
    moments += [(doing.at, 1000 + n, doing) for n, doing in enumerate(stage.case.doings)]
    begin = time.monotonic()
    for at, index, item in sorted(moments, key=lambda moment: moment[:2]):
        # The case's own clock: this is the score being played, not a wait for something to finish.
        time.sleep(max(0.0, begin + at - time.monotonic()))
        if isinstance(item, Call):
            stage.dial(index, item)
        else:
            doings.append(hands.submit(stage.do, item))
    return doings


def _write_wanted(played: Played, stage: _Stage, banner: str, version_text: str) -> None:
    """What was played, for truth.py to hold the books against."""
    rows = []
    for call, start, process in stage.callers:
        row = asdict(call)
        row.update(t_start=start, sipp=process.name)
        rows.append(row)
    text = json.dumps(
        {
            "scenario": played.case.name,
            "about": played.case.about,
            "banner": banner,
            "asterisk": version_text.partition("Asterisk ")[2].split(" built")[0],
            "calls": rows,
            "doings": stage.done,
            "troubles": played.troubles,
        },
        indent=1,
        default=str,
    )
    (played.out / "wanted.json").write_text(text, encoding="utf-8")
