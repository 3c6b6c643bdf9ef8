"""How loud a recording sounds: integrated loudness by ITU-R BS.1770-4, in LUFS (LKFS), at the file's own rate.

The K-weighting is the standard's two filters. The standard gives their coefficients at 48 kHz only; the analogue
filters behind them are known (f0, gain and Q below reproduce the printed coefficients), and are made anew for each rate
by the bilinear transform. Applied by FFT, block by block, as the response is over within a quarter of a second.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log10, pi, tan
from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

_SHELF: Final = (1681.974450955533, 3.999843853973347, 0.7071752369554196)
_SHELF_MIDDLE: Final = 0.4996667741545416
"""Frequency (Hz), gain (dB) and Q of the first filter, the head's effect, and the exponent of its middle gain."""

_HIGH_PASS: Final = (38.13547087602444, 0.5003270373238773)
"""Frequency and Q of the second."""

_OFFSET: Final = -0.691
"""So that 997 Hz counts as it is: the first filter's gain there."""

_HOPS_A_SECOND: Final = 10
_HOPS_A_BLOCK: Final = 4
"""Blocks of 400 ms, each overlapping the one before by 75 %."""

_ABSOLUTE: Final = -70.0
_RELATIVE: Final = -10.0

_RESPONSE_SECONDS: Final = 0.25
"""After so long the slower pole (38 Hz, twice real) is at 1e-23."""

_FFT: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Biquad:
    """A filter of second order: b0 b1 b2 over 1 a1 a2."""

    b: tuple[float, float, float]
    a: tuple[float, float]


def weighting(rate: int) -> tuple[Biquad, Biquad]:
    """The two filters of the K-weighting at `rate` samples a second."""
    frequency, gain, q = _SHELF
    k, high = tan(pi * frequency / rate), 10 ** (gain / 20)
    middle, norm = high**_SHELF_MIDDLE, 1 + k / q + k * k
    shelf = Biquad(
        ((high + middle * k / q + k * k) / norm, 2 * (k * k - high) / norm, (high - middle * k / q + k * k) / norm),
        (2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm),
    )
    frequency, q = _HIGH_PASS
    k = tan(pi * frequency / rate)
    norm = 1 + k / q + k * k
    return shelf, Biquad((1.0, -2.0, 1.0), (2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm))


def integrated(samples: NDArray[np.float32] | Samples, rate: int) -> float | None:
    """The gated loudness in LUFS of `samples` (full scale is 1; one channel, or a column for each of at most three).

    None where nothing is above the absolute gate of -70 LUFS, or the whole is shorter than one block of 400 ms.
    """
    columns = samples[:, np.newaxis] if samples.ndim == 1 else samples
    hops = len(columns) * _HOPS_A_SECOND // rate
    if hops < _HOPS_A_BLOCK:
        return None
    energy = np.zeros(hops)
    for column in columns.T:
        energy += _hop_energies(column, rate, hops)
    lengths = np.diff(np.ceil(np.arange(hops + 1) * rate / _HOPS_A_SECOND))
    window = np.ones(_HOPS_A_BLOCK)
    power = np.convolve(energy, window, "valid") / np.convolve(lengths, window, "valid")
    heard = power[power > _power(_ABSOLUTE)]
    if not len(heard):
        return None
    relative = _power(_level(float(heard.mean())) + _RELATIVE)
    return _level(float(heard[heard > relative].mean()))


def _level(power: float) -> float:
    return _OFFSET + 10 * log10(power)


def _power(level: float) -> float:
    return float(10 ** ((level - _OFFSET) / 10))


def _hop_energies(column: NDArray[np.float32] | Samples, rate: int, hops: int) -> Samples:
    """The sum of squares of the weighted signal in each tenth of a second."""
    energy = np.zeros(hops + 1)
    at = 0
    for part in _weighted(column, rate):
        hop = np.minimum((at + np.arange(len(part))) * _HOPS_A_SECOND // rate, hops)
        energy += np.bincount(hop, weights=part * part, minlength=hops + 1)
        at += len(part)
    return energy[:hops]


def _weighted(column: NDArray[np.float32] | Samples, rate: int) -> Iterator[Samples]:
    """The column through both filters, in parts (overlap-save), so that memory does not grow with its length."""
    response = _response(rate)
    size = max(_FFT, 1 << (4 * len(response) - 1).bit_length())
    step, before = size - len(response) + 1, len(response) - 1
    spectrum = np.fft.rfft(response, size)
    for start in range(0, len(column), step):
        part = np.zeros(size)
        first = max(start - before, 0)
        taken = column[first : start + step]
        part[before - (start - first) : before - (start - first) + len(taken)] = taken
        whole = np.fft.irfft(np.fft.rfft(part) * spectrum, size)
        yield whole[before : before + min(step, len(column) - start)]


def _response(rate: int) -> Samples:
    """The impulse response of both filters."""
    signal = [1.0] + [0.0] * max(int(_RESPONSE_SECONDS * rate) - 1, 1)
    for one in weighting(rate):
        signal = _filtered(signal, one)
    return np.array(signal)


def _filtered(signal: list[float], one: Biquad) -> list[float]:
    (b0, b1, b2), (a1, a2) = one.b, one.a
    z1 = z2 = 0.0
    out = []
    for x in signal:
        y = b0 * x + z1
        z1 = b1 * x - a1 * y + z2
        z2 = b2 * x - a2 * y
        out.append(y)
    return out
