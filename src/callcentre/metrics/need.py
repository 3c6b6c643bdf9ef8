"""The gauge of how many agents are needed, read when scraped."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class NeedGauge(Collector):
    """Agents required in this half-hour; `required` tells PBX, line and number, and leaves out what is not known."""

    def __init__(self, required: Callable[[], Iterable[tuple[str, str, int]]]) -> None:
        self._required = required

    def collect(self) -> Iterator[Metric]:
        """Read what is required now."""
        gauge = GaugeMetricFamily(
            "callcentre_agents_required",
            "Agents needed to keep the charter's target in this half-hour, from the last eight weeks (Erlang A)",
            labels=("pbx", "line"),
        )
        for pbx, line, agents in self._required():
            gauge.add_metric((pbx, line), agents)
        yield gauge
