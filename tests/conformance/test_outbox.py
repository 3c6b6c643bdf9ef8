"""What people are told is sent once to each of them; what the command line asks is done once."""

from datetime import timedelta

import pytest

from callcentre.core.facts import NoticeRaised, TaskChanged
from callcentre.core.tasks import Notice
from callcentre.store import tables
from callcentre.store.columns import EPOCH
from callcentre.store.database import Database
from callcentre.store.queries import PAGE, Delivery, Order
from tests.conformance import promises, sample

LATER = sample.after(5_000)


def raised(notice: Notice) -> NoticeRaised:
    return NoticeRaised(pbx=notice.pbx, at=notice.at, notice=notice)


async def states(database: Database) -> list[tuple[object, ...]]:
    """Contact, state, tries, next try, sent at and error of every row."""
    (rows,) = await sample.everything(database, tables.outbox)
    names = list(tables.outbox.columns.keys())
    wanted = [names.index(name) for name in ("contact", "state", "tries", "next_try_at", "sent_at", "error")]
    return [tuple(row[place] for place in wanted) for row in rows]


@pytest.mark.parametrize("together", [True, False], ids=["one group", "a group each"])
async def test_a_notice_goes_to_each_contact_once(database: Database, together: bool) -> None:
    notice = promises.notice(to=("office", "supervisor", "office"))
    again = promises.notice(title="said differently", to=("office", "boss"))
    facts = [raised(notice), TaskChanged(pbx="lab", at=LATER, notices=(again,))]
    for group in [facts] if together else [[fact] for fact in facts]:
        await database.writer.commit(group)
    found = await database.queries.pending_notices(LATER)
    assert [(delivery.contact, delivery.notice.title, delivery.tries) for delivery in found] == [
        ("office", notice.title, 0),
        ("supervisor", notice.title, 0),
        ("boss", again.title, 0),
    ]
    assert len({delivery.id for delivery in found}) == 3
    assert found[0] == Delivery(id=found[0].id, contact="office", notice=promises.notice(to=("office",)), tries=0)


async def test_the_same_key_on_two_pbxs_is_two_notices(database: Database) -> None:
    await database.writer.commit([raised(promises.notice(to=("office",))), raised(promises.notice(pbx="other"))])
    assert len(await database.queries.pending_notices(LATER)) == 3


async def test_a_notice_for_nobody_is_kept_and_not_sent(database: Database) -> None:
    await database.writer.commit([raised(promises.notice(to=(), task=None))])
    assert await states(database) == [("", "nobody", 0, None, None, None)]
    assert await database.queries.pending_notices(LATER) == []
    assert await database.queries.next_notice_at() is None


async def test_sent_is_sent(database: Database) -> None:
    notice = promises.notice(to=("office",))
    await database.writer.commit([raised(notice)])
    (delivery,) = await database.queries.pending_notices(notice.at)
    await database.writer.notice_sent(delivery.id, sample.after(1_001))
    assert await database.queries.pending_notices(LATER) == []
    await database.writer.notice_failed(delivery.id, LATER, "too late", LATER)
    await database.writer.notice_sent(delivery.id, LATER)
    await database.writer.commit([raised(notice)])
    assert await states(database) == [("office", "sent", 1, None, sample.after(1_001), None)]


async def test_what_failed_is_tried_again_when_it_is_time_until_given_up(database: Database) -> None:
    await database.writer.commit([raised(promises.notice(to=("office",)))])
    assert await database.queries.next_notice_at() == EPOCH, "at once, whatever the PBX's clock says"
    (delivery,) = await database.queries.pending_notices(sample.after(0))
    await database.writer.notice_failed(delivery.id, sample.after(1_001), "refused", sample.after(1_061))
    assert await database.queries.next_notice_at() == sample.after(1_061)
    assert await database.queries.pending_notices(sample.after(1_060)) == []
    (again,) = await database.queries.pending_notices(sample.after(1_061))
    assert (again.id, again.tries) == (delivery.id, 1)
    assert await states(database) == [("office", "pending", 1, sample.after(1_061), None, "refused")]
    await database.writer.notice_failed(delivery.id, sample.after(1_062), "no such box", None)
    assert await states(database) == [("office", "failed", 2, None, None, "no such box")]
    assert await database.queries.next_notice_at() is None


