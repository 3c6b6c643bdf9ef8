"""Asterisk's own books: taken in, and held against ours."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from callcentre.cli.options import DEFAULT_CONFIG, WRONG, ConfigPath, loaded, pbx_of, progress
from callcentre.cli.running import carried_out
from callcentre.core.errors import ConfigError


def import_queue_log(
    files: Annotated[list[Path], typer.Argument(help="queue_log files in any order, rotated and gzipped ones too.")],
    config: ConfigPath = DEFAULT_CONFIG,
    pbx: Annotated[str | None, typer.Option(help="Whose they are; needed if the configuration has several.")] = None,
) -> None:
    """Add the calls of queue_log to the database. Doing it again adds nothing; every line is accounted for."""
    from callcentre.history.back_fill import ImportReport
    from callcentre.history.back_fill import import_queue_log as back_fill
    from callcentre.store.database import Database

    settings = loaded(config)
    name = pbx_of(settings, pbx)
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise ConfigError(f"{', '.join(missing)}: no such file")

    async def work() -> ImportReport:
        database = await Database.open(settings.store.url)
        try:
            await database.prepare()
            with progress("importing") as show:
                return await back_fill(files, settings.office, name, database.writer, show)
        finally:
            await database.close()

    report = carried_out(work)
    for line in report.render():
        print(line)
    if report.bad:
        raise typer.Exit(WRONG)


def reconcile(
    day: Annotated[str, typer.Option(help="The civil day, such as 2026-11-20.")],
    config: ConfigPath = DEFAULT_CONFIG,
    queue_log: Annotated[Path | None, typer.Option(help="Its file, if not the one of the configuration.")] = None,
    pbx: Annotated[str | None, typer.Option(help="Which PBX, if the configuration has several.")] = None,
) -> None:
    """Hold our calls of a day against Asterisk's queue_log, call by call; exit 1 if they differ."""
    from callcentre.history.reconcile import Reconciliation
    from callcentre.history.reconcile import reconcile as compare
    from callcentre.store.database import Database

    settings = loaded(config)
    name = pbx_of(settings, pbx)
    book = queue_log or next(each.queue_log for each in settings.pbxs if each.name == name)
    if book is None:
        raise ConfigError(f'pbx "{name}" has no queue_log; set it in the configuration, or name one with --queue-log')
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise ConfigError(f"--day {day} is no day; write one such as 2026-11-20") from None

    async def work(book: Path) -> Reconciliation:
        database = await Database.open(settings.store.url)
        try:
            await database.check()
            return await compare(wanted, settings.office, name, book, database.queries)
        finally:
            await database.close()

    found = carried_out(lambda: work(book))
    for line in found.render():
        print(line)
    raise typer.Exit(found.exit_status)
