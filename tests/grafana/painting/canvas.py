"""The sheet that a dashboard is drawn on: pixels from the top left, the grid of 24 columns, the frame of a panel."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle
from PIL import Image

from tests.grafana.painting.words import FAINT, INK, RULE

WIDTH: Final = 1500
_ROW: Final = 38
_GAP: Final = 8
_MARGIN: Final = 16
_HEAD, _FOOT = 74, 44
_DPI: Final = 100
_SHEET: Final = "#F4F5F6"
_COLOURS: Final = 160

mpl.use("agg")
mpl.rcParams.update(
    {
        "font.family": ["Liberation Sans", "DejaVu Sans"],
        "font.size": 9,
        "text.color": INK,
        "axes.edgecolor": RULE,
        "axes.labelcolor": FAINT,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "svg.hashsalt": "callcentre",
    }
)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, from the top left of the sheet."""

    left: float
    top: float
    width: float
    height: float

    def inside(self, left: float, top: float, right: float, bottom: float) -> "Box":
        """What is left of it within these margins."""
        return Box(self.left + left, self.top + top, self.width - left - right, self.height - top - bottom)

    @property
    def middle(self) -> tuple[float, float]:
        """Its middle."""
        return self.left + self.width / 2, self.top + self.height / 2


class Canvas:
    """A sheet for so many rows of the grid."""

    def __init__(self, rows: int) -> None:
        self.height = _HEAD + rows * _ROW + _FOOT
        self._figure = Figure(figsize=(WIDTH / _DPI, self.height / _DPI), dpi=_DPI, facecolor=_SHEET)
        self._sheet = self._figure.add_axes((0, 0, 1, 1))
        self._sheet.set(xlim=(0, WIDTH), ylim=(self.height, 0))
        self._sheet.axis("off")

    def heading(self, title: str, chosen: str, span: str) -> None:
        """The line above all panels: the dashboard's title, what is chosen, and the time shown."""
        self.write(_MARGIN + 4, 34, title, size=19, weight="bold")
        self.write(_MARGIN + 4, 58, chosen, size=11, colour=FAINT)
        self.write(WIDTH - _MARGIN - 4, 34, span, size=11, colour=FAINT, align="right")

    def caption(self, text: str) -> None:
        """The line below all panels: what the picture is."""
        self.write(WIDTH / 2, self.height - 22, text, size=10.5, colour=FAINT, align="center")

    def place(self, grid: Mapping[str, int]) -> Box:
        """Where a panel stands."""
        column = (WIDTH - 2 * _MARGIN + _GAP) / 24
        return Box(
            _MARGIN + grid["x"] * column, _HEAD + grid["y"] * _ROW, grid["w"] * column - _GAP, grid["h"] * _ROW - _GAP
        )

    def row(self, grid: Mapping[str, int], title: str) -> None:
        """The heading of a row of panels."""
        box = self.place(grid)
        self.write(box.left + 4, box.top + 16, title, size=13, weight="bold")

    def panel(self, box: Box, title: str) -> Box:
        """Draw the frame of a panel; return what is left for its contents."""
        self.rounded(box, "white", edge=RULE, radius=4)
        self.write(box.left + 12, box.top + 17, title, size=11.5, weight="bold")
        return box.inside(10, 34, 10, 10)

    def rounded(self, box: Box, colour: str, *, edge: str = "none", radius: float = 3) -> None:
        """A filled rectangle with round corners."""
        style = f"round,pad=0,rounding_size={radius}"
        shape = FancyBboxPatch(
            (box.left, box.top), box.width, box.height, boxstyle=style, facecolor=colour, edgecolor=edge, linewidth=0.8
        )
        self._sheet.add_patch(shape)

    def rectangle(self, box: Box, colour: str) -> None:
        """A filled rectangle."""
        self._sheet.add_patch(Rectangle((box.left, box.top), box.width, box.height, facecolor=colour, linewidth=0))

    def line(self, x: float, y: float, to_x: float, to_y: float, colour: str = RULE, width: float = 0.8) -> None:
        """A straight line."""
        self._sheet.plot([x, to_x], [y, to_y], color=colour, linewidth=width, solid_capstyle="butt")

    def write(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float,
        colour: str = INK,
        weight: str = "normal",
        align: str = "left",
    ) -> None:
        """A line of text, its middle at this height; `size` in pixels, about."""
        self._sheet.text(
            x, y, text, fontsize=size * 72 / _DPI * 1.1, color=colour, fontweight=weight, ha=align, va="center_baseline"
        )

    def axes(self, box: Box) -> Axes:
        """Axes that fill a box."""
        bottom = self.height - box.top - box.height
        axes = self._figure.add_axes(
            (box.left / WIDTH, bottom / self.height, box.width / WIDTH, box.height / self.height)
        )
        axes.set_facecolor("none")
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(length=0, labelsize=8.5)
        return axes

    def save(self, path: Path) -> None:
        """Write it as a PNG of few colours, without a word of who made it with what."""
        drawn = BytesIO()
        self._figure.savefig(drawn, format="png", dpi=_DPI)
        picture: Any = Image.open(drawn).convert("RGB")
        picture = picture.quantize(colors=_COLOURS, dither=Image.Dither.NONE)
        picture.save(path, format="PNG", optimize=True)
