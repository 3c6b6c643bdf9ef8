"""After a gap: the lost are healed, the unseen are added, each once."""

import asyncio
import io
from datetime import datetime

from callcentre.core.charter import Office
from callcentre.core.facts import CallEnded, CallHealed, Fact, GapClosed
from callcentre.core.terms import Outcome, Quality
from callcentre.history.heal import missed
from callcentre.history.healer import Healer
from callcentre.runtime import log
from callcentre.runtime.clock import Tasks
from callcentre.store.database import Database
from tests.unit.history.conftest import Book
from tests.unit.history.test_heal import lost
from tests.unit.history.test_queue_log import at

SEEN = ("0|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1", "8|1.1|enquiries|NONE|ABANDON|1|1|8")
UNSEEN = (
    "20|1.5|enquiries|NONE|ENTERQUEUE||07700900002|1",
    "24|1.5|enquiries|PJSIP/101|CONNECT|4|1.6|4",
    "60|1.5|enquiries|PJSIP/101|COMPLETECALLER|4|36|1",
)
LATER = ("90|1.9|enquiries|NONE|ENTERQUEUE||07700900003|1", "99|1.9|enquiries|NONE|ABANDON|1|1|9")


class Gathered:
    """What the healer adds; a signal for each time."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.came = asyncio.Event()

    def add(self, facts: list[Fact]) -> None:
        self.facts += facts
        self.came.set()


def gap(since: float, until: float) -> GapClosed:
    return GapClosed(pbx="lab", at=at(until), since=at(since), reason="drop")


def test_only_calls_that_came_in_the_gap_are_missed_and_a_running_one_is_waited_for(book: Book, office: Office) -> None:
    path = book(*SEEN, *UNSEEN[:2], *LATER)
    found = missed("lab", at(10), at(70), path, office)
    assert (found.calls, found.running) == ((), True)
    path = book(*SEEN, *UNSEEN, *LATER)
    found = missed("lab", at(10), at(70), path, office)
    assert [call.key.uniqueid for call in found.calls] == ["1.5"]
    assert not found.running


def test_gaps_of_a_pbx_without_a_book_are_not_kept(office: Office) -> None:
    healer = Healer(queries=None, office=office, books={}, add=None, now=None, log=None)  # type: ignore[arg-type]
    healer.observe([gap(second, second + 1) for second in range(0, 20, 2)])
    assert healer._gaps == {}


async def test_lost_and_unseen_calls_of_a_gap_are_added_once(book: Book, office: Office, database: Database) -> None:
    gathered = Gathered()

    def now() -> datetime:
        return at(100)

    ended = CallEnded(pbx="lab", at=at(5), call=lost())
    await database.writer.commit([ended])
    healer = Healer(
        queries=database.queries,
        office=office,
        books={"lab": book(*SEEN, *UNSEEN, *LATER)},
        add=gathered.add,  # type: ignore[arg-type]
        now=now,
        log=log.set_up(stream=io.StringIO()),
        settle_seconds=0,
    )
    async with Tasks() as tasks:
        tasks.spawn(healer.run(), name="healer")
        healer.observe([ended, gap(-1, 70)])
        await gathered.came.wait()
        healed = [fact for fact in gathered.facts if isinstance(fact, CallHealed)]
        assert [(f.call.key.uniqueid, f.call.outcome) for f in healed] == [
            ("1.1", Outcome.ABANDONED),
            ("1.5", Outcome.ANSWERED),
        ]
        await database.writer.commit(healed)
        stored = await database.queries.call(healed[1].call.key)
        assert stored is not None
        assert (stored.quality, stored.wait_seconds, stored.answered_by) == (Quality.INFERRED, 4.0, "PJSIP/101")
        gathered.came.clear()
        healer.observe([gap(-1, 95)])
        await gathered.came.wait()
        assert [fact.call.key.uniqueid for fact in gathered.facts[2:] if isinstance(fact, CallHealed)] == ["1.9"]
