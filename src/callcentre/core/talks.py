"""The talks that agents have with people outside, whoever rang whom: what a press of code or button can be about (W5).

A caller's call is known by the caller's channel, a callback by its click's key, which is the agent's own channel.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from callcentre.core.facts import Call, CallAnswered, CallEnded, CallerErased, CallProgressed, ClickChanged, Fact
from callcentre.core.numbers import canonical
from callcentre.core.tasks import Click
from callcentre.core.terms import ClickState

_REMEMBERED: Final = 5_000

Name = tuple[str, str]
"""(pbx, uniqueid) of a call, or (pbx, key) of a click."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One talk: of the agent at `telephone` with `other`, in the spelling of core.numbers (None: withheld, or erased).

    `who` is the account of the agent, empty where nobody said. `called` says that we called them; `answered` that they
    are there to talk to.
    """

    pbx: str
    uniqueid: str
    line: str
    other: str | None
    telephone: str
    who: str = ""
    called: bool = False
    answered: bool = True


class Talks:
    """The talks that last, and those just over. `line_of` gives the line of a task by its PBX and number."""

    FACTS: Final[frozenset[type[Fact]]] = frozenset(
        {CallAnswered, CallProgressed, CallEnded, ClickChanged, CallerErased}
    )

    def __init__(self, line_of: Callable[[str, int], str]) -> None:
        self._line_of = line_of
        self._now: dict[Name, Talk] = {}
        self._over: OrderedDict[Name, Talk] = OrderedDict()

    def take(self, fact: Fact) -> None:
        """Take one fact of FACTS."""
        match fact:
            case CallAnswered() | CallProgressed():
                self.call(fact.call)
            case CallEnded():
                self.call(fact.call)
                self._ends((fact.call.key.pbx, fact.call.key.uniqueid))
            case ClickChanged():
                self.click(fact.click)
            case CallerErased():
                self._erased(fact)

    def call(self, call: Call) -> None:
        """A call of a caller's is so: a talk, once an agent answered."""
        if call.answered_by is not None:
            self._now[call.key.pbx, call.key.uniqueid] = Talk(
                pbx=call.key.pbx,
                uniqueid=call.key.uniqueid,
                line=call.line,
                other=canonical(call.caller),
                telephone=call.answered_by,
            )

    def click(self, click: Click) -> None:
        """A callback is so: a talk, once the agent picked up, as who answers may have done it unseen."""
        name = (click.pbx, click.key)
        if click.state is ClickState.ENDED:
            self._ends(name)
        elif click.agent_up_at is not None:
            self._now[name] = Talk(
                pbx=click.pbx,
                uniqueid=click.key,
                line=self._line_of(click.pbx, click.task),
                other=canonical(click.number),
                telephone=click.telephone,
                who=click.who,
                called=True,
                answered=click.state is ClickState.TALKING,
            )

    def of(self, name: Name) -> Talk | None:
        """The talk of this name that lasts."""
        return self._now.get(name)

    def lately(self, name: Name) -> Talk | None:
        """The talk of this name that lasts, or was lately over."""
        return self._now.get(name) or self._over.get(name)

    def _ends(self, name: Name) -> None:
        talk = self._now.pop(name, None)
        if talk is not None:
            self._over[name] = talk
            if len(self._over) > _REMEMBERED:
                self._over.popitem(last=False)

    def _erased(self, fact: CallerErased) -> None:
        for known in (self._now, self._over):
            for name, talk in known.items():
                if fact.caller is not None and talk.other == fact.caller:
                    known[name] = replace(talk, other=None)
