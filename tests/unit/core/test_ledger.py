"""The ledger of a day: what the recorded changes say of each moment of its core hours, and nothing that they do not."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcentre.core.charter import Line
from callcentre.core.facts import AttendanceChanged
from callcentre.core.ledger import (
    NOT_RECORDED,
    NOT_RUNNING,
    DayLedger,
    Meter,
    attended_fraction,
    day_ledger,
)
from callcentre.core.terms import Attendance
from tests.unit.core.offices import AROUND_THE_CLOCK, line, week

ATTENDED, UNATTENDED, UNKNOWN = Attendance.ATTENDED, Attendance.UNATTENDED, Attendance.UNKNOWN
TUESDAY = date(2026, 11, 24)
LATER = datetime(2027, 12, 1, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
OFFICE_HOURS = line(queues=frozenset({"enquiries"}))


@dataclass(frozen=True)
class Row:
    """A stored change."""

    at: datetime
    state: Attendance
    reason: str = ""
    who: tuple[str, ...] = ()


def clock(text: str, day: date = TUESDAY) -> datetime:
    return datetime.fromisoformat(f"{day}T{text}+00:00")


def made(*rows: Row, here: Line = OFFICE_HOURS, day: date = TUESDAY, **more: datetime) -> DayLedger:
    return day_ledger(here, day, rows, seen_until=more.get("seen_until", LATER), now=more.get("now", LATER))


def told(ledger: DayLedger) -> list[tuple[str, str, str, str]]:
    """Each stretch: from, to, what, why."""
    return [
        (f"{one.start:%H:%M}", f"{one.end:%H:%M}", one.state.value if one.state else "to come", one.reason)
        for one in ledger.stretches
    ]


def test_a_day_is_told_from_the_last_change_before_it() -> None:
    ledger = made(
        Row(clock("07:00", date(2026, 11, 23)), UNATTENDED, "paused", ("Alice Adams: paused",)),
        Row(clock("06:10"), ATTENDED, "1 or more can answer", ("Alice Adams",)),
        Row(clock("12:00"), UNATTENDED, "out of reach", ("Bob Brown: out of reach",)),
        Row(clock("12:30"), ATTENDED, "1 or more can answer"),
        Row(clock("18:00"), UNATTENDED, "nobody is logged in"),
    )
    assert told(ledger) == [
        ("07:00", "12:00", "attended", "1 or more can answer"),
        ("12:00", "12:30", "unattended", "out of reach"),
        ("12:30", "18:00", "attended", "1 or more can answer"),
    ]
    assert [one.who for one in ledger.stretches] == [("Alice Adams",), ("Bob Brown: out of reach",), ()]
    assert (ledger.attended, ledger.unattended, ledger.core) == (10.5 * HOUR, 0.5 * HOUR, 11 * HOUR)
    assert ledger.fraction == pytest.approx(10.5 / 11)


def test_what_nobody_recorded_is_unknown_and_counts_for_neither() -> None:
    assert told(made()) == [("07:00", "18:00", "unknown", NOT_RECORDED)]
    assert made().fraction is None
    ledger = made(Row(clock("09:00"), ATTENDED, "1 or more can answer"))
    assert told(ledger)[0] == ("07:00", "09:00", "unknown", NOT_RECORDED)
    assert (ledger.unknown, ledger.attended, ledger.fraction) == (2 * HOUR, 9 * HOUR, 1.0)


@pytest.mark.parametrize("last", [ATTENDED, UNATTENDED])
def test_after_the_daemon_died_nothing_is_known(last: Attendance) -> None:
    ledger = made(Row(clock("06:00"), last, "x"), Row(clock("11:00"), ATTENDED, "y"), seen_until=clock("10:00"))
    assert told(ledger) == [("07:00", "10:00", last.value, "x"), ("10:00", "18:00", "unknown", NOT_RUNNING)]


def test_a_link_that_was_lost_keeps_its_reason() -> None:
    lost = Row(clock("09:00"), UNKNOWN, "the PBX is out of sight")
    ledger = made(Row(clock("06:00"), ATTENDED, "x"), lost, seen_until=clock("10:00"))
    assert told(ledger)[1:] == [("09:00", "18:00", "unknown", "the PBX is out of sight")]
    ledger = made(Row(clock("06:00"), ATTENDED, "x"), lost, seen_until=clock("08:59"))
    assert told(ledger)[1:] == [
        ("08:59", "09:00", "unknown", NOT_RUNNING),
        ("09:00", "18:00", "unknown", "the PBX is out of sight"),
    ]


def test_a_pbx_that_was_never_seen_is_unknown() -> None:
    ledger = day_ledger(OFFICE_HOURS, TUESDAY, [Row(clock("06:00"), ATTENDED)], seen_until=None, now=LATER)
    assert told(ledger) == [("07:00", "18:00", "unknown", NOT_RECORDED)]


def test_a_line_that_a_later_run_did_not_watch_is_unknown_from_when_the_earlier_one_ended() -> None:
    rows = [Row(clock("06:00"), ATTENDED, "x"), Row(clock("15:00"), UNKNOWN, "y"), Row(clock("16:00"), ATTENDED, "z")]
    restarts = [clock("10:00"), clock("15:00")]
    ledger = day_ledger(OFFICE_HOURS, TUESDAY, rows, seen_until=LATER, now=LATER, restarts=restarts)
    assert told(ledger) == [
        ("07:00", "10:00", "attended", "x"),
        ("10:00", "15:00", "unknown", NOT_RUNNING),
        ("15:00", "16:00", "unknown", "y"),
        ("16:00", "18:00", "attended", "z"),
    ]


def test_what_is_still_to_come_is_neither_known_nor_unknown() -> None:
    ledger = made(Row(clock("06:00"), ATTENDED, "x"), now=clock("12:00"), seen_until=clock("12:00"))
    assert told(ledger) == [("07:00", "12:00", "attended", "x"), ("12:00", "18:00", "to come", "still to come")]
    assert (ledger.to_come, ledger.core) == (6 * HOUR, 11 * HOUR)
    assert made(now=clock("05:00")).to_come == 11 * HOUR


def test_of_changes_at_one_time_the_last_holds_and_one_that_is_known_late_finds_its_place() -> None:
    rows = [
        Row(clock("06:00"), ATTENDED, "x"),
        Row(clock("12:00"), ATTENDED, "x"),
        Row(clock("09:00"), UNKNOWN, "late"),
    ]
    rows += [Row(clock("10:00"), UNATTENDED, "first"), Row(clock("10:00"), ATTENDED, "last")]
    assert told(made(*rows)) == [
        ("07:00", "09:00", "attended", "x"),
        ("09:00", "10:00", "unknown", "late"),
        ("10:00", "12:00", "attended", "last"),
        ("12:00", "18:00", "attended", "x"),
    ]


@pytest.mark.parametrize(
    ("day", "here", "hours"),
    [
        ("2026-03-29", line(hours=AROUND_THE_CLOCK), 23),
        ("2026-10-25", line(hours=AROUND_THE_CLOCK), 25),
        ("2026-11-24", line(hours=AROUND_THE_CLOCK), 24),
        ("2026-11-24", line(hours=week("09:00-12:30", "13:15-17:00")), 7.25),
        ("2026-12-25", OFFICE_HOURS, 0),
        ("2026-11-28", OFFICE_HOURS, 0),
    ],
    ids=["clocks forward", "clocks back", "around the clock", "a midday break", "a bank holiday", "a Saturday"],
)
def test_a_day_has_the_hours_that_its_clocks_show(day: str, here: Line, hours: float) -> None:
    ledger = made(Row(datetime(2026, 1, 1, tzinfo=UTC), ATTENDED), here=here, day=date.fromisoformat(day))
    assert ledger.core == ledger.attended == hours * HOUR
    assert len(ledger.stretches) == len(here.hours.days[0] if hours else ())


DAYS = st.sampled_from([date(2026, 3, 29), date(2026, 10, 25), TUESDAY, date(2026, 12, 25), date(2026, 11, 28)])
HERE = st.sampled_from([OFFICE_HOURS, line(hours=AROUND_THE_CLOCK), line(hours=week("09:00-12:30", "13:15-17:00"))])
OFFSETS = st.integers(-(10**11), 2 * 10**11).map(lambda micros: timedelta(microseconds=micros))


@given(DAYS, HERE, st.lists(st.tuples(OFFSETS, st.sampled_from(Attendance))), st.none() | OFFSETS, OFFSETS)
def test_stretches_cover_the_core_hours_once_and_only_what_was_told_is_known(
    day: date, here: Line, changes: list[tuple[timedelta, Attendance]], seen: timedelta | None, now: timedelta
) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    rows = [Row(midnight + offset, state, str(n)) for n, (offset, state) in enumerate(changes)]
    until = None if seen is None else midnight + seen
    ledger = day_ledger(here, day, rows, seen_until=until, now=midnight + now)
    assert ledger.attended + ledger.unattended + ledger.unknown + ledger.to_come == ledger.core
    for one, following in zip(ledger.stretches, ledger.stretches[1:], strict=False):
        assert one.start < one.end <= following.start
    for one in ledger.stretches:
        assert (one.state is None) == (one.start >= midnight + now)
        if one.state in (ATTENDED, UNATTENDED):
            assert until is not None
            assert one.end <= until
            proof = max((row for row in rows if row.at <= one.start), key=lambda row: row.at)
            last = [row for row in rows if row.at == proof.at][-1]
            assert (last.state, last.reason) == (one.state, one.reason)


def test_of_several_days_the_sums_make_the_fraction() -> None:
    assert attended_fraction(3 * HOUR, HOUR) == 0.75
    assert attended_fraction(timedelta(), timedelta()) is None


# --- the meter -------------------------------------------------------------------------------------------------------


def changed(text: str, state: Attendance, *, core: bool = True) -> AttendanceChanged:
    return AttendanceChanged(pbx="lab", at=clock(text), line="enquiries", state=state, reason="", core=core)


def test_the_meter_counts_core_hours_up_to_now() -> None:
    meter = Meter()
    assert meter.total("enquiries", UNATTENDED, clock("06:00")) == timedelta()
    meter.take(changed("06:00", UNATTENDED, core=False))
    assert meter.total("enquiries", UNATTENDED, clock("07:00")) == timedelta()
    meter.take(changed("07:00", UNATTENDED))
    assert meter.total("enquiries", UNATTENDED, clock("07:20")) == HOUR / 3
    meter.take(changed("07:30", UNKNOWN))
    meter.take(changed("09:30", ATTENDED))
    meter.take(changed("10:00", UNATTENDED))
    assert meter.total("enquiries", UNATTENDED, clock("10:15")) == 0.75 * HOUR
    assert meter.total("enquiries", UNKNOWN, clock("10:15")) == 2 * HOUR


def test_a_total_never_falls_and_waits_for_the_true_one_where_a_change_is_told_late() -> None:
    meter = Meter()
    meter.take(changed("10:00:00", UNATTENDED))
    assert meter.total("enquiries", UNATTENDED, clock("10:00:20")) == 20 * SECOND
    meter.take(changed("10:00:15", UNKNOWN))
    assert meter.total("enquiries", UNATTENDED, clock("10:00:30")) == 20 * SECOND
    meter.take(changed("10:01:00", UNATTENDED))
    assert meter.total("enquiries", UNATTENDED, clock("10:01:03")) == 20 * SECOND
    assert meter.total("enquiries", UNATTENDED, clock("10:01:10")) == 25 * SECOND
