"""Lost calls told by queue_log."""

from dataclasses import replace
from pathlib import Path

import pytest

from callcentre.core.charter import Office
from callcentre.core.facts import Call, CallEnded, RingAttempt, Visit
from callcentre.core.terms import AttemptResult, CallKey, Hours, Origin, Outcome, Quality, VisitResult
from callcentre.history.books import UnreadableBook
from callcentre.history.heal import heal
from callcentre.store.database import Database
from tests.unit.history.conftest import Book
from tests.unit.history.test_queue_log import at

NAMES = {"Alice Adams": "PJSIP/101", "Bob Brown": "PJSIP/102"}


def lost(uniqueid: str = "1.1", *, offered: float = 0.4) -> Call:
    """A call that was ringing when the link broke."""
    return Call(
        key=CallKey("lab", uniqueid),
        linkedid=uniqueid,
        line="enquiries",
        did="01632960600",
        caller="07700900001",
        origin=Origin.EXTERNAL,
        offered_at=at(offered),
        first_ring_at=at(offered + 0.3),
        answered_at=None,
        ended_at=None,
        outcome=Outcome.LOST,
        wait_seconds=None,
        ring_seconds=None,
        rings=None,
        talk_seconds=None,
        answered_by=None,
        attempts=tuple(
            RingAttempt(
                interface=telephone,
                begun_at=at(offered + 0.1),
                ring_start=at(offered + 0.3),
                ring_end=None,
                result=AttemptResult.LOST,
                after_answer=False,
            )
            for telephone in ("PJSIP/101", "PJSIP/102")
        ),
        visits=(Visit(queue="enquiries", enter=at(offered), leave=None, result=VisitResult.LOST, after_answer=False),),
        within_seconds=None,
        within_rings=None,
        hours=Hours.CORE,
        quality=Quality.PARTIAL,
        charter="hct",
        charter_version=1,
    )


ENTER = "0|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1"
ANSWERED = (
    ENTER,
    "9|1.1|enquiries|Alice Adams|CONNECT|9|1.2|9",
    "9|1.1|enquiries|Bob Brown|RINGCANCELED|8600",
    "33|1.1|enquiries|Alice Adams|COMPLETECALLER|9|24|1",
)


def test_an_answered_call_is_healed(book: Book, office: Office) -> None:
    (fact,) = heal([lost()], book(*ANSWERED), office, at=at(99), names=NAMES)
    call = fact.call
    assert (fact.pbx, fact.at) == ("lab", at(99))
    assert (call.outcome, call.quality, call.answered_by) == (Outcome.ANSWERED, Quality.INFERRED, "PJSIP/101")
    assert (call.offered_at, call.first_ring_at, call.answered_at, call.ended_at) == (at(0.4), at(0.7), at(9), at(33))
    assert (call.wait_seconds, call.ring_seconds, call.rings, call.talk_seconds) == (8.6, 8.3, 3, 24.0)
    assert (call.within_seconds, call.within_rings) == (True, True)
    assert (call.did, call.hours) == ("01632960600", Hours.CORE)
    assert [(a.interface, a.ring_start, a.ring_end, a.result) for a in call.attempts] == [
        ("PJSIP/101", at(0.7), at(9), AttemptResult.ANSWERED),
        ("PJSIP/102", at(0.7), at(9), AttemptResult.CANCELLED),
    ]
    assert [(v.enter, v.leave, v.result) for v in call.visits] == [(at(0.4), at(9), VisitResult.ANSWERED)]


@pytest.mark.parametrize(
    ("end", "outcome", "wait"),
    [
        ("3|1.1|enquiries|NONE|ABANDON|1|1|3", Outcome.SHORT_ABANDONED, 2.6),
        ("40|1.1|enquiries|NONE|ABANDON|1|1|40", Outcome.ABANDONED, 39.6),
        ("60|1.1|enquiries|NONE|EXITWITHTIMEOUT|1|1|60", Outcome.OVERFLOWED, 59.6),
        ("60|1.1|enquiries|NONE|EXITEMPTY|1|1|60", Outcome.REFUSED, 59.6),
    ],
)
def test_an_unanswered_call_is_healed(book: Book, office: Office, end: str, outcome: Outcome, wait: float) -> None:
    (fact,) = heal([lost()], book(ENTER, end), office, at=at(99))
    assert (fact.call.outcome, fact.call.wait_seconds, fact.call.within_seconds) == (outcome, wait, False)
    assert fact.call.answered_at is None


def test_whole_seconds_do_not_turn_times_round(book: Book, office: Office) -> None:
    """queue_log cuts 0.9 off to 0: an answer a moment after the offer would seem to come before it."""
    lines = (ENTER, "0|1.1|enquiries|Alice Adams|CONNECT|0|1.2|0", "0|1.1|enquiries|Alice Adams|COMPLETEAGENT|0|0|1")
    (fact,) = heal([lost(offered=0.4)], book(*lines), office, at=at(99))
    call = fact.call
    times = (call.offered_at, call.first_ring_at, call.answered_at, call.ended_at)
    assert None not in times
    assert list(times) == sorted(times)  # type: ignore[type-var]
    assert call.wait_seconds is not None
    assert call.wait_seconds >= 0
    assert call.talk_seconds == 0.0


