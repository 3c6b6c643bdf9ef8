"""What comes before the daemon: a configuration, and a database of the right schema."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from callcentre.cli.options import DEFAULT_CONFIG, ConfigPath, loaded
from callcentre.cli.running import carried_out
from callcentre.core.errors import ConfigError


def check_config(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Say what a configuration means, line by line, and what should be looked at."""
    from callcentre.config.describe import describe

    for line in describe(loaded(config)):
        print(line)


def init_config(path: Annotated[Path, typer.Argument(help="Where to write it.")] = DEFAULT_CONFIG) -> None:
    """Write a commented configuration to start from; an existing file is never overwritten."""
    from callcentre.config.template import TEMPLATE

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError:
        raise ConfigError(f"{path} is there already; name another file, or move that one away") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
    print(f"{path} written. Edit it, then: callcentre check-config --config {path}", file=sys.stderr)


def upgrade_db(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Bring the database's tables up to this version's. Make a backup first."""
    from callcentre.store.database import Database

    async def work(url: str) -> str:
        database = await Database.open(url)
        try:
            return await database.upgrade()
        finally:
            await database.close()

    settings = loaded(config)
    print(f"schema {carried_out(lambda: work(settings.store.url))}")
