"""What the core asks for: imperative, each with exactly one performer.

The daemon only listens so far: the one command is a request for a fresh look at the PBX.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something to be done about one PBX, after the facts of the same step were committed."""

    pbx: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync(Command):
    """Read channels, queues and devices again. Repeatable: doing it twice does no harm."""

    reason: str
