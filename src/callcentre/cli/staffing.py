"""How many agents a line needs, half-hour by half-hour of its week, beside how many there were."""

import csv
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from math import floor
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from callcentre.cli.asking import opened
from callcentre.cli.options import DEFAULT_CONFIG, ConfigPath, known_line, loaded, progress
from callcentre.cli.running import carried_out
from callcentre.cli.shown import Json, cell, jsonable, plain, print_json, table
from callcentre.cli.tasks import AsJson
from callcentre.core.errors import ConfigError
from callcentre.core.staff import FEWEST_HALF_HOURS, OWN_HANDLING, WEEKS, SlotNeed, Target, WeekNeed, charter_target

if TYPE_CHECKING:
    from callcentre.config.settings import Config
    from callcentre.core.charter import Charter, Line

MOST_WEEKS: Final = 520
_ROUNDING: Final = 1e-9
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SLOT_KEYS: Final = (
    *("weekday", "from", "half_hours", "half_hours_hidden", "calls", "offered", "handling_seconds", "handling_own"),
    *("needed_erlang_c", "needed_erlang_a", "there", "short", "in_time", "enough"),
)
_HEADINGS: Final = (
    *("day", "from", "half-hours", "offered", "handling", "needed C", "needed A", "were there", "short", "in time"),
    "",
)


