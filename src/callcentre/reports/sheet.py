"""A report as rows for a spreadsheet: one for each number, each with its figure's name (web.sheets writes them)."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

from callcentre.reports.figures import Report

HEADING: Final = ("charter", "month", "figure", "line", "at", "value", "of", "target", "kept", "flags")
"""The columns: `value` is a count, a length in seconds, or the part of a share whose whole is `of`."""

_BY_LINE: Final = ("calls", "attendance", "callbacks", "voicemail", "first_contact", "satisfaction")

Cell = str | int | float | bool | None
Row = tuple[Cell, ...]


def rows_of(report: Report) -> Iterator[Row]:
    """The rows under HEADING, in the order of the JSON."""
    for row in _rows(report):
        yield (report.charter, report.month, *(_exact(cell) for cell in row))


def _exact(cell: Cell) -> Cell:
    """A number with all its digits; seconds are whole."""
    if not isinstance(cell, float):
        return cell
    return int(cell) if cell.is_integer() else f"{cell:.6f}".rstrip("0")


def _rows(report: Report) -> Iterator[Row]:
    yield from _promises(report)
    for name in _BY_LINE:
        for row in getattr(report, name):
            yield from _numbers(name, row)
    yield from _days(report)
    yield from _cases(report)
    for name in ("abuse_incidents", "undecided_messages"):
        yield (name, "", "", getattr(report, name), None, None, None, "")
    for greeting in report.greetings:
        yield ("greetings", greeting.line, "", greeting.messages, None, None, None, greeting.standing)
    for mailbox in report.mailboxes:
        yield ("mailboxes", mailbox.line, mailbox.at.isoformat(), 1, None, None, None, mailbox.state)


def _promises(report: Report) -> Iterator[Row]:
    so_far = "so far" if report.so_far else ""
    for one in report.promises:
        flags = ", ".join(filter(None, ("partial" if one.partial else "", so_far)))
        part, whole = (one.share.kept, one.share.of) if one.share else (None, None)
        yield (one.figure, "", "", part, whole, one.target, one.is_kept, flags)
        for line in one.lines:
            yield (one.figure, line.line, "", line.share.kept, line.share.of, one.target, None, flags)
        for point in one.trend:
            if point.share is not None:
                seen = "trend, partial" if point.partial else "trend"
                yield (one.figure, "", point.month, point.share.kept, point.share.of, one.target, None, seen)


def _days(report: Report) -> Iterator[Row]:
    for day in report.days:
        if not day.still_to_come:
            flags = "not all seen" if day.gap or day.lost or day.partial else ""
            yield ("day", "", day.day.isoformat(), day.kept, day.offered, None, None, flags)
    for hour in report.hours:
        yield ("hour", "", f"{hour.hour:02}:00", hour.kept, hour.offered, None, None, "")
    for gap in report.gaps:
        yield ("gap_seconds", "", gap.opened_at.isoformat(), gap.seconds, None, None, None, gap.reason)


def _cases(report: Report) -> Iterator[Row]:
    for clock in report.case_clocks:
        for name in ("kept", "late", "overdue", "running", "calendar_days_mean", "calendar_days_longest"):
            yield (f"{clock.figure}.{name}", "", "", getattr(clock, name), None, None, None, "")
    for kind in report.cases:
        yield (f"cases.{kind.kind}", "", "", kind.cases, None, None, None, "")
    for cause in report.complaints_by_cause:
        yield ("complaints_by_cause", "", "", cause.complaints, None, None, None, cause.cause)
    yield ("complaints_without_remedy", "", "", report.complaints_without_remedy_count, None, None, None, "")


def _numbers(name: str, row: Any) -> Iterator[Row]:
    """Each number of a row of a table by line."""
    for one in fields(row):
        value = getattr(row, one.name)
        if one.name == "by_answer":
            for answer, number in value.items():
                yield (f"{name}.answer_{answer}", row.line, "", number, None, None, None, "")
        elif one.name != "line" and value is not None:
            yield (f"{name}.{one.name}", row.line, "", value, None, None, None, "")
