"""How a road says what became of a notice: taken, or not sent. Words from outside are made fit to be shown."""

import os
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from callcentre.core.errors import CallcentreError
from callcentre.runtime.log import mask

LONGEST: Final = 300
_SHORTEST_SECRET: Final = 4
# Control characters, the line separators of Unicode, marks that turn the direction of writing, and half characters.
_UNFIT: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")


class NotSent(CallcentreError):
    """A contact was not reached; the message says why and what to do. It holds no secret and no address of the web.

    `is_final`: the far end will never take it. `after`: it asked not to be tried again sooner than that.
    """

    def __init__(self, why: str, *, is_final: bool = False, after: timedelta | None = None) -> None:
        super().__init__(why)
        self.is_final = is_final
        self.after = after


@dataclass(frozen=True, slots=True)
class Taken:
    """The far end took the notice: `words` is what it said, `refused` for whom it did not (e-mail addresses)."""

    words: str
    refused: str = ""


def flat(text: str, longest: int = LONGEST) -> str:
    """Return `text` in one line that can break no header and no log: at most `longest` characters."""
    line = _UNFIT.sub(" ", text).strip()
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def shown(text: str, hidden: Iterable[str | None] = ()) -> str:
    """Return what a server said as it may be shown: in one line, without `hidden`, telephone numbers masked."""
    for secret in sorted({one for one in hidden if one and len(one) >= _SHORTEST_SECRET}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return mask(flat(text))


def system_words(error: OSError) -> str:
    """Tell what the system said, without the address that asyncio puts into its words."""
    if isinstance(error, socket.gaierror):
        return "no such host"
    return os.strerror(error.errno) if error.errno else type(error).__name__
