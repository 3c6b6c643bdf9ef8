"""An order of the command line is carried out once, by the core alone, whatever dies in between, and is answered."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from callcentre.core.centre import CallCentre
from callcentre.core.errors import StoreConflict, StoreUnavailable
from callcentre.core.events import Event
from callcentre.core.facts import Fact, TaskChanged
from callcentre.core.requests import BacklogDecided, ErasureAsked, TaskAction, TaskAsked
from callcentre.core.tasks import Entry, Task
from callcentre.core.terms import AckHow, MessageStatus, TaskOutcome, TaskState, TaskStep
from callcentre.forgetting import Forgetting
from callcentre.orders import Completes, Orders, Unreadable, body_of, read
from callcentre.runtime.inbox import Stopping, TooSlow
from callcentre.store import tables
from callcentre.store.database import Database
from callcentre.store.erasing import spellings
from callcentre.store.results import Order
from tests.conformance import promises, sample
from tests.conformance.sample import after
from tests.unit.core.offices import line, office

NOW = after(10_000)
OFFICE = office(line(mailboxes=frozenset({"600@default"})))
CLAIM = TaskAsked(pbx="lab", at=NOW, number=1, action=TaskAction.CLAIM, who="Ann", request="order 1")


class Died(Exception):
    """The daemon is no more."""


class SilentLog:
    """A log that nobody reads."""

    def __init__(self) -> None:
        self.debugs: list[str] = []

    def debug(self, event: str, /, **fields: object) -> None:
        self.debugs.append(f"{event} {fields}")

    def info(self, event: str, /, **fields: object) -> None: ...

    def warning(self, event: str, /, **fields: object) -> None: ...

    def error(self, event: str, /, **fields: object) -> None: ...

    def exception(self, event: str, /, **fields: object) -> None: ...


class Life:
    """A daemon from its start until it dies at `dies`: its core, restored from the database, and its store."""

    def __init__(
        self,
        database: Database,
        centre: CallCentre,
        dies: str = "",
        error: Exception | None = None,
        completes: Completes | None = None,
    ) -> None:
        self._database = database
        self._centre = centre
        self._dies = dies
        self._error = error or Died(dies)
        self.now = NOW
        self.log = SilentLog()
        self.orders = Orders(
            queries=database.queries,
            writer=self,
            inbox=self,
            pbxs=["lab"],
            now=lambda: self.now,
            log=self.log,
            completes=completes,
        )

    @classmethod
    async def begin(
        cls, database: Database, dies: str = "", error: Exception | None = None, completes: Completes | None = None
    ) -> "Life":
        centre = CallCentre(OFFICE)
        step = centre.restore(await database.queries.open_rows(["lab"], NOW), NOW)
        await database.writer.commit(step.facts)
        return cls(database, centre, dies, error, completes)

    def at(self, place: str) -> None:
        if place == self._dies:
            self._dies = ""
            raise self._error

    async def ask(self, request: Event, key: str) -> tuple[Fact, ...]:
        assert key.startswith(getattr(request, "request", "no request"))
        self.at("before the core")
        facts = self._centre.handle(request).facts
        self.at("before the commit")
        await self._database.writer.commit(facts)
        self.at("after the commit")
        return facts

    async def order_done(self, id: str, at: datetime, answer: str, *, refused: bool = False) -> None:  # noqa: A002
        self.at("before the answer")
        await self._database.writer.order_done(id, at, answer, refused=refused)
        self.at("after the answer")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a database with task 1 (one message, not heard) and task 2 (closed)."""
    file = tmp_path_factory.mktemp("made") / "calls.db"
    asyncio.run(_make(file))
    return file


