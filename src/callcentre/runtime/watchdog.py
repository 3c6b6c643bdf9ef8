"""What systemd is told: ready, still turning, stopping. Without systemd every word goes nowhere."""

import os
from collections.abc import Callable, Mapping

from sdnotify import SystemdNotifier

from callcentre.runtime.clock import Clock

# systemd's advice: ping at half the time after which it restarts the service.
_SHARE = 0.5


class Watchdog:
    """Speaks to the service manager. `turned` is called by the loop at each turn, so that a stuck loop falls silent."""

    def __init__(
        self, clock: Clock, env: Mapping[str, str] = os.environ, say: Callable[[str], object] | None = None
    ) -> None:
        self._clock = clock
        if say is None:
            # Without a service manager, the library would leave an open socket behind.
            say = SystemdNotifier().notify if env.get("NOTIFY_SOCKET") else _nobody
        self._say = say
        usec = env.get("WATCHDOG_USEC", "")
        self._every = int(usec) / 1e6 * _SHARE if usec.isdigit() else None
        self._next = 0.0

    def ready(self) -> None:
        """The daemon measures."""
        self._say("READY=1")

    def stopping(self) -> None:
        """The daemon was told to stop."""
        self._say("STOPPING=1")

    def turned(self) -> None:
        """The loop has turned once more; systemd hears of it as often as it asked to."""
        if self._every is None:
            return
        now = self._clock.monotonic()
        if now >= self._next:
            self._next = now + self._every
            self._say("WATCHDOG=1")


def _nobody(_word: str) -> None:
    """Nobody listens."""
