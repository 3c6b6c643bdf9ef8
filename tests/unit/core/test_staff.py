"""What a line needs by weekday and half-hour: which half-hours count, what they came to, and what is not guessed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcentre.core import erlang, staff
from callcentre.core.calendar import Calendar
from callcentre.core.charter import JudgedBy, Line
from callcentre.core.staff import CELL, Cell, SlotNeed, StaffHistory, Tally, Target, WeekNeed
from tests.unit.core.offices import AROUND_THE_CLOCK, charter, line, week

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2026, 11, 2)
TARGET = Target(within=15, fraction=0.9)
NINE = (0, 9 * 60)


def at(text: str) -> datetime:
    """A time on London's clocks, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def weeks(number: int, first: date = MONDAY) -> tuple[datetime, datetime]:
    return at(f"{first}T00:00"), at(f"{first + timedelta(weeks=number)}T00:00")


def answered(calls: int = 1, talk: float = 180.0, wait: float = 6.0, in_time: bool = True) -> Tally:
    return Tally(
        offered=calls,
        talked=calls,
        talk_seconds=calls * talk,
        rung=calls,
        ring_seconds=calls * 4.0,
        wait_seconds=calls * wait,
        outside=calls,
        outside_answered=calls,
        in_time=calls * in_time,
    )


def gave_up(calls: int = 1, wait: float = 30.0, short: int = 0) -> Tally:
    return Tally(offered=calls, wait_seconds=calls * wait, gave_up=calls, outside=calls, outside_short=short)


def need(
    cells: Iterable[tuple[str, Tally]] = (),
    *,
    of: Line | None = None,
    number: int = 4,
    first: date = MONDAY,
    target: Target | None = TARGET,
    presence: Iterable[tuple[str, int | None]] = (),
    gaps: Iterable[tuple[str, str]] = (),
    **seen: Any,
) -> WeekNeed:
    since, until = weeks(number, first)
    history = StaffHistory(
        of or line(hours=week("09:00-11:00")),
        since,
        until,
        seen=seen.get("seen", (since, until)),
        gaps=[(at(start), at(end)) for start, end in gaps],
    )
    history.take_calls(Cell(at(start), tally) for start, tally in cells)
    history.take_presence([(at(start), there) for start, there in presence])
    return history.need(target)


def slot(found: WeekNeed, key: staff.Slot = NINE) -> SlotNeed:
    one = found.of(key)
    assert one is not None
    return one


MONDAYS = tuple(f"{MONDAY + timedelta(weeks=n)}" for n in range(4))


# --- which half-hours ------------------------------------------------------------------------------------------------


def test_a_week_has_the_half_hours_of_its_core_hours() -> None:
    found = need()
    assert [one.slot for one in found.slots] == [(d, m) for d in range(5) for m in (540, 570, 600, 630)]
    assert {one.seen for one in found.slots} == {4}
    assert (found.seen, found.hidden, found.days) == (80, 0, 20)


def test_half_hours_are_cut_to_the_hours() -> None:
    found = need(of=line(hours=week("08:40-09:10", "12:20-12:25")))
    monday = {one.slot[1]: one.seen_seconds for one in found.slots if one.slot[0] == 0}
    assert monday == {510: 4 * 1200, 540: 4 * 600, 740 - 740 % 30: 4 * 300}


def test_the_mean_of_half_a_half_hour_is_that_of_a_whole_one() -> None:
    found = need([(f"{day}T08:45", answered(3)) for day in MONDAYS], of=line(hours=week("08:45-10:00")))
    assert slot(found, (0, 510)).offered == pytest.approx(6.0)


def test_bank_holidays_and_closed_days_are_left_out() -> None:
    # Christmas Day 2026 is a Friday, the substitute for Boxing Day the Monday after; the office closes on the Thursday.
    closed = line(hours=week("09:00-11:00"), removed_days=frozenset({date(2026, 12, 24)}))
    found = need(of=closed, first=date(2026, 12, 21), number=1)
    assert {one.slot[0] for one in found.slots} == {0, 1, 2}
    after = need(of=closed, first=date(2026, 12, 21), number=2)
    assert {one.slot[0]: one.seen for one in after.slots} == {0: 1, 1: 2, 2: 2, 3: 1}


