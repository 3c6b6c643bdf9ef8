"""The demo: a recording of a real Asterisk, played over real AMI to the real daemon, with nothing to set up."""

import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

NOTICE: Final = (
    "Demo: a recording of a real Asterisk, played in real time on its own clock, over and over. "
    "Everything else is real: the AMI link, the measuring, the database, the metrics."
)
_STOP_SECONDS = 5


@contextmanager
def office(port: int) -> Iterator[tuple[Path, dict[str, str]]]:
    """Start the player; yield a configuration for it, and the environment that completes it.

    The pages are to be served on `port`, or on a free one if that is taken. Everything is gone afterwards.
    """
    secret = secrets.token_urlsafe(24)
    with TemporaryDirectory(prefix="callcentre-demo-") as folder, as_file(files("callcentre.demo")) as here:
        player = subprocess.Popen(  # noqa: S603  our own module, by our own interpreter
            [sys.executable, "-m", "callcentre.demo.player", str(here / "office.jsonl.gz")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the daemon, which ends first
        )
        try:
            assert player.stdin is not None  # noqa: S101  for the type checker: PIPE was asked for
            assert player.stdout is not None  # noqa: S101
            player.stdin.write(f"{secret}\n")
            player.stdin.flush()
            ami = int(player.stdout.readline())
            config = Path(folder) / "office.toml"
            text = (here / "office.toml").read_text("utf-8")
            account = f'name = "demo"\nport = {ami}\nusername = "demo"\nsecret_env = "DEMO_PBX_SECRET"'
            config.write_text(
                text.replace('name = "demo"', account, 1)
                + f'\n[store]\nurl = "sqlite:///demo.sqlite"\n\n[web]\nport = {_free(port)}\n',
                "utf-8",
            )
            yield config, {"DEMO_PBX_SECRET": secret}
        finally:
            _end(player)


def _end(player: subprocess.Popen[str]) -> None:
    if player.stdin is not None:
        player.stdin.close()  # the player ends when its input does, also if we die
    if player.stdout is not None:
        player.stdout.close()
    try:
        player.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        player.kill()
        player.wait()


def _free(port: int) -> int:
    """Return `port` if nobody listens there, else any free one."""
    for wanted in (port, 0):
        try:
            with socket.create_server(("127.0.0.1", wanted)) as listening:
                return int(listening.getsockname()[1])
        except OSError:
            continue
    return port
