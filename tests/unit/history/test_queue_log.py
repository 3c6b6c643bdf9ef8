"""Lines of queue_log as calls, and as calls of ours."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcentre.core.charter import Office
from callcentre.core.terms import AttemptResult, Hours, Origin, Outcome, Quality, VisitResult
from callcentre.history.as_calls import Translator
from callcentre.history.queue_log import BadLine, Entry, QueueLogCall, assemble, parse_line
from tests.unit.history.conftest import T0

START = datetime.fromtimestamp(T0, UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def calls(text: str) -> list[QueueLogCall]:
    """The calls of a book whose lines begin with seconds after T0."""
    lines = [line.strip() for line in text.strip().splitlines()]
    entries = [parse_line(f"{T0 + int(line.partition('|')[0])}|{line.partition('|')[2]}") for line in lines]
    return list(assemble(entries))


def only(text: str) -> QueueLogCall:
    (call,) = calls(text)
    return call


# --- lines -----------------------------------------------------------------------------------------------------------


def test_a_line_is_read_with_all_its_fields() -> None:
    entry = parse_line("1795363319|1795363314.9|enquiries|Alice Adams|CONNECT|5|1795363314.10|5")
    assert entry.at == datetime(2026, 11, 22, 16, 1, 59, tzinfo=UTC)
    assert (entry.callid, entry.queue, entry.agent, entry.event) == (
        "1795363314.9",
        "enquiries",
        "Alice Adams",
        "CONNECT",
    )
    assert entry.data == ("5", "1795363314.10", "5")
    assert entry.seconds(0) == 5


def test_a_fraction_of_a_second_is_kept() -> None:
    assert parse_line("1795363319.250000|1.1|q|a|ADDMEMBER").at.microsecond == 250_000


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "1 fields where at least 5 belong"),
        ("1795363319|1.1|q|a", "4 fields"),
        ("today|1.1|q|a|CONNECT|1|2|3", "seconds since 1970"),
        ("17953633190000|1.1|q|a|CONNECT", "seconds since 1970"),
        ("-1795363319|1.1|q|a|CONNECT", "seconds since 1970"),
        ("١٧٩٥٣٦٣٣١٩|1.1|q|a|CONNECT", "seconds since 1970"),
        ("1795363319|1.1|q|a||x", "names no event"),
    ],
)
def test_a_line_that_is_none(line: str, reason: str) -> None:
    with pytest.raises(BadLine, match=reason):
        parse_line(line)


@pytest.mark.parametrize(
    "data",
    ["CONNECT", "CONNECT|x|2.2|3", "CONNECT|1|2.2|-3", "COMPLETEAGENT|1|2.5", "ABANDON|1|1|", "RINGNOANSWER|١"],
)
def test_a_number_that_is_none(data: str) -> None:
    with pytest.raises(BadLine, match="has no number in field"):
        calls(f"0|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1\n5|1.1|enquiries|Alice|{data}")


ENDS = ("COMPLETEAGENT", "COMPLETECALLER", "ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY", "EXITWITHKEY", "BLINDTRANSFER")
EVENTS = st.sampled_from(
    ["ENTERQUEUE", "CONNECT", *ENDS, "RINGNOANSWER", "RINGCANCELED", "QUEUESTART", "ADDMEMBER", "DID"]
)
ENTRIES = st.tuples(
    st.integers(0, 60) | st.integers(0, 90_000),
    st.sampled_from(["1.1", "1.2"]),
    st.sampled_from(["q", "p"]),
    EVENTS,
    st.integers(0, 99),
)


@given(st.lists(ENTRIES, max_size=40))
def test_any_order_of_lines_gives_calls_with_stays_in_order(lines: list[tuple[int, str, str, str, int]]) -> None:
    """Whatever a book says, nothing is raised, no call is without a stay, and no stay ends before it begins."""
    text = "\n".join(
        f"{T0 + second}|{callid}|{queue}|Alice|{event}|{number}|{number}|{number}|{number}"
        for second, callid, queue, event, number in sorted(lines)
    )
    found = list(assemble(parse_line(line) for line in text.splitlines()))
    for call in found:
        assert call.stays
        assert all(stay.leave is None or stay.leave >= stay.enter for stay in call.stays)
        assert call.answer is None or call.answer.leave is not None


# --- calls -----------------------------------------------------------------------------------------------------------


def test_an_answered_call(office: Office) -> None:
    told = only(
        """
        75|1.0|enquiries|NONE|ENTERQUEUE||07700900051|1
        85|1.0|enquiries|Dan Davies|RINGNOANSWER|10000
        90|1.0|enquiries|Eve Evans|CONNECT|15|1795363328.2|4
        95|1.0|enquiries|Eve Evans|COMPLETEAGENT|15|5|1
        """
    )
    translator = Translator(office, "lab", {"Eve Evans": "PJSIP/105"})
    line = translator.line_of(told)
    assert line is not None
    call = translator.call(told, line)
    assert (call.key.uniqueid, call.line, call.caller, call.origin) == (
        "1.0",
        "enquiries",
        "07700900051",
        Origin.EXTERNAL,
    )
    assert (call.offered_at, call.first_ring_at, call.answered_at, call.ended_at) == (at(75), at(75), at(90), at(95))
    assert (call.wait_seconds, call.ring_seconds, call.rings, call.talk_seconds) == (15.0, 15.0, 6, 5.0)
    assert (call.outcome, call.within_seconds, call.within_rings) == (Outcome.ANSWERED, True, False)
    assert (call.quality, call.hours, call.answered_by) == (Quality.INFERRED, Hours.CORE, "PJSIP/105")
    assert [(a.interface, a.ring_start, a.ring_end, a.result) for a in call.attempts] == [
        ("Dan Davies", at(75), at(85), AttemptResult.RANG_OUT),
        ("PJSIP/105", at(86), at(90), AttemptResult.ANSWERED),
    ]
    assert [(v.queue, v.enter, v.leave, v.result, v.after_answer) for v in call.visits] == [
        ("enquiries", at(75), at(90), VisitResult.ANSWERED, False)
    ]


@pytest.mark.parametrize(
    ("end", "outcome", "visit"),
    [
        ("4|1.1|enquiries|NONE|ABANDON|1|1|4", Outcome.SHORT_ABANDONED, VisitResult.ABANDONED),
        ("5|1.1|enquiries|NONE|ABANDON|1|1|5", Outcome.ABANDONED, VisitResult.ABANDONED),
        ("12|1.1|enquiries|NONE|EXITWITHTIMEOUT|1|1|12", Outcome.OVERFLOWED, VisitResult.TIMEOUT),
        ("12|1.1|enquiries|NONE|EXITWITHKEY|1|1|1|12", Outcome.OVERFLOWED, VisitResult.EXIT_KEY),
        ("12|1.1|enquiries|NONE|EXITWITHKEY|1|1", Outcome.OVERFLOWED, VisitResult.EXIT_KEY),
        ("12|1.1|enquiries|NONE|EXITEMPTY|1|1|12", Outcome.REFUSED, VisitResult.EMPTY),
        ("12|NONE|NONE|NONE|QUEUESTART|", Outcome.LOST, VisitResult.LOST),
    ],
)
def test_unanswered_calls(office: Office, end: str, outcome: Outcome, visit: VisitResult) -> None:
    told = only(f"0|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1\n{end}")
    translator = Translator(office, "lab")
    line = translator.line_of(told)
    assert line is not None
    call = translator.call(told, line)
    assert call.outcome is outcome
    assert [stay.result for stay in call.visits] == [visit]
    assert (call.answered_at, call.answered_by, call.talk_seconds) == (None, None, None)
    assert call.ended_at == (call.visits[0].leave if visit is VisitResult.ABANDONED else None)
    assert call.within_seconds is (None if outcome is Outcome.LOST else False)


def test_an_overflow_is_one_call_of_the_line_it_reached_first(office: Office) -> None:
    told = only(
        """
        0|1.1|bookings|NONE|ENTERQUEUE||07700900001|1
        8|1.1|bookings|NONE|EXITWITHTIMEOUT|1|1|8
        8|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1
        14|1.1|enquiries|PJSIP/101|CONNECT|6|1.9|6
        20|1.1|enquiries|PJSIP/101|COMPLETECALLER|6|6|1
        """
    )
    translator = Translator(office, "lab")
    line = translator.line_of(told)
    assert line is not None
    call = translator.call(told, line)
    assert (call.line, call.outcome, call.wait_seconds, call.answered_by) == (
        "bookings",
        Outcome.ANSWERED,
        14.0,
        "PJSIP/101",
    )
    assert [(v.queue, v.result) for v in call.visits] == [
        ("bookings", VisitResult.TIMEOUT),
        ("enquiries", VisitResult.ANSWERED),
    ]


def test_a_transfer_into_a_queue_is_a_visit_after_the_answer(office: Office) -> None:
    told = only(
        """
        0|1.1|bookings|NONE|ENTERQUEUE||07700900001|1
        5|1.1|bookings|Dan Davies|CONNECT|5|1.2|5
        25|1.1|bookings|Dan Davies|BLINDTRANSFER|600|internal|5|20|1
        25|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1
        31|1.1|enquiries|Alice Adams|CONNECT|6|1.3|6
        60|1.1|enquiries|Alice Adams|COMPLETEAGENT|6|29|1
        """
    )
    assert [(s.queue, s.after_answer, s.transferred) for s in told.stays] == [
        ("bookings", False, True),
        ("enquiries", True, False),
    ]
    translator = Translator(office, "lab", {"Dan Davies": "PJSIP/104", "Alice Adams": "PJSIP/101"})
    line = translator.line_of(told)
    assert line is not None
    call = translator.call(told, line)
    assert (call.answered_by, call.answered_at, call.ended_at, call.talk_seconds) == ("PJSIP/104", at(5), at(60), 55.0)
    assert [(a.interface, a.after_answer) for a in call.attempts] == [("PJSIP/104", False), ("PJSIP/101", True)]


def test_lines_of_a_call_that_began_before_the_book(office: Office) -> None:
    connected, completed, gave_up = calls(
        """
        50|1.1|enquiries|Alice Adams|CONNECT|12|1.9|12
        55|1.2|enquiries|Bob Brown|COMPLETECALLER|7|30|1
        56|1.3|enquiries|NONE|ABANDON|1|1|9
        60|1.1|enquiries|Alice Adams|COMPLETEAGENT|12|10|1
        """
    )[:3]
    by_id = {call.callid: call for call in (connected, completed, gave_up)}
    assert (by_id["1.1"].entered, by_id["1.2"].entered, by_id["1.3"].entered) == (at(38), at(18), at(47))
    answer = by_id["1.2"].answer
    assert answer is not None
    assert (answer.leave, answer.ended_at, answer.agent) == (at(25), at(55), "Bob Brown")


def test_a_talk_longer_than_the_stay_begins_with_it() -> None:
    """The two clocks are cut off on their own; and CONNECT's line may be missing."""
    (stay,) = only("10|1.1|q|NONE|ENTERQUEUE||07700900001|1\n12|1.1|q|Alice|COMPLETEAGENT|1|3|1").stays
    assert (stay.enter, stay.leave, stay.ended_at) == (at(10), at(10), at(12))


