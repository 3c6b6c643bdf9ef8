"""Makes the drafts of messages that wait to be answered, one after the other, the most pressing first.

A try is written down before it begins, so that a message that takes the machine down with it is not tried for ever.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from callcentre.config.transcripts import TranscriptSettings, hindrance
from callcentre.core.charter import Line, Office
from callcentre.core.errors import CallcentreError, StoreUnavailable
from callcentre.core.facts import Fact, TaskChanged
from callcentre.core.greetings import Looked
from callcentre.core.tasks import Message
from callcentre.core.transcripts import Transcript, TranscriptState
from callcentre.runtime.log import Log
from callcentre.spool.audio import beginning_of, sound_of
from callcentre.spool.recorded import open_recorded, places_of
from callcentre.spool.recordings import open_recording
from callcentre.transcripts.process import Draft, NotDrafted, draft

Make = Callable[[TranscriptSettings, bytes, str | None], Awaitable[Draft]]

_EVERY_SECONDS: Final = 60.0
"""So often it is looked whether there is something to do that no fact has told of."""

_RECORDED: Final = 200
"""Recorded messages whose drafts are remembered, and that may wait for one: an office has a few dozen."""


class TranscriptRows(Protocol):
    """What the store knows of drafts (store.transcripts.TranscriptStore)."""

    async def wanted(self, pbxs: Collection[str]) -> Message | None:
        """The message whose draft is to be made next."""
        ...

    async def begin(self, message: Message, model: str, at: datetime) -> bool:
        """Note that it is being made."""
        ...

    async def end(self, made: Transcript) -> bool:
        """Note what came of it."""
        ...

    async def drop_gone(self) -> bool:
        """Remove the drafts of messages that are there no more."""
        ...


@dataclass(frozen=True, slots=True)
class _Sound:
    wav: bytes
    seconds: float


class Drafting:
    """Makes drafts for as long as `run` runs; told of new messages by committed facts (runtime.loop.Observer)."""

    def __init__(
        self,
        *,
        settings: TranscriptSettings,
        office: Office,
        spools: Mapping[str, Path],
        sounds: Mapping[str, Path],
        rows: TranscriptRows,
        now: Callable[[], datetime],
        log: Log,
        make: Make = draft,
        hindered: Callable[[TranscriptSettings], str] = hindrance,
    ) -> None:
        self._settings = settings
        self._lines = {line.name: line for line in office.lines}
        self._spools = spools
        self._sounds = sounds
        self._rows = rows
        self._now = now
        self._log = log
        self._make = make
        self._hindered = hindered
        self._said = ""
        self._wordings: OrderedDict[str, str] = OrderedDict()
        self._recorded: OrderedDict[str, Looked] = OrderedDict()
        self._news = asyncio.Event()

    def observe(self, facts: Sequence[Fact]) -> None:
        """Look for something to do when a message became known, moved or went."""
        if any(isinstance(fact, TaskChanged) and fact.message is not None for fact in facts):
            self._news.set()

    def wording(self, looked: Looked) -> str:
        """The draft of what a recorded message says; empty, and made when there is time, if there is none yet."""
        known = self._wordings.get(looked.digest)
        if known is None and looked.digest and len(self._recorded) < _RECORDED:
            self._recorded[looked.digest] = looked
            self._news.set()
        return known or ""

    async def run(self) -> None:
        """Make drafts, for ever; a database that is away is asked again."""
        while True:
            self._news.clear()
            try:
                more = await self.step()
            except StoreUnavailable as error:
                self._log.warning("drafts of messages wait for the database", reason=str(error))
                more = False
            if not more:
                await self._rest()

    async def step(self) -> bool:
        """Make one draft; False if there is none to make."""
        await self._rows.drop_gone()
        missing = self._hindered(self._settings)
        if missing != self._said:
            self._said = missing
            if missing:
                self._log.warning("no drafts of messages can be made", reason=missing)
        if missing:
            return False
        message = await self._rows.wanted(tuple(self._spools))
        if message is None:
            return await self._word()
        if await self._rows.begin(message, self._settings.model.name, self._now()):
            made = await self._draft(message)
            if made.state is TranscriptState.FAILED:
                self._log.warning("no draft of a message", pbx=message.pbx, line=message.line, reason=made.why)
            await self._rows.end(made)
        return True

    async def _word(self) -> bool:
        """Make the draft of one recorded message, for whoever signs it off; what fails is not tried again."""
        if not self._recorded:
            return False
        digest, looked = self._recorded.popitem(last=False)
        line = self._lines.get(looked.line)
        try:
            sound = None if line is None else await asyncio.to_thread(self._greeting, line, looked)
            language = self._settings.language or _only(looked.languages)
            made = (
                Draft(text="", language="") if sound is None else await self._make(self._settings, sound.wav, language)
            )
            self._wordings[digest] = made.text
        except (OSError, CallcentreError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self._log.warning("no draft of a recorded message", pbx=looked.pbx, line=looked.line, reason=reason)
            self._wordings[digest] = ""
        if len(self._wordings) > _RECORDED:
            self._wordings.popitem(last=False)
        return True

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_EVERY_SECONDS):
                await self._news.wait()
        except TimeoutError:
            pass

    async def _draft(self, message: Message) -> Transcript:
        try:
            sound = await asyncio.to_thread(self._sound, message)
            made = await self._make(self._settings, sound.wav, spoken_in(self._settings, self._lines.get(message.line)))
        except OSError as error:
            return self._failed(message, f"the recording cannot be read ({error.strerror})")
        except CallcentreError as error:
            return self._failed(message, str(error))
        return Transcript(
            pbx=message.pbx,
            key=message.key,
            state=TranscriptState.MADE,
            made_at=self._now(),
            text=made.text,
            language=made.language,
            seconds=sound.seconds,
        )

    def _failed(self, message: Message, why: str) -> Transcript:
        return Transcript(pbx=message.pbx, key=message.key, state=TranscriptState.FAILED, made_at=self._now(), why=why)

    def _sound(self, message: Message) -> _Sound:
        """The beginning of a message, as a wav file. Blocking."""
        at = message.began_at or message.left_at
        found = open_recording(self._spools[message.pbx], message.mailbox, message.msg_id, at)
        if found is None:
            raise NotDrafted("the recording is there no more")
        return _Sound(*beginning_of(sound_of(found), self._settings.longest.total_seconds()))

    def _greeting(self, line: Line, looked: Looked) -> _Sound | None:
        """The beginning of a recorded message; None where it is there no more. Blocking."""
        places = places_of(line, self._spools, self._sounds)
        found = next((open_recorded(one, looked.stem) for one in places if one.name == looked.place), None)
        return None if found is None else _Sound(*beginning_of(sound_of(found), self._settings.longest.total_seconds()))


def spoken_in(settings: TranscriptSettings, line: Line | None) -> str | None:
    """The language to expect: the one that is configured, else the only one of the line, else None for a guess."""
    if settings.language is not None or line is None:
        return settings.language
    return _only(line.languages)


def _only(languages: Sequence[str]) -> str | None:
    """The one language that these are, whatever country's; None if they are several."""
    found = {language.partition("_")[0] for language in languages}
    return found.pop() if len(found) == 1 else None
