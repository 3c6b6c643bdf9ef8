"""Drafts of what voicemails say: the keys of [transcripts], what they become, and what check-config says of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from callcentre.config.durations import duration_of, text_of
from callcentre.config.section import Section
from callcentre.config.values import Text, Wait

_ENGINE: Final = "faster_whisper"
_WEIGHTS: Final = "model.bin"

Memory = Annotated[int, Field(ge=256, le=65536)]
Threads = Annotated[int, Field(ge=1, le=64)]
Spoken = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]


class TranscriptsSection(Section):
    """Drafts of what voicemails say."""

    model: Text = Field(
        description="The folder of a Whisper model for faster-whisper, with its `model.bin`; nothing is ever fetched.",
        examples=['"/srv/whisper-small"'],
    )
    language: Spoken | None = Field(
        None, description="The language that callers speak, such as `en`; without it the line's only one, or a guess."
    )
    longest: Wait = Field("3m", description="Of a longer message only so much, from its beginning, is made a draft of.")
    within: Wait = Field("5m", description="A draft that takes longer is given up.")
    memory_mb: Memory = Field(2000, description="Address space that making a draft may take, in MB; past it it fails.")
    threads: Threads = Field(1, description="Threads that work on one draft.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptSettings:
    """How drafts are made: by the model in the folder `model`, which is read and never fetched."""

    model: Path
    language: str | None
    longest: timedelta
    within: timedelta
    memory_mb: int
    threads: int


def transcripts_of(one: TranscriptsSection, folder: Path) -> TranscriptSettings:
    """Return [transcripts]; its model is found from `folder`."""
    return TranscriptSettings(
        model=folder / one.model,
        language=one.language,
        longest=duration_of(one.longest),
        within=duration_of(one.within),
        memory_mb=one.memory_mb,
        threads=one.threads,
    )


def hindrance(settings: TranscriptSettings) -> str:
    """Why no draft can be made on this machine, and what to do about that; empty if nothing is known to be missing."""
    if find_spec(_ENGINE) is None:
        return "the library that makes drafts is not installed; run pip install 'callcentre[transcripts]'"
    if not (settings.model / _WEIGHTS).is_file():
        return f"transcripts.model has no {_WEIGHTS} that can be read; name the folder of a model for faster-whisper"
    return ""


def told(settings: TranscriptSettings | None) -> Iterator[str]:
    """Say of what drafts are made, within which bounds, and what is missing; nothing where none are."""
    if settings is None:
        return
    yield (
        f"transcripts: drafts by {settings.model.name} of the first {text_of(settings.longest)} of each message, "
        f"{text_of(settings.within)} and {settings.memory_mb} MB for each, one at a time"
    )
    missing = hindrance(settings)
    if missing:
        yield f"  WARNING: no drafts can be made: {missing}"
