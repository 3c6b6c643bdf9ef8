"""A scrape is answered as the client library would, whoever asks, however often."""

import math

import pytest
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client import Counter as LibraryCounter
from prometheus_client import Histogram as LibraryHistogram
from prometheus_client.core import Sample
from prometheus_client.exposition import choose_encoder

from callcentre.metrics.exposition import Exposition
from callcentre.metrics.rising import counters, histograms
from tests.unit.metrics.test_metrics_page import full_scrape

PLAIN = ""
PROMETHEUS_2 = "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,*/*"
PROMETHEUS_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3"
TEXT_1 = "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6"
DOTS = "application/openmetrics-text;version=1.0.0;escaping=dots"
ACCEPTS = pytest.mark.parametrize("accept", [PLAIN, PROMETHEUS_2, PROMETHEUS_3, TEXT_1, DOTS])
HOSTILE = 'a "quoted\\" line\n# HELP forged 1 {é}'


def own(text: bytes) -> list[str]:
    """The lines, but for those of the process, which never stands still."""
    return [line for line in text.decode().split("\n") if "process_" not in line]


def samples(registry: CollectorRegistry) -> list[Sample]:
    """All there are but the moments at which series were made, which we do not tell."""
    return [each for metric in registry.collect() for each in metric.samples if not each.name.endswith("_created")]


@ACCEPTS
def test_every_metric_is_written_as_the_library_writes_it(accept: str) -> None:
    registry = full_scrape().registry
    exposition = Exposition(registry)
    for _ in range(2):
        library, content_type = choose_encoder(accept)
        body, said = exposition.page(accept)
        assert said == content_type
        assert own(body) == own(library(registry))


@ACCEPTS
@pytest.mark.parametrize("value", [0, 1, 12.5, 1e-7, 999_999.0, 1e6, 123_456_789, 1.5e300, -1, math.inf, math.nan])
def test_whatever_the_label_and_the_value(accept: str, value: float) -> None:
    registry = CollectorRegistry()
    gauge = Gauge("some_gauge", f"Meaning: {HOSTILE}", ("one", "another"), registry=registry)
    gauge.labels(HOSTILE, "").set(value)
    registry.register(counter := counters("some_total", f"Meaning: {HOSTILE}", ("one", "another")))
    counter.labels(HOSTILE, "").inc(value)
    assert Exposition(registry).page(accept)[0] == choose_encoder(accept)[0](registry)


def test_ours_count_as_the_librarys() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    counter, histogram = counters("a_total", "A.", ("x",)), histograms("b", "B.", ("x", "y"), (1, 2.5))
    for family in (counter, histogram):
        ours.register(family)
    their_counter = LibraryCounter("a_total", "A.", ("x",), registry=theirs)
    their_histogram = LibraryHistogram("b", "B.", ("x", "y"), buckets=(1, 2.5), registry=theirs)
    for by in (0, 1, 2.5):
        counter.labels("1").inc(by)
        their_counter.labels("1").inc(by)
    for value in (-1, 0, 1, 1.0000001, 2.5, 3, 1e9):
        histogram.labels("1", "2").observe(value)
        their_histogram.labels("1", "2").observe(value)
    histogram.labels("1", "3")
    their_histogram.labels("1", "3")
    assert samples(ours) == samples(theirs)


def test_a_series_is_made_once_and_has_all_its_labels() -> None:
    family = counters("a_total", "A.", ("x", "y"))
    assert family.labels("1", "2") is family.labels("1", "2")
    with pytest.raises(ValueError, match="zip"):
        family.labels("1")


@ACCEPTS
def test_single_series_can_be_asked_for(accept: str) -> None:
    registry = full_scrape().registry
    names = ["callcentre_calls_total", "callcentre_call_answer_rings_sum", "callcentre_build_info"]
    body, _ = Exposition(registry).page(accept, names)
    assert body == choose_encoder(accept)[0](registry.restricted_registry(names))
    assert body.count(b"# TYPE") == 3
