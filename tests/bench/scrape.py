"""What a scrape costs the loop: 20 lines, 100 agents in their queues, calls that wait, 500 open callbacks.

The core, the metrics and the web server are the real ones, in this process; who scrapes is another, and asks as
Prometheus does (OpenMetrics, gzip), over a connection that it keeps. Counted is the processor time of the loop's
thread, all of HTTP included; packing the answer is a thread's work, and is told as part of the process's time. Held up
is the loop as long as no other task gets its turn. The peer is the client library, writing the same metrics.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prometheus_client.openmetrics.exposition import generate_latest

from callcentre.core.centre import CallCentre
from callcentre.core.charter import Office, Pbx
from callcentre.core.events import ChannelCreated, ChannelsListed, LinkUp, MemberSeen, QueueJoined, QueuesListed
from callcentre.core.facts import CallEnded, OpenRows
from callcentre.metrics import Metrics
from callcentre.web.server import Server, application
from callcentre.web.status import Status
from tests.conformance import promises
from tests.unit.core.offices import line
from tests.unit.metrics.offices import Daemon
from tests.unit.metrics.test_series import kinds_of
from tests.unit.runtime.samples import NOON
from tests.unit.web import served

LINES, AGENTS, WAITING, TASKS, SCRAPES = 20, 100, 40, 500, 200
TRIAL = {"SCRAPES": 20}
NAMES = [f"line {number}" for number in range(LINES)]
SCRAPER = """
import http.client, sys
host, scrapes = sys.argv[1:]
accept = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3"
connection = http.client.HTTPConnection(host)
for _ in range(int(scrapes)):
    connection.request("GET", "/metrics", headers={"Accept": accept, "Accept-Encoding": "gzip"})
    reply = connection.getresponse()
    body = reply.read()
    assert reply.status == 200 and reply.headers["Content-Encoding"] == "gzip", reply.headers
print(len(body))
"""


def office() -> Office:
    """The lines, each with a queue and a mailbox."""
    lines = tuple(
        line(name, queues=frozenset({name}), mailboxes=frozenset({f"{number}@default"}))
        for number, name in enumerate(NAMES, start=600)
    )
    return Office(pbxs=(Pbx(name="lab", acts=True),), lines=lines, fallback_line=NAMES[0])


def busy(of: Office) -> CallCentre:
    """The core in the middle of a day."""
    core = CallCentre(of)
    due = {"opened_at": NOON, "due": NOON + timedelta(hours=1), "act_by": NOON + timedelta(hours=1)}
    here = [{"line": NAMES[number % LINES]} for number in range(1, TASKS + 1)]
    filed = {"left_at": NOON, "due": due["due"], "act_by": due["act_by"], "responded_at": None, "reached_at": None}
    core.restore(
        OpenRows(
            tasks=tuple(promises.task(n, caller=None, **due, **on) for n, on in enumerate(here, start=1)),
            filings=tuple(promises.filing(n, n, **filed, **on) for n, on in enumerate(here, start=1)),
        ),
        NOON,
    )
    core.handle(LinkUp(pbx="lab", at=NOON))
    core.handle(ChannelsListed(pbx="lab", at=NOON, channels=()))
    members = tuple(
        MemberSeen(
            queue=NAMES[number % LINES],
            interface=f"PJSIP/{number}",
            name=f"Agent {number}",
            state_interface=f"PJSIP/{number}",
            status=1 + number % 2,
            paused=number % 7 == 0,
        )
        for number in range(AGENTS)
    )
    core.handle(QueuesListed(pbx="lab", at=NOON, queues=tuple(NAMES), members=members, callers=()))
    for number in range(WAITING):
        about = {
            "pbx": "lab",
            "at": NOON + timedelta(milliseconds=number),
            "channel": f"PJSIP/trunk-{number:08x}",
            "uniqueid": f"1795363959.{number}",
            "linkedid": f"1795363959.{number}",
        }
        arrived = {"caller_number": f"07700{number:06d}", "caller_name": "", "context": "trunk", "exten": "600"}
        core.handle(ChannelCreated(state=4, **about, **arrived))  # type: ignore[arg-type]
        core.handle(QueueJoined(queue=NAMES[number % LINES], position=1, **about))  # type: ignore[arg-type]
    return core


def measured_day(of: Office, core: CallCentre) -> Metrics:
    """The metrics of that core, with every kind of call counted on every line."""
    metrics = Metrics(of, version="bench")
    metrics.watch(now=lambda: NOON, snapshot=core.snapshot, service=Daemon(), looked_at=lambda: {"lab": NOON})
    metrics.link("lab", up=True)
    metrics.lag("lab", 0.002)
    metrics.observe([CallEnded(pbx="lab", at=NOON, call=each) for name in NAMES for each in kinds_of(name)])
    return metrics


@asynccontextmanager
async def serving(metrics: Metrics) -> AsyncIterator[str]:
    """The host and port of the pages with these metrics."""

    async def status() -> Status:
        raise NotImplementedError

    with TemporaryDirectory() as folder:
        of = served.site(Path(folder))
        app = application(site=of, registry=metrics.registry, health=served.Health(), status=status)
        server = Server(app, host="127.0.0.1", port=0)
        address = await server.start()
        yield address.partition("//")[2]
        await server.stop()


async def scraped(host: str, times: int) -> int:
    """Scrape so often from another process; return the bytes of one answer."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SCRAPER, host, str(times)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    told = await process.stdout.read()
    assert await process.wait() == 0
    return int(told)


async def held_up(until: asyncio.Future[int]) -> list[float]:
    """The processor time between one turn of a task that always wants one and its next, in ms, until `until` ends."""
    gaps: list[float] = []
    last = time.thread_time()
    while not until.done():
        await asyncio.sleep(0)
        now = time.thread_time()
        gaps.append((now - last) * 1_000)
        last = now
    return sorted(gaps)


async def measured() -> dict[str, Any]:
    """Everything, of one office."""
    of = office()
    core = busy(of)
    metrics = measured_day(of, core)
    assert sum(len(waiting) for waiting in core.snapshot(NOON).waiting.values()) == WAITING
    async with serving(metrics) as host:
        await scraped(host, 20)
        thread, process = time.thread_time(), time.process_time()
        size = await scraped(host, SCRAPES)
        thread, process = time.thread_time() - thread, time.process_time() - process
        gaps = await held_up(asyncio.ensure_future(scraped(host, SCRAPES)))
    series = sum(len(metric.samples) for metric in metrics.registry.collect())
    return {
        "lines": LINES,
        "agents": AGENTS,
        "calls that wait": WAITING,
        "open callbacks": TASKS,
        "series": series,
        "bytes, packed": size,
        "the loop's processor time a scrape, ms": round(thread / SCRAPES * 1_000, 2),
        "the process's, packing included, ms": round(process / SCRAPES * 1_000, 2),
        "held up by one scrape, the longest of all, ms": round(gaps[-1], 2),
        "held up by one scrape, median, ms": round(gaps[-SCRAPES // 2], 2),
        "of it the core's snapshot, ms": middle(lambda: core.snapshot(NOON)),
        "the same metrics written by the library alone, ms": middle(partial(generate_latest, metrics.registry)),
        "library": f"prometheus-client {version('prometheus-client')}",
    }


def middle(work: Callable[[], object]) -> float:
    """The median processor time of a piece of work, in ms."""
    times = []
    for _ in range(31):
        begun = time.thread_time()
        work()
        times.append(time.thread_time() - begun)
    return round(sorted(times)[15] * 1_000, 2)


def run() -> dict[str, Any]:
    """Measure it."""
    return asyncio.run(measured())
