"""While the database is away, what can be replaced goes first, decided calls second, and each loss is counted."""

import sys
from collections.abc import Iterable
from dataclasses import fields, is_dataclass

import pytest

from callcentre.core.facts import (
    BreachChanged,
    CallAnswered,
    CallEnded,
    CallerErased,
    CallOffered,
    CallProgressed,
    Fact,
    GapOpened,
    MailboxSeen,
    NoticeRaised,
    TaskChanged,
    VoicemailUsed,
)
from callcentre.core.terms import Attendance, MailboxState, Outcome, Verdict
from callcentre.runtime.buffer import FactBuffer, weight
from tests.conformance import promises, watched
from tests.unit.runtime.samples import NOON, answered, call, unanswered


def kinds(buffer: FactBuffer) -> list[str]:
    return [type(waiting.fact).__name__ for waiting in buffer.take(1_000_000)]


def life(uniqueid: str, steps: int = 8) -> list[Fact]:
    """The facts of one call: offered, `steps` snapshots, answered, ended."""
    running, over = call(uniqueid), answered(uniqueid)
    return [
        CallOffered(pbx="lab", at=NOON, call=running),
        *(CallProgressed(pbx="lab", at=NOON, call=running) for _ in range(steps)),
        CallAnswered(pbx="lab", at=NOON, call=over),
        CallEnded(pbx="lab", at=NOON, call=over),
    ]


def test_facts_come_out_in_order_and_can_be_put_back() -> None:
    buffer = FactBuffer(limit=1_000_000)
    buffer.extend(life("1.1"))
    taken = buffer.take(3)
    buffer.put_back(taken)
    assert [waiting.place for waiting in buffer.take(100)] == list(range(1, 12))
    assert buffer.weight == 0
    assert buffer.per_pbx["lab"] == 0


