"""Deadlines and open hours: the charters' own table, and what must hold for any moment."""

import pickle
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcentre.core.calendar import Calendar
from callcentre.core.charter import DeadlineRule, Interval, RuleName, WeekHours
from callcentre.core.terms import Hours, Nation
from tests.unit.core.offices import AROUND_THE_CLOCK, H10, line, week

LONDON = ZoneInfo("Europe/London")
FIVE_DAYS = DeadlineRule(RuleName.WORKING_DAYS, 5)
SAME_DAY = DeadlineRule(RuleName.SAME_WORKING_DAY)
WITHIN = DeadlineRule(RuleName.WITHIN_A_WORKING_DAY)
RULES = [H10, DeadlineRule(RuleName.ELAPSED_OR_NEXT_WORKING_DAY, 48), FIVE_DAYS, SAME_DAY, WITHIN]
OFFICE, NINE_TO_FIVE = week("07:00-18:00"), week("09:00-17:00")
SPLIT = week("09:00-12:30", "13:30-17:00")


def london(text: str) -> datetime:
    """`2026-11-27 16:00` on London's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


TABLE = [
    ("2026-11-24 10:00", H10, Nation.ENGLAND, OFFICE, "2026-11-25 10:00"),
    ("2026-11-27 07:00", H10, Nation.ENGLAND, OFFICE, "2026-11-30 18:00"),
    ("2026-11-27 16:00", H10, Nation.ENGLAND, OFFICE, "2026-11-30 18:00"),
    ("2026-11-27 16:00", H10, Nation.SCOTLAND, OFFICE, "2026-12-01 18:00"),
    ("2026-11-28 09:00", H10, Nation.ENGLAND, OFFICE, "2026-11-30 18:00"),
    ("2026-11-29 23:59", H10, Nation.ENGLAND, OFFICE, "2026-11-30 18:00"),
    ("2026-11-26 23:59", H10, Nation.ENGLAND, OFFICE, "2026-11-27 23:59"),
    ("2026-12-24 19:00", H10, Nation.ENGLAND, OFFICE, "2026-12-29 18:00"),
    ("2027-03-25 20:00", H10, Nation.ENGLAND, OFFICE, "2027-03-30 18:00"),
    ("2027-03-25 20:00", H10, Nation.SCOTLAND, OFFICE, "2027-03-29 18:00"),
    ("2026-11-27 18:01", FIVE_DAYS, Nation.ENGLAND, OFFICE, "2026-12-07 18:00"),
    ("2026-11-28 10:00", FIVE_DAYS, Nation.ENGLAND, OFFICE, "2026-12-07 18:00"),
    ("2026-11-27 17:59", FIVE_DAYS, Nation.ENGLAND, OFFICE, "2026-12-04 18:00"),
    ("2026-11-30 06:00", SAME_DAY, Nation.ENGLAND, OFFICE, "2026-11-30 18:00"),
    ("2026-11-30 10:00", WITHIN, Nation.ENGLAND, NINE_TO_FIVE, "2026-12-01 10:00"),
    ("2026-11-27 16:00", WITHIN, Nation.ENGLAND, NINE_TO_FIVE, "2026-11-30 16:00"),
    ("2026-11-28 10:00", WITHIN, Nation.ENGLAND, NINE_TO_FIVE, "2026-11-30 17:00"),
    ("2026-11-30 09:00", WITHIN, Nation.ENGLAND, NINE_TO_FIVE, "2026-12-01 09:00"),
    ("2026-11-30 17:00", WITHIN, Nation.ENGLAND, NINE_TO_FIVE, "2026-12-01 17:00"),
]


@pytest.mark.parametrize(("left", "rule", "nation", "hours", "due"), TABLE)
def test_the_charters_table(left: str, rule: DeadlineRule, nation: Nation, hours: WeekHours, due: str) -> None:
    deadline = Calendar(line(nation=nation, hours=hours)).due(rule, london(left))
    assert deadline.due == london(due), deadline.reasons


def test_work_is_planned_to_the_last_open_moment_before_the_deadline() -> None:
    calendar = Calendar(line())
    assert calendar.due(H10, london("2026-11-26 23:59")).act_by == london("2026-11-27 18:00")
    assert calendar.due(H10, london("2026-11-24 10:00")).act_by == london("2026-11-25 10:00")
    early = calendar.due(DeadlineRule(RuleName.ELAPSED_OR_NEXT_WORKING_DAY, 4), london("2026-11-24 19:00"))
    assert early.due == london("2026-11-24 23:00")
    assert early.act_by == london("2026-11-24 19:00")


def test_the_reasons_tell_each_step() -> None:
    assert Calendar(line(nation=Nation.SCOTLAND)).due(H10, london("2026-11-27 16:00")).reasons == (
        "Left on Friday 27 November 2026 at 16:00.",
        "Rule: within 24 hours, or by the close of the next working day if either day is none.",
        "24 hours later is Saturday 28 November 2026, no working day (closed on Saturdays).",
        "Saturday 28 November 2026 is passed over (closed on Saturdays).",
        "Sunday 29 November 2026 is passed over (closed on Sundays).",
        "Monday 30 November 2026 is passed over (Saint Andrew's Day).",
        "Due on Tuesday 1 December 2026 at 18:00.",
    )
    assert Calendar(line()).due(H10, london("2026-11-26 23:59")).reasons[2:] == (
        "Due on Friday 27 November 2026 at 23:59.",
        "To be done by Friday 27 November 2026 at 18:00: the line is closed from then until it is due.",
    )
    assert Calendar(line()).due(SAME_DAY, london("2026-11-27 18:00")).reasons[1:] == (
        "Rule: on the working day it was received.",
        "That was at or after the close of Friday 27 November 2026.",
        "Saturday 28 November 2026 is passed over (closed on Saturdays).",
        "Sunday 29 November 2026 is passed over (closed on Sundays).",
        "It counts as received on Monday 30 November 2026.",
        "Due on Monday 30 November 2026 at 18:00.",
    )


def test_deadlines_are_values() -> None:
    calendar, left = Calendar(line()), london("2026-11-27 16:00")
    deadline = calendar.due(H10, left)
    assert deadline == Calendar(line()).due(H10, left) == pickle.loads(pickle.dumps(deadline))
    assert deadline != calendar.due(H10, left + timedelta(minutes=1))
    assert deadline.due == calendar.due(H10, left + timedelta(minutes=1)).due
    assert calendar.agreed(deadline.due, "Agreed {with} the person.").reasons == (
        "Agreed {with} the person.",
        "Due on Monday 30 November 2026 at 18:00.",
    )


# --- open time -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "hours"),
    [
        ("2026-11-27 06:59:59.999999", Hours.CLOSED),
        ("2026-11-27 07:00", Hours.CORE),
        ("2026-11-27 17:59:59.999999", Hours.CORE),
        ("2026-11-27 18:00", Hours.CLOSED),
        ("2026-11-28 12:00", Hours.CLOSED),
        ("2026-12-25 12:00", Hours.CLOSED),
        ("2026-07-27 07:00", Hours.CORE),
    ],
)
def test_hours_are_open_to_close(at: str, hours: Hours) -> None:
    calendar = Calendar(line())
    assert calendar.hours_at(london(at)) is hours
    assert calendar.hours_at(london("2026-11-24 12:00")) is Hours.CORE
    assert calendar.hours_at(london(at)) is hours


def test_the_offices_own_days() -> None:
    christmas, eve, saturday = date(2026, 12, 25), date(2026, 12, 24), date(2026, 12, 19)
    calendar = Calendar(line(added_days=frozenset({christmas, saturday}), removed_days=frozenset({eve})))
    assert calendar.is_open(london("2026-12-25 12:00"))
    assert not calendar.is_open(london("2026-12-24 12:00"))
    assert calendar.open_on(saturday) == ((london("2026-12-19 07:00"), london("2026-12-19 18:00")),)
    assert "closed by the office" in " ".join(calendar.due(SAME_DAY, london("2026-12-23 20:00")).reasons)


def test_single_days_have_hours_of_their_own() -> None:
    eve, christmas, monday, saturday = (date(2026, 12, day) for day in (24, 25, 21, 19))
    calendar = Calendar(
        line(
            special_hours={
                eve: (Interval(420, 720),),
                christmas: (Interval(600, 660), Interval(720, 780)),
                monday: (),
                saturday: (Interval(540, 600),),
            }
        )
    )
    assert calendar.open_on(eve) == ((london("2026-12-24 07:00"), london("2026-12-24 12:00")),)
    assert [calendar.hours_at(london(f"2026-12-25 {at}")) for at in ("10:59", "11:00", "12:00")] == [
        Hours.CORE,
        Hours.CLOSED,
        Hours.CORE,
    ]
    assert not calendar.is_working_day(monday)
    assert calendar.next_boundary(london("2026-12-19 10:00")) == london("2026-12-22 07:00")
    assert calendar.due(SAME_DAY, london("2026-12-18 18:00")).due == london("2026-12-19 10:00")
    assert calendar.due(H10, london("2026-12-23 15:00")).act_by == london("2026-12-24 12:00")


def test_hours_of_a_single_day_are_told_where_they_matter() -> None:
    eve, day_after = date(2026, 12, 24), date(2026, 12, 29)
    special = {eve: (Interval(420, 720), Interval(780, 840)), date(2026, 12, 30): (), day_after: (Interval(600, 660),)}
    assert Calendar(line(special_hours=special)).due(SAME_DAY, london("2026-12-24 14:00")).reasons == (
        "Left on Thursday 24 December 2026 at 14:00.",
        "Thursday 24 December 2026 has hours of its own: 07:00 to 12:00 and 13:00 to 14:00.",
        "Rule: on the working day it was received.",
        "That was at or after the close of Thursday 24 December 2026.",
        "Friday 25 December 2026 is passed over (Christmas Day).",
        "Saturday 26 December 2026 is passed over (closed on Saturdays).",
        "Sunday 27 December 2026 is passed over (closed on Sundays).",
        "Monday 28 December 2026 is passed over (Boxing Day (observed)).",
        "It counts as received on Tuesday 29 December 2026.",
        "Tuesday 29 December 2026 has hours of its own: 10:00 to 11:00.",
        "Due on Tuesday 29 December 2026 at 11:00.",
    )
    assert "Wednesday 30 December 2026 is passed over (closed by the office)." in (
        Calendar(line(special_hours=special)).due(SAME_DAY, london("2026-12-29 11:00")).reasons
    )


def test_boundaries() -> None:
    calendar = Calendar(line(hours=SPLIT))
    opens = [london("2026-11-27 16:00")]
    for _ in range(4):
        following = calendar.next_boundary(opens[-1])
        assert following is not None
        opens.append(following)
    told = ["2026-11-27 17:00", "2026-11-30 09:00", "2026-11-30 12:30", "2026-11-30 13:30"]
    assert opens[1:] == [london(one) for one in told]


def test_a_line_open_around_the_clock_has_no_midnight() -> None:
    calendar = Calendar(line(hours=AROUND_THE_CLOCK))
    assert calendar.next_boundary(london("2026-11-22 12:00")) == london("2026-12-25 00:00")
    assert calendar.next_boundary(london("2026-12-25 12:00")) == london("2026-12-27 00:00")
    assert Calendar(line(hours=AROUND_THE_CLOCK, holidays={})).next_boundary(london("2026-11-22 12:00")) is None
    every_day = tuple(calendar.intervals(london("2026-11-21 18:00"), london("2026-11-23 06:00")))
    assert [(closes - opens).total_seconds() / 3600 for opens, closes in every_day] == [6, 24, 6]


def test_days_are_23_and_25_hours_long_when_the_clocks_change() -> None:
    calendar = Calendar(line(hours=AROUND_THE_CLOCK))
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        ((opens, closes),) = calendar.open_on(day)
        assert closes - opens == timedelta(hours=hours)


def test_skipped_and_repeated_opening_hours() -> None:
    calendar = Calendar(line(hours=week("01:30-03:00", days=7)))
    assert calendar.open_on(date(2026, 3, 29)) == (
        (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 3, 29, 2, tzinfo=UTC)),
    )
    ((opens, closes),) = calendar.open_on(date(2026, 10, 25))
    assert (opens, closes) == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 3, tzinfo=UTC))


# --- what holds for any moment --------------------------------------------------------------------------------------

MOMENTS = st.floats(0.0, 25 * 365.0).map(lambda days: datetime(2015, 1, 1, tzinfo=UTC) + timedelta(days=days))
SPANS = st.lists(st.integers(0, 96), min_size=0, max_size=4, unique=True).map(
    lambda quarters: tuple(
        Interval(a * 15, b * 15) for a, b in zip(sorted(quarters)[::2], sorted(quarters)[1::2], strict=False)
    )
)
ANY_WEEK = st.tuples(*[SPANS] * 7).filter(any).map(lambda days: WeekHours(days=days))


SPECIAL = st.dictionaries(st.integers(-3, 20), SPANS, max_size=6)


def own_hours(near: datetime, special: dict[int, tuple[Interval, ...]]) -> dict[date, tuple[Interval, ...]]:
    return {near.date() + timedelta(days=away): hours for away, hours in special.items()}


@settings(max_examples=300)
@given(
    ANY_WEEK,
    st.sampled_from(RULES),
    st.sampled_from(Nation),
    MOMENTS,
    st.timedeltas(timedelta(), timedelta(days=5)),
    SPECIAL,
)
def test_a_later_message_is_never_due_sooner(
    hours: WeekHours,
    rule: DeadlineRule,
    nation: Nation,
    first: datetime,
    later: timedelta,
    special: dict[int, tuple[Interval, ...]],
) -> None:
    calendar = Calendar(line(hours=hours, nation=nation, special_hours=own_hours(first, special)))
    earlier, after = calendar.due(rule, first), calendar.due(rule, first + later)
    assert earlier.due <= after.due
    assert first <= earlier.act_by <= earlier.due


@given(ANY_WEEK, MOMENTS, st.timedeltas(timedelta(), timedelta(days=20)), SPECIAL)
def test_boundaries_intervals_and_hours_agree(
    hours: WeekHours, start: datetime, length: timedelta, special: dict[int, tuple[Interval, ...]]
) -> None:
    calendar = Calendar(line(hours=hours, special_hours=own_hours(start, special)))
    for opens, closes in calendar.intervals(start, start + length):
        assert start <= opens < closes <= start + length
        assert calendar.is_open(opens)
        assert calendar.is_open(closes - timedelta(microseconds=1))
    boundary = calendar.next_boundary(start)
    if boundary is not None:
        assert boundary > start
        assert calendar.is_open(boundary) is not calendar.is_open(start)
        assert calendar.is_open(boundary - timedelta(microseconds=1)) is calendar.is_open(start)
