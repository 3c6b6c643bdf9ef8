"""The pages of the real daemon: 2,000 open tasks, 200 open wallboards, and calls being measured meanwhile.

The daemon is a process of its own, with SQLite; so are all who watch; a scripted PBX and who looks at pages are
another. What is said of measuring is a ratio of two stretches of the same run, without the wallboards and with them:
the time of a page that does no work (/-/healthy: how long the loop is held up), and the events a second of a burst.
The processor time that the daemon takes is told as well, which other work on the machine changes little.
"""

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import ClientSession, ClientTimeout, CookieJar, TCPConnector

from callcentre.core.facts import TaskChanged
from callcentre.core.tasks import Entry
from callcentre.runtime.clock import SystemClock
from callcentre.store.database import Database
from tests.acceptance.office import Office, Pbx, log_in, with_account
from tests.bench.pipeline import until_ready
from tests.conformance import promises
from tests.unit.ami.fake_pbx import Headers, packet

TASKS = 2_000
WATCHERS = 200
CALLS_A_SECOND = 20
STEADY_SECONDS = 10
BURST_CALLS = 1_000
LOOKS = 200
TOGGLES = 20
TRIAL = {"STEADY_SECONDS": 2, "BURST_CALLS": 200, "LOOKS": 20, "TOGGLES": 4}
PAGES = ("/tasks", "/wallboard", "/api/v1/tasks")
QUIET = """
[[line]]
name = "quiet"
pbx = "lab"
charter = "hct"
nation = "ENG"
queues = ["quiet"]
"""
NEXT = re.compile(r'href="([^"]+)" rel="next"')
ANSWERED = re.compile(r'^callcentre_calls_total\{[^}]*outcome="answered"[^}]*\} ([0-9.]+)$', re.MULTILINE)
Q = ("Membership: static", "Penalty: 0", "CallsTaken: 0", "LastCall: 0", "LoginTime: 1", "InCall: 0", "Status: 1")


class Exchange(Pbx):
    """The scripted PBX with two queues, on which any number of calls is played."""

    def __init__(self) -> None:
        super().__init__()
        self.answers["QueueStatus"] = self._queues
        self.calls = 0
        self._first = self.began * 1_000

    def call(self) -> bytes:
        """All that is said of one call, from its beginning to its end."""
        self.calls += 1
        number = self._first + 10 * self.calls
        said = b"".join(text.encode("latin-1") for text in self._call)
        for leg, digit in ((b".0", 0), (b".1", 1), (b".2", 2)):
            said = said.replace(f"{self.began}".encode() + leg + b"\r", f"{number + digit}.{digit}\r".encode())
        said = said.replace(b"-0000000", f"-{self.calls:06x}".encode())
        return re.sub(rb"Timestamp: [0-9.]+", f"Timestamp: {SystemClock().now().timestamp():.6f}".encode(), said)

    def pause(self, *, paused: bool) -> None:
        """The one agent of the quiet line goes, or comes back."""
        lines = ("Queue: quiet", "MemberName: Carol", "Interface: PJSIP/103", "StateInterface: PJSIP/103", *Q)
        stamp = f"Timestamp: {SystemClock().now().timestamp():.6f}"
        self.say(
            packet(
                *("Event: QueueMemberPause", "Privilege: agent,all", stamp, *lines),
                *(f"Paused: {int(paused)}", "PausedReason: ", "Ringinuse: 0", "Wrapuptime: 0"),
            )
        )

    @staticmethod
    def _queues(asked: Headers) -> bytes:
        own = f"ActionID: {asked['ActionID']}"
        rows = [packet("Response: Success", own, "EventList: start", "Message: Queue status will follow")]
        for queue, members in (("enquiries", ("101", "102")), ("quiet", ("103",))):
            rows.append(packet("Event: QueueParams", f"Queue: {queue}", "Max: 0", "Strategy: ringall", "Calls: 0", own))
            for member in members:
                where = (f"Location: PJSIP/{member}", f"StateInterface: PJSIP/{member}")
                rows.append(packet("Event: QueueMember", f"Queue: {queue}", "Name: X", *where, *Q, "Paused: 0", own))
        rows.append(packet("Event: QueueStatusComplete", own, "EventList: Complete", f"ListItems: {len(rows) - 1}"))
        return b"".join(rows)


