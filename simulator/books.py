"""Asterisk's own book of the queues: queue_log, a line for each thing that happened, whole seconds."""

from callcentre_simulator.engine import Engine


class QueueLog:
    """The lines of queue_log, in their order."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.lines: list[str] = []

    def write(self, call: str, queue: str, agent: str, event: str, *data: object) -> None:
        """Add a line: `call` is the caller's uniqueid or NONE, `agent` the member's name or NONE."""
        words = [str(int(self._engine.now)), call, queue, agent, event, *map(str, data)]
        if not data:
            words.append("")
        self.lines.append("|".join(words))
