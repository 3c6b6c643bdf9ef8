"""Whether somebody could answer, at each moment of a day's core hours: the ledger, and what was done about breaches."""

import csv
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from callcentre.attendance import LineDay, line_day
from callcentre.cli.asking import opened
from callcentre.cli.options import DEFAULT_CONFIG, ConfigPath, known_line, loaded
from callcentre.cli.running import carried_out
from callcentre.cli.shown import Json, cell, jsonable, picked, plain, print_json, table, words
from callcentre.cli.tasks import AsJson, OnLine
from callcentre.core.breach import Breach, BreachStep
from callcentre.core.charter import Line
from callcentre.core.errors import ConfigError
from callcentre.core.ledger import Stretch

if TYPE_CHECKING:
    from callcentre.config.settings import Config

STRETCH_KEYS: Final = ("pbx", "line", "day", "start", "end", "seconds", "state", "reason", "who")
BREACH_KEYS: Final = (
    *("pbx", "line", "since", "mode", "reason", "unattended_at", "alarmed_at", "asked_by", "waiting"),
    *("ended_at", "end"),
)
STEP_KEYS: Final = ("seq", "at", "action", "target", "result", "why", "undoes", "settled_at")

_STATES: Final = {"attended": "attended", "unattended": "UNATTENDED", "unknown": "unknown", "to_come": "to come"}


