"""Months on the clocks of a zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcentre.core.errors import ConfigError
from callcentre.reports.months import Month, bounds

LONDON = ZoneInfo("Europe/London")
months = st.builds(Month, st.integers(2001, 2099), st.integers(1, 12))


@given(months, st.integers(-300, 300), st.integers(-300, 300))
def test_moving_is_adding(month: Month, first: int, then: int) -> None:
    assert month.moved(first).moved(then) == month.moved(first + then)
    assert month.moved(0) == month


@given(months)
def test_its_days_fill_it_and_the_next_begins_where_it_ends(month: Month) -> None:
    days = list(month.days())
    assert bounds(days[0], LONDON)[0] == month.begin(LONDON)
    assert bounds(days[-1], LONDON)[1] == month.end(LONDON) == month.moved(1).begin(LONDON)
    assert Month.read(str(month)) == month


def test_the_month_is_that_of_the_clocks() -> None:
    moment = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    assert Month.of(moment, LONDON) == Month(2026, 7)
    assert Month(2026, 7).begin(LONDON) == datetime(2026, 6, 30, 23, tzinfo=UTC)
    assert next(iter(Month(2026, 7).days())) == date(2026, 7, 1)


@pytest.mark.parametrize(
    "written", ["2026-13", "2026-00", "2026-1", "november", "", "1999-12", "2026-11-01", "２０２６-11"]
)
def test_what_is_no_month_is_refused_with_what_to_write(written: str) -> None:
    with pytest.raises(ConfigError, match="write one such as 2026-11"):
        Month.read(written)
