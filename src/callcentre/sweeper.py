"""Performs SweepMailboxes: looks into the mailboxes of a PBX and puts what it found into the inbox.

One look at a time for each PBX; what is asked for meanwhile is one further look. A spool that cannot be read makes no
event: that all messages are gone is never concluded from a disk that is not mounted.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from callcentre.ami.voicemail import Voicemail
from callcentre.core.commands import SweepMailboxes
from callcentre.core.events import Event, MailboxesListed
from callcentre.runtime.clock import Tasks
from callcentre.runtime.log import Log
from callcentre.spool.tree import Look, Spool, SpoolUnreadable

SLOW_SECONDS = 30.0
"""So long a look at the spool may take before somebody is told: a disk of the network hangs rather than fails."""

_SILENT = "the PBX does not tell what its mailboxes hold"
_SLOW = "the voicemail spool does not answer; see whether the disk it is on is there"


class AsksForVoicemail(Protocol):
    """A PBX's client (ami.client.AmiClient)."""

    async def voicemail(self, mailboxes: Collection[str], *, messages: bool, only: bool = False) -> Voicemail | None:
        """What the mailboxes hold; None if the PBX does not tell."""
        ...


@dataclass(slots=True)
class _Wanted:
    """What the next look is for: `mailboxes`, or all of them."""

    mailboxes: frozenset[str] = frozenset()
    everything: bool = False


class Sweeper:
    """Looks into the mailboxes of every PBX.

    `spools` is astspooldir/voicemail of those that have one within reach, `clients` their AMI clients, `boxes` the
    mailboxes (`600@default`) that the office has configured. `put` takes events (runtime.inbox.Inbox.put), `now` is the
    PBX's time. `looked_at` and `problems`, by PBX, are for metrics and readiness: when a look last found anything out,
    and what stands in the way of the next in words.
    """

    def __init__(
        self,
        *,
        spools: Mapping[str, Path],
        clients: Mapping[str, AsksForVoicemail],
        boxes: Mapping[str, frozenset[str]],
        put: Callable[[Sequence[Event], int], object],
        now: Callable[[], datetime],
        tasks: Tasks,
        log: Log,
    ) -> None:
        self._spools = {pbx: Spool(path) for pbx, path in spools.items()}
        self._clients = clients
        self._boxes = boxes
        self._put = put
        self._now = now
        self._tasks = tasks
        self._log = log
        self._wanted: dict[str, _Wanted] = {}
        self._looking: set[str] = set()
        self.looked_at: dict[str, datetime] = {}
        self.problems: dict[str, str] = {}

    def sweep(self, command: SweepMailboxes) -> None:
        """Begin a look, or have it follow the one under way; returns at once."""
        wanted = self._wanted.setdefault(command.pbx, _Wanted())
        wanted.mailboxes |= frozenset(command.mailboxes)
        wanted.everything = wanted.everything or not command.mailboxes
        if command.pbx not in self._looking:
            self._looking.add(command.pbx)
            self._tasks.spawn(self._look_while_wanted(command.pbx), name=f"mailboxes {command.pbx}")

    async def _look_while_wanted(self, pbx: str) -> None:
        try:
            while (wanted := self._wanted.pop(pbx, None)) is not None:
                named = frozenset[str]() if wanted.everything else wanted.mailboxes
                if pbx in self._spools:
                    await self._look_at_files(pbx, named)
                    if not named:
                        await self._ask_for_counts(pbx)
                else:
                    await self._ask_for_messages(pbx, named)
        finally:
            self._looking.discard(pbx)

    # --- with the spool --------------------------------------------------------------------------------------------

    async def _look_at_files(self, pbx: str, named: frozenset[str]) -> None:
        at = self._now()
        reading = self._tasks.spawn(asyncio.to_thread(self._read, pbx, at, named), name=f"spool {pbx}")
        finished, _ = await asyncio.wait([reading], timeout=SLOW_SECONDS)
        if not finished:
            self._hindered(pbx, _SLOW)
        look = await reading
        if isinstance(look, SpoolUnreadable):
            self._hindered(pbx, str(look))
            return
        self._hindered(pbx, "; ".join(look.problems))
        self._found(MailboxesListed(pbx=pbx, at=at, boxes=look.boxes, source="spool", whole=look.whole and not named))

    def _read(self, pbx: str, at: datetime, named: frozenset[str]) -> Look | SpoolUnreadable:
        """In a thread. The refusal is returned, because an error that leaves a task ends the daemon."""
        try:
            return self._spools[pbx].look(at, named)
        except SpoolUnreadable as error:
            return error

    async def _ask_for_counts(self, pbx: str) -> None:
        """How many messages each mailbox takes, and which ones there are: no file tells that."""
        at, told = self._now(), None
        if pbx in self._clients:
            told = await self._clients[pbx].voicemail(self._boxes.get(pbx, frozenset()), messages=False)
        if told is not None:
            self._tell(pbx, at, told, whole=told.whole)

    # --- without it ------------------------------------------------------------------------------------------------

    async def _ask_for_messages(self, pbx: str, named: frozenset[str]) -> None:
        at, told = self._now(), None
        if pbx in self._clients:
            mailboxes = named or self._boxes.get(pbx, frozenset())
            told = await self._clients[pbx].voicemail(mailboxes, messages=True, only=bool(named))
        if told is None:
            self.problems[pbx] = _SILENT
            return
        self.problems.pop(pbx, None)
        self._tell(pbx, at, told, whole=told.whole and not named)

    def _tell(self, pbx: str, at: datetime, told: Voicemail, *, whole: bool) -> None:
        self._found(MailboxesListed(pbx=pbx, at=at, boxes=told.boxes, source="ami", whole=whole, missing=told.missing))

    # --- what came of it -------------------------------------------------------------------------------------------

    def _found(self, event: MailboxesListed) -> None:
        self.looked_at[event.pbx] = event.at
        self._put([event], 0)

    def _hindered(self, pbx: str, words: str) -> None:
        """Remember what is in the way of reading the spool; one line in the log whenever that changes."""
        if words == self.problems.get(pbx, ""):
            return
        if words:
            self.problems[pbx] = words
            self._log.warning("the voicemail spool is not read in full", pbx=pbx, reason=words)
        else:
            del self.problems[pbx]
            self._log.info("the voicemail spool is read in full again", pbx=pbx)
