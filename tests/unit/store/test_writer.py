"""However facts are cut into groups, wherever the daemon restarts, the same calls are stored."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from callcentre.core.facts import Call, CallHealed, Fact
from callcentre.core.terms import Outcome, Quality
from callcentre.store.database import Database
from callcentre.store.tables import EPOCH, UtcTime, microseconds
from tests.conformance import sample
from tests.tables import put_tables


def told(number: int, kind: str, turn: int) -> Fact:
    """A fact of call `number`; `turn` makes each snapshot different from the others."""
    call = replace(sample.offered(number), did=str(turn))
    ringing = replace(
        sample.ringing(call), attempts=(sample.attempt(),) * (turn % 3), visits=(sample.visit(),) * (turn % 2)
    )
    healed = replace(sample.answered(call), quality=Quality.INFERRED)
    facts: dict[str, Fact] = {
        "offered": sample.on_offer(call),
        "ringing": sample.on_progress(ringing),
        "moved": sample.on_progress(replace(ringing, offered_at=sample.after(-turn - 1), line="bookings")),
        "answered": sample.on_end(sample.answered(call)),
        "lost": sample.on_end(sample.lost(call)),
        "healed": CallHealed(pbx="lab", at=sample.after(99), call=healed),
    }
    return facts[kind]


KINDS = st.sampled_from(["offered", "ringing", "ringing", "ringing", "moved", "answered", "lost", "healed"])
STORIES = st.lists(st.tuples(st.integers(1, 3), KINDS, st.sampled_from(["same group", "cut", "twice", "restart"])))


def expected(story: list[Fact]) -> dict[str, Call]:
    """The rule in three lines: the newest snapshot, but decided stays, but lost may heal."""
    held: dict[str, Call] = {}
    for fact in story:
        call: Call = fact.call  # type: ignore[attr-defined]
        before = held.get(call.key.uniqueid)
        over = None if before is None else before.outcome
        if over in (None, Outcome.IN_PROGRESS) or (
            over is Outcome.LOST and call.outcome not in (Outcome.IN_PROGRESS, Outcome.LOST)
        ):
            held[call.key.uniqueid] = call
    return held


async def stored(story: list[tuple[Fact, str]], folder: Path) -> dict[str, Call]:
    """What a fresh database holds after the story, cut as it says."""
    put_tables(folder / "calls.db")
    address = f"sqlite:///{folder / 'calls.db'}"
    database = await Database.open(address)
    try:
        await database.prepare()
        group: list[Fact] = []
        for fact, then in story:
            group.append(fact)
            if then == "same group":
                continue
            await database.writer.commit(group)
            if then == "twice":
                await database.writer.commit(group)
            if then == "restart":
                await database.close()
                database = await Database.open(address)
            group = []
        await database.writer.commit(group)
        since, until = sample.after(-86_400), sample.after(86_400)
        return {c.key.uniqueid: c async for page in database.queries.calls_between(since, until) for c in page}
    finally:
        await database.close()


@settings(max_examples=25, deadline=None)
@given(STORIES)
def test_groups_and_restarts_do_not_matter(told_story: list[tuple[int, str, str]]) -> None:
    story = [(told(number, kind, turn), then) for turn, (number, kind, then) in enumerate(told_story)]
    with TemporaryDirectory() as folder:
        found = asyncio.run(stored(story, Path(folder)))
    assert found == expected([fact for fact, _ in story])


@given(st.datetimes(timezones=st.timezones()).filter(lambda moment: 1900 < moment.year < 2200))
def test_microseconds_are_exact(moment: datetime) -> None:
    class Sqlite:
        name = "sqlite"

    assert UtcTime().process_result_value(microseconds(moment), Sqlite()) == moment.astimezone(UTC)  # type: ignore[arg-type]
    assert microseconds(EPOCH) == 0
