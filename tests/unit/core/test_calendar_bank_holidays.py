"""The bank holidays that lines keep, against gov.uk's own list and against the rules they follow.

`GOV_UK` is www.gov.uk/bank-holidays.json, its years 2019 to 2027, from a copy of that file kept in public
(github.com/dmossop/bank-holidays-data); and 15 June 2026 for Scotland by the Royal Proclamation of February 2026.
gov.uk lists the substitute of a holiday at a weekend, not the day itself: an office that works at weekends keeps both.
"""

from datetime import date

import pytest

from callcentre.config.load import HOLIDAY_YEARS, bank_holidays
from callcentre.core.terms import Nation
from tests.unit.core.deadline_oracle import holidays

GOV_UK = {
    "ENG": """
        2019 01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26
        2020 01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28
        2021 01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28
        2022 01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27
        2023 01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26
        2024 01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26
        2025 01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26
        2026 01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28
        2027 01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28
    """,
    "SCT": """
        2019 01-01 01-02 04-19 05-06 05-27 08-05 12-02 12-25 12-26
        2020 01-01 01-02 04-10 05-08 05-25 08-03 11-30 12-25 12-28
        2021 01-01 01-04 04-02 05-03 05-31 08-02 11-30 12-27 12-28
        2022 01-03 01-04 04-15 05-02 06-02 06-03 08-01 09-19 11-30 12-26 12-27
        2023 01-02 01-03 04-07 05-01 05-08 05-29 08-07 11-30 12-25 12-26
        2024 01-01 01-02 03-29 05-06 05-27 08-05 12-02 12-25 12-26
        2025 01-01 01-02 04-18 05-05 05-26 08-04 12-01 12-25 12-26
        2026 01-01 01-02 04-03 05-04 05-25 06-15 08-03 11-30 12-25 12-28
        2027 01-01 01-04 03-26 05-03 05-31 08-02 11-30 12-27 12-28
    """,
    "NIR": """
        2019 01-01 03-18 04-19 04-22 05-06 05-27 07-12 08-26 12-25 12-26
        2020 01-01 03-17 04-10 04-13 05-08 05-25 07-13 08-31 12-25 12-28
        2021 01-01 03-17 04-02 04-05 05-03 05-31 07-12 08-30 12-27 12-28
        2022 01-03 03-17 04-15 04-18 05-02 06-02 06-03 07-12 08-29 09-19 12-26 12-27
        2023 01-02 03-17 04-07 04-10 05-01 05-08 05-29 07-12 08-28 12-25 12-26
        2024 01-01 03-18 03-29 04-01 05-06 05-27 07-12 08-26 12-25 12-26
        2025 01-01 03-17 04-18 04-21 05-05 05-26 07-14 08-25 12-25 12-26
        2026 01-01 03-17 04-03 04-06 05-04 05-25 07-13 08-31 12-25 12-28
        2027 01-01 03-17 03-26 03-29 05-03 05-31 07-12 08-30 12-27 12-28
    """,
}
GOV_UK["WLS"] = GOV_UK["ENG"]  # one list, "england-and-wales"


def listed(nation: Nation) -> set[date]:
    rows = [row.split() for row in GOV_UK[nation.value].strip().splitlines()]
    return {date.fromisoformat(f"{year}-{day}") for year, *days in rows for day in days}


@pytest.mark.parametrize("nation", Nation)
def test_the_days_are_those_of_gov_uk(nation: Nation) -> None:
    ours = {day for day in bank_holidays(nation) if 2019 <= day.year <= 2027 and day.weekday() < 5}
    assert ours == listed(nation)


@pytest.mark.parametrize("nation", Nation)
@pytest.mark.parametrize("year", HOLIDAY_YEARS)
def test_the_days_are_those_of_the_rules(nation: Nation, year: int) -> None:
    assert {day for day in bank_holidays(nation) if day.year == year} == holidays(nation.value, year)


@pytest.mark.parametrize("nation", Nation)
def test_the_rules_agree_with_gov_uk(nation: Nation) -> None:
    by_rule = {day for year in range(2019, 2028) for day in holidays(nation.value, year) if day.weekday() < 5}
    assert by_rule == listed(nation)


def test_each_has_a_name_for_the_explanation() -> None:
    assert bank_holidays(Nation.SCOTLAND)[date(2026, 11, 30)] == "Saint Andrew's Day"
    assert all(name for nation in Nation for name in bank_holidays(nation).values())
