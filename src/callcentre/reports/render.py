"""A report as HTML: one file with everything in it, or the same body for a page. No script, no style in attributes."""

from functools import lru_cache
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup

from callcentre.reports import charts, words
from callcentre.reports.figures import Day, Report
from callcentre.reports.words import number, of, percent, span

_HERE: Final = files("callcentre.reports")


def style() -> str:
    """The style sheet of a report, for its own file and for its page."""
    return (_HERE / "report.css").read_text("utf-8")


def html_of(report: Report) -> str:
    """The report as one file: nothing is loaded from anywhere, made for paper."""
    # Our own file: nothing in it comes from elsewhere.
    return _environment().get_template("report.html").render(**_given(report), served=False, style=Markup(style()))  # noqa: S704


def body_of(report: Report) -> Markup:
    """The report's body for a page of ours, which has the style sheet; links lead within the pages."""
    # Escaped by the template.
    return Markup(_environment().get_template("body.html").render(**_given(report), served=True))  # noqa: S704


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (_HERE / name).read_text("utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _given(report: Report) -> dict[str, Any]:
    zone = ZoneInfo(report.zone)
    judged_by_time = any(one.figure == "calls_within_seconds" and one.target is not None for one in report.promises)
    return {
        "r": report,
        "titles": {one.line: one.title for one in report.lines},
        "months": [point.month for point in next((one.trend for one in report.promises if one.trend), ())],
        "in_time": "in time" if judged_by_time else "answered",
        "moment": lambda at: words.moment(at, zone),
        "touched": _touched,
        "percent": percent,
        "number": number,
        "span": span,
        "of": of,
        "day": words.day,
        "verdict": words.verdict,
        "sparkline": charts.sparkline,
        "days_chart": charts.days_chart,
        "hours_chart": charts.hours_chart,
        **_tables(report),
    }


def _touched(day: Day) -> str:
    """What of a day was not seen, in words; empty if all was."""
    told = ["a gap"] if day.gap else []
    told += [f"{number(day.lost)} lost"] if day.lost else []
    told += [f"{number(day.partial)} partial"] if day.partial else []
    return ", ".join(told)


Rows = list[tuple[str, list[str]]]


def _tables(report: Report) -> dict[str, Rows]:
    """The tables with a row for each line, as text."""
    return {
        "by_line": _by_line(report),
        "calls": [
            (
                one.line,
                [
                    *map(number, (one.offered, one.answered, one.within_seconds, one.within_rings)),
                    *map(
                        number, (one.voicemail + one.voicemail_empty, one.abandoned + one.short_abandoned, one.closed)
                    ),
                    *map(number, (one.refused, one.overflowed, one.out_of_hours, one.lost, one.partial)),
                    number(one.never_offered_a_mailbox),
                ],
            )
            for one in report.calls
        ],
        "attendance": [
            (
                one.line,
                [
                    *map(span, (one.core_seconds, one.attended_seconds, one.unattended_seconds, one.unknown_seconds)),
                    percent(one.value),
                ],
            )
            for one in report.attendance
        ],
        "callbacks": [
            (
                one.line,
                [
                    *map(number, (one.messages, one.in_time, one.late, one.overdue, one.waiting, one.responded)),
                    *map(number, (one.reached, one.within_24_hours, one.closed_without_response)),
                ],
            )
            for one in report.callbacks
        ],
        "voicemail": [
            (
                one.line,
                [
                    *map(number, (one.calls, one.misuse, one.closed_hours, one.rang_out, one.all_busy)),
                    *map(number, (one.nobody_there, one.unknown)),
                ],
            )
            for one in report.voicemail
        ],
        "first_contact": [
            (
                one.line,
                [
                    *(number(one.resolved), number(one.said), percent(one.said_value)),
                    *(number(one.alone), number(one.counted), percent(one.inferred_value)),
                    *(number(one.windows_open), number(one.without_number)),
                ],
            )
            for one in report.first_contact
        ],
        "satisfaction": [
            (
                one.line,
                [
                    *(
                        number(one.asked),
                        number(one.answered),
                        words.NOTHING if one.mean is None else f"{one.mean:.2f}",
                    ),
                    *(number(one.by_answer[str(answer)]) for answer in range(1, 6)),
                ],
            )
            for one in report.satisfaction
        ],
    }


def _by_line(report: Report) -> Rows:
    """A row for each promise, a cell for each line."""
    rows: Rows = []
    for promise in report.promises:
        of_line = {one.line: one.share.value for one in promise.lines}
        rows.append((promise.title, [percent(of_line.get(one.line)) for one in report.lines]))
    return rows