def staffing(
    line: Annotated[str, typer.Option("--line", help="The line, of the configuration.")],
    weeks: Annotated[int, typer.Option("--weeks", help="How many weeks of history to go by.")] = WEEKS,
    until: Annotated[
        str | None, typer.Option("--until", help="The last day to go by, such as 2026-11-20; yesterday if not given.")
    ] = None,
    within: Annotated[
        float | None, typer.Option("--within", help="Instead of the charter's target: answered within so many seconds.")
    ] = None,
    fraction: Annotated[
        float | None, typer.Option("--fraction", help="Instead of the charter's: how many of all calls, such as 0.9.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated values instead of a table.")] = False,
    as_json: AsJson = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Show how many agents a line needs to keep its target, by weekday and half-hour, beside how many were there."""
    settings = loaded(config)
    known_line(settings, line)
    found = next(each for each in settings.office.lines if each.name == line)
    if as_csv and as_json:
        raise ConfigError("--csv and --json are two; write one of them")
    target = _target(found.charter, within, fraction)
    since, end = _range(found, weeks, until)
    with progress("reading the history") as show:
        week = carried_out(lambda: _read(settings, found, since, end, target, show))
    if as_json:
        for one in week.slots:
            print_json({"half_hour": _slot_json(one)})
        print_json({"summary": _summary_json(week, found)})
    elif as_csv:
        _print_csv(week)
    else:
        _print_table(week, found, weeks)


async def _read(
    config: "Config",
    line: "Line",
    since: datetime,
    until: datetime,
    target: Target | None,
    show: Callable[[int, int], None],
) -> WeekNeed:
    from callcentre.staffing import week_need

    async with opened(config) as database:
        return await week_need(database.queries, line, since, until, target, show)


# --- what was asked for ----------------------------------------------------------------------------------------------


def _target(charter: "Charter", within: float | None, fraction: float | None) -> Target | None:
    """The charter's target with what was given instead; None if neither names all of it."""
    if within is not None and not 0 <= within <= 3600:
        raise ConfigError(f"--within {within:g}: write seconds from 0 to 3600, such as 15")
    if fraction is not None and not 0 < fraction < 1:
        raise ConfigError(f"--fraction {fraction:g}: write a number between 0 and 1, such as 0.9")
    asked = replace(
        charter,
        answer_seconds=charter.answer_seconds if within is None else within,
        answer_fraction=charter.answer_fraction if fraction is None else fraction,
    )
    target = charter_target(asked)
    if target is None and (within is not None or fraction is not None):
        raise ConfigError(
            f"charter {charter.name} names no target for the telephone; write both, such as --within 15 --fraction 0.9"
        )
    return target


def _range(line: "Line", weeks: int, until: str | None) -> tuple[datetime, datetime]:
    from callcentre.config.load import HOLIDAY_YEARS
    from callcentre.runtime.clock import SystemClock
    from callcentre.staffing import whole_weeks

    if not 1 <= weeks <= MOST_WEEKS:
        raise ConfigError(f"--weeks {weeks}: write a number from 1 to {MOST_WEEKS}")
    try:
        today = SystemClock().now().astimezone(ZoneInfo(line.zone)).date()
        last = today - timedelta(days=1) if until is None else date.fromisoformat(until.strip())
        first = last - timedelta(weeks=weeks)
    except (ValueError, OverflowError):
        raise ConfigError(f"--until {until} is no day; write one such as 2026-11-20") from None
    if first.year not in HOLIDAY_YEARS or last.year not in HOLIDAY_YEARS:
        years = f"{HOLIDAY_YEARS[0]} to {HOLIDAY_YEARS[-1]}"
        raise ConfigError(f"{first} to {last}: bank holidays are known from {years} only; ask for fewer weeks")
    return whole_weeks(line, last, weeks)


# --- for people ------------------------------------------------------------------------------------------------------


def _print_table(week: WeekNeed, line: "Line", weeks: int) -> None:
    rows: list[list[object]] = []
    for _, day in groupby(week.slots, key=lambda one: one.slot[0]):
        rows += [[]] if rows else []
        rows += [_row(one) for one in day]
    table(_HEADINGS, rows, right=set(_HEADINGS[2:-1]) | {"from"})
    for said in _summary(week, line, weeks):
        print(said)


def _row(one: SlotNeed) -> list[object]:
    hidden = f"{one.hidden} not seen" if one.hidden else ""
    few = "" if one.enough else "too little history"
    return [
        _DAYS[one.slot[0]],
        _clock(one),
        one.seen,
        _number(one.offered, 1),
        _span(one.handling) if one.own_handling and one.handling is not None else "",
        _number(one.needed_c),
        _number(one.needed_a),
        _number(one.there, 1),
        _number(one.short, 1),
        _percent(one.in_time),
        ", ".join(filter(None, (few, hidden))),
    ]


def _summary(week: WeekNeed, line: "Line", weeks: int) -> Iterator[str]:
    zone, tally = ZoneInfo(line.zone), week.tally
    first, last = (at.astimezone(zone).date() for at in (week.since, week.until - timedelta(seconds=1)))
    hidden = f", {week.hidden} more left out because the PBX was out of sight in them" if week.hidden else ""
    yield ""
    yield (
        f'Line "{plain(week.line)}", {weeks} week{"" if weeks == 1 else "s"}, {first} to {last}: '
        f"{tally.offered} calls in {week.seen} half-hours of {week.days} days{hidden}."
    )
    charter = f"charter {line.charter.name}"
    if week.target is None:
        yield (
            f"The {charter} names no seconds within which calls are to be answered, so no number is needed for it. "
            "For a target of yours add: --within 15 --fraction 0.9"
        )
    else:
        own = "" if week.target == charter_target(line.charter) else f" (asked for; not of {charter})"
        achieved = "" if week.in_time is None else f"; achieved: {_percent(week.in_time)}"
        yield f"Target: {week.target.fraction * 100:g} % answered within {week.target.within:g} s{own}{achieved}."
    yield (
        f"Handling: {_or_unknown(tally.handling)} (talk; wrap-up is not measured), also for half-hours that show none: "
        f"fewer than {OWN_HANDLING} calls were answered in them. Ringing until somebody picked up: "
        f"{_or_unknown(tally.pick_up)}."
    )
    yield _patience(week)
    if any(not one.enough for one in week.slots):
        yield f"Too little history: fewer than {FEWEST_HALF_HOURS} half-hours were seen, so no need is worked out."


def _patience(week: WeekNeed) -> str:
    patience, gave_up = week.tally.patience, week.tally.gave_up
    if patience is None:
        return "Patience: nobody gave up, so Erlang A is the same as Erlang C."
    callers = f"{gave_up} caller{'' if gave_up == 1 else 's'} gave up"
    rough = "; so few tell it only roughly" if gave_up < 10 else ""
    return f"Patience: {_span(patience)} on average ({callers}{rough})."


def _clock(one: SlotNeed) -> str:
    return f"{one.slot[1] // 60:02}:{one.slot[1] % 60:02}"


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    """Cut off, not rounded up: 89.9 % is no promise of 90 % kept."""
    return "" if value is None else f"{floor(value * 100 + _ROUNDING)} %"


def _span(seconds: float) -> str:
    """`3:05` minutes, or seconds under one."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02} min" if whole >= 60 else f"{whole} s"


def _or_unknown(seconds: float | None) -> str:
    return "unknown" if seconds is None else _span(seconds)


# --- for programs ----------------------------------------------------------------------------------------------------


def _slot_json(one: SlotNeed) -> Json:
    values = (
        *(_DAYS[one.slot[0]], _clock(one), one.seen, one.hidden, one.tally.offered, _rounded(one.offered)),
        *(_rounded(one.handling), one.own_handling, one.needed_c, one.needed_a, _rounded(one.there)),
        *(_rounded(one.short), _rounded(one.in_time), one.enough),
    )
    return dict(zip(SLOT_KEYS, values, strict=True))


def _summary_json(week: WeekNeed, line: "Line") -> Json:
    tally, target = week.tally, week.target
    return {
        "line": week.line,
        "charter": line.charter.name,
        "since": jsonable(week.since),
        "until": jsonable(week.until),
        "within_seconds": None if target is None else target.within,
        "fraction": None if target is None else target.fraction,
        "target_of_charter": target is not None and target == charter_target(line.charter),
        "days": week.days,
        "half_hours": week.seen,
        "half_hours_hidden": week.hidden,
        "calls": tally.offered,
        "handling_seconds": _rounded(tally.handling),
        "pick_up_seconds": _rounded(tally.pick_up),
        "patience_seconds": _rounded(tally.patience),
        "gave_up": tally.gave_up,
        "in_time": _rounded(week.in_time),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _print_csv(week: WeekNeed) -> None:
    """One row a half-hour, the line named in each, so that the rows of several lines can be put together."""
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(("line", *SLOT_KEYS))
    for one in week.slots:
        lines.writerow((cell(week.line), *_slot_json(one).values()))
