"""Hours as an office writes them: for each day a list of "HH:MM-HH:MM"."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from callcentre.core.charter import DAY_NAMES, Interval, WeekHours

_FORM: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DAY: Final = 24 * 60


def week_of(days: Mapping[str, Sequence[str]]) -> WeekHours:
    """Read `{mon = ["09:00-12:30", "13:30-17:00"], …}`; a day left out is closed.

    Raises ValueError, in words for the office: an unknown day, a time that is none, a close before its open, hours
    that overlap, no open day at all.
    """
    for day in days:
        if day not in DAY_NAMES:
            raise ValueError(f'"{day}" is no day; write {", ".join(DAY_NAMES)}')
    week = WeekHours(days=tuple(_day_of(day, days.get(day, ())) for day in DAY_NAMES))
    if not any(week.days):
        raise ValueError("no day is open; write the hours of at least one day")
    return week


def special_of(dates: Mapping[str, Sequence[str]]) -> dict[date, tuple[Interval, ...]]:
    """Read `{2026-12-24 = ["07:00-12:00"], 2026-12-31 = []}`, the hours of single days; an empty list is closed.

    Raises ValueError, in words for the office: no date, or what `week_of` says of hours.
    """
    return {date_of(written): _day_of(written, hours) for written, hours in dates.items()}


def date_of(written: str) -> date:
    """Read a date that stands as a key; ValueError in words for the office."""
    try:
        return date.fromisoformat(written if _DATE.fullmatch(written) else "")
    except ValueError:
        raise ValueError(f'"{written}" is no date; write one such as 2026-12-24') from None


def text_of(week: WeekHours) -> str:
    """Tell the hours in one line for people: `mon-fri 07:00-18:00, sat 09:00-12:00`."""
    runs: list[tuple[str, str, str]] = []
    for day, intervals in zip(DAY_NAMES, week.days, strict=True):
        hours = text_of_day(intervals)
        if runs and runs[-1][2] == hours:
            runs[-1] = (runs[-1][0], day, hours)
        else:
            runs.append((day, day, hours))
    return ", ".join(f"{first if first == last else f'{first}-{last}'} {hours}" for first, last, hours in runs if hours)


def text_of_day(intervals: Sequence[Interval]) -> str:
    """Tell the hours of one day: `09:00-12:30 and 13:30-17:00`; nothing if it has none."""
    return " and ".join(f"{_clock(one.open)}-{_clock(one.close)}" for one in intervals)


def _day_of(day: str, written: Sequence[str]) -> tuple[Interval, ...]:
    intervals: list[Interval] = []
    for one in sorted(_interval(day, text) for text in written):
        last = intervals[-1] if intervals else None
        if last is not None and one.open < last.close:
            raise ValueError(f"{day}: two of its hours overlap; write each open time once")
        if last is not None and one.open == last.close:
            intervals[-1] = Interval(last.open, one.close)
        else:
            intervals.append(one)
    return tuple(intervals)


def _interval(day: str, written: str) -> Interval:
    match = _FORM.fullmatch(written.strip())
    if match is None:
        raise ValueError(f'{day}: "{written}" is no open time; write HH:MM-HH:MM, such as 09:00-17:00')
    hour, minute, to_hour, to_minute = (int(part) for part in match.groups())
    opens, closes = hour * 60 + minute, to_hour * 60 + to_minute
    if closes > _DAY or opens >= _DAY:
        raise ValueError(f'{day}: "{written}" goes past midnight; a day ends at 24:00, the rest is the next day\'s')
    if opens >= closes:
        raise ValueError(f'{day}: "{written}" closes before it opens; a day ends at 24:00, the rest is the next day\'s')
    return Interval(opens, closes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
