"""Drafts of messages in the store: made once, tried twice, gone with their message, never back after an erasure."""

from dataclasses import replace
from typing import Any

from callcentre.core.facts import CallerErased, TaskChanged
from callcentre.core.tasks import Message
from callcentre.core.terms import MessageStatus
from callcentre.core.transcripts import Transcript, TranscriptState
from callcentre.store import tables
from callcentre.store.database import Database
from tests.conformance import promises, sample

AT = sample.after(900)


def made(message: Message, **changes: Any) -> Transcript:
    full = Transcript(
        pbx=message.pbx,
        key=message.key,
        state=TranscriptState.MADE,
        made_at=AT,
        text="Please ring me back about the bus. zero \0",
        language="en",
        model="whisper-small",
        seconds=11.5,
    )
    return replace(full, **changes)


async def left(database: Database, number: int, **changes: Any) -> Message:
    """A message in an open task of its own."""
    message = promises.message(number, **changes)
    fact = TaskChanged(
        pbx="lab",
        at=sample.NINE,
        task=promises.task(number),
        message=message,
        first=True,
        filings=(promises.filing(number, number, responded_at=None, reached_at=None, heard_at=None, heard_by=None),),
        entries=(promises.entry(1, number),),
    )
    await database.writer.commit([fact])
    return message


async def drafts(database: Database) -> list[Any]:
    (found,) = await sample.everything(database, tables.transcripts)
    return list(found)


async def test_the_most_pressing_message_of_an_open_task_is_next_and_is_made_once(database: Database) -> None:
    assert await database.transcripts.wanted(["lab"]) is None
    second, first = await left(database, 2), await left(database, 1)
    await left(database, 3, playable=False)
    await left(database, 4, in_mailbox=False, folder=None)
    await database.writer.commit(
        [TaskChanged(pbx="lab", at=AT, task=promises.full_task(5), message=promises.message(5))]
    )
    for message in (first, second):
        assert await database.transcripts.wanted(["lab"]) == message
        assert await database.transcripts.wanted(["other"]) is None
        assert await database.transcripts.begin(message, "whisper-small", AT)
        assert await database.transcripts.end(made(message))
    assert await database.transcripts.wanted(["lab"]) is None
    kept = made(first, text="Please ring me back about the bus. zero \ufffd")
    assert await database.transcripts.of("lab", [first.key, "nothing"]) == {first.key: kept}


async def test_one_that_failed_comes_last_and_once_more(database: Database) -> None:
    first, second = await left(database, 1), await left(database, 2)
    failed = made(first, state=TranscriptState.FAILED, text="", language="", seconds=None, why="it took too long")
    store = database.transcripts
    assert await store.begin(first, "whisper-small", AT)
    assert await store.end(failed)
    assert (await store.of("lab", [first.key]))[first.key] == failed
    assert await store.wanted(["lab"]) == second
    assert await store.begin(second, "whisper-small", AT)
    # It never ended: the daemon did. That was a try too.
    assert await store.wanted(["lab"]) == first
    assert await store.begin(first, "whisper-small", AT)
    assert (await store.of("lab", [first.key]))[first.key].state is TranscriptState.TRYING
    assert await store.end(failed)
    assert (await store.of("lab", [first.key]))[first.key].tries == 2
    assert await store.wanted(["lab"]) == second
    assert await store.begin(second, "whisper-small", AT)
    assert await store.wanted(["lab"]) is None


async def test_a_draft_goes_with_its_message(database: Database) -> None:
    message = await left(database, 1)
    store = database.transcripts
    assert not await store.drop_gone()
    await store.begin(message, "whisper-small", AT)
    await store.end(made(message))
    assert not await store.drop_gone()
    gone = replace(message, in_mailbox=False, folder=None, playable=False)
    await database.writer.commit([TaskChanged(pbx="lab", at=AT, message=gone)])
    assert await store.drop_gone()
    assert await drafts(database) == []
    assert not await store.begin(message, "whisper-small", AT)


async def test_what_is_erased_while_its_draft_is_made_does_not_come_back(database: Database) -> None:
    message = await left(database, 1)
    store = database.transcripts
    await store.begin(message, "whisper-small", AT)
    erased = CallerErased(pbx="lab", at=AT, caller=None, messages=(message.key,), who="alice", why="the caller asked")
    await database.writer.commit([erased])
    assert not await store.end(made(message))
    await store.drop_gone()
    assert await drafts(database) == []
    assert await store.wanted(["lab"]) is None
    assert not await store.begin(message, "whisper-small", AT)
    found = await database.queries.message("lab", message.key)
    assert found is not None
    assert found.status is MessageStatus.ERASED
