"""What holds for every test."""

import gc
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

# How long one example takes says how busy the machine is, and nothing of the product.
settings.register_profile("callcentre", parent=settings.get_profile(settings.get_current_profile_name()), deadline=None)
settings.load_profile("callcentre")

# A shell that starts the tests in the background has Ctrl-C ignored by all that they start; here it is to be heard.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """What the tests are made of stays until the end: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def nothing_left_open() -> Iterator[None]:
    """What a module leaves open (a socket, an answer that nobody read) fails that module, and not whichever is next."""
    yield
    gc.collect()
