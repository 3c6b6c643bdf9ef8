"""While the database is away, what can be replaced goes first, decided calls second, and each loss is counted."""

import sys
from collections.abc import Iterable
from dataclasses import fields, is_dataclass

from callcentre.core.facts import CallAnswered, CallEnded, CallOffered, CallProgressed, Fact, GapOpened
from callcentre.core.terms import Outcome
from callcentre.runtime.buffer import FactBuffer, weight
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


def test_the_estimated_weight_is_no_less_than_what_a_fact_really_takes() -> None:
    for fact in (*life("1795363274.158"), GapOpened(pbx="lab", at=NOON, reason="link lost")):
        real = deep_size(fact, set())
        assert real <= weight(fact) <= 3 * real
