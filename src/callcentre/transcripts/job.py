"""What the daemon and the program that makes a draft tell each other: one line of JSON each way, and the sound.

The daemon writes the sound (a wav file) to the program's standard input, and gives the job as its one argument.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final, Self

MOST_SOUND: Final = 64 * 1024 * 1024
"""Bytes of sound that are taken."""

MOST_ANSWER: Final = 64 * 1024
"""Bytes of answer that are read: a draft of the longest is a third of that, whatever its letters."""


class Fault(StrEnum):
    """Why there are no words."""

    MEMORY = "memory"
    MODEL = "model"  # it cannot be loaded
    SOUND = "sound"  # the model failed at this sound


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How a draft is to be made. `parent` is the process that asked: without it nobody waits for the answer."""

    model: str
    language: str | None
    memory_mb: int
    seconds: int
    threads: int
    parent: int

    def told(self) -> str:
        """As the program's argument."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, told: str) -> Self:
        """From the program's argument."""
        return cls(**json.loads(told))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The words, or what went wrong and the kind of error that told of it; never an error's own words."""

    text: str = ""
    language: str = ""
    fault: Fault | None = None
    kind: str = ""

    def told(self) -> bytes:
        """As the program writes it."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def of(cls, told: bytes) -> "Answer | None":
        """From what the program wrote; None if it cannot be understood."""
        try:
            found = json.loads(told)
        except (ValueError, RecursionError):
            return None
        if not isinstance(found, dict) or set(found) != {"text", "language", "fault", "kind"}:
            return None
        text, language, fault, kind = found["text"], found["language"], found["fault"], found["kind"]
        if not (isinstance(text, str) and isinstance(language, str) and isinstance(kind, str)):
            return None
        if fault is not None and fault not in tuple(Fault):
            return None
        return cls(text=text, language=language, kind=kind, fault=None if fault is None else Fault(fault))