def test_stays_that_began_unseen_are_added(book: Book, office: Office) -> None:
    lines = (
        ENTER,
        "20|1.1|enquiries|NONE|EXITWITHTIMEOUT|1|1|20",
        "20|1.1|bookings|NONE|ENTERQUEUE||07700900001|1",
        "30|1.1|bookings|NONE|ABANDON|1|1|10",
    )
    (fact,) = heal([lost()], book(*lines), office, at=at(99))
    assert [(v.queue, v.enter, v.leave, v.result) for v in fact.call.visits] == [
        ("enquiries", at(0.4), at(20), VisitResult.TIMEOUT),
        ("bookings", at(20), at(30), VisitResult.ABANDONED),
    ]
    assert (fact.call.outcome, fact.call.wait_seconds, fact.call.ended_at) == (Outcome.ABANDONED, 29.6, at(30))


def test_each_ring_of_one_telephone_is_healed_by_its_own(book: Book, office: Office) -> None:
    """Three rings of one telephone: the first was seen whole, the second began before the gap, the third in it."""
    ours = lost(offered=0)
    rung = replace(ours.attempts[0], begun_at=at(1), ring_start=at(1), ring_end=at(11), result=AttemptResult.RANG_OUT)
    ringing = replace(ours.attempts[0], begun_at=at(16), ring_start=at(16))
    lines = (
        ENTER,
        *(f"{end}|1.1|enquiries|Alice Adams|RINGNOANSWER|10000" for end in (11, 26, 41)),
        "50|1.1|enquiries|NONE|ABANDON|1|1|50",
    )
    told = [(1, 11), (16, 26), (31, 41)]
    for seen in ((rung, ringing), (ringing,), (rung,)):
        (fact,) = heal([replace(ours, attempts=seen)], book(*lines), office, at=at(99), names=NAMES)
        attempts = fact.call.attempts
        assert [(a.ring_start, a.ring_end) for a in attempts] == [
            (at(start), at(end)) for start, end in (told if rung in seen else told[1:])
        ]
        assert {a.result for a in attempts} == {AttemptResult.RANG_OUT}


def test_what_was_measured_stays(book: Book, office: Office) -> None:
    ours = lost()
    visit = replace(ours.visits[0], leave=at(8.75), result=VisitResult.ANSWERED)
    done = replace(ours.attempts[0], ring_end=at(8.7), result=AttemptResult.ANSWERED)
    ours = replace(ours, attempts=(done, ours.attempts[1]), visits=(visit,), answered_by="PJSIP/109")
    (fact,) = heal([ours], book(*ANSWERED), office, at=at(99), names=NAMES)
    assert fact.call.attempts[0] == done
    assert fact.call.visits == (visit,)
    assert fact.call.answered_by == "PJSIP/109"


@pytest.mark.parametrize(
    "lines",
    [
        (ENTER,),
        (ENTER, "9|1.1|enquiries|Alice Adams|CONNECT|9|1.2|9"),
        ("0|1.7|enquiries|NONE|ENTERQUEUE||07700900001|1", "9|1.7|enquiries|NONE|ABANDON|1|1|9"),
        (ENTER, "9|NONE|NONE|NONE|QUEUESTART|"),
        (ENTER, "9|1.1|enquiries|NONE|ABANDON|1|1|9", "11|NONE|NONE|NONE|QUEUESTART|"),
    ],
    ids=["still waiting", "still talking", "not in the book", "crash", "restart"],
)
def test_a_call_whose_end_the_book_does_not_tell_stays_lost(book: Book, office: Office, lines: tuple[str, ...]) -> None:
    assert heal([lost()], book(*lines), office, at=at(99)) == []


def test_only_lost_calls_are_healed(book: Book, office: Office, tmp_path: Path) -> None:
    decided = replace(lost(), outcome=Outcome.ABANDONED)
    assert heal([decided], book(*ANSWERED), office, at=at(99)) == []
    assert heal([], tmp_path / "nowhere", office, at=at(99)) == []


def test_a_book_that_is_not_there_is_told(office: Office, tmp_path: Path) -> None:
    with pytest.raises(UnreadableBook, match="cannot be read"):
        heal([lost()], tmp_path / "queue_log", office, at=at(99))


async def test_healing_twice_changes_a_row_once(book: Book, office: Office, database: Database) -> None:
    await database.writer.commit([CallEnded(pbx="lab", at=at(50), call=lost())])
    path = book(*ANSWERED)
    facts = heal(await database.queries.lost_calls("lab"), path, office, at=at(99), names=NAMES)
    await database.writer.commit(facts)
    assert await database.queries.call(CallKey("lab", "1.1")) == facts[0].call
    assert heal(await database.queries.lost_calls("lab"), path, office, at=at(120)) == []
