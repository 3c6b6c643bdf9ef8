"""A day of ours held against queue_log: agreement is silent, each kind of difference is told."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from callcentre.core.charter import Office
from callcentre.core.facts import Call, CallEnded, RingAttempt
from callcentre.core.terms import AttemptResult, CallKey, Outcome, Quality
from callcentre.history.as_calls import Translator
from callcentre.history.queue_log import assemble, parse_line
from callcentre.history.reconcile import Kind, Reconciliation, civil_day, reconcile
from callcentre.store.database import Database
from tests.unit.history.conftest import T0, Book
from tests.unit.history.test_queue_log import at

DAY = date(2026, 11, 22)
NAMES = {"Alice Adams": "PJSIP/101", "Bob Brown": "PJSIP/102"}
ANSWERED = (
    "0|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1",
    "9|1.1|enquiries|Alice Adams|CONNECT|9|1.2|9",
    "33|1.1|enquiries|Alice Adams|COMPLETECALLER|9|24|1",
)
GAVE_UP = ("0|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1", "20|1.1|enquiries|NONE|ABANDON|1|1|20")
TIMED_OUT = ("0|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1", "20|1.1|enquiries|NONE|EXITWITHTIMEOUT|1|1|20")


def measured(office: Office, *lines: str) -> Call:
    """The call as we would have measured it, had the book's whole seconds been exact."""
    entries = [parse_line(f"{T0 + int(line.partition('|')[0])}|{line.partition('|')[2]}") for line in lines]
    (told,) = assemble(entries)
    translator = Translator(office, "lab", NAMES)
    line = translator.line_of(told)
    assert line is not None
    return replace(translator.call(told, line), quality=Quality.COMPLETE)


async def compared(
    database: Database, office: Office, book: Book, ours: list[Call], lines: tuple[str, ...], day: date = DAY
) -> Reconciliation:
    await database.writer.commit([CallEnded(pbx="lab", at=at(99), call=call) for call in ours])
    return await reconcile(day, office, "lab", book(*lines), database.queries, names=NAMES)


def kinds(result: Reconciliation) -> list[Kind]:
    return [difference.kind for difference in result.differences]


@pytest.mark.parametrize("lines", [ANSWERED, GAVE_UP, TIMED_OUT])
async def test_books_that_agree(database: Database, office: Office, book: Book, lines: tuple[str, ...]) -> None:
    result = await compared(database, office, book, [measured(office, *lines)], lines)
    assert result.differences == ()
    assert (result.compared, result.exit_status) == (1, 0)
    assert result.render() == ["2026-11-22 lab: 1 calls in both books, no difference; 0 of ours never came to a queue"]


async def test_a_call_that_we_missed(database: Database, office: Office, book: Book) -> None:
    result = await compared(database, office, book, [], GAVE_UP)
    assert result.exit_status == 1
    assert result.render() == [
        "16:00:00 1.1 enquiries: missing here: here nothing; queue_log given up in the queue",
        "2026-11-22 lab: 0 calls in both books, 1 difference; 0 of ours never came to a queue",
    ]


async def test_a_call_that_queue_log_does_not_have(database: Database, office: Office, book: Book) -> None:
    result = await compared(database, office, book, [measured(office, *ANSWERED)], ())
    assert kinds(result) == [Kind.MISSING_THERE]


async def test_a_call_that_never_came_to_a_queue_is_not_missed(database: Database, office: Office, book: Book) -> None:
    direct = replace(measured(office, *ANSWERED), visits=())
    full = replace(measured(office, *GAVE_UP), key=CallKey("lab", "1.8"), outcome=Outcome.REFUSED, visits=())
    result = await compared(database, office, book, [direct, full], ())
    assert (kinds(result), result.not_queued) == ([], 2)


@pytest.mark.parametrize(
    ("outcome", "lines", "agree"),
    [
        (Outcome.ABANDONED, ANSWERED, False),
        (Outcome.LOST, ANSWERED, False),
        (Outcome.SHORT_ABANDONED, GAVE_UP, True),
        (Outcome.VOICEMAIL, GAVE_UP, False),
        (Outcome.LOST, GAVE_UP, False),
        (Outcome.IN_PROGRESS, GAVE_UP, False),
        (Outcome.VOICEMAIL, TIMED_OUT, True),
        (Outcome.VOICEMAIL_EMPTY, TIMED_OUT, True),
        (Outcome.ABANDONED, TIMED_OUT, True),
        (Outcome.ANSWERED, TIMED_OUT, True),
        (Outcome.LOST, TIMED_OUT, False),
        (Outcome.LOST, (*GAVE_UP, "22|NONE|NONE|NONE|QUEUESTART|"), True),
        (Outcome.ABANDONED, (*GAVE_UP, "22|NONE|NONE|NONE|QUEUESTART|"), True),
        (Outcome.LOST, GAVE_UP[:1], True),
        (Outcome.IN_PROGRESS, GAVE_UP[:1], True),
    ],
)
async def test_outcomes(
    database: Database, office: Office, book: Book, outcome: Outcome, lines: tuple[str, ...], agree: bool
) -> None:
    ours = replace(measured(office, *lines), outcome=outcome)
    result = await compared(database, office, book, [ours], lines)
    assert kinds(result) == ([] if agree else [Kind.OUTCOME])


