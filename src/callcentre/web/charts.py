"""Charts as SVG, made on the server: pure functions of values to text, every word in them escaped.

Colours come from classes (static/office.css), so that light and dark are the page's business; what a colour says, a
pattern says too. Each chart has a title and a description for those who cannot see it; the page adds a table.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from callcentre.core.ledger import DayLedger, Stretch
from callcentre.web import words

_BAR: Final = 26
_GAP: Final = 8
_HIGH: Final = 150
_FEWEST: Final = 20
"""Half-hours that a chart has room for at least: one with few of them is not blown up."""
_LEFT: Final = 34
_STRIP: Final = 960
_ROW: Final = 28
_NAMES: Final = 170
_TIMES: Final = 620
_BEFORE: Final = 0.65
"""The least share of a timeline that is given to what came before the answer."""
_STATES: Final = {"attended": "attended", "unattended": "nobody there", "unknown": "not known", "to_come": "to come"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfHour:
    """The outside calls of half an hour of core hours: answered within the target, later, or not at all."""

    label: str
    in_time: int = 0
    late: int = 0
    missed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.in_time + self.late + self.missed

    @property
    def share(self) -> float | None:
        """How many were answered in time, of all; None if nobody called."""
        return self.in_time / self.total if self.total else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One bar of a timeline: from `start` until `end`, `looks` a class of the style sheet."""

    name: str
    start: datetime
    end: datetime
    looks: str
    said: str


def answer_times(hours: Sequence[HalfHour], *, promise: float | None, uid: str, title: str) -> Markup:
    """Bars of calls by half-hour, each split by how they were answered, with the share in time above it."""
    most = max((each.total for each in hours), default=0)
    top, step = _scale(most)
    wide = _LEFT + max(len(hours), _FEWEST) * (_BAR + _GAP) + _GAP
    parts = [_patterns(uid)]
    for tick in range(0, top + 1, step):
        y = 20 + _HIGH * (1 - tick / top)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{wide}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="axis" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick}</text>')
    for place, each in enumerate(hours):
        parts.append(_bar(each, _LEFT + _GAP + place * (_BAR + _GAP), top, promise, uid))
    return _svg(parts, wide=wide, high=_HIGH + 44, uid=uid, title=title, said=_told(hours, promise))


def attendance_strip(ledger: DayLedger, zone: ZoneInfo, *, uid: str, title: str) -> Markup:
    """A day's core hours as one strip: attended, nobody there, not known, still to come."""
    stretches = ledger.stretches
    if not stretches:
        return Markup("")
    begin, end = stretches[0].start, stretches[-1].end
    scale = _STRIP / ((end - begin) / timedelta(seconds=1))
    parts = [_patterns(uid)]
    for each in stretches:
        x = ((each.start - begin) / timedelta(seconds=1)) * scale
        # What lasted a second is seen all the same.
        width = max(2.0, (each.length / timedelta(seconds=1)) * scale)
        looks = state_of(each)
        parts.append(
            f'<g><rect class="{looks}" x="{x:.1f}" y="0" width="{width:.1f}" height="34"/>'
            f'<rect class="pattern" fill="url(#{uid}-{looks})" x="{x:.1f}" y="0" width="{width:.1f}" height="34"/>'
            f"<title>{escape(_stretch(each, zone))}</title></g>"
        )
    parts += _hours(begin, end, zone, scale)
    told = (
        f"Attended {words.span(ledger.attended)}, nobody there {words.span(ledger.unattended)}, "
        f"not known {words.span(ledger.unknown)}, of core hours of {words.span(ledger.core)}."
    )
    return _svg(parts, wide=_STRIP, high=56, uid=uid, title=title, said=told)


