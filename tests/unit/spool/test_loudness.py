"""Loudness: the answers that ITU-R BS.1770-4 and EBU Tech 3341 give for signals that anybody can make."""

import numpy as np
import pytest
from numpy.typing import NDArray

from callcentre.spool.loudness import integrated, weighting

RATES = [8_000, 11_025, 12_000, 16_000, 22_050, 44_100, 48_000]


def sine(level: float, seconds: float, *, rate: int = 48_000, hertz: float = 1_000.0) -> NDArray[np.float64]:
    return np.asarray(10 ** (level / 20) * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate))


def stereo(*parts: tuple[float, float]) -> NDArray[np.float64]:
    one = np.concatenate([sine(level, seconds) for level, seconds in parts])
    return np.stack([one, one], axis=1)


def test_at_48_khz_the_filters_are_those_that_the_standard_prints() -> None:
    shelf, high_pass = weighting(48_000)
    assert shelf.b == pytest.approx((1.53512485958697, -2.69169618940638, 1.19839281085285), abs=1e-12)
    assert shelf.a == pytest.approx((-1.69065929318241, 0.73248077421585), abs=1e-12)
    assert high_pass.b == (1.0, -2.0, 1.0)
    assert high_pass.a == pytest.approx((-1.99004745483398, 0.99007225036621), abs=1e-12)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("level", [0.0, -20.0, -40.0])
def test_a_sine_of_997_hz_in_one_channel_is_3_lu_below_its_peak(rate: int, level: float) -> None:
    assert integrated(sine(level, 5, rate=rate, hertz=997), rate) == pytest.approx(level - 3.01, abs=0.05)


@pytest.mark.parametrize(
    ("parts", "loudness"),
    [
        ([(-23, 20)], -23),
        ([(-33, 20)], -33),
        ([(-36, 10), (-23, 60), (-36, 10)], -23),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
    ],
    ids=["case 1", "case 2", "case 3: relative gate", "case 4: both gates", "case 5"],
)
def test_the_cases_of_ebu_tech_3341(parts: list[tuple[float, float]], loudness: float) -> None:
    assert integrated(stereo(*parts), 48_000) == pytest.approx(loudness, abs=0.1)


@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_what_the_ear_hears_less_counts_less(rate: int) -> None:
    low, middle, high = (integrated(sine(-20, 5, rate=rate, hertz=hertz), rate) for hertz in (40, 1_000, 3_000))
    assert low is not None
    assert middle is not None
    assert high is not None
    assert low < middle - 5
    assert high > middle + 2


def test_twice_the_channels_are_3_lu_more_and_twice_the_amplitude_6() -> None:
    one = sine(-30, 5)
    assert integrated(np.stack([one, one], axis=1), 48_000) == pytest.approx(-30.0, abs=0.05)
    assert integrated(2 * one, 48_000) == pytest.approx(-33.01 + 6.02, abs=0.05)


def test_silence_and_what_is_shorter_than_a_block_have_no_loudness() -> None:
    assert integrated(np.zeros(80_000), 8_000) is None
    assert integrated(np.zeros(0), 8_000) is None
    assert integrated(sine(-20, 0.39), 48_000) is None
    assert integrated(sine(-75, 5), 48_000) is None
    assert integrated(sine(-20, 0.4), 48_000) == pytest.approx(-23.0, abs=0.1)


def test_silence_around_a_sound_does_not_make_it_quieter() -> None:
    sound = sine(-20, 5, rate=8_000)
    around = np.concatenate([np.zeros(80_000), sound, np.zeros(80_000)])
    alone, surrounded = integrated(sound, 8_000), integrated(around, 8_000)
    assert alone is not None
    assert surrounded == pytest.approx(alone, abs=0.4)


def test_however_it_is_cut_into_parts_the_answer_is_that_of_the_plain_filter() -> None:
    """The FFT's blocks leave no seam: against the filters applied sample by sample."""
    chance = np.random.default_rng(3)
    sound = chance.normal(0, 0.1, 8_000 * 9 + 123)
    (shelf, high_pass), filtered = weighting(8_000), list(sound)
    for one in (shelf, high_pass):
        z1 = z2 = 0.0
        out = []
        for x in filtered:
            y = one.b[0] * x + z1
            z1, z2 = one.b[1] * x - one.a[0] * y + z2, one.b[2] * x - one.a[1] * y
            out.append(y)
        filtered = out
    whole = np.array(filtered)[: 90 * 800]
    blocks = [np.mean(whole[at : at + 3_200] ** 2) for at in range(0, len(whole) - 3_199, 800)]
    expected = -0.691 + 10 * np.log10(np.mean(blocks))
    assert integrated(sound, 8_000) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("rate", "loudness"), [(8_000, -10.839188), (16_000, -10.892011), (22_050, -10.916296), (48_000, -10.957474)]
)
def test_another_implementation_says_the_same(rate: int, loudness: float) -> None:
    """What libebur128 1.2.6 says of a sweep with pauses, a quiet half and a hum: both gates and both filters matter."""
    t = np.arange(12 * rate) / rate
    sweep = 0.4 * np.sin(2 * np.pi * (90 + 120 * t) * t) * (t % 4 < 3) * np.where(t < 7, 1.0, 0.05)
    assert integrated(sweep + 0.02 * np.sin(2 * np.pi * 60 * t), rate) == pytest.approx(loudness, abs=1e-5)
