"""The whole daemon within a test: an office with every room that may say something, and its own clock."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import structlog
from aiohttp import ClientSession, web

from callcentre.app import run
from callcentre.config.load import load_data
from callcentre.config.settings import Config
from callcentre.runtime import collector
from callcentre.runtime.clock import SystemClock
from callcentre.web.server import application
from tests.acceptance.hostile import NUMBERS
from tests.acceptance.office import PASSWORD, free_port
from tests.conformance import sample

SECRETS = {"ami": "open sesame", "act": "actors-own-secret", "hook": "hooks-own-secret", "person": PASSWORD}
ROOT = "root"
BEGAN = sample.NINE + timedelta(hours=30)
ALL_DAY = {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


def config(folder: Path, ami: int, mail: int) -> Config:
    """An office with every room that may say something: two charters, roles, mail, a webhook, reports, drafts."""
    lines = [
        {
            "name": name,
            "pbx": "lab",
            "nation": "ENG",
            "charter": charter,
            "dids": [did],
            "queues": [name],
            "mailboxes": [box],
            "hours": ALL_DAY,
            "escalation": [{"after": "0m", "tell": ["supervisors", "program"]}],
            "attendance_escalation": [{"after": "0m", "tell": ["supervisors", "program"]}],
            "grace": "1s",
        }
        for name, did, box, charter in (
            ("enquiries", "01632960600", "600", "wme"),
            ("nurse", "01632960601", "601", "hct"),
        )
    ]
    (folder / "spool").mkdir(exist_ok=True)
    pbx = {"name": "lab", "port": ami, "username": "callcentre", "secret": SECRETS["ami"]}
    pbx |= {"act_username": "actor", "act_secret": SECRETS["act"], "voicemail_spool": str(folder / "spool")}
    data: dict[str, Any] = {
        "fallback_line": "enquiries",
        "pbx": [pbx],
        "line": lines,
        "store": {"url": f"sqlite:///{folder}/calls.sqlite"},
        "web": {"port": free_port()},
        "calling": {"also": [f"0{number[:4]}" for number in NUMBERS]},
        "contact": [
            {"name": "chief", "email": ["chief@office.example"]},
            {"name": "program", "webhook": f"http://127.0.0.1:1/{SECRETS['hook']}"},
            {"name": "supervisors", "email": ["sue@office.example"]},
            {"name": "readers", "email": ["readers@office.example"]},
        ],
        "mail": {"host": "127.0.0.1", "port": mail, "tls": "none", "sender": "callcentre@office.example"},
        "roles": {"Chief Executive": ["chief", "program"]},
        "report": [{"charter": "hct", "to": ["readers"], "day": 1}],
    }
    return load_data(folder / "callcentre.toml", data, {})


@asynccontextmanager
async def running(
    folder: Path, patch: pytest.MonkeyPatch, pbx: int, post: int, *, began: datetime = BEGAN
) -> AsyncIterator[tuple[str, web.Application]]:
    """The address of the daemon as `run` makes it, and its application; its clock goes from `began` on."""
    zero, made = monotonic(), list[web.Application]()

    def now(_self: SystemClock) -> datetime:
        return began + timedelta(seconds=monotonic() - zero)

    def noted(**parts: Any) -> web.Application:
        made.append(application(**parts))
        return made[0]

    patch.setattr(SystemClock, "now", now)
    patch.setattr("callcentre.app.application", noted)
    patch.setattr(collector, "settle", lambda: None)
    stop, ours = asyncio.Event(), structlog.get_logger("callcentre")
    address = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        settings = config(folder, pbx, post)
        tasks.create_task(run(settings, log=ours, stop=stop, started=address.set_result))
        try:
            yield await address, made[0]
        finally:
            stop.set()


async def until(done: Callable[[], bool]) -> None:
    """Wait for something that the daemon does by itself."""
    while True:
        if done():
            return
        await asyncio.sleep(0.02)


async def ready(http: ClientSession, address: str) -> None:
    """Wait until the daemon says that it is ready."""
    while True:
        async with http.get(f"{address}/-/ready") as reply:
            if await reply.text() == "ready\n":
                return
        await asyncio.sleep(0.02)


async def _token(http: ClientSession, page: str) -> str:
    async with http.get(page) as shown:
        found = re.search(r'name="csrf" value="([^"]*)"', await shown.text())
    assert found is not None
    return found[1]


async def logged_in(http: ClientSession, address: str, name: str = ROOT) -> str:
    """Log in by the page, and return what forms bear."""
    form = {"name": name, "password": PASSWORD, "next": "/account", "csrf": await _token(http, f"{address}/login")}
    async with http.post(f"{address}/login", data=form, allow_redirects=False) as entered:
        assert entered.status == 303, await entered.text()
    return await _token(http, f"{address}/account")