async def test_answered_from_the_queue_is_not_let_go_by_it(database: Database, office: Office, book: Book) -> None:
    ours = measured(office, *ANSWERED)
    result = await compared(database, office, book, [ours], TIMED_OUT)
    assert kinds(result) == [Kind.OUTCOME]


def picked_up(call: Call) -> Call:
    attempt = RingAttempt(
        interface="PJSIP/101",
        begun_at=at(0),
        ring_start=at(0),
        ring_end=at(9),
        result=AttemptResult.PICKED_UP,
        after_answer=False,
    )
    return replace(call, attempts=(attempt,))


async def test_another_member(database: Database, office: Office, book: Book) -> None:
    other = replace(measured(office, *ANSWERED), answered_by="PJSIP/102")
    result = await compared(database, office, book, [other], ANSWERED)
    assert [str(difference) for difference in result.differences] == [
        "16:00:00 1.1 enquiries: answering member: here PJSIP/102; queue_log Alice Adams (PJSIP/101)"
    ]


@pytest.mark.parametrize("case", ["pickup", "unknown name", "nobody known here"])
async def test_a_member_is_compared_only_where_both_books_can_know(
    database: Database, office: Office, book: Book, case: str
) -> None:
    ours = replace(measured(office, *ANSWERED), answered_by="PJSIP/102")
    lines: tuple[str, ...] = ANSWERED
    if case == "pickup":
        ours = picked_up(ours)
    elif case == "unknown name":
        lines = tuple(line.replace("Alice Adams", "Zoe Zander") for line in ANSWERED)
    else:
        ours = replace(ours, answered_by=None)
    assert kinds(await compared(database, office, book, [ours], lines)) == []


@pytest.mark.parametrize(("shift", "differs"), [(1.99, False), (-1.99, False), (2.01, True), (-2.01, True)])
async def test_a_wait(database: Database, office: Office, book: Book, shift: float, differs: bool) -> None:
    ours = measured(office, *ANSWERED)
    ours = replace(ours, answered_at=at(9 + shift))
    result = await compared(database, office, book, [ours], ANSWERED)
    assert kinds(result) == ([Kind.WAIT] if differs else [])
    if differs:
        assert str(result.differences[0]).endswith(f"here {9 + shift:.1f} s in queue enquiries; queue_log 9 s")


async def test_a_call_offered_just_before_midnight_is_found(database: Database, office: Office, book: Book) -> None:
    midnight = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp()) - T0
    lines = (
        f"{midnight}|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1",
        f"{midnight + 20}|1.1|enquiries|NONE|ABANDON|1|1|20",
    )
    ours = measured(office, *lines)
    ours = replace(ours, offered_at=at(midnight - 0.01))
    for day in (DAY, date(2026, 11, 23)):
        result = await compared(database, office, book, [ours], lines, day)
        assert (kinds(result), result.compared) == ([], 1)


async def test_other_days_other_queues_and_bad_lines(database: Database, office: Office, book: Book) -> None:
    day = 86_400
    lines = (
        f"{-day}|0.1|enquiries|NONE|ENTERQUEUE||07700900001|1",
        f"{9 - day}|0.1|enquiries|NONE|ABANDON|1|1|9",
        "0|1.5|plumbers|NONE|ENTERQUEUE||07700900001|1",
        "5|1.5|plumbers|NONE|ABANDON|1|1|5",
        "7|07700900123",
        f"{day}|2.1|enquiries|NONE|ENTERQUEUE||07700900001|1",
        f"{day + 9}|2.1|enquiries|NONE|ABANDON|1|1|9",
    )
    result = await compared(database, office, book, [], lines)
    assert result.render() == [
        "left out: 1 calls of queue 'plumbers', which no line names",
        "1 lines of queue_log could not be read:",
        "  queue_log:5: 2 fields where at least 5 belong",
        "2026-11-22 lab: 0 calls in both books, no difference; 0 of ours never came to a queue",
    ]


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24), (DAY, 24)]
)
def test_a_civil_day_has_its_own_length(office: Office, day: date, hours: int) -> None:
    since, until = civil_day(day, office, "lab")
    assert (until - since).total_seconds() == hours * 3_600
    assert since.tzinfo is UTC


async def test_a_number_in_a_members_name_is_masked(database: Database, office: Office, book: Book) -> None:
    lines = tuple(line.replace("Alice Adams", "PJSIP/07700900123@mobiles") for line in ANSWERED)
    ours = replace(measured(office, *ANSWERED), answered_by="PJSIP/07700900456")
    result = await compared(database, office, book, [ours], lines)
    assert kinds(result) == [Kind.MEMBER]
    told = " ".join(result.render())
    assert "here PJSIP/********456; queue_log PJSIP/********123@mobiles" in told
    assert "07700900" not in told
