"""Facts are committed, then observed, then commands performed; with the store away everything waits but measuring."""

import asyncio
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from callcentre.core.centre import Step
from callcentre.core.commands import CallBack, Command, Resync
from callcentre.core.errors import IllegalTransition, StoreConflict, StoreUnavailable
from callcentre.core.events import Event, EventsQuarantined, LinkDown, TimePassed
from callcentre.core.facts import CallEnded, CallOffered, Fact, GapOpened
from callcentre.core.terms import Outcome
from callcentre.runtime import log
from callcentre.runtime.clock import ManualClock, Tasks
from callcentre.runtime.inbox import Inbox
from callcentre.runtime.loop import Loop, StoreState
from tests.unit.runtime.samples import NOON, call, unanswered


def said(word: str) -> Event:
    return LinkDown(pbx="lab", at=NOON, reason=word)


def noted(word: str) -> Fact:
    return GapOpened(pbx="lab", at=NOON, reason=word)


DIAL = CallBack(
    pbx="lab", key="k", telephone="PJSIP/101", context="callback", number="01632960123", task=1, not_after=NOON
)  # fmt: skip


class EchoCore:
    """A core that notes each word it is told; a few words have it do more."""

    def __init__(self) -> None:
        self.timer: datetime | None = None
        self.quarantined: list[str] = []

    def handle(self, event: Event) -> Step:
        if isinstance(event, EventsQuarantined):
            self.quarantined.append(event.reason)
            return Step(facts=(noted("quarantined"),))
        if isinstance(event, TimePassed):
            raise IllegalTransition("the task is already claimed")
        assert isinstance(event, LinkDown)
        if event.reason == "fault":
            raise RuntimeError("a fault of ours")
        if event.reason == "ask":
            return Step(facts=(noted("ask"),), commands=(Resync(pbx="lab", reason="asked"),))
        if event.reason.startswith("dial"):
            return Step(facts=(noted(event.reason), noted("told")), commands=(DIAL, Resync(pbx="lab", reason="asked")))
        return Step(facts=(noted(event.reason),))

    def next_timer(self) -> datetime | None:
        return self.timer


class Office:
    """The loop with a store that can be switched off, and the order of all that it did in `story`."""

    def __init__(self, *, buffer_bytes: int = 1_000_000, core: EchoCore | None = None) -> None:
        self.story: list[str] = []
        self.committed: list[Fact] = []
        self.trouble: Callable[[Sequence[Fact]], Exception | None] = lambda _facts: None
        self.changed = asyncio.Event()
        self.attempts = 0
        self.heard: dict[str, datetime] = {}
        self.seen: Mapping[str, datetime] = {}
        self.words = io.StringIO()
        self.core = core or EchoCore()
        self.inbox = Inbox(limit=1_000_000)
        self.alarms: list[datetime | None] = []
        self.loop = Loop(
            core=self.core,
            inbox=self.inbox,
            store=self,
            observers=[self],
            performer=self,
            alarm=self,
            clock=ManualClock(NOON),
            log=log.set_up(stream=self.words),
            buffer_bytes=buffer_bytes,
            heard=lambda: self.heard,
        )

    async def commit(self, facts: Sequence[Fact], seen: Mapping[str, datetime]) -> None:
        self.seen = seen
        self.attempts += 1
        await asyncio.sleep(0)
        self.changed.set()
        error = self.trouble(facts)
        if error is not None:
            raise error
        self.committed.extend(facts)
        if facts:
            self.story.append(f"commit {len(facts)}")

    def observe(self, facts: Sequence[Fact]) -> None:
        self.story.append(f"observe {len(facts)}")
        self.changed.set()

    def perform(self, command: Command) -> None:
        self.story.append(f"perform {type(command).__name__}")
        self.changed.set()

    def set(self, when: datetime | None) -> None:
        self.alarms.append(when)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    def tell(self, *words: str) -> None:
        assert self.inbox.put([said(word) for word in words], 100)


