"""Drafts of what voicemails say, as rows. Each is written only while its message is there and was not erased."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import and_, func, or_, select

from callcentre.core.tasks import Message
from callcentre.core.terms import MessageStatus, TaskState
from callcentre.core.transcripts import MOST_TRIES, Transcript, TranscriptState
from callcentre.store import callback_rows as read
from callcentre.store.accounts import AccountStore
from callcentre.store.callback_rows import made_of, storable
from callcentre.store.reader import PAGE
from callcentre.store.tables import filings, messages, tasks, transcripts

_BEGIN: Final = (
    "INSERT INTO transcripts (pbx, key, state, tries, made_at, text, language, model, why) "
    "SELECT messages.pbx, messages.key, ?, 1, ?, '', '', ?, '' FROM messages "
    "WHERE messages.pbx = ? AND messages.key = ? AND messages.in_mailbox AND messages.status <> ? "
    "ON CONFLICT (pbx, key) DO UPDATE SET state = excluded.state, tries = transcripts.tries + 1, "
    "made_at = excluded.made_at, text = '', language = '', model = excluded.model, seconds = NULL, why = '' "
    "RETURNING key"
)
# Of a row that went meanwhile (erased, deleted from its mailbox) nothing comes back.
_END: Final = (
    "UPDATE transcripts SET state = ?, made_at = ?, text = ?, language = ?, seconds = ?, why = ? "
    "WHERE pbx = ? AND key = ? AND state = ? AND EXISTS (SELECT 1 FROM messages WHERE messages.pbx = transcripts.pbx "
    "AND messages.key = transcripts.key AND messages.in_mailbox AND messages.status <> ?) RETURNING key"
)
_DROP: Final = (
    "DELETE FROM transcripts WHERE NOT EXISTS (SELECT 1 FROM messages WHERE messages.pbx = transcripts.pbx "
    "AND messages.key = transcripts.key AND messages.in_mailbox AND messages.status <> ?) RETURNING key"
)


class TranscriptStore(AccountStore):
    """Reads and writes drafts. Raises StoreUnavailable, StoreConflict."""

    async def of(self, pbx: str, keys: Sequence[str]) -> Mapping[str, Transcript]:
        """The drafts of these messages (of at most 1,000) by their keys; those of which there is a row."""
        found = await self._rows(
            select(transcripts).where(transcripts.c.pbx == pbx, transcripts.c.key.in_(keys)).limit(PAGE)
        )
        return {row.key: made_of(Transcript, row, state=TranscriptState(row.state)) for row in found}

    async def wanted(self, pbxs: Collection[str]) -> Message | None:
        """The message whose draft is to be made next: of an open task, never tried first, then the most pressing."""
        tries = func.coalesce(transcripts.c.tries, 0)
        again = and_(transcripts.c.state != TranscriptState.MADE, transcripts.c.tries < MOST_TRIES)
        query = (
            select(messages)
            .join(filings, and_(filings.c.pbx == messages.c.pbx, filings.c.key == messages.c.key))
            .join(tasks, and_(tasks.c.pbx == filings.c.pbx, tasks.c.number == filings.c.task))
            .outerjoin(transcripts, and_(transcripts.c.pbx == messages.c.pbx, transcripts.c.key == messages.c.key))
            .where(
                tasks.c.state != TaskState.CLOSED,
                messages.c.pbx.in_(pbxs),
                messages.c.in_mailbox,
                messages.c.playable,
                messages.c.status != MessageStatus.ERASED,
                or_(transcripts.c.key.is_(None), again),
            )
            .order_by(tries, filings.c.act_by, filings.c.key)
            .limit(1)
        )
        found = await self._rows(query)
        return read.message(found[0]) if found else None

    async def begin(self, message: Message, model: str, at: datetime) -> bool:
        """Note that a draft is being made, one try more; False if the message is there no more."""
        first = (str(TranscriptState.TRYING), self._when(at), storable(model))
        return await self._change((_BEGIN, (*first, message.pbx, message.key, str(MessageStatus.ERASED))))

    async def end(self, made: Transcript) -> bool:
        """Note what came of it; False, and nothing is kept, if the message went or was erased meanwhile."""
        texts = (storable(made.text), storable(made.language), made.seconds, storable(made.why))
        of = (made.pbx, made.key, str(TranscriptState.TRYING), str(MessageStatus.ERASED))
        return await self._change((_END, (str(made.state), self._when(made.made_at), *texts, *of)))

    async def drop_gone(self) -> bool:
        """Remove the drafts of messages that were deleted from their mailboxes or erased; whether there were any."""
        return await self._change((_DROP, (str(MessageStatus.ERASED),)))
