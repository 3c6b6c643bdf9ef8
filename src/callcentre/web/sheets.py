"""Lists for spreadsheets: comma-separated values, sent page by page, and no cell that a spreadsheet would run."""

import csv
import io
from collections.abc import AsyncIterable, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | float | bool | datetime | None


def cell(value: Cell, zone: ZoneInfo) -> str:
    """One value as text: a time on the clocks of `zone` with its offset, a formula's first sign behind an apostrophe.

    Cells come from callers, telephones and pauses' reasons; a spreadsheet would run `=…` (CWE-1236).
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(zone).isoformat(timespec="seconds")
        case StrEnum():
            return value.value
        case float():
            return f"{value:g}"
        case int():
            return str(value)
        case str():
            text = value.replace("\x00", "")
            return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def rows_of(rows: Iterable[Sequence[Cell]], zone: ZoneInfo) -> str:
    """Rows as the lines of a file."""
    lines = io.StringIO()
    csv.writer(lines).writerows([cell(value, zone) for value in row] for row in rows)
    return lines.getvalue()


async def send(
    request: web.Request,
    name: str,
    heading: Sequence[str],
    pages: AsyncIterable[Iterable[Sequence[Cell]]],
    zone: ZoneInfo,
) -> web.StreamResponse:
    """Send a file called `name` as it is read. Where reading fails it breaks off, and does not look whole."""
    response = web.StreamResponse(
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    )
    response.content_type = "text/csv"
    response.charset = "utf-8"
    response.enable_chunked_encoding()
    written = False
    try:
        async for page in pages:
            if not written:
                await response.prepare(request)
                await response.write(rows_of([heading], zone).encode())
                written = True
            await response.write(rows_of(page, zone).encode())
    except Exception:
        if written:
            response.force_close()
            if request.transport is not None:
                request.transport.abort()
        raise
    if not written:
        await response.prepare(request)
        await response.write(rows_of([heading], zone).encode())
    await response.write_eof()
    return response
