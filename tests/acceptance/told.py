"""What the daemon says, without what it makes up itself: moments and ids hold any few digits sometimes."""

import re

_MOMENT = re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?(?:Z|[+-]\d\d:\d\d)")
_MADE_UP = re.compile(r"(?<![\w*])(?:[0-9a-f*]{32}|[0-9a-f*]{40})(?![\w*])")
"""An id of 32 hexadecimal digits, or 40; of one with many digits in a row the log masks some."""


def without_moments(text: str) -> str:
    """A text without the moments of its log lines and other full timestamps."""
    return _MOMENT.sub("(moment)", text)


def without_made_up(text: str) -> str:
    """The same, without random ids: what is left is fixed, or somebody else's."""
    return _MADE_UP.sub("(id)", without_moments(text))
