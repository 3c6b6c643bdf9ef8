"""Plays one case on an Asterisk of its own and leaves a folder: the tape, the books, the wires."""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.pbx.lab.asterisk import Asterisk
from tests.pbx.lab.cases import Call, Case, Doing
from tests.pbx.lab.moment import now
from tests.pbx.lab.recorder import Recorder
from tests.pbx.lab.script import Speak, caller_script, phones_script, register_script
from tests.pbx.lab.sipp import Script, SippProcess
from tests.pbx.lab.slots import Slot, claimed_slot
from tests.pbx.lab.truth import write_truth

CALL_LIMIT = 120.0
"""No call of any case lasts longer than this."""

QUIET = 15.0
"""The last channel of a case is gone by then, or something is stuck."""


class Watcher(Protocol):
    """Whoever watches the PBX while a case is played: the daemon under test."""

    def start(self, asterisk: Asterisk, out: Path) -> None:
        """Begin; return when it listens."""

    def restart(self) -> None:
        """Stop and start again, in the midst of calls."""

    def cut(self) -> None:
        """Lose the link to AMI, in the midst of calls."""

    def mend(self) -> None:
        """Have the link again."""

    def stop(self, calls: int = 0) -> None:
        """End, once so many calls have been decided and written. May be called twice."""


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
            if process.wait(10) != 0:
                raise RuntimeError(f"{process.name}: {process.errors}")

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
        self.done.append({"what": doing.what, "extension": doing.extension, "t": now()})
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
            case "restart daemon":
                if self.watcher:
                    self.watcher.restart()
            case "cut ami":
                if self.watcher:
                    self.watcher.cut()
                self.recorder.cut(doing.seconds)
                if self.watcher:
                    self.watcher.mend()
                self.recorder.snapshot(self.asterisk.line, "reconnect")
            case "snapshot":
                self.recorder.snapshot(self.asterisk.line, "mid")
            case action:
                reply = self.asterisk.line.ask(action, **doing.params)
                if "Success" not in reply:
                    raise RuntimeError(f"{action} was refused: {reply!r}")

    def wait_quiet(self) -> None:
        """Wait until the PBX has no channel left."""
        deadline = time.monotonic() + QUIET
        while "CoreCurrentCalls: 0\r\n" not in self.asterisk.line.ask("CoreStatus"):
            if time.monotonic() > deadline:
                channels = self.asterisk.line.command("core show channels concise")
                raise RuntimeError(f"channels are left: {channels}")
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
        stage.recorder.start()
        stack.callback(stage.recorder.stop)
        stage.register([e for e in case.phones if e not in case.unregistered])
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
            if process.wait(CALL_LIMIT) != 0:
                played.troubles.append(f"{process.name} ({call.dialling.to}): {process.errors}")
        if stage.phones.ended:
            raise RuntimeError(f"the telephones died: {stage.phones.errors}")
        stage.wait_quiet()
        stage.recorder.snapshot(asterisk.line, "end")
        if watcher:
            watcher.stop(sum(call.line is not None and not call.may_be_unseen for call in case.calls))
        version_text = asterisk.line.command("core show version")
        banner = asterisk.line.banner
        stage.recorder.stop()
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
