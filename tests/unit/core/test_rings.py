"""Rings from cadences."""

from datetime import timedelta

import pytest

from callcentre.config.tones import RING_CADENCES
from callcentre.core.rings import cycle_of, rings_begun


@pytest.mark.parametrize(
    ("cadence", "seconds"),
    [
        ("400+450/400,0/200,400+450/400,0/2000", 3.0),
        ("440+480/2000,0/4000", 6.0),
        ("400*25/400, 0/200, 400*25/400, 0/2000", 3.0),
        ("!950/330,425/1000,0/4000", 5.0),
        ("M60+M64/1000,0/1000", 2.0),
    ],
)
def test_a_cycle_is_the_sum_of_its_repeated_parts(cadence: str, seconds: float) -> None:
    assert cycle_of(cadence) == seconds


@pytest.mark.parametrize("cadence", ["", "425", "425/", "a/100", "1+2+3/100", "425/-1", "!425/100", "0/0", "425/٣"])
def test_what_is_no_cadence_is_refused_in_words(cadence: str) -> None:
    with pytest.raises(ValueError, match="write"):
        cycle_of(cadence)


def test_every_tone_zone_has_a_cycle() -> None:
    assert all(1.0 <= cycle_of(cadence) <= 10.0 for cadence in RING_CADENCES.values())
    assert cycle_of(RING_CADENCES["uk"]) == 3.0
    assert cycle_of(RING_CADENCES["us"]) == 6.0


@pytest.mark.parametrize(
    ("seconds", "cycle", "rings"),
    [
        (-0.1, 3.0, 1),
        (0.0, 3.0, 1),
        (2.999999, 3.0, 1),
        (3.0, 3.0, 2),
        (14.999999, 3.0, 5),
        (15.0, 3.0, 6),
        (29.999999, 6.0, 5),
        (30.0, 6.0, 6),
        (0.3, 0.1, 4),
    ],
)
def test_a_ring_has_begun_with_its_first_moment(seconds: float, cycle: float, rings: int) -> None:
    assert rings_begun(timedelta(seconds=seconds), cycle) == rings