async def finished(office: Office) -> None:
    """Close the inbox and let the loop come to its end."""
    office.inbox.close()
    async with asyncio.timeout(120):
        await office.loop.run()


async def test_first_the_commit_then_the_observers_then_the_commands() -> None:
    office = Office()
    office.tell("one", "ask", "two")
    await finished(office)
    assert office.story == ["commit 3", "observe 3", "perform Resync"]
    assert office.committed == [noted("one"), noted("ask"), noted("two")]


async def test_while_the_store_is_away_nothing_is_observed_and_then_all_is_written_in_order() -> None:
    office = Office()
    office.trouble = lambda _facts: StoreUnavailable("connection refused")
    async with Tasks() as tasks:
        tasks.spawn(office.loop.run(), name="loop")
        office.tell("one", "ask")
        await office.until(lambda: office.attempts > 0)
        office.tell("two")
        await office.until(lambda: office.attempts > 1)
        assert office.story == []
        assert office.loop.store_state == StoreState(up=False, reason="connection refused", since=NOON)
        assert office.loop.unwritten == {"lab": 3}
        office.trouble = lambda _facts: None
        await office.until(lambda: "perform Resync" in office.story)
        assert office.loop.store_state == StoreState()
    assert office.committed == [noted("one"), noted("ask"), noted("two")]
    assert office.story[-1] == "perform Resync"
    assert "the database is away" in office.words.getvalue()
    assert "the database is back" in office.words.getvalue()


async def test_past_the_buffers_bound_losses_are_counted_and_said_aloud() -> None:
    office = Office(buffer_bytes=10_000)
    office.trouble = lambda _facts: StoreUnavailable("disk full")
    async with Tasks() as tasks:
        tasks.spawn(office.loop.run(), name="loop")
        office.tell("first")
        await office.until(lambda: not office.loop.store_state.up)
        office.tell(*map(str, range(100)))
        await office.until(lambda: office.loop.lost["lab", "GapOpened"] > 0)
        kept = office.loop.unwritten["lab"]
        assert office.loop.lost["lab", "GapOpened"] + kept == 101
        assert kept * 400 <= 10_000
        office.trouble = lambda _facts: None
        await office.until(lambda: len(office.committed) == kept)
    assert office.committed[-1] == noted("99"), "the newest are kept"
    assert '"lab GapOpened": 7' in office.words.getvalue()


async def test_a_fact_that_the_database_refuses_does_not_hold_up_the_others() -> None:
    office = Office()
    office.trouble = lambda facts: StoreConflict("no such line") if noted("bad") in facts else None
    office.tell("one", "bad", "two")
    await finished(office)
    assert office.committed == [noted("one"), noted("two")]
    assert office.loop.lost == {("lab", "GapOpened"): 1}
    assert office.story[-1] == "observe 2"
    assert "the database refused it" in office.words.getvalue()


@pytest.mark.parametrize("bad", ["dial bad", "told"])
async def test_a_dial_that_the_database_refused_to_write_down_is_not_made(bad: str) -> None:
    office = Office()
    office.trouble = lambda facts: StoreConflict("its request is known") if noted(bad) in facts else None
    office.tell("one", "dial bad", "two")
    await finished(office)
    assert [told for told in office.story if told.startswith("perform")] == ["perform Resync"]


async def test_a_dial_is_not_made_though_the_refused_fact_lay_in_the_group_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("callcentre.runtime.loop._FACTS_A_COMMIT", 2)
    office = Office()
    office.trouble = lambda facts: StoreConflict("its request is known") if noted("dial bad") in facts else None
    office.tell("one", "dial bad", "two", "dial good")
    await finished(office)
    told = [told for told in office.story if told.startswith("perform")]
    assert told == ["perform Resync", "perform CallBack", "perform Resync"]
    assert office.committed == [noted(word) for word in ("one", "told", "two", "dial good", "told")]


