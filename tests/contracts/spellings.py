"""Telephone numbers as people, telephones and programs write them, and the search for what is left of one."""

import re
from itertools import accumulate, pairwise

from hypothesis import strategies as st

from callcentre.core.numbers import SIGN

_HEADS = ("0", "+44", "0044", "44", "+44 (0)", "+44(0)", "(0", "tel:+44-", "%2B44")
_GROUPS = ((10,), (4, 6), (3, 7), (4, 3, 3), (3, 3, 4), (2, 4, 4), (2, 2, 2, 2, 2))
_BETWEEN = (
    *(" ", "-", ".", "/", "_", "+", "  ", " - ", " / ", ") ", ")", "%20", "\t"),
    *("\u00a0", "\u2009", "\u202f", "\u2011", "\u2013", "\u2014", "\u2212", "\u200b", "\u2060", "\u00ad", "\uff0d"),
)
_AROUND = (
    *("{}", "call {} back", "'{}'", "({})", "<{}>", "{},", "{}.", "tel{}", "nr_{}", "sip:{}@trunk", "x={}&y=1"),
    *('"name" <{}>', "PJSIP/{}@mob", "2026-11-22 {}", "2026-11-22T10:30:00 {}", "at 127.0.0.1: {}", "{} 2026-11-22"),
    *("\u202d{}\u202c", "caller\n{}\n", "ValueError: invalid literal for int() with base 10: '{}'"),
)
_KNOWN = re.compile(r"2026-11-22(?:T10:30(?::00)?)?|127\.0\.0\.1|base 10|y=1|%2B|%20")
_LEFT = 3
_BETWEEN_DIGITS = re.compile(rf"(?<=\d)(?:{SIGN}|%20)+(?=\d)")
_WINDOW = 6
"""So many digits in a row are taken for a part of the number; fewer stand in a port or a size by chance."""
_TIME = re.compile(
    r"(?<!\d)20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
    r"(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)?(?!\d)"
)
_BY_CHANCE = re.compile(
    r"(?<![0-9a-f])(?:(?=[0-9]*[a-f])[0-9a-f]{12,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-f])"
)
"""A token, a hash, a UUID: in a thousand of them six digits of a number are met by chance once in a hundred runs."""

nationals = st.integers(min_value=1_200_000_000, max_value=7_999_999_999).map(str)
"""UK numbers without their 0 or +44."""


@st.composite
def spelled(draw: st.DrawFn, national: str | None = None) -> tuple[str, str]:
    """A number without its 0, and a text in which it stands in some spelling."""
    number = draw(nationals) if national is None else national
    written = spelling(
        number, draw(st.sampled_from(_HEADS)), draw(st.sampled_from(_GROUPS)), draw(st.sampled_from(_BETWEEN))
    )
    return number, draw(st.sampled_from(_AROUND)).format(written)


def spelling(national: str, head: str, groups: tuple[int, ...], between: str) -> str:
    """One spelling of a number: its digits in groups, `between` between them."""
    parts = [national[begin:end] for begin, end in pairwise((0, *accumulate(groups)))]
    return head + between.join(parts) + (")" if head.startswith("(") and between != ")" else "")


def is_masked(text: str) -> bool:
    """Whether no more digits than a mask leaves stand in a text that `spelled` made."""
    return sum(mark.isdigit() for mark in _KNOWN.sub("", text)) <= _LEFT


def without_times(text: str) -> str:
    """A text without the times that a log or a program writes, whose parts of a second hold any digits by chance."""
    return _TIME.sub("(time)", text)


def traces(text: str, national: str) -> set[str]:
    """What of a number stands in a long text, in any spelling: rows of its digits, or more than its mask leaves.

    Times, and what is left of a number in words of chance (_BY_CHANCE), are passed over; a whole number never is.
    """
    joined = _BETWEEN_DIGITS.sub("", text)
    found = {national} if national in joined else set()
    plain = _BETWEEN_DIGITS.sub("", _BY_CHANCE.sub("(chance)", without_times(text)))
    rows = {national[at : at + _WINDOW] for at in range(len(national) - _WINDOW + 1)}
    found |= {row for row in rows if row in plain}
    more = national[-_LEFT - 1 :]
    return found | ({f"…{more}"} if re.search(rf"[…*]{more}", plain) else set())
