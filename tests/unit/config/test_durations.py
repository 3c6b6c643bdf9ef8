"""Lengths of time as an office writes them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcentre.config.durations import LONGEST, duration_of, text_of


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("0m", 0),
        ("90m", 90),
        ("2h", 120),
        (" 1h30m ", 90),
        ("1d", 1440),
        ("1d1h1m", 1501),
        ("007m", 7),
        ("60s", 1),
        ("1m30s", 1.5),
        ("366d", 527040),
    ],
)
def test_days_hours_minutes_and_seconds(written: str, minutes: float) -> None:
    assert duration_of(written) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "written",
    ["", "2", "h", "2 h", "2h 30m", "30m2h", "1h1h", "-1h", "1.5h", "2H", "2ms", "30s2m", "٢h", "367d", "9999999m"],
)
def test_anything_else_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"is no length of time|is too long"):
        duration_of(written)


@given(st.integers(0, int(LONGEST.total_seconds())))
def test_what_is_written_is_read_as_the_same(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert duration_of(text_of(length)) == length
