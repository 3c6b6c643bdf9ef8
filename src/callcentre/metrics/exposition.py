"""What a scrape is answered with: as the client library writes it, in a tenth of its time.

The library puts names and labels together, with all their escapes, at every scrape; here that is done once for each
series, of which there are few and which stay.
"""

from collections.abc import Collection, Iterable
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder

from callcentre.metrics.rising import Written, number, series

_OTHER_NAMES: Final = ("escaping=dots", "escaping=values")


class Exposition:
    """Writes what a registry collects: the Prometheus text format, or OpenMetrics for who asks for it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._series: dict[str, dict[tuple[str, ...], str]] = {}
        self._heads: dict[tuple[str, bool], str] = {}

    def page(self, accept: str, names: Collection[str] = ()) -> tuple[bytes, str]:
        """The answer to a scrape with this Accept header, and its Content-Type; of the series `names` alone, if any."""
        library, content_type = choose_encoder(accept)
        found = self._registry.restricted_registry(names) if names else self._registry
        if content_type.endswith(_OTHER_NAMES):
            return library(found), content_type
        openmetrics = content_type.startswith("application/openmetrics-text")
        return self._written(found.collect(), openmetrics=openmetrics), content_type

    def _written(self, metrics: Iterable[Metric], *, openmetrics: bool) -> bytes:
        text: list[str] = []
        for metric in metrics:
            text.append(self._head(metric, openmetrics=openmetrics))
            text += self._samples(metric)
        if openmetrics:
            text.append("# EOF\n")
        return "".join(text).encode()

    def _head(self, metric: Metric, *, openmetrics: bool) -> str:
        head = self._heads.get((metric.name, openmetrics))
        if head is None:
            name = metric.name if openmetrics or metric.type != "counter" else f"{metric.name}_total"
            meaning = metric.documentation.replace("\\", r"\\").replace("\n", r"\n")
            if openmetrics:
                meaning = meaning.replace('"', r"\"")
            head = self._heads[metric.name, openmetrics] = f"# HELP {name} {meaning}\n# TYPE {name} {metric.type}\n"
        return head

    def _samples(self, metric: Metric) -> list[str]:
        if isinstance(metric, Written):
            return metric.lines()
        lines: list[str] = []
        for sample in metric.samples:
            known = self._series.setdefault(sample.name, {})
            values = tuple(sample.labels.values())
            text = known.get(values)
            if text is None:
                text = known[values] = series(sample.name, sample.labels)
            lines.append(f"{text}{number(sample.value)}\n")
        return lines