@dataclass
class House:
    """The running daemon, and who is logged in there."""

    pbx: Exchange
    url: str
    client: ClientSession
    pid: int

    def used(self) -> float:
        """The seconds of processor time that the daemon has taken."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def counted(self) -> float:
        """How many calls were measured."""
        async with self.client.get(f"{self.url}/metrics") as reply:
            return sum(map(float, ANSWERED.findall(await reply.text())))

    async def timed(self, path: str) -> float:
        """The milliseconds of one look at a page."""
        begun = time.perf_counter()
        async with self.client.get(self.url + path, allow_redirects=False) as reply:
            await reply.read()
            assert reply.status == 200, f"{path}: {reply.status}"
        return (time.perf_counter() - begun) * 1_000


async def filled(office: Office) -> None:
    """Write the tasks and an account into the database."""
    database = await Database.open(f"sqlite:///{office.database}")
    await database.prepare()
    now = SystemClock().now()
    facts = []
    for number in range(1, TASKS + 1):
        left = now - timedelta(minutes=number % 600)
        times = {"left_at": left, "began_at": left}
        due = {"due": left + timedelta(days=1), "act_by": left + timedelta(days=1)}
        nobody: dict[str, Any] = dict.fromkeys(("heard_at", "heard_by", "responded_at", "reached_at"))
        caller = f"0770090{number % 10_000:04d}"
        task = promises.task(number, opened_at=left, caller=caller, entries=3, **due)
        entries: tuple[Entry, ...] = tuple(promises.entry(seq, number, at=left) for seq in (1, 2, 3))
        facts.append(
            TaskChanged(
                pbx="lab",
                at=left,
                task=task,
                entries=entries,
                message=promises.message(number, caller=caller, **times),
                first=True,
                filings=(replace(promises.filing(number, number, left_at=left, **due), **nobody),),
            )
        )
    for start in range(0, TASKS, 500):
        await database.writer.commit(facts[start : start + 500], {})
    await database.close()
    await with_account(office)


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """The daemon, ready, with somebody logged in."""
    async with Exchange() as pbx, AsyncExitStack() as stack:
        office = Office(folder, pbx.port)
        office.config.write_text(office.config.read_text().replace("[store]", f"{QUIET}[store]"))
        await filled(office)
        command = (sys.executable, "-m", "callcentre", "run", "--config", str(office.config), "--log-level", "error")
        daemon = await asyncio.create_subprocess_exec(*command)
        try:
            await asyncio.to_thread(until_ready, office.web, daemon)
            client = await stack.enter_async_context(ClientSession(cookie_jar=CookieJar(unsafe=True)))
            found = House(pbx, f"http://127.0.0.1:{office.web}", client, daemon.pid)
            await log_in(client, found.url)
            yield found
        finally:
            if daemon.returncode is None:
                daemon.terminate()
            await daemon.wait()


class Watching:
    """All open wallboards, in a process of their own: what it tells of each."""

    def __init__(self) -> None:
        self.boards = [0] * WATCHERS
        self.seen: dict[tuple[bool, int], float] = {}
        self.news = asyncio.Condition()

    async def listen(self, said: asyncio.StreamReader) -> None:
        """Read until the process ends."""
        async for line in said:
            paused, which, boards, at = line.split()
            async with self.news:
                self.boards[int(which)] = int(boards)
                self.seen.setdefault((paused == b"True", int(which)), float(at))
                self.news.notify_all()

    async def all_show(self, *, paused: bool) -> list[float]:
        """When each board showed the agent of the quiet line gone, or back."""
        async with asyncio.timeout(300), self.news:
            await self.news.wait_for(lambda: all((paused, which) in self.seen for which in range(WATCHERS)))
        return [self.seen[paused, which] for which in range(WATCHERS)]


@asynccontextmanager
async def watching(at: House) -> AsyncIterator[Watching]:
    """Open the wallboards."""
    (cookie,) = [f"{each.key}={each.value}" for each in at.client.cookie_jar if each.key == "callcentre"]
    command = (sys.executable, "-m", "tests.bench.pages", at.url, cookie)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    found = Watching()
    listening = asyncio.ensure_future(found.listen(process.stdout))
    await found.all_show(paused=False)
    yield found
    process.terminate()
    await asyncio.gather(process.wait(), listening)


async def watch(url: str, cookie: str) -> None:
    """Watch all wallboards from this process: print what each shows of the quiet line, whenever that is another."""
    async with ClientSession(url, headers={"Cookie": cookie}, connector=TCPConnector(limit=0)) as client:
        await asyncio.gather(*(watch_one(client, which) for which in range(WATCHERS)))


async def watch_one(client: ClientSession, which: int) -> None:
    """Read one stream to its end."""
    async with client.get("/wallboard/events", timeout=ClientTimeout(total=None)) as reply:
        assert reply.status == 200, reply.status
        boards, last, event = 0, None, b""
        async for chunk in reply.content.iter_any():
            event += chunk
            if not event.endswith(b"\n\n"):
                continue
            _, found, tile = event.rpartition(b'data-line="quiet"')
            event = b""
            if found:
                boards, shows = boards + 1, b"paused" in tile
                if shows is not last:
                    print(shows, which, boards, time.perf_counter(), flush=True)
                    last = shows


# --- what is measured ------------------------------------------------------------------------------------------------


async def steady(at: House, seconds: float) -> list[float]:
    """Play calls at an even pace; return how long /-/healthy took meanwhile, in ms."""
    looks: list[float] = []
    begun, said = time.perf_counter(), 0
    while (gone := time.perf_counter() - begun) < seconds:
        while said < gone * CALLS_A_SECOND:
            at.pbx.say(at.pbx.call())
            said += 1
        looks.append(await at.timed("/-/healthy"))
        await asyncio.sleep(0.01)
    return looks


async def load(at: House, seconds: float) -> tuple[list[float], float]:
    """`steady`, and the share of one core that the daemon took meanwhile."""
    before, begun = at.used(), time.perf_counter()
    looks = await steady(at, seconds)
    return looks, (at.used() - before) / (time.perf_counter() - begun)


async def cost(at: House, path: str) -> float:
    """The milliseconds of processor time that one look at a page takes, nothing else going on."""
    before = at.used()
    for _ in range(LOOKS):
        await at.timed(path)
    return (at.used() - before) * 1_000 / LOOKS


async def cost_unseen(at: House) -> float:
    """`cost` of a page of callbacks whose rows nobody was shown yet: all pages of the list, each once."""
    path, before, pages = "/tasks", at.used(), 0
    while path:
        async with at.client.get(at.url + path) as reply:
            following = NEXT.search(await reply.text())
        path, pages = unescape(following[1]) if following else "", pages + 1
    assert pages >= TASKS // 50, pages
    return (at.used() - before) * 1_000 / pages


async def burst(at: House) -> float:
    """Say many calls at once; return the events a second until all are measured, written and counted."""
    before = await at.counted()
    calls = [at.pbx.call() for _ in range(BURST_CALLS)]
    events = sum(call.count(b"Event: ") for call in calls)
    begun = time.perf_counter()
    at.pbx.say(b"".join(calls))
    while await at.counted() < before + BURST_CALLS:
        await at.timed("/-/healthy")
    return events / (time.perf_counter() - begun)


async def looked_at(at: House, path: str) -> list[float]:
    """Look at a page again and again while calls come in; return the milliseconds of each look."""
    playing = asyncio.ensure_future(steady(at, 3_600))
    times = [await at.timed(path) for _ in range(LOOKS)]
    playing.cancel()
    await asyncio.wait([playing])
    return times


async def updates(at: House, watched: Watching) -> list[float]:
    """How long after the PBX said it each wallboard showed an agent gone, or back, in ms; calls come in meanwhile."""
    playing = asyncio.ensure_future(steady(at, 3_600))
    found: list[float] = []
    for turn in range(TOGGLES):
        watched.seen.clear()
        told = time.perf_counter()
        at.pbx.pause(paused=turn % 2 == 0)
        found += [(seen - told) * 1_000 for seen in await watched.all_show(paused=turn % 2 == 0)]
    playing.cancel()
    await asyncio.wait([playing])
    return found


def spread(times: Sequence[float]) -> dict[str, float]:
    """The middle, the 99th percentile and the longest."""
    ordered = sorted(times)
    return {
        "median, ms": round(ordered[len(ordered) // 2], 1),
        "99th percentile, ms": round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], 1),
        "longest, ms": round(ordered[-1], 1),
    }


async def measured() -> dict[str, Any]:
    """Everything, of one daemon."""
    with TemporaryDirectory() as folder:
        async with house(Path(folder)) as at:
            await at.timed("/tasks")  # templates are compiled at the first look
            unseen = round(await cost_unseen(at), 1)
            await looked_at(at, "/tasks")
            costs = {path: round(await cost(at, path), 1) for path in PAGES}
            alone, share = await load(at, STEADY_SECONDS)
            fast = await burst(at)
            async with watching(at) as watched_by:
                watched, share_watched = await load(at, STEADY_SECONDS)
                pages = {path: spread(await looked_at(at, path)) for path in PAGES}
                shown = await updates(at, watched_by)
                boards = min(watched_by.boards)
                fast_watched = await burst(at)
    return {
        "open tasks": TASKS,
        "open wallboards": WATCHERS,
        "calls a second meanwhile": CALLS_A_SECOND,
        "page": pages,
        "processor time of a page, ms": costs | {"/tasks, rows never shown before": unseen},
        "share of a core, nobody watches": round(share, 2),
        "share of a core, wallboards open": round(share_watched, 2),
        "wallboard shows what happened after": spread(shown),
        "boards that each wallboard was sent": boards,
        "loop held up, nobody watches": spread(alone),
        "loop held up, wallboards open": spread(watched),
        "loop held up, ratio of medians": round(spread(watched)["median, ms"] / spread(alone)["median, ms"], 2),
        "events a second in a burst, nobody watches": round(fast),
        "events a second in a burst, wallboards open": round(fast_watched),
        "events a second, ratio": round(fast_watched / fast, 2),
    }


def run() -> dict[str, Any]:
    """Measure, with this process and all its clients on another core than the daemon."""
    cores = range(os.cpu_count() or 1)
    os.sched_setaffinity(0, set(cores))
    return asyncio.run(measured())


if __name__ == "__main__":
    asyncio.run(watch(*sys.argv[1:]))
