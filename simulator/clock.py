"""The PBX's time against the machine's: real, N times faster, or as fast as the reader can read."""

import math
import time
from collections.abc import Callable

AS_FAST_AS_READ = math.inf
"""The speed at which the model runs whenever what it said has been read."""


def wall_time() -> float:
    """The machine's own time, epoch seconds: where a live scenario starts."""
    return time.time()  # noqa: TID251 (the simulator's only look at the wall clock)


class Clock:
    """Where the model's time should be now. `speed` is PBX seconds a second; AS_FAST_AS_READ has no such answer."""

    def __init__(self, speed: float = 1.0, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        if not speed > 0:
            raise ValueError(f"a speed must be above 0, not {speed}")
        self.speed = speed
        self._monotonic = monotonic
        self._from = (0.0, 0.0)

    @property
    def runs_free(self) -> bool:
        """Whether only the reader holds the model back."""
        return math.isinf(self.speed)

    def start(self, at: float) -> None:
        """The PBX's time is `at` now; it runs from here."""
        self._from = (at, self._monotonic())

    def now(self) -> float:
        """The PBX's time now."""
        at, since = self._from
        return at + (self._monotonic() - since) * self.speed

    def delay_until(self, at: float) -> float:
        """Real seconds until the PBX's time is `at`; never below 0."""
        return max(0.0, (at - self.now()) / self.speed)