async def test_the_longest_waiting_first_and_no_more_than_asked(database: Database) -> None:
    numbers = [*range(5, 10), *range(5)]
    facts = [raised(promises.notice(key=str(n), at=sample.after(n), to=("office",))) for n in numbers]
    await database.writer.commit(facts)
    found = await database.queries.pending_notices(LATER, limit=7)
    assert [delivery.notice.key for delivery in found] == [str(n) for n in range(7)]
    assert await database.queries.next_notice_at() == EPOCH


async def test_each_daemon_has_the_notices_of_its_own_pbxs(database: Database) -> None:
    await database.writer.commit([raised(promises.notice(to=("office", "boss")))])
    await database.writer.commit([raised(promises.notice(pbx="other", to=("office",)))])
    queries = database.queries
    assert {one.notice.pbx for one in await queries.pending_notices(LATER, pbxs=["other"])} == {"other"}
    assert await queries.notices_waiting(["lab", "other", "third"]) == {"lab": 2, "other": 1, "third": 0}
    assert await queries.next_notice_at(pbxs=["third"]) is None
    assert [one.contact for one in await queries.pending_notices(LATER, pbxs=["lab"], without=["office"])] == ["boss"]


async def test_a_page_is_the_most_that_is_given(database: Database) -> None:
    await database.writer.commit([raised(promises.notice(to=tuple(f"contact {n}" for n in range(PAGE + 1))))])
    assert len(await database.queries.pending_notices(LATER, limit=10 * PAGE)) == PAGE


async def test_an_order_is_left_by_one_process_and_done_by_another(database: Database, second: Database) -> None:
    body = '{"action": "number", "dial": "01632 960123"}'
    await second.writer.order("b", "lab", sample.after(2), "{}")
    await second.writer.order("a", "lab", sample.after(3), body)
    await second.writer.order("a", "other", sample.after(1), "another body")
    left = Order(id="a", pbx="lab", at=sample.after(3), body=body)
    assert await database.queries.pending_orders() == [
        Order(id="b", pbx="lab", at=sample.after(2), body="{}"),
        left,
    ]
    assert await second.queries.order("a") == left
    await database.writer.order_done("a", sample.after(4), "task 7: the number is noted", refused=False)
    await database.writer.order_done("b", sample.after(5), "there is no task 8", refused=True)
    assert await database.queries.pending_orders() == []
    assert await second.queries.order("a") == Order(
        id="a",
        pbx="lab",
        at=sample.after(3),
        body="",
        done_at=sample.after(4),
        refused=False,
        answer="task 7: the number is noted",
    )
    refused = await second.queries.order("b")
    assert refused is not None
    assert (refused.refused, refused.answer) == (True, "there is no task 8")


async def test_an_order_is_done_once(database: Database) -> None:
    await database.writer.order("a", "lab", sample.NINE, "{}")
    await database.writer.order_done("a", sample.after(4), "done", refused=False)
    await database.writer.order_done("a", sample.after(9), "not done", refused=True)
    await database.writer.order("a", "lab", sample.NINE, "{}")
    found = await database.queries.order("a")
    assert found is not None
    assert (found.answer, found.done_at) == ("done", sample.after(4))
    assert await database.queries.order("c") is None


async def test_a_failure_long_after_leaves_the_rest_alone(database: Database) -> None:
    """An id that is no row's changes no row."""
    await database.writer.commit([raised(promises.notice(to=("office",)))])
    await database.writer.notice_sent(999, LATER)
    await database.writer.notice_failed(999, LATER, "x", LATER + timedelta(1))
    await database.writer.order_done("none", LATER, "x", refused=False)
    assert await states(database) == [("office", "pending", 0, EPOCH, None, None)]


async def test_words_from_elsewhere_may_hold_anything(database: Database) -> None:
    """A mail server's answer, a person's order: PostgreSQL takes no zero byte in a text."""
    await database.writer.commit([raised(promises.notice(to=("office",)))])
    (delivery,) = await database.queries.pending_notices(LATER)
    await database.writer.notice_failed(delivery.id, LATER, "550 \0 \ud800", None)
    assert await states(database) == [("office", "failed", 1, None, None, "550 \ufffd ?")]
    await database.writer.order("a", "lab", LATER, "{\0}")
    await database.writer.order_done("a", LATER, "no \0", refused=True)
    found = await database.queries.order("a")
    assert found is not None
    assert found.answer == "no \ufffd"
