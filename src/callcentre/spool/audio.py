"""Recordings as browsers can play them: PCM in a wav file. GSM and the telephone codecs are converted, in memory.

What a file says of itself counts, not its name alone; a file that is too long, or no sound at all, is refused.
"""

import io
import os
import wave
from dataclasses import dataclass
from typing import BinaryIO, Final

import soundfile

from callcentre.core.errors import CallcentreError
from callcentre.spool.formats import CODINGS, raw_sound
from callcentre.spool.recordings import Recording

MOST_BYTES: Final = 64 * 1024 * 1024
"""A longer recording is not read: an hour of wav is 58 MB, of GSM 6 MB."""

MOST_SECONDS: Final = 3_900
"""Of sound that is converted: an hour, and some."""

_HEAD: Final = 4_096
_HEADER: Final = 44
_PCM: Final = 1
_BLOCK: Final = 65_536
_TOO_LONG: Final = "the recording is too long to be played in a browser; listen to it by telephone"


class NotPlayable(CallcentreError):
    """The recording cannot be made into something that browsers play."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A wav file of PCM to read from, and to close. `size` in bytes; `tag` is another one if the content is."""

    file: BinaryIO
    size: int
    tag: str


def sound_of(recording: Recording) -> Sound:
    """Return `recording` as PCM, and take it over: it is the Sound's file, or closed. Blocking; raises NotPlayable.

    Takes up to three times its length in memory where it must be converted.
    """
    keep = False
    try:
        if recording.size > MOST_BYTES:
            raise NotPlayable(_TOO_LONG)
        tag = _tag(recording)
        keep = recording.format == "wav" and _is_pcm(recording.file)
        recording.file.seek(0)
        if keep:
            return Sound(file=recording.file, size=recording.size, tag=tag)
        made = _converted(recording)
        return Sound(file=io.BytesIO(made), size=len(made), tag=f"{tag}-pcm")
    finally:
        if not keep:
            recording.file.close()


def beginning_of(sound: Sound, seconds: float) -> tuple[bytes, float]:
    """A wav file of the first `seconds` of `sound`, which is closed, and how long that is. Blocking; NotPlayable."""
    made = io.BytesIO()
    try:
        with sound.file, wave.open(sound.file, "rb") as whole, wave.open(made, "wb") as out:
            out.setparams((whole.getnchannels(), whole.getsampwidth(), whole.getframerate(), 0, "NONE", ""))
            wanted = min(whole.getnframes(), round(seconds * whole.getframerate()))
            out.writeframesraw(whole.readframes(wanted))
            length = out.getnframes() / out.getframerate()
    except (wave.Error, EOFError) as error:
        raise NotPlayable("the recording is damaged; it cannot be played") from error
    return made.getvalue(), length


def _tag(recording: Recording) -> str:
    found = os.fstat(recording.file.fileno())
    return f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"


def _is_pcm(file: BinaryIO) -> bool:
    """Whether a file begins as a wav of PCM does."""
    head = file.read(_HEAD)
    at = head.find(b"fmt ")
    return head[:4] == b"RIFF" and head[8:12] == b"WAVE" and int.from_bytes(head[at + 8 : at + 10], "little") == _PCM


def _converted(recording: Recording) -> bytes:
    coding = CODINGS.get(recording.format)
    if coding is not None and not coding.how and recording.format != "ogg":
        raise NotPlayable(f"a .{recording.format} recording cannot be converted; listen to it by telephone")
    how = {} if coding is None or not coding.how or coding.has_header else raw_sound(coding)
    made = io.BytesIO()
    try:
        with soundfile.SoundFile(recording.file, **how) as sound:
            if sound.frames > MOST_SECONDS * sound.samplerate:
                raise NotPlayable(_TOO_LONG)
            with wave.open(made, "wb") as out:
                out.setnchannels(sound.channels)
                out.setsampwidth(2)
                out.setframerate(sound.samplerate)
                while len(block := sound.read(_BLOCK, dtype="int16")):
                    out.writeframesraw(block.astype("<i2").tobytes())
    except (soundfile.SoundFileError, wave.Error) as error:
        raise NotPlayable("the recording is damaged; it cannot be played") from error
    if made.tell() <= _HEADER:
        raise NotPlayable("the recording is empty")
    return made.getvalue()
