"""Acts are carried out once, in order, and each is answered: done, refused, never sent, or nobody knows."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asterisk.ami import Action

from callcentre.acting import LOGIN_SECONDS, Acting, fit
from callcentre.ami.actions import render
from callcentre.ami.actor import MOST_PENDING, Actor
from callcentre.ami.messages import Reply
from callcentre.core.commands import AbuseAct, Act, AddMember, CallBack, RemoveMember, RingTelephone, StoreValue
from callcentre.core.errors import ActionRefused, LinkLost
from callcentre.core.events import ActionAnswered, Event
from callcentre.core.incidents import AbuseStep
from callcentre.runtime.clock import ManualClock
from tests.unit.ami.conftest import Witness

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PBX_AHEAD = timedelta(seconds=7)


def said(action: Action, message: str, *, success: bool = True) -> Reply:
    word = "Success" if success else "Error"
    return Reply(action.keys["ActionID"], success, {"Response": word, "Message": message})


class FakeActor(Actor):
    """An acting account that answers as the test says."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.waits: list[float] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.answer: Callable[[Action], Reply] = lambda action: said(action, "Added interface to queue")

    async def ask(self, action: Action, *, within: float = 0.0) -> Reply:
        self.asked.append(render(action, "none"))
        self.waits.append(within)
        await self.may_answer.wait()
        return self.answer(action)


class Office:
    """One PBX with an acting account and one without."""

    def __init__(self) -> None:
        self.actor = FakeActor()
        self.witness = Witness()
        self.clock = ManualClock(NOON)
        self.acting = Acting(
            actors={"lab": self.actor},
            put=self.put,
            now=lambda _pbx: self.clock.now() + PBX_AHEAD,
            asked_at=self.clock.now,
            clock=self.clock,
            log=self.witness,
        )

    def put(self, events: Sequence[Event], size: int) -> bool:
        assert size == 0, "an answer must be taken even if there is no room"
        return self.witness.sink(events, size)

    def answers(self) -> list[ActionAnswered]:
        return [event for event in self.witness.events if isinstance(event, ActionAnswered)]

    async def answered(self, times: int = 1) -> list[ActionAnswered]:
        async with asyncio.timeout(120), asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.acting.run())
            await self.witness.saw(ActionAnswered, times)
            task.cancel()
        return self.answers()

    async def comes_of(self, command: Act) -> ActionAnswered:
        self.acting.perform(command)
        return (await self.answered())[-1]


@pytest.fixture
async def office() -> Office:
    return Office()


def add(key: str = "breach-1", pbx: str = "lab") -> AddMember:
    return AddMember(pbx=pbx, key=key, queue="enquiries", interface="PJSIP/109")


def delete(key: str = "breach-2") -> StoreValue:
    return StoreValue(pbx="lab", key=key, name="line/enquiries/divert", value=None)


def ring(key: str = "breach-3") -> RingTelephone:
    return RingTelephone(pbx="lab", key=key, telephone="PJSIP/110", context="callcentre-alarm", exten="s")


async def test_done_by_the_pbxs_own_time(office: Office) -> None:
    assert await office.comes_of(add()) == ActionAnswered(
        pbx="lab", at=NOON + PBX_AHEAD, key="breach-1", done=True, words="Added interface to queue"
    )


async def test_in_order_and_one_after_another(office: Office) -> None:
    office.actor.may_answer.clear()
    for number in range(5):
        office.acting.perform(add(f"breach-{number}"))
    async with asyncio.timeout(120), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(office.acting.run())
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(office.actor.asked) == 1, "the next is not sent before this one is answered"
        office.actor.may_answer.set()
        await office.witness.saw(ActionAnswered, 5)
        task.cancel()
    assert [answer.key for answer in office.answers()] == [f"breach-{number}" for number in range(5)]


async def test_a_refusal_keeps_the_pbxs_words_for_the_core(office: Office) -> None:
    office.actor.answer = lambda action: said(action, "Unable to add interface: Already there", success=False)
    answer = await office.comes_of(add())
    assert (answer.done, answer.sent, answer.lost) == (False, True, False)
    assert answer.words == "Unable to add interface: Already there"


@pytest.mark.parametrize("words", ["Database entry could not be deleted", "Database entry not found"])
async def test_a_key_that_is_not_there_is_deleted(office: Office, words: str) -> None:
    office.actor.answer = lambda action: said(action, words, success=False)
    assert (await office.comes_of(delete())).done


async def test_only_a_deletion_is_done_although_it_failed(office: Office) -> None:
    office.actor.answer = lambda action: said(action, "Database entry not found", success=False)
    assert not (await office.comes_of(add())).done


async def test_a_deletion_without_the_right_is_refused(office: Office) -> None:
    office.actor.answer = lambda action: said(action, "Permission denied", success=False)
    answer = await office.comes_of(delete())
    assert (answer.done, answer.words) == (False, "Permission denied")


async def test_a_lost_link_is_sent_and_lost(office: Office) -> None:
    def lost(_action: Action) -> Reply:
        raise LinkLost("closed by the PBX")

    office.actor.answer = lost
    answer = await office.comes_of(ring())
    assert (answer.done, answer.sent, answer.lost) == (False, True, True)
    assert "closed by the PBX" in answer.words


