"""How it stands with the recorded messages that callers hear (H8), read when scraped."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class GreetingGauge(Collector):
    """Recorded messages by PBX, line and how they stand; `standings` leaves out what there is none of."""

    def __init__(self, standings: Callable[[], Iterable[tuple[str, str, str, int]]]) -> None:
        self._standings = standings

    def collect(self) -> Iterator[Metric]:
        """Tell what the last look found, by the sign-offs there are."""
        found = GaugeMetricFamily(
            "callcentre_greetings",
            "Recorded messages that callers hear, by how it stands with them",
            labels=("pbx", "line", "standing"),
        )
        for pbx, line, standing, count in self._standings():
            found.add_metric((pbx, line, standing), count)
        yield found
