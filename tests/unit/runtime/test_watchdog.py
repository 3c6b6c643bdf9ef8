"""The service manager hears from a loop that turns, as often as it asked to, and not otherwise."""

from callcentre.runtime.clock import ManualClock
from callcentre.runtime.watchdog import Watchdog
from tests.unit.runtime.samples import NOON


def test_it_pings_at_half_the_time_that_systemd_allows() -> None:
    said: list[str] = []
    clock = ManualClock(NOON)
    watchdog = Watchdog(clock, {"WATCHDOG_USEC": "20000000"}, said.append)
    watchdog.ready()
    for _ in range(40):
        watchdog.turned()
        clock.advance(1)
    watchdog.stopping()
    assert said == ["READY=1", *["WATCHDOG=1"] * 4, "STOPPING=1"]


def test_without_a_watchdog_turning_says_nothing() -> None:
    said: list[str] = []
    Watchdog(ManualClock(NOON), {}, said.append).turned()
    assert said == []
