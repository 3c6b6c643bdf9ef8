"""Reads of messages by when they were left, each with its place in its task."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select

from callcentre.core.tasks import Filing, Message
from callcentre.store import callback_rows as read
from callcentre.store.reader import Reader
from callcentre.store.tables import filings, messages

_KEYS_A_QUERY = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail:
    """A message and its filing; None while it belongs to no task."""

    message: Message
    filing: Filing | None


class VoicemailQueries(Reader):
    """Messages: one by its key, and as the command line lists them."""

    async def message(self, pbx: str, key: str) -> Message | None:
        """Return the message of this key."""
        found = await self._rows(select(messages).where(messages.c.pbx == pbx, messages.c.key == key))
        return read.message(found[0]) if found else None

    async def voicemails(
        self, since: datetime, until: datetime, *, line: str | None = None, pbxs: Sequence[str] | None = None
    ) -> AsyncIterator[Sequence[Voicemail]]:
        """Yield the messages left in [since, until), in pages, in order of time."""
        wanted: list[ColumnElement[bool]] = [messages.c.left_at >= since, messages.c.left_at < until]
        wanted += [messages.c.line == line] if line is not None else []
        wanted += [messages.c.pbx.in_(pbxs)] if pbxs is not None else []
        async for page in self._pages(
            select(messages), and_(*wanted), messages.c.left_at, messages.c.pbx, messages.c.key
        ):
            found = [read.message(row) for row in page]
            filed = await self._filed(found)
            yield [Voicemail(message=one, filing=filed.get((one.pbx, one.key))) for one in found]

    async def _filed(self, found: Sequence[Message]) -> dict[tuple[str, str], Filing]:
        filed: dict[tuple[str, str], Filing] = {}
        for pbx in sorted({one.pbx for one in found}):
            keys = [one.key for one in found if one.pbx == pbx]
            for start in range(0, len(keys), _KEYS_A_QUERY):
                some = keys[start : start + _KEYS_A_QUERY]
                rows = await self._rows(select(filings).where(filings.c.pbx == pbx, filings.c.key.in_(some)))
                filed |= {(row.pbx, row.key): read.filing(row) for row in rows}
        return filed