def test_snapshots_that_a_later_one_replaces_go_first_and_are_no_loss() -> None:
    buffer = FactBuffer(limit=3 * sum(map(weight, life("1.1"))) // 2)
    buffer.extend([*life("1.1"), *life("1.2")])
    assert buffer.full
    assert not buffer.squeeze()
    assert kinds(buffer) == ["CallOffered", "CallEnded"] * 2


def test_the_last_snapshot_of_a_running_call_is_kept() -> None:
    buffer = FactBuffer(limit=1)
    latest = CallProgressed(pbx="lab", at=NOON, call=call("1.1", did="1"))
    buffer.extend([CallProgressed(pbx="lab", at=NOON, call=call("1.1")), latest])
    buffer._drop_replaced()
    assert [waiting.fact for waiting in buffer.take(10)] == [latest]


def test_then_the_oldest_decided_calls_are_lost_and_counted() -> None:
    offered = [CallOffered(pbx="lab", at=NOON, call=call(f"1.{n}")) for n in range(10)]
    ended = [CallEnded(pbx="lab", at=NOON, call=unanswered(f"1.{n}", outcome=Outcome.ABANDONED)) for n in range(10)]
    buffer = FactBuffer(limit=sum(map(weight, [*offered, *ended])) - 1)
    buffer.extend([*offered, *ended])
    lost = buffer.squeeze()
    assert lost == {("lab", "CallEnded"): 3}, "a tenth of the bound is free again"
    kept = [waiting.fact for waiting in buffer.take(100)]
    assert kept == [*offered, *ended[3:]]


def test_as_a_last_resort_whatever_is_oldest_is_lost_so_that_the_bound_holds() -> None:
    gaps = [GapOpened(pbx="lab", at=NOON, reason=str(n)) for n in range(100)]
    buffer = FactBuffer(limit=50 * weight(gaps[0]))
    buffer.extend(gaps)
    lost = buffer.squeeze()
    assert lost == {("lab", "GapOpened"): 55}
    assert not buffer.full
    assert [waiting.fact for waiting in buffer.take(100)] == gaps[55:]


def seen(mailbox: str, *, new: int, told: bool = False) -> MailboxSeen:
    return MailboxSeen(
        pbx="lab",
        at=NOON,
        mailbox=mailbox,
        line="enquiries",
        named=True,
        state=MailboxState.NEARLY_FULL,
        reason="81 of 100 messages",
        new=new,
        notice=promises.notice() if told else None,
    )


def test_of_the_looks_into_a_mailbox_the_latest_is_kept_and_each_that_tells_people() -> None:
    looks = [seen("600", new=1), seen("601", new=1), seen("600", new=2, told=True), seen("600", new=3)]
    buffer = FactBuffer(limit=sum(map(weight, looks)) - 1)
    buffer.extend(looks)
    assert not buffer.squeeze()
    assert [waiting.fact for waiting in buffer.take(10)] == looks[1:]


PROMISES = [
    TaskChanged(pbx="lab", at=NOON, task=promises.task(entries=n), entries=(promises.entry(n),)) for n in range(1, 4)
]
PROMISES += [TaskChanged(pbx="lab", at=NOON, message=promises.message())]
OTHER_PROMISES: list[Fact] = [
    NoticeRaised(pbx="lab", at=NOON, notice=promises.notice()),
    CallerErased(pbx="lab", at=NOON, caller="07700900123", messages=("call 1.1",), who="alice", why="she asked"),
    watched.attendance(0, Attendance.UNATTENDED, who=("Alice Adams: paused (lunch)", "Bob Brown: out of reach")),
    BreachChanged(
        pbx="lab",
        at=NOON,
        breach=watched.breach(who=("Alice Adams: paused (lunch)",), told=(600, 1800)),
        steps=tuple(watched.step(seq, why="why " * seq) for seq in (1, 2, 3)),
        notices=(promises.notice(),),
    ),
]


def test_promises_are_given_up_last_of_all_and_none_of_them_for_another() -> None:
    kept = [*PROMISES, *OTHER_PROMISES]
    calls = [fact for n in range(5) for fact in life(f"1.{n}")]
    gap = GapOpened(pbx="lab", at=NOON, reason="link lost")
    buffer = FactBuffer(limit=sum(map(weight, kept)) * 10 // 9 + 10)
    buffer.extend([*kept[:3], *calls, gap, *kept[3:], *calls])
    lost = buffer.squeeze()
    assert lost["lab", "CallEnded"] == 10
    assert [waiting.fact for waiting in buffer.take(1_000)] == kept


def test_even_promises_end_where_memory_does_the_oldest_first_and_counted() -> None:
    buffer = FactBuffer(limit=sum(map(weight, PROMISES)) - 1)
    buffer.extend(PROMISES)
    lost = buffer.squeeze()
    assert lost == {("lab", "TaskChanged"): 1}
    assert [waiting.fact for waiting in buffer.take(10)] == PROMISES[1:]


def deep_size(value: object, seen: set[int]) -> int:
    if id(value) in seen:
        return 0
    seen.add(id(value))
    size = sys.getsizeof(value)
    if is_dataclass(value) and not isinstance(value, type):
        return size + sum(deep_size(getattr(value, field.name), seen) for field in fields(value))
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return size + sum(deep_size(inner, seen) for inner in value)
    return size


WEIGHED: list[Fact] = [
    *life("1795363274.158"),
    GapOpened(pbx="lab", at=NOON, reason="link lost"),
    *PROMISES,
    *OTHER_PROMISES,
    promises.everything(),
    seen("600@default", new=3),
    seen("600@default", new=3, told=True),
    VoicemailUsed(
        pbx="lab", at=NOON, uniqueid="1795363274.158", line="enquiries", verdict=Verdict.MISUSE, reason="why " * 60
    ),
]


@pytest.mark.parametrize("fact", WEIGHED, ids=lambda fact: type(fact).__name__)
def test_the_estimated_weight_is_no_less_than_what_a_fact_really_takes(fact: Fact) -> None:
    real = deep_size(fact, set())
    assert real <= weight(fact) <= 3 * real
