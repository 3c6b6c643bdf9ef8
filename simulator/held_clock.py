"""A clock that stands still until it is released, so that a scenario begins when somebody listens."""

from callcentre_simulator.clock import Clock


class HeldClock(Clock):
    """As Clock, but time stands still at its start until `release`."""

    def __init__(self, speed: float = 1.0) -> None:
        super().__init__(speed)
        self._held: float | None = None

    def start(self, at: float) -> None:
        """The PBX's time is `at`, and stays so."""
        self._held = at
        super().start(at)

    def now(self) -> float:
        """The PBX's time now."""
        return super().now() if self._held is None else self._held

    def release(self) -> None:
        """Time runs from here."""
        if self._held is not None:
            super().start(self._held)
            self._held = None