async def _make(file: Path) -> None:
    database = await Database.open(f"sqlite:///{file}")
    await database.prepare()
    closed = TaskChanged(
        pbx="lab",
        at=after(2),
        task=promises.full_task(2, call=None, entries=2, caller="01632960999", dial=None),
        entries=(promises.entry(1, 2), promises.entry(2, 2, step=TaskStep.CLOSED, state=TaskState.CLOSED)),
        message=promises.message(2, caller="01632960999"),
        first=True,
        filings=(promises.filing(2, 2),),
    )
    await database.writer.commit([promises.opened(1), closed])
    await database.close()


@pytest.fixture
async def database(made: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A copy of it."""
    opened = await Database.open(f"sqlite:///{shutil.copy(made, tmp_path)}")
    yield opened
    await opened.close()


async def left(database: Database, request: Any, **changes: Any) -> str:
    """Leave an order as the command line does; return its id."""
    row = Order(id=request.request, pbx=request.pbx, at=request.at, body=body_of(request))
    row = replace(row, **changes)
    await database.writer.order(row.id, row.pbx, row.at, row.body)
    return row.id


async def answer(database: Database, id: str = "order 1") -> Order:  # noqa: A002
    order = await database.queries.order(id)
    assert order is not None
    return order


async def task(database: Database, number: int = 1) -> Task:
    detail = await database.queries.task("lab", number)
    assert detail is not None
    return detail.task


async def entries(database: Database, id: str = "order 1", number: int = 1) -> list[Entry]:  # noqa: A002
    """What the history of a task holds of an order."""
    detail = await database.queries.task("lab", number)
    assert detail is not None
    return [entry for entry in detail.entries if entry.request == id]


async def test_a_claim_is_carried_out_and_answered_in_words(database: Database) -> None:
    await left(database, CLAIM)
    await (await Life.begin(database)).orders.look()
    done = await answer(database)
    assert (done.refused, done.done_at, done.body) == (False, NOW, "")
    assert done.answer.startswith("task 1 on lab: claimed by Ann (until ")
    assert (await task(database)).holder == "Ann"


async def test_what_the_core_refuses_is_answered_with_its_words(database: Database) -> None:
    await left(database, replace(CLAIM, action=TaskAction.CLOSE, outcome=TaskOutcome.DONE))
    await (await Life.begin(database)).orders.look()
    done = await answer(database)
    assert done.refused
    assert "nobody has listened to the message" in done.answer
    assert (await task(database)).state is TaskState.OPEN


DEATHS = ["before the core", "before the commit", "after the commit", "before the answer", "after the answer"]


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("action", [TaskAction.CLAIM, TaskAction.NOTE, TaskAction.HEARD])
async def test_whatever_dies_it_is_done_once(database: Database, death: str, action: TaskAction) -> None:
    await left(database, replace(CLAIM, action=action, why="to be remembered"))
    with pytest.raises(Died):
        await (await Life.begin(database, death)).orders.look()
    await (await Life.begin(database)).orders.look()
    await (await Life.begin(database)).orders.look()
    (entry,) = await entries(database)
    assert (entry.who, entry.why) == ("Ann", "to be remembered")
    done = await answer(database)
    assert not done.refused
    assert done.answer.startswith(f"task 1 on lab: {entry.step} by Ann (to be remembered)")


@pytest.mark.parametrize("death", DEATHS)
async def test_a_closed_task_is_reopened_once(database: Database, death: str) -> None:
    await left(database, replace(CLAIM, number=2, action=TaskAction.REOPEN))
    with pytest.raises(Died):
        await (await Life.begin(database, death)).orders.look()
    await (await Life.begin(database)).orders.look()
    assert len(await entries(database, number=2)) == 1
    assert (await task(database, 2)).state is TaskState.REOPENED
    assert (await answer(database)).answer == "task 2 on lab: reopened by Ann (no reason given)"


@pytest.mark.parametrize("error", [StoreUnavailable("away"), TooSlow("late"), Stopping("ends")])
@pytest.mark.parametrize("place", ["before the core", "after the commit", "before the answer"])
async def test_a_hindrance_is_waited_out(database: Database, place: str, error: Exception) -> None:
    await left(database, CLAIM)
    await left(
        database, replace(CLAIM, action=TaskAction.NOTE, why="after it", request="order 2", at=NOW + timedelta(1))
    )
    life = await Life.begin(database, place, error)
    await life.orders.look()
    assert (await answer(database)).done_at is None
    assert (await answer(database, "order 2")).done_at is None, "the second waits for the first"
    assert len(life.log.debugs) == 1
    await life.orders.look()
    assert (await answer(database)).answer.startswith("task 1 on lab: claimed by Ann")
    assert (await answer(database, "order 2")).answer == "task 1 on lab: noted by Ann (after it); it is claimed"
    assert len(await entries(database)) == 1


async def test_what_was_refused_is_not_asked_again_when_the_answer_could_not_be_written(database: Database) -> None:
    await left(database, replace(CLAIM, action=TaskAction.RELEASE))
    life = await Life.begin(database, "before the answer", StoreUnavailable("away"))
    await life.orders.look()
    await left(database, replace(CLAIM, request="order 2", at=NOW - timedelta(1)))  # now a release would succeed
    await life.orders.look()
    assert (await answer(database)).refused
    assert (await task(database)).state is TaskState.CLAIMED


async def test_a_fact_that_the_database_refuses_is_a_refusal(database: Database) -> None:
    await left(database, CLAIM)
    await (await Life.begin(database, "after the commit", StoreConflict("no such row"))).orders.look()
    done = await answer(database)
    assert (done.refused, done.answer) == (True, "no such row")


async def test_a_dial_that_was_ordered_too_long_ago_is_not_made(database: Database) -> None:
    dial = replace(CLAIM, action=TaskAction.DIAL, telephone="PJSIP/101")
    await left(database, dial, at=NOW - timedelta(seconds=31))
    await left(database, replace(dial, request="order-2"), at=NOW - timedelta(seconds=29))
    await (await Life.begin(database)).orders.look()
    late, in_time = await answer(database), await answer(database, "order-2")
    assert (late.refused, late.answer) == (True, "it was asked for too long ago, and nobody was dialled; ask again")
    assert in_time.refused
    assert "is no number that anybody has" in in_time.answer, "the core was asked"


async def test_orders_of_another_daemons_pbx_are_left_to_it(database: Database) -> None:
    await left(database, replace(CLAIM, pbx="annexe"))
    await (await Life.begin(database)).orders.look()
    assert (await answer(database)).done_at is None


@pytest.mark.parametrize(("take_on", "words"), [(True, "became 2 tasks"), (False, "will be called back by nobody")])
async def test_the_backlog_is_decided_once(database: Database, take_on: bool, words: str) -> None:
    for number, caller in ((7, "01632960111"), (8, "01632960222")):
        waiting = promises.message(number, caller=caller, status=MessageStatus.BACKLOG)
        await database.writer.commit([TaskChanged(pbx="lab", at=NOW, message=waiting)])
    decision = BacklogDecided(pbx="lab", at=NOW - timedelta(1), take_on=take_on, who="Ann", request="order 1")
    await left(database, decision)
    await left(database, replace(decision, request="order 2"))
    life = await Life.begin(database)
    await life.orders.look()
    assert (await answer(database)).answer == f"2 messages {words}"
    assert (await answer(database, "order 2")).answer == "nothing waits for a decision any more"
    assert await database.queries.backlog(pbx="lab") == []
    assert len(await database.queries.tasks(pbx="lab", states=[TaskState.OPEN])) == (3 if take_on else 1)
    await left(database, replace(decision, request="order 3", at=NOW + timedelta(1)))
    await life.orders.look()
    assert (await answer(database, "order 3")).refused


@pytest.mark.parametrize("death", DEATHS)
async def test_a_backlog_taken_on_before_a_death_is_no_refusal_after_it(database: Database, death: str) -> None:
    waiting = promises.message(7, caller="01632960111", status=MessageStatus.BACKLOG)
    await database.writer.commit([TaskChanged(pbx="lab", at=NOW, message=waiting)])
    await left(database, BacklogDecided(pbx="lab", at=NOW - timedelta(1), take_on=True, who="Ann", request="order 1"))
    with pytest.raises(Died):
        await (await Life.begin(database, death)).orders.look()
    await (await Life.begin(database)).orders.look()
    assert not (await answer(database)).refused
    assert len(await database.queries.tasks(pbx="lab", states=[TaskState.OPEN])) == 2


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("whom", [{"caller": promises.CALLER}, {"task": 1}], ids=["a number", "a task"])
async def test_a_caller_is_erased_whatever_dies(database: Database, death: str, whom: dict[str, Any]) -> None:
    await left(database, ErasureAsked(pbx="lab", at=NOW, who="Ann", why="asked for it", request="order 1", **whom))
    with pytest.raises(Died):
        await (await Life.begin(database, death)).orders.look()
    await (await Life.begin(database)).orders.look()
    gone = await task(database)
    assert (gone.state, gone.caller) == (TaskState.CLOSED, None)
    assert len(await entries(database)) == 1
    done = await answer(database)
    assert (done.refused, done.body) == (False, "")
    assert (await task(database, 2)).caller is not None, "another caller's"


def forgetting(database: Database) -> Forgetting:
    """What completes an erasure, on the database itself."""
    return Forgetting(
        holds=database.holds, erasures=database.erasures, spools={}, now=lambda: NOW, log=structlog.get_logger()
    )


@pytest.mark.parametrize("death", ["", *DEATHS])
@pytest.mark.parametrize("whom", [{"caller": promises.CALLER}, {"task": 1}], ids=["a number", "a task"])
async def test_an_erasure_is_carried_to_its_end_whatever_dies(
    database: Database, death: str, whom: dict[str, Any]
) -> None:
    """Also where a dead run had closed the task, so that nothing but the order says any more who it was."""
    imported = replace(sample.abandoned(sample.offered(9)), caller="+44 7700 900061")
    await database.writer.backfill([imported])
    await left(database, ErasureAsked(pbx="lab", at=NOW, who="Ann", why="asked for it", request="order 1", **whom))
    if death:
        with pytest.raises(Died):
            await (await Life.begin(database, death, completes=forgetting(database))).orders.look()
    await (await Life.begin(database, completes=forgetting(database))).orders.look()
    everything = repr(await sample.everything(database, *tables.metadata.tables.values()))
    assert not spellings(promises.CALLER).search(everything)
    done = await answer(database)
    assert (done.refused, done.body) == (False, "")
    (one,) = await database.erasures.of(["order 1"])
    assert (one.counts["calls"], one.counts["tasks"], one.counts["messages"]) == (1, 1, 1)
    assert one.is_complete or death == "after the answer", "only that the file is clean may be left to be said"


async def test_a_hold_that_is_placed_meanwhile_stops_an_erasure(database: Database) -> None:
    completes = forgetting(database)
    sweep = completes.sweep

    async def held(asked: ErasureAsked) -> None:
        whom: dict[str, Any] = {"pbx": "", "number": promises.CALLER, "case_number": None, "until": None}
        await database.holds.place(**whom, why="a claim", who="Sue", at=NOW)
        await sweep(asked)

    completes.sweep = held  # type: ignore[method-assign]
    await left(database, ErasureAsked(pbx="lab", at=NOW, who="Ann", request="order 1", caller=promises.CALLER))
    await (await Life.begin(database, completes=completes)).orders.look()
    done = await answer(database)
    assert done.refused
    assert "a legal hold was placed while the erasure ran" in done.answer
    assert promises.CALLER not in done.answer


async def test_an_erasure_is_counted(database: Database) -> None:
    await left(database, ErasureAsked(pbx="lab", at=NOW, who="Ann", request="order 1", caller="+447700900061"))
    await (await Life.begin(database)).orders.look()
    assert (await answer(database)).answer == "erased: 1 number, 1 message of tasks; 1 task closed"


REQUESTS = [
    replace(CLAIM, action=action, why="Wörter", outcome=outcome, dial=dial)
    for action, outcome, dial in zip(
        list(TaskAction)[:8], [None, *TaskOutcome, None], [None, "+44 1632 960123", *[None] * 6], strict=True
    )
] + [
    replace(CLAIM, action=TaskAction.CLOSE, outcome=TaskOutcome.DONE, resolved=True, supervisor=True),
    replace(CLAIM, action=TaskAction.CLOSE, outcome=TaskOutcome.DONE, resolved=False),
    replace(CLAIM, action=TaskAction.LATER, call_at=after(20_000.5)),
    replace(CLAIM, action=TaskAction.LATER),
    replace(CLAIM, action=TaskAction.FLAGS, language="pl", needs=("interpreter", "sight")),
    replace(CLAIM, action=TaskAction.ASSIGN, to="Böb", supervisor=True),
    replace(CLAIM, action=TaskAction.DIAL, telephone="PJSIP/101"),
    *(replace(CLAIM, action=action) for action in (TaskAction.UNDO, TaskAction.COMPLAINT, TaskAction.FOLLOW_UP)),
    *(replace(CLAIM, action=TaskAction.ACKNOWLEDGE, how=how) for how in AckHow),
    replace(CLAIM, action=TaskAction.ACKNOWLEDGE, how=AckHow.TEXT, when=after(-60.5)),
    BacklogDecided(pbx="lab", at=NOW, take_on=True, who="Ann", request="order 1", why="all"),
    ErasureAsked(pbx="lab", at=NOW, who="Ann", request="order 1", caller="01632960123"),
    ErasureAsked(pbx="lab", at=NOW, who="Ann", request="order 1", task=7),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: type(one).__name__)
def test_a_request_is_written_and_read(request_: Any) -> None:
    assert read(Order(id="order 1", pbx="lab", at=NOW, body=body_of(request_)), NOW) == request_


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '{"ask": "task"}',
        '{"ask": "dance", "who": "Ann", "why": ""}',
        '{"ask": "task", "who": "Ann", "why": "", "number": "x", "action": "claim", "outcome": null, "dial": null}',
        '{"ask": "task", "who": "Ann", "why": "", "number": 1, "action": "eat", "outcome": null, "dial": null}',
        '{"ask": "task", "who": 7, "why": "", "number": 1, "action": "claim", "outcome": null, "dial": null}',
        '{"ask": "task", "who": "Ann", "why": "", "number": 1, "action": "number", "outcome": null, "dial": 5}',
        '{"ask": "task", "who": "Ann", "why": "", "number": [1], "action": "claim", "outcome": null, "dial": null}',
        *(
            '{"ask": "task", "who": "Ann", "why": "", "number": 1, "outcome": null, "dial": null, "action": ' + rest
            for rest in (
                '"later", "call_at": "soon"}',
                '"later", "call_at": "2026-11-24T15:00:00"}',
                '"later", "call_at": 5}',
                '"flags", "needs": "sight"}',
                '"flags", "language": 5}',
                '"close", "resolved": "yes"}',
                '"assign", "to": ["Bob"]}',
                '"dial", "telephone": 101}',
            )
        ),
    ],
)
async def test_an_order_of_another_version_is_refused(database: Database, body: str) -> None:
    with pytest.raises(Unreadable):
        read(Order(id="order 1", pbx="lab", at=NOW, body=body), NOW)
    await left(database, CLAIM, body=body)
    await (await Life.begin(database)).orders.look()
    done = await answer(database)
    assert done.refused
    assert "same version" in done.answer
