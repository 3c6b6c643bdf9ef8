"""The commands. Exit 0 complete, 1 the input or the answer is wrong, 2 the configuration or the call is.

What was asked for goes to standard output, everything else to standard error; a user's mistake is one message, never
a traceback. Rooms are imported where a command needs them, so that a small one starts at once.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from callcentre.core.errors import CallcentreError, ConfigError

if TYPE_CHECKING:
    from callcentre.config.settings import Config

WRONG, MISUSED = 1, 2
_DEFAULT_CONFIG = Path("callcentre.toml")

app = typer.Typer(
    name="callcentre",
    help="Measures every call of an Asterisk PBX against what the office promised.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

LogLevel = Annotated[str, typer.Option(help="debug, info, warning or error.")]
ConfigPath = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.", show_default=True)]


def main() -> None:
    """Run the command line; the entry point of the package."""
    try:
        app()
    except ConfigError as error:
        _quit(MISUSED, str(error))
    except CallcentreError as error:
        _quit(WRONG, str(error))
    except KeyboardInterrupt:
        _quit(130, "interrupted")
    except BrokenPipeError:
        # The reader of our output had enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _quit(code: int, message: str) -> NoReturn:
    print(f"callcentre: {message}", file=sys.stderr)
    sys.exit(code)


def _config(path: Path) -> "Config":
    from callcentre.config.load import load

    return load(path, os.environ)


# --- the daemon ------------------------------------------------------------------------------------------------------


@app.command()
def run(
    config: ConfigPath = _DEFAULT_CONFIG,
    log_level: LogLevel = "info",
) -> None:
    """Connect to the PBXs and measure every call, until told to stop (SIGTERM, Ctrl-C)."""
    from callcentre import app as daemon
    from callcentre.runtime import log

    loaded = _config(config)
    if log_level not in ("debug", "info", "warning", "error"):
        raise ConfigError(f"--log-level {log_level} is none; write debug, info, warning or error")
    written = asyncio.run(daemon.serve(loaded, log=log.set_up(level=log_level), started=lambda _address: None))
    # A database that hangs in its thread would hold up the end of the process for as long as it is silent.
    sys.stderr.flush()
    os._exit(0 if written else WRONG)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Where to serve; a free port if it is taken.", min=1, max=65535)] = 8090,
    days: Annotated[int, typer.Option(help="Days of history to make first.", min=1, max=366)] = 30,
) -> None:
    """Show the product on a simulated office, with a database and pages of its own. Ctrl-C ends it."""
    from callcentre import app as daemon
    from callcentre.config.load import load
    from callcentre.demo import NOTICE
    from callcentre.demo import demo as new_demo
    from callcentre.runtime import log

    def started(address: str) -> None:
        pbx = loaded.pbxs[0]
        print(f"\n  pages    {address}/\n  metrics  {address}/metrics\n  the PBX  {pbx.host}:{pbx.port} (AMI)")
        print("\nNo accounts are needed. Ctrl-C ends it and leaves nothing behind.", flush=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # being told to end, it cleans up as well
    with new_demo() as ours:
        print(f"{NOTICE}\n\nFirst its last {days} days are played at full speed and measured …", flush=True)
        with _progress("days measured") as show:
            asyncio.run(ours.prepare(days, lambda part: show(int(part * 1000), 1000)))
        with ours.live(port) as config:
            loaded = load(config, {})
            asyncio.run(daemon.serve(loaded, log=log.set_up(level="warning"), started=started, notice=NOTICE))


@app.command("check-config")
def check_config(config: ConfigPath = _DEFAULT_CONFIG) -> None:
    """Say what a configuration means, line by line, and what should be looked at."""
    from callcentre.config.describe import describe

    for line in describe(_config(config)):
        print(line)


@app.command("init-config")
def init_config(path: Annotated[Path, typer.Argument(help="Where to write it.")] = _DEFAULT_CONFIG) -> None:
    """Write a commented configuration to start from; an existing file is never overwritten."""
    from callcentre.config.template import TEMPLATE

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError:
        raise ConfigError(f"{path} is there already; name another file, or move that one away") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
    print(f"{path} written. Edit it, then: callcentre check-config --config {path}", file=sys.stderr)


@app.command("upgrade-db")
def upgrade_db(config: ConfigPath = _DEFAULT_CONFIG) -> None:
    """Bring the database's tables up to this version's. Make a backup first."""
    from callcentre.store.database import Database

    async def work(url: str) -> str:
        database = await Database.open(url)
        try:
            return await database.upgrade()
        finally:
            await database.close()

    print(f"schema {asyncio.run(work(_config(config).store.url))}")


# --- tapes -----------------------------------------------------------------------------------------------------------


@app.command()
def replay(
    tapes: Annotated[list[Path], typer.Argument(help="Recordings of AMI; each is an office of its own.")],
    config: ConfigPath = _DEFAULT_CONFIG,
    snapshots: Annotated[Path | None, typer.Option(help="Replies a client could have asked for.")] = None,
    pbx: Annotated[str | None, typer.Option(help="Whose tape it is; needed if the configuration has several.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line instead of a table.")] = False,
) -> None:
    """Measure a recording as if it happened now, on the tape's own clock. Needs no PBX and no database."""
    from callcentre.history.replay import replay as play

    loaded = _config(config)
    name = _the_pbx(loaded, pbx)
    if snapshots is not None and len(tapes) > 1:
        raise ConfigError("--snapshots goes with one tape; replay the others by themselves")
    rows = (row for tape in tapes for row in play(tape, loaded.office, name, snapshots))
    if as_json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
    else:
        _print_calls(rows)