def timeline(spans: Sequence[Span], *, zone: ZoneInfo, uid: str, title: str, pivot: datetime | None = None) -> Markup:
    """What happened when in one call: a row for each name, the bars of one name in one row.

    What comes before `pivot` (the answer) is given most of the width, however long the talk after it: it decides.
    """
    if not spans:
        return Markup("")
    scale = _Scale(min(span.start for span in spans), max(span.end for span in spans), pivot)
    rows = list(dict.fromkeys(span.name for span in spans))
    parts = [_patterns(uid)]
    for place, name in enumerate(rows):
        y = place * _ROW
        parts.append(f'<text class="name" x="0" y="{y + 19}">{escape(_cut(name))}</text>')
        parts.append(f'<line class="grid" x1="{_NAMES}" x2="{_NAMES + _TIMES}" y1="{y + 27}" y2="{y + 27}"/>')
        parts += [_span(span, scale, y, uid) for span in spans if span.name == name]
    foot = len(rows) * _ROW + 18
    for at, anchor in scale.marks:
        x = scale.x(at)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{foot - 12}"/>')
        clock = f"{at.astimezone(zone):%H:%M:%S}"
        parts.append(f'<text class="axis" x="{x:.1f}" y="{foot}" text-anchor="{anchor}">{clock}</text>')
    said = ". ".join(f"{span.name}: {span.said}" for span in spans) + "."
    return _svg(parts, wide=_NAMES + _TIMES, high=foot + 6, uid=uid, title=title, said=said)


class _Scale:
    """Where a moment of a call stands: evenly, unless what came before the answer would be too small to be read."""

    def __init__(self, begin: datetime, end: datetime, pivot: datetime | None) -> None:
        self._begin, self._lasted = begin, max((end - begin).total_seconds(), 1.0)
        self._pivot = (pivot - begin).total_seconds() if pivot is not None else 0.0
        self._at = max(_BEFORE, self._pivot / self._lasted) if 0 < self._pivot < self._lasted else 0.0
        ends = begin + timedelta(seconds=self._lasted)
        middle = [(pivot, "middle")] if pivot is not None and self._at else []
        self.marks = [(begin, "start"), *middle, (ends, "end")]

    def x(self, at: datetime) -> float:
        """The place of a moment, from the left of the chart."""
        gone = (at - self._begin).total_seconds()
        if not self._at:
            share = gone / self._lasted
        elif gone <= self._pivot:
            share = self._at * gone / self._pivot
        else:
            share = self._at + (1 - self._at) * (gone - self._pivot) / (self._lasted - self._pivot)
        return _NAMES + _TIMES * min(max(share, 0.0), 1.0)


def state_of(stretch: Stretch) -> str:
    """The word of a stretch's state, as classes and lists have it."""
    return "to_come" if stretch.state is None else stretch.state.value


# --- pieces ----------------------------------------------------------------------------------------------------------


def _svg(parts: Iterable[str], *, wide: float, high: float, uid: str, title: str, said: str) -> Markup:
    return Markup(  # noqa: S704  all words in `parts` went through escape
        f'<svg class="chart" viewBox="0 0 {wide:.0f} {high:.0f}" role="img" aria-labelledby="{uid}-title {uid}-said">'
        f'<title id="{uid}-title">{escape(title)}</title><desc id="{uid}-said">{escape(said)}</desc>'
        f"{''.join(parts)}</svg>"
    )


def _patterns(uid: str) -> str:
    """What tells states apart where colours do not: stripes, dots, crossed lines, nothing."""
    square = 'patternUnits="userSpaceOnUse" width="8" height="8"'
    return (
        "<defs>"
        f'<pattern id="{uid}-attended" {square}></pattern>'
        f'<pattern id="{uid}-unattended" {square}><path class="mark" d="M0 8 8 0M-2 2 2-2M6 10 10 6"/></pattern>'
        f'<pattern id="{uid}-unknown" {square}><circle class="mark dot" cx="4" cy="4" r="1.4"/></pattern>'
        f'<pattern id="{uid}-to_come" {square}></pattern>'
        f'<pattern id="{uid}-late" {square}><path class="mark" d="M0 0 8 8M-2 6 2 10M6-2 10 2"/></pattern>'
        f'<pattern id="{uid}-missed" {square}><path class="mark" d="M0 8 8 0M0 0 8 8"/></pattern>'
        "</defs>"
    )


