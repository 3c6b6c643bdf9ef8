"""What a panel's field configuration makes of a value: its name, its text, its colour. As Grafana does it, nearly."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.grafana.proof.prometheus import Series

NAMED: Final = {
    "green": "#5AA64B",
    "orange": "#E0752D",
    "red": "#D44A3A",
    "purple": "#8F5BB5",
    "blue": "#3D71D9",
}
PALETTE: Final = ("#3D71D9", "#C77700", "#2E8B6F", "#8F5BB5", "#C2416B", "#5B7083", "#7A6A00", "#0E8AA6")
INK, FAINT, RULE = "#24292E", "#6A7178", "#E1E4E8"
_BYTES: Final = ("B", "kB", "MB", "GB")


@dataclass(frozen=True, slots=True)
class Told:
    """A value as it is shown."""

    name: str
    text: str
    colour: str


class Fields:
    """The field configuration of one panel."""

    def __init__(self, panel: Mapping[str, Any]) -> None:
        config = panel["fieldConfig"]
        self._defaults = config["defaults"]
        self._overrides = config.get("overrides", [])
        self.unit: str = self._defaults.get("unit", "none")
        self.no_value: str = self._defaults.get("noValue", "no data")

    def told(self, name: str, value: float) -> Told:
        """A value by its mapping, else by its unit."""
        mapped = self._mapped(value)
        if mapped is not None:
            return Told(name, mapped["text"], mapped["color"])
        return Told(name, written(value, self.unit, self._defaults.get("decimals")), self.colour(name))

    def states(self) -> list[tuple[str, str]]:
        """Every word that stands for a value, with its colour."""
        return [(each["text"], each["color"]) for each in self._words().values()]

    def colour(self, name: str, palette: str = NAMED["blue"]) -> str:
        """The colour of a series; `palette` where none is said."""
        own = self.property(name, "color") or self._defaults.get("color", {})
        fixed = own.get("fixedColor")
        return NAMED.get(fixed, fixed) if fixed else palette

    def custom(self, name: str, key: str, default: Any = None) -> Any:
        """A setting of the panel's own kind, by its override for a series, else in general."""
        told = self.property(name, f"custom.{key}")
        return self._defaults.get("custom", {}).get(key, default) if told is None else told

    def limit(self, key: str) -> float | None:
        """The least or the greatest value of the axis: `min`, `max`."""
        value: float | None = self._defaults.get(key)
        return value

    def property(self, name: str, wanted: str) -> Any:
        """What the last override that fits a series says of a property; None if none does."""
        found = None
        for override in self._overrides:
            matcher = override["matcher"]
            assert matcher["id"] == "byRegexp", matcher
            if re.search(matcher["options"].strip("/"), name):
                told = {each["id"]: each["value"] for each in override["properties"]}
                found = told.get(wanted, found)
        return found

    def _words(self) -> dict[str, Any]:
        return {value: word for one in self._defaults.get("mappings", ()) for value, word in one["options"].items()}

    def _mapped(self, value: float) -> dict[str, str] | None:
        found: dict[str, str] | None = self._words().get(f"{value:g}")
        return found


def legend(format_: str, series: Series) -> str:
    """The name of a series by its legend: `{{line}}, promised`."""
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: series.labels.get(found[1], ""), format_)


def width(text: str) -> float:
    """How wide a text is, in heights of its letters, about."""
    return sum(0.34 if each in " .,:'ilj|" else 0.72 if each.isupper() or each in "mw%" else 0.56 for each in text)


def written(value: float, unit: str, decimals: int | None = None) -> str:
    """A value in a unit, as short as may be."""
    if unit == "percentunit":
        share = 100 * value
        return f"{share:.{decimals}f}%" if decimals is not None else f"{share:.3g}%"
    if unit == "bytes":
        return _scaled(value, _BYTES, 1024)
    if unit == "s":
        return _seconds(value, decimals)
    text = f"{value:.{decimals}f}" if decimals is not None else f"{value:.3g}"
    return f"{text}/s" if unit == "ops" else text


def _seconds(value: float, decimals: int | None) -> str:
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if value >= size * 1.5:
            return f"{value / size:.{1 if value % size else 0}f} {name}"
    if 0 < value < 1 and decimals is None:
        return f"{1000 * value:.3g} ms"
    return f"{value:.{decimals or 0}f} s"


def _scaled(value: float, names: tuple[str, ...], by: float) -> str:
    for name in names:
        if value < by or name == names[-1]:
            return f"{value:.3g} {name}"
        value /= by
    raise AssertionError  # the last name takes whatever is left