def test_calls_at_the_end_of_the_book_run_on() -> None:
    found = calls(
        """
        0|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1
        1|1.2|enquiries|NONE|ENTERQUEUE||07700900002|2
        2|1.3|enquiries|NONE|ENTERQUEUE||07700900003|3
        5|1.2|enquiries|Alice Adams|CONNECT|4|1.9|4
        6|1.3|enquiries|NONE|ABANDON|2|3|4
        """
    )
    assert {call.callid: call.running for call in found} == {"1.1": True, "1.2": True, "1.3": False}


def test_a_restart_cuts_what_it_ends(office: Office) -> None:
    """app_queue writes ABANDON for callers whom Asterisk itself hung up on."""
    found = calls(
        """
        0|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1
        0|1.2|enquiries|NONE|ENTERQUEUE||07700900002|2
        9|1.2|enquiries|NONE|ABANDON|2|2|9
        60|1.1|enquiries|NONE|ABANDON|1|1|60
        62|NONE|NONE|NONE|QUEUESTART|
        70|1.3|enquiries|NONE|ENTERQUEUE||07700900003|1
        80|1.3|enquiries|NONE|ABANDON|1|1|10
        """
    )
    assert {call.callid: call.cut for call in found} == {"1.1": True, "1.2": False, "1.3": False}
    translator = Translator(office, "lab")
    line = translator.line_of(found[0])
    assert line is not None
    assert {c.callid: translator.call(c, line).outcome for c in found} == {
        "1.1": Outcome.LOST,
        "1.2": Outcome.ABANDONED,
        "1.3": Outcome.ABANDONED,
    }


