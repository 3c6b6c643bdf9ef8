"""Attended transfers by feature code, and call pickup."""

from callcentre_simulator.channels import UP, Channel
from callcentre_simulator.engine import Engine
from callcentre_simulator.talking import Pair, Talk, Talking
from callcentre_simulator.telephones import Telephones


class Transfers:
    """A third person rung beside a conversation, and a ringing call taken by another telephone."""

    def __init__(self, engine: Engine, telephones: Telephones, talking: Talking) -> None:
        self._engine = engine
        self._telephones = telephones
        self._talking = talking

    def pick_up(self, channel: Channel) -> None:
        raise NotImplementedError
