"""The shares of first contact by week, as SVG: two lines that differ in marks and strokes, and what is promised."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from markupsafe import Markup

from callcentre.web.words import percent

_LEFT: Final = 44
_RIGHT: Final = 24
_TOP: Final = 16
_HIGH: Final = 170
_WIDE: Final = 900
_HALF: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One week's two shares; None where there is nothing to divide."""

    label: str
    said: float | None
    inferred: float | None


def shares(weeks: Sequence[Week], *, promise: float | None, uid: str, title: str) -> Markup:
    """Both shares by week. A week without one leaves a hole in its line."""
    parts = [*_grid(weeks)]
    if promise is not None:
        y = _y(promise)
        parts.append(f'<line class="promise" x1="{_LEFT}" x2="{_WIDE - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
    for looks, values in (("agents", [each.said for each in weeks]), ("callers", [each.inferred for each in weeks])):
        parts += _line(looks, weeks, values)
    said = "; ".join(f"{each.label}: said {percent(each.said)}, inferred {percent(each.inferred)}" for each in weeks)
    promised = "" if promise is None else f" Promised: {percent(promise)}."
    return Markup(  # noqa: S704  all words in it went through escape
        f'<svg class="chart shares" viewBox="0 0 {_WIDE} {_TOP + _HIGH + 30}" role="img" '
        f'aria-labelledby="{uid}-title {uid}-said"><title id="{uid}-title">{escape(title)}</title>'
        f'<desc id="{uid}-said">{escape(said + "." + promised)}</desc>{"".join(parts)}</svg>'
    )


def _grid(weeks: Sequence[Week]) -> list[str]:
    parts = []
    for tick in (0, 25, 50, 75, 100):
        y = _y(tick / 100)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDE - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="axis" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick} %</text>')
    every = max(1, -(-len(weeks) // 13))
    for place, each in enumerate(weeks):
        if place % every == 0:
            x = _x(place, len(weeks))
            place_of = f'x="{x:.1f}" y="{_TOP + _HIGH + 20}" text-anchor="middle"'
            parts.append(f'<text class="axis" {place_of}>{escape(each.label)}</text>')
    return parts


def _line(looks: str, weeks: Sequence[Week], values: Sequence[float | None]) -> list[str]:
    parts, path, drawing = [], [], False
    for place, (each, value) in enumerate(zip(weeks, values, strict=True)):
        if value is None:
            drawing = False
            continue
        x, y = _x(place, len(weeks)), _y(value)
        path.append(f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}")
        drawing = True
        told = f"<title>{escape(f'{each.label}: {percent(value)}')}</title>"
        if looks == "agents":
            parts.append(f'<circle class="{looks} point" cx="{x:.1f}" cy="{y:.1f}" r="{_HALF}">{told}</circle>')
        else:
            box = f'x="{x - _HALF:.1f}" y="{y - _HALF:.1f}" width="{2 * _HALF}" height="{2 * _HALF}"'
            parts.append(f'<rect class="{looks} point" {box}>{told}</rect>')
    return [f'<path class="{looks} stroke" d="{"".join(path)}"/>', *parts] if path else []


def _x(place: int, number: int) -> float:
    return _LEFT + (_WIDE - _LEFT - _RIGHT) * (place + 0.5) / max(number, 1)


def _y(share: float) -> float:
    return _TOP + _HIGH * (1 - share)
