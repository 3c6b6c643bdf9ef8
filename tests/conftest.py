"""What holds for every test."""

import gc
import os
import signal
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

import callcentre
import callcentre_simulator

CHANCE = "CALLCENTRE_TEST_CHANCE"
"""Who sets it draws other examples at each run; without it a run is one that can be repeated, wherever it is made."""

# How long an example takes, to draw or to try, says how busy the machine is, and nothing of the product.
settings.register_profile("callcentre", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("repeatable", parent=settings.get_profile("callcentre"), derandomize=True, database=None)
settings.load_profile("callcentre" if os.environ.get(CHANCE) else "repeatable")

# A shell that starts the tests in the background has Ctrl-C ignored by all that they start; here it is to be heard.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What the tests are made of stays until the end: the collector need not look through it again and again."""
    drawing = [item for item in session.items if is_hypothesis_test(getattr(item, "obj", None))]
    if drawing and not os.environ.get(CHANCE):
        _load_everything()
        _only_what_repeats(drawing)
    gc.collect()
    gc.freeze()


def _load_everything() -> None:
    """Hypothesis draws from the constants of the modules that are loaded: let those be the same whatever ran before."""
    for package in (callcentre, callcentre_simulator):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(".__main__"):
                import_module(module.name)


def _only_what_repeats(drawing: list[pytest.Item]) -> None:
    """A test that draws at random, or that a busy machine fails, does not get as far as being run."""
    for item in drawing:
        used = settings_of(item)
        if not used.derandomize or used.deadline is not None or HealthCheck.too_slow not in used.suppress_health_check:
            raise pytest.UsageError(f"{item.nodeid}: its settings leave something to chance; see tests/conftest.py")


def settings_of(item: Any) -> settings:
    """How a test of hypothesis draws; that of a state machine stands on its class."""
    used = getattr(item.obj, "_hypothesis_internal_use_settings", None) or getattr(item.cls, "settings", None)
    assert isinstance(used, settings)
    return used


@pytest.fixture(scope="module", autouse=True)
def nothing_left_open() -> Iterator[None]:
    """What a module leaves open (a socket, an answer that nobody read) fails that module, and not whichever is next."""
    yield
    gc.collect()
