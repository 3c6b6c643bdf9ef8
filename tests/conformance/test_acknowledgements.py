"""Acknowledged messages on both databases: what is written comes back, is watched after a restart, and is counted."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import pytest
from sqlalchemy import Engine, text

from callcentre.core.callbacks import Callbacks
from callcentre.core.events import TimePassed
from callcentre.core.facts import Fact, TaskChanged
from callcentre.core.hints import Hint
from callcentre.core.tasks import Filing, Task
from callcentre.core.terms import AckHow, TaskOutcome, TaskState, TaskStep
from callcentre.reports.figures import Report, Share
from callcentre.reports.gather import report_of
from callcentre.reports.months import Month
from callcentre.reports.sheet import rows_of
from callcentre.store.acknowledgements import AcknowledgementCount
from callcentre.store.database import Database
from tests.conformance import promises
from tests.conformance.test_report import OFFICE as OF_HCT
from tests.conformance.test_report import line
from tests.playbooks.callback_story import HOUR, Story, after
from tests.playbooks.test_acknowledging import ACK, WMEO, at, t

LINES: Final = ("enquiries", "members")
NOW: Final = datetime(2026, 12, 20, 12, tzinfo=UTC)
EDGES: Final = [datetime(2026, month, 1, tzinfo=UTC) for month in (9, 10, 11, 12)]
MEMBERS: Final = line("members", "wme")
OFFICE: Final = replace(OF_HCT, lines=(line("enquiries"), MEMBERS), fallback_line="enquiries")


def told(story: Story) -> list[Fact]:
    """The facts of a story that a store is given."""
    return [fact for fact in story.facts if not isinstance(fact, Hint)]


# --- rows -------------------------------------------------------------------------------------------------------------


async def test_a_story_is_kept_whole_and_goes_on_after_a_restart(database: Database) -> None:
    story = Story(WMEO)
    story.left(0, "a")
    story.left(60, "b")
    story.ask(130, ACK, how=AckHow.LETTER, why="a card")
    story.left(HOUR, "c")
    await database.writer.commit(told(story))
    found = await database.queries.task("lab", 1)
    assert found is not None
    assert found.task == story.task()
    assert {filing.key: filing for filing in found.filings} == story.books.filings
    assert (found.entries[-2].step, found.entries[-2].why) == (
        TaskStep.ACKNOWLEDGED,
        "the caller was told by letter; a card",
    )

    rows = await database.queries.open_rows(["lab"], after(2 * HOUR))
    core = Callbacks(WMEO)
    assert core.restore(rows, after(2 * HOUR)) == []
    late = at("2026-12-01 18:00")
    facts = core.handle(TimePassed(pbx="", at=late))
    await database.writer.commit(facts)
    # Told once more: the outbox drops it.
    notices = tuple(notice for fact in facts if isinstance(fact, TaskChanged) for notice in fact.notices)
    await database.writer.commit([TaskChanged(pbx="lab", at=late, notices=notices)])
    waiting = await database.queries.pending_notices(late)
    titles = [one.notice.title for one in waiting if "acknowledged" in one.notice.title]
    assert titles == [
        "enquiries: callback 1 to be acknowledged by Tuesday 1 December 2026 at 17:00",
        "enquiries: callback 1 was to be acknowledged by Tuesday 1 December 2026 at 17:00",
    ]
    again = await database.queries.open_rows(["lab"], late)
    anew = Callbacks(WMEO)
    assert anew.restore(again, late) == []
    assert anew.unacknowledged(late) == {"enquiries": 1}
    assert all(not fact.notices for fact in anew.handle(TimePassed(pbx="", at=late)) if isinstance(fact, TaskChanged))


async def test_rows_of_before_have_no_such_clock_and_the_start_gives_it(database: Database) -> None:
    """A database of an older version: the columns are there, and empty."""
    story = Story(WMEO)
    story.left(0, "a")
    await database.writer.commit(told(story))

    def older(engine: Engine) -> None:
        with engine.begin() as connection:
            for table in ("filings", "tasks"):
                connection.execute(text(f"UPDATE {table} SET ack_due = NULL, ack_act_by = NULL"))
            connection.execute(text("UPDATE filings SET ack_reason = NULL, charter_version = 1"))

    await database.writer.run(older)
    core = Callbacks(WMEO)
    (fact,) = core.restore(await database.queries.open_rows(["lab"], after(60)), after(60))
    await database.writer.commit([fact])
    found = await database.queries.task("lab", 1)
    assert found is not None
    assert (found.task, found.filings) == (replace(story.task(), entries=2), (story.filing("a"),))
    assert found.entries[-1].why == (
        "to be acknowledged by Tuesday 1 December 2026 at 17:00: the charter is wme version 2 instead of wme version 1"
    )


# --- counting ---------------------------------------------------------------------------------------------------------


def chance(seed: int, number: int) -> list[tuple[Filing, Task]]:
    """Messages of every kind: told in time, late or not at all, their callbacks open or ended before or after."""
    made = Random(seed)
    found = []
    for one in range(1, number + 1):
        left = datetime(2026, 8, 20, tzinfo=UTC) + timedelta(hours=made.uniform(0, 24 * 120))
        due = left + timedelta(days=made.choice([5, 7, 9]))
        moments: list[datetime | None] = [None, due, due + timedelta(microseconds=1), left + timedelta(days=1), None]
        closed = made.choice([None, due, due + timedelta(seconds=1), left + timedelta(hours=2)])
        filing = promises.filing(
            one,
            one,
            line=made.choice(LINES),
            left_at=left,
            ack_due=made.choice([due, due, due, None]),
            ack_act_by=due,
            acknowledged_at=made.choice(moments),
        )
        ended: dict[str, Any] = {"state": TaskState.CLOSED, "outcome": TaskOutcome.NO_ANSWER, "closed_at": closed}
        task = promises.task(one, line=filing.line, **(ended if closed else {}))
        found.append((filing, task))
    return found


def slowly(
    kept: list[tuple[Filing, Task]], edges: list[datetime], as_of: datetime, lines: tuple[str, ...]
) -> dict[tuple[str, int], Counter[str]]:
    """What the definition says, one message after the other."""
    found: dict[tuple[str, int], Counter[str]] = {}
    for filing, task in kept:
        due = filing.ack_due
        if due is None or filing.line not in lines or not edges[0] <= filing.left_at < edges[-1]:
            continue
        if filing.acknowledged_at is not None:
            word = "in_time" if filing.acknowledged_at <= due else "late"
        elif task.state is TaskState.CLOSED and task.closed_at is not None and task.closed_at <= due:
            continue
        else:
            word = "overdue" if due < as_of else "waiting"
        period = max(place for place, edge in enumerate(edges) if edge <= filing.left_at)
        found.setdefault((filing.line, period), Counter())[word] += 1
    return found


@pytest.mark.parametrize(
    ("edges", "lines"), [(EDGES, LINES), (EDGES[2:], LINES), (EDGES, ("members",)), (EDGES, ("nobody",))]
)
async def test_each_message_is_counted_as_the_definition_says(
    database: Database, edges: list[datetime], lines: tuple[str, ...]
) -> None:
    kept = chance(7, 250)
    facts = [
        TaskChanged(pbx="lab", at=NOW, task=task, message=promises.message(task.number), filings=(filing,))
        for filing, task in kept
    ]
    await database.writer.commit(facts)
    as_of = datetime(2026, 11, 25, tzinfo=UTC)
    found = await database.queries.acknowledgements(edges, as_of, lines)
    words = ("in_time", "late", "overdue", "waiting")
    assert {(one.line, one.period): Counter({w: getattr(one, w) for w in words}) for one in found} == {
        of: Counter({w: counts[w] for w in words}) for of, counts in slowly(kept, edges, as_of, lines).items()
    }
    if edges == EDGES and lines == LINES:
        assert all(sum(getattr(one, word) for one in found) for word in words)


# --- the report -------------------------------------------------------------------------------------------------------


def row(report: Report) -> Any:
    return next((one for one in report.promises if one.figure == "messages_acknowledged"), None)


async def test_the_report_has_a_row_of_it_where_the_charter_promises_it(database: Database) -> None:
    story = Story(replace(WMEO, lines=(MEMBERS,), fallback_line="members"))
    for number, key in enumerate(("missed", "told", "late", "gone"), 1):
        story.left(t(f"2026-11-{23 + number} 11:00"), key, f"0163296000{number}", on="members")
    story.ask(t("2026-11-27 12:00"), ACK, number=2, how=AckHow.TEXT)
    story.close(t("2026-11-27 13:00"), TaskOutcome.WRONG_NUMBER, number=4)
    story.attempt(t("2026-12-10 10:00"), "d1", talks=60, to="01632960003")
    await database.writer.commit(told(story))
    report = await report_of(database, OFFICE, "wme", Month(2026, 11), NOW)
    found = row(report)
    assert (found.share, found.is_kept, found.open) == (Share(kept=1, of=3), False, 0)
    assert (found.title, found.promised) == ("Messages acknowledged in time", "each, within 5 working days")
    assert len(found.trend) == 12
    assert [one.share for one in found.lines] == [Share(kept=1, of=3)]
    assert any("messages_acknowledged" in [str(cell) for cell in line] for line in rows_of(report))


async def test_other_charters_have_no_row_of_it(database: Database) -> None:
    assert row(await report_of(database, OFFICE, "hct", Month(2026, 11), NOW)) is None
    assert await database.queries.acknowledgements(EDGES, NOW, LINES) == list[AcknowledgementCount]()
