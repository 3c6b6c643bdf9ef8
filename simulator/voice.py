"""The sound of a message: somebody speaks, in no language, so that there is something to listen to.

Syllables with a pitch that falls through each phrase, shaped by the resonances of a mouth (Peterson and Barney 1952 has
those of the vowels); made once for each voice, and nobody's recording.
"""

import array
import math
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Final

RATE: Final = 8000
"""Samples a second, as Asterisk's wav has them."""
_VOWELS: Final = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))
_WIDTHS: Final = (80, 110, 160)
_PITCHES: Final = (104.0, 122.0, 188.0, 212.0)
"""The voices there are, by their pitch in Hz."""
_SECONDS: Final = 8
_LOUD: Final = 9000.0
_FADE: Final = RATE // 20


def speech(seconds: int, seed: str) -> bytes:
    """So many seconds of speech as 16-bit samples; another `seed`, another voice that says something else."""
    chance = Random(seed)
    said = _voice(chance.choice(_PITCHES))
    begin = chance.randrange(len(said))
    wanted = seconds * RATE
    samples = array.array("h", (said[(begin + place) % len(said)] for place in range(wanted)))
    for place in range(min(_FADE, wanted)):
        samples[place] = samples[place] * place // _FADE
        samples[-1 - place] = samples[-1 - place] * place // _FADE
    return samples.tobytes()


@cache
def _voice(pitch: float) -> tuple[int, ...]:
    """What one voice has to say, which it repeats."""
    chance = Random(pitch)
    wave: list[float] = []
    while len(wave) < _SECONDS * RATE:
        syllables = chance.randint(5, 9)
        for number in range(syllables):
            wave += _syllable(pitch * (1.18 - 0.3 * number / syllables), chance)
        wave += [0.0] * int(chance.uniform(0.25, 0.5) * RATE)
    loudest = max(abs(one) for one in wave)
    return tuple(round(_LOUD * one / loudest) for one in wave)


def _syllable(pitch: float, chance: Random) -> list[float]:
    length = int(chance.uniform(0.13, 0.24) * RATE)
    sound = [*_breath(pitch, length, chance)]
    for middle, width in zip(chance.choice(_VOWELS), _WIDTHS, strict=True):
        sound = _resonance(sound, middle * chance.uniform(0.95, 1.05), width)
    loudest = max(abs(one) for one in sound)
    loud = chance.uniform(0.6, 1.0) / loudest
    return [one * loud * math.sin(math.pi * place / length) ** 0.5 for place, one in enumerate(sound)]


def _breath(pitch: float, length: int, chance: Random) -> Iterator[float]:
    """What comes out of a throat: pulses, and a little noise; more of it at first, as a consonant has."""
    phase, noisy = 0.0, length // 6 if chance.random() < 0.6 else 0
    for place in range(length):
        phase += pitch * (1.0 + 0.03 * math.sin(40.0 * place / RATE)) / RATE
        pulse, phase = (1.0, phase - 1.0) if phase >= 1.0 else (0.0, phase)
        yield pulse + chance.uniform(-1, 1) * (0.12 if place < noisy else 0.012)


def _resonance(sound: list[float], middle: float, width: float) -> list[float]:
    """The sound through one resonance, both in Hz (Klatt 1980)."""
    damped = math.exp(-math.pi * width / RATE)
    back, again = 2 * damped * math.cos(2 * math.pi * middle / RATE), -damped * damped
    before, last = 0.0, 0.0
    out = []
    for one in sound:
        now = (1 - back - again) * one + back * last + again * before
        before, last = last, now
        out.append(now)
    return out
