"""Agents who call back whoever left a message: by hand, from their own telephones, when they have a moment."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from callcentre_simulator.channels import Channel
from callcentre_simulator.pbx import Pbx
from callcentre_simulator.people import Act, Caller, Ring
from callcentre_simulator.schema import CallingBackTable
from callcentre_simulator.telephones import OUTSIDE
from callcentre_simulator.truth import Message

BUSY_AGAIN = 45.0
"""Seconds after which somebody looks again for a telephone that is free."""
PATIENCE = (18.0, 35.0)
"""Seconds that an agent lets it ring, from and to."""


@dataclass(frozen=True, slots=True)
class _Try:
    number: str
    left: int


class CallingBack:
    """Calls back the callers of one table's mailboxes; `opens` gives the next moment, from one on, to do so."""

    def __init__(self, table: CallingBackTable, pbx: Pbx, chance: Random, opens: Callable[[float], float]) -> None:
        self._table = table
        self._pbx = pbx
        self._chance = chance
        self._opens = opens
        self._answers: dict[str, bool] = {}
        pbx.voicemail.kept.append(self._kept)
        pbx.telephones.outside = self._outside

    def _kept(self, message: Message) -> None:
        wanted = not self._table.mailboxes or message.mailbox in self._table.mailboxes
        if wanted and message.caller is not None and self._chance.random() < self._table.share:
            self._later(_Try(message.caller, self._table.attempts), self._table.after)

    def _later(self, what: _Try, mean: float) -> None:
        when = self._opens(self._pbx.now + self._chance.expovariate(1 / mean))
        self._pbx.engine.at(when, lambda: self._dial(what))

    def _dial(self, what: _Try) -> None:
        free = [device for name in self._table.telephones if self._is_free(device := f"PJSIP/{name}")]
        if not free:
            self._pbx.engine.after(BUSY_AGAIN, lambda: self._later(what, 1.0))
            return
        answers = self._answers[what.number] = self._chance.random() < self._table.reached
        agent = Caller(
            to=what.number,
            number="",
            device=self._chance.choice(free),
            context="internal",
            patience=self._chance.uniform(*PATIENCE),
        )
        self._pbx.call(agent)
        if not answers and what.left > 1:
            self._later(_Try(what.number, what.left - 1), self._table.after)

    def _is_free(self, device: str) -> bool:
        return self._pbx.telephones.all[device].registered and not self._pbx.channels.of_device.get(device)

    def _outside(self, leg: Channel) -> Ring:
        """Whoever is called back picks up or does not; anybody else does as people outside do."""
        answers = self._answers.get(leg.number)
        if answers is None:
            return OUTSIDE
        if not answers:
            return Ring()
        talk = Act("talk", seconds=10.0 + self._chance.expovariate(1 / self._table.talk))
        return Ring(after=self._chance.uniform(3.0, 14.0), acts=(talk, Act("hang up")))
