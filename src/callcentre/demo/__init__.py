"""The demo: a simulated office over real AMI, with a history that was played through the product, nothing to set up."""

import platform
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from callcentre.config.load import load
from callcentre.demo.cases import put_cases
from callcentre.demo.guests import let_in
from callcentre.demo.sayings import put_sayings
from callcentre.demo.scenarios import open_always, pieces, write_live, write_office
from callcentre.demo.simulated import serving, take_in
from callcentre.runtime.clock import SystemClock

NOTICE: Final = (
    "Demo: a simulated office, open around the clock. Its people and its PBX are made up; "
    "the link to it, the database and these pages are real."
)
CALLING: Final = '\n[calling]\nalso = ["07700900"]\n'
"""Ofcom's numbers for drama belong to nobody: the simulated callers have them, and may be called back."""

_HOLDS: Final = platform.system() == "Linux"
"""Whether a port that is bound, and not listened on, may be listened on by another process; elsewhere it may not."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo in a folder of its own."""

    folder: Path

    async def prepare(self, days: int, progress: Callable[[float], None]) -> None:
        """Make the accounts, and the history of the last `days` days.

        `progress` is told which part of it (0 to 1) is measured.
        """
        now = SystemClock().now()
        past = pieces(now, days)
        begin = past[0].start

        def told(at: datetime) -> None:
            progress(min(1.0, (at - begin) / (now - begin)))

        write_office(self.folder)
        await take_in(past, self.folder, self._store, told)
        await let_in(self._store)

    @asynccontextmanager
    async def live(self, port: int) -> AsyncIterator[Path]:
        """Start the live office; yield the configuration for it, with pages on `port` or on a free one if taken."""
        scenario = write_live(SystemClock().now(), self.folder)
        with _held(port) as free:
            async with serving(scenario, self.folder / "live") as config:
                open_always(config, SystemClock().now())
                ours = f'\n[store]\nurl = "{self._store}"\n\n[web]\nport = {free}\n{CALLING}'
                config.write_text(config.read_text("utf-8") + ours, "utf-8")
                office, now = load(config, {}).office, SystemClock().now()
                await put_cases(self._store, office, now)
                await put_sayings(self._store, office, now)
                yield config

    @property
    def _store(self) -> str:
        return f"sqlite:///{self.folder}/demo.sqlite"


@contextmanager
def demo() -> Iterator[Demo]:
    """A demo; everything of it is gone afterwards."""
    with TemporaryDirectory(prefix="callcentre-demo-") as folder:
        yield Demo(Path(folder))


@contextmanager
def _held(port: int) -> Iterator[int]:
    """Yield `port` if nobody listens there, else any free one; on Linux nobody else is given it in the meantime."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind(("127.0.0.1", port))
        except OSError:
            held.bind(("127.0.0.1", 0))
        found = int(held.getsockname()[1])
        if not _HOLDS:
            held.close()
        yield found