async def test_what_was_refused_here_was_never_sent(office: Office) -> None:
    def refused(_action: Action) -> Reply:
        raise ActionRefused("the acting account is not logged in; nothing was sent")

    office.actor.answer = refused
    answer = await office.comes_of(ring())
    assert (answer.done, answer.sent, answer.lost) == (False, False, False)


async def test_a_value_that_may_not_be_sent_is_answered_and_the_next_is_carried_out(office: Office) -> None:
    bad = RemoveMember(pbx="lab", key="breach-1", queue="enquiries\r\nAction: Command", interface="PJSIP/109")
    office.acting.perform(bad)
    office.acting.perform(add("breach-2"))
    first, second = await office.answered(2)
    assert (first.key, first.done, first.sent) == ("breach-1", False, False)
    assert "Command" not in first.words + str(office.witness.lines)
    assert (second.key, second.done) == ("breach-2", True)


async def test_a_pbx_without_an_acting_account(office: Office) -> None:
    office.acting.perform(add(pbx="away"))
    (answer,) = office.answers()
    assert (answer.pbx, answer.done, answer.sent) == ("away", False, False)


async def test_a_telephone_is_rung_once_for_a_key(office: Office) -> None:
    for command in (ring(), ring(), add(), ring("breach-4"), ring()):
        office.acting.perform(command)
    answers = await office.answered(3)
    assert [answer.key for answer in answers] == ["breach-3", "breach-1", "breach-4"]
    assert len(office.actor.asked) == 3


def call_back(key: str = "k-1", late: float = 10.0) -> CallBack:
    return CallBack(
        pbx="lab",
        key=key,
        telephone="PJSIP/101",
        context="callcentre-callback",
        number="07700900123",
        task=7,
        not_after=NOON + timedelta(seconds=late),
    )


async def test_a_caller_is_called_back_once_for_a_key(office: Office) -> None:
    for command in (call_back(), call_back(), call_back("k-2"), call_back()):
        office.acting.perform(command)
    answers = await office.answered(2)
    assert [(answer.key, answer.done) for answer in answers] == [("k-1", True), ("k-2", True)]
    assert len(office.actor.asked) == 2
    assert b"Exten: 07700900123" in office.actor.asked[0]
    assert "07700900123" not in str(office.witness.lines)


async def test_nobody_is_called_back_who_was_asked_for_too_long_ago(office: Office) -> None:
    office.acting.perform(call_back())
    office.clock.advance(10.5)
    (answer,) = await office.answered()
    assert (answer.done, answer.sent) == (False, False)
    assert answer.words == "it was asked for too long ago; nothing was sent"
    assert office.actor.asked == []


async def test_a_callback_does_not_wait_for_a_login_longer_than_anybody_expects_it(office: Office) -> None:
    office.acting.perform(call_back(late=2.0))
    office.clock.advance(0.5)
    await office.answered()
    assert office.actor.waits == [1.5]


async def test_a_number_that_may_not_be_sent_is_in_no_word(office: Office) -> None:
    bad = replace(call_back(), number="0909879\r\n0123")
    answer = await office.comes_of(bad)
    assert (answer.done, answer.sent) == (False, False)
    assert "0909879" not in answer.words + str(office.witness.lines)


def press(key: str = "p-1") -> AbuseAct:
    return AbuseAct(
        pbx="lab",
        key=key,
        uniqueid="1.1",
        step=AbuseStep.WARN,
        telephone="PJSIP/101",
        not_after=NOON + timedelta(seconds=10),
    )


async def test_a_caller_is_warned_once_for_a_press_and_not_late(office: Office) -> None:
    for command in (press(), press(), press("p-2")):
        office.acting.perform(command)
    await office.answered(2)
    assert len(office.actor.asked) == 2
    office.acting.perform(press("p-3"))
    office.clock.advance(10.5)
    assert [(one.key, one.sent) for one in await office.answered(3)][2:] == [("p-3", False)]
    assert len(office.actor.asked) == 2


async def test_what_may_be_repeated_is(office: Office) -> None:
    office.acting.perform(add())
    office.acting.perform(add())
    assert len(await office.answered(2)) == 2


async def test_the_wait_for_a_login_begins_when_it_is_wanted(office: Office) -> None:
    office.acting.perform(add())
    office.clock.advance(1)
    office.acting.perform(add("breach-2"))
    office.clock.advance(LOGIN_SECONDS - 0.5)
    await office.answered(2)
    assert office.actor.waits == [0.0, 0.5]


async def test_more_than_can_wait_is_answered_at_once(office: Office) -> None:
    for number in range(MOST_PENDING + 1):
        office.acting.perform(add(f"breach-{number}"))
    (answer,) = office.answers()
    assert (answer.key, answer.sent) == (f"breach-{MOST_PENDING}", False)


def test_words_are_fit_for_a_page() -> None:
    assert fit("two\r\nlines\u2028and\x1b[31m red") == "two lines and [31m red"
    assert fit("no such peer 07700900301, +447700900301 or 1001") == "no such peer …301, …301 or 1001"
    assert len(fit("x" * 5_000)) == 200
    assert fit("") == ""
