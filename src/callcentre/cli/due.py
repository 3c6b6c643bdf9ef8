"""By when a message must be answered, and why: the calendar, asked from outside."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from callcentre.cli.options import DEFAULT_CONFIG, loaded
from callcentre.core.errors import CallcentreError, ConfigError

if TYPE_CHECKING:
    from callcentre.core.charter import DeadlineRule, Line, WeekHours

_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,6})?)?) ?([Z]|[+-]\d\d:?\d\d)?", re.ASCII | re.IGNORECASE
)
_SUCH_AS: Final = "write one such as 2026-12-24T19:00"
_MOST: Final = 366
"""The largest number a rule takes: the same that charter files may write."""


class NoSuchTime(CallcentreError):
    """A time that no clock shows, or that no calendar here reaches; the message says what to write instead."""


def due(
    left: Annotated[
        str,
        typer.Option(help="When the message was left: 2026-12-24T19:00, the line's time; or with an offset, or Z."),
    ],
    line: Annotated[str | None, typer.Option(help="The line it was left on, of the configuration.")] = None,
    charter: Annotated[str | None, typer.Option(help="Instead of a line: hct, cmi, wme or one of yours.")] = None,
    nation: Annotated[str | None, typer.Option(help="With --charter: whose bank holidays, ENG, WLS, SCT, NIR.")] = None,
    rule: Annotated[
        str | None, typer.Option(help="Instead of the charter's rule for messages, such as working_days:5.")
    ] = None,
    hours: Annotated[
        str | None, typer.Option(help="Instead of its hours on the days it works: 09:00-12:30,13:30-17:00.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="The configuration file; not needed with --charter.", show_default=False),
    ] = None,
) -> None:
    """Say by when a message must be answered: first the deadline, then why, step by step."""
    from callcentre.core.calendar import Calendar

    here = _asked(line, charter, nation, config)
    wanted = here.charter.message_rule if rule is None else rule_of(rule)
    if hours is not None:
        here = replace(here, hours=_on_its_days(here.hours, hours))
    moment, note = moment_of(left, ZoneInfo(here.zone))
    found = Calendar(here).due(wanted, moment)
    deadline, act_by = (one.astimezone(ZoneInfo(here.zone)) for one in (found.due, found.act_by))
    _known(deadline, "the deadline")
    print(deadline.isoformat())
    for told in (*_judged_by(here, line), *([note] if note else ()), *found.reasons):
        print(told)
    if act_by != deadline:
        print(f"act by {act_by.isoformat()}")
    if rule is None and here.charter.acknowledge_rule is not None:
        received = Calendar(here).due(here.charter.acknowledge_rule, moment)
        print(f"acknowledge by {received.due.astimezone(ZoneInfo(here.zone)).isoformat()}")


# --- whose promise ---------------------------------------------------------------------------------------------------


def _asked(line: str | None, charter: str | None, nation: str | None, config: Path | None) -> "Line":
    """The line asked for, or one that only keeps a charter."""
    if (line is None) == (charter is None):
        raise ConfigError("whose promise? Write --line with a line of the configuration, or --charter and --nation")
    if line is not None:
        if nation is not None:
            raise ConfigError("--nation goes with --charter; a line has its own in the configuration")
        return _of_config(line, config or DEFAULT_CONFIG)
    return _of_charter(str(charter), nation, config)


def _of_config(name: str, config: Path) -> "Line":
    from callcentre.config.problems import unknown

    lines = {one.name: one for one in loaded(config).office.lines}
    if name not in lines:
        raise ConfigError(f'--line: there is no line "{name}" in {config}; {unknown(name, lines)}')
    return lines[name]


def _of_charter(name: str, nation: str | None, config: Path | None) -> "Line":
    from callcentre.config.load import bank_holidays
    from callcentre.config.named import charter_named
    from callcentre.core.charter import Line
    from callcentre.core.terms import Nation

    promised = charter_named(name, config)
    nations = {each.value: each for each in Nation}
    if nation is None:
        raise ConfigError("--charter needs --nation: bank holidays differ; write one of ENG, WLS, SCT, NIR")
    if nation.upper() not in nations:
        raise ConfigError(f"--nation {nation} is none; write one of ENG, WLS, SCT, NIR")
    kept = nations[nation.upper()]
    return Line(name=name, pbx="", charter=promised, nation=kept, hours=promised.hours, holidays=bank_holidays(kept))


def _judged_by(line: "Line", asked: str | None) -> Iterator[str]:
    from callcentre.config.hours import text_of

    whose = f'Line "{asked}", charter' if asked else "Charter"
    yield (
        f"{whose} {line.charter.name} version {line.charter.version}; open {text_of(line.hours)} ({line.zone}), "
        f"closed on bank holidays ({line.nation.value})."
    )


# --- what was written ------------------------------------------------------------------------------------------------


def rule_of(written: str) -> "DeadlineRule":
    """Read a rule as `--rule` takes it: `working_days:5`. ConfigError, saying what to write instead."""
    from callcentre.config.problems import unknown
    from callcentre.core.charter import DeadlineRule, RuleName

    name, colon, number = written.strip().partition(":")
    known = {each.value: each for each in RuleName}
    if name not in known:
        raise ConfigError(f'--rule: there is no rule "{name}"; {unknown(name, known)}')
    examples = {RuleName.ELAPSED_OR_NEXT_WORKING_DAY: 24, RuleName.WORKING_DAYS: 5}
    example = examples.get(known[name])
    if example is None:
        if colon:
            raise ConfigError(f"--rule {name} takes no number; write {name}")
        return DeadlineRule(known[name])
    if not number:
        raise ConfigError(f"--rule {name} needs a number; write {name}:{example}")
    if not re.fullmatch(r"[0-9]{1,3}", number, re.ASCII) or not 1 <= int(number) <= _MOST:
        raise ConfigError(f"--rule {name}: {number} must be a whole number from 1 to {_MOST}; write {name}:{example}")
    return DeadlineRule(known[name], int(number))


def _on_its_days(week: "WeekHours", written: str) -> "WeekHours":
    """The hours of `--hours` on each day that `week` lists."""
    from callcentre.config.hours import week_of
    from callcentre.core.charter import WeekHours

    try:
        (intervals, *_) = week_of({"mon": [one.strip() for one in written.split(",")]}).days
    except ValueError as error:
        raise ConfigError(f"--hours: {str(error).removeprefix('mon: ')}") from None
    return WeekHours(days=tuple(intervals if day else () for day in week.days))


def moment_of(written: str, zone: ZoneInfo, option: str = "--left") -> tuple[datetime, str]:
    """Read a time as `option` takes it; return it in UTC, and what must be said about it (empty: nothing).

    Without an offset it is civil time in `zone`. Raises ConfigError if it is no time at all, NoSuchTime if the clocks
    skip it; of a time that comes twice the earlier is meant.
    """
    match = _TIME.fullmatch(written.strip())
    if match is None:
        raise ConfigError(f"{option} {written} is no time; {_SUCH_AS}")
    day, clock, offset = match.groups()
    try:
        told = datetime.fromisoformat(f"{day}T{clock.replace(',', '.')}{(offset or '').upper()}")
    except ValueError as error:
        raise ConfigError(f"{option} {written} is no time ({error}); {_SUCH_AS}") from None
    _known(told, f"{option} {written}")
    if told.tzinfo is not None:
        return told.astimezone(UTC), ""
    early, late = (told.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    gap = (late.utcoffset() or timedelta()) - (early.utcoffset() or timedelta())
    if gap > timedelta():
        raise NoSuchTime(_skipped(told, zone, early, option))
    if gap < timedelta():
        return early.astimezone(UTC), (
            f"The clocks go back on that day and show {told:%H:%M} twice; the earlier is meant, {early.isoformat()}. "
            f"For the later write {late.isoformat()}."
        )
    return early.astimezone(UTC), ""


def _skipped(told: datetime, zone: ZoneInfo, before: datetime, option: str) -> str:
    """Say which local times do not exist on the day of `told`, one of them; `before` has the offset of before."""
    minute = timedelta(minutes=1)
    first, after = told.replace(second=0, microsecond=0), told.replace(second=0, microsecond=0)
    while not _exists(first - minute, zone):
        first -= minute
    while not _exists(after, zone):
        after += minute
    return (
        f"{option} {told.isoformat()} does not exist in {zone.key}: the clocks go forward from {first:%H:%M} to "
        f"{after:%H:%M} on that day; write a time before {first:%H:%M} or from {after:%H:%M} on, "
        f"or one with an offset, such as {before.isoformat()}"
    )


def _exists(local: datetime, zone: ZoneInfo) -> bool:
    return local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local


def _known(local: datetime, what: str) -> None:
    """Refuse a time in a year whose bank holidays nobody here knows."""
    from callcentre.config.load import HOLIDAY_YEARS

    if local.year not in HOLIDAY_YEARS:
        first, last = HOLIDAY_YEARS[0], HOLIDAY_YEARS[-1]
        raise NoSuchTime(f"{what} lies in {local.year}, but bank holidays are known from {first} to {last} only")
