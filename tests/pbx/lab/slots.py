"""Ports: each instance holds one slot, and with it a range of ports that nobody else in the lab has."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FIRST_PORT = 20_000
PORTS_PER_SLOT = 200
FIRST_MEDIA = 28_000
MEDIA_PER_SLOT = 100
# 40 slots end at 28,000 and their media at 32,000: below the kernel's ephemeral range (32,768).
# sipp finds media ports of its own, from 6,000 on.
SLOTS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A range of ports, all on 127.0.0.1."""

    number: int

    @property
    def base(self) -> int:
        """The first port of the range."""
        return FIRST_PORT + PORTS_PER_SLOT * self.number

    @property
    def sip(self) -> int:
        """Where Asterisk takes SIP."""
        return self.base + 60

    @property
    def ami(self) -> int:
        """Where Asterisk takes AMI."""
        return self.base + 38

    @property
    def ami_proxy(self) -> int:
        """Where the lab's cuttable line to AMI listens."""
        return self.base + 39

    @property
    def web(self) -> int:
        """Where the daemon serves its pages."""
        return self.base + 80

    @property
    def notices(self) -> int:
        """Where the lab takes the daemon's notices."""
        return self.base + 81

    @property
    def outside(self) -> int:
        """The SIP port of the world outside: where calls through the trunk arrive."""
        return self.base + 199

    @property
    def media(self) -> int:
        """The first RTP port of Asterisk."""
        return FIRST_MEDIA + MEDIA_PER_SLOT * self.number

    def phone(self, extension: str) -> int:
        """The SIP port of a desk telephone (101 to 139)."""
        return self.base + int(extension)

    def caller(self, index: int) -> int:
        """The SIP port of the case's caller number `index` (0 to 37)."""
        return self.base + index


@contextmanager
def claimed_slot() -> Iterator[Slot]:
    """A free slot, held until the block ends; another run of the lab on this machine gets others."""
    folder = Path(tempfile.gettempdir()) / "callcentre-pbx-slots"
    folder.mkdir(exist_ok=True)
    for number in range(SLOTS):
        handle = os.open(folder / str(number), os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            continue
        try:
            yield Slot(number=number)
        finally:
            os.close(handle)
        return
    raise RuntimeError(f"all {SLOTS} port ranges of the lab are taken")
