"""Panels over time: curves and bars, heat maps, states."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from tests.grafana.painting.canvas import Box, Canvas
from tests.grafana.painting.figures import Asked
from tests.grafana.painting.words import FAINT, INK, NAMED, PALETTE, RULE, Fields, legend, width, written
from tests.grafana.proof.panels import LONDON, Question
from tests.grafana.proof.prometheus import Series

_STEPS: Final = {"stepAfter": "steps-post", "stepBefore": "steps-pre"}
_BLUES: Final = LinearSegmentedColormap.from_list("calls", ["#DCE9F7", "#7FB0DE", "#2C6CB0", "#0B3A75"])
Curve = tuple[str, np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.float64]]]


def curves(canvas: Canvas, box: Box, panel: Mapping[str, Any], asked: Asked) -> Axes:
    """Curves, or bars, stacked or not, with their names below."""
    fields = Fields(panel)
    drawn = [(legend(question.legend, one), *_regular(one, question)) for question, found in asked for one in found]
    colours = {name: fields.colour(name, PALETTE[place % len(PALETTE)]) for place, (name, *_) in enumerate(drawn)}
    _share_colours(colours, fields)
    names = list(dict.fromkeys(name for name, *_ in drawn))
    rows = _legend(canvas, box, [(name, colours[name], _dashed(fields, name)) for name in names])
    axes = canvas.axes(box.inside(46, 6, 4, 22 + 20 * rows))
    _time(axes, asked[0][0], box)
    stack: dict[str, np.ndarray[Any, np.dtype[np.float64]]] = {}
    for name, times, values in drawn:
        _curve(axes, fields, (name, times, values), colours[name], stack, asked[0][0])
    _height(axes, fields)
    return axes


def heat(canvas: Canvas, box: Box, panel: Mapping[str, Any], asked: Asked) -> None:
    """A histogram over time: the more, the darker."""
    question, found = asked[0]
    axes = canvas.axes(box.inside(52, 4, 4, 22))
    _time(axes, question, box)
    axes.grid(False)
    edges = sorted(found, key=lambda one: float(one.labels["le"].replace("+Inf", "inf")))
    below: dict[float, float] = {}
    cells: list[tuple[float, int, float]] = []
    for row, one in enumerate(edges):
        for at, value in one.points:
            cells.append((at, row, value - below.get(at, 0.0)))
            below[at] = value
    most = max((value for *_, value in cells), default=1.0)
    step = question.step or 1.0
    for at, row, value in cells:
        if value > 1e-9:
            shade = (value / most) ** 0.5
            cell = Rectangle((at - step, row + 0.04), step * 0.96, 0.92, facecolor=_BLUES(shade), linewidth=0)
            axes.add_patch(cell)
            if box.width * step / (question.end - question.start).total_seconds() > 16:
                letters = "white" if shade > 0.55 else INK
                axes.text(
                    at - step / 2, row + 0.46, f"{value:.0f}", ha="center", va="center", fontsize=7, color=letters
                )
    unit = panel["options"]["yAxis"].get("unit", "none")
    axes.set_ylim(0, len(edges))
    axes.set_yticks([row + 0.5 for row in range(len(edges))], [_edge(one, unit) for one in edges])


def states(canvas: Canvas, box: Box, panel: Mapping[str, Any], asked: Asked) -> None:
    """A bar for each series, in pieces that have the words of their states in them."""
    fields = Fields(panel)
    question = asked[0][0]
    drawn = [(legend(question.legend, one), one) for question, found in asked for one in found]
    rows = _legend(canvas, box, [(text, colour, False) for text, colour in fields.states()])
    axes = canvas.axes(box.inside(84, 4, 6, 22 + 20 * rows))
    _time(axes, question, box)
    axes.grid(False)
    axes.set_ylim(len(drawn), 0)
    axes.set_yticks([row + 0.5 for row in range(len(drawn))], [name for name, _ in drawn], color=INK)
    seconds = (question.end - question.start).total_seconds()
    for row, (name, one) in enumerate(drawn):
        for begins, ends, value in _pieces(one, question.step or 1.0):
            told = fields.told(name, value)
            axes.add_patch(Rectangle((begins, row + 0.1), ends - begins, 0.8, facecolor=told.colour, linewidth=0))
            if (ends - begins) / seconds * box.width > len(told.text) * 7:
                axes.text(
                    begins + seconds * 0.004, row + 0.5, told.text, color="white", va="center_baseline", fontsize=8.5
                )


def _curve(
    axes: Axes,
    fields: Fields,
    curve: Curve,
    colour: str,
    stack: dict[str, np.ndarray[Any, np.dtype[np.float64]]],
    question: Question,
) -> None:
    name, times, values = curve
    step = question.step or 1.0
    style = _STEPS.get(fields.custom(name, "lineInterpolation", ""), "default")
    fill = fields.custom(name, "fillOpacity", 0) / 100
    base = np.zeros_like(values)
    if (fields.custom(name, "stacking") or {}).get("mode") == "normal":
        known = stack.setdefault("A", np.zeros_like(values))
        base = known[: len(values)].copy() if len(known) >= len(values) else np.zeros_like(values)
        stack["A"] = base + np.nan_to_num(values)
        top = np.where(np.nan_to_num(values) > 0, stack["A"], np.nan)  # what is 0 has no edge of its own
    else:
        top = values
    if fields.custom(name, "drawStyle", "line") == "bars":
        shift = -0.5 if fields.custom(name, "barAlignment", 0) == -1 else 0.0
        axes.bar(times + shift * step, top - base, width=step * 0.86, bottom=base, color=colour, linewidth=0, zorder=2)
        return
    if _dashed(fields, name):
        axes.plot(times, top, color=colour, linewidth=1.6, linestyle=(0, (4, 3)), drawstyle=style, zorder=3)
        return
    axes.plot(times, top, color=colour, linewidth=1.6, drawstyle=style, zorder=3, solid_joinstyle="miter")
    between = {"steps-post": "post", "steps-pre": "pre"}.get(style)
    axes.fill_between(times, base, top, color=colour, alpha=fill, linewidth=0, step=between, zorder=2)  # type: ignore[arg-type]


def _regular(one: Series, question: Question) -> tuple[Any, Any]:
    """A series at each step of its question, with gaps where it has no value."""
    step = question.step or 1.0
    first = math.floor(question.start.timestamp() / step) * step
    times = np.arange(first, question.end.timestamp() + step / 2, step)
    values = np.full(len(times), np.nan)
    for at, value in one.points:
        place = round((at - first) / step)
        if 0 <= place < len(times):
            values[place] = value
    return times, values


def _pieces(one: Series, step: float) -> list[tuple[float, float, float]]:
    found: list[tuple[float, float, float]] = []
    for at, value in one.points:
        if found and found[-1][2] == value and at - found[-1][1] <= step * 1.01:
            found[-1] = (found[-1][0], at, value)
        else:
            if found and at - found[-1][1] <= step * 1.01:
                found[-1] = (found[-1][0], at, found[-1][2])
            found.append((at, at + step, value))
    return found


def _time(axes: Axes, question: Question, box: Box) -> None:
    """A civil time axis: hours of one day, or days."""
    start, end = question.start, question.end
    axes.set_xlim(start.timestamp(), end.timestamp())
    axes.grid(True, color=RULE, linewidth=0.7)
    axes.set_axisbelow(True)
    days = end - start > timedelta(days=2)
    ticks = _ticks(start.astimezone(LONDON), end.astimezone(LONDON), box.width / (86 if days else 60))
    labels = [f"{tick:%a} {tick.day} {tick:%b}" if days else f"{tick:%H:%M}" for tick in ticks]
    axes.set_xticks([tick.timestamp() for tick in ticks], labels)


def _ticks(start: datetime, end: datetime, most: float) -> list[datetime]:
    back = end - start
    hours = next(one for one in (0.25, 1, 3, 24, 48, 120) if back / timedelta(hours=one) <= min(most, 9.5))
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    many = math.ceil((end - midnight) / timedelta(hours=hours)) + 1
    ticks = [midnight + timedelta(hours=hours) * place for place in range(many)]
    margin = back / 40
    return [tick for tick in ticks if start + margin <= tick <= end - margin]


def _height(axes: Axes, fields: Fields) -> None:
    low, high = axes.get_ylim()
    least, most = fields.limit("min"), fields.limit("max")
    top = most if most is not None else (high * 1.06 if _has_any(axes) else 1.0)
    axes.set_ylim(least if least is not None else low, top * (1.04 if most is not None else 1.0))
    whole = fields.unit in ("short", "none") and top <= 12
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=whole))
    if fields.unit == "s" and top > 3_600:
        hours = next(one for one in (1, 2, 6, 12, 24, 48) if top / (3_600 * one) <= 6)
        axes.set_yticks(np.arange(0, top, 3_600 * hours))
    if fields.unit == "bytes":
        axes.set_yticks(np.arange(0, top, 2.0 ** math.floor(math.log2(top / 3))))
    low, high = axes.get_ylim()
    places = [tick for tick in axes.get_yticks() if low <= tick <= high]
    axes.set_yticks(places, [written(tick, fields.unit) for tick in places])


def _has_any(axes: Axes) -> bool:
    drawn = [np.asarray(line.get_ydata(), dtype=float) for line in axes.lines]
    return any(np.nan_to_num(one).any() for one in drawn) or any(bar.get_height() for bar in axes.patches)  # type: ignore[attr-defined]


def mark(axes: Axes, marks: Asked) -> None:
    """The dashboard's annotations: where each begins, in its colour."""
    for question, found in marks:
        for one in found:
            for begins, _, _ in _pieces(one, question.step or 1.0):
                axes.axvline(begins, color=NAMED[question.legend], linewidth=1.0, linestyle=(0, (2, 2)), zorder=4)
                axes.plot([begins], [0], marker="^", markersize=5, color=NAMED[question.legend], clip_on=False,
                          transform=axes.get_xaxis_transform(), zorder=5)  # fmt: skip


