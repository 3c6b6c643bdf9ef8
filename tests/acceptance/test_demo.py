"""The demo: alive with nothing set up, honest about what it is, and gone without a trace."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
import urllib.request
from pathlib import Path

from tests.acceptance.office import DEADLINE

OFFERED = 'callcentre_calls_offered_total{hours="core",line="enquiries",pbx="demo"} 1.0'


def read(url: str) -> str:
    """The text of a page."""
    with urllib.request.urlopen(url, timeout=10) as reply:
        return str(reply.read().decode())


def until_told(url: str, words: str) -> None:
    """Ask for a page until it holds `words`."""
    while words not in read(url):
        time.sleep(0.1)


async def fetch(url: str) -> str:
    """The text of a page, without standing in anybody's way."""
    return await asyncio.to_thread(read, url)


async def test_the_demo_measures_real_calls_says_what_it_is_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        demo = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "callcentre", "demo", "--port", str(taken.getsockname()[1])),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        )
        try:
            assert demo.stdout is not None
            async with asyncio.timeout(DEADLINE):
                while not (found := re.search(r"http://\S+(?=/\n)", (await demo.stdout.readline()).decode())):
                    assert demo.returncode is None
            address = found.group()
            async with asyncio.timeout(2 * DEADLINE):
                await asyncio.to_thread(until_told, f"{address}/metrics", OFFERED)
            page = await fetch(f"{address}/")
            assert "a recording of a real Asterisk" in page
            assert "demo: in sight" in page
            assert "callcentre_ami_quarantined_total{" not in await fetch(f"{address}/metrics")
            demo.send_signal(signal.SIGINT)
            async with asyncio.timeout(DEADLINE):
                _, said = await demo.communicate()
        finally:
            if demo.returncode is None:
                demo.kill()
    assert (demo.returncode, said.decode()) == (0, "")
    assert os.listdir(tmp_path) == [], "its database is gone"  # noqa: PTH208
