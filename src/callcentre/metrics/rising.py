"""Counters and histograms that cost little to raise, and next to nothing to write.

Those of the client library are made for threads and for labels of any kind: writing ours at a scrape takes them longer
than the loop may be held up. These belong to the loop alone; their labels are checked once, when a series is made. To
the library's registry they are metrics like all others.
"""

import math
from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate
from typing import Final, Generic, TypeVar

from prometheus_client.core import Metric, Sample
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

_PLAIN: Final = 1_000_000.0
"""From here on Prometheus writes exponents where Python does not."""


def number(value: float) -> str:
    """A value as Prometheus writes it."""
    value = float(value)
    if 0.0 <= value < _PLAIN:
        return repr(value)
    text: str = floatToGoString(value)  # type: ignore[no-untyped-call]
    return text


def series(name: str, labels: dict[str, str]) -> str:
    """A series as it is written: its name, its labels in order, and the blank before the value."""
    written = ",".join(f'{label}="{_escaped(value)}"' for label, value in sorted(labels.items()))
    return f"{name}{{{written}}} " if written else f"{name} "


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


class Series:
    """What has the same labels in a metric: one series, or those of a histogram; `values` are in their order."""

    __slots__ = ("named", "texts")

    def __init__(self, named: Sequence[tuple[str, dict[str, str]]]) -> None:
        self.named = tuple(named)
        self.texts = tuple(series(name, labels) for name, labels in named)

    @abstractmethod
    def values(self) -> Sequence[float]:
        """What they stand at."""


class Counter(Series):
    """One series that only rises."""

    __slots__ = ("_value",)

    def __init__(self, name: str, labels: dict[str, str]) -> None:
        super().__init__([(f"{name}_total", labels)])
        self._value = 0.0

    def inc(self, by: float = 1.0) -> None:
        """Raise it."""
        self._value += by

    def values(self) -> Sequence[float]:
        """What it stands at."""
        return (self._value,)


class Histogram(Series):
    """How often a value was at most so much; `edges` rise, without the last, which is infinite."""

    __slots__ = ("_counts", "_edges", "_sum")

    def __init__(self, name: str, labels: dict[str, str], edges: Sequence[float]) -> None:
        buckets = [(f"{name}_bucket", {**labels, "le": number(edge)}) for edge in (*edges, math.inf)]
        super().__init__([*buckets, (f"{name}_count", labels), (f"{name}_sum", labels)])
        self._edges = edges
        self._counts = [0.0] * len(buckets)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._edges, value)] += 1.0
        self._sum += value

    def values(self) -> Sequence[float]:
        """The buckets, each with those below it; how many, and their sum."""
        buckets = list(accumulate(self._counts))
        return [*buckets, buckets[-1], self._sum]


C = TypeVar("C", bound=Series)


class Family(Collector, Generic[C]):
    """All series of one metric, by their labels; they stay as long as the process runs."""

    def __init__(
        self, metric: tuple[str, str, str], labels: Sequence[str], make: Callable[[dict[str, str]], C]
    ) -> None:
        self._labels = tuple(labels)
        self._make = make
        self._children: dict[tuple[str, ...], C] = {}
        self._metric = Written(*metric, self._children)

    def labels(self, *values: str) -> C:
        """The series with these values of the labels, in their order; made at 0 when it is first wanted."""
        child = self._children.get(values)
        if child is None:
            child = self._children[values] = self._make(dict(zip(self._labels, map(str, values), strict=True)))
        return child

    def collect(self) -> Iterator[Metric]:
        """The metric."""
        yield self._metric

    def describe(self) -> Iterator[Metric]:
        """The metric, for its name."""
        yield self._metric


class Written(Metric):
    """A metric that writes itself; the library's samples are made for whoever asks for them."""

    def __init__(self, name: str, meaning: str, kind: str, children: Mapping[tuple[str, ...], Series]) -> None:
        self._children = children
        super().__init__(name, meaning, kind)

    def lines(self) -> list[str]:
        """What a scrape is told."""
        return [
            f"{text}{number(value)}\n"
            for child in self._children.values()
            for text, value in zip(child.texts, child.values(), strict=True)
        ]

    @property
    def samples(self) -> list[Sample]:
        """The same for the library."""
        return [
            Sample(name, labels, value)
            for child in self._children.values()
            for (name, labels), value in zip(child.named, child.values(), strict=True)
        ]

    @samples.setter
    def samples(self, _none: list[Sample]) -> None:
        """The library begins each metric without any."""


def counters(name: str, meaning: str, labels: Sequence[str]) -> Family[Counter]:
    """A counter by labels; its name ends in `_total`, as queries know it."""
    stem = name.removesuffix("_total")
    return Family((stem, meaning, "counter"), labels, partial(Counter, stem))


def histograms(name: str, meaning: str, labels: Sequence[str], edges: Sequence[float]) -> Family[Histogram]:
    """A histogram by labels, with these edges."""
    return Family((name, meaning, "histogram"), labels, partial(Histogram, name, edges=tuple(map(float, edges))))
