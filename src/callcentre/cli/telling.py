"""A test that people can be told."""

from typing import Annotated

import typer

from callcentre.cli.options import DEFAULT_CONFIG, ConfigPath, loaded
from callcentre.cli.running import carried_out


def send_test_notice(
    to: Annotated[str, typer.Option("--to", help="The contact of the configuration.")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Send a test to one contact, at once, and print what the far end said."""
    from callcentre.notify import send_test

    print(carried_out(lambda: send_test(loaded(config), to)))