@app.command()
def record(
    out: Annotated[Path, typer.Argument(help="The tape to write; .gz and .zst are compressed.")],
    config: ConfigPath = _DEFAULT_CONFIG,
    raw: Annotated[bool, typer.Option("--raw", help="Keep numbers and names as they are.")] = False,
    seconds: Annotated[float | None, typer.Option(help="Stop after so long; without it, at Ctrl-C.", min=0)] = None,
    pbx: Annotated[str | None, typer.Option(help="Which PBX, if the configuration has several.")] = None,
) -> None:
    """Record what a live PBX says, for `replay`: secrets left out, numbers and names replaced unless --raw."""
    from callcentre import app as daemon
    from callcentre.runtime import log

    loaded = _config(config)
    name = _the_pbx(loaded, pbx)
    packets = asyncio.run(daemon.record(loaded, name, out, log=log.set_up(), raw=raw, seconds=seconds))
    print(f"{out}: {packets} packets", file=sys.stderr)
    if not packets:
        raise typer.Exit(WRONG)


# --- Asterisk's own books --------------------------------------------------------------------------------------------

imports = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(imports, name="import", help="Take in what other books have.")


@imports.command("queue_log")
def import_queue_log(
    files: Annotated[list[Path], typer.Argument(help="queue_log files in any order, rotated and gzipped ones too.")],
    config: ConfigPath = _DEFAULT_CONFIG,
    pbx: Annotated[str | None, typer.Option(help="Whose they are; needed if the configuration has several.")] = None,
) -> None:
    """Add the calls of queue_log to the database. Doing it again adds nothing; every line is accounted for."""
    from callcentre.history.back_fill import ImportReport
    from callcentre.history.back_fill import import_queue_log as back_fill
    from callcentre.store.database import Database

    loaded = _config(config)
    name = _the_pbx(loaded, pbx)
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise ConfigError(f"{', '.join(missing)}: no such file")

    async def work() -> ImportReport:
        database = await Database.open(loaded.store.url)
        try:
            await database.prepare()
            with _progress("importing") as show:
                return await back_fill(files, loaded.office, name, database.writer, show)
        finally:
            await database.close()

    report = asyncio.run(work())
    for line in report.render():
        print(line)
    if report.bad:
        raise typer.Exit(WRONG)


