"""The demo: a simulated office over real AMI, with a history that was played through the product, nothing to set up."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from callcentre.demo.scenarios import pieces, write_live, write_office
from callcentre.demo.simulated import serving, take_in
from callcentre.runtime.clock import SystemClock

NOTICE: Final = (
    "Demo: a simulated office, open around the clock and always busy, so that there is something to see at any hour. "
    "Its people and its PBX are made up; the AMI link, the measuring, the database and the metrics are the real ones."
)


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo in a folder of its own."""

    folder: Path

    async def prepare(self, days: int, progress: Callable[[float], None]) -> None:
        """Make the history of the last `days` days; `progress` is told which part of it (0 to 1) is measured."""
        now = SystemClock().now()
        past = pieces(now, days)
        begin = past[0].start

        def told(at: datetime) -> None:
            progress(min(1.0, (at - begin) / (now - begin)))

        write_office(self.folder)
        await take_in(past, self.folder, self._store, told)

    @contextmanager
    def live(self, port: int) -> Iterator[Path]:
        """Start the live office; yield the configuration for it, with pages on `port` or on a free one if taken."""
        scenario = write_live(SystemClock().now(), self.folder)
        with serving(scenario, self.folder / "live") as config:
            ours = f'\n[store]\nurl = "{self._store}"\n\n[web]\nport = {_free(port)}\n'
            config.write_text(config.read_text("utf-8") + ours, "utf-8")
            yield config

    @property
    def _store(self) -> str:
        return f"sqlite:///{self.folder}/demo.sqlite"


@contextmanager
def demo() -> Iterator[Demo]:
    """A demo; everything of it is gone afterwards."""
    with TemporaryDirectory(prefix="callcentre-demo-") as folder:
        yield Demo(Path(folder))


def _free(port: int) -> int:
    """Return `port` if nobody listens there, else any free one."""
    for wanted in (port, 0):
        try:
            with socket.create_server(("127.0.0.1", wanted)) as listening:
                return int(listening.getsockname()[1])
        except OSError:
            continue
    return port