def _legend(canvas: Canvas, box: Box, entries: Sequence[tuple[str, str, bool]]) -> int:
    """Names below a chart; how many lines they take."""
    lines: list[list[tuple[str, str, bool]]] = [[]]
    taken = 0.0
    for entry in entries:
        wide = 38 + width(entry[0]) * 11.5
        if taken + wide > box.width and lines[-1]:
            lines.append([])
            taken = 0.0
        lines[-1].append(entry)
        taken += wide
    for place, line in enumerate(lines):
        x, y = box.left + 6, box.top + box.height - 20 * (len(lines) - place) + 12
        for name, colour, dashed in line:
            if dashed:
                canvas.line(x, y, x + 5, y, colour, 2)
                canvas.line(x + 9, y, x + 14, y, colour, 2)
            else:
                canvas.rectangle(Box(x, y - 2, 14, 4), colour)
            canvas.write(x + 20, y, name, size=11, colour=FAINT)
            x += 38 + width(name) * 11.5
    return len(lines)


def _share_colours(colours: dict[str, str], fields: Fields) -> None:
    """What is promised of a line has the line's own colour; it is dashed."""
    for name in colours:
        whose = name.partition(",")[0]
        mates = [other for other in colours if other.partition(",")[0] == whose]
        if _dashed(fields, name) and "," in name:
            colours[name] = colours[mates[0]]


def _dashed(fields: Fields, name: str) -> bool:
    return (fields.custom(name, "lineStyle") or {}).get("fill") == "dash"


def _edge(one: Series, unit: str) -> str:
    edge = one.labels["le"]
    return "more" if edge == "+Inf" else written(float(edge), unit)
