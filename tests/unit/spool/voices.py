"""Recordings made for tests: sounds that rise and fall as speech does, and files as people and machines write them."""

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from callcentre.spool.loudness import integrated

Sound = NDArray[np.float64]
RATE = 8_000


def voice(
    seconds: float = 6.0, *, loudness: float = -22.0, pitch: float = 120.0, rate: int = RATE, seed: int = 1
) -> Sound:
    """Syllables, four a second, in phrases with a breath between them, at this loudness; no sound before or after."""
    chance = np.random.default_rng(seed)
    count = int(seconds * rate)
    t = np.arange(count) / rate
    phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.15 * np.sin(2 * np.pi * 0.7 * t))) / rate
    sound = np.zeros(count)
    harmonic = 1
    while harmonic * pitch * 1.2 < min(3_400, rate / 2):
        middle = harmonic * pitch
        colour = sum(np.exp(-(((middle - at) / 300) ** 2)) for at in (500, 1_500, 2_500)) + 0.05
        sound += colour * np.sin(harmonic * phase + chance.uniform(0, 6)) / harmonic**0.3
        harmonic += 1
    syllables = np.maximum(np.sin(2 * np.pi * 4 * t - np.pi / 2), -0.2) + 0.2
    phrases = np.clip(3 - np.abs((t % 2.5) - 1.1) * 3, 0.0, 1.0)
    sound *= syllables * phrases
    return at_loudness(sound, loudness, rate)


def at_loudness(sound: Sound, loudness: float, rate: int = RATE) -> Sound:
    """The same sound, as loud as that."""
    now = integrated(sound, rate)
    assert now is not None
    return np.asarray(sound * 10 ** ((loudness - now) / 20))


def noise(sound: Sound, clearance: float, seed: int = 2) -> Sound:
    """The sound with white noise behind it, so many dB below its loud parts."""
    loud = np.sqrt(np.percentile(sound**2, 90))
    chance = np.random.default_rng(seed)
    return np.asarray(sound + chance.normal(0, loud * 10 ** (-clearance / 20), len(sound)))


def silence(seconds: float, rate: int = RATE) -> Sound:
    """Nothing."""
    return np.zeros(int(seconds * rate))


def wav(sound: Sound, *, rate: int = RATE, channels: int = 1, width: int = 2) -> bytes:
    """A wav file of PCM."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        columns = np.repeat(sound, channels)
        if width == 2:
            file.writeframes(pcm(columns))
        else:
            file.writeframes((np.clip(columns, -1, 1) * 127 + 128).astype(np.uint8).tobytes())
    return made.getvalue()


def pcm(sound: Sound) -> bytes:
    """Samples of 16 bits, as sln files hold them."""
    return np.clip(np.round(sound * 32_768), -32_768, 32_767).astype("<i2").tobytes()


def coded(sound: Sound, form: str, subtype: str, rate: int = RATE) -> bytes:
    """A file of another coding, by libsndfile."""
    made = io.BytesIO()
    options: dict[str, Any] = {"format": form, "subtype": subtype}
    soundfile.write(made, sound.astype(np.float32), rate, **options)
    return made.getvalue()


def put(root: Path, name: str, data: bytes) -> Path:
    """Write a file below `root`."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
