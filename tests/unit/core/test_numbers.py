"""Telephone numbers within words: none is left, and what is no number stays."""

import pytest

from callcentre.core.numbers import without_numbers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("back at 01632960123", "back at …123"),
        ("rings 01632 960123 (home)", "rings …123 (home)"),
        ("tel01632960123", "tel…123"),
        ("PJSIP/07700900456", "PJSIP/…456"),
        ("PJSIP/101, 102 and 123456", "PJSIP/101, 102 and 123456"),
        ("on 2026-11-25T10:00 or 2026-11-26", "on 2026-11-25T10:00 or 2026-11-26"),
    ],
)
def test_numbers_in_words_are_masked(text: str, shown: str) -> None:
    assert without_numbers(text) == shown
