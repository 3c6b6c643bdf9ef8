"""Whether a recording sounds as a caller can hear it: pure arithmetic on samples, and limits with their reasons.

Full scale is 1; levels are in dB below it. What is said of one fault is not said again by another: a recording without
a sound is silent, and not also quiet, short of speech and noisy.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callcentre.core.greetings import Finding, FindingKind
from callcentre.spool.loudness import integrated

Samples = NDArray[np.float32]

QUIETEST: Final = -36.0
LOUDEST: Final = -14.0
"""LUFS. Codecs are tested with speech at -26 dB, and at 10 dB less and more (ITU-T P.830): outside, nobody vouches for
what is heard. Loudness counts the consonants that the ear hears best, up to 2 dB more."""

MOST_CLIPPED: Final = 0.001
"""The share of samples at full scale, two or more in a row: at 8 kHz a voice's peaks are no longer. A single
syllable too near is less, a voice too near more."""

LEAST_CLEARANCE: Final = 15.0
"""dB of the voice above the noise: what people who hear badly need to follow speech (ASHA, classrooms)."""

NOISE_JUDGED_FROM: Final = 2.0
"""Seconds of speech: in less there is no pause in which the noise could be heard alone."""

LONGEST_BEFORE: Final = 1.5
LONGEST_AFTER: Final = 3.0
"""Seconds of silence. Before, because a silent line is taken for a dead one; after, because the tone is waited for."""

SHORTEST: Final = 1.0
SHORTEST_NAME: Final = 0.3
LONGEST: Final = 120.0
"""Seconds. A greeting of less than a second says nothing; of more than two minutes nobody hears the end."""

_CLIPPED_RUN: Final = 2
_FRAME_SECONDS: Final = 0.02
_ACTIVE_BELOW: Final = 25.0
"""A frame with less than this below the voice's own level (dB) is speech or noise, not silence."""

_NOTHING: Final = -66.0
"""dB: 30 below the quietest voice nothing is heard, and codecs hiss by themselves."""

_LEAST_ACTIVE: Final = 3
"""Frames in a row that make a sound: a click is shorter."""

