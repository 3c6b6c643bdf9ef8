"""How many events a second the simulated PBX puts on a socket from one core, with ten thousand calls in progress.

The reader is a process of its own, which logs in, reads all and counts; the simulator runs as fast as it is read.
"""

import asyncio
import subprocess
import sys
from typing import Any

from callcentre_simulator.accounts import Account
from callcentre_simulator.ami_server import AmiServer
from callcentre_simulator.clock import AS_FAST_AS_READ, Clock
from callcentre_simulator.load import LoadPbx, sampled
from callcentre_simulator.scenario import build, find, read

CALLS = 10_000
TOTAL = 15_000
START = 1_795_000_000.0

READER = """
import os, socket, sys
if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) < (os.cpu_count() or 1):
    os.sched_setaffinity(0, set(range(os.cpu_count())) - os.sched_getaffinity(0))
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
line.sendall(b"Action: Login\\r\\nUsername: load\\r\\nSecret: load\\r\\n\\r\\nAction: Ping\\r\\n\\r\\n")
events = size = 0
tail = b""
while data := line.recv(1 << 20):
    size += len(data)
    events += (tail + data).count(b"Event: ")
    tail = data[-6:]
print(events, size)
"""


async def served() -> dict[str, Any]:
    """Serve the load to one reader, and time it."""
    model = LoadPbx(sampled(build(read(find("sixth_ring")))), calls=CALLS, start=START, total=TOTAL)
    loop = asyncio.get_running_loop()
    began = ended = 0.0
    async with AmiServer(model, {"load": Account("load", "load")}, clock=Clock(AS_FAST_AS_READ)) as server:
        reader = await asyncio.create_subprocess_exec(
            sys.executable, "-c", READER, str(server.port), stdout=subprocess.PIPE
        )
        await server.readable()
        began = loop.time()
        await server.finished()
        ended = loop.time()
    answer, _ = await reader.communicate()
    events, size = map(int, answer.split())
    return {
        "calls in progress": model.most_in_progress,
        "calls": model.completed,
        "events": events,
        "events a second": round(events / (ended - began)),
        "megabytes a second": round(size / 1e6 / (ended - began)),
        "a real Asterisk, at most, events a second": 72_000,
    }


def run() -> dict[str, Any]:
    """The figures."""
    return asyncio.run(served())
