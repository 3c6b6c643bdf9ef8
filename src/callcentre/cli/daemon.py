"""The daemon itself, for real and for show."""

import os
import sys
from typing import Annotated

import typer

from callcentre.cli.options import DEFAULT_CONFIG, WRONG, ConfigPath, loaded, progress
from callcentre.cli.running import carried_out
from callcentre.core.errors import ConfigError

LogLevel = Annotated[str, typer.Option(help="debug, info, warning or error.")]


def run(
    config: ConfigPath = DEFAULT_CONFIG,
    log_level: LogLevel = "info",
) -> None:
    """Connect to the PBXs and measure every call, until told to stop (SIGTERM, Ctrl-C)."""
    from callcentre import app as daemon
    from callcentre.runtime import log

    settings = loaded(config)
    if log_level not in ("debug", "info", "warning", "error"):
        raise ConfigError(f"--log-level {log_level} is none; write debug, info, warning or error")
    written = carried_out(
        lambda: daemon.serve(settings, log=log.set_up(level=log_level), started=lambda _address: None)
    )
    # A database that hangs in its thread would hold up the end of the process for as long as it is silent.
    sys.stderr.flush()
    os._exit(0 if written else WRONG)


def demo(
    port: Annotated[int, typer.Option(help="Where to serve; a free port if it is taken.", min=1, max=65535)] = 8090,
    days: Annotated[int, typer.Option(help="Days of history to make first.", min=1, max=366)] = 30,
) -> None:
    """Show the product on a simulated office, with a database and pages of its own. Ctrl-C ends it."""
    carried_out(lambda: _demo(port, days), cleanly=True)


async def _demo(port: int, days: int) -> None:
    """All of the demo, its files too: in the loop nothing is interrupted but at an await, so nothing is left behind."""
    from callcentre import app as daemon
    from callcentre.config.load import load
    from callcentre.demo import NOTICE
    from callcentre.demo import demo as new_demo
    from callcentre.demo.guests import GUESTS, PASSWORD, WELCOME
    from callcentre.runtime import log

    def started(address: str) -> None:
        pbx = settings.pbxs[0]
        print(f"\n  pages    {address}/\n  metrics  {address}/metrics\n  the PBX  {pbx.host}:{pbx.port} (AMI)")
        print(f"  tasks    {sys.executable} -m callcentre tasks list --config {settings.path}")
        print(f"  ledger   {sys.executable} -m callcentre attendance --config {settings.path}")
        print("\n  Log in as")
        for guest in GUESTS:
            print(f"    {guest.name:6} {guest.role}")
        print(f"  with the password\n    {PASSWORD}\n\nCtrl-C ends it and leaves nothing behind.", flush=True)

    with new_demo() as ours:
        print(f"{NOTICE}\n\nFirst its last {days} days are played at full speed and measured …", flush=True)
        with progress("days measured") as show:
            await ours.prepare(days, lambda part: show(int(part * 1000), 1000))
        async with ours.live(port) as config:
            settings = load(config, {})
            await daemon.serve(
                settings, log=log.set_up(level="warning"), started=started, notice=NOTICE, welcome=WELCOME
            )
