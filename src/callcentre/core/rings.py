"""Rings: the cadence of a tone zone, and how many rings have begun after a time of ringing."""

from datetime import timedelta

_MICROSECOND = timedelta(microseconds=1)


def cycle_of(cadence: str) -> float:
    """Return the seconds of one ring cycle of `cadence`, written as in Asterisk's indications.conf.

    A cadence is a list of `tones/milliseconds` parts, `0` being silence: the UK's
    `400+450/400,0/200,400+450/400,0/2000` is 3.0 s. Parts marked `!` are played once and do not count. Raises
    ValueError, in words for the office, for anything else.
    """
    total = 0
    for part in cadence.split(","):
        tones, slash, length = part.strip().partition("/")
        if not slash or not length.isascii() or not length.isdigit() or not _is_tones(tones):
            raise ValueError(f'"{part.strip()}" is no part of a cadence: write tones/milliseconds, such as 400+450/400')
        if not tones.startswith("!"):
            total += int(length)
    if total == 0:
        raise ValueError("the cadence repeats nothing: write parts with a length, such as 400+450/400,0/200")
    return total / 1000


def rings_begun(ringing: timedelta, cycle_seconds: float) -> int:
    """Count the rings that have begun after `ringing`: floor(ringing / cycle) + 1, at least 1 (H4).

    A call is within n rings if this is at most n at its answer: answered before ring n + 1 begins.
    """
    cycle = round(cycle_seconds * 1_000_000)
    return max(ringing // _MICROSECOND, 0) // cycle + 1


def _is_tones(tones: str) -> bool:
    """Whether `tones` is one frequency, two mixed (+) or one modulated by another (*); M marks a MIDI note."""
    pair = tones.removeprefix("!").replace("*", "+").split("+")
    return len(pair) <= 2 and all(one.removeprefix("M").isascii() and one.removeprefix("M").isdigit() for one in pair)
