"""The monthly report of a charter, as a file."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callcentre.cli.asking import opened
from callcentre.cli.options import DEFAULT_CONFIG, ConfigPath, loaded
from callcentre.cli.running import carried_out
from callcentre.core.errors import ConfigError

if TYPE_CHECKING:
    from callcentre.config.settings import Config
    from callcentre.reports.figures import Report


class Format(StrEnum):
    """The forms of a report."""

    HTML = "html"
    PDF = "pdf"
    CSV = "csv"
    JSON = "json"


def report(
    month: Annotated[
        str | None, typer.Option("--month", help="The month, such as 2026-11; without it the last whole one.")
    ] = None,
    charter: Annotated[
        str | None, typer.Option("--charter", help="The charter; may be left out where all lines have one.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="The form.", case_sensitive=False)] = Format.HTML,
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; without it standard output.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Report on a month: each promise of a charter with its result, the worst days, complaints, what was not seen."""
    if form is Format.PDF and out is None and sys.stdout.isatty():
        raise ConfigError("a PDF is not for a terminal; write --out with a file")
    settings = loaded(config)
    names = sorted({line.charter.name for line in settings.office.lines})
    if charter is None and len(names) > 1:
        raise ConfigError(f"lines have several charters; write --charter with one of {', '.join(names)}")
    made = carried_out(lambda: _made(settings, charter or names[0], month))
    written = _written(made, form)
    if out is None:
        sys.stdout.buffer.write(written)
        return
    try:
        out.write_bytes(written)
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written ({error.strerror})") from None


async def _made(config: "Config", charter: str, month: str | None) -> "Report":
    from zoneinfo import ZoneInfo

    from callcentre.reports.gather import lines_of, report_of
    from callcentre.reports.months import Month
    from callcentre.runtime.clock import SystemClock

    now = SystemClock().now()
    zone = ZoneInfo(lines_of(config.office, charter)[0].zone)
    asked = Month.of(now, zone).moved(-1) if month is None else Month.read(month)
    async with opened(config) as database:
        return await report_of(database, config.office, charter, asked, now)


def _written(made: "Report", form: Format) -> bytes:
    if form is Format.JSON:
        from callcentre.reports.figures import as_json

        return (json.dumps(as_json(made), ensure_ascii=False, indent=2) + "\n").encode()
    if form is Format.CSV:
        from zoneinfo import ZoneInfo

        from callcentre.reports.sheet import HEADING, rows_of
        from callcentre.web import sheets

        return sheets.rows_of([HEADING, *rows_of(made)], ZoneInfo(made.zone)).encode()
    from callcentre.reports.render import html_of

    html = html_of(made)
    if form is Format.HTML:
        return html.encode()
    from callcentre.reports.pdf import pdf_of

    return pdf_of(html)
