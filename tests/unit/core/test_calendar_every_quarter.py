"""Every deadline of ten years, quarter of an hour by quarter of an hour, against the slow oracle; and any moment."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcentre.core.calendar import Calendar
from callcentre.core.charter import DeadlineRule, Interval, RuleName, WeekHours
from callcentre.core.terms import Nation
from tests.unit.core.deadline_oracle import Oracle, last_sunday
from tests.unit.core.offices import AROUND_THE_CLOCK, line, week

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TEN_YEARS = range(date(2019, 1, 1).toordinal(), date(2029, 1, 1).toordinal())
QUARTER = timedelta(minutes=15)
FOUR_YEARS = range(date(2024, 1, 1).toordinal(), date(2028, 1, 1).toordinal())

ELAPSED, DAYS = RuleName.ELAPSED_OR_NEXT_WORKING_DAY, RuleName.WORKING_DAYS
SAME, WITHIN = RuleName.SAME_WORKING_DAY, RuleName.WITHIN_A_WORKING_DAY
ENG, WLS, SCT, NIR = Nation

WEEKS = {
    "office": week("07:00-18:00"),
    "split": week("09:00-12:30", "13:30-17:00"),
    "six days": week("09:00-17:00", days=6),
    "around the clock": AROUND_THE_CLOCK,
    "nights": week("00:00-06:00", "22:00-24:00", days=7),
    "through the change": week("00:15-01:30", "01:45-02:15", "09:00-17:00", days=7),
    "uneven": WeekHours(
        days=(
            (Interval(540, 1020),),
            (Interval(600, 660), Interval(840, 1200)),
            (),
            (Interval(0, 1440),),
            (Interval(480, 720),),
            (Interval(60, 120), Interval(1320, 1440)),
            (Interval(15, 90), Interval(105, 1410)),
        )
    ),
}

EVERY_NATION = [
    (rule, n, nation, "office")
    for rule, n in ((ELAPSED, 24), (DAYS, 5), (SAME, None), (WITHIN, None))
    for nation in Nation
]
SPECIAL: dict[str, dict[date, tuple[Interval, ...]]] = {
    "none": {},
    # Half days, bank holidays worked, working days closed, and the nights in which the clocks change.
    "exceptions": {
        day: hours
        for year in range(2023, 2029)
        for day, hours in (
            (date(year, 12, 24), (Interval(420, 720),)),
            (date(year, 12, 27), ()),
            (date(year, 12, 28), (Interval(0, 60), Interval(1380, 1440))),
            (date(year, 5, 6), (Interval(600, 660), Interval(1200, 1320))),
            *((last_sunday(year, month), (Interval(30, 105), Interval(600, 615))) for month in (3, 10)),
            *((last_sunday(year, month) + timedelta(days=1), ()) for month in (3, 8)),
        )
    },
}

WITH_EXCEPTIONS = [
    (ELAPSED, 24, ENG, "office"),
    (ELAPSED, 48, SCT, "uneven"),
    (DAYS, 5, WLS, "split"),
    (SAME, None, NIR, "office"),
    (WITHIN, None, ENG, "around the clock"),
    (WITHIN, None, SCT, "through the change"),
]
OTHER_HOURS = [
    (ELAPSED, 24, SCT, "six days"),
    (ELAPSED, 24, NIR, "around the clock"),
    (ELAPSED, 4, WLS, "through the change"),
    (ELAPSED, 72, ENG, "uneven"),
    (DAYS, 15, SCT, "nights"),
    (SAME, None, WLS, "uneven"),
    (WITHIN, None, NIR, "split"),
    (WITHIN, None, ENG, "through the change"),
    (WITHIN, None, SCT, "uneven"),
    (WITHIN, None, WLS, "around the clock"),
]


def oracle(
    nation: Nation,
    hours: WeekHours,
    special: Mapping[date, tuple[Interval, ...]],
    *,
    added: frozenset[date] = frozenset(),
    removed: frozenset[date] = frozenset(),
) -> Oracle:
    return Oracle(
        nation.value,
        [[(one.open, one.close) for one in day] for day in hours.days],
        added=added,
        removed=removed,
        special={day: [(one.open, one.close) for one in spans] for day, spans in special.items()},
    )


@lru_cache(maxsize=1_000)
def at(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


@pytest.mark.parametrize(("name", "n", "nation", "hours"), EVERY_NATION)
def test_every_quarter_of_ten_years(name: RuleName, n: int | None, nation: Nation, hours: str) -> None:
    compare(DeadlineRule(name, n), nation, WEEKS[hours], TEN_YEARS)


@pytest.mark.parametrize(("name", "n", "nation", "hours"), OTHER_HOURS)
def test_every_quarter_of_four_years_with_other_hours(
    name: RuleName, n: int | None, nation: Nation, hours: str
) -> None:
    compare(DeadlineRule(name, n), nation, WEEKS[hours], FOUR_YEARS)


@pytest.mark.parametrize(("name", "n", "nation", "hours"), WITH_EXCEPTIONS)
def test_every_quarter_of_four_years_with_hours_of_single_days(
    name: RuleName, n: int | None, nation: Nation, hours: str
) -> None:
    compare(DeadlineRule(name, n), nation, WEEKS[hours], FOUR_YEARS, SPECIAL["exceptions"])


def compare(
    rule: DeadlineRule,
    nation: Nation,
    hours: WeekHours,
    days: range,
    special: Mapping[date, tuple[Interval, ...]] = SPECIAL["none"],
) -> None:
    """Hold the calendar against the oracle for a message left at each quarter of an hour of `days`."""
    due_by = Calendar(line(nation=nation, hours=hours, special_hours=special)).due
    left = begin = at((days.start - EPOCH.toordinal()) * 86_400_000_000)
    for _, due, act_by in oracle(nation, hours, special).walk(rule.name.value, rule.n or 0, days):
        found = due_by(rule, left)
        if found.due != at(due) or found.act_by != at(act_by):
            pytest.fail(f"left {left}: due {at(due)}, act by {at(act_by)}; the calendar says {found}")
        left += QUARTER
    assert (left - begin) // QUARTER == 4 * 24 * len(days)


SPANS = st.lists(st.integers(0, 96), max_size=6, unique=True).map(
    lambda edges: tuple(
        Interval(opens * 15, closes * 15)
        for opens, closes in zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False)
    )
)
ANY_WEEK = st.tuples(*[SPANS] * 7).filter(any).map(lambda days: WeekHours(days=days))
ANY_RULE = st.one_of(
    st.builds(DeadlineRule, st.just(ELAPSED), st.sampled_from([24, 24, 1, 4, 23, 25, 48, 100, 300])),
    st.builds(DeadlineRule, st.just(DAYS), st.sampled_from([1, 3, 5, 15])),
    st.sampled_from([DeadlineRule(SAME), DeadlineRule(WITHIN)]),
)
FIRST, LAST = date(2011, 1, 1), date(2034, 12, 31)
# Half of the days are those around a change of the clocks or a holiday, where all that is odd happens.
ODD_DAYS = [date(year, month, 24) for year in range(2011, 2035) for month in (3, 10, 12)]
ANY_DAY = st.one_of(
    st.dates(FIRST, LAST),
    st.builds(lambda day, later: day + timedelta(days=later), st.sampled_from(ODD_DAYS), st.integers(-2, 8)),
)


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """Any microsecond; often one at or beside a quarter."""
    midnight = datetime.combine(draw(ANY_DAY), datetime.min.time(), UTC)
    quarter = timedelta(minutes=15 * draw(st.integers(0, 95)))
    beside = draw(st.one_of(st.sampled_from([-1, 0, 1]), st.integers(0, 899_999_999)))
    return midnight + quarter + timedelta(microseconds=beside)


@settings(max_examples=200, deadline=None)
@given(ANY_WEEK, ANY_RULE, st.sampled_from(Nation), moments(), st.frozensets(ANY_DAY, max_size=4), st.data())
def test_any_moment_any_hours(
    hours: WeekHours, rule: DeadlineRule, nation: Nation, left: datetime, removed: frozenset[date], data: st.DataObject
) -> None:
    near = st.integers(-3, 20).map(lambda days: left.date() + timedelta(days=days))
    closed = removed | data.draw(st.frozensets(near, max_size=5), "closed nearby")
    opened = data.draw(st.frozensets(near, max_size=3), "opened") - closed
    special = data.draw(st.dictionaries(near, SPANS, max_size=5), "hours of their own")
    here = line(hours=hours, nation=nation, removed_days=closed, added_days=opened, special_hours=special)
    slow = oracle(nation, hours, special, added=opened, removed=closed)
    moment = (left - EPOCH) // timedelta(microseconds=1)
    due = slow.due(rule.name.value, rule.n or 0, moment)
    found = Calendar(here).due(rule, left)
    assert found.due == at(due), found.reasons
    assert found.act_by == at(slow.last_open(due, moment)), found.reasons
