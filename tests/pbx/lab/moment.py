"""The lab's own clock: the same epoch seconds that sipp and Asterisk write."""

import time

DAY = 86_400.0


def now() -> float:
    """Epoch seconds."""
    return time.time()  # noqa: TID251  the ban is the daemon's; the lab stands outside it
