"""What the daemon answers to scrapes at many moments, in one OpenMetrics file, for promtool to make blocks of.

Each sample gets what a scrape adds, the labels `job` and `instance`, and beside them stands `up`, Prometheus's own.
"""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from prometheus_client import CollectorRegistry

from callcentre.metrics.exposition import Exposition

JOB, INSTANCE = "callcentre", "127.0.0.1:8090"
_ACCEPT: Final = "application/openmetrics-text;version=1.0.0"
_TARGET: Final = f'job="{JOB}",instance="{INSTANCE}"'


class Scrapes:
    """Writes what scrapes got into a file; a context manager that ends it as OpenMetrics wants.

    `wanted` names the samples to write (`callcentre_calls_total`): those that nobody asks for cost time for nothing.
    """

    def __init__(self, path: Path, wanted: Collection[str]) -> None:
        self._file: IO[str] = path.open("w", encoding="utf-8")
        self._wanted = frozenset(wanted)
        self._registry: CollectorRegistry | None = None
        self._series: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.write("# EOF\n")
        self._file.close()

    def scrape(self, registry: CollectorRegistry, at: datetime, *, up: bool = True) -> None:
        """Write what a scrape gets at a moment; only that nobody answers, if it is not `up`."""
        stamp = f" {at.timestamp():.0f}\n"
        self._file.write(f"up{{{_TARGET}}} {int(up)}{stamp}")
        if not up:
            return
        if registry is not self._registry:
            self._registry, self._exposition = registry, Exposition(registry)
        page, _ = self._exposition.page(_ACCEPT)
        lines: list[str] = []
        for line in page.decode().splitlines():
            if line[0] == "#":
                continue
            series, _, value = line.rpartition(" ")
            known = self._series.get(series)
            if known is None:
                known = self._series[series] = self._scraped(series)
            if known:
                lines.append(f"{known} {value}{stamp}")
        self._file.writelines(lines)

    def _scraped(self, series: str) -> str:
        """A series with the labels of a scrape; empty if nobody wants it."""
        name, _, labels = series.partition("{")
        if name not in self._wanted:
            return ""
        return f"{name}{{{_TARGET},{labels}" if labels else f"{name}{{{_TARGET}}}"
