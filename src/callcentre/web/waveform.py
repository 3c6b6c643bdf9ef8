"""The picture of a recording: its waveform as SVG, made on the server; words in it are escaped."""

from collections.abc import Sequence
from html import escape
from typing import Final

from markupsafe import Markup

_WIDE: Final = 480
_HIGH: Final = 64
_THIN: Final = 0.5
"""Even silence is drawn as a line."""


def waveform(outline: Sequence[tuple[float, float]], *, title: str) -> Markup:
    """The outline (lowest and highest sample of equal parts, from -1 to 1) around a middle line; empty without one."""
    if not outline:
        return Markup("")
    step, middle = _WIDE / len(outline), _HIGH / 2
    over = [(place * step, middle - max(high * middle, _THIN)) for place, (_, high) in enumerate(outline)]
    under = [(place * step, middle - min(low * middle, -_THIN)) for place, (low, _) in enumerate(outline)]
    path = "M" + "L".join(f"{x:.0f} {y:.1f}" for x, y in [*over, *reversed(under)]) + "Z"
    return Markup(  # noqa: S704  the title went through escape, the rest is numbers
        f'<svg class="waveform" viewBox="0 0 {_WIDE} {_HIGH}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(title)}"><path class="edge" d="M0 1H{_WIDE}M0 {_HIGH - 1}H{_WIDE}"/>'
        f'<path d="{path}"/></svg>'
    )
