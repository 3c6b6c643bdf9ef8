"""Charts of a report as SVG, drawn here: no script, every word escaped, colours by classes of report.css.

WeasyPrint does not apply a page's style sheet within an SVG: what it needs to print stands in attributes too, which any
style sheet overrides.
"""

from collections.abc import Sequence
from html import escape
from typing import Final

from markupsafe import Markup

from callcentre.reports.figures import Day, Hour, Promise
from callcentre.reports.words import day as day_words
from callcentre.reports.words import number, percent

_WIDE: Final = 132
_HIGH: Final = 36
_EDGE: Final = 3
_BAR: Final = 20
_GAP: Final = 4
_TALL: Final = 120
_LEFT: Final = 44
_FEWEST: Final = 24
_SOFT: Final = "#525d6c"
_RULE: Final = "#d6dce5"
_ACCENT: Final = "#12545e"
_KEPT: Final = "#2f9e5b"
_MISSED: Final = "#d1483f"
_AXIS: Final = f'class="axis" font-size="11" fill="{_SOFT}"'


def sparkline(promise: Promise) -> Markup:
    """Twelve months of one promise as a line with its target; months of which nothing is known break it."""
    values = [None if point.share is None else point.share.value for point in promise.trend]
    known = [value for value in values if value is not None]
    if not known:
        return Markup("")
    floor = min([*known, promise.target if promise.target is not None else 1.0])
    low, high = max(floor - 0.05, 0.0), 1.0

    def y(value: float) -> float:
        return _EDGE + (_HIGH - 2 * _EDGE) * (1 - (value - low) / ((high - low) or 1.0))

    step = (_WIDE - 2 * _EDGE) / max(len(values) - 1, 1)
    parts: list[str] = []
    if promise.target is not None:
        level = y(promise.target)
        parts.append(
            f'<line class="target" stroke="{_SOFT}" stroke-dasharray="3 3" x1="0" x2="{_WIDE}" '
            f'y1="{level:.1f}" y2="{level:.1f}"/>'
        )
    run: list[str] = []
    for place, value in enumerate([*values, None]):
        if value is not None:
            run.append(f"{_EDGE + place * step:.1f},{y(value):.1f}")
        elif run:
            parts.append(
                f'<polyline class="trend" fill="none" stroke="{_ACCENT}" stroke-width="1.5" points="{" ".join(run)}"/>'
            )
            run = []
    for place, value in enumerate(values):
        if value is not None:
            looks = f'class="dot last" fill="{_ACCENT}"' if place == len(values) - 1 else 'class="dot" fill="#ffffff"'
            at = f'cx="{_EDGE + place * step:.1f}" cy="{y(value):.1f}"'
            parts.append(f'<circle {looks} stroke="{_ACCENT}" {at} r="2"/>')
    said = ", ".join(f"{point.month} {percent(value)}" for point, value in zip(promise.trend, values, strict=True))
    return _svg(parts, _WIDE, _HIGH, f"{promise.title}: {said}", "spark")


def days_chart(days: Sequence[Day]) -> Markup:
    """The calls of each day: those that met the target, those that did not; a mark where something was not seen."""
    bars = [
        (str(one.day.day), one.kept, one.missed, one.gap or one.lost > 0 or one.partial > 0, day_words(one.day))
        for one in days
    ]
    return _bars(bars, "Calls of each day")


def hours_chart(hours: Sequence[Hour]) -> Markup:
    """The calls of each hour of the day, over the month."""
    bars = [
        (f"{one.hour:02}", one.kept, one.missed, False, f"{one.hour:02}:00 to {one.hour + 1:02}:00") for one in hours
    ]
    return _bars(bars, "Calls of each hour")


def _bars(bars: Sequence[tuple[str, int, int, bool, str]], title: str) -> Markup:
    most = max((kept + missed for _, kept, missed, *_ in bars), default=0)
    if not most:
        return Markup("")
    # One with few bars is not blown up.
    wide = _LEFT + max(len(bars), _FEWEST) * (_BAR + _GAP)
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = 12 + _TALL * (1 - share)
        parts.append(f'<line class="grid" stroke="{_RULE}" x1="{_LEFT}" x2="{wide}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text {_AXIS} x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{number(most * share)}</text>')
    for place, (label, kept, missed, marked, said) in enumerate(bars):
        x, base = _LEFT + place * (_BAR + _GAP), 12 + _TALL
        up, more = _TALL * kept / most, _TALL * missed / most
        parts.append(
            f"<g><title>{escape(said)}: {number(kept)} in time, {number(missed)} not</title>"
            f'<rect class="kept" fill="{_KEPT}" x="{x}" y="{base - up:.1f}" width="{_BAR}" height="{up:.1f}"/>'
            f'<rect class="missed" fill="{_MISSED}" x="{x}" y="{base - up - more:.1f}" width="{_BAR}" '
            f'height="{more:.1f}"/></g>'
        )
        mark = "*" if marked else ""
        parts.append(
            f'<text {_AXIS} x="{x + _BAR / 2}" y="{base + 15}" text-anchor="middle">{escape(label)}{mark}</text>'
        )
    return _svg(parts, wide, _TALL + 34, f"{title}; the table has the numbers", "bars")


def _svg(parts: Sequence[str], wide: float, high: float, title: str, looks: str) -> Markup:
    said = escape(title)
    # Every value in the parts is a number of ours or was escaped.
    return Markup(  # noqa: S704
        f'<svg class="{looks}" viewBox="0 0 {wide:g} {high:g}" role="img" aria-label="{said}">{"".join(parts)}</svg>'
    )
