"""What the SDK writes into a dashboard and should not: taken out of its JSON again.

It puts every link and every annotation into a menu, gives every variable the settings of an interval, tables a footer
that Grafana has no more, and links of figures the settings of links of dashboards.
"""

from collections.abc import Iterator
from typing import Any, Final

_OF_INTERVALS: Final = ("auto", "auto_min", "auto_count")
_OF_DATA_LINKS: Final = ("title", "url", "targetBlank")
_HIDDEN_IN_MENU: Final = 3
"""Grafana's `inControlsMenu`: a variable is chosen in a menu and takes no room. Before Grafana 12 it is shown."""


def tidied(found: dict[str, Any], *, kiosk: bool) -> dict[str, Any]:
    """The same dashboard without them. With `kiosk`, variables and links stay in the menu, out of the panels' way."""
    for variable in found["templating"]["list"]:
        for name in _OF_INTERVALS:
            variable.pop(name, None)
        if kiosk:
            variable["hide"] = _HIDDEN_IN_MENU
    for marked in [*found["annotations"]["list"], *([] if kiosk else found["links"])]:
        marked.pop("placement", None)
    for panel in _panels(found):
        if panel["type"] == "table":
            panel["options"].pop("footer", None)
        defaults = panel["fieldConfig"]["defaults"]
        defaults["links"] = [{name: link[name] for name in _OF_DATA_LINKS} for link in defaults.get("links", [])]
    return found


def _panels(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (panel for panel in found["panels"] if panel["type"] != "row")
