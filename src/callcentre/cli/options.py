"""What several commands share: options of one meaning, the configuration they name, how far something is."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from callcentre.core.errors import ConfigError

if TYPE_CHECKING:
    from callcentre.config.settings import Config

WRONG, MISUSED = 1, 2
DEFAULT_CONFIG: Final = Path("callcentre.toml")

ConfigPath = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.", show_default=True)]


def loaded(path: Path) -> "Config":
    """Return the configuration at `path`; ConfigError with everything that is wrong with it."""
    from callcentre.config.load import load

    return load(path, os.environ)


def pbx_of(config: "Config", wanted: str | None) -> str:
    """Return the PBX that `--pbx` names, or the only one there is."""
    names = [pbx.name for pbx in config.pbxs]
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in names:
        return wanted
    said = "several PBXs are configured" if wanted is None else f"--pbx {wanted} is not configured"
    raise ConfigError(f"{said}; write --pbx with one of {', '.join(names)}")


def known_line(config: "Config", wanted: str | None) -> None:
    """Pass if `wanted` is None or a line of the configuration; else ConfigError, naming those there are."""
    names = [line.name for line in config.office.lines]
    if wanted is not None and wanted not in names:
        raise ConfigError(f'--line: there is no line "{wanted}"; write one of {", ".join(names)}')


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far something is, on a terminal only; the yielded function takes done and total."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