_FLOOR: Final = -96.0
_OUTLINE: Final = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What a recording measures. Seconds; `loudness` in LUFS, `clearance` in dB of the voice above the noise.

    Loudness is None where there is none, clearance where there is too little to tell it. `sound` is from the first
    sound to the last, `before` and `after` the silences at the ends; `clipped` is a share.
    """

    seconds: float
    sound: float
    loudness: float | None
    clipped: float
    clearance: float | None
    before: float
    after: float


def measure(samples: Samples, rate: int, *, ceiling: float) -> Measures:
    """Measure one channel; `ceiling` is the largest sample that its coding can say."""
    seconds, loudness = len(samples) / rate, integrated(samples, rate)
    levels = _levels(samples, max(int(rate * _FRAME_SECONDS), 1))
    active = _active(levels)
    if not len(active):
        return Measures(seconds=seconds, sound=0.0, loudness=None, clipped=0.0, clearance=None, before=0.0, after=0.0)
    first, last = int(active[0]), int(active[-1])
    within = levels[first : last + 1]
    sound = len(within) * _FRAME_SECONDS
    clearance = float(np.percentile(levels[active], 75) - np.percentile(within, 5))
    return Measures(
        seconds=seconds,
        sound=sound,
        loudness=loudness,
        clipped=_clipped(samples, ceiling),
        clearance=clearance if sound >= NOISE_JUDGED_FROM else None,
        before=first * _FRAME_SECONDS,
        after=max(seconds - (last + 1) * _FRAME_SECONDS, 0.0),
    )


def judge(found: Measures, *, shortest: float = SHORTEST) -> Iterator[Finding]:
    """Say what is wrong with what was measured, and what to do about it."""
    if found.seconds < shortest:
        words = f"it lasts {found.seconds:.1f} s, which is too short to say anything; record it again"
        yield Finding(kind=FindingKind.TOO_SHORT, words=words)
        return
    if found.seconds > LONGEST:
        words = f"it lasts {found.seconds:.0f} s; nobody hears the end of more than {LONGEST:.0f} s: say less"
        yield Finding(kind=FindingKind.TOO_LONG, words=words)
    if not found.sound:
        words = "nothing can be heard in it; record it again, and listen to it afterwards"
        yield Finding(kind=FindingKind.SILENT, words=words)
        return
    yield from _of_level(found)
    if found.clearance is not None and found.clearance < LEAST_CLEARANCE:
        words = (
            f"the voice stands out only {found.clearance:.0f} dB from the noise behind it, and must by "
            f"{LEAST_CLEARANCE:.0f}; record it in a quiet room, or with the music lower"
        )
        yield Finding(kind=FindingKind.NOISY, words=words)
    if found.before > LONGEST_BEFORE:
        words = f"it begins with {found.before:.1f} s of silence, and callers think the line is dead; cut it off"
        yield Finding(kind=FindingKind.SILENCE_BEFORE, words=words)
    if found.after > LONGEST_AFTER:
        words = f"it ends with {found.after:.1f} s of silence, which callers wait through; cut it off"
        yield Finding(kind=FindingKind.SILENCE_AFTER, words=words)


def _of_level(found: Measures) -> Iterator[Finding]:
    loudness = found.loudness
    if found.clipped > MOST_CLIPPED:
        words = (
            f"{found.clipped:.1%} of it is cut off at the top, which sounds harsh; record it again, further from the "
            "microphone or with less gain (making the file quieter does not help)"
        )
        yield Finding(kind=FindingKind.CLIPPED, words=words)
    elif loudness is not None and loudness > LOUDEST:
        words = f"it is too loud ({loudness:.1f} LUFS, at most {LOUDEST:.0f}): make it {loudness + 23:.0f} dB quieter"
        yield Finding(kind=FindingKind.LOUD, words=words)
    if loudness is not None and loudness < QUIETEST:
        words = (
            f"it is hard to hear ({loudness:.1f} LUFS, at least {QUIETEST:.0f}): record it nearer to the microphone, "
            f"or make it {-23 - loudness:.0f} dB louder"
        )
        yield Finding(kind=FindingKind.QUIET, words=words)


def outline(samples: Samples) -> tuple[tuple[float, float], ...]:
    """The lowest and highest sample of each of 240 equal parts (fewer, where there are fewer samples)."""
    if not len(samples):
        return ()
    starts = np.unique(np.arange(_OUTLINE) * len(samples) // _OUTLINE)
    low, high = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
    return tuple((round(float(a), 3), round(float(b), 3)) for a, b in zip(low, high, strict=True))


def _levels(samples: Samples, frame: int) -> NDArray[np.float64]:
    """The level of each whole frame, in dB."""
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame)
    power = np.einsum("ij,ij->i", whole, whole, dtype=np.float64) / frame
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (_FLOOR / 10))))


def _active(levels: NDArray[np.float64]) -> NDArray[np.intp]:
    """The frames that are no silence: near the voice's level, some in a row."""
    if not len(levels):
        return np.zeros(0, np.intp)
    edge = max(float(np.percentile(levels, 95)) - _ACTIVE_BELOW, _NOTHING)
    near = levels > edge
    runs = np.convolve(near, np.ones(_LEAST_ACTIVE), "full")
    ends = np.flatnonzero(runs[: len(levels)] >= _LEAST_ACTIVE)
    if not len(ends):
        return np.zeros(0, np.intp)
    kept = np.zeros(len(levels), bool)
    for back in range(_LEAST_ACTIVE):
        kept[ends - back] = True
    return np.flatnonzero(kept)


def _clipped(samples: Samples, ceiling: float) -> float:
    """The share of samples at the ceiling, on one side, in runs."""
    total = 0
    for side in (samples >= ceiling, samples <= -ceiling):
        edges = np.diff(side.astype(np.int8), prepend=0, append=0)
        lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
        total += int(lengths[lengths >= _CLIPPED_RUN].sum())
    return total / max(len(samples), 1)
