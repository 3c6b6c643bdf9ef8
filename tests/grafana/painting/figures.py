"""Panels of figures: tiles, bars to compare, tables."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.grafana.painting.canvas import Box, Canvas
from tests.grafana.painting.words import FAINT, INK, NAMED, RULE, Fields, Told, legend, width
from tests.grafana.proof.panels import Question
from tests.grafana.proof.prometheus import Series

Asked = Sequence[tuple[Question, Sequence[Series]]]
_GREY: Final = "#52525B"
_SMALLEST: Final = 7.0
"""Pixels below which nothing is written smaller, but cut off."""


def tiles(canvas: Canvas, box: Box, panel: Mapping[str, Any], asked: Asked) -> None:
    """A tile for each value, side by side where there is room."""
    told = _values(panel, asked) or [Told("", Fields(panel).no_value, _GREY)]
    many = len(told)
    across = many if box.width > box.height or panel["options"].get("orientation") == "vertical" else 1
    while across < many and box.width / many < 60:
        across = math.ceil(many / 2)
    down = math.ceil(many / across)
    wide, high = box.width / across, box.height / down
    name_size = min(panel["options"].get("text", {}).get("titleSize", 15), high * 0.2)
    inner = Box(0, 0, wide - 6, high - 6)
    size = min(_fitting([one.text for one in told], inner, 0.42), 120)
    name_size = min(name_size, _fitting([one.name for one in told], inner, 0.3))
    for place, one in enumerate(told):
        tile = Box(box.left + place % across * wide, box.top + place // across * high, wide, high).inside(3, 3, 3, 3)
        canvas.rounded(tile, one.colour)
        x, y = tile.middle
        shift = (name_size * 0.9) if one.name else 0
        if one.name:
            canvas.write(
                x, y - size * 0.66, _cut(one.name, inner, name_size), size=name_size, colour="white", align="center"
            )
        canvas.write(x, y + shift * 0.55, one.text, size=size, colour="white", weight="bold", align="center")


def bars(canvas: Canvas, box: Box, panel: Mapping[str, Any], asked: Asked) -> None:
    """A bar for each value, its name before it and its number behind."""
    fields = Fields(panel)
    values = [(name, value) for name, value in _named(asked) if not math.isnan(value)]
    if asked and asked[0][0].expr and panel["targets"][0].get("format") == "heatmap":
        values = _apart(values)
    if not values:
        canvas.write(*box.middle, fields.no_value, size=15, colour=FAINT, align="center")
        return
    left, right = min(box.width * 0.5, max(width(name) for name, _ in values) * 13 + 14), 52
    high = min(34.0, box.height / len(values))
    most = max(value for _, value in values) or 1.0
    for place, (name, value) in enumerate(values):
        middle = box.top + (place + 0.5) * high
        track = Box(box.left + left, middle - high * 0.36, box.width - left - right, high * 0.72)
        canvas.write(track.left - 8, middle, name, size=min(12, high * 0.5), align="right")
        canvas.rounded(track, "#EEF1F4", radius=2)
        colour = fields.colour(name)
        if value > 0:
            length = max(2.0, track.width * value / most)
            canvas.rectangle(Box(track.left, track.top, length, track.height), NAMED.get(colour, colour))
        canvas.write(track.left + track.width + 8, middle, fields.told(name, value).text, size=min(13, high * 0.55))


def table(canvas: Canvas, box: Box, panel: Mapping[str, Any], asked: Asked) -> None:
    """A table: as a matrix of two labels, or of all labels with their value."""
    head, rows = _rows(panel, [one for _, found in asked for one in found])
    if not rows:
        canvas.write(*box.middle, Fields(panel).no_value, size=15, colour=FAINT, align="center")
        return
    wide, high = box.width / len(head), min(36.0, box.height / (len(rows) + 1))
    for place, row in enumerate([head, *rows]):
        middle = box.top + (place + 0.5) * high
        for column, text in enumerate(row):
            bold = "bold" if place == 0 else "normal"
            colour = FAINT if place == 0 else INK
            x = box.left + column * wide + (6 if column == 0 else wide - 8)
            canvas.write(x, middle, text, size=12, weight=bold, colour=colour, align="left" if column == 0 else "right")
        canvas.line(box.left, box.top + (place + 1) * high, box.left + box.width, box.top + (place + 1) * high, RULE)


def _rows(panel: Mapping[str, Any], found: Sequence[Series]) -> tuple[list[str], list[list[str]]]:
    fields = Fields(panel)
    transformed = {one["id"]: one["options"] for one in panel.get("transformations", ())}
    if "groupingToMatrix" in transformed:
        options = transformed["groupingToMatrix"]
        down, across = options["rowField"], options["columnField"]
        columns = sorted({one.labels[across] for one in found})
        cells = {(one.labels[down], one.labels[across]): fields.told("", one.value).text for one in found}
        names = sorted({one.labels[down] for one in found})
        rows = [[name, *(cells.get((name, column), fields.no_value) for column in columns)] for name in names]
        return [f"{down}\\{across}", *columns], rows
    options = transformed["organize"]
    order = sorted(options["indexByName"], key=options["indexByName"].__getitem__)
    head = [options["renameByName"].get(name, name) for name in order]
    return head, [[one.labels.get(name, fields.told("", one.value).text) for name in order] for one in found]


def _named(asked: Asked) -> list[tuple[str, float]]:
    return [(legend(question.legend, one), one.value) for question, found in asked for one in found]


def _values(panel: Mapping[str, Any], asked: Asked) -> list[Told]:
    fields = Fields(panel)
    return [fields.told(name, value) for name, value in _named(asked)]


def _apart(values: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Buckets by what each has more than the one below."""
    found, below = [], 0.0
    for name, value in sorted(values, key=lambda each: float(each[0].replace("+Inf", "inf"))):
        found.append(("more" if name == "+Inf" else name.removesuffix(".0"), value - below))
        below = value
    return found


def _fitting(texts: Sequence[str], box: Box, share: float) -> float:
    """The size in which all these texts fit into a box, at most a share of its height."""
    longest = max(map(width, texts)) or 1.0
    return max(_SMALLEST, min(box.height * share, (box.width - 18) / (longest * 1.12)))


def _cut(text: str, box: Box, size: float) -> str:
    """What of a text fits into a box, with an ellipsis if that is not all."""
    if width(text) * size * 1.12 <= box.width - 6:
        return text
    while text and width(text + "…") * size * 1.12 > box.width - 6:
        text = text[:-1]
    return f"{text.rstrip(' :')}…"
