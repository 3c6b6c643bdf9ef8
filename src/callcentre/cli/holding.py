"""Legal holds: what must be kept, by whom it was said, and until when."""

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from callcentre.cli.asking import opened
from callcentre.cli.options import DEFAULT_CONFIG, ConfigPath, loaded, pbx_of
from callcentre.cli.running import carried_out
from callcentre.cli.shown import Clocks, picked, print_json, table
from callcentre.core.errors import CallcentreError, ConfigError
from callcentre.core.numbers import canonical, masked

if TYPE_CHECKING:
    from callcentre.config.settings import Config
    from callcentre.store.holds import Hold

By = Annotated[str, typer.Option("--by", help="Who says so: the name for the audit log.")]
Why = Annotated[str, typer.Option("--why", help="The reason, without the number.")]


class NoSuchHold(CallcentreError):
    """There is no hold of this id that lasts."""


def place(
    by: By,
    why: Why,
    number: Annotated[str | None, typer.Argument(help="The number of whom everything is kept.")] = None,
    case: Annotated[int | None, typer.Option("--case", help="Or the case that is kept.", min=1)] = None,
    until: Annotated[str | None, typer.Option("--until", help="The last day, 2027-11-30; else until lifted.")] = None,
    pbx: Annotated[str | None, typer.Option("--pbx", help="Only on this PBX; needed with --case if several.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Keep everything of a number, or a case, whatever retention or an erasure would do."""
    settings = loaded(config)
    caller = canonical(number)
    if (number is None) == (case is None):
        raise ConfigError("what is held? Write the number, or --case with the case's number")
    if number is not None and caller is None:
        raise ConfigError("that is no telephone number; write its digits, with the area code")
    if not by.strip() or not why.strip():
        raise ConfigError("--by and --why must say who holds, and for what reason")
    where = "" if number is not None and pbx is None else pbx_of(settings, pbx)
    end = None if until is None else _end_of(settings, until)

    async def work() -> None:
        async with opened(settings) as database:
            await database.holds.place(
                pbx=where, number=caller, case_number=case, why=why.strip(), who=by.strip(), at=_now(), until=end
            )

    if end is not None and end <= _now():
        raise ConfigError(f"--until {until} is over; write a day to come")
    carried_out(work)
    what = f"case {case}" if caller is None else f"the number {masked(caller)}"
    print(f"{what} is held{'' if until is None else f' until {until}'}: nothing of it is erased or removed")


def lift(
    hold: Annotated[int, typer.Argument(help="The hold's number, as `hold list` shows it.", min=1)],
    by: By,
    why: Why,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """End a hold; what is over its term goes with the next run of retention."""
    settings = loaded(config)
    if not by.strip() or not why.strip():
        raise ConfigError("--by and --why must say who lifts it, and for what reason")

    async def work() -> None:
        async with opened(settings) as database:
            if not await database.holds.lift(hold, why=why.strip(), who=by.strip(), at=_now()):
                raise NoSuchHold(f"there is no hold {hold} that lasts; `callcentre hold list` shows them")

    carried_out(work)
    print(f"hold {hold} is lifted")


def list_holds(
    every: Annotated[bool, typer.Option("--all", help="Those that ended too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each hold.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """List the holds that last."""
    settings = loaded(config)

    async def work() -> "list[Hold]":
        async with opened(settings) as database:
            return [*(await database.holds.all() if every else await database.holds.lasting(_now()))]

    found = carried_out(work)
    names = ("id", "pbx", "case_number", "why", "who", "at", "until", "lifted_at", "lifted_by", "lifted_why")
    if as_json:
        for one in found:
            print_json(picked(one, names) | {"number": masked(one.number) if one.number else None})
        return
    clocks = Clocks(settings.office)
    rows = [
        (one.id, one.whom, one.why, one.who, clocks.short(one.at), clocks.full(one.until), clocks.short(one.lifted_at))
        for one in found
    ]
    table(("Hold", "What", "Why", "By", "Since", "Until", "Lifted"), rows, right=("Hold",))


def _now() -> datetime:
    from callcentre.runtime.clock import SystemClock

    return SystemClock().now()


def _end_of(settings: "Config", day: str) -> datetime:
    """The end of a day on the clocks of the first line."""
    try:
        last = date.fromisoformat(day)
    except ValueError:
        raise ConfigError(f"--until {day} is no day; write one such as 2027-11-30") from None
    return datetime.combine(last, time.max, ZoneInfo(settings.office.lines[0].zone)).astimezone(UTC)
