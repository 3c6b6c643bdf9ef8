"""How many rings a caller has heard."""

from datetime import timedelta
from typing import Annotated

import typer

from callcentre.core.errors import ConfigError


def rings(
    seconds: Annotated[float, typer.Argument(help="How long the telephone rang.", min=0)],
    tone: Annotated[str, typer.Option(help="The tone zone, or a cadence as in indications.conf.")] = "uk",
) -> None:
    """How many rings a caller has heard begin after so many seconds."""
    from callcentre.config.tones import RING_CADENCES
    from callcentre.core.rings import cycle_of, rings_begun

    try:
        cycle = cycle_of(RING_CADENCES.get(tone, tone))
    except ValueError as error:
        raise ConfigError(f"--tone {tone}: {error}; or write one of {', '.join(sorted(RING_CADENCES))}") from None
    print(rings_begun(timedelta(seconds=seconds), cycle))
