"""What is over its term: said, or removed."""

from typing import TYPE_CHECKING, Annotated

import typer

from callcentre.cli.asking import opened
from callcentre.cli.options import DEFAULT_CONFIG, ConfigPath, loaded
from callcentre.cli.running import carried_out
from callcentre.cli.shown import Clocks, jsonable, print_json, table
from callcentre.core.errors import ConfigError

if TYPE_CHECKING:
    from callcentre.store.retention_rules import Removed


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed: the default.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Remove it now.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who does it, for the audit log; needed with --apply.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each kind.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Say what is over its term, by kind, or remove it; open tasks and cases and legal holds are left alone."""
    settings = loaded(config)
    if dry_run and apply:
        raise ConfigError("--dry-run and --apply are one or the other")
    if apply and not by.strip():
        raise ConfigError("--by must say who removes it")

    async def work() -> "list[Removed]":
        from callcentre.runtime.clock import SystemClock

        at = SystemClock().now()
        async with opened(settings) as database:
            holds = await database.holds.lasting(at)
            return await database.retention.run(
                settings.retention.terms, at, holds, apply=apply, who=by.strip() if apply else ""
            )

    found = carried_out(work)
    if as_json:
        for one in found:
            print_json(
                {
                    "kind": one.kind,
                    "rows": one.rows,
                    "kept": one.kept,
                    "oldest": jsonable(one.oldest),
                    "removed": apply,
                }
            )
        return
    clocks = Clocks(settings.office)
    rows = [(one.kind.replace("_", " "), one.rows, clocks.full(one.oldest), one.kept or "") for one in found]
    heading = "Removed" if apply else "Would be removed"
    table(("Kind", heading, "Oldest", "Kept for now"), rows, right=(heading, "Kept for now"))
    if not apply:
        nightly = "each night" if settings.retention.apply else "once retention.apply = true, each night"
        print(f"Nothing was removed. It is removed {nightly}, or by --apply.")
