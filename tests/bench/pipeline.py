"""The full pipeline on one core: the bytes of AMI as recorded, to committed rows (SQLite) and metrics.

The stream is the `load` tape of a folder that CALLCENTRE_TAPES names, handed to the link in reads of 64 KiB; timers run
on the tape's own time. Then the same with only the events that are kept, for calls a second; the memory that 10,000
calls in progress take; and the time from the start of the process to /-/ready.
"""

import asyncio
import contextlib
import io
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from callcentre.ami.link import Link, Pulse
from callcentre.ami.protocol import Framer, Told
from callcentre.ami.tape import read_tape
from callcentre.config.load import load
from callcentre.config.settings import Config
from callcentre.core.centre import CallCentre
from callcentre.core.commands import Command
from callcentre.core.events import ChannelCreated, ChannelsListed, Event, LinkUp, QueueJoined, TimePassed
from callcentre.core.facts import Fact
from callcentre.metrics import Metrics
from callcentre.runtime import collector, log
from callcentre.runtime.clock import SystemClock, Tasks
from callcentre.runtime.inbox import Inbox
from callcentre.runtime.loop import Loop
from callcentre.store.database import Database
from tests.unit.ami.fake_pbx import FakePbx

READ = 65_536
CALLS_IN_PROGRESS = 10_000
ROUNDS, STARTS = 3, 5
TRIAL = {"ROUNDS": 1, "STARTS": 1}
SECRET = "bench only"
CONFIG = """
fallback_line = "load"
[[pbx]]
name = "lab"
port = {ami}
username = "bench"
secret = "{secret}"
[[line]]
name = "load"
pbx = "lab"
charter = "hct"
nation = "ENG"
dids = ["01632960900"]
queues = ["load"]
[line.hours]
sun = ["00:00-24:00"]
[store]
url = "sqlite:///bench.sqlite"
[web]
port = {web}
"""


def load_tape() -> Path | None:
    """The tape named `load`, if a folder of CALLCENTRE_TAPES has it."""
    folders = [Path(folder) for folder in os.environ.get("CALLCENTRE_TAPES", "").split(":") if folder]
    found = [path for folder in folders for path in sorted(folder.glob("**/load/ami.jsonl*"))]
    return found[0] if found else None


@dataclass
class Pipeline:
    """The daemon without sockets and signals: a link fed by hand, the real inbox, loop, core, store and metrics."""

    config: Config
    groups: list[int] = field(default_factory=list)
    due: datetime | None = None

    async def feed(self, reads: Sequence[bytes]) -> float:
        """Take `reads` through to the database; return the seconds it took."""
        clock, quiet = SystemClock(), log.set_up(level="error", stream=io.StringIO())
        self.inbox = Inbox(limit=self.config.ami.inbox_mb * 1_000_000)
        self.metrics = Metrics(self.config.office, version="bench")
        centre = CallCentre(self.config.office)
        self.database = await Database.open(self.config.store.url)
        await self.database.prepare()
        self.loop = Loop(
            core=centre,
            inbox=self.inbox,
            store=self.database.writer,
            observers=[self.metrics, self],
            performer=self,
            alarm=self,
            clock=clock,
            log=quiet,
            buffer_bytes=64_000_000,
        )
        pulse = Pulse()
        link = Link("lab", clock=clock, sink=self.inbox.put, observer=self.metrics, log=quiet, pulse=pulse)
        async with Tasks() as tasks:
            running = tasks.spawn(self.loop.run(), name="loop")
            await asyncio.sleep(0)
            begun = time.perf_counter()
            for read in reads:
                link.data_received(read)
                due = self.due
                if due is not None and pulse.seen_at is not None and pulse.seen_at >= due:
                    self.due = None
                    self.inbox.put([TimePassed(pbx="", at=due)], 0)
                await asyncio.sleep(0)
            assert pulse.seen_at is not None
            self.inbox.put([TimePassed(pbx="", at=pulse.seen_at + timedelta(minutes=1))], 0)
            self.inbox.close()
            await running
            taken = time.perf_counter() - begun
        await self.database.close()
        assert not self.loop.lost
        assert not self.loop.faults
        return taken

    def observe(self, facts: Sequence[Fact]) -> None:
        self.groups.append(len(facts))

    def perform(self, command: Command) -> None:
        """Nobody is there to be asked."""

    def set(self, when: datetime | None) -> None:
        if when is not None and (self.due is None or when < self.due):
            self.due = when

    def calls(self) -> int:
        """The calls that the metrics counted."""
        return int(
            sum(
                sample.value
                for family in self.metrics.registry.collect()
                for sample in family.samples
                if sample.name == "callcentre_calls_total"
            )
        )


def one_stream(tape: Path) -> bytes:
    """All bytes of the tape's one connection, without the reply to the recorder's own login."""
    stream = b"".join(record.data for record in read_tape(tape))
    banner, _, rest = stream.partition(b"\r\n")
    return banner + b"\r\n" + rest[rest.index(b"Event: ") :]


def kept_only(stream: bytes) -> tuple[bytes, int]:
    """The packets of the stream that are decoded and become events, and how many those are."""
    banner, _, rest = stream.partition(b"\r\n")
    framer = Framer(banner=False)
    packets = (packet + b"\r\n\r\n" for packet in rest.split(b"\r\n\r\n"))
    kept = [packet for packet in packets if any(isinstance(message, Told) for message in framer.feed(packet))]
    return banner + b"\r\n" + b"".join(kept), len(kept)