def test_a_call_is_of_the_half_hour_on_the_lines_clocks_in_summer_and_winter() -> None:
    # The clocks go back on Sunday 25 October 2026: nine in London is 08:00 UTC before, 09:00 after.
    days = ("2026-10-19", "2026-10-26")
    found = need([(f"{day}T09:05", answered()) for day in days], first=date(2026, 10, 19), number=2)
    assert slot(found).tally.offered == 2
    utc = [at(f"{day}T09:05").hour for day in days]
    assert utc == [8, 9]


def test_an_hour_shown_twice_counts_twice_and_a_skipped_one_not() -> None:
    always = line(hours=AROUND_THE_CLOCK, holidays={})
    autumn = need(of=always, first=date(2026, 10, 19), number=1)
    spring = need(of=always, first=date(2027, 3, 22), number=1)
    sunday = {key: [slot(found, (6, key)).seen for found in (autumn,)] for key in (0, 60, 90, 120)}
    assert sunday == {0: [1], 60: [2], 90: [2], 120: [1]}
    assert (spring.of((6, 60)), spring.of((6, 90))) == (None, None)
    assert slot(spring, (6, 120)).seen == 1
    assert (autumn.seen, spring.seen) == (7 * 48 + 2, 7 * 48 - 2)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.sampled_from(["Europe/London", "Asia/Kathmandu", "UTC"]))