async def test_a_fault_of_ours_costs_one_event_and_marks_the_gap() -> None:
    office = Office()
    office.tell("one", "fault", "two")
    await finished(office)
    assert office.committed == [noted("one"), noted("quarantined"), noted("two")]
    assert office.core.quarantined == ["fault in callcentre"]
    assert office.loop.faults == {"lab": 1}
    assert "a fault of ours" in office.words.getvalue()


async def test_a_request_gets_its_facts_after_the_commit_and_a_refusal_as_an_error() -> None:
    office = Office()
    office.trouble = lambda facts: StoreConflict("no such line") if noted("bad") in facts else None
    async with Tasks() as tasks:
        tasks.spawn(office.loop.run(), name="loop")
        assert await office.inbox.ask(said("ask"), "1") == (noted("ask"),)
        assert office.story[:2] == ["commit 1", "observe 1"]
        with pytest.raises(StoreConflict, match="no such line"):
            await office.inbox.ask(said("bad"), "2")
        with pytest.raises(IllegalTransition, match="already claimed"):
            await office.inbox.ask(TimePassed(pbx="", at=NOON), "3")
    assert not office.loop.faults


async def test_the_alarm_is_set_to_the_cores_next_timer() -> None:
    core = EchoCore()
    core.timer = NOON + timedelta(seconds=2)
    office = Office(core=core)
    office.tell("one")
    await finished(office)
    assert set(office.alarms) == {core.timer}


async def test_healed_calls_are_committed_and_observed_like_others() -> None:
    office = Office()
    healed = CallEnded(pbx="lab", at=NOON, call=unanswered(outcome=Outcome.ABANDONED))
    office.loop.add([healed])
    await finished(office)
    assert office.committed == [healed]


async def test_a_stop_with_the_store_away_tries_once_more_then_says_what_is_lost() -> None:
    office = Office()
    office.trouble = lambda _facts: StoreUnavailable("connection refused")
    office.tell("one", "two")
    await finished(office)
    assert office.loop.lost == {("lab", "unwritten"): 2}
    assert "facts lost: callcentre stops" in office.words.getvalue()


async def test_many_facts_do_not_pile_up_while_the_store_is_merely_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callcentre.runtime.loop._FACTS_AHEAD", 10)
    monkeypatch.setattr("callcentre.runtime.loop._EVENTS_A_TURN", 10)
    monkeypatch.setattr("callcentre.runtime.loop._FACTS_A_COMMIT", 10)
    office = Office()
    most = 0

    def watch(_facts: Sequence[Fact]) -> None:
        nonlocal most
        most = max(most, office.loop.unwritten.get("lab", 0))

    office.trouble = watch
    for n in range(100):
        office.tell(*[str(n)] * 10)
    await finished(office)
    assert len(office.committed) == 1_000
    assert most <= 30


async def test_an_offered_call_is_written_before_it_is_decided() -> None:
    office = Office()
    async with Tasks() as tasks:
        tasks.spawn(office.loop.run(), name="loop")
        office.loop.add([CallOffered(pbx="lab", at=NOON, call=call())])
        await office.until(lambda: len(office.committed) == 1)


async def test_without_facts_the_store_is_told_how_long_each_pbx_was_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callcentre.runtime.loop._HEARTBEAT_SECONDS", 0.001)
    office = Office()
    office.heard["lab"] = NOON
    async with Tasks() as tasks:
        tasks.spawn(office.loop.run(), name="loop")
        await office.until(lambda: office.seen == {"lab": NOON})
        office.trouble = lambda _facts: StoreUnavailable("connection refused")
        await office.until(lambda: not office.loop.store_up)
    assert office.story == []


async def test_the_last_commit_says_until_when_each_pbx_was_seen() -> None:
    office = Office()
    office.heard["lab"] = NOON
    await finished(office)
    assert office.seen == {"lab": NOON}
