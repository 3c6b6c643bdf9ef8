"""What callers answered: kept once, the first answer for good; counted by line and period."""

from datetime import timedelta
from typing import Any

from callcentre.core.facts import CallerAsked, CallWrapped
from callcentre.core.tasks import WrapUp
from callcentre.core.terms import CallKey, WrapKind
from callcentre.store.columns import microseconds
from callcentre.store.database import SCHEMA, Database
from callcentre.store.satisfaction import Satisfaction
from tests.conformance import sample
from tests.conformance.test_migration import made

DAY = timedelta(days=1)
TWO_DAYS = (sample.NINE, sample.NINE + DAY, sample.NINE + 2 * DAY)


def asked(number: int, answer: int | None = None, *, days: float = 0, **changes: Any) -> CallerAsked:
    """A caller was asked, and answered ten seconds later."""
    at = sample.NINE + timedelta(days=days)
    known: dict[str, Any] = {"line": "enquiries", "telephone": "PJSIP/101", "uniqueid": f"1.{number}", "asked_at": at}
    told = at + timedelta(seconds=10)
    over = {"answer": answer, "answered_at": told if answer else None, "over": answer is not None}
    return CallerAsked(pbx="lab", at=told if answer else at, **(known | over | changes))


async def test_answers_by_line_and_period(database: Database) -> None:
    await database.writer.commit(
        [
            *(asked(n, answer) for n, answer in enumerate([5, 5, 4, 1, None])),
            *(asked(n, answer, days=1) for n, answer in enumerate([3, 2], start=10)),
            asked(20, 4, line="bookings"),
            asked(21, 4, days=2),
            asked(22, 4, days=-0.1),
        ]
    )
    found = await database.queries.satisfaction(TWO_DAYS)
    assert found == [
        Satisfaction(line="bookings", since=TWO_DAYS[0], until=TWO_DAYS[1], asked=1, answers=(0, 0, 0, 1, 0)),
        Satisfaction(line="enquiries", since=TWO_DAYS[0], until=TWO_DAYS[1], asked=5, answers=(1, 0, 0, 1, 2)),
        Satisfaction(line="enquiries", since=TWO_DAYS[1], until=TWO_DAYS[2], asked=2, answers=(0, 1, 1, 0, 0)),
    ]
    assert [(one.answered, one.mean, one.good_share) for one in found] == [(1, 4, 1), (4, 3.75, 0.75), (2, 2.5, 0)]
    (one,) = await database.queries.satisfaction((TWO_DAYS[0], TWO_DAYS[2]), ["bookings"])
    assert one.asked == 1


async def test_nobody_answered(database: Database) -> None:
    await database.writer.commit([asked(1)])
    (one,) = await database.queries.satisfaction(TWO_DAYS[:2])
    assert (one.asked, one.answered, one.mean, one.good_share) == (1, 0, None, None)


async def test_the_first_answer_stays_in_one_transaction_or_in_several(database: Database) -> None:
    await database.writer.commit([asked(1), asked(1, 3), asked(2), asked(3)])
    await database.writer.commit([asked(1, over=True), asked(1, 5), asked(2, 2), asked(3, over=True)])
    await database.writer.commit([asked(1, over=True)])
    (one,) = await database.queries.satisfaction(TWO_DAYS[:2])
    assert (one.asked, one.answers) == (3, (0, 1, 1, 0, 0))


def rows_of_0008(dialect: str) -> list[tuple[str, dict[str, Any]]]:
    """A wrap-up, as the version before wrote it."""
    known = {"pbx": "lab", "uniqueid": "1.1", "who": "alice", "line": "enquiries", "kind": "abusive", "why": "shouted"}
    at = microseconds(sample.NINE) if dialect == "sqlite" else sample.NINE
    return [("wrap_ups", known | {"at": at, "caller": "07700900061", "task": 7})]


async def test_what_agents_said_before_is_kept_and_they_may_say_more(empty: Database) -> None:
    await empty.writer.run(made("0008", rows_of_0008))
    assert await empty.upgrade() == SCHEMA
    key = CallKey("lab", "1.1")
    more: dict[str, Any] = {"pbx": "lab", "uniqueid": "1.1", "line": "enquiries"}
    before = WrapUp(
        **more, who="alice", at=sample.NINE, caller="07700900061", kind=WrapKind.ABUSIVE, why="shouted", task=7
    )
    assert await empty.queries.wraps_of(key) == [before]
    after = WrapUp(**more, who="PJSIP/101", at=sample.after(1), caller=None, kind=WrapKind.UNRESOLVED)
    await empty.writer.commit([CallWrapped(pbx="lab", at=after.at, wrap=after)])
    assert await empty.queries.wraps_of(key) == [before, after]