@app.command()
def reconcile(
    day: Annotated[str, typer.Option(help="The civil day, such as 2026-11-20.")],
    config: ConfigPath = _DEFAULT_CONFIG,
    queue_log: Annotated[Path | None, typer.Option(help="Its file, if not the one of the configuration.")] = None,
    pbx: Annotated[str | None, typer.Option(help="Which PBX, if the configuration has several.")] = None,
) -> None:
    """Hold our calls of a day against Asterisk's queue_log, call by call; exit 1 if they differ."""
    from callcentre.history.reconcile import Reconciliation
    from callcentre.history.reconcile import reconcile as compare
    from callcentre.store.database import Database

    loaded = _config(config)
    name = _the_pbx(loaded, pbx)
    book = queue_log or next(each.queue_log for each in loaded.pbxs if each.name == name)
    if book is None:
        raise ConfigError(f'pbx "{name}" has no queue_log; set it in the configuration, or name one with --queue-log')
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise ConfigError(f"--day {day} is no day; write one such as 2026-11-20") from None

    async def work(book: Path) -> Reconciliation:
        database = await Database.open(loaded.store.url)
        try:
            await database.check()
            return await compare(wanted, loaded.office, name, book, database.queries)
        finally:
            await database.close()

    found = asyncio.run(work(book))
    for line in found.render():
        print(line)
    raise typer.Exit(found.exit_status)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far something is, on a terminal only; the yielded function takes done and total."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _the_pbx(config: "Config", wanted: str | None) -> str:
    names = [pbx.name for pbx in config.pbxs]
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in names:
        return wanted
    said = "several PBXs are configured" if wanted is None else f"--pbx {wanted} is not configured"
    raise ConfigError(f"{said}; write --pbx with one of {', '.join(names)}")


def _print_calls(rows: Iterable[dict[str, object]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading, how in (
        ("offered at", "left"),
        ("line", "left"),
        ("outcome", "left"),
        ("wait s", "right"),
        ("rings", "right"),
        ("talk s", "right"),
        ("answered by", "left"),
        ("in time", "left"),
        ("quality", "left"),
    ):
        table.add_column(heading, justify=how, overflow="fold")  # type: ignore[arg-type]
    others: dict[str, int] = {}
    for row in rows:
        if "uniqueid" not in row:
            kind = next(iter(row))
            others[kind] = others.get(kind, 0) + 1
            continue
        table.add_row(
            str(row["offered_at"])[:19].replace("T", " "),
            str(row["line"]),
            str(row["outcome"]).replace("_", " "),
            _number(row["wait_seconds"]),
            _number(row["rings"], places=0),
            _number(row["talk_seconds"]),
            str(row["answered_by"] or ""),
            {True: "yes", False: "no", None: ""}[row["within_seconds"]],  # type: ignore[index]
            str(row["quality"]),
        )
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160, highlight=False)
    console.print(table)
    words = {"voicemail": "voicemail messages", "attendance": "intervals of attendance"}
    told = [
        f"{table.row_count} call{'' if table.row_count == 1 else 's'}",
        *(f"{number} {words.get(kind, kind)}" for kind, number in others.items()),
    ]
    console.print(", ".join(told) + " (--json prints everything; times are UTC)")


def _number(value: object, places: int = 1) -> str:
    return f"{value:.{places}f}" if isinstance(value, int | float) else ""


# --- small answers ---------------------------------------------------------------------------------------------------


@app.command()
def rings(
    seconds: Annotated[float, typer.Argument(help="How long the telephone rang.", min=0)],
    tone: Annotated[str, typer.Option(help="The tone zone, or a cadence as in indications.conf.")] = "uk",
) -> None:
    """How many rings a caller has heard begin after so many seconds."""
    from callcentre.config.tones import RING_CADENCES
    from callcentre.core.rings import cycle_of, rings_begun

    try:
        cycle = cycle_of(RING_CADENCES.get(tone, tone))
    except ValueError as error:
        raise ConfigError(f"--tone {tone}: {error}; or write one of {', '.join(sorted(RING_CADENCES))}") from None
    print(rings_begun(timedelta(seconds=seconds), cycle))
