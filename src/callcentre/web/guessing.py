"""Back-off on guessing: each failure makes the next try wait longer, up to a minute, and nobody is ever locked out.

Tries are counted before they are judged, so that many at once gain nothing. What is counted is named by a key: an
account at one address, an account, an address, a device that the account has used before.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 60.0
"""Seconds that anybody waits at most."""
FORGOTTEN: Final = 3_600.0
"""Seconds after which failures are forgotten, if no more came."""
# Past it the key that failed longest ago is forgotten: whoever fills this has waited for each.
_MOST: Final = 20_000

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How often something failed in a row, and when last (seconds of a monotonic clock)."""

    failures: int
    last: float


def delay(failures: int, free: int) -> float:
    """Seconds between the last failure and the next try: none for the first `free`, then 1, 2, 4 … up to a minute."""
    over = failures - free
    return 0.0 if over < 0 else min(LONGEST, 2.0 ** min(over, 16))


class Guesses:
    """Counts failures by key; `free` says how many the kind of a key (its first word) may have without waiting."""

    def __init__(self, free: dict[str, int]) -> None:
        self._free = free
        self._counts: OrderedDict[Key, Count] = OrderedDict()

    def wait(self, keys: Sequence[Key], now: float) -> float:
        """Seconds until a try for all of these keys is allowed."""
        return max((self._wait(key, now) for key in keys), default=0.0)

    def tried(self, keys: Sequence[Key], now: float) -> float:
        """Note a try, as a failure for now; 0 if it may be made, else the seconds to wait, and nothing is noted."""
        left = self.wait(keys, now)
        if left > 0:
            return left
        for key in keys:
            known = self._known(key, now)
            self._counts[key] = Count(failures=known.failures + 1, last=now)
            self._counts.move_to_end(key)
            while len(self._counts) > _MOST:
                self._counts.popitem(last=False)
        return 0.0

    def passed(self, keys: Sequence[Key]) -> None:
        """The try was right: what it failed at before is forgotten."""
        for key in keys:
            self._counts.pop(key, None)

    def taken_back(self, keys: Sequence[Key]) -> None:
        """The try was right, but says nothing of the others at these keys: only it is not counted."""
        for key in keys:
            known = self._counts.get(key)
            if known is not None:
                self._counts[key] = Count(failures=known.failures - 1, last=known.last)

    def _wait(self, key: Key, now: float) -> float:
        known = self._known(key, now)
        return max(0.0, delay(known.failures, self._free[key[0]]) - (now - known.last))

    def _known(self, key: Key, now: float) -> Count:
        known = self._counts.get(key)
        return known if known is not None and now - known.last < FORGOTTEN else Count(failures=0, last=now)