def in_reads(stream: bytes) -> list[bytes]:
    """Cut the stream as a socket would give it."""
    return [stream[start : start + READ] for start in range(0, len(stream), READ)]


@contextmanager
def on_one_core() -> Iterator[None]:
    """Keep this process and its threads to a single core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def configure(folder: Path, ami: int = 5038, web: int = 8090) -> Path:
    """Write the configuration of the bench into `folder`."""
    path = folder / "bench.toml"
    path.write_text(CONFIG.format(ami=ami, web=web, secret=SECRET))
    return path


def through(stream: bytes, events: int) -> dict[str, object]:
    """Measure one stream in each round; the best counts, as other work on the machine only ever slows."""
    best: dict[str, object] = {}
    for _ in range(ROUNDS):
        with TemporaryDirectory() as folder, on_one_core():
            pipeline = Pipeline(load(configure(Path(folder)), {}))
            collector.settle()
            used = time.process_time()
            seconds = asyncio.run(pipeline.feed(in_reads(stream)))
            used = time.process_time() - used
        if not best or seconds < float(str(best["seconds"])):
            groups = sorted(pipeline.groups)
            best = {
                "events": events,
                "megabytes": round(len(stream) / 1e6, 1),
                "seconds": round(seconds, 3),
                "CPU seconds, set-up included": round(used, 3),
                "events a second": round(events / seconds),
                "calls": pipeline.calls(),
                "calls a second": round(pipeline.calls() / seconds),
                "commits": len(groups),
                "facts a commit (median)": groups[len(groups) // 2],
            }
    return best


def memory() -> dict[str, object]:
    """What 10,000 calls that wait in a queue take, by resident memory of a process of its own."""
    code = "from tests.bench.pipeline import waiting; waiting()"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = map(int, told.stdout.split())
    return {
        "calls in progress": CALLS_IN_PROGRESS,
        "resident before, MB": round(before / 1e6, 1),
        "resident with them, MB": round(after / 1e6, 1),
        "bytes a call": round((after - before) / CALLS_IN_PROGRESS),
    }


def resident() -> int:
    """The resident memory of this process in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def waiting() -> None:
    """Print the resident memory before and after CALLS_IN_PROGRESS callers came and waited."""
    with TemporaryDirectory() as folder:
        centre = CallCentre(load(configure(Path(folder)), {}).office)
    at = datetime.fromisoformat("2026-11-23T12:00:00+00:00")
    start: list[Event] = [LinkUp(pbx="lab", at=at), ChannelsListed(pbx="lab", at=at, channels=())]
    for event in start:
        centre.handle(event)
    before = resident()
    for number in range(CALLS_IN_PROGRESS):
        uniqueid, channel = f"1795363959.{number}", f"PJSIP/trunk-{number:08x}"
        moment = at + timedelta(milliseconds=number)
        centre.handle(
            ChannelCreated(
                pbx="lab",
                at=moment,
                channel=channel,
                uniqueid=uniqueid,
                linkedid=uniqueid,
                state=4,
                caller_number=f"07700{number:06d}",
                caller_name="",
                context="from-trunk",
                exten="01632960900",
            )
        )
        centre.handle(
            QueueJoined(
                pbx="lab", at=moment, channel=channel, uniqueid=uniqueid, linkedid=uniqueid, queue="load", position=1
            )
        )
    assert len(centre.snapshot(at).waiting["load"]) == CALLS_IN_PROGRESS
    print(before, resident())


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


async def start_to_ready() -> dict[str, object]:
    """Start `callcentre run` against a PBX that answers at once; the time until /-/ready says so, the median."""
    times = []
    for _ in range(STARTS):
        async with FakePbx() as pbx:
            pbx.secret = SECRET
            with TemporaryDirectory() as folder:
                web = free_port()
                path = configure(Path(folder), pbx.port, web)
                begun = time.perf_counter()
                daemon = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "callcentre", "run", "--config", str(path), stderr=subprocess.DEVNULL
                )
                try:
                    await asyncio.to_thread(until_ready, web, daemon)
                    times.append(time.perf_counter() - begun)
                finally:
                    with contextlib.suppress(ProcessLookupError):
                        daemon.terminate()
                    await daemon.wait()
    return {"seconds from start to ready": round(sorted(times)[STARTS // 2], 2)}


def until_ready(port: int, daemon: asyncio.subprocess.Process) -> None:
    """Ask the daemon on `port` until it says that it is ready. Raises RuntimeError if it ended instead."""
    while daemon.returncode is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5) as reply:
                if reply.status == 200:
                    return
        except OSError:  # nobody listens yet, or it is long in answering
            time.sleep(0.005)
    raise RuntimeError(f"the daemon ended with {daemon.returncode} before it was ready; its words stand above")


def run() -> dict[str, object]:
    """Everything this file measures; without the tape, only what needs none."""
    found: dict[str, object] = {"memory": memory(), "start": asyncio.run(start_to_ready())}
    tape = load_tape()
    if tape is None:
        return found
    stream = one_stream(tape)
    packets = stream.count(b"\r\n\r\nEvent: ") + stream.startswith(b"Event: ")
    kept, number = kept_only(stream)
    return found | {"full stream": through(stream, packets), "kept events only": through(kept, number)}
