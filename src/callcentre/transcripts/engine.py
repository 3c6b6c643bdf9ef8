"""faster-whisper (the extra `transcripts`), which turns sound into words. Imported by the worker's program alone."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from callcentre.core.transcripts import LONGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What was understood, and the language it was taken for."""

    text: str
    language: str


class Engine(Protocol):
    """A loaded model."""

    def words(self, sound: bytes, language: str | None) -> Words:
        """What a wav file says, in `language`, or in the one it seems to be in. May raise anything."""
        ...


class Whisper:
    """A Whisper model from a folder. May raise anything: where it is none, or there is too little memory."""

    def __init__(self, folder: Path, threads: int) -> None:
        from faster_whisper import WhisperModel  # an extra, and slow to import

        if not folder.is_dir():  # else the name would be looked up elsewhere
            raise FileNotFoundError(folder)
        self._model = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads, num_workers=1, local_files_only=True
        )

    def words(self, sound: bytes, language: str | None) -> Words:
        """What a wav file says. Silence is left out first: of silence Whisper makes words."""
        segments, info = self._model.transcribe(
            io.BytesIO(sound), language=language, vad_filter=True, condition_on_previous_text=False
        )
        said: list[str] = []
        for segment in segments:
            said.append(segment.text.strip())
            if sum(map(len, said)) > LONGEST:
                break
        return Words(text=" ".join(said), language=info.language)