def test_calls_of_days_are_given_as_they_end_not_all_at_the_last() -> None:
    entries = [
        parse_line(f"{T0 + hour * 3600 + second}|1.{hour}|enquiries|NONE|{rest}")
        for hour in range(48)
        for second, rest in ((0, "ENTERQUEUE||07700900001|1"), (9, "ABANDON|1|1|9"))
    ]
    fed = 0

    def feed() -> Iterator[Entry]:
        nonlocal fed
        for entry in entries:
            fed += 1
            yield entry

    given_by = [fed for _call in assemble(feed())]
    assert len(given_by) == 48
    assert given_by[0] <= 14


@pytest.mark.parametrize(
    ("data", "caller"),
    [
        ("|07700900001|1", "07700900001"),
        ("http://x|07700900001|1", "07700900001"),
        ("||1", None),
        ("|07700900001", "07700900001"),
        ("|077|00|1", "077|00"),
    ],
)
def test_the_caller(data: str, caller: str | None) -> None:
    assert only(f"0|1.1|enquiries|NONE|ENTERQUEUE|{data}").caller == caller


def test_a_did_outranks_the_queue(office: Office) -> None:
    told = only("0|1.1|enquiries|NONE|DID|01632960610\n1|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1")
    line = Translator(office, "lab").line_of(told)
    assert line is not None
    assert line.name == "bookings"


