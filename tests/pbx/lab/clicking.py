"""One PBX, its telephones, numbers outside, and a daemon that is asked to call back: what the books say became of it.

The daemon is the real one, asked as `callcentre tasks dial` asks it. Callers wait in tasks that were written before.
"""

from __future__ import annotations

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from callcentre.cli.asking import ask
from callcentre.config.load import load
from callcentre.core.facts import TaskChanged
from callcentre.core.requests import TaskAction, TaskAsked
from callcentre.core.tasks import Entry, Task
from callcentre.core.terms import TaskSource, TaskState, TaskStep
from callcentre.store.database import Database
from tests.pbx.lab.asterisk import SECRET, Asterisk
from tests.pbx.lab.books import read_cel
from tests.pbx.lab.daemon import END_LIMIT, read_rows
from tests.pbx.lab.forked import Forked
from tests.pbx.lab.moment import now
from tests.pbx.lab.office import HOURS
from tests.pbx.lab.play import REGISTERED
from tests.pbx.lab.script import Dialling, Ring, caller_script, phones_script, register_script
from tests.pbx.lab.sipp import Script, SippProcess
from tests.pbx.lab.slots import claimed_slot
from tests.pbx.lab.wire import dialogs

PATIENCE = 180.0
"""Seconds after which what does not come to be so never will."""

CONFIG = """
fallback_line = "enquiries"

[[pbx]]
name = "lab"
port = {ami}
username = "callcentre"
secret = "{secret}"
act_username = "callcentre-act"
act_secret = "{secret}"
trunks = ["PJSIP/trunk"]

[[line]]
name = "enquiries"
pbx = "lab"
nation = "ENG"
dids = ["01632960600"]
queues = ["enquiries"]
grace = "1h"
added_days = [{days}]
hours = {hours}

[calling]
also = ["01632960"]
ring_agent = "5s"

[store]
url = "sqlite:///{database}"

[web]
port = {web}
"""


