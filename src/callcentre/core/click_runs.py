"""One click while it lasts: what the PBX tells of it, step by step, and what follows where something passed unseen."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from callcentre.core import click_states
from callcentre.core.channels import STATE_RINGING, STATE_UP
from callcentre.core.click_states import Ending, Sign
from callcentre.core.events import ChannelSeen
from callcentre.core.facts import ClickChanged, Fact
from callcentre.core.hints import AgentReached, CallerDialled
from callcentre.core.tasks import Callout, Click
from callcentre.core.terms import ClickState, is_local

SEND_WITHIN: Final = timedelta(seconds=10)
"""Later than this an agent's telephone is not rung any more: nobody expects it to."""

RING_END: Final = timedelta(seconds=15)
"""So long after the agent's telephone should have stopped ringing, nobody will tell how it ended."""


@dataclass(slots=True)
class Run:
    """A click that lasts. `facts` gathers what is so by now, for core.clicks to take.

    `until` is when it is given up if nothing more is told, `rings` for how long the agent's telephone may ring. `seen`:
    its channel was seen; `blind`: something of it passes unseen, or may. `gap`: a dial of the caller may have come and
    gone unseen. `legs` are the caller's, one after another where a route tries several; `callout` is the last of them
    as far as it is known, `status` its DIALSTATUS.
    """

    click: Click
    until: datetime | None
    rings: timedelta
    seen: bool = False
    blind: bool = False
    gap: bool = False
    status: str = ""
    legs: list[str] = field(default_factory=list)
    callout: Callout | None = None
    facts: list[Fact] = field(default_factory=list)

    # --- what changes ------------------------------------------------------------------------------------------------

    def change(self, at: datetime, **values: Any) -> None:
        """Change the record."""
        changed = replace(self.click, **values)
        if changed != self.click:
            self.click = changed
            self.facts.append(ClickChanged(pbx=changed.pbx, at=at, click=changed))

    def step(self, sign: Sign, at: datetime, **values: Any) -> None:
        """Take what is told, if it leads anywhere from here."""
        state = click_states.after(self.click.state, sign)
        if state is not None:
            self.change(at, state=state, **values)

    def end(self, at: datetime, ending: Ending) -> None:
        """It is over."""
        result, why = ending
        self.step(Sign.OVER, at, result=result, why=why, ended_at=at)

    # --- what is told ------------------------------------------------------------------------------------------------

    def shows(self, state: int, at: datetime) -> None:
        """The agent's leg is in this state of a channel."""
        self.seen = True
        if state == STATE_RINGING:
            self.step(Sign.AGENT_RINGS, at)
        elif state == STATE_UP:
            self.agent_up(at)

    def agent_up(self, at: datetime) -> None:
        """Somebody picked up the agent's telephone."""
        if self.click.agent_up_at is None:
            self.until = self.until if self.blind else None
            self.facts.append(AgentReached(pbx=self.click.pbx, at=at, device=self.click.telephone))
            self.step(Sign.AGENT_UP, at, agent_up_at=at)

    def dials(self, uniqueid: str, at: datetime) -> bool:
        """The caller's telephone is dialled by this leg; False if it is none, as in a transfer, or known."""
        click = self.click
        if click.agent_up_at is None or uniqueid in self.legs or click.state is ClickState.TALKING:
            return False
        self.legs.append(uniqueid)
        self.callout, self.status, self.gap = None, "", False
        self.change(at, callout=uniqueid)
        self.facts.append(
            CallerDialled(
                pbx=click.pbx,
                at=at,
                uniqueid=uniqueid,
                task=click.task,
                number=click.number,
                telephone=click.telephone,
            )
        )
        return True

    def hears(self, callout: Callout, at: datetime) -> None:
        """What became of the leg that dials the caller; of one that another followed it counts no more."""
        if callout.uniqueid != self.legs[-1]:
            return
        self.callout = callout
        if callout.ring_start is not None:
            self.step(Sign.CALLER_RINGS, at, rang_at=callout.ring_start)
        if callout.answered_at is not None:
            self.step(Sign.CALLER_UP, at, talking_at=callout.answered_at)

    def hung_up(self, cause: int) -> Ending:
        """The agent's leg is gone, with that Q.850 cause."""
        ended = self.callout is not None and self.callout.result is not None
        if self.gap and not ended and self.click.agent_up_at is not None:
            return click_states.uncertain(self.click, "callcentre lost sight of it for a while")
        return click_states.hung_up(self.click, self.callout, self.status, cause)

    # --- gaps --------------------------------------------------------------------------------------------------------

    def blinded(self, until: datetime) -> None:
        """From here on something may pass unseen; nobody told more by `until`, it is given up."""
        self.blind, self.until = True, until

    def found(self, row: ChannelSeen, rows: Iterable[ChannelSeen], at: datetime) -> list[str]:
        """It lasts, whatever passed unseen; return the uniqueids of callers' legs that were not known."""
        self.blind, self.gap = False, row.state == STATE_UP
        self.until = None if row.state == STATE_UP else at + self.rings + RING_END
        self.shows(row.state, at)
        others = (r.uniqueid for r in rows if r.linkedid == self.click.key != r.uniqueid and not is_local(r.channel))
        return [uniqueid for uniqueid in others if self.dials(uniqueid, at)]

    def missing(self, at: datetime) -> Ending | None:
        """Its channel is not there: it is over, or never was; None if it is so young that it may yet be."""
        click = self.click
        if click.state is ClickState.WANTED and not self.seen and at < click.asked_at + SEND_WITHIN + RING_END:
            self.until = at + self.rings + RING_END
            return None
        ended = self.callout is not None and self.callout.result is not None
        if ended and click.state is not ClickState.TALKING:
            return self.hung_up(0)
        return click_states.uncertain(click, "callcentre lost sight of it")
