"""Gauges of what is promised on each line, and how it stands today, read when scraped."""

from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from callcentre.core.charter import Office
from callcentre.core.today import Today
from callcentre.metrics.families import gauge


class PromisedGauges(Collector):
    """The charters' targets, and today's figures. They are our own books: they stay when a PBX is out of sight."""

    def __init__(self, office: Office, now: Callable[[], datetime], today: Today) -> None:
        self._lines = office.lines
        self._now = now
        self._today = today

    def collect(self) -> Iterator[Metric]:
        """Read the targets and the day so far."""
        yield from self._targets()
        yield from self._figures(self._now())

    def _targets(self) -> Iterator[Metric]:
        seconds = gauge("line_target_seconds", "Seconds within which a call is promised to be answered", "line")
        rings = gauge("line_target_rings", "Rings within which a call is promised to be answered", "line")
        ratio = gauge("line_target_ratio", "Share of the calls for which the targets are promised", "line")
        for line in self._lines:
            name, charter = (line.pbx, line.name), line.charter
            promised = (charter.answer_seconds, charter.answer_rings, charter.answer_fraction)
            for target, value in zip((seconds, rings, ratio), promised, strict=True):
                if value is not None:
                    target.add_metric(name, value)
        yield from (seconds, rings, ratio)

    def _figures(self, now: datetime) -> Iterator[Metric]:
        calls = gauge("today_calls", "Outside calls of today's core hours that are decided", "line", "counted")
        within = gauge("today_calls_within_target", "Of these, calls answered within the target", "line", "target")
        for line in self._lines:
            name, today = (line.pbx, line.name), self._today.figures(line.name, now)
            counted = {
                "strict": today.strict,
                "headline": today.headline,
                "answered": today.answered,
                "abandoned": today.abandoned,
            }
            for word, number in counted.items():
                calls.add_metric((*name, word), number)
            within.add_metric((*name, "seconds"), today.within_seconds)
            within.add_metric((*name, "rings"), today.within_rings)
        yield from (calls, within)
