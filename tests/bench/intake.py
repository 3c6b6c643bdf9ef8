"""Events a second of the whole intake over loopback, socket to event: ours and two peers, one stream, one core each.

A server process on another core pushes the `load` tape as recorded, as fast as the reader takes it. Each reader is a
fresh process on one core; the time runs from the login to the end of the stream. Peers deliver every event to a
callback that counts it; ours drops by name what nobody handles and delivers core events. Rounds alternate, and the
best of each counts: whatever else the machine does only ever makes a round slower.

`python -m tests.bench.intake` runs all; with `server` or the name of a reader it is one of the processes.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from callcentre.ami.client import AmiClient
from callcentre.ami.login import AmiEndpoint
from callcentre.ami.tape import read_tape
from callcentre.core.events import Event, LinkDown
from callcentre.runtime.clock import SystemClock

ROUNDS = 5
TRIAL = {"ROUNDS": 1}
OWN_TAPES = Path(__file__).parents[1] / "tapes"
LOGIN_REPLY = b"Asterisk Call Manager/11.0.0\r\n"


def load_tape() -> Path | None:
    """The `load` tape of a folder that CALLCENTRE_TAPES names, or one of our own."""
    folders = [Path(name) for name in os.environ.get("CALLCENTRE_TAPES", "").split(":") if name]
    found = [path for folder in (*folders, OWN_TAPES) for path in sorted(folder.glob("**/load/ami.jsonl*"))]
    return found[0] if found else None


def stream_of(tape: Path) -> bytes:
    """All that the PBX sent after the login."""
    data = b"".join(record.data for record in read_tape(tape))
    return data[data.index(b"Event: FullyBooted") :]


def on_core(number: int) -> None:
    """Stay on one core, if there are two."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > number:
        os.sched_setaffinity(0, {number})


# --- the server's process ------------------------------------------------------------------------------------------


def serve(tape: Path) -> None:
    """Answer each login with the whole stream, then close; print the port, and end with the pipe that started us."""
    on_core(1)
    stream = stream_of(tape)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], len(stream), stream.count(b"\r\n\r\nEvent: ") + 1, flush=True)
        while True:
            reader, _ = listening.accept()
            with reader:
                push(reader, stream)


def push(reader: socket.socket, stream: bytes) -> None:
    """Log one reader in, by challenge or plainly, and push the stream."""
    reader.sendall(LOGIN_REPLY)
    asked = b""
    while b"Action: Login" not in asked:
        asked = b""
        while not asked.endswith(b"\r\n\r\n"):
            if not (more := reader.recv(4096)):
                return
            asked += more
        headers = dict(line.split(b": ", 1) for line in asked.strip().split(b"\r\n"))
        reply = b"Response: Success\r\nActionID: " + headers[b"ActionID"] + b"\r\n"
        reader.sendall(reply + (b"Challenge: 1\r\n\r\n" if b"Challenge" in asked else b"Message: accepted\r\n\r\n"))
    try:
        reader.sendall(stream)
        reader.shutdown(socket.SHUT_WR)
        while reader.recv(65_536):  # pings, until the reader has had it all and closes
            pass
    except ConnectionError:
        return


# --- the readers' processes ----------------------------------------------------------------------------------------


class _Quiet:
    """Observer and log of a client that nobody watches; keeps the counts of events."""

    def __init__(self) -> None:
        self.seen = 0

    def link(self, pbx: str, *, up: bool) -> None: ...

    def reconnected(self, pbx: str) -> None: ...

    def events(self, pbx: str, counts: Mapping[str, int]) -> None:
        self.seen += sum(counts.values())

    def quarantined(self, pbx: str, reason: str) -> None:
        raise AssertionError(f"the tape was not believed: {reason}")

    def lag(self, pbx: str, seconds: float) -> None: ...

    def debug(self, event: str, /, **fields: object) -> None: ...

    info = warning = error = exception = debug


async def never(_seconds: float) -> None:
    """No Ping but the first: the server does not answer them."""
    await asyncio.Event().wait()


