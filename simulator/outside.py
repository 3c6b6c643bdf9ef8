"""People outside who are called over the trunk, and what a scenario says they do."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from callcentre_simulator.channels import Channel
from callcentre_simulator.people import Ring


class Outside:
    """Whoever has a number in `known` does at each call what stands there, the last of it again and again.

    An empty number is everybody else; without one, `others` tells.
    """

    def __init__(self, known: Mapping[str, Sequence[Ring]], others: Callable[[Channel], Ring]) -> None:
        self._known = known
        self._others = others
        self._rung: Counter[str] = Counter()

    def ring(self, leg: Channel) -> Ring:
        """What somebody does who is called by this leg."""
        rings = self._known.get(leg.number) or self._known.get("")
        if rings is None:
            return self._others(leg)
        self._rung[leg.number] += 1
        return rings[min(self._rung[leg.number], len(rings)) - 1]
