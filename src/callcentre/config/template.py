"""The commented file that `callcentre init-config` writes."""

from importlib.resources import files
from typing import Final

TEMPLATE: Final = (files("callcentre.config") / "template.toml").read_text("utf-8")