def test_a_colleague_is_internal(office: Office) -> None:
    told = only("0|1.1|enquiries|NONE|ENTERQUEUE||104|1\n9|1.1|enquiries|NONE|ABANDON|1|1|9")
    translator = Translator(office, "lab")
    line = translator.line_of(told)
    assert line is not None
    assert translator.call(told, line).origin is Origin.INTERNAL


@pytest.mark.parametrize(
    ("agent", "telephone", "shown"),
    [
        ("Alice Adams", "PJSIP/101", "PJSIP/101"),
        ("Bob Brown", None, "Bob Brown"),
        ("PJSIP/103", "PJSIP/103", "PJSIP/103"),
        ("Local/101@agents/n", None, None),
        ("Carol Clark", None, "Carol Clark"),
    ],
)
def test_who_answered(office: Office, agent: str, telephone: str | None, shown: str | None) -> None:
    names = {"Alice Adams": "PJSIP/101", "Carol Clark": "Local/103@agents/n"}
    translator = Translator(office, "lab", names)
    assert translator.telephone(agent) == telephone
    told = only(f"0|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1\n9|1.1|enquiries|{agent}|CONNECT|9|1.2|9")
    line = translator.line_of(told)
    assert line is not None
    assert translator.call(told, line).answered_by == shown


def test_a_telephone_that_was_engaged_did_not_ring_out(office: Office) -> None:
    told = only(
        """
        0|1.1|enquiries|NONE|ENTERQUEUE||07700900001|1
        0|1.1|enquiries|PJSIP/101|RINGNOANSWER|20
        4|1.1|enquiries|PJSIP/102|RINGCANCELED|3500
        4|1.1|enquiries|NONE|ABANDON|1|1|4
        """
    )
    translator = Translator(office, "lab")
    line = translator.line_of(told)
    assert line is not None
    call = translator.call(told, line)
    assert {a.interface: a.result for a in call.attempts} == {
        "PJSIP/101": AttemptResult.BUSY,
        "PJSIP/102": AttemptResult.CANCELLED,
    }
    assert (call.first_ring_at, call.ring_seconds) == (at(0.5), 3.5)