class ClickLab:
    """Use as a context manager: the PBX runs, the telephones are registered, the daemon is ready.

    `telephones` and `outside` say what each telephone and number does at each call; of the former, those in `away` are
    not registered. `callers` are the numbers that wait, in tasks 1, 2, …
    """

    def __init__(
        self,
        version: str,
        out: Path,
        *,
        telephones: Mapping[str, tuple[Ring, ...]],
        outside: Mapping[str, tuple[Ring, ...]],
        callers: tuple[str, ...],
        away: tuple[str, ...] = (),
        config: str = CONFIG,
    ) -> None:
        self._version = version
        self._out = out
        self._telephones = telephones
        self._outside = outside
        self._callers = callers
        self._away = away
        self._form = config
        self._stack = ExitStack()
        self._process: Forked | None = None
        self._port = 140
        self.asterisk: Asterisk

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            slot = stack.enter_context(claimed_slot())
            self.asterisk = stack.enter_context(Asterisk(self._version, slot, "clicks"))
            self._sipp(stack, phones_script(self._telephones), slot.phone("101"))
            self._sipp(stack, phones_script(self._outside, "outside"), slot.outside)
            for extension in set(self._telephones) - set(self._away):
                self._port += 1
                script = register_script(extension, slot.phone("101"), 3600)
                registered = self._sipp(stack, script, slot.base + self._port, 1)
                assert registered.wait(REGISTERED) == 0, registered.errors
            asyncio.run(self._seed())
            stack.callback(self._end)
            self.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _sipp(self, stack: ExitStack, script: Script, port: int, calls: int = 10_000) -> SippProcess:
        process = SippProcess(script, folder=self._out / "sip", port=port, pbx_port=self.asterisk.slot.sip, calls=calls)
        stack.callback(process.stop)
        return process

    # --- the daemon --------------------------------------------------------------------------------------------------

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self._out / "callcentre.sqlite"

    @property
    def _config(self) -> Path:
        return self._out / "daemon.toml"

    async def _seed(self) -> None:
        days = [datetime.fromtimestamp(now() + ahead, UTC).date().isoformat() for ahead in (0, 86_400)]
        slot = self.asterisk.slot
        told = {"ami": slot.ami, "secret": SECRET, "web": slot.web, "database": self.database, "hours": HOURS}
        self._config.write_text(self._form.format(**told, days=", ".join(days)), encoding="utf-8")
        database = await Database.open(f"sqlite:///{self.database}")
        await database.prepare()
        at = datetime.fromtimestamp(now() - 600, UTC)
        await database.writer.commit([_waits(number, caller, at) for number, caller in enumerate(self._callers, 1)])
        await database.close()

    def start(self) -> None:
        """Start the daemon, and wait until it sees the PBX and its acting account is logged in."""
        self._process = Forked(self._config, self._out / "daemon.log")
        self.until(lambda: self._get("/-/ready") is not None)
        self.until(lambda: 'callcentre_acting_up{pbx="lab"} 1.0' in (self._get("/metrics") or ""))

    def kill(self) -> None:
        """End it as a power cut would."""
        process, self._process = self._process, None
        assert process is not None
        process.kill()
        process.wait()

    def _end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            if self._process.wait(END_LIMIT) is None:
                self._process.kill()
                self._process.wait()

    def _get(self, page: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.asterisk.slot.web}{page}", timeout=30) as reply:
                return str(reply.read().decode())
        except (OSError, urllib.error.URLError):
            return None

    def until(self, is_so: Callable[[], Any]) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            code = None if self._process is None else self._process.poll()
            if code is not None or time.monotonic() > deadline:
                log = self._out / "daemon.log"
                said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
                raise RuntimeError(f"it does not come to be so (exit {code}); the daemon says: {said[-3000:]}")
            # Pages, books and the database tell nobody of a change: they are asked.
            time.sleep(0.05)

    # --- people ------------------------------------------------------------------------------------------------------

    def click(self, task: int, telephone: str = "101", who: str = "Alice") -> str:
        """An agent asks for a dial; return its key. Raises cli.asking.Refused."""
        key = uuid4().hex
        telephone = f"PJSIP/{telephone}"
        at = datetime.fromtimestamp(now(), UTC)
        asked = TaskAsked(
            pbx="lab", at=at, number=task, action=TaskAction.DIAL, who=who, request=key, telephone=telephone
        )  # fmt: skip
        ask(load(self._config, {}), asked)
        return key

    def seen(self, key: str) -> dict[str, Any]:
        """A click as it is stored."""
        (row,) = read_rows(self.database, "SELECT * FROM clicks WHERE key = ?", key)
        return row

    def reaches(self, key: str, *states: str) -> dict[str, Any]:
        """Wait until a click is in one of these states."""
        self.until(lambda: self.seen(key)["state"] in states)
        return self.seen(key)

    def ends(self, key: str) -> dict[str, Any]:
        """Wait until a click is over, and no channel is left."""
        row = self.reaches(key, "ended")
        self.quiet()
        return row

    def dial(self, name: str, index: int, dialling: Dialling) -> SippProcess:
        """Somebody dials: a caller or, by its number, a telephone of the office; `index` (0 to 37) is theirs alone."""
        script = caller_script(name, dialling, None)
        return self._sipp(self._stack, script, self.asterisk.slot.caller(index), 1)

    def quiet(self) -> None:
        """Wait until the PBX has no channel."""
        self.until(lambda: "CoreCurrentCalls: 0\r\n" in self.asterisk.line.ask("CoreStatus"))

    def originate(self, telephone: str, exten: str, context: str = "callcentre-callback") -> None:
        """Somebody who is not callcentre asks for a telephone to be rung and led there; return when it is over.

        Not `Async`: its answer comes at once, perhaps before there is a channel whose end can be waited for.
        """
        call = {"Channel": f"PJSIP/{telephone}", "Context": context, "Exten": exten, "Priority": "1"}
        reply = self.asterisk.line.ask("Originate", **call)
        assert "Success" in reply or "Extension does not exist" in reply, reply
        self.quiet()

    # --- the books ---------------------------------------------------------------------------------------------------

    def invited(self, number: str) -> int:
        """How often somebody outside was rung, by their own telephone."""
        return len([call for call in self.invitations() if f"sip:{number}@" in call])

    def invitations(self) -> list[str]:
        """The first INVITE of each call that arrived outside."""
        calls = dialogs(self._out / "sip" / "outside.messages").values()
        return [call[0].text for call in calls if call[0].first_line.startswith("INVITE")]

    def made(self, key: str) -> list[str]:
        """The devices of the channels that Asterisk made for a click, by its CEL."""
        rows = read_cel(self.asterisk.home / "log/cel-custom")
        started = (row.channel for row in rows if row.kind == "CHAN_START" and row.linkedid == key)
        return sorted(channel.rpartition("-")[0] for channel in started)

    def callouts(self, task: int) -> list[tuple[str, str]]:
        """The dials of a task as they are stored: from where, how each ended."""
        rows = read_rows(self.database, "SELECT * FROM callouts WHERE task = ? ORDER BY begun_at", str(task))
        return [(row["telephone"], row["result"]) for row in rows]


def _waits(number: int, caller: str, at: datetime) -> TaskChanged:
    """A caller who gave up ten minutes ago and waits to be called back."""
    due = at + timedelta(days=1)
    task = Task(
        pbx="lab",
        number=number,
        line="enquiries",
        caller=caller,
        source=TaskSource.ABANDONED,
        state=TaskState.OPEN,
        opened_at=at,
        due=due,
        act_by=due,
        entries=1,
        call=f"1.{number}",
    )
    entry = Entry(
        pbx="lab",
        task=number,
        seq=1,
        at=at,
        who="callcentre",
        step=TaskStep.OPENED,
        why="gave up",
        state=TaskState.OPEN,
        request=None,
    )
    return TaskChanged(pbx="lab", at=at, task=task, entries=(entry,))
