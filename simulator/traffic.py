"""People at random: callers who come when they like, and agents who are people. All from the one seed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from callcentre_simulator.channels import Channel
from callcentre_simulator.people import Act, Caller, Ring
from callcentre_simulator.schema import ShiftTable, TrafficTable

FOREIGN = ("0033142685300", "004930183050", "0015555550142", "00353202221234")
ATTACKS = (
    "Caller\\r\\nEvent: Hangup",
    "O'Neill\u2028Uniqueid: 1.1",
    "\x0b\x0c\x1c\x85 Bell",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "Zoë Ångström ☎",
)
"""Caller names that have broken other programs; Asterisk escapes line breaks in a name, the rest comes as it is."""
NAMES = ("Caller", "A Ahmed", "B Bailey", "C Chowdhury", "D Davies", "E Evans", "F Fraser", "G Green", "H Hughes")
LONGEST_RING = 90.0
ASKED_FOR = (0.8, 2.5)
"""Seconds, from and to, until somebody picks up who asked the PBX to ring them."""


@dataclass(slots=True)
class Callers:
    """The callers of one table of traffic: when they come, and who they are."""

    table: TrafficTable
    chance: Random
    known: list[str] = field(default_factory=list)

    def times(self, begins: float, ends: float) -> Iterator[float]:
        """When they come between two instants, as a Poisson process."""
        now = begins
        while True:
            now += self.chance.expovariate(self.table.per_hour / 3600.0)
            if now >= ends:
                return
            yield now

    def next(self) -> Caller:
        """The next caller."""
        table, chance = self.table, self.chance
        number = self._number()
        name = chance.choice(ATTACKS) if chance.random() < table.abusive else chance.choice(NAMES)
        leaves = chance.random() < table.message
        return Caller(
            to=table.to,
            number=number,
            name=name,
            patience=2.0 + chance.expovariate(1 / table.patience),
            speak=3.0 + chance.expovariate(1 / table.speak) if leaves else None,
            withheld=chance.random() < table.withheld,
        )

    def _number(self) -> str:
        chance = self.chance
        if self.known and chance.random() < self.table.repeat:
            return chance.choice(self.known)
        if chance.random() < self.table.foreign:
            return chance.choice(FOREIGN)
        number = f"07700900{chance.randrange(1000):03d}"
        self.known.append(number)
        return number


def agent(table: ShiftTable, chance: Random) -> Callable[[Channel], Ring]:
    """What an agent does with each call: mostly answers, sometimes refuses or lets it ring.

    What an agent has asked for is answered soon, and lasts until the other side hangs up.
    """

    def decide(leg: Channel) -> Ring:
        if leg.originated:
            return Ring(after=chance.uniform(*ASKED_FOR))
        luck = chance.random()
        after = min(LONGEST_RING, 0.8 + chance.gammavariate(2.0, table.answer / 2.0))
        if luck < table.refuse:
            return Ring(after=after, then="busy")
        if luck < table.refuse + table.ignore:
            return Ring()
        talk = 5.0 + chance.gammavariate(2.0, table.talk / 2.0)
        return Ring(after=after, acts=(Act("talk", seconds=talk), Act("hang up")))

    return decide
