"""What stands in for a model in the real program: `python engines.py NAME JOB` runs callcentre.transcripts.worker."""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from callcentre.transcripts.engine import Words
from callcentre.transcripts.worker import main


class Scripted:
    def __init__(self, act: Callable[[bytes, str | None], str], load: Callable[[Path], object] = lambda _folder: None):
        self._act, self._load = act, load

    def __call__(self, folder: Path, threads: int) -> "Scripted":
        self._load(folder)
        return self

    def words(self, sound: bytes, language: str | None) -> Words:
        return Words(text=self._act(sound, language), language=language or "xx")


def bounds(_sound: bytes, _language: str | None) -> str:
    """How the program is bound, as it finds itself."""
    limits = [
        resource.getrlimit(one)[0]
        for one in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_CPU)
    ]
    secrets = sorted(name for name in os.environ if name.startswith("CALLCENTRE"))
    return f"{limits} nice {os.nice(0)} in {Path.cwd()} sees {secrets} offline {os.environ['HF_HUB_OFFLINE']}"


def allocates(_sound: bytes, _language: str | None) -> str:
    return str(len(bytearray(8 << 30)))


def allocates_in_c(_sound: bytes, _language: str | None) -> str:
    raise RuntimeError("mkl_malloc: failed to allocate memory")


def hangs(_sound: bytes, _language: str | None) -> str:
    signal.pause()
    return "never"


def begins_and_hangs(sound: bytes, language: str | None) -> str:
    os.kill(os.getppid(), signal.SIGUSR1)
    return hangs(sound, language)


def crashes(_sound: bytes, _language: str | None) -> str:
    return str(ctypes.string_at(0))


def fails(_sound: bytes, _language: str | None) -> str:
    raise ValueError("the caller said 01632 960123")


def prints(_sound: bytes, _language: str | None) -> str:
    print("loading 01632 960123 ...", flush=True)
    os.write(2, b"noise")
    return "  one\x00 two\n\x1b[31mthree\u202e  "


def connects(_sound: bytes, _language: str | None) -> str:
    with socket.socket() as wire:
        wire.connect(("127.0.0.1", 9))
    return "connected"


def starts(_sound: bytes, _language: str | None) -> str:
    return str(subprocess.run(["true"], check=True))


def writes(_sound: bytes, _language: str | None) -> str:
    Path(f"/tmp/callcentre-never-written-{os.getuid()}").write_text("kept")
    return "written"


def no_model(folder: Path) -> None:
    raise FileNotFoundError(folder)


ENGINES: dict[str, Any] = {
    "right": Scripted(lambda sound, language: f"{len(sound)} bytes in {language}"),
    "long": Scripted(lambda _sound, _language: "word " * 100_000),
    "bounds": Scripted(bounds),
    "allocates": Scripted(allocates),
    "allocates_in_c": Scripted(allocates_in_c),
    "hangs": Scripted(hangs),
    "begins_and_hangs": Scripted(begins_and_hangs),
    "crashes": Scripted(crashes),
    "fails": Scripted(fails),
    "prints": Scripted(prints),
    "connects": Scripted(connects),
    "starts": Scripted(starts),
    "writes": Scripted(writes),
    "no_model": Scripted(lambda _sound, _language: "", no_model),
}

if __name__ == "__main__":
    name = sys.argv.pop(1)
    if name == "garbage":
        os.write(1, b'{"text": 7}')
    elif name == "endless":
        while True:
            os.write(1, b"[" * 65536)
    elif name == "leaves":
        sys.exit(3)
    else:
        main(ENGINES[name])