def attendance(
    day: Annotated[
        str, typer.Option("--day", help="The civil day: a date such as 2026-11-20, today or yesterday.")
    ] = "today",
    line: OnLine = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated values: one row an interval.")] = False,
    as_json: AsJson = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Show whether somebody could answer at each moment of a day's core hours, and what was done where nobody could."""
    settings = loaded(config)
    known_line(settings, line)
    if as_csv and as_json:
        raise ConfigError("--csv and --json are two; write one of them")
    asked = [one for one in settings.office.lines if line is None or one.name == line]
    found = carried_out(lambda: _read(settings, asked, day))
    if as_json:
        for one in found:
            _print_json(one)
    elif as_csv:
        _print_csv(found)
    else:
        for place, one in enumerate(found):
            if place:
                print()
            _print_day(one)


# --- what was asked for ----------------------------------------------------------------------------------------------


def day_of(written: str, now: datetime, zone: ZoneInfo) -> date:
    """Read `--day`: a date, or `today` or `yesterday` by the clocks of `zone`. ConfigError, saying what to write."""
    from callcentre.config.load import HOLIDAY_YEARS

    today, asked = now.astimezone(zone).date(), written.strip().lower()
    if asked in ("today", "yesterday"):
        return today - timedelta(days=asked == "yesterday")
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        raise ConfigError(
            f"--day {written} is no day; write one such as {today.isoformat()}, or today, or yesterday"
        ) from None
    if day.year not in HOLIDAY_YEARS:
        years = f"{HOLIDAY_YEARS[0]} to {HOLIDAY_YEARS[-1]}"
        raise ConfigError(f"--day {written}: bank holidays are known from {years} only")
    return day


async def _read(config: "Config", lines: Sequence[Line], day: str) -> list[LineDay]:
    from callcentre.runtime.clock import SystemClock

    now = SystemClock().now()
    days = [(line, day_of(day, now, ZoneInfo(line.zone))) for line in lines]
    async with opened(config) as database:
        seen = await database.queries.seen_until()
        return [await line_day(database.queries, line, on, now, seen.get(line.pbx)) for line, on in days]


# --- for people ------------------------------------------------------------------------------------------------------


def _print_day(one: LineDay) -> None:
    ledger = one.ledger
    print(f"{one.line.name} ({one.line.pbx}), {ledger.day:%A} {ledger.day.day} {ledger.day:%B %Y}")
    if not ledger.stretches:
        print(f"no core hours: {one.closed}")
    else:
        _print_ledger(one)
    for breach, steps in one.breaches:
        print()
        _print_breach(one, breach, steps)


def _print_ledger(one: LineDay) -> None:
    stretches = one.ledger.stretches
    several_people = any(stretch.who for stretch in stretches)
    headings = ("from", "until", "length", "", "why", *(("who",) if several_people else ()))
    rows = [
        [
            one.clock(stretch.start),
            _until(one, stretch),
            _span(_seconds(stretch)),
            _STATES[_state(stretch)],
            stretch.reason,
            *((", ".join(stretch.who),) if several_people else ()),
        ]
        for stretch in stretches
    ]
    table(headings, rows, right=("length",))
    print()
    for told in _totals(one):
        print(told)


def _totals(one: LineDay) -> Iterator[str]:
    """The sums of what the table shows: to the second, they add up to the core hours."""
    ledger = one.ledger
    lengths = dict.fromkeys(_STATES, 0)
    for stretch in ledger.stretches:
        lengths[_state(stretch)] += _seconds(stretch)
    share = f"   {_percent(ledger.fraction)} of what is known" if ledger.fraction is not None else ""
    shown = {
        "core hours": (sum(lengths.values()), ""),
        "attended": (lengths["attended"], share),
        "unattended": (lengths["unattended"], ""),
        "unknown": (lengths["unknown"], ""),
    }
    if lengths["to_come"]:
        shown["to come"] = (lengths["to_come"], f"   as of {one.clock(one.as_of)}")
    for what, (seconds, more) in shown.items():
        print_length = _span(seconds)
        yield f"{what:<12}{print_length:>9}{more}"
    if not one.recorded and lengths["unknown"]:
        yield "Nothing was recorded of this line by then: what is unknown is never counted as attended."


def _print_breach(one: LineDay, breach: Breach, steps: Sequence[BreachStep]) -> None:
    end = "lasts" if breach.ended_at is None else f"until {one.clock(breach.ended_at)}, {words(breach.end)}"
    print(f"breach since {one.clock(breach.since)}, {end}: {_why(breach)}")
    for said in _about(one, breach):
        print(f"  {said}")
    if steps:
        table(
            ("  at", "action", "target", "result", "why"),
            [
                (f"  {one.clock(step.at)}", words(step.action), step.target, words(step.result), step.why)
                for step in steps
            ],
        )


def _why(breach: Breach) -> str:
    who = f" ({', '.join(breach.who)})" if breach.who else ""
    return plain(f"{breach.reason}{who}")


def _about(one: LineDay, breach: Breach) -> Iterator[str]:
    if breach.asked_by is not None:
        yield f"cover was asked for by {plain(breach.asked_by)}"
    if breach.unattended_at is not None and breach.unattended_at != breach.since:
        yield f"unattended since {one.clock(breach.unattended_at)}"
    if breach.alarmed_at is None:
        yield f"no alarm: {'never' if breach.ended_at else 'not'} unattended beyond grace"
    else:
        callers = "1 caller" if breach.waiting == 1 else f"{breach.waiting} callers"
        yield f"alarm at {one.clock(breach.alarmed_at)}, {callers} waiting; mode {breach.mode.value}"


def _until(one: LineDay, stretch: Stretch) -> str:
    """The end on the line's clocks; midnight is the end of the day, not the beginning of the next."""
    local = stretch.end.astimezone(one.zone)
    return "24:00:00" if local.date() > one.ledger.day and local.time() == time() else one.clock(stretch.end)


def _state(stretch: Stretch) -> str:
    return "to_come" if stretch.state is None else stretch.state.value


def _seconds(stretch: Stretch) -> int:
    """Whole seconds between the moments as clocks show them, so that those of a day add up exactly."""
    return int(stretch.end.timestamp()) - int(stretch.start.timestamp())


def _span(seconds: int) -> str:
    """`h:mm:ss`."""
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _percent(fraction: float) -> str:
    """With one digit, and cut, not rounded: 100.0 % is all of it."""
    return f"{int(fraction * 1000) / 10:.1f} %"


# --- for programs ----------------------------------------------------------------------------------------------------


def _print_json(one: LineDay) -> None:
    ledger = one.ledger
    whose: Json = {"pbx": one.line.pbx, "line": one.line.name, "day": ledger.day.isoformat()}
    for stretch in ledger.stretches:
        values: Json = {
            "start": jsonable(stretch.start.astimezone(UTC)),
            "end": jsonable(stretch.end.astimezone(UTC)),
            "seconds": stretch.length.total_seconds(),
            "state": _state(stretch),
            "reason": stretch.reason,
            "who": list(stretch.who),
        }
        print_json({"attendance": whose | values})
    for breach, steps in one.breaches:
        told: Json = {
            "who": list(breach.who),
            "told": list(breach.told),
            "steps": [picked(step, STEP_KEYS) for step in steps],
        }
        print_json({"breach": picked(breach, BREACH_KEYS) | told})
    totals: Json = {
        "core_seconds": ledger.core.total_seconds(),
        "attended_seconds": ledger.attended.total_seconds(),
        "unattended_seconds": ledger.unattended.total_seconds(),
        "unknown_seconds": ledger.unknown.total_seconds(),
        "to_come_seconds": ledger.to_come.total_seconds(),
        "attended_fraction": ledger.fraction,
        "closed": one.closed or None,
        "as_of": jsonable(one.as_of.astimezone(UTC)),
    }
    print_json({"day": whose | totals})


def _print_csv(found: Sequence[LineDay]) -> None:
    """One row an interval. No cell begins as a formula does: a pause's reason could, and spreadsheets would run it."""
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(STRETCH_KEYS)
    for one in found:
        for stretch in one.ledger.stretches:
            start, end = (at.astimezone(one.zone).isoformat(timespec="seconds") for at in (stretch.start, stretch.end))
            told = (cell(stretch.reason), cell("; ".join(stretch.who)))
            named = (cell(one.line.pbx), cell(one.line.name), one.ledger.day.isoformat())
            lines.writerow((*named, start, end, _seconds(stretch), _state(stretch), *told))
