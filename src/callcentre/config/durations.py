"""Lengths of time as an office writes them: "60s", "90m", "2h", "1h30m", "1d"."""

import re
from datetime import timedelta
from typing import Final

LONGEST: Final = timedelta(days=366)
_FORM: Final = re.compile(r"(?=\d)(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)
_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


def duration_of(written: str) -> timedelta:
    """Read days, hours, minutes and seconds, in this order, each at most once; ValueError in words for the office."""
    match = _FORM.fullmatch(written.strip())
    if match is None:
        raise ValueError(
            f'"{written}" is no length of time; write days, hours, minutes and seconds, '
            'such as "1d", "2h", "90m" or "60s"'
        )
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if length > LONGEST:
        raise ValueError(f'"{written}" is too long; write at most "{text_of(LONGEST)}"')
    return length


def text_of(length: timedelta) -> str:
    """Write a length of whole seconds in the same form: `1h30m`; nothing at all is `0m`."""
    seconds = int(length.total_seconds())
    parts = (
        (seconds // _DAY, "d"),
        (seconds % _DAY // _HOUR, "h"),
        (seconds % _HOUR // _MINUTE, "m"),
        (seconds % _MINUTE, "s"),
    )
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0m"
