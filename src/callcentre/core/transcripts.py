"""What a machine understood of a recorded message: a draft, shown beside the sound and never instead of it.

A draft decides nothing. No number is taken from it, no task closed by it, nobody called because of it.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

__all__ = ["LABEL", "LONGEST", "MOST_TRIES", "Transcript", "TranscriptState", "plain"]

LABEL: Final = "Draft made by a machine; listen before you act"
"""What stands beside every draft."""

LONGEST: Final = 4_000
"""Characters of a draft that are kept: five minutes of fast speech."""

MOST_TRIES: Final = 2
"""A message that a machine failed at is given to it once more, and never again."""

_JOINERS: Final = frozenset("\u200c\u200d")
"""Format characters that words of some languages are spelt with."""


class TranscriptState(StrEnum):
    """How far a draft is."""

    TRYING = "trying"  # being made, or the daemon ended while it was
    MADE = "made"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The draft of one message, or why there is none: the row of the store.

    `made_at` is when it took its state. `text` may be empty where nothing was understood; `language` is what the model
    took it for, `model` the name of its folder, `seconds` how much of the message it was made of. `why` says what went
    wrong, in words that hold nothing of the message.
    """

    pbx: str
    key: str
    state: TranscriptState
    made_at: datetime
    tries: int = 1
    text: str = ""
    language: str = ""
    model: str = ""
    seconds: float | None = None
    why: str = ""


def plain(text: str, longest: int = LONGEST) -> str:
    """Return what a model said as one line of plain text of at most `longest` characters, the last an … if cut off."""
    spaced = " ".join("".join(map(_printable, text)).split())
    return spaced if len(spaced) <= longest else f"{spaced[: longest - 1].rstrip()}…"


def _printable(character: str) -> str:
    """A space for what only separates; nothing for what controls how text is shown, or is no character at all."""
    kind = unicodedata.category(character)
    if kind in ("Cc", "Zl", "Zp", "Zs"):
        return " "
    return "" if kind in ("Cf", "Cs", "Co", "Cn") and character not in _JOINERS else character