def test_half_hours_cover_the_core_hours_exactly(day: date, zone: str) -> None:
    of = line(hours=week("00:00-07:10", "08:25-24:00", days=7), zone=zone, holidays={})
    since = datetime.combine(day, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
    found = list(staff.half_hours(of, since, since + timedelta(days=2)))
    open_time = Calendar(of).intervals(since, since + timedelta(days=2))
    assert sum((one.end - one.start for one in found), timedelta()) == sum((b - a for a, b in open_time), timedelta())
    assert all(one.end - one.start <= timedelta(minutes=30) for one in found)
    for one in found:
        local = one.start.astimezone(ZoneInfo(zone))
        assert one.slot == (local.weekday(), (local.hour * 60 + local.minute) // 30 * 30)


def test_the_half_hour_of_now() -> None:
    of = line(hours=week("09:00-11:00"))
    assert staff.slot_at(of, at("2026-11-02T09:29:59")) == NINE
    assert staff.slot_at(of, at("2026-11-02T09:30")) == (0, 570)
    assert staff.slot_at(of, at("2026-11-02T11:00")) is None
    assert staff.slot_at(of, at("2026-11-01T09:10")) is None


# --- what was seen ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gap", "hidden"),
    [
        (("09:10", "09:11"), {540}),
        (("09:29", "09:31"), {540, 570}),
        (("08:00", "09:00"), set()),
        (("08:00", "09:01"), {540}),
        (("09:00", "09:00"), {540}),
        (("09:30", "12:00"), {570, 600, 630}),
        (("11:00", "12:00"), set()),
    ],
)
def test_a_half_hour_that_a_gap_touched_is_left_out_and_counted(gap: tuple[str, str], hidden: set[int]) -> None:
    calls = [(f"{MONDAY}T{clock}", answered()) for clock in ("09:05", "09:35", "10:05", "10:35")]
    found = need(calls, gaps=[(f"{MONDAY}T{gap[0]}", f"{MONDAY}T{gap[1]}")])
    assert {one.slot[1] for one in found.slots if one.hidden} == hidden
    monday = [one for one in found.slots if one.slot[0] == 0]
    assert {one.slot[1]: (one.seen, one.tally.offered) for one in monday} == {
        one.slot[1]: (3, 0) if one.slot[1] in hidden else (4, 1) for one in monday
    }
    assert found.hidden == len(hidden)


def test_a_long_gap_hides_what_a_short_one_within_it_would_not() -> None:
    found = need(gaps=[(f"{MONDAY}T08:00", f"{MONDAY}T12:00"), (f"{MONDAY}T08:30", f"{MONDAY}T08:31")])
    assert found.hidden == 4


def test_what_came_before_the_line_was_watched_is_no_quiet_time() -> None:
    since, until = weeks(4)
    found = need(seen=(at(f"{MONDAYS[2]}T09:10"), until))
    assert (slot(found).seen, slot(found, (0, 570)).seen, found.hidden) == (1, 2, 0)
    assert need(seen=None).seen == 0
    assert len(need(seen=None).slots) == 20
    assert slot(need(seen=(since, at(f"{MONDAYS[0]}T09:40")))).seen == 1


def test_calls_outside_of_seen_half_hours_do_not_count() -> None:
    stray = [(f"{MONDAY}T08:55", answered()), (f"{MONDAY}T11:00", answered()), (f"{MONDAY}T09:25", answered())]
    assert need(stray).tally.offered == 1


def test_too_little_history_is_marked_and_not_guessed() -> None:
    calls = [(f"{day}T09:05", answered(5)) for day in MONDAYS]
    few, enough = slot(need(calls, number=3)), slot(need(calls))
    assert (few.enough, few.needed_c, few.needed_a, few.offered) == (False, None, None, 5.0)
    assert (enough.enough, enough.needed_c is not None) == (True, True)


# --- what it came to -------------------------------------------------------------------------------------------------


def test_the_need_is_that_of_the_mean_load() -> None:
    calls = [(f"{day}T09:{minute:02}", answered(2, talk=240)) for day in MONDAYS for minute in range(0, 30, 5)]
    calls += [(f"{day}T09:10", gave_up(1)) for day in MONDAYS]
    found = need(calls)
    nine, load = slot(found), 13 * 240 / 1800
    assert (nine.offered, nine.handling, nine.own_handling) == (13.0, 240.0, True)
    patience = (48 * 6 + 4 * 30) / 4
    assert found.tally.patience == pytest.approx(patience)
    assert nine.needed_c == erlang.required_c(load, 240, 15, 0.9)
    assert nine.needed_a == erlang.required_a(load, 240, patience, 15, 0.9)
    assert nine.in_time == found.in_time == pytest.approx(48 / 52)
    assert found.tally.pick_up == 4.0


def test_an_open_line_without_calls_needs_its_fewest() -> None:
    for fewest in (1, 2):
        one = slot(need(of=line(hours=week("09:00-11:00"), min_agents=fewest)))
        assert (one.offered, one.needed_c, one.needed_a, one.in_time) == (0.0, fewest, fewest, None)


def test_a_light_load_needs_no_fewer_than_the_lines_fewest() -> None:
    calls = [(f"{day}T09:05", answered(1)) for day in MONDAYS]
    assert slot(need(calls, of=line(hours=week("09:00-11:00"), min_agents=3))).needed_a == 3


def test_handling_of_few_calls_is_that_of_the_line() -> None:
    calls = [(f"{day}T09:05", answered(1, talk=1_000)) for day in MONDAYS]
    calls += [(f"{day}T10:05", answered(9, talk=100)) for day in MONDAYS]
    found = need(calls)
    nine, ten = slot(found), slot(found, (0, 600))
    assert (nine.handling, nine.own_handling) == (190.0, False)
    assert (ten.handling, ten.own_handling) == (100.0, True)


def test_without_one_answered_call_handling_is_not_known_and_no_need_is_guessed() -> None:
    found = need([(f"{day}T09:05", gave_up(3)) for day in MONDAYS])
    nine = slot(found)
    assert (nine.handling, nine.needed_c, nine.needed_a, nine.in_time) == (None, None, None, 0.0)
    assert slot(found, (0, 570)).needed_a == 1


def test_where_nobody_gave_up_erlang_a_is_erlang_c() -> None:
    found = need([(f"{day}T09:05", answered(20)) for day in MONDAYS])
    assert found.tally.patience is None
    assert slot(found).needed_a == slot(found).needed_c


def test_short_abandons_tell_of_patience_too() -> None:
    assert (gave_up(3, wait=2.0, short=3) + answered(1, wait=14.0)).patience == pytest.approx(20 / 3)


@pytest.mark.parametrize(
    ("by", "share"), [(JudgedBy.STRICT, 6 / 12), (JudgedBy.HEADLINE, 6 / 10), (JudgedBy.ANSWERED, 6 / 8)]
)
def test_what_was_achieved_is_judged_as_the_charter_says(by: JudgedBy, share: float) -> None:
    tally = answered(6) + answered(2, wait=20, in_time=False) + gave_up(2) + gave_up(2, wait=3, short=2)
    assert tally.achieved(charter(judged_by=by)) == pytest.approx(share)


def test_without_a_target_there_is_no_need() -> None:
    found = need([(f"{day}T09:05", answered(2)) for day in MONDAYS], target=None)
    nine = slot(found)
    assert (nine.offered, nine.needed_c, nine.needed_a, nine.in_time, found.in_time) == (2.0, None, None, None, None)


def test_what_a_charter_promises() -> None:
    assert staff.charter_target(charter()) == TARGET
    for missing in ({"answer_seconds": None}, {"answer_fraction": None}, {"answer_fraction": 1.0}):
        assert staff.charter_target(replace(charter(), **missing)) is None


# --- who was there ---------------------------------------------------------------------------------------------------


def test_who_was_there_is_a_mean_over_time() -> None:
    # On the first Monday 2, from 09:15 on 4; nobody from 09:30 on. On the others one all the time.
    changes = [(f"{MONDAY}T08:00", 2), (f"{MONDAY}T09:15", 4), (f"{MONDAY}T09:30", 0), (f"{MONDAY}T23:00", 1)]
    found = need(presence=changes)
    assert slot(found).there == pytest.approx((3 + 1 + 1 + 1) / 4)
    assert slot(found, (0, 570)).there == pytest.approx(3 / 4)
    assert slot(found, (1, 540)).there == 1


def test_the_mean_is_over_the_time_that_is_known() -> None:
    changes: list[tuple[str, int | None]] = [(f"{MONDAY}T09:00", 2), (f"{MONDAY}T09:10", None)]
    changes += [(f"{MONDAYS[1]}T09:20", 5), (f"{MONDAYS[1]}T09:30", None)]
    found = need(presence=changes)
    assert slot(found).there == pytest.approx((2 + 5) / 2)
    assert slot(found, (0, 570)).there is None
    assert need().slots[0].there is None


def test_presence_of_before_lasts_into_the_range_and_not_into_hidden_half_hours() -> None:
    found = need(presence=[("2026-01-01T00:00", 3)], gaps=[(f"{MONDAY}T09:00", f"{MONDAY}T09:01")])
    assert slot(found).there == 3
    assert slot(found).seen == 3


def test_how_many_were_missing() -> None:
    calls = [(f"{day}T09:05", answered(10)) for day in MONDAYS]
    nine = slot(need(calls, presence=[(f"{MONDAY}T00:00", 1)]))
    # One erlang: of three agents all are busy for one caller in eleven.
    assert nine.needed_a == 3
    assert nine.short == 2
    plenty, unknown = slot(need(calls, presence=[(f"{MONDAY}T00:00", 3)])), slot(need(calls))
    assert (plenty.short, unknown.short) == (None, None)


def test_presence_taken_in_pieces_is_the_same() -> None:
    changes = [(at(f"{MONDAY}T08:00") + timedelta(minutes=7 * n), n % 3) for n in range(30)]
    since, until = weeks(4)
    whole, parts = (StaffHistory(line(), since, until, seen=(since, until)) for _ in range(2))
    whole.take_presence(changes)
    for change in changes:
        parts.take_presence([change])
    assert whole.need(TARGET) == parts.need(TARGET)


def test_cells_are_what_half_hours_are_made_of() -> None:
    assert timedelta(minutes=30) % CELL == timedelta()
