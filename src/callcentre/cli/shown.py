"""How things are shown: tables for people, JSON for programs, times on the line's own clocks.

What callers and telephones say of themselves goes to a terminal here: it is made plain text first.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from callcentre.core.charter import Office

_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_FORMULA: Final = ("=", "+", "-", "@")
_WIDE: Final = 160
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Json = dict[str, object]


def plain(words: object) -> str:
    """Return `words` in one line that does nothing to a terminal; None is empty."""
    return "" if words is None else _UNFIT.sub(" ", str(words))


def cell(words: object) -> str:
    """`words` as a cell of comma-separated values: in one line, and no formula that a spreadsheet would run."""
    told = plain(words)
    return f"'{told}" if told.lstrip().startswith(_FORMULA) else told


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[str] = ()) -> None:
    """Print a table; the columns named in `right` are numbers."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False)
    numbers = set(right)
    for heading in headings:
        shown.add_column(heading, justify="right" if heading in numbers else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(plain(cell)) for cell in row))
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDE, highlight=False).print(shown)


def print_json(row: Json) -> None:
    """Print one JSON object on a line."""
    print(json.dumps(row, ensure_ascii=False))


def picked(thing: object, names: Iterable[str]) -> Json:
    """The named fields of `thing`, fit for JSON: times in UTC with microseconds, words as they are."""
    return {name: jsonable(getattr(thing, name)) for name in names}


def jsonable(value: object) -> object:
    """`value` as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return value.value if isinstance(value, StrEnum) else value


class Clocks:
    """Times as the clocks of each line show them; a line that is no longer configured has the fallback line's."""

    def __init__(self, office: Office) -> None:
        self._zones: Mapping[str, ZoneInfo] = {line.name: ZoneInfo(line.zone) for line in office.lines}
        self._fallback = office.fallback_line

    def zone(self, line: str | None = None) -> ZoneInfo:
        """The zone of a line, or of the office."""
        return self._zones.get(line or self._fallback) or self._zones[self._fallback]

    def short(self, at: datetime | None, line: str | None = None) -> str:
        """`Tue 24 Nov 10:45`; empty for None."""
        if at is None:
            return ""
        local = at.astimezone(self.zone(line))
        return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local:%H:%M}"

    def full(self, at: datetime | None, line: str | None = None) -> str:
        """`Tue 24 Nov 2026 10:45:30`; empty for None."""
        if at is None:
            return ""
        local = at.astimezone(self.zone(line))
        return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local:%Y %H:%M:%S}"


def span(length: timedelta) -> str:
    """A length of time in its two largest units: `2 d 4 h`, `3 h 20 min`, `12 min`, `45 s`. Never negative."""
    seconds = int(abs(length).total_seconds())
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"


def words(value: StrEnum | None) -> str:
    """A word of an enumeration, for people."""
    return "" if value is None else value.value.replace("_", " ")
