"""Reading never waits, memory has a bound, and a request is handled once however often it is asked."""

import asyncio

import pytest

from callcentre.core.events import Event, LinkDown, TimePassed
from callcentre.core.facts import CallOffered
from callcentre.runtime import inbox as room
from callcentre.runtime.inbox import Inbox, Stopping, TooSlow
from tests.unit.runtime.samples import NOON, call


def tick(pbx: str = "lab") -> Event:
    return TimePassed(pbx=pbx, at=NOON)


async def test_past_the_bound_nothing_is_queued_and_the_client_is_told() -> None:
    inbox = Inbox(limit=1_000)
    assert inbox.put([tick("a")], 600)
    assert inbox.put([tick("b")], 400)
    assert not inbox.put([tick("c")], 1)
    assert inbox.held == 1_000
    assert [event.pbx for batch in await inbox.take(10, within=0) for event in batch.events] == ["a", "b"]
    assert inbox.held == 0
    assert inbox.put([tick("c")], 1)


async def test_a_gap_can_be_told_when_there_is_no_room_for_anything_else() -> None:
    inbox = Inbox(limit=10)
    assert inbox.put([tick()], 10)
    assert inbox.put([LinkDown(pbx="lab", at=NOON, reason="inbox full")], 0)


async def test_one_read_larger_than_the_bound_is_taken_by_an_empty_inbox() -> None:
    assert Inbox(limit=10).put([tick()], 4_096)


async def test_whole_batches_are_taken_until_the_wanted_number_is_reached() -> None:
    inbox = Inbox(limit=1_000)
    for size in (3, 3, 3):
        inbox.put([tick()] * size, 1)
    assert [len(batch.events) for batch in await inbox.take(4, within=0)] == [3, 3]
    assert [len(batch.events) for batch in await inbox.take(4, within=0)] == [3]


async def test_the_taker_wakes_for_what_comes_and_when_nothing_does() -> None:
    inbox = Inbox(limit=1_000)
    waiting = asyncio.ensure_future(inbox.take(10, within=60))
    await asyncio.sleep(0)
    inbox.put([tick()], 1)
    assert len(await waiting) == 1
    assert await inbox.take(10, within=0.001) == []


async def test_closing_wakes_the_taker_and_refuses_new_requests() -> None:
    inbox = Inbox(limit=1_000)
    waiting = asyncio.ensure_future(inbox.take(10, within=60))
    await asyncio.sleep(0)
    inbox.close()
    assert await waiting == []
    with pytest.raises(Stopping):
        await inbox.ask(tick(), "k")


async def test_a_request_is_answered_with_its_facts_and_the_same_key_with_the_first_reply() -> None:
    inbox = Inbox(limit=1_000)
    facts = (CallOffered(pbx="lab", at=NOON, call=call()),)
    first = asyncio.ensure_future(inbox.ask(tick(), "claim-1"))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(inbox.ask(tick(), "claim-1"))
    await asyncio.sleep(0)
    (batch,) = await inbox.take(10, within=0)
    assert batch.reply is not None
    batch.reply.set_result(facts)
    assert await first == await second == facts
    assert await inbox.ask(tick(), "claim-1") == facts
    assert await inbox.take(10, within=0) == []


async def test_a_request_that_takes_too_long_is_still_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "ANSWER_WITHIN_SECONDS", 0.001)
    inbox = Inbox(limit=1_000)
    with pytest.raises(TooSlow):
        await inbox.ask(tick(), "claim-1")
    (batch,) = await inbox.take(10, within=0)
    assert batch.reply is not None
    batch.reply.set_result(())
    assert await inbox.ask(tick(), "claim-1") == ()


async def test_only_the_latest_replies_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_REMEMBERED_REPLIES", 2)
    inbox = Inbox(limit=1_000)
    for key in ("a", "b", "c"):
        asked = asyncio.ensure_future(inbox.ask(tick(), key))
        await asyncio.sleep(0)
        (batch,) = await inbox.take(10, within=0)
        assert batch.reply is not None
        batch.reply.set_result(())
        await asked
    again = asyncio.ensure_future(inbox.ask(tick(), "a"))
    await asyncio.sleep(0)
    assert len(await inbox.take(10, within=0)) == 1, "the oldest was forgotten, so it is handled anew"
    again.cancel()
