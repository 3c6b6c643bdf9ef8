"""What `check-config` says of a line's attendance: how it is watched, what would be done, and who is told when."""

from collections.abc import Iterator, Sequence
from typing import Final

from callcentre.config.attention import readable
from callcentre.config.durations import text_of as text_of_length
from callcentre.config.hours import text_of, text_of_day
from callcentre.core.charter import Interval, Line, Pbx, WeekHours
from callcentre.core.terms import Mode

_MINUTES: Final = range(24 * 60)


def exceptions(line: Line) -> Iterator[str]:
    """The days that are other than the week says, by date."""
    days = dict.fromkeys(line.added_days, "open") | dict.fromkeys(line.removed_days, "closed")
    days |= {day: text_of_day(hours) or "closed" for day, hours in line.special_hours.items()}
    if days:
        yield "  by date: " + ", ".join(f"{day} {how}" for day, how in sorted(days.items()))


def attendance(line: Line, pbx: Pbx) -> Iterator[str]:
    """How a line is watched, what is done when nobody is there, and who is told."""
    if not (line.queues or line.extensions):
        yield "  attendance: unknown for ever, as it has neither queues nor extensions"
        return
    attention = line.attention
    yield (
        f"  attended while {line.min_agents} or more are there; not after {line.ring_out_limit} calls in a row that "
        f"rang out; people are told when it is unattended for {text_of_length(attention.grace)} in core hours"
    )
    does = "; ".join(_deeds(line))
    if attention.mode is Mode.ENFORCE:
        yield f"  enforce: {does}; undone when its own people are back for {text_of_length(attention.recovery)}"
    elif does:
        yield f"  observe: nothing is done on the PBX; enforce would: {does}"
    else:
        yield "  observe: nothing is done on the PBX"
    if not readable(line.name):
        reads = ", nor reads from AstDB whether it is open" if pbx.acts else ""
        yield (
            f"  WARNING: the dialplan cannot tell of it that somebody is here or asks for cover{reads}; name it of "
            "letters, digits, dashes and underscores"
        )
    elif line.queues and line.name not in line.queues:
        yield f'  the dialplan must be given its name, "{line.name}": left empty, it takes the queue\'s'
    yield from _told(line)


def _deeds(line: Line) -> Iterator[str]:
    attention = line.attention
    if attention.may_unpause:
        yield f"unpause {', '.join(sorted(attention.may_unpause))}"
    if attention.standby:
        yield f"add {', '.join(attention.standby)} to {', '.join(sorted(line.queues))}"
    if attention.divert:
        yield "divert callers"
    if attention.supervisors:
        yield f"ring {', then '.join(attention.supervisors)}"


def _told(line: Line) -> Iterator[str]:
    open_days = _open_minutes(line)
    left = [set(minutes) for minutes in open_days]
    for index, shift in enumerate(line.attention.shifts):
        yield f"  unattended: {', '.join(shift.tell)} told {text_of(shift.hours)}"
        used = False
        for day, hours in enumerate(shift.hours.days):
            minutes = _minutes(hours)
            used = used or bool(minutes & open_days[day])
            left[day] -= minutes
        if not used:
            yield f"  WARNING: shift {index + 1} lies outside core hours; nobody is told then: change its hours"
    if line.tell:
        otherwise = " otherwise" if line.attention.shifts else ""
        if any(left):
            yield f"  unattended: {', '.join(line.tell)} told{otherwise}"
    elif any(left):
        yield (
            f"  WARNING: nobody is told at {text_of(_week(left))} that it is unattended; name contacts in tell or "
            "[[line.shift]]"
        )
    for step in line.attention.escalation:
        yield f"  unattended: {', '.join(step.tell)} told after {text_of_length(step.after)}"


def _open_minutes(line: Line) -> list[set[int]]:
    """The minutes of each weekday at which the line is open, be it on some dates only."""
    week = [_minutes(hours) for hours in line.hours.days]
    for day in line.added_days:
        week[day.weekday()] |= _minutes(line.hours.usual(day.weekday()))
    for day, hours in line.special_hours.items():
        week[day.weekday()] |= _minutes(hours)
    return week


def _minutes(hours: Sequence[Interval]) -> set[int]:
    return {minute for one in hours for minute in range(one.open, one.close)}


def _week(days: Sequence[set[int]]) -> WeekHours:
    return WeekHours(days=tuple(tuple(_runs(minutes)) for minutes in days))


def _runs(minutes: set[int]) -> Iterator[Interval]:
    opens = [minute for minute in _MINUTES if minute in minutes and minute - 1 not in minutes]
    closes = [minute + 1 for minute in _MINUTES if minute in minutes and minute + 1 not in minutes]
    yield from (Interval(first, last) for first, last in zip(opens, closes, strict=True))
