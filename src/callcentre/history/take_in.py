"""Taking in: tapes one after another, through the same framer, core and store as a live PBX, at full speed.

Unlike a replay it writes to the database, and it goes on where the tape before ended, as a daemon does that lost its
link for a while.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from callcentre.ami.playback import events_of_tape
from callcentre.core.centre import CallCentre, Step
from callcentre.core.charter import Office
from callcentre.core.events import LinkDown, TimePassed
from callcentre.core.facts import BreachChanged, Fact, MailboxSeen, NoticeRaised, TaskChanged
from callcentre.store.writer import Writer

_FACTS_A_COMMIT = 1000


class Intake:
    """Writes what a PBX's tapes tell, given in the order of their time."""

    def __init__(self, office: Office, pbx: str, writer: Writer) -> None:
        self._centre = CallCentre(office)
        self._pbx = pbx
        self._writer = writer
        self._facts: list[Fact] = []
        self._last: datetime | None = None

    async def play(self, tape: Path, snapshots: Path | None, progress: Callable[[datetime], None]) -> None:
        """Take in one tape; `progress` is told how far it is at each commit.

        Raises TapeError for a tape that cannot be read, StoreUnavailable and StoreConflict as the writer does.
        """
        centre = self._centre
        if self._last is not None:
            self._take(centre.handle(LinkDown(pbx=self._pbx, at=self._last, reason="the tape ends")))
        for event in events_of_tape(tape, self._pbx, snapshots=snapshots):
            self._last = event.at if self._last is None else max(self._last, event.at)
            while (due := centre.next_timer()) is not None and due <= event.at:
                self._take(centre.handle(TimePassed(pbx="", at=due)))
            self._take(centre.handle(event))
            if len(self._facts) >= _FACTS_A_COMMIT:
                await self._commit(progress)
        await self._commit(progress)

    def _take(self, step: Step) -> None:
        if step.facts:
            self._facts += untold(step.facts)

    async def _commit(self, progress: Callable[[datetime], None]) -> None:
        if self._last is None:
            return
        facts, self._facts = self._facts, []
        await self._writer.commit(facts, {self._pbx: self._last})
        progress(self._last)


def untold(facts: tuple[Fact, ...]) -> Iterator[Fact]:
    """What happened, without telling anybody: nobody wants a warning of a deadline that passed last month."""
    for fact in facts:
        if isinstance(fact, TaskChanged | BreachChanged) and fact.notices:
            yield replace(fact, notices=())
        elif isinstance(fact, MailboxSeen) and fact.notice is not None:
            yield replace(fact, notice=None)
        elif not isinstance(fact, NoticeRaised):
            yield fact