def read_ours(port: int) -> tuple[float, int, int]:
    """Seconds, events seen, core events delivered."""
    quiet = _Quiet()
    kept = 0
    began = ended = 0.0

    async def main() -> None:
        nonlocal began
        done = asyncio.Event()

        def sink(events: Sequence[Event], size: int) -> bool:
            nonlocal kept, ended
            kept += len(events)
            if isinstance(events[-1], LinkDown):
                ended = time.perf_counter()
                done.set()
            return True

        client = AmiClient(
            AmiEndpoint(pbx="lab", host="127.0.0.1", port=port, username="bench", secret="bench"),
            clock=SystemClock(),
            sink=sink,
            observer=quiet,
            log=quiet,
            sleep=never,
        )
        async with asyncio.TaskGroup() as tasks:
            began = time.perf_counter()
            running = tasks.create_task(client.run())
            await done.wait()
            running.cancel()

    asyncio.run(main())
    return ended - began, quiet.seen, kept - 2


def read_panoramisk(port: int) -> tuple[float, int, int]:
    """Seconds, events seen, events delivered."""
    from panoramisk import Manager

    seen = 0

    def count(_manager: Any, _message: Any) -> None:
        nonlocal seen
        seen += 1

    async def main() -> float:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[float] = loop.create_future()

        def gone(_manager: Any, _error: Any) -> None:
            if not done.done():
                done.set_result(time.perf_counter())

        manager = Manager(
            loop=loop,
            host="127.0.0.1",
            port=port,
            username="bench",
            secret="bench",
            on_disconnect=gone,
        )
        manager.register_event("*", count)
        began = time.perf_counter()
        await manager.connect()
        return await done - began

    return asyncio.run(main()), seen, seen


def read_asterisk_ami(port: int) -> tuple[float, int, int]:
    """Seconds, events seen, events delivered."""
    from asterisk.ami import AMIClient

    seen = 0
    ended = 0.0
    done = threading.Event()

    def count(**_told: Any) -> None:
        nonlocal seen
        seen += 1

    def finished(**_told: Any) -> None:
        nonlocal ended
        ended = time.perf_counter()
        done.set()

    client = AMIClient(address="127.0.0.1", port=port)
    client.add_event_listener(count)
    client.add_listener(on_disconnect=finished)
    began = time.perf_counter()
    client.login(username="bench", secret="bench")
    done.wait()
    return ended - began, seen, seen


READERS: dict[str, tuple[str, Callable[[int], tuple[float, int, int]]]] = {
    "ours": ("callcentre", read_ours),
    "panoramisk": ("panoramisk", read_panoramisk),
    "asterisk-ami": ("asterisk-ami", read_asterisk_ami),
}


# --- all together --------------------------------------------------------------------------------------------------


def measure(reader: str, port: int) -> dict[str, float]:
    """One round of one reader in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.intake", reader, str(port)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    figures: dict[str, float] = json.loads(answer.stdout)
    return figures


def run() -> dict[str, Any]:
    """Rounds of each reader in turn; the best of each, by the clock on the wall and by the processor's own."""
    tape = load_tape()
    if tape is None:
        return {"skipped": "no load tape: name its folder in CALLCENTRE_TAPES"}
    command = [sys.executable, "-m", "tests.bench.intake", "server", str(tape)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port, size, events = map(int, server.stdout.readline().split())
        rounds = [{name: measure(name, port) for name in READERS} for _ in range(ROUNDS)]
        assert server.stdin is not None
        server.stdin.close()
    for name in READERS:
        seen = {told[name]["seen"] for told in rounds}
        assert seen == {events}, f"{name} saw {seen} of {events} events"
    best = {name: min(told[name]["seconds"] for told in rounds) for name in READERS}
    busy = {name: min(told[name]["cpu_seconds"] for told in rounds) for name in READERS}
    return {
        "events": events,
        "megabytes": round(size / 1e6, 1),
        "core events delivered": rounds[0]["ours"]["delivered"],
        **{f"{name} {version(READERS[name][0])}, events/s": round(events / best[name]) for name in READERS},
        **{f"{name}, events per CPU second": round(events / busy[name]) for name in READERS},
        "times panoramisk": round(best["panoramisk"] / best["ours"], 2),
        "times asterisk-ami": round(best["asterisk-ami"] / best["ours"], 2),
    }


def main(arguments: list[str]) -> None:
    """One of the processes, or all of them."""
    if not arguments:
        print(json.dumps(run(), indent=2))
    elif arguments[0] == "server":
        serve(Path(arguments[1]))
    else:
        on_core(0)
        cpu = time.process_time()
        seconds, seen, delivered = READERS[arguments[0]][1](int(arguments[1]))
        cpu = time.process_time() - cpu
        print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "seen": seen, "delivered": delivered}))


if __name__ == "__main__":
    main(sys.argv[1:])
