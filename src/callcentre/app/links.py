"""Where each PBX is, and recording what one says."""

import asyncio
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from callcentre.ami.login import AmiEndpoint
from callcentre.ami.record import record as recorder
from callcentre.app.waiting import stop_at_signal, until
from callcentre.config.settings import Config, PbxSettings
from callcentre.core.errors import ConfigError
from callcentre.runtime.clock import SystemClock, Tasks
from callcentre.runtime.log import Log


def endpoint(pbx: PbxSettings) -> AmiEndpoint:
    """Where to connect for `pbx`; ConfigError, naming the keys, if the configuration has no account."""
    if pbx.username is None or pbx.secret is None:
        raise ConfigError(
            f'pbx "{pbx.name}" has no account; set username and secret_file (or secret_env) to its manager.conf user'
        )
    return _there(pbx, pbx.username, pbx.secret)


def acting_endpoint(pbx: PbxSettings) -> AmiEndpoint | None:
    """Where the account that changes something on `pbx` logs in; None if nothing may be changed there."""
    if pbx.act_username is None or pbx.act_secret is None:
        return None
    return _there(pbx, pbx.act_username, pbx.act_secret)


def _there(pbx: PbxSettings, username: str, secret: SecretStr) -> AmiEndpoint:
    return AmiEndpoint(
        pbx=pbx.name,
        host=pbx.host,
        port=pbx.port,
        username=username,
        secret=secret.get_secret_value(),
        tls=pbx.tls,
        ca_file=pbx.ca_file,
        server_name=pbx.server_name,
    )


async def record(
    config: Config,
    pbx: str,
    out: Path,
    *,
    log: Log,
    raw: bool,
    seconds: float | None,
) -> int:
    """Write what `pbx` says to the tape `out` for `seconds`, or until told to stop; return how many packets.

    The office's own numbers stay as they are, so that the same configuration can replay it.
    """
    where = endpoint(next(each for each in config.pbxs if each.name == pbx))
    own = [line.dids for line in config.office.lines] + [each.menus for each in config.office.pbxs]
    stop = asyncio.Event()
    stop_at_signal(stop)
    packets = 0

    def count(written: int, _size: int) -> None:
        nonlocal packets
        packets = written

    async with Tasks() as tasks:
        keep = frozenset[str]().union(*own)
        tape = recorder(where, out, clock=SystemClock(), log=log, raw=raw, keep=keep, progress=count)
        tasks.spawn(tape, name="record")
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await until(stop, tasks)
    return packets
