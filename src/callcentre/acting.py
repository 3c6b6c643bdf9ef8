"""What the core wants changed on a PBX: each Act carried out once, in order, and answered with an ActionAnswered.

Nothing is tried again here. The core knows what may be repeated, and is told what became of each attempt: done,
refused, never sent, or sent and the link lost before the answer.
"""

import asyncio
import unicodedata
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from callcentre.ami.actions import act
from callcentre.ami.actor import MOST_PENDING, Actor
from callcentre.ami.messages import Reply
from callcentre.core.commands import AbuseAct, Act, CallBack, RingTelephone, StoreValue
from callcentre.core.errors import ActionRefused, LinkLost
from callcentre.core.events import ActionAnswered, Event
from callcentre.core.numbers import without_numbers
from callcentre.runtime.clock import Clock
from callcentre.runtime.log import Log

LOGIN_SECONDS: Final = 3.0
"""How long an action waits for the acting account to be logged in; then it is answered as not sent."""

_MOST_WORDS: Final = 200
_RUNG_REMEMBERED: Final = 1_000
_NO_SUCH_KEY: Final = frozenset({"Database entry could not be deleted", "Database entry not found"})
"""What DBDel says of a key that is not there (main/db.c, 16 to 22; older ones the second)."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A command and until when, on the monotonic clock, it may wait for a login."""

    command: Act
    until: float


class Acting:
    """Carries out the acts of each PBX that has an actor, one after another, from `run` until it is cancelled.

    `put` takes the answers (runtime.inbox.Inbox.put); `now` is the time of a PBX, by its own clock, `asked_at` the time
    that a person's request would bear now.
    """

    def __init__(
        self,
        *,
        actors: Mapping[str, Actor],
        put: Callable[[Sequence[Event], int], bool],
        now: Callable[[str], datetime],
        asked_at: Callable[[], datetime],
        clock: Clock,
        log: Log,
    ) -> None:
        self._actors = actors
        self._put = put
        self._now = now
        self._asked_at = asked_at
        self._clock = clock
        self._log = log
        self._wanted = {pbx: asyncio.Queue[_Wanted](MOST_PENDING) for pbx in actors}
        self._rung: deque[str] = deque(maxlen=_RUNG_REMEMBERED)

    def perform(self, command: Act) -> None:
        """Have `command` carried out; returns at once. A telephone is rung for a key once, whoever asks again."""
        if isinstance(command, RingTelephone | CallBack | AbuseAct):
            if command.key in self._rung:
                return
            self._rung.append(command.key)
        wanted = self._wanted.get(command.pbx)
        if wanted is None:
            self._not_sent(command, "this PBX has no acting account; nothing was sent")
        elif wanted.full():
            self._not_sent(command, "too many actions wait; nothing was sent")
        else:
            wanted.put_nowait(_Wanted(command, self._clock.monotonic() + LOGIN_SECONDS))

    async def run(self) -> None:
        """Carry out what is wanted, in its order on each PBX."""
        async with asyncio.TaskGroup() as workers:
            for pbx in self._actors:
                workers.create_task(self._work(pbx), name=f"acting {pbx}")

    async def _work(self, pbx: str) -> None:
        actor, wanted = self._actors[pbx], self._wanted[pbx]
        while True:
            one = await wanted.get()
            await self._carry_out(actor, one)

    async def _carry_out(self, actor: Actor, wanted: _Wanted) -> None:
        command = wanted.command
        try:
            reply = await actor.ask(act(command), within=self._patience(wanted))
        except ActionRefused as error:
            self._not_sent(command, str(error))
        except LinkLost as error:
            self._answer(command, done=False, words=f"sent, and no answer: {error}", lost=True)
        else:
            self._answer(command, done=_is_done(command, reply), words=reply.fields.get("Message", ""))

    def _patience(self, wanted: _Wanted) -> float:
        """For how many seconds it may wait for a login. A dial that nobody expects any more is ActionRefused."""
        within = max(0.0, wanted.until - self._clock.monotonic())
        if not isinstance(wanted.command, CallBack | AbuseAct):
            return within
        left = (wanted.command.not_after - self._asked_at()).total_seconds()
        if left < 0:
            raise ActionRefused("it was asked for too long ago; nothing was sent")
        return min(within, left)

    def _not_sent(self, command: Act, words: str) -> None:
        self._answer(command, done=False, words=words, sent=False)

    def _answer(self, command: Act, *, done: bool, words: str, sent: bool = True, lost: bool = False) -> None:
        said = fit(words)
        # The heartbeat alone is one a minute.
        usual = self._log.debug if isinstance(command, StoreValue) else self._log.info
        tell = usual if done else self._log.warning
        tell(
            "an action on the PBX was carried out" if done else "an action on the PBX was not carried out",
            pbx=command.pbx,
            action=type(command).__name__,
            key=command.key,
            reason=said,
        )
        at = self._now(command.pbx)
        key = command.key
        answer = ActionAnswered(pbx=command.pbx, at=at, key=key, done=done, words=said, sent=sent, lost=lost)
        self._put((answer,), 0)


def _is_done(command: Act, reply: Reply) -> bool:
    """Whether it is as wanted now. A key that is not there is as good as deleted: a repetition must not fail."""
    deletes = isinstance(command, StoreValue) and command.value is None
    return reply.success or (deletes and reply.fields.get("Message") in _NO_SUCH_KEY)


def fit(words: str) -> str:
    """What a PBX said, fit for a page and a history: one line of 200 characters at most, numbers masked."""
    line = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in words[: 4 * _MOST_WORDS])
    return without_numbers(" ".join(line.split()))[:_MOST_WORDS]