def _bar(each: HalfHour, x: float, top: int, promise: float | None, uid: str) -> str:
    parts, base = [], 20.0 + _HIGH
    for looks, number in (("in_time", each.in_time), ("late", each.late), ("missed", each.missed)):
        if not number:
            continue
        high = _HIGH * number / top
        base -= high
        box = f'x="{x:.1f}" y="{base:.1f}" width="{_BAR}" height="{high:.1f}"'
        parts.append(f'<rect class="{looks}" {box}/>')
        if looks != "in_time":
            parts.append(f'<rect class="pattern" fill="url(#{uid}-{looks})" {box}/>')
    if each.share is not None:
        kept = "" if promise is None else " good" if each.share >= promise else " bad"
        middle = x + _BAR / 2
        share = f"{int(each.share * 100)}"
        parts.append(
            f'<text class="share{kept}" x="{middle:.1f}" y="{base - 5:.1f}" text-anchor="middle">{share}</text>'
        )
    if each.label.endswith(":00"):
        parts.append(f'<text class="axis" x="{x:.1f}" y="{_HIGH + 38}">{escape(each.label)}</text>')
    said = f"{each.label}: {each.in_time} in time, {each.late} late, {each.missed} not answered"
    return f"<g>{''.join(parts)}<title>{escape(said)}</title></g>"


def _scale(most: int) -> tuple[int, int]:
    """The top of an axis and the step of its lines, in round numbers: at most five lines."""
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 10**9) if most <= step * 5)
    return max(step, -(-most // step) * step), step


def _told(hours: Sequence[HalfHour], promise: float | None) -> str:
    calls, in_time = sum(each.total for each in hours), sum(each.in_time for each in hours)
    if not calls:
        return "Nobody called."
    said = f"{in_time} of {words.some(calls, 'call')} answered in time."
    if promise is not None:
        missed = [each.label for each in hours if each.share is not None and each.share < promise]
        said += f" Below the promise: {', '.join(missed) if missed else 'none'}."
    return said


def _stretch(each: Stretch, zone: ZoneInfo) -> str:
    times = f"{each.start.astimezone(zone):%H:%M:%S} to {each.end.astimezone(zone):%H:%M:%S}"
    why = f" ({each.reason})" if each.reason and state_of(each) != "to_come" else ""
    return f"{times}: {_STATES[state_of(each)]}{why}"


def _hours(begin: datetime, end: datetime, zone: ZoneInfo, scale: float) -> Iterable[str]:
    """A line and a label at each full hour on the clocks; every second one, where the day is long."""
    every = 2 if end - begin > timedelta(hours=14) else 1
    # Stepped in UTC: on civil clocks an hour that comes twice would be left out.
    at = begin.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while at <= end:
        x = (at - begin).total_seconds() * scale
        local = at.astimezone(zone)
        if x >= 0 and local.hour % every == 0:
            anchor = "start" if x < 20 else "end" if x > _STRIP - 20 else "middle"
            yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="34" y2="40"/>'
            yield f'<text class="axis" x="{x:.1f}" y="53" text-anchor="{anchor}">{local:%H:%M}</text>'
        at += timedelta(hours=1)


def _span(span: Span, scale: _Scale, y: float, uid: str) -> str:
    x = scale.x(span.start)
    width = max(3.0, scale.x(span.end) - x)
    pattern = {"missed": "missed", "waiting": "unknown", "rang": "late"}.get(span.looks)
    box = f'x="{x:.1f}" y="{y + 5}" width="{width:.1f}" height="17" rx="2"'
    marked = f'<rect class="pattern" fill="url(#{uid}-{pattern})" {box}/>' if pattern else ""
    return f'<g><rect class="{span.looks}" {box}/>{marked}<title>{escape(span.said)}</title></g>'


def _cut(name: str) -> str:
    return name if len(name) <= 22 else f"{name[:21]}…"
