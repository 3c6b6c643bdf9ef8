"""One PBX with calls to answer, and a daemon with accounts: an agent presses the code, or the button of a page."""

from __future__ import annotations

import asyncio
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from array import array
from collections.abc import Mapping
from datetime import datetime
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from callcentre.runtime.clock import SystemClock
from callcentre.store.columns import microseconds
from callcentre.store.database import Database
from tests.browser.office import ACCOUNTS, PASSWORD, QUICKLY
from tests.pbx.lab.clicking import CONFIG, PATIENCE, ClickLab
from tests.pbx.lab.daemon import read_rows
from tests.pbx.lab.script import Act, Dialling, Ring, caller_script
from tests.pbx.lab.sipp import SippProcess

_LINES = """
[[line]]
name = "care"
pbx = "lab"
nation = "ENG"
queues = ["care", "aside"]
extensions = ["PJSIP/101", "PJSIP/102", "PJSIP/103"]
grace = "1h"
added_days = [{days}]
hours = {hours}

[calling]
"""
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class AbuseLab(ClickLab):
    """As ClickLab, callers only where some are to be called back; `call` has one ring, `press` is Alice's page."""

    def __init__(
        self,
        version: str,
        out: Path,
        telephones: Mapping[str, tuple[Ring, ...]],
        outside: Mapping[str, tuple[Ring, ...]] | None = None,
    ) -> None:
        super().__init__(
            *(version, out),
            telephones=telephones,
            outside=outside or {},
            callers=tuple(outside or ()),
            config=CONFIG.replace("[calling]\n", _LINES),
        )
        self._callers_made = 0
        self._page = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def call(self, to: str, *acts: Act, patience: float = 30.0) -> SippProcess:
        """Somebody outside calls a number of the office, and does `acts` once the PBX has answered."""
        self._callers_made += 1
        number = f"0770090{self._callers_made:04d}"
        name = f"caller-{self._callers_made}"
        script = caller_script(name, Dialling(to=to, number=number, patience=patience, acts=acts), None)
        port = self.asterisk.slot.base + 150 + self._callers_made
        return self._sipp(self._stack, script, port, 1)

    def log_in(self) -> None:
        """Alice, whose telephone is PJSIP/101, opens her page."""
        asyncio.run(self._accounts())
        csrf = self._csrf("/login")
        self._post("/login", csrf=csrf, name="alice", password=PASSWORD)

    async def _accounts(self) -> None:
        database = await Database.open(f"sqlite:///{self.database}")
        try:
            for account in ACCOUNTS:
                await database.accounts.add(account, password=QUICKLY.hash(PASSWORD), at=SystemClock().now())
        finally:
            await database.close()

    def page(self, address: str = "/call") -> str:
        """What Alice is shown."""
        return str(self._page.open(self._address(address), timeout=PATIENCE).read().decode())

    def press(self, uniqueid: str, step: str) -> int:
        """Alice presses the button for a call; the status of the answer."""
        return self._post(
            f"/call/lab/{uniqueid}/abuse", csrf=self._csrf("/call"), key=f"key-{time.time_ns()}", step=step
        )

    def around(self, uniqueid: str, telephone: str) -> None:
        """Around the core: somebody with the acting account asks for a call that is not this telephone's, in vain."""
        told = self._acts(uniqueid, "warn", "s", Variable=f"CALLCENTRE_TELEPHONE={telephone}")
        assert "Error" in told, told

    def act(self, uniqueid: str, step: str, exten: str) -> None:
        """A press of the button, as the acting account makes it."""
        told = self._acts(uniqueid, step, exten)
        assert "Success" in told, told

    def _acts(self, uniqueid: str, step: str, exten: str, **more: str) -> str:
        channel = f"Local/{uniqueid}@callcentre-abuse-{step}/n"
        return self.asterisk.line.ask(
            "Originate", Channel=channel, Context="callcentre-abuse-voice", Exten=exten, Priority="1", **more
        )

    def _csrf(self, page: str) -> str:
        found = _CSRF.search(self.page(page))
        assert found is not None, page
        return found[1]

    def _address(self, page: str) -> str:
        return f"http://localhost:{self.asterisk.slot.web}{page}"

    def _post(self, page: str, **form: str) -> int:
        body = urllib.parse.urlencode(form).encode()
        asked = urllib.request.Request(self._address(page), body)
        asked.add_header("Origin", f"http://localhost:{self.asterisk.slot.web}")
        try:
            return int(self._page.open(asked, timeout=PATIENCE).status)
        except urllib.error.HTTPError as error:
            return error.code

    # --- what became of it -------------------------------------------------------------------------------------------

    def incidents(self) -> dict[str, dict[str, Any]]:
        """The rows of incidents, by telephone."""
        rows = read_rows(self.database, "SELECT * FROM abuse_incidents")
        return {row["telephone"]: row for row in rows}

    def calls(self) -> dict[str, dict[str, Any]]:
        """The rows of calls, by the telephone that answered."""
        return {row["answered_by"]: row for row in read_rows(self.database, "SELECT * FROM calls")}

    def recordings(self) -> dict[str, int]:
        """How many bytes there are of each recording, by its name."""
        return {file.name: file.stat().st_size for file in self.asterisk.home.glob("spool/monitor/callcentre-abuse/*")}


def micros(stamp: str) -> int:
    """A time as the column has it."""
    return microseconds(datetime.fromisoformat(stamp))


def loud(file: Path) -> list[bool]:
    """Whether there is sound in each quarter of a second of a recording that may still be made."""
    data = file.read_bytes()[44:]
    samples = array("h", data[: len(data) // 2 * 2])
    return [max(map(abs, samples[place : place + 2_000])) > 500 for place in range(0, len(samples) - 2_000, 2_000)]
